"""A page in parts that a model can hold: its text cut at line ends, its links some at a time, the passages around a word. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from .pages import Link

T = TypeVar("T")
MOST_LINKS, MOST_ADDRESS = 40, 500
"""How many links are shown with a part, and how long an address may be: a model pays for every character."""
MOST_PASSAGES, AROUND, LONGEST_PASSAGE = 6, 200, 1_000
MOST_PLACES = 2_000
_GAP = re.compile(r"\s+|(?<=[。！？])")


@dataclass(frozen=True, slots=True)
class PassagesFound:
    """The passages of a page around a word, and how often it stands there (at most MOST_PLACES are counted)."""

    passages: tuple[str, ...]
    places: int
    is_phrase: bool = True


def cut_text(text: str, size: int) -> list[str]:
    """Cut a text into pieces of at most `size` characters: at the end of a line or of a word where one is near."""
    pieces: list[str] = []
    start = 0
    while len(text) - start > size:
        end = _find_cut(text, start, start + size)
        pieces.append(text[start:end].strip())
        start = end
    return [piece for piece in (*pieces, text[start:].strip()) if piece] or [""]


def _find_cut(text: str, start: int, end: int) -> int:
    """Return where to cut: after the last line or else the last word that ends in the last fifth of the piece, else at `end`."""
    gaps = list(_GAP.finditer(text, end - (end - start) // 5, end))
    lines = [gap for gap in gaps if "\n" in gap[0]]
    return (lines or gaps)[-1].end() if gaps else end


def cut_links(links: Iterable[Link], size: int) -> list[tuple[Link, ...]]:
    """Cut links into lists of at most MOST_LINKS, with about `size` characters each."""
    return _cut_list(links, MOST_LINKS, size, lambda link: len(link.url) + len(link.text))


def cut_passages(passages: Iterable[str], size: int) -> list[tuple[str, ...]]:
    """Cut passages into lists of at most MOST_PASSAGES, with about `size` characters each."""
    return _cut_list(passages, MOST_PASSAGES, size, len)


def _cut_list(items: Iterable[T], most: int, size: int, measure: Callable[[T], int]) -> list[tuple[T, ...]]:
    """Cut a list into lists of at most `most` items, none larger than `size` but for one of a single item."""
    lists: list[list[T]] = []
    room = 0
    for item in items:
        if not lists or len(lists[-1]) >= most or measure(item) > room:
            lists.append([])
            room = size
        lists[-1].append(item)
        room -= measure(item)
    return [tuple(each) for each in lists]


def choose_links(links: Sequence[Link], own: str, tell_address: Callable[[str], str]) -> list[Link]:
    """Return the links that may be read, each address once and not the page's own. `tell_address` gives "" for a refused one."""
    chosen: dict[str, Link] = {}
    for link in links:
        address = tell_address(link.url)
        if address and len(address) <= MOST_ADDRESS and address != own:
            chosen.setdefault(address, Link(address, link.text))
    return list(chosen.values())


def find_links(words: str, links: Sequence[Link]) -> list[Link]:
    """Return the links in whose text or address all of the words stand."""
    wanted = _fold(words).split()
    return [link for link in links if all(word in _fold(f"{link.text} {link.url}") for word in wanted)]


def find_passages(words: str, text: str) -> PassagesFound:
    """Return the passages around the words, in the text's order, whatever the case and the accents.

    They are looked for as they stand; where they are not on the page like that, the lines that have the most of them are taken.
    """
    folded, wanted = _fold(text), _fold(words).split()
    phrase = re.compile(r"\s+".join(map(re.escape, wanted)))
    places = [match.span() for match in islice(phrase.finditer(folded), MOST_PLACES)]
    if places or len(wanted) < 2:
        return PassagesFound(tuple(_show(text, places)), len(places))
    places = _find_lines(folded, wanted)
    return PassagesFound(tuple(_show(text, places)), len(places), is_phrase=False)


def _find_lines(folded: str, wanted: Sequence[str]) -> list[tuple[int, int]]:
    """Return the lines with the most of the words: at least two of them."""
    best, lines, start = 2, list[tuple[int, int]](), 0
    for line in folded.split("\n"):
        count = sum(word in line for word in wanted)
        if count > best:
            best, lines = count, []
        if count == best:
            first = min(place for word in wanted if (place := line.find(word)) >= 0)
            lines.append((start + first, start + first + 1))
        start += len(line) + 1
    return lines[:MOST_PLACES]


def _show(text: str, places: Sequence[tuple[int, int]]) -> Iterator[str]:
    """Yield the text around the places; those that lie close together are one passage."""
    start = end = -1
    for first, last in places:
        if first < end and last - start <= LONGEST_PASSAGE:
            end = max(end, _go_right(text, last))
            continue
        if end >= 0:
            yield _mark(text, start, end)
        start, end = max(_go_left(text, first), end), _go_right(text, last)
    if end >= 0:
        yield _mark(text, start, end)


def _go_left(text: str, place: int) -> int:
    low = max(0, place - AROUND)
    gaps = [gap.end() for gap in _GAP.finditer(text, low, place)]
    return gaps[0] if gaps and low > 0 else low


def _go_right(text: str, place: int) -> int:
    high = min(len(text), place + AROUND)
    gaps = [gap.start() for gap in _GAP.finditer(text, place, high)]
    return gaps[-1] if gaps and high < len(text) else high


def _mark(text: str, start: int, end: int) -> str:
    before, after = "… " if start > 0 else "", " …" if end < len(text) else ""
    return f"{before}{text[start:end].strip()}{after}"


def _fold(text: str) -> str:
    """Return a text of the same length without case and accents, so that places in the one are places in the other."""
    return text.translate({ord(char): _fold_character(char) for char in set(text)})


def _fold_character(char: str) -> str:
    if char in "\u2018\u2019\u02bc":
        return "'"
    if char in "\u2010\u2011\u2013":
        return "-"
    plain = unicodedata.normalize("NFKD", char)[:1].casefold()[:1]
    return plain if (plain and not plain.isspace()) or char.isspace() else char
