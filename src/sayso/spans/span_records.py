"""Make spans of a run's events: one for each execution, child, model call, tool call and approval.

A span's parent is known from where its event stands in the run, never from what happens to be current in a task: streams that are left,
branches side by side and a run that is resumed in another program nest alike. Its id is made of the run and the position, so that the spans
of a run under way and those that are read from its log are the same.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sayso.tools.canonical import Json
from sayso.workflows.events.event_types import (
    AnyEvent,
    ApprovalExpired,
    ApprovalRequested,
    ApprovalTaken,
    ChildBegan,
    ChildFinished,
    LimitHit,
    ModelFailed,
    ModelReplied,
    ModelRequested,
    RequestRetried,
    RunBegan,
    RunFinished,
    RunPaused,
    SentMessage,
    ToolBegan,
    ToolFinished,
)

Attribute = str | bool | int | float | tuple[str, ...]
INTERNAL, CLIENT = 1, 3
"""Kinds of spans, by their numbers in OTLP."""
OTHER = "_OTHER"
_PROVIDERS = (
    (r"(openai[:/])?(gpt|o\d|chatgpt|text-embedding)", "openai"),
    (r"claude|anthropic[:/]", "anthropic"),
    (r"gemini|google[:/]", "gcp.gemini"),
    (r"(open-)?mi[sx]tral|codestral|ministral|magistral", "mistral_ai"),
    (r"deepseek", "deepseek"),
    (r"grok", "x_ai"),
    (r"command-|cohere[:/]", "cohere"),
    (r"kimi|moonshot", "moonshot_ai"),
    (r"sonar|perplexity[:/]", "perplexity"),
    (r"groq[:/]", "groq"),
    (r"bedrock[:/]", "aws.bedrock"),
)
_INDEX = re.compile(r"[.:][\d.]+$")
_TURN = re.compile(r"(.+)\.\d+")
"""The id of a run that is a turn of a session: its id, and the number of the turn."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SpanRecord:
    """A span that is over. Ids are hex, as in OTLP; times are nanoseconds since 1970; `error` is "" where nothing failed."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: int
    start_ns: int
    end_ns: int
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    error: str = ""


@dataclass(slots=True)
class _Open:
    """What has begun and is not over."""

    event: AnyEvent
    span_id: str
    parent_id: str
    is_agent: bool = False
    notes: dict[str, Attribute] = field(default_factory=dict)


def make_trace_id(root: str) -> str:
    """Return the id of the trace of a run."""
    return hashlib.sha256(f"sayso trace {root}".encode()).hexdigest()[:32]


def make_span_id(run: str, position: str) -> str:
    """Return the id of a span: of a run (or child) and the position in it."""
    return hashlib.sha256(json.dumps(["sayso span", run, position]).encode()).hexdigest()[:16]


class SpanRecorder:
    """Takes the events of one run in order, and yields each span when it is over.

    With `content` the spans hold what was written: messages, arguments, results, cards. Without, they hold names, numbers and outcomes.
    """

    def __init__(self, *, content: bool = False) -> None:
        self.content = content
        self._open: dict[tuple[str, str], _Open] = {}
        self._ended: dict[tuple[str, str], int] = {}
        self._execution = ""
        self._number = 0
        self._flow = ""

    def take(self, event: AnyEvent) -> Iterator[SpanRecord]:
        """Yield the spans that are over with this event."""
        if event.is_streamed:
            return
        match event:
            case RunBegan():
                self._flow, self._number = event.flow, event.execution
                self._begin_execution(event, f"execution:{event.execution}")
            case RunPaused() | RunFinished():
                yield from self._end_execution(event)
            case ChildBegan():
                self._open_span(event, "child", self._find_parent(event.parent))
            case ChildFinished():
                yield from self._end_child(event)
            case ModelRequested():
                self._begin(event, event.position)
                for each in self._owners(event.run):
                    each.is_agent = True
                    if event.model:
                        each.notes |= {"gen_ai.provider.name": find_provider(event.model), "gen_ai.request.model": event.model}
            case RequestRetried():
                self._note_retry(event)
            case ModelReplied() | ModelFailed():
                yield from self._end_model(event)
            case ToolBegan():
                self._begin(event, f"tool {event.position}")
            case ToolFinished():
                yield from self._end_tool(event)
            case ApprovalRequested():
                self._begin(event, f"approval {event.request.digest}")
            case ApprovalTaken() | ApprovalExpired():
                yield from self._end_approval(event)
            case LimitHit():
                if (execution := self._open.get((event.root, self._execution))) is not None:
                    execution.notes["sayso.limit"] = event.limit
            case _:
                pass

    # executions and children

    def _begin_execution(self, event: AnyEvent, position: str) -> None:
        first = make_span_id(event.root, "execution:1")
        self._execution = position
        self._open[event.root, position] = _Open(event, make_span_id(event.root, position), "" if position == "execution:1" else first)

    def _open_span(self, event: AnyEvent, position: str, parent_id: str) -> None:
        """Open a span. What is done again in a later execution, after it had failed, is a span of its own."""
        times = self._ended.get((event.run, position), 0)
        span_id = make_span_id(event.run, f"{position} again {times}" if times else position)
        self._open[event.run, position] = _Open(event, span_id, parent_id)

    def _end_execution(self, event: RunPaused | RunFinished) -> Iterator[SpanRecord]:
        if isinstance(event, RunFinished):
            yield from self._end_requests(event)
        began = self._open.pop((event.root, self._execution), None)
        if began is None:
            return
        attributes: dict[str, Attribute] = {"sayso.run.execution": self._number, **began.notes}
        error = ""
        if isinstance(event, RunFinished):
            attributes |= {"sayso.run.state": event.state, **_usage(event)}
            if event.error or event.state == "failed":
                error = event.error or event.state
                attributes["error.type"] = event.error_type or OTHER
        else:
            attributes |= {"sayso.run.state": "waiting", "sayso.run.waits_for": event.waits_for}
        if isinstance(began.event, RunBegan) and began.event.user:
            attributes["user.id"] = began.event.user
        attributes |= self._name_worker(self._flow, began.is_agent)
        yield self._finish(began, event, event.root, self._execution, self._title(self._flow, began.is_agent), attributes, error=error)
        self._execution = ""

    def _end_child(self, event: ChildFinished) -> Iterator[SpanRecord]:
        began = self._open.pop((event.run, "child"), None)
        if began is None:
            return
        name = _INDEX.sub("", event.name)
        attributes = {**began.notes, **self._name_worker(name, began.is_agent)}
        if event.error:
            attributes["error.type"] = OTHER
        yield self._finish(began, event, event.run, "child", self._title(name, began.is_agent), attributes, error=event.error)

    def _title(self, name: str, is_agent: bool) -> str:
        return f"{'invoke_agent' if is_agent else 'invoke_workflow'} {name}".strip()

    def _name_worker(self, name: str, is_agent: bool) -> dict[str, Attribute]:
        return {"gen_ai.operation.name": "invoke_agent" if is_agent else "invoke_workflow", "gen_ai.agent.name": name}

    def _find_worker(self, run: str) -> str:
        """Return the name of the agent or workflow that a run is."""
        child = self._open.get((run, "child"))
        return _INDEX.sub("", child.event.name) if child is not None and isinstance(child.event, ChildBegan) else self._flow

    def _owners(self, run: str) -> Iterator[_Open]:
        """Yield the open execution or child that a run is."""
        key = (run, "child") if "/" in run else (run, self._execution)
        if (owner := self._open.get(key)) is not None:
            yield owner

    def _find_parent(self, run: str) -> str:
        """Return the id of the span of a run: a child, or the execution that goes on."""
        if "/" in run and (run, "child") in self._open:
            return self._open[run, "child"].span_id
        return make_span_id(run.partition("/")[0], self._execution)

    # what happens in them

    def _begin(self, event: AnyEvent, position: str) -> None:
        if not self._execution:  # it went on after a pause, in the same program
            self._begin_execution(event, f"execution:{self._number} after {position}")
        self._open_span(event, position, self._find_parent(event.run))

    def _note_retry(self, event: RequestRetried) -> None:
        for (run, position), each in self._open.items():
            if run == event.run and position.startswith("model:"):
                each.notes["sayso.retries"] = int(str(each.notes.get("sayso.retries", 0))) + 1

    def _end_model(self, event: ModelReplied | ModelFailed) -> Iterator[SpanRecord]:
        began = self._open.pop((event.run, event.position), None)
        if began is None or not isinstance(began.event, ModelRequested):
            return
        asked, model = began.event, event.model or began.event.model
        attributes: dict[str, Attribute] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": find_provider(model),
            "gen_ai.request.model": asked.model or model,
            **began.notes,
        }
        error = ""
        if isinstance(event, ModelFailed):
            error, attributes["error.type"] = event.error, event.error_type or OTHER
        else:
            attributes |= {"gen_ai.response.model": model, **_usage(event)}
            attributes |= {"gen_ai.response.finish_reasons": (event.finish,)} if event.finish else {}
            if event.first_token_seconds is not None:
                attributes |= {"gen_ai.request.stream": True, "gen_ai.response.time_to_first_chunk": event.first_token_seconds}
        if self.content:
            attributes["gen_ai.input.messages"] = _dump([_write_message(each) for each in asked.messages])
            if isinstance(event, ModelReplied):
                attributes["gen_ai.output.messages"] = _dump([_write_reply(event)])
        yield self._finish(began, event, event.run, event.position, f"chat {model}".strip(), attributes, kind=CLIENT, error=error)

    def _end_tool(self, event: ToolFinished) -> Iterator[SpanRecord]:
        position = f"tool {event.position}"
        began = self._open.pop((event.run, position), None)
        if began is None:  # it was refused before it was performed: its approval says so
            return
        attributes: dict[str, Attribute] = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": event.tool,
            "gen_ai.tool.call.id": event.call,
            "gen_ai.tool.type": "function",
            "sayso.tool.outcome": event.outcome,
            "sayso.tool.trust": event.trust,
            "sayso.tool.secrecy": event.secrecy,
            "gen_ai.agent.name": self._find_worker(event.run),
        }
        if event.key:
            attributes["sayso.tool.key"] = event.key
        error = ""
        if event.outcome != "done":
            error, attributes["error.type"] = event.outcome, event.outcome
        if self.content and isinstance(began.event, ToolBegan):
            attributes["gen_ai.tool.call.arguments"] = _dump(began.event.arguments)
            attributes["gen_ai.tool.call.result"] = event.result if isinstance(event.result, str) else _dump(event.result)
        yield self._finish(began, event, event.run, position, f"execute_tool {event.tool}", attributes, error=error)

    def _end_requests(self, event: RunFinished) -> Iterator[SpanRecord]:
        """Yield the spans of the requests that were still open when the run ended."""
        for run, position in [key for key in self._open if key[1].startswith("approval ")]:
            began = self._open.pop((run, position))
            yield self._finish_approval(began, event, run, position, {"sayso.approval.decision": "none"})

    def _end_approval(self, event: ApprovalTaken | ApprovalExpired) -> Iterator[SpanRecord]:
        position = f"approval {event.digest}"
        began = self._open.pop((event.run, position), None)
        if began is None:
            return
        taken: dict[str, Attribute] = {"sayso.approval.decision": "expired"}
        if isinstance(event, ApprovalTaken):
            taken = {
                "sayso.approval.decision": event.decision,
                "sayso.approval.by": event.by,
                "sayso.approval.place": event.place,
                "sayso.approval.signed": event.signed,
            }
            if self.content and event.reason:
                taken["sayso.approval.reason"] = event.reason
        yield self._finish_approval(began, event, event.run, position, taken)

    def _finish_approval(self, began: _Open, event: AnyEvent, run: str, position: str, taken: Mapping[str, Attribute]) -> SpanRecord:
        assert isinstance(began.event, ApprovalRequested)
        request = began.event.request
        attributes: dict[str, Attribute] = {
            "sayso.approval.tool": request.tool,
            "sayso.approval.digest": request.digest,
            "sayso.approval.position": request.position,
            "sayso.approval.warnings": len(request.warnings),
            **taken,
        }
        if self.content:
            attributes["sayso.approval.card"] = request.card
            attributes["sayso.approval.arguments"] = request.arguments
        return self._finish(began, event, run, position, f"approval {request.tool}", attributes)

    def _finish(
        self,
        began: _Open,
        event: AnyEvent,
        run: str,
        position: str,
        name: str,
        attributes: Mapping[str, Attribute],
        *,
        kind: int = INTERNAL,
        error: str = "",
    ) -> SpanRecord:
        root = run.partition("/")[0]
        self._ended[run, position] = self._ended.get((run, position), 0) + 1
        own: dict[str, Attribute] = {"sayso.run.id": run, "sayso.run.position": began.event.position}
        if turn := _TURN.fullmatch(root):
            own["gen_ai.conversation.id"] = turn[1]
        return SpanRecord(
            trace_id=make_trace_id(root),
            span_id=began.span_id,
            parent_id=began.parent_id,
            name=name,
            kind=kind,
            start_ns=to_ns(began.event.time),
            end_ns=max(to_ns(began.event.time), to_ns(event.time)),
            attributes={**own, **{key: _make_sendable(value) for key, value in attributes.items() if value not in ("", ())}},
            error=str(_make_sendable(error)) if self.content else error.partition("\n")[0][:200] if error else "",
        )


def _make_sendable(value: Attribute) -> Attribute:
    """Return a value as UTF-8 can say it: half of a surrogate pair, which models write at times, is a question mark."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def find_provider(model: str) -> str:
    """Return the name that the conventions have for who serves a model, by the model's name."""
    return next((name for pattern, name in _PROVIDERS if re.match(pattern, model, re.IGNORECASE)), OTHER)


