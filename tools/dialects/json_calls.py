"""Parse calls that are JSON objects: the usual keys for name and arguments, single, in a list, or in OpenAI's shape."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .arguments import read_arguments
from .coerce import CoercionError
from .growing import growing
from .json_end import JsonEnd, find_json_end, parse_json_at
from .lenient_json import parse_json
from .parsed_calls import CallParser, Item
from .read_events import Problem
from .signatures import ARGUMENTS, ToolSignature, ToolSignatures
from .text_buffer import TextBuffer, match_literal, run_whole, search_end, skip_space

NAMES = ("name", "tool_name", "toolName", "tool", "function_name", "functionName", "function", "action", "recipient_name")
# Keys beside name and arguments that say nothing about the call. Any other key makes the object data, unless a marker precedes it.
_OTHER_KEYS = frozenset(
    (
        "id",
        "type",
        "tool_call_id",
        "toolCallId",
        "toolUseId",
        "call_id",
        "index",
        "thought",
        "thoughts",
        "reasoning",
        "explanation",
        "content",
        "role",
        "description",
    )
)
# OpenAI's {"function": {...}} and its relatives: the call is one level deeper.
_WRAPPERS = ("function", "function_call", "tool_call", "tool_use", "call", "tool", "action", "command", "ability")
_LISTS = ("tool_calls", "tool_uses", "calls", "function_calls", "tools")
KEYS = frozenset((*NAMES, *ARGUMENTS, *_OTHER_KEYS, *_WRAPPERS, *_LISTS))
"""The keys one of which a call's object begins with."""
# What stands around a call in known forms, in any program's spelling (functionCall, tool-use): JSON-RPC's parameters, Gemini's replies.
_ENVELOPES = frozenset(key.replace("_", "").removesuffix("s") for key in (*_WRAPPERS, *_LISTS, *"params candidates content parts".split()))
# And beside it: what says nothing about the call, the version and method of JSON-RPC, the thoughts of browser-use.
_BESIDE_CALLS = _ENVELOPES | {
    key.replace("_", "").casefold().removesuffix("s") for key in (*KEYS, *"method jsonrpc current_state thinking memory next_goal".split())
}
_AROUND = re.compile(r"""\"(?:[^"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|[\w$\-]+|[{}\[\],:]""")
_LONGEST_AROUND = 2_000
# Bounded repeats: an unbounded one would make a long text of near misses quadratic.
_COMMENTS = r"(?:(?://|#)[^\n]{0,200}\n\s*|/\*[^*]{0,200}\*/\s*)*"
FIRST_KEY = growing(rf"\{{\s*{_COMMENTS}[\"'“]?([A-Za-z_]{{1,40}})[\"'”]?\s*:")
"""An object with its first key, which is group 1."""


_CALL_KEYS = frozenset((*NAMES, *_WRAPPERS, *_LISTS))


def may_be_call(value: object, tools: ToolSignatures) -> bool:
    """Tell whether a JSON value in prose may be a call. Where not, `parse_calls` would raise NotACall, at a higher cost."""
    if isinstance(value, list):
        return bool(value) and may_be_call(value[0], tools)
    if not isinstance(value, dict):
        return False
    keys = value.keys() & _CALL_KEYS
    if not keys:
        return len(value) == 1 and isinstance(next(iter(value.values())), dict)
    if any(isinstance(value[key], (dict, list)) for key in keys):
        return True
    name = next((name for key in NAMES if isinstance(name := value.get(key), str)), None)
    return name is not None and (not value.keys().isdisjoint(ARGUMENTS) or tools.find_marked(name) is not None)


def find_named_tool(value: Mapping[str, object], tools: ToolSignatures) -> ToolSignature | None:
    """Return the known tool that an object names beside its arguments."""
    if value.keys().isdisjoint(ARGUMENTS):
        return None
    return next((tool for key in NAMES if isinstance(name := value.get(key), str) and (tool := tools.find(name))), None)


def find_data_around(text: str, lowest: int, at: int) -> tuple[str, bool] | None:
    """Return what the value that begins at `at` is in JSON that puts no call there, and whether it is the one member that opens the reply.

    A call stands by itself, in a list of calls, or under a key of a known form such as "function" beside which no other data stands. In
    {"rejected": {"name": ...}} and in [{"kind": "log"}, {"name": ...}] it is only spoken of, whatever it looks like by itself.
    """
    if text[max(lowest, at - 40) : at].rstrip()[-1:] not in (":", ",", "["):
        return None
    frames, word, begin = list[list[str]](), "", max(lowest, at - _LONGEST_AROUND)
    for found in _AROUND.finditer(text, begin, at):
        token = found[0]
        if token in "{[":
            before = text[found.start() - 1 : found.start()]
            frames.append(["" if token == "[" and (before.isalnum() or before == "!") else token])  # an index, or CDATA, is no list
        elif token in "}]":
            frames = frames[:-1]
        elif token == "," and frames and frames[-1][0] == "[":
            frames[-1].append(token)
        elif token == ":" and (frames[-1][0] == "{" if frames else word[:1] in ('"', "'")):
            frames = frames or [["{"]]  # the beginning of the object does not stand here
            frames[-1].append(word.strip("\"'"))
        word = token
    if frames and text[at] == frames[-1][0] == "[":
        return "a list", False
    for depth, (bracket, *inside) in enumerate(frames):
        keys = [re.sub(r"[_\-]", "", key.casefold()).removesuffix("s") for key in inside]
        if bracket == "[" and (frames[depth - 1][0] == "[" if depth else inside):
            return "an item of a list", False
        if bracket == "{" and not (keys and keys[-1] in _ENVELOPES and _BESIDE_CALLS.issuperset(keys)):
            is_only = len(frames) == len(inside) == 1 and text[:at].lstrip().startswith("{") and text[:begin].strip() == ""
            return repr(inside[-1]) if inside else "an object", is_only
    return None


