"""The state of a database of runs in Prometheus' text form, and an ASGI app that serves it.

The lines are written by hand. What is told is counted in the database when it is asked for, for all programs together; a client library
counts in one process, and would be a dependency for a few lines of text.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .database import Session

if TYPE_CHECKING:  # late, for load time: it opens databases
    from .engine import DurableEngine

LIVE = ("new", "queued", "running", "waiting", "interrupted")
ENDED = ("done", "failed", "cancelled")
WINDOW_SECONDS = 60.0
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Metric(NamedTuple):
    """One figure of the database; `by` says of which state, where there are several."""

    name: str
    help: str
    values: tuple[tuple[str, float], ...]


async def read_metrics(engine: DurableEngine) -> str:
    """Return the figures of an engine's database as Prometheus reads them. Asking costs the same however many runs have ended."""
    now = engine.clock()
    metrics = await engine.store.database.do(lambda session: _count(session, now))
    began = time.perf_counter()
    await engine.store.database.do(_commit)
    took = Metric("sayso_commit_seconds", "How long one write to the database took just now.", (("", time.perf_counter() - began),))
    return format_metrics([*metrics, took])


def format_metrics(metrics: Iterable[Metric]) -> str:
    """Return metrics as text: two lines that say what each is, and a line for each value."""
    lines = list[str]()
    for name, text, values in metrics:
        lines += [f"# HELP {name} {text}", f"# TYPE {name} gauge"]
        lines += [f'{name}{{state="{state}"}} {value:.17g}' if state else f"{name} {value:.17g}" for state, value in values]
    return "\n".join(lines) + "\n"


_FIGURES = (
    ("sayso_requests_open", "Requests that wait for a decision.", "SELECT COUNT(*) FROM sayso_approvals WHERE state = 'proposed'"),
    (
        "sayso_writes_unknown",
        "Writes of which nobody knows whether they happened.",
        "SELECT COUNT(*) FROM sayso_approvals WHERE state = 'unknown' AND asked_at > 0",
    ),
    (
        "sayso_programs_running",
        "Programs that execute runs now.",
        "SELECT COUNT(DISTINCT owner) FROM sayso_runs WHERE state = 'running'",
    ),
    (
        "sayso_claims_per_second",
        "Runs that workers and programs took up, a second, in the last minute.",
        f"SELECT COUNT(*) / {WINDOW_SECONDS} FROM sayso_log WHERE kind = 'begun' AND at > :since",
    ),
)
_OLDEST = (
    (
        "sayso_queue_oldest_seconds",
        "How long the run that was queued first has been waiting for a worker.",
        "SELECT MIN(changed_at) FROM sayso_runs WHERE state = 'queued'",
    ),
    (
        "sayso_requests_oldest_seconds",
        "How long the oldest open request has been waiting for a person.",
        "SELECT MIN(asked_at) FROM sayso_approvals WHERE state = 'proposed'",
    ),
    (
        "sayso_running_silent_seconds",
        "The longest time in which a running run has written nothing.",
        "SELECT MIN(changed_at) FROM sayso_runs WHERE state = 'running'",
    ),
)
"""Each with what selects when the oldest one began."""


def _count(session: Session, now: float) -> list[Metric]:
    since = {"since": now - WINDOW_SECONDS}

    def count(statement: str, **values: object) -> float | None:
        (found,) = session.execute(statement, {**since, **values} if ":since" in statement else values).fetchone()
        return None if found is None else float(found)

    live = "SELECT COUNT(*) FROM sayso_runs WHERE state = :state"
    runs = tuple((state, count(live, state=state) or 0.0) for state in LIVE)
    ended = tuple((state, count(f"{live} AND changed_at > :since", state=state) or 0.0) for state in ENDED)
    metrics = [
        Metric("sayso_runs", "Runs that are not over, by state.", runs),
        Metric("sayso_runs_ended_last_minute", "Runs that ended in the last minute, by how.", ended),
    ]
    metrics += [Metric(name, text, (("", count(statement) or 0.0),)) for name, text, statement in _FIGURES]
    for name, text, statement in _OLDEST:
        first = count(statement)
        metrics.append(Metric(name, text, (("", 0.0 if first is None else max(now - first, 0.0)),)))
    return metrics


def _commit(session: Session) -> None:
    session.execute(
        "INSERT INTO sayso_about (name, value) VALUES ('commit measured', :now) ON CONFLICT (name) DO UPDATE SET value = :now",
        {"now": str(time.time())},
    )


def metrics_app(engine: DurableEngine) -> Callable[[Message, Receive, Send], Awaitable[None]]:
    """Return an ASGI app that answers every GET with the figures: mount it at /metrics of any ASGI framework.

    It says how many runs there are and how old, nothing of what is in them. Whoever can ask it is up to where you mount it.
    """

    async def answer(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        status, body = (200, await read_metrics(engine)) if scope["method"] in ("GET", "HEAD") else (405, "Only GET.\n")
        headers = [(b"content-type", CONTENT_TYPE.encode()), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body.encode()})

    return answer
