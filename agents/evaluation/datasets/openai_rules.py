"""OpenAI's rules of files for fine-tuning: conversations (supervised), pairs (preference), and prompts with completions (older models).

Sources: the guides "Supervised fine-tuning" and "Direct preference optimization" and the API reference of fine-tuning (the schemas of
chat, preference and completion input), platform.openai.com, and refusals that users report ("Line 1, message 3, key "content": Input should
be a valid string"). Azure OpenAI, Together and others take the same files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from .problems import RowReport, name_type

FEWEST_ROWS = 10
MOST_CHARACTERS = 4 * 65_536
"""About so many are the most tokens of an example (65,536); what comes after them is cut off."""
MOST_BYTES = 512 * 1024 * 1024
MOST_TOOLS = 128
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")
_KEYS = {
    "system": {"role", "content", "name"},
    "developer": {"role", "content", "name"},
    "user": {"role", "content", "name"},
    "assistant": {"role", "content", "name", "tool_calls", "function_call", "weight", "refusal", "audio"},
    "tool": {"role", "content", "tool_call_id"},
    "function": {"role", "content", "name"},
}
_OTHER_NAMES = {"human": "user", "gpt": "assistant", "bot": "assistant", "model": "assistant", "ai": "assistant", "observation": "tool"}
Row = Mapping[str, Any]


def check_chat(row: Row, report: RowReport) -> None:
    """Check a row of a conversation: {"messages": [...], "tools": [...], "parallel_tool_calls": false}."""
    _check_keys(row, {"messages", "tools", "parallel_tool_calls", "functions"}, "", report)
    tools = _check_tools(row, "", report)
    messages = row.get("messages")
    if not isinstance(messages, list) or not messages:
        report.refuse("messages", f"is {_describe(messages)}, and not a list of messages", "Write the conversation as a list.")
        return
    _check_messages(messages, tools, "messages", report)
    answers = [message for message in messages if isinstance(message, dict) and message.get("role") == "assistant"]
    if not answers:
        report.refuse("messages", "has no message of the assistant, so there is nothing to learn", "Add the answer, or leave the row out.")
    elif all(message.get("weight") == 0 for message in answers):
        report.refuse("messages", "every message of the assistant has weight 0, so there is nothing to learn", "Leave the row out.")
    elif isinstance(messages[-1], dict) and messages[-1].get("role") != "assistant":
        what = f"the last message is of {messages[-1].get('role')!r}, so nothing is learned from it"
        report.warn(f"messages[{len(messages) - 1}]", what, "End the conversation with the assistant.")
    if len(json.dumps(row, ensure_ascii=False, default=str)) > MOST_CHARACTERS:
        report.warn(
            "messages", "is longer than 65,536 tokens, by its characters; the rest is cut off", "Shorten it, or make two rows of it."
        )
    if not any(isinstance(message, dict) and message.get("role") == "user" for message in messages):
        report.warn("messages", "has no message of the user", "Add what the assistant answers.")


def check_preference(row: Row, report: RowReport) -> None:
    """Check a row of a pair: {"input": {"messages": [...]}, "preferred_output": [...], "non_preferred_output": [...]}."""
    _check_keys(row, {"input", "preferred_output", "non_preferred_output"}, "", report)
    given, tools = row.get("input"), None
    if not isinstance(given, dict):
        report.refuse("input", f"is {_describe(given)}, and not an object with messages in it", 'Write {"messages": [...]}.')
    else:
        _check_keys(given, {"messages", "tools", "parallel_tool_calls"}, "input.", report)
        tools = _check_tools(given, "input.", report)
        messages = given.get("messages")
        if not isinstance(messages, list) or not messages:
            report.refuse("input.messages", f"is {_describe(messages)}, and not a list of messages", "Write what is asked as a list.")
        else:
            _check_messages(messages, tools, "input.messages", report)
            if isinstance(messages[-1], dict) and messages[-1].get("role") == "assistant":
                report.refuse("input.messages", "ends with a message of the assistant", "End it with what the two outputs answer.")
    for name in ("preferred_output", "non_preferred_output"):
        output = row.get(name)
        if not isinstance(output, list) or not output:
            report.refuse(name, f"is {_describe(output)}, and not a list with a message of the assistant", "Write the answer as a list.")
            continue
        if any(isinstance(message, dict) and message.get("role") not in ("assistant", "tool") for message in output):
            report.refuse(name, "has a message that is not of the assistant", "Leave only the answer in it.")
        if len(output) > 1:
            report.refuse(name, f"has {len(output)} messages", "Leave one message of the assistant: only one turn is trained on.")
        _check_messages(output, tools, name, report)
    if row.get("preferred_output") == row.get("non_preferred_output"):
        report.refuse("non_preferred_output", "is the same as preferred_output", "Leave the row out: it prefers nothing.")


def check_completion(row: Row, report: RowReport) -> None:
    """Check a row of a prompt and its completion as texts, for babbage-002 and davinci-002."""
    _check_keys(row, {"prompt", "completion"}, "", report)
    for name in ("prompt", "completion"):
        value = row.get(name)
        if not isinstance(value, str):
            report.refuse(name, f"is {_describe(value)}, and not a text", "Write a text, or the format of messages.")
        elif not value.strip() and name == "completion":
            report.refuse(name, "is empty", "Write it, or leave the row out.")
        elif not value.strip():
            report.warn(name, "is empty, which Azure refuses", "Write what the completion answers.")


def _check_messages(messages: Sequence[Any], tools: set[str] | None, where: str, report: RowReport) -> None:
    open_ids: list[str] = []
    for number, message in enumerate(messages):
        place = f"{where}[{number}]"
        if not isinstance(message, dict):
            report.refuse(place, f"is {name_type(message)}, and not an object with a role", 'Write {"role": ..., "content": ...}.')
            continue
        role = message.get("role")
        if role not in _KEYS:
            other = _OTHER_NAMES.get(str(role).lower())
            do = f'Write "{other}".' if other else "Write system, user, assistant or tool."
            report.refuse(f"{place}.role", f"is {_describe(role)}, which is not a role", do)
            continue
        if open_ids and role != "tool":
            report.refuse(
                place, f"comes before the result of the call {open_ids[0]!r}", "Put a tool message with that tool_call_id before it."
            )
            open_ids = []
        if role == "developer":
            report.warn(f"{place}.role", "is no documented role of training data", 'Write "system".')
        _check_keys(message, _KEYS[role], f"{place}.", report)
        _check_content(message, role, place, report)
        if role == "assistant":
            open_ids = _check_calls(message, tools, place, report)
        elif role == "tool":
            _check_result(message, open_ids, place, report)


def _check_result(message: Row, open_ids: list[str], place: str, report: RowReport) -> None:
    call_id = message.get("tool_call_id")
    if call_id in open_ids:
        open_ids.remove(str(call_id))
    else:
        report.refuse(
            f"{place}.tool_call_id",
            f"is {_describe(call_id)}, and no call before it waits for that",
            "Write the id of the call it answers.",
        )


def _check_content(message: Row, role: str, place: str, report: RowReport) -> None:
    content = message.get("content")
    has_calls = role == "assistant" and (message.get("tool_calls") or message.get("function_call") or message.get("refusal"))
    if content is None:
        if not has_calls:
            report.refuse(f"{place}.content", "is missing", "Write the text, or leave the message out.")
    elif isinstance(content, list) and role != "tool":
        _check_parts(content, role, place, report)
    elif not isinstance(content, str):
        report.refuse(f"{place}.content", f"is {name_type(content)}, and not a text", "Write it as one text.")
    elif not content.strip() and not has_calls:
        report.warn(f"{place}.content", "is empty", "Write the text, or leave the message out.")


def _check_parts(parts: Sequence[Any], role: str, place: str, report: RowReport) -> None:
    for number, part in enumerate(parts):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in ("text", "image_url", "refusal"):
            report.refuse(f"{place}.content[{number}].type", f"is {_describe(kind)}", "Write a text or an image_url.")
        elif kind == "image_url" and role != "user":
            report.refuse(f"{place}.content[{number}]", f"is an image in a message of {role!r}", "Only the user shows images.")


def _check_calls(message: Row, tools: set[str] | None, place: str, report: RowReport) -> list[str]:
    """Check the calls of a message, and return their ids."""
    if "weight" in message and message["weight"] not in (0, 1):
        report.refuse(f"{place}.weight", f"is {_describe(message['weight'])}", "Write 0 (not trained on) or 1.")
    if "function_call" in message:
        report.warn(f"{place}.function_call", "is the older form of tool_calls", "Write tool_calls, and tools in place of functions.")
    calls = message.get("tool_calls")
    if calls is None:
        return []
    if not isinstance(calls, list) or not calls:
        report.refuse(f"{place}.tool_calls", f"is {_describe(calls)}, and not a list of calls", "Leave the key out where there are none.")
        return []
    ids: list[str] = []
    for number, call in enumerate(calls):
        at = f"{place}.tool_calls[{number}]"
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(call, dict) or not isinstance(function, dict) or not isinstance(function.get("name"), str):
            report.refuse(at, "names no function", 'Write {"id": ..., "type": "function", "function": {"name": ..., "arguments": ...}}.')
            continue
        if not isinstance(call.get("id"), str) or not call["id"]:
            report.refuse(f"{at}.id", f"is {_describe(call.get('id'))}", "Write an id, and the same one as tool_call_id of its result.")
        elif call["id"] in ids:
            report.refuse(f"{at}.id", f"is {call['id']!r}, as that of another call of the message", "Give each call an id of its own.")
        else:
            ids.append(call["id"])
        if call.get("type") != "function":
            report.refuse(f"{at}.type", f"is {_describe(call.get('type'))}", 'Write "function".')
        _check_function(function, tools, f"{at}.function", report)
    return ids


def _check_function(function: Row, tools: set[str] | None, place: str, report: RowReport) -> None:
    name, arguments = function["name"], function.get("arguments")
    if tools is None:
        report.refuse(f"{place}.name", f"is {name!r}, and the row has no tools", "Add the schema of the function under tools.")
    elif name not in tools:
        report.refuse(f"{place}.name", f"is {name!r}, which is none of the row's tools", "Add its schema under tools.")
    if not isinstance(arguments, str):
        report.refuse(f"{place}.arguments", f"is {_describe(arguments)}, and not JSON text", "Write json.dumps(arguments).")
        return
    try:
        value = json.loads(arguments)
    except ValueError as error:
        report.refuse(f"{place}.arguments", f"is a text that is not JSON: {error}", "Write json.dumps(arguments).")
        return
    if isinstance(value, str):
        report.refuse(
            f"{place}.arguments", "is JSON of a text, not of an object: it was encoded twice", "Write json.dumps(arguments) once."
        )
    elif not isinstance(value, dict):
        report.refuse(f"{place}.arguments", f"is JSON of {name_type(value)}, not of an object", 'Write {"name": value}.')


def _check_tools(row: Row, where: str, report: RowReport) -> set[str] | None:
    """Check the tools of a row, and return their names; None where it has none."""
    if "functions" in row:
        report.warn(f"{where}functions", "is the older form of tools", "Write tools, and tool_calls in place of function_call.")
        older = row["functions"] if isinstance(row["functions"], list) else []
        return {str(each.get("name")) for each in older if isinstance(each, dict)}
    tools = row.get("tools")
    if tools is None or (tools == [] and where):
        return None
    if not isinstance(tools, list) or not tools:
        do = "Write a list of schemas; leave the key out where there are none."
        report.refuse(f"{where}tools", f"is {_describe(tools)}, and not a list of schemas", do)
        return None
    if len(tools) > MOST_TOOLS:
        report.refuse(f"{where}tools", f"has {len(tools)} tools, and {MOST_TOOLS} are taken", "Leave out those that are not called.")
    names: set[str] = set()
    for number, tool in enumerate(tools):
        place = f"{where}tools[{number}]"
        function = tool.get("function") if isinstance(tool, dict) and tool.get("type") == "function" else None
        if not isinstance(function, dict):
            report.refuse(
                place, "is no schema of a function", 'Write {"type": "function", "function": {"name": ..., "parameters": {...}}}.'
            )
            continue
        name, parameters = function.get("name"), function.get("parameters", {})
        if not isinstance(name, str) or not _NAME.match(name):
            report.refuse(f"{place}.function.name", f"is {_describe(name)}", "Write letters, digits, _ and -, at most 64.")
        if not isinstance(parameters, dict) or (parameters and parameters.get("type") != "object"):
            report.refuse(
                f"{place}.function.parameters", "is no JSON Schema of an object", 'Write {"type": "object", "properties": {...}}.'
            )
        names.add(str(name))
    return names


def _check_keys(row: Row, known: set[str], where: str, report: RowReport) -> None:
    for key in row:
        if key not in known:
            report.warn(f"{where}{key}", "is a key that is not documented here", f"Leave it out. Keys: {', '.join(sorted(known))}.")


def _describe(value: object) -> str:
    """Return a short value as it is, a long one by its kind."""
    written = json.dumps(value, ensure_ascii=False, default=str)
    return "missing" if value is None else written if len(written) <= 40 else name_type(value)
