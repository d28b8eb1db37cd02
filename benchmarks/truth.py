"""How many false sentences the truth gate keeps, and how many good ones, over rows of a careless writer.

    python benchmarks/truth.py

Each set of tests/data has 40 false sentences over true quotes and 40 good ones that share at most 60 % of their words with the quote.
Half of the rows of a set are false; a good one that is not kept is replaced by the page's own words, a false one that is kept is published.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from _table import Row, finish

from sayso.tools.documents.citations import resolve_citations
from sayso.tools.documents.passages import Passage
from sayso.tools.truth import check_statement

DATA = Path(__file__).resolve().parents[1] / "tests" / "data"
WRITERS = {"careless writer": DATA / "careless_writer.jsonl", **{f"writer {name}": DATA / "truth" / f"rows_{name}.jsonl" for name in "abc"}}
ANSWERS = {
    "careless citations": DATA / "careless_citations.jsonl",
    **{f"citations {name}": DATA / "truth" / f"citations_{name}.jsonl" for name in "ab"},
}


def is_stated(row: Mapping[str, Any]) -> bool:
    """Whether the gate keeps a row's sentence."""
    return check_statement(row["text"], row["passage"], quote=row["quote"], subject=row["subject"]).stated


def holds(row: Mapping[str, Any]) -> bool:
    """Whether a row's answer has no problem."""
    passages = {each["number"]: Passage(each["number"], "", each["title"], each["text"]) for each in row["passages"]}
    return not resolve_citations(row["answer"], passages.get).problems


def measure() -> Iterator[Row]:
    """All rows of the table."""
    for (name, file), judge, key in (
        *((item, is_stated, "stated") for item in WRITERS.items()),
        *((item, holds, "holds") for item in ANSWERS.items()),
    ):
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        kept = [(bool(row[key]), judge(row)) for row in rows]
        yield Row(f"{name}: false ones kept, of 40", sum(was and not good for good, was in kept), "rows", 0)
        yield Row(f"{name}: good ones kept, of 40", sum(was and good for good, was in kept), "rows", 38, at_least=True)


if __name__ == "__main__":
    finish("Truth gate", list(measure()))
