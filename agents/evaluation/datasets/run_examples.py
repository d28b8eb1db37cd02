"""Examples from runs: what a run was asked and what it answered, with the calls as the person who approved them put them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from sayso.tools import Outcome
from sayso.tools.calls import find_labels
from sayso.tools.canonical import JsonObject, prompt_text
from sayso.tools.effects import Labels

from ...messages import AssistantMessage, Conversation, Message, ToolMessage, UserMessage, to_openai
from ..values import ApprovalRecord, RunRecord
from .example import Example, ExampleOrigin, LeftOut, Messages


class DecidedCall(NamedTuple):
    """A call that a person has decided on: in which message of the transcript it stands, as which of its calls, and what was decided.

    `decision` is "approved", "edited" or "rejected". `arguments` are those of the model with what the person changed in them: what the
    application filled in is not the model's to learn.
    """

    message: int
    call: int
    tool: str
    decision: str
    reason: str
    arguments: Mapping[str, object]

    @property
    def place(self) -> tuple[int, int]:
        """Return the message and the call."""
        return self.message, self.call


def make_example(record: RunRecord, why: str = "", *, conversation: str = "", private: bool = False) -> Example | LeftOut:
    """Return the example that a run is, or why it is none.

    Its calls are as they were performed, after the edits of the person who was asked. The model's messages with a rejected call, and those
    that the program has sent back, are not trained on, nor are those of earlier turns: each is an example of its own run.
    """
    if problem := find_obstacle(record, private=private):
        return LeftOut(record.run_id, problem)
    if not record.messages:
        return _make_plain(record, why, conversation)
    question = find_question(record.messages)
    if question is None:
        return LeftOut(record.run_id, "its transcript has no question of a user")
    messages = apply_edits(record)
    prompt, answer = convert(messages, question, _find_untaught(record, messages, question))
    while answer and answer[-1]["role"] != "assistant":
        answer = answer[:-1]
    if not answer or not any(message["role"] == "assistant" and "weight" not in message for message in answer):
        return LeftOut(record.run_id, "it has no answer of the model that could be learned")
    origin = make_origin(record, why, conversation, question + 1, len(messages) - 1)
    return Example(prompt=prompt, answer=answer, tools=tuple(dict(tool) for tool in record.tools), origin=origin)


def find_obstacle(record: RunRecord, *, private: bool) -> str:
    """Return why nothing can be learned of a run, as the end of a sentence; "" if it can."""
    if not record.finished:
        return "it is not finished"
    if record.error:
        return f"it failed: {record.error}"
    if not all(isinstance(message, Message) for message in record.messages):
        return "another version of Sayso has stored it, and its messages cannot be read"
    if labels_of(record).private and not private:
        return "it has read private text; --include-private (private=True) includes it"
    called = {
        call.tool for message in record.messages if isinstance(message, AssistantMessage) and message.native for call in message.calls
    }
    if missing := sorted(called - {str(_function(tool).get("name")) for tool in record.tools}):
        return f"the schema of {missing[0]}, which it calls, is not stored with it"
    return ""


def labels_of(record: RunRecord) -> Labels:
    """Return the labels of all that a run was given and has read."""
    return record.labels.union(find_labels(record.messages)).union(find_labels(record.input))


def find_question(messages: Sequence[Message]) -> int | None:
    """Return where the last question of the user stands: what comes after it is this run's own."""
    places = [
        place for place, message in enumerate(messages) if isinstance(message, UserMessage) and not (message.example or message.by_program)
    ]
    return places[-1] if places else None


def convert(messages: Sequence[Message], question: int, untaught: frozenset[int] = frozenset()) -> tuple[Messages, Messages]:
    """Return a transcript up to the question, and what comes after it, as OpenAI's messages.

    The model's messages of the prompt, and those at the places `untaught`, have the weight 0.
    """
    size = len(to_openai(messages[: question + 1]))
    wired = to_openai(messages)
    own = (
        place
        for place, message in enumerate(messages)
        if place > question and isinstance(message, AssistantMessage) and (message.calls or message.text.strip())
    )
    found = list[JsonObject]()
    for number, message in enumerate(wired):
        if message["role"] != "assistant":
            found.append(message)
        elif number < size or next(own, None) in untaught:
            found.append({**message, "weight": 0})
        else:
            found.append(message)
    return tuple(found[:size]), tuple(found[size:])


