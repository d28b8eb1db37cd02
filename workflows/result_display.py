"""What a notebook shows of a run's result: the answer with what it cost, or the cards that wait, with buttons that decide."""

from __future__ import annotations

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from html import escape
from typing import Any, Protocol

from sayso.tools.approval.card_html import write_card
from sayso.tools.approval.cards import escape_lines
from sayso.tools.approval.requests import ApprovalRequest, Approve, Decision, Edit, Reject, read_shown
from sayso.tools.canonical import readable_json
from sayso.tools.errors import SaysoError

from .events.plain_values import to_plain_json
from .runs.limits import Usage

PLACE = "notebook"
INSTALL = "Install ipywidgets for buttons, or decide in the next cell: <code>await result.resume({request.digest: Approve()})</code>"
_TASKS: set[asyncio.Task[None]] = set()
"""What buttons have begun: the event loop alone would forget it."""


class ShownResult(Protocol):
    """A run's result, as it is shown."""

    @property
    def run_id(self) -> str: ...
    @property
    def value(self) -> Any: ...
    @property
    def finished(self) -> bool: ...
    @property
    def pending(self) -> Sequence[ApprovalRequest]: ...
    @property
    def usage(self) -> Usage: ...
    @property
    def engine(self) -> object: ...
    def resume(self, decisions: Mapping[str, Decision] | None = None) -> Awaitable[Any]:
        """Hand in decisions."""
        ...


class ShownNode(Protocol):
    """A node of a workflow, as it is shown."""

    kind: str
    name: str
    step: Any


def write_parts(kind: str, name: str, parts: Sequence[ShownNode]) -> str:
    """Return a workflow as a nested list in HTML: its kind and name, and its parts with theirs."""
    inside = "".join(
        f"<li>{write_parts(each.kind, each.name, getattr(each.step, 'parts', ()))}</li>"
        for each in parts
        if each.kind not in ("predicate", "join")
    )
    return f"{escape(kind)} <b>{escape(escape_lines(name))}</b>" + (f"<ul>{inside}</ul>" if inside else "")


def write_result(result: ShownResult) -> str:
    """Return a result as HTML. What a model wrote is text in it."""
    if not result.finished:
        waits = f"<p>Run <b>{escape(result.run_id)}</b> waits for {len(result.pending)} decision{'s' * (len(result.pending) != 1)}.</p>"
        return waits + "".join(write_card(each, read_shown(each.arguments)) for each in result.pending)
    return f"{_write_value(result.value)}<small style='opacity:.75'>{escape(_describe(result.run_id, result.usage))}</small>"


def write_result_markdown(result: ShownResult) -> str:
    """Return a result as Markdown, its text in a block of code: a model's Markdown could load what it likes."""
    if not result.finished:
        cards = [f"    {escape_lines(each.summary)}" for each in result.pending]
        return "\n".join([f"Run `{result.run_id}` waits:", "", *cards])
    text = result.value if isinstance(result.value, str) else readable_json(to_plain_json(result.value))
    return "\n".join([*(f"    {line}" for line in escape_lines(text).split("\n")), "", _describe(result.run_id, result.usage)])


def _write_value(value: object) -> str:
    if not isinstance(value, str) and (write := getattr(value, "_repr_html_", None)) is not None:
        return str(write())
    text = value if isinstance(value, str) else json.dumps(to_plain_json(value), indent=2, ensure_ascii=False)
    return f"<pre style='white-space:pre-wrap;font-family:inherit'>{escape(escape_lines(text))}</pre>"


def _describe(run_id: str, usage: Usage) -> str:
    cost = f", ${usage.cost_usd:.4f}" if usage.cost_usd else ""
    tokens = f", {usage.input_tokens:,} tokens in, {usage.output_tokens:,} out" if usage.input_tokens or usage.output_tokens else ""
    return f"run {run_id}: {usage.model_calls} model calls, {usage.tool_calls} tool calls{tokens}{cost}"


def show_result(result: ShownResult) -> None:
    """Show a result in a notebook: a pending one with buttons, where ipywidgets is installed."""
    from IPython.display import HTML, display  # type: ignore[attr-defined,unused-ignore]  # only a notebook calls this, and it has it

    if result.finished or result.engine is None:
        display(HTML(write_result(result)))  # type: ignore[no-untyped-call,unused-ignore]
        return
    try:
        import ipywidgets  # type: ignore[import-untyped]  # noqa: F401
    except ImportError:
        display(HTML(f"{write_result(result)}<p>{INSTALL}</p>"))  # type: ignore[no-untyped-call,unused-ignore]
        return
    for request in result.pending:
        display(make_buttons(request, lambda decisions: _resume(result, decisions), show_result))  # type: ignore[no-untyped-call,unused-ignore]


async def _resume(result: ShownResult, decisions: Mapping[str, Decision]) -> ShownResult:
    resumed: ShownResult = await result.resume(decisions)
    return resumed


def make_buttons(request: ApprovalRequest, resume: Callable[[Mapping[str, Decision]], Any], show: Callable[[ShownResult], None]) -> Any:
    """Return a card with buttons: approve, reject with a reason, or edit the arguments, which makes a new card.

    The first click counts; then the buttons are off, and what the run came to is shown below.
    """
    import ipywidgets as widgets

    approve = widgets.Button(description="Approve", button_style="success")
    reject = widgets.Button(description="Reject", button_style="danger")
    edit = widgets.Button(description="Edit")
    reason = widgets.Text(placeholder="why not (the model is told)")
    arguments = widgets.Textarea(value=json.dumps(read_shown(request.arguments), indent=2, ensure_ascii=False), rows=4)
    output = widgets.Output()
    by = _find_user()

    async def decide(decision: Decision) -> None:
        with output:
            try:
                show(await resume({request.digest: decision}))
            except SaysoError as error:
                print(f"sayso: {escape_lines(str(error))}")

    def click(make: Callable[[], Decision]) -> Callable[[object], None]:
        def take_click(_button: object) -> None:
            if approve.disabled:
                return
            try:
                decision = make()
            except ValueError as error:
                with output:
                    print(f"sayso: the arguments are not a JSON object: {error}. Nothing was decided.")
                return
            for each in (approve, reject, edit):
                each.disabled = True
            task = asyncio.get_running_loop().create_task(decide(decision))
            _TASKS.add(task)
            task.add_done_callback(_TASKS.discard)

        return take_click

    def change() -> Decision:
        wanted = json.loads(arguments.value)
        if not isinstance(wanted, dict):
            raise ValueError("it is a list or a single value")
        return Edit(wanted, by=by, place=PLACE)

    approve.on_click(click(lambda: Approve(by=by, place=PLACE)))
    reject.on_click(click(lambda: Reject(reason.value, by=by, place=PLACE)))
    edit.on_click(click(change))
    rows = (widgets.HBox([approve, reject, reason]), widgets.HBox([edit, arguments]))
    return widgets.VBox([widgets.HTML(write_card(request, read_shown(request.arguments))), *rows, output])


def _find_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no account database in this container
        return "unknown"
