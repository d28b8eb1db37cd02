"""Execute work: runs, engines, shapes, limits and events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sayso.tools.lazy_names import lazily

if TYPE_CHECKING:
    from .calls.execute import CallFailed as CallFailed
    from .caps import Cap as Cap
    from .durable.app import App as App
    from .durable.engine import DurableEngine as DurableEngine
    from .durable.prometheus import metrics_app as metrics_app
    from .durable.prometheus import read_metrics as read_metrics
    from .durable.retention import count_prunable as count_prunable
    from .durable.retention import forget_run as forget_run
    from .durable.retention import prune_runs as prune_runs
    from .durable.run_worker import Worker as Worker
    from .durable.stuck import find_stuck as find_stuck
    from .engines import engine as engine
    from .events.timeline import Timeline as Timeline
    from .runs.concurrency import Failed as Failed
    from .runs.limits import Limits as Limits
    from .runs.limits import Usage as Usage
    from .runs.memory_engine import MemoryEngine as MemoryEngine
    from .runs.protocols import Engine as Engine
    from .runs.protocols import Run as Run
    from .runs.protocols import RunResult as RunResult
    from .runs.replaying import Replayed as Replayed
    from .runs.replaying import replay as replay
    from .shapes.in_order import Sequential as Sequential
    from .shapes.mermaid import mermaid as mermaid
    from .shapes.split import split as split
    from .shapes.step import step as step
    from .shapes.typed import Draft as Draft
    from .shapes.typed import RoundsUsedUp as RoundsUsedUp
    from .shapes.typed import best_of as best_of
    from .shapes.typed import conditional as conditional
    from .shapes.typed import iterate as iterate
    from .shapes.typed import map_each as map_each
    from .shapes.typed import parallel as parallel
    from .shapes.typed import reflect as reflect
    from .shapes.typed import sequential as sequential
    from .temporal.temporal_worker import TemporalWorker as TemporalWorker
    from .workflow import RunEnded as RunEnded
    from .workflow import RunOptions as RunOptions
    from .workflow import Workflow as Workflow

_PLACES = {
    "App": "durable.app",
    "CallFailed": "calls.execute",
    "Cap": "caps",
    "Draft": "shapes.typed",
    "DurableEngine": "durable.engine",
    "Engine": "runs.protocols",
    "Failed": "runs.concurrency",
    "Limits": "runs.limits",
    "MemoryEngine": "runs.memory_engine",
    "Replayed": "runs.replaying",
    "RoundsUsedUp": "shapes.typed",
    "Run": "runs.protocols",
    "RunEnded": "workflow",
    "RunOptions": "workflow",
    "RunResult": "runs.protocols",
    "Sequential": "shapes.in_order",
    "Timeline": "events.timeline",
    "Usage": "runs.limits",
    "TemporalWorker": "temporal.temporal_worker",
    "Worker": "durable.run_worker",
    "Workflow": "workflow",
    "best_of": "shapes.typed",
    "conditional": "shapes.typed",
    "count_prunable": "durable.retention",
    "engine": "engines",
    "find_stuck": "durable.stuck",
    "forget_run": "durable.retention",
    "iterate": "shapes.typed",
    "map_each": "shapes.typed",
    "mermaid": "shapes.mermaid",
    "metrics_app": "durable.prometheus",
    "parallel": "shapes.typed",
    "prune_runs": "durable.retention",
    "read_metrics": "durable.prometheus",
    "reflect": "shapes.typed",
    "replay": "runs.replaying",
    "sequential": "shapes.typed",
    "split": "shapes.split",
    "step": "shapes.step",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
