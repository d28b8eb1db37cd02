"""Rules of rows that open trainers read as a table of columns: TRL, Axolotl, Unsloth, LLaMA-Factory, and all that loads with `datasets`.

Sources: TRL's "Dataset formats and types", LLaMA-Factory's data/README.md, Axolotl's "Dataset Formats". A column, and each key in it, has
one type in all rows of a file: else `datasets` stops with "Column(...) changed from string to number".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from .problems import RowProblem, RowReport, name_type

Row = Mapping[str, Any]
_ROLES = ("system", "developer", "user", "assistant", "tool", "ipython", "function")
_SHAREGPT_ROLES = (
    "system",
    "human",
    "user",
    "gpt",
    "assistant",
    "model",
    "chatgpt",
    "bot",
    "observation",
    "tool",
    "function_call",
    "function",
)
_JSON_TYPES: Mapping[type, str] = {bool: "boolean", int: "number", float: "number", str: "text", list: "list", dict: "object"}


def check_trl_chat(row: Row, report: RowReport) -> None:
    """Check a row with `messages` (language modelling of a conversation)."""
    messages = _check_messages(row.get("messages"), "messages", report)
    if messages and not any(message.get("role") == "assistant" for message in messages):
        report.refuse("messages", "has no message of the assistant, so there is nothing to learn", "Add the answer, or leave the row out.")
    _check_tools(row, messages, report)


def check_trl_completion(row: Row, report: RowReport) -> None:
    """Check a row with `prompt` and `completion`: two texts or two lists of messages; with `label` it is an unpaired preference."""
    _check_columns(row, ("prompt", "completion"), report)
    if "label" in row and not isinstance(row["label"], bool):
        report.refuse("label", f"is {name_type(row['label'])}", "Write true for a good completion and false for a bad one.")


def check_trl_preference(row: Row, report: RowReport) -> None:
    """Check a row with `chosen` and `rejected`, and mostly a `prompt`."""
    _check_columns(row, ("prompt", "chosen", "rejected") if "prompt" in row else ("chosen", "rejected"), report)
    if "prompt" not in row:
        do = 'Call the column "prompt".' if "messages" in row else "Write the prompt as a column of its own."
        report.warn("prompt", "is missing: TRL looks for it at the beginning of both answers", do)
    if row.get("chosen") == row.get("rejected"):
        report.refuse("rejected", "is the same as chosen", "Leave the row out: it prefers nothing.")


def check_text(row: Row, report: RowReport) -> None:
    """Check a row with a `text`, of which all is trained on."""
    if not isinstance(row.get("text"), str) or not str(row["text"]).strip():
        report.refuse("text", f"is {name_type(row.get('text'))}, and not a text", "Write the text, or leave the row out.")


def check_alpaca(row: Row, report: RowReport) -> None:
    """Check a row with `instruction`, `input` and `output` (or `chosen` and `rejected`), Alpaca's columns."""
    for name in ("instruction", "input", "output", "chosen", "rejected", "system"):
        value = row.get(name)
        if value is not None and not isinstance(value, str) and not (isinstance(value, dict) and name in ("chosen", "rejected")):
            report.refuse(name, f"is {name_type(value)}, and not a text", "Write a text.")
    if not str(row.get("instruction") or row.get("input") or "").strip():
        report.refuse("instruction", "is empty", "Write it, or leave the row out.")
    if "chosen" not in row and not str(row.get("output") or "").strip():
        report.refuse("output", "is empty" if "output" in row else "is missing", "Write it, or leave the row out.")


def check_sharegpt(row: Row, report: RowReport) -> None:
    """Check a row with `conversations` of `from` and `value`, ShareGPT's columns."""
    turns = row.get("conversations")
    if not isinstance(turns, list) or not turns:
        report.refuse("conversations", f"is {name_type(turns)}, and not a list of turns", "Write the conversation as a list.")
        return
    speakers: list[str] = []
    for number, turn in enumerate(turns):
        place = f"conversations[{number}]"
        speaker, value = (
            (turn.get("from", turn.get("role")), turn.get("value", turn.get("content"))) if isinstance(turn, dict) else (None, None)
        )
        if speaker not in _SHAREGPT_ROLES:
            report.refuse(
                f"{place}.from", f"is {json.dumps(speaker, default=str)}", "Write human, gpt, system, function_call or observation."
            )
        if not isinstance(value, str) or not value.strip():
            report.refuse(f"{place}.value", f"is {'empty' if isinstance(value, str) else name_type(value)}", "Write the text.")
        speakers.append(str(speaker))
    spoken = speakers[1:] if speakers[0] == "system" else speakers
    answers = ("gpt", "assistant", "model", "chatgpt", "bot", "function_call", "function")
    if "chosen" not in row and not any(speaker in answers for speaker in spoken):
        report.refuse("conversations", "has no turn of the model, so there is nothing to learn", "Add the answer, or leave the row out.")
    for number, (one, other) in enumerate(pairwise(spoken)):
        if (one in answers) == (other in answers):
            report.warn(
                f"conversations[{number + 1}]", "is a second turn of the same side", "Let the sides take turns: LLaMA-Factory drops it."
            )


