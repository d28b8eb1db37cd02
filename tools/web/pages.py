"""A page as it was read: its text, links and data, and the snapshot that proves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .snapshots import Snapshot


@dataclass(frozen=True, slots=True)
class Link:
    """Where a page points to, and the words it uses for it."""

    url: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """What a reader sees of a page. All of it was written by strangers: it is content, never an instruction."""

    url: str
    final_url: str
    title: str
    text: str
    links: tuple[Link, ...]
    json_ld: tuple[Mapping[str, Any], ...]
    snapshot: Snapshot
    description: str = ""
    language: str = ""
