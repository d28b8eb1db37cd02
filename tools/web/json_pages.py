"""Read a page that is JSON, as lines of a path and a value. Runs in the worker process: its input is hostile."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from ..canonical import Json, JsonObject
from .as_seen import show_as_seen
from .charsets import clean
from .fields import DATA_HEADING, quote_data
from .html_tree import parse_tree
from .page_data import read_json_fields
from .page_results import make_result, name_of, tidy
from .visible import visible_text

MAX_LINES = 20_000
_MAX_DEPTH = 20
_MAX_MARKUP = 300
_GUARD = re.compile(
    r"^\s*(?:\)\]\}',?|while\(1\);|for\(;;\);)\s*"
)  # before the JSON of some services, so that no page can load it as a script
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>")
_TITLES = ("title", "name", "headline")


def parse_json(text: str, url: str) -> JsonObject | None:
    """Parse a page of JSON; None if it is none. Numbers stay as they are written."""
    try:
        value = json.loads(_GUARD.sub("", text), strict=False, parse_float=str, parse_int=str, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict | list):
        return None
    lines = tidy("\n".join(_Lines().read(value)))
    fields, data = quote_data(read_json_fields(value, url))
    found = value if isinstance(value, dict) else {}
    title = next((str(found[name]) for name in _TITLES if isinstance(found.get(name), str)), "") or name_of(url)
    evidence = f"{lines}\n\n{DATA_HEADING}\n{data}" if data else lines
    return make_result(title=" ".join(clean(title).split())[:300], text=lines, evidence=tidy(evidence), fields=fields)


class _Lines:
    """Writes the values of a document, each with the names above it: `products price: 12.50`."""

    def __init__(self) -> None:
        self._left, self._markup_left = MAX_LINES, _MAX_MARKUP

    def read(self, value: Json, path: str = "", depth: int = 0) -> Iterator[str]:
        """Yield the lines of a value."""
        if depth > _MAX_DEPTH or self._left <= 0:
            return
        if isinstance(value, dict):
            for name, item in value.items():
                yield from self.read(item, f"{path} {name}".strip(), depth + 1)
        elif isinstance(value, list):
            for item in value:
                yield from self.read(item, path, depth + 1)
        elif value is not None and (said := self._write(value)):
            self._left -= 1
            yield f"{path}: {said}" if path else said

    def _write(self, value: Json) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        text = str(value)
        if "<" in text and self._markup_left and _MARKUP.search(text):
            self._markup_left -= 1
            tree = parse_tree(clean(text))
            if tree is not None:
                show_as_seen(tree)
                text = visible_text(tree, furniture=True)
        return " ".join(clean(text).split())
