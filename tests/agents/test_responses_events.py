"""Streams of the Responses API as servers send them, whatever they leave out or add: the same reply, and the same items to send back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sayso.agents.messages import NativeCall
from sayso.agents.models.reply_deltas import ReplyDeltas

THOUGHT = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "gAAAwhole"}
SAYS = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "Let me see.", "annotations": []}],
}
CALLS = {"id": "fc_1", "type": "function_call", "status": "completed", "call_id": "call_1", "name": "search", "arguments": '{"q": 1}'}

Event = dict[str, Any]


def added(index: int, item: Event, **changes: Any) -> Event:
    return {"type": "response.output_item.added", "output_index": index, "item": {**item, "status": "in_progress", **changes}}


def done(index: int, item: Event) -> Event:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def text(index: int, piece: str, **more: Any) -> Event:
    return {"type": "response.output_text.delta", "output_index": index, "item_id": "msg_1", "content_index": 0, "delta": piece, **more}


def arguments(index: int, piece: str) -> Event:
    return {"type": "response.function_call_arguments.delta", "output_index": index, "item_id": "fc_1", "delta": piece}


def completed(*output: Event, status: str = "completed", **more: Any) -> Event:
    return {"type": "response.completed", "response": {"object": "response", "status": status, "output": list(output), **more}}


CREATED: Event = {"type": "response.created", "response": {"object": "response", "status": "in_progress", "output": []}}
WHOLE = [
    CREATED,
    added(0, THOUGHT, encrypted_content="gAAAhalf"),
    done(0, THOUGHT),
    added(1, SAYS, content=[]),
    text(1, "Let me "),
    text(1, "see."),
    done(1, SAYS),
    added(2, CALLS, arguments=""),
    arguments(2, '{"q":'),
    arguments(2, " 1}"),
    done(2, CALLS),
    completed(THOUGHT, SAYS, CALLS),
]


def without(*types: str) -> list[Event]:
    return [event for event in WHOLE if event["type"] not in types]


def without_index(event: Event) -> Event:
    return {key: value for key, value in event.items() if key != "output_index"}


STREAMS: dict[str, list[Event]] = {
    "OpenAI's": WHOLE,
    "the last event is empty (ChatGPT's backend)": [*WHOLE[:-1], completed()],
    "encrypted thoughts in the last event only": [
        CREATED,
        added(0, THOUGHT, encrypted_content=""),
        done(0, {key: value for key, value in THOUGHT.items() if key != "encrypted_content"}),
        *WHOLE[3:],
    ],
    "nothing but the last event": [CREATED, WHOLE[-1]],
    "a whole response": [WHOLE[-1]["response"]],
    "no items are begun": without("response.output_item.added"),
    "no items are done": without("response.output_item.done"),
    "no pieces": without("response.output_text.delta", "response.function_call_arguments.delta"),
    "no positions, ids only": [without_index(event) for event in WHOLE],
    "events that nobody knows": [
        {"type": "codex.rate_limits", "limits": {}},
        {"type": "keepalive"},
        *WHOLE[:4],
        {"type": "response.output_text.annotation.added", "output_index": 1, "annotation": {}},
        *WHOLE[4:],
    ],
    "padding against eavesdroppers": [{**event, "obfuscation": "xYz", "sequence_number": 1} for event in WHOLE],
    "the whole text again": [
        *WHOLE[:6],
        {"type": "response.output_text.done", "output_index": 1, "content_index": 0, "text": "Let me see."},
        *WHOLE[6:],
    ],
}


def read(events: list[Event]) -> tuple[str, tuple[NativeCall, ...], str, object]:
    reader = ReplyDeltas()
    for event in json.loads(json.dumps(events)):
        reader.feed(event)
    reader.end()
    return reader.reply.text, reader.calls, reader.reply.finish, reader.reply.kept.get("output")


@pytest.mark.parametrize("events", STREAMS.values(), ids=STREAMS)
def test_the_same_reply_however_it_is_streamed(events: list[Event]) -> None:
    assert read(events) == ("Let me see.", (NativeCall("call_1", "search", '{"q": 1}'),), "tool_calls", [THOUGHT, SAYS, CALLS])


def test_two_messages_are_two_paragraphs() -> None:
    second = {**SAYS, "id": "msg_2", "content": [{"type": "output_text", "text": "Done."}]}
    assert read([completed(SAYS, second)])[0] == "Let me see.\n\nDone."
    assert read([done(0, SAYS), added(1, second, content=[]), text(1, "Do"), text(1, "ne."), done(1, second), completed(SAYS, second)])[
        0
    ] == ("Let me see.\n\nDone.")


def test_two_parts_of_a_summary_are_two_paragraphs() -> None:
    parts = [{"type": "summary_text", "text": "**One**"}, {"type": "summary_text", "text": "**Two**"}]
    reader = ReplyDeltas()
    reader.feed(completed({**THOUGHT, "summary": parts}))
    assert reader.reply.reasoning == "**One**\n\n**Two**"


ENDS = {
    "incomplete": ("response.incomplete", {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "length"),
    "completed, but cut off": (
        "response.completed",
        {"status": "completed", "incomplete_details": {"reason": "max_output_tokens"}},
        "length",
    ),
    "filtered": ("response.incomplete", {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, "content_filter"),
    "cancelled": ("response.cancelled", {"status": "cancelled"}, "error"),
}


@pytest.mark.parametrize(("kind", "response", "finish"), ENDS.values(), ids=ENDS)
def test_how_a_reply_ended(kind: str, response: Event, finish: str) -> None:
    cut = {"type": kind, "response": {"object": "response", "output": [SAYS], **response}}
    assert read([CREATED, cut])[2] == finish


ERRORS: dict[str, Event] = {
    "an event": {"type": "error", "code": "server_error", "message": "Down.", "param": None},
    "an event around an error": {"type": "error", "error": {"code": "server_error", "message": "Down."}},
    "a response": {"type": "response.failed", "response": {"status": "failed", "error": {"code": "server_error", "message": "Down."}}},
    "a whole response": {"object": "response", "status": "failed", "output": [], "error": {"code": "server_error", "message": "Down."}},
}


@pytest.mark.parametrize("event", ERRORS.values(), ids=ERRORS)
def test_an_error_that_is_reported(event: Event) -> None:
    reader = ReplyDeltas()
    reader.feed(CREATED)
    reader.feed(event)
    assert "Down." in str(reader.reply.error)
