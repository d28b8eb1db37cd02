"""Tools for a model: search the web and read a page. Their results were written by strangers and are labelled untrusted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ..calls import Content
from ..definition.decorators import AsyncTool, tool
from ..definition.tool import Tool, ToolContext
from ..effects import Trust
from ..errors import ToolError
from .fetch import Web
from .page_errors import format_url
from .page_parts import MOST_PLACES, PassagesFound, choose_links, cut_links, cut_passages, cut_text, find_links, find_passages
from .pages import Link, Page
from .search import Search

NO_CONTEXT: ToolContext[object] = ToolContext(None)
MOST_IN_HAND, IN_HAND_SECONDS = 4, 600.0
"""How many pages of a tool are kept for their next parts, and how long."""
MOST_WORDS = 200


def web_search(search: Search, *, results: int = 8) -> AsyncTool[..., list[dict[str, object]]]:
    """Return a tool that searches with this provider, for an agent."""

    @tool.egress(name="web_search", trust=Trust.UNTRUSTED)
    async def web_search(query: str) -> list[dict[str, object]]:
        """Search the web. Gives titles, addresses and snippets; read a page with read_page before relying on it.

        Args:
            query: A few words, as typed into a search engine.
        """
        found = await search(query, results)
        return [
            {"number": number, "title": hit.title, "url": hit.url, "snippet": hit.snippet} for number, hit in enumerate(found[:results], 1)
        ]

    return web_search


def fetch_page(web: Web, *, max_chars: int = 20_000) -> Tool[..., Any]:
    """Return a tool that reads pages, for an agent: `max_chars` at a time, with their links, or the passages around a word.

    Where a person approved the address, a redirect to another host is refused: they approved this one.
    """
    pages = _PagesInHand(web)

    @tool.egress(name="read_page", trust=Trust.UNTRUSTED, card="read_page(url={url})")  # the rest tells nobody anything
    async def read_page(url: str, find: str = "", next: int = 1, context: ToolContext[object] = NO_CONTEXT) -> Content:
        """Read a web page: its title, main text and links. A long page comes in parts; its result says how many there are.

        Args:
            url: The complete address, starting with http:// or https://.
            find: Give only the passages of the whole page around this word or phrase, and the links with it.
            next: Which part to give: the number at "next" in the last result.
        """
        was_asked = bool(context.key)  # a call that needed no approval has no key
        page = await pages.read(url, is_first=next <= 1 and not find.strip(), only_its_host=was_asked)
        if find.strip():
            return Content(await asyncio.to_thread(_find_in_page, page, web, find, next, max_chars), origin=page.final_url)
        return Content(await asyncio.to_thread(_show_part, page, web, next, max_chars), origin=page.final_url)

    return read_page


class _PagesInHand:
    """The pages that were read last, so that their other parts need no request."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._pages: dict[tuple[str, bool], tuple[datetime, Page]] = {}

    async def read(self, url: str, *, is_first: bool, only_its_host: bool) -> Page:
        key, now = (url, only_its_host), self._web.now()
        if not is_first and key in self._pages and (now - self._pages[key][0]).total_seconds() <= IN_HAND_SECONDS:
            return self._pages[key][1]
        page = await (self._web.only(url) if only_its_host else self._web).page(url)
        self._pages.pop(key, None)
        while len(self._pages) >= MOST_IN_HAND:
            del self._pages[next(iter(self._pages))]
        self._pages[key] = (now, page)
        return page


def _show_part(page: Page, web: Web, number: int, max_chars: int) -> dict[str, object]:
    """Return a part of the text with as many links as fit; where the text is at its end, the links that are left."""
    texts = cut_text(page.text or page.snapshot.text, max_chars)
    links = cut_links(choose_links(page.links, page.final_url, web.tell_address), max_chars // 2)
    place = _check_part(page, number, max(len(texts), len(links)))
    part: dict[str, object] = {"part": f"{place + 1} of {len(texts)}"} if place < len(texts) > 1 else {}
    text = {"text": texts[place]} if place < len(texts) else {}
    return {"url": page.final_url, "title": page.title, **part, **text, **_show_links(links, place), **_tell_next(place, texts, links)}


def _find_in_page(page: Page, web: Web, words: str, number: int, max_chars: int) -> dict[str, object]:
    words = " ".join(words[:MOST_WORDS].split())
    found = find_passages(words, page.snapshot.text)
    passages = cut_passages(found.passages, max_chars)
    links = cut_links(find_links(words, choose_links(page.links, page.final_url, web.tell_address)), max_chars // 2)
    place = _check_part(page, number, max(len(passages), len(links), 1))
    left = sum(map(len, passages[place + 1 :]))
    return {
        "url": page.final_url,
        "title": page.title,
        "find": words,
        "found": _tell_found(found, words),
        "passages": list(passages[place]) if place < len(passages) else [],
        **({"more_passages": left} if left else {}),
        **_show_links(links, place),
        **_tell_next(place, passages, links),
    }


def _tell_found(found: PassagesFound, words: str) -> str:
    if not found.places:
        return f"{words!r} is not on this page."
    places = (
        f"{MOST_PLACES:,} places or more" if found.places >= MOST_PLACES else f"{found.places:,} place{'s' if found.places > 1 else ''}"
    )
    return places if found.is_phrase else f"Not as one phrase; its words stand together in {places}."


def _tell_next(place: int, *lists: Sequence[object]) -> dict[str, object]:
    return {"next": place + 2} if place + 1 < max(map(len, lists)) else {}


def _check_part(page: Page, number: int, count: int) -> int:
    if number > count:
        parts = f"parts 1 to {count}" if count > 1 else "one part"
        raise ToolError(f"There is no such part: {format_url(page.final_url)} has {parts} here.")
    return max(number, 1) - 1


def _show_links(lists: Sequence[Sequence[Link]], place: int) -> dict[str, object]:
    shown = [{"text": link.text, "url": link.url} for link in (lists[place] if place < len(lists) else ())]
    left = sum(map(len, lists[place + 1 :]))
    return {"links": shown, **({"more_links": left} if left else {})}
