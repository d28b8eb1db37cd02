"""Turn values and names of data into the words that a reader would use."""

from __future__ import annotations

import re

from ...canonical import Json
from ..charsets import clean
from ..fields import MAX_NAME, MAX_VALUE

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_TAG = re.compile(r"<[/!]?[a-zA-Z][^<>]{0,500}>")
_BREAK = re.compile(r"<(?:br|/p|/li|/div|/h\d)\b[^<>]{0,200}>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[\da-fA-F]{1,6}|[a-zA-Z]{2,31});")
_URL = re.compile(r"(?:[a-z][a-z0-9+.-]{1,20}:)?//\S+|(?:tel|mailto|data|javascript|blob):\S*|/[\w~%.@:-]*(?:/\S*)?", re.IGNORECASE)
_SCHEMA_URL = re.compile(r"(?:https?://)?(?:www\.)?(?:schema\.org|purl\.org/goodrelations/v1#?)/?#?(?=\w)|schema:", re.IGNORECASE)
_DURATION = re.compile(
    r"P(?:(\d+(?:\.\d+)?)Y)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)
_DURATION_UNITS = ("year", "month", "week", "day", "hour", "minute", "second")


def one_line(text: str, limit: int = MAX_VALUE) -> str:
    """Return the text without controls and line breaks, cut at a word within the limit."""
    text = " ".join(clean(text[: limit * 8]).split())
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    return (cut[: cut.rfind(" ")] if " " in cut[limit // 2 :] else cut) + "…"


def plain_text(text: str, limit: int = MAX_VALUE) -> str:
    """Return the text of a data value, which often holds HTML and entities, in one line."""
    if "<" in text:
        text = _TAG.sub("", _BREAK.sub(" ", text[: limit * 16]))
    if "&" in text:
        from html import unescape  # late, for load time

        text = _ENTITY.sub(lambda found: unescape(found[0]), text[: limit * 16])
    return one_line(text, limit)


def scalar_text(value: Json, limit: int = MAX_VALUE) -> str:
    """Return a text, number or truth value in words; empty for anything else."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return str(value) if abs(value) < 10**30 else ""
        case float():
            return "" if value != value or abs(value) >= 1e30 else format(value, ".12g")
        case str():
            return plain_text(value, limit)
        case _:
            return ""


def name_in_words(key: str) -> str:
    """Return the words of a key: "numberOfEmployees" and "number_of_employees" are "number of employees"."""
    words = _CAMEL.sub(" ", strip_schema(key)).replace("_", " ").replace("-", " ").replace(".", " ")
    return one_line(" ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words.split()), MAX_NAME)


def strip_schema(text: str) -> str:
    """Return a name of schema.org without the address of schema.org."""
    found = _SCHEMA_URL.match(text)
    return text[found.end() :] if found else text


def is_url(text: str) -> bool:
    """Return whether a text is an address and nothing else."""
    return bool(_URL.fullmatch(text)) if " " not in text else False


def duration_in_words(text: str) -> str:
    """Return an ISO 8601 duration in words: "P1M" is "1 month". Any other text comes back as it is."""
    found = _DURATION.fullmatch(text)
    if not found or not any(found.groups()):
        return text
    parts = [(number, unit) for number, unit in zip(found.groups(), _DURATION_UNITS, strict=True) if number and float(number)]
    return " ".join(f"{number} {unit}{'' if number == '1' else 's'}" for number, unit in parts)
