"""Parse calls in a form that some models fall back to: [Calling tool="NAME" key="value"]."""

from __future__ import annotations

from .coerce import CoercionError, coerce_text
from .growing import growing, match
from .json_end import find_closing_quote
from .lenient_json import unescape
from .parsed_calls import Announce, CallParser
from .signatures import ToolSignatures
from .text_buffer import TextBuffer, skip_space

OPEN = '[Calling tool="'
_HEAD = growing(r'\[Calling tool="([\w.\-:/]*\w)"')
_PAIR = growing(r'([^\W\d]\w*)="')


def parse_bracketed(buffer: TextBuffer, at: int, tools: ToolSignatures, announce: Announce) -> CallParser:
    """Parse the call that begins at `at`. Return None where the text only mentions the form."""
    head = yield from match(buffer, _HEAD, at)
    if head is None:
        return None
    tool = tools.find_marked(head[1])
    if tool is not None:
        announce(tool.name, at)
    given: dict[str, str] = {}
    position = yield from skip_space(buffer, head.end())
    # A key that comes twice ends the call: which of the values was meant is not known.
    while not buffer.text.startswith("]", position):
        pair = yield from match(buffer, _PAIR, position)
        end = -1 if pair is None else (yield from find_closing_quote(buffer, buffer.text[pair.end() - 1], pair.end()))
        if pair is None or end < 0 or pair[1] in given:
            stopped = position if end < 0 else end
            return (
                (stopped, [tool.report_problem(buffer.text[at:stopped], (at, stopped), 'key="value", each key once, and ]')])
                if tool
                else None
            )
        given[pair[1]] = unescape(buffer.text[pair.end() : end - 1])
        position = yield from skip_space(buffer, end)
    span = (at, position + 1)
    if tool is None:
        return span[1], [tools.report_unknown(head[1], span)]
    try:
        arguments = {
            key: coerce_text(value, tool.properties.get(tool.find_parameter(key) or key), key, raw=True) for key, value in given.items()
        }
        return span[1], [tool.build_call(arguments, span)]
    except CoercionError as error:
        return span[1], [tool.report_problem(buffer.text[slice(*span)], span, error)]
