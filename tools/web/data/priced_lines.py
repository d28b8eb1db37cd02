"""Prices in the lines of a page, each with the name of the thing: in the line before it, or in the card or row around it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from .money import find_money, starts_with_period
from .page_lines import Line, PageLines, heading_rank
from .pairs import LABEL, NO_NAME, PRICE_LABEL, SAVING, Pair
from .wording import one_line

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_MAX_RECORD_LINES = 14
_MAX_CLIMB = 6
_SHORT_TAIL = 3
_EACH = frozenset(("each", "apiece", "je", "pro stück", "la pièce", "chacun", "cada uno", "cad.", "per stuk", "st", "stk"))
_PRICE_CLASS = re.compile(r"(?:^|[\s_-])(?:price|preis|prix|precio|prezzo|prijs|pris|cost|tarif)(?:$|[\s_-])", re.IGNORECASE)
_NAME_CLASS = re.compile(r"(?:^|[\s_-])(?:name|title|plan|product|heading|dish|item-?name)(?:$|[\s_-])", re.IGNORECASE)
_BOUND_AT_END = re.compile(
    r"(?i)(?:^|\s)(?:from|starting at|ab|à partir de|dès|desde|a partir de|da|vanaf|v\.a\.|från|fra|only|nur|now|jetzt|je)$"
)
_EXCLUDED = re.compile(
    r"(?:^|[\s_-])(?:disabled?|excluded?|not-?included|unavailable|inactive|muted|off|no|na|cross|times|strike|line-through|missing)(?:$|[\s_-])",
    re.IGNORECASE,
)
_TAKEN_BACK = re.compile(r"[✗✘×❌✖]|~~")
_COSTS = re.compile(r"(?i)\s(?:costs?|kostet|kosten|coûten?t?|cuestan?|costano?|kost)$")
_NO_NAME_END = re.compile(
    r"(?i)\s(?:is|are|was|be|costs?|charged?|pay|paid|for|at|of|to|than|and|or|with|will|only|kostet|kosten|beträgt|betragen|für|von|ist|sind"
    r"|zahlen|um|mit|und|coûte|est|sont|pour|et|de|cuesta|es|por|con|y|voor|is|zijn|för)$|(?:は|が|を|で|と|に|につき)$"
)
_WAS = re.compile(
    r"(?i)(?:was|were|previously|formerly|instead of|rrp|r\.r\.p\.|statt|bisher|vorher|früher|uvp|au lieu de|avant|antes|prima|eerder|förr|"
    r"tidigare|før|通常価格?|定価)[:：]?$"
)
"""Before a price: it is no longer asked."""
_OFF = re.compile(r"(?i)\s?(?:off|discount|rabatt|günstiger|less|de descuento|de réduction)\b")
_BESIDE = re.compile(r"\s+[·•|/]\s+|\s*;\s+")
_SEPARATORS = " .…·:：-–—|•\t(*="


@dataclass(slots=True)
class Records:
    """What was found so far: lines that belong to a price before them, and the boxes that hold a name with its price."""

    taken: set[int] = field(default_factory=set)
    cards: dict[HtmlElement, str] = field(default_factory=dict)


def read_prices(page: PageLines, number: int, line: Line, text: str, records: Records) -> Iterator[Pair]:
    """Yield the prices of a line, with the name before them in the line or in the record around it."""
    money = find_money(text)
    if len(money) > 1 and (parts := _split_prices(text)):
        for part in parts:
            yield from read_prices(page, number, line, part, records)
        return
    if not money:
        yield from _read_price_word(page, number, line, text, records)
        return
    first = money[0][0] - 2 * text[: money[0][0]].endswith("~~")
    name, bound = _split_name(text[:first])
    if SAVING.search(text[:first]) or _OFF.match(text, money[0][1]):
        return
    if name:
        if not _is_name(name, text[money[0][1] :].strip("~ "), line):
            return
        heading, of_heading = line.heading, False
    else:
        name, heading = _find_name(page, number, records)
        of_heading, bound = True, bound if len(bound) < 24 else ""
        if not heading:
            return
    old = [(start, end) for start, end in money if text[start - 2 : start] == "~~"]
    current = [span for span in money if span not in old]
    if len(current) > 1 and _WAS.search(text[: current[0][0]].strip(_SEPARATORS)) and not text[current[0][1] : current[1][0]].strip():
        old, current = [*old, current[0]], current[1:]
        name, bound = ("" if _WAS.fullmatch(name) else name), ""
    for start, end in old:
        yield Pair(name or "price", text[start:end], heading, is_price=True, of_heading=of_heading, old=True)
    for spans in _group(text, current):
        value = f"{bound} {_read_value(page, number, line, text, spans, records)}".strip()
        yield Pair(name or "price", one_line(value, 120).rstrip(" .,;"), heading, is_price=True, of_heading=of_heading)


def _split_prices(text: str) -> list[str]:
    """Return the parts of a line that tells the prices of several things: "Trims from £43 · Full sets from £112"; empty if it does not."""
    parts = [part.strip() for part in _BESIDE.split(text)]
    prices = [find_money(part) for part in parts]
    named = all(len(money) == 1 and _split_name(part[: money[0][0]])[0] for part, money in zip(parts, prices, strict=True))
    return parts if len(parts) > 1 and named else []


def _group(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Yield prices that words or dashes join as one value; those that only space parts are values of their own."""
    group: list[tuple[int, int]] = []
    for span in spans:
        if group and not text[group[-1][1] : span[0]].strip():
            yield group
            group = []
        group.append(span)
    if group:
        yield group


