"""A workflow as a Mermaid flowchart; after a run with how often each place was reached, how long it took, and where it stopped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from copy import copy
from itertools import count, pairwise
from typing import Any

from sayso.tools.definition.tool import Tool
from sayso.tools.effects import Effect

from ..runs.timeline import Path, Place, Standing, Timeline
from ..workflow import Workflow
from .branches import BestOf, MapEach, Parallel
from .in_order import Conditional, Iterate, Reflect, Sequential
from .nodes import Node, node
from .step import Lifted, Tried
from .step_functions import LAMBDA

FRAMES = {"step": ("[", "]"), "code": ("[/", "/]"), "agent": ("([", "])"), "tool": ("[[", "]]")}
WRITES = ("{{", "}}")
STYLES = {
    Standing.DONE: "fill:#e6f4ea,stroke:#1e8e3e,color:#202124",
    Standing.RUNNING: "fill:#e8f0fe,stroke:#1a73e8,color:#202124",
    Standing.WAITING: "fill:#fef7e0,stroke:#f9ab00,color:#202124",
    Standing.FAILED: "fill:#fce8e6,stroke:#d93025,color:#202124",
}


def mermaid(workflow: Any, events: Timeline | Iterable[Any] | None = None) -> str:
    """The workflow, or any step, as Mermaid text. With a run's events (or a Story, which knows times) it says what happened at each place.

    Raises WorkflowError for what is no step.
    """
    story = events if isinstance(events, Timeline) else Timeline(events or ())
    drawing = _Drawing(story, timed=isinstance(events, Timeline))
    first, last = drawing.draw(node(workflow), (), top=True)
    lines = ["flowchart TD", "  begin((in))", *drawing.lines, "  finish((out))", f"  begin --> {first}", f"  {last} --> finish"]
    lines += [f"  classDef {standing} {style}" for standing, style in STYLES.items() if standing in drawing.classes]
    lines += [f"  class {','.join(names)} {standing}" for standing, names in sorted(drawing.classes.items())]
    return "\n".join(lines) + "\n"


class _Drawing:
    """The lines of one drawing, while it is made. Each `draw` gives where a part is entered and where it is left."""

    def __init__(self, story: Timeline, *, timed: bool) -> None:
        self.places, self.timed = _Tree.of(story), timed
        self.lines: list[str] = []
        self.classes: dict[Standing, list[str]] = {}
        self._numbers = count(1)
        self._indent = "  "

    def draw(self, each: Node, at: Path, *, top: bool = False) -> tuple[str, str]:
        """A node whose places match `at` (a pattern: `*` in a segment is any round or item)."""
        thing = each.thing
        match thing:
            case Sequential():
                return self._row(thing, at)
            case Conditional():
                return self._ways(thing, at)
            case Iterate():
                return self._rounds(thing, at)
            case Parallel():
                return self._side_by_side(thing, at)
            case MapEach():
                limit = f", {thing.concurrency} at once" if thing.concurrency else ""
                return self._framed(f"{thing.name}: each item{limit}", thing.body, (*at, f"{thing.body.name}.*"))
            case Reflect():
                return self._reflection(thing, at)
            case BestOf():
                return self._tries(thing, at)
            case Tried():
                return self._again_if_it_fails(thing, at)
        name = self._box(each, [*self.places.matching((*at, each.name) if top else at)])
        return name, name

    def _row(self, shape: Sequential, at: Path) -> tuple[str, str]:
        ends = [self.draw(each, (*at, f"{each.name}.{index}")) for index, each in enumerate(shape.nodes)]
        for (_, left), (entered, _) in pairwise(ends):
            self._arrow(left, entered)
        return ends[0][0], ends[-1][1]

    def _ways(self, shape: Conditional, at: Path) -> tuple[str, str]:
        choice = self._look(shape.choose, (*at, f"{shape.choose.name}.choose"))
        join = self._point()
        ways = [(str(key), way) for key, way in shape.ways.items()]
        if shape.default is not None:
            ways.append(("otherwise", shape.default))
        for index, (label, way) in enumerate(ways):
            entered, left = self.draw(way, (*at, f"{way.name}.{index}"))
            self._arrow(choice, entered, label)
            self._arrow(left, join)
        return choice, join

    def _rounds(self, shape: Iterate, at: Path) -> tuple[str, str]:
        entered, left = self.draw(shape.body, (*at, f"{shape.body.name}.*"))
        done = self._look(shape.until, (*at, f"{shape.until.name}.*.until"))
        self._arrow(left, done)
        self._arrow(done, entered, f"again, at most {shape.max_rounds} rounds")
        return entered, done

    def _side_by_side(self, shape: Parallel, at: Path) -> tuple[str, str]:
        fork = self._point()
        join = self._point() if shape.join is None else self._look(shape.join, (*at, "join"), ("[", "]"), "join")
        for index, each in enumerate(shape.nodes):
            entered, left = self.draw(each, (*at, f"{each.name}.{index}"))
            self._arrow(fork, entered)
            self._arrow(left, join)
        return fork, join

    def _reflection(self, shape: Reflect, at: Path) -> tuple[str, str]:
        written, draft = self.draw(shape.write, (*at, f"{shape.write.name}.*.draft"))
        read, said = self.draw(shape.critique, (*at, f"{shape.critique.name}.*.critique"))
        good = self._look(shape.accept, (*at, f"{shape.accept.name}.*.accept"))
        self._arrow(draft, read)
        self._arrow(said, good)
        self._arrow(good, written, f"write again, at most {shape.rounds} times")
        return written, good

    def _tries(self, shape: BestOf, at: Path) -> tuple[str, str]:
        entered, left = self._framed(f"{shape.name}: {shape.tries} tries", shape.body, (*at, f"{shape.body.name}.*"))
        score = self._look(shape.score, (*at, f"{shape.score.name}.*.score"))
        self._arrow(left, score)
        return entered, score

    def _again_if_it_fails(self, thing: Tried, at: Path) -> tuple[str, str]:
        below = (*at, f"{thing.body.name}.*")
        self.places.forget_earlier_tries(at, thing.body.name)
        if not (isinstance(thing.body.thing, Workflow) and thing.body.thing.parts) or not thing.retries:
            return self.draw(thing.body, below)
        retries = sum(place.retries for place in self.places.matching(below))
        return self._framed(
            f"{thing.name}: at most {thing.retries + 1} tries{f', tried again {retries}x' if retries else ''}", thing.body, below
        )

    def _framed(self, title: str, body: Node, at: Path) -> tuple[str, str]:
        self.lines.append(f"{self._indent}subgraph {self._name('s')}[{_quoted(title)}]")
        self._indent += "  "
        ends = self.draw(body, at)
        self._indent = self._indent[:-2]
        self.lines.append(f"{self._indent}end")
        return ends

    def _look(self, each: Node, at: Path, frame: tuple[str, str] = ("{", "}"), unnamed: str = "?") -> str:
        return self._box(each, [*self.places.matching(at)], frame, each.name if each.name != LAMBDA else unnamed)

    def _box(self, each: Node, places: list[Place], frame: tuple[str, str] | None = None, label: str = "") -> str:
        name = self._name("n")
        opened, closed = frame or _frame(each)
        text = "<br/>".join([_escaped(label or each.name), *self._happened(places)])
        self.lines.append(f'{self._indent}{name}{opened}"{text}"{closed}')
        if places:
            self.classes.setdefault(_worst(places), []).append(name)
        return name

    def _happened(self, places: list[Place]) -> Iterator[str]:
        """What is said below a name: how often and how long, how often tried again, and why it stopped."""
        if not places:
            return
        times = f"{len(places)}x"
        ended = [place.seconds for place in places if place.standing in (Standing.DONE, Standing.FAILED)]
        yield f"{times}, {_time(sum(ended))}" if self.timed and ended else times
        if retries := sum(place.retries for place in places):
            yield f"tried again {retries}x"
        for standing in (Standing.FAILED, Standing.WAITING, Standing.RUNNING):
            stopped = [place for place in places if place.standing is standing]
            if stopped:
                number = "" if len(stopped) == len(places) == 1 else f"{len(stopped)} "
                why = f": {_escaped(_short(stopped[0].error))}" if stopped[0].error else ""
                yield f"{number}{_STOPPED[standing]}{why}"

    def _point(self) -> str:
        name = self._name("n")
        self.lines.append(f"{self._indent}{name}(( ))")
        return name

    def _arrow(self, source: str, target: str, label: str = "") -> None:
        self.lines.append(f"{self._indent}{source} -->{f'|{_quoted(label)}|' if label else ''} {target}")

    def _name(self, letter: str) -> str:
        return f"{letter}{next(self._numbers)}"


_STOPPED = {Standing.FAILED: "failed", Standing.WAITING: "waiting for a yes", Standing.RUNNING: "stopped here"}


class _Tree:
    """A story's places by their segments, so that a drawing finds them without looking at all."""

    def __init__(self) -> None:
        self.place: Place | None = None
        self.below: dict[str, _Tree] = {}

    @classmethod
    def of(cls, story: Timeline) -> _Tree:
        """All places of a story."""
        root = cls()
        for path, place in story.places.items():
            tree = root
            for segment in path:
                tree = tree.below.setdefault(segment, cls())
            tree.place = place
        return root

    def _stands(self) -> Place | None:
        """The place here; where it goes on only because something below it waits, that."""
        if self.place is not None and self.place.standing is Standing.RUNNING:
            for tree in self.below.values():
                below = tree._stands()
                if below is not None and below.standing is Standing.WAITING:
                    return below
        return self.place

    def matching(self, pattern: Path) -> Iterator[Place]:
        """The places of a pattern."""
        for tree in self._trees(pattern):
            if (place := tree._stands()) is not None:
                yield place

    def forget_earlier_tries(self, pattern: Path, name: str) -> None:
        """Where something was tried several times, what counts is the last try; it knows how many there were."""
        for tree in self._trees(pattern):
            *earlier, last = [each for segment, each in tree.below.items() if segment.startswith(f"{name}.")] or [_Tree()]
            for each in earlier:
                each.below, each.place = {}, None
            if last.place is not None:
                last.place = copy(last.place)  # the story keeps its own
                last.place.retries = len(earlier)

    def _trees(self, pattern: Path) -> Iterator[_Tree]:
        if not pattern:
            yield self
            return
        head, *rest = pattern
        before, star, after = head.partition("*")
        if not star:
            if head in self.below:
                yield from self.below[head]._trees(tuple(rest))
            return
        for segment, tree in self.below.items():
            middle = segment[len(before) : len(segment) - len(after)]
            if segment.startswith(before) and segment.endswith(after) and middle.isdigit():
                yield from tree._trees(tuple(rest))


