"""Several searches as one: their results by rank, each page once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit

from ..search import Search, SearchBlocked, SearchError, SearchResult

_TRACKING = ("utm_", "gclid", "fbclid", "msclkid", "mc_eid", "ref_src", "srsltid")
RANK_OFFSET = 60
"""The k of reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009)."""


def merge_searches(*searches: Search) -> Search:
    """Return a search provider that asks all of these at once and ranks the pages by the ranks that they have in each answer.

    One that fails is left out. Where no other finds anything, whether there is something is not known: SearchBlocked is raised if any was
    blocked, else the first error.
    """

    async def search(query: str, limit: int) -> Sequence[SearchResult]:
        answers = await asyncio.gather(*(_ask(each, query, limit) for each in searches))
        failed = [answer for answer in answers if isinstance(answer, SearchError)]
        if failed and not any(answer for answer in answers if not isinstance(answer, SearchError)):
            raise next((error for error in failed if isinstance(error, SearchBlocked)), failed[0])
        scores: dict[str, float] = {}
        results: dict[str, SearchResult] = {}
        for answer in answers:
            for rank, hit in enumerate(answer if not isinstance(answer, SearchError) else (), 1):
                page = canonical_url(hit.url)
                scores[page] = scores.get(page, 0.0) + 1 / (RANK_OFFSET + rank)
                results.setdefault(page, hit)
        return [results[page] for page in sorted(scores, key=lambda page: -scores[page])][:limit]

    return search


async def _ask(search: Search, query: str, limit: int) -> Sequence[SearchResult] | SearchError:
    try:
        return await search(query, limit)
    except SearchError as error:
        return error


def canonical_url(url: str) -> str:
    """Return an address without what does not tell pages apart: scheme, www., a last slash, marks that count visitors, fragment."""
    parts = urlsplit(url)
    asked = parse_qsl(parts.query, keep_blank_values=True)
    query = [(name, value) for name, value in asked if not name.lower().startswith(_TRACKING)]
    host = (parts.hostname or "").removeprefix("www.")
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    return f"{host}{port}{parts.path.rstrip('/')}{f'?{urlencode(sorted(query))}' if query else ''}"
