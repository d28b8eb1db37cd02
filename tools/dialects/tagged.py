"""Calls whose arguments stand one by one between tags: Qwen-coder, Anthropic, MiniMax, DSML, GLM, MiniCPM, Kimi."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Set
from dataclasses import dataclass, replace
from html import unescape as unescape_entities

from .json_calls import Item, read_one
from .lenient_json import read_json
from .signatures import Shape, Shapes
from .source import Source, Waiting, find, next_literal, reach, skip_space
from .typing_values import Unreadable, kinds, typed


@dataclass(frozen=True, slots=True)
class Tags:
    """How one family writes an argument, and what ends the call. `ends_before` is not part of the call."""

    argument: re.Pattern[str]  # its opening tag: the name in group 1, attributes in group 2 where there are any
    begins: tuple[str, ...]  # what the opening tag begins with
    closes: tuple[str, ...]  # its closing tags
    ends: tuple[str, ...]  # the call's closing tags
    ends_before: tuple[str, ...] = ()


QWEN = Tags(
    re.compile(r"<parameter=([^>\n]*)>()"), ("<parameter=",), ("</parameter>",), ("</function>",), ("</tool_call>", "</seed:tool_call>")
)


def _named_tags(prefix: str = "", suffix: str = "") -> Tags:
    """The tags of GLM's form; others of the form put something before or behind each of their names."""
    key, kind, value = (f"{prefix}arg_{part}{suffix}" for part in ("key", "type", "value"))
    opening = f"<{key}>(.*?)</{key}>\\s*(?:<{kind}>[^<]*</{kind}>\\s*)?<{value}>()".replace("|", "\\|")
    ends = (f"</{prefix}tool_call{suffix}>", f"<end_of_tool_call{suffix}>")
    return Tags(re.compile(opening, re.DOTALL), (f"<{key}>",), (f"</{value}>",), (), ends)


_SOLAR = Tags(
    re.compile(r"<\|tool_arg:start\|>(.*?)<\|tool_arg:value\|>()", re.DOTALL),
    ("<|tool_arg:start|>",),
    ("<|tool_arg:end|>",),
    (),
    ("<|tool_call:end|>",),
)
_NAMED_TAGS = (
    replace(_named_tags(), ends_before=("</tool_call>", "</longcat_tool_call>", "</iquest_tool_call>", "<end_of_tool_call>")),
    _named_tags("longcat_"),
    _named_tags("ifm|"),
    _named_tags(suffix=":opensource"),
    _SOLAR,
)
BEHIND_NAME: dict[str, Tags] = {mark: tags for tags in reversed(_NAMED_TAGS) for mark in (*tags.begins, *tags.ends_before)}
"""What stands behind a name that is followed by its arguments in tags (or by none), and how those are written."""

KIMI = Tags(
    re.compile(r'<\|open\|>argument key="([^"]*)"([^<]*)<\|sep\|>'),
    ("<|open|>argument",),
    ("<|close|>argument<|sep|>",),
    ("<|close|>call<|sep|>",),
)
MINICPM = Tags(
    re.compile(r'<param(?:eter)?[\sĠ]*name="([^"]*)"([^>]*)>'),
    ("<param",),
    ("</param>", "</parameter>"),
    ("</function>",),
    ("</tool_call>",),
)


def invoke_tags(prefix: str) -> Tags:
    """The tags of <invoke name="..."> with a prefix such as `antml:`."""
    mark = re.escape(prefix)
    return Tags(
        re.compile(rf'<{mark}parameter\s+name="([^"]*)"([^>]*)>'),
        (f"<{prefix}parameter",),
        (f"</{prefix}parameter>",),
        (f"</{prefix}invoke>",),
        tuple(f"</{prefix}{name}>" for name in ("function_calls", "tool_calls", "tool_call", "calls")),
    )


GAPS = (" ", "", "Ġ")  # the space of MiniCPM's tags, which some servers lose and some show as the tokenizer keeps it
ELEMENTS: dict[str, tuple[re.Pattern[str], Tags]] = {
    "<function=": (re.compile(r"<function=[ \t]*\"?([\w.\-:/]*\w)\"?[ \t]*>"), QWEN),
    **{f'<function{gap}name="': (re.compile(rf'<function{gap}name="([^"<>\n]+)"[ \t]*>'), MINICPM) for gap in GAPS},
    **{
        f'<{prefix}invoke name="': (re.compile(rf'<{re.escape(prefix)}invoke name="([^"<>\n]+)"[ \t]*>'), invoke_tags(prefix))
        for prefix in ("", "antml" + ":", "atem:", "｜DSML｜", "｜DSML｜ ", "steptml:", "minimax:")
    },
    '<|open|>call tool="': (re.compile(r'<\|open\|>call tool="([^"<>\n]+)"[^<>\n]*<\|sep\|>'), KIMI),
}
"""What an element begins with, how its opening tag is spelled, and the tags inside it."""