def _frame(each: Node) -> tuple[str, str]:
    thing = each.thing.node.thing if isinstance(each.thing, Lifted) else each.thing
    if isinstance(thing, Tool) and (thing.effect is Effect.WRITE or thing.requires_approval):
        return WRITES
    return FRAMES.get(each.kind, ("[", "]"))


def _worst(places: list[Place]) -> Standing:
    standings = {place.standing for place in places}
    return next(each for each in (Standing.FAILED, Standing.WAITING, Standing.RUNNING, Standing.DONE) if each in standings)


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:59] + "…"


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


# What Mermaid, its Markdown or a page would read as its own: some characters anywhere, others only where they would begin or end something
# (the parser looks for "direction LR" in whole lines, texts in quotation marks and all).
_ITS_OWN = re.compile(r'["#<>&;`|\\%$*~]|(?<!\w)_|_(?!\w)|(?<=^\d)[.)]|(?<=^\d\d)[.)]|^[-+=]|[dD](?=(?i:irection)\s+[A-Za-z]{2})')


def _escaped(text: str) -> str:
    """Text that a drawing shows as it is: what would be read as something else is written by number."""
    numbered = _ITS_OWN.sub(lambda its: f"#{ord(its[0])};", text)
    return "".join(character if character.isprintable() else f"#{ord(character)};" for character in numbered) or " "
