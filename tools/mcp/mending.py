"""Mend what servers answer, before it is held against the protocol: what has one reading is read, the rest spoils nothing else."""

from __future__ import annotations

import base64
import json
from typing import Any

import mcp_types as types
from pydantic import TypeAdapter, ValidationError

from ..canonical import JsonObject
from ..media import find_media_type

CALL = "tools/call"
_BLOCK: TypeAdapter[types.ContentBlock] = TypeAdapter(types.ContentBlock)
_OF_A_CALL = frozenset({"content", "structuredContent", "isError", "toolResult"})
_ASKS = frozenset({"inputRequests", "requestState"})
_UNHEARD = frozenset({"notifications/progress", "notifications/message"})
"""Which notifications nobody listens to: a log and a progress, of which each in a form of its own would be a traceback in your log."""
_MEDIA = {"image": "image/png", "audio": "audio/wav"}
"""What an image or audio is that nobody says more of."""


class AnswerReader:
    """Reads the lines of one server. It knows to which request each answer is: an answer in a form of its own is still one to that."""

    def __init__(self) -> None:
        self._asked: dict[int | str, str] = {}

    def note_sent(self, message: types.JSONRPCMessage) -> None:
        """Note a request that is sent."""
        if isinstance(message, types.JSONRPCRequest):
            self._asked[message.id] = message.method

    def read(self, line: bytes) -> tuple[list[types.JSONRPCMessage], list[str]]:
        """Return the messages of a line, and what was wrong with a listing. Raises ValueError for a line that is no message."""
        try:
            messages = [types.jsonrpc_message_adapter.validate_json(line, by_name=False)]
        except ValueError:
            messages = self._read_leniently(line)
        problems: list[str] = []
        messages = [each for each in messages if not (isinstance(each, types.JSONRPCNotification) and each.method in _UNHEARD)]
        for message in messages:
            if isinstance(message, types.JSONRPCError) and message.id is None and len(self._asked) == 1:
                # It could not read what it was asked, and was asked one thing. Whether it did something, its code does not say.
                message.id, message.error.code = next(iter(self._asked)), types.INTERNAL_ERROR
            if isinstance(message, (types.JSONRPCResponse, types.JSONRPCError)) and message.id is not None:
                method = self._asked.pop(message.id, "")
                if isinstance(message, types.JSONRPCResponse):
                    problems += mend_answer(message.result, method)
        return messages, problems

    def _read_leniently(self, line: bytes) -> list[types.JSONRPCMessage]:
        """Read a line with letters that are none, several messages in one list, an answer or an error in a form of its own."""
        try:
            found = _replace_halves(json.loads(line.decode("utf-8-sig", "replace")))
        except RecursionError:
            raise ValueError("it is nested too deep") from None
        messages: list[types.JSONRPCMessage] = []
        for each in found if isinstance(found, list) else [found]:
            if isinstance(each, dict):
                try:
                    messages.append(types.jsonrpc_message_adapter.validate_python(self._mend_message(each), by_name=False))
                except ValidationError:
                    continue
        if not messages:
            raise ValueError("it is no message")
        return messages

    def _mend_message(self, message: JsonObject) -> JsonObject:
        if "result" in message and message.get("error", ...) is None:
            del message["error"]  # JSON-RPC 1.0 says of each answer that there was no error
        if "error" in message and "method" not in message:
            given = message["error"]
            error = given if isinstance(given, dict) else {"message": given}
            code, said = error.get("code"), error.get("message")
            is_whole = isinstance(code, int) and not isinstance(code, bool)
            shown = said if isinstance(said, str) else _show(given)
            message["error"] = {**error, "code": code if is_whole else types.INTERNAL_ERROR, "message": shown}
            message.setdefault("id", None)
        elif "result" in message and not isinstance(message["result"], dict) and self._asked.get(message.get("id", "")) == CALL:
            message["result"] = {"content": [_show_block(message["result"])]}
        return message


