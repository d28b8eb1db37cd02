"""`sayso draw`: a workflow of the user's as Mermaid text, found by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from .commands import sayso

FLOWS = '''
from sayso import Agent, ScriptedModel, sequential, tool

@tool.write
async def mail(text: str) -> str:
    """Sends."""
    return text

async def fetch(name: str) -> str:
    return name

class Flows:
    essay = sequential(fetch, Agent(ScriptedModel("x"), name="writer"), mail)

essay = Flows.essay
'''
DRAWN = """flowchart TD
  begin((in))
  n1["fetch"]
  n2(["writer"])
  n3{{"mail"}}
  n1 --> n2
  n2 --> n3
  finish((out))
  begin --> n1
  n3 --> finish
"""


@pytest.mark.parametrize("name", ["flows:essay", "flows:Flows.essay", "flows.py:essay", "./flows.py:essay", "../{folder}/flows.py:essay"])
def test_a_workflow_is_drawn(tmp_path: Path, name: str) -> None:
    (tmp_path / "flows.py").write_text(FLOWS, encoding="utf-8")
    drawn = sayso("draw", name.format(folder=tmp_path.name), cwd=tmp_path)
    assert (drawn.returncode, drawn.stdout, drawn.stderr) == (0, DRAWN, "")
