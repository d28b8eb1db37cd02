"""Tools for a model: search the web and read a page. Their results were written by strangers and are labelled untrusted."""

from __future__ import annotations

from typing import Any

from ..calls import Content
from ..definition.decorators import AsyncTool, tool
from ..definition.tool import Tool, ToolContext
from ..effects import Trust
from .fetch import Web
from .search import Search

NO_CONTEXT: ToolContext[object] = ToolContext(None)


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
    """Return a tool that reads one page of the web, for an agent.

    Where a person approved the address, a redirect to another host is refused: they approved this one.
    """

    @tool.egress(name="read_page", trust=Trust.UNTRUSTED)
    async def read_page(url: str, context: ToolContext[object] = NO_CONTEXT) -> Content:
        """Read a web page: its title and main text.

        Args:
            url: The complete address, starting with http:// or https://.
        """
        was_asked = bool(context.key)  # a call that needed no approval has no key
        page = await (web.only(url) if was_asked else web).page(url)
        text = page.text
        if len(text) > max_chars:
            text = f"{text[:max_chars]}\n[cut here: {len(page.text):,} characters in all]"
        return Content({"url": page.final_url, "title": page.title, "text": text}, origin=page.final_url)

    return read_page
