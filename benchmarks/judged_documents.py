"""How often a model that reads the nearest passages says "not in the documents", wrongly and rightly, beside what words and meaning say.

By hand: `JUDGE_URL=http://127.0.0.1:8080/v1 python benchmarks/judged_documents.py` asks the one model of an OpenAI-compatible server about
EACH=20 questions of each kind. Without JUDGE_URL there is nothing to measure.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterable

from _table import Row, finish
from documents import CORPUS, entries, in_other_words, rows_of
from everyday_words import QUESTIONS, read_questions

from sayso.agents.answering.step_agents import make_agents
from sayso.agents.models.named import model_from
from sayso.tools.documents import Documents, Passage, PassageIndex, show_passages
from sayso.tools.documents.installed_embedder import find_installed_embedder
from sayso.tools.documents.judgement import judge
from sayso.tools.errors import ModelError, OutputError, UsageError

EACH = int(os.environ.get("EACH", "20"))
Asked = tuple[str, list[Passage], bool]
"""A question, the passages that are nearest to it, and whether they seem to answer without a model."""


def of_articles() -> Iterable[tuple[str, list[Asked]]]:
    """Questions about SQuAD's passages that are answered there, in the same or other words, and those about articles that are left out."""
    passages, queries = rows_of("passages.jsonl"), [query for query in rows_of("queries.jsonl") if query["answerable"]]
    pick, titles = random.Random(16), sorted({each["title"] for each in passages})
    half = set(titles[::2])
    elsewhere = [query["query"] for query in queries if query["title"] not in half]
    with PassageIndex(embedder=find_installed_embedder()) as index:
        index.add_all(entries(passages))
        yield "articles, answered", ask(index, pick.sample([query["query"] for query in queries], EACH))
        yield "articles, answered in other words", ask(index, pick.sample([query["query"] for query in in_other_words()], EACH))
    with PassageIndex(embedder=find_installed_embedder()) as index:
        index.add_all(entries(each for each in passages if each["title"] in half))
        yield "articles that are not there", ask(index, pick.sample(elsewhere, EACH))


def ask(index: PassageIndex, questions: Iterable[str]) -> list[Asked]:
    """The questions with the passages that are nearest."""
    return [
        (each, [Passage(found.number, "", "", found.text) for found in index.search(each, 5)], judge(index.weigh_evidence(each)).fits)
        for each in questions
    ]


def of_handbook() -> Iterable[tuple[str, list[Asked]]]:
    """Questions about a company's policies."""
    unanswered = read_questions("unanswered")
    kinds = {
        "handbook, answered in other words": [each["query"] for each in read_questions("handbook")],
        "handbook, near miss": [each["query"] for each in unanswered if each["kind"] == "near miss"],
        "handbook, other subject": [each["query"] for each in unanswered if each["kind"] == "other subject"],
    }
    with Documents.of_folder(QUESTIONS / "handbook") as documents:
        for kind, questions in kinds.items():
            some = random.Random(16).sample(questions, min(EACH, len(questions)))
            yield kind, [(each, documents.nearest(each, 5), documents.judge(each).fits) for each in some]


def main() -> list[Row]:
    """Rows of what is turned away by a model's judgement, and without it."""
    url = os.environ.get("JUDGE_URL", "")
    if not url:
        print("There is no JUDGE_URL: a model's judgement is measured by hand.", file=sys.stderr)
        return []
    agent = make_agents(model_from("judge", base_url=url, api_key="none"), {}).judge
    assert agent is not None
    rows: list[Row] = []
    for kind, asked in [*(of_articles() if CORPUS.is_dir() else ()), *of_handbook()]:
        away = 0
        for question, passages, _ in asked:
            try:
                away += not agent.run_sync(f"{show_passages(passages)}\n\n{question}").output
            except (ModelError, OutputError, UsageError) as error:
                print(f"{question}: {error}", file=sys.stderr)
        rows.append(Row(f'{kind} ({len(asked)}): "not in the documents" by a model', away / len(asked), ""))
        rows.append(Row(f'{kind} ({len(asked)}): "not in the documents" without', sum(not fits for _, _, fits in asked) / len(asked), ""))
    return rows


if __name__ == "__main__":
    finish("Documents judged by a model", main())
