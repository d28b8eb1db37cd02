"""Run code that a model wrote in a sandbox: `run_python`, and the PYTHON tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy_names import lazily

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
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
