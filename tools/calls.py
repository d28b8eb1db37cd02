"""Calls of tools and their results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from .effects import Secrecy, Trust


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A request from the model. Not yet allowed, not yet run.

    `id` is its position in the transcript ("3.0" is reply 3, call 0): text formats have no ids, and providers repeat theirs.
    `span` is its place in the reply's text, (0, 0) for a native call. `notes` names the repairs made while reading it.
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
    """A value with its origin: returned by a tool whose own labels do not say everything (a web page names its URL)."""

    value: object
    origin: str = ""
    trust: Trust | None = None
    secrecy: Secrecy | None = None


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The result of a call. `content` is JSON (text for most tools); `origin` names its source (a tool, a URL)."""

    call_id: str
    content: object
    outcome: Outcome = Outcome.DONE
    origin: str = ""
    trust: Trust = Trust.TOOL
    secrecy: Secrecy = Secrecy.PUBLIC

    @property
    def text(self) -> str:
        """Return the content as the model reads it: text as it is, anything else as JSON."""
        if isinstance(self.content, str):
            return self.content
        from .canonical import readable_json  # late, to load fast: most results are text

        return readable_json(self.content)
