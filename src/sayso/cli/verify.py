"""`sayso verify`: whether what is stored of a run was changed after it was written."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from sayso.cli.options import DatabaseUrl, Exit
from sayso.cli.run_database import find_run, open_engine
from sayso.tools.approval.cards import show_value
from sayso.tools.errors import UsageError

if TYPE_CHECKING:
    from sayso.workflows.durable.chain import ChainVerdict, Row
    from sayso.workflows.durable.records import RunRow

MIN_HEAD = 16
WITHOUT_KEY = (
    "This shows accidental or partial change. Anybody who can write the whole database can compute a new chain: "
    "store the head above elsewhere (--head compares), or write with a key in {variable}."
)
WITH_KEY = "The rows carry a keyed hash: they were written by a program that has the key, and not changed by one that has not."
NEVER = (
    "It cannot show that rows at the end, or the whole run, were removed together with what points to them; a head stored elsewhere can."
)


def verify(
    run: Annotated[str | None, Parameter(help="A run's id, as `sayso runs` shows it.")] = None,
    *,
    all: Annotated[bool, Parameter(negative="", help="Verify all runs, and rows that belong to no run.")] = False,
    head: str | None = None,
    heads: Annotated[
        str | None, Parameter(help="The file or URL that keeps the heads: compare each run with it. Default: $SAYSO_HEADS.")
    ] = None,
    database: DatabaseUrl = None,
) -> int:
    """Check the log of a run and everything stored with it; report changed and missing rows.

    Exit code 1 if anything is.

    Parameters
    ----------
    head
        A head hash of this run that you stored elsewhere: it must still be in the chain.
    """
    if all:
        if run is not None or head is not None:
            raise UsageError("--all verifies every run; leave the run and --head out.")
        return asyncio.run(_verify_all(heads, database))
    if run is None:
        raise UsageError("Name a run, or verify all of them with --all.")
    return asyncio.run(_verify(run, head, heads, database))


async def _verify_all(heads: str | None, database: str | None) -> int:
    from sayso.workflows.durable.engine import NO_KEPT_HEAD  # late, for load time

    async with open_engine(database) as engine:
        engine.keep_heads(heads)
        runs = wrong = without_head = 0
        async for row in engine.each_run():
            runs += 1
            verdict = await engine.verify(row.id)
            wrong += bool(verdict.problems)
            without_head += NO_KEPT_HEAD in verdict.notes
            for problem in verdict.problems:
                print(f"{show_value(row.id)}: {show_value(problem)}", flush=True)
        orphans = await engine.find_orphans()
    for orphan in orphans:
        print(f"{show_value(orphan)}: the run itself was removed; something of it is still there.")
    bad = wrong + len(orphans)
    said = f"{bad} {'is' if bad == 1 else 'are'} not what was written" if bad else "unchanged"
    print(f"{runs} run{'s' * (runs != 1)}: {said}.")
    if without_head:
        print(f"For {without_head} of them no head is kept there, so none was compared.")
    return Exit.FAILED if wrong or orphans else Exit.OK


async def _verify(run: str, head: str | None, heads: str | None, database: str | None) -> int:
    async with open_engine(database) as engine:
        engine.keep_heads(heads)
        row = await find_run(engine, run)
        log = await engine.log(row.id)
        verdict = await engine.verify(row.id)
    problems = [*verdict.problems, *_compare_head(head, log, verdict.head)]
    _print_verdict(row, log, verdict, problems)
    return Exit.FAILED if problems else Exit.OK


def _compare_head(head: str | None, log: list[Row], current: str) -> list[str]:
    """Return a problem if a head that was stored elsewhere is no longer in the chain, and print where it is otherwise."""
    if head is None:
        return []
    if len(head) < MIN_HEAD:
        raise UsageError(f"--head {head!r} is too short: give at least {MIN_HEAD} characters of the hash.")
    number = next((row.number for row in log if row.hash.startswith(head.strip())), None)
    if number is None:
        return [
            f"the head {show_value(head)[:70]} that you stored is not in this chain: "
            "the log was rewritten or cut since, or the head is another run's."
        ]
    if log[-1].number > number:
        print(f"The head that you stored is that of row {number}; {log[-1].number - number} rows were added since.")
    else:
        print("The head is the one that you stored.")
    return []


def _print_verdict(row: RunRow, log: list[Row], verdict: ChainVerdict, problems: list[str]) -> None:
    from sayso.workflows.durable.chain import KEY_VARIABLE  # late, for load time

    print(f"Run {show_value(row.id)}: {len(log)} rows, head {show_value(verdict.head) or '(none)'}")
    for problem in problems:
        print(f"  {show_value(problem)}")
    if problems:
        print(f"{len(problems)} problem{'s' * (len(problems) != 1)}: this is not what was written.")
        return
    print("Unchanged: every row follows from the one before it, and all that is stored beside the log is what it says.")
    for note in verdict.notes:
        print(note)
    print(WITH_KEY if verdict.keyed else WITHOUT_KEY.format(variable=KEY_VARIABLE))
    print(NEVER)
