"""Read runs of a database as recordings, and replay them over the code of an app."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from sayso.tools.canonical import Json
from sayso.tools.errors import RunError

from ..runs.codec import SEALED_MARK, from_json
from ..runs.recording import Recording, show_sealed
from ..runs.replaying import Replayed
from . import records
from .store import read_stored

if TYPE_CHECKING:
    from .engine import DurableEngine
    from .records import RunRow


async def read_recording(engine: DurableEngine, row: RunRow, *, hides_secrets: bool = True) -> Recording:
    """Return a run of a database as a recording. With `hides_secrets` what is encrypted stands in it as stars, else it is decrypted.

    Raises RunError for a log that cannot be read.
    """
    log = await engine.log(row.id)
    waiting = [each for each in await engine.approvals(row.id) if each.state == "proposed" and row.state == records.WAITING]
    read: Callable[[str], Json] = (
        (lambda text: show_sealed(json.loads(text))) if hides_secrets else (lambda text: read_stored(row.id, text))
    )
    try:
        log = [each._replace(value=json.dumps(read(each.value))) if SEALED_MARK in each.value else each for each in log]
        output = read(row.output) if row.output is not None else {}
        return Recording(
            run_id=row.id,
            flow=row.flow,
            app=row.app,
            state=row.state,
            input=read(row.input),
            entries=tuple(records.entries(log, with_failure=row.state == records.FAILED)),
            prompts=records.prompts(log),
            waits_for=tuple((each.run, f"wait:approve:{each.digest}") for each in waiting),
            output=output["value"] if output else None,
            error=read(row.error) if row.error is not None else None,
            limits=json.loads(row.limits or "null"),
        )
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise _make_unreadable(row, error) from None


async def replay_run(engine: DurableEngine, run_id: str) -> Replayed:
    """Execute the app's code over the journal of a run without acting. Raises UsageError without the code, RunError for a broken log."""
    row = await engine.run(run_id)
    app = engine.find_app(row)
    flow = app.flow(row.flow)
    recording = await read_recording(engine, row, hides_secrets=False)
    try:
        value = from_json(recording.input)
        for entry in recording.entries:
            from_json(entry.value)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise _make_unreadable(row, error) from None
    return await recording.replay(flow.execute, app.scope(flow, value, row.limits))


def _make_unreadable(row: RunRow, error: Exception) -> RunError:
    return RunError(
        f"The log of run {row.id} cannot be read, so it cannot be replayed: {type(error).__name__}: {error}. See: sayso verify {row.id}"
    )
