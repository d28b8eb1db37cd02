"""Calls and their results: what a model asks for, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from .effects import Secrecy, Trust


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A request from the model. Not yet allowed, not yet run.

    `id` is its place in the transcript ("3.0" is reply 3, call 0): text formats have no ids, and providers repeat theirs.
    `span` is where it stands in the reply's text, (0, 0) for a native call. `notes` names the repairs made while reading it.
    """

    id: str
    tool: str
    arguments: Mapping[str, object]
    span: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = ()


class Outcome(StrEnum):
    """How a call ended."""

    DONE = "done"
    FAILED = "failed"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Content:
    """A value with where it comes from: what a tool returns when its own labels do not say it all (a page names its URL)."""

    value: object
    origin: str = ""
    trust: Trust | None = None
    secrecy: Secrecy | None = None


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of a call. `content` is JSON (text for most tools); `origin` says where it came from (a tool, a URL)."""

    call_id: str
    content: object
    outcome: Outcome = Outcome.DONE
    origin: str = ""
    trust: Trust = Trust.TOOL
    secrecy: Secrecy = Secrecy.PUBLIC

    @property
    def text(self) -> str:
        """The content as the model reads it."""
        if isinstance(self.content, str):
            return self.content
        from .canonical import readable_json

        return readable_json(self.content)
