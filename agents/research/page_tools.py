"""The two tools of a research, search and visit, and the data of the pages that were read.

Requests that wait in stored runs hold for these very tools: their code stays as it is (tests/workflows/old_database). What they do not
give is taken from PageMemory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Protocol

from sayso.tools import Content, tool
from sayso.tools.definition.tool import AnyTool
from sayso.tools.effects import Trust

if TYPE_CHECKING:
    from sayso.tools.web import Page, Search, SearchResult

RESULTS = 20
"""How many results of a query are read; more where many sites are wanted."""
MOST_RESULTS = 50
REMEMBERED = 200


class Pages(Protocol):
    """What reads pages: a Web, or something that stands before one."""

    async def page(self, url: str) -> Page:
        """Read a page."""
        ...


def make_search_tool(search: Search) -> AnyTool:
    """Return the research's search tool."""

    @tool.egress(name="search", trust=Trust.UNTRUSTED)  # strangers wrote it
    async def search_the_web(query: str) -> list[dict[str, str]]:
        """Search the web."""
        return [{"title": hit.title, "url": hit.url, "snippet": hit.snippet} for hit in await search(query, RESULTS)]

    return search_the_web


def make_visit_tool(web: Pages) -> AnyTool:
    """Return the research's page tool: a page with its links and the proof of what was read (time, sha256, snapshot)."""

    @tool.egress(name="visit", trust=Trust.UNTRUSTED)
    async def visit_page(url: str) -> Content:
        """Read a web page."""
        page = await web.page(url)
        snapshot = page.snapshot
        links = [{"url": link.url, "text": link.text} for link in page.links]
        value = {"url": page.final_url, "title": page.title, "text": snapshot.text, "links": links}
        proof = {"fetched_at": snapshot.fetched_at, "sha256": snapshot.sha256, "snapshot": snapshot.name}
        return Content({**value, **proof}, origin=page.final_url)

    return visit_page


def read_further(search: Search, wanted: int) -> Search:
    """Return the search with more results for each query, where that many sites are wanted."""

    async def search_further(query: str, limit: int) -> Sequence[SearchResult]:
        return await search(query, min(MOST_RESULTS, max(limit, 2 * wanted)))

    return search_further


class PageMemory:
    """A web that remembers the data of the pages it has read lately: fields, dates, what is said of links."""

    def __init__(self, web: Pages) -> None:
        self._web = web
        self._data: dict[str, dict[str, Any]] = {}

    async def page(self, url: str) -> Page:
        """Read a page, and remember its data."""
        page = await self._web.page(url)
        if len(self._data) >= REMEMBERED:
            del self._data[next(iter(self._data))]
        self._data[url] = {
            "fields": [asdict(field) for field in page.fields],
            "published": page.published,
            "canonical": page.canonical,
            "rels": [link.rel for link in page.links],
        }
        return page

    async def recall(self, url: str) -> dict[str, Any]:
        """Return the data of a page that was read just now. Empty if it was read by another process, before a restart."""
        return self._data.get(url, {})
