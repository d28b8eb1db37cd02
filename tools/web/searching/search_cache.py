"""Answers of a search on disk, so that the same question within their age asks nobody."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ...private_files import replace_private_file
from ..search import Search, SearchResult


def cache_search(
    search: Search, folder: Path, *, name: str, age_seconds: float = 86_400.0, clock: Callable[[], float] = time.time
) -> Search:
    """Return the search with its answers kept under `folder` for `age_seconds`. `name` tells providers apart. A failure is never kept."""

    async def search_or_reuse(query: str, limit: int) -> Sequence[SearchResult]:
        key = hashlib.sha256(json.dumps([name, " ".join(query.split()), limit]).encode()).hexdigest()
        file = folder / f"search-{key[:32]}.json"
        kept = await asyncio.to_thread(_read, file, clock() - age_seconds)
        if kept is None:
            kept = list(await search(query, limit))
            await asyncio.to_thread(_write, file, clock(), kept)
        return kept

    return search_or_reuse


def _read(file: Path, oldest: float) -> list[SearchResult] | None:
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        if float(kept["asked_at"]) < oldest:
            return None
        return [SearchResult(row["title"], row["url"], row["snippet"]) for row in kept["results"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None  # nothing kept, or a file that somebody cut: ask again


def _write(file: Path, now: float, results: Sequence[SearchResult]) -> None:
    rows = [{"title": hit.title, "url": hit.url, "snippet": hit.snippet} for hit in results]
    file.parent.mkdir(parents=True, exist_ok=True)
    replace_private_file(file, json.dumps({"asked_at": now, "results": rows}, ensure_ascii=False).encode())
