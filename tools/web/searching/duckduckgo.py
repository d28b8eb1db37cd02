"""Search with DuckDuckGo, without a key, by a request of our own that sees when programs are kept out."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from urllib.parse import urlencode

from ..blocked_search import explain_no_hits
from ..ddgs import ddgs_search, read_rows
from ..fetch import Web
from ..search import Search, SearchBlocked, SearchError, SearchResult
from .asking import Answer, Asker, prepare_query

URL = "https://html.duckduckgo.com/html/"
READ_RESULTS = "sayso.tools.web.searching.duckduckgo_page:read_results"
NAME = "duckduckgo"


def duckduckgo_search(web: Web, *, url: str = URL, region: str = "us-en", fallback: Search | None = None) -> Search:
    """Return a search provider that asks DuckDuckGo's page for browsers without scripts, and `fallback` (ddgs) where that fails.

    It raises SearchBlocked where DuckDuckGo keeps programs out (status 202, 403, 429, or a challenge with 200), SearchError where it cannot
    be reached, and returns an empty list only where DuckDuckGo says that nothing was found.
    """
    asker = Asker(name=NAME, web=web, judge=_judge)
    instead = fallback or ddgs_search()

    async def search(query: str, limit: int) -> Sequence[SearchResult]:
        words = prepare_query(query)
        if not words or limit < 1:
            return []
        form = urlencode({"q": words, "b": "", "kl": region}).encode()
        try:
            answer = await asker.ask(url, method="POST", headers=(("Content-Type", "application/x-www-form-urlencoded"),), body=form)
        except SearchError as refused:
            return await _ask_instead(instead, words, limit, refused)
        return (await _read(answer))[:limit]

    return search


async def _ask_instead(instead: Search, words: str, limit: int, refused: SearchError) -> Sequence[SearchResult]:
    """Ask the fallback. Where it finds nothing, the first refusal stands: nothing can be concluded from it."""
    try:
        found = await instead(words, limit)
    except SearchError:
        raise refused from None
    if not found:
        raise refused
    return found


def _judge(answer: Answer) -> SearchError | None:
    if "result__a" in answer.text and answer.status == 200:
        return None
    why = explain_no_hits(answer.status, answer.text, says_so=True)
    if not why:
        return None
    if answer.status >= 500 or "does not say" in why:
        return SearchError(NAME, why)
    return SearchBlocked(NAME, why, retryable=answer.status == 429)


async def _read(answer: Answer) -> list[SearchResult]:
    from ...sandbox import SandboxError, acall_sandboxed  # late, for load time

    try:
        rows = await acall_sandboxed(READ_RESULTS, b64encode(answer.text.encode()).decode("ascii"), seconds=10, memory_mb=512)
    except SandboxError as error:
        raise SearchError(NAME, f"its answer could not be read ({error})") from error
    return read_rows(rows)