def find_type_changes(rows: Sequence[tuple[int, Row]]) -> Iterator[RowProblem]:
    """Yield each column, or key in one, that has values of two types: no table has a place for both."""
    known: dict[str, tuple[str, int]] = {}
    told: set[str] = set()
    for line, row in rows:
        for place, kind in _iter_types(row, ""):
            first, where = known.setdefault(place, (kind, line))
            if first != kind and place not in told:
                told.add(place)
                do = "Write it in one type in all rows"
                do += "; arguments of calls and tools may be JSON text." if "arguments" in place or place.startswith("tools") else "."
                yield RowProblem(line, place, f"is {kind} here and {first} in line {where}, which `datasets` cannot load", do)


def find_filled_tools(rows: Sequence[tuple[int, Row]]) -> Iterator[RowProblem]:
    """Yield the first row whose `tools` are a list of schemas with other parameters than those before: a table fills in what is missing."""
    known: frozenset[str] | None = None
    for line, row in rows:
        for tool in row["tools"] if isinstance(row.get("tools"), list) else ():
            function = tool.get("function") if isinstance(tool, dict) else None
            parameters = function.get("parameters") if isinstance(function, dict) else None
            names = frozenset(parameters.get("properties") or ()) if isinstance(parameters, dict) else frozenset[str]()
            if known is not None and names != known:
                what = "is a list of schemas with different parameters: `datasets` gives each the parameters of all, as null"
                yield RowProblem(line, "tools", what, "Write the list as JSON text: json.dumps(tools).", False)
                return
            known = names


def _iter_types(value: object, place: str) -> Iterator[tuple[str, str]]:
    if value is None:
        return
    if place:
        yield place, _JSON_TYPES.get(type(value), "object")
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _iter_types(item, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list):
        for item in value:
            yield from _iter_types(item, f"{place}[]")


def _check_columns(row: Row, names: Sequence[str], report: RowReport) -> None:
    kinds: dict[str, str] = {}
    spoken: list[Row] = []
    for name in names:
        value = row.get(name)
        kinds[name] = "messages" if isinstance(value, list) else "a text" if isinstance(value, str) else name_type(value)
        if isinstance(value, list):
            spoken += _check_messages(value, name, report)
        elif not isinstance(value, str):
            report.refuse(name, f"is {name_type(value)}, and neither a text nor a list of messages", "Write one of the two.")
        elif not value.strip():
            report.refuse(name, "is empty", "Write it, or leave the row out.")
    if {"messages", "a text"} <= set(kinds.values()):
        report.refuse(names[-1], f"is {kinds[names[-1]]}, and {names[0]} is {kinds[names[0]]}", "Write all as texts, or all as messages.")
    _check_tools(row, spoken, report)


def _check_messages(messages: object, where: str, report: RowReport) -> list[Row]:
    if not isinstance(messages, list) or not messages:
        report.refuse(
            where, f"is {name_type(messages) if messages != [] else 'an empty list'}, and not a list of messages", "Write messages."
        )
        return []
    found: list[Row] = []
    for number, message in enumerate(messages):
        place = f"{where}[{number}]"
        if not isinstance(message, dict) or message.get("role") not in _ROLES:
            seen = json.dumps(message.get("role"), default=str) if isinstance(message, dict) else name_type(message)
            report.refuse(f"{place}.role", f"is {seen}", "Write system, user, assistant or tool.")
            continue
        found.append(message)
        calls, content = message.get("tool_calls"), message.get("content")
        if not calls and not message.get("function_call") and not isinstance(content, (str, list)):
            report.refuse(f"{place}.content", f"is {name_type(content)}, and not a text", "Write the text.")
        for index, call in enumerate(calls if isinstance(calls, list) else ()):
            function = call.get("function") if isinstance(call, dict) else None
            if not isinstance(function, dict) or not isinstance(function.get("name"), str):
                report.refuse(f"{place}.tool_calls[{index}]", "names no function", 'Write {"type": "function", "function": {...}}.')
            elif isinstance(function.get("arguments"), str):
                do = "Write the object itself; templates of most models write JSON text as a text within JSON. Axolotl takes it."
                report.warn(f"{place}.tool_calls[{index}].function.arguments", "is JSON text", do)
    return found


def _check_tools(row: Row, messages: Sequence[Row], report: RowReport) -> None:
    called = {
        str(call["function"].get("name"))
        for message in messages
        for call in message.get("tool_calls") or ()
        if isinstance(call, dict) and isinstance(call.get("function"), dict)
    }
    tools = row.get("tools")
    if isinstance(tools, str) and tools.strip():
        try:
            tools = json.loads(tools)
        except ValueError as error:
            report.refuse("tools", f"is a text that is not JSON: {error}", "Write json.dumps([schema, ...]).")
            return
    if called and not tools:
        report.warn("tools", f"is missing, and {min(called)} is called", "Add the column, so that the template shows the tools.")
    elif isinstance(tools, list) and all(isinstance(tool, dict) for tool in tools):
        names = {str((tool.get("function") if isinstance(tool.get("function"), dict) else tool).get("name")) for tool in tools}
        if missing := sorted(called - names):
            report.warn("tools", f"has no schema of {missing[0]}, which is called", "Add its schema.")
    elif tools:
        report.refuse("tools", f"is {name_type(tools)}", "Write a list of schemas, or its JSON text.")
