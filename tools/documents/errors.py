"""Errors of reading one file; the others are read all the same."""

from __future__ import annotations

from ..errors import ToolError
from ..web.readings import is_garbled


class FileUnreadable(ToolError):
    """A file that cannot be read as a document. The text says why and what to do; `Documents.skipped` adds the file's name."""


def refuse_garbled(text: str, codec: str) -> None:
    """Raise FileUnreadable for a text that was read in a charset which is not its own."""
    if is_garbled(text, codec):
        raise FileUnreadable("its charset cannot be told: none of those that are tried gives words; save it as UTF-8")
