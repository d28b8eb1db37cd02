"""Microdata (WHATWG HTML, itemscope and itemprop) and RDFa Lite (typeof and property) of a page as items like those of JSON-LD."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from ...canonical import Json, JsonObject
from .wording import one_line

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_ITEMS = 3_000
MAX_VALUES = 20_000
MAX_ELEMENTS = 60_000
_MAX_TEXT = 2_000
_MAX_NODES = 400
_STRUCK = ("s", "del", "strike")
_TEXT_OF_LINKS = frozenset(
    "name telephone email price priceCurrency title headline streetAddress addressLocality postalCode brand faxNumber".split()
)


@dataclass(frozen=True, slots=True)
class _Names:
    """The attributes of one of the two syntaxes."""

    scope: str
    kind: str
    property: str


@dataclass(frozen=True, slots=True)
class _Open:
    """An element whose end was not reached yet."""

    keys: tuple[str, ...]
    value: JsonObject | None
    start: int


_MICRODATA = _Names("itemscope", "itemtype", "itemprop")
_RDFA = _Names("typeof", "typeof", "property")


def read_microdata(tree: HtmlElement) -> list[JsonObject]:
    """Return the items on the top of the page's microdata and RDFa."""
    found = ((names, bool(tree.xpath(f"boolean(//*[@{names.scope}])"))) for names in (_MICRODATA, _RDFA))
    return [item for names, is_used in found if is_used for item in _read(tree, names)]


def _read(tree: HtmlElement, names: _Names) -> list[JsonObject]:
    """Read a tree in document order; every element is visited once, and once more for an itemref."""
    tops: list[JsonObject] = []
    references: list[tuple[JsonObject, str]] = []
    _read_below(tree, None, names, tops, references)
    if references:
        by_id = {identity: element for element in tree.iter() if isinstance(element.tag, str) and (identity := element.get("id"))}
        budget = MAX_VALUES
        for item, reference in references[:200]:
            for identity in reference.split()[:20]:
                if (element := by_id.get(identity)) is not None and budget > 0:
                    budget -= sum(1 for _ in islice(element.iter(), budget))
                    _read_below(element, item, names, [], [])
    return tops


def _read_below(
    root: HtmlElement, item: JsonObject | None, names: _Names, tops: list[JsonObject], references: list[tuple[JsonObject, str]]
) -> None:
    """Walk depth first. The text is kept in one list, so that elements within elements do not cost their text again and again."""
    texts: list[str] = []
    stack: list[tuple[HtmlElement, JsonObject | None, _Open | None]] = [(root, item, None)]
    items = values = 0
    left = MAX_ELEMENTS
    while stack and items < MAX_ITEMS and values < MAX_VALUES and left:
        left -= 1
        element, owner, opened = stack.pop()
        if opened is not None:
            if opened.keys and owner is not None:
                value = opened.value if opened.value is not None else _read_value(element, opened.keys, names, texts, opened.start)
                values += 1
                for key in opened.keys if value not in ("", None) else ():
                    _add(owner, key, value)
            texts.append(element.tail or "")
            continue
        if not isinstance(element.tag, str) or element.tag in ("script", "style", "template"):
            texts.append(element.tail or "")
            continue
        keys = tuple((element.get(names.property) or "").split()[:10])
        inner: JsonObject | None = owner
        own: JsonObject | None = None
        if element.get(names.scope) is not None and (names is _MICRODATA or element.get("typeof")):
            inner = own = {"@type": [*(element.get(names.kind) or "").split()[:5]]}
            items += 1
            if reference := element.get("itemref"):
                references.append((own, reference))
            if owner is None or not keys:
                tops.append(own)
        stack.append((element, owner, _Open(keys, own, len(texts))))
        texts.append(element.text or "")
        stack.extend((child, inner, None) for child in reversed(element))


def _add(item: JsonObject, key: str, value: Json) -> None:
    """Add a value; a second one of the same name makes a list."""
    key = key.rpartition("/")[2] or key
    held = item.get(key)
    if held is None:
        item[key] = value
    elif isinstance(held, list):
        held.append(value)
    else:
        item[key] = [held, value]


def _read_value(element: HtmlElement, keys: tuple[str, ...], names: _Names, texts: list[str], start: int) -> Json:
    tag = element.tag
    if tag in _STRUCK or any(parent.tag in _STRUCK for parent in islice(element.iterancestors(), 3)):
        return None  # a price that is struck through is not the price
    if (content := element.get("content")) is not None:
        return one_line(content)
    if tag == "link" or (names is _RDFA and element.get("resource")):
        return one_line(element.get("href") or element.get("resource") or "")
    text = one_line("".join(texts[start : start + _MAX_NODES]), _MAX_TEXT)
    if tag in ("a", "area"):
        return text if text and not _TEXT_OF_LINKS.isdisjoint(keys) else one_line(element.get("href") or "")
    if tag in ("img", "audio", "video", "source", "iframe", "embed", "track", "object"):
        return one_line(element.get("alt") or "") if "name" in keys else None
    stated = element.get("datetime") if tag == "time" else element.get("value") if tag in ("data", "meter") else ""
    return one_line(stated) if stated else text
