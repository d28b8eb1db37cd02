"""The vectors of an index's texts, beside them in SQLite: made once for each text, compared by numpy."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import accumulate, pairwise
from typing import Any

from ..errors import SaysoError, UsageError
from ..installing import build_install_command
from .embedding import Embedder, Kind
from .parts import split_parts

Changes = Callable[[], AbstractContextManager[sqlite3.Connection]]
AT_ONCE = 64
QUIET_SECONDS = 5.0
"""Nothing is told of what takes no longer; after that a line as often."""
MOST_QUESTION_CHARS = 2_000
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS vectors (number INTEGER PRIMARY KEY, vector BLOB NOT NULL)",  # of the whole text, then of its parts
    "CREATE TABLE IF NOT EXISTS embedded_by (name TEXT NOT NULL, dimensions INTEGER NOT NULL)",
    "CREATE TRIGGER IF NOT EXISTS vector_removed AFTER DELETE ON passages BEGIN DELETE FROM vectors WHERE number = old.number; END",
)
_MISSING = "SELECT count(*) FROM passages WHERE number NOT IN (SELECT number FROM vectors)"
_NEXT = "SELECT number, context, text FROM passages WHERE number NOT IN (SELECT number FROM vectors) ORDER BY number LIMIT ?"


class VectorTable:
    """The vectors that one embedder makes of the texts of an index. `changes` opens a transaction of its database."""

    def __init__(self, db: sqlite3.Connection, changes: Changes, embedder: Embedder) -> None:
        try:
            import numpy
        except ImportError:
            raise UsageError(f"Vectors are compared with numpy: {build_install_command('embed')}") from None
        if not callable(getattr(embedder, "embed", None)):
            raise UsageError(f"embedder={embedder!r} is not an Embedder. Write MPNet() or MiniLM(), or None to compare words only.")
        self._numpy: Any = numpy
        self.embedder: Embedder = embedder
        self._db, self._changes = db, changes
        self._state: tuple[int, int] | None = None
        self._numbers: Any = None
        self._matrix: Any = None
        self._starts: Any = None
        self._parted: Any = None
        self._asked: tuple[str, Any] = ("", None)
        """The last question and its vector: it is ranked and judged by, and making a vector may be a request to an endpoint."""
        with changes():
            for statement in _SCHEMA:
                db.execute(statement)

    def count_missing(self) -> int:
        """Return how many texts have no vector of this embedder."""
        made_by = self._find_maker()
        is_ours = made_by is None or made_by[0] == self.embedder.name
        return int(self._db.execute(_MISSING if is_ours else "SELECT count(*) FROM passages").fetchone()[0])

    def _find_maker(self) -> tuple[str, int] | None:
        """Return who made the vectors that are stored, and how many numbers each has."""
        found: tuple[str, int] | None = self._db.execute("SELECT name, dimensions FROM embedded_by").fetchone()
        return found

    def fill(self, tell: Callable[[str], None] | None = None) -> None:
        """Make the vectors that are missing. Those of another embedder are made anew. What is done is kept, whatever interrupts it."""
        missing = self.count_missing()
        if not missing:
            return
        began = told = time.monotonic()
        done = 0
        for count, note in self._fill_steps():
            done += count
            now = time.monotonic()
            if tell is not None and (note or now - told > QUIET_SECONDS):
                told = now
                left = (now - began) / max(done, 1) * (missing - done)
                tell(note or f"Embedding passages with {self.embedder.name}: {done:,} of {missing:,}, about {left:.0f} s left")

    def _fill_steps(self) -> Iterator[tuple[int, str]]:
        """Yield, for each part that is stored, how many texts it has and what there is to say of it."""
        made_by = self._find_maker()
        if made_by is not None and made_by[0] != self.embedder.name:
            with self._changes() as db:
                db.execute("DELETE FROM vectors")
                db.execute("DELETE FROM embedded_by")
            yield 0, f"The vectors in the index were made by {made_by[0]}. They are made anew by {self.embedder.name}."
        while rows := self._db.execute(_NEXT, (AT_ONCE,)).fetchall():
            texts = [[text, *(split_parts(text) if self._has_parts else ())] for _, _, text in rows]
            above = [f"{context}\n" if context else "" for _, context, _ in rows]
            vectors = self._embed([head + each for head, several in zip(above, texts, strict=True) for each in several], "passage")
            places = pairwise(accumulate(map(len, texts), initial=0))
            with self._changes():
                self._store({row[0]: vectors[start:end] for row, (start, end) in zip(rows, places, strict=True)}, vectors.shape[1])
            yield len(rows), ""

    @property
    def _has_parts(self) -> bool:
        return bool(getattr(self.embedder, "by_sentence", False))

    def _store(self, vectors: Mapping[int, Any], dimensions: int) -> None:
        if self._find_maker() is None:
            self._db.execute("INSERT INTO embedded_by VALUES (?, ?)", (self.embedder.name, dimensions))
        self._check(dimensions)
        stored = "INSERT OR REPLACE INTO vectors SELECT number, ? FROM passages WHERE number = ?"  # it may be gone by now
        self._db.executemany(stored, [(several.tobytes(), number) for number, several in vectors.items()])

    def _check(self, dimensions: int) -> None:
        made_by = self._find_maker()
        if made_by is not None and made_by != (self.embedder.name, dimensions):
            raise UsageError(
                f"The index holds vectors of {made_by[1]} numbers by {made_by[0]}, and {self.embedder.name} makes vectors of {dimensions}. "
                "Name another index file, or give the embedder another name, so that its vectors are made again."
            )

    def _embed(self, texts: Sequence[str], kind: Kind) -> Any:
        """Return the embedder's rows as numbers of 32 bits and of length 1 (or 0)."""
        numpy = self._numpy
        try:
            made = self.embedder.embed(texts, kind)
        except SaysoError:
            raise
        except Exception as error:  # an embedder is anybody's code, and its error alone would not say where it came from
            texts_are = "the question" if kind == "query" else "passages"
            raise UsageError(
                f"The embedder {self.embedder.name} failed at {texts_are}: {type(error).__name__}: {error}. "
                "Mend it and try again (vectors that were stored are kept), or pass embedder=None to search by words alone."
            ) from error
        try:
            rows = numpy.asarray(made, dtype="<f4")
        except (TypeError, ValueError) as error:
            raise UsageError(f"{self.embedder.name} made no vectors of {len(texts)} texts: {error}.") from None
        if rows.ndim != 2 or len(rows) != len(texts) or not numpy.isfinite(rows).all():
            raise UsageError(f"{self.embedder.name} made no vectors of {len(texts)} texts: an array of the shape {rows.shape} is none.")
        lengths = numpy.linalg.norm(rows, axis=1, keepdims=True)
        return rows / numpy.where(lengths > 0, lengths, 1)

    def compare(self, question: str, *, by_part: bool = False) -> dict[int, float]:
        """Return how much each text is about what a question is about, by its number: about 0 for another subject, 1 for its answer.

        With `by_part` the nearest of a text's sentences counts as much as the whole of it, where sentences have vectors. Only texts of
        which the embedder knows something are there, and none where it knows nothing of the question. Texts that were added since are
        embedded first.
        """
        self._refresh()
        asked = self._embed_question(question[:MOST_QUESTION_CHARS])
        if not len(self._numbers) or not asked.any():
            return {}
        self._check(len(asked))
        other, own = self.embedder.scale
        every = self._matrix @ asked
        cosines = every[self._starts]
        if by_part:
            every[self._parted] = -1.0  # of a text with parts, these alone
            cosines = (cosines + self._numpy.maximum.reduceat(every, self._starts)) / 2
        likeness = ((cosines - other) / (own - other)).tolist()
        return {number: likeness[place] for place, number in enumerate(self._numbers) if cosines[place]}

    def _embed_question(self, question: str) -> Any:
        if self._asked[1] is None or self._asked[0] != question:
            self._asked = (question, self._embed([question], "query")[0])
        return self._asked[1]

    def _refresh(self) -> None:
        """Make and read what is new, if this or another program has changed anything since the last time."""
        if self._state == self._find_state():
            return
        self.fill()
        self._state = self._find_state()
        rows = self._db.execute("SELECT number, vector FROM vectors ORDER BY number").fetchall()
        self._numbers = [number for number, _ in rows]
        joined = self._numpy.frombuffer(b"".join(vectors for _, vectors in rows), dtype="<f4")
        made_by = self._find_maker()
        size = 4 * made_by[1] if made_by is not None else 1
        self._matrix = joined.reshape(-1, made_by[1]) if rows and made_by is not None else joined
        counts = [len(vectors) // size for _, vectors in rows]
        self._starts = self._numpy.array(list(accumulate(counts, initial=0))[:-1], dtype=int)
        self._parted = self._starts[self._numpy.array(counts, dtype=int) > 1]

    def _find_state(self) -> tuple[int, int]:
        return self._db.execute("PRAGMA data_version").fetchone()[0], self._db.total_changes
