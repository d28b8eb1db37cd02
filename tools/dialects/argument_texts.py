"""Follow the string arguments of a call while it is written: their names, and their text as far as it is certain."""

from __future__ import annotations

import re
from typing import Protocol

from .coerce import is_plain_text
from .json_calls import NAMES
from .signatures import ARGUMENTS, ToolSignature
from .text_buffer import TextBuffer

Pieces = list[tuple[str, str]]
"""Names of arguments, each with the next piece of its text."""

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[\w.+\-]*")
_PLAIN = re.compile(r'[^"\\]+')
_ESCAPE = re.compile(r'\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt])')
_ESCAPE_SO_FAR = re.compile(r"\\(?:u[0-9a-fA-F]{0,4})?\Z")
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_LONGEST_KEY = 200
_CDATA = "<![CDATA["
_QUOTING = "\"'“‘{*["
_AFTER_NAME = "\"'“‘=:："
_WORD_BEFORE = re.compile(r"(\w{1,201})\s{0,100}")


def find_text_parameter(tool: ToolSignature, key: str) -> str:
    """Return the name of the parameter that takes any text and is written `key`; nothing where none is."""
    name = tool.find_parameter(key)
    return name if name is not None and is_plain_text(tool.properties.get(name)) else ""


class ArgumentTexts(Protocol):
    """Follows the arguments of one call: `read` returns what is new in the text up to `end`."""

    def read(self, text: str, end: int) -> Pieces: ...


class JsonTexts:
    """Follows the strings of one JSON value. At the first thing that strict JSON has not, it stops: what is repaired is never certain.

    The value is the object of the arguments, or with `is_call` an object that holds it under a key; or a list that begins with such a one.
    """

    __slots__ = ("_at", "_brackets", "_half", "_is_call", "_keys", "_name", "_next", "_string", "_tool")

    def __init__(self, tool: ToolSignature, at: int, *, is_call: bool) -> None:
        self._tool, self._at, self._is_call = tool, at, is_call
        self._brackets, self._keys = "", list[str]()  # those that are open, and for each the last key in it
        self._next = "value"  # what may follow: "value", "key", ":", "," or nothing more that is read
        self._string = ""  # what is open: a "key", a "text" of an argument, an "other" string, a "word" such as a number
        self._name = ""  # of the argument whose text is open
        self._half = ""  # the first half of a character that is written as two

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
        if text[self._at] == '"' and not self._half:
            self._at, self._string = self._at + 1, ""
            return True
        if (plain := _PLAIN.match(text, self._at, end)) and not self._half:
            self._at = plain.end()
            self._add(plain[0], pieces)
            return True
        if escape := _ESCAPE.match(text, self._at, end):
            self._at = escape.end()
            self._read_escape(escape[0][1:], pieces)
            return True
        if not _ESCAPE_SO_FAR.match(text, self._at, end):
            self._next = ""
        return False

    def _read_escape(self, escape: str, pieces: Pieces) -> None:
        code = int(escape[1:], 16) if escape[0] == "u" else 0
        if 0xD800 <= code < 0xDC00 and not self._half:
            self._half = chr(code)
        elif 0xDC00 <= code < 0xE000 and self._half:
            whole, self._half = (self._half + chr(code)).encode("utf-16", "surrogatepass").decode("utf-16"), ""
            self._add(whole, pieces)
        elif 0xD800 <= code < 0xE000 or self._half:  # half of a character, and no other half
            self._next = ""
        else:
            self._add(chr(code) if escape[0] == "u" else _ESCAPED.get(escape, escape), pieces)

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
