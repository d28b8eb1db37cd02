"""The web as tools: strict fetching of pages, and search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy_names import lazily

if TYPE_CHECKING:
    from .ddgs import ddgs_search as ddgs_search
    from .fetch import Fetched as Fetched
    from .fetch import Web as Web
    from .fields import Field as Field
    from .local_index import LocalIndex as LocalIndex
    from .page_errors import ConnectionFailed as ConnectionFailed
    from .page_errors import NotAPage as NotAPage
    from .page_errors import PageEmpty as PageEmpty
    from .page_errors import PageError as PageError
    from .page_errors import PageNotStored as PageNotStored
    from .page_errors import PageScripted as PageScripted
    from .page_errors import PageStatus as PageStatus
    from .page_errors import PageTimeout as PageTimeout
    from .page_errors import PageTooLarge as PageTooLarge
    from .page_errors import PageUnreadable as PageUnreadable
    from .page_errors import PageWall as PageWall
    from .page_errors import RobotsForbid as RobotsForbid
    from .page_errors import TooManyRedirects as TooManyRedirects
    from .page_errors import UrlRefused as UrlRefused
    from .pages import Link as Link
    from .pages import Page as Page
    from .search import Search as Search
    from .search import SearchError as SearchError
    from .search import SearchResult as SearchResult
    from .snapshots import Snapshot as Snapshot
    from .snapshots import find_quote as find_quote
    from .snapshots import load_snapshot as load_snapshot
    from .web_tools import fetch_page as fetch_page
    from .web_tools import web_search as web_search

_PLACES = {
    "ConnectionFailed": "page_errors",
    "Fetched": "fetch",
    "Field": "fields",
    "Link": "pages",
    "LocalIndex": "local_index",
    "NotAPage": "page_errors",
    "Page": "pages",
    "PageEmpty": "page_errors",
    "PageError": "page_errors",
    "PageScripted": "page_errors",
    "PageStatus": "page_errors",
    "PageNotStored": "page_errors",
    "PageTimeout": "page_errors",
    "PageTooLarge": "page_errors",
    "PageUnreadable": "page_errors",
    "PageWall": "page_errors",
    "RobotsForbid": "page_errors",
    "Search": "search",
    "SearchError": "search",
    "SearchResult": "search",
    "Snapshot": "snapshots",
    "TooManyRedirects": "page_errors",
    "UrlRefused": "page_errors",
    "Web": "fetch",
    "ddgs_search": "ddgs",
    "fetch_page": "web_tools",
    "load_snapshot": "snapshots",
    "find_quote": "snapshots",
    "web_search": "web_tools",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
