"""Examples that answer from documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sayso import ScriptedModel
from sayso.agents import ModelRequest
from sayso.tools.documents import Documents

from ..tools.pdf_files import pdf_of
from .running import EXAMPLES, example, ran_here, run
from .travel_handbook import PDF, made

COMPANY = EXAMPLES / "data" / "company"
PARKING = (COMPANY / "parking.md").as_uri()


@pytest.fixture
def company() -> Iterator[Documents]:
    with Documents.of_folder(COMPANY) as documents:
        yield documents


def test_the_travel_handbook_is_the_one_that_is_made() -> None:
    assert PDF.read_bytes() == made()


def test_is_there_parking(tmp_path: Path) -> None:
    told = run("company_documents.py", "Is there parking?", cwd=tmp_path)
    assert told.splitlines() == [
        "“There is free parking for visitors in lot B, next to the main entrance.” [DOC 6] "
        "“Visitors may park for up to ten hours.” [DOC 6]",
        "",
        f"[DOC 6] Parking policy, Visitors: {PARKING}",
        "",
    ]


ASKED = {
    "a PDF": ("What may a hotel cost?", "A hotel room may cost up to 140 euros a night", "travel.pdf#page=3"),
    "a page": ("How many days of annual leave are there?", "Everybody has 28 days of paid annual leave.", "leave.html"),
    "a text": ("Which extension has the help desk?", "The help desk answers on extension 4400", "it-help.txt"),
    "no document": ("Who won the chess championship?", "Not in the documents.", "Not in the documents."),
}


@pytest.mark.parametrize(("question", "said", "source"), ASKED.values(), ids=ASKED)
def test_a_question_is_answered_from(tmp_path: Path, question: str, said: str, source: str) -> None:
    told = run("company_documents.py", question, cwd=tmp_path).rstrip()
    assert said in told
    assert told.endswith(source)


def test_one_chats_with_a_pdf_and_a_bad_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "lease.pdf").write_bytes(pdf_of(["The rent is 900 euros a month.", "Dogs are welcome. Cats are not allowed."]))
    (tmp_path / "scan.pdf").write_bytes(pdf_of([""]))
    assert "“Dogs are welcome.” [DOC 2]" in run("company_documents.py", "Are dogs welcome?", "--documents", "lease.pdf", cwd=tmp_path)
    done = ran_here("company_documents.py", "How much is the rent?", "--documents", tmp_path, cwd=tmp_path)
    assert "Not read: scan.pdf: its 1 page holds no text" in done.stderr
    assert "900 euros" in done.stdout
    alone = ran_here("company_documents.py", "How much is the rent?", "--documents", "scan.pdf", cwd=tmp_path)
    assert (alone.returncode != 0, "Traceback" in alone.stderr) == (True, False)
    assert "scan.pdf" in alone.stderr


async def test_a_follow_up_is_looked_up_with_the_question_before_it(company: Documents) -> None:
    asked: list[str] = []

    def says(request: ModelRequest) -> str:
        asked.append(request.question)
        return "“a permit costs 15 euros” [DOC 7]"

    questions = ["Where do staff park?", "And how much?"]
    given = [answer async for answer in example("company_documents").answers(ScriptedModel(says, repeat=True), company, questions)]
    assert [answer.citations[0].holds for answer in given] == [True, True]
    assert "Staff park in lot A" in asked[1]


async def test_a_model_that_changes_a_quote_is_told_on(company: Documents) -> None:
    model = ScriptedModel("A room “may cost up to 240 euros” [DOC 12], or less [DOC 99].")
    (answer,) = [each async for each in example("company_documents").answers(model, company, ["What may a hotel cost?"])]
    assert list(answer.problems) == [
        "[DOC 12] does not hold the words “may cost up to 240 euros”.",
        "[DOC 99] is not among the passages that were found.",
    ]


def test_agentic_rag_answers_over_the_examples_folder(tmp_path: Path) -> None:
    told = run("agentic_rag.py", "May visitors park?", cwd=tmp_path).splitlines()
    assert "[DOC 6]" in told[0]
    assert f"[DOC 6] Parking policy, Visitors: {PARKING}" in told


def test_agentic_rag_says_what_it_searched_for_and_what_is_nearest(tmp_path: Path) -> None:
    told = run("agentic_rag.py", "Who won the chess championship?", cwd=tmp_path).splitlines()
    assert told[:3] == [
        "Not in the documents.",
        "Searched for: Who won the chess championship?; something else.",
        "Nearest, but about other matters:",
    ]


def test_agentic_rag_greets_and_says_that_it_read_nothing(tmp_path: Path) -> None:
    assert run("agentic_rag.py", "Good morning", cwd=tmp_path).splitlines() == [
        "Hello! Ask me about what is in the documents: it-help.txt; leave.html; parking.md; travel.pdf.",
        "No document was read for this.",
    ]


def test_the_flowchart_is_drawn(tmp_path: Path) -> None:
    drawn = run("agentic_rag.py", "--draw", cwd=tmp_path)
    assert drawn.startswith("flowchart TD\n")
    for name in ("route", "retrieve", "judge", "rewrite", "write", "talk"):
        assert f'"{name}"' in drawn