def to_ns(seconds: float) -> int:
    """Return seconds since 1970 as whole nanoseconds."""
    return round(seconds * 1e6) * 1000  # a float has no more than microseconds by now


def _usage(event: ModelReplied | RunFinished) -> dict[str, Attribute]:
    used: dict[str, Attribute] = {
        "gen_ai.usage.input_tokens": event.input_tokens,
        "gen_ai.usage.output_tokens": event.output_tokens,
        "sayso.cost_usd": event.cost_usd,
    }
    if isinstance(event, ModelReplied):
        used |= {
            "gen_ai.usage.cache_read.input_tokens": event.cached_tokens,
            "gen_ai.usage.reasoning.output_tokens": event.reasoning_tokens,
        }
    else:
        used |= {"sayso.model_calls": event.model_calls, "sayso.tool_calls": event.tool_calls, "sayso.spend_usd": event.spend_usd}
    return {key: value for key, value in used.items() if value}


def _dump(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _write_message(message: SentMessage) -> Json:
    return {"role": message.role, "parts": [{"type": "text", "content": message.text}]}


def _write_reply(event: ModelReplied) -> Json:
    parts: list[Json] = [{"type": "reasoning", "content": event.thoughts}] if event.thoughts else []
    parts += [{"type": "text", "content": event.text}] if event.text else []
    parts += [{"type": "tool_call", "id": each.id, "name": each.tool, "arguments": each.arguments} for each in event.calls]
    return {"role": "assistant", "parts": parts, "finish_reason": event.finish}
