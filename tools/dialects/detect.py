"""What may begin at a place of the text: a call in one of its forms, code, thinking aloud, or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from . import blocks as settling
from .blocks import Steps, settle_call
from .bracketed import OPEN as BRACKETED
from .bracketed import read_bracketed
from .json_calls import KEYS
from .react import read_action
from .rules import BEHIND_BRACE, Rules
from .scan import Scan
from .sections import BARE_ELEMENTS, ENDS_OF_THOUGHT, HARMONY, HEADS, INVENTED, REASONING
from .tagged import read_element

WAIT = -2
NOT_HERE = -1
Opening = tuple[int, "Callable[[], Steps] | None"]
"""Where the part begins and what settles it; or WAIT, where more text must come before that is known; or NOT_HERE."""

_NOTHING: Opening = (NOT_HERE, None)
_MORE: Opening = (WAIT, None)
_COMMENTS = r"(?:(?://|#)[^\n]{0,200}\n\s*|/\*[^*]{0,200}\*/\s*)*"
_FIRST_KEY = re.compile(rf"\{{\s*{_COMMENTS}[\"'“]?([A-Za-z_]+)[\"'”]?\s*:")
_FIRST_KEY_SO_FAR = re.compile(rf"\{{\s*{_COMMENTS}(?:(?://?|#)[^\n]{{0,200}}|/\*[^*]{{0,200}}\*?|[\"'“]?[A-Za-z_]{{0,20}}[\"'”]?\s*)\Z")
_LIST_OF_OBJECTS = re.compile(r"\[\s*(?=\{)")
_LIST_SO_FAR = re.compile(r"\[\s*\Z")
_LIST_OF_NAMES = re.compile(r"\[\s*([^\W\d][\w.\-:/]*)\(")
_LIST_OF_NAMES_SO_FAR = re.compile(r"\[\s*([^\W\d][\w.\-:/]*)?\Z")
_ADDRESS = re.compile(r">>>([\w.\-]+)\s*\n\s*")
_ADDRESS_SO_FAR = re.compile(r">{1,3}(?:(?<=>>>)|\Z)([\w.\-]*)\s*\Z")
_FUNCTOOLS = re.compile(r"(?<![A-Za-z_])functools")
_LABEL = re.compile(r"(^|\n|[.!?:][ \t])[ \t]*([*`#]{0,4}(Action|Observation)(?: \d)?:)\Z")
_LABEL_SO_FAR = re.compile(r"(?:^|\n|[.!?:][ \t])[ \t]*([*`#]{0,4}([AO][a-z]*(?: \d?)?)?)\Z")
_LABELS = tuple(f"{label}{number}" for label in ("Action", "Observation") for number in ("", *(f" {digit}" for digit in range(10))))
_RECIPIENT_SO_FAR = re.compile(r"\s*(?:assistant)?\s*(?:t(?:o(?:=[\w.\-:/]*)?)?)?\s?\Z")
_RECIPIENT = re.compile(r"\s*(?:assistant\s*)?to=[\w.\-:/]+\s*\Z")
# A name before its arguments, where no mark is before it; and what may become that, where no tools are known to tell.
_NAME_BEFORE = re.compile(r"(?<![\w.\-:])((?:functions\.)?\w[\w.\-]{0,80}(?::\d{1,3})?)[ \t]?\n?\Z")
_KNOWN_BEFORE = re.compile(r"(?<![\w.\-:])((?:functions\.)?\w[\w.\-]{0,80})(?::\d{0,3})?[ \t]?\n?\Z")
_ANY_NAME = re.compile(r"(?<![\w.\-:])(?:functions\.)?\w[\w.\-]{0,80}(?::\d{0,3})?[ \t]?\n?\Z")
_LONGEST_NAME = 100
_SPACE_TO_THE_END = re.compile(r"\s*\Z")
_BEHIND_BRACE = re.compile(rf"\s*(?:{BEHIND_BRACE}|\Z)")
_CALLED = re.compile(r"(?<![\w.\-])call:([\w.\-]{1,80})\Z")
_CALLED_SO_FAR = re.compile(r"(?<![\w.\-])(?:c|ca|cal|call|call:[\w.\-]{0,80})\Z")
_LONGEST_RECIPIENT = 96
_LONGEST_KEY = 400
_LAST_WORD = re.compile(r"[\w.\-]+(?:[ \t]*:?\n?[ \t]{0,4}(?:`{0,3}|```j?s?o?n?\n?))\Z")


def opening_at(scan: Scan, place: int) -> Opening:
    """What may begin at this trigger."""
    return _BY_CHARACTER[scan.source.text[place]](scan, place)


def _call(scan: Scan, place: int) -> Opening:
    if not scan.rules.call:
        return _NOTHING
    found = scan.rules.named.search(scan.source.text, max(scan.at, place - scan.rules.word - 12), place)
    name = found and (found[1] or found[2])
    if not found or not name or scan.known.find(name) is None:
        return _NOTHING
    start = found.start()
    return start, partial(settle_call, scan, start, place, partial(settling.named_call, scan, start, place, name))


def _object(scan: Scan, place: int) -> Opening:
    if not scan.rules.json:
        return _NOTHING
    text = scan.source.text
    called = _CALLED.search(text, max(scan.at, place - _LONGEST_NAME), place) if scan.rules.gemma else None
    if called is not None and scan.known.marked(called[1]):
        if not scan.source.ended and _SPACE_TO_THE_END.match(text, place + 1):
            return _MORE
        if _BEHIND_BRACE.match(text, place + 1):
            start = called.start()
            return start, partial(settle_call, scan, start, place, partial(settling.gemma_call, scan, start))
    lowest = max(scan.at, place - scan.rules.word - 24)
    named = scan.rules.named_line.search(text[lowest:place]) if scan.rules.named_line else None
    if named is not None and (named[0].startswith("\n") or (lowest == scan.at and scan.line.fresh)) and scan.known.find(named[2]):
        start = lowest + named.start(1)
        return start, partial(settle_call, scan, start, place, partial(settling.named_json, scan, start, place, named[2]))
    return _keyed(scan, place, place)


def _addressed(scan: Scan, place: int) -> Opening:
    """>>>NAME and its arguments as JSON on the next line, or >>>all and words for the user, as Functionary writes them."""
    if not scan.rules.addressed:
        return _NOTHING
    text = scan.source.text
    if text.startswith(">>>all\n", place):
        return place, partial(settling.settle_silent, scan, place + 7)
    found = _ADDRESS.match(text, place)
    if found is not None and found.end() < len(text):
        if text[found.end()] != "{" or not (shape := scan.known.marked(found[1])):
            return _NOTHING
        return place, partial(settle_call, scan, place, place, partial(settling.named_json, scan, place, found.end(), shape.name))
    so_far = _ADDRESS_SO_FAR.match(text, place)
    name = so_far[1].casefold() if so_far else "-"
    return _MORE if not name or name in scan.known.beginnings or "all".startswith(name) else _NOTHING


def _keyed(scan: Scan, start: int, place: int) -> Opening:
    """An object at `place` whose first key is one of a call's."""
    text = scan.source.text
    key = _FIRST_KEY.match(text, place)
    if key is None:
        return _MORE if _FIRST_KEY_SO_FAR.match(text, place, place + _LONGEST_KEY) else _NOTHING
    if key[1] not in KEYS:
        return _NOTHING
    return start, partial(settle_call, scan, start, start, partial(settling.bare_json, scan, start))


