"""Tools that are made from a JSON Schema: what calls are checked with, what a model is shown, what an approval holds for."""

from __future__ import annotations

from typing import Any

import pytest

from sayso import Agent, Approve, ScriptedModel, engine, tool
from sayso.agents import Reply, call
from sayso.tools import ApprovalRequest, InvalidArguments, ToolContext, UsageError

RECURSIVE = {
    "type": "object",
    "properties": {"path": {"type": "string"}, "max-results": {"type": "integer", "minimum": 1}, "tree": {"$ref": "#/definitions/Node"}},
    "required": ["path"],
    "additionalProperties": False,
    "definitions": {"Node": {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#/definitions/Node"}}}}},
}


async def echo(arguments: dict[str, Any]) -> Any:
    return arguments


def of(schema: Any, **more: Any) -> Any:
    return tool.from_schema(echo, name="fs.write-file", schema=schema, description="Writes.", **more)


FITS = {
    "names that Python could not have": (RECURSIVE, {"path": "a", "max-results": 3}, {"path": "a", "max-results": 3}),
    "an object as JSON in a text": (RECURSIVE, {"path": "a", "tree": '{"children": []}'}, {"path": "a", "tree": {"children": []}}),
    "no schema": (None, {}, {}),
    "one of two forms": ({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"a": 1}, {"a": 1}),
    "a text that holds JSON where text is wanted": ({"properties": {"a": {"type": "string"}}}, {"a": "[1]"}, {"a": "[1]"}),
}


@pytest.mark.parametrize(("schema", "arguments", "checked"), FITS.values(), ids=FITS)
def test_what_a_schema_takes(schema: Any, arguments: dict[str, Any], checked: dict[str, Any]) -> None:
    assert of(schema).check(arguments) == checked


REFUSED = {
    "a missing argument": (RECURSIVE, {}, "'path' is missing"),
    "an unknown argument": (RECURSIVE, {"path": "a", "pat": 1}, "there is no argument 'pat' (arguments: path, max-results, tree)"),
    "true for a number": (RECURSIVE, {"path": "a", "max-results": True}, "'max-results': should be integer, got true"),
    "too small": (RECURSIVE, {"path": "a", "max-results": 0}, "'max-results': should be at least 1, got 0"),
    "deep inside": (
        RECURSIVE,
        {"path": "a", "tree": {"children": [{"children": 1}]}},
        "'tree.children[0].children': should be array, got 1",
    ),
    "both of two forms": ({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"a": 1, "b": 1}, "fits 2 of its forms"),
    "NaN": (None, {"a": float("nan")}, "not finite"),
    "a key twice in a text": ({"properties": {"a": {"type": "object"}}}, {"a": '{"to": "ada", "to": "eve"}'}, "'a': should be object"),
    "infinity in a text": ({"properties": {"a": {"type": "array"}}}, {"a": "[1e999]"}, "'a': should be array"),
    "a rule that is none": ({"dependencies": {"a": [5, {}, "b"]}}, {"a": 1}, "'b' is missing beside 'a'"),
    "forms that are none": ({"anyOf": 5, "allOf": [{"properties": [1], "required": 5}], "required": ["a"]}, {}, "'a' is missing"),
    "a pattern that would hang": ({"properties": {"a": {"pattern": "^(a+)+$"}}}, {"a": "a" * 50 + "!"}, "should match the pattern"),
}


@pytest.mark.parametrize(("schema", "arguments", "problem"), REFUSED.values(), ids=REFUSED)
def test_what_a_schema_refuses(schema: Any, arguments: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidArguments) as caught:
        of(schema).check(arguments)
    assert problem in str(caught.value)


UNUSABLE = {
    "a list": ({"type": "array"}, "of type 'array'"),
    "a number as its type": ({"type": 5}, "of type 5"),
    "names that are none": ({"type": "object", "required": 5}, "has required: 5. Write a list of names."),
    "a text": ("{}", "Write a JSON Schema of an object"),
    "another document": ({"properties": {"a": {"$ref": "https://example.org/a.json"}}}, "nothing is fetched"),
    "a definition that is not there": ({"properties": {"a": {"$ref": "#/$defs/A"}}}, "which is not in it"),
    "a definition that is itself": (
        {"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}}},
        "defines 'A' as itself",
    ),
    "five megabytes": ({"description": "x" * 5_000_000}, "a model is sent at most"),
}


@pytest.mark.parametrize(("schema", "why"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_schema_that_no_call_can_be_checked_with_is_refused_when_the_tool_is_made(schema: Any, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        of(schema)
    assert why in str(caught.value)


def test_a_union_at_the_root_is_shown_as_one_object_since_endpoints_refuse_it() -> None:
    one = {"properties": {"a": {"type": "string"}, "n": {"type": "integer"}}, "required": ["a", "n"]}
    other = {"properties": {"b": {"type": "string"}, "n": {"type": "integer"}}, "required": ["b", "n"]}
    shown = of({"oneOf": [one, other]}).parameters
    assert shown == {
        "type": "object",
        "properties": {"a": {"type": "string"}, "n": {"type": "integer"}, "b": {"type": "string"}},
        "required": ["n"],
    }


def test_an_approval_holds_for_server_version_name_description_and_schema() -> None:
    made = of(RECURSIVE, identity="server", version="1")
    others = [
        of(RECURSIVE, identity="other", version="1"),
        of(RECURSIVE, identity="server", version="2"),
        of({**RECURSIVE, "required": []}, identity="server", version="1"),
        of(RECURSIVE, identity="server", version="1", effect="read"),
        tool.from_schema(echo, name="fs.write-file", schema=RECURSIVE, description="Writes!", identity="server", version="1"),
        tool.from_schema(echo, name="fs.write_file", schema=RECURSIVE, description="Writes.", identity="server", version="1"),
    ]
    assert made.version == of(RECURSIVE, identity="server", version="1").version
    assert len({made.version, *(each.version for each in others)}) == 7


NAMES = {
    "plain": ("read_file", "read_file"),
    "dots and dashes": ("fs.read-file", "fs_read_file"),
    "a path": ("github/issues:list", "github_issues_list"),
    "another script": ("読む", "_015121f9"),
    "too long": ("a" * 70, "a" * 55 + "_2daf2116"),
    "a number first": ("7zip", "_7zip"),
}


@pytest.mark.parametrize(("given", "name"), NAMES.values(), ids=NAMES)
def test_a_name_that_endpoints_refuse_is_mapped(given: str, name: str) -> None:
    made = tool.from_schema(echo, name=given, schema=None)
    assert (made.given_name, made.name) == (given, name)
    assert len(name) <= 64


async def test_a_write_asks_with_its_arguments_and_is_performed_with_exactly_those() -> None:
    done: list[tuple[object, bool]] = []

    async def write(arguments: dict[str, Any], context: ToolContext[object]) -> str:
        done.append((arguments, bool(context.key)))
        return "written"

    made = tool.from_schema(write, name="fs.write-file", schema=RECURSIVE, description="Writes.", identity="server")
    model = ScriptedModel(Reply(calls=(call("fs_write_file", path="a", **{"max-results": 3}),)), "Done.")
    result = await Agent(model, tools=[made]).run("Go", engine=engine(strict=True))
    (request,) = result.pending
    assert request.card == 'fs_write_file(max-results=3, path="a")'
    assert request.warnings == ("fs_write_file does not say what it does to the world, so it is treated as a write.",)
    assert done == []
    result = await result.resume({request.digest: Approve(by="ada")})
    assert (result.output, done) == ("Done.", [({"path": "a", "max-results": 3}, True)])
    assert result.labels.untrusted


def test_what_the_program_has_bound_is_not_shown_to_the_model_and_is_sent() -> None:
    bound = of(RECURSIVE).using(path="here")
    assert list(bound.parameters["properties"]) == ["max-results", "tree"]
    assert "required" not in bound.parameters
    assert bound.check({"max-results": 1}) == {"path": "here", "max-results": 1}
    assert bound.version == of(RECURSIVE).version


def test_a_secret_of_a_schema_is_stars_on_the_card() -> None:
    schema = {"properties": {"key": {"$ref": "#/definitions/Key"}}, "definitions": {"Key": {"type": "string", "format": "password"}}}
    got: list[object] = []

    async def log_in(arguments: dict[str, Any]) -> str:
        got.append(arguments)
        return "in"

    made = tool.from_schema(log_in, name="log_in", schema=schema)
    model = ScriptedModel(Reply(calls=(call("log_in", key="hunter2"),)), "Done.")
    cards = []

    async def yes(request: ApprovalRequest) -> Approve:
        cards.append(request.card)
        return Approve(by="ada")

    assert Agent(model, tools=[made]).run_sync("Log in", approve=yes).output == "Done."
    assert (got, cards) == ([{"key": "hunter2"}], ['log_in(key="**********")'])


def test_what_performs_must_be_async() -> None:
    with pytest.raises(UsageError, match="is not async"):
        tool.from_schema(lambda arguments: arguments, name="x", schema=None)  # type: ignore[arg-type,return-value]
