"""Coerce argument values to the types of a tool's JSON schema; refuse where that would change the meaning.

Each value has one reading or none: "9876" for an integer is 9876, and "seven" for an integer is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard

from .lenient_json import parse_json, unescape


class CoercionError(ValueError):
    """A value has no reading as the type that the schema names. The message says what was expected."""


_INTEGER = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»"}
_CLOSING_QUOTES = frozenset(_QUOTES.values())
# Schemas by hand, and those converted from SQL or Python, name types in these ways.
_TYPE_ALIASES = {
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
_CHOICE_KEYS = frozenset(("anyOf", "const", "enum", "oneOf"))
_JSON_TYPES = frozenset("array boolean integer null number object string".split())
# [{\"a\": 1}]: JSON that was escaped once more and lost the quotes around it.
_ESCAPED_JSON = re.compile(r'[\[{][\s\[{]*\\"')
_MOST_DIGITS = 4000  # int() refuses more than sys.get_int_max_str_digits(), 4,300 by default


def is_mapping(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Tell whether this is a mapping. Most are dicts, which is told at a tenth of the cost of asking the abstract class."""
    return type(value) is dict or isinstance(value, Mapping)


def list_types(schema: object) -> tuple[str, ...]:
    """Return the JSON types that a schema allows; none where it does not say."""
    if not is_mapping(schema):
        return ()
    named = schema.get("type")
    if isinstance(named, str) and named in _JSON_TYPES:
        return (named,)
    # Other spellings: `int64` and `float32` are numbers.
    return tuple(
        _TYPE_ALIASES.get(each) or _TYPE_ALIASES.get(each.removeprefix("u").rstrip("0123456789"), each)
        for each in ([named] if isinstance(named, str) else named if isinstance(named, (list, tuple)) else ())
        if isinstance(each, str)
    )


def alternatives(schema: object) -> list[object]:
    """Return the schemas of which one must hold: those of anyOf or oneOf, or one for each type in a list of types."""
    if not is_mapping(schema):
        return []
    options = schema.get("anyOf") or schema.get("oneOf")
    if isinstance(options, (list, tuple)):
        return list(options)
    allowed = list_types(schema)
    if len(allowed) > 1:
        rest = {key: value for key, value in schema.items() if key != "type"}
        return [{**rest, "type": json_type} for json_type in allowed]
    return []