def _split_name(before: str) -> tuple[str, str]:
    """Return the name in the text before a price, and the word that bounds the price: "Fade ab" is "Fade" and "ab"."""
    name = before.strip(_SEPARATORS)
    if (verb := _COSTS.search(name)) and len(name[: verb.start()].split()) <= 4 and "," not in name:
        name = name[: verb.start()]
    ending = _BOUND_AT_END.search(name)
    if ending:
        name = name[: ending.start()].strip(_SEPARATORS)
    if name and not NO_NAME.fullmatch(name):
        return name, ending[0].strip() if ending else ""
    return "", before.strip().removeprefix("~~").strip(" :")


def _read_value(page: PageLines, number: int, line: Line, text: str, money: Sequence[tuple[int, int]], records: Records) -> str:
    """Return the price of a line as it stands there, with what belongs to it; several ones that words join are one value."""
    start, end = money[0][0], money[-1][1]
    value = text[start:end] if end - start <= 100 else text[slice(*money[0])]
    tail = _short_tail(text, end, line)
    if not tail and number + 1 < len(page.lines):
        tail = _next_period(page, number, records.taken)
    return value + tail


def _read_price_word(page: PageLines, number: int, line: Line, text: str, records: Records) -> Iterator[Pair]:
    """Yield what stands where a price would: "Free", "On request", "12.50" in a box that is named for prices."""
    named = " ".join(element.get("class") or "" for element in (line.element, *(element for _, element in line.parts[:2])))
    if len(text) > 30 or len(text.split()) > 4 or text[-1:] in ":?" or not _PRICE_CLASS.search(named) or find_row(line.element) is None:
        return
    label, name = _find_name(page, number, records)
    if name:
        yield Pair(label or "price", text, name, is_price=True, of_heading=True)


def _short_tail(text: str, end: int, line: Line) -> str:
    """Return what follows a price in its line, if it is short and belongs to it: "/ month", "per person", "(reduced 9 €)"."""
    tail = text[end:].removeprefix("~~").rstrip()
    if (each := tail.strip(" .")).casefold() in _EACH:
        return f" {each}"
    ends_part = any(one_line(part).endswith(text[max(0, end - 4) : end]) for part, _ in line.parts[:-1])
    if ends_part and not (starts_with_period(tail.strip()) or tail.strip()[:1] in "(,/"):
        return ""  # the next box of a row says something else
    return tail if 0 < len(tail) <= 40 and not re.search(r"[.!?]\s+\S|[A-Za-z]\.$", tail) else ""


