"""One polite fetcher: a host gets one request at a time, one look at its robots.txt, and is asked again only for what may have changed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sayso.tools.web import Web

from .web_hosts import Host, serving


async def test_twenty_pages_of_one_host_are_read_one_after_another_with_one_look_at_its_robots() -> None:
    with serving(Host(holds_seconds=0.02)) as host:
        web = host.web()
        confined = web.only(host.url("/"))
        pages = await asyncio.gather(*((web if n % 2 else confined).page(host.url(f"/p{n}")) for n in range(20)))
    assert {page.text for page in pages} == {"A burger costs $9.50."}
    assert (host.most_at_once, host.asked.count("/robots.txt"), len(host.asked)) == (1, 1, 21)


async def test_a_site_that_asks_for_a_pause_gets_it_between_its_pages() -> None:
    with serving(Host(robots="User-agent: *\nCrawl-delay: 7")) as host:
        web = host.web()
        for n in range(3):
            await web.page(host.url(f"/p{n}"))
    assert [round(wait) for wait in host.waits] == [7, 7]


async def test_waiting_for_a_turn_is_not_time_that_the_page_takes() -> None:
    with serving(Host()) as host:

        async def wait(seconds: float) -> None:
            await asyncio.sleep(0.3)

        web = Web(allow={("127.0.0.1", host.port)}, wait=wait, pause_seconds=60, total_seconds=0.25, connect_seconds=0.2, parse=parse)
        assert [page.title for page in await asyncio.gather(*(web.page(host.url(f"/p{n}")) for n in range(3)))] == ["Menu"] * 3


async def parse(url: str, content_type: str, body: bytes) -> Mapping[str, Any]:
    from base64 import b64encode

    from sayso.tools.web.parse import parse_page

    return parse_page(url, content_type, b64encode(body).decode("ascii"))


async def test_a_page_within_its_age_is_not_asked_for_again(tmp_path: Path) -> None:
    with serving(Host()) as host:
        first = await host.web(cache=tmp_path, cache_seconds=3600).page(host.url("/old"))
        host.now += timedelta(minutes=59)
        again = await host.web(cache=tmp_path, cache_seconds=3600).page(host.url("/old"))
    assert host.asked == ["/robots.txt", "/old", "/new"]
    assert (again.text, again.final_url, again.snapshot.fetched_at) == (first.text, first.final_url, first.snapshot.fetched_at)


VALIDATORS = {
    "ETag": ({"ETag": '"v1"'}, '"v1"'),
    "Last-Modified": ({"Last-Modified": "Sat, 28 Nov 2026 10:00:00 GMT"}, "Sat, 28 Nov 2026 10:00:00 GMT"),
}


@pytest.mark.parametrize(("headers", "condition"), VALIDATORS.values(), ids=VALIDATORS)
async def test_an_older_page_is_asked_for_only_if_it_has_changed(tmp_path: Path, headers: dict[str, str], condition: str) -> None:
    with serving(Host(headers=headers)) as host:
        first = await host.web(cache=tmp_path, cache_seconds=60).page(host.url("/p"))
        host.now += timedelta(minutes=2)
        unchanged = await host.web(cache=tmp_path, cache_seconds=60).page(host.url("/p"))
        assert host.conditions[-1] == condition
        host.headers, host.page = {"ETag": '"v2"'}, "<title>Menu</title><p>A burger costs $10.25."
        host.now += timedelta(minutes=2)
        changed = await host.web(cache=tmp_path, cache_seconds=60).page(host.url("/p"))
    assert (first.text, unchanged.text, changed.text) == ("A burger costs $9.50.", "A burger costs $9.50.", "A burger costs $10.25.")
    assert unchanged.snapshot.fetched_at > first.snapshot.fetched_at
