"""Microformats (hCard and h-card, hProduct and h-product: names, addresses, prices by class) as items like those of JSON-LD."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from ...canonical import Json, JsonObject
from .wording import one_line

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_MOST = 500
_ROOTS = {
    "vcard": "Organization",
    "h-card": "Organization",
    "adr": "PostalAddress",
    "h-adr": "PostalAddress",
    "hproduct": "Product",
    "h-product": "Product",
}
_PROPERTIES = {
    "fn": "name",
    "p-name": "name",
    "p-org": "name",
    "street-address": "streetAddress",
    "locality": "addressLocality",
    "region": "addressRegion",
    "postal-code": "postalCode",
    "country-name": "addressCountry",
    "price": "price",
}
"""The classes of both versions without their prefix "p-", and the names that schema.org has for them."""
_NESTED = {"PostalAddress": "address"}


def read_microformats(tree: HtmlElement) -> list[JsonObject]:
    """Return the cards, addresses and products on the top of a page, each as an item."""
    tops: list[JsonObject] = []
    items: dict[HtmlElement, JsonObject] = {}
    for element in tree.xpath("descendant::*[contains(@class, 'card') or contains(@class, 'adr') or contains(@class, 'product')]")[:_MOST]:
        kind = next((_ROOTS[name] for name in element.get("class", "").split() if name in _ROOTS), "")
        if not kind:
            continue
        item: JsonObject = {"@type": [kind], **_read_properties(element)}
        above = next((items[each] for each in element.iterancestors() if each in items), None)
        if len(item) == 1 and kind != "Organization":
            continue
        items[element] = item
        if above is None:
            tops.append(item)
        elif kind in _NESTED:
            above.setdefault(_NESTED[kind], item)
    return [_with_offer(item) for item in tops if "name" in item or item["@type"] == ["PostalAddress"]]


def _read_properties(root: HtmlElement) -> dict[str, Json]:
    """Return the properties in an item, without those of items in it."""
    found: dict[str, Json] = {}
    for element in islice(root.iterdescendants(), _MOST):
        names = element.get("class", "").split() if isinstance(element.tag, str) else ()
        for name in names:
            key = _PROPERTIES.get(name) or _PROPERTIES.get(name.removeprefix("p-"))
            if key and _find_root(element) is root and (text := one_line("".join(element.itertext()), 200)):
                found.setdefault(key, text)
    return found


def _find_root(element: HtmlElement) -> HtmlElement | None:
    return next((each for each in element.iterancestors() if not _ROOTS.keys().isdisjoint(each.get("class", "").split())), None)


def _with_offer(item: JsonObject) -> JsonObject:
    """Return an address as that of a place, and a product's price as an offer of it."""
    if item["@type"] == ["PostalAddress"]:
        return {"@type": ["Place"], "address": item}
    if "price" in item:
        return {**{key: value for key, value in item.items() if key != "price"}, "offers": {"@type": ["Offer"], "price": item["price"]}}
    return item
