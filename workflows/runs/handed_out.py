"""Remember what runs with labels have handed out, and recognise it where it comes in again as plain text.

A text has no labels once it is a `str` in an application's hands. This is the net below `RunResult.content`: it finds what comes back
word for word, in this program. It only adds labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from itertools import chain, islice
from typing import NamedTuple

from sayso.tools.approval.background import iter_said
from sayso.tools.effects import CLEAN, Labels

SHORTEST, LONG_ENOUGH, LONG = 4, 12, 40
"""Shorter texts are nobody's own; up to LONG_ENOUGH characters a text is recognised only where it is all that comes in. What was read (an
address, a name) is recognised from LONG characters on: a user may know it too.
"""
MOST = 200
LONGEST = 10_000
"""Of a longer text the beginning is kept, and a hash of it all: whatever holds the text holds that too, and a program does not keep what it
has read for ever.
"""
MOST_PLACES = 20
"""At how many places of a text that hold such a beginning it is looked whether the rest follows."""
NOBODYS = "\0"
"""A text that no value holds."""


class HandedOutText(NamedTuple):
    """A text, the run that handed it out, and what that run had read.

    Of a long one `text` is the beginning; `length` and `hash` are those of all of it.
    """

    text: str
    origin: str
    labels: Labels
    length: int = 0
    hash: str = ""

    def find_all(self, text: str) -> str:
        """Return what of it a text that holds its beginning holds: all of it, or the beginning where another end follows."""
        at = text.find(self.text) if self.hash else -1
        for _ in range(MOST_PLACES):
            if at < 0:
                break
            if _hash(whole := text[at : at + self.length]) == self.hash:
                return whole
            at = text.find(self.text, at + 1)
        return self.text


class HandedOut:
    """The last MOST texts that were handed out with labels.

    `watchers` are told of each run that is begun inside no other one, as it begins: see `watch`.
    """

    def __init__(self) -> None:
        self.texts: dict[str, HandedOutText] = {}
        self.watchers: list[Callable[[object, object], None]] = []

    @contextmanager
    def watch(self, watcher: Callable[[object, object], None]) -> Iterator[None]:
        """Have `watcher(execution, scope)` called as runs begin that nothing encloses, as long as this is entered."""
        self.watchers.append(watcher)
        self.texts[NOBODYS] = HandedOutText(NOBODYS, "", CLEAN)  # a run looks for watchers where it looks for texts
        try:
            yield
        finally:
            self.watchers.remove(watcher)
            if not self.watchers:
                self.texts.pop(NOBODYS, None)

    def note(self, run_id: str, value: object, labels: Labels, read: Iterable[str] = ()) -> None:
        """Note an output, or an error's words: each text in it, and each line of a text. `read` are the results in the run's messages."""
        for text in islice(chain(_find_long(read), _iter_lines(value)), MOST):
            hashed = _hash(text) if len(text) > LONGEST else ""
            key = hashed or text  # two long texts may begin alike
            self.texts.pop(key, None)
            self.texts[key] = HandedOutText(text[:LONGEST], f"run {run_id}", labels, len(text), hashed)
        while len(self.texts) > MOST:
            del self.texts[next(iter(self.texts))]

    def find(self, text: str, history: Sequence[object] = ()) -> list[HandedOutText]:
        """Return what a text holds that was handed out. What the messages before it say as well, the user has seen and may repeat."""
        whole = text.strip()
        found = [each for each in self.texts.values() if each.text == whole or (len(each.text) >= LONG_ENOUGH and each.text in text)]
        found.sort(key=lambda each: -each.length)  # a part of another one after it: whoever takes them out leaves nothing of either
        return [each for each in found if not _is_in(each.text, history)] if found else found


def _is_in(text: str, history: Sequence[object]) -> bool:
    """Return whether a reply or a result among the messages holds a text. A run begins with the labels of those messages."""
    for message in history:
        said = [getattr(message, "text", ""), *(result.text for result in getattr(message, "results", ()))]
        if not hasattr(message, "by_program") and any(text in each for each in said):  # not in what a user said
            return True
    return False


def _find_long(texts: Iterable[str]) -> Iterator[str]:
    return (stripped for text in texts if len(stripped := text.strip()) >= LONG)


def _iter_lines(value: object) -> Iterator[str]:
    for text in iter_said(value):
        lines = [text, *text.splitlines()] if "\n" in text else [text]
        yield from (stripped for line in lines if len(stripped := line.strip()) >= SHORTEST)


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


HANDED_OUT = HandedOut()
