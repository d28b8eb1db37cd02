"""Sentences that the truth gate keeps, each made false in one place: it keeps none of these.

The good sentences are those of `tests/data/careless_writer.jsonl` that the gate keeps; what is done to them needs no reading.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from sayso.tools.truth import check_statement

ROWS = Path(__file__).parents[1] / "data" / "careless_writer.jsonl"
SOME = 6
"""How many sentences are tried in each way: one takes the gate some hundredths of a second."""
_UNITS = {
    "month": "year", "monthly": "yearly", "year": "month", "yearly": "monthly", "hours": "days", "hour": "day", "days": "weeks",
    "euros": "dollars", "dollars": "euros", "pounds": "euros", "minutes": "hours", "km": "m", "weeks": "months",
}  # fmt: skip


def change_number(text: str, subject: str) -> str:
    """Make the last number one more."""
    numbers = list(re.finditer(r"\d+", text))
    if not numbers:
        return text
    last = numbers[-1]
    return text[: last.start()] + str(int(last[0]) + 1) + text[last.end() :]


def change_unit(text: str, subject: str) -> str:
    """Put another unit, currency or period."""
    swapped = re.sub(r"\b\w+\b", lambda word: _UNITS.get(word[0], word[0]), text)
    return swapped if swapped != text else re.sub(r"[€£$]", lambda sign: "$" if sign[0] == "€" else "€", text)


def deny(text: str, subject: str) -> str:
    """Put a "not" behind the first auxiliary."""
    return re.sub(r"\b(is|are|was|were|can|may|has been|have been|will)\b(?! not)", r"\1 not", text, count=1)


def change_name(text: str, subject: str) -> str:
    """Say it of another business."""
    return text.replace(subject, "Quendon Partners") if subject in text else text


def praise(text: str, subject: str) -> str:
    """Add a superlative that nobody says."""
    return text.rstrip(".") + ", the best in the country."


def compare(text: str, subject: str) -> str:
    """Add a comparison that nobody makes."""
    return text.rstrip(".") + ", more than any rival."


CORRUPTIONS: tuple[Callable[[str, str], str], ...] = (change_number, change_unit, deny, change_name, praise, compare)


@cache
def read_kept() -> tuple[dict[str, str], ...]:
    """The good rows whose sentence the gate keeps."""
    rows = [json.loads(line) for line in ROWS.read_text("utf-8").splitlines()]
    good = (row for row in rows if row["stated"])
    return tuple(row for row in good if check_statement(row["text"], row["passage"], quote=row["quote"], subject=row["subject"]).stated)


def corrupt_some(corrupt: Callable[[str, str], str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield some sentences that a corruption changes, corrupted, each with its row."""
    changed = ((corrupt(row["text"], row["subject"]), row) for row in read_kept())
    yield from [(text, row) for text, row in changed if text != row["text"]][:SOME]


@pytest.mark.parametrize("corrupt", CORRUPTIONS, ids=lambda each: str(each.__name__))
def test_a_kept_sentence_made_false_in_one_place_is_refused(corrupt: Callable[[str, str], str]) -> None:
    tried = list(corrupt_some(corrupt))
    assert tried
    kept = [text for text, row in tried if check_statement(text, row["passage"], quote=row["quote"], subject=row["subject"]).stated]
    assert kept == []
