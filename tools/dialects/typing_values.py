"""Values as a tool's schema wants them, and a refusal where that would change what was meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .lenient_json import read_json, unescape


class Unreadable(ValueError):
    """A written value has no reading as the type; the message says what was expected."""


_INTEGER = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»"}
_OTHER_NAMES = {
    "float": "number",
    "double": "number",
    "int": "integer",
    "long": "integer",
    "str": "string",
    "text": "string",
    "char": "string",
    "varchar": "string",
    "bool": "boolean",
    "list": "array",
    "tuple": "array",
    "dict": "object",
    "map": "object",
    "none": "null",
    "NoneType": "null",
}
_INSIDE_OF_TEXT = re.compile(r'[\[{][\s\[{]*\\"')
_MANY_DIGITS = 4000  # Python refuses to turn longer ones into a number


def kinds(rule: Any) -> tuple[str, ...]:
    """The JSON types that a schema allows; none when it does not say."""
    if not isinstance(rule, Mapping):
        return ()
    named = rule.get("type")
    if isinstance(named, str):
        return (_kind(named),)
    if isinstance(named, (list, tuple)):
        return tuple(_kind(kind) for kind in named if isinstance(kind, str))
    return ()


def _kind(named: str) -> str:
    """JSON's word for the type that a schema names; int64 and float32 are numbers too."""
    return _OTHER_NAMES.get(named) or _OTHER_NAMES.get(named.removeprefix("u").rstrip("0123456789"), named)


def alternatives(rule: Any) -> list[Any]:
    """The schemas of which one must hold: anyOf, oneOf, or a list of types."""
    if not isinstance(rule, Mapping):
        return []
    options = rule.get("anyOf") or rule.get("oneOf")
    if isinstance(options, (list, tuple)):
        return list(options)
    allowed = kinds(rule)
    if len(allowed) > 1:
        rest = {key: value for key, value in rule.items() if key != "type"}
        return [{**rest, "type": kind} for kind in allowed]
    return []


def takes_text(rule: Any) -> bool:
    """Whether text is the one thing that fits."""
    allowed = kinds(rule)
    if allowed:
        return allowed == ("string",)
    choices = _choices(rule)
    return bool(choices) and all(isinstance(choice, str) for choice in choices or ())


def _choices(rule: Any) -> list[Any] | None:
    """The values that a schema counts up; None where it does not."""
    if not isinstance(rule, Mapping):
        return None
    choices = [rule["const"]] if "const" in rule else rule.get("enum")
    return choices if isinstance(choices, list) else None


def typed(written: str, rule: Any, name: str, *, raw: bool = False) -> object:
    """A written value as the schema's type. With `raw`, quotes around text belong to it (as between XML tags)."""
    options = alternatives(rule)
    if options:
        return _first_that_fits(written, options, name, raw)
    if (choices := _choices(rule)) is not None:
        return _choice(unquoted(written), choices, name)
    allowed = kinds(rule)
    if not allowed:
        return _untyped(written, raw)
    kind = allowed[0]
    if kind == "string":
        return written if raw else unquoted(written)
    if kind in ("array", "object"):
        return fitted(_json(written, kind, name), rule, name)
    text = unquoted(written).strip()
    value = _scalar(text, kind)
    if value is _NOTHING:
        raise Unreadable(f"{name} as {kind}, not {written.strip()[:60]!r}")
    return value


_NOTHING = object()


def _scalar(text: str, kind: str) -> object:
    if kind == "integer" and _INTEGER.fullmatch(text) and len(text) < _MANY_DIGITS:
        return int(text)
    if kind in ("number", "integer") and _NUMBER.fullmatch(text) and len(text) < _MANY_DIGITS:
        if _INTEGER.fullmatch(text):
            return int(text)
        value = float(text)
        if kind == "number" and abs(value) != float("inf"):
            return value
        return int(value) if value.is_integer() and abs(value) < 2**53 else _NOTHING
    if kind == "boolean" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind == "null" and text.lower() in ("null", "none"):
        return None
    return _NOTHING if kind in ("integer", "number", "boolean", "null") else text


def _untyped(written: str, raw: bool) -> object:
    """A value of no stated type: what reads as JSON is that, everything else is text."""
    text = written.strip()
    try:
        return read_json(text)[0]
    except ValueError:
        return written if raw else unquoted(written)


