"""Texts that models write, with what must be read in them, and a runner that puts any parser of tool calls to the test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sayso.tools.lazy_names import lazily

if TYPE_CHECKING:
    from .conformance_rows import ConformanceRow as ConformanceRow
    from .conformance_rows import load_rows as load_rows
    from .parsers import load_parser as load_parser
    from .suite import ParserScore as ParserScore
    from .suite import run_suite as run_suite

_PLACES = {
    "ConformanceRow": "conformance_rows",
    "ParserScore": "suite",
    "load_parser": "parsers",
    "load_rows": "conformance_rows",
    "run_suite": "suite",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
