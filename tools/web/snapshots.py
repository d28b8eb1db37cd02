"""Snapshots of pages, stored so that a quote can be checked later without the network."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from ..effects import Labels
from ..errors import UsageError
from ..private_files import create_private_file


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One page at one moment. `sha256` is of the bytes as received, after unpacking; `text` is all of them that can be quoted.

    Snapshots of earlier versions have the main text there.
    """

    url: str
    final_url: str
    fetched_at: str
    sha256: str
    status: int
    content_type: str
    text: str

    @property
    def labels(self) -> Labels:
        """Return that strangers wrote it."""
        return Labels(untrusted=True)

    @property
    def name(self) -> str:
        """Return the file name (without ending) of this snapshot: the same for the same moment and bytes."""
        host = re.sub(r"[^a-z0-9.-]+", "_", self.final_url.partition("://")[2].partition("/")[0])
        moment = re.sub(r"[^0-9TZ]", "", self.fetched_at)
        page = hashlib.sha256(self.url.encode("utf-8", "replace")).hexdigest()
        return f"{moment}-{host[:80]}-{page[:8]}-{self.sha256[:12]}"


def store_snapshot(folder: Path, snapshot: Snapshot, body: bytes) -> Path:
    """Store the snapshot as two files, the bytes and their description. Returns the path to load it from."""
    folder.mkdir(parents=True, exist_ok=True)
    create_private_file(folder / f"{snapshot.name}.body", content=body)
    described = folder / f"{snapshot.name}.json"
    # The description is written last, and whole: a snapshot that can be loaded is complete.
    create_private_file(described, content=f"{json.dumps(asdict(snapshot), ensure_ascii=False, indent=1)}\n".encode())
    return described


def load_snapshot(path: Path | str) -> Snapshot:
    """Load a stored snapshot. Raises UsageError when its bytes are not the ones that were fetched."""
    described = Path(path)
    snapshot = Snapshot(**json.loads(described.read_text(encoding="utf-8")))
    body = described.with_suffix(".body")
    if not body.exists() or hashlib.sha256(body.read_bytes()).hexdigest() != snapshot.sha256:
        raise UsageError(
            f"The snapshot {described} does not match its bytes in {body.name}: it was changed or is incomplete. Fetch the page again."
        )
    return snapshot


@lru_cache(512)  # the quote of a claim is looked for at each step of a research
def find_quote(quote: str, text: str) -> tuple[int, int] | None:
    """Return the span of the quote in the text, ignoring differences in white space. None if it is not there."""
    first, *rest = words = quote.split() or [""]
    plain = " ".join(words)
    start = text.find(first) if first else -1
    while start >= 0:
        end = start + len(plain) if text.startswith(plain, start) else _follow_words(rest, text, start + len(first))
        if end >= 0:
            return start, end
        start = text.find(first, start + 1)
    return None


def _follow_words(words: Sequence[str], text: str, end: int) -> int:
    """Return where words end that follow a place in a text, each after white space; -1 if they do not. No pattern is compiled for them."""
    for word in words:
        start = end
        while text[start : start + 1].isspace():
            start += 1
        if start == end or not text.startswith(word, start):
            return -1
        end = start + len(word)
    return end
