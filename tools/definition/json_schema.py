"""Check JSON values against a JSON Schema that somebody else wrote: a tool server's, an OpenAPI document's.

Drafts 4 to 2020-12. What only annotates (`format`, `title`) is not checked, and neither is `unevaluatedProperties`: whoever performs the
call checks its arguments again. Nothing is ever fetched.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NoReturn

from ..canonical import Json, JsonObject
from ..errors import UsageError

LONGEST_SCHEMA = 200_000
DEEPEST = 100
_KINDS: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_NOT_SCHEMAS = frozenset({"const", "enum", "default", "example", "examples"})
_MOST_PROBLEMS = 10


def read_schema(schema: object, tool: str) -> JsonObject:
    """Return the schema of a tool's arguments with its definitions under `$defs`. No schema at all: the tool takes no arguments.

    Raises UsageError for what is not the schema of an object, refers to nothing or to another document, or is too long to send.
    """
    if schema is None or schema is True or schema == {}:
        schema = {"type": "object", "properties": {}}
    if not isinstance(schema, Mapping):
        raise UsageError(f"The tool {tool} has the schema {str(schema)[:80]!r}. Write a JSON Schema of an object.")
    try:
        text = json.dumps(schema, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"The schema of the tool {tool} is not JSON: {error}.") from None
    if len(text) > LONGEST_SCHEMA:
        raise UsageError(f"The schema of the tool {tool} has {len(text)} characters; a model is sent at most {LONGEST_SCHEMA}.")
    root: JsonObject = json.loads(text)
    kind = root.get("type", "object")
    if kind != "object" and not (isinstance(kind, list) and "object" in kind):
        raise UsageError(f"The schema of the tool {tool} is of type {kind!r}; a call's arguments are an object.")
    required = root.get("required", [])
    if not (isinstance(required, list) and all(isinstance(each, str) for each in required)):
        raise UsageError(f"The schema of the tool {tool} has required: {str(required)[:80]}. Write a list of names.")
    try:
        read = _References(root, tool).collect()
    except RecursionError:
        raise UsageError(f"The schema of the tool {tool} is nested too deep.") from None
    read["type"] = "object"
    properties = read.setdefault("properties", {})
    if not isinstance(properties, dict):
        raise UsageError(f"The schema of the tool {tool} has properties that are {type(properties).__name__}; they are an object.")
    return read


class _References:
    """Rewrites every `$ref` of a schema as one into `$defs`: that is where all the rest of Sayso looks."""

    def __init__(self, root: JsonObject, tool: str) -> None:
        self.root, self.tool, self.defs, self.names = root, tool, dict[str, Json](), dict[str, str]()

    def collect(self) -> JsonObject:
        top = {key: value for key, value in self.root.items() if key not in ("$defs", "definitions", "$schema", "$id")}
        read: JsonObject = self.rewrite(top)
        if self.defs:
            read["$defs"] = self.defs
        for name, rule in self.defs.items():
            self.check_end(name, rule)
        return read

    def rewrite(self, schema: Json) -> Json:
        if isinstance(schema, list):
            return [self.rewrite(each) for each in schema]
        if not isinstance(schema, dict):
            return schema
        found = {
            key: value
            if key in _NOT_SCHEMAS
            else {name: self.rewrite(rule) for name, rule in value.items()}  # a property may be called "$ref" or "default"
            if key in ("properties", "patternProperties", "dependentSchemas") and isinstance(value, dict)
            else self.rewrite(value)
            for key, value in schema.items()
        }
        # A dynamic reference is one to its own anchor: no schema here is extended by another.
        if isinstance(reference := schema.get("$ref", schema.get("$dynamicRef")), str):
            found["$ref"] = f"#/$defs/{self.name(reference)}"
            found.pop("$dynamicRef", None)
        return found

    def name(self, reference: str) -> str:
        """Return the name under which a reference is defined, and define it."""
        if reference not in self.names:
            target = self.follow(reference)
            last = "".join(letter if letter.isalnum() else "_" for letter in reference.rpartition("/")[2]).strip("_") or "self"
            name = last if last not in self.defs else f"{last}_{len(self.defs)}"
            self.names[reference], self.defs[name] = name, {}
            rule = self.rewrite({key: value for key, value in target.items() if key not in ("$defs", "definitions", "$schema", "$id")})
            self.defs[name] = rule
        return self.names[reference]

    def follow(self, reference: str) -> JsonObject:
        target: Json = self.root
        own = str(self.root.get("$id", self.root.get("id", ""))).removesuffix("#")
        if own and reference.startswith(f"{own}#"):
            reference = reference.removeprefix(own)
        if reference.startswith("#") and reference[1:2] not in ("", "/"):
            target = _find_anchor(self.root, reference[1:])
            return {} if target is True else target if isinstance(target, dict) else self.refuse(reference)
        for step in reference.removeprefix("#").split("/")[1:] if reference.startswith("#") else ():
            key = step.replace("~1", "/").replace("~0", "~").replace("%25", "%")
            target = target.get(key) if isinstance(target, dict) else target[int(key)] if _is_place(target, key) else None
        if target is True:
            return {}
        if not isinstance(target, dict) or not (reference == "#" or reference.startswith("#/")):
            self.refuse(reference)
        return target

    def refuse(self, reference: str) -> NoReturn:
        raise UsageError(
            f"The schema of the tool {self.tool} refers to {reference[:80]!r}, which is not in it. Put it under $defs; nothing is fetched."
        )

    def check_end(self, name: str, rule: Json) -> None:
        """Refuse a definition that stands for nothing but itself."""
        seen = {name}
        while isinstance(rule, dict) and isinstance(reference := rule.get("$ref"), str):
            name = reference.rpartition("/")[2]
            if name in seen:
                raise UsageError(f"The schema of the tool {self.tool} defines {name!r} as itself. Write out its definition.")
            seen.add(name)
            rule = self.defs.get(name)


def _find_anchor(schema: Json, name: str) -> Json:
    """Return the part of a schema that has given itself that name, None where none has."""
    if isinstance(schema, dict):
        if name in (schema.get("$anchor"), schema.get("$dynamicAnchor")) or f"#{name}" in (schema.get("$id"), schema.get("id")):
            return schema
        parts = [value for key, value in schema.items() if key not in _NOT_SCHEMAS]
    else:
        parts = schema if isinstance(schema, list) else []
    return next((found for part in parts if (found := _find_anchor(part, name)) is not None), None)


def _is_place(target: Json, key: str) -> bool:
    return isinstance(target, list) and key.isdecimal() and int(key) < len(target)


def merge_root(schema: JsonObject) -> JsonObject:
    """Return the schema as endpoints take it, which refuse unions at the root: every property, and those required that always are."""
    if not schema.keys() & {"anyOf", "oneOf", "allOf", "$ref", "not", "if", "then", "else", "enum", "const"}:
        return schema
    defs = schema.get("$defs", {})
    properties, required = _merge(schema, defs, set())
    shown = {key: value for key, value in schema.items() if key in ("$defs", "description", "additionalProperties")}
    return {"type": "object", "properties": properties, **({"required": sorted(required)} if required else {}), **shown}


def _merge(rule: Json, defs: Mapping[str, Json], seen: set[str]) -> tuple[JsonObject, set[str]]:
    if not isinstance(rule, dict):
        return {}, set()
    properties: JsonObject = dict(_as_dict(rule.get("properties")))
    required = {each for each in _as_list(rule.get("required")) if isinstance(each, str)}
    parts: list[Json] = list(_as_list(rule.get("allOf")))
    reference = str(rule.get("$ref", "")).rpartition("/")[2]
    if reference and reference not in seen:
        seen = seen | {reference}
        parts.append(defs.get(reference))
    for part in parts:
        more, needed = _merge(part, defs, seen)
        properties, required = {**more, **properties}, required | needed
    for union in ("anyOf", "oneOf"):
        merged = [_merge(part, defs, seen) for part in _as_list(rule.get(union))]
        for more, _ in merged:
            for name, each in more.items():
                known: Any = properties.get(name, each)
                properties[name] = known if known == each else {"anyOf": [known, each]}
        if merged:
            required |= merged[0][1].intersection(*(needed for _, needed in merged))
    return properties, required


def leave_out_nulls(value: Json, rule: Json, defs: Mapping[str, Json], depth: int = 0) -> Json:
    """Return a value without each null that stands for "not given": where the schema takes none, and needs none."""
    if not isinstance(rule, dict) or depth > DEEPEST:
        return value
    if isinstance(value, list):
        return [leave_out_nulls(each, rule.get("items"), defs, depth + 1) for each in value]
    if not isinstance(value, dict):
        return value
    properties, required = _merge(rule, defs, set())
    kept: JsonObject = {}
    for name, item in value.items():
        part = properties.get(name)
        if item is not None or part is None or name in required or _fits(None, part, defs, 0):
            kept[name] = leave_out_nulls(item, part, defs, depth + 1)
    return kept


def find_problems(value: Json, schema: JsonObject) -> list[str]:
    """Return a sentence for each place where a value does not fit, at most ten; none where it fits."""
    found: list[str] = []
    try:
        for problem in _check(value, schema, schema.get("$defs", {}), "", 0):
            found.append(problem)
            if len(found) == _MOST_PROBLEMS:
                break
    except RecursionError:
        found.append("the arguments are nested too deep")
    return found


_ONLY_A_KIND = frozenset({"type", "title", "description", "default", "examples"})
"""What a rule may hold that asks for nothing but a kind of value."""


def _check(value: Json, rule: Json, defs: Mapping[str, Json], at: str, depth: int) -> Iterator[str]:
    if rule is False:
        yield f"{_name(at)} is not allowed"
    if not isinstance(rule, dict):
        return
    if rule.keys() <= _ONLY_A_KIND and isinstance(kind := rule.get("type"), str) and _is_kind(value, kind):
        return  # most arguments: the generators below cost more than all else that a call is checked for
    if depth > DEEPEST:
        yield f"{_name(at)} is nested too deep"
        return
    if isinstance(reference := rule.get("$ref"), str):
        yield from _check(value, defs.get(reference.rpartition("/")[2], True), defs, at, depth + 1)
    problems = list(_check_kind(value, rule, at))
    if problems:
        yield from problems
        return
    yield from _check_unions(value, rule, defs, at, depth + 1)
    if isinstance(value, dict):
        yield from _check_object(value, rule, defs, at, depth + 1)
    elif isinstance(value, list):
        yield from _check_array(value, rule, defs, at, depth + 1)
    elif isinstance(value, str):
        yield from _check_text(value, rule, at)
    elif type(value) in (int, float):
        yield from _check_number(value, rule, at)


def _fits(value: Json, rule: Json, defs: Mapping[str, Json], depth: int) -> bool:
    return next(_check(value, rule, defs, "", depth), None) is None


def _check_kind(value: Json, rule: JsonObject, at: str) -> Iterator[str]:
    kinds = rule.get("type")
    named = [kinds] if isinstance(kinds, str) else [each for each in kinds if isinstance(each, str)] if isinstance(kinds, list) else []
    if rule.get("nullable") is True and named:  # OpenAPI 3.0
        named.append("null")
    if named and not any(_is_kind(value, each) for each in named):
        yield f"{_name(at)}: should be {' or '.join(named)}, got {_show(value)}"
    elif "enum" in rule and isinstance(rule["enum"], list) and not any(is_equal(value, each) for each in rule["enum"]):
        yield f"{_name(at)}: should be one of {', '.join(map(_show, rule['enum'][:20]))}, got {_show(value)}"
    elif "const" in rule and not is_equal(value, rule["const"]):
        yield f"{_name(at)}: should be {_show(rule['const'])}, got {_show(value)}"


def _is_kind(value: Json, kind: str) -> bool:
    if kind not in _KINDS:
        return True  # a type of somebody's own
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _KINDS[kind]) and not (kind == "integer" and isinstance(value, float) and not value.is_integer())


def is_equal(one: Json, other: Json) -> bool:
    """Return whether two JSON values are one: 1 is 1.0, and true is no 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_equal(item, other[key]) for key, item in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_equal, one, other))
    return bool(one == other)


