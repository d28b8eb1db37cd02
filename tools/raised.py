"""The result of a call whose tool raised an exception that is no ToolError: a bug, a service that is down."""

from __future__ import annotations

from dataclasses import dataclass

from .calls import Outcome, ToolResult
from .effects import Secrecy, Trust

LONGEST_MESSAGE = 2000


@dataclass(frozen=True, slots=True)
class RaisedResult(ToolResult):
    """The result of a call that raised. `raised` is the exception's name and message: "ConnectionError: the warehouse does not answer".

    The model reads it as the result and goes on. It is private, for it may hold a connection string, and untrusted, for it may repeat what
    the tool has read.
    """

    raised: str = ""


def describe_exception(error: BaseException) -> str:
    """Return the name and message of an exception; of several at once, those of each. A long one is cut in the middle."""
    parts = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    try:
        text = "; ".join(map(describe_exception, parts[:10])) or str(error)
    except Exception:  # noqa: BLE001  somebody's __str__ may raise anything
        text = ""
    said = f"{type(error).__name__}: {text}" if text.strip() else type(error).__name__
    half = LONGEST_MESSAGE // 2
    return said if len(said) <= LONGEST_MESSAGE else f"{said[:half]} [... {len(said) - 2 * half} characters ...] {said[-half:]}"


def make_raised(call_id: str, origin: str, raised: str, outcome: Outcome, content: str) -> RaisedResult:
    """Return the result of a call that raised."""
    return RaisedResult(call_id, content, outcome, origin, Trust.UNTRUSTED, Secrecy.PRIVATE, raised)
