"""Documents: the files of a folder, cut into passages that a question finds and an answer can cite."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self
from urllib.parse import quote

from ..errors import UsageError
from .citations import CitedAnswer, cited_in
from .cutting import PASSAGE_CHARS, passages_of
from .errors import FileUnreadable
from .file_table import FileTable, Kept
from .folder import FileFound, Skipped, bytes_of, files_below, files_named
from .passage_index import Entry, PassageIndex
from .passages import Passage
from .reading import HowToRead, Read, read_document

LEAST = 0.33
"""A passage must hold a third of what a question asks about, rare words counting more, or it is not shown."""
READERS = max(2, min(4, os.cpu_count() or 2))
NAMED_IN_ERRORS = 5


class Documents:
    """Files in an index of passages, made by `of_folder` or `of_files`. Close it, or use it in a `with`.

    `files` are the names of the files that were read, `skipped` the others, each with its reason.
    """

    files: tuple[str, ...]
    skipped: tuple[Skipped, ...]

    def __init__(
        self, look: Callable[[], Iterable[FileFound | Skipped]], links: Callable[[str], str], where: str, path: Path | str, how: HowToRead
    ) -> None:
        self.index = PassageIndex(path)
        self.close = self.index.close
        self._look, self._link, self._how = look, links, how
        self._table = FileTable(self.index)
        self.refresh()
        if not self.files:
            self.close()
            told = "".join(f" {skipped}." for skipped in self.skipped[:NAMED_IN_ERRORS])
            raise UsageError(f"There is no document in {where}: no Markdown, text, HTML or PDF file that can be read.{told}")

    @classmethod
    def of_folder(
        cls,
        folder: Path | str,
        *,
        index: Path | str = ":memory:",
        base_url: str | None = None,
        password: str = "",
        seconds_per_file: float = 60.0,
        max_file_mb: float = 50.0,
    ) -> Documents:
        """The documents of a folder and the folders in it (of a file: that one).

        `index` is a file to keep the passages in: next time only files that have changed are read. `base_url` is where the folder can be
        reached, for links; without it they are file: links. `password` opens encrypted PDFs. UsageError when there is nothing to read.
        """
        root = Path(folder)
        if root.is_file():
            return cls.of_files([root], index=index, password=password, seconds_per_file=seconds_per_file, max_file_mb=max_file_mb)
        if not root.is_dir():
            raise UsageError(f"There is no folder {folder} to read documents from.")
        base = root.absolute().as_uri() if base_url is None else base_url.rstrip("/")
        own = Path(index).absolute()
        how = HowToRead(password=password, seconds=seconds_per_file, most_mb=max_file_mb)

        def look() -> Iterator[FileFound | Skipped]:
            beside = {own, *(own.with_name(own.name + ending) for ending in ("-journal", "-wal", "-shm"))}
            return (found for found in files_below(root) if (root / found.file).absolute() not in beside)

        return cls(look, lambda file: f"{base}/{quote(file)}", f"the folder {folder}", index, how)

    @classmethod
    def of_files(
        cls,
        files: Iterable[Path | str] | Path | str,
        *,
        index: Path | str = ":memory:",
        password: str = "",
        seconds_per_file: float = 60.0,
        max_file_mb: float = 50.0,
    ) -> Documents:
        """These files, or this one; options as for `of_folder`."""
        paths = (files,) if isinstance(files, (str, Path)) else tuple(files)
        places = {found.file: found.path.as_uri() for found in files_named(paths) if isinstance(found, FileFound)}
        how = HowToRead(password=password, seconds=seconds_per_file, most_mb=max_file_mb)
        named = ", ".join(map(str, paths[:NAMED_IN_ERRORS])) or "an empty list"
        return cls(lambda: files_named(paths), lambda file: places.get(file, file), named, index, how)

    def refresh(self) -> None:
        """Look again: read what is new or has changed, forget what is gone."""
        kept = self._table.kept()
        files: list[str] = []
        skipped: list[Skipped] = []
        to_read: list[FileFound] = []
        for found in self._look():
            if isinstance(found, Skipped):
                skipped.append(found)
            elif (known := kept.get(found.file)) and known.unchanged(found):
                files.append(found.file)
            else:
                to_read.append(found)
        for outcome in self._read_all(to_read, kept):
            if isinstance(outcome, Skipped):
                skipped.append(outcome)
            else:
                self._table.put(outcome.found, outcome.sha256, outcome.entries)
                files.append(outcome.found.file)
        self._table.forget(set(kept).difference(files))
        self.files, self.skipped = tuple(sorted(files)), tuple(sorted(skipped, key=lambda each: each.file))

    def _read_all(self, to_read: list[FileFound], kept: dict[str, Kept]) -> Iterator[_Outcome | Skipped]:
        """Several at a time, in order, and not many more than are taken up: texts are large."""
        if not to_read:
            return
        with ThreadPoolExecutor(READERS, "sayso-documents") as readers:
            rest = iter(to_read)
            running = [readers.submit(_read_file, found, kept.get(found.file), self._how) for found in islice(rest, 2 * READERS)]
            while running:
                yield running.pop(0).result()
                running += [readers.submit(_read_file, found, kept.get(found.file), self._how) for found in islice(rest, 1)]

    def search(self, question: str, k: int = 5, *, least: float = LEAST) -> list[Passage]:
        """The passages that answer best, at most `k`; none when nothing holds at least `least` (0 to 1) of what is asked about."""
        return [self._passage(match.number, match.text, match.payload) for match in self.index.search(question, k, least=least)]

    def passage(self, number: int) -> Passage | None:
        """The passage that `[DOC number]` means; None when there is none."""
        entry = self.index.get(number)
        return None if entry is None else self._passage(number, entry.text, entry.payload)

    def cited(self, answer: str | Answered, *, among: Iterable[Passage] | None = None) -> CitedAnswer:
        """The answer with its `[DOC n]` resolved and what it says looked up there.

        Given the result of an agent's run, only passages that its tools showed may be cited; with `among`, only these.
        """
        shown = None if among is None else [passage.number for passage in among]
        if isinstance(answer, str):
            return cited_in(answer, self.passage, shown, self.index.coverage)
        told = _shown_by_tools(answer.messages) if shown is None else shown
        return cited_in(str(answer.output), self.passage, told, self.index.coverage)

    def _passage(self, number: int, text: str, payload: Any) -> Passage:
        file, title, headings, page, start, end = payload
        link = self._link(file) + (f"#page={page}" if page else "")
        return Passage(number, file, title, text, tuple(headings), page, start, end, link)

    def __len__(self) -> int:
        return len(self.index)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class Answered(Protocol):
    """The result of an agent's run: its answer and its transcript."""

    @property
    def output(self) -> Any:
        """What the agent answered."""
        ...

    @property
    def messages(self) -> Iterable[Any]:
        """The transcript; messages with `results` are what tools brought back."""
        ...


