"""Where the passages of an answer come from: documents of one's own, or pages of the web."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from sayso.tools.approval.grant import Grant
from sayso.tools.documents import Documents, Passage
from sayso.tools.documents.claims import SENTENCE
from sayso.tools.errors import SearchFailed, ToolError
from sayso.workflows import Run
from sayso.workflows.runs.events import Progress
from sayso.workflows.shapes.typed import map_each

from ..research.orders import is_order
from ..research.page_reading import DATA_MARK
from ..research.page_tools import make_search_tool, make_visit_tool

if TYPE_CHECKING:
    from sayso.tools.web import Search, Web

TOP = 4
"""How many passages are judged, and read by the writer."""
PAGES = 5
"""How many pages of the web are read for one search."""
MOST_PAGE_PASSAGES = 200


@dataclass(frozen=True, slots=True)
class FoundPassages:
    """What a search found: passages, the best first, whether they seem to answer, and the pages that could not be read."""

    passages: tuple[Passage, ...]
    fits: bool
    unread: tuple[str, ...] = ()


class PassageSource(Protocol):
    """Finds passages. `where` says where, for people; `mark` writes the citation of a passage's number."""

    where: str
    grants: tuple[Grant, ...]

    def mark(self, number: int) -> str:
        """Return how a passage of that number is cited."""
        ...

    async def look(self, run: Run, words: str, known: Sequence[Passage]) -> FoundPassages:
        """Search. `known` are the passages that were found before: they keep their numbers."""
        ...


def drop_orders(text: str) -> str:
    """Return a text without the sentences that tell a machine what to do or say: no writer reads them, and no answer rests on them."""
    lines = ("".join(found[0] for found in SENTENCE.finditer(line) if not is_order(found[0].strip())) for line in text.split("\n"))
    return "\n".join(lines)


async def look_up(run: Run, source: PassageSource, questions: Sequence[str]) -> tuple[Passage, ...]:
    """Search a source for each question, one after the other, and return all passages, each once, in that order."""

    async def look(run: Run, asked: tuple[str, tuple[Passage, ...]]) -> FoundPassages:
        return await source.look(run, *asked)

    known: dict[int, Passage] = {}
    for place, question in enumerate(questions):
        found = await run.child(f"look.{place}", look, (question, tuple(known.values())))
        known |= {passage.number: passage for passage in found.passages}
    return tuple(known.values())


class DocumentSource:
    """Passages of documents."""

    where = "documents"
    grants: tuple[Grant, ...] = ()

    def __init__(self, documents: Documents, top: int = TOP) -> None:
        self.documents: Documents = documents
        self.top: int = top

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.where}, {self.top} passages for a question>"

    def mark(self, number: int) -> str:
        """Return the citation as `Documents.check_citations` reads it."""
        return f"[DOC {number}]"

    async def look(self, run: Run, words: str, known: Sequence[Passage]) -> FoundPassages:
        """Search the documents: the nearest passages, and whether they fit what is asked."""
        run.publish(Progress(run.id, "search", f"Searching the documents for “{words}”"))
        found: FoundPassages = await run.step("search", self._search, words)
        return found

    async def _search(self, words: str) -> FoundPassages:
        return await asyncio.to_thread(self._search_now, words)

    def _search_now(self, words: str) -> FoundPassages:
        return FoundPassages(tuple(self.documents.nearest(words, self.top)), self.documents.judge(words).fits)


class WebSource:
    """Passages of the pages that a web search finds, each read by the polite fetcher."""

    where = "web"

    def __init__(self, search: Search, web: Web, *, pages: int = PAGES, top: int = TOP) -> None:
        self.pages: int = pages
        self.top: int = top
        self._search, self._visit = make_search_tool(search), make_visit_tool(web)
        self.grants: tuple[Grant, ...] = (Grant(tool=self._search), Grant(tool=self._visit))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, {self.pages} pages for a search>"

    def mark(self, number: int) -> str:
        """Return the citation as readers of the web know it."""
        return f"[{number}]"

    async def look(self, run: Run, words: str, known: Sequence[Passage]) -> FoundPassages:
        """Search the web, read the best pages and return their passages. Raises SearchFailed if no search answers."""
        run.publish(Progress(run.id, "search", f"Searching the web for “{words}”"))
        try:
            hits: Sequence[Mapping[str, str]] = await run.call(self._search, query=words)
        except ToolError as error:
            raise SearchFailed(f"{error} Whether there is an answer is not known.") from None
        urls = list(dict.fromkeys(hit["url"] for hit in hits))[: self.pages]
        read = await run.child("pages", map_each(self._read, on_error="collect"), urls) if urls else []
        pages = [page for page in read if isinstance(page, Mapping)]
        unread = tuple(f"{url}: {failed.error}" for url, failed in zip(urls, read, strict=True) if not isinstance(failed, Mapping))
        if unread and not pages:
            raise SearchFailed(
                f"None of the {len(unread)} pages that were found could be read: {unread[0]} Whether there is an answer is not known."
            )
        found: FoundPassages = await run.step("rank", _rank, words, pages, tuple(known), self.top)
        return replace(found, unread=unread)

    async def _read(self, run: Run, url: str) -> Mapping[str, Any]:
        run.publish(Progress(run.id, "read", f"Reading {urlsplit(url).netloc}"))
        page: Mapping[str, Any] = await run.call(self._visit, url=url)
        return {name: page[name] for name in ("url", "title", "text")}


async def _rank(words: str, pages: list[Mapping[str, str]], known: tuple[Passage, ...], top: int) -> FoundPassages:
    return await asyncio.to_thread(_rank_now, words, pages, known, top)


def _rank_now(words: str, pages: Sequence[Mapping[str, str]], known: Sequence[Passage], top: int) -> FoundPassages:
    """Return the passages of the pages that fit the words best, and whether they seem to answer; new ones are numbered after the known."""
    from sayso.tools.documents import PassageIndex  # late, for load time
    from sayso.tools.documents.cutting import PASSAGE_CHARS, split_pieces
    from sayso.tools.documents.judgement import judge

    with PassageIndex() as index:
        for page in pages:
            visible, _, data = page["text"].partition(DATA_MARK)
            text = visible if visible.strip() else data
            for start, end in list(split_pieces(text, 0, len(text), PASSAGE_CHARS))[:MOST_PAGE_PASSAGES]:
                index.add(text[start:end], [page["url"], page["title"], start, end], context=page["title"])
        matches, fits = index.search(words, top), judge(index.weigh_evidence(words)).fits
    numbers = {(passage.link, passage.start): passage.number for passage in known}
    free = max(numbers.values(), default=0)
    passages = list[Passage]()
    for match in matches:
        url, title, start, end = match.payload
        if (url, start) not in numbers:
            free += 1
            numbers[url, start] = free
        passages.append(Passage(numbers[url, start], url, title or url, match.text, start=start, end=end, link=url, public=True))
    return FoundPassages(tuple(passages), fits)
