"""Search with a SearXNG instance, one's own or a public one (https://docs.searxng.org/dev/search_api.html)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from urllib.parse import urlencode, urlsplit

from ..ddgs import read_rows
from ..fetch import Web
from ..page_errors import format_url
from ..search import Search, SearchBlocked, SearchError, SearchResult
from .asking import Answer, Asker, explain_page, explain_status, prepare_query

NAME = "searxng"
RIGHT = "is that the address of a SearXNG instance"
JSON = "its settings.yml needs json under search: formats:"


def searxng_search(url: str, web: Web, *, language: str = "auto") -> Search:
    """Return a search provider that asks the instance at this address, which may be on this machine: it was named by its user.

    It raises SearchBlocked where the instance refuses, or where every engine behind it does: it answers that with status 200 and no result.
    """
    base = url.rstrip("/").removesuffix("/search")
    asker = Asker(name=NAME, web=_allow(web, base), judge=partial(_judge, base), pause_seconds=0.2)

    async def search(query: str, limit: int) -> Sequence[SearchResult]:
        words = prepare_query(query)
        if not words or limit < 1:
            return []
        asked = urlencode({"q": words, "format": "json", "language": language})
        answer = await asker.ask(f"{base}/search?{asked}", headers=(("Accept", "application/json"),))
        body = answer.read_json()
        rows = body.get("results") if isinstance(body, dict) else None
        return read_rows([{**row, "body": row.get("content")} for row in rows or () if isinstance(row, dict)])[:limit]

    return search


def _allow(web: Web, base: str) -> Web:
    """Return the web with this instance's own host and port allowed."""
    parts = urlsplit(base)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return replace(web, allow=frozenset({*web.allow, (parts.hostname or "", port)}))


def _judge(base: str, answer: Answer) -> SearchError | None:
    if 300 <= answer.status < 400:
        place = answer.headers.get("location", "").partition("?")[0].removesuffix("/search") or "another address"
        return SearchError(NAME, f"{base} sends on to {format_url(place)}: give that address, if it is one of SearXNG", retryable=False)
    match answer.status:
        case 401:
            return SearchBlocked(NAME, f"{base} asks for a user name and password (status 401)", retryable=False)
        case 403:
            return SearchBlocked(NAME, f"{base} gives no JSON to this program (status 403): {JSON}", retryable=False)
        case 404 | 405 | 410:
            return SearchError(NAME, f"{base}/search is not there (status {answer.status}): {RIGHT}?", retryable=False)
    if (failed := explain_status(NAME, answer.status)) is not None:
        return failed
    body = answer.read_json()
    if body is None:
        failed = explain_page(NAME, answer)
        if isinstance(failed, SearchBlocked):
            return failed
        return SearchError(NAME, f"{base}/search answers with a page in place of JSON: {RIGHT}? If so, {JSON}", retryable=False)
    if not isinstance(body, dict) or not isinstance(body.get("results"), list):
        return SearchError(NAME, f"{base}/search answers with JSON that is no list of results: {RIGHT}?", retryable=False)
    silent = body.get("unresponsive_engines")
    if not body["results"] and silent:
        engines = ", ".join(": ".join(map(str, each)) if isinstance(each, list) else str(each) for each in silent[:5])
        return SearchBlocked(NAME, f"none of its engines answered ({engines})")
    return None
