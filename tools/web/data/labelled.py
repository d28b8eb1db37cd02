"""Labels with their values, and names with their prices, in the lines of a page: lists, cards, definition lists, "Label: value"."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from ..fields import Field
from .money import find_money, starts_with_period
from .page_lines import FoundElement, Line, PageLines
from .wording import one_line

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_PAIRS = 2_000
_MAX_RECORD_LINES = 14
_MAX_CLIMB = 6
_LABEL = re.compile(r"[-–—•*·▪●■►»✓✔]?\s*(?P<label>[^\s:：.!?;|][^:：.!?;|\n]{0,48}?)\s*(?:：\s*|:\s+)(?P<value>\S.*)", re.DOTALL)
_BOLD = frozenset(("b", "strong", "th", "dt", "em", "label"))
_LABEL_CLASS = re.compile(r"(?:^|[\s_-])(?:label|name|title|term|key|head|caption|prop|attribute)(?:$|[\s_-])", re.IGNORECASE)
_PRICE_CLASS = re.compile(r"(?:^|[\s_-])(?:price|preis|prix|precio|prezzo|prijs|pris|cost|tarif)(?:$|[\s_-])", re.IGNORECASE)
_NAME_CLASS = re.compile(r"(?:^|[\s_-])(?:name|title|plan|product|heading|dish|item-?name)(?:$|[\s_-])", re.IGNORECASE)
# What a price is called is a label, never the name of a thing.
_PRICE_LABEL = re.compile(
    r"""(?:(?:our|regular|list|unit|sale|total|monthly|yearly|annual|starting|current|new|old|normal|full|special|net|gross|base|retail|ticket)\s)?
    (?:prices?|costs?|fees?|rates?|rrp|msrp|preise?|kosten|gebühr|neupreis|verkaufspreis|grundpreis|stückpreis|normalpreis|prix|tarifs?
    |precios?|tarifa|prezz[oi]|preços?|prij[sz](?:en)?|pris(?:er)?|cena|価格|料金|値段|税込価格|価格帯|月額|年額|价格|가격|요금)""",
    re.IGNORECASE | re.VERBOSE,
)
_NO_NAME = re.compile(
    r"""(?:from|only|now|just|about|approx\.?|ca\.?|circa|up[ ]to|starting(?:[ ](?:at|from))?|for|at|was|save|ab|nur|jetzt|bis|von|statt
    |à[ ]partir[ ]de|dès|de|seulement|desde|solo|por|a[ ]partir[ ]de|da|vanaf|nu|från|fra|fr\.|sale|or|oder|ou|then|plus|and|und|je|per|more
    |buy|add[ ]to[ ]cart|~~[^~]*~~|incl\.?|inkl\.?|total|[\W\d_]*)""",
    re.IGNORECASE | re.VERBOSE,
)


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
_SAVING = re.compile(r"(?i)\b(?:save|saving|off|discount|spare?n?|rabatt|économisez|ahorra)\b")
_OFF = re.compile(r"(?i)\s?(?:off|discount|rabatt|günstiger|less|de descuento|de réduction)\b")


@dataclass(frozen=True, slots=True)
class Pair:
    """A label with its value, before it is known whose it is."""

    label: str
    value: str
    heading: str
    place: str = "list"
    is_price: bool = False
    of_heading: bool = False
    """Whether the heading is the name of the thing, as on a card."""
    old: bool = False


@dataclass(slots=True)
class _Records:
    """What was found so far: lines that belong to a price before them, and the boxes that hold a name with its price."""

    taken: set[int] = field(default_factory=set)
    cards: dict[HtmlElement, str] = field(default_factory=dict)


def read_pairs(page: PageLines) -> list[Pair]:
    """Return the labels and prices of the lines and definition lists of a page."""
    pairs: list[Pair] = []
    for found in page.lists[:300]:
        pairs.extend(_read_definitions(found))
    records = _Records()
    for number, line in enumerate(page.lines):
        if len(pairs) >= MAX_PAIRS:
            break
        if not line.is_heading:
            pairs.extend(_read_line(page, number, line, records))
    return [*pairs, *_read_features(page, records, {pair.value for pair in pairs})]


def _read_features(page: PageLines, records: _Records, told: Set[str]) -> Iterator[Pair]:
    """Yield the list entries of cards that stand side by side, each with a name and a price: what a plan includes."""
    cards = [(box, name) for element, name in records.cards.items() if (box := _find_row(element)) is not None]
    for element, name in cards if len({name for _, name in cards}) > 1 else ():
        start, end = page.spans.get(element, (0, 0))
        for line in page.lines[start:end][:40]:
            is_feature = (
                line.element.tag == "li" and not _EXCLUDED.search(line.element.get("class") or "") and not _TAKEN_BACK.match(line.text)
            )
            if is_feature and line.text not in told and not find_money(line.text) and not _LABEL.fullmatch(line.text):
                yield Pair("includes", line.text.lstrip("✓✔✅☑•· "), name, of_heading=True)


def settle_subjects(pairs: Sequence[Pair], product: str = "") -> list[Field]:
    """Return the fields of pairs: a label that repeats under several headings is a property of what the headings name."""
    under: defaultdict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        under[pair.label.casefold()].add(pair.heading)
    fields: list[Field] = []
    for pair in pairs:
        repeats = len(under[pair.label.casefold()] - {""}) > 1
        section = "" if pair.of_heading else pair.heading
        if pair.of_heading:
            subject, name = pair.heading, pair.label
        elif repeats and pair.heading:
            subject, name, section = pair.heading, pair.label, ""
        elif pair.is_price and _PRICE_LABEL.fullmatch(pair.label):
            subject, name, section = product or pair.heading, pair.label, ""
        elif pair.is_price:
            subject, name = pair.label, "price"
        else:
            subject, name = product, pair.label
        fields.append(Field(subject, name, pair.value, pair.place, old=pair.old, section=section))
    return list(dict.fromkeys(fields))


def _find_row(element: HtmlElement) -> HtmlElement | None:
    """Return the box that stands beside others of its kind: the element, or the nearest one around it."""
    return next((each for each in (element, *islice(element.iterancestors(), 3)) if _is_row(each) and each.tag not in ("p", "li")), None)


def _read_definitions(found: FoundElement) -> Iterator[Pair]:
    """Yield the terms of a definition list with each of their definitions."""
    terms: list[str] = []
    after_value = False
    for element in islice(found.element.iter("dt", "dd"), 1_000):
        text = one_line(_joined(element), 400)
        if element.tag == "dt":
            terms = [text] if after_value else [*terms, text]
            after_value = False
        else:
            after_value = True
            for term in terms if text else ():
                yield _make_pair(term.rstrip(" :："), text, found.heading)


def _joined(element: HtmlElement) -> str:
    return " ".join(islice(element.itertext(), 60)) if len(element) else element.text or ""


def _make_pair(label: str, value: str, heading: str, place: str = "list") -> Pair:
    money = find_money(value)
    before = value[: money[0][0]].strip(" ~:(") if money else ""
    is_price = bool(money) and len(value) <= 80 and (not before or bool(_NO_NAME.fullmatch(before))) and not _SAVING.match(before)
    return Pair(label, value, heading, place, is_price=is_price, old=_is_struck(value))


def make_table_pair(label: str, value: str, heading: str) -> Pair:
    """Return a row of a table of two columns as a pair."""
    return _make_pair(label, value, heading, "table")


def _is_struck(value: str) -> bool:
    return value.startswith("~~") and value.endswith("~~") and "~~" not in value[2:-2]


def _read_line(page: PageLines, number: int, line: Line, records: _Records) -> Iterator[Pair]:
    text = line.text.removeprefix("- ")
    if number in records.taken or len(text) > 400 or not any(character.isalnum() for character in text):
        return
    if (found := _LABEL.fullmatch(text)) and _is_label(found["label"], found["value"], line):
        yield _make_pair(found["label"], found["value"], line.heading)
        return
    if money := find_money(text):
        yield from _read_price(page, number, line, text, money, records)
    elif (
        (value := _read_price_word(line, text))
        and (found_name := _find_name(page, number, records))[1]
        and _find_row(line.element) is not None
    ):
        yield Pair(found_name[0] or "price", value, found_name[1], is_price=True, of_heading=True)
    elif pair := _read_parts(line) or _read_two_lines(page, number, line):
        yield pair


def _read_price_word(line: Line, text: str) -> str:
    """Return what stands where a price would: "Free", "On request", "12.50" in a box that is named for prices."""
    named = " ".join(element.get("class") or "" for element in (line.element, *(element for _, element in line.parts[:2])))
    return text if len(text) <= 30 and len(text.split()) <= 4 and _PRICE_CLASS.search(named) and text[-1:] not in ":?" else ""


def _is_label(label: str, value: str, line: Line) -> bool:
    """Return whether the words before a colon are a label: a few, and not the start of a sentence that goes on behind it."""
    words = label.split()
    if label.startswith("(") or (line.parts and any(text.strip() and _in_link(element, line.element) for text, element in line.parts[:1])):
        return False
    if (
        len(value.split()) > 6
        and re.search(r"[.!?…。][\"'”»)]*$", value)
        and (len(value.split()) > 15 or line.element.tag not in ("li", "td"))
    ):
        return False  # a sentence after a colon
    marked = any(element.tag in _BOLD for text, element in line.parts[:2] if text.strip())
    if marked and len(words) <= 7:
        return len(value) <= 300
    return len(words) <= 4 and len(value) <= 200 and not label.islower()


def _is_sentence(value: str, line: Line) -> bool:
    """Return whether the words behind a label are prose, as after the name of a speaker."""
    words = len(value.split())
    return words > 6 and bool(re.search(r"[.!?…。][\"'”»)]*$", value)) and (words > 15 or line.element.tag not in ("li", "td"))


def _in_link(element: HtmlElement, block: HtmlElement) -> bool:
    around = [element, *islice(element.iterancestors(), 8)]
    inside = around[: around.index(block) + 1] if block in around else around[:1]
    return any(each.tag == "a" for each in inside)


def _read_parts(line: Line) -> Pair | None:
    """Return a label in bold (or in an element of its own that is named so) with the value after it: <b>Weight</b> 12 kg."""
    parts = [(one_line(text), element) for text, element in line.parts if text.strip()]
    if len(parts) < 2 or parts[0][1] is line.element:
        return None
    label, element = parts[0]
    value = one_line("".join(text for text, _ in line.parts[1:] if text), 300)
    named = element.tag in _BOLD or _LABEL_CLASS.search(element.get("class") or "")
    if not named or len(label) > 40 or len(label.split()) > 5 or label[-1:] in ".!?," or not value or len(value) > 160:
        return None
    is_stress = value[:1].islower() and element.tag in ("em", "b", "strong") and not label.endswith(":") and line.element.tag != "li"
    if value[:1] in ".,;)" or is_stress:
        return None  # a word stressed in a sentence
    if not _is_row(line.element) or _is_sentence(value, line):
        return None
    return _make_pair(label.rstrip(" :："), value.lstrip("-–—: "), line.heading)


def _is_row(element: HtmlElement) -> bool:
    """Return whether an element is one of several of its kind."""
    return any(
        other is not None and other.tag == element.tag and (other.get("class") == element.get("class"))
        for other in (element.getprevious(), element.getnext())
    )


def _read_two_lines(page: PageLines, number: int, line: Line) -> Pair | None:
    """Return a label and a value that stand in two boxes of one row, where the label's box is named so."""
    row = line.element.getparent()
    if row is None or page.spans.get(row) != (number, number + 2) or not _is_row(row) or row.tag in ("body", "main", "section", "article"):
        return None
    other, label = page.lines[number + 1], line.text
    if not _LABEL_CLASS.search(line.element.get("class") or "") or len(label) > 40 or len(other.text) > 160 or find_money(other.text):
        return None
    return _make_pair(label.rstrip(" :："), other.text, line.heading)


