"""What reading gives: calls, problems, and the events of a stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class ReadCall(NamedTuple):
    """A call that was read: `span` is where it stands in the raw text, `notes` the repairs that were made."""

    tool: str
    arguments: Mapping[str, object]
    span: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that was meant as a call and cannot be read one way only: what was seen, where, and what was expected."""

    seen: str
    span: tuple[int, int]
    expected: str
    tool: str | None = None


class Reading(NamedTuple):
    """A whole reply as it was read; `text` is the prose outside the calls."""

    text: str
    calls: tuple[ReadCall, ...] = ()
    problems: tuple[Problem, ...] = ()
    reasoning: str = ""


class TextRead(NamedTuple):
    """Prose that cannot be part of a call."""

    text: str


class CallStarted(NamedTuple):
    """The name of a tool that is being called; its arguments follow."""

    tool: str


class CallRead(NamedTuple):
    """A complete call."""

    call: ReadCall


class ProblemRead(NamedTuple):
    """A call that could not be read."""

    problem: Problem


class ReasoningRead(NamedTuple):
    """A piece of what the model thinks aloud."""

    text: str


class AllWasReasoning(NamedTuple):
    """Everything so far was thinking aloud: the mark that ends it came, the one that opens it was in the prompt.

    What was told of text and calls is taken back.
    """

    text: str


ReadEvent = TextRead | CallStarted | CallRead | ProblemRead | ReasoningRead | AllWasReasoning
