"""Search providers: a query in, titles, addresses and snippets out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from ..effects import Labels
from ..errors import ToolError


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One hit. Title and snippet were written by strangers."""

    title: str
    url: str
    snippet: str

    @property
    def labels(self) -> Labels:
        """Return that strangers wrote it."""
        return Labels(untrusted=True)


class Search(Protocol):
    """A search provider: returns at most `limit` results, the best first. Nothing found is an empty list, not an error."""

    async def __call__(self, query: str, limit: int) -> Sequence[SearchResult]: ...


class SearchError(ToolError):
    """The search itself failed, which is not the same as finding nothing. `retryable`: the same search may work later.

    `wait_seconds` is how long the provider asks to wait, None if it does not say.
    """

    wait_seconds: float | None = None

    def __init__(self, provider: str, reason: str, *, retryable: bool = True) -> None:
        self.provider: str = provider
        self.reason: str = reason
        self.retryable: bool = retryable
        end = "" if reason.endswith("?") else "."
        again = " Try again later or with other words." if retryable else ""
        super().__init__(f"The search with {provider} failed: {reason}{end}{again}")

    def with_wait(self, seconds: float) -> Self:
        """Return the same error with how long the provider asks to wait."""
        error = type(self)(self.provider, f"{self.reason}; it asks to come back in {seconds:.0f} s", retryable=self.retryable)
        error.wait_seconds = seconds
        return error


class SearchBlocked(SearchError):
    """The provider refuses to search: a challenge, a limit, a key. It does not say that there is nothing to find."""
