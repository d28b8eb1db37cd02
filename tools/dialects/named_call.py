"""The dialect `call`, NAME(arguments) in prose: where a call may begin, where it ends, and its arguments."""

from __future__ import annotations

import re

from .growing import match
from .mentions import CODE_BEHIND, Form, find_behind, goes_on, holds_code, is_told
from .parenthesized import find_call_end, is_signature, may_be_signature, parse_arguments
from .parsed_calls import NOTHING, CallParser, Detection, Incremental
from .read_events import Mention
from .scanner_state import ScannerState
from .signatures import ToolSignature
from .text_buffer import wait_for

_SECTIONS_OF_MANUAL = frozenset("12345678")
_NEXT_CALL = re.compile(r"[,，、]?\s*(?:\w{1,5}\s+){0,3}([\w.:\-]+)\(")  # "f(x), f(y) and then f(z)"
_LONGEST_CONJUNCTION = 20
# A sum stands for its value, in any place of a sentence: "The area is CALCULATOR(12*9) square cm".
_SUM = re.compile(r"\s*(?:\w+\s*[=:]\s*)?[\"']?(?:[\d\s.,+\-*/^%()$€×÷]|\b[a-z]{2,5}\()+[\"']?\s*")
_PLURAL_ENDINGS = frozenset("s es ies n en e er ers ed ing se innen".split())


def detect_named_call(state: ScannerState, position: int) -> Detection:
    """Detect NAME( of a tool, whose parenthesis stands at `position`."""
    if not state.dialect.call:
        return NOTHING
    text, pattern = state.buffer.text, state.dialect.name_before_parenthesis
    lowest = max(state.at, position - state.dialect.name_window - 12)
    found = pattern.match(text, max(lowest, text.rfind(" ", lowest, position) + 1), position) or pattern.search(text, lowest, position)
    name = found and (found[1] or found[2])
    tool = state.tools.find(name) if name else None
    if found is None or tool is None:
        return NOTHING
    start = found.start()
    parser = _parse_named_call(state, start, position, tool)
    return start, state.parse_call(start, position, parser, Form.PURE if tool.is_pure else Form.IN_PROSE)


def _parse_named_call(state: ScannerState, start: int, position: int, tool: ToolSignature) -> CallParser:
    """Parse NAME(...). Return None where it is the tool's signature, or a word with the ending of its plural."""
    steps = find_call_end(state.buffer, position + 1)
    announced = False
    while True:
        try:
            next(steps)
        except StopIteration as done:
            found = done.value
            break
        if not announced and _is_certain(state, start, position, tool):
            announced = True
            state.buffer.sink.announce(tool.name, start)
        yield
    # The end decides: ORDER(item, customer) describes the tool, ORDER(item) may order one called item.
    if found.end >= 0:
        written = state.buffer.text[position + 1 : found.end - 1]
        why = ""
        if is_signature(tool, state.buffer.text, position + 1, found.commas, found.end - 1):
            why = "as the tool's signature, with its parameters for arguments"
        elif (written in _PLURAL_ENDINGS or (tool.required and not written.strip())) and (yield from _is_in_sentence(state, found.end)):
            return None  # a word with the ending of its plural, as in order(s), or with nothing where the tool needs something
        elif written in _SECTIONS_OF_MANUAL and _wants_more_than_a_section(tool) and (yield from _is_in_sentence(state, found.end)):
            why = "as a page of a manual"
        elif state.buffer.text[start - 1 : start] == "[" and (yield from is_link(state, found.end)):
            why = "as the text of a link"
        elif not tool.is_pure and (
            holds_code(written, takes_words=tool.text_parameter is not None) or (yield from match(state.buffer, CODE_BEHIND, found.end, 3))
        ):
            why = "in code"
        elif not tool.is_pure:
            is_sum = tool.text_parameter is not None and _SUM.fullmatch(written) is not None
            why = yield from _find_sentence_around(state, found.end, is_sum=is_sum)
        if why:
            state.mentions.append(Mention(tool.name, (start, found.end), why))
            return None
    if not announced:
        state.buffer.sink.announce(tool.name, start)
    text = state.buffer.text
    if found.end < 0:
        return found.stopped, [state.buffer.report(tool.name, start, found.stopped, "a closing parenthesis")]
    return found.end, [parse_arguments(tool, text, position + 1, found.commas, found.end - 1, (start, found.end))]


def _find_sentence_around(state: ScannerState, end: int, *, is_sum: bool) -> Incremental[str]:
    """Return why what ends at `end` is a part of a sentence: "I already ran f(x)", "f(x) was refused", "Soll ich f(x) aufrufen?"."""
    line = state.surroundings.line
    if is_told(line):
        return "as something that was done"
    if is_sum or not goes_on(line, (yield from find_behind(state.buffer, end))):
        return ""
    yield from wait_for(state.buffer, end + _LONGEST_CONJUNCTION + state.dialect.name_window)
    following = state.buffer.text[end : end + _LONGEST_CONJUNCTION + state.dialect.name_window]
    if (found := _NEXT_CALL.match(following)) and state.tools.find(found[1]):
        return ""
    return "in a sentence that goes on behind it"


def _is_certain(state: ScannerState, start: int, position: int, tool: ToolSignature) -> bool:
    """Tell whether NAME( can only be a call by what stands behind it so far: no signature, no plural, and not the text of a link."""
    written = state.buffer.text[position + 1 : position + 2 + state.dialect.longest_parameter]
    if may_be_signature(tool, written) or not written.strip() or state.buffer.text[start - 1 : start] == "[":
        return False
    return not any(f"{ending})".startswith(written) for ending in _PLURAL_ENDINGS)


def _wants_more_than_a_section(tool: ToolSignature) -> bool:
    """Tell whether NAME(2) is Unix's way to cite a page of its manual, such as write(2), and no call: the tool takes more than a number."""
    return tool.name.islower() and len(tool.properties) > 1 and str in next(iter(tool.plain_types.values()))


def _is_in_sentence(state: ScannerState, end: int) -> Incremental[bool]:
    """Tell whether words stand beside what ends at `end`: "Your order(s) and search(es)", "search() finds pages"."""
    yield from wait_for(state.buffer, end + 2)
    following = state.buffer.text[end : end + 2]
    return not state.surroundings.at_line_start or following[:1] == ":" or (following[:1] == " " and following[1:].isalpha())


def is_link(state: ScannerState, at: int) -> Incremental[bool]:
    """Tell whether the bracket that closes at `at` is that of a link: [NAME(...)](address), [NAME(...)][1]."""
    yield from wait_for(state.buffer, at + 2)
    return state.buffer.text.startswith(("](", "]["), at)
