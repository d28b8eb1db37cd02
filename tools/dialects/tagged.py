"""Parse arguments that stand one by one between tags, as the records of the families say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from html import unescape as unescape_entities
from types import MappingProxyType

from .coerce import CoercionError, coerce_text, list_types
from .growing import Growing, growing, match
from .parsed_calls import CallParser, Incremental, Item
from .signatures import ToolSignature
from .text_buffer import TextBuffer, find, match_literal, search_end, skip_space, wait_for


@dataclass(frozen=True, slots=True)
class Tags:
    """How one form writes an argument, and what ends its call."""

    argument: Growing  # its opening tag: the name in group 1, attributes in group 2 where there are any
    begins: tuple[str, ...]  # what the opening tag begins with
    closes: tuple[str, ...]  # its closing tags; {key} stands for the argument's name
    ends: tuple[str, ...]  # the call's closing tags; where there are none, it ends where no argument follows
    ends_before: tuple[str, ...] = ()  # markers that end the call too, but belong to what is around it


# A closing tag of the call counts where one of these, or the end of the text, follows. Elsewhere the value mentions it.
_AFTER_CALL = ("<function=", "<tool_call>", "</function_calls>")
_NEXT_CALL = growing(r"<[\w|:]{0,24}tool_call[\w|:]{0,24}>")
# At the end of a value whose own closing tag did not come: that of an argument in another form, or what is left of its own.
_STRAY_CLOSE = re.compile(r"</(?:param|arg_value|argument)[\w/.\-]{0,24}>?\s*\Z")
_MAY_BE_STRAY = re.compile(r"</[\w/.\-]{0,40}>?\s*\Z")


def parse_tagged_arguments(
    buffer: TextBuffer, start: int, at: int, name: str, tags: Tags, before: Mapping[str, str] | None = None
) -> CallParser:
    """Parse arguments, each between its tags, up to the closing tag of the call. `before` are those that stand in its opening tag."""
    given: dict[str, str] = dict(before or {})
    attributes: dict[str, str] = {}
    notes: tuple[str, ...] = ()
    stops = (*tags.begins, *tags.ends, *tags.ends_before)
    expected = ""
    tool = buffer.find_tool(name, start)
    while True:
        position = yield from skip_space(buffer, at)
        here = yield from match_literal(buffer, position, stops)
        if here not in tags.begins:
            if here in tags.ends and here:
                at = position + len(here)
            elif here:
                at = position
                notes = (*notes, "closing tag added") if tags.ends else notes
            elif not tags.ends and not tags.ends_before:
                pass  # it ends where no argument follows
            # The reply ends behind an argument. It is whole only if the tool takes no more; else it may have been cut off.
            elif position >= len(buffer.text) and tool is not None and buffer.tools.by_name and _has_all_parameters(tool, given):
                at, notes = position, (*notes, "closing tag added")
            elif position >= len(buffer.text):
                at, expected = position, f"{(*tags.ends, *tags.ends_before)[0]} at the end"
            else:
                at = yield from search_end(buffer, position, stops[1:])
                expected = f"arguments in {tags.begins[0]} tags, not {buffer.text[position : min(at, position + 60)]!r}"
            break
        argument = yield from match(buffer, tags.argument, position)
        if argument is None:
            at = yield from search_end(buffer, position + 1, stops[1:])
            expected = f"arguments in {tags.begins[0]} tags, not {buffer.text[position : min(at, position + 60)]!r}"
            break
        key = _read_key(argument, tool)
        buffer.arguments.append((key, argument.end(), -1))
        end, after, added = yield from _find_value_end(buffer, argument.end(), tags, argument[1], tool, {*given, key})
        if end < 0:
            closing = f"{tags.closes[0].format(key=key)} after {key}{f', {tags.ends[0]} at the end' if tags.ends else ''}"
            return len(buffer.text), [buffer.report(name, start, len(buffer.text), closing)]
        buffer.arguments[-1] = key, argument.end(), end
        # Servers take the first or the last. Which one the model meant is not known.
        if key in given:
            expected = expected or f"each argument once, not {key} twice"
        value = buffer.text[argument.end() : end]
        if added and (stray := _STRAY_CLOSE.search(value)):  # </parameter/>, </parameter_function>
            value = value[: stray.start()]
            notes = (*notes, "closing tag mended")
        given[key], attributes[key], at = value, argument[2], after
        notes = (*notes, "closing tag added") if added else notes
    if expected:
        return at, [buffer.report(name, start, at, expected)]
    return at, [build_call(buffer, (start, at), name, given, attributes, notes)]


def build_call(
    buffer: TextBuffer,
    span: tuple[int, int],
    name: str,
    given: Mapping[str, str],
    attributes: Mapping[str, str] = MappingProxyType({}),
    notes: tuple[str, ...] = (),
) -> Item:
    """Return the call with these arguments, each a text as it was written, or the problem with it."""
    tool = buffer.tools.find_marked(name)
    if tool is None:
        return buffer.tools.report_unknown(name, span)
    try:
        arguments = {
            key: _coerce_value(value, attributes.get(key, ""), tool.properties.get(tool.find_parameter(key) or key), key)
            for key, value in given.items()
        }
        return tool.build_call(arguments, span, tuple(dict.fromkeys(notes)))
    except CoercionError as error:
        return tool.report_problem(buffer.text[slice(*span)], span, error)


def _has_all_parameters(tool: ToolSignature, given: Mapping[str, str]) -> bool:
    """Tell whether a call that breaks off behind an argument is complete, since the tool takes no more than these."""
    return {tool.find_parameter(key) for key in given} >= set(tool.properties)


def _read_key(argument: re.Match[str], tool: ToolSignature | None) -> str:
    """Return the argument's name. Quotes around it are left out where only that makes it one of the tool's."""
    key = unescape_entities(argument[1].strip(" \t\r\n"))
    bare = key.strip("\"'")
    return bare if bare and tool is not None and tool.find_parameter(key) is None and tool.has_parameter(bare) else key


@lru_cache(maxsize=256)
def _compile_value_end(tags: Tags, key: str) -> tuple[tuple[str, ...], re.Pattern[str]]:
    """Return the closing tags of an argument, and the pattern of all that may end its value."""
    closes = tuple(close.format(key=key) for close in tags.closes)
    return closes, re.compile(
        "|".join(map(re.escape, (*closes, *tags.ends, *tags.ends_before, *(f"\n{opening}" for opening in tags.begins))))
    )


def _find_value_end(
    buffer: TextBuffer, at: int, tags: Tags, written: str, tool: ToolSignature | None, given: Set[str]
) -> Incremental[tuple[int, int, bool]]:
    """Return where the value ends, where to read on, and whether the closing tag had to be added.

    A closing tag belongs to the value unless another argument or the end of the call follows it. On a line of its own, the opening tag of
    an argument that is not yet `given` ends the value, though its closing tag was forgotten.
    """
    opened = yield from skip_space(buffer, at)
    yield from wait_for(buffer, opened + 9)
    begin = at
    if buffer.text.startswith("<![CDATA[", opened):
        begin = yield from _skip_cdata(buffer, opened)
        if begin < 0:
            return -1, -1, False
    follow = (*tags.begins, *tags.ends, *tags.ends_before)
    closes, pattern = _compile_value_end(tags, written)
    while True:
        found = pattern.search(buffer.text, begin)
        if found is None:
            if buffer.ended:
                return -1, -1, False
            begin = max(begin, len(buffer.text) - 40)
            buffer.certain_to = _find_half_tag(buffer.text, begin, (*closes, *tags.ends, *tags.begins))
            yield
            continue
        # An opening tag at the start of a line, inside of a value: the closing tag was forgotten, or the value is XML.
        if found[0].startswith("\n"):
            begin = found.start() + 1
            following = yield from match(buffer, tags.argument, begin)
            if following is not None and tool is not None and (key := _read_key(following, tool)) not in given and tool.has_parameter(key):
                return begin, begin, True
            continue
        closed = found[0] in closes
        position = yield from skip_space(buffer, found.end())
        if (
            not closed and found[0] not in tags.ends
        ):  # the end of the section: the value's closing tag was forgotten if a further call follows
            if (yield from match(buffer, _NEXT_CALL, position)) is not None:
                return found.start(), found.start(), True
            begin = found.end()
            continue
        here = yield from match_literal(buffer, position, follow if closed else (*tags.ends_before, *_AFTER_CALL))
        if (
            here or position >= len(buffer.text) or (closed and not tags.ends and not tags.ends_before)
        ):  # otherwise the tag belongs to the value
            return found.start(), found.end() if closed else found.start(), not closed
        # The closing tag twice, unless an element of that name is opened in the value.
        is_twice = closed and f"<{found[0][2:-1]}" not in buffer.text[at : found.start()]
        if is_twice and (again := (yield from match_literal(buffer, position, closes))):
            behind = yield from skip_space(buffer, position + len(again))
            if behind >= len(buffer.text) or (yield from match_literal(buffer, behind, follow)):
                return found.start(), position + len(again), False
        begin = found.end()


def _find_half_tag(text: str, at: int, tags: tuple[str, ...]) -> int:
    """Return where a tag stands that has arrived in part, or the end of the text. It may begin on a line of its own."""
    begin = text.find("<", at)
    while begin >= 0 and not any(tag.startswith(text[begin:]) for tag in tags) and not _MAY_BE_STRAY.match(text, begin):
        begin = text.find("<", begin + 1)
    end = begin if begin >= 0 else len(text)
    return end - 1 if end > at and text[end - 1] == "\n" else end


def _skip_cdata(buffer: TextBuffer, at: int) -> Incremental[int]:
    while True:
        position = yield from find(buffer, "]]>", at)
        if position < 0:
            return -1
        at = position + 3
        yield from wait_for(buffer, at + 9)
        if not buffer.text.startswith("<![CDATA[", at):
            return at


def _coerce_value(written: str, attributes: str, schema: object, name: str) -> object:
    text = _strip_cdata(written)
    if text is not None:
        return coerce_text(text, schema, name, raw=True) if schema is not None else text
    text = written
    # Chat templates put a value on lines of its own; one line break on each side is theirs.
    if text.startswith(("\r\n", "\n")):
        text = text[1:] if text[0] == "\n" else text[2:]
        text = text[:-1] if text.endswith("\n") else text
    # DSML says of each value whether it is a text.
    if 'string="true"' in attributes:
        return text
    if not list_types(schema) and 'string="false"' in attributes:
        return coerce_text(text.strip(), schema, name)
    try:
        return coerce_text(text, schema, name, raw=True)
    except CoercionError:
        if text.strip() in ("null", "None"):
            return None
        raise


def _strip_cdata(written: str) -> str | None:
    if "<![CDATA[" not in written:
        return None
    text = written.strip()
    if not (text.startswith("<![CDATA[") and text.endswith("]]>")):
        return None
    # ]]> inside of CDATA is written as two sections, as XML asks.
    return text[9:-3].replace("]]]]><![CDATA[>", "]]>")
