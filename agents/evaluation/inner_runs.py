"""The runs that the code of a case began itself: what a function does that calls an agent belongs to the record of its case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sayso.workflows.runs.execution import Execution

from .values import RunRecord


def find_inner_runs(executions: Iterable[Execution]) -> tuple[RunRecord, ...]:
    """Return the records of runs that were begun inside a case, in their order; one that was resumed is one run."""
    from .run_records import build_record, read_execution  # late, for load time

    last = {execution.id: execution for execution in executions}
    return tuple(build_record(read_execution(each), each.journal.secrets) for each in last.values())


def add_inner_runs(record: RunRecord, inner: Iterable[RunRecord]) -> RunRecord:
    """Return the record of a case with the calls, approvals, sources, models and tools of the runs inside it.

    What they used is counted already, for their meters are below that of the case. Its messages are those of the only run inside it.
    """
    inner = tuple(inner)
    if not inner:
        return record
    return replace(
        record,
        calls=(*record.calls, *(call for each in inner for call in each.calls)),
        approvals=(*record.approvals, *(approval for each in inner for approval in each.approvals)),
        sources=(*record.sources, *(source for each in inner for source in each.sources)),
        models=tuple(dict.fromkeys((*record.models, *(model for each in inner for model in each.models)))),
        messages=record.messages or (inner[0].messages if len(inner) == 1 else ()),
        tools=record.tools or inner[0].tools,
    )
