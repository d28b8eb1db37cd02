"""Data that scripts would draw: JSON blocks, __NEXT_DATA__, __NUXT__, and literals that scripts assign. No script is run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from ...canonical import Json
from .script_values import read_json, read_literal

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_CHARS = 3_000_000
MAX_LITERAL_CHARS = 600_000
MAX_LITERALS = 60
MAX_STEPS = 200_000
_JSON_TYPES = ("application/json", "text/json", "application/hal+json", "application/vnd.api+json")
_SCRIPT_TYPES = ("", "text/javascript", "module", "application/javascript", "text/ecmascript", "text/babel", "application/x-javascript")
_ASSIGNED = re.compile(r"(?:(?<![=!<>])=|\breturn|\bpush\(|\bdefault)\s*(?=[\[{])|(?<=[\w\]])\(\s*(?=\{\s*[\"'\w])")
_PARSED = re.compile(r"JSON\.parse\(\s*(?=[\"'`])")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"|\'((?:[^\'\\]|\\.)*+)\'|`((?:[^`\\]|\\.)*+)`', re.DOTALL)
_FLIGHT = re.compile(r"__next_f\.push\(\s*\[\s*1\s*,\s*(\"(?:[^\"\\]|\\.)*+\")")
_FLIGHT_ROW = re.compile(r"(?:^|\n)[\da-f]+:(?=[\[{])")
_MIN_LITERAL = 20
# How a script writes a price: `${item.price} €`, '$' + p.price, currency: 'EUR'.
_DRAWN = re.compile(
    r"""(?P<sign>[€£¥]|\$(?!\{)|\$(?=\{\{))\s?["'`]?\s?(?:\$\{|\+|\{\{?)\s?[^}+;\n]{0,60}?(?:price|preis|prix|precio|cost|amount)
    |(?:price|preis|prix|precio|cost|amount)[^};\n+]{0,40}?(?:\}\}?|\+)\s?["'`]?(?:\s|&nbsp;)?(?P<after>[€£¥円$](?!\{)|(?:EUR|USD|GBP|CHF|SEK|NOK|DKK|kr)\b)
    |\bcurrency["']?\s*:\s*["'](?P<code>[A-Z]{3})["']""",
    re.IGNORECASE | re.VERBOSE,
)


def read_embedded(tree: HtmlElement) -> list[Json]:
    """Return the objects and arrays that a page's scripts hold as data."""
    found: list[Json] = []
    left, literals_left, steps, flight = MAX_CHARS, [MAX_LITERAL_CHARS], [MAX_STEPS], list[str]()
    for script in tree.iter("script"):
        source = script.text or ""
        left -= len(source)
        if left < 0:
            break
        kind = (script.get("type") or "").partition(";")[0].strip().lower()
        if kind in _JSON_TYPES:
            value = read_json(source)
            found.append(_unpack_references(value) if _is_packed(value) else value)
        elif kind in _SCRIPT_TYPES and source:
            flight.extend(_read_text_literal(part[1]) for part in _FLIGHT.finditer(source))
            if not flight or "__next_f" not in source:
                found.extend(_read_literals(source, literals_left, steps))
    found.extend(_read_flight("".join(flight)))
    found.extend(_read_attributes(tree))
    return [value for value in found if isinstance(value, (dict, list))]


def find_drawn_currency(tree: HtmlElement) -> str:
    """Return the one currency that the page's scripts write prices with; empty if they write none or several."""
    found: set[str] = set()
    left = MAX_CHARS // 10
    for script in tree.iter("script"):
        source = (script.text or "")[:left]
        left -= len(source)
        if (script.get("type") or "").partition(";")[0].strip().lower() in _SCRIPT_TYPES:
            found.update(match["sign"] or match["after"] or match["code"] for match in islice(_DRAWN.finditer(source), 50))
    return found.pop() if len(found) == 1 else ""


def _read_literals(source: str, left: list[int], steps: list[int]) -> Iterator[Json]:
    """Yield the literals of a script, each read once: what it holds is not read again. `left` counts down the characters of all."""
    at = 0
    for _ in range(MAX_LITERALS):
        found, parsed = _ASSIGNED.search(source, at), _PARSED.search(source, at)
        if parsed and (not found or parsed.start() < found.start()):
            quoted = _QUOTED.match(source, parsed.end())
            at = quoted.end() if quoted else parsed.end()
            left[0] -= at - parsed.end()
            if quoted and left[0] > 0 and isinstance(text := _read_text_literal(quoted[0]), str):
                yield read_json(text)
            continue
        if not found or left[0] <= 0:
            return
        literal = read_literal(source, found.end(), steps)
        end = literal[1] if literal else found.end() + 1
        left[0] -= end - found.end() if literal else 2_000
        if literal and end - found.end() >= _MIN_LITERAL:
            yield literal[0]
        at = end


def _read_text_literal(quoted: str) -> str:
    value = read_literal(f"[{quoted}]", 0)
    return value[0][0] if value and isinstance(value[0], list) and value[0] and isinstance(value[0][0], str) else ""


def _read_flight(text: str) -> Iterator[Json]:
    """Yield the rows of a React server payload (`1a:{...}` or `1a:["$","div",null,{...}]`), which Next.js writes in pieces."""
    decoder = json.JSONDecoder(strict=False)
    for row in list(_FLIGHT_ROW.finditer(text))[:2_000]:
        try:
            yield decoder.raw_decode(text, row.end())[0]
        except (ValueError, RecursionError):
            continue


def _is_packed(value: Json) -> bool:
    """Return whether an array is in the form of Nuxt 3 and SvelteKit, where every number in an object is the place of its value."""
    return (
        isinstance(value, list)
        and len(value) > 2
        and isinstance(value[0], (dict, list))
        and bool(value[0])
        and all(
            isinstance(place, int) and not isinstance(place, bool) and place < len(value)
            for place in (value[0].values() if isinstance(value[0], dict) else value[0][1:])
        )
    )


def _unpack_references(packed: Json) -> Json:
    assert isinstance(packed, list)
    budget = [20_000]

    def unpack(place: Json, above: tuple[int, ...]) -> Json:
        budget[0] -= 1
        if (
            not isinstance(place, int)
            or isinstance(place, bool)
            or not 0 <= place < len(packed)
            or place in above
            or budget[0] < 0
            or len(above) > 30
        ):
            return None
        value, inner = packed[place], (*above, place)
        if isinstance(value, dict):
            return {key: unpack(item, inner) for key, item in value.items()}
        if isinstance(value, list):
            if len(value) == 2 and isinstance(value[0], str):  # ["Reactive", 5], ["Date", "2024-05-03"]
                return unpack(value[1], inner) if isinstance(value[1], int) else value[1]
            return [unpack(item, inner) for item in value]
        return value

    return unpack(0, ())


def _read_attributes(tree: HtmlElement) -> Iterator[Json]:
    """Yield the JSON that some systems keep in attributes: data-page of Inertia, data-props, data-product."""
    left, count = MAX_LITERAL_CHARS, 0
    for element in tree.xpath("//*[@*[starts-with(., '{') or starts-with(., '[')]]"):
        for name, value in element.attrib.items():
            if (name.startswith("data-") or name in ("props", ":props")) and value[:1] in ("{", "[") and len(value) >= _MIN_LITERAL:
                left, count = left - len(value), count + 1
                if left < 0 or count > 200:
                    return
                yield read_json(value)
