"""Effects of tools, and the labels (trust, secrecy) of what a run has read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Literal, TypeVar

from .errors import UsageError

E = TypeVar("E", bound=StrEnum)


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
    """Who vouches for a text. Where a trust may be None, nobody does: the text is unvouched."""

    USER = "user"
    TOOL = "tool"
    """The tool's author: it holds no words of others."""
    UNTRUSTED = "untrusted"
    """Strangers wrote it."""


class Secrecy(StrEnum):
    """Who may read a text."""

    PUBLIC = "public"
    PRIVATE = "private"


AnyEffect = Effect | Literal["pure", "read", "egress", "write"]
"""An Effect, or its text: what users may write."""
AnyTrust = Trust | Literal["user", "tool", "untrusted"]
"""A Trust, or its text."""
AnySecrecy = Secrecy | Literal["public", "private"]
"""A Secrecy, or its text."""


def to_member(kind: type[E], value: object, where: str) -> E:
    """Return a label that is given as a member of its enum or as the member's text; `where` says where it was given.

    Raises UsageError for anything else: a label that is none would protect nothing.
    """
    if type(value) is kind:
        return value
    if isinstance(value, str) and not isinstance(value, Enum) and value in kind.__members__.values():
        return kind(value)
    known = ", ".join(repr(str(member)) for member in kind)
    raise UsageError(f"{value!r} is not {'an' if kind.__name__[0] in 'AEIOU' else 'a'} {kind.__name__} ({where}). Write one of {known}.")


@dataclass(frozen=True, slots=True)
class Labels:
    """What a run has read so far: text of strangers, private text, text that nobody vouches for. Labels are added, never taken back."""

    untrusted: bool = False
    private: bool = False
    unvouched: bool = False

    def __post_init__(self) -> None:
        for name, value in (("untrusted", self.untrusted), ("private", self.private), ("unvouched", self.unvouched)):
            if type(value) is not bool:
                raise UsageError(f"Labels({name}={value!r}): a label is True or False.")

    def join(self, trust: AnyTrust | None, secrecy: AnySecrecy) -> Labels:
        """Return these labels with those of a text that was read; a trust of None is that of an unvouched text."""
        known = trust if trust is None else to_member(Trust, trust, "trust=")
        return self.union(LABELS[known, to_member(Secrecy, secrecy, "secrecy=")])

    def union(self, other: Labels) -> Labels:
        """Return the labels of either."""
        if other is self or other is CLEAN:
            return self
        if not isinstance(other, Labels):
            raise UsageError(
                f"{other!r} is not a Labels object. Write Labels(untrusted=True, private=True, unvouched=True), with what is true."
            )
        return _ALL[self.untrusted or other.untrusted, self.private or other.private, self.unvouched or other.unvouched]

    @property
    def trust(self) -> Trust | None:
        """Return the least trust among what was read, None for unvouched. A model's words in a clean run are a tool's."""
        return Trust.UNTRUSTED if self.untrusted else None if self.unvouched else Trust.TOOL

    @property
    def secrecy(self) -> Secrecy:
        """Return whether any of what was read is private."""
        return Secrecy.PRIVATE if self.private else Secrecy.PUBLIC


_YES_OR_NO = (False, True)
# One object for each combination: "nothing was added" is then a comparison of identities.
_ALL = {(a, b, c): Labels(a, b, c) for a in _YES_OR_NO for b in _YES_OR_NO for c in _YES_OR_NO}
CLEAN = _ALL[False, False, False]
LABELS: Mapping[tuple[Trust | None, Secrecy], Labels] = {
    (trust, secrecy): _ALL[trust is Trust.UNTRUSTED, secrecy is Secrecy.PRIVATE, trust is None]
    for trust in (*Trust, None)
    for secrecy in Secrecy
}
"""The labels of a text by its trust and its secrecy."""