def _check_unions(value: Json, rule: JsonObject, defs: Mapping[str, Json], at: str, depth: int) -> Iterator[str]:
    for part in _as_list(rule.get("allOf")):
        yield from _check(value, part, defs, at, depth)
    if anys := _as_list(rule.get("anyOf")):
        tried = [list(_check(value, part, defs, at, depth)) for part in anys]
        if all(tried):
            yield min(tried, key=len)[0] if len(tried) == 1 else f"{_name(at)} fits none of its forms ({_explain(tried)})"
    if ones := _as_list(rule.get("oneOf")):
        tried = [list(_check(value, part, defs, at, depth)) for part in ones]
        fitting = sum(not problems for problems in tried)
        if fitting != 1:
            yield f"{_name(at)} fits {fitting or 'none'} of its forms, and should fit one" + (
                f" ({_explain(tried)})" if not fitting else ""
            )
    if "not" in rule and _fits(value, rule["not"], defs, depth):
        yield f"{_name(at)} is of a form that is not allowed"
    if "if" in rule:
        branch = "then" if _fits(value, rule["if"], defs, depth) else "else"
        yield from _check(value, rule.get(branch, True), defs, at, depth)


def _explain(tried: Sequence[Sequence[str]]) -> str:
    return "; or ".join(dict.fromkeys(problems[0] for problems in tried[:4]))


