"""Errors of the sandbox. Each is a ToolError, so the model reads it as the result of its call.

ToolError
└── SandboxError            the worker did not answer, or with something that is not allowed
    ├── SandboxTimeout      it took longer than its seconds and was killed
    ├── SandboxMemory       it needed more memory than it was given
    ├── SandboxDied         the process ended in mid-call: a crash in native code, or somebody killed it
    ├── SandboxRaised       the function raised something that was not meant for the model
    └── SandboxMissing      this system lacks a layer that the call needs
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import ToolError


class SandboxError(ToolError):
    """A call in a worker failed.

    `nothing_happened` is False when the worker may have written files or talked to a network before it ended.
    """

    nothing_happened: bool = True
    was_called: bool = True
    """Whether the function was called; False when no worker could be started for it."""


class SandboxTimeout(SandboxError):
    """The call was stopped at its deadline."""

    def __init__(self, target: str, seconds: float) -> None:
        self.target: str = target
        self.seconds: float = seconds
        super().__init__(f"{_shorten(target)} was stopped: it took longer than {seconds:g} s.")


class SandboxMemory(SandboxError):
    """The call needed more memory than its worker has."""

    def __init__(self, target: str, memory_mb: int) -> None:
        self.target: str = target
        self.memory_mb: int = memory_mb
        super().__init__(f"{_shorten(target)} was stopped: it needed more than {memory_mb} MB of memory.")


class SandboxDied(SandboxError):
    """The worker process ended, or broke the protocol, before it answered."""

    def __init__(self, target: str, reason: str) -> None:
        self.target: str = target
        self.reason: str = reason
        super().__init__(f"{_shorten(target)} did not answer: {reason}.")


class SandboxRaised(SandboxError):
    """The function raised an exception that was not meant for the model. `traceback` is the text of it, from inside the worker."""

    def __init__(self, target: str, summary: str, traceback: str, hint: str = "") -> None:
        self.target: str = target
        self.summary: str = summary
        self.traceback: str = traceback
        super().__init__(f"{_shorten(target)} failed with {summary}." + (f" {hint}" if hint else ""))


class SandboxMissing(SandboxError):
    """This system lacks layers that the call needs; nothing was run. `layers` names them."""

    was_called = False

    def __init__(self, layers: Sequence[str], message: str) -> None:
        self.layers: tuple[str, ...] = tuple(layers)
        super().__init__(message)


def _shorten(target: str) -> str:
    return target.rpartition(":")[2].rpartition(".")[2]
