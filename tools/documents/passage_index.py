"""An index of texts in SQLite FTS5, found by word stems (Porter) and ranked by BM25. Each text has a payload of your own."""

from __future__ import annotations

import json
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from ..canonical import Json
from ..connections import close_index
from ..errors import UsageError
from ..private_files import create_private_file
from .asking import read_question
from .embedding import Embedder
from .expected import find_expected
from .fusing import CANDIDATES, WORDS_WEIGHT, add_likeness, fuse
from .judgement import Evidence
from .query_words import query_words, quote_term
from .spaceless import split_for_index
from .spelling import find_meant
from .stems import stem
from .stuffing import count_for
from .synonyms import Synonyms, check_groups
from .vectors import VectorTable
from .word_scores import LookUp, WeighedWord, cover, find_best, make_evidence, weigh

MOST_RESULTS = 200
BUSY_SECONDS = 30.0
SPARE = 20
"""How many texts more are looked at than are returned: some of the best may only repeat the words of the question."""
EXPECTED_GAIN = 0.1
"""What a text gains, of the best score, that has the kind of thing that is asked for: an amount, a time."""
LARGE_FROM = 5_000
"""From how many texts an index is large."""
_CONTEXT_WEIGHT = 0.5
_VERSION = 2
"""Of the tables below. It stands in the file."""
_TABLES = "SELECT count(*) FROM sqlite_master WHERE name = 'passages'"
_OTHERS = "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS passages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, context TEXT NOT NULL, text TEXT NOT NULL, payload TEXT NOT NULL
);
CREATE VIRTUAL TABLE IF NOT EXISTS stems USING fts5(
    context, text, content = '', tokenize = "porter unicode61 remove_diacritics 2"
);
CREATE TRIGGER IF NOT EXISTS passage_added AFTER INSERT ON passages BEGIN
    INSERT INTO stems (rowid, context, text) VALUES (new.number, searchable(new.context), searchable(new.text));
END;
CREATE TRIGGER IF NOT EXISTS passage_removed AFTER DELETE ON passages BEGIN
    INSERT INTO stems (stems, rowid, context, text)
        VALUES ('delete', old.number, searchable(old.context), searchable(old.text));
END;
"""
_SCORED = "SELECT rowid, -bm25(stems, ?, 1.0) FROM stems WHERE stems MATCH ?"


class IndexEntry(NamedTuple):
    """A text to add. `context` (a title, headings) is searched too, with half of the weight."""

    text: str
    payload: Json = None
    context: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A text that was found. `score` is BM25, with an embedder of meaning too (higher is better, within one search).

    `coverage` (0 to 1) is the share of what is asked about that the text holds, itself or in words used alike; rare words count more.
    """

    number: int
    text: str
    payload: Json
    score: float
    coverage: float


