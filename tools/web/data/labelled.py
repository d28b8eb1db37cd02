"""Labels with their values in the lines of a page: definition lists, "Label: value", labels in bold, and short data under a heading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from .day_lines import split_day_line
from .money import find_money
from .page_lines import FoundElement, Line, PageLines
from .pairs import LABEL, Pair, make_pair
from .postal_lines import find_postal_line
from .priced_lines import Records, is_row, read_features, read_prices
from .wording import one_line

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_PAIRS = 2_000
_MAX_CLIMB = 4
_BOLD = frozenset(("b", "strong", "th", "dt", "em", "label"))
_LABEL_CLASS = re.compile(r"(?:^|[\s_-])(?:label|name|title|term|key|head|caption|prop|attribute)(?:$|[\s_-])", re.IGNORECASE)
_DATA = re.compile(r"\d{1,2}[:.]\d\d\b|\+?\(?\d[\d ()/.-]{6,18}\d|\d\s?(?:am|pm|uhr|h|時)\b", re.IGNORECASE)
_TIME = re.compile(r"\d{1,2}:\d\d|\d\s?(?:[ap]\.?m\b|uhr\b|h\b)", re.IGNORECASE)
_STRUCK = re.compile(r"~~([^~]{1,200})~~")
_WORD = re.compile(r"[^\W\d_]{3,}")
_DIGIT = re.compile(r"\d")
_SCORE = re.compile(r"[A-ZÀ-Þ]\D*\d{1,3} : \d{1,3} [A-ZÀ-Þ]")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_FIGURE = re.compile(r"[+>~<≈]?\s?\d(?:[\d.,’' ]*\d)?\s?(?:\+|%|‰|k|K|m|M|x|×|Mio\.?)*\+?")
_TIMES = re.compile(
    r"(?:(?:from |von |de )?\d{1,2}(?:[:.]\d\d)?\s?(?:am|pm|a\.m\.|p\.m\.|h|uhr)?"
    r"\s?(?:-|–|—|to|bis|à|a|till|until)?\s?,?(?:and|und|et|y|&)?\s?){2,4}"
    r"|closed|geschlossen|fermé|cerrado|chiuso|gesloten|stängt|lukket",
    re.IGNORECASE,
)
_STREET = re.compile(r"(?:\d{1,5}[a-zA-Z]?,? (?=[^\W\d_])|(?=[^\W\d_]))[^\d:;!?€$£|]{3,50}(?<=\w)(?:,? \d{1,5} ?[a-zA-Z]?)?")
_TOWN = re.compile(
    r"(?:[A-Z]{1,2}[ -])?\d{4,5}(?: [A-Z]{2})? [A-ZÀ-Þ][^\d:;!?]{2,40}|"
    r"[A-ZÀ-Þ][^\d:;!?]{2,40} (?:[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}|[A-Z]{2} \d{5}(?:-\d{4})?)"
)
"""The last line of an address: a town with its postcode before it or behind it."""


def read_pairs(page: PageLines) -> list[Pair]:
    """Return the labels and prices of the lines and definition lists of a page."""
    pairs: list[Pair] = []
    for found in page.lists[:300]:
        pairs.extend(_read_definitions(found))
    records = Records()
    for number, line in enumerate(page.lines):
        if len(pairs) >= MAX_PAIRS:
            break
        pairs.extend(_read_line(page, number, line, records))
    return [*pairs, *read_features(page, records, {pair.value for pair in pairs})]


def _read_line(page: PageLines, number: int, line: Line, records: Records) -> Iterator[Pair]:
    text = _leave_out_struck(line.text.removeprefix("- "))
    if number in records.taken or len(text) > 400 or not any(character.isalnum() for character in text):
        return
    if line.element.tag == "pre" and any("\n" in part.strip() for part, _ in line.parts):
        return  # lines of a table that is written with spaces or leaders
    if line.is_heading and text[-1:] in ("?", "？") and (answer := _read_answer(page, number, text)):
        yield answer
        return
    if line.is_heading:
        money = find_money(text)
        is_item = money and len(text) - money[-1][1] <= 12 and not any(_in_link(element, line.element) for _, element in line.parts[:2])
        for priced in read_prices(page, number, line, text, records) if is_item else ():
            yield priced if priced.of_heading else replace(priced, heading="")  # the heading before it is of the same rank
        return
    found = LABEL.fullmatch(text) if ":" in text or "：" in text else None
    if found and not _SCORE.match(text) and _is_label(found["label"], found["value"], line):
        postal = find_postal_line(found["value"])
        rest = found["value"].replace(postal, "").strip(" .,;|·") if postal else ""
        if _TIME.search(rest):  # "Office hours: Mon-Sat 8am - 4pm. P.O. Box 88, Versailles, KY 40383"
            yield Pair("address", postal, "")
        yield make_pair(found["label"], rest if _TIME.search(rest) else found["value"], line.heading, has_colon=True)
        return
    if text[-1:] in (":", "：") and (below := _read_below(page, number, text)):
        records.taken.add(number + 1)
        yield below
        return
    if days := split_day_line(text):
        yield make_pair(*days, "")
        return
    if (address := _read_address(page, number, text)) or (address := _read_counter(page, number, line)):
        yield address
        return
    if postal := find_postal_line(text):
        yield Pair("address", postal, _find_heading_right_above(page, number))
        return
    prices = list(read_prices(page, number, line, text, records))
    yield from prices
    if (
        not prices
        and not find_money(text)
        and (pair := _read_parts(line) or _read_two_lines(page, number, line) or _read_under(page, number))
    ):
        yield pair


def _leave_out_struck(text: str) -> str:
    """Return a line without what was struck through, where that is more than a price: a name with its price that is no longer offered."""
    return _STRUCK.sub(lambda found: found[0] if len(_WORD.findall(_without_money(found[1]))) == 0 else " ", text).strip()


def _without_money(text: str) -> str:
    for start, end in reversed(find_money(text)):
        text = text[:start] + text[end:]
    return text


def _read_answer(page: PageLines, number: int, question: str) -> Pair | None:
    """Return a question that is a heading, with its answer of one paragraph: <summary>Do you ship?</summary> <p>Yes.</p>."""
    answers = [line for line in page.lines[number + 1 : number + 4] if line.heading == question or line.is_heading]
    own = [line for line in answers if line.heading == question and not line.is_heading]
    if len(own) != 1 or answers[0] is not own[0] or not 2 < len(own[0].text) <= 400:
        return None
    return Pair(question, own[0].text, "")


def _read_below(page: PageLines, number: int, text: str) -> Pair | None:
    """Return a label that ends its line, with the next line of the same box: <b>Mon-Sat:</b><br>10am-6pm."""
    if number + 1 >= len(page.lines) or len(text.split()) > 5:
        return None
    line, below = page.lines[number], page.lines[number + 1]
    value = below.text.removeprefix("- ")
    if below.element is not line.element or below.is_heading or value[-1:] in (":", "：") or len(value) > 120 or _is_sentence(value, below):
        return None
    return make_pair(text.rstrip(" :：*"), value, line.heading, has_colon=True)


def _read_address(page: PageLines, number: int, text: str) -> Pair | None:
    """Return the address of which this line has the street, and the next one the town: 41 Friar Gate<br>Derby DE1 1DA."""
    if number + 1 >= len(page.lines) or not _DIGIT.search(text) or not _STREET.fullmatch(text):
        return None
    line, below = page.lines[number], page.lines[number + 1]
    before = page.lines[number - 1].text if number else ""
    if _TOWN.fullmatch(text) and _STREET.fullmatch(before) and _DIGIT.search(before) and not _TOWN.fullmatch(before):
        return None  # the last line of another address
    same_box = below.element is line.element or below.element.getparent() is line.element.getparent()
    if not same_box or not _TOWN.fullmatch(below.text):
        return None
    return Pair("address", f"{text.rstrip(',')}, {below.text}", _find_heading_right_above(page, number))


def _find_heading_right_above(page: PageLines, number: int) -> str:
    """Return the heading that stands in the line before, such as the name of a branch over its address."""
    before = page.lines[number - 1] if number else None
    return before.text if before is not None and before.is_heading and len(before.text.split()) <= 5 else ""


def _read_counter(page: PageLines, number: int, line: Line) -> Pair | None:
    """Return a figure and what it counts, two parts of a line or the two lines of one box in whichever order: 2,400+ over "Pupils passed".

    Times stand behind what they are of: Monday, 08:00 - 17:00.
    """
    box = line.element
    for _ in range(_MAX_CLIMB):
        if box is None or page.spans.get(box, (number, number)) == (number, number + 2):
            break
        box = box.getparent()
    parts = [part.strip() for part, _ in line.parts[:4] if part.strip()]
    if len(parts) == 2 and _FIGURE.fullmatch(parts[0]) and not line.is_heading and parts[1].count(" ") < 3:
        texts = parts  # in spans of their own: <span>31</span> <span>employees</span>
    elif box is None or page.spans.get(box) != (number, number + 2) or line.is_heading:
        return None
    else:
        texts = [line.text, page.lines[number + 1].text]
    figures = [text for text in texts if _FIGURE.fullmatch(text) and (len(text) > 1)] or [
        text for text in texts[1:] if _TIMES.fullmatch(text)
    ]
    labels = [text for text in texts if text not in figures]
    if len(figures) != 1 or find_money(figures[0]):
        return None
    label = labels[0].strip(" :：")
    if (
        not label[:1].isalpha()
        or len(label.split()) > 5
        or len(label) > 40
        or label[-1:] in ".!?"
        or any(map(str.isdigit, _YEAR.sub("", label)))
    ):
        return None
    return Pair(label, figures[0], "")


def _read_under(page: PageLines, number: int) -> Pair | None:
    """Return a time or a telephone number that stands alone under a heading: <h4>Lunch</h4> <p>11:00-15:00</p>."""
    line, before = page.lines[number], page.lines[number - 1]
    text = line.text.removeprefix("- ")
    is_data = (
        len(text) <= 60 and _DATA.search(text) and not _YEAR.search(text) and sum(map(str.isdigit, text)) * 5 >= len(text.replace(" ", ""))
    )
    if not is_data or not number or not before.is_heading or before.text != line.heading or len(line.heading.split()) > 5:
        return None
    return make_pair(line.heading, text, "")


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
                yield make_pair(term.rstrip(" :："), text, found.heading)


def _joined(element: HtmlElement) -> str:
    return " ".join(islice(element.itertext(), 60)) if len(element) else element.text or ""


def _is_label(label: str, value: str, line: Line) -> bool:
    """Return whether the words before a colon are a label: a few, and not the start of a sentence that goes on behind it."""
    words = label.split()
    if label.startswith("(") or (line.parts and any(text.strip() and _in_link(element, line.element) for text, element in line.parts[:1])):
        return False
    if _is_sentence(value, line):
        return False
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
    if not is_row(line.element) or _is_sentence(value, line):
        return None
    return make_pair(label.rstrip(" :："), value.lstrip("-–—: "), line.heading)


def _read_two_lines(page: PageLines, number: int, line: Line) -> Pair | None:
    """Return a label and a value that stand in two boxes of one row, where the label's box is named so."""
    row = line.element.getparent()
    if row is None or page.spans.get(row) != (number, number + 2) or not is_row(row) or row.tag in ("body", "main", "section", "article"):
        return None
    other, label = page.lines[number + 1], line.text
    if not _LABEL_CLASS.search(line.element.get("class") or "") or len(label) > 40 or len(other.text) > 160 or find_money(other.text):
        return None
    return make_pair(label.rstrip(" :："), other.text, line.heading)
