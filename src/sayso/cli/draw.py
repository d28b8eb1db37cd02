"""`sayso draw`: a workflow as a Mermaid flowchart."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from sayso.cli.load_object import load_step
from sayso.cli.options import Exit
from sayso.workflows import mermaid


def draw(
    flow: Annotated[str, Parameter(help="The workflow, agent, tool or async function: module:name, or path/to/file.py:name.")],
) -> int:
    """Draw a workflow as Mermaid text, for https://mermaid.live, a README or a page."""
    print(mermaid(load_step(flow)), end="")
    return Exit.OK
