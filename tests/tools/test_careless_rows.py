"""The rows of a careless writer, of whom half of the sentences are false beside a true quote: that the rows are what they say.

What the gate makes of them stands in its own tests. A good row shares few words with its source, or it would only test copying.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[1] / "data"
WRITER: list[dict[str, Any]] = [json.loads(line) for line in (DATA / "careless_writer.jsonl").read_text("utf-8").splitlines()]
CITATIONS: list[dict[str, Any]] = [json.loads(line) for line in (DATA / "careless_citations.jsonl").read_text("utf-8").splitlines()]
LARGEST_SHARE = 0.6


def test_there_are_forty_good_and_forty_false_rows_of_each_sort() -> None:
    assert Counter(row["stated"] for row in WRITER) == {True: 40, False: 40}
    assert Counter(row["holds"] for row in CITATIONS) == {True: 40, False: 40}


def test_every_row_has_a_name_and_a_sentence_of_its_own() -> None:
    assert len({row["name"] for row in WRITER}) == len({row["text"] for row in WRITER}) == 80
    assert len({row["name"] for row in CITATIONS}) == len({row["answer"] for row in CITATIONS}) == 80


def test_every_quote_of_a_web_page_is_in_its_passage() -> None:
    assert [row["name"] for row in WRITER if row["quote"] not in row["passage"]] == []


def test_good_sentences_about_companies_share_at_most_six_words_in_ten_with_their_quote() -> None:
    shares = {row["name"]: _share(row["text"], row["quote"]) for row in WRITER if row["stated"]}
    assert {name: share for name, share in shares.items() if share > LARGEST_SHARE} == {}


def test_good_answers_share_at_most_six_words_in_ten_with_any_sentence_of_their_documents() -> None:
    shares = {row["name"]: _largest_share(row) for row in CITATIONS if row["holds"]}
    assert {name: share for name, share in shares.items() if share > LARGEST_SHARE} == {}


def test_good_answers_cite_documents_that_they_were_given_and_quote_their_words() -> None:
    for row in CITATIONS:
        cited = set(re.findall(r"\[DOC (\d+)\]", row["answer"]))
        assert cited, row["name"]
        if row["holds"]:
            assert cited <= {str(passage["number"]) for passage in row["passages"]}, row["name"]
            quoted = re.findall(r'"([^"]+)"', row["answer"])
            assert all(any(words in passage["text"] for passage in row["passages"]) for words in quoted), row["name"]


@pytest.mark.parametrize("file", sorted((DATA / "truth").glob("*.jsonl")), ids=lambda file: str(file.stem))
def test_the_further_sets_have_both_sorts_with_names_of_their_own(file: Path) -> None:
    rows: list[dict[str, Any]] = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert {bool(row.get("stated", row.get("holds"))) for row in rows} == {True, False}
    assert len({row["name"] for row in rows}) == len({row.get("text", row.get("answer")) for row in rows}) == len(rows)
    assert [row["name"] for row in rows if "quote" in row and row["quote"] not in row["passage"]] == []


def _share(text: str, source: str) -> float:
    words = _words(text)
    return len(words & _words(source)) / len(words)


def _largest_share(row: dict[str, Any]) -> float:
    """Compare each sentence of an answer with each sentence of its documents; citations and quoted words do not count."""
    answer = re.sub(r'\[DOC \d+\]|"[^"]*"', "", row["answer"])
    sources = [sentence for passage in row["passages"] for sentence in _sentences(passage["text"])]
    return max(_share(sentence, source) for sentence in _sentences(answer) for source in sources)


def _sentences(text: str) -> list[str]:
    return [sentence for sentence in re.split(r"(?<=[.!?])\s+|\n", text) if _words(sentence)]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+(?:[.,:'’-]\w+)*", text.lower()))
