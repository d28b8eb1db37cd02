"""A YAML or JSON file as values that know their line, so that every mistake in it is told with the place where it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sayso.tools.errors import UsageError

if TYPE_CHECKING:
    from .problems import Problems

YAML_ENDINGS, JSON_ENDINGS = (".yaml", ".yml"), (".json",)
DEEPEST, MOST_VALUES, MOST_BYTES = 100, 1_000_000, 200_000_000


@dataclass(frozen=True, slots=True)
class FileValue:
    """A value of a file: `value` is a mapping of nodes, a list of nodes, or a plain value.

    `line` is where it stands, `text` what is written there if it is a single value: `9.50` is the number 9.5, and its text is "9.50".
    `quoted` says that it is in quotation marks, and is text whatever it looks like.
    """

    value: dict[str, FileValue] | list[FileValue] | str | int | float | bool | None
    line: int
    text: str = ""
    quoted: bool = False
    keys: dict[str, int] | None = None
    """The lines of a mapping's keys."""

    def plain(self, scalar: Callable[[str], Any] | None = None) -> Any:
        """Return the value without its lines; `scalar` reads words without quotation marks as another program does."""
        if isinstance(self.value, dict):
            return {key: item.plain(scalar) for key, item in self.value.items()}
        if isinstance(self.value, list):
            return [item.plain(scalar) for item in self.value]
        return self.value if scalar is None or self.quoted else scalar(self.text)

    def kind(self) -> str:
        """Return what the value is, in words."""
        match self.value:
            case dict():
                return "a mapping"
            case list():
                return "a list"
            case None:
                return "nothing"
            case bool():
                return self.text or str(self.value).lower()
            case int() | float():
                return f"the number {self.text or self.value}"
            case _:
                return f"the text {shorten_text(self.value)}"


def shorten_text(text: str, most: int = 60) -> str:
    """Return a text in quotation marks and on one line, cut where it is long."""
    line = " ".join(text.split())
    return json.dumps(line if len(line) <= most else f"{line[:most]} …", ensure_ascii=False)


def check_letters(root: FileValue, problems: Problems) -> None:
    """Add a problem for each text with half a letter in it (an escape such as \\ud83d that stands alone), which no file can hold."""
    left = [root]
    while left:
        value = left.pop()
        if isinstance(value.value, dict):
            left.extend(value.value.values())
        elif isinstance(value.value, list):
            left.extend(value.value)
        texts = value.value if isinstance(value.value, dict) else [value.text]
        if any("\ud800" <= letter <= "\udfff" for text in texts for letter in text):
            problems.add(value.line, "an escape here is half a letter (\\ud800 to \\udfff). Write the letter itself.")


def read_text(path: Path) -> str:
    """Return the text of a file. Raises UsageError for what is no UTF-8, says what it is instead, and where it goes wrong."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UsageError(f"{path} has more than {MOST_BYTES // 1_000_000} MB. Divide it into several files.")
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from None
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UsageError(f"{path} is UTF-16, as some editors and PowerShell's `>` write it. Save it as UTF-8.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}:{line}: a byte here is not UTF-8 (0x{data[error.start]:02x}). Save the file as UTF-8.") from None


def find_form(path: Path) -> Literal["yaml", "json"]:
    """Return how a file is written, by the end of its name. Raises UsageError for other ends."""
    ending = path.suffix.lower()
    if ending in YAML_ENDINGS:
        return "yaml"
    if ending in JSON_ENDINGS:
        return "json"
    raise UsageError(f"{path} does not have a case file's ending: .yaml, .yml or .json.")


def read_json(text: str, problems: Problems) -> FileValue | None:
    """Return the values of a JSON text, or None where it is no JSON; what is wrong is added to `problems`."""
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        problems.add(error.lineno, f"this is not JSON: {_explain_json(error)}")
        return None
    except (ValueError, RecursionError) as error:
        deep = isinstance(error, RecursionError)
        problems.add(1, f"lists and mappings are nested deeper than {DEEPEST}." if deep else f"this is not JSON: {error}")
        return None
    return _JsonReader(text, problems).read()


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number in JSON.")


def _explain_json(error: json.JSONDecodeError) -> str:
    rest = error.doc[error.pos :]
    if not error.doc.strip():
        return "the file is empty."
    if error.msg.startswith("Expecting property name") and rest[:1] in "}'":
        return "a comma before } is one too many." if rest.startswith("}") else "texts stand in double quotation marks."
    if error.msg.startswith("Expecting value"):
        before = error.doc[: error.pos].rstrip()
        if before.endswith(",") and rest.lstrip()[:1] in "]}":
            return "a comma before the bracket that closes is one too many."
        return f"a value is expected where {shorten_text(rest[:20]) if rest.strip() else 'the file ends'} stands."
    if error.msg.startswith("Illegal trailing comma"):
        return "a comma before the bracket that closes is one too many."
    if error.msg == "Extra data":
        return "there is more after the first value. One file is one list, or one mapping with `cases`."
    if error.msg.startswith("Invalid control character"):
        return "a text goes over the end of its line, or has a tab in it. Write \\n and \\t, or close the quotation marks."
    return f"{error.msg[0].lower()}{error.msg[1:]} (column {error.colno})."


TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+|\n')


class _JsonReader:
    """Reads a text that is JSON for certain, and notes lines and keys that stand twice."""

    def __init__(self, text: str, problems: Problems) -> None:
        self.problems, self.line = problems, 1
        self.tokens = self._split(text)

    def _split(self, text: str) -> Iterator[str]:
        for found in TOKEN.finditer(text):
            if found[0] == "\n":
                self.line += 1
            else:
                yield found[0]

    def read(self) -> FileValue | None:
        return self._read_value(next(self.tokens), 0)

    def _read_value(self, token: str, depth: int) -> FileValue | None:
        if depth > DEEPEST:
            self.problems.add(self.line, f"lists and mappings are nested deeper than {DEEPEST}.")
            return None
        if token == "{":
            return self._read_mapping(depth)
        if token == "[":
            return self._read_list(depth)
        value = json.loads(token)
        return FileValue(value, self.line, value if isinstance(value, str) else token, isinstance(value, str))

    def _read_mapping(self, depth: int) -> FileValue | None:
        line, items, keys = self.line, dict[str, FileValue](), dict[str, int]()
        while (token := next(self.tokens)) != "}":
            if token == ",":
                continue
            key, at = json.loads(token), self.line
            next(self.tokens)  # the colon
            if key in items:
                self.problems.add(at, f"{key} stands twice here; the first is in line {keys[key]}.")
            if (item := self._read_value(next(self.tokens), depth + 1)) is None:
                return None
            items[key], keys[key] = item, at
        return FileValue(items, line, keys=keys)

    def _read_list(self, depth: int) -> FileValue | None:
        line, items = self.line, list[FileValue]()
        while (token := next(self.tokens)) != "]":
            if token != ",":
                if (item := self._read_value(token, depth + 1)) is None:
                    return None
                items.append(item)
        return FileValue(items, line)
