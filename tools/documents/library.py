"""Documents: the files of a folder, split into passages that a question finds and an answer can cite."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Literal, NamedTuple, Protocol, Self
from urllib.parse import quote

from ..canonical import Json
from ..errors import UsageError
from .citations import CitedAnswer, resolve_citations
from .cutting import PASSAGE_CHARS, split_passages
from .embedding import Embedder
from .errors import FileUnreadable
from .file_table import FileTable, StoredFile
from .folder import FileFound, Skipped, list_files, read_bytes, walk_folder
from .installed_embedder import find_installed_embedder
from .judgement import LEAST, Judgement, judge
from .passage_index import IndexEntry, Match, PassageIndex
from .passages import Passage
from .query_words import query_words
from .reading import DocumentText, ReadOptions, read_document

READERS = max(2, min(4, os.cpu_count() or 2))
NAMED_IN_ERRORS = 5


def print_progress(line: str) -> None:
    """Print how long work goes to standard error."""
    print(line, file=sys.stderr, flush=True)


BATCH_FILES, BATCH_CHARS = 200, 2_000_000


class Documents:
    """Files in an index of passages, made with `of_folder` or `of_files`. Close it, or use it in a `with`.

    `files` are the names of the files that were read, `skipped` the others, each with its reason.
    """

    files: tuple[str, ...]
    skipped: tuple[Skipped, ...]

    def __init__(
        self,
        look: Callable[[], Iterable[FileFound | Skipped]],
        links: Callable[[str], str],
        where: str,
        index: PassageIndex,
        how: ReadOptions,
        embedder: Embedder | Literal["installed"] | None = None,
        on_progress: Callable[[str], None] = print_progress,
    ) -> None:
        self.index = index
        self._embedder: Embedder | Literal["installed"] | None = embedder
        self._on_progress = on_progress
        self.close: Callable[[], object] = self.index.close
        self._look, self._link, self._how = look, links, how
        self._table = FileTable(self.index)
        self.refresh()
        if not self.files:
            self.close()
            reasons = "".join(f" {skipped}." for skipped in self.skipped[:NAMED_IN_ERRORS])
            raise UsageError(f"No document was found in {where}: no Markdown, text, HTML or PDF file that can be read.{reasons}")

    @classmethod
    def of_folder(
        cls,
        folder: Path | str,
        *,
        index: Path | str = ":memory:",
        base_url: str | None = None,
        synonyms: Iterable[Iterable[str]] = (),
        embedder: Embedder | Literal["installed"] | None = "installed",
        on_progress: Callable[[str], None] = print_progress,
        password: str = "",
        seconds_per_file: float = 60.0,
        max_file_mb: float = 50.0,
    ) -> Documents:
        """Read the documents of a folder and the folders in it (of a file: that one).

        `index` is a file in which the passages are stored: next time only files that have changed are read. `base_url` is the URL of the
        folder, for links; without it they are file: links. `synonyms` are groups of words that say the same among you, besides those that
        Sayso knows: `[("PTO", "vacation")]`. `embedder` compares by meaning, too: "installed" is that of the extra `embed`, where it is
        there; None is words alone. `on_progress` is told how far that is, if it takes long. `password` opens encrypted PDFs.
        Raises UsageError when nothing can be read.
        """
        root = Path(folder)
        if root.is_file():
            return cls.of_files(
                [root],
                index=index,
                synonyms=synonyms,
                embedder=embedder,
                on_progress=on_progress,
                password=password,
                seconds_per_file=seconds_per_file,
                max_file_mb=max_file_mb,
            )
        if not root.is_dir():
            raise UsageError(f"The folder {folder} to read documents from does not exist.")
        base = root.absolute().as_uri() if base_url is None else base_url.rstrip("/")
        own = Path(index).absolute()
        how = ReadOptions(password=password, seconds=seconds_per_file, most_mb=max_file_mb)

        passages = PassageIndex(index, synonyms=synonyms)

        def look() -> Iterator[FileFound | Skipped]:
            beside = {own, *(own.with_name(own.name + ending) for ending in ("-journal", "-wal", "-shm"))}
            return (found for found in walk_folder(root) if (root / found.file).absolute() not in beside)

        return cls(look, lambda file: f"{base}/{quote(file)}", f"the folder {folder}", passages, how, embedder, on_progress)

    @classmethod
    def of_files(
        cls,
        files: Iterable[Path | str] | Path | str,
        *,
        index: Path | str = ":memory:",
        synonyms: Iterable[Iterable[str]] = (),
        embedder: Embedder | Literal["installed"] | None = "installed",
        on_progress: Callable[[str], None] = print_progress,
        password: str = "",
        seconds_per_file: float = 60.0,
        max_file_mb: float = 50.0,
    ) -> Documents:
        """Read these files, or this one. The options are those of `of_folder`."""
        paths = (files,) if isinstance(files, (str, Path)) else tuple(files)
        places = {found.file: found.path.as_uri() for found in list_files(paths) if isinstance(found, FileFound)}
        how = ReadOptions(password=password, seconds=seconds_per_file, most_mb=max_file_mb)
        named = ", ".join(map(str, paths[:NAMED_IN_ERRORS])) or "an empty list"
        passages = PassageIndex(index, synonyms=synonyms)
        return cls(lambda: list_files(paths), lambda file: places.get(file, file), named, passages, how, embedder, on_progress)

    def refresh(self) -> None:
        """Look at the files again: read new and changed ones, forget those that are gone."""
        stored = self._table.read_all()
        files: list[str] = []
        skipped: list[Skipped] = []
        to_read: list[FileFound] = []
        for found in self._look():
            if isinstance(found, Skipped):
                skipped.append(found)
            elif (known := stored.get(found.file)) and known.is_unchanged(found):
                files.append(found.file)
            else:
                to_read.append(found)
        for batch in _make_batches(self._read_all(to_read, stored)):
            with self.index.changes():  # making one change safe on disk takes longer than reading a page
                for outcome in batch:
                    if isinstance(outcome, Skipped):
                        skipped.append(outcome)
                    else:
                        self._table.put(outcome.found, outcome.sha256, outcome.entries)
                        files.append(outcome.found.file)
        self._table.forget(set(stored).difference(files))
        self.files, self.skipped = tuple(sorted(files)), tuple(sorted(skipped, key=lambda each: each.file))
        self._embed()

    def _embed(self) -> None:
        """Make the vectors of new passages. Unasked, only where that does not take long."""
        installed = find_installed_embedder() if self._embedder == "installed" and len(self.index) else None
        embedder = installed or self._embedder
        if embedder is None or embedder == "installed":
            return
        if self.index.vectors is None:
            self.index.use_embedder(embedder)
        vectors = self.index.vectors
        assert vectors is not None  # it has just been made
        most = installed.most_unasked[self.index.path == ":memory:"] if installed is not None else 0
        if installed is not None and (missing := vectors.count_missing()) > most:
            self.index.vectors = None
            self._on_progress(
                f"{missing:,} passages are searched by words alone: to compare them by meaning would take some time. "
                f"An index in a file (index=, --index) has it done once, for up to {installed.most_unasked[0]:,}; "
                f"embedder={type(installed).__name__}() always does."
            )
            return
        vectors.fill(self._on_progress)

    def _read_all(self, to_read: list[FileFound], stored: dict[str, StoredFile]) -> Iterator[_Outcome | Skipped]:
        """Read several files at a time, in order, and few ahead of those that are stored: texts are large."""
        if not to_read:
            return
        with ThreadPoolExecutor(READERS, "sayso-documents") as readers:
            rest = iter(to_read)
            running = [readers.submit(_read_file, found, stored.get(found.file), self._how) for found in islice(rest, 2 * READERS)]
            while running:
                yield running.pop(0).result()
                running += [readers.submit(_read_file, found, stored.get(found.file), self._how) for found in islice(rest, 1)]

    def nearest(self, question: str, top: int = 5) -> list[Passage]:
        """Return the passages nearest to the question, the best first, whether they answer it or not.

        If none has any word of the question, nor one used alike, they are the first of the documents; empty only without words to look for.
        """
        return [self._make_passage(match.number, match.text, match.payload) for match in self._rank(question, top)]

    def search(self, question: str, top: int = 5, *, least: float = LEAST) -> list[Passage]:
        """Return the nearest passages, at most `top`, if any of them answers the question as `judge` says; otherwise none."""
        return self.nearest(question, top) if self.judge(question, least=least).fits else []

    def judge(self, question: str, *, least: float = LEAST) -> Judgement:
        """Return whether any passage answers the question: `least` is the strength of evidence that it needs (0: always fits)."""
        return judge(self.index.weigh_evidence(question), least)

    def _rank(self, question: str, top: int) -> list[Match]:
        return self.index.search(question, top) or (self.index.first(top) if query_words(question) else [])

    def passage(self, number: int) -> Passage | None:
        """Return the passage that `[DOC number]` means; None for an unknown number."""
        entry = self.index.get(number)
        return None if entry is None else self._make_passage(number, entry.text, entry.payload)

    def passages_of(self, file: str) -> list[Passage]:
        """Return all passages of a file, in order; none for a name that is not in `files`."""
        return [passage for number in self._table.find_numbers(file) if (passage := self.passage(number)) is not None]

    def check_citations(self, answer: str | AgentAnswer, *, among: Iterable[Passage] | None = None) -> CitedAnswer:
        """Resolve each `[DOC n]` of the answer and compare its claim with the passage.

        For the result of an agent's run, only passages that its tools showed may be cited; with `among`, only these.
        """
        shown = None if among is None else [passage.number for passage in among]
        if isinstance(answer, str):
            return resolve_citations(answer, self.passage, shown)
        known = _find_shown(answer.messages) if shown is None else shown
        return resolve_citations(str(answer.output), self.passage, known)

    def _make_passage(self, number: int, text: str, payload: Json) -> Passage:
        file, title, headings, page, start, end = payload
        link = self._link(file) + (f"#page={page}" if page else "")
        return Passage(number, file, title, text, tuple(headings), page, start, end, link)

    def __len__(self) -> int:
        return len(self.index)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class AgentAnswer(Protocol):
    """The result of an agent's run: its answer and its transcript."""

    @property
    def output(self) -> object:
        """Return the answer of the agent."""
        ...

    @property
    def messages(self) -> Iterable[object]:
        """Return the transcript; messages with `results` hold the results of tools."""
        ...


