"""Calls as Gemma writes them: call:NAME{city:<|"|>Paris<|"|>,days:3}."""

from __future__ import annotations

import json
import re
from collections.abc import Generator

from .boundaries import string_end
from .json_calls import Item, read_one
from .lenient_json import DEEPEST, read_json
from .signatures import Shapes
from .source import Source, find

HEAD = re.compile(r"(?:call)?:\s?([\w.\-/]+)\s*(?=\{)")
_TOKEN = re.compile(r'<\|"\|>|<escape>|"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)
_OPEN_TOKEN = re.compile(r'<\|"\|>|<escape>|["{}\[\]]')
_BARE = re.compile(
    r"[^\W\d][\w.\-]*(?=\s*:)|(?<=:)\s*[^\s<\"{}\[\],:][^<\"{}\[\],]*|(?<=[\[,])\s*(?![^\W\d][\w.\-]*\s*:)[^\s<\"{}\[\],:][^<\"{}\[\],]*"
)
_LITERAL = re.compile(r"true|false|null|None|True|False|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def read_gemma(source: Source, at: int, head: re.Match[str], known: Shapes) -> Generator[None, None, tuple[int, list[Item]]]:
    """The call whose head was matched at `at`."""
    name, opened = head[1], head.end()
    end = yield from _end(source, opened)
    shape = known.marked(name)
    if end < 0:
        span = (at, len(source.text))
        if shape is None:
            return span[1], [known.unknown(name, span)]
        return span[1], [shape.problem(source.text[at:], span, f"a closing brace: {shape.signature}")]
    span = (at, end)
    if shape is None:
        return end, [known.unknown(name, span)]
    try:
        value, _ = read_json(_as_json(source.text[opened:end]))
    except ValueError as error:
        return end, [shape.problem(source.text[at:end], span, f"{shape.signature} ({error})")]
    return end, [read_one(shape, value, span)]


def _end(source: Source, at: int) -> Generator[None, None, int]:
    depth, place = 0, at
    while True:
        found = _OPEN_TOKEN.search(source.text, place)
        if found is None:
            if source.ended:
                return -1
            place = max(place, len(source.text) - 8)
            yield
            continue
        token, place = found[0], found.end()
        if token in "{[":
            depth += 1
            if depth > DEEPEST:
                while not source.ended:  # what cannot be read goes on to the end
                    yield
                return -1
        elif token in "}]":
            depth -= 1
            if depth == 0:
                return place
        elif token == '"':
            place = yield from string_end(source, found.start())
        else:
            place = yield from find(source, token, place)
            place = place + len(token) if place >= 0 else -1
        if place < 0:
            return -1


def _as_json(written: str) -> str:
    """The same value with its texts quoted as JSON quotes them."""
    parts: list[str] = []
    at = 0
    while True:
        found = _TOKEN.search(written, at)
        if found is None:
            break
        parts.append(_quoted_words(written[at : found.start()], parts[-1][-1:] if parts else ""))
        token, at = found[0], found.end()
        if token in ("<escape>", '<|"|>'):
            close = written.find(token, at)
            parts.append(json.dumps(written[at:close], ensure_ascii=False))
            at = close + len(token)
        else:
            parts.append(token)
    return "".join([*parts, written[at:]])


def _quoted_words(between: str, before: str) -> str:
    """Keys and bare words in quotes; numbers, true, false and null as they are."""

    def quote(found: re.Match[str]) -> str:
        word = found[0].strip()
        return found[0] if _LITERAL.fullmatch(word) and not between[found.end() :].lstrip().startswith(":") else json.dumps(word)

    led = before + between if before else between
    quoted = _BARE.sub(lambda found: quote(found) if found.start() >= len(before) else found[0], led)
    return quoted[len(before) :]
