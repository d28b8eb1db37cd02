"""Write calls: what the records of the families are made of. Whatever JSON the arguments are, they are read back as the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape

from .coerce import accepts_only_text
from .lenient_json import parse_json
from .read_events import ReadCall
from .signatures import ToolSignatures

CallWriter = Callable[[ReadCall, ToolSignatures], str]
"""Writes one call, without the markers around it."""
Renderer = Callable[[Sequence[ReadCall], ToolSignatures], str]
"""The calls of one reply as text. Without the shapes of the tools, a text that looks like a number is marked as text."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
# Text that a parser could take for a tag, or whose white space at the ends would be stripped.
_NOT_RAW = re.compile(r"</|<!|<\||<｜|<arg|<param|<tool_call|<function|\]\]>|^\s|\s$")
_PYTHON_WORDS = {True: "True", False: "False", None: "None"}


def as_json(value: object) -> str:
    """Return JSON on one line, with letters of all scripts unescaped."""
    return json.dumps(value, ensure_ascii=False)


def arguments_json(call: ReadCall) -> str:
    """Return the arguments as JSON."""
    return as_json(dict(call.arguments))


def call_object(call: ReadCall, name: str = "name", arguments: str = "arguments") -> dict[str, object]:
    """Return the call as an object with the name and the arguments under these keys."""
    return {name: call.tool, arguments: dict(call.arguments)}


def render_each(before: str, write: CallWriter, after: str, between: str = "\n") -> Renderer:
    """Return a renderer that puts each call between markers of its own."""
    return lambda calls, tools: between.join(f"{before}{write(call, tools)}{after}" for call in calls)


def render_together(before: str, write: CallWriter, after: str, between: str = ", ") -> Renderer:
    """Return a renderer that puts all calls of a reply between one pair of markers."""
    return lambda calls, tools: f"{before}{between.join(write(call, tools) for call in calls)}{after}"


def json_call_writer(name: str = "name", arguments: str = "arguments") -> CallWriter:
    """Return a writer of one object with the name and the arguments."""
    return lambda call, tools: as_json(call_object(call, name, arguments))


def write_in_prose(call: ReadCall, tools: ToolSignatures) -> str:
    """Write NAME(key="value"), with the values as JSON."""
    # Keys that are no identifiers cannot be written as keywords.
    if not all(_WORD.fullmatch(key) for key in call.arguments):
        return f"{call.tool}({arguments_json(call)})"
    return f"{call.tool}({', '.join(f'{key}={as_json(value)}' for key, value in call.arguments.items())})"


def write_in_python(call: ReadCall, tools: ToolSignatures) -> str:
    """Write NAME(key='value'), with the values as Python literals."""
    if not all(_WORD.fullmatch(key) for key in call.arguments):
        return f"{call.tool}(**{_render_python(dict(call.arguments))})"
    return f"{call.tool}({', '.join(f'{key}={_render_python(value)}' for key, value in call.arguments.items())})"


def _render_python(value: object) -> str:
    match value:
        case bool() | None:
            return _PYTHON_WORDS[value]
        case Mapping():
            return f"{{{', '.join(f'{as_json(key)}: {_render_python(item)}' for key, item in value.items())}}}"
        case list() | tuple():
            return f"[{', '.join(map(_render_python, value))}]"
    return as_json(value)


def _render_value(call: ReadCall, key: str, tools: ToolSignatures) -> str:
    """Write a value between tags: text as it is where that is read back as the same text, else in CDATA; other values as JSON."""
    value = call.arguments[key]
    if not isinstance(value, str):
        # JSON can escape <, so no tag can stand in the value, whatever it is.
        return as_json(value).replace("<", "\\u003c")
    tool = tools.find(call.tool)
    is_text = tool is not None and accepts_only_text(tool.properties.get(key))
    # A text such as 5 or null would be read back as a number or null, unless the schema asks for a text.
    if value and not _NOT_RAW.search(value) and (is_text or not _reads_as_json(value)):
        return value
    # ]]> cannot stand in CDATA: the section is closed within it and opened anew.
    return f"<![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]>"


def _reads_as_json(text: str) -> bool:
    try:
        parse_json(text.strip())
    except ValueError:
        return False
    return True


def _escape_key(key: str) -> str:
    return escape(key).replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;").replace(" ", "&#32;")


def tag_writer(head: str, argument: str, end: str = "") -> CallWriter:
    """Return a writer of arguments between tags. In the texts stand {name}, {key}, {value}, and {is_text} for whether the value is one."""

    def write(call: ReadCall, tools: ToolSignatures) -> str:
        inside = (
            argument.format(key=_escape_key(key), value=_render_value(call, key, tools), is_text=as_json(isinstance(value, str)))
            for key, value in call.arguments.items()
        )
        return f"{head.format(name=call.tool)}{''.join(inside)}{end}"

    return write


def invoke_writer(prefix: str = "", attributes: str = "") -> CallWriter:
    """Return a writer of <invoke name="NAME"> with <parameter name="KEY"> inside, and `prefix` before each tag's name."""
    argument = f'<{prefix}parameter name="{{key}}"{attributes}>{{value}}</{prefix}parameter>\n'
    return tag_writer(f'<{prefix}invoke name="{{name}}">\n', argument, f"</{prefix}invoke>")


def name_and_json_writer(before: str, between: str, after: str) -> CallWriter:
    """Return a writer of the name and then the arguments as JSON, with markers around them."""
    return lambda call, tools: f"{before}{call.tool}{between}{arguments_json(call)}{after}"
