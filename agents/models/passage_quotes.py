"""How the extractive reader answers from passages: it quotes the sentences that share most words with the question, under their [DOC n]."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from .extractive import sentences_of, words_of

_PASSAGE = re.compile(r"^\[DOC (\d+)\] [^\n]*\n(.*?)(?=\n\n\[DOC \d+\] |\Z)", re.MULTILINE | re.DOTALL)
_WRAPPED = re.compile(r"(?<=[^\n]{30})(?<![.!?:])\n(?=[^\s#*|-])")
_ENDINGS = re.compile(r"(?:ing|ed|es|s|e)$")
MOST_SENTENCES = 2


class Scored(NamedTuple):
    """A sentence, how much of the question is in it, and where it stands."""

    shared: int
    place: int
    number: str
    text: str


def quoted_passages(asked: str, material: str) -> str | None:
    """The answer in quotes; None when the material has no passages, or none with a sentence about what is asked."""
    scored = [sentence for sentence in _scored(asked, material) if sentence.shared]
    if not scored:
        return None
    most = max(sentence.shared for sentence in scored)
    best = sorted((sentence for sentence in scored if sentence.shared == most), key=lambda sentence: sentence.place)
    return " ".join(f"“{sentence.text}” [DOC {sentence.number}]" for sentence in best[:MOST_SENTENCES])


def passages_about(asked: str, material: str) -> list[int]:
    """The numbers of the passages that share two words with what is asked, or all its words where it has fewer."""
    wanted = _stems(asked)
    return [int(number) for number, text in _PASSAGE.findall(material) if len(wanted & _stems(text)) >= min(2, len(wanted)) > 0]


def _scored(asked: str, material: str) -> Iterator[Scored]:
    wanted = _stems(asked)
    place = 0
    for number, text in _PASSAGE.findall(material):
        for sentence in sentences_of(_WRAPPED.sub(" ", text)):
            if not sentence.startswith("#") and sentence.endswith((".", "!")):
                yield Scored(len(wanted & _stems(sentence)), place, number, sentence)
                place += 1


def _stems(text: str) -> set[str]:
    return {_ENDINGS.sub("", word) if len(word) > 4 else word for word in words_of(text)}
