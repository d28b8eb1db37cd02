"""Secret arguments: which they are, by type or annotation, and how they stand in the JSON of a call: hidden, never in the open.

A place is secret where its type is pydantic's SecretStr, SecretBytes or Secret, where it is annotated with `Secret()`, or where a schema
says `writeOnly` or `format: password`, as those of OpenAPI do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..canonical import Json, JsonObject
from ..errors import UsageError

MASK = "**********"
"""What stands for a secret wherever a person or a model may read it; as long for a short one as for a long one."""
HIDDEN = "$secret"
"""The key of a hidden value: `{"$secret": token}`. No argument may have it."""
HIDDEN_MARK = f'"{HIDDEN}":'
"""What stands in the canonical JSON of a call with a hidden value, and in no other."""
Hide = Callable[[Json], Json]


@dataclass(frozen=True, slots=True)
class Secret:
    """Marks an argument, or a field inside one, as secret: `password: Annotated[str, Secret()]`. The function receives the plain value.

    It is shown as stars on cards, in events and in what a run stores, and a database has it only encrypted.
    """

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> JsonObject:
        """Mark the place in the JSON Schema as pydantic marks a SecretStr."""
        schema: JsonObject = dict(handler(core_schema))
        schema["writeOnly"] = True
        if schema.get("type") == "string":
            schema.setdefault("format", "password")
        return schema


def is_secret_value(value: object) -> bool:
    """Return whether the value is one of pydantic's secrets, which print as stars."""
    return hasattr(type(value), "get_secret_value")


def is_hidden(value: object) -> bool:
    """Return whether this is how a secret stands in the JSON of a call."""
    return type(value) is dict and value.keys() == {HIDDEN}


def show_mask(_: Json) -> Json:
    """Hide a secret from a reader."""
    return MASK


def show_plain(value: Json) -> Json:
    """Hide nothing: for comparing values in memory."""
    return value


def refuse_secret(_: Json) -> Json:
    """Refuse to write a secret down where nobody says how it is hidden. Raises UsageError."""
    raise UsageError("A call with a secret is proposed by a run, which hides it. Write: await run.call(tool, ...).")


