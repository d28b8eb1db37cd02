"""A search provider over pages of a folder or of one site, in a full-text index (SQLite FTS5, ranked by BM25)."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import threading
import weakref
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from ..canonical import Json
from ..connections import close_index
from ..errors import UsageError
from .fetch import Web
from .fields import DATA_HEADING
from .kinds import choose_parser
from .page_errors import PageError
from .pages import Page
from .search import SearchResult
from .urls import parse_url

MAX_QUERY_WORDS = 64
MAX_RESULTS = 50
FEWEST_CHARACTERS = 60
MAX_FILE_BYTES = 10_000_000
_CONTENT_TYPES = {
    **dict.fromkeys((".html", ".htm", ".xhtml"), "text/html"),
    ".md": "text/markdown",
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".json": "application/json",
    ".pdf": "application/pdf",
}
_SCHEMA = """
CREATE VIRTUAL TABLE IF NOT EXISTS pages USING fts5(url UNINDEXED, title, body, tokenize = "porter unicode61 remove_diacritics 2")
"""
_BEST = """
SELECT title, url, snippet(pages, 2, '', '', ' … ', 64) FROM pages WHERE pages MATCH ? ORDER BY bm25(pages, 0.0, 4.0, 1.0), rowid LIMIT ?
"""

SHORT_WORD = 4
_ENDINGS = ("en", "er", "es", "e", "n", "s", "a", "o", "i")
_SIGN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
ParseFile = Callable[[str, str, bytes], Mapping[str, Json]]
"""Parses a file: (url, content type, bytes) to the result of `parse_page`."""


@dataclass(frozen=True, slots=True)
class Document:
    """A page as it is indexed."""

    url: str
    title: str
    text: str


def parse_file_in_worker(url: str, content_type: str, body: bytes) -> Mapping[str, Json]:
    """Parse a file in a worker process: a folder of saved pages is as hostile as the web."""
    from ..sandbox import call_sandboxed  # late, for load time

    encoded = b64encode(body).decode("ascii")
    parsed: Mapping[str, Json] = call_sandboxed(choose_parser(body), url, content_type, encoded, seconds=10, memory_mb=512)
    return parsed


class LocalIndex:
    """Pages in SQLite FTS5, found by word stems (Porter). It is a Search; close it, or use it in a `with`."""

    def __init__(
        self, documents: Iterable[Document] = (), *, path: Path | str = ":memory:", failed: Sequence[tuple[str, str]] = ()
    ) -> None:
        self.failed: tuple[tuple[str, str], ...] = tuple(failed)
        """The URLs that could not be indexed, each with the reason."""
        self._lock = threading.Lock()
        self._db = sqlite3.connect(str(path), check_same_thread=False)
        # An index that is simply forgotten must not leave an open connection behind.
        self.close: Callable[[], object] = weakref.finalize(self, close_index, self._db, self._lock)
        self._db.execute(_SCHEMA)
        self.add(documents)

    @classmethod
    def of_folder(
        cls,
        folder: Path | str,
        *,
        base_url: str = "http://localhost/",
        urls: Callable[[Path], str | None] | None = None,
        path: Path | str = ":memory:",
        parse: ParseFile = parse_file_in_worker,
    ) -> LocalIndex:
        """Index the HTML, PDF, JSON, CSV, Markdown and text files of a folder. `urls` returns the URL of a file (None leaves it out)."""
        root = Path(folder)
        if not root.is_dir():
            raise UsageError(f"The folder {folder} to index does not exist.")
        named = urls or (lambda file: base_url.rstrip("/") + "/" + quote(file.relative_to(root).as_posix()))
        return cls(_read_files(root, named, parse), path=path)

    @classmethod
    async def of_site(
        cls, start_url: str, web: Web, *, max_pages: int = 50, pause_seconds: float = 0.25, path: Path | str = ":memory:"
    ) -> LocalIndex:
        """Crawl a site from its start page on, one page at a time and no faster than its robots.txt asks, and index it."""
        documents, failed = await _crawl(start_url, web, max_pages, pause_seconds)
        return cls(documents, path=path, failed=failed)

    def add(self, documents: Iterable[Document]) -> None:
        """Add documents; one with the same URL is replaced."""
        with self._lock, self._db:
            for document in documents:
                self._db.execute("DELETE FROM pages WHERE url = ?", (document.url,))
                row = (document.url, _space_signs(document.title), _space_signs(document.text))
                self._db.execute("INSERT INTO pages (url, title, body) VALUES (?, ?, ?)", row)

    def __len__(self) -> int:
        with self._lock:
            return int(self._db.execute("SELECT count(*) FROM pages").fetchone()[0])

    async def __call__(self, query: str, limit: int) -> Sequence[SearchResult]:
        """Return the best pages for any of these words, the best first. The query is words only, never a query language."""
        return await asyncio.to_thread(self.search, query, limit)

    def search(self, query: str, limit: int) -> list[SearchResult]:
        """Search as when awaited, on the calling thread."""
        match = match_any_word(query)
        if not match or limit < 1:
            return []
        with self._lock:
            rows = self._db.execute(_BEST, (match, min(limit, MAX_RESULTS))).fetchall()
        return [SearchResult(_join_signs(title), url, _join_signs(_show(snippet))) for title, url, snippet in rows]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def match_any_word(query: str) -> str:
    """Write the query as an FTS5 expression in which every word is quoted, so that none can be an operator.

    A word that is not English is looked for with other endings as well, and as the beginning of a compound: "Blume" finds "Blumenladen".
    """
    words = dict.fromkeys(re.findall(r"\w+", query.lower()))
    terms = (f'"{_space_signs(word)}"' for word in list(words)[:MAX_QUERY_WORDS])
    begins = dict.fromkeys(filter(None, map(_find_beginning, list(words)[:MAX_QUERY_WORDS])))
    return " OR ".join((*terms, *(f'"{begin}" *' for begin in begins)))


def _find_beginning(word: str) -> str:
    """Return what the forms and compounds of a word have in common; empty for short words. An English one is looked for as it stands."""
    from ..truth.lexicon import look_up  # late, for load time
    from ..truth.words import tokenize

    if len(word) < SHORT_WORD or not word.isalpha() or _SIGN.search(word):
        return ""
    if any(look_up(each) for each in tokenize(word)):
        return word  # "yoga" begins "Yogastudio"
    ending = next((end for end in _ENDINGS if word.endswith(end) and len(word) - len(end) >= SHORT_WORD), "")
    return word.removesuffix(ending) if len(word) > SHORT_WORD else ""


def _space_signs(text: str) -> str:
    """Put spaces of no width around Chinese and Japanese signs, so that each is a word of the index and a phrase of signs finds a word."""
    return _SIGN.sub("\u200b\\g<0>\u200b", text)


def _join_signs(text: str) -> str:
    return text.replace("\u200b", "")


def _read_files(root: Path, named: Callable[[Path], str | None], parse: ParseFile) -> Iterator[Document]:
    for file in sorted(root.rglob("*")):
        content_type = _CONTENT_TYPES.get(file.suffix.lower())
        if content_type is None or not file.is_file() or file.stat().st_size > MAX_FILE_BYTES:
            continue
        url = named(file)
        if url is None:
            continue
        parsed = parse(url, content_type, file.read_bytes())
        if parsed.get("wall") or "noindex" in parsed.get("robots", ""):
            continue
        if body := _join(parsed["description"], parsed.get("evidence") or parsed["text"]):
            yield Document(url, parsed["title"] or file.stem, body)


async def _crawl(start_url: str, web: Web, max_pages: int, pause_seconds: float) -> tuple[list[Document], list[tuple[str, str]]]:
    """Read one host breadth first. Raises PageError for the start page; other pages that cannot be read are listed with the reason."""
    web = replace(web, pause_seconds=max(pause_seconds, web.pause_seconds))
    first = await web.page(start_url)
    host = parse_url(first.final_url, web.allow).authority
    documents = {first.final_url: _to_document(first)}
    failed: list[tuple[str, str]] = []
    queue = list(_find_same_host(first, host, web))
    asked = {start_url, first.final_url, *queue}
    while queue and len(asked) - len(queue) <= 2 * max_pages and len(documents) < max_pages:
        url = queue.pop(0)
        try:
            page = await web.page(url)
        except PageError as error:
            failed.append((url, str(error)))
            continue
        if parse_url(page.final_url, web.allow).authority != host:
            continue
        documents.setdefault(page.final_url, _to_document(page))
        found = [link for link in _find_same_host(page, host, web) if link not in asked]
        asked.update(found)
        queue.extend(found)
    return list(documents.values()), failed


def _to_document(page: Page) -> Document:
    return Document(page.final_url, page.title or page.final_url, _join(page.description, page.snapshot.text))


def _show(snippet: str) -> str:
    """Return a snippet without the data of the page, where there are words enough before them."""
    line = " ".join(snippet.split())
    words = line.partition(DATA_HEADING)[0].rstrip()
    return words if len(words) >= FEWEST_CHARACTERS else line.replace(f"{DATA_HEADING} ", "")


def _join(description: str, evidence: str) -> str:
    """Return what a page can be found by: what it says of itself, and all its text and data."""
    return "\n".join(text for text in (description, evidence) if text)


def _find_same_host(page: Page, host: str, web: Web) -> Iterator[str]:
    for link in page.links:
        try:
            url = parse_url(link.url, web.allow)
        except PageError:
            continue
        if url.authority == host:
            yield str(url)
