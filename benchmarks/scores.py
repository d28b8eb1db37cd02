"""How often the deterministic faithfulness and citation scores tell true answers from corrupted ones, and what a claim costs.

Rows of tests/data/claims: a claim over a source, and whether the source supports it. There are two readings of "right":

- Answer by answer: a true answer has the value 1, and a corrupted one less.
- Pair by pair: a true answer has a higher graded value (`Faithfulness(graded=True)`) than what was made of it by one corruption.

Rows about SQuAD's passages need the corpora beside the repository (../shared/corpora, or where SAYSO_CORPORA says).
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from _table import Row, finish
from documents import CORPUS, rows_of

from sayso.agents.evaluation import Case, CaseRun, RunRecord, Score, SourceText
from sayso.agents.evaluation.scores import CitationPrecision, CitationRecall, Faithfulness

DATA = Path(__file__).resolve().parents[1] / "tests" / "data" / "claims"
GOAL = 0.95


def read_rows(name: str, passages: dict[str, str]) -> list[dict[str, Any]]:
    """The rows of a file that have their passages: `passages` of each row are what its run has read."""
    pages = json.loads((DATA / "pages.json").read_text(encoding="utf-8"))
    rows = [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row["passages"] = [pages[each]["text"] for each in row.get("pages", ())] or [row.get("passage") or passages.get(row.get("id"), "")]
    return [row for row in rows if all(row["passages"])]


def make_run(row: dict[str, Any], cites: int | None = None) -> CaseRun:
    """A run that has read the row's passages and answers with its claim, citing the one that it is from, or another one."""
    answer, question = f"{row['claim'].rstrip('.')} [DOC {cites or row.get('cites', 1)}].", row.get("question", "")
    sources = tuple(SourceText(str(number), text) for number, text in enumerate(row["passages"], 1))
    return CaseRun(Case(name="row", input=question), RunRecord(run_id="row", flow="row", input=question, text=answer, sources=sources))


async def judge(score: Score, runs: Sequence[CaseRun]) -> list[float]:
    """What a score gives to each run."""
    return [(await score(run)).value or 0 for run in runs]


def find_pairs(rows: Sequence[dict[str, Any]]) -> Iterator[tuple[int, int]]:
    """The places of each true row and of each corruption of it: by their number, or the true one before it about the same passage."""
    true = -1
    for place, row in enumerate(rows):
        if row["supported"]:
            true = place
        elif true >= 0 and ("pair" not in row or row["pair"] == rows[true].get("pair")) and row["passages"] == rows[true]["passages"]:
            yield true, place


def measure_set(name: str, rows: Sequence[dict[str, Any]], ordered: list[bool]) -> Iterator[Row]:
    """The two readings for one file; whether each of its pairs is in the right order is added to `ordered`."""
    runs, shown = [make_run(row) for row in rows], name.replace("_", " ")
    values = asyncio.run(judge(Faithfulness(), runs))
    for word, kept in (("true ones supported", True), ("corrupted ones caught", False)):
        right = [(value == 1) == kept for value, row in zip(values, rows, strict=True) if row["supported"] == kept]
        yield Row(f"{shown}: {word}, of {len(right)}", sum(right) / len(right), "share") if right else Row(word, 0, "")
    pairs = list(find_pairs(rows)) if "pair" in rows[0] else []
    if pairs:
        graded = asyncio.run(judge(Faithfulness(graded=True), runs))
        right = [graded[true] > graded[corrupted] for true, corrupted in pairs]
        ordered += right
        yield Row(f"{shown}: pairs in the right order, of {len(right)}", sum(right) / len(right), "share")


def measure() -> Iterator[Row]:
    """All rows of the table."""
    passages = {row["id"]: row["text"] for row in rows_of("passages.jsonl")} if CORPUS.exists() else {}
    if not passages:
        print("No corpora: only the claims over our own passages are measured.", file=sys.stderr)
    files = {name: read_rows(name, passages) for name in sorted(file.stem for file in DATA.glob("*.jsonl"))}
    ordered = list[bool]()
    for name, rows in files.items():
        if rows:
            yield from measure_set(name, rows, ordered)
    yield Row(
        f"faithfulness, graded: pairs in the right order, of {len(ordered)}", sum(ordered) / len(ordered), "share", GOAL, at_least=True
    )
    everything = [row for rows in files.values() for row in rows]
    runs = [make_run(row) for row in everything]
    for score in (Faithfulness(), CitationRecall(), CitationPrecision()):
        start = time.perf_counter()
        values = asyncio.run(judge(score, runs))
        seconds = time.perf_counter() - start
        right = [(value == 1) == row["supported"] for value, row in zip(values, everything, strict=True)]
        yield Row(f"{score.name}: right, of {len(right)}", sum(right) / len(right), "share", GOAL, at_least=True)
        if score.name == "faithfulness":
            yield Row("a claim over a passage", 1000 * seconds / len(everything), "ms", 50)
    several = [row for row in everything if row["supported"] and len(row["passages"]) > 1]
    for score in (CitationRecall(), CitationPrecision()):
        wrong = asyncio.run(judge(score, [make_run(row, 1 + row["cites"] % len(row["passages"])) for row in several]))
        caught = sum(value < 1 for value in wrong) / len(several)
        yield Row(f"{score.name}: the other page cited for a true claim, caught, of {len(several)}", caught, "share", GOAL, at_least=True)


if __name__ == "__main__":
    finish("Scores", list(measure()))
