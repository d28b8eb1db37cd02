"""Search: the local index, the provider on the web, and the two tools made of search and fetch."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.tools import Effect, Trust
from sayso.tools.calls import Content
from sayso.tools.errors import UsageError
from sayso.tools.web import (
    LocalIndex,
    PageEmpty,
    PageStatus,
    SearchError,
    SearchResult,
    UrlRefused,
    Web,
    ddgs_search,
    fetch_page,
    web_search,
)
from sayso.tools.web.local_index import Document
from sayso.tools.web.parse import parse_page
from sayso.tools.web.transport import Response, Target

DOCUMENTS = [
    Document("http://a.example/", "Burgerhaus", "Smashed burgers and fries in Springfield since 2011."),
    Document("http://b.example/", "Taco Stand", "Tacos; a burger is not on the menu, but burger lovers come for the burger sauce."),
    Document("http://c.example/", "Café Olé", "Coffee and cakes. OR NOT, as they say."),
    Document("http://d.example/", "Delivery directory", "A list of all delivery services: burgers, tacos, pizza, and NEAR everything."),
]

QUERIES = {
    "a stem finds its forms, titles first": ("burger", ["http://a.example/", "http://b.example/", "http://d.example/"]),
    "any of the words": ("cake pizza", ["http://c.example/", "http://d.example/"]),
    "accents": ("cafe ole", ["http://c.example/"]),
    "nothing there": ("zeppelin", []),
    "empty": ("", []),
    "only signs": ('"*() -:^', []),
    "an operator is a word": ("OR", ["http://c.example/"]),
    "NEAR is a word": ("NEAR(zzz yyy, 2)", ["http://d.example/"]),
    "a column is no column": ("title : zzz", []),
    "an open quote": ('"cakes', ["http://c.example/"]),
    "a star": ("cak*", []),
    "SQL": ("cakes'; DROP TABLE pages; --", ["http://c.example/"]),
    "a null byte": ("ca\0kes cakes", ["http://c.example/"]),
}


@pytest.mark.parametrize(("query", "urls"), QUERIES.values(), ids=QUERIES)
async def test_the_local_index_finds_words_and_only_words(query: str, urls: list[str]) -> None:
    with LocalIndex(DOCUMENTS) as index:
        assert sorted(hit.url for hit in await index(query, 10)) == urls


async def test_a_title_counts_more_than_a_mention() -> None:
    with LocalIndex([Document("http://m.example/", "Other", "pizza"), Document("http://t.example/", "Pizza", "other words")]) as index:
        assert [hit.url for hit in await index("pizza", 10)] == ["http://t.example/", "http://m.example/"]


async def test_a_hit_has_a_title_a_url_and_a_snippet() -> None:
    with LocalIndex(DOCUMENTS) as index:
        assert await index("fries", 1) == [SearchResult("Burgerhaus", "http://a.example/", DOCUMENTS[0].text)]
        assert await index("burger", 0) == []


async def test_many_searches_at_once_are_answered(tmp_path: Path) -> None:
    with LocalIndex(DOCUMENTS, path=tmp_path / "index.db") as index:
        found = await asyncio.gather(*(index("fries", 1) for _ in range(20)))
    assert {hits[0].url for hits in found} == {"http://a.example/"}


def test_an_index_in_a_file_is_still_there_when_opened_again(tmp_path: Path) -> None:
    with LocalIndex(DOCUMENTS, path=tmp_path / "index.db"):
        pass
    with LocalIndex([Document("http://a.example/", "Burgerhaus", "now with onions")], path=tmp_path / "index.db") as index:
        assert len(index) == 4
        assert [hit.url for hit in index.search("onions", 3)] == ["http://a.example/"]
        assert index.search("fries", 3) == []


_INDEX = LocalIndex(DOCUMENTS)


@given(st.text(max_size=80))
def test_any_text_is_a_query(query: str) -> None:
    assert len(_INDEX.search(query, 3)) <= 3


def _parse(url: str, content_type: str, body: bytes) -> Mapping[str, Any]:
    return parse_page(url, content_type, b64encode(body).decode("ascii"))


def test_a_folder_becomes_an_index(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "menu card.html").write_text("<title>Menu</title><p>Onion rings", encoding="utf-8")
    (tmp_path / "notes.md").write_text("# Notes\n\nonion soup", encoding="utf-8")
    (tmp_path / "logo.png").write_bytes(b"\x89PNG onion")
    (tmp_path / "empty.html").write_text("<p>", encoding="utf-8")
    with LocalIndex.of_folder(tmp_path, base_url="http://x.example", parse=_parse) as index:
        found = {hit.url: hit.title for hit in index.search("onion", 5)}
    assert found == {"http://x.example/b/menu%20card.html": "Menu", "http://x.example/notes.md": "Notes"}


def test_the_caller_says_which_url_a_file_has(tmp_path: Path) -> None:
    for host in ("a.example", "b.example"):
        (tmp_path / host).mkdir()
        (tmp_path / host / "index.html").write_text(f"<title>{host}</title><p>onion", encoding="utf-8")
    urls = {tmp_path / "a.example" / "index.html": "http://a.example/"}
    with LocalIndex.of_folder(tmp_path, urls=urls.get, parse=_parse) as index:
        assert [hit.url for hit in index.search("onion", 5)] == ["http://a.example/"]


def test_a_missing_folder_is_named() -> None:
    with pytest.raises(UsageError, match="The folder nowhere/at/all to index does not exist"):
        LocalIndex.of_folder("nowhere/at/all")


@dataclass
class Site:
    """A site of a few pages, without a network."""

    pages: Mapping[str, str]
    robots: str = ""
    asked: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    async def resolve(self, host: str, port: int) -> Sequence[tuple[str, int]]:
        return [("93.184.215.14", port)]

    @asynccontextmanager
    async def open(self, target: Target) -> AsyncIterator[Response]:
        path = target.url.target
        self.asked.append(f"{target.url.host}{path}")
        body = self.robots if path == "/robots.txt" else self.pages.get(path)
        yield Response(200 if body is not None else 404, [("Content-Type", "text/html")], _chunks(body or ""))

    def web(self) -> Web:
        async def wait(seconds: float) -> None:
            self.waits.append(seconds)

        async def parse(url: str, content_type: str, body: bytes) -> Mapping[str, Any]:
            return _parse(url, content_type, body)

        return Web(resolve=self.resolve, transport=self, wait=wait, parse=parse)


async def _chunks(body: str) -> AsyncIterator[bytes]:
    yield body.encode()


SITE = {
    "/": "<title>Home</title><p>Welcome <a href='/menu'>menu</a> <a href='/gone'>gone</a> <a href='http://other.example/'>other</a>",
    "/menu": "<title>Menu</title><p>Onion rings <a href='/'>home</a> <a href='/menu#x'>x</a> <a href='/secret'>s</a> <a href='/deep'>d</a>",
    "/deep": "<title>Deep</title><p>Onion soup",
    "/secret": "<title>Secret</title><p>Onion recipe",
}


async def test_a_site_is_crawled_politely_on_its_own_host() -> None:
    site = Site(SITE, "User-agent: *\nDisallow: /secret\nCrawl-delay: 2")
    with await LocalIndex.of_site("http://shop.example/", site.web()) as index:
        assert sorted(hit.url for hit in index.search("onion", 9)) == ["http://shop.example/deep", "http://shop.example/menu"]
        assert [url for url, _ in index.failed] == ["http://shop.example/gone", "http://shop.example/secret"]
    assert site.asked == [f"shop.example/{path}" for path in ("robots.txt", "", "menu", "gone", "deep")]
    assert [round(wait) for wait in site.waits] == [2, 2, 2]


async def test_a_crawl_stops_at_its_number_of_pages() -> None:
    endless = {f"/p{n}": f"<p>onion <a href='/p{n + 1}'>next</a>" for n in range(100)}
    site = Site({"/": "<p>start <a href='/p0'>next</a>", **endless})
    with await LocalIndex.of_site("http://shop.example/", site.web(), max_pages=5, pause_seconds=0) as index:
        assert len(index) == 5


async def test_a_site_whose_start_page_fails_is_an_error() -> None:
    with pytest.raises(PageStatus):
        await LocalIndex.of_site("http://shop.example/", Site({}).web())


def _raising(error: Exception) -> Any:
    def find(query: str, limit: int) -> list[dict[str, Any]]:
        raise error

    return find


async def test_ddgs_rows_become_results() -> None:
    rows: list[dict[str, Any]] = [
        {"title": "A\x1b[1m", "href": "https://a.example/", "body": "first\n row\u202e"},
        {"title": "again", "href": "https://a.example/", "body": ""},
        {"title": "no address", "href": "", "body": ""},
        {"title": "odd", "href": "javascript:alert(1)", "body": None},
    ]
    search = ddgs_search(find_text=lambda query, limit: rows)
    assert await search(" burger\nchains ", 5) == [SearchResult("A[1m", "https://a.example/", "first row")]
    assert await search("  ", 5) == []


async def test_what_ddgs_raises_is_told_apart() -> None:
    from ddgs.exceptions import DDGSException, RatelimitException, TimeoutException

    assert await ddgs_search(find_text=_raising(DDGSException("No results found.")))("x", 3) == []
    for error, words in (
        (RatelimitException("202"), "rate limit"),
        (TimeoutException("timed out"), "did not answer in time"),
        (DDGSException("HTTP 429"), "rate limit"),
        (DDGSException("error sending request: dns error"), "no engine could be reached"),
    ):
        with pytest.raises(SearchError, match=words):
            await ddgs_search("duckduckgo", find_text=_raising(error))("x", 3)


HIT = """<div class="result results_links"><div class="links_main result__body"><h2><a href="https://b.example/">Burger</a></h2>
<a href="https://b.example/">Burgers of all kinds</a></div></div>"""
NOTHING = (
    """<div class="result result--no-result"><div class="links_main result__body"><div class="no-results">No  results.</div></div></div>"""
)
CHALLENGE = """<form id="challenge-form" action="//duckduckgo.com/anomaly.js"><div class="anomaly-modal__title">Unfortunately, bots use
DuckDuckGo too.</div><div class="anomaly-modal__body">Select all squares containing a duck:</div></form>"""
FOUND, NONE = [SearchResult("Burger", "https://b.example/", "Burgers of all kinds")], list[SearchResult]()
ANSWERS: dict[str, tuple[int, str, Sequence[SearchResult] | str]] = {
    "a hit": (200, HIT, FOUND),
    "nothing": (200, NOTHING, NONE),
    "nothing, in words": (200, "<p>No results found for how to solve a captcha</p>", NONE),
    "nothing, beside a form with a captcha": (200, f'<div class="g-recaptcha"></div>{NOTHING}', NONE),
    "nothing, in German": (200, "<p>Es wurden keine Ergebnisse gefunden.</p>", NONE),
    "its challenge": (202, CHALLENGE, "keeps programs out"),
    "its challenge with another status": (200, CHALLENGE, "keeps programs out"),
    "accepted": (202, "", "keeps programs out"),
    "forbidden": (403, "<h1>403</h1>", "keeps programs out"),
    "another wall": (
        200,
        "<title>Just a moment...</title><p>Verify you are human by completing the action below.</p>",
        "keeps programs out",
    ),
    "a wall of words": (200, "<p>Our systems have detected unusual traffic from your computer network.</p>", "keeps programs out"),
    "too often": (429, "", "rate limit"),
    "trouble": (503, "", "has trouble"),
    "refused": (400, "", "refused the search"),
    "an empty page": (200, "", "does not say that there are none"),
    "some page": (200, "<p>Welcome to our new home page</p>", "does not say that there are none"),
}


@pytest.mark.parametrize(("status", "page", "outcome"), ANSWERS.values(), ids=ANSWERS)
async def test_a_search_that_is_blocked_did_not_find_nothing(
    status: int, page: str, outcome: Sequence[SearchResult] | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ddgs.engines.duckduckgo import Duckduckgo

    with answered_with(status, page) as url:
        monkeypatch.setattr(Duckduckgo, "search_url", url)
        if isinstance(outcome, str):
            with pytest.raises(SearchError, match=outcome):
                await ddgs_search()("burger chains", 5)
        else:
            assert await ddgs_search()("burger chains", 5) == outcome


async def test_the_first_search_of_a_program_tells_a_block_from_nothing_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in sys.modules if each.partition(".")[0] == "ddgs"]:
        monkeypatch.delitem(sys.modules, name)
    from ddgs.engines.duckduckgo import Duckduckgo

    with answered_with(202, "") as url:
        monkeypatch.setattr(Duckduckgo, "search_url", url)
        with pytest.raises(SearchError, match="keeps programs out"):
            await ddgs_search()("burger chains", 5)


async def test_an_engine_whose_words_for_nothing_are_not_known_must_answer_something(monkeypatch: pytest.MonkeyPatch) -> None:
    from ddgs.engines.mojeek import Mojeek

    with answered_with(200, "") as url:
        monkeypatch.setattr(Mojeek, "search_url", url)
        with pytest.raises(SearchError, match="does not say that there are none"):
            await ddgs_search("mojeek")("burger chains", 5)
    with answered_with(200, "<p>Hvala, ni zadetkov.</p>") as url:
        monkeypatch.setattr(Mojeek, "search_url", url)
        assert await ddgs_search("mojeek")("burger chains", 5) == []


async def test_an_engine_that_is_silent_or_not_there_did_not_find_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from ddgs.engines.duckduckgo import Duckduckgo

    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(Duckduckgo, "search_url", f"http://127.0.0.1:{silent.getsockname()[1]}/")
        with pytest.raises(SearchError, match="did not answer in time"):
            await ddgs_search(timeout_seconds=1)("burger chains", 5)
    with socket.socket() as deaf:  # bound, so that nobody else gets the port, and never listening
        deaf.bind(("127.0.0.1", 0))
        monkeypatch.setattr(Duckduckgo, "search_url", f"http://127.0.0.1:{deaf.getsockname()[1]}/")
        with pytest.raises(SearchError, match="no engine could be reached"):
            await ddgs_search()("burger chains", 5)


@contextmanager
def answered_with(status: int, page: str) -> Iterator[str]:
    """A web server on loopback that answers everything with this page; its address."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            content = f"<html><body>{page}</body></html>".encode() if page else b""
            self.send_response(status)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


