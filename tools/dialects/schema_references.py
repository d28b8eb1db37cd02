"""A tool's schema with everything in its place: what `$ref` points at, and the parts of `allOf` as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

# Values, or schemas that are read where they are referred to.
_PLAIN = frozenset(("enum", "const", "default", "examples", "required", "$defs", "definitions"))
_DEEPER = frozenset(("properties", "items", "additionalProperties"))


def resolve_references(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema without references. One that contains itself is its own part, so it holds however deep the values are."""
    whole: Mapping[str, Any] = _Resolver(parameters).schema(parameters, frozenset())
    return whole


class _Resolver:
    """What has been resolved so far of one schema."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root
        self.known: dict[str, dict[str, Any]] = {}

    def schema(self, schema: Any, around: frozenset[str]) -> Any:
        """The rule without references. `around` are those that would mean themselves here, and so say nothing."""
        if isinstance(schema, list):
            return [self.schema(part, around) for part in schema]
        if not isinstance(schema, Mapping):
            return schema
        reference, parts = schema.get("$ref"), schema.get("allOf")
        found = [self.at(reference, around)] if isinstance(reference, str) else []
        found += [self.schema(part, around) for part in parts] if isinstance(parts, list) else []
        apart = {key for key, kind in (("$ref", str), ("allOf", list)) if isinstance(schema.get(key), kind)}
        own = {
            key: value if key in _PLAIN else self.schema(value, frozenset() if key in _DEEPER else around)
            for key, value in schema.items()
            if key not in apart
        }
        if len(found) == 1 and not own:
            return found[0]
        return _merge([*found, own]) if found else own

    def at(self, reference: str, around: frozenset[str]) -> dict[str, Any]:
        """What the reference points at; while that is being resolved, the place where it will be."""
        if reference in around:
            return {}
        if reference not in self.known:
            position = self.known[reference] = {}
            target = self.schema(_follow_pointer(reference, self.root), around | {reference})
            position.update(target if isinstance(target, Mapping) else {})
        return self.known[reference]


def _follow_pointer(reference: str, root: Mapping[str, Any]) -> Any:
    """The part of the schema at #/$defs/Name; anything where there is none."""
    position: Any = root
    for step in reference.removeprefix("#").split("/")[1:]:
        name = unquote(step).replace("~1", "/").replace("~0", "~")
        position = position.get(name, {}) if isinstance(position, Mapping) else {}
    return position if reference.startswith("#") else {}


def _merge(rules: list[Any]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for schema in rules:
        for key, value in schema.items() if isinstance(schema, Mapping) else ():
            before = whole.get(key)
            if key == "properties" and isinstance(before, Mapping) and isinstance(value, Mapping):
                whole[key] = {**before, **value}
            elif key == "required" and isinstance(before, list) and isinstance(value, list):
                whole[key] = [*before, *value]
            else:
                whole[key] = value
    return whole
