"""The truth gate: what a passage states, and what it does not."""

from __future__ import annotations

from sayso.tools.truth import ProblemKind, check_statement

PASSAGE = "A permit costs 15 EUR a month.\nAda Quist has led the yard since 2014.\n駐車場は無料です。"


def test_a_sentence_of_the_passage_is_stated_in_any_language() -> None:
    for sentence in ("A permit costs 15 EUR a month.", "Ada  Quist has led the yard\nsince 2014.", "駐車場は無料です。"):
        verdict = check_statement(sentence, PASSAGE)
        assert verdict.stated
        assert verdict.evidence
        assert PASSAGE[slice(*verdict.evidence)] == " ".join(sentence.split())


def test_another_number_is_named_with_the_one_that_the_passage_has() -> None:
    verdict = check_statement("A permit costs 50 EUR a month.", PASSAGE)
    assert not verdict.stated
    assert {problem.kind for problem in verdict.problems} & {ProblemKind.NUMBER, ProblemKind.UNIT}
    assert "15" in str(verdict.problems[0])


def test_a_quote_that_is_not_in_the_passage_supports_nothing() -> None:
    assert check_statement("A permit costs 15 EUR a month.", PASSAGE, quote="Permits are free.").problems[0].kind is ProblemKind.QUOTE
