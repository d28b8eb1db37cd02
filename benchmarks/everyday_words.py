"""How often a question in words that its passage does not hold finds it, and how often "not in the documents" is said wrongly and rightly.

The questions are in tests/data/questions (its README says how they were made). Those about SQuAD's passages need the corpora beside the
repository (../shared/corpora, or where SAYSO_CORPORA says).
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from _table import Row, finish
from documents import CORPUS, rows_of

from sayso.tools.documents import Documents, Embedder
from sayso.tools.documents.installed_embedder import find_installed_embedder

QUESTIONS = Path(__file__).resolve().parents[1] / "tests" / "data" / "questions"


def read_questions(name: str) -> list[dict[str, Any]]:
    """The questions of a file."""
    return [json.loads(line) for line in (QUESTIONS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def nearest_files(documents: Documents, question: str) -> list[str]:
    """The files of the five passages that are nearest to the question, whether they answer it or not."""
    return [passage.file for passage in documents.nearest(question, 5)]


def is_turned_away(documents: Documents, question: str) -> bool:
    """Whether "not in the documents" is said."""
    return not documents.search(question, 5)


def rates(documents: Documents, questions: Sequence[dict[str, Any]], files: Sequence[str], what: str) -> list[Row]:
    """How often the right file is among the first five, is the first, and is not even looked at."""
    found = [nearest_files(documents, each["query"]) for each in questions]
    pairs = list(zip(found, files, strict=True))
    total = len(pairs)
    away = sum(is_turned_away(documents, each["query"]) for each in questions)
    return [
        Row(f"{what}: the right passage is in the first five", sum(file in each for each, file in pairs) / total, ""),
        Row(f"{what}: it is the first", sum(each[:1] == [file] for each, file in pairs) / total, ""),
        Row(f'{what}: "not in the documents" all the same', away / total, ""),
    ]


def of_articles(embedder: Embedder | None) -> Iterator[Row]:
    """Questions about SQuAD's passages, one file a passage."""
    with tempfile.TemporaryDirectory() as folder:
        for each in rows_of("passages.jsonl"):
            title = each["title"].replace("_", " ")
            Path(folder, f"{each['id']}.md").write_text(f"# {title}\n\n{' '.join(each['text'].split())}\n", encoding="utf-8")
        with Documents.of_folder(folder, embedder=embedder) as documents:
            for name in ("seen", "held_out"):
                questions = read_questions(name)
                yield from rates(documents, questions, [f"{each['relevant'][0]}.md" for each in questions], f"articles, {name}")
            hard = [each for name in ("seen", "held_out") for each in read_questions(name) if "without_names" in each]
            found = [f"{each['relevant'][0]}.md" in nearest_files(documents, each["without_names"]) for each in hard]
            yield Row("articles, names talked around: the right passage is in the first five", sum(found) / len(found), "")


def of_handbook(embedder: Embedder | None) -> Iterator[Row]:
    """Questions about the policies of a company, and questions that no policy answers."""
    with Documents.of_folder(QUESTIONS / "handbook", embedder=embedder) as documents:
        questions = read_questions("handbook")
        yield from rates(documents, questions, [each["file"] for each in questions], "handbook")
        for kind in ("near miss", "other subject"):
            strange = [each for each in read_questions("unanswered") if each["kind"] == kind]
            away = sum(is_turned_away(documents, each["query"]) for each in strange)
            yield Row(f'handbook, {kind}: "not in the documents", rightly', away / len(strange), "")


def of_offices(embedder: Embedder | None) -> Iterator[Row]:
    """Questions about a page of a real handbook, and questions that it does not answer."""
    with Documents.of_folder(QUESTIONS / "offices", embedder=embedder) as documents:
        questions = read_questions("offices")
        found = [
            [passage.place.split(" > ")[-1].split(", ", 1)[-1] for passage in documents.nearest(each["query"], 5)] for each in questions
        ]
        pairs = list(zip(found, (each["section"] for each in questions), strict=True))
        yield Row("real handbook: the right passage is in the first five", sum(section in each for each, section in pairs) / len(pairs), "")
        away = sum(is_turned_away(documents, each["query"]) for each in questions)
        yield Row('real handbook: "not in the documents" all the same', away / len(questions), "")
        for kind in ("near miss", "other subject"):
            strange = [each for each in read_questions("absent") if each.get("kind") == kind]
            away = sum(is_turned_away(documents, each["query"]) for each in strange)
            yield Row(f'real handbook, {kind}: "not in the documents", rightly', away / len(strange), "")


def main() -> list[Row]:
    """All rows: by words alone, and by meaning as well where the extra `embed` is installed."""
    if not CORPUS.is_dir():
        print(f"There is no folder {CORPUS} (set SAYSO_CORPORA): only the handbook is measured.", file=sys.stderr)
    rows: list[Row] = []
    installed = find_installed_embedder()
    for embedder in (None, installed) if installed else (None,):
        with_it = ", with embed" if embedder else ""
        measured = [*(of_articles(embedder) if CORPUS.is_dir() else ()), *of_handbook(embedder), *of_offices(embedder)]
        rows += [replace(row, what=f"{row.what}{with_it}") for row in measured]
    return rows


if __name__ == "__main__":
    finish("Everyday words", main())
