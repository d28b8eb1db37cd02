"""A tool's schema with everything in its place: what `$ref` points at, and the parts of `allOf` as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

# Values, or schemas that are read where they are referred to.
_PLAIN = frozenset(("enum", "const", "default", "examples", "required", "$defs", "definitions"))
_DEEPER = frozenset(("properties", "items", "additionalProperties"))


def resolved(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema without references. One that contains itself is its own part, so it holds however deep the values are."""
    whole: Mapping[str, Any] = _Resolver(parameters).rule(parameters, frozenset())
    return whole


class _Resolver:
    """What has been resolved so far of one schema."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root
        self.known: dict[str, dict[str, Any]] = {}

    def rule(self, rule: Any, around: frozenset[str]) -> Any:
        """The rule without references. `around` are those that would mean themselves here, and so say nothing."""
        if isinstance(rule, list):
            return [self.rule(part, around) for part in rule]
        if not isinstance(rule, Mapping):
            return rule
        reference, parts = rule.get("$ref"), rule.get("allOf")
        found = [self.at(reference, around)] if isinstance(reference, str) else []
        found += [self.rule(part, around) for part in parts] if isinstance(parts, list) else []
        apart = {key for key, kind in (("$ref", str), ("allOf", list)) if isinstance(rule.get(key), kind)}
        own = {
            key: value if key in _PLAIN else self.rule(value, frozenset() if key in _DEEPER else around)
            for key, value in rule.items()
            if key not in apart
        }
        if len(found) == 1 and not own:
            return found[0]
        return _as_one([*found, own]) if found else own

    def at(self, reference: str, around: frozenset[str]) -> dict[str, Any]:
        """What the reference points at; while that is being resolved, the place where it will be."""
        if reference in around:
            return {}
        if reference not in self.known:
            place = self.known[reference] = {}
            target = self.rule(_pointed(reference, self.root), around | {reference})
            place.update(target if isinstance(target, Mapping) else {})
        return self.known[reference]


def _pointed(reference: str, root: Mapping[str, Any]) -> Any:
    """The part of the schema at #/$defs/Name; anything where there is none."""
    place: Any = root
    for step in reference.removeprefix("#").split("/")[1:]:
        name = unquote(step).replace("~1", "/").replace("~0", "~")
        place = place.get(name, {}) if isinstance(place, Mapping) else {}
    return place if reference.startswith("#") else {}


def _as_one(rules: list[Any]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for rule in rules:
        for key, value in rule.items() if isinstance(rule, Mapping) else ():
            before = whole.get(key)
            if key == "properties" and isinstance(before, Mapping) and isinstance(value, Mapping):
                whole[key] = {**before, **value}
            elif key == "required" and isinstance(before, list) and isinstance(value, list):
                whole[key] = [*before, *value]
            else:
                whole[key] = value
    return whole
