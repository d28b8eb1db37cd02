"""The sources of a research: the open web, the sample web that comes with Sayso, a folder, a site."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.tools.errors import UsageError

if TYPE_CHECKING:
    from sayso.tools.web import LocalIndex, Search, Web

SEARCH_VARIABLE = "SAYSO_SEARCH"


@asynccontextmanager
async def open_sources(
    search: str | Search | None = None, web: Web | None = None, snapshots: Path | str | None = None
) -> AsyncIterator[tuple[Search, Web]]:
    """Open the search and the web for a run, and close them after it.

    `search` is a Search, or in words: "sample", a folder, a site's address, or one or more of duckduckgo, auto, searxng, brave, tavily, exa
    and serper with commas between them. Without one it is SAYSO_SEARCH in the environment, else duckduckgo. Raises UsageError for a word
    that means none of these.
    """
    from sayso.tools.web import LocalIndex, Web  # late, for load time
    from sayso.tools.web.searching import is_search_name, open_search

    folder = Path(snapshots) if snapshots is not None else None
    where = search or os.environ.get(SEARCH_VARIABLE) or "duckduckgo"
    open_web = web or Web(snapshots=folder)
    if not isinstance(where, str):
        yield where, open_web
    elif where == "sample":
        from ..sample_web import serve  # late, for load time

        with serve() as sample, await asyncio.to_thread(build_sample_index) as index:
            yield index, web or Web(resolve=sample.resolve, allow=sample.allow, snapshots=folder)
    elif is_search_name(where):
        yield open_search(where, open_web), open_web
    elif where.startswith(("http://", "https://")):
        with await LocalIndex.of_site(where, open_web) as index:
            yield index, open_web
    elif Path(where).is_dir():  # noqa: ASYNC240  one look at the start of a run
        from .saved_web import make_url, serve_folder  # late, for load time

        root = Path(where)
        read = partial(LocalIndex.of_folder, root, urls=lambda file: make_url(root, file))
        with serve_folder(root) as saved, await asyncio.to_thread(read) as index:
            yield index, web or Web(resolve=saved.resolve, allow=saved.allow, snapshots=folder)
    else:
        from sayso.tools.web.searching.search_names import NAMES  # late, for load time

        raise UsageError(
            f"{where!r} cannot be searched. Write one or more of {', '.join(NAMES)}, or sample, an existing folder, or a site's address."
        )


def build_sample_index() -> LocalIndex:
    """Return the sample web's pages as a search engine would have them."""
    from sayso.tools.web import LocalIndex  # late, for load time
    from sayso.tools.web.local_index import parse_file_in_worker

    from ..sample_web import content_type, folder, pages  # late, for load time

    def parse(url: str, declared: str, body: bytes) -> Mapping[str, object]:
        return parse_file_in_worker(url, content_type(url), body)  # one site says its charset only where it is served

    urls = {path: url for url, path in pages()}
    return LocalIndex.of_folder(folder(), urls=urls.get, parse=parse)