def _read_price(page: PageLines, number: int, line: Line, text: str, money: Sequence[tuple[int, int]], records: _Records) -> Iterator[Pair]:
    """Yield the prices of a line, with the name before them in the line or in the record around it."""
    first = money[0][0]
    struck = text[:first].endswith("~~")
    name = text[: first - 2 * struck].strip(" .…·:：-–—|•\t(*")
    if (verb := _COSTS.search(name)) and len(name[: verb.start()].split()) <= 4 and "," not in name:
        name = name[: verb.start()]
    if ending := _BOUND_AT_END.search(name):
        name = name[: ending.start()].strip(" .…·:：-–—|•\t(*")
    tail = text[money[0][1] :].strip("~ ")
    if name and not _NO_NAME.fullmatch(name):
        if not _is_name(name, tail, line):
            return
        heading, of_heading = line.heading, False
    else:
        name, heading, of_heading = *_find_name(page, number, records), True
        if not heading:
            return
    if _SAVING.search(text[:first]) or _OFF.match(text, money[0][1]):
        return
    before = text[: first - 2 * struck].strip()
    bound = before if of_heading and len(before) < 24 else ending[0].strip() if ending else ""
    for start, end in money:
        is_old = text[start - 2 : start] == "~~"
        last = (start, end) == money[-1] or len(money) == 1
        value = text[start:end] + (_short_tail(text, end, line) if last and not is_old else "")
        if last and not is_old and value == text[start:end] and number + 1 < len(page.lines):
            value += _next_period(page, number, records.taken)
        value = f"{bound} {value}".strip() if bound and not is_old and not bound.startswith("~~") else value
        label = name or "price"
        yield Pair(label, one_line(value, 120).rstrip(" .,;"), heading, is_price=True, of_heading=of_heading, old=is_old)


