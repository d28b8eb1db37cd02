"""However a provider's reply is cut into pieces, it reads the same; and no JSON breaks the reader."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sayso.tools import Reader, Reading
from sayso.tools.provider_replies.provider_reply import ProviderReply

Json = dict[str, Any]
Calls = list[tuple[str, Json]]
NAMES = ("tides", "find_song", "clock")
TOOLS = [{"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}} for name in NAMES]

values = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)
arguments = st.dictionaries(st.sampled_from(["a", "b", "deep"]), values, max_size=3)
calls = st.lists(st.tuples(st.sampled_from(NAMES), arguments), min_size=1, max_size=3)


@st.composite
def cuts(draw: st.DrawFn, text: str) -> list[str]:
    """Return the text in pieces."""
    at = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    return [text[begin:end] for begin, end in zip([0, *at], [*at, len(text)], strict=True)]


def chunk(**fields: object) -> Json:
    return {"choices": [{"index": 0, "delta": fields}]}


def call_piece(name: str, arguments: str, **fields: object) -> Json:
    return chunk(tool_calls=[{**fields, "function": {"name": name, "arguments": arguments}}])


FORMS = ("index and id", "ids only", "index 0 and ids", "id and name each time", "a new id each time", "name each time", "name in pieces")


def chat_pieces(form: str, at: int, name: str, pieces: list[str], named: list[str]) -> list[Json]:
    """Return one call as a server of that kind streams it."""
    call_id = f"call_{at}"
    match form:
        case "index and id":
            later = [call_piece("", piece, index=at) for piece in pieces]
            return [call_piece(name, "", index=at, id=call_id), *later]
        case "ids only":
            return [call_piece(name, pieces[0], id=call_id), *(call_piece("", piece, id=call_id) for piece in pieces[1:])]
        case "index 0 and ids":
            return [call_piece(name, pieces[0], index=0, id=call_id), *(call_piece("", piece, index=0) for piece in pieces[1:])]
        case "id and name each time":
            return [call_piece(name, piece, index=0, id=call_id) for piece in pieces]
        case "a new id each time":
            later = [call_piece("", piece, index=at, id=f"{call_id}_{part}") for part, piece in enumerate(pieces)]
            return [call_piece(name, "", index=at, id=call_id), *later]
        case "name each time":
            return [call_piece(name, piece, index=at) for piece in pieces]
        case _:
            return [*(call_piece(piece, "", index=at) for piece in named), *(call_piece("", piece, index=at) for piece in pieces)]


def read_pieces(pieces: list[Json]) -> Reading:
    reader = Reader(TOOLS)
    for piece in pieces:
        reader.feed(piece)
    return reader.close()


@given(st.data(), st.sampled_from(FORMS), calls)
def test_calls_of_a_chat_completion_read_the_same_however_they_are_cut(data: st.DataObject, form: str, expected: Calls) -> None:
    pieces: list[Json] = []
    for at, (name, given_arguments) in enumerate(expected):
        text = data.draw(cuts(json.dumps(given_arguments, ensure_ascii=data.draw(st.booleans()))))
        pieces += chat_pieces(form, at, name, text, data.draw(cuts(name)))
    reading = read_pieces(pieces)
    assert reading.problems == ()
    assert [(call.tool, call.arguments) for call in reading.calls] == expected


@given(st.data(), calls, st.text(max_size=20), st.text(max_size=20))
def test_a_response_reads_the_same_however_it_is_cut(data: st.DataObject, expected: Calls, said: str, thought: str) -> None:
    items: list[Json] = [
        {"type": "reasoning", "id": "rs", "summary": [{"type": "summary_text", "text": thought}]},
        {"type": "message", "id": "msg", "role": "assistant", "content": [{"type": "output_text", "text": said}]},
        *(
            {"type": "function_call", "id": f"fc_{at}", "call_id": f"c_{at}", "name": name, "arguments": json.dumps(given_arguments)}
            for at, (name, given_arguments) in enumerate(expected)
        ),
    ]
    texts = [thought, said, *(item["arguments"] for item in items[2:])]
    kinds = ["reasoning_summary_text", "output_text"] + ["function_call_arguments"] * len(expected)
    events: list[Json] = []
    for at, (item, text, kind) in enumerate(zip(items, texts, kinds, strict=True)):
        begun = {key: [] if isinstance(value, list) else value for key, value in item.items() if key != "arguments"}
        events.append({"type": "response.output_item.added", "output_index": at, "item": begun})
        events += [{"type": f"response.{kind}.delta", "output_index": at, "delta": piece} for piece in data.draw(cuts(text))]
        events.append({"type": "response.output_item.done", "output_index": at, "item": item})
    events.append({"type": "response.completed", "response": {"status": "completed", "output": items}})
    reply = ProviderReply()
    reply.feed(events)
    assert (reply.text, reply.reasoning, reply.kept) == (said, thought, {"output": items})
    assert [(call.name, json.loads(call.arguments)) for call in reply.calls] == expected


@given(st.data(), calls, st.text(min_size=1, max_size=20), st.text(max_size=20))
def test_an_anthropic_message_reads_the_same_however_it_is_cut(data: st.DataObject, expected: Calls, said: str, thought: str) -> None:
    blocks: list[Json] = [
        {"type": "thinking", "thinking": thought, "signature": "EqoB"},
        {"type": "text", "text": said},
        *(
            {"type": "tool_use", "id": f"toolu_{at}", "name": name, "input": given_arguments}
            for at, (name, given_arguments) in enumerate(expected)
        ),
    ]
    texts = [thought, said, *(json.dumps(block["input"]) for block in blocks[2:])]
    fields = [("thinking_delta", "thinking"), ("text_delta", "text"), *[("input_json_delta", "partial_json")] * len(expected)]
    events: list[Json] = []
    for at, (block, text, (kind, key)) in enumerate(zip(blocks, texts, fields, strict=True)):
        empty = {"thinking": "", "text": "", "signature": "", "input": {}}
        events.append({"type": "content_block_start", "index": at, "content_block": {name: empty.get(name, block[name]) for name in block}})
        events += [{"type": "content_block_delta", "index": at, "delta": {"type": kind, key: piece}} for piece in data.draw(cuts(text))]
        if at == 0:
            events.append({"type": "content_block_delta", "index": at, "delta": {"type": "signature_delta", "signature": "EqoB"}})
    whole, streamed = ProviderReply(), ProviderReply()
    whole.feed({"type": "message", "role": "assistant", "content": blocks})
    streamed.feed(events)
    assert (streamed.text, streamed.reasoning, streamed.kept) == (said, thought, {"content": blocks})
    assert (whole.text, whole.reasoning, whole.kept) == (said, thought, {"content": blocks})
    assert [(call.name, json.loads(call.arguments)) for call in streamed.calls] == expected


KEYS = (
    "choices delta message content tool_calls function function_call index id name arguments text type role reasoning_content "
    "reasoning_details finish_reason usage error candidates parts functionCall thought output item output_index summary response "
    "content_block partial_json input stop_reason refusal done object"
).split()
WORDS = (
    "function assistant message text thinking tool_use response.output_item.done response.output_text.delta response.completed "
    "content_block_start content_block_delta input_json_delta message_start message_delta reasoning function_call stop error a {"
).split()
shapes = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from(WORDS) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=25,
)


@given(st.lists(shapes, max_size=5))
def test_no_json_breaks_the_reader_and_whatever_it_keeps_is_json(pieces: list[Any]) -> None:
    reply = ProviderReply()
    pieces = [piece for piece in pieces if not isinstance(piece, str)]  # a text is read as one
    for piece in pieces:
        reply.feed(piece)
    assert json.loads(json.dumps(reply.kept)) == reply.kept
    assert isinstance(reply.finish, str)
    assert read_pieces(pieces).problems or not (reply.unread or reply.error)