def _check_object(value: JsonObject, rule: JsonObject, defs: Mapping[str, Json], at: str, depth: int) -> Iterator[str]:
    properties, patterns = _as_dict(rule.get("properties")), _as_dict(rule.get("patternProperties"))
    for name in _as_list(rule.get("required")):
        if isinstance(name, str) and name not in value:
            yield f"{_name(_below(at, name))} is missing"
    for name, needed in {**_as_dict(rule.get("dependencies")), **_as_dict(rule.get("dependentRequired"))}.items():
        if name in value and isinstance(needed, list):
            yield from (
                f"{_name(_below(at, each))} is missing beside {name!r}" for each in needed if isinstance(each, str) and each not in value
            )
    for name, part in {**_as_dict(rule.get("dependencies")), **_as_dict(rule.get("dependentSchemas"))}.items():
        if name in value and not isinstance(part, list):
            yield from _check(value, part, defs, at, depth)
    for name, item in value.items():
        place, others = _below(at, name), rule.get("additionalProperties", True)
        if "propertyNames" in rule and not _fits(name, rule["propertyNames"], defs, depth):
            yield f"there is no argument {place!r}"
        rules = [properties[name]] if name in properties else []
        rules += [part for pattern, part in patterns.items() if _matches(pattern, name)]
        if not rules and others is False:
            yield f"there is no argument {place!r} (arguments: {', '.join(properties) or 'none'})"
        for part in rules or [others]:
            yield from _check(item, part, defs, place, depth)
    yield from _check_size(len(value), rule, "Properties", at, "entries")


