"""Each kind of structure in which site builders and data formats write a fact, once: the fact is told whole, under its aspect."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sayso.agents.models.extractive import find_claims
from sayso.agents.research.aspects import SETS
from sayso.agents.research.field_claims import claim_fields
from sayso.agents.research.ranking import rank_claims
from sayso.agents.research.stage_prompts import findings_question
from sayso.agents.research.state import VisitedPage
from sayso.tools.web import Field
from sayso.tools.web.parse import parse_page

from .known_facts import holds

FOLDER = Path(__file__).parent.parent / "data" / "structures"


@dataclass(frozen=True)
class Structure:
    """A page's body and what is told of it: "topics: words", topics parted by "/", words by " & ", alternatives of a word by "//"."""

    kind: str
    html: str
    wanted: tuple[str, ...]
    never: tuple[str, ...]


def read_structures(text: str) -> Iterator[tuple[str, Structure]]:
    """Yield the structures of a file: a line "=== name (kind)", the page's body, lines "> told", and lines "! never told"."""
    for part in re.split(r"^=== ", text, flags=re.MULTILINE)[1:]:
        title, _, rest = part.partition("\n")
        name, kind = re.fullmatch(r"(.*) \((\w+)\)", title).groups()  # type: ignore[union-attr]
        lines = rest.rstrip("\n").split("\n")
        html = "\n".join(line for line in lines if line[:2] not in ("> ", "! "))
        wanted, never = (tuple(line[2:] for line in lines if line.startswith(sign)) for sign in ("> ", "! "))
        yield name, Structure(kind, html, wanted, never)


CASES = {name: case for file in sorted(FOLDER.glob("*.txt")) for name, case in read_structures(file.read_text("utf-8"))}


def tell(case: Structure) -> list[str]:
    """Return all that the extractive reader tells of a page, each with its topic."""
    url, html = "http://larkfield.example/", f"<!doctype html><html><head><title>Larkfield</title></head><body>{case.html}</body></html>"
    got = parse_page(url, "text/html; charset=utf-8", b64encode(html.encode()).decode())
    fields = tuple(Field(**field) for field in got["fields"])  # type: ignore[union-attr, arg-type]
    page = VisitedPage(url, "Larkfield", str(got["evidence"]), (), "2026-11-29T00:00:00Z", "0" * 64, "s", fields)
    aspects = SETS[case.kind]
    claims = rank_claims(claim_fields((page,), "Larkfield", aspects), (page,), "Larkfield", aspects)
    found = find_claims(findings_question("Larkfield", "competitors", aspects, [(1, page.title, page.url, page.text)]))
    told = [f"{each['topic']}: {each['text']}" for each in found["claims"]]  # type: ignore[attr-defined]
    return [f"{claim.topic}: {claim.text}" for claim in claims] + told


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_fact_of_a_structure_is_told_in_one_sentence_under_its_aspect(case: Structure) -> None:
    told = tell(case)
    for wanted in case.wanted:
        topics, _, words = wanted.partition(": ")
        must = tuple(tuple(group.split("//")) for group in words.split(" & "))
        assert any(holds(text.partition(": ")[2], must) and text.partition(": ")[0] in topics.split("/") for text in told), (wanted, told)
    for never in case.never:
        assert not any(holds(text, tuple((each,) for each in never.split(" & "))) for text in told), (never, told)


def test_there_are_enough_structures() -> None:
    assert len(CASES) >= 60
    assert all(case.wanted for case in CASES.values())