def _find_shown(messages: Iterable[object]) -> Iterator[int]:
    for message in messages:
        for result in getattr(message, "results", ()):
            yield from map(int, re.findall(r"^\[DOC (\d{1,18})\] ", result.text, re.MULTILINE))


class _Outcome(NamedTuple):
    """A file that was read; `entries` is None when the same bytes are in the index already."""

    found: FileFound
    sha256: str
    entries: list[IndexEntry] | None


def _make_batches(outcomes: Iterable[_Outcome | Skipped]) -> Iterator[list[_Outcome | Skipped]]:
    """Yield the files that were read in as many at a time as are stored together: a program that is ended loses no more than that."""
    batch, chars = list[_Outcome | Skipped](), 0
    for outcome in outcomes:
        batch.append(outcome)
        chars += 0 if isinstance(outcome, Skipped) else sum(len(entry.text) for entry in outcome.entries or ())
        if len(batch) == BATCH_FILES or chars >= BATCH_CHARS:
            yield batch
            batch, chars = [], 0
    if batch:
        yield batch


def _read_file(found: FileFound, known: StoredFile | None, how: ReadOptions) -> _Outcome | Skipped:
    try:
        body = read_bytes(found, how.most_mb)
        sha256 = hashlib.sha256(body).hexdigest()
        if known is not None and known.sha256 == sha256:
            return _Outcome(found, sha256, None)
        return _Outcome(found, sha256, _make_entries(found.file, read_document(found.file, body, how)))
    except FileUnreadable as error:
        return Skipped(found.file, str(error))


def _make_entries(file: str, read: DocumentText) -> list[IndexEntry]:
    return [
        IndexEntry(
            read.text[cut.start : cut.end],
            [file, read.title, cut.headings, cut.page, cut.start, cut.end],
            "\n".join([read.title, *(heading for heading in cut.headings if heading != read.title)]),
        )
        for cut in split_passages(read.text, read.sections, PASSAGE_CHARS)
    ]
