"""Find the calls and approvals of a run in what it has stored: the model's replies, the results of tools, requests and decisions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sayso.tools.approval.policy import Ask, Deny
from sayso.tools.approval.requests import ApprovalRequest, Approve, Decision, Edit, Reject, read_shown
from sayso.tools.calls import Outcome, ToolCall, ToolResult
from sayso.tools.canonical import JsonObject, prompt_text
from sayso.tools.definition.code_tool import CallsOut, Ended
from sayso.tools.dialects import Problem, ReadCall, ToolSignatures, read
from sayso.tools.dialects.signatures import ToolSignature
from sayso.workflows.runs.limits import Intent, results_of

from ..messages import AssistantMessage, Message, NativeCall, Reply, SystemMessage, ToolMessage, UserMessage
from .values import ApprovalRecord, CallRecord

Steps = Mapping[str, object]
"""What the steps of one run have stored, by their names."""
Prompts = Mapping[tuple[str, str], object]
EXPIRED = "expired"
_EDIT = re.compile(r"\.edit\d+$")


@dataclass(slots=True)
class RunCalls:
    """The calls of one run, by their places in it ("0.1": reply 0, call 1), in the order in which they were made."""

    prefix: str = ""
    calls: dict[str, CallRecord] = field(default_factory=dict)
    _requests: dict[str, tuple[str, ApprovalRequest]] = field(default_factory=dict)

    def propose(self, call_id: str, tool: str, arguments: Mapping[str, object]) -> None:
        """Add a call that nothing is known of yet."""
        self.calls.setdefault(call_id, CallRecord(tool, arguments, None, id=self.prefix + call_id))

    def settle(self, call_id: str, tool: str, outcome: Outcome, text: str) -> None:
        """Take in what a call came to."""
        before = self.calls.get(call_id) or CallRecord(tool, {}, None, id=self.prefix + call_id)
        self.calls[call_id] = before._replace(outcome=outcome, text=text)

    def take(self, name: str, value: object) -> None:
        """Take in what a step that is no model's has stored."""
        kind, _, position = name.partition(":")
        if kind in ("read", "reads", "effect"):
            for result in results_of(value):
                tool = find_call_id(position)[1] if kind != "reads" else result.origin
                self.settle(result.call_id, tool, result.outcome, result.text)
        elif kind == "code":
            self._take_program(position, value)
        elif kind == "propose" and isinstance(value, tuple) and value and isinstance(request := value[0], ApprovalRequest):
            self._take_request(request, value[-1])
        elif kind == "wait" and (found := self._requests.get(name.removeprefix("wait:approve:"))) is not None:
            call_id, request = found
            decision, reason = read_decision(request, value)
            if decision in ("rejected", EXPIRED):
                said = f"The user said no{': ' + reason if reason else ''}." if decision == "rejected" else "Nobody decided in time."
                self.settle(call_id, request.tool, Outcome.REJECTED, f"{said} Nothing was done.")
        elif kind == "intent" and isinstance(value, Intent) and not value.attempt:
            call_id, tool = find_call_id(position)
            self.settle(call_id, tool, Outcome.REJECTED, value.why or "Nothing was done.")

    def _take_program(self, position: str, value: object) -> None:
        """Take in where a model's program came to: a call that it makes, or its end."""
        name, _, call_id = position.rpartition(":")
        first, second, *number = call_id.split(".")
        outer = f"{first}.{second}"
        if isinstance(value, CallsOut):
            self.propose(f"{outer}.{number[0] if number else 0}", value.tool, value.arguments)
        elif isinstance(value, Ended):
            self.settle(outer, name or first, Outcome.DONE, prompt_text(value.value))
        else:
            for result in results_of(value):
                self.settle(result.call_id, result.origin, result.outcome, result.text)

    def _take_request(self, request: ApprovalRequest, ruling: object) -> None:
        call_id, _ = find_call_id(request.position)
        self._requests[request.digest] = call_id, request
        self.propose(call_id, request.tool, read_shown(request.arguments))
        if isinstance(ruling, Deny):
            self.settle(call_id, request.tool, Outcome.REJECTED, ruling.reason)


def find_call_id(position: str) -> tuple[str, str]:
    """Return the id of the call at a position, and its tool.

    "ORDER:0.1.edit1" is call 0.1 of ORDER, "ORDER.2" one by workflow code, "python:0.1.0.ORDER" the first one of the program in call 0.1.
    """
    position = _EDIT.sub("", position)
    name, colon, call_id = position.partition(":")
    if not colon:
        return position, position.rpartition(".")[0]
    inner, _, last = call_id.rpartition(".")
    return (call_id, name) if last.isdecimal() else (inner, last)


def read_decision(request: ApprovalRequest, value: object) -> tuple[str, str]:
    """Return what was decided, as a word, and the reason that was given."""
    if value is None or (isinstance(value, Decision) and value.at is not None and value.at > request.expires_at):
        return EXPIRED, ""
    match value:
        case Approve():
            return "approved", ""
        case Edit():
            return "edited", ""
        case Reject(reason):
            return "rejected", reason
    return "", ""


def find_approvals(steps: Steps, decisions: Mapping[str, Decision], prefix: str = "") -> Iterator[ApprovalRecord]:
    """Yield the requests of one run that a person was asked, with what they decided: by what the run received, or else by its events."""
    for name, value in steps.items():
        if not name.startswith("propose:") or not isinstance(value, tuple):
            continue
        request, ruling = value
        if isinstance(request, ApprovalRequest) and isinstance(ruling, Ask):
            key = f"wait:{request.topic}"
            answer = steps.get(key) if key in steps else decisions.get(request.digest)
            decision, reason = read_decision(request, answer) if key in steps or answer is not None else ("", "")
            edited = answer.arguments if isinstance(answer, Edit) else None
            call_id = prefix + find_call_id(request.position)[0]
            yield ApprovalRecord(request.tool, read_shown(request.arguments), request.card, decision, reason, edited, call_id)


