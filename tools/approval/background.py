"""The texts in which the sources of arguments are looked for: what the user said, what a run has read, what was made in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import NamedTuple

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


@dataclass(slots=True, eq=False)
class Background:
    """The user's words, and what the run has read, as (origin, text). The first search (see `SourceFinder`) builds an index of each."""

    user_texts: tuple[str | Said, ...] = ()
    read_texts: tuple[tuple[str, str], ...] = ()
    said_index: object = None
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
