"""Responses on disk: within their age they are not asked for again, and after it only whether they have changed (ETag, Last-Modified)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from ..private_files import replace_private_file
from .transport import Response


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A response of 200 or a redirect (`location`). `fetched_at` is an ISO time, `sha256` that of the body, which stands beside it."""

    url: str
    status: int
    content_type: str
    fetched_at: str
    location: str = ""
    etag: str = ""
    last_modified: str = ""
    sha256: str = ""

    @property
    def validators(self) -> tuple[tuple[str, str], ...]:
        """Return the headers that ask whether it has changed since (RFC 9110, section 13)."""
        asked = (("If-None-Match", self.etag), ("If-Modified-Since", self.last_modified))
        return tuple((name, value) for name, value in asked if value)

    def is_fresh(self, now: datetime, age_seconds: float) -> bool:
        """Return whether it was fetched, or found unchanged, within this age."""
        return (now - datetime.fromisoformat(self.fetched_at)).total_seconds() <= age_seconds


@dataclass(frozen=True, slots=True)
class PageStore:
    """A folder of responses, each as a description and its body, named by the URL's sha256."""

    folder: Path

    def find(self, url: str) -> tuple[StoredResponse, bytes] | None:
        """Return the response for a URL with its body; None if there is none, or none that is whole."""
        described, stored = self._name(url)
        try:
            response = StoredResponse(**json.loads(described.read_text(encoding="utf-8")))
            body = stored.read_bytes()
        except (OSError, ValueError, TypeError):
            return None
        return (response, body) if response.url == url and hashlib.sha256(body).hexdigest() == response.sha256 else None

    def put(self, url: str, response: Response, body: bytes, *, location: str, now: datetime) -> StoredResponse:
        """Store a response in place of the one before."""
        stored = StoredResponse(
            url,
            response.status,
            response.header("content-type")[:200],
            now.isoformat(),
            location,
            response.header("etag")[:500],
            response.header("last-modified")[:100],
            hashlib.sha256(body).hexdigest(),
        )
        described, content = self._name(url)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_private_file(content, body)
        replace_private_file(described, json.dumps(asdict(stored), ensure_ascii=False).encode())
        return stored

    def touch(self, stored: StoredResponse, now: datetime) -> StoredResponse:
        """Note that a response was found unchanged."""
        unchanged = replace(stored, fetched_at=now.isoformat())
        replace_private_file(self._name(stored.url)[0], json.dumps(asdict(unchanged), ensure_ascii=False).encode())
        return unchanged

    def _name(self, url: str) -> tuple[Path, Path]:
        name = hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:32]
        return self.folder / f"{name}.json", self.folder / f"{name}.body"
