"""What a call can do to the world, and where a value has been: effects and labels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Effect(StrEnum):
    """What performing a tool can change, from nothing to the world."""

    PURE = "pure"
    """The same answer for ever: may be inlined, cached and repeated."""
    READ = "read"
    """Looks at local data."""
    EGRESS = "egress"
    """A read that tells an outsider something: a search query, a URL."""
    WRITE = "write"
    """Changes the world: asks first, runs alone, is never silently repeated."""


class Trust(StrEnum):
    """Who stands behind a text."""

    USER = "user"
    TOOL = "tool"
    UNTRUSTED = "untrusted"


class Secrecy(StrEnum):
    """Who may read a text."""

    PUBLIC = "public"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class Labels:
    """What a run has seen so far; only ever joined, never taken back."""

    untrusted: bool = False
    private: bool = False

    def join(self, trust: Trust, secrecy: Secrecy) -> Labels:
        """These labels after a text of that trust and secrecy was read."""
        return _ALL[self.untrusted or trust is Trust.UNTRUSTED][self.private or secrecy is Secrecy.PRIVATE]

    def also(self, other: Labels) -> Labels:
        """These labels and those."""
        return _ALL[self.untrusted or other.untrusted][self.private or other.private]


CLEAN = Labels()
_ALL = ((CLEAN, Labels(False, True)), (Labels(True, False), Labels(True, True)))
