"""Parse ReAct (Yao et al. 2022, as LangChain prompts for it): "Action: NAME", then "Action Input: ...".

A model may go on with a line "Observation:". It invents that result, and nothing in it is a call.
"""

from __future__ import annotations

import re
from typing import NamedTuple, cast

from ..coerce import CoercionError, coerce_text
from ..family import Family
from ..growing import growing
from ..json_calls import parse_json_arguments
from ..json_end import find_json_end, parse_json_at
from ..parenthesized import find_call_end, parse_arguments
from ..parsed_calls import CallParser, Incremental, Item
from ..signatures import ToolSignature, ToolSignatures
from ..text_buffer import TextBuffer, run_whole, skip_closing_fence, skip_space, wait_for
from ..writers import name_and_json_writer, render_each

_INPUT = r"[`*]*(?:Action[ _]Input(?: \d)?|(?:Tool[ _]|Function[ _])?(?:Input|Arguments|Parameters|Args))[`*]*:[`*]*[ \t]*"
# The name may stand on the next line, in backticks, quotes or bold. JSON may follow it without the second label.
_NAME = growing(
    rf"[ \t]*(?:\r?\n[ \t]*)?[ \t`\"'*\[]*([\w.\-:/]*\w)[`\"'*\] \t]*\r?(?:(?:\n\s*|(?<=\] )){_INPUT}|\s*(?=\{{))", re.IGNORECASE
)
_IN_BRACKETS = growing(r"[ \t]*([\w.\-]+)\[([^\n]*)\][ \t]*(?=\n|\Z)")
_LONGEST = 300
_LONGEST_LABEL = 160
# What ends an input that is not JSON: the next label.
_NEXT = re.compile(r"\n[ \t]{0,100}[`*]*(?:Observation|Thought|Action|Action Input|Final Answer)[`*]*:")
_NAMED_OR_QUOTED = re.compile(r"[^\W\d]\w*\s*[=:]|[\"'“]")
_FENCE = re.compile(r"```\w*\s*")


class _BareInput(NamedTuple):
    """An action input that is not JSON."""

    written: str


def parse_action(buffer: TextBuffer, start: int, at: int) -> CallParser:
    """Parse the call whose line begins at `start` and whose label `Action:` ends at `at`. Return None where there is none."""
    tools = buffer.tools
    is_action = "Action" in buffer.text[start:at]  # and not "Tool:", which other lines begin with as well
    while True:
        text = buffer.text
        head = _NAME.whole.match(text, at)
        bracketed = _IN_BRACKETS.whole.match(text, at) if is_action else None
        if bracketed is not None and (buffer.ended or bracketed.end() < len(text)):
            return _parse_bracket_form(bracketed, start, tools)
        if head is not None and (buffer.ended or head.end() < len(text)):
            break
        so_far = _NAME.so_far.match(text, at) or _IN_BRACKETS.so_far.match(text, at)
        if buffer.ended or (so_far is None and head is None) or len(text) - at > _LONGEST:
            return None
        yield
    tool = tools.find_marked(head[1]) if is_action else tools.find(head[1])
    if not is_action:
        opened = yield from skip_space(buffer, head.end())
        yield from wait_for(buffer, opened + 16)
        fence = _FENCE.match(buffer.text, opened)
        if tool is None or not buffer.text.startswith("{", fence.end() if fence else opened):
            return None
    if tool is not None:
        buffer.sink.announce(tool.name, start)
    end, given, notes, expected = yield from _parse_input(buffer, head.end(), tool)
    span = (start, end)
    if tool is None or expected:
        return end, [buffer.report(head[1], start, end, expected)]
    if not is_action and _is_description(tool, given):
        return None
    if isinstance(given, _BareInput):
        return end, [_parse_as_argument_list(tool, given.written, span)]
    return end, [parse_json_arguments(tool, given, span, notes)]


def _is_description(tool: ToolSignature, given: object) -> bool:
    """Tell whether each parameter has its type, its name in brackets or dots for a value, as in a list of the tools that there are."""
    if not isinstance(given, dict) or not given:
        return False
    values = cast("dict[str, object]", given)
    schemas = {name: each for name, each in tool.properties.items() if isinstance(each, dict)}
    return all(value in (schemas.get(name, {}).get("type"), f"<{name}>", "...", "…") for name, value in values.items())