_PYTHON_TYPES: Mapping[str, tuple[type, ...]] = {"string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,)}


def find_plain_types(schema: object) -> tuple[type, ...]:
    """Return the types of JSON values that fit a schema as they are, whatever they are; none where it says more than one simple type."""
    if not is_mapping(schema) or not schema.keys().isdisjoint(_CHOICE_KEYS):
        return ()
    return _PYTHON_TYPES.get(named, ()) if isinstance(named := schema.get("type"), str) else ()


def is_plain_text(schema: object) -> bool:
    """Tell whether a schema takes any string and nothing else, as those of most parameters do."""
    return find_plain_types(schema) == (str,)


def accepts_only_text(schema: object) -> bool:
    """Tell whether a schema allows strings and nothing else."""
    allowed = list_types(schema)
    if allowed:
        return allowed == ("string",)
    choices = _choices(schema)
    return bool(choices) and all(isinstance(choice, str) for choice in choices or ())


def _choices(schema: object) -> list[object] | None:
    """Return the values that a schema enumerates (`enum`, `const`), or None."""
    if not is_mapping(schema):
        return None
    choices = [schema["const"]] if "const" in schema else schema.get("enum")
    return choices if isinstance(choices, list) else None


def coerce_text(written: str, schema: object, name: str, *, raw: bool = False) -> object:
    """Return a written value as the type that the schema names. With `raw`, quotes belong to the text, as between XML tags.

    `name` is the parameter's, for the message of a CoercionError.
    """
    if is_plain_text(schema):
        return written if raw else unquote(written)
    options = alternatives(schema)
    if options:
        # A text fits all, so it is tried last.
        options = sorted(options, key=lambda option: "string" in list_types(option))
        return _find_first(written, options, name, lambda option: coerce_text(written, option, name, raw=raw))
    if (choices := _choices(schema)) is not None:
        return _match_choice(unquote(written), choices, name)
    allowed = list_types(schema)
    if not allowed:
        return _parse_untyped(written, raw)
    json_type = allowed[0]
    if json_type == "string":
        return written if raw else unquote(written)
    if json_type in ("array", "object"):
        return coerce_value(_parse_json_text(written, json_type, name), schema, name)
    text = unquote(written).strip()
    value = _parse_scalar(text, json_type)
    if value is _NO_VALUE:
        raise CoercionError(f"{name} as {json_type}, not {written.strip()[:60]!r}")
    return value


_NO_VALUE = object()


def _parse_scalar(text: str, json_type: str) -> object:
    if json_type == "integer" and _INTEGER.fullmatch(text) and len(text) < _MOST_DIGITS:
        return int(text)
    if json_type in ("number", "integer") and _NUMBER.fullmatch(text) and len(text) < _MOST_DIGITS:
        if _INTEGER.fullmatch(text):
            return int(text)
        value = float(text)
        if json_type == "number" and abs(value) != float("inf"):
            return value
        return int(value) if value.is_integer() and abs(value) < 2**53 else _NO_VALUE
    if json_type == "boolean" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if json_type == "null" and text.lower() in ("null", "none"):
        return None
    return _NO_VALUE if json_type in ("integer", "number", "boolean", "null") else text


def _parse_untyped(written: str, raw: bool) -> object:
    """Parse a value whose schema names no type: JSON where it reads as JSON, else text."""
    text = written.strip()
    try:
        return parse_json(text)[0]
    except ValueError:
        return written if raw else unquote(written)


def _find_first(value: object, options: Sequence[object], name: str, coerce: Callable[[object], object]) -> object:
    """Return the value as the first of these schemas that it can be coerced to."""
    for schema in options:
        try:
            return coerce(schema)
        except CoercionError:
            continue
    raise CoercionError(f"{name} in one of its types, not {str(value)[:60]!r}")


def _match_choice(value: object, choices: list[object], name: str) -> object:
    if any(choice == value and type(choice) is type(value) for choice in choices):
        return value
    text = str(value).strip().casefold()
    close = [choice for choice in choices if str(choice).casefold() == text]
    # CELSIUS is `celsius`, unless the choices differ in case alone.
    if len(close) != 1:
        raise CoercionError(f"{name} as one of {', '.join(map(str, choices))}, not {str(value)[:60]!r}")
    return close[0]


def _parse_json_text(written: str, json_type: str, name: str) -> object:
    """Parse JSON, or JSON inside a JSON string, with or without the quotes around it."""
    text = written.strip()
    try:
        value, _ = parse_json(unescape(text) if _ESCAPED_JSON.match(text) else text)
        return parse_json(value.strip())[0] if isinstance(value, str) else value
    except ValueError as error:
        raise CoercionError(f"{name} as a JSON {json_type}, not {text[:60]!r} ({error})") from None


def unquote(written: str) -> str:
    """Return the text without its quotes and with its escapes resolved. Bare words stay as they are."""
    text = written.strip()
    if text[-1:] not in _CLOSING_QUOTES:
        return text
    # Python's prefixes are read too: models that write calls as Python use raw strings for patterns and paths.
    for quotes in ('"""', "'''"):
        if len(text) >= 6 and text.startswith(quotes) and text.endswith(quotes):
            return unescape(text[3:-3])
    if len(text) > 2 and text[0] in "rR" and text[1] in "\"'" and text[-1] == text[1]:
        return text[2:-1]
    if len(text) > 2 and text[0] in "uUbB" and text[1] in "\"'" and text[-1] == text[1]:
        text = text[1:]
    if len(text) < 2 or _QUOTES.get(text[0]) != text[-1]:
        return text
    inner = text[1:-1]
    return unescape(inner) if "\\" in inner else inner


def coerce_value(value: object, schema: object, name: str) -> object:
    """Return a JSON value as the type that the schema names: "9876" for an integer is 9876, and 9876 for a string is "9876"."""
    if not is_mapping(schema) or (type(value) is str and is_plain_text(schema)):
        return value
    options = alternatives(schema)
    if options:
        try:  # what fits as it is stays as it is: 5 for anyOf(string, integer) is 5
            return _find_first(value, options, name, lambda option: _coerce_unchanged(value, option, name))
        except CoercionError:
            return _find_first(value, options, name, lambda option: coerce_value(value, option, name))
    if (choices := _choices(schema)) is not None:
        return _match_choice(value, choices, name)
    allowed = list_types(schema)
    if not allowed:
        return value
    return _coerce_to_type(value, allowed[0], schema, name)


def _coerce_to_type(value: object, json_type: str, schema: Mapping[str, object], name: str) -> object:
    match value:
        case str() if json_type in ("integer", "number", "boolean", "array", "object"):
            return coerce_text(value, schema, name)
        case str() if json_type == "string":
            return value
        case bool() if json_type == "boolean":
            return value
        case int() if not isinstance(value, bool) and json_type in ("integer", "number"):
            return value
        # An object is no text here: how to write it is not known. A number has one spelling.
        case int() | float() if not isinstance(value, bool) and json_type == "string":
            return str(value)
        case float() if json_type == "number":
            return value
        # Above 2^53 a float does not say which integer is meant.
        case float() if json_type == "integer" and value.is_integer() and abs(value) < 2**53:
            return int(value)
        case list() if json_type == "array":
            items = schema.get("items")
            return [coerce_value(item, items, f"{name}[{index}]") for index, item in enumerate(value)] if items else value
        case dict() if json_type == "object":
            properties, others = schema.get("properties"), schema.get("additionalProperties")
            properties = properties if isinstance(properties, Mapping) else {}
            return {key: coerce_value(item, properties.get(key, others), f"{name}.{key}") for key, item in value.items()}
        case None if json_type == "null":
            return None
    if json_type not in ("integer", "number", "boolean", "array", "object", "string", "null"):
        return value  # a type of somebody's own: the tool's check will say
    raise CoercionError(f"{name} as {json_type}, not {str(value)[:60]!r}")


def _coerce_unchanged(value: object, schema: object, name: str) -> object:
    coerced = coerce_value(value, schema, name)
    if coerced != value or type(coerced) is not type(value):
        raise CoercionError(f"{name} as it is")
    return value