_AFTER_CALL = ("<function=", "<tool_call>", "</function_calls>")
LONGEST_TAG = 160
Announce = Callable[[str], None]
Read = Generator[None, None, "tuple[int, list[Item]] | None"]


def read_element(source: Source, at: int, opening: str, known: Shapes, announce: Announce) -> Read:
    """The call that begins at `at` with `opening`; None where it is only spoken of."""
    pattern, tags = ELEMENTS[opening]
    while True:
        head = pattern.match(source.text, at, at + LONGEST_TAG)
        if head is not None:
            break
        tag = source.text[at : at + LONGEST_TAG]
        if source.ended or len(tag) >= LONGEST_TAG or ">" in tag[len(opening) :] or "\n" in tag:
            return None
        yield
    name = unescape_entities(head[1])
    if known.marked(name) is not None:
        announce(name)
    place = yield from skip_space(source, head.end())
    if source.text.startswith("{", place):
        return (yield from _json_inside(source, at, place, name, tags.ends[0], known))
    stops = (*tags.begins, *tags.ends, *tags.ends_before)
    if (known.marked(name) is None or not known.by_name) and not (yield from next_literal(source, place, stops)):
        return None  # "<function=NAME> opens a call"
    return (yield from read_tagged(source, at, head.end(), name, tags, known))


def _json_inside(source: Source, at: int, place: int, name: str, closing: str, known: Shapes) -> Read:
    """<function=NAME>{...}</function>, as Functionary and Llama 3.1 write it, and DeepSeek between the tags of a call."""
    from .boundaries import json_end

    found = yield from json_end(source, place)
    if found.end < 0:
        place = yield from find(source, closing, found.stopped)
        end = place + len(closing) if place >= 0 else len(source.text)
        return end, [_unreadable(source, at, end, name, known, f"one JSON object and {closing}")]
    written = source.text[place : found.end]
    end = found.end
    after = yield from skip_space(source, end)
    close = yield from next_literal(source, after, (closing,))
    if close:
        end = after + len(close)
    shape = known.marked(name)
    if shape is None:
        return end, [known.unknown(name, (at, end))]
    try:
        value, notes = read_json(written)
    except ValueError as error:
        return end, [shape.problem(source.text[at:end], (at, end), f"JSON ({error})")]
    return end, [read_one(shape, value, (at, end), notes)]


def read_tagged(source: Source, start: int, at: int, name: str, tags: Tags, known: Shapes) -> Read:
    """The arguments, each between its tags, up to the call's own closing tag."""
    given: dict[str, str] = {}
    attributes: dict[str, str] = {}
    notes: tuple[str, ...] = ()
    stops = (*tags.begins, *tags.ends, *tags.ends_before)
    wrong = ""
    shape = known.marked(name)
    while True:
        place = yield from skip_space(source, at)
        here = yield from next_literal(source, place, stops)
        if here not in tags.begins:
            if here in tags.ends and here:
                at = place + len(here)
            elif here:
                at = place
                notes = (*notes, "closing tag added") if tags.ends else notes
            elif place >= len(source.text) and shape is not None and _is_whole(shape, given, known):
                at, notes = place, (*notes, "closing tag added")
            elif place >= len(source.text):
                at, wrong = place, f"{(*tags.ends, *tags.ends_before)[0]} at the end"
            else:
                at = yield from _skip_to(source, place, stops)
                wrong = f"arguments in {tags.begins[0]} tags, not {source.text[place : min(at, place + 60)]!r}"
            break
        argument = yield from _opening(source, place, tags)
        if argument is None:
            at = yield from _skip_to(source, place + 1, stops)
            wrong = f"arguments in {tags.begins[0]} tags, not {source.text[place : min(at, place + 60)]!r}"
            break
        key = _key(argument, shape)
        end, after, added = yield from _value_end(source, argument.end(), tags, shape, {*given, key})
        if end < 0:
            return len(source.text), [_unreadable(source, start, len(source.text), name, known, f"{tags.closes[0]} after {key}")]
        if key in given:
            wrong = wrong or f"each argument once, not {key} twice"
        given[key], attributes[key], at = source.text[argument.end() : end], argument[2], after
        notes = (*notes, "closing tag added") if added else notes
    span = (start, at)
    if wrong:
        return at, [_unreadable(source, start, at, name, known, wrong)]
    if shape is None:
        return at, [known.unknown(name, span)]
    try:
        arguments = {
            key: _value(value, attributes[key], shape.properties.get(shape.parameter(key) or key), key) for key, value in given.items()
        }
        return at, [shape.call(arguments, span, tuple(dict.fromkeys(notes)))]
    except Unreadable as error:
        return at, [shape.problem(source.text[start:at], span, error)]