def find_calls(run_id: str, steps: Steps, transcript: Sequence[object], prompts: Prompts, prefix: str = "") -> RunCalls:
    """Return the calls of one run: those of its model, and those of its code. `prefix` stands before their places."""
    found = RunCalls(prefix)
    own = list(find_own_messages(transcript))
    asked = {call.id: call for message in own if isinstance(message, AssistantMessage) for call in message.calls}
    names = frozenset(_find_tool_names(steps.items()))
    replies = {name: value for name, value in steps.items() if isinstance(value, Reply) and name.startswith("model:")}
    if not replies:
        for call in asked.values():
            found.propose(call.id, call.tool, call.arguments)
    for name, value in steps.items():
        if name not in replies:
            sent = prompts.get((run_id, name))
            if isinstance(sent, Mapping) and isinstance(arguments := sent.get("call"), Mapping):
                found.propose(*find_call_id(name.partition(":")[2]), arguments)
            found.take(name, value)
            continue
        turn = name.removeprefix("model:")
        calls = [call for call in asked.values() if call.id.partition(".")[0] == turn] if own else read_calls(replies[name], turn, names)
        for call in calls:
            found.propose(call.id, call.tool, call.arguments)
    for message in own:
        for result in message.results if isinstance(message, ToolMessage) else ():
            found.settle(result.call_id, result.origin, result.outcome, result.text)
    if not own:
        _settle_refused(found, run_id, replies, prompts)
    return found


def _settle_refused(found: RunCalls, run_id: str, replies: Iterable[str], prompts: Prompts) -> None:
    """Take in the calls that were refused before any step: the model was told so with its next turn."""
    for call_id, call in list(found.calls.items()):
        turn = call_id.partition(".")[0]
        following = f"model:{int(turn) + 1}" if turn.isdecimal() else ""
        if call.outcome is None and following in replies:
            told = [text for role, text in iter_prompt(prompts, run_id, following) if role == "tool"]
            found.settle(call_id, call.tool, Outcome.FAILED, "\n".join(told))


def find_own_messages(transcript: Sequence[object]) -> Iterator[object]:
    """Yield the messages after the question: what an agent's run has added to a conversation."""
    asked = [index for index, each in enumerate(transcript) if isinstance(each, UserMessage) and not (each.by_program or each.example)]
    yield from transcript[asked[-1] + 1 :] if asked else transcript


def _find_tool_names(steps: Iterable[tuple[str, object]]) -> Iterator[str]:
    for name, value in steps:
        kind, _, position = name.partition(":")
        if kind in ("read", "reads", "effect"):
            yield from (result.origin for result in results_of(value))
        if kind in ("read", "effect", "propose", "intent"):
            yield find_call_id(position)[1]


def read_calls(reply: Reply, turn: str, tools: Iterable[str]) -> list[ToolCall]:
    """Return the calls in a stored reply, as far as they can be read without the tools: of these only the names are known."""
    if reply.calls:
        return [ToolCall(f"{turn}.{index}", call.name, _read_arguments(call)) for index, call in enumerate(reply.calls)]
    signatures = ToolSignatures([ToolSignature(name, {}) for name in sorted(filter(None, tools))])
    if not signatures.by_name or not reply.text:
        return []
    reading = read(reply.text, signatures, "auto", native=False)
    items: list[ReadCall | Problem] = sorted([*reading.calls, *reading.problems], key=lambda item: item.span)
    return [
        ToolCall(f"{turn}.{index}", item.tool or "unknown", getattr(item, "arguments", {}), item.span) for index, item in enumerate(items)
    ]


def _read_arguments(call: NativeCall) -> JsonObject:
    try:
        arguments: object = json.loads(call.arguments or "{}")
    except ValueError:
        return {}
    return arguments if isinstance(arguments, dict) else {}


def iter_prompt(prompts: Prompts, run_id: str, step: str) -> Iterator[tuple[str, str]]:
    """Yield role and text of the messages that a step has sent to a model."""
    stored: Any = prompts.get((run_id, step))
    messages = stored.get("messages", ()) if isinstance(stored, Mapping) else ()
    yield from ((str(role), str(text)) for role, text in messages)


def rebuild_messages(run_id: str, steps: Steps, prompts: Prompts) -> tuple[Message, ...]:
    """Return the transcript of an agent's run that has stored none, of what its models were sent and replied; () where it asked none."""
    messages = list[Message]()
    names = frozenset(_find_tool_names(steps.items()))
    results = {result.call_id: result for name, value in steps.items() if not name.startswith("model:") for result in results_of(value)}
    for name, reply in steps.items():
        if not (isinstance(reply, Reply) and name.startswith("model:")):
            continue
        turn = name.removeprefix("model:")
        messages += [
            _make_message(role, text, turn) for role, text in iter_prompt(prompts, run_id, name) if not (role == "tool" and turn != "0")
        ]
        calls = read_calls(reply, turn, names)
        messages.append(
            AssistantMessage(reply.text, tuple(calls), bool(reply.calls), reply.reasoning, None, reply.finish, reply.provider_data)
        )
        if done := tuple(results[call.id] for call in calls if call.id in results):
            messages.append(ToolMessage(done, bool(reply.calls)))
    return tuple(messages)


def _make_message(role: str, text: str, turn: str) -> Message:
    match role:
        case "system":
            return SystemMessage(text)
        case "assistant":
            return AssistantMessage(text)
        case "tool":
            return ToolMessage((ToolResult("", text),))
    return UserMessage(text, by_program=turn != "0")
