"""Every error of Sayso, by its reader.

SaysoError
├── ToolError               for the model: becomes a result of the call, and the run goes on
│   ├── UnknownTool         there is no tool of that name
│   ├── InvalidArguments    arguments that the tool's schema refuses
│   └── (a tool's own: CalculationError, PageError, ...)
├── UsageError              for the programmer: a tool, agent or workflow was built or called wrongly
│   ├── WorkflowError       two nodes that do not fit, a name used twice, two steps at once on one run
│   └── RunIdTaken          the run of that id is of another flow, or was started with another input
└── RunError                for the caller: raised out of a run, with its id and what was done so far
    ├── NotFinished         the run waits for approvals
    ├── LimitReached        a limit of the run is used up
    │   └── CapReached      what many runs may cost together is used up
    ├── ModelError          the model could not be reached, refused, or answered nonsense
    │   ├── ToolsRefused    the endpoint does not take tools for this model; written calls still work
    │   ├── InputTooLong    what is to be sent is longer than the model's context, whatever is left out of it
    │   └── IncompleteReply the reply was cut off, filtered, broken off or empty, so it is no answer
    ├── OutputError         the answer never became the type that was asked for
    ├── GuardRefused        a guard refused what was asked or answered
    ├── NothingFound        what was searched for is not there, so there is nothing to report
    ├── SearchFailed        no search gave an answer, so it is not known whether there is anything to find
    ├── StepTimeout         a step took longer than it may
    ├── SecretLocked        a secret was encrypted with a key that this program does not have
    ├── ReplayError         the code no longer does what the journal says it did
    └── Cancelled           the run was cancelled
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class SaysoError(Exception):
    """The root: catch this to catch all that Sayso raises on purpose."""


class ToolError(SaysoError):
    """A tool says no, in words that the model can use; raised by a tool, it means that nothing happened."""


class UnknownTool(ToolError):
    """The model named a tool that it was not given."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name: str = name
        self.known: tuple[str, ...] = tuple(known)
        super().__init__(f"There is no tool {name!r}. Tools: {', '.join(known) or 'none'}.")


class InvalidArguments(ToolError):
    """The arguments of a call do not fit the tool's schema; `problems` has one sentence for each that does not fit."""

    def __init__(self, tool: str, problems: Sequence[str]) -> None:
        self.tool: str = tool
        self.problems: tuple[str, ...] = tuple(problems)
        super().__init__(f"{tool} was not called: {'; '.join(problems)}.")


class UsageError(SaysoError):
    """Sayso was asked for something it does not offer; the message says what to write instead."""


class WorkflowError(UsageError):
    """The parts of a workflow do not fit together; the message names them."""


class RunIdTaken(UsageError):
    """A run was asked for by the id of another one; the message says what that one was started with."""


class RunError(SaysoError):
    """A run ended early. `run_id` is the run, `partial` what it had done (a RunResult, where there is one)."""

    run_id: str | None = None
    partial: Any = None  # a RunResult, whose class is in workflows/, which tools/ does not import


class NotFinished(RunError):
    """`.output` was read while approvals are open."""


class LimitReached(RunError):
    """A limit is used up. `limit` is its name, `allowed` and `seen` the numbers.

    A model call is counted before it is made, as if its reply were `reply_tokens` long.
    """

    def __init__(self, limit: str, allowed: float, seen: float, unit: str = "", *, reply_tokens: int = 0) -> None:
        self.limit: str = limit
        self.allowed: float = allowed
        self.seen: float = seen
        what = f"a reply of up to {reply_tokens} tokens" if reply_tokens else "this"
        over = f" ({what} would make it {seen:.10g}{unit})" if seen > allowed else ""
        shorter = ", or allow shorter replies: sampling=Sampling(max_tokens=...)" if reply_tokens else " to go on"
        super().__init__(f"Limit reached: {limit} = {allowed:.10g}{unit}{over}. Raise Limits({limit}=...){shorter}.")


class CapReached(LimitReached):
    """What many runs may cost together is used up. `allowed` and `seen` are US dollars, `free_at` (seconds since 1970) when that ends."""

    def __init__(self, message: str, *, allowed: float, seen: float, free_at: float) -> None:
        self.limit: str = "cap"
        self.allowed: float = allowed
        self.seen: float = seen
        self.free_at: float = free_at
        RunError.__init__(self, message)


class ModelError(RunError):
    """A model call failed for good. `retryable` says whether the same call may work later."""

    def __init__(self, message: str, *, retryable: bool = False, retry_after_seconds: float | None = None) -> None:
        self.retryable: bool = retryable
        self.retry_after_seconds: float | None = retry_after_seconds
        super().__init__(message)


class ToolsRefused(ModelError):
    """The endpoint takes no tools for this model."""


class InputTooLong(ModelError):
    """What is to be sent is longer than the model's context. `context_tokens` is how long that is, None where nobody says.

    Where it was found before anything was sent, `part` names what is too long ("the instructions"), `tokens` its length and `room` what
    there is for it.
    """

    def __init__(self, message: str, *, context_tokens: int | None = None, part: str = "", tokens: int = 0, room: int = 0) -> None:
        self.context_tokens: int | None = context_tokens
        self.part: str = part
        self.tokens: int = tokens
        self.room: int = room
        super().__init__(message)


class IncompleteReply(ModelError):
    """A reply that cannot be the answer: cut off, filtered, broken off, or empty. `text` is what was said, `finish` how it ended."""

    def __init__(self, message: str, *, finish: str, text: str) -> None:
        self.finish: str = finish
        self.text: str = text
        super().__init__(message)


class OutputError(RunError):
    """The model did not produce the output type in the tries it had. `text` is its last answer."""

    def __init__(self, message: str, text: str) -> None:
        self.text = text
        super().__init__(message)


class GuardRefused(RunError):
    """A guard refused what an agent was asked, or what it answered. `guard` is its name, `place` what it looked at, `why` its reason."""

    def __init__(self, agent: str, guard: str, place: str, why: str) -> None:
        self.guard: str = guard
        self.place: str = place
        self.why: str = why
        what = "what was asked" if place == "input" else "the answer"
        stop = "" if why.endswith((".", "?", "!")) else "."  # what an endpoint said may be whole sentences
        super().__init__(f"The guard {guard} of {agent} refused {what}: {why}{stop}")


class StepTimeout(RunError):
    """A step took longer than its `timeout_seconds`."""


class NothingFound(RunError):
    """What was searched for is not there, so there is nothing to report; the message says what was searched for."""


class SearchFailed(RunError):
    """No search gave an answer: blocked, out of reach, too slow. It is not known whether there is anything to find."""


class SecretLocked(RunError):
    """A secret of the run cannot be read: this program has not the key. Nothing was done; with the key the run can be resumed."""


class ReplayError(RunError):
    """On resume the code asked for another step than the journal holds; the journal is kept as it was."""


class Cancelled(RunError):
    """The run was cancelled; what was done so far is kept."""
