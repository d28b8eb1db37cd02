"""Many texts, and which of them hold some words: found by their rarest word, so that asking costs the same however many there are. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_WORD = re.compile(r"\w+")
_SAME_LETTER = {ord("ı"): "i", ord("İ"): "i"}  # to `re.IGNORECASE` they are, to casefold they are not
_LONG = 200


class WordIndex:
    """Texts by their words."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._places: dict[str, list[int]] = {}
        for place, text in enumerate(texts):
            for word in set(_words(text)):
                self._places.setdefault(word, []).append(place)

    def holding(self, wanted: str) -> Iterable[int]:
        """The numbers of the texts that hold `wanted` word for word, in any case and spacing."""
        if len(wanted) > _LONG:  # long enough to be nobody else's words by chance, even where it begins inside a word
            words = " ".join(wanted.casefold().split())
            return (place for place in self._perhaps(_words(wanted)[1:-1]) if words in " ".join(self._texts[place].casefold().split()))
        pattern = re.compile(r"(?<!\w)" + r"\s+".join(re.escape(part) for part in wanted.split()) + r"(?!\w)", re.IGNORECASE)
        return (place for place in self._perhaps(_words(wanted)) if pattern.search(self._texts[place]))

    def _perhaps(self, words: Iterable[str]) -> Iterable[int]:
        lists = [self._places.get(word, []) for word in words]
        if not lists:
            return range(len(self._texts))
        return min(lists, key=len)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.translate(_SAME_LETTER).casefold())
