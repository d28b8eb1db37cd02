"""Searches by name, as a command line or an environment variable names them: "duckduckgo", "searxng:http://localhost:8888,brave"."""

from __future__ import annotations

import os

from ...errors import UsageError
from ..ddgs import ddgs_search
from ..fetch import Web
from ..search import Search
from .duckduckgo import duckduckgo_search
from .merging import merge_searches
from .searxng import searxng_search
from .services import SERVICES, service_search

SEARXNG_VARIABLE = "SEARXNG_URL"
NAMES = ("duckduckgo", "auto", "searxng", *SERVICES)


def is_search_name(words: str) -> bool:
    """Return whether this names searches of the open web."""
    return all(_split(name)[0] in (*NAMES, "ddgs") for name in words.split(","))


def open_search(words: str, web: Web) -> Search:
    """Return the search of a name, or of several names with commas between them as one.

    "duckduckgo" needs no key; "auto" asks several engines through ddgs; "searxng" asks the instance at SEARXNG_URL, "searxng:URL" the one
    at that address; the others are services with a key. Raises UsageError for an unknown name, or for one that lacks its key or address.
    """
    searches = [_make(*_split(name), web) for name in words.split(",")]
    return searches[0] if len(searches) == 1 else merge_searches(*searches)


def _split(name: str) -> tuple[str, str]:
    word, _, address = name.strip().partition(":")
    return word.lower(), address


def _make(name: str, address: str, web: Web) -> Search:
    if name == "duckduckgo":
        return duckduckgo_search(web)
    if name in ("auto", "ddgs"):
        return ddgs_search("auto")
    if name == "searxng":
        url = address or os.environ.get(SEARXNG_VARIABLE, "")
        if not url:
            raise UsageError(f"Searching with searxng needs an instance: write searxng:http://localhost:8888, or set {SEARXNG_VARIABLE}.")
        if not url.startswith(("http://", "https://")):
            told = f"searxng:{address}" if address else f"{SEARXNG_VARIABLE}={url}"
            raise UsageError(f"{told} is not the address of an instance of searxng. Write it as http://localhost:8888.")
        return searxng_search(url, web)
    if name in SERVICES:
        return service_search(name, web)
    raise UsageError(f"There is no search {name!r}. Searches: {', '.join(NAMES)}.")
