"""The texts in which the sources of arguments are looked for: what the user said, what a run has read, what was made in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from itertools import islice
from typing import Any, NamedTuple, TypeVar, overload

from ..calls import Content, ToolResult
from ..effects import Labels, Trust


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the user, how many turns ago it was, and the last write that was settled after it ("ORDER was done"), if any was."""

    text: str
    turns_ago: int = 0
    settled_since: str = ""


class Made(NamedTuple):
    """A value that was made in a run: computed by a PURE tool from its `arguments`, or written by an agent (`arguments` is None)."""

    by: str
    value: object
    arguments: Mapping[str, object] | None = None


T = TypeVar("T")


class Growing(Sequence[T]):
    """A list that begins with what another one has by now, which is not copied: that one goes on growing at its end, unseen here."""

    __slots__ = ("before", "own", "start")

    def __init__(self, before: Sequence[T]) -> None:
        self.before: Sequence[T] = before
        self.start: int = len(before)
        self.own: list[T] = []

    def __len__(self) -> int:
        return self.start + len(self.own)

    def __iter__(self) -> Iterator[T]:
        yield from islice(self.before, self.start)
        yield from self.own

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return list(self)[index]
        place = index + len(self) if index < 0 else index
        return self.before[place] if 0 <= place < self.start else self.own[place - self.start if place >= 0 else len(self.own)]

    def append(self, item: T) -> None:
        """Add an item."""
        self.own.append(item)

    def extend(self, items: Iterable[T]) -> None:
        """Add items."""
        self.own.extend(items)


def branch_off(before: list[T] | Growing[T] | tuple[()]) -> Growing[T] | tuple[()]:
    """Return a list that begins with what is in this one, in the same time however much that is."""
    return Growing(before) if before else ()


def join_branch(own: list[T] | Growing[T] | tuple[()], branch: list[T] | Growing[T] | tuple[()]) -> list[T] | Growing[T]:
    """Return a list with what a branch of it has come to as well."""
    joined = own or list[T]()
    joined.extend(branch.own if isinstance(branch, Growing) else branch)
    return joined


@dataclass(slots=True, eq=False)
class Background:
    """The user's words, and what the run has read, as (origin, text). The first search (see `SourceFinder`) builds an index of each.

    `said_index` holds what the first search has made of the user's words; runs with the same words share it. What is read later is added to
    `read_index`. `above` has the index of what the run had begun with.
    """

    user_texts: tuple[str | Said, ...] = ()
    read_texts: Sequence[tuple[str, str]] = ()
    said_index: list[object] = field(default_factory=list)
    above: Background | None = None
    read_index: object = field(default=None, init=False)


DEEPEST = 20


def iter_said(value: object, depth: int = 0) -> Iterator[str]:
    """Yield every text and number that a caller wrote in a value, keys included: not what it quotes of others, nor what programs wrote.

    A Content or a result counts where its trust says that it is the user's. A message says itself what of it is the user's: `user_texts`.
    """
    if isinstance(value, str):
        yield value
    elif depth == DEEPEST:
        return
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from iter_said(item, depth + 1)
    elif (parts := _find_parts(value)) is not None:
        for part in parts:
            yield from iter_said(part, depth + 1)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _find_parts(value: object) -> Iterable[object] | None:
    """Return what of a value may be the caller's words: its items or fields, nothing of what others wrote. None for a single value."""
    if isinstance(value, (Content, ToolResult)):
        return [value.value if isinstance(value, Content) else value.content] if value.trust is Trust.USER else []
    if (texts := getattr(value, "user_texts", None)) is not None:
        return list(texts)
    if isinstance(getattr(value, "labels", None), Labels):  # a page, a passage: others wrote it
        return []
    if isinstance(value, (list, tuple, set, frozenset)):
        return value
    if is_dataclass(value):
        return [getattr(value, each.name, None) for each in fields(value)]
    names = getattr(type(value), "model_fields", None)  # a pydantic model's
    return None if names is None else [getattr(value, name, None) for name in names]