def _shown_by_tools(messages: Iterable[Any]) -> Iterator[int]:
    for message in messages:
        for result in getattr(message, "results", ()):
            yield from map(int, re.findall(r"^\[DOC (\d{1,18})\] ", result.text, re.MULTILINE))


class _Outcome(NamedTuple):
    """A file that was read; `entries` is None when its bytes are those that are in the index already."""

    found: FileFound
    sha256: str
    entries: list[Entry] | None


def _read_file(found: FileFound, known: Kept | None, how: HowToRead) -> _Outcome | Skipped:
    try:
        body = bytes_of(found, how.most_mb)
        sha256 = hashlib.sha256(body).hexdigest()
        if known is not None and known.sha256 == sha256:
            return _Outcome(found, sha256, None)
        return _Outcome(found, sha256, _entries(found.file, read_document(found.file, body, how)))
    except FileUnreadable as error:
        return Skipped(found.file, str(error))


def _entries(file: str, read: Read) -> list[Entry]:
    return [
        Entry(
            read.text[cut.start : cut.end],
            [file, read.title, cut.headings, cut.page, cut.start, cut.end],
            "\n".join([read.title, *(heading for heading in cut.headings if heading != read.title)]),
        )
        for cut in passages_of(read.text, read.sections, PASSAGE_CHARS)
    ]
