"""`sayso approve`: say yes to a write, from any terminal."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from sayso.cli.display import format_time
from sayso.cli.open_requests import Signer, decide, find_open_requests, find_signer
from sayso.cli.options import DatabaseUrl, Exit, KeyFile, RunId, SignerName
from sayso.cli.run_database import database_option, find_run, open_engine
from sayso.console import ask_yes_no, find_user_name, format_card
from sayso.tools.approval.requests import ApprovalRequest, Approve
from sayso.tools.errors import UsageError

if TYPE_CHECKING:
    from sayso.workflows.durable.records import RunRow


def approve(
    run: RunId,
    digest: str | None = None,
    *,
    yes: Annotated[str | None, Parameter(name="--yes", help="Approve the request with this digest without asking.")] = None,
    key: KeyFile = None,
    signer: SignerName = None,
    database: DatabaseUrl = None,
) -> int:
    """Show the card of a waiting request, and approve it after your yes.

    What is approved is exactly the call on the card.

    Parameters
    ----------
    digest
        Which request, if there are several: its digest, or at least 8 characters of it.
    """
    if yes is not None and digest is not None and not (digest.startswith(yes) or yes.startswith(digest)):
        raise UsageError(f"--yes {yes} and {digest} are two requests. Name one.")
    return asyncio.run(_approve(run, digest if yes is None else yes, yes is not None, find_signer(key, signer), database))


async def _approve(name: str, digest: str | None, without_asking: bool, signer: Signer | None, database: str | None) -> int:
    async with open_engine(database) as engine:
        row = await find_run(engine, name)
        requests = await find_open_requests(engine, row, digest, signer)
        left_open = 0
        for request in requests:
            print(format_card(request), file=sys.stderr)
            print(f"    request {request.digest[:16]}, open until {format_time(request.expires_at)}", file=sys.stderr, flush=True)
            if not without_asking and not await ask_yes_no("Approve? [y/N, v to view all] ", request):
                left_open += 1
                continue
            place = "command line" if without_asking else "terminal"
            await decide(engine, row, request, Approve(by=find_user_name(), place=place), database, signer)
        if left_open:
            return _say_left_open(row, requests, database)
    return Exit.OK


def _say_left_open(row: RunRow, requests: Sequence[ApprovalRequest], database: str | None) -> int:
    option = database_option(database)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        print("sayso: there is no terminal to ask in. Read the card, then type:", file=sys.stderr)
        for request in requests:
            print(f"  sayso approve {row.id} --yes {request.digest[:16]}{option}", file=sys.stderr)
    else:
        print(f"Left open. To refuse it: sayso reject {row.id}{option}", file=sys.stderr)
    return Exit.WAITS