def make_origin(record: RunRecord, why: str, conversation: str, first: int, last: int) -> ExampleOrigin:
    """Return where an example of a run comes from. Turns of one conversation have ids that end in a number: "support-7.3"."""
    labels = labels_of(record)
    names = tuple(name for name in ("untrusted", "private", "unvouched") if getattr(labels, name))
    return ExampleOrigin(record.run_id, conversation or conversation_of(record.run_id), why, first, last, names)


def conversation_of(run_id: str) -> str:
    """Return the conversation that a run is a turn of: the id without the turn's number, or all of it."""
    name, dot, number = run_id.rpartition(".")
    return name if dot and number.isdecimal() and name else run_id


def find_decided(record: RunRecord) -> list[DecidedCall]:
    """Return the calls of a run that a person has decided on, in order. Of several requests about one call the last decision counts."""
    start = (find_question(record.messages) or 0) + 1
    places = {
        call.id: (number, index, call.arguments)
        for number, message in enumerate(record.messages)
        if number >= start and isinstance(message, AssistantMessage)
        for index, call in enumerate(message.calls)
    }
    asked: dict[str, list[ApprovalRecord]] = {}
    for approval in record.approvals:
        if approval.call_id in places and approval.decision in ("approved", "edited", "rejected"):
            asked.setdefault(approval.call_id, []).append(approval)
    found: list[DecidedCall] = []
    for call_id, approvals in asked.items():
        last = approvals[-1]
        message, index, written = places[call_id]
        arguments = _change_arguments(written, approvals)
        decision = "rejected" if last.decision == "rejected" else "edited" if arguments != written else "approved"
        found.append(DecidedCall(message, index, last.tool, decision, last.reason, arguments))
    return sorted(found, key=lambda each: each.place)


def _change_arguments(written: Mapping[str, object], approvals: Sequence[ApprovalRecord]) -> Mapping[str, object]:
    """Return the arguments that the model wrote with what a person changed in those that were shown."""
    arguments = dict(written)
    for each in approvals:
        if each.edited is not None:
            changed = {name: value for name, value in each.edited.items() if name not in each.arguments or each.arguments[name] != value}
            arguments = {
                name: value for name, value in {**arguments, **changed}.items() if name in each.edited or name not in each.arguments
            }
    return arguments


def _make_plain(record: RunRecord, why: str, conversation: str) -> Example | LeftOut:
    """Return the example of a run without a transcript, as a workflow is: its input, and its output as a text."""
    asked = record.input.text if isinstance(record.input, Conversation) else prompt_text(record.input)
    if not asked.strip() or not record.text.strip():
        return LeftOut(record.run_id, "it has no text to learn from")
    prompt, answer = ({"role": "user", "content": asked},), ({"role": "assistant", "content": record.text},)
    return Example(prompt=prompt, answer=answer, origin=make_origin(record, why, conversation, 0, 0))


def is_native(messages: Sequence[Message], decided: DecidedCall) -> bool:
    """Return whether a call came through the provider's own field, and not as text."""
    message = messages[decided.message]
    return isinstance(message, AssistantMessage) and message.native


def apply_edits(record: RunRecord) -> tuple[Message, ...]:
    """Return the transcript of a run with the arguments in its calls that the person who approved them put there.

    A call that the model wrote as text stays as it was written: its words have no other form.
    """
    messages = list[Message](record.messages)
    for each in find_decided(record):
        message = messages[each.message]
        if each.decision == "edited" and isinstance(message, AssistantMessage) and message.native:
            calls = list(message.calls)
            calls[each.call] = replace(calls[each.call], arguments=dict(each.arguments))
            messages[each.message] = message._replace(calls=tuple(calls))
    return tuple(messages)


def _find_untaught(record: RunRecord, messages: Sequence[Message], question: int) -> frozenset[int]:
    """Return the places of the model's messages to learn nothing from: with a rejected call, sent back, or edited as text."""
    results = [result for message in messages if isinstance(message, ToolMessage) for result in message.results]
    rejected = {result.call_id for result in results if result.outcome is Outcome.REJECTED}
    found = {each.message for each in find_decided(record) if each.decision == "edited" and not is_native(messages, each)}
    for place, message in enumerate(messages):
        if place > question and isinstance(message, AssistantMessage):
            after = messages[place + 1] if place + 1 < len(messages) else None
            if any(call.id in rejected for call in message.calls) or (isinstance(after, UserMessage) and after.by_program):
                found.add(place)
    return frozenset(found)


def _function(tool: Mapping[str, object]) -> Mapping[str, object]:
    function = tool.get("function")
    return function if isinstance(function, Mapping) else {}