def _is_whole(shape: Shape, given: Mapping[str, str], known: Shapes) -> bool:
    """Whether nothing can be missing of a call that breaks off here, behind an argument: the tool takes no more than these."""
    return bool(known.by_name) and {shape.parameter(key) for key in given} >= set(shape.properties)


def _opening(source: Source, place: int, tags: Tags) -> Generator[None, None, re.Match[str] | None]:
    while True:
        found = tags.argument.match(source.text, place, place + 2 * LONGEST_TAG)
        if found is not None or source.ended or len(source.text) - place >= 2 * LONGEST_TAG:
            return found
        yield


def _key(argument: re.Match[str], shape: Shape | None) -> str:
    """The argument's name; quotes around it are left out where only that makes it one of the tool's."""
    key = unescape_entities(argument[1].strip(" \t\r\n"))
    bare = key.strip("\"'")
    return bare if bare and shape is not None and shape.parameter(key) is None and shape.takes(bare) else key


def _value_end(source: Source, at: int, tags: Tags, shape: Shape | None, given: Set[str]) -> Generator[None, None, tuple[int, int, bool]]:
    """Where the value ends, where reading goes on, and whether the closing tag had to be added.

    A closing tag that is followed by neither another argument nor the end of the call belongs to the value. On a line of its own, the
    opening tag of an argument that is not yet `given` ends the value, though its closing tag was forgotten.
    """
    opened = yield from skip_space(source, at)
    yield from reach(source, opened + 9)
    begin = at
    if source.text.startswith("<![CDATA[", opened):
        begin = yield from _behind_cdata(source, opened)
        if begin < 0:
            return -1, -1, False
    follow = (*tags.begins, *tags.ends, *tags.ends_before)
    pattern = re.compile("|".join(map(re.escape, (*tags.closes, *tags.ends, *(f"\n{mark}" for mark in tags.begins)))))
    while True:
        found = pattern.search(source.text, begin)
        if found is None:
            if source.ended:
                return -1, -1, False
            begin = max(begin, len(source.text) - 40)
            yield
            continue
        if found[0].startswith("\n"):
            begin = found.start() + 1
            following = yield from _opening(source, begin, tags)
            if following is not None and shape is not None and (key := _key(following, shape)) not in given and shape.takes(key):
                return begin, begin, True
            continue
        closed = found[0] in tags.closes
        place = yield from skip_space(source, found.end())
        here = yield from next_literal(source, place, follow if closed else (*tags.ends_before, *_AFTER_CALL))
        if here or place >= len(source.text):  # otherwise the tag belongs to the value
            return found.start(), found.end() if closed else found.start(), not closed
        begin = found.end()


def _behind_cdata(source: Source, at: int) -> Waiting:
    while True:
        place = yield from find(source, "]]>", at)
        if place < 0:
            return -1
        at = place + 3
        yield from reach(source, at + 9)
        if not source.text.startswith("<![CDATA[", at):
            return at


def _skip_to(source: Source, at: int, stops: tuple[str, ...]) -> Waiting:
    """Behind the end of what cannot be read: its closing tag, or the end of the text."""
    pattern = re.compile("|".join(map(re.escape, stops[1:])) or r"\Z")
    while True:
        found = pattern.search(source.text, at)
        if found is not None:
            return found.end()
        if source.ended:
            return len(source.text)
        at = max(at, len(source.text) - 40)
        yield


def _value(written: str, attributes: str, rule: object, name: str) -> object:
    text = _without_cdata(written)
    if text is not None:
        return typed(text, rule, name, raw=True) if rule is not None else text
    text = written
    if text.startswith(("\r\n", "\n")):
        text = text[1:] if text[0] == "\n" else text[2:]
        text = text[:-1] if text.endswith("\n") else text
    if 'string="true"' in attributes:
        return text
    if not kinds(rule) and 'string="false"' in attributes:
        return typed(text.strip(), rule, name)
    try:
        return typed(text, rule, name, raw=True)
    except Unreadable:
        if text.strip() in ("null", "None"):
            return None
        raise


def _without_cdata(written: str) -> str | None:
    text = written.strip()
    if not (text.startswith("<![CDATA[") and text.endswith("]]>")):
        return None
    return text[9:-3].replace("]]]]><![CDATA[>", "]]>")


def _unreadable(source: Source, start: int, end: int, name: str, known: Shapes, expected: str) -> Item:
    shape = known.marked(name)
    if shape is None:
        return known.unknown(name, (start, end))
    return shape.problem(source.text[start:end], (start, end), f"{shape.signature}; {expected}")
