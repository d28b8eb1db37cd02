"""Read many files, several at a time, with word of how far that is."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple

from .cutting import PASSAGE_CHARS, split_passages
from .errors import FileUnreadable
from .file_table import StoredFile
from .folder import FileFound, read_bytes
from .passage_index import IndexEntry
from .reading import DocumentText, ReadOptions, read_document

READERS = max(2, min(4, os.cpu_count() or 2))
BATCH_FILES, BATCH_CHARS = 200, 2_000_000
QUIET_SECONDS = 5.0
"""Nothing is told of what takes no longer; after that a line as often."""
SLOW_SECONDS = 1.0
"""A file that could not be read in so long is not tried again while it stays as it is."""


class FileRead(NamedTuple):
    """A file that was read; `entries` is None when the same bytes are in the index already."""

    found: FileFound
    sha256: str
    entries: list[IndexEntry] | None


class FileNotRead(NamedTuple):
    """A file that could not be read, the reason, and whether it took long to find that out."""

    found: FileFound
    reason: str
    is_slow: bool


def read_files(
    files: Sequence[FileFound],
    stored: Mapping[str, StoredFile],
    how: ReadOptions,
    tell: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[list[FileRead | FileNotRead]]:
    """Yield the files, as many at a time as are stored together: a program that is ended loses no more than that."""
    batch, chars, told = list[FileRead | FileNotRead](), 0, clock()
    for number, outcome in enumerate(_read_in_order(files, stored, how), 1):
        batch.append(outcome)
        chars += sum(len(entry.text) for entry in outcome.entries or ()) if isinstance(outcome, FileRead) else 0
        if len(batch) == BATCH_FILES or chars >= BATCH_CHARS:
            yield batch
            batch, chars = [], 0
        if (now := clock()) - told > QUIET_SECONDS:
            told = now
            tell(f"Reading documents: {number:,} of {len(files):,} files")
    if batch:
        yield batch


def _read_in_order(files: Sequence[FileFound], stored: Mapping[str, StoredFile], how: ReadOptions) -> Iterator[FileRead | FileNotRead]:
    """Read several files at a time, in order, and few ahead of those that are stored: texts are large."""
    if not files:
        return
    with ThreadPoolExecutor(READERS, "sayso-documents") as readers:
        rest = iter(files)
        running = [readers.submit(_read_file, found, stored.get(found.file), how) for found in islice(rest, 2 * READERS)]
        while running:
            yield running.pop(0).result()
            running += [readers.submit(_read_file, found, stored.get(found.file), how) for found in islice(rest, 1)]


def _read_file(found: FileFound, known: StoredFile | None, how: ReadOptions) -> FileRead | FileNotRead:
    began = time.monotonic()
    try:
        body = read_bytes(found, how.most_mb)
        sha256 = hashlib.sha256(body).hexdigest()
        if known is not None and known.sha256 == sha256:
            return FileRead(found, sha256, None)
        return FileRead(found, sha256, _make_entries(found.file, read_document(found.file, body, how)))
    except FileUnreadable as error:
        return FileNotRead(found, str(error), time.monotonic() - began > min(SLOW_SECONDS, how.seconds))


def _make_entries(file: str, read: DocumentText) -> list[IndexEntry]:
    return [
        IndexEntry(
            read.text[cut.start : cut.end],
            [file, read.title, cut.headings, cut.page, cut.start, cut.end],
            "\n".join([read.title, *(heading for heading in cut.headings if heading != read.title)]),
        )
        for cut in split_passages(read.text, read.sections, PASSAGE_CHARS)
    ]
