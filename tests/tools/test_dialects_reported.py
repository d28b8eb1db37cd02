"""Texts that models wrote, from other projects' parser tests and bug reports: what is in them, whole and cut at every place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sayso.tools import Reader, read

_LINES = [json.loads(line) for line in (Path(__file__).parents[1] / "data" / "reported_calls.jsonl").read_text("utf-8").splitlines()]
TOOLS: dict[str, dict[str, Any]] = _LINES[0]["tools"]
ROWS: list[dict[str, Any]] = _LINES[1:]
_USUAL = ("get_weather", "bash", "read_file", "write_file", "search", "now")


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_what_was_reported_is_read_whole_and_at_every_cut(row: dict[str, Any]) -> None:
    text, tools = row["text"], [TOOLS[name] for name in row.get("tools", _USUAL)]
    whole = read(text, tools)
    calls = [{"name": call.tool, "arguments": dict(call.arguments)} for call in whole.calls]
    match row.get("is"):
        case "problem":
            assert (calls, len(whole.problems) > 0) == ([], True)
        case "call or problem":
            assert calls or whole.problems
        case "prose":
            assert (calls, whole.problems) == ([], ())
        case _:
            assert (calls, whole.problems) == (row["calls"], ())
    for cut in range(1, len(text)):
        reader = Reader(tools, arguments=True)
        reader.feed(text[:cut])
        reader.feed(text[cut:])
        assert reader.close() == whole, cut
    reader = Reader(tools, arguments=True)
    for character in text:
        reader.feed(character)
    assert reader.close() == whole
