"""Draw the workflow of a run with its counts, as data: boxes in sequence, side by side, for each item, as a choice, in rounds."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sayso.tools.approval.cards import escape_lines
from sayso.workflows.durable.log_events import LogEvents
from sayso.workflows.events.timeline import PositionPath, PositionState, Status, Timeline
from sayso.workflows.shapes.branches import BestOf, MapEach, Parallel
from sayso.workflows.shapes.in_order import Conditional, Iterate, Reflect, Sequential
from sayso.workflows.shapes.mermaid import PositionTree
from sayso.workflows.shapes.nodes import make_node
from sayso.workflows.shapes.step import RetryingStep, ToolStep
from sayso.workflows.workflow import LAMBDA, Node, Workflow

if TYPE_CHECKING:
    from sayso.workflows.durable.chain import Row
    from sayso.workflows.durable.records import RunRow

    from .back_office import BackOffice

Part = dict[str, Any]
MOST_KEPT = 8
WORST_FIRST = (Status.FAILED, Status.WAITING, Status.RUNNING, Status.DONE)


class FlowCharts:
    """The drawings of runs that somebody looks at; what was read of a log before is not read again."""

    def __init__(self, office: BackOffice) -> None:
        self._office = office
        self._kept: OrderedDict[str, tuple[int, RunTimeline]] = OrderedDict()

    async def draw(self, row: RunRow) -> Part | None:
        """Return the drawing of a run; None where its flow is not part of the app, or has no parts."""
        app = self._office.app
        if row.flow not in app or not app.flow(row.flow).parts:
            return None
        at, timeline = self._kept.pop(row.id, (0, RunTimeline(row.id)))
        rows = await self._office.engine.log(row.id, at)
        await asyncio.to_thread(timeline.read, rows)  # of a long run it takes a while, and others are served meanwhile
        self._kept[row.id] = rows[-1].number if rows else at, timeline
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return draw_flow(app.flow(row.flow), timeline)


class RunTimeline(Timeline):
    """A timeline that is read from the log of a run."""

    __slots__ = ("_told",)

    def __init__(self, root: str) -> None:
        super().__init__()
        self._told = LogEvents(root)

    def read(self, rows: Sequence[Row]) -> None:
        """Read the next rows of the log. What cannot be read here is left out: the story says so."""
        for row in rows:
            for event in self._told.take(row):
                self.add(event)
        self.events.clear()


def draw_flow(flow: Workflow[Any, Any], timeline: Timeline) -> Part:
    """Return a workflow as a tree of parts, each with how often it was reached in a run and how it stands."""
    node = make_node(flow)
    return _Drawing(PositionTree.make(timeline)).draw(node, () if flow.parts else (node.name,))


class _Drawing:
    def __init__(self, positions: PositionTree) -> None:
        self._positions = positions

    def draw(self, node: Node, at: PositionPath) -> Part:
        """Return the part for a node whose positions match `at`, a pattern: `*` in a segment is any round or item."""
        match node.step:
            case Sequential() as shape:
                parts = [self.draw(each, (*at, f"{each.name}.{index}")) for index, each in enumerate(shape.nodes)]
                return {"shape": "sequence", "title": shape.name, "parts": parts}
            case Parallel() as shape:
                parts = [self.draw(each, (*at, f"{each.name}.{index}")) for index, each in enumerate(shape.nodes)]
                join = [] if shape.join is None else [self._box(shape.join, (*at, "join"), "join")]
                return {"shape": "sequence", "title": shape.name, "parts": [{"shape": "beside", "title": "", "parts": parts}, *join]}
            case Conditional() as shape:
                return self._draw_conditional(shape, at)
            case MapEach() as shape:
                limit = f", {shape.concurrency} at once" if shape.concurrency else ""
                return self._frame(f"for each item{limit}", self.draw(shape.body, (*at, f"{shape.body.name}.*")))
            case Iterate() as shape:
                until = self._box(shape.until, (*at, f"{shape.until.name}.*.until"), "until")
                return self._frame(f"again, at most {shape.max_rounds} rounds", self.draw(shape.body, (*at, f"{shape.body.name}.*")), until)
            case Reflect() as shape:
                write = self.draw(shape.write, (*at, f"{shape.write.name}.*.draft"))
                critique = self.draw(shape.critique, (*at, f"{shape.critique.name}.*.critique"))
                accept = self._box(shape.accept, (*at, f"{shape.accept.name}.*.accept"), "accept")
                return self._frame(f"written again at most {shape.rounds} times", write, critique, accept)
            case BestOf() as shape:
                score = self._box(shape.score, (*at, f"{shape.score.name}.*.score"), "score")
                return self._frame(f"best of {shape.tries} tries", self.draw(shape.body, (*at, f"{shape.body.name}.*")), score)
            case RetryingStep() as shape:
                self._positions.forget_earlier_tries(at, shape.body.name)
                return self.draw(shape.body, (*at, f"{shape.body.name}.*"))
        return self._box(node, at)

    def _draw_conditional(self, shape: Conditional[Any, Any], at: PositionPath) -> Part:
        choice = self._box(shape.choose, (*at, f"{shape.choose.name}.choose"), "choice")
        cases = [(str(key), case) for key, case in shape.cases.items()]
        if shape.default is not None:
            cases.append(("otherwise", shape.default))
        parts = [{**self.draw(case, (*at, f"{case.name}.{index}")), "label": label} for index, (label, case) in enumerate(cases)]
        return {"shape": "sequence", "title": shape.name, "parts": [choice, {"shape": "beside", "title": "", "parts": parts}]}

    def _frame(self, title: str, *parts: Part) -> Part:
        return {"shape": "frame", "title": title, "parts": list(parts)}

    def _box(self, node: Node, at: PositionPath, unnamed: str = "?") -> Part:
        states = list(self._positions.find(at))
        step = node.step.node if isinstance(node.step, ToolStep) else node
        return {
            "shape": "box",
            "title": unnamed if node.name == LAMBDA else node.name,
            "kind": step.kind,
            **_count(states),
        }


def _count(states: Iterable[PositionState]) -> Part:
    """Return how often a box was reached, how each of those stands, what they took together, and why the first of them failed."""
    states = list(states)
    counts = Counter(state.status for state in states)
    failed = next((state.error for state in states if state.status is Status.FAILED and state.error), "")
    return {
        "counts": {str(status): counts[status] for status in WORST_FIRST if counts[status]},
        "seconds": sum(state.seconds for state in states),
        "retries": sum(state.retries for state in states),
        "error": escape_lines(failed[:200]),
    }
