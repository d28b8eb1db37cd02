"""`sayso verify` and `sayso export`: what can be shown of a run afterwards."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from sayso import __version__
from sayso.cli.main import Exit
from sayso.cli.run_database import DatabaseUrl, found, opened
from sayso.tools.approval.cards import show_value
from sayso.tools.errors import UsageError

if TYPE_CHECKING:
    from sayso.workflows.durable.chain import Row, Verdict
    from sayso.workflows.durable.engine import DurableEngine
    from sayso.workflows.durable.records import RunRow

SHORTEST_HEAD = 16
WITHOUT_KEY = (
    "This shows accidental or partial change. Whoever can write the whole database can compute the chain anew: "
    "keep the head above elsewhere (--head compares), or write with a key in {variable}."
)
WITH_KEY = "The rows carry a keyed hash: they were written by a program that has the key, and not changed by one that has not."
NEVER = (
    "It cannot show that rows at the end, or the whole run, were taken away together with what points to them; a head kept elsewhere can."
)

RunId = Annotated[str, Parameter(help="A run's id, as `sayso runs` shows it.")]


def verify(run: RunId, *, head: str | None = None, database: DatabaseUrl = None) -> int:
    """Recompute the hash chain of a run's log, and say what was changed or is missing. Exit code 1 if anything is.

    Parameters
    ----------
    head
        A head hash of this run that was kept elsewhere: it must still be in the chain.
    """

    async def verified() -> int:
        async with opened(database) as engine:
            row = await found(engine, run)
            log = await engine.log(row.id)
            verdict = await _verdict(engine, row, log)
        problems = [*verdict.problems, *_against(head, log, verdict.head)]
        _say(row, log, verdict, problems)
        return Exit.FAILED if problems else Exit.OK

    return asyncio.run(verified())


async def _verdict(engine: DurableEngine, row: RunRow, log: list[Row]) -> Verdict:
    """The engine's verdict; where a changed row is not even JSON, the chain's alone, which says which row that is."""
    from sayso.workflows.durable.chain import verified

    with suppress(ValueError, TypeError, KeyError, IndexError, AttributeError):
        return await engine.verify(row.id)
    verdict = verified(log, row.number, row.head, engine.key)
    return verdict._replace(problems=(*verdict.problems, "what is kept beside the log cannot be compared with it: it cannot be read."))


def _against(head: str | None, log: list[Row], now: str) -> list[str]:
    """Whether a head that was kept elsewhere is still in the chain."""
    if head is None:
        return []
    if len(head) < SHORTEST_HEAD:
        raise UsageError(f"--head {head!r} is too short: give at least {SHORTEST_HEAD} characters of the hash.")
    place = next((row.number for row in log if row.hash.startswith(head.strip())), None)
    if place is None:
        return [
            f"the head {show_value(head)[:70]} that you kept is not in this chain: "
            "the log was rewritten or cut since, or it is another run's."
        ]
    if log[-1].number > place:
        print(f"The head that you kept is that of row {place}; {log[-1].number - place} rows were added since.")
    else:
        print("The head is the one that you kept.")
    return []


def _say(row: RunRow, log: list[Row], verdict: Verdict, problems: list[str]) -> None:
    from sayso.workflows.durable.chain import KEY_VARIABLE

    print(f"Run {show_value(row.id)}: {len(log)} rows, head {show_value(verdict.head) or '(none)'}")
    for problem in problems:
        print(f"  {show_value(problem)}")
    if problems:
        print(f"{len(problems)} problem{'s' * (len(problems) != 1)}: this log is not what was written.")
        return
    print("Whole: every row follows from the one before it, and requests and input are those of the log.")
    print(WITH_KEY if verdict.keyed else WITHOUT_KEY.format(variable=KEY_VARIABLE))
    print(NEVER)


def export(run: RunId, *, database: DatabaseUrl = None) -> int:
    """Print a run as one JSON document: the run, its whole log with hashes, its requests, and the verdict of `sayso verify`."""

    async def exported() -> dict[str, Any]:
        async with opened(database) as engine:
            row = await found(engine, run)
            log = await engine.log(row.id)
            verdict = await _verdict(engine, row, log)
            approvals = await engine.approvals(row.id)
        return {
            "sayso": __version__,
            "run": _with_json(row._asdict(), "input", "limits", "output", "error"),
            "log": [_with_json(each._asdict(), "value") for each in log],
            "approvals": [_with_json(each._asdict(), "request") for each in approvals],
            "verify": {**verdict._asdict(), "problems": list(verdict.problems)},
        }

    print(json.dumps(asyncio.run(exported()), indent=2))
    return Exit.OK


def _with_json(row: dict[str, Any], *columns: str) -> dict[str, Any]:
    """A row whose JSON texts are JSON; one that is none (it was changed) stays the text it is."""
    for column in columns:
        with suppress(ValueError, TypeError):
            row[column] = json.loads(row[column])
    return row
