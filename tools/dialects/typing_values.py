"""Written values as a tool's schema wants them, and a refusal where that would change what was meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..canonical import strict_json


class Unreadable(ValueError):
    """A written value has no reading as the type; the message says what was expected."""


_INTEGER = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»"}


def typed(written: str, rule: Any, name: str) -> object:
    """A bare or quoted word as the schema's type."""
    rule = rule if isinstance(rule, Mapping) else {}
    options = rule.get("anyOf") or rule.get("oneOf")
    if options:
        return _first_that_fits(written, options, name)
    text = unquoted(written)
    if "enum" in rule:
        return _choice(text, rule["enum"], name)
    match rule.get("type"):
        case "string" | None:
            return text
        case "integer" if _INTEGER.fullmatch(text):
            return int(text)
        case "number" if _NUMBER.fullmatch(text):
            return int(text) if _INTEGER.fullmatch(text) else float(text)
        case "boolean" if text.lower() in ("true", "false"):
            return text.lower() == "true"
        case "null" if text.lower() in ("null", "none"):
            return None
        case "array" | "object" as kind:
            return _json(written, kind, name)
        case kind:
            raise Unreadable(f"{name} as {kind}, not {written[:60]!r}")


def _first_that_fits(written: str, options: Any, name: str) -> object:
    ordered = sorted(options, key=lambda rule: rule.get("type") == "string")  # text fits all, so it is tried last
    for rule in ordered:
        try:
            return typed(written, rule, name)
        except Unreadable:
            continue
    raise Unreadable(f"{name} in one of its types, not {written[:60]!r}")


def _choice(text: str, choices: Any, name: str) -> object:
    if text in choices:
        return text
    close = [choice for choice in choices if str(choice).casefold() == text.casefold()]
    if len(close) != 1:
        raise Unreadable(f"{name} as one of {', '.join(map(str, choices))}, not {text[:60]!r}")
    return close[0]


def _json(written: str, kind: str, name: str) -> object:
    try:
        value = strict_json(written)
    except ValueError:
        raise Unreadable(f"{name} as a JSON {kind}, not {written[:60]!r}") from None
    if not isinstance(value, list if kind == "array" else dict):
        raise Unreadable(f"{name} as a JSON {kind}, not {written[:60]!r}")
    return value


def unquoted(written: str) -> str:
    """The text without its quotes, escapes resolved; bare words as they are."""
    text = written.strip()
    if len(text) < 2 or _QUOTES.get(text[0]) != text[-1]:
        return text
    inner = text[1:-1]
    if text[0] == '"':
        try:
            return str(strict_json(text))
        except ValueError:
            pass
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), inner)
