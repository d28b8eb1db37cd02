"""Read the text of an e-book (EPUB 2 and 3) as HTML: its chapters in the order of reading."""

from __future__ import annotations

import posixpath
import re

from ..web.charsets import decode
from .errors import FileUnreadable
from .packages import Package, attribute, child, children, descendants, resolve_name

_OUTSIDE_BODY = re.compile(r"^.*?<body\b[^>]*>|</body\s*>.*$", re.IGNORECASE | re.DOTALL)


def read_epub(package: Package) -> tuple[str, str]:
    """Return title and HTML of the book. Raises FileUnreadable."""
    root = next(descendants(package.parse("META-INF/container.xml"), "rootfile"), None)
    name = attribute(root, "full-path")
    book = package.parse(name) if name else None
    if book is None:
        raise FileUnreadable("it holds no e-book: it is another kind of file under this name")
    items = {attribute(item, "id"): attribute(item, "href") for item in children(child(book, "manifest"), "item")}
    folder = posixpath.dirname(name)
    chapters = [resolve_name(items.get(attribute(each, "idref"), ""), folder) for each in children(child(book, "spine"), "itemref")]
    locked = {resolve_name(attribute(each, "URI"), "") for each in descendants(package.parse("META-INF/encryption.xml"), "CipherReference")}
    if locked.intersection(chapters):
        raise FileUnreadable("its chapters are encrypted (DRM); read a copy without it")
    pages = [decode(body)[0] for chapter in chapters if (body := package.read(chapter)) is not None]
    titles = [text for each in descendants(book, "title") if (text := each.text)]
    return titles[0] if titles else "", "".join(_OUTSIDE_BODY.sub("", page) for page in pages)
