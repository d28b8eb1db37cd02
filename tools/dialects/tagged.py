"""Parse calls that are elements: their name stands in a tag, and their arguments stand in tags, in attributes, or as JSON inside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from html import unescape as unescape_entities
from typing import NamedTuple

from .coerce import CoercionError, coerce_text, list_types
from .growing import Growing, growing, match
from .json_calls import parse_json_arguments
from .json_end import find_closing_quote, find_json_end, parse_json_at
from .lenient_json import unescape
from .parsed_calls import Announce, CallParser, Item
from .signatures import ARGUMENTS, ToolSignature, ToolSignatures
from .text_buffer import Incremental, TextBuffer, find, match_literal, skip_space, wait_for


@dataclass(frozen=True, slots=True)
class Tags:
    """How one form writes an argument, and what ends its call."""

    argument: Growing  # its opening tag: the name in group 1, attributes in group 2 where there are any
    begins: tuple[str, ...]  # what the opening tag begins with
    closes: tuple[str, ...]  # its closing tags; {key} stands for the argument's name
    ends: tuple[str, ...]  # the call's closing tags; where there are none, it ends where no argument follows
    ends_before: tuple[str, ...] = ()  # markers that end the call too, but belong to what is around it


class Element(NamedTuple):
    """An element that is a call by itself."""

    pattern: Growing  # up to the tool's name, which is group 1; attributes may follow, unless the pattern ends with the tag's own end
    tags: Tags
    is_tool: bool = False  # its name is the tool's own: a call only where the arguments inside are that tool's


SECTION_WORDS = ("function_calls", "tool_calls", "tool_call", "calls")
"""The names of elements around calls, behind a prefix."""
_PREFIX = r"(?:[A-Za-z][\w\-]{0,23}:|｜{1,2}[^｜<>\s]{1,24}｜{1,2} ?)"
_NAMED = (
    r"""(?:\s+(?:id|type|call_id|index)\s*=\s*["'][^"'<>]{0,80}["'])*\s+(?:name|tool|tool_name|function)\s*=\s*["']([^"'<>\n]{1,128})["']"""
)
"""The attribute that names the tool, maybe behind an id."""
PREFIXED_CALL = growing(rf"<({_PREFIX})(invoke|function_call)(?=\s)")
"""A call in the form of Claude, whatever prefix its tags have: group 1 is the prefix, group 2 the element."""
PREFIXED_SECTION = growing(rf"<({_PREFIX}|[A-Za-z][\w\-]{{0,23}}_)({'|'.join(SECTION_WORDS)}|function_call)>")
"""An element around such calls."""
_CONTAINERS = tuple(f"<{word}>" for word in ARGUMENTS)
_ATTRIBUTE = growing(r"""([^\W\d][\w.\-:]*)\s*=\s*(["'])""")
_XML_NAME = re.compile(r"[A-Za-z_][\w.\-]*\Z", re.ASCII)
_CHILD = re.compile(r"\s*<(\w[\w.\-]*)>(.*?)</\1>\s*", re.DOTALL)
# A closing tag of the call counts where one of these, or the end of the text, follows. Elsewhere the value mentions it.
_AFTER_CALL = ("<function=", "<tool_call>", "</function_calls>")
# At the end of a value whose own closing tag did not come: that of an argument in another form, or what is left of its own.
_STRAY_CLOSE = re.compile(r"</(?:param|arg_value|argument)[\w/.\-]{0,24}>?\s*\Z")
_MAY_BE_STRAY = re.compile(r"</[\w/.\-]{0,40}>?\s*\Z")
_LONGEST_TAG = 160


def invoke_tags(prefix: str, word: str = "invoke") -> Tags:
    """Return the tags of <invoke name="..."> with a prefix such as `antml:`. Its parameters may be without it."""
    prefixes = tuple(dict.fromkeys((prefix, "")))
    return Tags(
        growing(rf'<(?:{"|".join(map(re.escape, prefixes))})parameter\s+name=["\']([^"\'<>]*)["\']([^>]*)>'),
        tuple(f"<{each}parameter" for each in prefixes),
        tuple(f"</{each}parameter>" for each in prefixes),
        (f"</{prefix}{word}>",),
        tuple(f"</{prefix}{name}>" for name in SECTION_WORDS if name != word),
    )


@lru_cache(maxsize=64)
def invoke_element(prefix: str, word: str = "invoke") -> Element:
    """Return the element <invoke name="..."> with this prefix."""
    return Element(element_pattern(prefix + word), invoke_tags(prefix, word))


def element_pattern(tag: str) -> Growing:
    """Return the pattern of an element with this tag that names its tool in an attribute."""
    return growing(f"<{re.escape(tag)}{_NAMED}")


def tool_element(tool: ToolSignature) -> Element | None:
    """Return the element of a tool's own name, or None where that cannot be the name of an element."""
    if not _XML_NAME.match(tool.name):
        return None
    tags = _child_tags(tuple(filter(_XML_NAME.match, tool.properties)), (f"</{tool.name}>",), ())
    return Element(growing(rf"<({re.escape(tool.name)})(?=[\s/>])"), tags, is_tool=True)


@lru_cache(maxsize=256)
def _child_tags(names: tuple[str, ...], ends: tuple[str, ...], ends_before: tuple[str, ...]) -> Tags:
    """Return the tags of arguments that are elements of their own names."""
    argument = growing(rf"<({'|'.join(map(re.escape, names)) or '(?!)'})>()")
    return Tags(argument, tuple(f"<{name}>" for name in names) or ("<>",), ("</{key}>",), ends, ends_before)


def find_prefixed(text: str, at: int) -> Element | None:
    """Return the element of a call that opens at `at` with a prefix of any kind; None where none does."""
    found = PREFIXED_CALL.whole.match(text, at)
    return invoke_element(found[1], found[2]) if found else None


def may_be_prefixed(text: str, at: int) -> bool:
    """Tell whether what stands at the end of the text may become a call, or an element around some, with any prefix."""
    return (PREFIXED_CALL.so_far.match(text, at) or PREFIXED_SECTION.so_far.match(text, at)) is not None


def parse_element(
    buffer: TextBuffer, at: int, element: Element, tools: ToolSignatures, announce: Announce, *, in_section: bool = False
) -> CallParser:
    """Parse the call that begins at `at`. Return None where the element is only mentioned."""
    head = yield from match(buffer, element.pattern, at, _LONGEST_TAG)
    if head is None:
        return None
    name, position = unescape_entities(head[1]), head.end()
    tool = tools.find_marked(name)
    given: dict[str, str] | None = {}
    if buffer.text.startswith(">", position):
        position += 1
    elif element.tags.begins and head[0][-1] not in ">\n":
        given, position = yield from read_attributes(buffer, position, (">", "/>"))
        if given is None or position >= len(buffer.text):
            return None
        given = {key: text for key, text in given.items() if element.is_tool or (tool is not None and tool.has_parameter(key))}
        closed = buffer.text.startswith("/>", position)
        position += 2 if closed else 1
        if element.is_tool and tool is not None and not all(map(tool.has_parameter, given)):
            return None
        if closed and element.is_tool and tool is not None and not given and tool.required:
            return None
        if closed:
            if tool is not None:
                announce(tool.name, at)
            return position, [build_call(buffer, (at, position), name, given, {}, (), tools)]
    return (yield from parse_body(buffer, at, position, name, element, tools, announce, given, in_section=in_section))


def read_attributes(buffer: TextBuffer, at: int, closes: tuple[str, ...]) -> Incremental[tuple[dict[str, str] | None, int]]:
    """Return key="value" pairs, and where one of `closes` or the end of the text follows them. None where something else does."""
    given: dict[str, str] = {}
    is_xml = closes[0] == ">"
    while True:
        at = yield from skip_space(buffer, at)
        if at >= len(buffer.text) or (yield from match_literal(buffer, at, closes)):
            return given, at
        pair = yield from match(buffer, _ATTRIBUTE, at)
        if pair is None or pair[1] in given:
            return None, at
        quote, begin = pair[2], pair.end()
        if is_xml:
            close = yield from find(buffer, quote, begin)
        else:
            close = (yield from find_closing_quote(buffer, quote, begin)) - 1
        if close < 0:
            return None, len(buffer.text)
        written = buffer.text[begin:close]
        given[pair[1]] = unescape_entities(written) if is_xml else unescape(written)
        at = close + 1


def parse_body(
    buffer: TextBuffer,
    start: int,
    at: int,
    name: str,
    element: Element,
    tools: ToolSignatures,
    announce: Announce,
    given: Mapping[str, str],
    *,
    in_section: bool,
) -> CallParser:
    """Parse what stands inside of an element, from `at` on: JSON, arguments in tags of any kind, or a text."""
    tool, tags = tools.find_marked(name), element.tags
    position = yield from skip_space(buffer, at)
    here = yield from match_literal(buffer, position, (*tags.begins, *tags.ends, *tags.ends_before))
    is_json = buffer.text.startswith("{", position) and bool(tags.begins)
    opening = ""
    if not here and not is_json:
        opening = yield from match_literal(buffer, position, _CONTAINERS)
        names = tuple(filter(_XML_NAME.match, tool.properties)) if tool is not None else ()
        if element.is_tool and opening == "<input>":
            opening = ""  # an element of HTML
        if tool is not None and (not opening or tool.has_parameter(opening[1:-1])) and not element.is_tool:
            children = _child_tags(names, tags.ends, tags.ends_before)
            here, opening = (yield from match_literal(buffer, position, children.begins)), ""
            tags = children if here else tags
    is_argument = bool(opening) or is_json or here in tags.begins
    if element.is_tool:
        assert tool is not None
        if not is_argument and not (here and (given or not tool.required)):
            return None  # an element of HTML with the name of a tool
    # Without known tools, with an unknown name or without its end, an opening tag alone could be prose about the form.
    elif tags.begins and not here and not is_argument and not (in_section and not tags.ends) and not (tags.ends and tool and tools.by_name):
        return None
    if tool is not None:
        announce(tool.name, start)
    if is_json:
        return (yield from parse_json_element(buffer, start, position, name, tags.ends, tools))
    if opening:
        return (yield from _parse_container(buffer, start, position + len(opening), name, f"</{opening[1:]}", tags, tools))
    if not tags.begins:
        if tool is None and buffer.text[at - 1] != ">":
            return None
        return (yield from _parse_text(buffer, start, at, name, tags.ends[0], tools))
    return (yield from parse_tagged_arguments(buffer, start, at, name, tags, tools, given))


def _parse_text(buffer: TextBuffer, start: int, at: int, name: str, closing: str, tools: ToolSignatures) -> CallParser:
    close = yield from find(buffer, closing, at, in_call=True)
    end = close + len(closing) if close >= 0 else len(buffer.text)
    tool = tools.find_marked(name)
    if close < 0 and tool is None:
        return None
    if close < 0 or tool is None:
        return end, [_report_unreadable(buffer, start, end, name, tools, f"{closing} at the end")]
    return end, [parse_json_arguments(tool, buffer.text[at:close].strip(), (start, end))]


def _parse_container(buffer: TextBuffer, start: int, at: int, name: str, closing: str, tags: Tags, tools: ToolSignatures) -> CallParser:
    """Parse what stands in <arguments> or the like: arguments in elements of their names, JSON, or a text."""
    tool = tools.find_marked(name)
    position = yield from skip_space(buffer, at)
    names = tuple(filter(_XML_NAME.match, tool.properties)) if tool is not None else ()
    for inside in (_child_tags(names, (closing,), ()), tags, invoke_tags("")):
        if (yield from match_literal(buffer, position, inside.begins)):
            break
    else:
        inside = None
    if inside is not None:
        parsed = yield from parse_tagged_arguments(buffer, start, at, name, replace(inside, ends=(closing,), ends_before=()), tools)
        assert parsed is not None
        end, items = parsed
    else:
        if buffer.text.startswith("{", position):  # the closing tag may stand in a text of the JSON too
            found = yield from find_json_end(buffer, position)
            position = max(position, found.end)
        close = yield from find(buffer, closing, position, in_call=True)
        end = close + len(closing) if close >= 0 else len(buffer.text)
        body = buffer.text[at:close] if close >= 0 else None
        items = [_read_container(buffer, (start, end), name, body, closing, tools)]
    after = yield from skip_space(buffer, end)
    close_tag = yield from match_literal(buffer, after, tags.ends)
    return (after + len(close_tag) if close_tag else end), items


def _read_container(buffer: TextBuffer, span: tuple[int, int], name: str, body: str | None, closing: str, tools: ToolSignatures) -> Item:
    tool = tools.find_marked(name)
    if tool is None or body is None:
        return _report_unreadable(buffer, *span, name, tools, f"{closing} at the end")
    if not body.lstrip().startswith("<") and (body.lstrip().startswith("{") or not body.strip() or tool.text_parameter):
        return parse_json_arguments(tool, body, span)
    given: dict[str, str] = {}
    at = 0
    while child := _CHILD.match(body, at):
        if child[1] in given:
            return _report_unreadable(buffer, *span, name, tools, f"each argument once, not {child[1]} twice")
        given[child[1]], at = child[2], child.end()
    if at < len(body):
        return _report_unreadable(buffer, *span, name, tools, "each argument in an element of its name")
    return build_call(buffer, span, name, given, {}, (), tools)


def build_call(
    buffer: TextBuffer,
    span: tuple[int, int],
    name: str,
    given: Mapping[str, str],
    attributes: Mapping[str, str],
    notes: tuple[str, ...],
    tools: ToolSignatures,
) -> Item:
    """Return the call with these arguments, each a text as it was written, or the problem with it."""
    tool = tools.find_marked(name)
    if tool is None:
        return tools.report_unknown(name, span)
    try:
        arguments = {
            key: _coerce_value(value, attributes.get(key, ""), tool.properties.get(tool.find_parameter(key) or key), key)
            for key, value in given.items()
        }
        return tool.build_call(arguments, span, tuple(dict.fromkeys(notes)))
    except CoercionError as error:
        return tool.report_problem(buffer.text[slice(*span)], span, error)


def parse_json_element(buffer: TextBuffer, at: int, position: int, name: str, ends: tuple[str, ...], tools: ToolSignatures) -> CallParser:
    """Parse <function=NAME>{...}</function>, as Functionary and Llama 3.1 write it, and DeepSeek between the tags of a call."""
    found = yield from find_json_end(buffer, position)
    end = found.end
    if end < 0:
        close = (yield from find(buffer, ends[0], found.stopped)) if ends else -1
        end = close + len(ends[0]) if close >= 0 else len(buffer.text)
        return end, [_report_unreadable(buffer, at, end, name, tools, f"one JSON object and {''.join(ends[:1]) or 'nothing else'}")]
    value = parse_json_at(buffer.text, position, found, buffer.ended)
    after = yield from skip_space(buffer, end)
    close_tag = yield from match_literal(buffer, after, ends)
    end = after + len(close_tag) if close_tag else end
    tool = tools.find_marked(name)
    if tool is None:
        return end, [tools.report_unknown(name, (at, end))]
    if value is None:
        return end, [tool.report_problem(buffer.text[at:end], (at, end), f"arguments as JSON: {tool.signature}")]
    return end, [parse_json_arguments(tool, value[0], (at, end), value[1])]


def parse_tagged_arguments(
    buffer: TextBuffer, start: int, at: int, name: str, tags: Tags, tools: ToolSignatures, before: Mapping[str, str] | None = None
) -> CallParser:
    """Parse arguments, each between its tags, up to the closing tag of the call. `before` are those that stand in its opening tag."""
    given: dict[str, str] = dict(before or {})
    attributes: dict[str, str] = {}
    notes: tuple[str, ...] = ()
    stops = (*tags.begins, *tags.ends, *tags.ends_before)
    expected = ""
    tool = tools.find_marked(name)
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
            elif position >= len(buffer.text) and tool is not None and _has_all_parameters(tool, given, tools):
                at, notes = position, (*notes, "closing tag added")
            elif position >= len(buffer.text):
                at, expected = position, f"{(*tags.ends, *tags.ends_before)[0]} at the end"
            else:
                at = yield from _skip_to_end(buffer, position, stops)
                expected = f"arguments in {tags.begins[0]} tags, not {buffer.text[position : min(at, position + 60)]!r}"
            break
        argument = yield from match(buffer, tags.argument, position)
        if argument is None:
            at = yield from _skip_to_end(buffer, position + 1, stops)
            expected = f"arguments in {tags.begins[0]} tags, not {buffer.text[position : min(at, position + 60)]!r}"
            break
        key = _read_key(argument, tool)
        buffer.arguments.append((key, argument.end(), -1))
        end, after, added = yield from _find_value_end(buffer, argument.end(), tags, argument[1], tool, {*given, key})
        if end < 0:
            closing = f"{tags.closes[0].format(key=key)} after {key}{f', {tags.ends[0]} at the end' if tags.ends else ''}"
            return len(buffer.text), [_report_unreadable(buffer, start, len(buffer.text), name, tools, closing)]
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
        return at, [_report_unreadable(buffer, start, at, name, tools, expected)]
    return at, [build_call(buffer, (start, at), name, given, attributes, notes, tools)]


def _has_all_parameters(tool: ToolSignature, given: Mapping[str, str], tools: ToolSignatures) -> bool:
    """Tell whether a call that breaks off behind an argument is complete, since the tool takes no more than these."""
    return bool(tools.by_name) and {tool.find_parameter(key) for key in given} >= set(tool.properties)


def _read_key(argument: re.Match[str], tool: ToolSignature | None) -> str:
    """Return the argument's name. Quotes around it are left out where only that makes it one of the tool's."""
    key = unescape_entities(argument[1].strip(" \t\r\n"))
    bare = key.strip("\"'")
    return bare if bare and tool is not None and tool.find_parameter(key) is None and tool.has_parameter(bare) else key


@lru_cache(maxsize=256)
def _compile_value_end(tags: Tags, key: str) -> tuple[tuple[str, ...], re.Pattern[str]]:
    """Return the closing tags of an argument, and the pattern of all that may end its value."""
    closes = tuple(close.format(key=key) for close in tags.closes)
    return closes, re.compile("|".join(map(re.escape, (*closes, *tags.ends, *(f"\n{opening}" for opening in tags.begins)))))


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
        here = yield from match_literal(buffer, position, follow if closed else (*tags.ends_before, *_AFTER_CALL))
        if (
            here or position >= len(buffer.text) or (closed and not tags.ends and not tags.ends_before)
        ):  # otherwise the tag belongs to the value
            return found.start(), found.end() if closed else found.start(), not closed
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


def _skip_to_end(buffer: TextBuffer, at: int, stops: tuple[str, ...]) -> Incremental[int]:
    """Return the offset behind what cannot be read: its closing tag, or the end of the text."""
    # The first stop opens an argument, and so is no end of what cannot be read.
    pattern = re.compile("|".join(map(re.escape, stops[1:])) or r"\Z")
    while True:
        found = pattern.search(buffer.text, at)
        if found is not None:
            return found.end()
        if buffer.ended:
            return len(buffer.text)
        at = max(at, len(buffer.text) - 40)
        yield


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


def _report_unreadable(buffer: TextBuffer, start: int, end: int, name: str, tools: ToolSignatures, expected: str) -> Item:
    tool = tools.find_marked(name)
    if tool is None:
        return tools.report_unknown(name, (start, end))
    return tool.report_problem(buffer.text[start:end], (start, end), f"{tool.signature}; {expected}")
