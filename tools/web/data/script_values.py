"""Read JSON that people and programs write carelessly, and the object literals of scripts. Nothing is evaluated."""

from __future__ import annotations

import json
import re
from html import unescape

from ...canonical import Json

MAX_DEPTH = 60
MAX_CHARS = 2_000_000
MAX_LITERAL_CHARS = 300_000

_SPACE = re.compile(r"(?:\s+|//[^\n]*|<!--|-->)+")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"|\'(?:[^\'\\]|\\.)*+\'|`(?:[^`\\$]|\\.|\$(?!\{))*+`', re.DOTALL)
_TEMPLATE = re.compile(r"`(?:[^`\\]|\\.)*+`", re.DOTALL)
_NUMBER = re.compile(r"[-+]?(?:0[xX][\da-fA-F]{1,16}|(?:\d{1,300}(?:\.\d{0,300})?|\.\d{1,300})(?:[eE][-+]?\d{1,4})?)(?![\w$])")
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_ESCAPE = re.compile(r"\\(?:u\{([\da-fA-F]{1,6})\}|u([\da-fA-F]{4})|x([\da-fA-F]{2})|(\r?\n)|(.))", re.DOTALL)
_SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_WORDS: dict[str, Json] = {"true": True, "false": False, "null": None, "undefined": None, "NaN": None, "Infinity": None}


_ENDS = (",", "}", "]")
_PLAIN = re.compile(r"[^\"'`()\[\]{},/\s]+")
_MAX_STEPS = 300_000  # an expression is read twice, and once more for each one around it


class _NotAValueError(ValueError):
    """The text is not a literal that can be read without running it."""


class _EndOfTextError(_NotAValueError):
    """The text ends within the literal, or it would take too long to read."""


def read_json(source: str) -> Json:
    """Return the value of a JSON text, as a literal of a script where it is not strict JSON. None if it is neither."""
    source = source.strip().removeprefix("<!--").removesuffix("-->").removeprefix("<![CDATA[").removesuffix("]]>").strip().rstrip(";")
    if source[:8].startswith(("{&quot;", "[&quot;", "[{&quot;")):
        source = unescape(source)
    if not source or len(source) > MAX_CHARS:
        return None
    try:
        return json.loads(source, strict=False, parse_constant=lambda _: None, parse_int=_read_int)
    except (ValueError, RecursionError):
        found = read_literal(source, 0)
        return found[0] if found else None


def read_literal(source: str, start: int, steps: list[int] | None = None) -> tuple[Json, int] | None:
    """Return the object or array literal that starts at `start`, and where it ends. None for anything that would have to be run.

    `steps` counts down what may be spent on expressions in all, over several literals.
    """
    reader = _Reader(source[: start + MAX_LITERAL_CHARS], start, [_MAX_STEPS] if steps is None else steps)
    try:
        value = reader.read(0)
    except _NotAValueError:
        return None
    return (value, reader.at) if isinstance(value, (dict, list)) else None


def _read_int(digits: str) -> int | str:
    return int(digits) if len(digits) <= 300 else digits


class _Reader:
    """Reads one literal, character by character, in linear time."""

    def __init__(self, source: str, at: int, steps: list[int]) -> None:
        self.source, self.at, self.steps = source, at, steps

    def read(self, depth: int) -> Json:
        if depth > MAX_DEPTH:
            raise _EndOfTextError
        match self.peek():
            case "{":
                return self._read_object(depth)
            case "[":
                return self._read_array(depth)
            case '"' | "'" | "`":
                return self._read_string()
            case "!":  # minifiers write !0 and !1
                self.at += 1
                return not self.read(depth + 1)
            case _:
                return self._read_plain()

    def peek(self) -> str:
        """Return the next character that is neither space nor comment."""
        while True:
            if found := _SPACE.match(self.source, self.at):
                self.at = found.end()
            if not self.source.startswith("/*", self.at):
                break
            end = self.source.find("*/", self.at + 2)
            if end < 0:
                raise _EndOfTextError
            self.at = end + 2
        return self.source[self.at : self.at + 1]

    def _read_object(self, depth: int) -> Json:
        found: dict[str, Json] = {}
        self.at += 1
        while (mark := self.peek()) != "}":
            if not mark:
                raise _EndOfTextError
            if mark == ",":
                self.at += 1
                continue
            key = self._read_key()
            if key is None or self.peek() != ":":
                self._skip_expression()  # a method, a spread, a computed key
                continue
            self.at += 1
            found[key] = self._read_item(depth + 1)
        self.at += 1
        return found

    def _read_array(self, depth: int) -> Json:
        found: list[Json] = []
        self.at += 1
        while (mark := self.peek()) != "]":
            if not mark:
                raise _EndOfTextError
            if mark == ",":
                self.at += 1
                continue
            found.append(self._read_item(depth + 1))
        self.at += 1
        return found

    def _read_item(self, depth: int) -> Json:
        """Return the value up to the next comma or closing bracket; None for an expression, which is skipped."""
        start = self.at
        try:
            value = self.read(depth)
        except _EndOfTextError:
            raise
        except _NotAValueError:
            value = None
        if self.peek() not in _ENDS:
            self.at, value = start, None
            self._skip_expression()
        return value

    def _skip_expression(self) -> None:
        open_brackets = 0
        while mark := self.peek():
            self.steps[0] -= 1
            if self.steps[0] < 0:
                break
            if mark in "\"'`":
                self._skip_string()
                continue
            if found := _PLAIN.match(self.source, self.at):
                self.at = found.end()
                continue
            if open_brackets == 0 and mark in _ENDS:
                return
            open_brackets += (mark in "([{") - (mark in ")]}")
            self.at += 1
        raise _EndOfTextError

    def _read_key(self) -> str | None:
        if self.peek() in ("'", '"'):
            return self._read_string()
        found = _WORD.match(self.source, self.at) or _NUMBER.match(self.source, self.at)
        if not found:
            return None
        self.at = found.end()
        return found[0]

    def _read_string(self) -> str:
        found = _STRING.match(self.source, self.at)
        if not found:
            raise _NotAValueError if self.source[self.at] == "`" else _EndOfTextError
        self.at = found.end()
        text = _ESCAPE.sub(_unescape, found[0][1:-1])
        return _SURROGATES.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)

    def _skip_string(self) -> None:
        found = (_TEMPLATE if self.source[self.at] == "`" else _STRING).match(self.source, self.at)
        if not found:
            raise _EndOfTextError
        self.at = found.end()

    def _read_plain(self) -> Json:
        if found := _NUMBER.match(self.source, self.at):
            self.at = found.end()
            text = found[0]
            if text.lstrip("+-").isdigit():
                return int(text)
            return int(text, 16) if "x" in text.lower() else float(text)
        found = _WORD.match(self.source, self.at)
        if not found:
            raise _NotAValueError
        self.at = found.end()
        if found[0] == "void":
            self._read_plain()
            return None
        if found[0] not in _WORDS:
            raise _NotAValueError
        return _WORDS[found[0]]


def _unescape(found: re.Match[str]) -> str:
    code = found[1] or found[2] or found[3]
    if code:
        number = int(code, 16)
        return chr(number) if number <= 0x10FFFF else "\ufffd"
    return "" if found[4] else _LETTERS.get(found[5], found[5])
