"""Read the events of a run: from what it emits, what its steps came to, and what its models were sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sayso.tools.approval.requests import read_shown
from sayso.tools.calls import Outcome, ToolResult
from sayso.tools.canonical import Json
from sayso.tools.definition.code_tool import CallsOut, Ended
from sayso.tools.effects import Labels
from sayso.tools.errors import LimitReached

from ..runs import events as emitted
from ..runs.journal import Failure
from ..runs.limits import NO_USAGE, Intent, Usage, count_step, is_refunded, results_of
from ..runs.protocols import BEGUN_WITH
from . import event_types as public
from .asked_approvals import APPROVALS, AskedApprovals
from .call_positions import CALL, find_outer_call, split_position
from .calls_under_way import CallsUnderWay
from .event_types import AnyEvent
from .plain_values import to_plain_json

MISSING = object()
"""Stands for the result of a step that is not stored."""
_MODEL = re.compile(r"model:(\d+)")
_ASIDE = ("labels:", "intent:", "effect:", "propose:", "until:")
"""The beginnings of steps that are told of in other words, or in none."""
_LONGEST_TEXT = 100_000


class Tells(Protocol):
    """An event of a higher room, which knows its public form."""

    def tell(self, time: float) -> AnyEvent:
        """Return the public event."""
        ...


class Stored(Protocol):
    """What is stored of a run: by run and step, what it came to (MISSING if it is not there) and what was sent or called (None)."""

    def find_result(self, run: str, name: str) -> object:
        """Return what a step came to."""
        ...

    def find_sent(self, run: str, name: str) -> Mapping[str, Any] | None:
        """Return what a step has sent to its model, or which calls it makes."""
        ...


@dataclass(slots=True)
class Began:
    """An execution begins."""

    flow: str
    user: str
    input: object
    execution: int = 1
    by: str = ""


@dataclass(slots=True)
class Over:
    """An execution ends: as `state` says, with an output or an error."""

    state: str
    output: object = None
    error: object = None


@dataclass(slots=True)
class Unread:
    """An event of an application whose class is not loaded here: its name, and its value as JSON."""

    run: str
    name: str
    value: object


class EventReader:
    """Takes what a run emits in order, and yields its public events, the stored ones numbered from 0.

    The same sequence gives the same events, whether it comes from a run under way or from its log.
    """

    def __init__(self, root: str, stored: Stored, mask: Callable[[Json], Json] | None = None) -> None:
        self.root: str = root
        self._stored, self._mask = stored, mask
        self.number: int = 0
        self.usage: Usage = NO_USAGE
        self._began: dict[tuple[str, str], float] = {}
        self._models: dict[str, str] = {}
        self._children: dict[str, str] = {}  # those that are under way, with their names
        self._over: dict[str, str] = {}  # those that raised
        self._calls = CallsUnderWay(self._plain)
        self._approvals = AskedApprovals(self._calls, self._plain)
        self._known: set[str] = set()  # the runs that have done something

    def take(self, event: object, time: float) -> Iterator[AnyEvent]:
        """Yield the public events of what was emitted at that time."""
        for each in self._read(event, time):
            if each.is_streamed:
                yield each
                continue
            each = each if each.number is not None else replace(each, number=self.number)
            self.number += 1
            yield each

    def _read(self, event: Any, time: float) -> Iterator[AnyEvent]:
        run = getattr(event, "run", "")
        if run in self._over and not isinstance(event, emitted.BranchStarted):  # a child that had failed goes on in a later execution
            self._children[run] = name = self._over.pop(run)
            yield public.ChildBegan(run=run, time=time, name=name)
        match event:
            case Began() | Over():
                yield from self._read_execution(event, time)
            case emitted.StepStarted(run, name):
                self._began[run, name] = time
                yield from self._read_first_labels(run, time)
                yield from self._read_start(run, name, time)
            case emitted.SignalReceived(run, name):
                yield from self._read_first_labels(run, time)
                yield from self._read_labels(run, name, time)
                value = self._plain(self._stored.find_result(run, name))
                yield public.SignalTaken(run=run, time=time, position=name, topic=name.partition(":")[2], value=value)
            case emitted.StepEnded(run, name):
                yield from self._read_labels(run, name, time)
                yield from self._read_end(run, name, self._stored.find_result(run, name), time)
            case emitted.StepFailed(run, name, error):
                yield from self._read_labels(run, name, time)
                yield from self._read_failure(run, name, error, time)
            case emitted.BranchStarted(run, name):
                self._over.pop(run, None)
                self._children[run] = name
                yield public.ChildBegan(run=run, time=time, name=name)
                if delegated := CALL.fullmatch(name):
                    yield from self._calls.begin(run.rpartition("/")[0], delegated[2], delegated[1], None, time)
            case emitted.BranchEnded(run, name):
                self._children.pop(run, None)
                yield public.ChildFinished(run=run, time=time, name=name)
            case emitted.BranchFailed(run, name, error):
                self._over[run] = self._children.pop(run, name)
                yield public.ChildFinished(run=run, time=time, name=name, error=error)
            case emitted.RoundEnded(run, number):
                yield public.RoundFinished(run=run, time=time, round=number)
            case emitted.StepRetried(run, name, attempt, wait, error):
                yield public.StepRepeated(run=run, time=time, position=name, attempt=attempt, wait_seconds=wait, error=error)
            case emitted.Progress(run, stage, detail):
                yield public.StageReached(run=run, time=time, stage=stage, detail=detail)
            case _ if hasattr(event, "tell"):
                yield event.tell(time)
            case Unread(run, name, value):
                yield public.OwnEvent(run=run, time=time, name=name, value=self._plain(value))
            case _ if isinstance(event, APPROVALS):
                yield from self._approvals.read(event, time)
            case _:
                own = run if isinstance(run, str) and run.partition("/")[0] == self.root else self.root
                yield public.OwnEvent(run=own, time=time, name=type(event).__name__, value=self._plain(event))

    # executions

    def _read_execution(self, event: Began | Over, time: float) -> Iterator[AnyEvent]:
        if isinstance(event, Began):
            yield public.RunBegan(
                run=self.root,
                time=time,
                flow=event.flow,
                user=event.user,
                input=self._plain(event.input),
                execution=event.execution,
                by=event.by,
            )
            return
        if event.state == "waiting":
            yield public.RunPaused(run=self.root, time=time, waits_for=tuple(self._approvals.open), **_write_usage(self.usage))
            return
        error = event.error
        why = str(self._plain(str(error))) if error is not None else f"The run ended before it: {event.state}."
        yield from map(_cut_off, self._end_what_is_open(why, time))
        if isinstance(error, LimitReached):
            yield public.LimitHit(
                run=error.run_id or self.root, time=time, limit=error.limit, allowed=error.allowed, seen=error.seen, error=str(error)
            )
        yield public.RunFinished(
            run=self.root,
            time=time,
            state=event.state,
            output=self._plain(event.output),
            error="" if error is None else str(self._plain(str(error))),
            error_type=type(error).__name__ if isinstance(error, BaseException) else "",
            **_write_usage(self.usage),
        )

    def _end_what_is_open(self, why: str, time: float) -> Iterator[AnyEvent]:
        """Yield the ends of what was under way when the run ended, innermost first: of a branch beside the one that failed, for example."""
        for run, name in reversed(list(self._began)):
            if name.startswith("effect:"):
                yield from self._calls.fail(run, name, Outcome.UNKNOWN, why, time)
            elif not name.startswith(_ASIDE):
                yield from self._read_failure(run, name, why, time)
        yield from self._calls.end_all(why, time)
        for run, name in reversed(list(self._children.items())):
            self._over[run] = name
            yield public.ChildFinished(run=run, time=time, name=name, error=why)
        self._began.clear()
        self._children.clear()

    # steps

    def _read_first_labels(self, run: str, time: float) -> Iterator[AnyEvent]:
        """Yield what a run began with, once: it is stored before its first step."""
        if run not in self._known:
            self._known.add(run)
            yield from self._read_labels(run, "", time)

    def _read_labels(self, run: str, name: str, time: float) -> Iterator[AnyEvent]:
        """Yield what a run has read by the end of a step, where that is stored with it."""
        labels = self._stored.find_result(run, f"{BEGUN_WITH}{name}")
        if isinstance(labels, Labels):
            yield public.LabelsGained(
                run=run, time=time, position=name, untrusted=labels.untrusted, private=labels.private, unvouched=labels.unvouched
            )

    def _read_start(self, run: str, name: str, time: float) -> Iterator[AnyEvent]:
        sent = self._stored.find_sent(run, name)
        if model := _MODEL.fullmatch(name):
            yield self._read_request(run, int(model[1]), sent or {}, time)
        elif name.startswith(("read:", "reads:")):
            yield from self._read_calls(run, name, sent or {}, time)
        elif name.startswith("code:"):
            if found := CALL.fullmatch(name.removeprefix("code:")):
                call = found[2]
                if (run, call) not in self._calls.under_way and (run, find_outer_call(call)) not in self._calls.under_way:
                    yield from self._calls.begin(run, call, found[1], None, time)
        elif not name.startswith(_ASIDE):
            yield public.StepBegan(run=run, time=time, position=name)

    def _read_request(self, run: str, turn: int, sent: Mapping[str, Any], time: float) -> AnyEvent:
        self._models[run] = str(sent.get("model") or self._models.get(run, ""))
        messages = tuple(
            public.SentMessage(role=str(role), text=str(self._plain(str(text))[:_LONGEST_TEXT])) for role, text in sent.get("messages", ())
        )
        tools = tuple(name for each in sent.get("tools", ()) if (name := _name_tool(each)))
        return public.ModelRequested(
            run=run, time=time, position=f"model:{turn}", turn=turn, model=self._models[run], messages=messages, tools=tools
        )

    def _read_calls(self, run: str, name: str, sent: Mapping[str, Any], time: float) -> Iterator[AnyEvent]:
        """Yield the calls that a step of reads performs."""
        for each in sent.get("calls", ()):
            yield from self._calls.begin(run, each["id"], each["tool"], each["arguments"], time)
        if name.startswith("read:"):
            position = name.removeprefix("read:")
            asked = self._approvals.find_asked(run, position)
            tool, call = split_position(position)
            if (run, call) not in self._calls.under_way:
                yield from self._calls.begin(run, call, tool, sent.get("call") if asked is None else read_shown(asked.arguments), time)
        elif not sent and (written := self._calls.written.get((run, name.removeprefix("reads:")))) is not None:  # of an older Sayso
            call = name.removeprefix("reads:")
            if (run, call) not in self._calls.under_way:
                yield from self._calls.begin(run, call, str(written["tool"]), None, time)

    def _read_end(self, run: str, name: str, value: object, time: float) -> Iterator[AnyEvent]:
        self._count(run, name, value)
        seconds = time - self._began.pop((run, name), time)
        if (model := _MODEL.fullmatch(name)) and hasattr(value, "usage"):
            yield self._read_reply(run, int(model[1]), value, seconds, time)
        elif name.startswith(("read:", "reads:")):
            for result in results_of(value):
                yield from self._calls.end(run, result.call_id, result, time, position=name.removeprefix("read:"))
        elif name.startswith("effect:") and isinstance(value, ToolResult):
            request = self._approvals.find_asked(run, name.removeprefix("effect:").partition(".ask")[0])
            yield from self._calls.end(run, value.call_id, value, time, key=request.key if request else "")
        elif name.startswith("propose:") and isinstance(value, tuple) and value:
            yield from self._approvals.read_proposal(run, value, time)
        elif name.startswith("intent:") and isinstance(value, Intent) and not value.attempt:
            request = self._approvals.find_asked(run, name.removeprefix("intent:"))
            if request is not None:
                yield from self._approvals.reject(request, value.why or "The tool is no longer the one that was asked about.", time)
        elif name.startswith("code:"):
            if isinstance(value, ToolResult):
                yield from self._calls.end(run, value.call_id, value, time)
            elif isinstance(value, Ended) and (found := CALL.fullmatch(name.removeprefix("code:"))):
                outer = find_outer_call(found[2])
                call = outer if (run, outer) in self._calls.under_way else found[2]
                yield from self._calls.end(run, call, ToolResult(call, value.value, origin=found[1]), time)
            elif not isinstance(value, CallsOut):
                yield public.StepFinished(run=run, time=time, position=name, output=self._plain(value), seconds=seconds)
        elif not name.startswith(_ASIDE):
            output = None if value is MISSING else self._plain(value)
            yield public.StepFinished(run=run, time=time, position=name, output=output, seconds=seconds)

    def _read_reply(self, run: str, turn: int, reply: Any, seconds: float, time: float) -> AnyEvent:
        self._calls.note_written(run, turn, reply.calls)
        usage = reply.usage
        return public.ModelReplied(
            run=run,
            time=time,
            position=f"model:{turn}",
            turn=turn,
            model=getattr(reply, "model", "") or self._models.get(run, ""),
            text=self._plain(reply.text),
            thoughts=self._plain(reply.reasoning),
            calls=tuple(public.AskedCall(id=each.id, tool=each.name, arguments=self._plain(each.arguments)) for each in reply.calls),
            finish=reply.finish,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cached_tokens=usage.cached_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            cost_usd=usage.cost_usd,
            seconds=seconds,
            first_token_seconds=getattr(reply, "first_token_seconds", None),
        )

    def _read_failure(self, run: str, name: str, error: str, time: float) -> Iterator[AnyEvent]:
        seconds = time - self._began.pop((run, name), time)
        stored = self._stored.find_result(run, name)
        raised = stored.error if isinstance(stored, Failure) else None
        kind = type(raised).__name__ if raised is not None else ""
        if model := _MODEL.fullmatch(name):
            yield public.ModelFailed(
                run=run,
                time=time,
                position=name,
                turn=int(model[1]),
                model=self._models.get(run, ""),
                error=error,
                error_type=kind,
                seconds=seconds,
            )
        elif name.startswith(("read:", "reads:", "effect:")):
            yield from self._calls.fail(run, name, Outcome.FAILED, error, time)
        else:
            yield public.StepFinished(run=run, time=time, position=name, error=error, failed=True, seconds=seconds)

    def _count(self, run: str, name: str, value: object) -> None:
        """Add what a step used. Money is set aside with the intent of a write, and given back where nothing happened."""
        self.usage += count_step(name, value)
        if name.startswith("effect:") and is_refunded(value):
            intent = self._stored.find_result(run, f"intent:{name.removeprefix('effect:')}")
            if isinstance(intent, Intent):
                self.usage += Usage(spend_usd=-intent.cost_usd)

    def _plain(self, value: object) -> Any:
        plain = to_plain_json(value)
        return plain if self._mask is None else self._mask(plain)


def _cut_off(event: AnyEvent) -> AnyEvent:
    if isinstance(event, (public.ChildFinished, public.StepFinished, public.ModelFailed, public.ToolFinished)):
        return replace(event, cut_off=True)
    return event


def _write_usage(usage: Usage) -> Any:
    return {
        "model_calls": usage.model_calls,
        "tool_calls": usage.tool_calls,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cost_usd": usage.cost_usd,
        "spend_usd": usage.spend_usd,
    }


def _name_tool(schema: Any) -> str:
    """Return the name of a tool in a provider's schema."""
    if not isinstance(schema, Mapping):
        return ""
    inner = schema.get("function")
    return str((inner if isinstance(inner, Mapping) else schema).get("name", ""))
