"""The feed of changes: pages that are away or never read cost nothing, and are told to read anew."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sayso.agents.agent_events import TextStreamed, TextWithdrawn
from sayso.web.desk import ApprovalDesk
from sayso.web.live import MOST_REMEMBERED, LiveFeed
from sayso.web.page_worker import LiveRuns
from sayso.web.people import Person
from sayso.workflows import DurableEngine, engine
from sayso.workflows.runs.events import StepEnded


async def test_a_browser_that_never_reads_its_stream_costs_nothing_and_reads_all_anew(tmp_path: Path) -> None:
    home = engine(f"sqlite:///{tmp_path}/runs.db")
    assert isinstance(home, DurableEngine)
    feed = LiveFeed(home, ApprovalDesk(home.database), lambda line: None, lambda person, line, arranged: "")
    stream = feed.watch(Person("ada"), None)
    assert await anext(stream) == b"retry: 1000\n\n"
    for _ in range(10 * MOST_REMEMBERED):
        feed.add((), runs_changed=True)
    assert feed.remembered == MOST_REMEMBERED
    assert (await anext(stream)).startswith(b"event: reload")
    feed.add((), runs_changed=True)
    assert b'"runs": true' in await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]
    home.close()


async def test_a_page_that_is_loaded_in_the_middle_of_a_reply_begins_with_its_beginning() -> None:
    live, pieces = LiveRuns(), [TextStreamed("r1", 0, text) for text in ("Hel", "lo ", "Ada")]
    live.expect("r1")
    for piece in pieces[:2]:
        live.hand_over("r1", piece)
    await asyncio.sleep(0)  # what comes from another thread is taken with the next turn of the event loop
    for _ in range(2):  # before and after a reload
        with live.follow("r1") as told:
            assert [told.get_nowait() for _ in range(told.qsize())] == pieces[:2]
    live.hand_over("r1", TextWithdrawn("r1", 0))
    await asyncio.sleep(0)
    with live.follow("r1") as told:
        assert [told.get_nowait() for _ in range(told.qsize())] == [TextWithdrawn("r1", 0)], "what a guard took back is told to nobody"
    live.hand_over("r1", pieces[2])
    live.hand_over("r1", StepEnded("r1", "model:0"))
    await asyncio.sleep(0)
    with live.follow("r1") as told:
        assert told.empty(), "the whole reply is stored by now"
