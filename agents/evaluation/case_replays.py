"""Replay recorded cases over the present code: nothing acts, and no money is spent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from sayso.tools.definition.secret import MASK
from sayso.tools.errors import SaysoError
from sayso.workflows import App, Workflow
from sayso.workflows.runs.codec import read_value, strip_types, to_json
from sayso.workflows.runs.limits import Limits, Meter
from sayso.workflows.runs.live_replay import WentOn, go_on
from sayso.workflows.runs.protocols import NOTHING, Provenance, Scope
from sayso.workflows.runs.recording import Recording, RecordingError
from sayso.workflows.runs.replaying import Difference, Hide, Replayed
from sayso.workflows.runs.run_secrets import RunSecrets
from sayso.workflows.workflow import merge_limits

from .credentials import CredentialMask
from .recordings import read_recording, show_input
from .run_records import StoredRun, build_record, describe_error, find_models
from .values import Case, RunRecord

AnyFlow = Workflow[Any, Any]
NOT_IN_IT = "Not in the recording"


class ReplayedCase(NamedTuple):
    """What became of a recorded case under the present code: the record of its run, where that parts from the recording first, and a note.

    With a `difference` before the end (`difference.at_end` is False) the run was stopped there, for what a model or tool would say next is
    not in the recording; the note says so. With one at the end all steps were the same, and the record has the output of now.
    """

    record: RunRecord
    difference: Difference | None = None
    note: str = ""

    stopped: bool = False
    """Whether the record ends where the recording does, and not where the run would."""

    @property
    def same(self) -> bool:
        """Return whether the code does what was recorded."""
        return self.difference is None


def find_flow(recording: Recording, subject: object) -> tuple[AnyFlow, Callable[[object, str], Callable[[], Scope]] | None]:
    """Return the flow that a recording is of, and an app's way to make its scope. Raises RecordingError where the subject is another."""
    if isinstance(subject, App):
        if recording.flow not in subject:
            raise RecordingError(
                f"The recording of run {recording.run_id} is of the flow {recording.flow!r}, which the app does not have. "
                f"Flows: {', '.join(subject.names) or 'none'}."
            )
        flow = subject.flow(recording.flow)
        return flow, lambda value, limits: subject.scope(flow, value, limits)
    if not isinstance(subject, Workflow):
        raise RecordingError(f"A recording can be replayed with an agent, a workflow or an app. {subject!r} has no steps to compare.")
    if subject.name != recording.flow:
        raise RecordingError(
            f"The recording of run {recording.run_id} is of the flow {recording.flow!r}, and this is {subject.name!r}. "
            f"Name the {subject.kind} that it was recorded with, or give this one name={recording.flow!r} if it is the same."
        )
    return subject, None


async def replay_recording(recording: Recording, subject: object, *, deps: object = None) -> Replayed:
    """Execute the present code over a recording: no model is asked, no tool called, nothing written, no connection opened.

    `subject` is the agent or workflow, or an app that has it; `deps` is what its tools find, or a function that makes it.
    Raises RecordingError where the recording is of another flow, or cannot be read by this version of the code.
    """
    with _explaining(recording, f"The recording of run {recording.run_id}"):
        flow, make_scope = _prepare(recording, subject, deps)
        return await recording.replay(flow.execute, make_scope, hide=_find_hide(recording))


def _find_hide(recording: Recording) -> Hide | None:
    """Return how credentials were hidden in what models were sent; None where there were none."""
    return CredentialMask().mask_json if any(MASK in text for text in _iter_texts(recording.prompts)) else None


def _iter_texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (Mapping, list, tuple)):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _iter_texts(each)


def _prepare(recording: Recording, subject: object, deps: object) -> tuple[AnyFlow, Callable[[], Scope]]:
    flow, scope_of = find_flow(recording, subject)
    value = recording.read_input()
    if scope_of is not None:
        return flow, scope_of(value, json.dumps(recording.limits))

    def make_scope() -> Scope:
        limits = merge_limits(flow.limits, Limits(**recording.limits) if isinstance(recording.limits, dict) else None)
        return Scope(None, deps() if callable(deps) else deps, Meter(limits), provenance=Provenance(flow.find_user_texts(value)))

    return flow, make_scope


async def replay_case(case: Case, subject: object, *, deps: object = None, live: bool = False) -> ReplayedCase:
    """Replay a recorded case over the present code, and return its record and the first difference.

    With `live` the run goes on where it parts from the recording: models are really asked and reads done, which costs money; writes stay
    pending, and steps of your own that are not in the recording are not done.
    """
    recording = read_recording(case.recording)
    with _explaining(recording, case.recording):
        return await _replay_case(case, recording, subject, deps, live)


