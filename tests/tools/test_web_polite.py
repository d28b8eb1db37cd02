"""One polite fetcher: a host gets one request at a time, one look at its robots.txt, and is asked again only for what may have changed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from sayso.tools.web import PageStatus, RobotsForbid, Web
from sayso.tools.web.robots import parse_robots

from .web_hosts import Host, parse_here, serving


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


# As sites write it, from the issues of scrapy, reppy, httrack, crawler-commons and google/robotstxt.
ROBOTS: dict[str, tuple[bytes, str, bool, float]] = {
    "a mark before the first rule": (b"\xef\xbb\xbfUser-agent: *\nDisallow: /private", "/private", False, 0),
    "UTF-16": ("User-agent: *\nDisallow: /private\n".encode("utf-16"), "/private", False, 0),
    "a name with a version": (b"User-agent: SAYSO/2.0 (any)\nDisallow: /a", "/a", False, 0),
    "a group for two names": (b"User-agent: *\nUser-agent: Other\nDisallow: /private", "/private", False, 0),
    "a group of its own": (b"User-agent: sayso\nDisallow: /secret\n\nUser-agent: *\nDisallow: /public", "/public", True, 0),
    "wildcards": (b"User-agent: *\nDisallow: /*/private\nDisallow: /*.json$", "/uk/private", False, 0),
    "an escaped slash": (b"User-agent: *\nDisallow: /*%2F*", "/a/b", True, 0),
    "a star alone": (b"User-agent: *\nDisallow: *", "/x", False, 0),
    "a decimal comma": (b"User-agent: *\nCrawl-delay: 2,5\nDisallow: /a", "/b", True, 2.5),
    "a unit": (b"User-agent: *\ncrawl-delay: 10 seconds # please", "/b", True, 10),
    "a word": (b"User-agent: *\nCrawl-delay: slow", "/b", True, 0),
    "a rate": (b"User-agent: *\nRequest-rate: 1/5", "/b", True, 5),
    "a page of HTML": (b"<!doctype html><title>404</title>", "/b", True, 0),
}


@pytest.mark.parametrize(("body", "path", "allowed", "pause"), ROBOTS.values(), ids=ROBOTS)
def test_a_robots_txt_is_read_as_it_is_meant(body: bytes, path: str, allowed: bool, pause: float) -> None:
    robots = parse_robots(body)
    assert (robots.allows(f"http://h.example{path}", "Sayso"), robots.crawl_delay_seconds("Sayso")) == (allowed, pause)


async def test_waiting_for_a_turn_is_not_time_that_the_page_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, ahead = asyncio.get_running_loop(), 0.0
    clock = loop.time
    monkeypatch.setattr(loop, "time", lambda: clock() + ahead)
    with serving(Host()) as host:

        async def wait(seconds: float) -> None:
            nonlocal ahead
            ahead += seconds
            await asyncio.sleep(0)  # a deadline that has passed by then strikes here

        web = Web(allow={("127.0.0.1", host.port)}, wait=wait, pause_seconds=60, total_seconds=30, parse=parse_here)
        assert [page.title for page in await asyncio.gather(*(web.page(host.url(f"/p{n}")) for n in range(3)))] == ["Menu"] * 3


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


async def test_a_slow_robots_txt_takes_nothing_from_the_time_of_the_pages_that_wait_for_it() -> None:
    with serving(Host(robots="User-agent: *\nDisallow: /secret", robots_seconds=1.2)) as host:
        web = host.web(total_seconds=8.0, parse=parse_here)  # a robots.txt may take half of that
        slower = host.web(total_seconds=1.0, turns=web.turns, parse=parse_here)
        first = asyncio.create_task(web.page(host.url("/p0")))
        await asyncio.sleep(0)
        pages = await asyncio.gather(first, *(slower.page(host.url(f"/p{n}")) for n in range(1, 6)))
    assert [page.title for page in pages] == ["Menu"] * 6
    assert host.asked.count("/robots.txt") == 1


async def test_a_robots_txt_that_cannot_be_read_is_asked_for_once_in_five_minutes() -> None:
    with serving(Host(robots="busy", robots_status=500)) as host:
        web = host.web()
        for minutes, asked in ((0, 2), (1, 2), (3, 2), (2, 4)):  # each time with a second try
            host.now += timedelta(minutes=minutes)
            with pytest.raises(RobotsForbid, match=r"robots.txt .* answered with status 500"):
                await web.page(host.url("/p"))
            assert host.asked == ["/robots.txt"] * asked


async def test_a_host_that_asks_to_come_back_is_left_alone_by_everybody() -> None:
    with serving(Host(busy=1, retry_after="3")) as host:
        web = host.web(parse=parse_here)
        pages = await asyncio.gather(*(web.page(host.url(f"/p{n}")) for n in range(4)))
    assert [page.title for page in pages] == ["Menu"] * 4
    assert len(host.asked) == 1 + 1 + 4
    assert host.waits
    assert max(host.waits) == pytest.approx(3, abs=0.5)


async def test_a_host_that_asks_to_come_back_much_later_is_not_asked_again() -> None:
    with serving(Host(busy=99, retry_after="3600")) as host:
        web = host.web(parse=parse_here)
        for _ in range(3):
            with pytest.raises(PageStatus, match=r"status 503 \(it asks to come back in 3(600|599) s\)"):
                await web.page(host.url("/p"))
    assert host.asked == ["/robots.txt", "/p"]
