"""The progress of a run as a live tree on standard error: what runs, what is done, what failed, what waits for an approval."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from sayso.tools.approval.cards import show_value
from sayso.tools.approval.requests import ApprovalRequest, Approver, Decision
from sayso.workflows.events.event_log import describe_trimming
from sayso.workflows.events.event_types import (
    AnyEvent,
    ApprovalRequested,
    ChildFinished,
    HistoryTrimmed,
    ModelChanged,
    ModelFailed,
    RequestDowngraded,
    RequestRetried,
    StageReached,
    StepBegan,
    StepFinished,
    StepRepeated,
)
from sayso.workflows.events.timeline import PositionPath, PositionState, Status, Timeline, find_position

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text
    from rich.tree import Tree

MARKS = {Status.RUNNING: ("•", "cyan"), Status.DONE: ("✓", "green"), Status.FAILED: ("✗", "red"), Status.WAITING: ("?", "yellow")}
MAX_CHILDREN = 12
MAX_LINES = 40


class ProgressTree:
    """Shows events as a growing tree on a terminal; elsewhere as one line for each stage, retry, failure and open request.

    Where the run says in words what it does (StageReached), the words stand for the positions; one that is told `in_words` says everything
    so, its failures too, and no position is shown. The lines of the stages named in `pinned` stay on the terminal, above the tree. During a
    step named in `asking`, which asks a person in this terminal, the tree is away. Nothing is said once nobody reads it any more.

    with ProgressTree("Essay") as tree:
        async for event in flow.run_events(value, approve=tree.approve_with(terminal)):
            tree.take(event)
    """

    stage: str

    def __init__(
        self,
        title: str,
        *,
        in_words: bool = False,
        pinned: Container[str] = (),
        asking: Container[str] = (),
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.title: str = title
        self._pinned, self._asking, self._stream, self._clock = pinned, asking, stream or sys.stderr, clock
        self._in_words = in_words
        self.timeline: Timeline = Timeline()
        self.stage = self._failure = ""
        self._words: dict[PositionPath, str] = {}
        self._live: Live | None = None

    def __enter__(self) -> ProgressTree:
        if self._stream.isatty() and os.environ.get("TERM") != "dumb":
            self._start()
        return self

    def _start(self) -> None:
        from rich.console import Console
        from rich.live import Live

        # Output of the program that goes to a file or a pipe must not be redirected to the terminal.
        console, on_terminal = Console(file=self._stream), sys.stdout.isatty()
        self._live = Live(get_renderable=self.draw, console=console, refresh_per_second=8, redirect_stdout=on_terminal)
        self._live.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live is not None:
            with suppress(OSError):  # the terminal may be gone
                self._live.stop()

    def take(self, event: AnyEvent) -> None:
        """Show one event."""
        self.timeline.add(event)
        if isinstance(event, (StepBegan, StepFinished)) and event.position in self._asking:
            self._make_room(isinstance(event, StepBegan))
        if isinstance(event, StageReached):
            self.stage = show_value(event.detail or event.stage)
            self._words[find_position(event.run)] = self.stage
            if self._live is not None and event.stage in self._pinned:
                self._live.console.print(format_event(event), markup=False, highlight=False)
        if self._live is None and (line := self._write_line(event)):
            with suppress(OSError):  # whoever read it is gone: the run goes on
                print(line, file=self._stream, flush=True)
        self._failure = find_failure(event) or self._failure

    def _write_line(self, event: AnyEvent) -> str:
        if self._in_words and find_failure(event):
            return ""
        return format_event(event, self._failure, self._name_position)

    def _name_position(self, run: str, name: str = "") -> str:
        """Return what was said last at a position or above it; the position itself where nothing was."""
        path = find_position(run, name)
        said = (self._words.get(path[:length]) for length in range(len(path), 0, -1))
        return next((words for words in said if words), _join(run, name))

    def _make_room(self, begins: bool) -> None:
        """Take the tree off the terminal while a step asks there, and bring it back."""
        if self._live is not None and begins:
            self._live.transient = True
            self._live.stop()
        elif self._live is not None:
            self._start()

    def approve_with(self, approve: Approver) -> Approver:
        """Return the approver, with the tree off the terminal while it asks."""

        async def ask(request: ApprovalRequest, /) -> Decision | None:
            if self._live is None:
                return await approve(request)
            self._live.transient = True  # the tree leaves no trace above the question, and comes back below it
            self._live.stop()
            try:
                return await approve(request)
            finally:
                self._start()

        return ask

    def draw(self) -> Tree:
        """Return the tree of the events so far."""
        from rich.text import Text
        from rich.tree import Tree

        tree = Tree(Text(f"{show_value(self.title)}  {self.stage}", style="bold"), guide_style="dim")
        positions = list(self.timeline.positions.items())  # rich draws from a thread of its own while events come in
        # Three lines are left for the title, "and 9 more" and the cursor.
        lines = MAX_LINES if self._live is None else min(MAX_LINES, self._live.console.height - 3)
        grown = _build_tree(positions, dict(self._words))
        if self._words or self._in_words:
            _keep_what_speaks(grown, in_words=self._in_words)
        _add_children(tree, grown, self._clock(), iter(range(lines)))
        return tree


class _TreeNode:
    """A position of the run with the positions below it."""

    __slots__ = ("children", "name", "state", "words")

    def __init__(self, name: str) -> None:
        self.name, self.words = name, ""
        self.state: PositionState | None = None
        self.children: dict[str, _TreeNode] = {}


def _build_tree(positions: list[tuple[PositionPath, PositionState]], words: dict[PositionPath, str]) -> _TreeNode:
    root = _TreeNode("")
    for path, state in positions:
        branch = root
        for segment in path:
            branch = branch.children.setdefault(segment, _TreeNode(segment))
        branch.state, branch.words = state, words.get(path, "")
    return root


def _keep_what_speaks(branch: _TreeNode, *, in_words: bool) -> None:
    """Leave out what has said nothing in words, as long as it neither fails nor waits (or in any case); what is below it moves up."""
    kept: dict[str, _TreeNode] = {}
    for child in branch.children.values():
        _keep_what_speaks(child, in_words=in_words)
        is_plain = in_words or child.state is None or (child.state.status in (Status.RUNNING, Status.DONE) and not child.state.retries)
        if child.words or not is_plain:
            kept[f"{len(kept)} {child.name}"] = child
        else:
            kept |= {f"{len(kept) + number} {name}": each for number, (name, each) in enumerate(child.children.items())}
    branch.children = kept


def _add_children(tree: Tree, branch: _TreeNode, now: float, lines_left: Iterator[int]) -> None:
    """Add the children of a branch: all that are not done, and the latest of those that are.

    `lines_left` yields once for each line that may still be drawn.
    """
    from rich.text import Text

    children = list(branch.children.values())
    done = [child for child in children if child.state is not None and child.state.status is Status.DONE]
    room_for_done = len(done) if len(children) <= MAX_CHILDREN else max(0, MAX_CHILDREN - (len(children) - len(done)))
    earlier = set(map(id, done[: len(done) - room_for_done]))
    hidden = 0
    for child in children:
        finished = child.state is not None and child.state.status is Status.DONE
        if id(child) in earlier or next(lines_left, None) is None:
            hidden += 1
            continue
        grown = tree.add(_label(child, now))
        if not finished:  # the children of what is done are folded
            _add_children(grown, child, now, lines_left)
    if hidden:
        tree.add(Text(f"and {hidden} more", style="dim"))


def _label(branch: _TreeNode, now: float) -> Text:
    from rich.text import Text

    state = branch.state
    if state is None:
        return Text(branch.words or show_value(branch.name))
    mark, style = MARKS[state.status]
    seconds = now - state.started_at if state.status is Status.RUNNING else state.seconds
    text = Text(f"{mark} ", style=style)
    text.append(branch.words or show_value(branch.name), style="")
    if state.status is Status.WAITING:
        text.append("  waits for an approval", style="yellow")
    elif seconds >= 0.1:
        text.append(f"  {seconds:.1f} s", style="dim")
    if state.retries:
        text.append(f"  tried again {state.retries}x", style="yellow")
    if state.error:
        text.append(f"  {show_value(state.error)[:100]}", style="red")
    return text


def _join(run: str, name: str = "") -> str:
    return f"{run}/{name}" if name else run


def find_failure(event: AnyEvent) -> str:
    """Return the error that a step, a model or a child raised; "" for any other event."""
    return event.error if isinstance(event, (StepFinished, ModelFailed, ChildFinished)) and not event.cut_off else ""


def format_event(event: AnyEvent, last_failure: str = "", name_position: Callable[[str, str], str] = _join) -> str:
    """Return the line of an event where there is no terminal; empty for most events.

    An error that is raised through several branches is reported once: one equal to `last_failure` gets no line. `name_position` says where
    it is, of a run and a step in it ("" for none).
    """
    if error := find_failure(event):
        return f"  {'failed':<10} {name_position(event.run, event.position)}: {show_value(error)}" if error != last_failure else ""
    match event:
        case StageReached():
            return f"  {show_value(event.stage):<10} {show_value(event.detail)}"
        case RequestRetried():
            return f"  {'retry':<10} try {event.attempt} failed, again in {event.wait_seconds:.0f} s: {show_value(event.why)}"
        case RequestDowngraded():
            return f"  {'without':<10} {show_value(event.without)}: {show_value(event.why)}"
        case ModelChanged():
            return f"  {'switched':<10} from {show_value(event.failed)} to {show_value(event.next)}: {show_value(event.why)}"
        case HistoryTrimmed() if event.tokens < event.tokens_before:
            return f"  {'trimmed':<10} {show_value(describe_trimming(event))}"
        case StepRepeated():
            place = name_position(event.run, event.position)
            return f"  {'retry':<10} {place}: try {event.attempt} in {event.wait_seconds:.1f} s, because of: {show_value(event.error)}"
        case ApprovalRequested():
            return f"  {'waits':<10} {name_position(event.run, '')}: {show_value(event.request.summary)}"
        case _:
            return ""
