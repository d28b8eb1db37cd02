"""Draw a workflow as a Mermaid flowchart; after a run with how often each position was reached, how long it took, and where it stopped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from copy import copy
from itertools import count, pairwise

from sayso.tools.definition.tool import Tool
from sayso.tools.effects import Effect

from ..events.event_types import AnyEvent
from ..events.timeline import PositionPath, PositionState, Status, Timeline
from ..workflow import LAMBDA, Node, Workflow
from .branches import BestOf, MapEach, Parallel
from .in_order import Conditional, Iterate, Reflect, Sequential
from .nodes import make_node
from .step import RetryingStep, ToolStep

FRAMES = {"step": ("[", "]"), "code": ("[/", "/]"), "agent": ("([", "])"), "tool": ("[[", "]]")}
WRITES = ("{{", "}}")
STYLES = {
    Status.DONE: "fill:#e6f4ea,stroke:#1e8e3e,color:#202124",
    Status.RUNNING: "fill:#e8f0fe,stroke:#1a73e8,color:#202124",
    Status.WAITING: "fill:#fef7e0,stroke:#f9ab00,color:#202124",
    Status.FAILED: "fill:#fce8e6,stroke:#d93025,color:#202124",
}


def mermaid(step: object, events: Timeline | Iterable[AnyEvent] | None = None) -> str:
    """Return a workflow, or any other step, as a Mermaid flowchart (https://mermaid.js.org).

    With the events of a run it shows how often each position was reached and where the run stopped; with a Timeline of them, how long each
    took as well. Raises WorkflowError for what cannot be a step.
    """
    timeline = events if isinstance(events, Timeline) else Timeline(events or ())
    drawing = _Drawing(timeline, timed=isinstance(events, Timeline))
    first, last = drawing.draw(make_node(step), (), top=True)
    lines = ["flowchart TD", "  begin((in))", *drawing.lines, "  finish((out))", f"  begin --> {first}", f"  {last} --> finish"]
    lines += [f"  classDef {status} {style}" for status, style in STYLES.items() if status in drawing.classes]
    lines += [f"  class {','.join(names)} {status}" for status, names in sorted(drawing.classes.items())]
    return "\n".join(lines) + "\n"


class _Drawing:
    """The lines of a drawing while it is made. Each `draw` returns the boxes in which a part is entered and left."""

    def __init__(self, timeline: Timeline, *, timed: bool) -> None:
        self.positions, self.timed = PositionTree.make(timeline), timed
        self.lines: list[str] = []
        self.classes: dict[Status, list[str]] = {}
        self._numbers = count(1)
        self._indent = "  "

    def draw(self, node: Node, at: PositionPath, *, top: bool = False) -> tuple[str, str]:
        """Draw a node whose positions match `at`, a pattern: `*` in a segment is any round or item."""
        match node.step:
            case Sequential() as shape:
                return self._draw_sequential(shape, at)
            case Conditional() as shape:
                return self._draw_conditional(shape, at)
            case Iterate() as shape:
                return self._draw_iterate(shape, at)
            case Parallel() as shape:
                return self._draw_parallel(shape, at)
            case MapEach() as shape:
                limit = f", {shape.concurrency} at once" if shape.concurrency else ""
                return self._draw_framed(f"{shape.name}: each item{limit}", shape.body, (*at, f"{shape.body.name}.*"))
            case Reflect() as shape:
                return self._draw_reflect(shape, at)
            case BestOf() as shape:
                return self._draw_best_of(shape, at)
            case RetryingStep() as shape:
                return self._draw_retrying(shape, at)
        name = self._draw_box(node, [*self.positions.find((*at, node.name) if top else at)])
        return name, name

    def _draw_sequential(self, shape: Sequential[object, object], at: PositionPath) -> tuple[str, str]:
        ends = [self.draw(each, (*at, f"{each.name}.{index}")) for index, each in enumerate(shape.nodes)]
        for (_, left), (entered, _) in pairwise(ends):
            self._draw_arrow(left, entered)
        return ends[0][0], ends[-1][1]

    def _draw_conditional(self, shape: Conditional[object, object], at: PositionPath) -> tuple[str, str]:
        choice = self._draw_predicate(shape.choose, (*at, f"{shape.choose.name}.choose"))
        join = self._draw_point()
        cases = [(str(key), case) for key, case in shape.cases.items()]
        if shape.default is not None:
            cases.append(("otherwise", shape.default))
        for index, (label, case) in enumerate(cases):
            entered, left = self.draw(case, (*at, f"{case.name}.{index}"))
            self._draw_arrow(choice, entered, label)
            self._draw_arrow(left, join)
        return choice, join

    def _draw_iterate(self, shape: Iterate[object], at: PositionPath) -> tuple[str, str]:
        entered, left = self.draw(shape.body, (*at, f"{shape.body.name}.*"))
        done = self._draw_predicate(shape.until, (*at, f"{shape.until.name}.*.until"))
        self._draw_arrow(left, done)
        self._draw_arrow(done, entered, f"again, at most {shape.max_rounds} rounds")
        return entered, done

    def _draw_parallel(self, shape: Parallel[object, object], at: PositionPath) -> tuple[str, str]:
        fork = self._draw_point()
        join = self._draw_point() if shape.join is None else self._draw_predicate(shape.join, (*at, "join"), ("[", "]"), "join")
        for index, each in enumerate(shape.nodes):
            entered, left = self.draw(each, (*at, f"{each.name}.{index}"))
            self._draw_arrow(fork, entered)
            self._draw_arrow(left, join)
        return fork, join

    def _draw_reflect(self, shape: Reflect[object, object], at: PositionPath) -> tuple[str, str]:
        write_entered, write_left = self.draw(shape.write, (*at, f"{shape.write.name}.*.draft"))
        critique_entered, critique_left = self.draw(shape.critique, (*at, f"{shape.critique.name}.*.critique"))
        accept = self._draw_predicate(shape.accept, (*at, f"{shape.accept.name}.*.accept"))
        self._draw_arrow(write_left, critique_entered)
        self._draw_arrow(critique_left, accept)
        self._draw_arrow(accept, write_entered, f"write again, at most {shape.rounds} times")
        return write_entered, accept

    def _draw_best_of(self, shape: BestOf[object, object], at: PositionPath) -> tuple[str, str]:
        entered, left = self._draw_framed(f"{shape.name}: {shape.tries} tries", shape.body, (*at, f"{shape.body.name}.*"))
        score = self._draw_predicate(shape.score, (*at, f"{shape.score.name}.*.score"))
        self._draw_arrow(left, score)
        return entered, score

    def _draw_retrying(self, shape: RetryingStep[object, object], at: PositionPath) -> tuple[str, str]:
        below = (*at, f"{shape.body.name}.*")
        self.positions.forget_earlier_tries(at, shape.body.name)
        if not (isinstance(shape.body.step, Workflow) and shape.body.step.parts) or not shape.retries:
            return self.draw(shape.body, below)
        retries = sum(state.retries for state in self.positions.find(below))
        again = f", tried again {retries}x" if retries else ""
        return self._draw_framed(f"{shape.name}: at most {shape.retries + 1} tries{again}", shape.body, below)

    def _draw_framed(self, title: str, body: Node, at: PositionPath) -> tuple[str, str]:
        self.lines.append(f"{self._indent}subgraph {self._make_name('s')}[{_quote(title)}]")
        self._indent += "  "
        ends = self.draw(body, at)
        self._indent = self._indent[:-2]
        self.lines.append(f"{self._indent}end")
        return ends

    def _draw_predicate(self, node: Node, at: PositionPath, frame: tuple[str, str] = ("{", "}"), unnamed: str = "?") -> str:
        return self._draw_box(node, [*self.positions.find(at)], frame, node.name if node.name != LAMBDA else unnamed)

    def _draw_box(self, node: Node, states: list[PositionState], frame: tuple[str, str] | None = None, label: str = "") -> str:
        name = self._make_name("n")
        left, right = frame or _find_frame(node)
        text = "<br/>".join([_escape(label or node.name), *self._describe(states)])
        self.lines.append(f'{self._indent}{name}{left}"{text}"{right}')
        if states:
            known = {state.status for state in states}
            worst = next(status for status in (*_STOPPED, Status.DONE) if status in known)
            self.classes.setdefault(worst, []).append(name)
        return name

    def _describe(self, states: list[PositionState]) -> Iterator[str]:
        """Yield the lines below a name: how often and how long, how often tried again, and why it stopped."""
        if not states:
            return
        times = f"{len(states)}x"
        ended = [state.seconds for state in states if state.status in (Status.DONE, Status.FAILED)]
        yield f"{times}, {_format_time(sum(ended))}" if self.timed and ended else times
        if retries := sum(state.retries for state in states):
            yield f"tried again {retries}x"
        for status, word in _STOPPED.items():
            stopped = [state for state in states if state.status is status]
            if stopped:
                number = "" if len(stopped) == len(states) == 1 else f"{len(stopped)} "
                why = f": {_escape(_shorten(stopped[0].error))}" if stopped[0].error else ""
                yield f"{number}{word}{why}"

    def _draw_point(self) -> str:
        name = self._make_name("n")
        self.lines.append(f"{self._indent}{name}(( ))")
        return name

    def _draw_arrow(self, source: str, target: str, label: str = "") -> None:
        self.lines.append(f"{self._indent}{source} -->{f'|{_quote(label)}|' if label else ''} {target}")

    def _make_name(self, letter: str) -> str:
        return f"{letter}{next(self._numbers)}"


_STOPPED = {Status.FAILED: "failed", Status.WAITING: "waiting for a yes", Status.RUNNING: "stopped here"}  # the worst first


class PositionTree:
    """A timeline's positions by their segments, so that a drawing finds them without looking at all."""

    def __init__(self) -> None:
        self.state: PositionState | None = None
        self.below: dict[str, PositionTree] = {}

    @classmethod
    def make(cls, timeline: Timeline) -> PositionTree:
        """Make the tree of all positions of a timeline."""
        root = cls()
        for path, state in timeline.positions.items():
            tree = root
            for segment in path:
                tree = tree.below.setdefault(segment, cls())
            tree.state = state
        return root

    def _find_state(self) -> PositionState | None:
        """Return the state here; where it is running only because something below it waits, that one's."""
        if self.state is not None and self.state.status is Status.RUNNING:
            for tree in self.below.values():
                below = tree._find_state()
                if below is not None and below.status is Status.WAITING:
                    return below
        return self.state

    def find(self, pattern: PositionPath) -> Iterator[PositionState]:
        """Yield the states of the positions that match a pattern."""
        for tree in self._find_trees(pattern):
            if (state := tree._find_state()) is not None:
                yield state

    def forget_earlier_tries(self, pattern: PositionPath, name: str) -> None:
        """Drop all tries but the last of what was tried several times; the last one counts how many there were."""
        for tree in self._find_trees(pattern):
            *earlier, last = [each for segment, each in tree.below.items() if segment.startswith(f"{name}.")] or [PositionTree()]
            for each in earlier:
                each.below, each.state = {}, None
            if last.state is not None:
                last.state = copy(last.state)  # the timeline keeps its own
                last.state.retries = len(earlier)

    def _find_trees(self, pattern: PositionPath) -> Iterator[PositionTree]:
        if not pattern:
            yield self
            return
        head, *rest = pattern
        before, star, after = head.partition("*")
        if not star:
            if head in self.below:
                yield from self.below[head]._find_trees(tuple(rest))
            return
        for segment, tree in self.below.items():
            middle = segment[len(before) : len(segment) - len(after)]
            if segment.startswith(before) and segment.endswith(after) and middle.isdigit():
                yield from tree._find_trees(tuple(rest))


def _find_frame(node: Node) -> tuple[str, str]:
    step = node.step.node.step if isinstance(node.step, ToolStep) else node.step
    if isinstance(step, Tool) and (step.effect is Effect.WRITE or step.requires_approval):
        return WRITES
    return FRAMES.get(node.kind, ("[", "]"))


def _format_time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:59] + "…"


def _quote(text: str) -> str:
    return f'"{_escape(text)}"'


# What Mermaid, its Markdown or a page would read as its own: some characters anywhere, others only where they would begin or end something
# (the parser looks for "direction LR" in whole lines, texts in quotation marks and all).
_ITS_OWN = re.compile(r'["#<>&;`|\\%$*~]|(?<!\w)_|_(?!\w)|(?<=^\d)[.)]|(?<=^\d\d)[.)]|^[-+=]|[dD](?=(?i:irection)\s+[A-Za-z]{2})')


def _escape(text: str) -> str:
    """Return text that a drawing shows as it is: characters that would be read as something else are written by number."""
    numbered = _ITS_OWN.sub(lambda its: f"#{ord(its[0])};", text)
    return "".join(character if character.isprintable() else f"#{ord(character)};" for character in numbered) or " "
