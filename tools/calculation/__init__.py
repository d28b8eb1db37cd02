"""Exact arithmetic on text that never becomes code: `calculate`, its Result, and the CALCULATOR tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy_names import lazily

if TYPE_CHECKING:
    from .calculator_tool import calculator as calculator
    from .evaluation import calculate as calculate
    from .evaluation import calculate_async as calculate_async
    from .refusal import CalculationError as CalculationError
    from .result import Result as Result

_PLACES = {
    "CalculationError": "refusal",
    "Result": "result",
    "calculate": "evaluation",
    "calculate_async": "evaluation",
    "calculator": "calculator_tool",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
