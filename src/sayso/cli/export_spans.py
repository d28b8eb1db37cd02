"""Send the spans of a stored run to a tracing backend, or write them to a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from urllib.parse import urlsplit

from sayso.cli.options import Exit
from sayso.cli.run_database import find_run, open_engine
from sayso.spans import SpanRecord, SpanRecorder, write_otlp
from sayso.tools.errors import UsageError

PATH = "/v1/traces"
SECONDS = 30.0


async def export_spans(name: str, target: str, content: bool, database: str | None) -> int:
    """Make the spans of a run from its log, and send or write them. Raises UsageError where that fails."""
    recorder, spans = SpanRecorder(content=content), list[SpanRecord]()
    async with open_engine(database) as engine:
        row = await find_run(engine, name)
        async for event in engine.events(row.id):
            spans += recorder.take(event)
    if not spans:
        print(f"Run {row.id} has no spans yet: nothing of it is over.", file=sys.stderr)
        return Exit.OK
    body = json.dumps(write_otlp(spans), ensure_ascii=False)
    if "://" in target:
        _post(find_address(target), body)
        print(f"{len(spans)} spans of run {row.id} sent to {find_address(target)}, as trace {spans[0].trace_id}.")
    else:
        _write(Path(target), body)
        print(f"{len(spans)} spans of run {row.id} written to {target}, as trace {spans[0].trace_id}.")
    return Exit.OK


def find_address(target: str) -> str:
    """Return where spans are posted: at the path of OTLP, where the address names none. Raises UsageError for what is no http address."""
    parts = urlsplit(target)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UsageError(f"--otlp {target} is not an address of a collector. Write http://localhost:4318, or the name of a file.")
    return target if parts.path.strip("/") else f"{parts.scheme}://{parts.netloc}{PATH}"


def _post(address: str, body: str) -> None:
    import httpx2  # late, for load time

    try:
        answer = httpx2.post(address, content=body.encode(), headers={"Content-Type": "application/json"}, timeout=SECONDS)
    except httpx2.HTTPError as error:
        raise UsageError(f"{address} did not take the spans: {error}. Is a collector listening there?") from None
    if not answer.is_success:
        raise UsageError(f"{address} did not take the spans: it answered {answer.status_code} {answer.text[:200]}".rstrip())


def _write(path: Path, body: str) -> None:
    try:
        path.write_text(body + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}.") from None
