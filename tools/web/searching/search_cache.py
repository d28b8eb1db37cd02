"""Answers of a search on disk, so that the same question within their age asks nobody."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ..cache_folder import CacheFolder
from ..ddgs import read_rows
from ..search import Search, SearchResult


def cache_search(
    search: Search, folder: Path, *, name: str, age_seconds: float = 86_400.0, clock: Callable[[], float] = time.time
) -> Search:
    """Return the search with its answers kept under `folder` for `age_seconds`. `name` tells providers apart.

    A failure is never kept, nor an answer without a result: it may be another one a minute later.
    """
    cache = CacheFolder(folder)

    async def search_or_reuse(query: str, limit: int) -> Sequence[SearchResult]:
        key = f"search {json.dumps([name, ' '.join(query.split()), limit])}"
        found = _read(await asyncio.to_thread(cache.read, key), clock(), age_seconds)
        if not found:
            found = list(await search(query, limit))
            if found:
                await asyncio.to_thread(cache.write, key, _write(clock(), found))
        return found

    return search_or_reuse


def _read(kept: bytes | None, now: float, age_seconds: float) -> list[SearchResult]:
    """Return the results that were kept; none where nothing was kept, where it is too old, or where it is not what `_write` writes."""
    try:
        answer = json.loads(kept or b"")
        rows = answer["results"] if 0 <= now - float(answer["asked_at"]) <= age_seconds else []
        return read_rows([{"title": row["title"], "url": row["url"], "snippet": row["snippet"]} for row in rows])
    except (ValueError, KeyError, TypeError, RecursionError):
        return []


def _write(now: float, results: Sequence[SearchResult]) -> bytes:
    rows = [{"title": hit.title, "url": hit.url, "snippet": hit.snippet} for hit in results]
    return json.dumps({"asked_at": now, "results": rows}, ensure_ascii=False).encode("utf-8", "replace")