class NotACall(ValueError):
    """A JSON value is data and no call."""


def parse_calls(value: object, tools: ToolSignatures, span: tuple[int, int], notes: tuple[str, ...] = (), *, marked: bool) -> list[Item]:
    """Return the calls of a JSON value. Raise NotACall where it has not the form of a call.

    `marked` says that a marker announced a call: what cannot be one is then a problem instead.
    """
    if isinstance(value, list):
        # [] in prose is an empty list; between markers it is no calls.
        if not value and not marked:
            raise NotACall
        return [item for each in value for item in _parse_list_item(each, tools, span, notes, marked=marked)]
    if not isinstance(value, dict):
        raise NotACall
    for key, inner in value.items():
        is_list = isinstance(inner, list) and bool(inner) and key in _LISTS
        is_call = isinstance(inner, dict) and (key in _WRAPPERS or (marked and find_named_tool(inner, tools) is not None))
        if (is_list or is_call) and value.keys() - {key} <= _OTHER_KEYS:
            return parse_calls(inner, tools, span, notes, marked=marked)
    return [_parse_call_object(value, tools, span, notes, marked=marked)]


def _parse_list_item(value: object, tools: ToolSignatures, span: tuple[int, int], notes: tuple[str, ...], *, marked: bool) -> list[Item]:
    """Parse one value of a list. Between markers, a value that is no call does not invalidate the others."""
    try:
        return parse_calls(value, tools, span, notes, marked=marked)
    except NotACall:
        if not marked:
            raise
        return [Problem(str(value)[:200], span, "an object with 'name' and 'arguments'")]


def _parse_call_object(
    value: Mapping[str, object], tools: ToolSignatures, span: tuple[int, int], notes: tuple[str, ...], *, marked: bool
) -> Item:
    for name_key in NAMES:
        if isinstance(name := value.get(name_key), str):
            break
    else:
        return _parse_name_as_key(value, tools, span, notes, marked=marked)
    arguments_key = next(filter(value.__contains__, ARGUMENTS), None)
    tool = tools.find_marked(name)
    if arguments_key is None and tool is not None and (flat := _find_flat_arguments(value, name_key, tool, tools)):
        return parse_json_arguments(tool, flat, span, (*notes, "arguments beside the name"))
    extra = value.keys() - {name_key, arguments_key} - _OTHER_KEYS if len(value) > 2 or arguments_key is None else ()
    # {"name": "Ada"} is data.
    if arguments_key is None and not marked and (tool is None or len(value) > 1 or not tools.by_name):
        raise NotACall
    if tool is None:
        if not marked and extra:
            raise NotACall
        return tools.report_unknown(name, span)
    given = value[arguments_key] if arguments_key is not None else {}
    if not marked and (extra or _is_schema(given, tool)):
        raise NotACall
    if extra:
        seen = f"{name} with the keys {', '.join(sorted(map(str, value)))}"
        return tool.report_problem(seen, span, f"its arguments in one object under 'arguments': {tool.signature}")
    return parse_json_arguments(tool, given, span, notes)


def _find_flat_arguments(value: Mapping[str, object], name_key: str, tool: ToolSignature, tools: ToolSignatures) -> Mapping[str, object]:
    """Return the arguments of {"tool": "weather", "city": "Oslo"}: every other key is a parameter, and none that is required is missing."""
    given = {key: each for key, each in value.items() if key != name_key and (tool.has_parameter(key) or key not in _OTHER_KEYS)}
    return given if tools.by_name and _fits(tool, given) else {}


def _fits(tool: ToolSignature, given: Mapping[str, object]) -> bool:
    """Return whether these are arguments of the tool and nothing else: known ones, and all that are required."""
    names = {tool.find_parameter(key) for key in given}
    return bool(given) and None not in names and names.issuperset(tool.required)


def parse_json_arguments(tool: ToolSignature, given: object, span: tuple[int, int], notes: tuple[str, ...] = ()) -> Item:
    """Return a call of this tool, or the problem with it. `given` is an object, or a text that holds JSON."""
    try:
        arguments, more = read_arguments(tool, given)
        return tool.build_call(arguments, span, (*notes, *more))
    except CoercionError as error:
        return tool.report_problem(f"{tool.name} with {given}", span, error)


