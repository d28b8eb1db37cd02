"""A GBNF grammar that lets a model write prose, and calls only with arguments that fit the tools' schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from sayso.tools.canonical import JsonObject
from sayso.tools.definition.tool import AnyTool
from sayso.tools.dialects import DIALECTS, ReadCall

_KEY = "~"
_BASE = r"""
string ::= "\"" char* "\""
char ::= [^"\\\x7F\x00-\x1F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4})
integer ::= "-"? ("0" | [1-9] [0-9]{0,15})
number ::= integer ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,3})?
boolean ::= "true" | "false"
null ::= "null"
array ::= "[" (value (", "? value)*)? "]"
object ::= "{" (string ": "? value ("," " "? string ":" " "? value)*)? "}"
value ::= string | number | boolean | null | array | object
"""
_IN_PROSE = r"""
root ::= gap? (item gap)* item?
item ::= word | call
word ::= [0-9A-Za-z_]+
gap ::= [^0-9A-Za-z_(] [^0-9A-Za-z_]*
"""


def grammar_for(dialect: str, tools: Sequence[AnyTool]) -> str:
    """Return a GBNF grammar for prose with calls of these tools in the dialect.

    Empty for a dialect that writes values as bare text between tags, or whose calls begin like any word: a grammar cannot tell those from
    prose. The notation: https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md
    """
    calls = {tool.name: _find_frame(dialect, tool) for tool in tools}
    if not calls or not all(calls.values()):
        return ""
    rules: dict[str, str] = {}
    forms = []
    for index, tool in enumerate(tools):
        before, after, is_json = calls[tool.name] or ("", "", True)
        arguments = _write_arguments(f"t{index}", tool.parameters, rules, is_json=is_json)
        forms.append(f"{_write_literal(before)} {arguments} {_write_literal(after)}")
    rules["call"] = " | ".join(forms)
    opening = calls[tools[0].name]
    first = opening[0][0] if opening else ""
    if dialect == "call":
        head = _IN_PROSE
    else:
        rules["prose"] = f"[^{_escape_in_class(first)}]*"
        head = "\nroot ::= prose (call prose)?\n"
    return head.lstrip() + "\n".join(f"{name} ::= {rule}" for name, rule in rules.items()) + _BASE


def _find_frame(dialect: str, tool: AnyTool) -> tuple[str, str, bool] | None:
    """Return the text around a call's arguments, and whether these are a JSON object (else key=value); None where they are neither."""
    written = DIALECTS[dialect].render(ReadCall(tool.name, {_KEY: _KEY}))
    parts = written.split(json.dumps({_KEY: _KEY}))
    if len(parts) == 2 and f"{tool.name}(" not in written and not parts[0][0].isalnum():
        return parts[0], parts[1], True
    parts = DIALECTS[dialect].render(ReadCall(tool.name, {})).split(f"{tool.name}()")
    if len(parts) == 2 and (dialect == "call" or (not parts[0][:1].isalnum() and parts[0])):
        return f"{parts[0]}{tool.name}(", f"){parts[1]}", False
    return None


def _write_arguments(name: str, schema: JsonObject, rules: dict[str, str], *, is_json: bool) -> str:
    """Return the rule for an object's members: the required ones in order, then any of the others in order."""
    definitions = schema.get("$defs") or {}
    needed = set(schema.get("required") or ())
    members: list[tuple[str, bool]] = []
    properties = schema.get("properties") or {}
    for index, (key, rule) in enumerate(sorted(properties.items(), key=lambda each: each[0] not in needed)):
        value = _write_value(f"{name}-{index}", rule, rules, definitions)
        members.append((f"{_write_literal(json.dumps(key) + ': ' if is_json else key + '=')} {value}", key in needed))
    inside = _write_members(members)
    return f'"{{" {inside} "}}"' if is_json else inside


def _write_members(members: Sequence[tuple[str, bool]]) -> str:
    needed = [member for member, is_needed in members if is_needed]
    others = [member for member, is_needed in members if not is_needed]
    if needed:
        return ' ", " '.join(needed) + "".join(f' (", " {member})?' for member in others)
    # Any of them may be the first, so each way to begin is written out.
    ways = [member + "".join(f' (", " {later})?' for later in others[at + 1 :]) for at, member in enumerate(others)]
    return f"({' | '.join(ways)})?" if ways else '""'


def _write_value(name: str, schema: object, rules: dict[str, str], definitions: JsonObject) -> str:
    """Return the rule for a value of that schema; any JSON where the schema has nothing that a grammar can express."""
    if not isinstance(schema, Mapping):
        return "value"
    if "$ref" in schema:
        named = str(schema["$ref"]).rpartition("/")[2]
        rule = f"d-{re.sub(r'[^A-Za-z0-9]', '-', named)}"
        if rule not in rules:
            rules[rule] = "value"  # a schema may hold itself
            rules[rule] = _write_value(f"{rule}-v", definitions.get(named), rules, definitions)
        return rule
    if "enum" in schema or "const" in schema:
        return _write_choice(_write_literal(json.dumps(each, ensure_ascii=False)) for each in schema.get("enum", [schema.get("const")]))
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return _write_choice(_write_value(f"{name}-{at}", option, rules, definitions) for at, option in enumerate(options))
    match schema.get("type"):
        case "array":
            item = _write_value(f"{name}-i", schema.get("items"), rules, definitions)
            return f'"[" ({item} (", " {item})*)? "]"'
        case "object" if schema.get("properties"):
            rules[name] = _write_arguments(name, {**schema, "$defs": definitions}, rules, is_json=True)
            return name
        case "string" | "integer" | "number" | "boolean" | "null" | "object" as kind:
            return str(kind)
        case list() as kinds:
            return _write_choice(_write_value(name, {**schema, "type": kind}, rules, definitions) for kind in kinds)
    return "value"


def _write_choice(options: Iterable[str]) -> str:
    return f"({' | '.join(options)})"


def _write_literal(literal: str) -> str:
    """Return a literal as GBNF writes it."""
    return '"' + literal.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"' if literal else '""'


def _escape_in_class(character: str) -> str:
    return f"\\{character}" if character in "[]\\^-" else character
