"""The client's own name in texts, where its words say nothing of what is offered: "Ink" of Ink & Rye, "Betta" of BettaBurgers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache

from .site_identity import strip_legal_form

_JOINS = ("and", "und", "et", "y", "e", "en", "og", "och", "i")
_PARTS = re.compile(r"[A-ZÀ-Þ]?[a-zà-ÿ]+|[A-ZÀ-Þ]+(?![a-zà-ÿ])|\d+|[^\W_A-Za-zÀ-ÿ\d]+")
_ARTICLE = re.compile(r"^(?:the|der|die|das|le|la|les|el)\s+", re.IGNORECASE)
_WORD_AFTER = re.compile(r"(?P<before>[^\W\d_]+)(?P<space>[\W_]+)(?=(?P<word>[^\W\d_]+))")


@lru_cache(1_024)
def split_name(company: str) -> tuple[str, ...]:
    """Return the words of a name in small letters; one that is written as one word, "BettaBurgers", has two."""
    return tuple(part.casefold() for part in _PARTS.findall(company))


def cut_name(text: str, company: str, kept: Collection[str] = ()) -> str:
    """Return a text with only the `kept` words of a company's name, and with "We" where there are none, however they are joined there.

    In small letters it is no name: "our bike shop" on the pages of The Bike Shop.
    """

    def replace(match: re.Match[str]) -> str:
        if match[0][0].islower():
            return match[0]
        return " ".join(word for word in _PARTS.findall(match[0]) if word.casefold() in kept) or "We"

    return _compile_name(company).sub(replace, text)


@lru_cache(1_024)
def _compile_name(company: str) -> re.Pattern[str]:
    words = [re.escape(word) for word in split_name(_ARTICLE.sub("", strip_legal_form(company))) if word not in _JOINS]
    join = rf"[\W_]{{0,4}}?(?:(?:{'|'.join(_JOINS)})[\W_]+)?"
    return re.compile(rf"(?<!\w){join.join(words)}(?!\w)" if words else r"(?!)", re.IGNORECASE)


def find_used_words(texts: Iterable[str], words: Collection[str]) -> frozenset[str]:
    """Return which words of a name are words of the language in texts: small there more often than with a capital in a sentence."""
    uses = dict.fromkeys(words, 0)
    for text in texts:
        for word in re.findall(r"[^\W\d_]+", text):
            if word in uses:
                uses[word] += 1
        for match in _WORD_AFTER.finditer(text):
            lower = match["word"].casefold()
            if lower in uses and match["word"] != lower and match["before"].islower() and match["space"].isspace():
                uses[lower] -= 1
    return frozenset(word for word, count in uses.items() if count > 0)
