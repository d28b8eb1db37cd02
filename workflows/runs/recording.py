"""A recording: a run with its journal in one JSON document, which is replayed over the present code without the run's database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sayso.tools.canonical import Json, JsonObject, canonical_json
from sayso.tools.errors import RunError, UsageError

from .codec import SEALED, from_json
from .journal import Entry
from .protocols import Scope, WorkflowCode
from .replaying import Hide, Prompts, Replayed, replay

FORMAT = 1
"""The version of the form. A newer one is refused by name."""
LONGEST = 1e10
"""Seconds that a run may have taken; a larger number was written by hand."""
STATES = ("done", "failed", "cancelled", "waiting", "running", "queued", "interrupted", "new")
_NEEDED: tuple[tuple[str, type], ...] = (("run", str), ("flow", str), ("state", str), ("steps", list))


class RecordingError(UsageError):
    """A recording that cannot be read or replayed. The message says which, what was seen, and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """A run as it was stored: what its steps came to, what its models were sent, and how it ended. All values are stored JSON.

    `state` is that of the run ("done", "failed", "cancelled", "waiting", ...), `output` counts where it is done. `waits_for` are the
    requests that were open, by run and name of the wait. `seconds` is how long it took, without the time that it waited for people.
    """

    run_id: str
    flow: str
    state: str
    input: Json
    entries: tuple[Entry, ...]
    prompts: Prompts = field(default_factory=dict)
    waits_for: tuple[tuple[str, str], ...] = ()
    output: Json = None
    error: Json = None
    app: str = ""
    limits: Json = None
    seconds: float = 0.0
    version: str = ""
    sealed: bool = True
    """Whether it has the hash of all of it: a person may have changed one that has none."""

    @property
    def finished(self) -> bool:
        """Return whether the run came to an output."""
        return self.state == "done"

    def read_input(self) -> Any:
        """Return the input of the run. Raises RecordingError for a type that this program does not know."""
        return self._read(self.input, "its input")

    def read_error(self) -> Exception | None:
        """Return the error that the run ended with, if it did."""
        error = self._read(self.error, "its error")
        return error if isinstance(error, Exception) or error is None else RunError(str(error))

    async def replay(self, workflow: WorkflowCode, make_scope: Callable[[], Scope] = Scope, *, hide: Hide | None = None) -> Replayed:
        """Execute the code over the recording, and return the first difference. Nothing is asked, called, written or waited for.

        `hide` is what was done to the prompts before they were stored.

        Raises RecordingError where a stored value is of a type that this program does not know.
        """
        value, error = self.read_input(), self.read_error()
        for entry in self.entries:
            self._read(entry.value, f"the result of step {entry.name!r}")
        output = self._read(self.output, "its output") if self.finished else ...
        return await replay(
            workflow,
            value,
            self.entries,
            run_id=self.run_id,
            finished=self.finished,
            output=output,
            error=error,
            waits_for=self.waits_for,
            prompts=self.prompts,
            make_scope=make_scope,
            hide=hide,
        )

    def _read(self, data: Json, what: str) -> Any:
        try:
            return from_json(data)
        except UsageError as error:
            raise RecordingError(f"The recording of run {self.run_id} cannot be replayed here: {what}: {error}") from None
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            raise RecordingError(
                f"The recording of run {self.run_id} cannot be replayed by this version of the code: {what} cannot be read "
                f"({type(error).__name__}: {error}). Record the run again, or replay it with the code that it was recorded with."
            ) from None

    def to_dict(self) -> JsonObject:
        """Return the recording as a JSON document, with the hash of all of it."""
        document: JsonObject = {
            "sayso_recording": FORMAT,
            "sayso": self.version,
            "run": self.run_id,
            "flow": self.flow,
            "app": self.app,
            "state": self.state,
            "seconds": round(self.seconds, 3),
            "limits": self.limits,
            "input": self.input,
            "steps": list(self._write_steps()),
        }
        if self.waits_for:
            document["waits_for"] = [{"run": run, "wait": name} for run, name in self.waits_for]
        document |= {"output": self.output} if self.finished else {"error": self.error}
        return {**document, "sha256": compute_hash(document)}

    def _write_steps(self) -> Iterator[JsonObject]:
        """Yield the steps: where (for a branch of the run), the name, what a model was sent, and the result."""
        unsent = dict(self.prompts)
        for entry in self.entries:
            place: JsonObject = {"step": entry.name} if entry.run == self.run_id else {"run": entry.run, "step": entry.name}
            sent = unsent.pop((entry.run, entry.name), None)
            yield place | ({"sent": sent} if sent is not None else {}) | {"result": entry.value}
        for (run, name), sent in unsent.items():  # nothing came back
            yield {"run": run, "step": name, "sent": sent}


