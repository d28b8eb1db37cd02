"""Errors of reading one file; the others are read all the same."""

from __future__ import annotations

from ..errors import ToolError


class FileUnreadable(ToolError):
    """A file that cannot be read as a document. The text says why and what to do; `Documents.skipped` adds the file's name."""
