"""The sources of a research: the open web, the sample web that comes with Sayso, a folder, a site."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.tools.errors import UsageError

if TYPE_CHECKING:
    from sayso.tools.web import LocalIndex, Search, Web

SEARCH_VARIABLE = "SAYSO_SEARCH"
CACHE_AGE = "24h"
"""A research that is made again on the same day, with other options, asks no site twice; prices a day old are told with their date."""
LATELY = "1s"
"""What is compared with an earlier report is asked about anew: each page only whether it has changed."""


@asynccontextmanager
async def open_sources(
    search: str | Search | None = None, web: Web | None = None, snapshots: Path | str | None = None, cache_age: str = CACHE_AGE
) -> AsyncIterator[tuple[Search, Web]]:
    """Open the search and the web for a run, and close them after it.

    `search` is a Search, or in words: "sample", a folder, a site's address, or one or more of duckduckgo, auto, searxng, brave, tavily, exa
    and serper with commas between them. Without one it is SAYSO_SEARCH in the environment, else duckduckgo. Pages of the open web and
    answers of such searches that are no older than `cache_age` ("30m", "12h", "7d"; "0" for none) come from the cache on disk, unless a
    `web` is given, which has its own. Raises UsageError for a word that means none of these.
    """
    from sayso.tools.web import LocalIndex, Web  # late, for load time
    from sayso.tools.web.searching import is_search_name

    folder = Path(snapshots) if snapshots is not None else None
    where = search or os.environ.get(SEARCH_VARIABLE) or "duckduckgo"
    age_seconds, cache = open_cache(cache_age)
    open_web = web or Web(snapshots=folder, cache=cache, cache_seconds=age_seconds)
    if not isinstance(where, str):
        yield where, open_web
    elif where == "sample":
        from ..sample_web import serve  # late, for load time

        with serve() as sample, await index_in_thread(build_sample_index) as index:
            yield index, web or Web(resolve=sample.resolve, allow=sample.allow, snapshots=folder)
    elif is_search_name(where):
        yield open_cached_search(where, open_web), open_web
    elif where.startswith(("http://", "https://")):
        with await LocalIndex.of_site(where, open_web) as index:
            yield index, open_web
    elif Path(where).is_dir():  # noqa: ASYNC240  one look at the start of a run
        from .saved_web import make_url, serve_folder  # late, for load time

        root = Path(where)

        def build(check: Callable[[], None]) -> LocalIndex:
            return LocalIndex.of_folder(root, urls=_checked(check, lambda file: make_url(root, file)))

        with serve_folder(root) as saved, await index_in_thread(build) as index:
            yield index, web or Web(resolve=saved.resolve, allow=saved.allow, snapshots=folder)
    else:
        from sayso.tools.web.searching.search_names import NAMES  # late, for load time

        raise UsageError(
            f"{where!r} cannot be searched. Write one or more of {', '.join(NAMES)}, or sample, an existing folder, or a site's address."
        )


def choose_cache_age(cache_age: str | None, *, compares: bool) -> str:
    """Return the age that was given, else a day, or none for a research that `compares` itself with an earlier one."""
    return cache_age if cache_age is not None else LATELY if compares else CACHE_AGE


def open_cache(cache_age: str) -> tuple[float, Path | None]:
    """Return the seconds of an age, and the folder of the cache: None for an age of 0, or where this user can have none.

    A read-only home, one of another user (`sudo` keeps HOME) or none at all: the research reads without a cache.

    Raises UsageError for an age that cannot be read, and for a folder that others can write in.
    """
    from sayso.tools.web.cache_folder import CacheFolder, find_cache_folder, parse_age  # late, for load time

    seconds = parse_age(cache_age)
    if not seconds:
        return 0.0, None
    try:
        folder = find_cache_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_of_another = hasattr(os, "geteuid") and folder.stat().st_uid != os.geteuid()
    except (OSError, RuntimeError):  # no home, or one that cannot be written in
        return seconds, None
    if is_of_another or not os.access(folder, os.W_OK | os.X_OK):
        return seconds, None
    CacheFolder(folder).check()
    return seconds, folder


def open_cached_search(names: str, web: Web) -> Search:
    """Return the search of these names; its answers are kept in the web's cache, if it has one."""
    from sayso.tools.web.searching import cache_search, open_search  # late, for load time

    search = open_search(names, web)
    if web.cache is None:
        return search
    return cache_search(search, web.cache, name=names, age_seconds=web.cache_seconds, clock=lambda: web.now().timestamp())


async def index_in_thread(build: Callable[[Callable[[], None]], LocalIndex]) -> LocalIndex:
    """Return the index that `build` makes in a thread. The function that it is handed ends it when nobody waits any more."""
    given_up = threading.Event()

    def check() -> None:
        if given_up.is_set():
            raise asyncio.CancelledError

    try:
        return await asyncio.to_thread(build, check)
    except asyncio.CancelledError:
        given_up.set()
        raise


def _checked(check: Callable[[], None], urls: Callable[[Path], str | None]) -> Callable[[Path], str | None]:
    def find_url(file: Path) -> str | None:
        check()
        return urls(file)

    return find_url


def build_sample_index(check: Callable[[], None] = lambda: None) -> LocalIndex:
    """Return the sample web's pages as a search engine would have them. `check` is called before each."""
    from sayso.tools.web import LocalIndex  # late, for load time
    from sayso.tools.web.local_index import parse_file_in_worker

    from ..sample_web import content_type, folder, pages  # late, for load time

    def parse(url: str, declared: str, body: bytes) -> Mapping[str, object]:
        return parse_file_in_worker(url, content_type(url), body)  # one site says its charset only where it is served

    urls = {path: url for url, path in pages()}
    return LocalIndex.of_folder(folder(), urls=_checked(check, urls.get), parse=parse)
