"""Model files from a model hub: which file a name means, and its download with consent, resumed after a break, its sha256 checked."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import quote, urlsplit

from sayso.tools.canonical import JsonObject
from sayso.tools.errors import ModelError, UsageError

from ..endpoint import get_tls_context
from ..hosts import is_local_host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from httpx2 import Client, Response

HUB = "https://huggingface.co"
NAME = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+?)(?::(?P<kind>[\w.-]+)|/(?P<file>[\w./-]+\.gguf))?")
PREFERRED = ("Q4_K_M", "Q4_K_S", "Q5_K_M", "Q4_0", "Q8_0")
AS_IT_IS = {"Accept-Encoding": "identity"}
MOST_BREAKS = 5
PROGRESS_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Offer:
    """A file that can be downloaded: from where, how large, with which sha256, and to which path."""

    url: str
    size_bytes: int
    sha256: str
    to: Path

    def __str__(self) -> str:
        return f"{self.to.name}: {format_bytes(self.size_bytes)} from {urlsplit(self.url).hostname}, sha256 {self.sha256}, to {self.to}"


Consent = Callable[[Offer], bool]
"""Decides whether a file may be downloaded."""


def format_bytes(size: float) -> str:
    """Return a size as people read it: "4.2 GB"."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.3g} MB"


def print_progress(line: str) -> None:
    """Print how a download goes to standard error."""
    print(line, file=sys.stderr, flush=True)


def find_cached(name: str, folder: Path) -> Path | None:
    """Return the file that a name means, where it was downloaded before. Raises UsageError for a text that is not a name."""
    repo, kind, file = _parse_name(name)
    here = sorted(path.relative_to(folder / repo).as_posix() for path in (folder / repo).rglob("*.gguf"))
    chosen = (file if file in here else None) if file else next(iter(_filter_kind(here, kind)), None)
    return folder / repo / chosen if chosen else None


def _parse_name(name: str) -> tuple[str, str | None, str | None]:
    found = NAME.fullmatch(name)
    if found is None:
        raise UsageError(f"{name!r} is neither a model file nor the name of one. Write a path to a .gguf file, or OWNER/REPOSITORY:Q4_K_M.")
    return found["repo"], found["kind"], found["file"]


def download(name: str, folder: Path, consent: Consent | bool, on_progress: Callable[[str], None] = print_progress) -> Path:
    """Download the file that "owner/repository", "owner/repository:Q4_K_M" or "owner/repository/file.gguf" means, with consent.

    Raises UsageError where there is no such file or no consent, ModelError where the download fails or its sha256 is not the hub's.
    """
    repo, kind, file = _parse_name(name)
    hub = os.environ.get("HF_ENDPOINT", HUB).rstrip("/")
    with _open_client(hub) as client:
        offer = _find_offer(client, hub, repo, kind, file, folder)
        if not (consent if isinstance(consent, bool) else consent(offer)):
            raise UsageError(
                f"The model is not on this machine and was not fetched. {offer}. "
                "Say yes where you are asked in a terminal or with fetch=True, or give a path to a .gguf file."
            )
        _download_offer(client, offer, on_progress)
    return offer.to


@contextmanager
def _open_client(hub: str) -> Iterator[Client]:
    import httpx2

    host, token = urlsplit(hub).hostname or "", os.environ.get("HF_TOKEN", "")
    is_local = is_local_host(host)
    safe = hub.startswith("https://") or is_local
    headers = {"Authorization": f"Bearer {token}"} if token and safe else {}  # httpx drops it where a redirect leads to another host
    options: JsonObject = {"timeout": 30, "follow_redirects": True, "verify": get_tls_context(), "trust_env": not is_local}
    with httpx2.Client(headers=headers, **options) as client:
        try:
            yield client
        except httpx2.HTTPError as error:
            raise ModelError(f"{hub} cannot be reached: {error}.", retryable=True) from None


def _find_offer(client: Client, hub: str, repo: str, kind: str | None, file: str | None, folder: Path) -> Offer:
    answer = client.get(f"{hub}/api/models/{repo}/tree/main?recursive=true")
    if answer.status_code != 200:
        hint = " It may be private: set HF_TOKEN." if answer.status_code in (401, 403) else ""
        raise ModelError(f"{hub} has no repository {repo!r} ({answer.status_code}).{hint}")
    rows = _list_files(answer)
    chosen = file if file in rows else None if file else next(iter(_filter_kind(sorted(rows), kind)), None)
    if chosen is None:
        what = file or kind or "that is one whole model"
        raise UsageError(f"{repo} at {hub} has no .gguf file {what!r}. It has: {', '.join(sorted(rows)) or 'none'}.")
    large = rows[chosen].get("lfs") or {}
    sha256, size = str(large.get("oid", "")), large.get("size")
    if not re.fullmatch(r"[0-9a-f]{64}", sha256) or not isinstance(size, int):
        raise ModelError(f"{hub} does not say what sha256 {chosen} of {repo} has, so it is not fetched.")
    return Offer(f"{hub}/{repo}/resolve/main/{quote(chosen)}", size, sha256, folder / repo / chosen)