def _next_period(page: PageLines, number: int, taken: set[int]) -> str:
    """Return the next line, if it only says what the price is for and stands in the same box."""
    other = page.lines[number + 1]
    same_box = other.element.getparent() is not None and (
        other.element is page.lines[number].element
        or other.element.getparent() in (page.lines[number].element.getparent(), page.lines[number].element)
    )
    if not same_box or len(other.text) > 50 or not starts_with_period(other.text) or find_money(other.text):
        return ""
    taken.add(number + 1)
    return f" {other.text}"


def _is_name(name: str, tail: str, line: Line) -> bool:
    """Return whether the words before a price name a thing, in a row of a list or of a grid; a sentence names none."""
    words = name.split()
    if _NO_NAME_END.search(name) or len(words) > 9 or len(name) > 90 or re.search(r"[.!?;]\s|[。、！？]", name) or name[-1:] in ",;":
        return False
    if len(tail.split()) <= _SHORT_TAIL and line.element.tag == "li":
        tail = tail.rstrip(".")  # "Tooth brushing: $10 each."
    if re.search(r"[。！？]|です|ます", tail) or (line.element.tag == "p" and tail[-1:] in (".", "!")):
        return False
    if not (is_row(line.element) or line.element.tag == "li" or len(line.parts) > 1 or len(words) <= 4):
        return False
    return len(tail) <= 80 and not re.search(r"\w[.!?](?:\s|$)", tail) and not (line.element.tag == "p" and len(tail.split()) > 5)


def _find_name(page: PageLines, number: int, records: Records) -> tuple[str, str]:
    """Return the label of a price and the name of the thing, from the smallest box around it that holds a name before it."""
    element = page.lines[number].element
    label = ""
    if above := _find_name_above(page, number):
        return label, above
    for _ in range(_MAX_CLIMB):
        if element is None or element.tag in ("body", "html"):
            break
        start, end = page.spans.get(element, (number, number + 1))
        before = page.lines[start:number]
        if start == number and (below := _find_name_below(page, element, number)):
            records.cards.setdefault(element, below)
            return label, below
        headings = [line for line in before if line.is_heading]
        if headings:
            if _has_several(page.lines[start:end], headings[-1]):  # a block of several things, each under a heading of its own
                return label, headings[-1].text
            top = min(headings, key=lambda line: heading_rank(line.element)) if is_row(element) else headings[-1]
            records.cards.setdefault(element, top.text)
            return label, top.text if len(headings) == 1 or end - start <= _MAX_RECORD_LINES else page.lines[number].heading
        if end - start > _MAX_RECORD_LINES:
            break
        names, is_named = list[str](), False
        for line in before:
            text = line.text.strip(" .…:：-–—|")
            if find_money(text) or NO_NAME.fullmatch(text) or not text:
                continue
            if PRICE_LABEL.fullmatch(text):
                label = text
            elif _NAME_CLASS.search(line.element.get("class") or ""):
                names.insert(0, text)
                is_named = True
            else:
                names.append(text)
        if names and (find_row(element) is element or is_named):
            name = names[0] if len(names[0]) <= 90 and len(names[0].split()) <= 10 else ""
            records.cards.setdefault(element, name)
            return label, name
        element = element.getparent()
    heading = page.lines[number].heading
    is_near = any(line.is_heading and line.text == heading for line in page.lines[max(0, number - 4) : number])
    return label, heading if label or is_near else ""


