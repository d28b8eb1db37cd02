"""The texts in which the sources of arguments are looked for: what the user said, what a run has read, what was made in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
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


class Background:
    """The user's words, and what the run has read, as (origin, text). The first search (see `SourceFinder`) builds an index of each."""

    __slots__ = ("read_index", "read_texts", "said_index", "user_texts")

    def __init__(
        self,
        user_texts: tuple[str | Said, ...] = (),
        read_texts: tuple[tuple[str, str], ...] = (),
        said_index: object = None,
    ) -> None:
        self.user_texts, self.read_texts, self.said_index = user_texts, read_texts, said_index
        self.read_index: object = None


def iter_said(value: object) -> Iterator[str]:
    """Yield every text and number that a caller wrote in a value, keys included: not what it quotes of others, nor what programs wrote.

    A Content or a result counts where its trust says that it is the user's. A message says itself what of it is the user's: `user_texts`.
    """
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from iter_said(item)
    elif isinstance(value, (Content, ToolResult)):
        if value.trust is Trust.USER:
            yield from iter_said(value.value if isinstance(value, Content) else value.content)
    elif hasattr(value, "user_texts"):
        yield from iter_said(value.user_texts)
    elif isinstance(getattr(value, "labels", None), Labels):
        return  # a page, a passage: others wrote it
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from iter_said(item)
    elif is_dataclass(value):
        for each in fields(value):
            yield from iter_said(getattr(value, each.name, None))
    elif (names := getattr(type(value), "model_fields", None)) is not None:  # a pydantic model's
        for name in names:
            yield from iter_said(getattr(value, name, None))
    elif value is not None and not isinstance(value, bool):
        yield str(value)