def mend_answer(result: object, method: str = "") -> list[str]:
    """Mend the result of a listing or of a call, in place, and return what was wrong with a listing."""
    if not isinstance(result, dict):
        return []
    if isinstance(result.get("tools"), list) and method != CALL:
        return mend_listing(result)
    if (method == CALL or _OF_A_CALL & result.keys()) and not _ASKS & result.keys():
        _mend_result(result)
    return []


def _mend_result(result: JsonObject) -> None:
    """Give the result of a call the content that it must have. What is in no form that is known here is shown as it was sent."""
    for name in ("isError", "structuredContent", "_meta"):
        if result.get(name, ...) is None:
            del result[name]
    if not isinstance(failed := result.get("isError", False), bool):
        result["isError"] = str(failed).lower() not in ("false", "0", "")
    if "content" not in result and "structuredContent" not in result:
        left = {key: value for key, value in result.items() if key not in ("isError", "_meta", "resultType")}
        result["content"] = [_show_block(left.get("toolResult", left))] if left else []  # toolResult: the protocol of 2024-10-07
    content = result.get("content", [])
    result["content"] = [_mend_block(each) for each in (content if isinstance(content, list) else [content])]
    structured = result.get("structuredContent", {})
    if not isinstance(structured, dict):
        del result["structuredContent"]
        if not result["content"]:
            result["content"] = [_show_block(structured)]


def _mend_block(block: Any) -> JsonObject:
    if not isinstance(block, dict):
        return _show_block(block)
    if block.keys() == {"type", "text"} and block["type"] == "text" and isinstance(block["text"], str):
        return block
    mended = {key: value for key, value in block.items() if value is not None}
    if mended.get("type") == "text" and not isinstance(mended.get("text"), str):
        mended["text"] = _show(mended.get("text", ""))
    if mended.get("type") in _MEDIA and isinstance(data := mended.get("data"), str):
        head, _, after = data.partition(";base64,")
        if head.startswith("data:") and after:
            mended["data"], mended["mimeType"] = after, mended.get("mimeType") or head.removeprefix("data:")
        mended.setdefault("mimeType", _guess_type(mended["data"]) or _MEDIA[mended["type"]])
    try:
        _BLOCK.validate_python(mended, by_name=False)
    except ValidationError:
        return _show_block(block)
    return mended


def _guess_type(data: str) -> str:
    try:
        return find_media_type(base64.b64decode(data[:64]))
    except ValueError:
        return ""


def _show_block(value: object) -> JsonObject:
    return {"type": "text", "text": _show(value)}


def _show(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _replace_halves(value: Any) -> Any:
    """Return a value without halves of letters (lone surrogates), which no text in UTF-8 can have."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    if isinstance(value, list):
        return [_replace_halves(each) for each in value]
    if isinstance(value, dict):
        return {_replace_halves(key): _replace_halves(each) for key, each in value.items()}
    return value


def mend_listing(result: JsonObject) -> list[str]:
    """Leave malformed tools out of the result of a listing, in place, and return what was wrong: one must not spoil the others.

    What a tool says of its results is left out: a write that was done stays done if its result is another than was said.
    """
    kept, problems = [], []
    for each in result["tools"]:
        name = each.get("name") if isinstance(each, dict) else None
        if not isinstance(name, str) or not name:
            problems.append("a tool without a name is left out")
        elif (mended := _mend_schema(each.get("inputSchema"))) is None:
            problems.append(f"{name!r} is left out: its schema is not one of an object")
        else:
            kept.append({**{key: value for key, value in each.items() if key != "outputSchema"}, "inputSchema": mended})
    result["tools"] = kept
    return problems


def _mend_schema(schema: object) -> JsonObject | None:
    """Return a schema of an object, which a server may not have said; None for one of something else."""
    if schema is None:
        return {"type": "object", "properties": {}}
    if not isinstance(schema, dict) or schema.get("type", "object") != "object":
        return None
    schema = {key: value for key, value in schema.items() if value is not None}
    rules = schema.get("properties", {})
    if not isinstance(rules, dict) or not all(isinstance(rule, (dict, bool)) for rule in rules.values()):
        return None
    return {**schema, "type": "object", "properties": {name: rule if isinstance(rule, dict) else {} for name, rule in rules.items()}}
