"""Parse calls as MiniMax M3 writes them: a token precedes every tag, and arguments are tags by their own names, nested like the values."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..coerce import CoercionError, alternatives, coerce_text, list_types
from ..elements import invoke_element
from ..family import OTHER_SPEAKERS, ChatTemplate, Family
from ..json_calls import parse_json_arguments
from ..lenient_json import DEEPEST
from ..parsed_calls import Item
from ..read_events import Problem
from ..signatures import ToolSignatures
from ..writers import invoke_writer, render_together

MARK = "]<]minimax[>["
_M3 = f"{MARK}<tool_call>"
_TAG = re.compile(re.escape(MARK) + r"<(/?)([\w.\-:]+)((?:\s[^<>]*)?)>")
_NAME = re.compile(r'name="([^"]*)"')


def parse_minimax(body: str, span: tuple[int, int], tools: ToolSignatures) -> list[Item]:
    """Parse the calls between the markers of a section."""
    items: list[Item] = []
    at = 0
    for found in _TAG.finditer(body):
        # Tags inside of a call belong to its arguments.
        if found.start() < at or found[1] or found[2] != "invoke":
            continue
        name = _NAME.search(found[3])
        close = body.find(f"{MARK}</invoke>", found.end())
        if name is None or close < 0:
            return [*items, Problem(body[found.start() :][:200], span, "a call that is closed with </invoke>")]
        at = close
        items.append(_parse_call(name[1], body[found.end() : close], span, tools))
    return items or [Problem(body[:200], span, 'calls in <invoke name="..."> tags')]


def _parse_call(name: str, body: str, span: tuple[int, int], tools: ToolSignatures) -> Item:
    tool = tools.find_marked(name)
    if tool is None:
        return tools.report_unknown(name, span)
    try:
        arguments = {key: _parse_value(written, tool.properties.get(key), key, 0) for key, written in _parse_children(body)}
        return parse_json_arguments(tool, arguments, span)
    except CoercionError as error:
        return tool.report_problem(f"{name}: {body}", span, error)


def _parse_children(body: str) -> list[tuple[str, str]]:
    """Return the tags directly inside, each with its content."""
    found: list[tuple[str, str]] = []
    stack: list[tuple[str, int]] = []
    for tag in _TAG.finditer(body):
        if not tag[1]:
            stack.append((tag[2], tag.end()))
            if len(stack) > DEEPEST:
                raise CoercionError(f"tags nested less than {DEEPEST} deep")
        elif not stack or stack[-1][0] != tag[2]:
            raise CoercionError(f"</{tag[2]}> only where <{tag[2]}> is open")
        else:
            name, start = stack.pop()
            if not stack:
                found.append((name, body[start : tag.start()]))
    if stack:
        raise CoercionError(f"</{stack[0][0]}> at the end of <{stack[0][0]}>")
    return found


def _parse_value(written: str, schema: object, name: str, depth: int) -> object:
    if depth > DEEPEST:
        raise CoercionError(f"{name} nested less than {DEEPEST} deep")
    children = _parse_children(written)
    if not children:
        return coerce_text(written, schema, name, raw=True)
    # The nested tags are an object or a list, by what the schema allows; <item> is M3's tag for elements.
    options = [option for option in alternatives(schema) or [schema] if isinstance(option, Mapping)]
    keys = [key for key, _ in children]
    exact = next((option for option in options if option.get("properties") and set(keys) <= set(option["properties"])), None)
    if exact is None and all(key in ("item", "element") for key in keys):
        items = next((option.get("items") for option in options if "array" in list_types(option)), None)
        return [_parse_value(inner, items, name, depth + 1) for _, inner in children]
    if exact is None and options and not any("object" in list_types(option) or not list_types(option) for option in options):
        return coerce_text(written, schema, name, raw=True)  # tags in a text
    if len(set(keys)) < len(keys):
        raise CoercionError(f"each member of {name} once")
    chosen = exact or next((option for option in options if "object" in list_types(option)), {})
    properties = chosen.get("properties") or {}
    return {key: _parse_value(inner, properties.get(key), key, depth + 1) for key, inner in children}


FAMILIES = (
    Family(
        name="minimax",
        models="minimax",
        also="anthropic minicpm hermes json",
        sections={"<minimax:tool_call>": "</minimax:tool_call>", _M3: f"{MARK}</tool_call>"},  # M2, M3
        bodies={_M3: parse_minimax},
        elements={f"<{prefix}invoke": invoke_element(prefix) for prefix in ("", "minimax:")},
        write=render_together("<minimax:tool_call>\n", invoke_writer(), "\n</minimax:tool_call>", "\n"),
        template=ChatTemplate(
            thinks={"<mm:think>": "</mm:think>"}, turns=tuple(f"]~b]{role}" for role in OTHER_SPEAKERS), tokens=("[e~[",)
        ),
    ),
)
