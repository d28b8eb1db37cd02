"""Make a recording and a case of a run: its journal as a file, which is replayed over the present code."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.tools.calls import find_labels
from sayso.tools.canonical import Json, sha256
from sayso.tools.definition.secret import MASK
from sayso.tools.effects import CLEAN, Labels
from sayso.tools.errors import UsageError
from sayso.workflows import MemoryEngine
from sayso.workflows.runs.codec import read_value, strip_types, to_json
from sayso.workflows.runs.execution import Execution
from sayso.workflows.runs.journal import Entry, StrictJournal
from sayso.workflows.runs.limits import Limits
from sayso.workflows.runs.recording import Recording as Recording
from sayso.workflows.runs.recording import RecordingError as RecordingError
from sayso.workflows.runs.recording import parse_recording

from ..messages import Conversation
from .credentials import CredentialMask
from .run_records import read_execution, simplify_input
from .scores.matches import Exact
from .values import Case

if TYPE_CHECKING:
    from sayso.workflows.runs.protocols import Engine

LONGEST_NAME = 60
LINE = 140
"""Characters of a line of a recording's file, where its parts can be parted."""
_BARE_STARS = re.compile(rf"([=:,(\[]\s*){re.escape(MASK)}(?=\s*[,)\]}}])")
_NO_NAME = re.compile(r"[^\w.-]+")


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
    recording = replace(recording, entries=tuple(_quote_stars(entry) for entry in recording.entries))
    return replace(
        recording,
        input=hide(recording.input),
        entries=tuple(entry._replace(value=hide(entry.value)) for entry in recording.entries),
        prompts={place: hide(prompt) for place, prompt in recording.prompts.items()},
        output=hide(recording.output),
        error=hide(recording.error),
    )


def _quote_stars(entry: Entry) -> Entry:
    """Return a model's reply so that its calls can be read where a secret number is stars: quoted in JSON, and 0 in a call as text."""
    return entry._replace(value=_quote_stars_in(entry.value, "0")) if entry.name.startswith("model:") else entry


def _quote_stars_in(value: Json, number: str) -> Json:
    if isinstance(value, str):
        return _BARE_STARS.sub(rf"\g<1>{number}", value) if MASK in value else value
    if isinstance(value, dict):
        number = f'"{MASK}"' if value.get("$") == "NativeCall" else number
        return {key: _quote_stars_in(item, number) for key, item in value.items()}
    return [_quote_stars_in(item, number) for item in value] if isinstance(value, list) else value


def write_recording(recording: Recording, path: str | Path) -> Path:
    """Write a recording as a JSON file and return its path; folders are made. A file that is there is replaced as a whole."""
    from ..research.report_saving import write_whole  # late, for load time: a replay writes nothing

    target = Path(path)
    text = dump_readable(recording.to_dict(), ascii=False) + "\n"
    if any("\ud800" <= char <= "\udfff" for char in text):  # half a character is not UTF-8 text, but may stand in JSON
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
        raise RecordingError(f"The recording {path} is not text in UTF-8 (byte {error.start}); it was cut or changed.") from None
    return parse_recording(text, str(path))


def make_case(
    recording: Recording, path: str, *, name: str = "", metadata: Mapping[str, object] | None = None, expected: bool = False
) -> Case:
    """Return the case of a recording that is stored at `path`, with what it was asked as its input.

    With `expected` the output that the run had is what must come. Raises UsageError where it had none.
    """
    if expected and (not recording.finished or recording.output is None):
        why = f"it is {recording.state}" if not recording.finished else "it returned nothing"
        raise UsageError(f"Run {recording.run_id} has no output to expect: {why}.")
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
                raise RecordingError(f"{path} was changed by hand, and would be overwritten. Move it away, or name another folder: --out.")
            return path
        number += 1
        path = folder / name_file(recording.run_id).replace(".json", f"-{number}.json")
    return path


def show_input(recording: Recording) -> object:
    """Return the input of a recording as it is written into a case: a question as its text, a value as plain JSON."""
    value = simplify_input(read_value(recording.input))
    return value.text if isinstance(value, Conversation) else strip_types(recording.input) if not isinstance(value, str) else value


def name_file(run_id: str) -> str:
    """Return the name of the file for the recording of a run. A long id is cut, with its hash in place of the rest."""
    name = _NO_NAME.sub("-", run_id).strip(".-") or "run"
    return f"{name}.json" if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}-{sha256(run_id)[:8]}.json"