def map_hidden(value: Json, change: Hide) -> Json:
    """Return JSON with each hidden value replaced by what `change` makes of it."""
    if is_hidden(value):
        return change(value)
    if isinstance(value, dict):
        return {key: map_hidden(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [map_hidden(item, change) for item in value]
    return value


def has_reserved_key(value: Json) -> bool:
    """Return whether anything inside looks like a hidden value: only Sayso writes those."""
    if isinstance(value, Mapping):
        return HIDDEN in value or any(map(has_reserved_key, value.values()))
    return isinstance(value, (list, tuple)) and any(map(has_reserved_key, value))


def find_secrets(schema: JsonObject) -> bool:
    """Return whether a JSON Schema has a secret place anywhere."""
    return '"writeOnly": true' in (text := json.dumps(schema, default=str)) or '"format": "password"' in text


def may_hold_secret(rule: object, defs: Mapping[str, Any]) -> bool:
    """Return whether a JSON Schema, with the definitions that it may refer to, has a secret place."""
    reached: dict[str, Any] = {}
    texts = [json.dumps(rule, default=str)]
    while texts:
        for name in re.findall(r'"#/\$defs/([^"]+)"', texts.pop()):
            if name not in reached and name in defs:
                reached[name] = defs[name]
                texts.append(json.dumps(defs[name], default=str))
    return find_secrets({"rule": rule, "$defs": reached})


def has_secret_key(rule: object, defs: Mapping[str, Any]) -> bool:
    """Return whether a JSON Schema has a secret as the key of an object anywhere. A key cannot be hidden."""
    if isinstance(rule, list):
        return any(has_secret_key(each, defs) for each in rule)
    if not isinstance(rule, Mapping):
        return False
    return may_hold_secret(rule.get("propertyNames"), defs) or any(has_secret_key(each, defs) for each in rule.values())


def hide_places(value: Json, schema: Mapping[str, Any], hide: Hide) -> Json:
    """Return JSON of this schema with the value at each secret place given to `hide`; None and what is hidden already stay."""
    return _hide_in(value, [schema], schema.get("$defs", {}), hide)


def _hide_in(value: Json, rules: Iterable[Any], defs: Mapping[str, Any], hide: Hide) -> Json:
    if value is None or is_hidden(value):
        return value
    schemas = _find_schemas(rules, defs)
    if any(_is_secret(value, schema, defs) for schema in schemas):
        return hide(value)
    if isinstance(value, dict):
        return {
            key: _hide_in(item, [rule for schema in schemas for rule in _rules_of_key(key, schema)], defs, hide)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_hide_in(item, [_rule_at(at, schema) for schema in schemas], defs, hide) for at, item in enumerate(value)]
    return value


def _find_schemas(rules: Iterable[Any], defs: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return these schemas and all that may stand for them: what a reference names, the members of a union. Each is there once."""
    found: dict[int, Mapping[str, Any]] = {}
    waiting = list(rules)
    while waiting:
        schema = waiting.pop()
        if not isinstance(schema, Mapping) or id(schema) in found:
            continue
        found[id(schema)] = schema
        if isinstance(name := schema.get("$ref"), str):
            waiting.append(defs.get(name.rpartition("/")[2]))
        for union in ("anyOf", "oneOf", "allOf"):
            waiting.extend(schema.get(union, ()))
    return list(found.values())


def _is_secret(value: Json, schema: Mapping[str, Any], defs: Mapping[str, Any]) -> bool:
    if schema.get("writeOnly") is True or schema.get("format") == "password":
        return True
    # JSON inside of a text: all of it is hidden.
    return "contentSchema" in schema and isinstance(value, str) and find_secrets({**schema["contentSchema"], "$defs": defs})


def _rules_of_key(key: str, schema: Mapping[str, Any]) -> list[Any]:
    named = schema.get("properties", {})
    return [named[key]] if key in named else [schema.get("additionalProperties"), *schema.get("patternProperties", {}).values()]


def _rule_at(at: int, schema: Mapping[str, Any]) -> Any:
    first = schema.get("prefixItems", ())
    return first[at] if at < len(first) else schema.get("items")


def iter_leaves(value: Json) -> Iterator[Json]:
    """Yield the texts and numbers in JSON."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from iter_leaves(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from iter_leaves(item)
    elif value is not None and not isinstance(value, bool):
        yield value


_SHORT = 6
SHORTEST_MASKED = 3


def make_pattern(secrets: Iterable[str], shortest: int = SHORTEST_MASKED) -> re.Pattern[str] | None:
    """Return what finds the secrets in a text, as they are and as JSON and Python write them. None where there are none.

    A short one counts only as a word of its own: the PIN 123 does not stand in 51234. One below `shortest` is not looked for.
    """
    spellings = {each for secret in secrets if len(secret) >= shortest for each in iter_spellings(secret)}
    if not spellings:
        return None
    parts = [
        re.escape(each) if len(each) >= _SHORT else rf"(?<!\w){re.escape(each)}(?!\w)" for each in sorted(spellings, key=len, reverse=True)
    ]
    return re.compile("|".join(parts))


def iter_spellings(secret: str) -> Iterator[str]:
    """Yield how a secret may stand in a text: as it is, and as JSON and Python write it."""
    yield secret
    once = json.dumps(secret, ensure_ascii=False)[1:-1]
    yield once
    yield json.dumps(once, ensure_ascii=False)[1:-1]  # the arguments of a native call are JSON in JSON
    yield json.dumps(secret)[1:-1]
    yield repr(secret)[1:-1]


def mask_text(text: str, pattern: re.Pattern[str] | None) -> str:
    """Return the text with each secret in it as stars."""
    return text if pattern is None else pattern.sub(MASK, text)


def mask_part(text: str, start: int, end: int, pattern: re.Pattern[str] | None) -> str:
    """Return a part of a text with each secret in it as stars, also one of which only a piece stands in the part."""
    out, at = "", start
    for found in pattern.finditer(text) if pattern is not None else ():
        if found.start() >= end:
            break
        if found.end() > start:
            out += text[at : found.start()] + MASK
            at = found.end()
    return out + text[at:end]


def mask_json(value: Json, pattern: re.Pattern[str] | None) -> Json:
    """Return JSON with each secret in its texts, keys and numbers as stars."""
    if pattern is None:
        return value
    if isinstance(value, str):
        return pattern.sub(MASK, value)
    if isinstance(value, Mapping):
        return {pattern.sub(MASK, key): mask_json(item, pattern) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [mask_json(item, pattern) for item in value]
    if type(value) in (int, float) and pattern.fullmatch(str(value)):
        return MASK
    return value
