"""Effects of tools, and the labels (trust, secrecy) of what a run has read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Effect(StrEnum):
    """What a call of a tool can change, from nothing to the outside world."""

    PURE = "pure"
    """The same arguments always return the same value: the call may be inlined, cached and repeated."""
    READ = "read"
    """Reads local data."""
    EGRESS = "egress"
    """A read that discloses something to an outsider: a search query, a URL."""
    WRITE = "write"
    """Changes the outside world: needs approval, runs alone, is never silently repeated."""


class Trust(StrEnum):
    """Who vouches for a text."""

    USER = "user"
    TOOL = "tool"
    UNTRUSTED = "untrusted"


class Secrecy(StrEnum):
    """Who may read a text."""

    PUBLIC = "public"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class Labels:
    """What a run has read so far. Labels are only added, never taken back."""

    untrusted: bool = False
    private: bool = False

    def join(self, trust: Trust, secrecy: Secrecy) -> Labels:
        """Return these labels with those of a text that was read."""
        return _ALL[self.untrusted or trust is Trust.UNTRUSTED][self.private or secrecy is Secrecy.PRIVATE]

    def union(self, other: Labels) -> Labels:
        """Return the labels of either."""
        return _ALL[self.untrusted or other.untrusted][self.private or other.private]


CLEAN = Labels()
_ALL = ((CLEAN, Labels(False, True)), (Labels(True, False), Labels(True, True)))
