"""`sayso reject`: say no to a write, from any terminal."""

from __future__ import annotations

import asyncio
import sys

from sayso.cli.open_requests import Signer, decide, find_open_request, find_signer
from sayso.cli.options import DatabaseUrl, Exit, KeyFile, RunId, SignerName
from sayso.cli.run_database import find_run, open_engine
from sayso.console import find_user_name, format_card
from sayso.tools.approval.requests import Reject


def reject(
    run: RunId, digest: str | None = None, *, reason: str = "", key: KeyFile = None, signer: SignerName = None, database: DatabaseUrl = None
) -> int:
    """Reject a waiting request; the model reads your reason.

    Parameters
    ----------
    digest
        Which request, if there are several: its digest, or at least 8 characters of it.
    reason
        Why not, in words for the model.
    """
    return asyncio.run(_reject(run, digest, reason, find_signer(key, signer), database))


async def _reject(run: str, digest: str | None, reason: str, signer: Signer | None, database: str | None) -> int:
    async with open_engine(database) as engine:
        row = await find_run(engine, run)
        request = await find_open_request(engine, row, digest, signer)
        print(format_card(request), file=sys.stderr, flush=True)
        await decide(engine, row, request, Reject(reason, by=find_user_name(), place="command line"), database, signer)
    return Exit.OK
