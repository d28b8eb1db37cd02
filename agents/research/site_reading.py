"""Which page of a site to read next, and which parts of its pages to ask about first: judged by what is still unknown."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from .aspects import Aspect, count_cues, count_cues_of_each
from .site_names import find_host
from .state import VisitedPage

PART_CHARACTERS = 5000
"""How much of a page goes into one question. With the prompt and the answer it fits into a context of 8,000 tokens."""
MOST_QUESTIONS = 12
"""How many questions are asked about the pages of a site: some 60,000 characters, those first that say most about what is unknown."""
FIRST_WEIGHT = 0.5
"""How much more the first aspect counts than the last one: what is sold and for how much comes before the rest."""
ENOUGH_LINES = 5
"""So many lines about an aspect make a part as good as more would."""
LEAST_WORTH = 0.01
"""What a link is worth whose words say nothing, if it leads to a page right below the home page."""
OLD_WORTH = 0.2
"""How much less a page is worth that is news, or has a year in its address: it says what was then."""
NEWS = Aspect(
    "news",
    "pages that say what was new once",
    (
        "blog",
        "news",
        "press",
        "archive",
        "magazine",
        "journal",
        "aktuelles",
        "presse",
        "actualité",
        "noticia",
        "ニュース",
        "ブログ",
        "お知らせ",
    ),
)
UNHELPFUL = Aspect(
    "unhelpful",
    "pages that say nothing about a business",
    tuple(
        """privacy|cookie*|terms|conditions|login|log in|sign in|sign up|register|cart|checkout|account|wishlist|rss|feed|search|
        datenschutz*|agb|anmelden|warenkorb|mentions légales|cgv|panier|connexion|aviso legal|privacidad|carrito|プライバシー|利用規約|
        ログイン|カート""".replace("\n", "")
        .replace("        ", "")
        .split("|")
    ),
)
_NOT_PAGES = re.compile(r"\.(?:jpe?g|png|gif|svg|webp|ico|css|js|zip|gz|mp[34]|mov|avi|docx?|xlsx?|pptx?|ics|xml|woff2?)$", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)(?!\.pdf$)")
_TABLE_CELL = " | "
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+|(?<=[。！？])")


class Part(NamedTuple):
    """A part of a text: the page's index among those of the visit, and the lines with the heading and table header they stand under."""

    page: int
    text: str


def measure_coverage(pages: Iterable[VisitedPage], aspects: Sequence[Aspect]) -> Mapping[str, int]:
    """Return how many statements of the pages are about each aspect: fields by their label, lines of text by their words."""
    labels = [f"{field.section} {field.name}" for page in pages for field in page.fields]
    return _count_texts([*labels, *(line for page in pages for line in page.text.splitlines() if len(line) > 20)], aspects)


def _count_texts(texts: Iterable[str], aspects: Sequence[Aspect]) -> Mapping[str, int]:
    """Return how many of some texts have words of each aspect."""
    counts = dict.fromkeys((aspect.name for aspect in aspects), 0)
    for text in texts:
        for aspect, found in zip(aspects, count_cues_of_each(text, tuple(aspects)), strict=True):
            counts[aspect.name] += bool(found)
    return counts


def choose_link(
    site: str, links: Iterable[tuple[str, str]], seen: Iterable[str], aspects: Sequence[Aspect], covered: Mapping[str, int]
) -> str | None:
    """Return the link of a site that promises most about the aspects of which least is known; None where none does.

    `site` is an address of the site, `links` are addresses with their texts, by whose words they are judged; `seen` are addresses that need
    not be read again.
    """
    known = {_same_address(url) for url in seen}
    best: dict[str, float] = {}
    for url, text in dict.fromkeys(links):  # each page of a site has the same menu
        address = url.partition("#")[0]
        if not is_same_site(address, site) or _same_address(address) in known or _NOT_PAGES.search(urlsplit(address).path):
            continue
        promise = _judge_link(address, text, aspects, covered)
        if promise > 0:
            best[address] = max(promise, best.get(address, 0.0))
    return min(best, key=lambda address: (-best[address], len(address), address), default=None)


