"""A citation leads to file, page and passage, and an answer that puts words into a passage's mouth is found out."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.tools.documents import Documents
from sayso.tools.documents.citations import locate_quote, resolve_citations

from .pdf_files import pdf_of


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Documents]:
    folder = tmp_path_factory.mktemp("papers")
    (folder / "a parking.md").write_text(
        "# Parking\n\nVisitors park in lot B, “free of charge”.\nThe gate’s code is 4711.\n", encoding="utf-8"
    )
    (folder / "b travel.pdf").write_bytes(pdf_of(["Trains first.", "Hotels cost up to\n140 euros a night."], title="Travel"))
    with Documents.of_folder(folder, base_url="https://intra.example") as opened:
        yield opened


def test_an_answer_with_its_sources(documents: Documents) -> None:
    answer = documents.check_citations('Visitors “park in lot B” [DOC 1]. A hotel may cost "up to 140 euros a night" [DOC 3].')
    parking, hotel = answer.citations
    assert (parking.number, parking.file, parking.page, parking.holds) == (1, "a parking.md", 0, True)
    assert (hotel.number, hotel.file, hotel.page, hotel.link) == (3, "b travel.pdf", 2, "https://intra.example/b%20travel.pdf#page=2")
    assert (hotel.claim, [quote.text for quote in hotel.quotes]) == (
        'A hotel may cost "up to 140 euros a night"',
        ["up to 140 euros a night"],
    )
    assert hotel.passage is not None
    assert [hotel.passage.text[slice(*quote.span)] for quote in hotel.quotes if quote.span] == ["up to\n140 euros a night"]
    assert answer.problems == ()
    assert str(answer).splitlines()[1:] == [
        "",
        "[DOC 1] Parking: https://intra.example/a%20parking.md",
        "[DOC 3] Travel, page 2: https://intra.example/b%20travel.pdf#page=2",
    ]


ANSWERS = {
    "a changed number": ('It is "up to 160 euros" [DOC 3].', ["[DOC 3] does not hold the words “up to 160 euros”."]),
    "from another passage": ('It is "up to 140 euros" [DOC 1].', ["[DOC 1] does not hold the words “up to 140 euros”."]),
    "a passage that is not there": ("Free [DOC 12].", ["[DOC 12] is not among the passages that were found."]),
    "made up without a quote": (
        "The visitor garage has two floors with a ramp for trucks [DOC 1].",
        ["[DOC 1] does not say this: The visitor garage has two floors with a ramp for trucks. The passage says nothing of this."],
    ),
    "made up behind the number": (
        "[DOC 2] The visitor garage has two floors with a ramp.",
        ["[DOC 2] does not say this: The visitor garage has two floors with a ramp. The passage says nothing of this."],
    ),
    "told in other words": ("Hello! Nice to meet you, dear colleague. A visitor can park for free in the lot called B [DOC 1].", []),
    "told from two passages": ("Visitors park in a lot and hotels cost up to 140 euros a night [DOC 1, 3].", []),
    "too short to judge": ("Yes, certainly [DOC 2].", []),
    "a huge number": ("Free [DOC 999999999999999999].", ["[DOC 999999999999999999] is not among the passages that were found."]),
    "nothing cited": ("Visitors park in lot B.", ["The answer cites no passage."]),
    "not in the documents": ("Not in the documents.", []),
    "not in the documents, in a model's own marks": ('"Not in the documents"', []),
    "not in the documents, and then more": ("Not in the documents. Lot B is free.", ["The answer cites no passage."]),
    "nothing quoted": ("Visitors park in lot B [DOC 1].", []),
    "two passages behind one claim": ('"lot B" and "up to 140 euros" [DOC 1, 3]', []),
    "two beside each other": ('"lot B" and "up to 140 euros" [DOC 1] [DOC 3].', []),
    "in neither of two": (
        '"lot C" [DOC 1][DOC 3]',
        ["[DOC 1] does not hold the words “lot C”.", "[DOC 3] does not hold the words “lot C”."],
    ),
    "the citation before the quote": ('As [DOC 1] says, "lot B". As [DOC 3] says: "140 euros".', []),
    "the citation before a wrong quote": (
        'As [DOC 1] says, "lot C". [DOC 3] says: "140 euros".',
        ["[DOC 1] does not hold the words “lot C”."],
    ),
    "marks, letters and stops": ("\"PARK IN LOT B, 'free of charge'.\" [DOC 1] “the gate's code is 4711!” [doc 1]", []),
    "a word that a line breaks": ("“visi-tors park in lot B” [DOC 1]", []),
    "words left out": ("“Visitors park … free of charge” [DOC 1] “Visitors [...] 4711” [DOC 1]", []),
    "words in the wrong order": ("“4711 ... Visitors” [DOC 1]", ["[DOC 1] does not hold the words “4711 ... Visitors”."]),
    "other brackets": ("Lot B (DOC 1), trains 【DOC 2】, hotels [Doc #3].", []),
    "a range": ("Visitors park in lot B [DOC 1-3].", []),
    "a list": ('- "lot B" [DOC 1]\n- "Trains first" [DOC 2]', []),
    "a quote without a citation of its own": (
        'He said "hello". Visitors park in lot B [DOC 1].',
        ["[DOC 1] does not hold the words “hello”."],
    ),
}


@pytest.mark.parametrize(("answer", "problems"), ANSWERS.values(), ids=ANSWERS)
def test_what_is_wrong_with_an_answer(documents: Documents, answer: str, problems: list[str]) -> None:
    assert list(documents.check_citations(answer).problems) == problems


MARKED = {
    "emphasis": ("Visitors park in lot B", "Visitors **park** in `lot B`, see", "Visitors **park** in `lot B"),
    "a link": (
        "see the map. It costs nothing",
        "B, see [the map](http://x/y). It costs *nothing*.",
        "see [the map](http://x/y). It costs *nothing",
    ),
    "a table": ("Badge 5 EUR", "| Badge | 5 EUR |", "Badge | 5 EUR"),
    "a heading": ("Parking Visitors park", "## Parking\n\nVisitors park here", "Parking\n\nVisitors park"),
    "a hyphen at the end of a line": ("the information desk", "the infor-\nmation desk", "the infor-\nmation desk"),
    "a hyphen of its own there": ("a well-known desk", "a well-\nknown desk", "a well-\nknown desk"),
    "dashes": ("eight o'clock - on weekdays", "eight o’clock—on weekdays", "eight o’clock—on weekdays"),
    "a soft hyphen": ("purchase", "of pur\xadchase", "pur\xadchase"),
    "numbers stay what they are": ("10-20", "from 1020", None),
    "powers too": ("23", "2**3", None),
}


@pytest.mark.parametrize(("quote", "text", "held"), MARKED.values(), ids=MARKED)
def test_a_quote_may_leave_out_hyphens_and_the_marks_of_markdown(quote: str, text: str, held: str | None) -> None:
    span = locate_quote(quote, text)
    assert (None if span is None else text[slice(*span)]) == held


def test_only_what_was_shown_may_be_cited(documents: Documents) -> None:
    shown = documents.search("hotel", 1)
    answer = documents.check_citations("Lot B [DOC 1]. Hotels [DOC 3].", among=shown)
    assert [citation.holds for citation in answer.citations] == [False, True]
    assert [passage.file for passage in answer.sources] == ["b travel.pdf"]


@given(st.text(st.sampled_from('[DOC 123]“"”.,- \nab')) | st.text())
def test_no_answer_breaks_the_reading(answer: str) -> None:
    cited = resolve_citations(answer, lambda number: None)
    assert all(answer[slice(*citation.span)].upper().lstrip("[【( ").startswith("DOC") for citation in cited.citations)


@given(st.text(min_size=1), st.text(), st.text())
def test_a_copied_quote_is_found_where_it_was_copied_from(quote: str, before: str, after: str) -> None:
    span = locate_quote(quote, before + quote + after)
    assert span is not None or not re.search(r"\w", quote)
