"""Parse calls as Gemma 4 and FunctionGemma write them: call:NAME{city:<|"|>Paris<|"|>,days:3}; FunctionGemma quotes with <escape>."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..family import OTHER_SPEAKERS, ChatTemplate, Family
from ..growing import growing
from ..json_calls import parse_json_arguments
from ..lenient_json import DEEPEST, parse_json
from ..parsed_calls import Incremental, ParsedCalls
from ..read_events import ReadCall
from ..signatures import ToolSignatures
from ..text_buffer import TextBuffer, find, find_closing_quote
from ..writers import as_json, render_each

_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
HEAD = re.compile(r"(?::?call)?:\s?([\w.\-/]+)\s*(?=\{)")
OWN_QUOTES = growing(r"\{\s*[\w.\-]+\s*:\s*(?:<\|\"\|>|<escape>)")
"""Arguments in Gemma's own quotes, which mark a call where `call:` before its name was lost."""
_TOKEN = re.compile(r'<\|"\|>|<escape>|"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)
_OPEN_TOKEN = re.compile(r'<\|"\|>|<escape>|["{}\[\]]')
# Keys, and values without quotes: behind a colon, a bracket or a comma.
_BARE = re.compile(
    r"[^\W\d][\w.\-]*(?=\s*:)|(?<=:)\s*[^\s<\"{}\[\],:][^<\"{}\[\],]*|(?<=[\[,])\s*(?![^\W\d][\w.\-]*\s*:)[^\s<\"{}\[\],:][^<\"{}\[\],]*"
)
_LITERAL = re.compile(r"true|false|null|None|True|False|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def parse_gemma_call(buffer: TextBuffer, at: int, head: re.Match[str]) -> Incremental[ParsedCalls]:
    """Parse the call whose head, `call:NAME`, was matched at `at`."""
    name, opened = head[1], head.end()
    tool = buffer.find_tool(name, at)
    end = yield from _find_end(buffer, opened)
    if end < 0 or tool is None:
        end = end if end >= 0 else len(buffer.text)
        return end, [buffer.report(name, at, end, "a closing brace")]
    try:
        value, _ = parse_json(_as_json(buffer.text[opened:end]))
    except ValueError as error:
        return end, [tool.report_problem(buffer.text[at:end], (at, end), f"{tool.signature} ({error})")]
    return end, [parse_json_arguments(tool, value, (at, end))]


def _find_end(buffer: TextBuffer, at: int) -> Incremental[int]:
    depth, position = 0, at
    while True:
        found = _OPEN_TOKEN.search(buffer.text, position)
        if found is None:
            if buffer.ended:
                return -1
            position = buffer.certain_to = max(position, len(buffer.text) - 8)
            yield
            continue
        token, position = found[0], found.end()
        if token in "{[":
            depth += 1
            if depth > DEEPEST:
                # What cannot be read goes on to the end of the reply.
                while not buffer.ended:  # what cannot be read goes on to the end
                    yield
                return -1
        elif token in "}]":
            depth -= 1
            if depth == 0:
                return position
        elif token == '"':
            position = yield from find_closing_quote(buffer, found[0], found.end(), in_call=True)
        else:
            position = yield from find(buffer, token, position, in_call=True)
            position = position + len(token) if position >= 0 else -1
        if position < 0:
            return -1


def _as_json(written: str) -> str:
    """Return the same value as JSON: keys, bare words and texts in double quotes."""
    parts: list[str] = []
    at = 0
    while True:
        found = _TOKEN.search(written, at)
        if found is None:
            break
        parts.append(_quote_words(written[at : found.start()], parts[-1][-1:] if parts else ""))
        token, at = found[0], found.end()
        if token in ("<escape>", '<|"|>'):
            # <escape> and <|"|> open and close alike, and nothing inside is escaped.
            close = written.find(token, at)
            parts.append(as_json(written[at:close]))
            at = close + len(token)
        else:
            parts.append(token)
    return "".join([*parts, written[at:]])


def _quote_words(between: str, before: str) -> str:
    """Quote keys and bare words. Numbers, true, false and null stay as they are."""

    def quote(found: re.Match[str]) -> str:
        word = found[0].strip()
        return found[0] if _LITERAL.fullmatch(word) and not between[found.end() :].lstrip().startswith(":") else as_json(word)

    led = before + between if before else between
    quoted = _BARE.sub(lambda found: quote(found) if found.start() >= len(before) else found[0], led)
    return quoted[len(before) :]


def _write(call: ReadCall, tools: ToolSignatures) -> str:
    return f"call:{call.tool}{_write_value(dict(call.arguments))}"


def _write_value(value: object) -> str:
    match value:
        # Gemma's own quotes have no escape, so a text that holds one is written as JSON.
        case str() if "<|" in value or "<escape>" in value:
            return as_json(value)
        case str():
            return f'<|"|>{value}<|"|>'
        case Mapping():
            pairs = (f"{key if _WORD.fullmatch(key) else as_json(key)}:{_write_value(item)}" for key, item in value.items())
            return f"{{{','.join(pairs)}}}"
        case list() | tuple():
            return f"[{','.join(map(_write_value, value))}]"
    return as_json(value)


FAMILIES = (
    Family(
        name="gemma",
        bases=r"(?:function)?-?gemma",
        also="python json",
        sections={
            "<|tool_call>": "<tool_call|>",  # Gemma 4
            "<start_function_call>": "<end_function_call>",  # FunctionGemma
            "<tool_code>": "</tool_code>",
        },
        write=render_each("<|tool_call>", _write, "<tool_call|>"),
        template=ChatTemplate(
            thinks={"<|channel>thought": "<channel|>"},
            results=("<|tool_response>", "<start_function_response>"),
            turns=tuple(f"{begin}{role}" for begin in ("<start_of_turn>", "<|turn>") for role in OTHER_SPEAKERS),
            tokens=("<end_of_turn>", "<turn|>", "<|turn>model"),
        ),
    ),
)
