"""How work is carried through: runs, engines, shapes, limits and events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sayso.tools.lazy_names import lazily

if TYPE_CHECKING:
    from .approval import CallFailed as CallFailed
    from .doors import RunEnded as RunEnded
    from .doors import Workflow as Workflow
    from .draw import mermaid as mermaid
    from .durable.app import App as App
    from .durable.engine import DurableEngine as DurableEngine
    from .durable.worker import Worker as Worker
    from .engines import engine as engine
    from .lifting import step as step
    from .limits import Limits as Limits
    from .limits import Usage as Usage
    from .memory import MemoryEngine as MemoryEngine
    from .replaying import Replayed as Replayed
    from .replaying import replay as replay
    from .result import RunResult as RunResult
    from .run import Engine as Engine
    from .run import Run as Run
    from .shapes import Draft as Draft
    from .shapes import Failed as Failed
    from .shapes import RoundsUsedUp as RoundsUsedUp
    from .shapes import best_of as best_of
    from .shapes import conditional as conditional
    from .shapes import iterate as iterate
    from .shapes import map_each as map_each
    from .shapes import parallel as parallel
    from .shapes import reflect as reflect
    from .shapes import sequential as sequential
    from .story import Story as Story

_PLACES = {
    "App": "durable.app",
    "CallFailed": "approval",
    "Draft": "shapes",
    "DurableEngine": "durable.engine",
    "Engine": "run",
    "Failed": "shapes",
    "Limits": "limits",
    "MemoryEngine": "memory",
    "Replayed": "replaying",
    "RoundsUsedUp": "shapes",
    "Run": "run",
    "RunEnded": "doors",
    "RunResult": "result",
    "Story": "story",
    "Usage": "limits",
    "Worker": "durable.worker",
    "Workflow": "doors",
    "best_of": "shapes",
    "conditional": "shapes",
    "engine": "engines",
    "iterate": "shapes",
    "map_each": "shapes",
    "mermaid": "draw",
    "parallel": "shapes",
    "reflect": "shapes",
    "replay": "replaying",
    "sequential": "shapes",
    "step": "lifting",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
__getattr__, __dir__ = lazily(__name__, _PLACES)
