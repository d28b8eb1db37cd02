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
number = 7
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


@pytest.mark.parametrize("place", ["flows:essay", "flows:Flows.essay", "flows.py:essay", "../{folder}/flows.py:essay"])
def test_a_workflow_is_drawn(tmp_path: Path, place: str) -> None:
    (tmp_path / "flows.py").write_text(FLOWS, encoding="utf-8")
    drawn = sayso("draw", place.format(folder=tmp_path.name), cwd=tmp_path)
    assert (drawn.returncode, drawn.stdout, drawn.stderr) == (0, DRAWN, "")


WRONG = {
    "no colon": ("flows", "sayso: 'flows' names nothing to look up. Write module:name, such as flows:essay or examples/essay.py:essay.\n"),
    "no name": ("flows:", "sayso: 'flows:' names nothing to look up. Write module:name, such as flows:essay or examples/essay.py:essay.\n"),
    "no such module": ("flow:essay", "sayso: flow could not be imported: ModuleNotFoundError: No module named 'flow'\n"),
    "no such file": ("flow.py:essay", "sayso: flow.py could not be imported: FileNotFoundError: there is no file flow.py\n"),
    "no such name": ("flows:esay", "sayso: flows has no 'esay'. Workflows and agents in it: essay.\n"),
    "no workflow": ("flows:number", "sayso: 7 cannot be a step. A step is an async function, a tool, an agent or another workflow.\n"),
    "broken code": ("broken:flow", "sayso: broken could not be imported: ZeroDivisionError: division by zero\n"),
    "code that exits": ("leaves:flow", "sayso: leaves could not be imported: SystemExit: 5\n"),
    "no code": ("text.py:flow", "sayso: text.py could not be imported: SyntaxError: invalid syntax (text.py, line 1)\n"),
}


@pytest.mark.parametrize(("place", "said"), WRONG.values(), ids=WRONG)
def test_a_name_that_leads_nowhere_is_one_sentence(tmp_path: Path, place: str, said: str) -> None:
    for name, code in {"flows": FLOWS, "broken": "1 / 0", "leaves": "raise SystemExit(5)", "text": "two words"}.items():
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
    drawn = sayso("draw", place, cwd=tmp_path)
    assert (drawn.returncode, drawn.stdout, drawn.stderr) == (2, "", said)