def _parse_bracket_form(found: re.Match[str], start: int, tools: ToolSignatures) -> tuple[int, list[Item]] | None:
    """Parse the form of the paper, "Action: Search[what to look for]". The text is the tool's only parameter, or the only required one."""
    tool = tools.find(found[1])
    if tool is None:
        return None
    key = tool.text_parameter or (tool.required[0] if len(tool.required) == 1 else "")
    if key not in tool.text_parameters:
        return None
    span = (start, found.end())
    try:
        value = coerce_text(found[2], tool.properties[key], key)
    except CoercionError as error:
        return span[1], [tool.report_problem(found[0], span, error)]
    return span[1], [parse_json_arguments(tool, {key: value}, span)]


def _parse_input(buffer: TextBuffer, at: int, tool: ToolSignature | None) -> Incremental[tuple[int, object, tuple[str, ...], str]]:
    """Return where the input ends, its value, the repairs, and what was expected where it cannot be read."""
    # Some models put the input into a fence.
    position = yield from skip_space(buffer, at)
    yield from wait_for(buffer, position + 16)
    fence = _FENCE.match(buffer.text, position)
    if fence is not None:
        position = yield from skip_space(buffer, fence.end())
    if buffer.text[position : position + 1] == "{":
        found = yield from find_json_end(buffer, position)
        value = parse_json_at(buffer.text, position, found, buffer.ended)
        end = found.end if found.end >= 0 else (yield from _find_input_end(buffer, found.stopped))
        if fence is not None and found.end >= 0:
            end = yield from skip_closing_fence(buffer, end)
        if value is None:
            return end, None, (), "the input as complete JSON"
        return end, value[0], value[1], ""
    end = yield from _find_input_end(buffer, position)
    written = buffer.text[position:end].strip()
    if fence is not None:
        written = written.removesuffix("```").strip()
    # For a tool without parameters models write None or N/A.
    if tool is not None and not tool.properties and written.casefold() in ("", "none", "null", "n/a", '""', "{}"):
        return end, {}, (), ""
    if tool is not None and not written and not tool.required:
        return end, {}, (), ""
    # Bare words are the argument only of a tool that takes one text. Which parameter else would they be for?
    if tool is None or not written or (tool.text_parameter is None and not _looks_like_arguments(written)):
        return end, None, (), "the input as one JSON object"
    if tool.text_parameter is None:
        return end, _BareInput(written.strip("`")), (), ""
    return end, {tool.text_parameter: coerce_text(written, tool.properties[tool.text_parameter], tool.text_parameter)}, (), ""


def _looks_like_arguments(written: str) -> bool:
    """Tell whether this is one line of named or quoted arguments. Bare words could be a sentence."""
    return "\n" not in written and _NAMED_OR_QUOTED.match(written.strip("`")) is not None


def _parse_as_argument_list(tool: ToolSignature, written: str, span: tuple[int, int]) -> Item:
    """Parse arguments that are not JSON as if they stood in NAME(...)."""
    found = run_whole(find_call_end(TextBuffer(text=f"{written})", ended=True), 0))
    if found.end != len(written) + 1:
        return tool.report_problem(written, span, f"the input as one JSON object: {tool.signature}")
    return parse_arguments(tool, written, 0, found.commas, len(written), span)


def _find_input_end(buffer: TextBuffer, at: int) -> Incremental[int]:
    while True:
        found = _NEXT.search(buffer.text, at)
        if found is not None:
            return found.start()
        if buffer.ended:
            return len(buffer.text)
        # A label may have arrived in part: search on from the last line if it is short.
        line = buffer.text.rfind("\n", at)
        at = buffer.certain_to = line if line >= 0 and len(buffer.text) - line < _LONGEST_LABEL else len(buffer.text)
        yield


FAMILIES = (
    Family(
        name="react",
        write=render_each("Action: ", name_and_json_writer("", "\nAction Input: ", ""), ""),
        stop=("\nObservation:",),
        before_results="Observation: ",
    ),
)
