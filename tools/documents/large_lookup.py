"""Look the words of a question up in a large index, with a bound on how many texts of a common word are read.

Of a word that many thousand texts hold, only whether a text holds it counts. A text with nothing but such words is one of the best only if
it has all of them that any text has together; any other text among the best holds a rarer word as well. So of a common word those texts are
read that hold a rarer one too, and the first of those that hold all the common ones.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cached_property
from itertools import combinations, islice

from .asking import AskedWord
from .query_words import quote_term
from .word_scores import MOST_HOLDERS, Holders, inverse_frequency

MOST_READ = 5_000
"""Of a word that more texts hold, not all of them are read."""
MOST_QUERIES = 12
"""How many sets of common words are looked for: of three words all of them, of more those with one or two left out."""
MOST_BESIDE, MOST_ALIKE = 20_000, 200
"""How many texts are read of a common word beside a rarer one, and of all the common ones together."""
_SCORED = "SELECT rowid, -bm25(stems, ?, 1.0) FROM stems WHERE stems MATCH ?"
_HOLDERS = "SELECT rowid FROM stems WHERE stems MATCH ? LIMIT ?"
_COUNTED = "SELECT count(*) FROM stems WHERE stems MATCH ?"


class LargeLookUp:
    """Finds the texts that hold a word of a question, or one instead of it, in an index of `size` texts."""

    def __init__(self, db: sqlite3.Connection, size: int, asked: Sequence[AskedWord], context_weight: float, most: int = MOST_READ) -> None:
        self._db, self._size, self._asked, self._context_weight, self._most = db, size, asked, context_weight, most
        self._found: dict[tuple[str, int], list[int]] = {}

    def __call__(self, phrase: str, most: int | None = None) -> dict[int, float]:
        """Return the texts with their scores; of a common phrase some, as Holders, or any more than `most` where that is enough to know."""
        limit = self._most if most is None else most
        numbers = self._read(phrase, limit)
        if most is None and len(numbers) > self._most:
            return self._read_common(phrase)
        if len(numbers) > MOST_HOLDERS:
            return dict.fromkeys(numbers, inverse_frequency(self._size, len(numbers)))
        return dict(self._db.execute(_SCORED, (self._context_weight, quote_term(phrase))).fetchall()) if numbers else {}

    def _read(self, phrase: str, most: int) -> list[int]:
        """Return the texts that hold a phrase, at most one more than `most`."""
        if (phrase, most) not in self._found:
            self._found[phrase, most] = self._match(quote_term(phrase), most + 1)
        return self._found[phrase, most]

    def _match(self, query: str, most: int) -> list[int]:
        return [number for (number,) in self._db.execute(_HOLDERS, (query, most))]

    def _read_common(self, phrase: str) -> Holders:
        (count,) = self._db.execute(_COUNTED, (quote_term(phrase),)).fetchone()
        numbers = [*self._alike.get(phrase, ())]
        if self._rare:
            numbers += self._match(f"{quote_term(phrase)} AND ({' OR '.join(map(quote_term, self._rare))})", MOST_BESIDE)
        return Holders(dict.fromkeys(numbers, inverse_frequency(self._size, count)), count)

    @cached_property
    def _common(self) -> list[str]:
        """Return the words of the question that many texts hold."""
        return [each.text for each in self._asked if len(self._read(each.text, self._most)) > self._most]

    @cached_property
    def _rare(self) -> list[str]:
        """Return the words of the question that fewer texts hold, and the synonyms that are rare enough to look for."""
        own = [each.text for each in self._asked if 0 < len(self._read(each.text, self._most)) <= self._most]
        others = [phrase for each in self._asked for phrase, _ in each.alternatives]
        return [*own, *(phrase for phrase in others if 0 < len(self._read(phrase, MOST_HOLDERS)) <= MOST_HOLDERS)]

    @cached_property
    def _alike(self) -> dict[str, set[int]]:
        """By common word, the first texts that hold it with all others; where these are few, with all others but one, but two, ..."""
        words = sorted(self._common, key=lambda word: int(self._db.execute(_COUNTED, (quote_term(word),)).fetchone()[0]))
        holders = {word: set[int]() for word in words}
        queries = 0
        for size in range(len(words), 0, -1):
            for together in islice(combinations(words, size), MOST_QUERIES - queries):
                numbers = self._match(" AND ".join(map(quote_term, together)), MOST_ALIKE)
                queries += 1
                for word in together:
                    holders[word].update(numbers)
            if len(set[int]().union(*holders.values())) >= MOST_ALIKE:
                break
        return holders
