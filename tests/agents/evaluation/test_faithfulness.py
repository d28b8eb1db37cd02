"""Whether an answer is true to its sources, and cites what supports it: true answers pass in other words, corrupted ones do not."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from sayso.agents.evaluation import Case, CaseRun, RunRecord, Score, ScoreResult, SourceText
from sayso.agents.evaluation.scores import CitationPrecision, CitationRecall, Faithfulness, QuotesPresent
from sayso.agents.evaluation.support import find_support

CLAIMS = Path(__file__).resolve().parents[2] / "data" / "claims" / "own.jsonl"
MILL = (
    "The Aldersby mill was built in 1871 by Thomas Wray and bought by the city in 1964. It has 42 employees and is closed on Mondays. "
    "Guided tours last ninety minutes and cost £8; the café is free to enter. Dogs are not allowed. Unlike the bakery in Kelling, the mill "
    "does not sell bread."
)
TRUE = [
    "The Aldersby mill was built in 1871.",
    "Thomas Wray built the mill in 1871.",
    "In 1964 the city acquired the mill.",
    "The mill employs 42 people and does not open on Mondays.",
    "A guided tour takes an hour and a half.",
    "You pay £8 for a guided tour.",
    "According to the city's website, dogs may not enter.",
    "You can go into the café for free.",
    "The mill sells no bread.",
    "Dogs are forbidden.",
    "A guided tour takes no longer than ninety minutes.",
    "Unlike the bakery in Kelling, the mill does not sell bread.",
]
CORRUPTED = {
    "number": "The mill was built in 1817.",
    "another number of the source": "The mill was built in 1964.",
    "digits turned": "The mill has 24 employees.",
    "name": "The mill was built by Thomas Brandt.",
    "place": "The Kelling mill was built in 1871.",
    "negation": "The mill was not built by Thomas Wray.",
    "negation lost": "Dogs are allowed.",
    "negation lost by a pair": "The mill sells bread.",
    "unit": "Guided tours last ninety hours.",
    "currency": "Guided tours cost €8.",
    "a rank": "The mill was the eighteenth century's.",
    "something else is counted": "The mill has 42 rooms and 8 employees.",
    "another's": "Thomas Brandt's mill was built in 1871.",
    "another thing in the same words": "Unlike the bakery in Wray, the mill does not sell bread.",
    "weekday": "The mill is closed on Tuesdays.",
    "roles": "The city was bought by the mill in 1964.",
    "two figures exchanged": "Guided tours cost £90 and last eight minutes.",
    "another name in a quote": "The Aldersby mill was built in 1871 by Thomas Wray and bought by the Kelling in 1964.",
    "a number that is less round in a quote": "The Aldersby mill was built in about 1872 by Thomas Wray.",
    "a denial put into a quote": "Guided tours last ninety minutes and the café is not free to enter.",
    "two numbers exchanged in a quote": "The Aldersby mill was built in 1964 by Thomas Wray and bought by the city in 1871.",
    "one of two facts": "The mill has 42 employees and is closed on Sundays.",
}


@pytest.mark.parametrize("claim", TRUE)
def test_a_true_claim_is_supported_in_other_words(claim: str) -> None:
    assert find_support(claim, [MILL]).reason == ""


@pytest.mark.parametrize("claim", CORRUPTED.values(), ids=CORRUPTED)
def test_a_corrupted_claim_is_not_supported(claim: str) -> None:
    assert find_support(claim, [MILL]).reason


def test_true_and_corrupted_claims_of_many_kinds_are_told_apart() -> None:
    rows = [json.loads(line) for line in CLAIMS.read_text(encoding="utf-8").splitlines()]
    right = {True: 0, False: 0}
    for row in rows:
        right[row["supported"]] += find_support(row["claim"], [row["passage"]]).supported == row["supported"]
    shares = [right[kept] / sum(row["supported"] == kept for row in rows) for kept in (True, False)]
    assert min(shares) >= 0.85


SOURCES = (
    SourceText("1", MILL),
    SourceText("2", "Kelling has 9,000 inhabitants.", "https://kelling.example/facts"),
    SourceText("3", "Wray lies on the coast."),
)


def judge(score: Score, answer: str, sources: tuple[SourceText, ...] = SOURCES) -> ScoreResult:
    run = CaseRun(
        Case(name="case", input="Tell me about the mill."), RunRecord(run_id="r", flow="f", input="", text=answer, sources=sources)
    )
    return asyncio.run(score(run))


def test_faithfulness_is_the_share_of_supported_claims() -> None:
    result = judge(Faithfulness(least=0.9), "The mill was built in 1871. It has 24 employees. I hope this helps!")
    assert (result.value, result.passed) == (0.5, False)
    assert result.details == ("Contradicted: “It has 24 employees”. The sources do not give 24 employees.",)


def test_a_claim_that_nothing_contradicts_may_still_not_be_shown() -> None:
    result = judge(Faithfulness(), "The mill was built in 1871. Its café smells of lavender and wood. It has 24 employees.")
    assert result.reason == "1 of 3 claims are supported, 1 contradicted, 1 not shown."
    assert [each.partition(":")[0] for each in result.details] == ["Not shown", "Contradicted"]


def test_graded_faithfulness_tells_two_answers_apart_that_are_both_supported_or_both_not() -> None:
    right, wrong = (
        ("Dogs are not allowed.", "Dogs may not enter the mill."),
        ("The mill has 24 employees.", "It has 24 staff and sells cake."),
    )
    answers = (*right, *wrong)
    values = [judge(Faithfulness(graded=True), answer).value or 0 for answer in answers]
    assert values == sorted(values, reverse=True)
    assert values[0] == 1
    assert values[1] > values[2]


NO_VALUE = {
    "no source": ("The mill was built in 1871.", (), "The run has read no source, so nothing is there to be faithful to."),
    "a refusal": ("I do not know the answer to this.", SOURCES, "The answer makes no claim."),
    "nothing": ("", SOURCES, "The answer makes no claim."),
}


@pytest.mark.parametrize(("answer", "sources", "reason"), NO_VALUE.values(), ids=NO_VALUE)
def test_what_claims_nothing_has_no_faithfulness(answer: str, sources: tuple[SourceText, ...], reason: str) -> None:
    result = judge(Faithfulness(), answer, sources)
    assert (result.value, result.reason) == (None, reason)


CITED = {
    "each its own": ("The mill was built in 1871 [1]. Kelling has 9,000 inhabitants [2].", 1.0, 1.0),
    "one too many": ("The mill was built in 1871 [1][3].", 1.0, 0.5),
    "the wrong one": ("The mill was built in 1871 [2]. Kelling has 9,000 inhabitants [2].", 0.5, 0.5),
    "one that does not exist": ("The mill was built in 1871 [7].", 0.0, 0.0),
    "none behind the second": ("The mill was built in 1871 [1]. Kelling has 9,000 inhabitants.", 0.5, 1.0),
    "by another spelling": ("The mill was built in 1871 [DOC 1]. Kelling has 9,000 inhabitants [^2].", 1.0, 1.0),
    "by a link": ("Kelling has [9,000 inhabitants](https://kelling.example/facts).", 1.0, 1.0),
    "a corrupted claim": ("The mill was built in 1817 [1].", 0.0, 0.0),
}


@pytest.mark.parametrize(("answer", "recall", "precision"), CITED.values(), ids=CITED)
def test_citations_are_counted_as_alce_counts_them(answer: str, recall: float, precision: float) -> None:
    assert (judge(CitationRecall(), answer).value, judge(CitationPrecision(), answer).value) == (recall, precision)


def test_quotations_stand_in_the_sources() -> None:
    answer = "It says “is closed on Mondays” and “is open on all Sundays”, and of “bread” nothing."
    result = judge(QuotesPresent(), answer)
    assert (result.value, result.passed, result.details) == (0.5, False, ("“is open on all Sundays” is in no source.",))
    assert judge(QuotesPresent(["closed on Mondays"]), answer).passed is True
    assert judge(QuotesPresent(["does not sell bread"]), answer).details == ("“does not sell bread” is not in the answer.",)
