"""Search services over real HTTP: what they find, and that a refusal is never taken for "nothing there"."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from sayso.tools.errors import UsageError
from sayso.tools.web import Search, SearchError, SearchResult, Web
from sayso.tools.web.search import SearchBlocked
from sayso.tools.web.searching import (
    cache_search,
    duckduckgo_search,
    is_search_name,
    merge_searches,
    open_search,
    searxng_search,
    service_search,
)
from sayso.tools.web.searching.merging import canonical_url


@dataclass(frozen=True)
class Sent:
    """An answer of the pretended service."""

    status: int = 200
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class Service:
    """A search service on loopback: its answers in turn, the last of them for ever, and what it was asked."""

    answers: Sequence[Sent]
    url: str = ""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def web(self, **options: Any) -> Web:
        async def wait(seconds: float) -> None:
            self.waits.append(seconds)

        port = int(self.url.rstrip("/").rpartition(":")[2])
        return Web(allow={("127.0.0.1", port)}, wait=wait, **options)


@contextmanager
def service(*answers: Sent) -> Iterator[Service]:
    playing = Service(answers)

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            sent = playing.answers[min(len(playing.asked), len(playing.answers) - 1)]
            playing.asked.append((self.command, self.path, body))
            playing.keys.append(self.headers.get("X-Subscription-Token") or self.headers.get("Authorization") or "")
            content = sent.body.encode()
            self.send_response(sent.status)
            for name, value in (("content-length", str(len(content))), *sent.headers):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        playing.url = f"http://127.0.0.1:{server.server_address[1]}/"
        yield playing
        server.shutdown()
        thread.join()


async def nothing_instead(query: str, limit: int) -> Sequence[SearchResult]:
    return []


DUCKS = """<html><body><div class="result results_links result--ad"><h2><a class="result__a" href="https://duckduckgo.com/y.js?ad=1">Ad</a></h2></div>
<div class="result results_links web-result"><h2 class="result__title"><a class="result__a"
href="//duckduckgo.com/l/?uddg=https%3A%2F%2Fa.example%2Fmenu%3Fx%3D1&amp;rut=0">A <b>menu</b></a></h2>
<a class="result__snippet" href="#">Burgers   and fries</a></div>
<div class="result web-result"><h2><a class="result__a" href="https://b.example/">B</a></h2></div></body></html>"""
CHALLENGE = '<form id="challenge-form" action="//duckduckgo.com/anomaly.js"><p>Unfortunately, bots use DuckDuckGo too.</p></form>'


async def test_duckduckgo_gives_its_results_without_advertisements() -> None:
    with service(Sent(body=DUCKS)) as playing:
        search = duckduckgo_search(playing.web(), url=playing.url)
        assert await search("burger\nchains", 5) == [
            SearchResult("A menu", "https://a.example/menu?x=1", "Burgers and fries"),
            SearchResult("B", "https://b.example/", ""),
        ]
        assert [(method, parse_qs(body)["q"]) for method, _, body in playing.asked] == [("POST", ["burger chains"])]
        assert await search(" ", 5) == []


REFUSALS: dict[str, tuple[Sent, type[SearchError], str, int]] = {
    "accepted, with a challenge": (Sent(202, CHALLENGE), SearchBlocked, "keeps programs out", 1),
    "forbidden": (Sent(403, "<h1>403</h1>"), SearchBlocked, "keeps programs out", 1),
    "too often": (Sent(429), SearchBlocked, "rate limit", 3),
    "too often, come back much later": (Sent(429, headers=(("Retry-After", "3600"),)), SearchBlocked, "rate limit", 1),
    "a challenge with status 200": (Sent(200, CHALLENGE), SearchBlocked, "challenge", 1),
    "trouble": (Sent(503), SearchError, "has trouble", 3),
    "some other page": (Sent(200, "<p>Welcome to our home page</p>"), SearchError, "does not say that there are none", 3),
}


@pytest.mark.parametrize(("sent", "error", "words", "times"), REFUSALS.values(), ids=REFUSALS)
async def test_a_refusal_is_told_as_one_after_as_many_tries_as_may_help(
    sent: Sent, error: type[SearchError], words: str, times: int
) -> None:
    with service(sent) as playing:
        with pytest.raises(error, match=words) as raised:
            await duckduckgo_search(playing.web(), url=playing.url, fallback=nothing_instead)("burger chains", 5)
        assert type(raised.value) is error
        assert len(playing.asked) == times


async def test_a_service_that_refuses_is_left_alone_for_as_long_as_it_asks_for() -> None:
    now = datetime(2026, 11, 29, tzinfo=UTC)
    with service(Sent(429, headers=(("Retry-After", "3600"),)), Sent(403), Sent(body=json.dumps(BODIES["exa"]))) as playing:
        search = service_search("exa", playing.web(now=lambda: now), key="k", url=playing.url)
        for minutes, asked, words in (
            (0, 1, "come back in 3600 s"),
            (59, 1, "come back in 3600 s"),
            (2, 2, "refuses the key"),
            (0, 2, "refuses"),
        ):
            now += timedelta(minutes=minutes)
            with pytest.raises(SearchBlocked, match=words):
                await search("x", 3)
            assert len(playing.asked) == asked
        now += timedelta(minutes=1)
        assert len(await search("x", 3)) == 1


async def test_a_service_that_has_failed_gets_one_try_until_it_answers() -> None:
    with service(*[Sent(503)] * 4, Sent(body=json.dumps(BODIES["exa"])), Sent(503)) as playing:
        search = service_search("exa", playing.web(), key="k", url=playing.url)
        for asked in (3, 4):
            with pytest.raises(SearchError, match="has trouble"):
                await search("x", 3)
            assert len(playing.asked) == asked
        assert len(await search("x", 3)) == 1
        with pytest.raises(SearchError):
            await search("x", 3)
        assert len(playing.asked) == 8


async def test_nothing_found_is_an_empty_answer() -> None:
    with service(Sent(200, '<div class="no-results">No  results found for zzz.</div>')) as playing:
        assert await duckduckgo_search(playing.web(), url=playing.url, fallback=nothing_instead)("zzz", 5) == []


async def test_the_second_try_waits_as_long_as_it_was_asked_to() -> None:
    with service(Sent(429, headers=(("Retry-After", "7"),)), Sent(body=DUCKS)) as playing:
        assert len(await duckduckgo_search(playing.web(), url=playing.url)("burger chains", 1)) == 1
        assert playing.waits == [7.0]


async def test_where_duckduckgo_refuses_another_way_may_find_something() -> None:
    async def instead(query: str, limit: int) -> Sequence[SearchResult]:
        return [SearchResult("C", "https://c.example/", "")]

    with service(Sent(202, CHALLENGE)) as playing:
        found = await duckduckgo_search(playing.web(), url=playing.url, fallback=instead)("burger chains", 5)
    assert [hit.url for hit in found] == ["https://c.example/"]


async def test_searches_of_one_service_keep_a_pause_and_their_turn() -> None:
    with service(Sent(body=DUCKS)) as playing:
        search = duckduckgo_search(playing.web(), url=playing.url)
        for _ in range(3):
            await search("burger chains", 1)
        assert playing.waits == [1.0, 1.0]


async def test_a_searxng_instance_that_was_named_is_asked_on_this_machine_too() -> None:
    body = {"results": [{"url": "https://a.example/", "title": "A", "content": "snippet", "engines": ["x"]}], "unresponsive_engines": []}
    with service(Sent(body=json.dumps(body))) as playing:
        assert await searxng_search(playing.url, Web())("python gil", 5) == [SearchResult("A", "https://a.example/", "snippet")]
        assert playing.asked[0][1].startswith("/search?q=python+gil&format=json")


SEARXNG: dict[str, tuple[Sent, str]] = {
    "every engine failed": (
        Sent(body=json.dumps({"results": [], "unresponsive_engines": [["google", "Suspended: too many requests"]]})),
        "none of its engines answered .google: Suspended",
    ),
    "JSON is not enabled": (Sent(403, "<html>Forbidden</html>"), "needs json under search"),
    "its limiter": (Sent(429, "Too Many Requests"), "too many searches"),
    "a challenge in front of it": (Sent(200, CHALLENGE), "a challenge that only people can solve"),
}


@pytest.mark.parametrize(("sent", "words"), SEARXNG.values(), ids=SEARXNG)
async def test_a_searxng_instance_that_could_not_search_did_not_find_nothing(sent: Sent, words: str) -> None:
    with service(sent) as playing, pytest.raises(SearchBlocked, match=words):
        await searxng_search(playing.url, playing.web())("python gil", 5)


NOT_SEARXNG: dict[str, tuple[Sent, str]] = {
    "no such page": (
        Sent(404, "<html>Not Found</html>"),
        r"/search is not there \(status 404\): is that the address of a SearXNG instance\?$",
    ),
    "a page of another program": (
        Sent(200, "<html><h1>Welcome to nginx!</h1></html>"),
        "with a page in place of JSON.* needs json under search",
    ),
    "JSON of another program": (Sent(200, '{"detail": "ok"}'), "with JSON that is no list of results: is that the address of a SearXNG"),
    "it moved": (Sent(301, "", (("Location", "https://s.example/search?q=x"),)), "sends on to https://s.example: give that address"),
}


@pytest.mark.parametrize(("sent", "words"), NOT_SEARXNG.values(), ids=NOT_SEARXNG)
async def test_an_address_that_is_not_searxngs_is_said_to_be_none(sent: Sent, words: str) -> None:
    with service(sent) as playing, pytest.raises(SearchError, match=words) as raised:
        await searxng_search(playing.url, playing.web())("python gil", 5)
    assert (len(playing.asked), raised.value.retryable) == (1, False)


async def test_a_searxng_instance_that_found_nothing_says_so() -> None:
    with service(Sent(body=json.dumps({"results": [], "unresponsive_engines": []}))) as playing:
        assert await searxng_search(playing.url, playing.web())("zzz", 5) == []


BODIES: dict[str, Any] = {
    "brave": {"web": {"results": [{"title": "A", "url": "https://a.example/", "description": "a <strong>b</strong> &amp; c"}]}},
    "tavily": {"results": [{"title": "A", "url": "https://a.example/", "content": "a b & c", "score": 0.9}]},
    "exa": {"results": [{"title": "A", "url": "https://a.example/", "highlights": ["a b & c"], "text": "long"}]},
    "serper": {"organic": [{"title": "A", "link": "https://a.example/", "snippet": "a b & c", "position": 1}]},
}


@pytest.mark.parametrize("name", BODIES)
async def test_each_service_with_a_key_gives_results_of_one_form(name: str) -> None:
    with service(Sent(body=json.dumps(BODIES[name]))) as playing:
        search = service_search(name, playing.web(), key="secret", url=playing.url)
        assert await search("python gil", 3) == [SearchResult("A", "https://a.example/", "a b & c")]
        method, path, body = playing.asked[0]
        assert "python" in (path if method == "GET" else json.loads(body).get("q") or json.loads(body)["query"])


SERVICE_REFUSALS: dict[str, tuple[str, Sent, str]] = {
    "a wrong key": ("tavily", Sent(401, "{}"), "refuses the key in TAVILY_API_KEY"),
    "a wrong key, by another status": ("brave", Sent(422, "{}"), "refuses the key in BRAVE_API_KEY"),
    "a plan that is used up": ("tavily", Sent(432, "{}"), "used up"),
    "a month that is used up": ("brave", Sent(429, '{"error": {"code": "QUOTA_LIMITED"}}'), "used up"),
    "too often": ("exa", Sent(429, "{}"), "too many searches"),
    "a challenge with status 200": ("serper", Sent(200, "<title>Just a moment...</title><p>Verify you are human."), "a challenge"),
}


@pytest.mark.parametrize(("name", "sent", "words"), SERVICE_REFUSALS.values(), ids=SERVICE_REFUSALS)
async def test_a_service_that_refuses_is_told_apart_from_an_empty_answer(name: str, sent: Sent, words: str) -> None:
    with service(sent) as playing:
        search = service_search(name, playing.web(), key="very-secret", url=playing.url)
        with pytest.raises(SearchBlocked, match=words) as raised:
            await search("x", 3)
        assert "very-secret" not in str(raised.value)


async def test_a_service_without_results_found_nothing() -> None:
    with service(Sent(body='{"type": "search", "mixed": {}}')) as playing:
        assert await service_search("brave", playing.web(), key="k", url=playing.url)("zzz", 3) == []


def test_a_service_without_its_key_says_which_variable_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EXA_API_KEY", raising=False)
    with pytest.raises(UsageError, match="set EXA_API_KEY"):
        service_search("exa", Web())
    with pytest.raises(UsageError, match="There is no search service 'bing'"):
        service_search("bing", Web())


def finding(*urls: str) -> Search:
    async def search(query: str, limit: int) -> Sequence[SearchResult]:
        return [SearchResult(url, url, "") for url in urls][:limit]

    return search


def failing(error: SearchError) -> Search:
    async def search(query: str, limit: int) -> Sequence[SearchResult]:
        raise error

    return search


async def test_several_searches_are_one_list_with_each_page_once() -> None:
    together = merge_searches(
        finding("https://a.example/", "https://b.example/x"), finding("http://www.b.example/x/?utm_source=y", "https://c.example/")
    )
    assert [hit.url for hit in await together("q", 9)] == ["https://b.example/x", "https://a.example/", "https://c.example/"]


async def test_one_search_that_is_blocked_does_not_lose_the_others() -> None:
    blocked, broken = SearchBlocked("one", "no"), SearchError("two", "down")
    assert [hit.url for hit in await merge_searches(failing(blocked), finding("https://a.example/"))("q", 9)] == ["https://a.example/"]
    with pytest.raises(SearchBlocked):
        await merge_searches(failing(broken), failing(blocked))("q", 9)


async def test_nothing_from_one_search_is_no_answer_while_another_is_blocked() -> None:
    with pytest.raises(SearchBlocked):
        await merge_searches(finding(), failing(SearchBlocked("two", "no")))("q", 9)
    assert list(await merge_searches(finding(), finding())("q", 9)) == []


SAME_PAGE = {
    "scheme and www": ("http://www.a.example/b", "https://a.example/b/"),
    "marks of a campaign": ("https://a.example/?utm_medium=x&gclid=1", "https://a.example"),
    "order of parameters": ("https://a.example/?b=2&a=1", "https://a.example/?a=1&b=2"),
}


@pytest.mark.parametrize(("one", "other"), SAME_PAGE.values(), ids=SAME_PAGE)
def test_addresses_of_one_page_are_one(one: str, other: str) -> None:
    assert canonical_url(one) == canonical_url(other)
    assert canonical_url("https://a.example/b") != canonical_url("https://a.example:8443/b") != canonical_url("https://a.example/c")


def find_kept(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_question_that_was_asked_lately_asks_nobody(tmp_path: Path) -> None:
    asked: list[str] = []
    now = 1000.0

    async def search(query: str, limit: int) -> Sequence[SearchResult]:
        asked.append(query)
        return [SearchResult("A", f"https://a.example/{len(asked)}", "")]

    cached = cache_search(search, tmp_path, name="x", age_seconds=60, clock=lambda: now)
    assert [(await cached("q", 3))[0].url for _ in range(2)] == ["https://a.example/1"] * 2
    assert (await cache_search(search, tmp_path, name="other", clock=lambda: now)("q", 3))[0].url == "https://a.example/2"
    now = 1061.0
    assert [(await cached("q", 3))[0].url for _ in range(2)] == ["https://a.example/3"] * 2
    for file in find_kept(tmp_path):
        file.write_text("{")
    assert (await cached("q", 3))[0].url == "https://a.example/4"
    now = 1000.0
    assert (await cached("q", 3))[0].url == "https://a.example/5", "what was asked in the future is not fresh"


async def test_a_failed_search_is_not_kept_and_one_that_found_nothing_neither(tmp_path: Path) -> None:
    assert await cache_search(finding(), tmp_path, name="x")("q", 3) == []
    with pytest.raises(SearchBlocked):
        await cache_search(failing(SearchBlocked("x", "no")), tmp_path, name="x")("q", 3)
    assert find_kept(tmp_path) == []


async def test_searches_are_named_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    body = {"results": [{"url": "https://a.example/", "title": "A", "content": "", "engines": []}]}
    monkeypatch.delenv("SEARXNG_URL", raising=False)
    with service(Sent(body=json.dumps(body))) as playing:
        together = open_search(f"searxng:{playing.url},SearXNG:{playing.url}", playing.web())
        assert [hit.url for hit in await together("x", 3)] == ["https://a.example/"]
        monkeypatch.setenv("SEARXNG_URL", playing.url)
        assert [hit.url for hit in await open_search("searxng", playing.web())("x", 3)] == ["https://a.example/"]
    assert [is_search_name(words) for words in ("duckduckgo", "auto,brave", "searxng:http://x", "./folder", "http://a.example")] == [
        True, True, True, False, False,
    ]  # fmt: skip
    monkeypatch.delenv("SEARXNG_URL")
    with pytest.raises(UsageError, match="searxng:http://localhost:8888"):
        open_search("searxng", Web())
    with pytest.raises(UsageError, match="searxng:localhost is not the address"):
        open_search("searxng:localhost", Web())
    monkeypatch.setenv("SEARXNG_URL", "localhost:8888")
    with pytest.raises(UsageError, match="SEARXNG_URL=localhost:8888 is not the address"):
        open_search("searxng", Web())