class PassageIndex:
    """Texts with payloads (JSON), numbered from 1 in the order in which they were added; a number is never used twice.

    In memory, or in the file at `path`, which may hold texts already. Close it, or use it in a `with`.
    Raises UsageError when this Python's SQLite has no FTS5, or the file is something else.
    """

    def __init__(self, path: Path | str = ":memory:", *, synonyms: Iterable[Iterable[str]] = (), embedder: Embedder | None = None) -> None:
        self.path: str = str(path)
        self._synonyms = Synonyms(check_groups(synonyms))
        self._lock = threading.RLock()
        self.db: sqlite3.Connection = _open(self.path)
        # An index that is simply forgotten must not leave an open connection behind.
        self.close: Callable[[], object] = weakref.finalize(self, close_index, self.db, self._lock)
        self.vectors: VectorTable | None = None
        if embedder is not None:
            self.use_embedder(embedder)

    def use_embedder(self, embedder: Embedder) -> None:
        """Compare by meaning, too, from now on: vectors of the texts are made with the first search, and stored beside them."""
        self.vectors = VectorTable(self.db, self.changes, embedder)

    def add(self, text: str, payload: Json = None, *, context: str = "") -> int:
        """Add a text and return its number."""
        with self.changes():
            return self._insert(IndexEntry(text, payload, context))

    def add_all(self, entries: Iterable[IndexEntry]) -> list[int]:
        """Add many texts at once and return their numbers: all or, when one fails, none."""
        with self.changes():
            return [self._insert(entry) for entry in entries]

    @contextmanager
    def changes(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction: all changes inside are made together, or none. May be nested."""
        with self._lock:
            if self.db.in_transaction:
                yield self.db
                return
            with self._explained():
                self.db.execute("BEGIN IMMEDIATE")
                with self.db:
                    yield self.db

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read from the database, without waiting for another program that writes to it."""
        with self._lock, self._explained():
            yield self.db

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say plainly what another program, or a full disk, did to the file."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise explain_sqlite_error(self.path, error) from error

    def _insert(self, entry: IndexEntry) -> int:
        row = (entry.context, entry.text, json.dumps(entry.payload, ensure_ascii=False))
        number = self.db.execute("INSERT INTO passages (context, text, payload) VALUES (?, ?, ?)", row).lastrowid
        assert number is not None
        return number

    def remove(self, numbers: Iterable[int]) -> None:
        """Remove texts; unknown numbers are ignored."""
        with self.changes():
            self.db.executemany("DELETE FROM passages WHERE number = ?", [(number,) for number in numbers])

    def get(self, number: int) -> IndexEntry | None:
        """Return the text of that number as it was added; None for an unknown number."""
        if not 0 < number < 2**63:
            return None
        with self.reading():
            row = self.db.execute("SELECT text, payload, context FROM passages WHERE number = ?", (number,)).fetchone()
        return None if row is None else IndexEntry(row[0], json.loads(row[1]), row[2])

    def search(self, question: str, k: int = 5, *, least: float = 0.0) -> list[Match]:
        """Return the `k` best texts for a question, the best first, if their coverage is at least `least`."""
        with self.reading():
            words = self._weigh_question(question)
            best = self._find_best(question, words, min(k, MOST_RESULTS) + SPARE) if k > 0 else []
            texts = self._read_texts([number for number, _ in best])
        has_expected = find_expected(question) or (lambda text: False)
        gain = EXPECTED_GAIN * best[0][1] if best else 0.0
        # Another program may just have removed a text that was found.
        known = [(texts[number][0], score, number) for number, score in best if number in texts]
        scored = [(score * count_for(text) + gain * has_expected(text), number) for text, score, number in known]
        ordered = sorted(scored, key=lambda each: -each[0])[: min(k, MOST_RESULTS)]
        found = [Match(number, *texts[number], score, cover(words, number)) for score, number in ordered]
        return [match for match in found if match.coverage >= least]

    def first(self, k: int) -> list[Match]:
        """Return the `k` texts that were added first: what there is to show when a question has no word in common with any."""
        with self.reading():
            rows = self.db.execute("SELECT number, text, payload FROM passages ORDER BY number LIMIT ?", (max(k, 0),)).fetchall()
        return [Match(number, text, json.loads(payload), 0.0, 0.0) for number, text, payload in rows]

    def weigh_evidence(self, question: str, k: int = 5) -> Evidence:
        """Return what speaks for and against that one of the `k` best texts answers the question."""
        with self.reading():
            words = self._weigh_question(question)
            likeness = self._compare(question)
        best = find_best(words, k)
        by_words = make_evidence(words, best, len(self))
        is_known = bool(likeness) and (not best or best[0][0] in likeness)  # a text in another language may have no vector
        return add_likeness(by_words, likeness) if is_known else by_words

    def _find_best(self, question: str, words: Sequence[WeighedWord], top: int) -> list[tuple[int, float]]:
        likeness = self._compare(question, by_part=True)
        if not likeness or self.vectors is None:
            return find_best(words, top)
        weight: float = getattr(self.vectors.embedder, "words_weight", WORDS_WEIGHT)
        return fuse(likeness, lambda number: cover(words, number), [number for number, _ in find_best(words, CANDIDATES)], top, weight)

    def _compare(self, question: str, *, by_part: bool = False) -> dict[int, float]:
        return self.vectors.compare(question, by_part=by_part) if self.vectors is not None and query_words(question) else {}

    def _weigh_question(self, question: str) -> list[WeighedWord]:
        size = len(self)
        asked = read_question(question, self._synonyms) if size else []
        look_up: LookUp = self._look_up
        if size > LARGE_FROM:
            from .large_lookup import LargeLookUp  # late, for load time: most indexes are small

            look_up = LargeLookUp(self.db, size, asked, _CONTEXT_WEIGHT)
        return [weigh(each, size, look_up, self._find_spelling) for each in asked]

    def _look_up(self, phrase: str, most: int | None = None) -> dict[int, float]:
        return dict(self.db.execute(_SCORED, (_CONTEXT_WEIGHT, quote_term(phrase))).fetchall())

    def _find_spelling(self, word: str) -> str | None:
        begins = word[:1]
        known = self.db.execute("SELECT term FROM temp.vocabulary WHERE term >= ? AND term < ?", (begins, chr(ord(begins) + 1)))
        return find_meant(stem(word), (term for (term,) in known))

    def _read_texts(self, numbers: Sequence[int]) -> dict[int, tuple[str, Json]]:
        marks = ",".join("?" * len(numbers))
        rows = self.db.execute(f"SELECT number, text, payload FROM passages WHERE number IN ({marks})", tuple(numbers))
        return {number: (text, json.loads(payload)) for number, text, payload in rows}

    def nearest(self, question: str, k: int = 3) -> list[Json]:
        """Return the payloads of the `k` best texts."""
        return [match.payload for match in self.search(question, k)]

    def __len__(self) -> int:
        with self._lock:  # this table of FTS5 has a small row for each text, so that counting does not read the texts
            return int(self.db.execute("SELECT count(*) FROM stems_docsize").fetchone()[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _open(path: str) -> sqlite3.Connection:
    if path != ":memory:":
        with suppress(OSError):  # SQLite says what is wrong
            create_private_file(Path(path))  # it holds the texts of documents
    try:
        db = sqlite3.connect(path, check_same_thread=False, timeout=BUSY_SECONDS)
    except sqlite3.OperationalError as error:
        raise UsageError(f"The index {path} cannot be opened: {error}. Name a file in a folder that exists and can be written.") from None
    try:
        db.create_function("searchable", 1, split_for_index, deterministic=True)
        db.execute("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, stems, row)")
        # In one statement, or another program might make the tables between two.
        version, has_tables, has_others = db.execute(f"SELECT user_version, ({_TABLES}), ({_OTHERS}) FROM pragma_user_version").fetchone()
        if not has_tables and not has_others:
            db.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}PRAGMA user_version = {_VERSION};COMMIT;")
    except sqlite3.DatabaseError as error:
        db.close()
        raise explain_sqlite_error(path, error) from None
    if has_others and not has_tables:
        db.close()
        tables = f"{has_others} table{'s' * (has_others > 1)}"
        raise UsageError(f"{path} is another program's database: it has {tables}, and none of an index. Name a new file.")
    if has_tables and version != _VERSION:
        db.close()
        raise UsageError(
            f"The index {path} was made by another version of Sayso (its tables are version {version}, this one reads {_VERSION}). "
            "Name a new file, and put the texts in again."
        )
    return db


def explain_sqlite_error(path: str, error: sqlite3.DatabaseError) -> UsageError:
    """Return the error for a user whose index cannot be opened because of SQLite's error."""
    if "no such module: fts5" in str(error):
        return UsageError(
            f"The SQLite {sqlite3.sqlite_version} that this Python was built with has no full-text search (FTS5). "
            "Use a Python from python.org, uv or your distribution, or build SQLite with -DSQLITE_ENABLE_FTS5."
        )
    if "locked" in str(error):
        return UsageError(f"The index {path} is being written by another program, which did not end within {BUSY_SECONDS:g} s. Try again.")
    return UsageError(f"{path} cannot be used as an index: {error}. Name a new file, or one that holds an index.")
