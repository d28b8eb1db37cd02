"""What a guard is asked, and what it may say: a text is allowed, replaced by another, or refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from sayso.tools.errors import UsageError

from ..messages.values import GuardActed as GuardActed


class TextPlace(StrEnum):
    """Where a text stands: what the agent is asked, what its model says, what tools are called with, what they return."""

    INPUT = "input"
    OUTPUT = "output"
    ARGUMENTS = "arguments"
    RESULTS = "results"


EVERYWHERE = frozenset(TextPlace)


@dataclass(frozen=True, slots=True)
class AllowedText:
    """The text may stand as it is."""


@dataclass(frozen=True, slots=True)
class ReplacedText:
    """`text` stands in its place. `why` is shown to people and must not repeat what was taken out."""

    text: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class RefusedText:
    """The text goes no further. `why` must not repeat it; `answer` is what the user gets in its place, empty where the run is to fail."""

    why: str
    answer: str = ""


Verdict = AllowedText | ReplacedText | RefusedText
ALLOWED = AllowedText()


@runtime_checkable
class Guard(Protocol):
    """Looks at a text before it goes further. A guard that raises an error, or returns anything but a verdict, refuses.

    `places` are where it looks (default: everywhere). `has_chance=False` says that it always gives the same answer for the same text: its
    verdicts are then not stored with the run. `on_error="allow"` lets texts pass when it fails.
    """

    @property
    def name(self) -> str:
        """Return what it is called in events and errors."""
        ...

    async def check(self, text: str, place: TextPlace) -> Verdict:
        """Return what becomes of the text."""
        ...


def read_places(places: str | tuple[str, ...] | frozenset[TextPlace] | list[str]) -> frozenset[TextPlace]:
    """Return the places of these names. Raises UsageError for a name that is none, and for no places at all."""
    names = [places] if isinstance(places, str) else list(places)
    try:
        found = frozenset(TextPlace(name) for name in names)
    except ValueError:
        found = frozenset()
    if not found:
        raise UsageError(f"at={places!r} names no place that a guard can look at. Places: {', '.join(TextPlace)}.")
    return found


def check_action(on_error: str) -> str:
    """Return what is done when a guard fails. Raises UsageError for anything but the two words."""
    if on_error not in ("refuse", "allow"):
        raise UsageError(f"on_error={on_error!r}: write 'refuse' (nothing passes while the guard fails) or 'allow'.")
    return on_error
