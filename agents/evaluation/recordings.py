"""Make a recording and a case of a run, and replay it over the present code: nothing acts, and no money is spent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sayso.tools.calls import find_labels
from sayso.tools.canonical import Json
from sayso.tools.definition.secret import MASK
from sayso.tools.effects import CLEAN, Labels
from sayso.tools.errors import SaysoError, UsageError
from sayso.workflows import App, MemoryEngine, Workflow
from sayso.workflows.runs.codec import read_value, strip_types, to_json
from sayso.workflows.runs.execution import Execution
from sayso.workflows.runs.journal import StrictJournal
from sayso.workflows.runs.limits import Limits, Meter
from sayso.workflows.runs.live_replay import WentOn, go_on
from sayso.workflows.runs.protocols import NOTHING, Provenance, Scope
from sayso.workflows.runs.recording import Recording as Recording
from sayso.workflows.runs.recording import RecordingError as RecordingError
from sayso.workflows.runs.recording import parse_recording
from sayso.workflows.runs.replaying import Difference, Hide, Replayed
from sayso.workflows.runs.run_secrets import RunSecrets
from sayso.workflows.workflow import merge_limits

from ..messages import Conversation
from .credentials import CredentialMask
from .run_records import StoredRun, build_record, describe_error, find_models, read_execution, simplify_input
from .scores.matches import Exact
from .values import Case, RunRecord

if TYPE_CHECKING:
    from sayso.workflows.runs.protocols import Engine

AnyFlow = Workflow[Any, Any]
NOT_IN_IT = "Not in the recording"
LINE = 140
"""Characters of a line of a recording's file, where its parts can be parted."""
_NO_NAME = re.compile(r"[^\w.-]+")


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


# from a run to a file


async def make_recording(engine: Engine, run_id: str, *, mask: CredentialMask | None = None) -> Recording:
    """Return a run of an engine as a recording: of a database, or of a strict engine in memory (`engine(strict=True)`).

    Secrets are not in it: they stand as stars, and so does what looks like a key or password. Raises UsageError if there is no such run.
    """
    from sayso.workflows import DurableEngine  # late, for load time

    if isinstance(engine, DurableEngine):
        from sayso.workflows.durable.recorded_runs import read_recording as read_stored_recording  # late, as above

        from .record_times import measure_seconds  # late, as above

        row = await engine.run(run_id)
        log = await engine.log(row.id)
        recording = replace(read_stored_recording(row, log, await engine.approvals(row.id)), seconds=measure_seconds(log))
    elif isinstance(engine, MemoryEngine):
        recording = _record_execution(engine, run_id)
    else:
        raise UsageError(f"Runs of MemoryEngine and DurableEngine are recorded, and {engine!r} is neither.")
    return _mask(replace(recording, version=_find_version()), mask or CredentialMask())


def _find_version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # late, for load time

    try:
        return version("sayso")
    except PackageNotFoundError:  # a copy of the source that was not installed
        return ""


def _record_execution(engine: MemoryEngine, run_id: str) -> Recording:
    execution = engine.executions.get(run_id.partition("/")[0])
    if execution is None:
        raise UsageError(f"This engine has no run {run_id!r}. Runs: {', '.join(sorted(engine.executions)) or 'none'}.")
    journal = execution.journal
    if not isinstance(journal, StrictJournal):
        raise UsageError(f"Run {run_id} was not stored as JSON, so it cannot be recorded. Give it a strict engine: engine(strict=True).")
    state, hide = _find_state(execution), journal.secrets.mask_json
    limits = execution.scope.meter.limits if execution.scope is not None else None
    return Recording(
        run_id=execution.id,
        flow=read_execution(execution).flow,
        state=state,
        input=hide(to_json(execution.value)),
        entries=tuple(entry._replace(value=hide(entry.value)) for entry in journal.entries),
        prompts={place: hide(prompt) for place, prompt in journal.prompts.items()},
        waits_for=tuple((each.run_id, f"wait:{each.topic}") for each in execution.pending.values()) if state == "waiting" else (),
        output=hide(to_json(execution.result.value)) if state == "done" and execution.result is not None else None,
        error=hide(to_json(execution.error)) if execution.error is not None and state == "failed" else None,
        limits=None if limits is None else _write_limits(limits),
    )


def _find_state(execution: Execution) -> str:
    if execution.is_running:
        return "running"
    if execution.error is not None:
        return "cancelled" if execution.cancel_address in execution.inbox else "failed"
    return "done" if execution.result is not None and execution.result.finished else "waiting"


def _write_limits(limits: Limits) -> Json:
    from sayso.workflows.runs.limits import limits_text  # late, for load time

    return json.loads(limits_text(limits))


