"""Documents: the files of a folder, split into passages that a question finds and an answer can cite."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self
from urllib.parse import quote

from ..canonical import Json
from ..errors import UsageError
from .citations import CitedAnswer, resolve_citations
from .embedding import Embedder
from .file_table import FileTable, is_unchanged
from .folder import FileFound, Skipped, list_files, walk_folder
from .installed_embedder import EMBEDDER_VARIABLE, find_installed_embedder, is_asked_for
from .judgement import LEAST, Judgement, judge
from .passage_index import MOST_RESULTS, Match, PassageIndex
from .passages import Passage
from .query_words import query_words
from .reading import NAMED_KINDS, ReadOptions
from .reading_files import FileRead, read_files

NAMED_IN_ERRORS = 5


def print_progress(line: str) -> None:
    """Print how long work goes to standard error."""
    print(line, file=sys.stderr, flush=True)


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
            reasons = "".join(f" {skipped}." for skipped in self.skipped[:NAMED_IN_ERRORS]) or f" {NAMED_KINDS} are read."
            raise UsageError(f"No document that can be read was found in {where}.{reasons}")

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
        base = root.resolve().as_uri() if base_url is None else base_url.rstrip("/")
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
        stored, limits = self._table.read_all(), self._how.name_limits()
        unreadable = self._table.read_unreadable(limits)
        files: list[str] = []
        skipped: list[Skipped] = []
        to_read: list[FileFound] = []
        for found in self._look():
            if isinstance(found, Skipped):
                skipped.append(found)
            elif (known := stored.get(found.file)) and is_unchanged(known, found):
                files.append(found.file)
            elif (failed := unreadable.get(found.file)) and is_unchanged(failed, found):
                skipped.append(Skipped(found.file, failed.reason))
            else:
                to_read.append(found)
        for batch in read_files(to_read, stored, self._how, self._on_progress):
            with self.index.changes():  # making one change safe on disk takes longer than reading a page
                for outcome in batch:
                    if isinstance(outcome, FileRead):
                        self._table.put(outcome.found, outcome.sha256, outcome.entries)
                        files.append(outcome.found.file)
                        continue
                    skipped.append(Skipped(outcome.found.file, outcome.reason))
                    if outcome.is_slow and limits:
                        self._table.put_unreadable(outcome.found, outcome.reason, limits)
        self._table.forget(set(stored).difference(files))
        self.files, self.skipped = tuple(sorted(files)), tuple(sorted(skipped, key=lambda each: each.file))
        self._embed()

    def _embed(self) -> None:
        """Make the vectors of new passages. Unasked, only where that does not take long."""
        installed = find_installed_embedder() if self._embedder == "installed" and len(self.index) else None
        in_memory = self.index.path == ":memory:"
        embedder = installed or self._embedder
        if embedder is None or embedder == "installed":
            return
        if self.index.vectors is None:
            self.index.use_embedder(embedder)
        vectors = self.index.vectors
        assert vectors is not None  # it has just been made
        if installed is not None and (in_memory or not is_asked_for()):
            once, each_time = installed.most_unasked
            if (missing := vectors.count_missing()) > (each_time if in_memory else once):
                self.index.vectors = None
                name = type(installed).__name__
                asked = f"{EMBEDDER_VARIABLE}={name.lower()} and an" if missing > once else "An"
                self._on_progress(
                    f"{missing:,} passages are searched by words alone: to compare them by meaning would take some time. "
                    f"{asked} index in a file (index=, --index) has it done once; embedder={name}() always does."
                )
                return
        vectors.fill(self._on_progress)

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
        return self._find_distinct(question, top) or (self.index.first(top) if query_words(question) else [])

    def _find_distinct(self, question: str, top: int) -> list[Match]:
        """Return the nearest passages. Of files that are copies of each other, each passage is there once."""
        looked_at = top
        while True:
            found = self.index.search(question, looked_at)
            contents = self._table.read_contents(match.payload[0] for match in found)
            distinct = dict[tuple[Json, ...], Match]()
            for match in found:
                file, *_, start, end = match.payload
                distinct.setdefault((contents.get(file, file), start, end), match)
            if len(distinct) >= top or len(found) < looked_at or looked_at >= MOST_RESULTS:
                return list(distinct.values())[:top]
            looked_at *= 4

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
