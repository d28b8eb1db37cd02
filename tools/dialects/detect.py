"""Detect what may begin at a trigger character: a call in one of its forms, a code fence, reasoning, or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable

from . import blocks
from .compiled_dialect import AFTER_BRACE, CompiledDialect
from .elements import PREFIXED_SECTION, SUFFIXED_SECTION, find_prefixed, may_be_prefixed, parse_element
from .families.gemma import HEAD as GEMMA_HEAD
from .families.gemma import parse_gemma_call
from .families.harmony import STRIPPED_TURN
from .families.react import parse_action
from .growing import growing
from .json_calls import ESCAPED_START, FIRST_KEY, KEYS, find_data_around, parse_escaped_json
from .markers import INVENTED_TURNS, NAME_SEPARATORS, REASONING, REASONING_ENDS, TOOL_RESULTS, CallSection
from .mentions import Form
from .named_call import detect_named_call
from .parsed_calls import MORE, NOT_HERE, NOTHING, CallParser, Detection
from .scanner_state import ScannerState
from .section_parser import parse_section, parse_suffixed_section, parse_unopened_call

_LIST_OF_OBJECTS = growing(r"\[\s*(?=\{)")
_LIST_OF_NAMES = growing(r"\[\s*([^\W\d][\w.\-:/]*)\(")
_FUNCTIONARY_HEAD = growing(r">>>([\w.\-]+)\s*\n\s*")
_FUNCTOOLS = re.compile(r"(?<![A-Za-z_])functools")
# A label stands at the beginning of a line or sentence, maybe in bold or numbered: "**Action 1:**".
_TOOL_LABELS = (
    "TOOL",
    "TOOL_NAME",
    *(f"{what}{more}" for what in ("Tool", "Function") for more in ("", " Call", " call", " Name", " name")),
)
_LABEL = re.compile(rf"(^|\n|[.!?:][ \t])[ \t]*([*`#\[]{{0,4}}(?:(Action|Observation)(?: \d)?|{'|'.join(_TOOL_LABELS)}|(?<=\[)tool):)\Z")
_LABEL_SO_FAR = re.compile(r"(?:^|\n|[.!?:][ \t])[ \t]*([*`#\[]{0,4}([AOTFt][A-Za-z_]*(?: [A-Za-z\d]*)?)?)\Z")
_SUGGESTED = re.compile(r"\*{3,} Suggested (?:tool|function) [Cc]all(?: \([^()\n]{1,80}\))?:\Z")  # AutoGen, whose mark stays prose
_BEHIND_LABEL = re.compile(r"[*_\]]{0,3}\s*")
# Beside people's turns, the sections of Alpaca's prompt and the results of Glaive's.
_TURN = re.compile(
    r"[ *#\[]{0,5}(?:(?:GPT4 Correct )?(?i:human|user)(?:\]|\*\*|\*)?|(?<=# )(?:Instruction|Input|System)|FUNCTION RESPONSE):"
    r"|(?:用户|ユーザー|사용자)[:：]"
)
_RESULT = re.compile(r"[ *#\[]{0,5}(?i:(?:function|tool) (?:response|result|output)s?)(?:\]|\*\*|\*)?:")
_LABELS = (
    *_TOOL_LABELS,
    "tool",
    *(f"{label}{number}" for label in ("Action", "Observation") for number in ("", *(f" {digit}" for digit in range(10)))),
)
# gpt-oss may begin in the middle of a header, for the prompt ends in <|start|>assistant: " to=functions.weather<|channel|>..."
_RECIPIENT = growing(r"\s*(?:assistant\s*)?to=[\w.\-:/]+\s*\Z")
# The header of a call where a server has dropped the special tokens: "assistantcommentary to=functions.weather json{...}".
_STRIPPED = growing(
    r"(?:(?<![^\W_])(?:assistant)?(?:commentary|analysis)[ \t]*)?"
    r"(?<![\w.])to=([\w.\-:/]+?)(?:commentary)?(?:[ \t]*(?<![a-z])(?:json|code)?\s*|\s+|[ \t]+[^\x00-\x7f]{1,16}json\s*)\Z"
)
# A name before its arguments, though no marker precedes it; and what may still become one, with tools to compare it to and without.
_NAME_BEFORE = re.compile(r"(?<![\w.\-:])((?:functions\.)?\w[\w.\-]{0,80}(?::\d{1,3})?)[ \t]?\n?\Z")
_KNOWN_BEFORE = re.compile(r"(?<![\w.\-:])((?:functions\.)?\w[\w.\-]{0,80})(?::\d{0,3})?[ \t]?\n?\Z")
_ANY_NAME = re.compile(r"(?<![\w.\-:])(?:functions\.)?\w[\w.\-]{0,80}(?::\d{0,3})?[ \t]?\n?\Z")
_LONGEST_NAME = 100
_SPACE_TO_THE_END = re.compile(r"\s*\Z")
_AFTER_BRACE = re.compile(rf"\s*(?:{AFTER_BRACE}|\Z)")
_CALLED = growing(r"(?<![\w.\-])call:([\w.\-]{1,80})\Z")
_LONGEST_RECIPIENT = 96
_LONGEST_KEY = 400
# The last word of the prose, with what may stand between a name on its own line and the JSON below it.
_LAST_WORD = re.compile(r"[\w.\-]+\]?(?:[ \t]*:?\n?[ \t]{0,4}(?:`{0,3}|```j?s?o?n?\n?))\Z")


def _call(state: ScannerState, start: int, position: int, parser: CallParser, form: Form = Form.MARKED) -> Detection:
    return start, state.parse_call(start, position, parser, form)


def _detect_object(state: ScannerState, position: int) -> Detection:
    if "json" not in state.dialect.forms:
        return NOTHING
    text = state.buffer.text
    # call:NAME{ of Gemma, where its section marker was lost.
    called = _CALLED.whole.search(text, max(state.at, position - _LONGEST_NAME), position) if "gemma" in state.dialect.forms else None
    if called is not None and state.tools.find_marked(called[1]):
        if not state.buffer.ended and _SPACE_TO_THE_END.match(text, position + 1):
            return MORE
        if _AFTER_BRACE.match(text, position + 1):
            start = called.start()
            head = GEMMA_HEAD.match(text, start)
            assert head is not None
            return _call(state, start, position, parse_gemma_call(state.buffer, start, head), Form.UNMARKED)
    if ESCAPED_START.whole.match(text, position):
        return _call(state, position, position, parse_escaped_json(state.buffer, position), Form.UNMARKED)
    if ESCAPED_START.so_far.match(text, position) and not state.buffer.ended:
        return MORE
    lowest = max(state.at, position - _LONGEST_RECIPIENT)
    recipient = _STRIPPED.whole.search(text, lowest, position) if "harmony" in state.dialect.forms else None
    if recipient is not None and state.tools.find_marked(recipient[1]):
        start = recipient.start()
        return _call(state, start, position, blocks.parse_named_json(state, start, position, recipient[1]))
    lowest = max(state.at, position - state.dialect.name_window - 24)
    # A tool's name on a line of its own, and JSON below it.
    named = state.dialect.name_on_line.search(text[lowest:position]) if state.dialect.name_on_line else None
    if (
        named is not None
        and (named[0].startswith("\n") or (lowest == state.at and state.surroundings.at_line_start))
        and state.tools.find(named[3])
    ):
        start = lowest + named.start(1)
        return _call(state, start, position, blocks.parse_named_json(state, start, position, named[3]), Form.UNMARKED)
    return _detect_json(state, position, position)


def _detect_stripped_turn(state: ScannerState, position: int) -> Detection:
    """Detect the end of an analysis of gpt-oss whose tokens were dropped: "analysisI know.assistantfinalIt is sunny."."""
    found = STRIPPED_TURN.whole.match(state.buffer.text, position)
    may_grow = not state.buffer.ended and STRIPPED_TURN.so_far.match(state.buffer.text, position)
    if may_grow and (found is None or found[0].endswith("y")):
        return MORE
    if found is None or found[0] == "assistantanalysis":  # the thought goes on
        return NOTHING
    # The header of a call is read with it.
    return position, blocks.end_stripped_thought(state, position, position if found[0].endswith("=") else found.end())


def _detect_functionary(state: ScannerState, position: int) -> Detection:
    """Detect >>>NAME with JSON arguments on the next line, or >>>all with text for the user (functionary-medium-v3.1 and v3.2)."""
    if "functionary" not in state.dialect.forms:
        return NOTHING
    text = state.buffer.text
    if text.startswith(">>>all\n", position):
        return position, blocks.skip_template_token(state, position + 7)
    found = _FUNCTIONARY_HEAD.whole.match(text, position)
    if found is not None and found.end() < len(text):
        if text[found.end()] != "{" or not (tool := state.tools.find_marked(found[1])):
            return NOTHING
        return _call(state, position, position, blocks.parse_named_json(state, position, found.end(), tool.name))
    name = text[position:].strip("> \n").casefold() if _FUNCTIONARY_HEAD.so_far.match(text, position) else "-"
    return MORE if not name or name in state.tools.prefixes or "all".startswith(name) else NOTHING


def _detect_json(state: ScannerState, start: int, position: int) -> Detection:
    """Detect an object at `position` whose first key is one that calls begin with."""
    text = state.buffer.text
    key = FIRST_KEY.whole.match(text, position)
    if key is None:
        return MORE if FIRST_KEY.so_far.match(text, position, position + _LONGEST_KEY) else NOTHING
    if key[1] not in KEYS and (state.dialect.name_on_line is None or state.tools.find(key[1]) is None):
        return NOTHING
    if key[1] not in KEYS and not _begins_line(state, start) and text[max(state.at, start - 8) : start].rstrip()[-1:].isalnum():
        return NOTHING  # "The file holds {"server": {...}}": a key that a tool is named like
    if data := find_data_around(text, state.dropped_to, start):
        return start, blocks.parse_data(state, start, data[0], opens_reply=data[1])
    return start, blocks.parse_json_in_prose(state, start)


def _detect_bracket(state: ScannerState, position: int) -> Detection:
    text, dialect = state.buffer.text, state.dialect
    if position >= 8 and text.startswith("<![CDATA[", position - 8):
        return NOTHING  # no list begins here
    if "functools[" in dialect.sections and position - 9 >= state.at and _FUNCTOOLS.match(text, position - 9, position):
        if not _LIST_OF_OBJECTS.whole.match(text, position):
            return MORE if _LIST_OF_OBJECTS.so_far.match(text, position) else NOTHING
        section = dialect.sections["functools["]
        return _call(state, position - 9, position, parse_section(state.buffer, position - 9, "functools[", section))
    # Markers first: [TOOL_CALLS] is no list.
    marked = _detect_marker(state, position)
    if marked[0] != NOT_HERE:
        return marked
    if "json" in dialect.forms and (listed := _LIST_OF_OBJECTS.whole.match(text, position)):
        return _detect_json(state, position, listed.end())
    if "python" in dialect.forms and (head := _LIST_OF_NAMES.whole.match(text, position)):
        if state.tools.by_name and state.tools.find_marked(head[1]) is None:
            return NOTHING
        # Without tools, [name(x)] inside of a sentence may be prose or code.
        certain = bool(state.tools.by_name) or _begins_line(state, position)
        return _call(state, position, position, blocks.parse_call_list_in_prose(state, position, certain), Form.UNMARKED)
    if "json" in dialect.forms and _LIST_OF_OBJECTS.so_far.match(text, position, position + _LONGEST_KEY):
        return MORE
    if (
        "python" in dialect.forms
        and _LIST_OF_NAMES.so_far.match(text, position, position + 200)
        and _may_be_name(dialect, state, text[position + 1 :].strip())
    ):
        return MORE
    return NOTHING


def _may_be_name(dialect: CompiledDialect, state: ScannerState, word: str) -> bool:
    if not state.tools.by_name:
        return True
    folded = re.sub(r"^(?:functions?|tools?|default_api)[.:/]", "", word.casefold())
    return folded in state.tools.prefixes or not folded or any(lead.startswith(folded) for lead in ("functions", "tools", "default_api"))


def _detect_fence(state: ScannerState, position: int) -> Detection:
    if state.buffer.text[position] == "~" and not _begins_line(state, position):
        return NOTHING
    return position, blocks.parse_fence(state, position, position)


def _begins_line(state: ScannerState, position: int) -> bool:
    """Tell whether only a little white space precedes `position` on its line."""
    before = state.buffer.text[max(state.at, position - 4) : position]
    line = before.rpartition("\n")
    return not line[2].strip() and (bool(line[1]) or (state.at >= position - 4 and state.surroundings.at_line_start))


def _detect_label(state: ScannerState, position: int) -> Detection:
    turn = _detect_invented_turn(state, position)
    return _detect_react_label(state, position) if turn is NOTHING else turn


def _detect_invented_turn(state: ScannerState, position: int) -> Detection:
    """Detect a line that begins with "Human:", "User:" or "### Instruction:", as in the transcripts that models were trained on.

    Behind a call, "Tool output:" begins a result that the model made up.
    """
    _, line_break, line = state.buffer.text[state.at : position + 1].rpartition("\n")
    if not line_break:
        line = state.surroundings.line + line
    if not _TURN.fullmatch(line) and not ((state.calls or state.problems) and _RESULT.fullmatch(line)):
        return NOTHING
    return position + 1, blocks.parse_invented(state, position + 1)


def _detect_react_label(state: ScannerState, position: int) -> Detection:
    if _SUGGESTED.search(state.buffer.text, max(state.dropped_to, position - 120), position + 1):
        return _call(state, position + 1, position, parse_action(state.buffer, position + 1, position + 1), Form.UNMARKED)
    found = _LABEL.search(state.buffer.text, max(0, position - 40), position + 1)
    start = found.start(2) if found is not None else NOT_HERE
    if start < state.at and state.surroundings.at_line_start and position - state.at <= 40:
        found = _LABEL.match(state.buffer.text[state.at : position + 1])  # the label follows a marker, which is no part of the prose
        start = state.at + found.start(2) if found is not None else NOT_HERE
    if found is None or start < state.at:
        return NOTHING
    # Before any call, a line "Observation:" is the model's own text and not a fabricated result.
    if found[3] == "Observation":
        return (start, blocks.parse_invented(state, position + 1)) if state.calls or state.problems else NOTHING
    if "react" not in state.dialect.forms or (found[3] is None and found[1] not in ("", "\n") and "[" not in found[2]):
        return NOTHING  # "The form is: Tool: NAME" speaks of it
    if found[2].endswith("TOOL_NAME:"):
        fenced = state.dialect.fences.get("tool")
        return _call(state, start, position, parse_element(state.buffer, start, fenced), Form.LABELLED) if fenced else NOTHING
    following = _BEHIND_LABEL.match(state.buffer.text, position + 1, position + 41)
    after = following.end()  # type: ignore[union-attr]
    if state.buffer.text.startswith("```", after):
        return start, blocks.parse_fence(state, start, after)
    if "```".startswith(state.buffer.text[after : after + 3]) and after < position + 40 and not state.buffer.ended:
        return MORE
    form = Form.LABELLED if found[3] else Form.UNMARKED  # "Tool:" begins lines of logs and of documentation as well
    return _call(state, start, position, parse_action(state.buffer, start, position + 1), form)


def _detect_marker(state: ScannerState, position: int) -> Detection:
    text, dialect = state.buffer.text, state.dialect
    # A marker may go on: <|start|> becomes <|start|>user.
    if not state.buffer.ended and text[position : position + dialect.longest_marker] in dialect.marker_prefixes:
        return MORE
    found = dialect.marker.match(text, position)
    if found is None:
        return _detect_prefixed(state, position) if dialect.prefixed and text[position] == "<" else NOTHING
    marker, end = found[0], found.end()
    if dialect.prefixed and marker == "<tool_call" and text[end : end + 1] in (":", "s"):  # no marker goes on like that
        return _detect_suffixed(state, position)
    if marker in dialect.sections:
        return _call(state, position, position, parse_section(state.buffer, position, marker, dialect.sections[marker]))
    if marker in dialect.elements:
        return _call(state, position, position, parse_element(state.buffer, position, dialect.elements[marker]))
    if marker in NAME_SEPARATORS:
        return _detect_name_separator(state, position)
    if marker in REASONING:
        return position, blocks.parse_reasoning(state, end, REASONING[marker])
    if marker in REASONING_ENDS:
        return position, blocks.parse_reasoning_end(state, position, end)
    if marker in TOOL_RESULTS:
        return position, blocks.parse_invented(state, end)
    if marker in INVENTED_TURNS:
        return position, blocks.drop_invented_turn(state)
    if "harmony" in dialect.forms and marker in ("<|start|>", "<|channel|>", "<|message|>"):
        # The recipient may precede the first token of the header.
        start = 0 if state.at == 0 and _RECIPIENT.whole.match(text, 0, position) else position
        return start, blocks.parse_harmony_message(state, start, position)
    return position, blocks.skip_template_token(state, end)


def _detect_prefixed(state: ScannerState, position: int) -> Detection:
    """Detect a call in Claude's form, or an element around some, with a prefix that no model is known for."""
    text = state.buffer.text
    if call := find_prefixed(text, position):
        return _call(state, position, position, parse_element(state.buffer, position, call))
    if around := PREFIXED_SECTION.whole.match(text, position):
        section = CallSection(frozenset(), (f"</{around[1]}{around[2]}>",))
        return _call(state, position, position, parse_section(state.buffer, position, around[0], section))
    return MORE if not state.buffer.ended and may_be_prefixed(text, position) else NOTHING