def _bracket(scan: Scan, place: int) -> Opening:
    text, rules = scan.source.text, scan.rules
    if "functools[" in rules.sections and place - 9 >= scan.at and _FUNCTOOLS.match(text, place - 9, place):
        if not _LIST_OF_OBJECTS.match(text, place):
            return _MORE if _LIST_SO_FAR.match(text, place) else _NOTHING
        reading = partial(settling.section, scan, place - 9, "functools[")
        return place - 9, partial(settle_call, scan, place - 9, place, reading)
    marked = _mark(scan, place)
    if marked[0] != NOT_HERE:
        return marked
    if rules.json and (listed := _LIST_OF_OBJECTS.match(text, place)):
        return _keyed(scan, place, listed.end())
    if rules.python and (head := _LIST_OF_NAMES.match(text, place)):
        if scan.known.by_name and scan.known.marked(head[1]) is None:
            return _NOTHING
        certain = bool(scan.known.by_name) or _begins_line(scan, place)
        return place, partial(settle_call, scan, place, place, partial(settling.list_of_names, scan, place, certain))
    if rules.json and _LIST_SO_FAR.match(text, place, place + _LONGEST_KEY):
        return _MORE
    if rules.python and _LIST_OF_NAMES_SO_FAR.match(text, place, place + 200) and _may_be_name(rules, scan, text[place + 1 :].strip()):
        return _MORE
    return _NOTHING