def _first_that_fits(written: str, options: list[Any], name: str, raw: bool) -> object:
    for rule in sorted(options, key=lambda rule: "string" in kinds(rule)):  # text fits all, so it is tried last
        try:
            return typed(written, rule, name, raw=raw)
        except Unreadable:
            continue
    raise Unreadable(f"{name} in one of its types, not {written[:60]!r}")


def _choice(value: object, choices: Any, name: str) -> object:
    if any(choice == value and type(choice) is type(value) for choice in choices):
        return value
    text = str(value).strip().casefold()
    close = [choice for choice in choices if str(choice).casefold() == text]
    if len(close) != 1:
        raise Unreadable(f"{name} as one of {', '.join(map(str, choices))}, not {str(value)[:60]!r}")
    return close[0]


def _json(written: str, kind: str, name: str) -> object:
    """JSON; or JSON in a JSON text, with or without the quotes around it."""
    text = written.strip()
    try:
        value, _ = read_json(unescape(text) if _INSIDE_OF_TEXT.match(text) else text)
        return read_json(value.strip())[0] if isinstance(value, str) else value
    except ValueError as error:
        raise Unreadable(f"{name} as a JSON {kind}, not {text[:60]!r} ({error})") from None


def unquoted(written: str) -> str:
    """The text without its quotes, escapes resolved; bare words as they are."""
    text = written.strip()
    for quotes in ('"""', "'''"):
        if len(text) >= 6 and text.startswith(quotes) and text.endswith(quotes):
            return unescape(text[3:-3])
    if len(text) > 2 and text[0] in "rR" and text[1] in "\"'" and text[-1] == text[1]:
        return text[2:-1]
    if len(text) > 2 and text[0] in "uUbB" and text[1] in "\"'" and text[-1] == text[1]:
        text = text[1:]
    if len(text) < 2 or _QUOTES.get(text[0]) != text[-1]:
        return text
    return unescape(text[1:-1])


def fitted(value: object, rule: Any, name: str) -> object:
    """A JSON value as the schema's type: "9876" for an integer and 9876 for a text have one reading each, "seven" for an integer none."""
    if not isinstance(rule, Mapping):
        return value
    options = alternatives(rule)
    if options:
        return _fitted_to_one(value, options, name)
    if (choices := _choices(rule)) is not None:
        return _choice(value, choices, name)
    allowed = kinds(rule)
    if not allowed:
        return value
    return _fitted_to(value, allowed[0], rule, name)


def _fitted_to(value: object, kind: str, rule: Mapping[str, Any], name: str) -> object:
    match value:
        case str() if kind in ("integer", "number", "boolean", "array", "object"):
            return typed(value, rule, name)
        case str() if kind == "string":
            return value
        case bool() if kind == "boolean":
            return value
        case int() if not isinstance(value, bool) and kind in ("integer", "number"):
            return value
        case int() | float() if not isinstance(value, bool) and kind == "string":
            return str(value)
        case float() if kind == "number":
            return value
        case float() if kind == "integer" and value.is_integer() and abs(value) < 2**53:
            return int(value)
        case list() if kind == "array":
            items = rule.get("items")
            return [fitted(item, items, f"{name}[{index}]") for index, item in enumerate(value)] if items else value
        case dict() if kind == "object":
            properties, others = rule.get("properties") or {}, rule.get("additionalProperties")
            return {key: fitted(item, properties.get(key, others), f"{name}.{key}") for key, item in value.items()}
        case None if kind == "null":
            return None
    if kind not in ("integer", "number", "boolean", "array", "object", "string", "null"):
        return value  # a type of somebody's own: the tool's check will say
    raise Unreadable(f"{name} as {kind}, not {str(value)[:60]!r}")


def _fitted_to_one(value: object, options: list[Any], name: str) -> object:
    for rule in options:  # what fits as it is, is left as it is
        try:
            if fitted(value, rule, name) == value and _same_type(fitted(value, rule, name), value):
                return value
        except Unreadable:
            continue
    for rule in options:
        try:
            return fitted(value, rule, name)
        except Unreadable:
            continue
    raise Unreadable(f"{name} in one of its types, not {str(value)[:60]!r}")


def _same_type(one: object, other: object) -> bool:
    return type(one) is type(other)