def _list_files(answer: Response) -> dict[str, JsonObject]:
    try:
        listed = answer.json()
    except ValueError:
        listed = None
    if not isinstance(listed, list):
        raise ModelError(f"{answer.url} did not answer with a list of files.")
    rows = {str(row.get("path")): row for row in listed if isinstance(row, dict)}
    return {path: row for path, row in rows.items() if path.endswith(".gguf") and ".." not in path.split("/") and not path.startswith("/")}


def _filter_kind(files: Sequence[str], kind: str | None) -> list[str]:
    """Return the files of that kind; without a kind, of the most usual one. Parts of a model and vision projectors are left out."""
    whole = [file for file in files if not re.search(r"-\d+-of-\d+\.gguf$|mmproj", file)]
    for wanted in (kind,) if kind else PREFERRED:
        if fit := [file for file in whole if re.search(rf"(?<![a-z0-9]){re.escape(wanted)}(?![a-z0-9_])", file, re.IGNORECASE)]:
            return fit
    return whole if not kind and len(whole) == 1 else []


def _download_offer(client: Client, offer: Offer, on_progress: Callable[[str], None] = print_progress) -> None:
    """Download the file, resuming an earlier try. Raises ModelError when its sha256 is not the one offered; then nothing is stored."""
    import httpx2

    partial = offer.to.with_name(f"{offer.to.name}.partial")
    partial.parent.mkdir(parents=True, exist_ok=True)
    here = partial.stat().st_size if partial.exists() else 0
    if shutil.disk_usage(partial.parent).free < offer.size_bytes - here:
        short = f"{offer.to.parent} does not have {format_bytes(offer.size_bytes)} free."
        raise ModelError(f"{short} Free some space, or set SAYSO_MODELS to a folder on another disk.")
    began = time.monotonic()
    on_progress(f"{'Going on with' if here else 'Fetching'} {offer}")
    for breaks in range(MOST_BREAKS + 1):
        try:
            _download_rest(client, offer, partial, on_progress)
            break
        except httpx2.TransportError as error:
            if breaks == MOST_BREAKS:
                raise ModelError(f"{offer.url} broke off: {error}. The first part of it is stored; try again.", retryable=True) from None
    found = _sha256(partial)
    if found != offer.sha256:
        partial.unlink()
        raise ModelError(f"{offer.to.name} has the sha256 {found}, not {offer.sha256}. The download was deleted.")
    partial.replace(offer.to)
    on_progress(f"{offer.to.name}: {format_bytes(offer.size_bytes)} in {time.monotonic() - began:.1f} s, sha256 {found} as it should be")


def _download_rest(client: Client, offer: Offer, partial: Path, on_progress: Callable[[str], None]) -> None:
    """Download what is missing of the file; all of it where the server does not take a range."""
    here = partial.stat().st_size if partial.exists() else 0
    if here >= offer.size_bytes:
        if here == offer.size_bytes:
            return
        partial.unlink()
        here = 0
    with client.stream("GET", offer.url, headers={**AS_IT_IS, **({"Range": f"bytes={here}-"} if here else {})}) as answer:
        if answer.status_code not in (200, 206):
            raise ModelError(f"{offer.url} cannot be fetched ({answer.status_code}).")
        goes_on = answer.status_code == 206 and answer.headers.get("content-range", "").startswith(f"bytes {here}-")
        with partial.open("ab" if goes_on else "wb") as out:
            _copy_body(answer, out, offer.size_bytes, on_progress)


def _copy_body(answer: Response, out: BinaryIO, size: int, on_progress: Callable[[str], None]) -> None:
    reported, came, began = time.monotonic(), 0, time.monotonic()
    for block in answer.iter_bytes():  # as they come: a larger block would be lost where the connection breaks
        out.write(block)
        came += len(block)
        if out.tell() > size:
            raise ModelError(f"{answer.url} sends more than the {format_bytes(size)} it promised.")
        if (now := time.monotonic()) - reported >= PROGRESS_SECONDS:
            reported, speed = now, came / (now - began)
            on_progress(f"{out.tell() / size:.0%} of {format_bytes(size)}, about {(size - out.tell()) / speed:.0f} s left")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
