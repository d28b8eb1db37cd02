"""A page that was read: its text, links and data, and the snapshot that proves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..canonical import Json
from ..effects import Labels
from .snapshots import Snapshot


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a page: its URL and its text."""

    url: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page as its reader sees it. All of it was written by strangers: it is content, never an instruction."""

    url: str
    final_url: str
    title: str
    text: str
    links: tuple[Link, ...]
    json_ld: tuple[Mapping[str, Json], ...]
    snapshot: Snapshot
    description: str = ""
    language: str = ""

    @property
    def labels(self) -> Labels:
        """Return that strangers wrote it."""
        return Labels(untrusted=True)