def _short_tail(text: str, end: int, line: Line) -> str:
    """Return what follows a price in its line, if it is short and belongs to it: "/ month", "per person", "(reduced 9 €)"."""
    tail = text[end:].removeprefix("~~").rstrip()
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
    if re.search(r"[。！？]|です|ます", tail) or (line.element.tag == "p" and tail[-1:] in (".", "!")):
        return False
    if not (_is_row(line.element) or line.element.tag == "li" or len(line.parts) > 1 or len(words) <= 4):
        return False
    return len(tail) <= 80 and not re.search(r"\w[.!?](?:\s|$)", tail) and not (line.element.tag == "p" and len(tail.split()) > 5)


def _find_name(page: PageLines, number: int, records: _Records) -> tuple[str, str]:
    """Return the label of a price and the name of the thing, from the smallest box around it that holds a name before it."""
    element = page.lines[number].element
    label = ""
    for _ in range(_MAX_CLIMB):
        if element is None or element.tag in ("body", "html"):
            break
        start, end = page.spans.get(element, (number, number + 1))
        before = page.lines[start:number]
        headings = [line for line in before if line.is_heading]
        if headings:
            records.cards.setdefault(element, headings[-1].text)
            return label, headings[-1].text if len(headings) == 1 or end - start <= _MAX_RECORD_LINES else page.lines[number].heading
        if end - start > _MAX_RECORD_LINES:
            break
        names, is_named = list[str](), False
        for line in before:
            text = line.text.strip(" .…:：-–—|")
            if find_money(text) or _NO_NAME.fullmatch(text) or not text:
                continue
            if _PRICE_LABEL.fullmatch(text):
                label = text
            elif _NAME_CLASS.search(line.element.get("class") or ""):
                names.insert(0, text)
                is_named = True
            else:
                names.append(text)
        if names and (_find_row(element) is element or is_named):
            name = names[0] if len(names[0]) <= 90 and len(names[0].split()) <= 10 else ""
            records.cards.setdefault(element, name)
            return label, name
        element = element.getparent()
    heading = page.lines[number].heading
    is_near = any(line.is_heading and line.text == heading for line in page.lines[max(0, number - 4) : number])
    return label, heading if label or is_near else ""
