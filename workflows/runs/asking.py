"""Ask an approver about one request. Whatever it does but decide leaves the request open; none of it ever means yes."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

from sayso.tools.approval.requests import ApprovalRequest, Approver, Decision, is_decision

SECONDS_TO_STOP = 1.0
"""How long an approver that is cancelled may take to end; one that takes longer is left behind, and what it answers counts for nothing."""


class NotAnswered(Exception):
    """The approver did something else than to decide; the text says what."""


async def ask_approver(approve: Approver, request: ApprovalRequest, answered: asyncio.Future[Any]) -> Decision | None:
    """Return the approver's decision. None if it leaves the request open, or if `answered` is done first: then it is cancelled.

    Raises NotAnswered for everything else that it does. Its task is its own, so what it cancels or is cancelled by is not the run; only
    KeyboardInterrupt and SystemExit reach the event loop, and end the program.
    """
    loop = asyncio.get_running_loop()
    asking, either = loop.create_task(_call(approve, request)), loop.create_future()

    def end(done: asyncio.Future[Any]) -> None:
        if done is asking and not asking.cancelled():
            asking.exception()  # retrieved, whoever is left to look at it
        if not either.done():
            either.set_result(None)

    # By hand: asyncio.wait takes as long as all else that is done to ask.
    asking.add_done_callback(end)
    answered.add_done_callback(end)
    try:
        await either
    finally:
        answered.remove_done_callback(end)
        if not asking.done():
            asking.cancel()
            await asyncio.wait({asking}, timeout=SECONDS_TO_STOP)
    if answered.done():
        return None
    if asking.cancelled():
        raise NotAnswered("it was cancelled")
    if (error := asking.exception()) is not None:
        raise NotAnswered(f"{type(error).__name__}: {error}".removesuffix(": "))
    decision = asking.result()
    if decision is not None and not is_decision(decision):
        raise NotAnswered(f"it returned {decision!r}, which is not a decision")
    return decision


async def _call(approve: Approver, request: ApprovalRequest) -> Decision | None:
    answer: object = approve(request)
    if not inspect.isawaitable(answer):
        raise TypeError(f"it is not async: it returned {answer!r} at once. Write: async def")
    decision: Decision | None = await answer
    return decision
