"""The name of a business, from its address, the title of its page and what the page calls itself."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import urlsplit

_SEPARATOR = re.compile(r"\s+[|–—·•»:~-]+\s+|\s*[|｜：»│]\s*|[:,]\s")
_MOST_WORDS = 6


def find_host(url: str) -> str:
    """Return the host of an address, without www."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def find_site_name(url: str) -> str:
    """Return the part of an address that names its owner: "smashwick" of http://www.smashwick.example/menu."""
    labels = (urlsplit(url).hostname or "").removeprefix("www.").split(".")
    return labels[-2] if len(labels) > 1 else labels[0]


def find_business_name(title: str, site: str) -> str:
    """Return the name in a page's title: the part that its address repeats, else the address's own name.

    `site` is the label of the domain. A title may have the name anywhere: "What we sell | Fern & Bean", "Lindner, roastery in Leipzig".
    """
    wanted = squash_name(site)
    written = site.replace("-", " ").title()
    spans = list(_find_spans(title))
    if exact := next((span for span in spans if squash_name(span) == wanted), ""):
        return exact.strip("™®©℠")
    if len(wanted) > 2 and (
        longer := [span for span in spans if wanted in squash_name(span) and len(squash_name(span)) <= len(wanted) + 8]
    ):
        return min(longer, key=len)
    parts = [squash_name(part) for part in site.split("-")]
    if len(parts) > 1 and all(part in squash_name(title) for part in parts):
        return written
    shorter = [span for span in spans if len(squash_name(span)) > 3 and squash_name(span) in wanted]
    return max(shorter, key=len, default=written)


def fits_site(name: str, site: str) -> bool:
    """Return whether a name and the label of a domain may be of one owner: one holds the other, or the first letters of its words."""
    short, wanted = squash_name(name), squash_name(site)
    initials = "".join(word[0] for word in re.findall(r"\w+", squash_accents(name)) if word)
    return bool(short) and (short in wanted or wanted in short or initials.lower() == wanted)


_NOT_IN_ADDRESSES = re.compile(r"[^a-z0-9]+")


def squash_name(name: str) -> str:
    """Return a name as an address spells it: "Fern & Bean" is fernandbean."""
    return _squash_kept(name) if len(name) <= _LONGEST_KEPT else _squash(name)


def _squash(name: str) -> str:
    if name.isascii():
        return name.lower() if name.isalnum() else _NOT_IN_ADDRESSES.sub("", name.replace("&", "and").lower())
    return _NOT_IN_ADDRESSES.sub("", squash_accents(re.sub(r"[™®©℠]", "", name).replace("&", "and")).lower())


_LONGEST_KEPT = 200
_squash_kept = lru_cache(4_096)(_squash)  # the words of each claim are compared with the company's name


def squash_accents(name: str) -> str:
    """Return a name in ASCII letters: "Jalapeño" is Jalapeno."""
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()


def _find_spans(title: str) -> Iterator[str]:
    """Yield the runs of words of a title's parts, those that begin a part first."""
    parts = [part.split() for part in _SEPARATOR.split(title) if part]
    for words in parts:
        for end in range(1, min(len(words), _MOST_WORDS) + 1):
            yield " ".join(words[:end])
    for words in parts:
        for start in range(1, len(words)):
            for end in range(start + 1, min(len(words), start + _MOST_WORDS) + 1):
                yield " ".join(words[start:end])
