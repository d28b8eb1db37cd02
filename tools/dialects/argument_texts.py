"""Follow a call while it is written: what of it is certain, and the text of its string arguments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from .coerce import is_plain_text
from .json_calls import NAMES
from .read_events import ArgumentDelta, CallTextDelta, Problem, ReadCall, ReadEvent
from .signatures import ARGUMENTS, ToolSignature
from .text_buffer import TextBuffer

Pieces = list[tuple[str, str]]
"""Names of arguments, each with the next piece of its text."""

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[\w.+\-]*")
_ANY_ESCAPE, _FIRST_HALF, _SECOND_HALF = r'["\\/bfnrt]', "u[dD][89abAB][0-9a-fA-F]{2}", "u[dD][c-fC-F][0-9a-fA-F]{2}"
_PLAIN = re.compile(rf'(?:[^"\\]+|\\(?:{_ANY_ESCAPE}|u(?![dD][89a-fA-F])[0-9a-fA-F]{{4}}|{_FIRST_HALF}\\{_SECOND_HALF}))*')
"""The text of a string, with whole escapes. Some characters are written as two."""
_HALF = re.compile(r"(?:\\(?:u[0-9a-fA-F]{0,4}(?:\\(?:u[0-9a-fA-F]{0,4})?)?)?)?\Z")
_LONGEST_KEY = 200
_CDATA = "<![CDATA["
_QUOTING = "\"'“‘{*["
_AFTER_NAME = "\"'“‘=:："
_WORD_BEFORE = re.compile(r"(\w{1,201})\s{0,100}")


def find_text_parameter(tool: ToolSignature, key: str) -> str:
    """Return the name of the parameter that takes any text and is written `key`; nothing where none is."""
    name = tool.find_parameter(key)
    return name if name is not None and is_plain_text(tool.properties.get(name)) else ""


class JsonTexts:
    """Follows the strings of one JSON value. At the first thing that strict JSON has not, it stops: what is repaired is never certain.

    The value is the object of the arguments, or with `is_call` an object that holds it under a key; or a list that begins with such a one.
    """

    __slots__ = ("_at", "_brackets", "_is_call", "_keys", "_name", "_next", "_string", "_tool")

    def __init__(self, tool: ToolSignature, at: int, *, is_call: bool) -> None:
        self._tool, self._at, self._is_call = tool, at, is_call
        self._brackets, self._keys = "", list[str]()  # those that are open, and for each the last key in it
        self._next = "value"  # what may follow: "value", "key", ":", "," or nothing more that is read
        self._string = ""  # what is open: a "key", a "text" of an argument, an "other" string, a "word" such as a number
        self._name = ""  # of the argument whose text is open

    def read(self, text: str, end: int) -> Pieces:
        """Return what is new in the text up to `end`."""
        pieces: Pieces = []
        while self._next and self._at < end:
            if self._string == "word":
                self._at = _WORD.match(text, self._at, end).end()  # type: ignore[union-attr]
                if self._at < end:
                    self._string = ""
            elif self._string:
                if not self._read_string(text, end, pieces):
                    break
            else:
                self._at = _SPACE.match(text, self._at, end).end()  # type: ignore[union-attr]
                if self._at < end:
                    self._read_token(text[self._at])
        return pieces

    def _read_token(self, token: str) -> None:
        expected, self._next = self._next, ""
        self._at += 1
        match token:
            case '"' if expected == "key":
                self._string, self._next, self._keys[-1] = "key", ":", ""
            case '"' if expected == "value":
                self._name = find_text_parameter(self._tool, self._keys[-1]) if self._stands_in_arguments() else ""
                self._string, self._next = "text" if self._name else "other", ","
            case "{" | "[" if expected == "value":
                self._brackets += token
                self._keys.append("")
                self._next = "key" if token == "{" else "value"
            case "}" | "]" if self._brackets and (token == "}") == (self._brackets[-1] == "{"):
                self._brackets = self._brackets[:-1]
                self._keys.pop()
                self._next = "," if self._brackets else ""
            case ":" if expected == ":":
                self._next = "value"
            case "," if expected == "," and self._brackets != "[":  # behind the first call of a list another one begins
                self._next = "key" if self._brackets[-1] == "{" else "value"
            case _ if expected == "value" and (token.isalnum() or token == "-"):
                self._string, self._next = "word", ","

    def _stands_in_arguments(self) -> bool:
        outside = self._is_call + self._brackets.startswith("[")  # the brackets around the object of the arguments
        if len(self._brackets) != outside + 1 or self._brackets[-1] != "{":
            return False
        if self._is_call:
            key = self._keys[-2]
            return key in ARGUMENTS or key == self._tool.name
        # The whole call may stand once more where its arguments should: then its name is no argument.
        return self._keys[-1] not in NAMES

    def _read_string(self, text: str, end: int, pieces: Pieces) -> bool:
        """Read on in a string. Return False where no more of it can be read now."""
        plain = _PLAIN.match(text, self._at, end)
        if plain is not None and plain[0]:
            self._at = plain.end()
            self._add(json.loads(f'"{plain[0]}"', strict=False), pieces)
        if self._at < end and text[self._at] == '"':
            self._at, self._string = self._at + 1, ""
            return True
        if not _HALF.match(text, self._at, end):
            self._next = ""  # an escape that JSON has not, or half of a character and no other half
        return False

    def _add(self, piece: str, pieces: Pieces) -> None:
        if self._string == "text":
            pieces.append((self._name, piece))
        elif self._string == "key":
            self._keys[-1] += piece
            if len(self._keys[-1]) > _LONGEST_KEY:
                self._next = ""


class TaggedTexts:
    """Follows arguments between tags, of which the parser says where each begins and ends."""

    __slots__ = ("_at", "_buffer", "_next", "_tool")

    def __init__(self, tool: ToolSignature, buffer: TextBuffer, first: int) -> None:
        self._tool, self._buffer = tool, buffer
        self._next, self._at = first, -1  # the first argument that is not complete, and how far it was read

    def read(self, text: str, end: int) -> Pieces:
        """Return what is new in the text up to `end`."""
        pieces: Pieces = []
        while self._next < len(self._buffer.arguments):
            key, begin, close = self._buffer.arguments[self._next]
            if name := find_text_parameter(self._tool, key):
                self._read_value(text, begin, close, min(end, close) if close >= 0 else end, name, pieces)
            if close < 0:
                break
            self._next, self._at = self._next + 1, -1
        return pieces

    def _read_value(self, text: str, begin: int, close: int, end: int, name: str, pieces: Pieces) -> None:
        """Read on in a value. A line break at its beginning, and then one at its end, belong to the template."""
        leads = 2 if text.startswith("\r\n", begin) else int(text.startswith("\n", begin))
        if self._at < 0:
            start = text[begin : begin + 40].lstrip()[: len(_CDATA)]
            if close < 0 and (end < begin + 2 or _CDATA.startswith(start)):
                return
            if start == _CDATA:
                return
            self._at = begin + leads
        if leads and end > self._at and text[end - 1] == "\n":
            end -= 1
        if end > self._at:
            pieces.append((name, text[self._at : end]))
            self._at = end


class PositionalText:
    """Follows the text of NAME(...) where the tool takes one text and nothing else: up to the first comma, without spaces at its end."""

    __slots__ = ("_at", "_begin", "_name")

    def __init__(self, tool: ToolSignature, begin: int) -> None:
        name = tool.text_parameter or ""
        self._name = find_text_parameter(tool, name) if name else ""
        self._begin, self._at = begin, -1

    def read(self, text: str, end: int) -> Pieces:
        """Return what is new in the text up to `end`."""
        if not self._name or (self._at < 0 and not self._find_begin(text, end)):
            return []
        stop = min((found for mark in ",，" if (found := text.find(mark, self._at, end)) >= 0), default=-1)
        piece = text[self._at : stop if stop >= 0 else end].rstrip()
        name, self._at = self._name, self._at + len(piece)
        if stop >= 0:
            self._name = ""  # what follows may be more of the text, or another argument
        return [(name, piece)] if piece else []

    def _find_begin(self, text: str, end: int) -> bool:
        """Find where the text begins, if it is one: what is quoted, an object or named is not followed."""
        at = _SPACE.match(text, self._begin, end).end()  # type: ignore[union-attr]
        if at >= end:
            return False
        word = _WORD_BEFORE.match(text, at, end)
        if word and word.end() == end and len(word[1]) <= _LONGEST_KEY:
            return False  # it may become the parameter's name, or the prefix of a text in quotes
        if text[at] in _QUOTING or (word and text[word.end()] in _AFTER_NAME):
            self._name = ""
            return False
        self._at = at
        return True


ArgumentTexts = JsonTexts | TaggedTexts | PositionalText
"""Follows the arguments of one call: `read` returns what is new in the text up to `end`."""


class OpenCall:
    """A call that has begun at `start`. `number` is its place among the calls of the reply that were told of."""

    __slots__ = ("_buffer", "_known_arguments", "_lengths", "_signature", "_texts", "_told", "number", "start", "tool")

    def __init__(self, number: int, tool: str, signature: ToolSignature | None, start: int, buffer: TextBuffer) -> None:
        self.number: int = number
        self.tool: str = tool
        self.start: int = start
        self._signature, self._buffer = signature, buffer
        self._told = start  # up to here its text was told
        self._texts: ArgumentTexts | None = None
        self._known_arguments = len(buffer.arguments)
        self._lengths: dict[str, int] = {}  # of the arguments whose text has begun to be told

    def is_of(self, item: ReadCall | Problem) -> bool:
        """Tell whether this is the call, or the problem, that was read in the end."""
        return item.span[0] <= self.start < item.span[1] and item.tool == self.tool

    def tell(self, end: int) -> list[ReadEvent]:
        """Return the events for what is new in the text up to `end`."""
        if end <= self._told:
            return []
        events: list[ReadEvent] = [CallTextDelta(self.number, self._buffer.text[self._told : end])]
        self._told = end
        if self._texts is None:
            self._texts = self._find_texts()
        return [*events, *tell_texts(self.number, self._texts, self._buffer.text, end, self._lengths)]

    def _find_texts(self) -> ArgumentTexts | None:
        buffer, tool = self._buffer, self._signature
        if tool is None:
            return None
        if len(buffer.arguments) > self._known_arguments:
            return TaggedTexts(tool, buffer, self._known_arguments)
        if buffer.json_at >= self.start:
            return JsonTexts(tool, buffer.json_at, is_call=buffer.json_is_call)
        return PositionalText(tool, buffer.positional_at) if buffer.positional_at >= self.start else None

    def finish(self, item: ReadCall | Problem) -> list[ReadEvent]:
        """Return the events for the rest. An argument whose text has begun to be told is told to its end."""
        rest = self._buffer.text[self._told : item.span[1]]
        events: list[ReadEvent] = [CallTextDelta(self.number, rest)] if rest else []
        return [*events, *tell_rest(self.number, item, self._lengths)]


def tell_texts(number: int, texts: ArgumentTexts | None, text: str, end: int, lengths: dict[str, int]) -> Iterator[ReadEvent]:
    """Yield the events for what is new in the arguments up to `end`. `lengths` counts what was told of each."""
    for name, pieces in groupby(texts.read(text, end) if texts is not None else (), itemgetter(0)):
        piece = "".join(each for _, each in pieces)
        lengths[name] = lengths.get(name, 0) + len(piece)
        yield ArgumentDelta(number, name, piece)


def tell_rest(number: int, item: ReadCall | Problem, lengths: dict[str, int]) -> Iterator[ReadEvent]:
    """Yield the events for the rest of the arguments whose text has begun to be told."""
    arguments = item.arguments if isinstance(item, ReadCall) else {}
    for name, length in lengths.items():
        text = arguments.get(name)
        if isinstance(text, str) and len(text) > length:
            yield ArgumentDelta(number, name, text[length:])
