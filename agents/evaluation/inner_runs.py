"""The runs that the code of a case began itself: what a function does that calls an agent belongs to the record of its case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sayso.tools.canonical import Json, JsonObject
from sayso.workflows.runs.execution import Execution

from .record_json import read_call, to_plain, write_approval, write_call
from .values import ApprovalRecord, RunRecord, SourceText


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


def write_inner_run(record: RunRecord) -> JsonObject:
    """Return what is stored of a run inside a case, as JSON."""
    return {
        "run_id": record.run_id,
        "flow": record.flow,
        "calls": [write_call(each) for each in record.calls],
        "approvals": [write_approval(each) for each in record.approvals],
        "sources": [to_plain(list(each)) for each in record.sources],
        "models": list(record.models),
        "tools": to_plain([dict(each) for each in record.tools]),
    }


def read_inner_run(written: Json) -> RunRecord:
    """Return a run inside a case from what is stored of it: all that scores and tables ask for, without its messages."""
    return RunRecord(
        run_id=written["run_id"],
        flow=written["flow"],
        input=None,
        calls=tuple(read_call(each) for each in written["calls"]),
        approvals=tuple(ApprovalRecord(**each) for each in written["approvals"]),
        sources=tuple(SourceText(*each) for each in written["sources"]),
        models=tuple(written["models"]),
        tools=tuple(written["tools"]),
    )
