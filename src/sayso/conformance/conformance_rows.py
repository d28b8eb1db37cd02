"""The rows of the suite: a text that a model wrote, the tools that it was offered, and what must be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sayso.tools.errors import UsageError

ROWS = Path(__file__).with_name("rows.json")
"""The rows that are shipped: {"tools": [function schemas], "rows": [{"id", "form", "kind", "text", "calls"}]}."""
KINDS = ("call", "problem", "mention")


@dataclass(frozen=True, slots=True)
class ConformanceRow:
    """One text. `calls` is what must be read, in order, for the kind `call`; for the others no call may be read.

    A `problem` was meant as a call and has no single reading: it breaks off, names an unknown tool or has arguments that do not fit. A
    parser without a way to say so must leave it out. A `mention` is a call that is only spoken of, in quotes, in code or in a thought.
    """

    id: str
    form: str
    kind: str
    text: str
    tools: tuple[Mapping[str, Any], ...]
    calls: tuple[tuple[str, Mapping[str, Any]], ...] = ()


def load_rows(path: Path = ROWS) -> list[ConformanceRow]:
    """Return the rows of a file, those that are shipped by default. Raises UsageError where it is none of this kind."""
    try:
        file = json.loads(path.read_text("utf-8"))
        tools = tuple({"type": "function", "function": each} for each in file["tools"])
        rows = [
            ConformanceRow(
                each["id"],
                each["form"],
                each["kind"],
                each["text"],
                tools,
                tuple((call["name"], call["arguments"]) for call in each.get("calls", ())),
            )
            for each in file["rows"]
        ]
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f'{path} has no rows ({error!r}). Write {{"tools": [...], "rows": [{{"id", "form", "kind", "text", "calls"}}]}}.'
        ) from None
    if wrong := [row.id for row in rows if row.kind not in KINDS or (row.kind == "call") != bool(row.calls)]:
        raise UsageError(f"The row {wrong[0]!r} of {path} is not one of call (with calls), problem or mention (without).")
    return rows
