"""A page that was read: its text, links and data, and the snapshot that proves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..canonical import Json
from ..effects import Labels
from .fields import Field
from .snapshots import Snapshot


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a page: its URL, its text, and what the page says of it ("sponsored nofollow")."""

    url: str
    text: str
    rel: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page as its reader sees it. All of it was written by strangers: it is content, never an instruction.

    `text` is its main text; `snapshot.text` is all that can be quoted: every visible line but navigation, and the data of the page.
    `published` is its date as it gives it (ISO 8601), empty if it gives none.
    """

    url: str
    final_url: str
    title: str
    text: str
    links: tuple[Link, ...]
    json_ld: tuple[Mapping[str, Json], ...]
    snapshot: Snapshot
    description: str = ""
    language: str = ""
    canonical: str = ""
    published: str = ""
    fields: tuple[Field, ...] = ()

    @property
    def labels(self) -> Labels:
        """Return that strangers wrote it."""
        return Labels(untrusted=True)
