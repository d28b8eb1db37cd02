"""What a check of `sayso doctor` found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sayso.console import escape_controls


class CheckState(StrEnum):
    """The state of a check, as it is printed."""

    FINE = "ok"
    NOT_USED = "--"
    PROBLEM = "!!"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check: its state, in words, and what to do about it."""

    name: str
    state: CheckState
    words: str
    to_do: str = ""

    def __str__(self) -> str:
        line = f"{self.state}  {self.name:<22} {self.words}"
        return escape_controls(f"{line}\n{'':27}-> {self.to_do}" if self.to_do else line)
