"""How well and how fast passages are found, and how well "not in the documents" tells what is there from what is not.

Words alone, without a model. Before the table it prints what other thresholds than the default would turn away.

The questions are in corpora beside the repository (../shared/corpora, or where SAYSO_CORPORA says), in squad_rag: passages.jsonl (id,
title, text) and queries.jsonl (query, title, relevant, answers, answerable), made from SQuAD 2.0. Without them only speed is measured.
Those in other words than their passages are in tests/data/questions.
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
from dataclasses import replace
from pathlib import Path
from typing import Any

from _table import Row, finish

from sayso.tools.documents import Documents, Embedder, IndexEntry, PassageIndex
from sayso.tools.documents.embedding import Kind
from sayso.tools.documents.fusing import WORDS_WEIGHT
from sayso.tools.documents.installed_embedder import find_installed_embedder
from sayso.tools.documents.judgement import LEAST

CORPUS = Path(os.environ.get("SAYSO_CORPORA") or Path(__file__).resolve().parents[2] / "shared" / "corpora") / "squad_rag"
QUESTIONS = Path(__file__).resolve().parents[1] / "tests" / "data" / "questions"
NEW = "answered, by which nothing was chosen"
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


def strengths(index: PassageIndex, questions: Iterable[str]) -> list[float]:
    """How strong the evidence is that each question is answered."""
    return [index.weigh_evidence(question).strength for question in questions]


def share_in_five(index: PassageIndex, queries: Sequence[dict[str, Any]]) -> float:
    """The share of questions whose passage is among the first five."""
    return sum(any(match.payload in query["relevant"] for match in index.search(query["query"], 5)) for query in queries) / len(queries)


def finding(passages: list[dict[str, Any]], queries: list[dict[str, Any]], embedder: Embedder | None = None) -> list[Row]:
    """Ranking and speed on the questions that have an answer."""
    answerable = [query for query in queries if query["answerable"]]
    with PassageIndex(embedder=embedder) as index:
        index.add_all(entries(passages))
        if index.vectors is not None:
            index.vectors.fill()
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
            0.91,
            True,
        ),
        Row("recall@10", recall, ""),
        Row(
            "their passage is in the first five",
            sum(bool(set(each[:5]) & set(relevant)) for each, relevant in pairs) / len(pairs),
            "",
            0.93,
            True,
        ),
        Row("a search", took * 1e3, "ms", 25 if embedder is None else 100),
    ]


def through_files(passages: list[dict[str, Any]], queries: list[dict[str, Any]]) -> list[Row]:
    """The same from a folder of Markdown files, one an article, cut as any file is."""
    texts = {each["id"]: " ".join(each["text"].split()) for each in passages}
    with tempfile.TemporaryDirectory() as folder:
        for title in {each["title"] for each in passages}:
            body = "\n\n".join(texts[each["id"]] for each in passages if each["title"] == title)
            Path(folder, f"{title}.md").write_text(f"# {title.replace('_', ' ')}\n\n{body}\n", encoding="utf-8")
        began = time.process_time()
        with Documents.of_folder(folder, embedder=None) as documents:
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


def in_other_words(*names: str) -> list[dict[str, Any]]:
    """Questions in words that their passages do not hold."""
    return [
        json.loads(line) for name in names or ("seen", "held_out") for line in (QUESTIONS / f"{name}.jsonl").read_text("utf-8").splitlines()
    ]


def telling_apart(passages: list[dict[str, Any]], queries: list[dict[str, Any]], embedder: Embedder | None = None) -> list[Row]:
    """What "not in the documents" says of questions that are answered, in the same or other words, and that are about another article."""
    answerable, paraphrases = [query for query in queries if query["answerable"]], in_other_words()
    kinds = dict[str, list[float]]()
    with PassageIndex(embedder=embedder) as index:
        index.add_all(entries(passages))
        kinds["answered there"] = strengths(index, (query["query"] for query in answerable))
        kinds["answered there in other words"] = strengths(index, (query["query"] for query in paraphrases))
        kinds["made to look answerable (needs reading)"] = strengths(index, (q["query"] for q in queries if not q["answerable"]))
        new = in_other_words("blind", "unseen", "later")
        in_five, in_five_of_new = share_in_five(index, paraphrases), share_in_five(index, new)
        kinds[NEW] = strengths(index, (query["query"] for query in new))
    titles = sorted({each["title"] for each in passages})
    kinds["about articles that are not there"] = []
    for half in (set(titles[::2]), set(titles[1::2])):
        with PassageIndex(embedder=embedder) as index:
            index.add_all(entries(each for each in passages if each["title"] in half))
            elsewhere = [query["query"] for query in answerable if query["title"] not in half]
            kinds["about articles that are not there"] += strengths(index, elsewhere)
    print_curve(kinds)
    away = {name: share_below(found, LEAST) for name, found in kinds.items()}
    said = '"not in the documents" of questions'
    return [
        Row(
            f"{len(paraphrases)} questions in words that their passage does not hold: it is in the first five",
            in_five,
            "",
            0.4 if embedder is None else 0.85,
            True,
        ),
        Row(f"{len(new)} more, by which nothing was chosen: it is in the first five", in_five_of_new, ""),
        Row(f'"not in the documents" of these {len(new)}', away[NEW], ""),
        Row(f"{said} that are answered there", away["answered there"], "", 0.015),
        Row(f"{said} that are answered there in other words", away["answered there in other words"], "", 0.05),
        Row(f"{said} about articles that are not there", away["about articles that are not there"], "", 0.6, True),
        Row(f"{said} made to look answerable (needs reading)", away["made to look answerable (needs reading)"], ""),
    ]


def share_below(found: Sequence[float], least: float) -> float:
    """The share of questions that are turned away at a threshold."""
    return sum(strength < least for strength in found) / len(found)


def print_curve(kinds: dict[str, list[float]]) -> None:
    """The share that other thresholds would turn away."""
    print("least | " + " | ".join(kinds))
    for least in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.5, 2.0):
        print(f"{least:5} | " + " | ".join(f"{share_below(found, least):{len(name)}.3f}" for name, found in kinds.items()))


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
    return [
        *finding(passages, queries),
        *through_files(passages, queries),
        *telling_apart(passages, queries),
        *by_meaning(passages, queries),
        *speed(),
    ]


class Remembering:
    """An embedder that makes the vector of a text once: the same passages are in three indexes, and a vector takes half a second."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder, self.name, self.scale = embedder, embedder.name, embedder.scale
        self.words_weight = getattr(embedder, "words_weight", WORDS_WEIGHT)
        self.by_sentence = getattr(embedder, "by_sentence", False)
        self.known: dict[str, Any] = {}

    def embed(self, texts: Sequence[str], kind: Kind) -> Any:
        """Return a row for each text."""
        import numpy  # late: an extra brings it

        if missing := [text for text in texts if text not in self.known]:
            self.known.update(zip(missing, numpy.asarray(self.embedder.embed(missing, kind)), strict=True))
        return numpy.stack([self.known[text] for text in texts])


def by_meaning(passages: list[dict[str, Any]], queries: list[dict[str, Any]]) -> list[Row]:
    """The same where the extra `embed` is installed."""
    installed = find_installed_embedder()
    if installed is None:
        return []
    embedder = Remembering(installed)
    measured = [*finding(passages, queries, embedder), *telling_apart(passages, queries, embedder)]
    return [replace(row, what=f"{row.what}, with embed") for row in measured]


if __name__ == "__main__":
    finish("Documents", main())