def _check_array(value: list[Json], rule: JsonObject, defs: Mapping[str, Json], at: str, depth: int) -> Iterator[str]:
    items, first = rule.get("items", True), _as_list(rule.get("prefixItems"))
    if isinstance(items, list):  # before draft 2020-12
        items, first = rule.get("additionalItems", True), items
    for index, item in enumerate(value):
        yield from _check(item, first[index] if index < len(first) else items, defs, f"{at}[{index}]", depth)
    if rule.get("uniqueItems") is True and any(is_equal(one, other) for at_, one in enumerate(value) for other in value[:at_]):
        yield f"{_name(at)} has an item twice"
    if "contains" in rule:
        number = sum(_fits(item, rule["contains"], defs, depth) for item in value)
        least, most = _as_number(rule.get("minContains"), 1), _as_number(rule.get("maxContains"), number)
        if not least <= number <= most:
            yield f"{_name(at)} has {number} items of the form that it should contain"
    yield from _check_size(len(value), rule, "Items", at, "items")


def _check_text(value: str, rule: JsonObject, at: str) -> Iterator[str]:
    pattern = rule.get("pattern")
    if isinstance(pattern, str) and not _matches(pattern, value):
        yield f"{_name(at)}: should match the pattern {pattern[:80]!r}, got {_show(value)}"
    yield from _check_size(len(value), rule, "Length", at, "characters")


def _check_size(size: int, rule: JsonObject, what: str, at: str, unit: str) -> Iterator[str]:
    if size < _as_number(rule.get(f"min{what}"), size):
        yield f"{_name(at)}: should have at least {rule[f'min{what}']} {unit}, has {size}"
    if size > _as_number(rule.get(f"max{what}"), size):
        yield f"{_name(at)}: should have at most {rule[f'max{what}']} {unit}, has {size}"


def _check_number(value: float, rule: JsonObject, at: str) -> Iterator[str]:
    bounds: tuple[tuple[str, str, Callable[[Any, Any], bool]], ...] = (
        ("minimum", "at least", lambda seen, bound: seen >= bound),
        ("maximum", "at most", lambda seen, bound: seen <= bound),
        ("exclusiveMinimum", "more than", lambda seen, bound: seen > bound),
        ("exclusiveMaximum", "less than", lambda seen, bound: seen < bound),
    )
    for key, words, fits in bounds:
        bound = rule.get(key)
        if bound is True:  # draft 4: whether the other bound itself is excluded
            bound = rule.get("minimum" if key == "exclusiveMinimum" else "maximum")
        if type(bound) in (int, float) and not fits(value, bound):
            yield f"{_name(at)}: should be {words} {bound}, got {value}"
    step = _as_number(rule.get("multipleOf"), 0)
    if step > 0 and not _is_multiple(value, step):
        yield f"{_name(at)}: should be a multiple of {step}, got {value}"


def _is_multiple(value: float, step: float) -> bool:
    from decimal import Context, Decimal  # late, for load time

    exact = Context(prec=1000)  # 0.0075 is a multiple of 0.0001, and no float says so
    try:
        return exact.remainder(Decimal(repr(value)), Decimal(repr(step))) == 0
    except ArithmeticError:
        return True


@cache
def _compile(pattern: str) -> Callable[[str], object] | None:
    """Return what matches a pattern in linear time, or None for one that only a backtracking engine knows: a server could hang us."""
    from pydantic_core import SchemaError, SchemaValidator, core_schema

    try:
        return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex")).isinstance_python
    except SchemaError:
        return None


def _matches(pattern: str, text: str) -> bool:
    matches = _compile(pattern)
    return matches is None or bool(matches(text))


def _as_list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _as_dict(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _as_number(value: Json, default: float) -> float:
    return value if type(value) in (int, float) else default


def _below(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _name(at: str) -> str:
    return repr(at) if at else "the arguments"


def _show(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:60]}... ({len(text)} characters)"
