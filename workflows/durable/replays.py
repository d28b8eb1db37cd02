"""A run of the database replayed: its journal, how it stands, and what its models were sent, against the code of an app."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sayso.tools.errors import RunError

from ..runs.codec import from_json
from ..runs.replaying import Replayed, replay
from . import records

if TYPE_CHECKING:
    from .engine import DurableEngine
    from .records import RunRow


async def replayed(engine: DurableEngine, run_id: str) -> Replayed:
    """What a replay of the run with the code of the engine's app finds. RunError for a log that cannot be read."""
    row = await engine.run(run_id)
    app = engine.app_of(row)
    flow = app.flow(row.flow)
    log = await engine.log(row.id)
    waiting = [each for each in await engine.approvals(row.id) if each.state == "proposed" and row.state == records.WAITING]
    try:
        value = from_json(json.loads(row.input))
        entries = records.entries(log, with_failure=row.state == records.FAILED)
        prompts, end = records.prompts(log), _end_of(row)
        for entry in entries:
            from_json(entry.value)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise RunError(
            f"The log of run {row.id} cannot be read, so it cannot be replayed: {type(error).__name__}: {error}. See: sayso verify {row.id}"
        ) from None
    return await replay(
        flow.execute,
        value,
        entries,
        run_id=row.id,
        finished=row.state == records.DONE,
        waits_for=[(each.run, f"wait:approve:{each.digest}") for each in waiting],
        prompts=prompts,
        fresh=app.scope(flow, value, row.limits, acts=False),
        **end,
    )


def _end_of(row: RunRow) -> dict[str, Any]:
    """What the run came to, as far as it came to something."""
    if row.output is not None:
        return {"output": from_json(json.loads(row.output))["value"]}
    if row.state == records.FAILED:
        error = from_json(json.loads(row.error or "null"))
        return {"error": error if isinstance(error, Exception) else RunError(str(error))}
    return {}
