"""Read runs of a database as recordings, and replay them over the code of an app."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sayso.tools.canonical import Json
from sayso.tools.errors import RunError

from ..runs.codec import SEALED_MARK, from_json
from ..runs.recording import Recording, show_sealed
from ..runs.replaying import Replayed
from . import records
from .store import read_stored

if TYPE_CHECKING:
    from .app import App
    from .chain import Row
    from .records import ApprovalRow, RunRow


def read_recording(row: RunRow, log: Sequence[Row], approvals: Sequence[ApprovalRow], *, hides_secrets: bool = True) -> Recording:
    """Return a run of a database as a recording, of what is stored of it.

    With `hides_secrets` what is encrypted stands in it as stars, else it is decrypted. Raises RunError for a log that cannot be read.
    """
    waiting = [each for each in approvals if each.state == "proposed" and row.state == records.WAITING]
    read: Callable[[str], Json] = (
        (lambda text: show_sealed(json.loads(text))) if hides_secrets else (lambda text: read_stored(row.id, text))
    )
    try:
        plain = [each._replace(value=json.dumps(read(each.value))) if SEALED_MARK in each.value else each for each in log]
        output = read(row.output) if row.output is not None else {}
        return Recording(
            run_id=row.id,
            flow=row.flow,
            app=row.app,
            state=row.state,
            input=read(row.input),
            entries=tuple(records.entries(plain, with_failure=row.state == records.FAILED)),
            prompts=records.prompts(plain),
            waits_for=tuple((each.run, f"wait:approve:{each.digest}") for each in waiting),
            output=output["value"] if output else None,
            error=read(row.error) if row.error is not None else None,
            limits=json.loads(row.limits or "null"),
        )
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise _make_unreadable(row, error) from None


async def replay_row(row: RunRow, app: App, log: Sequence[Row], approvals: Sequence[ApprovalRow]) -> Replayed:
    """Execute the app's code over what is stored of a run, without acting. Raises RunError for a log that cannot be read."""
    flow = app.flow(row.flow)
    recording = read_recording(row, log, approvals, hides_secrets=False)
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
