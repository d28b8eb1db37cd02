"""Exact arithmetic on text that never becomes code: `calculate`, its Result, and the CALCULATOR tool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .calculator_tool import calculator as calculator
    from .evaluation import calculate as calculate
    from .refusal import CalculationError as CalculationError
    from .result import Result as Result

_PLACES = {"CalculationError": "refusal", "Result": "result", "calculate": "evaluation", "calculator": "calculator_tool"}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{_PLACES[name]}", __name__), name)
    globals()[name] = value
    return value
