"""What a page says of its business: title, description, kind and products as data, what people see, and the name of its owner."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sayso.tools.web.fields import Field

from .site_identity import find_site, squash_letters
from .site_names import find_business_name, fits_site
from .state import VisitedPage

MOST_NAME = 60
MOST_PRODUCTS = 12
MOST_READ = 3000
SHORT = 300
FIRST_DATA = 1500
MIN_PROSE = 3
_NAMES = re.compile(r"^(?:[^|\n]{1,200} \| )?(?:legal|alternate) name: .*$", re.MULTILINE)
DATA_MARK = "Data of the page:"
OFFER_FIELDS = frozenset(
    (
        "description",
        "type",
        "serves cuisine",
        "keywords",
        "category",
        "slogan",
        "knows about",
        "offers",
        "makes offer",
        "about",
        "tagline",
        "claim",
        "headline",
    )
)


FIRST_WORDS = 600
"""How many characters at the beginning of a page are read for what the business does."""


def read_field(page: VisitedPage, name: str) -> str:
    """Return the value of the first of a page's fields with that name, "" without one."""
    return next((field.value for field in page.fields if field.name.casefold() == name), "")


def read_offer(page: VisitedPage, most: int = MOST_READ) -> str:
    """Return what a page says of its business: title, description, kind and products as data, and the beginning of what people see."""
    told = [field.value for field in page.fields if field.name.casefold() in OFFER_FIELDS or _is_prose(field)]
    told.append(read_data(page))
    products = dict.fromkeys(field.subject for field in page.fields if field.subject and field.name.casefold() != "type")
    return "\n".join((page.title, *dict.fromkeys(told), *list(products)[:MOST_PRODUCTS], read_visible(page)[:most]))


def read_data(page: VisitedPage) -> str:
    """Return the beginning of the data of a page that shows little text: one drawn by scripts says there what it is.

    Its names are left out: "legal name" is no word of a lawyer.
    """
    visible, _, data = page.text.partition(DATA_MARK)
    return _NAMES.sub("", data[:FIRST_DATA]) if len(visible) < SHORT else ""


def _is_prose(field: Field) -> bool:
    """Return whether a field is a sentence about the business: no number, no address."""
    return not field.subject and len(field.value.split()) > MIN_PROSE and not any(sign.isdigit() for sign in field.value)


def read_visible(page: VisitedPage) -> str:
    """Return the text of a page without the data that stands below it."""
    visible, _, data = page.text.partition(DATA_MARK)
    return visible if visible.strip() else data.strip()


def find_front(pages: Sequence[VisitedPage]) -> VisitedPage:
    """Return the home page of a site, or the page that was read first where the home page was not read."""
    return next((page for page in pages if is_home(page.url)), pages[0])


def find_owner_name(pages: Sequence[VisitedPage]) -> str:
    """Return the name of the business whose pages these are: what they call it, where its address bears that out, else by title."""
    front = find_front(pages)
    label = find_site(pages[0].url).label
    told = [read_field(page, name) for page in (front, *pages) for name in ("site name", "name")]
    for name in filter(None, told):
        if len(name) <= MOST_NAME and (fits_site(name, label) or name in front.title):
            return name
    names = [find_business_name(page.title, label) for page in (front, *pages)]
    if exact := next((name for name in names if squash_letters(name) == squash_letters(label)), ""):
        return exact
    if own := _find_name_on_page(front, label):
        return own
    return names[0]


def _find_name_on_page(page: VisitedPage, label: str) -> str:
    """Return what the page itself uses as the name: its first line, or the subject of its first sentence, where title or address has it."""
    text = read_visible(page).strip()
    subject = re.search(r"^「?([^\s。、「」]{2,20}?)」?は", text, re.MULTILINE)
    lines: list[str] = [text.partition("\n")[0].strip(), str(subject[1]) if subject else ""]
    parts = [part for part in label.split("-") if len(part) > 3]
    for line in filter(None, lines):
        squashed = squash_letters(line)
        if 1 < len(line) <= MOST_NAME / 2 and ((not line.isascii() and line in page.title) or any(part in squashed for part in parts)):
            return line
    return ""


def is_home(url: str) -> bool:
    """Return whether an address is that of a home page: no path, or a path of one part that names a language or country."""
    path = re.sub(r"^[a-z]+://[^/]*", "", url).partition("?")[0].partition("#")[0].strip("/")
    return not path or bool(re.fullmatch(r"[a-z]{2}([-_/][a-zA-Z]{2})?|index\.\w+|home", path))
