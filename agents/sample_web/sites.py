"""The sites of the sample web as files: which hosts there are, which page is which file, and how each host behaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What a host does that an ordinary one does not. robots.txt is always served as it is."""

    charset: str = "utf-8"  # how the files are written; named in the HTTP header only
    busy_answers: int = 0  # so many requests for pages get 503 before the first page is given
    broken: bool = False  # every page is answered with 500


ORDINARY = Behaviour()
BEHAVIOUR: Mapping[str, Behaviour] = {
    "grillatron.example": Behaviour(broken=True),
    "jalapenolane.example": Behaviour(charset="iso-8859-1"),
    # One is the most that a reader who tries twice gets past.
    "kilnbun.example": Behaviour(busy_answers=1),
}


def folder() -> Path:
    """Return where the sites are: one folder for each host."""
    from importlib.resources import files

    return Path(str(files(__package__ or __name__).joinpath("sites")))


def hosts() -> tuple[str, ...]:
    """Return the names of all sites, in alphabetical order."""
    return tuple(sorted(path.name for path in folder().iterdir() if path.is_dir()))


def pages() -> Iterator[tuple[str, Path]]:
    """Yield every page with its URL: index.html is "/", menu.html is "/menu".

    Pages that a visit would not get are among them, as in a search engine that has seen them on a better day.
    """
    for host in hosts():
        for path in sorted((folder() / host).glob("*.html")):
            yield f"http://{host}/{'' if path.stem == 'index' else path.stem}", path


def content_type(url: str) -> str:
    """Return the content type with which the page at this URL is served; its file does not say."""
    host = urlsplit(url).hostname or ""
    return f"text/html; charset={BEHAVIOUR.get(host, ORDINARY).charset}"
