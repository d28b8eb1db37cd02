"""Parse JSON as models write it. What strict JSON refuses is read where it has one reading, and each repair is named in a note."""

from __future__ import annotations

import re

from ..canonical import strict_json

DEEPEST = 100
_SPACE = re.compile(r"\s*")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|#[^\n]*", re.DOTALL)
# `1.`, `.5` and `+1` are no JSON but have one reading.
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])")
_SIGN = re.compile(":|=>")  # between a key and its value
_WORD = re.compile(r"(?:[^\W\d]|\$)[\w$\-]*")
_WORDS = {"true": True, "false": False, "null": None, "none": None}
_STRICT_WORDS = {"true", "false", "null"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0", "a": "\a", "v": "\v"}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_CLOSING = {'"': '"', "'": "'", "“": "”", "‘": "’", "”": "”"}
_CLOSING_OF_ITEMS = {"[": "]", "(": ")", "{": "}"}
_STRINGS = {close: re.compile(rf"[^{close}\\]*(?:\\.[^{close}\\]*)*{close}", re.DOTALL) for close in set(_CLOSING.values())}
# A brace opens a set where a value stands without a key: {1, 2}. `{}` is an object.
_SET = re.compile(r"\{\s*(?:\"[^\"\\]*\"|'[^'\\]*'|[+-]?\d+(?:\.\d*)?)\s*[,}]")
# \ud83c\udf54 is one character; alone, each half is a surrogate that no text encodes.
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def parse_json(text: str) -> tuple[object, tuple[str, ...]]:
    """Return the value and the notes on repairs. Raise ValueError where there is no single reading."""
    if _is_too_deep(text):
        raise ValueError(f"it is nested more than {DEEPEST} deep")
    try:
        return strict_json(text), ()
    except ValueError as error:
        if "twice" in str(error):
            raise
    parser = _Parser(text)
    value = parser.value(parser.space(0), 0)
    end = parser.space(parser.at)
    if end != len(text):
        raise ValueError(f"unexpected {text[end : end + 20]!r} after the value")
    return value, tuple(dict.fromkeys(parser.notes))


def parse_json_values(text: str) -> tuple[list[object], tuple[str, ...]]:
    """Return the values that stand one behind the other, and the notes on repairs. Raise ValueError where one cannot be read."""
    if _is_too_deep(text):
        raise ValueError(f"it is nested more than {DEEPEST} deep")
    parser, values = _Parser(text), list[object]()
    while parser.space(parser.at) < len(text):
        values.append(parser.value(parser.at, 0))
    return values, tuple(dict.fromkeys(parser.notes))


def _is_too_deep(text: str) -> bool:
    # A text with few brackets cannot be deep, and this is most of them.
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    depth = 0
    for character in re.findall(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text, re.DOTALL):
        if character in "[{":
            depth += 1
            if depth > DEEPEST:
                return True
        elif character in "]}":
            depth -= 1
    return False


def unescape(inner: str) -> str:
    r"""Return the inside of a string with its escapes resolved. An unknown escape such as \d keeps its backslash, as in Python."""
    if "\\" not in inner:
        return inner
    text = _ESCAPE.sub(_replace_escape, inner)
    return _PAIR.sub(lambda found: found[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)


def _replace_escape(found: re.Match[str]) -> str:
    if code := found[1] or found[2]:
        return chr(int(code, 16))
    character = found[3]
    if character in "\"'\\/“”‘’`":
        return str(character)
    # A backslash at the end of a line joins lines, as in JSON5 and Python.
    if character == "\n":
        return ""
    return _ESCAPES.get(character, found[0])


class _Parser:
    """A recursive descent parser; `at` is behind what was read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.notes: list[str] = []

    def space(self, at: int) -> int:
        """Skip white space and comments. Return the offset behind them."""
        while True:
            at = _SPACE.match(self.text, at).end()  # type: ignore[union-attr]
            comment = _COMMENT.match(self.text, at)
            if comment is None:
                self.at = at
                return at
            self.notes.append("comment left out")
            at = comment.end()

    def value(self, at: int, depth: int) -> object:
        if depth > DEEPEST:
            raise ValueError(f"it is nested more than {DEEPEST} deep")
        character = self.text[at : at + 1]
        if character == "{":
            return self.items(at, depth) if _SET.match(self.text, at) else self.members(at, depth)
        if character in ("[", "("):
            return self.items(at, depth)
        if character in _CLOSING and character:
            return self.string(at)
        number = _NUMBER.match(self.text, at)
        if number is not None:
            self.at = number.end()
            return self.number(number[0])
        word = _WORD.match(self.text, at)
        if word is not None and word[0].lower() in _WORDS:
            if word[0] not in _STRICT_WORDS:
                self.notes.append("Python word")
            self.at = word.end()
            return _WORDS[word[0].lower()]
        raise ValueError(f"a value expected, not {self.text[at : at + 20]!r}")

    def number(self, written: str) -> int | float:
        if re.fullmatch(r"[+-]?\d+", written):
            digits = written.lstrip("+-")
            # 017 is 17, 15 in octal, or an article number.
            if len(digits) > 1 and digits[0] == "0":
                raise ValueError(f"{written} has a leading zero: a number or a text?")
            return int(written)
        value = float(written)
        if value in (float("inf"), float("-inf")):
            raise ValueError(f"{written} is too large")
        return value

    def string(self, at: int) -> str:
        quote = self.text[at]
        closing = _CLOSING[quote]
        # Before single quotes: ''' would be an empty string and the beginning of another one.
        if self.text.startswith(quote * 3, at):
            end = self.text.find(quote * 3, at + 3)
            if end >= 0:
                self.at = end + 3
                self.notes.append("triple quotes")
                return unescape(self.text[at + 3 : end])
        whole = _STRINGS[closing].match(self.text, at + 1)
        if whole is None:
            raise ValueError("a string is not closed")
        end = whole.end() - 1
        inner = self.text[at + 1 : end]
        if quote != '"':
            self.notes.append("quotes")
        if "\n" in inner or "\t" in inner:
            self.notes.append("raw line break or tab in a text")
        self.at = end + 1
        return unescape(inner)

    def members(self, at: int, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        position = self.space(at + 1)
        while True:
            if self.text[position : position + 1] == "}":
                self.at = position + 1
                return found
            is_flag = self.text.startswith("--", position)  # {--path "/tmp"}, as MiniMax writes arguments that it knows from a command line
            key = self.key(position + 2 * is_flag)
            position = self.space(self.at)
            sign = _SIGN.match(self.text, position)
            if sign is None and not is_flag:
                raise ValueError(f"':' expected after the key {key!r}")
            if sign is None or sign[0] != ":":
                self.notes.append("an arrow or nothing for ':'")
            # The first or the last? Libraries keep one; here there is no single reading.
            if key in found:
                raise ValueError(f"the key {key!r} is there twice")
            found[key] = self.value(self.space(sign.end() if sign else position), depth + 1)
            position = self.space(self.at) if is_flag and self.text.startswith("--", self.space(self.at)) else self.after_item("}")

    def key(self, position: int) -> str:
        if self.text[position : position + 1] in _CLOSING and self.text[position : position + 1]:
            return self.string(position)
        word = _WORD.match(self.text, position)
        if word is None:
            raise ValueError(f"a key expected, not {self.text[position : position + 20]!r}")
        self.notes.append("key without quotes")
        self.at = word.end()
        return word[0]

    def items(self, at: int, depth: int) -> list[object]:
        closing = _CLOSING_OF_ITEMS[self.text[at]]
        if closing != "]":
            self.notes.append("tuple" if closing == ")" else "set")
        found: list[object] = []
        position = self.space(at + 1)
        while self.text[position : position + 1] != closing:
            found.append(self.value(position, depth + 1))
            position = self.space(self.at)
            if closing == "]" and isinstance(found[-1], dict) and self.text[position : position + 1] == "{":
                self.notes.append("comma between objects")
            else:
                position = self.after_item(closing)
        self.at = position + 1
        return found

    def after_item(self, closing: str) -> int:
        """Return the offset behind the comma, or of the closing bracket."""
        position = self.space(self.at)
        character = self.text[position : position + 1]
        if character == closing:
            return position
        if character != ",":
            raise ValueError(f"',' or {closing!r} expected, not {self.text[position : position + 20]!r}")
        position = self.space(position + 1)
        if self.text[position : position + 1] == closing:
            self.notes.append("trailing comma")
        return position
