"""The name of a business, from its address and the title of its page."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit


def find_site_name(url: str) -> str:
    """Return the part of an address that names its owner: "smashwick" of http://www.smashwick.example/menu."""
    labels = (urlsplit(url).hostname or "").removeprefix("www.").split(".")
    return labels[-2] if len(labels) > 1 else labels[0]


def find_business_name(title: str, site: str) -> str:
    """Return the name in a page's title: the part that its address repeats, else the address's own name."""
    wanted = site.replace("-", "")
    close = ""
    for part in re.split(r"\s+[|–—·-]\s+|[:,]\s", title):
        words = part.split()
        for end in range(1, len(words) + 1):
            short = squash_name(" ".join(words[:end]))
            if short == wanted:
                return " ".join(words[:end])
            if wanted in short or (len(short) > 4 and short in wanted):
                close = close or " ".join(words[:end])
    if close:
        return close
    return site.replace("-", " ").title()


def squash_name(name: str) -> str:
    """Return a name as an address spells it: "Fern & Bean" is fernandbean."""
    ascii_name = unicodedata.normalize("NFKD", name.replace("&", "and")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", ascii_name.lower())