def _may_be_name(rules: Rules, scan: Scan, word: str) -> bool:
    if not scan.known.by_name:
        return True
    folded = re.sub(r"^(?:functions?|tools?|default_api)[.:/]", "", word.casefold())
    return folded in scan.known.beginnings or not folded or any(lead.startswith(folded) for lead in ("functions", "tools", "default_api"))


def _fence(scan: Scan, place: int) -> Opening:
    return place, partial(settling.settle_code, scan, place, place)


def _tildes(scan: Scan, place: int) -> Opening:
    return _fence(scan, place) if _begins_line(scan, place) else _NOTHING


def _begins_line(scan: Scan, place: int) -> bool:
    """Whether nothing but a little white space stands before it on its line."""
    before = scan.source.text[max(scan.at, place - 4) : place]
    line = before.rpartition("\n")
    return not line[2].strip() and (bool(line[1]) or (scan.at >= place - 4 and scan.line.fresh))


def _label(scan: Scan, place: int) -> Opening:
    found = _LABEL.search(scan.source.text, max(0, place - 40), place + 1)
    start = found.start(2) if found is not None else NOT_HERE
    if start < scan.at and scan.line.fresh and place - scan.at <= 40:
        found = _LABEL.match(scan.source.text[scan.at : place + 1])  # behind a mark that is not part of the prose
        start = scan.at + found.start(2) if found is not None else NOT_HERE
    if found is None or start < scan.at:
        return _NOTHING
    if found[3] == "Observation":
        return (start, partial(settling.settle_invented, scan, place + 1, "")) if scan.calls or scan.problems else _NOTHING
    if not scan.rules.react:
        return _NOTHING
    after = place + 1 + len(scan.source.text[place + 1 : place + 41]) - len(scan.source.text[place + 1 : place + 41].lstrip())
    if scan.source.text.startswith("```", after):
        return start, partial(settling.settle_code, scan, start, after)
    if "```".startswith(scan.source.text[after : after + 3]) and after < place + 40 and not scan.source.ended:
        return _MORE
    return start, partial(settle_call, scan, start, place, lambda sink: read_action(scan.source, start, place + 1, scan.known, sink))


