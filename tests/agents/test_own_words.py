"""What a model says in its own words where it could only have quoted, and what a second opinion takes away."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from sayso import research
from sayso.agents import ScriptedModel
from sayso.agents.models.model import ModelRequest
from sayso.agents.research.own_words import MOST_REWORDED
from sayso.agents.research.report import Report
from sayso.tools.errors import UsageError

from .small_webs import Web, read_prices, show_texts

QUOTE = "A loaf of rye bread costs $3.90 at Golden Crust."


@pytest.fixture
def web(tmp_path: Path) -> Web:
    """The client and one bakery beside it."""
    made = Web(tmp_path / "web")
    made.add_bakery("crumbbrothers.example", "Crumb Brothers", "A loaf of rye bread costs $4.20 at Crumb Brothers.")
    made.add_bakery("goldencrust.example", "Golden Crust", QUOTE)
    return made


class Rewriter:
    """A model that quotes when it reads, answers `wording` when it is asked for other words, and `opinion` when it is asked for one."""

    def __init__(self, wording: str, opinion: str = "yes") -> None:
        self.wording, self.opinion, self.asked = wording, opinion, Counter[str]()

    def __call__(self, request: ModelRequest) -> str:
        title = str((request.schema or {})["title"])
        self.asked[title] += 1
        if title == "Reworded" and f"Sentence: {QUOTE}" in request.question:
            return json.dumps({"text": self.wording})
        if title == "Opinion":
            assert f"Page: {QUOTE}" in request.question
            return json.dumps({"says_so": self.opinion})
        return read_prices(request)


async def write(web: Web, model: Rewriter, **options: object) -> Report:
    """The report on the client."""
    script = ScriptedModel(model, repeat=True, name="rewriter")
    return (await research.run("Crumb Brothers", model=script, search=str(web.folder), competitors=1, **options)).output  # type: ignore[arg-type]


WORDINGS = {
    "the same in other words": ("Golden Crust charges $3.90 for a loaf of rye bread.", True),
    "another price": ("Golden Crust charges $2.90 for a loaf of rye bread.", False),
    "another thing": ("Golden Crust charges $3.90 for a croissant.", False),
    "as the business itself": ("We charge $3.90 for a loaf of rye bread.", False),
    "no whole sentence": ("Price of a loaf of rye bread at Golden Crust: $3.90.", False),
}


@pytest.mark.parametrize(("wording", "kept"), WORDINGS.values(), ids=WORDINGS)
async def test_a_quote_is_said_in_other_words_where_the_page_says_the_same(web: Web, wording: str, *, kept: bool) -> None:
    report = await write(web, Rewriter(wording))
    (claim,) = [claim for column in report.competitors for claim in column.claims if "$" in claim.text]
    assert (claim.text, claim.quote, claim.written) == (wording if kept else QUOTE, QUOTE, "model" if kept else "quote")
    assert [(each.text, each.replaced) for each in report.withdrawn] == ([] if kept else [(wording, True)])


async def test_a_second_opinion_takes_away_and_the_quote_comes_back(web: Web) -> None:
    wording = "Golden Crust charges $3.90 for a loaf of rye bread."
    doubted = await write(web, Rewriter(wording, "no"), second_opinion=True)
    assert QUOTE in show_texts(doubted, "Golden Crust")
    assert wording not in show_texts(doubted, "Golden Crust")
    assert [each.text for each in doubted.withdrawn] == [wording]
    believed = await write(web, Rewriter(wording, "yes"), second_opinion=True)
    assert wording in show_texts(believed, "Golden Crust")


async def test_no_second_opinion_is_asked_for_unless_it_is_wanted(web: Web) -> None:
    model = Rewriter("Golden Crust charges $3.90 for a loaf of rye bread.", "no")
    await write(web, model)
    assert model.asked["Opinion"] == 0


async def test_only_so_many_sentences_of_a_site_are_said_again(web: Web) -> None:
    prices = [f"A cake for {number} guests costs ${number}.00 at Golden Crust." for number in range(20, 60)]
    web.add_bakery("goldencrust.example", "Golden Crust", *prices)
    model = Rewriter("")
    await write(web, model, rounds=1)
    assert 1 < model.asked["Reworded"] <= 2 * MOST_REWORDED


async def test_an_aspect_that_the_model_passed_over_is_not_called_unknown(web: Web) -> None:
    web.add_bakery("goldencrust.example", "Golden Crust", QUOTE, "Golden Crust was founded in 1987 by two sisters.")
    report = await write(web, Rewriter(""))  # it states prices and opening hours, and nothing else
    assert any("1987" in text for text in show_texts(report, "Golden Crust"))


async def test_code_reads_and_a_model_only_says_sentences_in_its_own_words(web: Web) -> None:
    """A page takes a model on a processor minutes, a sentence seconds: with reader="code" it is asked for nothing else."""
    wording = "Golden Crust charges $3.90 for a loaf of rye bread."
    model = Rewriter(wording)
    report = await write(web, model, reader="code")
    assert set(model.asked) == {"Reworded"}
    assert model.asked["Reworded"] <= 2 * MOST_REWORDED
    (claim,) = [claim for column in report.competitors for claim in column.claims if "$" in claim.text]
    assert (claim.text, claim.quote, claim.written) == (wording, QUOTE, "model")
    by_code = (await research.run("Crumb Brothers", search=str(web.folder), competitors=1)).output
    assert [column.name for column in report.competitors] == [column.name for column in by_code.competitors]
    assert {claim.quote for column in report.competitors for claim in column.claims} == {
        claim.quote for column in by_code.competitors for claim in column.claims
    }
    assert (
        report.written_by
        == "Read without a language model; some sentences were worded by rewriter, and checked against the page that they quote."
    )


async def test_a_model_that_cannot_word_a_sentence_costs_no_report(web: Web) -> None:
    def says_nothing(request: ModelRequest) -> str:
        return "I am a small model."

    report = await write(web, says_nothing, reader="code")  # type: ignore[arg-type]
    assert QUOTE in show_texts(report, "Golden Crust")


async def test_another_reader_is_refused(web: Web) -> None:
    with pytest.raises(UsageError, match="reader='me' is not one of auto, model, code"):
        await write(web, Rewriter(""), reader="me")
