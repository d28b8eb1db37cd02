"""Sayso's own reader as a parser of the suite, and an example of one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from sayso.tools import Reader, read

from .parsers import Tools


def read_with_sayso(text: str, tools: Tools) -> Any:
    """Read a whole text. A text with both calls and problems counts as a problem with calls, so it is shown as it is read."""
    return [(call.tool, call.arguments) for call in read(text, tools).calls]


def _stream(pieces: Iterable[str], tools: Tools) -> Any:
    reader = Reader(tools)
    for piece in pieces:
        reader.feed(piece)
    return [(call.tool, call.arguments) for call in reader.close().calls]


cast(Any, read_with_sayso).stream = _stream