def _detect_suffixed(state: ScannerState, position: int) -> Detection:
    """Detect an element around calls, each of whose marks has the same suffix: <tool_calls:v4>."""
    if suffixed := SUFFIXED_SECTION.whole.match(state.buffer.text, position):
        return _call(state, position, position, parse_suffixed_section(state.buffer, position, suffixed))
    return MORE if not state.buffer.ended and SUFFIXED_SECTION.so_far.match(state.buffer.text, position) else NOTHING


def _detect_name_separator(state: ScannerState, position: int) -> Detection:
    """Detect a call without its opening marker, by the separator between its name and its arguments."""
    name = _NAME_BEFORE.search(state.buffer.text, max(state.at, position - _LONGEST_NAME), position)
    if name is None or state.tools.find_marked(name[1]) is None:
        return NOTHING
    start = name.start(1)
    return _call(state, start, position, parse_unopened_call(state.buffer, start))


DETECTORS: dict[str, Callable[[ScannerState, int], Detection]] = {
    "(": detect_named_call,
    "{": _detect_object,
    "[": _detect_bracket,
    "`": _detect_fence,
    "~": _detect_fence,
    ":": _detect_label,
    "：": _detect_label,
    "<": _detect_marker,
    "]": _detect_marker,
    ">": _detect_functionary,
    "a": _detect_stripped_turn,
    "◁": _detect_marker,
    "✿": _detect_marker,
}


