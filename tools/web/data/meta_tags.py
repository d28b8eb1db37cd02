"""Fields out of meta tags and Open Graph: the price and maker of a product, the address of a business, what the page says of itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..fields import MAX_SUBJECT, Field
from .schema_values import with_currency
from .wording import name_in_words, one_line, plain_text

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_TAGS = 500
_SENTENCE = re.compile(r"(?<=[a-zà-ÿ0-9€%)][.!?])\s+(?=[A-ZÀ-Þ0-9\"„“¿¡])|(?<=[。！？])")
_PRICES = {
    "product:price": "price", "og:price": "price", "product:sale_price": "sale price", "product:original_price": "original price",
    "product:pretax_price": "price before tax", "product:shipping_cost": "shipping",
}  # fmt: skip
_OF_PRODUCT = {
    "product:availability": "availability", "og:availability": "availability", "product:brand": "brand", "og:brand": "brand",
    "product:weight:value": "weight", "product:color": "color", "product:size": "size", "product:material": "material",
    "product:category": "category",
}  # fmt: skip
_OF_PAGE = {"og:site_name": "site name", "application-name": "site name", "og:type": "type"}  # fmt: skip


def read_metas(tree: HtmlElement) -> dict[str, str]:
    """Return the meta tags of a page by their name or property, in lower case; the first of a name counts."""
    found: dict[str, str] = {}
    for count, element in enumerate(tree.iter("meta")):
        if count >= MAX_TAGS:
            break
        name = (
            (element.get("property") or element.get("name") or element.get("itemprop") or element.get("http-equiv") or "").strip().lower()
        )
        content = plain_text(element.get("content") or "")
        if name and content and len(name) < 80:
            found.setdefault(name, content)
    for number in (1, 2, 3, 4):  # Twitter's cards: a label and its value
        label, value = found.get(f"twitter:label{number}", ""), found.get(f"twitter:data{number}", "")
        if label and value:
            found.setdefault(f"label {label}", value)
    return found


def meta_fields(metas: dict[str, str]) -> list[Field]:
    """Return the fields of a page's meta tags."""
    fields: dict[tuple[str, str], Field] = {}

    def add(subject: str, name: str, value: str) -> None:
        if value:
            fields.setdefault((subject, name), Field(subject, name, one_line(value), "meta"))

    descriptions = {metas[key]: None for key in ("description", "og:description", "twitter:description") if key in metas}
    own = [text for text in descriptions if not any(text != other and text in other for other in descriptions)]
    sentences = dict.fromkeys(sentence for text in own for sentence in _SENTENCE.split(text) if sentence)
    described = [Field("", "description", sentence, "meta") for sentence in sentences]
    for key, name in _OF_PAGE.items():
        add("", name, metas.get(key, ""))
    product = one_line(metas.get("og:title", ""), MAX_SUBJECT)
    currency = metas.get("product:price:currency") or metas.get("og:price:currency") or ""
    for key, name in _PRICES.items():
        amount = metas.get(f"{key}:amount", "") or (metas.get(key, "") if metas.get(key, "")[:1].isdigit() else "")
        add(product, name, with_currency(amount, metas.get(f"{key}:currency", currency)))
    for key, name in _OF_PRODUCT.items():
        units = metas.get(key.replace(":value", ":units"), "") if key.endswith(":value") else ""
        add(product, name, f"{metas[key]} {units}".strip() if key in metas else "")
    for start in ("business:contact_data:", "place:contact_data:", "og:"):
        found = {part: metas.get(f"{start}{part}") or metas.get(f"{start}{part.replace('_', '-')}") or "" for part in _OF_PLACE}
        town = " ".join(filter(None, (found["postal_code"], found["locality"])))
        add("", "address", ", ".join(filter(None, (found["street_address"], town, found["region"], found["country_name"]))))
        for part in _OF_CONTACT:
            add("", name_in_words(part), metas.get(f"{start}{part}") or metas.get(f"{start}{part.replace('_', '-')}") or "")
    for key, value in metas.items():
        if key.startswith("business:hours:"):
            add("", name_in_words(key.removeprefix("business:hours:")), value)
        if key.startswith("label "):
            add(product, key.removeprefix("label "), value)
    return [*described, *fields.values()]


_OF_PLACE = ("street_address", "postal_code", "locality", "region", "country_name")
_OF_CONTACT = ("phone_number", "fax_number", "email", "website")
