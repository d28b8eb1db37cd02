"""Answers in forms that servers of the registries send: each is read where it has one reading, and shown as it was sent otherwise."""

from __future__ import annotations

import json
from typing import Any

import mcp_types as types
import pytest

from sayso.tools.mcp.contents import read_result
from sayso.tools.mcp.mending import AnswerReader

PNG = "iVBORw0KGgo="


def read(line: bytes, method: str = "tools/call") -> list[types.JSONRPCMessage]:
    reader = AnswerReader()
    reader.note_sent(types.JSONRPCRequest(jsonrpc="2.0", id=7, method=method, params={}))
    return reader.read(line)[0]


def line(result: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 7, "result": result}).encode()


def block(**given: object) -> bytes:
    return line({"content": [given]})


RESULTS: dict[str, tuple[bytes, str]] = {
    "nulls beside it": (line({"content": [{"type": "text", "text": "a", "annotations": None}], "isError": None}), "a"),
    "a structured content of null": (line({"content": [], "structuredContent": None}), ""),
    "a structured content that is a list": (line({"structuredContent": [1]}), "[1]"),
    "that, with its text": (line({"content": [{"type": "text", "text": "one"}], "structuredContent": [1]}), "one"),
    "one block without a list": (line({"content": {"type": "text", "text": "a"}}), "a"),
    "a text for all content": (line({"content": "a"}), "a"),
    "a text for the whole result": (line("done"), "done"),
    "a text beside an error that there was not": (b'{"jsonrpc":"2.0","id":7,"result":"done","error":null}', "done"),
    "a list for the whole result": (line([1, 2]), "[1, 2]"),
    "the protocol of 2024-10-07": (line({"toolResult": {"a": 1}}), '{"a": 1}'),
    "a result of its own": (line({"rows": 3}), '{"rows": 3}'),
    "nothing at all": (line({}), ""),
    "a number for a text": (block(type="text", text=42), "42"),
    "no text": (block(type="text", text=None), ""),
    "an image without a type": (block(type="image", data=PNG), "[image image/png]"),
    "an image as an address of its data": (block(type="image", data=f"data:image/gif;base64,{PNG}"), "[image image/gif]"),
    "a block that nobody knows": (block(type="table", rows=[1]), '{"type": "table", "rows": [1]}'),
    "a link without a name": (block(type="resource_link", uri="x:y"), '{"type": "resource_link", "uri": "x:y"}'),
    "half a letter": (b'{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"a\\ud83db"}]}}', "a\ufffd\ufffd\ufffdb"),
    "a letter in Latin-1": (b'{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"caf\xe9"}]}}', "caf\ufffd"),
    "a mark of UTF-8 before it": (b"\xef\xbb\xbf" + block(type="text", text="a"), "a"),
    "a batch of one": (b"[" + block(type="text", text="a") + b"]", "a"),
    "no number": (b'{"jsonrpc":"2.0","id":7,"result":{"structuredContent":{"v":NaN}}}', '{"v": NaN}'),
}


@pytest.mark.parametrize(("sent", "shown"), RESULTS.values(), ids=RESULTS)
def test_a_result_is_read(sent: bytes, shown: str) -> None:
    (message,) = read(sent)
    assert isinstance(message, types.JSONRPCResponse)
    value = read_result(types.CallToolResult.model_validate(message.result))
    assert shown == (value if isinstance(value, str) else "\n".join(map(str, value)))  # type: ignore[call-overload]


FAILURES: dict[str, tuple[object, bool]] = {"true": (True, True), "null": (None, False), '"false"': ("false", False), "1": (1, True)}


@pytest.mark.parametrize(("said", "failed"), FAILURES.values(), ids=FAILURES)
def test_a_failure_is_one_however_it_is_written(said: object, failed: bool) -> None:
    (message,) = read(line({"content": [], "isError": said}))
    assert isinstance(message, types.JSONRPCResponse)
    assert types.CallToolResult.model_validate(message.result).is_error is failed


ERRORS: dict[str, tuple[Any, tuple[int, str]]] = {
    "a text": ({"id": 7, "error": "quota"}, (-32603, "quota")),
    "without a code": ({"id": 7, "error": {"message": "quota"}}, (-32603, "quota")),
    "without a message": ({"id": 7, "error": {"code": -32001}}, (-32001, '{"code": -32001}')),
    "of nothing that it could read": ({"id": None, "error": {"code": -32602, "message": "bad"}}, (-32603, "bad")),
    "of nothing, without a code": ({"error": "bad"}, (-32603, "bad")),
}


@pytest.mark.parametrize(("sent", "told"), ERRORS.values(), ids=ERRORS)
def test_an_error_ends_the_call_in_its_own_words(sent: dict[str, Any], told: tuple[int, str]) -> None:
    """An error without an id never says that nothing was done: whoever could not read the id could not read the call either."""
    (message,) = read(json.dumps({"jsonrpc": "2.0", **sent}).encode())
    assert isinstance(message, types.JSONRPCError)
    assert (message.id, message.error.code, message.error.message) == (7, *told)


def test_an_error_without_an_id_is_of_no_call_where_there_are_two() -> None:
    reader = AnswerReader()
    for number in (7, 8):
        reader.note_sent(types.JSONRPCRequest(jsonrpc="2.0", id=number, method="tools/call", params={}))
    ((message,), _) = reader.read(b'{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"bad"}}')
    assert isinstance(message, types.JSONRPCError)
    assert message.id is None


def test_a_question_and_the_results_of_other_requests_stay_as_they_are() -> None:
    asks = {"resultType": "input_required", "inputRequests": {"0": {"method": "roots/list"}}, "requestState": "s"}
    (message,) = read(line(asks))
    assert isinstance(message, types.JSONRPCResponse)
    assert message.result == asks
    (other,) = read(line({"prompts": []}), "prompts/list")
    assert isinstance(other, types.JSONRPCResponse)
    assert other.result == {"prompts": []}


@pytest.mark.parametrize("noise", [b"Welcome!", b"[]", b"null", b"3", b'{"jsonrpc":"2.0"}', b"[" * 100_000, b'"text"', b"{'a': 1}"])
def test_what_is_no_message_is_noise(noise: bytes) -> None:
    with pytest.raises(ValueError, match=r"(?s).*"):
        read(noise)


@pytest.mark.parametrize("method", ["notifications/progress", "notifications/message"])
def test_a_log_and_a_progress_are_not_passed_on_in_whatever_form(method: str) -> None:
    assert read(json.dumps({"jsonrpc": "2.0", "method": method, "params": {"progress": "half"}}).encode()) == []


SCHEMAS: dict[str, tuple[Any, Any]] = {
    "properties of null": ({"type": "object", "properties": None, "required": None}, {"type": "object", "properties": {}}),
    "required among the properties": ({"type": "object", "properties": {"a": {}, "required": ["a"]}}, None),
}


@pytest.mark.parametrize(("schema", "mended"), SCHEMAS.values(), ids=SCHEMAS)
def test_a_listing_is_read(schema: Any, mended: Any) -> None:
    (message,) = read(line({"tools": [{"name": "look", "description": None, "inputSchema": schema}]}), "tools/list")
    assert isinstance(message, types.JSONRPCResponse)
    assert [tool["inputSchema"] for tool in message.result["tools"]] == ([] if mended is None else [mended])
