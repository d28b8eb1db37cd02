"""Arguments take the type that the schema names, and are refused where that would change what was meant."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from sayso.tools import read

Schema = dict[str, Any]


def one(rule: Schema, **more: Any) -> list[Schema]:
    return [{"type": "function", "function": {"name": "f", "parameters": {"properties": {"x": rule}, **more}}}]


INTEGER, NUMBER, TEXT, TRUTH = ({"type": kind} for kind in ("integer", "number", "string", "boolean"))
UNIT = {"enum": ["celsius", "fahrenheit"], "type": "string"}
MAYBE = {"anyOf": [INTEGER, {"type": "null"}]}

FITS: Mapping[str, tuple[Schema, str, Any]] = {
    "a number in quotes": (INTEGER, '"9876"', 9876),
    "a whole float": (INTEGER, "20.0", 20),
    "a number for a text": (TEXT, "9876", "9876"),
    "a truth in quotes": (TRUTH, '"True"', True),
    "a choice in another case": (UNIT, '"Celsius"', "celsius"),
    "a choice of numbers": ({"enum": [1, 2]}, '"2"', 2),
    "the only choice": ({"const": "go"}, '"GO"', "go"),
    "a list in a text": ({"type": "array", "items": INTEGER}, '"[1, \\"2\\"]"', [1, 2]),
    "a list's items": ({"type": "array", "items": MAYBE}, '["1", null, 2]', [1, None, 2]),
    "an object's members": ({"type": "object", "properties": {"y": INTEGER}}, '{"y": "5", "z": "5"}', {"y": 5, "z": "5"}),
    "an object's other members": ({"type": "object", "additionalProperties": NUMBER}, '{"y": "1.5"}', {"y": 1.5}),
    "either, as it is": ({"anyOf": [INTEGER, TEXT]}, '"5"', "5"),
    "either, made to fit": (MAYBE, '"5"', 5),
    "several types": ({"type": ["integer", "null"]}, '"5"', 5),
    "a type of another language": ({"type": "uint32"}, '"5"', 5),
    "no type": ({}, '"5"', "5"),
}


@pytest.mark.parametrize(("rule", "written", "value"), FITS.values(), ids=FITS)
def test_a_value_takes_the_type_of_the_schema(rule: Schema, written: str, value: Any) -> None:
    (call,) = read(f'{{"name": "f", "arguments": {{"x": {written}}}}}', one(rule)).calls
    assert json.dumps(call.arguments["x"]) == json.dumps(value)


REFUSED: Mapping[str, tuple[Schema, str, str]] = {
    "a word for a number": (INTEGER, '"seven"', "x as integer, not 'seven'"),
    "half for a whole": (INTEGER, "2.5", "x as integer, not '2.5'"),
    "one for true": (TRUTH, "1", "x as boolean, not '1'"),
    "true for a text": (TEXT, "true", "x as string, not 'True'"),
    "a list for a text": (TEXT, "[1]", "x as string, not '[1]'"),
    "a text for a list": ({"type": "array"}, '"a, b"', "x as a JSON array, not 'a, b'"),
    "no such choice": (UNIT, '"kelvin"', "x as one of celsius, fahrenheit, not 'kelvin'"),
    "deep inside": ({"type": "array", "items": {"type": "object", "properties": {"y": INTEGER}}}, '[{"y": "five"}]', "x[0].y as integer"),
    "none of several": ({"anyOf": [INTEGER, TRUTH]}, '"five"', "x in one of its types, not 'five'"),
}


@pytest.mark.parametrize(("rule", "written", "expected"), REFUSED.values(), ids=REFUSED)
def test_a_value_of_another_meaning_is_refused(rule: Schema, written: str, expected: str) -> None:
    reading = read(f'{{"name": "f", "arguments": {{"x": {written}}}}}', one(rule))
    assert reading.calls == ()
    assert expected in reading.problems[0].expected


TREE = {"type": "object", "properties": {"size": INTEGER, "next": {"anyOf": [{"$ref": "#/$defs/Tree"}, {"type": "null"}]}}}
NAMED = {"Unit": UNIT, "Tree": TREE, "Itself": {"$ref": "#/$defs/Itself"}, "Loop": {"allOf": [{"$ref": "#/$defs/Loop"}, INTEGER]}}
REFERENCES: Mapping[str, tuple[Schema, str, Any]] = {
    "a choice": ({"$ref": "#/$defs/Unit"}, '"CELSIUS"', "celsius"),
    "a choice with a default": ({"allOf": [{"$ref": "#/$defs/Unit"}], "default": "celsius"}, '"Fahrenheit"', "fahrenheit"),
    "a tree": (
        {"$ref": "#/$defs/Tree"},
        '{"size": "1", "next": {"size": "2", "next": {"size": "3"}}}',
        {"size": 1, "next": {"size": 2, "next": {"size": 3}}},
    ),
    "nothing but itself": ({"$ref": "#/$defs/Itself"}, '"5"', "5"),
    "itself and more": ({"$ref": "#/$defs/Loop"}, '"5"', 5),
    "elsewhere": ({"$ref": "https://example.org/other.json"}, '"5"', "5"),
    "nowhere": ({"$ref": "#/$defs/Nobody"}, '"5"', "5"),
}


@pytest.mark.parametrize(("rule", "written", "value"), REFERENCES.values(), ids=REFERENCES)
def test_a_reference_stands_for_what_it_points_at(rule: Schema, written: str, value: Any) -> None:
    (call,) = read(f'{{"name": "f", "arguments": {{"x": {written}}}}}', one(rule, **{"$defs": NAMED})).calls
    assert json.dumps(call.arguments["x"]) == json.dumps(value)


def test_a_choice_behind_a_reference_is_a_text_in_tags_too() -> None:
    tools = one({"$ref": "#/$defs/Code"}, **{"$defs": {"Code": {"enum": ["1", "2"]}}})
    (call,) = read("<tool_call><function=f><parameter=x>2</parameter></function></tool_call>", tools).calls
    assert call.arguments == {"x": "2"}
