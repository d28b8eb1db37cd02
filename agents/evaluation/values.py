"""What an evaluation is made of: a case, the record of a run, a score and its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from sayso.tools.calls import Outcome
from sayso.tools.effects import CLEAN, Labels
from sayso.workflows.runs.limits import NO_USAGE, Usage


class CallRecord(NamedTuple):
    """A tool call that a run made or proposed. `outcome` is None as long as it waits for a decision.

    `arguments` is what the model wrote, whatever a person made of it: that stands in the approval. Of a read by workflow code they are
    known where the run is stored as JSON.
    """

    tool: str
    arguments: Mapping[str, object]
    outcome: Outcome | None
    text: str = ""
    """What the tool returned, as the model read it."""
    id: str = ""
    """The place of the call in the run: "0.1" is call 1 of reply 0, "quotes.0/0.1" one of a branch."""


class ApprovalRecord(NamedTuple):
    """A write that a person was asked about. `decision` is "approved", "edited", "rejected", "expired", or "" while it is open.

    `reason` is what the person wrote to a rejection, `edited` the arguments that an edit put in place of `arguments`.
    """

    tool: str
    arguments: Mapping[str, object]
    card: str
    decision: str
    reason: str = ""
    edited: Mapping[str, object] | None = None
    call_id: str = ""
    """The `id` of the call that was asked about."""


class SourceText(NamedTuple):
    """A text that a run has read or cites: `id` is what the answer cites it by ("7" for [7] and [DOC 7]), the address of a page, or the
    place of a tool's call ("get_weather:0.0")."""

    id: str
    text: str
    url: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRecord:
    """What one run did, as scores, statistics and data sets read it; `find_record` and `make_record` make it of a run.

    `text` is the output as a person reads it. `error` is the sentence of a run that failed, and "" otherwise. `seconds` is the time from
    start to end without the time that it waited for decisions, `first_token_seconds` that of its first model call, where it is known.
    `labels` is what the run had read: all of the record may hold something of it.
    `tokens_per_second` is how fast its replies were written after their first tokens, where it is known (see `model_times.py`).
    `tools` are the schemas of the tools that its first model request names, as OpenAI writes them; empty where they are not stored.
    """

    run_id: str
    flow: str
    input: object
    output: object = None
    text: str = ""
    error: str = ""
    finished: bool = True
    messages: tuple[Any, ...] = ()
    calls: tuple[CallRecord, ...] = ()
    approvals: tuple[ApprovalRecord, ...] = ()
    sources: tuple[SourceText, ...] = ()
    models: tuple[str, ...] = ()
    tools: tuple[Mapping[str, object], ...] = ()
    usage: Usage = NO_USAGE
    labels: Labels = CLEAN
    seconds: float = 0.0
    first_token_seconds: float | None = None
    tokens_per_second: float | None = None

    @property
    def turns(self) -> int:
        """Return how often a model was asked."""
        return self.usage.model_calls


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """An input, and what must hold of the run that it starts.

    `expected` is what scores that compare outputs (exact, JSON match) compare with; None where there is nothing to compare. `scores` are
    the case's own, beside those of its suite. `recording` is the file of the recorded run, which is replayed instead of asking a model.
    `writes` is what becomes of writes ("ask", "reject", "pretend"); "" is what the evaluation says. `stand_ins` are
    what tools return instead of being performed, by their names. `metadata` is for people and filters.
    `place` is where the case is written ("cases.yaml:12").
    """

    name: str
    input: object
    expected: object = None
    scores: tuple[Score, ...] = ()
    recording: str = ""
    writes: str = ""
    stand_ins: Mapping[str, object] = field(default_factory=dict)
    metadata: Mapping[str, object] = field(default_factory=dict)
    place: str = ""


@dataclass(frozen=True, slots=True)
class CaseRun:
    """What a score looks at: the case, and what its run did. `repeat` counts from 0 where a case is executed several times."""

    case: Case
    record: RunRecord
    repeat: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreResult:
    """What a score says of a run: `value` from 0 (bad) to 1 (good), or None where there is no score, and `reason` says why.

    `passed` is None for a score that measures and sets no limit. `details` are the single findings, a sentence each. `cost_usd` is what
    the model calls of the score itself cost. With `expects_error` it has looked at the error of a run, which therefore may still pass.
    `kind` is what scores of one class have in common: tables sum up under it what each case names otherwise (contains “Rome”).
    """

    score: str
    value: float | None
    passed: bool | None = None
    reason: str = ""
    details: tuple[str, ...] = ()
    cost_usd: float = 0.0
    expects_error: bool = False
    kind: str = ""


class Score(Protocol):
    """Judges what a run did. `name` stands in tables; two scores of one case have different names."""

    @property
    def name(self) -> str:
        """Return the name that stands in tables."""
        ...

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return the result for one run. It raises only for what the caller did wrong; what it cannot judge has no value, and a reason."""
        ...
