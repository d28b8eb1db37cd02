"""Small parts of the HTML report: text of strangers made harmless, times, links, numbers that lead to a claim."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from html import escape
from importlib.resources import files
from urllib.parse import urlsplit

from .site_identity import find_site

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'"
LONGEST_NAME = 90
LONGEST_TIP, LONGEST_SENTENCE = 320, 1500
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")
"""Characters that are not seen, or that turn the order of others. Joiners stay: Persian and Hindi are written with them."""

_HALF_LETTERS = re.compile(r"[\ud800-\udfff]")
"""Halves of letters outside the first 65,536, which no file can hold alone; a model's stream that is cut leaves them."""


def read_style(package: str, name: str) -> str:
    """Return a style sheet that is carried beside the code of a package."""
    return (files(package) / name).read_text(encoding="utf-8")


def write_page(title: str, style: str, body: str, *, skip: str, metas: str = "") -> str:
    """Return a whole HTML page that needs nothing else: no script, no request; `skip` names what the link at the top leads to."""
    page = (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{text_of(title, 120)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n<meta name="referrer" content="no-referrer">\n{metas}'
        f'<link rel="icon" href="data:,">\n<style>\n{style}</style>\n</head>\n<body>\n<a class=skip href=#main>{skip}</a>\n'
        f"{body}</body>\n</html>\n"
    )
    return _HALF_LETTERS.sub("\ufffd", page)


def text_of(text: str, most: int = 0) -> str:
    """Return text of strangers as HTML that only shows it, on one line; cut at a word where it is longer than `most` characters."""
    line = " ".join(_CONTROLS.sub(" ", text).split())
    return escape(shorten(line, most) if most else line)


def heading_of(topic: str) -> str:
    """Return a topic as HTML for a heading: its first letter a capital, the others as they are."""
    return text_of(topic[:1].upper() + topic[1:], 80)


def name_of(name: str) -> str:
    """Return a name as HTML in which another direction of writing stays by itself, cut where it is longer than any name."""
    return f"<bdi>{text_of(name, LONGEST_NAME)}</bdi>"


def isolate(html: str, names: Iterable[str]) -> str:
    """Return a sentence in which names that are written from right to left stay by themselves, so that no number changes its place."""
    for name in names:
        if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in name):
            html = html.replace(text_of(name), f"<bdi>{text_of(name)}</bdi>")
    return html


def lines_of(text: str) -> str:
    """Return text of strangers as HTML that only shows it, with its line ends."""
    return escape(_CONTROLS.sub("", text))


def shorten(line: str, most: int) -> str:
    """Return a line that has at most so many characters, cut after a word where that is possible."""
    if len(line) <= most:
        return line
    cut = line[:most]
    return f"{cut[: cut.rfind(' ')] if cut.rfind(' ') > most // 2 else cut} …"


def time_of(moment: str) -> str:
    """Return a moment as a `time` element: "2026-11-29 10:00 UTC"."""
    return f'<time datetime="{text_of(moment)}">{text_of(moment.replace("T", " ").rstrip("Z")[:16])} UTC</time>' if moment else ""


def day_of(moment: str) -> str:
    """Return the day of a moment, as it is written in data: 2026-11-29."""
    return text_of(moment[:10])


def link_to(url: str, name: str = "") -> str:
    """Return a link, only to a page of the web; any other address is only shown."""
    shown = f"<bdi>{text_of(name or url, 200)}</bdi>"
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        scheme = ""
    if scheme not in ("http", "https"):
        return shown
    return f'<a href="{escape(url)}" rel="noopener noreferrer external">{shown}</a>'


def host_of(url: str) -> str:
    """Return the host of an address as HTML."""
    return text_of(find_site(url).host or url, LONGEST_NAME)