def parse_json_call(
    buffer: TextBuffer, start: int, position: int, name: str, ends: tuple[str, ...] = (), behind: tuple[str, ...] = ()
) -> CallParser:
    """Parse the call of `name` that begins at `start`, with its arguments as one JSON object at `position`, up to one of its `ends`.

    Where it cannot be read, it goes on to one of them, or to one of those `behind` it, or to the end of the text.
    """
    tool = buffer.find_tool(name, start)
    found = yield from find_json_end(buffer, position)
    value = parse_json_at(buffer.text, position, found, buffer.ended)
    end = found.end
    if end < 0 and value is not None:
        end = found.stopped
    elif end < 0:
        end = yield from search_end(buffer, found.stopped, (*ends, *behind))
    after = yield from skip_space(buffer, end)
    end = after + len(close) if (close := (yield from match_literal(buffer, after, ends))) else end
    if tool is None or value is None:
        return end, [buffer.report(name, start, end, "arguments as complete JSON")]
    return end, [parse_json_arguments(tool, value[0], (start, end), value[1])]


def _is_schema(given: object, tool: ToolSignature) -> bool:
    """Tell whether these are no arguments but the definition of a tool, repeated."""
    return isinstance(given, Mapping) and "properties" in given and "properties" not in tool.properties


def _parse_name_as_key(
    value: Mapping[str, object], tools: ToolSignatures, span: tuple[int, int], notes: tuple[str, ...], *, marked: bool
) -> Item:
    """Parse {"NAME": {arguments}}: in prose only where they fit the tool."""
    if len(value) == 1:
        ((name, given),) = value.items()
        # Without tools, {"arguments": {...}} would name a tool `arguments`.
        tool = tools.find_marked(name) if tools.by_name or name not in KEYS else None
        if tool is not None and isinstance(given, Mapping) and (marked or (tools.by_name and _fits(tool, given))):
            return parse_json_arguments(tool, given, span, notes)
    if marked:
        return Problem(str(dict(value))[:200], span, "an object with 'name' and 'arguments'")
    raise NotACall


ESCAPED_START = growing(r"""\{(?:\{\s{0,8}["']|\\")""")
_DOUBLED, _BACKSLASHED = re.compile(r"\{\{|\}\}"), re.compile(r"""\\(["\\/])""")
_SHORT_ESCAPED = 64  # characters that are looked at first: data mostly shows itself in them
_LONGEST_ESCAPED = 8_000  # a text is looked at again for each brace that arrives


def parse_escaped_json(buffer: TextBuffer, at: int) -> CallParser:
    """Parse the call that begins at `at`. Return None where it is data, or cannot be read."""
    escape = _DOUBLED if buffer.text.startswith("{{", at) else _BACKSLASHED
    seen = -1
    while True:
        written = buffer.text[at : at + _LONGEST_ESCAPED]
        if buffer.ended or written.rfind("}") > seen:
            seen = written.rfind("}")
            plain, found = _find_escaped_end(buffer, written, escape)
            if (end := found.end) >= 0:
                break
            if found.stopped < len(plain.text):
                if plain.no_start_before:  # too deep for the braces inside as well
                    buffer.no_start_before = max(buffer.no_start_before, at + plain.no_start_before)
                return None
        if buffer.ended or len(written) >= _LONGEST_ESCAPED:
            return None
        yield
    length = _find_length(written, escape, end)
    if escape is _DOUBLED and length == len(written) and not buffer.ended:
        yield  # the second brace of the last pair may be on its way
        length = _find_length(buffer.text[at : at + _LONGEST_ESCAPED], escape, end)
    try:
        value, notes = parse_json(plain.text[:end])
        items = parse_calls(value, buffer.tools, (at, at + length), (*notes, "escaped once more"), marked=False)
    except (ValueError, NotACall):
        return None
    return at + length, items


def _find_escaped_end(buffer: TextBuffer, written: str, escape: re.Pattern[str]) -> tuple[TextBuffer, JsonEnd]:
    """Return the text without its escapes and how far its JSON reaches: looked for in the beginning first, as most of it is short."""
    longest = _SHORT_ESCAPED
    while True:
        part = written[:longest].rstrip("\\{")  # which may be half of a pair
        if escape is _DOUBLED:
            unescaped = part.replace("{{", "{").replace("}}", "}")
        elif "\\\\" in part:
            unescaped = escape.sub(r"\1", part)
        else:  # no pair overlaps another, and plain replacing is much quicker
            unescaped = part.replace('\\"', '"').replace("\\/", "/")
        plain = TextBuffer(buffer.tools, unescaped, ended=True)
        found = run_whole(find_json_end(plain, 0))
        if found.end >= 0 or found.stopped < len(plain.text) or longest >= len(written):
            return plain, found
        longest *= 4


def _find_length(written: str, escape: re.Pattern[str], end: int) -> int:
    """Return how many characters of the escaped text make `end` plain ones."""
    length = end
    for pair in escape.finditer(written):
        if pair.start() >= length:
            break
        length += 1
    return length
