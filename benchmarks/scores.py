"""How often the deterministic faithfulness and citation scores tell true answers from corrupted ones, and what a claim costs.

Rows of tests/data/claims: a claim over a source, and whether the source supports it. A score is right where it gives a true answer 1 and a
corrupted one 0. Rows about SQuAD's passages need the corpora beside the repository (../shared/corpora, or where SAYSO_CORPORA says).
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _table import Row, finish
from documents import CORPUS, rows_of

from sayso.agents.evaluation import Case, CaseRun, RunRecord, Score, SourceText
from sayso.agents.evaluation.scores import CitationPrecision, CitationRecall, Faithfulness

DATA = Path(__file__).resolve().parents[1] / "tests" / "data" / "claims"
GOAL = 0.95


def read_rows(name: str, passages: dict[str, str]) -> list[dict[str, Any]]:
    """The rows of a file, each with its passage."""
    rows = [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    return [{**row, "passage": row.get("passage") or passages.get(row["id"], "")} for row in rows]


def make_run(row: dict[str, Any]) -> CaseRun:
    """A run that has read the row's passage and answers with its claim, citing it."""
    answer, question = f"{row['claim'].rstrip('.')} [1].", row.get("question", "")
    sources = (SourceText("1", row["passage"]),)
    return CaseRun(Case(name="row", input=question), RunRecord(run_id="row", flow="row", input=question, text=answer, sources=sources))


async def judge(score: Score, rows: list[dict[str, Any]]) -> list[bool]:
    """Whether a score gives each row 1."""
    return [(await score(make_run(row))).value == 1 for row in rows]


def measure() -> Iterator[Row]:
    """All rows of the table."""
    passages = {row["id"]: row["text"] for row in rows_of("passages.jsonl")} if CORPUS.exists() else {}
    if not passages:
        print("No corpora: only the claims over our own passages are measured.", file=sys.stderr)
    everything = list[dict[str, Any]]()
    for name in sorted(file.stem for file in DATA.glob("*.jsonl")):
        rows = [row for row in read_rows(name, passages) if row["passage"]]
        everything += rows
        if not rows:
            continue
        said = asyncio.run(judge(Faithfulness(), rows))
        for word, kept in (("true ones supported", True), ("corrupted ones caught", False)):
            right = [is_supported == kept for is_supported, row in zip(said, rows, strict=True) if row["supported"] == kept]
            yield Row(f"{name.replace('_', ' ')}: {word}, of {len(right)}", sum(right) / len(right), "share") if right else Row(word, 0, "")
    for score in (Faithfulness(), CitationRecall(), CitationPrecision()):
        start = time.perf_counter()
        said = asyncio.run(judge(score, everything))
        seconds = time.perf_counter() - start
        right = [is_supported == row["supported"] for is_supported, row in zip(said, everything, strict=True)]
        yield Row(f"{score.name}: right, of {len(right)}", sum(right) / len(right), "share", GOAL, at_least=True)
        if score.name == "faithfulness":
            yield Row("a claim over a passage", 1000 * seconds / len(everything), "ms", 50)


if __name__ == "__main__":
    finish("Scores", list(measure()))
