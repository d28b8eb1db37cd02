"""A folder of saved pages as a web: what lies in HOST/ is that site, what lies loose is one site of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from sayso.tools.errors import UsageError

from ..sample_web.server import Answer, SampleWeb, serve

LOOSE = "saved-pages.example"
TYPES = {".html": "text/html", ".htm": "text/html", ".md": "text/markdown", ".txt": "text/plain"}
_HOST = re.compile(r"(?=.{4,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+")


def saved_url(root: Path, file: Path) -> str | None:
    """Where a file of the folder is on its web; None for what is no page."""
    if file.suffix.lower() not in TYPES:
        return None
    parts = file.relative_to(root).parts
    host, path = (parts[0], parts[1:]) if len(parts) > 1 and _HOST.fullmatch(parts[0]) else (LOOSE, parts)
    if path[-1].lower() in ("index.html", "index.htm"):
        path = (*path[:-1], "")
    return f"http://{host}/{quote('/'.join(path))}"


def saved_pages(root: Path) -> dict[str, Path]:
    """The pages of a folder by their URLs. UsageError for a folder without any."""
    pages = {url: file for file in sorted(root.rglob("*")) if file.is_file() and (url := saved_url(root, file))}
    if not pages:
        raise UsageError(f"The folder {root} has no pages to search: .html, .md or .txt files, of a site in a folder with the site's name.")
    return pages


@contextmanager
def serve_saved(root: Path) -> Iterator[SampleWeb]:
    """Serve the pages of a folder on this machine until the block ends."""
    files: dict[tuple[str, str], Answer] = {}
    for url, file in saved_pages(root).items():
        parts = urlsplit(url)
        host, path = parts.hostname or "", quote(unquote(parts.path))
        answer = Answer(HTTPStatus.OK, {"Content-Type": TYPES[file.suffix.lower()]}, file.read_bytes())
        files[host, path] = answer
        files.setdefault((host, path.removesuffix(".html")), answer)  # many sites link to their pages so
    for file in root.glob("*/robots.txt"):
        files[file.parent.name, "/robots.txt"] = Answer(HTTPStatus.OK, {"Content-Type": "text/plain"}, file.read_bytes())
    with serve(files) as web:
        yield web
