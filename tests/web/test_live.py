"""The feed of changes: pages that are away or never read cost nothing, and are told to read anew."""

from __future__ import annotations

from pathlib import Path

from sayso.web.desk import ApprovalDesk
from sayso.web.live import MOST_REMEMBERED, LiveFeed
from sayso.web.people import Person
from sayso.workflows import DurableEngine, engine


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
