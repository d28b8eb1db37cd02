"""A folder of saved pages as a web: the files in HOST/ are that site, files outside of such a folder are one site of their own.

A file `_redirects` in a site's folder says what has moved, in the form that static hosts have: a line "/from /to [status]" for each path,
"/*" and ":splat" for all of them, "301!" where the page is there as well, and another site's address as the target.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from sayso.tools.errors import UsageError

from ..sample_web.server import SampleWeb, SiteResponse, serve

OTHER_HOST = "saved-pages.example"
REDIRECTS = "_redirects"
PAGE_TYPES = {".html": "text/html", ".htm": "text/html", ".md": "text/markdown", ".txt": "text/plain", ".pdf": "application/pdf"}
TYPES = {**PAGE_TYPES, ".json": "application/json"}
_HOST = re.compile(r"(?=.{4,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+")
_MOVED = frozenset((301, 302, 303, 307, 308))


def make_url(root: Path, file: Path) -> str | None:
    """Return the URL of a file of the folder, None for a file that is not a page. Data (.json) is one only in the folder of a site."""
    first, *rest = file.relative_to(root).parts
    of_site = bool(rest) and _HOST.fullmatch(first) is not None
    if file.suffix.lower() not in (TYPES if of_site else PAGE_TYPES) or (of_site and rest == ["robots.txt"]):
        return None
    host, path = (first, rest) if of_site else (OTHER_HOST, [first, *rest])
    if file.name.lower() in ("index.html", "index.htm"):
        path[-1] = ""
    return f"http://{host}/{quote('/'.join(path))}"


def find_pages(root: Path) -> dict[str, Path]:
    """Return the pages of a folder by their URLs. Raises UsageError for a folder without any."""
    pages = {url: file for file in sorted(root.rglob("*")) if file.is_file() and (url := make_url(root, file))}
    if not pages:
        raise UsageError(
            f"The folder {root} has no pages to search: .html, .md, .txt or .pdf files, of a site in a folder with the site's name."
        )
    return pages


@contextmanager
def serve_folder(root: Path) -> Iterator[SampleWeb]:
    """Serve the pages of a folder on this machine until the block ends."""
    with serve(load_folder(root)) as web:
        yield web


def load_folder(root: Path) -> dict[tuple[str, str], SiteResponse]:
    """Return every page of a folder as the answer to its (host, path), and what has moved. Raises UsageError for a folder without pages."""
    files: dict[tuple[str, str], SiteResponse] = {}
    for url, file in find_pages(root).items():
        parts = urlsplit(url)
        host, path = parts.hostname or "", quote(unquote(parts.path))
        answer = SiteResponse(HTTPStatus.OK, {"Content-Type": TYPES[file.suffix.lower()]}, file.read_bytes())
        files[host, path] = answer
        files.setdefault((host, path + file.name if path.endswith("/") else path), _move_to(path))
        # Many sites link to their pages without ".html", and to folders without the last slash. One page has one address.
        if short := path.removesuffix(".html").removesuffix("/"):
            files.setdefault((host, short), _move_to(path))
    for file in root.glob("*/robots.txt"):
        files[file.parent.name, "/robots.txt"] = SiteResponse(HTTPStatus.OK, {"Content-Type": "text/plain"}, file.read_bytes())
    for file in sorted(root.glob(f"*/{REDIRECTS}")):
        files |= _read_redirects(file.parent.name, file.read_text(encoding="utf-8"), files)
    return files


def _move_to(target: str, status: HTTPStatus = HTTPStatus.MOVED_PERMANENTLY) -> SiteResponse:
    return SiteResponse(status, {"Location": target}, b"")


def _read_redirects(host: str, text: str, files: Mapping[tuple[str, str], SiteResponse]) -> dict[tuple[str, str], SiteResponse]:
    """Return the answers for what has moved. A page that is there wins, unless the status ends in "!"; the first line for a path wins."""
    moved: dict[tuple[str, str], SiteResponse] = {}
    for line in text.splitlines():
        source, target, status = [*line.partition("#")[0].split(), "", "", ""][:3]
        code = (status or "301").removesuffix("!")
        if not target or not code.isdigit() or int(code) not in _MOVED:
            continue
        for path, where in _expand(source, target, host, files):
            if (host, path) not in moved and (status.endswith("!") or (host, path) not in files):
                moved[host, path] = _move_to(where, HTTPStatus(int(code)))
    return moved


def _expand(source: str, target: str, host: str, files: Mapping[tuple[str, str], SiteResponse]) -> Iterator[tuple[str, str]]:
    """Yield path and target of a line. "/*" stands for the paths that this site has there, and for those that the target has."""
    if not source.endswith("/*"):
        yield source, target
        return
    start, there = source[:-1], urlsplit(target.partition(":splat")[0])
    for known, path in files:
        for site, begin in ((host, start), (there.hostname or host, there.path)):
            if known == site and path.startswith(begin) and path != "/robots.txt":
                yield start + path[len(begin) :], target.replace(":splat", path[len(begin) :])
