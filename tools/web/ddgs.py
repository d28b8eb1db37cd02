"""Web search without a key, through the package ddgs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from ..canonical import JsonObject
from .blocked_search import explain_no_hits
from .charsets import clean
from .search import Search, SearchError, SearchResult

MAX_QUERY = 500

FindText = Callable[[str, int], Sequence[JsonObject]]
"""Asks the search engine (query, limit) and returns rows with title, href and body."""


def ddgs_search(
    backend: str = "duckduckgo", *, region: str = "us-en", timeout_seconds: int = 10, find_text: FindText | None = None
) -> Search:
    """Return a search provider that asks ddgs: one of its engines by name, or "auto" for several at once.

    It raises SearchError when the engine cannot be reached, refuses or is too slow; nothing found is an empty list.
    """

    def with_ddgs(query: str, limit: int) -> Sequence[JsonObject]:
        return _find_with_ddgs(query, limit, backend, region, timeout_seconds)

    find = find_text or with_ddgs

    async def search(query: str, limit: int) -> Sequence[SearchResult]:
        words = " ".join(clean(query).split())[:MAX_QUERY]
        if not words or limit < 1:
            return []
        rows = await asyncio.to_thread(_call_find, find, words, limit, backend)
        return read_rows(rows)[:limit]

    return search


def _find_with_ddgs(query: str, limit: int, backend: str, region: str, timeout_seconds: int) -> Sequence[JsonObject]:
    """Search with ddgs, and look at the answers of the engines when there was no hit.

    ddgs says "No results found" for an empty page, any status but 200, a challenge, and an engine that was too slow.
    """
    from ddgs.ddgs import DDGS  # `ddgs.DDGS` is a proxy until its first use: a class that is derived from it overrides nothing
    from ddgs.exceptions import DDGSException

    answers: list[tuple[str, Any]] = []

    class WatchedDDGS(DDGS):
        def _get_engines(self, category: str, backend: str) -> list[Any]:
            engines: list[Any] = super()._get_engines(category, backend)
            for engine in engines:
                engine.http_client = _WatchedClient(engine.http_client, engine.name, answers)
            return engines

    rows: list[JsonObject] = []
    failure: DDGSException | None = None
    try:
        rows = WatchedDDGS(timeout=timeout_seconds).text(query, region=region, max_results=limit, backend=backend)
    except DDGSException as error:
        failure = error
    if not read_rows(rows):
        if failure is not None and "no results" not in str(failure).lower():
            raise failure
        if not answers:
            raise SearchError(backend, "it did not answer in time")
        for name, answer in answers:
            if why := explain_no_hits(answer.status_code, answer.text, says_so=name == "duckduckgo"):
                raise SearchError(backend if backend == name else f"{backend} ({name})", why)
    return rows


class _WatchedClient:
    """An engine's HTTP client that records the answers."""

    def __init__(self, client: Any, name: str, answers: list[tuple[str, Any]]) -> None:
        self._client, self._name, self._answers = client, name, answers

    def request(self, *args: Any, **kwargs: Any) -> Any:
        answer = self._client.request(*args, **kwargs)
        self._answers.append((self._name, answer))
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def _call_find(find: FindText, query: str, limit: int, backend: str) -> Sequence[JsonObject]:
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
        raise SearchError(backend, f"no engine could be reached{_find_cause(reason.lower())}") from error


def _find_cause(reason: str) -> str:
    """Return what is known of why no engine could be reached; what the package writes itself is for programmers."""
    if "dns" in reason or "resolv" in reason:
        return ", for their names are not known (is this machine online?)"
    return ", for the proxy that the environment names refuses" if "proxy" in reason else ""


def read_rows(rows: Sequence[JsonObject]) -> list[SearchResult]:
    """Return rows with title, href or url, and body or snippet as results, each address once."""
    found: dict[str, SearchResult] = {}
    for row in rows:
        url = str(row.get("href") or row.get("url") or "")
        if url.startswith(("http://", "https://")) and url not in found:
            found[url] = SearchResult(_clean_line(row.get("title")), url, _clean_line(row.get("body") or row.get("snippet")))
    return list(found.values())


def _clean_line(text: object) -> str:
    return " ".join(clean(str(text or "")).split())[:1000]
