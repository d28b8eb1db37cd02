"""The truth gate: whether a passage states what a sentence says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy_names import lazily

if TYPE_CHECKING:
    from .gate import check_statement as check_statement
    from .verdict import Problem as Problem
    from .verdict import ProblemKind as ProblemKind
    from .verdict import Verdict as Verdict

_PLACES = {"Problem": "verdict", "ProblemKind": "verdict", "Verdict": "verdict", "check_statement": "gate"}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
