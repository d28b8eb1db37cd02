"""Parse JSON calls that were escaped once more: {{"name": ...}} as in a template, and {\"name\": ...} as inside of a text."""

from __future__ import annotations

import re

from .growing import growing
from .json_calls import NotACall, parse_calls
from .json_end import find_json_end
from .lenient_json import parse_json
from .parsed_calls import CallParser
from .signatures import ToolSignatures
from .text_buffer import TextBuffer, run_whole

ESCAPED_START = growing(r"""\{(?:\{\s{0,8}["']|\\")""")
_DOUBLED, _BACKSLASHED = re.compile(r"\{\{|\}\}"), re.compile(r"""\\["\\/]""")
_LONGEST = 8_000  # a text is looked at again for each brace that arrives


def parse_escaped_json(buffer: TextBuffer, at: int, tools: ToolSignatures) -> CallParser:
    """Parse the call that begins at `at`. Return None where it is data, or cannot be read."""
    escape = _DOUBLED if buffer.text.startswith("{{", at) else _BACKSLASHED
    keep = 0 if escape is _DOUBLED else 1  # which character of a pair stays
    seen = -1
    while True:
        written = buffer.text[at : at + _LONGEST]
        if buffer.ended or written.rfind("}") > seen:
            seen = written.rfind("}")
            plain = TextBuffer(escape.sub(lambda pair: pair[0][keep], written), ended=True)
            end = run_whole(find_json_end(plain, 0)).end
            if end >= 0:
                break
        if buffer.ended or len(written) >= _LONGEST:
            return None
        yield
    length = _find_length(written, escape, end)
    if escape is _DOUBLED and length == len(written) and not buffer.ended:
        yield  # the second brace of the last pair may be on its way
        length = _find_length(buffer.text[at : at + _LONGEST], escape, end)
    try:
        value, notes = parse_json(plain.text[:end])
        items = parse_calls(value, tools, (at, at + length), (*notes, "escaped once more"), marked=False)
    except (ValueError, NotACall):
        return None
    return at + length, items


def _find_length(written: str, escape: re.Pattern[str], end: int) -> int:
    """Return how many characters of the escaped text make `end` plain ones."""
    length = end
    for pair in escape.finditer(written):
        if pair.start() >= length:
            break
        length += 1
    return length
