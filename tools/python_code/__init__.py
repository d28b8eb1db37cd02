"""Code that a model wrote, run where it can do no harm: `run_python`, and the PYTHON tool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .as_tool import python_tool as python_tool
    from .outcome import CodeError as CodeError
    from .outcome import FailedTest as FailedTest
    from .outcome import PythonResult as PythonResult
    from .running import python_layers as python_layers
    from .running import run_python as run_python

_PLACES = {
    "CodeError": "outcome",
    "FailedTest": "outcome",
    "PythonResult": "outcome",
    "python_layers": "running",
    "python_tool": "as_tool",
    "run_python": "running",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{_PLACES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})
