"""How many false sentences the truth gate keeps, and how many good ones, over rows of a careless writer.

    python benchmarks/truth.py

Each set of tests/data has false sentences over true quotes and good ones that share at most 60 % of their words with the quote.
A good one that is not kept is replaced by the page's own words, a false one that is kept is published.
The sets called "model" are different: a model of 1.5 billion parameters wrote the sentences, and a person judged each of them.
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
GOAL = 0.95
"""How many of the good ones are to be kept."""


def sets(first: str, kind: str, word: str) -> dict[str, Path]:
    """The files of one kind of rows by the name that the table gives them."""
    others = {f"{word} {file.stem.removeprefix(f'{kind}_')}": file for file in sorted((DATA / "truth").glob(f"{kind}_*.jsonl"))}
    return {first.replace("_", " "): DATA / f"{first}.jsonl", **others}


def is_stated(row: Mapping[str, Any]) -> bool:
    """Whether the gate keeps a row's sentence."""
    return check_statement(row["text"], row["passage"], quote=row["quote"], subject=row["subject"]).stated


def holds(row: Mapping[str, Any]) -> bool:
    """Whether a row's answer has no problem."""
    passages = {each["number"]: Passage(each["number"], "", each["title"], each["text"]) for each in row["passages"]}
    return not resolve_citations(row["answer"], passages.get).problems


def measure() -> Iterator[Row]:
    """All rows of the table."""
    writers, answers = sets("careless_writer", "rows", "writer"), sets("careless_citations", "citations", "citations")
    for (name, file), judge, key in (
        *((item, is_stated, "stated") for item in writers.items()),
        *((item, holds, "holds") for item in answers.items()),
    ):
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        good = [judge(row) for row in rows if row[key]]
        false = [judge(row) for row in rows if not row[key]]
        yield Row(f"{name}: false ones kept, of {len(false)}", sum(false), "rows", 0)
        yield Row(f"{name}: good ones kept, of {len(good)}", sum(good), "rows", int(GOAL * len(good)), at_least=True)


if __name__ == "__main__":
    finish("Truth gate", list(measure()))
