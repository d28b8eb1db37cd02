"""Define the events of a run, as values: the screen, the journal, the drawing and the tests all read the same ones."""

from __future__ import annotations

from typing import NamedTuple

from sayso.tools.approval.grant import GivenGrant
from sayso.tools.approval.requests import ApprovalRequest, Decision


class StepStarted(NamedTuple):
    """A step begins: `run` is the run's id, `name` the step's position in it."""

    run: str
    name: str


class StepEnded(NamedTuple):
    """A step is done and its result is stored."""

    run: str
    name: str


class StepFailed(NamedTuple):
    """A step raised; `error` is the sentence."""

    run: str
    name: str
    error: str


class StepRetried(NamedTuple):
    """A step is tried again: attempt `attempt` follows in `wait_seconds`, because of `error`."""

    run: str
    name: str
    attempt: int
    wait_seconds: float
    error: str


class BranchStarted(NamedTuple):
    """A child run begins: a nested workflow, an agent, a branch."""

    run: str
    name: str


class BranchEnded(NamedTuple):
    """A child run has its result."""

    run: str
    name: str


class BranchFailed(NamedTuple):
    """A child run raised; `error` is the sentence."""

    run: str
    name: str
    error: str


class SignalReceived(NamedTuple):
    """What the run waited for was sent to it, or its time is over: `name` is the position of the wait."""

    run: str
    name: str


class RoundEnded(NamedTuple):
    """One round of an iteration or a reflection is over."""

    run: str
    round: int


class GrantsGiven(NamedTuple):
    """An execution of the run begins with these standing approvals."""

    run: str
    grants: tuple[GivenGrant, ...]


class GrantUsed(NamedTuple):
    """A standing approval, by its id, allowed the call with this key; nobody was asked."""

    run: str
    grant: str
    tool: str
    key: str


class ApprovalAsked(NamedTuple):
    """A write waits for a decision."""

    run: str
    request: ApprovalRequest


class ApprovalDecided(NamedTuple):
    """A decision was taken up, once."""

    run: str
    digest: str
    decision: Decision


class RequestExpired(NamedTuple):
    """Nobody decided in time."""

    run: str
    digest: str


class ApproverFailed(NamedTuple):
    """The approver raised; the request stays pending."""

    run: str
    digest: str
    error: str


class WriteStarted(NamedTuple):
    """The intent is stored: the write with this key is about to be performed."""

    run: str
    tool: str
    key: str


class WriteSettled(NamedTuple):
    """The write with this key is over: done, failed, rejected or unknown."""

    run: str
    tool: str
    key: str
    outcome: str


class Progress(NamedTuple):
    """A stage of a longer job, for people to read. Not stored."""

    run: str
    stage: str
    detail: str = ""


Event = (
    StepStarted
    | StepEnded
    | StepFailed
    | StepRetried
    | BranchStarted
    | BranchEnded
    | BranchFailed
    | SignalReceived
    | RoundEnded
    | GrantsGiven
    | GrantUsed
    | ApprovalAsked
    | ApprovalDecided
    | RequestExpired
    | ApproverFailed
    | WriteStarted
    | WriteSettled
    | Progress
)
