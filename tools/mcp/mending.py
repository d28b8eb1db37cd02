"""Mend what servers answer, before it is held against the protocol: what has one reading is read, the rest spoils nothing else."""

from __future__ import annotations

import json

from ..canonical import JsonObject

_BLOCKS = frozenset({"text", "image", "audio", "resource", "resource_link"})


def mend_answer(result: object) -> list[str]:
    """Mend the result of a listing or of a call, in place, and return what was wrong with a listing."""
    if not isinstance(result, dict):
        return []
    if isinstance(result.get("tools"), list):
        return mend_listing(result)
    if "structuredContent" in result or "isError" in result or isinstance(result.get("content"), list):
        _mend_content(result)
    return []


def _mend_content(result: JsonObject) -> None:
    """Give a result the content that it must have. A block of a kind that nobody here knows is shown as it was sent."""
    content = result.get("content", [])
    if isinstance(content, list):
        result["content"] = [each if isinstance(each, dict) and each.get("type") in _BLOCKS else _show_block(each) for each in content]


def _show_block(block: object) -> JsonObject:
    return {"type": "text", "text": block if isinstance(block, str) else json.dumps(block, ensure_ascii=False)}


def mend_listing(result: JsonObject) -> list[str]:
    """Leave malformed tools out of the result of a listing, in place, and return what was wrong: one must not spoil the others.

    What a tool says of its results is left out: a write that was done stays done if its result is another than was said.
    """
    kept, problems = [], []
    for each in result["tools"]:
        name = each.get("name") if isinstance(each, dict) else None
        if not isinstance(name, str) or not name:
            problems.append("a tool without a name is left out")
        elif (mended := _mend_schema(each.get("inputSchema"))) is None:
            problems.append(f"{name!r} is left out: its schema is not one of an object")
        else:
            kept.append({**{key: value for key, value in each.items() if key != "outputSchema"}, "inputSchema": mended})
    result["tools"] = kept
    return problems


def _mend_schema(schema: object) -> JsonObject | None:
    """Return a schema of an object, which a server may not have said; None for one of something else."""
    if schema is None:
        return {"type": "object", "properties": {}}
    if not isinstance(schema, dict) or schema.get("type", "object") != "object":
        return None
    rules = schema.get("properties", {})
    if not isinstance(rules, dict) or not all(isinstance(rule, (dict, bool)) for rule in rules.values()):
        return None
    return {**schema, "type": "object", "properties": {name: rule if isinstance(rule, dict) else {} for name, rule in rules.items()}}
