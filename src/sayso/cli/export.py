"""`sayso export`: a run with its whole log as one JSON document."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from sayso import __version__
from sayso.cli.options import DatabaseUrl, Exit, RunId
from sayso.cli.run_database import find_run, open_engine
from sayso.tools.errors import UsageError

if TYPE_CHECKING:
    from sayso.workflows.durable.chain import ChainVerdict, Row
    from sayso.workflows.durable.records import ApprovalRow, RunRow
    from sayso.workflows.thumbs import Feedback


def export(
    run: RunId,
    *,
    redact: Annotated[bool, Parameter(negative="")] = False,
    otlp: str | None = None,
    content: Annotated[bool, Parameter(negative="")] = False,
    database: DatabaseUrl = None,
) -> int:
    """Print a run with its whole log as one JSON document, or send its spans to a tracing backend.

    It holds the run, the log with its hashes, the approval requests, the feedback, and the verdict of `sayso verify`. Secrets are
    encrypted.

    Parameters
    ----------
    redact
        Leave out all that anybody wrote: prompts, replies, arguments, results, errors, cards. What happened, when, how it ended and what it
        cost stays.
    otlp
        Make OpenTelemetry spans of the run, and send them to this address of a collector (http://localhost:4318), or write them to this
        file, as OTLP in JSON. They are those that the run itself would have sent while it went on.
    content
        With --otlp: the spans hold what was written as well: messages, arguments, results, cards.
    """
    if otlp is not None:
        if redact:
            raise UsageError("--redact is for the JSON document. Spans hold nothing that anybody wrote, unless you add --content.")
        from sayso.cli.export_spans import export_spans  # late, for load time

        return asyncio.run(export_spans(run, otlp, content, database))
    if content:
        raise UsageError("--content is for spans: sayso export RUN --otlp http://localhost:4318 --content.")
    print(json.dumps(asyncio.run(_export(run, redact, database)), indent=2))
    return Exit.OK


async def _export(run: str, redact: bool, database: str | None) -> dict[str, object]:
    async with open_engine(database) as engine:
        row = await find_run(engine, run)
        log = await engine.log(row.id)
        verdict = await engine.verify(row.id)
        approvals = await engine.approvals(row.id)
        feedback = await engine.feedback(row.id, history=True)
    if redact:
        return _redact(row, log, approvals, feedback, verdict)
    return {
        "sayso": __version__,
        "run": _to_dict(row, "input", "limits", "output", "error"),
        "log": [_to_dict(each, "value") for each in log],
        "approvals": [_to_dict(each, "request") for each in approvals],
        "feedback": [each._asdict() for each in feedback],
        "verify": {**verdict._asdict(), "problems": list(verdict.problems)},
    }


def _redact(
    row: RunRow, log: Sequence[Row], approvals: Sequence[ApprovalRow], feedback: Sequence[Feedback], verdict: ChainVerdict
) -> dict[str, object]:
    from sayso.cli.redaction import redact_approval, redact_feedback, redact_row, redact_run  # late, for load time

    return {
        "sayso": __version__,
        "redacted": True,
        "run": redact_run(row),
        "log": [redact_row(each) for each in log],
        "approvals": [redact_approval(each) for each in approvals],
        "feedback": [redact_feedback(each) for each in feedback],
        "verify": {"rows": verdict.rows, "keyed": verdict.keyed, "problems": list(verdict.problems)},
    }


def _to_dict(row: RunRow | Row | ApprovalRow, *columns: str) -> dict[str, object]:
    """Return a row whose columns of JSON text are parsed; a text that is not JSON, because it was changed, stays as it is."""
    values: dict[str, object] = row._asdict()
    for column in columns:
        text = values[column]
        if isinstance(text, str):
            with suppress(ValueError):
                values[column] = json.loads(text)
    return values