def _mask(recording: Recording, mask: CredentialMask) -> Recording:
    hide = mask.mask_json
    return replace(
        recording,
        input=hide(recording.input),
        entries=tuple(entry._replace(value=hide(entry.value)) for entry in recording.entries),
        prompts={place: hide(prompt) for place, prompt in recording.prompts.items()},
        output=hide(recording.output),
        error=hide(recording.error),
    )


def write_recording(recording: Recording, path: str | Path) -> Path:
    """Write a recording as a JSON file and return its path; folders are made. A file that is there is replaced as a whole."""
    from ..research.report_saving import write_whole  # late, for load time: a replay writes nothing

    target = Path(path)
    text = dump_readable(recording.to_dict(), ascii=False) + "\n"
    if any("\ud800" <= char <= "\udfff" for char in text):  # half a character is no text of UTF-8, and is one of JSON
        text = dump_readable(recording.to_dict(), ascii=True) + "\n"
    write_whole({target: text})
    return target


def dump_readable(value: Json, indent: int = 0, *, ascii: bool) -> str:
    """Return JSON of which each part that is short stands on one line."""
    short = json.dumps(value, ensure_ascii=ascii)
    if len(short) + indent <= LINE or not isinstance(value, (dict, list)) or not value:
        return short
    space = "\n" + " " * (indent + 1)
    if isinstance(value, list):
        parts = [dump_readable(item, indent + 1, ascii=ascii) for item in value]
        return f"[{space}{f',{space}'.join(parts)}\n{' ' * indent}]"
    parts = [f"{json.dumps(key, ensure_ascii=ascii)}: {dump_readable(item, indent + 1, ascii=ascii)}" for key, item in value.items()]
    return f"{{{space}{f',{space}'.join(parts)}\n{' ' * indent}}}"


def read_recording(path: str | Path) -> Recording:
    """Read a recording from its file. Raises RecordingError, which names the file, for one that is not there, was cut or changed."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        why = "there is no such file" if isinstance(error, FileNotFoundError) else str(error.strerror or error)
        raise RecordingError(f"The recording {path} cannot be read: {why}. `sayso case RUN` makes one of a run.") from None
    except UnicodeDecodeError as error:
        raise RecordingError(f"The recording {path} is no text in UTF-8 (byte {error.start}); it was cut or changed.") from None
    return parse_recording(text, str(path))


def make_case(
    recording: Recording, path: str, *, name: str = "", metadata: Mapping[str, object] | None = None, expected: bool = False
) -> Case:
    """Return the case of a recording that is stored at `path`, with what it was asked as its input.

    With `expected` the output that the run had is what must come. Raises UsageError where it had none.
    """
    if expected and not recording.finished:
        raise UsageError(f"Run {recording.run_id} has no output to expect: it is {recording.state}.")
    told: dict[str, object] = {"run": recording.run_id, "flow": recording.flow}
    return Case(
        name=name or recording.run_id,
        input=show_input(recording),
        expected=strip_types(recording.output) if expected else None,
        scores=(Exact(),) if expected else (),
        recording=path,
        metadata={**told, **(metadata or {})},
    )


def read_labels(recording: Recording) -> Labels:
    """Return what the recorded run had read."""
    labels = CLEAN
    for value in (read_value(entry.value) for entry in recording.entries):
        labels = labels.union(value if isinstance(value, Labels) else find_labels(value))
    return labels.union(find_labels(read_value(recording.input)))


def find_place(folder: Path, recording: Recording) -> Path:
    """Return the file in a folder for a recording: a new one, or that of an earlier recording of the run.

    Raises RecordingError where somebody has changed that by hand: it would be lost.
    """
    path = folder / name_file(recording.run_id)
    number = 1
    while path.exists():
        if read_recording(path).run_id == recording.run_id:
            if '"sha256"' not in path.read_text(encoding="utf-8"):
                raise RecordingError(f"{path} was changed by hand, and would be written anew. Move it away, or name another folder: --out.")
            return path
        number += 1
        path = folder / name_file(recording.run_id).replace(".json", f"-{number}.json")
    return path


def show_input(recording: Recording) -> object:
    """Return the input of a recording as it is written into a case: a question as its text, a value as plain JSON."""
    value = simplify_input(read_value(recording.input))
    return value.text if isinstance(value, Conversation) else strip_types(recording.input) if not isinstance(value, str) else value


def name_file(run_id: str) -> str:
    """Return the name of the file for the recording of a run."""
    return f"{_NO_NAME.sub('-', run_id).strip('.-') or 'run'}.json"


# from a file to a replay


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
        raise RecordingError(
            f"A recording is replayed over an agent, a workflow or an app, and {subject!r} is none: it has no steps to compare."
        )
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
    if ends_early:
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
        error = describe_error(recording.read_error()) or (
            f"Run {recording.run_id} was cancelled." if recording.state == "cancelled" else ""
        )
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