def _mark(scan: Scan, place: int) -> Opening:
    text, rules = scan.source.text, scan.rules
    found = rules.mark.match(text, place)
    if found is None:
        return _MORE if text[place : place + rules.longest] in rules.beginnings else _NOTHING
    mark, end = found[0], found.end()
    if mark in rules.sections:
        reading = partial(settling.section, scan, place, mark)
        return place, partial(settle_call, scan, place, place, reading)
    if mark == BRACKETED:
        return place, partial(settle_call, scan, place, place, lambda sink: read_bracketed(scan.source, place, scan.known, sink.announce))
    if mark in BARE_ELEMENTS:
        return place, partial(
            settle_call, scan, place, place, lambda sink: read_element(scan.source, place, mark, scan.known, sink.announce)
        )
    if mark in HEADS:
        return _headed(scan, place)
    if mark in REASONING:
        return place, partial(settling.settle_thought, scan, end, REASONING[mark])
    if mark in ENDS_OF_THOUGHT:
        return place, partial(settling.settle_end_of_thought, scan, place, end)
    if mark in INVENTED:
        return place, partial(settling.settle_invented, scan, end, INVENTED[mark])
    if mark in HARMONY and rules.harmony and mark in ("<|start|>", "<|channel|>", "<|message|>"):
        start = 0 if scan.at == 0 and _RECIPIENT.match(text, 0, place) else place
        return start, partial(settling.settle_message, scan, start, place)
    return place, partial(settling.settle_silent, scan, end)


def _headed(scan: Scan, place: int) -> Opening:
    """The name of a call before what follows such a name, though no mark opens the call."""
    name = _NAME_BEFORE.search(scan.source.text, max(scan.at, place - _LONGEST_NAME), place)
    if name is None or scan.known.marked(name[1]) is None:
        return _NOTHING
    start = name.start(1)
    return start, partial(settle_call, scan, start, place, partial(settling.headed, scan, start))


_BY_CHARACTER: dict[str, Callable[[Scan, int], Opening]] = {
    "(": _call,
    "{": _object,
    "[": _bracket,
    "`": _fence,
    "~": _tildes,
    ":": _label,
    "<": _mark,
    "]": _mark,
    ">": _addressed,
    "◁": _mark,
}


def held_from(scan: Scan, end: int) -> int:
    """From where the end of the prose may be the beginning of a call: a word that could grow into a name, a label, a recipient."""
    text, rules = scan.source.text, scan.rules
    if scan.at == 0 and end <= _LONGEST_RECIPIENT and rules.harmony and _RECIPIENT_SO_FAR.match(text, 0, end):
        return 0
    lowest = max(scan.at, end - rules.word - 16)
    tail = text[lowest:end]
    held = end
    if tail.endswith(("`", "``")) and not tail.endswith("```"):
        held = end - (2 if tail.endswith("``") else 1)
    if tail.endswith("~") and not tail.endswith("~~~"):
        held = end - (2 if tail.endswith("~~") else 1)
    if tail.endswith("]") and "]<" in rules.beginnings:
        held = end - 1
    word = _LAST_WORD.search(tail)
    if word is not None:
        held = min(held, _name_start(scan, lowest + word.start(), end))
    lowest_name = max(scan.at, end - _LONGEST_NAME)
    for pattern in _names_so_far(scan):
        named = pattern.search(text, lowest_name, end)
        held = min(held, named.start()) if named is not None and (pattern is not _KNOWN_BEFORE or scan.known.marked(named[1])) else held
    label = _LABEL_SO_FAR.search(tail)
    if label is not None and any(full.startswith(label[2] or "") for full in _LABELS):
        held = min(held, lowest + label.start(1))
    return held


def _names_so_far(scan: Scan) -> Iterator[re.Pattern[str]]:
    if scan.rules.gemma:
        yield _CALLED_SO_FAR
    if scan.rules.heads:
        yield _KNOWN_BEFORE if scan.known.by_name else _ANY_NAME


def _name_start(scan: Scan, start: int, end: int) -> int:
    """From where the last word may become a name; behind it where it cannot."""
    text = scan.source.text
    for found in _STARTS.finditer(text, start, end):
        rest = text[found.start() : end].casefold()
        stripped = rest.rstrip(" \t\n:`").removesuffix("```json")
        if rest in scan.rules.beginnings_of_names or (stripped != rest and stripped in scan.known.folded):
            return found.start()
    return end


_STARTS = re.compile(r"(?<![A-Za-z_])\w|(?<=[a-z])[A-Z]")
