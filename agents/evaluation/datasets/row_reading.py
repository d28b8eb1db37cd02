"""Rows of other people's files as examples: OpenAI's and TRL's conversations, pairs, and prompts with completions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sayso.tools.canonical import JsonObject
from sayso.tools.errors import UsageError

from .example import Example, ExampleOrigin, Messages
from .json_rows import ONE_LIST, read_rows
from .problems import RowProblem
from .text_files import read_text

Row = Mapping[str, Any]


def read_examples(path: str | Path) -> list[Example]:
    """Return the examples in a JSONL file of conversations, pairs or completions. Raises UsageError with the line for another row."""
    found: list[Example] = []
    problems: list[RowProblem] = []
    for number, row in read_rows(read_text(path), problems):
        place = f"{path}:{number}"
        try:
            found.append(read_row(row, ExampleOrigin(place, "", "a row of the file")))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            raise UsageError(f"{place} is not an example that can be read. To see the mistakes: sayso dataset --check {path}") from None
    if wrong := next((each for each in problems if "JSON" in each.what and not each.what.startswith(ONE_LIST)), None):
        raise UsageError(f"{path}:{wrong.line} {wrong.what}. Check the file: sayso dataset --check {path}")
    if not found:
        raise UsageError(f"{path} is empty.")
    return found


def read_row(row: Row, origin: ExampleOrigin) -> Example:
    """Return the example in a row. Raises KeyError, TypeError or ValueError for one in which there is none."""
    tools = _read_tools(row.get("tools"))
    if "messages" in row:
        return _cut_conversation(_read_messages(row["messages"]), tools, origin)
    if "preferred_output" in row:
        given = row["input"]
        better, worse = _read_messages(row["preferred_output"]), _read_messages(row["non_preferred_output"])
        tools = _read_tools(given.get("tools"))
        return Example(prompt=_read_messages(given["messages"]), answer=better, rejected=worse, tools=tools, origin=origin)
    if "chosen" in row:
        better, worse = _read_side(row["chosen"], "assistant"), _read_side(row["rejected"], "assistant")
        prompt = _read_side(row["prompt"], "user") if "prompt" in row else ()
        while not prompt and better[:1] == worse[:1] and len(better) > 1:
            prompt, better, worse = (*prompt, better[0]), better[1:], worse[1:]
        return Example(prompt=prompt, answer=better, rejected=worse, tools=tools, origin=origin)
    prompt, answer = _read_side(row["prompt"], "user"), _read_side(row["completion"], "assistant")
    return Example(prompt=prompt, answer=answer, liked=row.get("label"), tools=tools, origin=origin)


def _cut_conversation(messages: Messages, tools: tuple[JsonObject, ...], origin: ExampleOrigin) -> Example:
    """Return the example of a conversation: what comes after the last message of the user is its answer."""
    answers = [place for place, message in enumerate(messages) if message["role"] == "assistant"]
    questions = [place for place, message in enumerate(messages) if message["role"] == "user"]
    asked = questions[-1] if questions else answers[0] - 1
    if asked == len(messages) - 1:
        raise ValueError("the conversation ends with the user")
    return Example(prompt=messages[: asked + 1], answer=messages[asked + 1 :], tools=tools, origin=origin)


def _read_side(value: object, role: str) -> Messages:
    if isinstance(value, str):
        return ({"role": role, "content": value},)
    return _read_messages([value] if isinstance(value, dict) else value)


def _read_messages(value: Any) -> Messages:
    found: list[JsonObject] = []
    waiting: list[str] = []
    for message in value:
        kept = ("content", "tool_call_id", "weight")
        read: JsonObject = {"role": str(message["role"])} | {name: value for name, value in message.items() if name in kept}
        if message.get("tool_calls"):
            read["tool_calls"] = [_read_call(call, f"call{len(found):03}{index:02}") for index, call in enumerate(message["tool_calls"])]
            waiting = [call["id"] for call in read["tool_calls"]]
        elif read["role"] == "tool" and not read.get("tool_call_id") and waiting:
            read["tool_call_id"] = waiting.pop(0)  # TRL's columns have no ids: results come in the order of the calls
        if not isinstance(read.get("content"), (str, list)) and "tool_calls" not in read:
            raise ValueError("a message without a text")
        found.append(read)
    if not found:
        raise ValueError("no messages")
    return tuple(found)


def _read_call(call: Row, call_id: str) -> JsonObject:
    function = call["function"]
    arguments = function.get("arguments", {})
    value = json.loads(arguments) if isinstance(arguments, str) else arguments
    if not isinstance(value, dict):
        raise TypeError("arguments that are not an object")
    written = json.dumps(value, ensure_ascii=False)
    return {"id": call.get("id") or call_id, "type": "function", "function": {"name": str(function["name"]), "arguments": written}}


def _read_tools(value: object) -> tuple[JsonObject, ...]:
    parsed: object = json.loads(value) if isinstance(value, str) and value.strip() else value
    found: list[JsonObject] = []
    for tool in parsed if isinstance(parsed, (list, tuple)) else [parsed] if parsed else ():
        if not isinstance(tool, dict):
            raise TypeError("tools that are not a list of schemas")
        found.append(tool if "function" in tool else {"type": "function", "function": tool})
    return tuple(found)