def _judge_link(url: str, text: str, aspects: Sequence[Aspect], covered: Mapping[str, int]) -> float:
    """Return what a link promises: the more an aspect is covered, the less another page about it is worth. Deep pages are worth less."""
    path = unquote(urlsplit(url).path)
    words = f"{text[:100]}\n{re.sub(r'[-_/.]+', ' ', path)}"
    if count_cues(words, UNHELPFUL):
        return 0.0
    worth = sum(
        (1 + FIRST_WEIGHT * (1 - place / len(aspects))) * min(count_cues(words, aspect), 2) / math.sqrt(1 + covered.get(aspect.name, 0))
        for place, aspect in enumerate(aspects)
    )
    depth = len([part for part in path.split("/") if part]) if not path.casefold().endswith(".pdf") else 1  # a file stands anywhere
    worth = worth or (LEAST_WORTH if depth == 1 else 0.0)
    worth *= OLD_WORTH if _YEAR.search(path) or count_cues(words, NEWS) else 1.0
    return worth / (1 + 0.3 * max(0, depth - 1)) / (1 + 0.2 * bool(urlsplit(url).query))


def is_same_site(url: str, other: str) -> bool:
    """Return whether two addresses are of one host, or of a host and one below it ("shop.a.example" and "a.example")."""
    one, two = find_host(url), find_host(other)
    return bool(one) and (one == two or one.endswith(f".{two}") or two.endswith(f".{one}"))


def _same_address(url: str) -> tuple[str, str, str]:
    parts = urlsplit(url)
    path = re.sub(r"/(?:index\.\w+)?$|\.html?$", "", unquote(parts.path))
    return find_host(url), path, parts.query


def cut_parts(text: str, most: int = PART_CHARACTERS) -> list[str]:
    """Cut a page's text into parts of at most about `most` characters, between paragraphs or rows of a table.

    A part that begins inside a table or under a heading begins with the header row or the heading.
    """
    parts: list[str] = []
    current: list[str] = []
    size = 0
    heading = header = ""
    for line, is_first in _split_lines(text, most):
        if _TABLE_CELL in line:
            header = header or line
        else:
            header = ""
            if line and is_first and _is_heading(line):
                heading = line
        if size + len(line) > most and size:
            kept = _find_break(current)
            parts.append("\n".join(current[:kept]).strip("\n"))
            left = current[kept:]
            context = [each for each in (heading, header) if each and each not in left and each != line and len(each) < most // 4]
            current = [*context, *left]
            size = sum(len(each) + 1 for each in current)
        current.append(line)
        size += len(line) + 1
    parts.append("\n".join(current).strip("\n"))
    return [part for part in parts if part.strip()]


def _split_lines(text: str, most: int) -> Iterator[tuple[str, bool]]:
    """Yield the lines of a text, a very long one in pieces that end where sentences do; each with whether it begins a line."""
    for line in text.split("\n"):
        if len(line) <= most // 2:
            yield line, True
            continue
        piece = ""
        for sentence in _SENTENCE_END.split(line):
            for start in range(0, max(1, len(sentence)), most // 2):
                bit = sentence[start : start + most // 2]
                if piece and len(piece) + len(bit) > most // 2:
                    yield piece, False
                    piece = ""
                piece = f"{piece} {bit}" if piece else bit
        if piece:
            yield piece, False


def _is_heading(line: str) -> bool:
    return len(line) <= 80 and not line.endswith((".", "!", "?", ":", ";", ",", "。"))


def _find_break(lines: Sequence[str]) -> int:
    """Return where to break lines: after the last empty one in their second half, else at their end."""
    half = len(lines) // 2
    return next((place for place in range(len(lines) - 1, half, -1) if not lines[place].strip()), len(lines))


def order_parts(pages: Sequence[VisitedPage], aspects: Sequence[Aspect], covered: Mapping[str, int]) -> list[Part]:
    """Return the parts of all pages, those first that say most about the aspects of which least is known."""
    parts = [Part(number, text) for number, page in enumerate(pages) for text in cut_parts(page.text)]

    def promise(part: Part) -> float:
        counts = _count_texts(part.text.splitlines(), aspects)
        return sum(min(counts[aspect.name], ENOUGH_LINES) / math.sqrt(1 + covered.get(aspect.name, 0)) for aspect in aspects)

    return sorted(parts, key=lambda part: -promise(part))


def pack_parts(parts: Sequence[Part], most: int = PART_CHARACTERS) -> list[tuple[Part, ...]]:
    """Put parts together into questions of at most `most` characters, in their order; at most MOST_QUESTIONS."""
    questions: list[list[Part]] = []
    for part in parts:
        fits = next((question for question in questions if sum(len(each.text) for each in question) + len(part.text) <= most), None)
        if fits is None:
            questions.append([part])
        else:
            fits.append(part)
    return [tuple(sorted(question, key=lambda part: part.page)) for question in questions[:MOST_QUESTIONS]]
