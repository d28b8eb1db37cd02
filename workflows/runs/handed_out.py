"""Remember what runs with labels have handed out, and recognise it where it comes in again as plain text.

A text has no labels once it is a `str` in an application's hands. This is the net below `RunResult.content`: it finds what comes back
word for word, in this program. It only adds labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from sayso.tools.approval.background import iter_said
from sayso.tools.effects import Labels

SHORTEST, LONG_ENOUGH = 4, 12
"""Shorter texts are nobody's own; up to LONG_ENOUGH characters a text is recognised only where it is all that comes in."""
MOST = 200


class HandedOutText(NamedTuple):
    """A text, the run that handed it out, and what that run had read."""

    text: str
    origin: str
    labels: Labels


class HandedOut:
    """The last MOST texts that were handed out with labels."""

    def __init__(self) -> None:
        self.texts: dict[str, HandedOutText] = {}

    def note(self, run_id: str, value: object, labels: Labels) -> None:
        """Note an output: each text in it, and each line of a text."""
        for text in islice(_iter_lines(value), MOST):
            self.texts.pop(text, None)
            self.texts[text] = HandedOutText(text, f"run {run_id}", labels)
        while len(self.texts) > MOST:
            del self.texts[next(iter(self.texts))]

    def find(self, text: str) -> list[HandedOutText]:
        """Return what a text holds that was handed out."""
        whole = text.strip()
        return [each for each in self.texts.values() if each.text == whole or (len(each.text) >= LONG_ENOUGH and each.text in text)]


def _iter_lines(value: object) -> Iterator[str]:
    for text in iter_said(value):
        lines = [text, *text.splitlines()] if "\n" in text else [text]
        yield from (line.strip() for line in lines if len(line.strip()) >= SHORTEST)


HANDED_OUT = HandedOut()
