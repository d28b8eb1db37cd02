"""A second research of the same company asks for nothing that is fresh, and the report says when each page was read."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from sayso import research
from sayso.agents.research.report import Report
from sayso.agents.research.sources import build_sample_index, choose_cache_age, open_cache
from sayso.agents.sample_web import serve
from sayso.tools.errors import UsageError
from sayso.tools.web import LocalIndex, Web
from sayso.tools.web.cache_folder import parse_age
from sayso.tools.web.transport import HttpTransport, Response, Target

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


@dataclass
class Counting:
    """The way to the sites, which notes each request with the status of its answer."""

    asked: list[tuple[str, int]] = field(default_factory=list)

    @asynccontextmanager
    async def open(self, target: Target) -> AsyncIterator[Response]:
        async with HttpTransport().open(target) as response:
            self.asked.append((str(target.url), response.status))
            yield response


@contextmanager
def searxng(index: LocalIndex, asked: list[str]) -> Iterator[str]:
    """A SearXNG instance on loopback that finds in this index, and notes what it is asked."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)["q"][0]
            asked.append(query)
            rows = [{"url": hit.url, "title": hit.title, "content": hit.snippet} for hit in index.search(query, 20)]
            body = json.dumps({"results": rows, "unresponsive_engines": []}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


async def test_a_second_research_asks_for_nothing_that_is_fresh(tmp_path: Path) -> None:
    ways, queries, now = Counting(), list[str](), NOON

    async def investigate() -> tuple[Report, list[tuple[str, int]], int]:
        ways.asked.clear()
        queries.clear()
        web = Web(resolve=sample.resolve, allow=sample.allow, transport=ways, cache=tmp_path / "c", cache_seconds=3600, now=lambda: now)
        report = (await research.run("BettaBurgers", competitors=3, search=f"searxng:{url}", web=web)).output
        return report, [*ways.asked], len(queries)

    with build_sample_index() as index, serve() as sample, searxng(index, queries) as url:
        first, asked_first, searched_first = await investigate()
        now += timedelta(minutes=59)
        second, asked_second, searched_second = await investigate()
        now += timedelta(minutes=2)
        _, asked_third, _ = await investigate()
    assert (searched_first, searched_second) != (0, searched_first)
    assert searched_second == 0
    assert len(asked_first) > 12
    assert [each for each in asked_second if each[1] < 500] == [], "only what could not be read is asked for again"
    assert {url for url, status in asked_third if status < 500} == {url for url, status in asked_first if status < 500}
    assert [source.url for source in second.sources] == [source.url for source in first.sources]
    assert {source.fetched_at for source in second.sources} == {"2026-11-29T12:00:00.000Z"}


AGES = {"30m": 1_800.0, "24h": 86_400.0, " 7D ": 604_800.0, "0": 0.0, "1.5h": 5_400.0, "90s": 90.0}
NO_AGES = ("24", "a day", "-1h", "1e9d", "h", "٣h", "1h30m", "inf")


@pytest.mark.parametrize(("text", "seconds"), AGES.items())
def test_an_age_is_written_with_its_unit(text: str, seconds: float) -> None:
    assert parse_age(text) == seconds


@pytest.mark.parametrize("text", NO_AGES)
def test_what_is_no_age_is_refused_before_anything_begins(text: str) -> None:
    with pytest.raises(UsageError, match="Write one such as 30m, 12h or 7d"):
        research.run_sync("BettaBurgers", cache_age=text)


def test_a_research_that_is_compared_with_an_earlier_one_does_not_read_the_earlier_pages_out_of_the_cache() -> None:
    assert parse_age(choose_cache_age(None, compares=True)) <= 1
    assert choose_cache_age("7d", compares=True) == "7d"
    assert choose_cache_age(None, compares=False) == "24h"


def test_the_cache_is_this_users_and_there_is_none_for_an_age_of_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert open_cache("0") == (0.0, None)
    assert open_cache("2h") == (7_200.0, tmp_path / "sayso" / "web")
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert open_cache("2h") == (7_200.0, None), "where no cache can be, research goes on without one"
