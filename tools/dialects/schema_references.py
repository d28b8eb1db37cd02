"""Resolve `$ref` and merge `allOf` in a tool's JSON schema (draft 2020-12), so that every parameter's schema stands in its place."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

# Under these keys stand values, or schemas that are resolved where a reference points at them.
_NOT_SCHEMAS = frozenset(("enum", "const", "default", "examples", "required", "$defs", "definitions"))
_DEEPER = frozenset(("properties", "items", "additionalProperties"))


def resolve_references(parameters: Mapping[str, object]) -> Mapping[str, object]:
    """Return the schema without references. A recursive schema contains itself as an object, so it fits values of any depth."""
    resolved = _Resolver(parameters).resolve(parameters, frozenset())
    assert isinstance(resolved, Mapping)
    return resolved


class _Resolver:
    """Resolves one schema, each reference once."""

    def __init__(self, root: Mapping[str, object]) -> None:
        self.root = root
        self.targets: dict[str, dict[str, object]] = {}

    def resolve(self, schema: object, around: frozenset[str]) -> object:
        """Return the schema without references. References in `around` would mean themselves here: they add nothing."""
        if isinstance(schema, list):
            return [self.resolve(part, around) for part in schema]
        if not isinstance(schema, Mapping):
            return schema
        reference, parts = schema.get("$ref"), schema.get("allOf")
        found: list[object] = [self.follow(reference, around)] if isinstance(reference, str) else []
        found += [self.resolve(part, around) for part in parts] if isinstance(parts, list) else []
        apart = {key for key, kind in (("$ref", str), ("allOf", list)) if isinstance(schema.get(key), kind)}
        own = {
            key: value if key in _NOT_SCHEMAS else self.resolve(value, frozenset() if key in _DEEPER else around)
            for key, value in schema.items()
            if key not in apart
        }
        if len(found) == 1 and not own:
            return found[0]
        return _merge([*found, own]) if found else own

    def follow(self, reference: str, around: frozenset[str]) -> dict[str, object]:
        """Return what the reference points at. While that is still being resolved, it is an empty object that is filled afterwards."""
        # A schema that refers to itself at the same place, as in {"allOf": [{"$ref": "#"}]}, adds nothing to itself.
        if reference in around:
            return {}
        if reference not in self.targets:
            placeholder = self.targets[reference] = {}
            target = self.resolve(_follow_pointer(reference, self.root), around | {reference})
            placeholder.update(target if isinstance(target, Mapping) else {})
        return self.targets[reference]


def _follow_pointer(reference: str, root: Mapping[str, object]) -> object:
    """Return the part of the schema at a JSON pointer (RFC 6901) such as #/$defs/Name; {}, which allows anything, where there is none."""
    target: object = root
    for step in reference.removeprefix("#").split("/")[1:]:
        name = unquote(step).replace("~1", "/").replace("~0", "~")
        target = target.get(name, {}) if isinstance(target, Mapping) else {}
    return target if reference.startswith("#") else {}


def _merge(schemas: list[object]) -> dict[str, object]:
    merged: dict[str, object] = {}
    for schema in schemas:
        for key, value in schema.items() if isinstance(schema, Mapping) else ():
            before = merged.get(key)
            if key == "properties" and isinstance(before, Mapping) and isinstance(value, Mapping):
                merged[key] = {**before, **value}
            elif key == "required" and isinstance(before, list) and isinstance(value, list):
                merged[key] = [*before, *value]
            else:
                merged[key] = value
    return merged
