"""Examples as rows of the formats that are uploaded or trained on: OpenAI's, TRL's, and lines of "prompt ||| completion"."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sayso.tools.canonical import JsonObject
from sayso.tools.errors import UsageError

from .example import Example, Messages, read_arguments
from .separated import find_texts, write_line

FORMATS = ("chat", "prompt-completion", "preference")
"""What a row teaches: a conversation, a completion, or which of two answers is better."""
READERS = ("openai", "trl", "text")
"""Who reads the file: OpenAI, TRL and the trainers that take its columns, or whoever reads lines of "prompt ||| completion"."""


class Unwritable(Exception):
    """Why an example has no row in a format, as the end of a sentence."""


def check_format(format: str, reader: str) -> None:
    """Raise UsageError for a format or a reader that is unknown, or that does not go with the other."""
    if format not in FORMATS:
        raise UsageError(f"There is no format {format!r}. Formats: {', '.join(FORMATS)}.")
    if reader not in READERS:
        raise UsageError(f"There is no reader {reader!r} of data sets. Readers: {', '.join(READERS)}.")
    if reader == "text" and format != "prompt-completion":
        raise UsageError(f"Lines of text take the format prompt-completion, and not {format}. Write --format prompt-completion --for text.")


def write_row(example: Example, format: str, reader: str) -> JsonObject:
    """Return an example as a row. Raises Unwritable for one that the format has no place for."""
    if format == "preference" and not example.rejected and example.liked is None:
        raise Unwritable("nobody has said which of two answers is the better one, or whether this one is good")
    if reader == "trl":
        return _write_trl(example, format)
    return {"chat": _write_chat, "prompt-completion": _write_texts, "preference": _write_preference}[format](example)


def write_text_line(example: Example, *, escape: bool = False) -> str:
    """Return an example as a line of "prompt ||| completion". Raises Unwritable for one that has no such form."""
    try:
        return write_line(*find_texts(example), example.origin.source, escape=escape)
    except UsageError as error:
        raise Unwritable(str(error).removesuffix(".")) from None


def _write_chat(example: Example) -> JsonObject:
    row: JsonObject = {"messages": [*example.prompt, *example.answer]}
    return row | ({"tools": list(example.tools)} if example.tools else {})


def _write_texts(example: Example) -> JsonObject:
    try:
        prompt, completion = find_texts(example)
    except UsageError as error:
        raise Unwritable(f"{error} Write it with --format chat, or --for trl") from None
    return {"prompt": prompt, "completion": completion}


def _write_preference(example: Example) -> JsonObject:
    if example.liked is not None:
        raise Unwritable("it has a verdict and no second answer, and OpenAI takes pairs")
    if len(example.answer) != 1 or len(example.rejected) != 1:
        raise Unwritable("an answer has calls before its text, and OpenAI takes one message of the model on each side. Write it --for trl")
    options: JsonObject = {"tools": list(example.tools), "parallel_tool_calls": True} if example.tools else {}
    return {
        "input": {"messages": _drop_weights(example.prompt), **options},
        "preferred_output": _drop_weights(example.answer),
        "non_preferred_output": _drop_weights(example.rejected),
    }


def _write_trl(example: Example, format: str) -> JsonObject:
    """Return a row with TRL's columns. Arguments are objects; tools are JSON text, for a table has one type for each column.

    A trainer learns every answer in a row: it knows no weights.
    """
    if any(isinstance(message.get("content"), list) for message in (*example.prompt, *example.answer, *example.rejected)):
        raise Unwritable("it has images or files in it")
    if any(message.get("weight") == 0 for message in example.answer):
        raise Unwritable(
            "it has a call that a person rejected, or a reply that was sent back, and TRL knows no weights. Write it --for openai"
        )
    prompt, answer = _convert(example.prompt), _convert(example.answer)
    tools: JsonObject = {"tools": json.dumps(example.tools, ensure_ascii=False)} if example.tools else {}
    match format:
        case "chat":
            return {"messages": prompt + answer, **tools}
        case "prompt-completion":
            return {"prompt": prompt, "completion": answer, **tools}
    if example.liked is not None:
        return {"prompt": prompt, "completion": answer, "label": example.liked, **tools}
    return {"prompt": prompt, "chosen": answer, "rejected": _convert(example.rejected), **tools}


def _convert(messages: Messages) -> list[JsonObject]:
    names: dict[object, object] = {}
    found: list[JsonObject] = []
    for message in _drop_weights(messages):
        if calls := message.get("tool_calls"):
            names |= {call["id"]: call["function"]["name"] for call in calls}
            calls = [
                {"type": "function", "function": {"name": each["function"]["name"], "arguments": read_arguments(each)}} for each in calls
            ]
            text = {"content": message["content"]} if message.get("content") else {}
            found.append({"role": "assistant", **text, "tool_calls": calls})
        elif message["role"] == "tool":
            name = names.get(message.get("tool_call_id"))
            found.append({"role": "tool", **({"name": name} if name else {}), "content": message["content"]})
        else:
            found.append({"role": message["role"], "content": message["content"]})
    return found


def _drop_weights(messages: Sequence[JsonObject]) -> list[JsonObject]:
    return [{name: value for name, value in message.items() if name != "weight"} for message in messages]
