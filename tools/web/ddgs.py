"""Web search without a key, through ddgs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from .charsets import clean
from .search import Search, SearchError, SearchResult

MAX_QUERY = 500

FindText = Callable[[str, int], Sequence[dict[str, Any]]]
"""Asks the search engine (query, limit) and gives rows with title, href and body."""


def ddgs_search(
    backend: str = "duckduckgo", *, region: str = "us-en", timeout_seconds: int = 10, find_text: FindText | None = None
) -> Search:
    """Search with ddgs: one of its engines by name, or "auto" for several at once."""

    def with_ddgs(query: str, limit: int) -> Sequence[dict[str, Any]]:
        from ddgs import DDGS

        with DDGS(timeout=timeout_seconds) as engine:
            rows: list[dict[str, Any]] = engine.text(query, region=region, max_results=limit, backend=backend)
            return rows

    find = find_text or with_ddgs

    async def search(query: str, limit: int) -> Sequence[SearchResult]:
        words = " ".join(clean(query).split())[:MAX_QUERY]
        if not words or limit < 1:
            return []
        rows = await asyncio.to_thread(_asked, find, words, limit, backend)
        return _results(rows)[:limit]

    return search


def _asked(find: FindText, query: str, limit: int, backend: str) -> Sequence[dict[str, Any]]:
    from ddgs.exceptions import DDGSException, RatelimitException, TimeoutException

    try:
        return find(query, limit)
    except RatelimitException as error:
        raise SearchError(backend, "too many searches in a short time (rate limit)") from error
    except TimeoutException as error:
        raise SearchError(backend, "it did not answer in time") from error
    except DDGSException as error:
        # ddgs raises the same exception for an empty answer and for engines that failed; only its words differ.
        reason = str(error)
        if "no results" in reason.lower():
            return []
        if "429" in reason or "ratelimit" in reason.lower():
            raise SearchError(backend, "too many searches in a short time (rate limit)") from error
        raise SearchError(backend, f"no engine could be reached ({reason[:200]})") from error


def _results(rows: Sequence[dict[str, Any]]) -> list[SearchResult]:
    found: dict[str, SearchResult] = {}
    for row in rows:
        url = str(row.get("href") or row.get("url") or "")
        if url.startswith(("http://", "https://")) and url not in found:
            found[url] = SearchResult(_line(row.get("title")), url, _line(row.get("body")))
    return list(found.values())


def _line(text: object) -> str:
    return " ".join(clean(str(text or "")).split())[:1000]
