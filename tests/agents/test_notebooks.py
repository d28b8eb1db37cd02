"""Notebooks: what a real kernel shows of results, and the buttons of a card, which decide and go on with the run."""

from __future__ import annotations

import re
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

CELLS = {
    "setup": """
from sayso import *
from sayso.agents import Reply, call
from sayso.tools import calculate
sent = []

@tool.write(card="Mail to {to}")
async def mail(to: str) -> str:
    "Send a mail."
    sent.append(to)
    return "sent"

def desk(to="<script>alert(1)</script>"):
    return Agent(ScriptedModel(Reply(calls=(call("mail", to=to),)), "Done <b>now</b>."), tools=[mail], name="desk")
""",
    "answer": "await Agent(ScriptedModel('<img src=x onerror=alert(1)>')).run('Hi')",
    "terminal": "waiting = await desk().run('Mail her', approve=terminal)",
    "card": "waiting",
    "buttons": """
import ipywidgets, gc, asyncio
cards = [each for each in gc.get_objects() if type(each) is ipywidgets.VBox and len(each.children) == 4]
card = cards[-1]
button = card.children[1].children[0]
button.click(); button.click()  # a double click
for _ in range(6000):
    await asyncio.sleep(0.01)
    if card.children[3].outputs: break
print(sent, button.disabled, button.description)
""",
    "after": "card.children[3]",
    "request": "(await desk('ada').run('Mail her', engine=engine(), run_id='r2')).pending[0]",
    "calculation": "calculate('p*(1+r)^n', p=100, r='5%', n=8)",
    "flow": "sequential(desk(), name='lunch')",
    "reprs": "print(engine(), App(agents=[desk()], name='shop'), desk(), mail, sep='; ')",
}


@pytest.fixture(scope="module")
def shown() -> dict[str, list[Any]]:
    """The outputs of each cell, executed by a kernel as a user would."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS.values()])
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    return {name: cell.outputs for name, cell in zip(CELLS, notebook.cells, strict=True)}


def html(outputs: list[Any]) -> str:
    return "".join(str(each.get("data", {}).get("text/html", "")) for each in outputs)


def printed(outputs: list[Any]) -> str:
    return "".join(each.get("text", "") for each in outputs)


def test_a_kernel_shows_results_cards_flows_and_calculations(shown: dict[str, list[Any]]) -> None:
    assert "&lt;img src=x onerror=alert(1)&gt;" in html(shown["answer"])
    assert "<img" not in html(shown["answer"])
    assert "1 model calls" in html(shown["answer"])
    assert "approve=terminal cannot ask in a notebook" in printed(shown["terminal"])
    assert "<b>Mail to ada</b>" in html(shown["request"])
    assert "the model chose it" in html(shown["request"])
    assert "<b>147.74554437890625</b>" in html(shown["calculation"]).replace(",", "")
    assert html(shown["flow"]) == "sequential <b>lunch</b><ul><li>agent <b>desk</b></li></ul>"
    assert re.fullmatch(r"<memory engine, 0 runs>; <app shop: desk>; <agent desk>; <write tool mail>\n", printed(shown["reprs"]))


def test_the_card_of_a_run_that_asks_has_buttons_which_decide_once_and_go_on(shown: dict[str, list[Any]]) -> None:
    (card,) = shown["card"]
    assert "application/vnd.jupyter.widget-view+json" in card["data"]
    assert printed(shown["buttons"]) == "['<script>alert(1)</script>'] True Approve\n"
    assert "<script" not in html(shown["card"])
