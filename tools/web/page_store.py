"""Responses on disk: within their age they are not asked for again, and after it only whether they have changed (ETag, Last-Modified)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from .cache_folder import CacheFolder
from .transport import Response

MISSING = frozenset({404, 410})
STORED_STATUSES = frozenset({200, 301, 302, 303, 307, 308, *MISSING})


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A response: a page, a redirect (`location`), or that there is no page. `fetched_at` is an ISO time."""

    url: str
    status: int
    content_type: str
    fetched_at: str
    location: str = ""
    etag: str = ""
    last_modified: str = ""

    @property
    def validators(self) -> tuple[tuple[str, str], ...]:
        """Return the headers that ask whether it has changed since (RFC 9110, section 13)."""
        asked = (("If-None-Match", self.etag), ("If-Modified-Since", self.last_modified))
        return tuple((name, value) for name, value in asked if value)

    def is_fresh(self, now: datetime, age_seconds: float) -> bool:
        """Return whether it was fetched, or found unchanged, within this age. One from the future (a clock was set back) is not fresh."""
        return 0 <= (now - datetime.fromisoformat(self.fetched_at)).total_seconds() <= age_seconds


@dataclass(frozen=True, slots=True)
class PageStore:
    """Responses by URL in a cache folder."""

    folder: CacheFolder

    def find(self, url: str) -> tuple[StoredResponse, bytes] | None:
        """Return the response for a URL with its body; None if there is none, or none that is whole."""
        kept = self.folder.read(f"page {url}")
        if kept is None:
            return None
        described, _, body = kept.partition(b"\n")
        try:
            response = StoredResponse(**json.loads(described))
        except (ValueError, TypeError, RecursionError):
            return None
        return (response, body) if response.url == url and _is_sound(response) else None

    def put(self, url: str, response: Response, body: bytes, *, location: str, now: datetime) -> None:
        """Store a response in place of the one before, unless its server asks not to (Cache-Control: no-store)."""
        if response.status not in STORED_STATUSES or "no-store" in response.header("cache-control").lower():
            return
        content_type = response.header("content-type")[:200]
        marks = (response.header("etag")[:500], response.header("last-modified")[:100]) if response.status == 200 else ()
        self._write(StoredResponse(url, response.status, content_type, now.isoformat(), location, *marks), body)

    def touch(self, stored: StoredResponse, body: bytes, now: datetime) -> StoredResponse:
        """Note that a response was found unchanged."""
        unchanged = replace(stored, fetched_at=now.isoformat())
        self._write(unchanged, body)
        return unchanged

    def _write(self, stored: StoredResponse, body: bytes) -> None:
        self.folder.write(f"page {stored.url}", json.dumps(asdict(stored), ensure_ascii=False).encode("utf-8", "replace") + b"\n" + body)


def _is_sound(response: StoredResponse) -> bool:
    """Return whether a response is one that `put` may have written."""
    texts = (value for name, value in asdict(response).items() if name != "status")
    if response.status not in STORED_STATUSES or not all(isinstance(text, str) for text in texts):
        return False
    try:
        return datetime.fromisoformat(response.fetched_at).tzinfo is not None
    except ValueError:
        return False
