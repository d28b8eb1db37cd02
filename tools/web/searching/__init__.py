"""Search services: DuckDuckGo, SearXNG, services with a key, several together, and answers kept for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...lazy_names import lazily

if TYPE_CHECKING:
    from .duckduckgo import duckduckgo_search as duckduckgo_search
    from .merging import merge_searches as merge_searches
    from .search_cache import cache_search as cache_search
    from .search_names import is_search_name as is_search_name
    from .search_names import open_search as open_search
    from .searxng import searxng_search as searxng_search
    from .services import SERVICES as SERVICES
    from .services import service_search as service_search

_PLACES = {
    "SERVICES": "services",
    "cache_search": "search_cache",
    "duckduckgo_search": "duckduckgo",
    "is_search_name": "search_names",
    "merge_searches": "merging",
    "open_search": "search_names",
    "searxng_search": "searxng",
    "service_search": "services",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
