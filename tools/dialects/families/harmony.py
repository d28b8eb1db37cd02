"""Parse gpt-oss's Harmony format: messages with a channel and a recipient in their header.

A message to functions.NAME is a call, the channel `analysis` is reasoning. Format: openai/harmony, docs/format.md.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple

from ..elements import invoke_tags
from ..family import ChatTemplate, Family
from ..growing import growing
from ..json_calls import parse_json_arguments, parse_json_call
from ..parsed_calls import CallParser, Incremental
from ..tagged import parse_tagged_arguments
from ..text_buffer import TextBuffer, search_end, skip_space, wait_for
from ..writers import name_and_json_writer, render_each

_LONGEST_HEADER = 240
_MESSAGE = "<|message|>"
_TO = re.compile(r"to=([\w.\-:/]+)")
_CHANNEL = re.compile(r"<\|channel\|>\s*(\w+)")
# These recipients are no tools; `self` is the model.
_NOBODY = frozenset(("assistant", "user", "all", "system"))
_END = re.compile(r"<\|(?:call|end|return)\|>")
# Beam writes arguments as XML, where its header says `<|constrain|>xml`.
_OTHER_FORM = re.compile(r"[<\[`]|[\w.\-]+\(")
_NAMED_CALL = re.compile(r"<(?:\w+:)?(?:function_calls|tool_calls|invoke)\b")
_PARAMETER = re.compile(r"<(\w+:)?parameter\s+name=")
STRIPPED_START = re.compile(r"analysis(?=[\"'“‘(<*]|[^\W_a-z])")
"""The beginning of a reply whose special tokens a server has dropped."""
STRIPPED_TURN = growing("assistant(?:final|analysis|commentary(?:[ \t]*to=)?)")
"""The turn after the analysis in such a reply: "analysisI should ask.assistantcommentary to=..."."""
ENDS = ("<|call|>", "<|end|>", "<|return|>")
TOKENS = ("<|start|>", "<|channel|>", "<|message|>", *ENDS, "<|constrain|>")


class Header(NamedTuple):
    """The recipient and the channel of a message, and where its body begins."""

    recipient: str
    channel: str
    body: int


def parse_header(buffer: TextBuffer, at: int) -> Incremental[Header | None]:
    """Parse the header from `at` to <|message|>. Return None where that token is not near."""
    while True:
        position = buffer.text.find(_MESSAGE, at, at + _LONGEST_HEADER)
        if position >= 0:
            break
        if buffer.ended or len(buffer.text) - at >= _LONGEST_HEADER:
            return None
        yield
    written = buffer.text[at:position]
    to = _TO.search(written)
    # Where a header names two channels, the last one counts.
    channels = _CHANNEL.findall(written)
    if to and to[1] == "self":
        return Header("", "analysis", position + len(_MESSAGE))
    recipient = to[1] if to and to[1] not in _NOBODY else ""
    return Header(recipient, channels[-1] if channels else "", position + len(_MESSAGE))


def parse_message(buffer: TextBuffer, start: int, header: Header) -> CallParser:
    """Parse a message to a tool. Return None where its body is not JSON: a call in another form may be in it."""
    # Without known tools only functions.NAME is a tool: browser and python are built into gpt-oss.
    tools = buffer.tools
    tool = tools.find_marked(header.recipient) if tools.by_name or header.recipient.startswith("functions.") else None
    position = yield from skip_space(buffer, header.body)
    if tool is not None and buffer.text.startswith("<", position):
        yield from wait_for(buffer, position + 40)
        if parameter := _PARAMETER.match(buffer.text, position):
            tags = replace(invoke_tags(parameter[1] or ""), ends=ENDS, ends_before=())
            return (yield from parse_tagged_arguments(buffer, start, position, tool.name, tags))
    if buffer.text[position : position + 1] != "{":
        yield from wait_for(buffer, position + 100)
        # Where the recipient is no tool, the call in the body names one.
        if (_OTHER_FORM if tool is not None else _NAMED_CALL).match(buffer.text, position):
            return None  # the body may hold a call in another form, which is looked for then
        end = yield from search_end(buffer, header.body, ENDS)
        if tool is None:
            return end, [tools.report_unknown(header.recipient, (start, end))]
        body = _END.sub("", buffer.text[position:end])
        return end, [parse_json_arguments(tool, body, (start, end))]
    return (yield from parse_json_call(buffer, start, position, header.recipient if tool is None else tool.name, ENDS))


FAMILIES = (
    Family(
        name="harmony",
        models="gpt-?oss|harmony",
        also="anthropic minicpm json",
        leads=(r"(?:assistant\s+)?to=",),
        joints=(r"<\|message\|>", r"json(?![\w.\-:/])"),
        write=render_each(
            "",
            name_and_json_writer("<|start|>assistant<|channel|>commentary to=functions.", " <|constrain|>json<|message|>", "<|call|>"),
            "",
            "",
        ),
        stop=("<|call|>",),
        template=ChatTemplate(turns=tuple(f"<|start|>{role}" for role in ("user", "system", "developer", "functions.")), tokens=TOKENS),
    ),
)
