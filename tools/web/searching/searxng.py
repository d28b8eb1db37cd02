"""Search with a SearXNG instance, one's own or a public one (https://docs.searxng.org/dev/search_api.html)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode, urlsplit

from ..ddgs import read_rows
from ..fetch import Web
from ..search import Search, SearchBlocked, SearchError, SearchResult
from .asking import Answer, Asker, explain_page, explain_status, prepare_query

NAME = "searxng"


def searxng_search(url: str, web: Web, *, language: str = "auto") -> Search:
    """Return a search provider that asks the instance at this address, which may be on this machine: it was named by its user.

    It raises SearchBlocked where the instance refuses, or where every engine behind it does: it answers that with status 200 and no result.
    """
    base = url.rstrip("/").removesuffix("/search")
    asker = Asker(name=NAME, web=_allow(web, base), judge=_judge, pause_seconds=0.2)

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


def _judge(answer: Answer) -> SearchError | None:
    if answer.status == 403:
        return SearchBlocked(
            NAME, "it does not give JSON (status 403); its settings.yml needs json under search: formats:", retryable=False
        )
    if (failed := explain_status(NAME, answer.status)) is not None:
        return failed
    body = answer.read_json()
    if body is None:
        return explain_page(NAME, answer)
    if not isinstance(body, dict) or not isinstance(body.get("results"), list):
        return SearchError(NAME, "its answer is not a list of results", retryable=False)
    silent = body.get("unresponsive_engines")
    if not body["results"] and silent:
        engines = ", ".join(": ".join(map(str, each)) if isinstance(each, list) else str(each) for each in silent[:5])
        return SearchBlocked(NAME, f"none of its engines answered ({engines})")
    return None