@contextmanager
def _explaining(recording: Recording, place: str) -> Iterator[None]:
    """Raise RecordingError for what a change by hand has broken: a value in it of the wrong kind, where it is made a record of."""
    try:
        yield
    except (TypeError, AttributeError, ValueError, LookupError, ArithmeticError, RecursionError) as error:
        if recording.sealed or isinstance(error, SaysoError):
            raise
        raise RecordingError(
            f"{place} was changed by hand, and a value in it is not of the kind that it was: {type(error).__name__}: {error}. "
            "Record the run again: sayso case."
        ) from error


async def _replay_case(case: Case, recording: Recording, subject: object, deps: object, live: bool) -> ReplayedCase:
    _check_input(case, recording)
    flow, make_scope = _prepare(recording, subject, deps)
    replayed = await recording.replay(flow.execute, make_scope, hide=_find_hide(recording))
    difference = replayed.difference
    stops = difference is not None and not difference.at_end
    ends_early = difference is None and bool(replayed.waits) and recording.state not in ("done", "waiting")
    if live and (stops or ends_early):
        went_on = await go_on(
            flow.execute, recording.read_input(), replayed.reached.results, run_id=recording.run_id, make_scope=make_scope
        )
        return ReplayedCase(_record_live(recording, flow, went_on), difference, _describe_live(difference, went_on))
    record = _record_replay(recording, flow, replayed)
    if stops:
        return ReplayedCase(record, difference, f"{NOT_IN_IT}: {difference}", stopped=True)
    if ends_early and recording.state != "cancelled":  # whoever cancelled it wanted no more of it
        return ReplayedCase(record, None, f"{NOT_IN_IT}: {replayed.waits[0]}, for the run had come no further.", stopped=True)
    return ReplayedCase(record, difference)


def _check_input(case: Case, recording: Recording) -> None:
    recorded = show_input(recording)
    if case.input is not None and strip_types(to_json(case.input)) != strip_types(to_json(recorded)):
        where = f" ({case.place})" if case.place else ""
        raise RecordingError(
            f"The input of case {case.name!r}{where} is not the one of its recording: {str(case.input)[:80]!r}, and recorded was "
            f"{str(recorded)[:80]!r}. "
            "Take the recording out of the case, so that the model is asked, or write the input that was recorded."
        )


def _record_replay(recording: Recording, flow: AnyFlow, replayed: Replayed) -> RunRecord:
    reached, difference = replayed.reached, replayed.difference
    error = ""
    if difference is None and not recording.finished:
        error = describe_error(recording.read_error())
    elif difference is not None and difference.at_end and not reached.finished:
        error = difference.asked.removeprefix("raises ")
    return build_record(
        StoredRun(
            run_id=recording.run_id,
            flow=recording.flow,
            input=read_value(recording.input),
            results=reached.results,
            transcripts=reached.transcripts,
            prompts=recording.prompts,
            output=replayed.output if reached.finished else NOTHING,
            error=error,
            labels=reached.labels,
            models=find_models(flow, reached.results),
            seconds=recording.seconds if difference is None else 0.0,
        ),
        RunSecrets(),
    )


def _record_live(recording: Recording, flow: AnyFlow, went_on: WentOn) -> RunRecord:
    result, reached = went_on.result, went_on.reached
    return build_record(
        StoredRun(
            run_id=recording.run_id,
            flow=recording.flow,
            input=read_value(recording.input),
            results=reached.results,
            transcripts=reached.transcripts,
            prompts={**recording.prompts, **went_on.prompts},
            output=result.value if result is not None else NOTHING,
            error=describe_error(went_on.error),
            labels=reached.labels,
            models=find_models(flow, reached.results),
        ),
        RunSecrets(),
    )


def _describe_live(difference: Difference | None, went_on: WentOn) -> str:
    where = f"{NOT_IN_IT}: {difference}\n" if difference is not None else ""
    left = f" Not done, for only a real run does it: {', '.join(went_on.not_done)}." if went_on.not_done else ""
    waits = len(went_on.result.pending) if went_on.result is not None else 0
    writes = f" {waits} write{'s stay' if waits != 1 else ' stays'} pending." if waits else ""
    return f"{where}From there the model was really asked.{writes}{left}"