def _has_several(lines: Sequence[Line], heading: Line) -> bool:
    """Return whether lines hold several headings of one rank, each with a price after it."""
    rank = heading_rank(heading.element)
    places = [place for place, line in enumerate(lines) if line.is_heading and heading_rank(line.element) == rank]
    parts = [lines[start:end] for start, end in pairwise((*places, len(lines)))]
    return len(parts) > 1 and sum(any(find_money(line.text) for line in part) for part in parts) > 1


def _find_name_above(page: PageLines, number: int) -> str:
    """Return the name that stands in the line before a price, in one paragraph with it: <p>Cut and dry<br>45 minutes<br>£35</p>."""
    line = page.lines[number]
    above = page.lines[max(0, number - 2) : number]
    own = [each.text.strip(_SEPARATORS) for each in above if each.element is line.element and not each.is_heading]
    for text in reversed(own if page.lines[number - 1].element is line.element else []):
        if find_money(text) or PRICE_LABEL.fullmatch(text) or NO_NAME.fullmatch(text):
            return ""
        if text[:1].isalpha():
            return text if len(text) <= 90 and len(text.split()) <= 9 and text[-1:] not in ".!?" else ""
    return ""


def _find_name_below(page: PageLines, box: HtmlElement, number: int) -> str:
    """Return the heading, or the only other line, of one of several boxes that begin with their price: <b>£35</b><h4>Cut and dry</h4>."""
    start, end = page.spans.get(box, (number, number + 1))
    below = page.lines[number + 1 : min(end, number + _MAX_RECORD_LINES)]
    if find_row(box) is not box or not below or any(find_money(line.text) for line in below) or end - start > _MAX_RECORD_LINES:
        return ""
    named = [line for line in below if line.is_heading or _NAME_CLASS.search(line.element.get("class") or "")]
    found = named if len(named) == 1 else below if len(below) == 1 else []
    text = found[0].text.strip(_SEPARATORS) if found else ""
    return text if text and not starts_with_period(text) and len(text.split()) <= 9 and not NO_NAME.fullmatch(text) else ""


def read_features(page: PageLines, records: Records, told: Set[str]) -> Iterator[Pair]:
    """Yield the list entries and short lines of cards that stand side by side, each with a name and a price: what a plan includes."""
    cards = [(box, name) for element, name in records.cards.items() if (box := find_row(element)) is not None]
    for element, name in cards if len({name for _, name in cards}) > 1 else ():
        start, end = page.spans.get(element, (0, 0))
        for line in page.lines[start:end][:40]:
            is_feature = (
                (any(each.tag == "li" for each in (line.element, *islice(line.element.iterancestors(), 2))) or _is_note(line, name))
                and not _EXCLUDED.search(line.element.get("class") or "")
                and not _TAKEN_BACK.match(line.text)
            )
            if is_feature and line.text not in told and not find_money(line.text) and not LABEL.fullmatch(line.text):
                yield Pair("includes", line.text.lstrip("✓✔✅☑•· "), name, of_heading=True)


def _is_note(line: Line, name: str) -> bool:
    """Return whether a line of a card is a short text with a figure, and neither its name nor a button: "20 lessons of 60 minutes"."""
    text = line.text.strip()
    if line.is_heading or text == name or not 6 < len(text) <= 80 or not any(map(str.isdigit, text)):
        return False
    around = (*(element for _, element in line.parts[:2]), line.element, *islice(line.element.iterancestors(), 3))
    in_button = any(each.tag in ("a", "button", "form", "select") for each in around)
    return not in_button and not (text.endswith((".", "!", "?")) and len(text.split()) > 8)


def find_row(element: HtmlElement) -> HtmlElement | None:
    """Return the box that stands beside others of its kind: the element, or the nearest one around it."""
    return next((each for each in (element, *islice(element.iterancestors(), 3)) if is_row(each) and each.tag not in ("p", "li")), None)


def is_row(element: HtmlElement) -> bool:
    """Return whether an element is one of several of its kind."""
    return any(
        other is not None and other.tag == element.tag and (other.get("class") == element.get("class"))
        for other in (element.getprevious(), element.getnext())
    )
