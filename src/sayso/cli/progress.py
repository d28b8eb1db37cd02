"""A run as a live tree on standard error: what is under way, what is done, what failed, what waits for a yes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Container, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

from sayso.agents.agent_events import ModelRetried
from sayso.tools.approval.cards import show_value
from sayso.tools.approval.requests import ApprovalRequest, Approver, Decision
from sayso.workflows.runs.events import ApprovalAsked, BranchFailed, Progress, StepFailed, StepRetried
from sayso.workflows.runs.timeline import PositionPath, PositionState, Status, Timeline

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text
    from rich.tree import Tree

MARKS = {Status.RUNNING: ("•", "cyan"), Status.DONE: ("✓", "green"), Status.FAILED: ("✗", "red"), Status.WAITING: ("?", "yellow")}
SHOWN_BELOW_ONE = 12
SHOWN_IN_ALL = 40


class ProgressTree:
    """Shows the events it is given as a tree that grows, on a terminal; elsewhere one line for each stage, retry and failure.

    What is told of the stages named in `staying` stays on the terminal too, above the tree.

    with ProgressTree("Essay") as tree:
        async for event in flow.run_stream(value, approve=tree.asking(terminal)):
            tree.take(event)
    """

    def __init__(
        self,
        title: str,
        *,
        staying: Container[str] = (),
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.title, self._staying, self._stream, self._clock = title, staying, stream or sys.stderr, clock
        self.story = Timeline(clock=clock)
        self.stage = self._failure = ""
        self._live: Live | None = None

    def __enter__(self) -> ProgressTree:
        if self._stream.isatty() and os.environ.get("TERM") != "dumb":
            self._start()
        return self

    def _start(self) -> None:
        from rich.console import Console
        from rich.live import Live

        # What the program prints to a file or a pipe is not the terminal's.
        console, on_terminal = Console(file=self._stream), sys.stdout.isatty()
        self._live = Live(get_renderable=self.drawn, console=console, refresh_per_second=8, redirect_stdout=on_terminal)
        self._live.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()

    def take(self, event: Any) -> Any:
        """Take one event in, and give it back."""
        self.story.add(event)
        if isinstance(event, Progress):
            self.stage = show_value(f"{event.stage}: {event.detail}" if event.detail else event.stage)
            if self._live is not None and event.stage in self._staying:
                self._live.console.print(line_for(event), markup=False, highlight=False)
        if self._live is None and (line := line_for(event, self._failure)):
            print(line, file=self._stream, flush=True)
        if isinstance(event, (StepFailed, BranchFailed)):
            self._failure = event.error
        return event

    def asking(self, approve: Approver) -> Approver:
        """The approver, with the tree out of its way while it asks."""

        async def asked(request: ApprovalRequest, /) -> Decision | None:
            if self._live is None:
                return await approve(request)
            self._live.transient = True  # the tree leaves no trace above the question, and comes back below it
            self._live.stop()
            try:
                return await approve(request)
            finally:
                self._start()

        return asked

    def drawn(self) -> Tree:
        """The tree as it stands now."""
        from rich.text import Text
        from rich.tree import Tree

        tree = Tree(Text(f"{show_value(self.title)}  {self.stage}", style="bold"), guide_style="dim")
        places = list(self.story.positions.items())  # rich draws from a thread of its own while events come in
        lines = (
            SHOWN_IN_ALL if self._live is None else min(SHOWN_IN_ALL, self._live.console.height - 3)
        )  # the title, "and 9 more", the cursor
        _add_below(tree, _below(places), self._clock(), iter(range(lines)))
        return tree


class _Branch:
    """A place with the places below it."""

    __slots__ = ("below", "name", "place")

    def __init__(self, name: str) -> None:
        self.name = name
        self.place: PositionState | None = None
        self.below: dict[str, _Branch] = {}


def _below(places: list[tuple[PositionPath, PositionState]]) -> _Branch:
    root = _Branch("")
    for path, place in places:
        branch = root
        for segment in path:
            branch = branch.below.setdefault(segment, _Branch(segment))
        branch.place = place
    return root


def _add_below(tree: Tree, branch: _Branch, now: float, room: Iterator[int]) -> None:
    """Add what is below a branch: all that is not done, and of what is done the latest."""
    from rich.text import Text

    children = list(branch.below.values())
    done = [child for child in children if child.place is not None and child.place.status is Status.DONE]
    room_for_done = len(done) if len(children) <= SHOWN_BELOW_ONE else max(0, SHOWN_BELOW_ONE - (len(children) - len(done)))
    earlier = set(map(id, done[: len(done) - room_for_done]))
    hidden = 0
    for child in children:
        finished = child.place is not None and child.place.status is Status.DONE
        if id(child) in earlier or next(room, None) is None:
            hidden += 1
            continue
        grown = tree.add(_label(child, now))
        if not finished:  # what is done is folded up
            _add_below(grown, child, now, room)
    if hidden:
        tree.add(Text(f"and {hidden} more", style="dim"))


def _label(branch: _Branch, now: float) -> Text:
    from rich.text import Text

    place = branch.place
    if place is None:
        return Text(show_value(branch.name))
    mark, style = MARKS[place.status]
    seconds = now - place.started_at if place.status is Status.RUNNING else place.seconds
    text = Text(f"{mark} ", style=style)
    text.append(show_value(branch.name), style="")
    if place.status is Status.WAITING:
        text.append("  waits for a yes", style="yellow")
    elif seconds >= 0.1:
        text.append(f"  {seconds:.1f} s", style="dim")
    if place.retries:
        text.append(f"  tried again {place.retries}x", style="yellow")
    if place.error:
        text.append(f"  {show_value(place.error)[:100]}", style="red")
    return text


def line_for(event: Any, last_failure: str = "") -> str:
    """The line that an event is worth where there is no terminal; empty for most. A failure that goes up the branches is told once."""
    match event:
        case Progress(_, stage, detail):
            return f"  {show_value(stage):<10} {show_value(detail)}"
        case ModelRetried(_, attempt, wait, why):
            return f"  {'retry':<10} try {attempt} failed, again in {wait:.0f} s: {show_value(why)}"
        case StepRetried(run, name, attempt, wait, error):
            return f"  {'retry':<10} {run}/{name}: try {attempt} in {wait:.1f} s, because of: {show_value(error)}"
        case StepFailed(run, name, error) if error != last_failure:
            return f"  {'failed':<10} {run}/{name}: {show_value(error)}"
        case BranchFailed(run, _, error) if error != last_failure:
            return f"  {'failed':<10} {run}: {show_value(error)}"
        case ApprovalAsked(run, request):
            return f"  {'waits':<10} {run}: {show_value(request.card)}"
    return ""
