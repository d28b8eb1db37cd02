"""A folder of saved pages as a web: the files in HOST/ are that site, files outside of such a folder are one site of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from sayso.tools.errors import UsageError

from ..sample_web.server import SampleWeb, SiteResponse, serve

OTHER_HOST = "saved-pages.example"
TYPES = {".html": "text/html", ".htm": "text/html", ".md": "text/markdown", ".txt": "text/plain"}
_HOST = re.compile(r"(?=.{4,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+")


def make_url(root: Path, file: Path) -> str | None:
    """Return the URL of a file of the folder; None for a file that is not a page."""
    if file.suffix.lower() not in TYPES:
        return None
    parts = file.relative_to(root).parts
    host, path = (parts[0], parts[1:]) if len(parts) > 1 and _HOST.fullmatch(parts[0]) else (OTHER_HOST, parts)
    if file.name.lower() in ("index.html", "index.htm"):
        path = (*path[:-1], "")
    return f"http://{host}/{quote('/'.join(path))}"


def find_pages(root: Path) -> dict[str, Path]:
    """Return the pages of a folder by their URLs. Raises UsageError for a folder without any."""
    pages = {url: file for file in sorted(root.rglob("*")) if file.is_file() and (url := make_url(root, file))}
    if not pages:
        raise UsageError(f"The folder {root} has no pages to search: .html, .md or .txt files, of a site in a folder with the site's name.")
    return pages


@contextmanager
def serve_folder(root: Path) -> Iterator[SampleWeb]:
    """Serve the pages of a folder on this machine until the block ends."""
    files: dict[tuple[str, str], SiteResponse] = {}
    for url, file in find_pages(root).items():
        parts = urlsplit(url)
        host, path = parts.hostname or "", quote(unquote(parts.path))
        answer = SiteResponse(HTTPStatus.OK, {"Content-Type": TYPES[file.suffix.lower()]}, file.read_bytes())
        files[host, path] = answer
        files.setdefault((host, path.removesuffix(".html")), answer)  # many sites link to their pages so
    for file in root.glob("*/robots.txt"):
        files[file.parent.name, "/robots.txt"] = SiteResponse(HTTPStatus.OK, {"Content-Type": "text/plain"}, file.read_bytes())
    with serve(files) as web:
        yield web