def compute_hash(document: Mapping[str, object]) -> str:
    """Return the sha256 of a recording's document without its hash."""
    plain = {key: value for key, value in document.items() if key != "sha256"}
    return hashlib.sha256(canonical_json(plain).encode("utf-8", "surrogatepass")).hexdigest()


def parse_recording(text: str, place: str) -> Recording:
    """Return the recording in a JSON text; `place` names it in errors. Raises RecordingError for what is none, was cut or changed."""
    try:
        document = json.loads(text)
    except RecursionError:
        raise RecordingError(f"{place} is not a recording: its JSON is nested too deeply.") from None
    except ValueError as error:
        if not text.strip():
            raise RecordingError(f"{place} is empty. Record the run again: sayso case RUN.") from None
        line = getattr(error, "lineno", 0)
        raise RecordingError(
            f"{place}:{line}: this is not a whole JSON document ({getattr(error, 'msg', error)}); the recording was cut or changed. "
            "Record the run again: sayso case RUN."
        ) from None
    if not isinstance(document, dict) or "sayso_recording" not in document:
        raise RecordingError(f'{place} is not a recording: it has no "sayso_recording". `sayso case RUN` makes one of a run.')
    form = document["sayso_recording"]
    if isinstance(form, bool) or not isinstance(form, int) or form < 1:
        raise RecordingError(f'{place}: "sayso_recording" is {form!r}, and should be the number of its form, {FORMAT}.')
    if form > FORMAT:
        raise RecordingError(
            f"{place} has form {form}, of Sayso {document.get('sayso', '?')}; this version reads form {FORMAT}. "
            "Use that version or a newer one."
        )
    for name, kind in _NEEDED:
        if not isinstance(document.get(name), kind):
            raise RecordingError(f'{place}: "{name}" is missing or no {"text" if kind is str else "list"}; the recording was changed.')
    sealed = document.get("sha256")
    if sealed is not None and sealed != compute_hash(document):
        raise RecordingError(
            f"{place} was changed after it was recorded: its sha256 does not fit. Record the run again with sayso case; "
            'if you changed it on purpose, remove the line "sha256".'
        )
    return _read_document(document, place, is_sealed=sealed is not None)


def _read_document(document: JsonObject, place: str, *, is_sealed: bool) -> Recording:
    if document["state"] not in STATES:
        raise RecordingError(f'{place}: "state" is {document["state"]!r}; a run is {", ".join(STATES)}.')
    root = document["run"]
    entries, prompts = list[Entry](), dict[tuple[str, str], object]()
    for index, step in enumerate(document["steps"]):
        if not isinstance(step, dict) or not isinstance(step.get("step"), str) or not isinstance(run := step.get("run", root), str):
            raise RecordingError(f'{place}: step {index} of "steps" has no "step", the name of the step; the recording was changed.')
        if "sent" in step:
            prompts[run, step["step"]] = step["sent"]
        if "result" in step:
            entries.append(Entry(run, step["step"], step["result"]))
    waits = document.get("waits_for", [])
    if not isinstance(waits, list) or not all(isinstance(each, dict) and {"run", "wait"} <= each.keys() for each in waits):
        raise RecordingError(f'{place}: "waits_for" is not a list of {{"run": ..., "wait": ...}}; the recording was changed.')
    seconds = document.get("seconds")
    return Recording(
        run_id=root,
        flow=document["flow"],
        app=str(document.get("app", "")),
        state=document["state"],
        input=document.get("input"),
        entries=tuple(entries),
        prompts=prompts,
        waits_for=tuple((str(each["run"]), str(each["wait"])) for each in waits),
        output=document.get("output"),
        error=document.get("error"),
        limits=document.get("limits"),
        seconds=float(seconds) if isinstance(seconds, (int, float)) and 0 <= seconds < LONGEST else 0.0,
        sealed=is_sealed,
        version=str(document.get("sayso", "")),
    )


def show_sealed(value: Json) -> Json:
    """Return stored JSON with what is encrypted in it as it is shown: with stars."""
    if isinstance(value, list):
        return [show_sealed(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("$") == SEALED:
        return value["="]["shown"]
    return {key: show_sealed(item) for key, item in value.items()}
