"""What a server lists: its tools, checked so that one that is malformed does not spoil the others, and hashed so that a change is seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..approval.cards import escape_lines
from ..canonical import JsonObject, sha256
from ..effects import Effect, Secrecy

LONGEST_DESCRIPTION = 8000
MOST_TOOLS = 1000
MOST_PAGES = 100


@dataclass(frozen=True, slots=True)
class ListedTool:
    """A tool as its server lists it. `hash` covers all that tells a model and a person what it is: a change of any is another tool."""

    name: str
    description: str
    schema: JsonObject
    read_only: bool
    open_world: bool
    hash: str

    def as_json(self) -> JsonObject:
        """Return it as it is stored with a run."""
        return {
            "name": self.name,
            "description": self.description,
            "schema": self.schema,
            "read_only": self.read_only,
            "open_world": self.open_world,
            "hash": self.hash,
        }

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> ListedTool:
        """Read what was stored."""
        return cls(**{name: given[name] for name in cls.__slots__})


def read_tool(name: str, description: str | None, schema: JsonObject | None, annotations: Mapping[str, object]) -> ListedTool:
    """Return a tool of a listing. Its description loses what nobody would see, and what is longer than any description."""
    shown = escape_lines(description or "")[:LONGEST_DESCRIPTION]
    rules: JsonObject = dict(schema) if schema else {"type": "object", "properties": {}}
    rules.setdefault("type", "object")
    if rules["type"] == "object":
        rules.setdefault("properties", {})
    read_only, open_world = annotations.get("readOnlyHint") is True, annotations.get("openWorldHint") is not False
    return ListedTool(
        name, shown, rules, read_only, open_world, sha256("mcp tool 1", name, description or "", schema or {}, dict(annotations))
    )


def choose_effect(tool: ListedTool, *, pinned: bool) -> Effect:
    """Return what a tool may do without asking. A server's hints count where a person has pinned exactly this tool; WRITE asks."""
    if not pinned or not tool.read_only:
        return Effect.WRITE
    return Effect.EGRESS if tool.open_world else Effect.READ


def choose_secrecy(effect: Effect) -> Secrecy:
    """Return whether what a tool returns is private. Only of a search in the open world is it known that it is not."""
    return Secrecy.PUBLIC if effect is Effect.EGRESS else Secrecy.PRIVATE


def hash_listing(tools: list[ListedTool]) -> str:
    """Return the hash of all that a server lists, whatever the order."""
    return sha256("mcp server 1", *sorted(tool.hash for tool in tools))