def find_held_start(state: ScannerState, end: int) -> int:
    """Return from where on prose that ends at `end` has to be held back: its last characters may become a name, a label or a recipient."""
    text, dialect = state.buffer.text, state.dialect
    if state.at == 0 and end <= _LONGEST_RECIPIENT and "harmony" in dialect.forms and _RECIPIENT.so_far.match(text, 0, end):
        return 0
    lowest = max(state.at, end - dialect.name_window - 16)
    tail = text[lowest:end]
    held = end
    # Backticks and tildes at the end may become a fence.
    if tail.endswith(("`", "``")) and not tail.endswith("```"):
        held = end - (2 if tail.endswith("``") else 1)
    if tail.endswith("~") and not tail.endswith("~~~"):
        held = end - (2 if tail.endswith("~~") else 1)
    if tail.endswith("]") and "]<" in dialect.marker_prefixes:
        held = end - 1
    word = _LAST_WORD.search(tail)
    if word is not None:
        held = min(held, _find_name_start(state, lowest + word.start(), end))
    lowest_name = max(state.at, end - _LONGEST_NAME)
    patterns = [_CALLED.so_far] if "gemma" in dialect.forms else []
    if "harmony" in dialect.forms and state.tools.by_name:
        patterns.append(_STRIPPED.so_far)
    if dialect.name_separators:
        patterns.append(_KNOWN_BEFORE if state.tools.by_name else _ANY_NAME)
    for pattern in patterns:
        named = pattern.search(text, lowest_name, end)
        if named is not None and (pattern is not _KNOWN_BEFORE or state.tools.find_marked(named[1])):
            held = min(held, named.start())
    label = _LABEL_SO_FAR.search(tail)
    if label is not None and any(full.startswith(label[2] or "") for full in _LABELS):
        held = min(held, lowest + label.start(1))
    return held


def _find_name_start(state: ScannerState, start: int, end: int) -> int:
    """Return where the last word begins if it may become a tool's name, else `end`."""
    text = state.buffer.text
    for found in _STARTS.finditer(text, start, end):
        rest = text[found.start() : end].casefold()
        stripped = rest.rstrip(" \t\n:`").removesuffix("```json").removesuffix("]")
        if rest in state.dialect.name_prefixes or (stripped != rest and stripped in state.tools.folded_names):
            return found.start() - (found.start() > state.at and text[found.start() - 1] == "[")
    return end


# A name begins at a word's start, or at a capital behind a small letter: "isCALCULATOR(2)" is a call.
_STARTS = re.compile(r"(?<![A-Za-z_])\w|(?<=[a-z])[A-Z]")
