"""How well and how fast passages are found, and how well "not in the documents" tells what is there from what is not.

The questions are in corpora beside the repository (../shared/corpora, or where SAYSO_CORPORA says), in squad_rag: passages.jsonl (id,
title, text) and queries.jsonl (query, title, relevant, answers, answerable), made from SQuAD 2.0. Without them only speed is measured.
"""

from __future__ import annotations

import json
import math
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from _table import Row, finish

from sayso.tools.documents import Documents, IndexEntry, PassageIndex
from sayso.tools.documents.judgement import LEAST

CORPUS = Path(os.environ.get("SAYSO_CORPORA") or Path(__file__).resolve().parents[2] / "shared" / "corpora") / "squad_rag"
PASSAGES = 20_000
WORDS = 5_000


def ndcg(found: Sequence[str], relevant: Sequence[str]) -> float:
    """Normalised discounted cumulative gain of the first ten."""
    gain = sum(1 / math.log2(place + 2) for place, each in enumerate(found[:10]) if each in relevant)
    return gain / sum(1 / math.log2(place + 2) for place in range(min(10, len(relevant))))


def rows_of(name: str) -> list[dict[str, Any]]:
    """The rows of a file of JSON lines."""
    return [json.loads(line) for line in (CORPUS / name).read_text(encoding="utf-8").splitlines()]


def entries(passages: Iterable[dict[str, Any]]) -> list[IndexEntry]:
    """Passages as an index takes them."""
    return [IndexEntry(each["text"], each["id"], each["title"].replace("_", " ")) for each in passages]


def share_with_answer(index: PassageIndex, questions: Sequence[str], least: float = LEAST) -> float:
    """The share of questions for which something is found at all."""
    return sum(bool(index.search(question, 5, least=least)) for question in questions) / len(questions)


def finding(passages: list[dict[str, Any]], queries: list[dict[str, Any]]) -> list[Row]:
    """Ranking and speed on the questions that have an answer."""
    answerable = [query for query in queries if query["answerable"]]
    with PassageIndex() as index:
        index.add_all(entries(passages))
        began = time.process_time()
        found = [[match.payload for match in index.search(query["query"], 10)] for query in answerable]
        took = (time.process_time() - began) / len(answerable)
    pairs = [(each, query["relevant"]) for each, query in zip(found, answerable, strict=True)]
    recall = sum(len(set(each) & set(relevant)) / len(relevant) for each, relevant in pairs) / len(pairs)
    return [
        Row(
            f"nDCG@10, {len(answerable):,} questions, {len(passages):,} passages",
            sum(ndcg(*pair) for pair in pairs) / len(pairs),
            "",
            0.88,
            True,
        ),
        Row("recall@10", recall, ""),
        Row("a search", took * 1e3, "ms", 5),
    ]


def through_files(passages: list[dict[str, Any]], queries: list[dict[str, Any]]) -> list[Row]:
    """The same from a folder of Markdown files, one an article, cut as any file is."""
    texts = {each["id"]: " ".join(each["text"].split()) for each in passages}
    with tempfile.TemporaryDirectory() as folder:
        for title in {each["title"] for each in passages}:
            body = "\n\n".join(texts[each["id"]] for each in passages if each["title"] == title)
            Path(folder, f"{title}.md").write_text(f"# {title.replace('_', ' ')}\n\n{body}\n", encoding="utf-8")
        began = time.process_time()
        with Documents.of_folder(folder) as documents:
            took = time.process_time() - began
            answerable = [query for query in queries if query["answerable"]]
            hits = sum(
                any(answer in " ".join(hit.text.split()) for hit in documents.search(q["query"], 5) for answer in q["answers"])
                for q in answerable
            )
            return [
                Row("files, cut: the answer's words are in the 5 passages shown", hits / len(answerable), "", 0.9, True),
                Row(f"reading and indexing {len(passages):,} paragraphs", took, "s"),
            ]


def telling_apart(passages: list[dict[str, Any]], queries: list[dict[str, Any]]) -> list[Row]:
    """What "not in the documents" says of questions that are answered, that look alike but are not, and that are about another article."""
    answerable = [query["query"] for query in queries if query["answerable"]]
    tricky = [query["query"] for query in queries if not query["answerable"]]
    with PassageIndex() as index:
        index.add_all(entries(passages))
        answered, tricked = share_with_answer(index, answerable), share_with_answer(index, tricky)
    titles = sorted({each["title"] for each in passages})
    shares, counts = list[float](), list[int]()
    for half in (set(titles[::2]), set(titles[1::2])):
        with PassageIndex() as index:
            index.add_all(entries(each for each in passages if each["title"] in half))
            elsewhere = [query["query"] for query in queries if query["answerable"] and query["title"] not in half]
            shares.append(share_with_answer(index, elsewhere))
            counts.append(len(elsewhere))
    strange = sum(share * count for share, count in zip(shares, counts, strict=True)) / sum(counts)
    return [
        Row('"not in the documents" of questions that are answered there', 1 - answered, "", 0.03),
        Row('"not in the documents" of questions about articles that are not there', 1 - strange, "", 0.5, True),
        Row('"not in the documents" of questions made to look answerable (needs reading)', 1 - tricked, ""),
    ]


def speed() -> list[Row]:
    """Made-up texts whose words are as unevenly common as in real ones."""
    chance = random.Random(1)
    words = [f"w{number}" for number in range(WORDS)]
    weights = [1 / (rank + 1) for rank in range(WORDS)]
    texts = [" ".join(chance.choices(words, weights, k=120)) for _ in range(PASSAGES)]
    questions = [" ".join(chance.choices(words, weights, k=8)) for _ in range(50)]
    with PassageIndex() as index:
        began = time.process_time()
        index.add_all(IndexEntry(text) for text in texts)
        adding = time.process_time() - began
        began = time.process_time()
        for question in questions:
            index.search(question, 5)
        searching = (time.process_time() - began) / len(questions)
    return [
        Row(f"adding a passage of 120 words, {PASSAGES:,} of them", adding / PASSAGES * 1e6, "us"),
        Row(f"a search of 8 words in {PASSAGES:,} passages", searching * 1e3, "ms", 100),
    ]


def main() -> list[Row]:
    """All rows."""
    if not CORPUS.is_dir():
        print(f"There is no folder {CORPUS} (set SAYSO_CORPORA): only speed is measured.", file=sys.stderr)
        return speed()
    passages, queries = rows_of("passages.jsonl"), rows_of("queries.jsonl")
    return [*finding(passages, queries), *through_files(passages, queries), *telling_apart(passages, queries), *speed()]


if __name__ == "__main__":
    finish("Documents", main())