async def test_the_tools_search_and_read_and_are_labelled() -> None:
    site = Site(SITE)
    with LocalIndex(DOCUMENTS) as index:
        search, read = web_search(index, results=1), fetch_page(site.web())
        assert await search("fries") == [
            {"number": 1, "title": "Burgerhaus", "url": "http://a.example/", "snippet": DOCUMENTS[0].text},
        ]
    assert await read("http://shop.example/deep") == Content(
        {"url": "http://shop.example/deep", "title": "Deep", "text": "Onion soup", "links": []},
        origin="http://shop.example/deep",
    )
    with pytest.raises(UrlRefused):
        await read("http://127.0.0.1/")
    assert (search.name, search.effect, search.trust) == ("web_search", Effect.EGRESS, Trust.UNTRUSTED)
    assert list(search.parameters["properties"]) == ["query"]


async def test_by_default_pages_are_parsed_in_a_worker(tmp_path: Path) -> None:
    site = Site({"/menu": "<title>Menü</title><p style='display:none'>no<p>Onion rings <a href='/x'>x</a>", "/js": "<script>1</script>"})
    web = Web(resolve=site.resolve, transport=site)
    page = await web.page("http://shop.example/menu")
    assert (page.title, page.text, page.links[0].url) == ("Menü", "Onion rings x", "http://shop.example/x")
    with pytest.raises(PageEmpty):
        await web.page("http://shop.example/js")
    (tmp_path / "menu.html").write_text("<title>Menu</title><p>Onion rings", encoding="utf-8")
    with LocalIndex.of_folder(tmp_path) as index:
        assert len(index) == 1
