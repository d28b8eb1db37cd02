"""Sentences of a page that make sense alone: whole, current, and with what stands before or over them where they need it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from sayso.tools.quantities import Amount, Kind, find_amounts, find_dates, find_labels
from sayso.tools.truth.grammar import is_verb
from sayso.tools.truth.statements import Form, Statement, split_passage
from sayso.tools.truth.statements import split_sentences as find_sentences
from sayso.tools.truth.words import tokenize
from sayso.tools.web.data.postal_lines import find_postal_line
from sayso.tools.web.fields import DATA_HEADING

from .fitting import TOLD_AS_PAST, states_a_term
from .holding import VOLATILE, find_date, is_past, read_date_line
from .orders import is_order
from .sentence_words import (
    CONNECTIVE,
    EAST,
    FIRST_PERSON,
    HAS_SUBJECT,
    INDEFINITE,
    LEGAL,
    LONGEST,
    NOTICE,
    OLD,
    POINTS,
    QUOTED,
    SAYS_NO_THING,
    SPACES,
    SUBJECT_PRONOUN,
    TRAIL,
    VERB,
    YES_OR_NO,
    cut_amounts,
    find_content,
    has_money,
    is_anaphoric,
    is_worth_it,
    needs_more,
    needs_place,
    shares_word,
)
from .site_names import squash_name

if TYPE_CHECKING:
    from .state import VisitedPage

_LONGEST_HEADING = 80
_SHORT_ANSWER = 6
_NEAR = 120
"""How far a name may stand over its price, in characters."""
FIRST_SENTENCES = 3
_SPEAK_TOGETHER = re.compile(r"\b(?:[Ww]e|[Oo]urs?|us|[Ww]ir|[Uu]ns(?:ere?\w*)?|[Nn]ous|[Nn]otre|[Nn]os|[Ww]ij|[Oo]nze|[Oo]ns)\b")
_REVIEWED = re.compile(r"[“”„«»\"★]|(?i:\b(?:reviews?|testimonials?|recommend\w*|bewertung\w*|empfehl\w*|recommand\w*|avis)\b)")
_HOURS = re.compile(r"\d{1,2}(?:[:.]\d\d)?\s?(?:am|pm|a\.m|p\.m|Uhr|uur|h\b|時)|\d{1,2}:\d\d")
_GAP = re.compile(r"(?<=\S) {3,}(?=\S)")
_HEADED = re.compile(r"(?:The|Our|Die|Unsere|Les|Nos|Los|Las|Nuestr[oa]s) ")
_BYLINE = re.compile(
    r"(?:[A-ZÀ-Þ][\w.'’-]+ ){1,3}[-–—|·,] (?:[A-ZÀ-Þ][a-z]+\.? )?\d{1,2}[^:]{0,16}\d{4},? \d{1,2}:\d\d.{0,10}"
    r"|(?:By|Von|Par|Por) (?:[A-ZÀ-Þ][\w.'’-]+ ){1,3}\D{0,12}\d{1,2}\D{1,16}\d{4}\W*"
)
"""Who wrote a page and when: "Chris Davies - Nov 19, 2019, 8:15 pm CST"."""
_ITS = re.compile(r"(?i:\b(?:its|their)\b)")
_ANOTHER_NAME = re.compile(r"(?<=[a-z,] )(?:the )?[A-ZÀ-Þ][a-zà-þ]+")
"""Whose "its" may be: "Kilnbun is in the Dining Guide. It has two of its stars"."""
_SENTENCE_INSIDE = re.compile(r"[a-z]{3}[.!] [A-Z]")
_DATA_LINE = re.compile(r"(?:[^|\n]{1,200} \| )?[a-z][a-z ]{1,40}: \S")
_NUMBERED = frozenset([Kind.MONEY, Kind.PERCENT, Kind.MEASURE, Kind.COUNT, Kind.TIME, Kind.PLAIN])


class Shape(StrEnum):
    """How a page states something."""

    SENTENCE = "sentence"
    LINE = "line"  # an item of a list, a label with its value: no whole sentence
    ROW = "row"  # of a table
    DATA = "data"  # a line of the page's data, whose fields are claims of their own


@dataclass(frozen=True, slots=True)
class Stated:
    """What a page states, as a text that makes sense alone, with the words of the page that say it and what stands over them.

    `own` is the text without the heading that was put before it.
    """

    text: str
    quote: str
    span: tuple[int, int]
    headings: tuple[str, ...]
    shape: Shape
    dated: str
    amounts: tuple[Amount, ...]
    own: str


_LEADERS = re.compile(r" ?(?:(?: \.){3,}|\.{4,}|(?: ?…){2,}|·{3,}|_{3,}) ?(?=\D{0,4}\d)")
"""Dots that lead to a figure: "Fried okra . . . . $3.25"."""
_LABELLED = re.compile(r"[^.:!?]{1,40}: ")


def split_sentences(text: str) -> list[str]:
    """Split a text into sentences, each as it stands there. Lines end sentences too."""
    return [sentence.strip() for line in text.split("\n") for sentence, _ in find_sentences(line.strip())]


def state_quote(page: VisitedPage, span: tuple[int, int], company: str, like: str = "") -> str | None:
    """Return what the sentence or table row around a span of a page's text states, as a text that makes sense alone.

    Of several in the span the one with most words of `like`, then the one that most of the span is of. None if they state nothing: they
    refer to something that is not said, are an order or boilerplate, no longer hold, or are another's.
    """
    start, end = span
    stated = find_stated(page.text, company, page.published, page.fetched_at)
    around = [each for each in stated if each.span[0] < end and start < each.span[1] and _overlap(each.span, span) > 0]
    if len(around) < 2:
        return around[0].text if around else None
    whole = [each for each in around if span[0] <= each.span[0] and each.span[1] <= span[1]]
    wanted = find_content(like) if len(whole) > 1 else frozenset[str]()
    return max(around, key=lambda each: (len(find_content(each.text) & wanted), _overlap(each.span, span))).text


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> int:
    return min(one[1], other[1]) - max(one[0], other[0])


@lru_cache(64)
def find_stated(text: str, company: str = "", published: str = "", today: str = "") -> tuple[Stated, ...]:
    """Return what a page's text states, in order. `published` and `today` are ISO dates: what no longer holds is left out.

    A sentence that refers to the one before it is given with it, or under the company's name where that is whom it means.
    """
    found: list[Stated] = []
    for stated, is_cell in _state_all(text, company):
        if not is_cell:
            if is_past(stated.text, stated.own, stated.amounts, today):
                continue
            if found and stated.span[0] <= found[-1].span[0]:
                found.pop()  # it holds the sentence before it
            elif found and found[-1].shape is Shape.LINE and stated.text.startswith(f"{found[-1].own.rstrip('.')}: "):
                found.pop()  # it is the label of this one: "Box bike, three hours" over "199 kr"
        found.append(stated if stated.dated or not published else replace(stated, dated=published[:10]))
    return tuple(found)


@lru_cache(64)
def _state_all(text: str, company: str) -> tuple[tuple[Stated, bool], ...]:
    """Return what a text states, whether it still holds or not, each with whether it is of a cell of a table that is only layout.

    It is found once for a text, whatever the day is and whenever the page was published; `dated` is what the text says itself.
    """
    statements = split_passage(text)
    ordered = _find_orders(text, statements)
    speaks_alone = _speaks_alone(statements)
    data = text.find(f"\n{DATA_HEADING}\n")
    found: list[tuple[Stated, bool]] = []
    dated_from, date_headings = "", tuple[str, ...]()
    for at, statement in enumerate(statements):
        if (
            statement.form is Form.ROW
            and len(statement.text) > LONGEST // 2
            and _SENTENCE_INSIDE.search(statement.text)
            and at not in ordered
        ):
            found += ((cell, True) for cell in _state_cells(text, statement, ""))
            continue
        if at in ordered or not is_worth_it(statement.text) or statement.text.startswith(DATA_HEADING):
            continue
        if statement.form is Form.ROW and _is_header(statements, at):
            continue
        if alone := read_date_line(statement.text):
            dated_from, date_headings = alone, statement.headings
            continue
        if statement.headings != date_headings and statement.text not in statement.headings:
            dated_from = ""
        dated = find_date(statement) or dated_from
        if (0 <= data < statement.span[0] and "\n\n" not in text[data : statement.span[0]]) or _DATA_LINE.match(statement.text):
            stated = _state_data(text, statement, dated)
        else:
            stated = (
                _state_row(text, statement, dated)
                if statement.form is Form.ROW
                else _state_sentence(text, statements, at, company, dated, alone=speaks_alone)
            )
        if stated is not None:
            found.append((stated, False))
    return tuple(found)


def _find_orders(text: str, statements: Sequence[Statement]) -> set[int]:
    """Return which statements are orders, or stand in one line with one: what an order's author says beside it is no evidence either."""
    found: set[int] = set()
    last_end, in_order = 0, False
    for at, statement in enumerate(statements):
        same_line = at > 0 and "\n" not in text[last_end : statement.span[0]]
        is_one = is_order(statement.text)
        in_order = is_one or (in_order and same_line)
        if is_one and same_line:
            before = at - 1
            while before >= 0 and "\n" not in text[statements[before].span[1] : statement.span[0]]:
                found.add(before)
                before -= 1
        if in_order:
            found.add(at)
        last_end = statement.span[1]
    return found


def _state_data(text: str, statement: Statement, dated: str) -> Stated | None:
    """Return a line of a page's data, "Subject | name: value; name: value", as a sentence."""
    quote = text[slice(*statement.span)]
    subject, _, said = quote.rpartition(" | ")
    said = "; ".join(part for part in said.split("; ") if "~~" not in part)
    return _make(f"{subject}, {said}" if subject else said, quote, statement.span, statement, dated, shape=Shape.DATA) if said else None


def _state_cells(text: str, statement: Statement, dated: str) -> Iterator[Stated]:
    """Yield the sentences of a table that is only there for the layout of a page."""
    start, end = statement.span
    for cell in re.finditer(r"[^|]+", text[start:end]):
        for sentence, place in find_sentences(cell[0]):
            written = SPACES.sub(" ", OLD.sub("", sentence)).strip()
            if is_worth_it(written) and written.endswith((".", "!", "。")) and not (is_anaphoric(written) or FIRST_PERSON.search(written)):
                span = (start + cell.start() + place, start + cell.start() + place + len(sentence))
                if not needs_more(written) and (stated := _make(written, sentence.strip(), span, statement, dated, shape=Shape.SENTENCE)):
                    yield stated


def _state_columns(raw: str, statement: Statement, dated: str) -> Stated | None:
    """Return a line of a price list that is set in columns by spaces, under the line that names the columns."""
    cells = _GAP.split(raw.strip())
    header = _GAP.split(statement.headings[0].strip()) if statement.headings else []
    if len(cells) > 2 and len(header) != len(cells):
        return None  # nobody knows which price is for what
    if len(header) == len(cells) > 1:
        said = "; ".join(f"{name}: {cell}" for name, cell in zip(header[1:], cells[1:], strict=True))
        return _make(f"{cells[0]} ({header[0]}), {said}", raw, statement.span, statement, dated, shape=Shape.ROW)
    over = f" ({header[0]})" if header and len(header) > 1 else ""
    return _make(f"{cells[0]}{over}: {cells[1]}", raw, statement.span, statement, dated, shape=Shape.ROW)


def _is_header(statements: Sequence[Statement], at: int) -> bool:
    """Return whether a row is the first of its table and has no price, while the next one has: its figures belong to its column names."""
    if at + 1 >= len(statements) or statements[at + 1].form is not Form.ROW or (at and statements[at - 1].form is Form.ROW):
        return False
    kinds = [{amount.kind for amount in find_amounts(each.text)} for each in statements[at : at + 2]]
    return Kind.MONEY not in kinds[0] and Kind.MONEY in kinds[1]


def _state_row(text: str, statement: Statement, dated: str) -> Stated | None:
    """Return a row of a table as "City bike, per day: 12 €; per week: 60 €." Cells that are struck through are left out."""
    cells = [OLD.sub("", cell).strip() for cell in statement.text.split(" | ")]
    subject, values = cells[0], [cell for cell in cells[1:] if cell and not cell.endswith("=")]
    if not subject or not values or not any(letter.isalpha() for letter in subject):
        return None
    named = [cell.partition(" = ") for cell in values]
    said = [f"{name}: {value}" if value else name for name, _, value in named]
    headings = statement.headings[1:] if any(value for _, _, value in named) and len(statement.headings) > 1 else statement.headings
    over = headings[0] if headings and len(headings[0]) <= _LONGEST_HEADING and not shares_word(headings[0], subject) else ""
    joint = ", " if any(value for _, _, value in named) else ": "
    written = f"{subject}{f' ({over})' if over else ''}{joint}{'; '.join(said)}"
    quote = text[slice(*statement.span)]
    return _make(written, quote, statement.span, statement, dated, shape=Shape.ROW)


def _speaks_alone(statements: Sequence[Statement]) -> bool:
    """Return whether a page is one person's about their own business: one of its first sentences says "I", and none says "we".

    A page with reviews or quotations is not: there customers speak.
    """
    sentences = [each.text for each in statements if each.form is Form.SENTENCE]
    if any(_SPEAK_TOGETHER.search(each) or _REVIEWED.search(each) for each in sentences):
        return False
    return any(FIRST_PERSON.search(each) and not TOLD_AS_PAST.search(each) for each in sentences[:FIRST_SENTENCES])


def _state_sentence(text: str, statements: Sequence[Statement], at: int, company: str, dated: str, *, alone: bool = False) -> Stated | None:
    statement = statements[at]
    start, end = statement.span
    if _GAP.search(text[start:end].strip()) and not text[start:end].rstrip().endswith("."):
        return _state_columns(text[start:end], statement, dated) if has_money(text[start:end]) else None
    raw = SPACES.sub(" ", text[start:end]).strip()
    written = SPACES.sub(" ", OLD.sub("", raw)).strip(" -–—:,")
    if not _states_something(written, alone=alone):
        return None
    if connective := CONNECTIVE.match(written):
        written = written[connective.end() :]
        written = written[:1].upper() + written[1:]
    question = _question_over(statement)
    if question and (
        needs_more(written) or YES_OR_NO.match(written) or _is_phrase(written) or not find_content(written) - find_content(question)
    ):
        return _make(f"{question} {written}", raw, (start, end), statement, dated)
    if is_anaphoric(written):
        return _state_with_antecedent(text, statements, at, company, written, dated)
    amounts = find_amounts(written)
    if amounts and amounts[0].kind is Kind.MONEY and amounts[0].span[0] < 3:
        over = question or _heading_over(statement, written, company)
        place = text.rfind(over, 0, start)
        is_far = place < 0 or start - place - len(over) > _NEAR  # then it is the price of something else
        return _make(written, raw, (start, end), statement, dated, over=over.removesuffix(":")) if over and not is_far else None
    if _is_fragment(written, amounts, is_line=statement.form is Form.LINE):
        return None
    over = _heading_over(statement, written, company) if _wants_heading(statement, statements, written, amounts) else ""
    if not over and needs_more(written):
        return None
    return _make(written, raw, (start, end), statement, dated, over=over)


def _states_something(written: str, *, alone: bool = False) -> bool:
    """Return whether a text is no pointer to another page, no bare name of a company, no customer's voice, and no question."""
    if POINTS.match(written) or (LEGAL.search(written) and not VERB.search(written) and not find_labels(written)):
        return False
    if _is_menu(written):
        return False
    is_voice = (FIRST_PERSON.search(written) and not (alone and not TOLD_AS_PAST.search(written))) or (
        QUOTED.match(written) and len(written) > 40
    )
    return not is_voice and not written.endswith(("?", "？", ":"))


def _is_menu(written: str) -> bool:
    """Return whether a text is the words of a menu in a row: "Eat Find us Who? EAT"."""
    inside = written.rstrip(".!?").find("? ")
    words = written[inside + 2 :].split() if inside > 0 else []
    return bool(words) and len(words) < _SHORT_ANSWER and not written[0].islower() and all(word.strip(".").isupper() for word in words)


def _is_fragment(written: str, amounts: Sequence[Amount], *, is_line: bool) -> bool:
    """Return whether a text is a heading, an item of a menu, or a figure that counts nothing: "3 products", "460 calories"."""
    kinds = [amount.kind for amount in amounts]
    is_measure = bool(amounts) and set(kinds) == {Kind.MEASURE} and len(written) < 30
    if not is_measure and not is_line:
        return False
    if is_line and _BYLINE.fullmatch(written) and find_dates(written):
        return True
    words = len(find_content(cut_amounts(written)) - SAYS_NO_THING)
    if is_measure and words < 2:
        return True
    if not is_line:
        return False
    has_label = ":" in written[1:-1] or "：" in written
    if not has_label and not any(kind in _NUMBERED or kind is Kind.YEAR for kind in kinds):
        return not states_a_term(written, is_line=True)
    if not has_label and _HEADED.match(written) and set(kinds) <= {Kind.COUNT, Kind.PLAIN} and not VERB.search(written):
        return True
    if not has_label and kinds == [Kind.COUNT] and len(find_content(written)) < 2:
        return True
    return not words and not any(kind in VOLATILE for kind in kinds) and not find_labels(written)


def _wants_heading(statement: Statement, statements: Sequence[Statement], written: str, amounts: Sequence[Amount]) -> bool:
    """Return whether a text says only with its heading what it is about: an item of a list, hours of one of several places."""
    if find_postal_line(written) and not _has_places(statements):
        return False  # the foot of a page stands under whatever was said last
    if statement.form is Form.LINE or needs_more(written):
        return True
    if HAS_SUBJECT.match(written) or VERB.search(written):
        return False
    return (needs_place(written, amounts) and _has_places(statements)) or (bool(INDEFINITE.match(written)) and len(written) < 70)


def _has_places(statements: Sequence[Statement]) -> bool:
    """Return whether a page tells hours or addresses of more than one place, under headings of their own."""
    return len({each.headings[0] for each in statements if each.headings and len(each.text) < 160 and _HOURS.search(each.text)}) > 1


def _is_phrase(written: str) -> bool:
    """Return whether a text is a few words without a verb, which only a question before it completes: "In Frankfurt and Virginia"."""
    words = tokenize(written)
    return len(words) <= _SHORT_ANSWER and not VERB.search(written) and not any(is_verb(words, at) for at in range(len(words)))


def _question_over(statement: Statement) -> str:
    over = statement.headings[0] if statement.headings else ""
    for each in (statement.before, over):
        if each.endswith(("?", "？")) and len(each) <= 140:
            return each
    return ""


def _heading_over(statement: Statement, written: str, company: str) -> str:
    """Return the heading that says what a statement is about, if it says more than the statement."""
    for heading in statement.headings[:2]:
        clean = heading.strip(" :：-–—")
        if (
            clean
            and len(clean) <= _LONGEST_HEADING
            and find_content(clean) - find_content(written)
            and not NOTICE.search(clean)
            and not is_order(clean)
            and not TRAIL.search(clean)
            and not has_money(clean)
            and squash_name(clean) != squash_name(company)
            and not clean.endswith((".", "!", "…"))
            and not find_dates(clean)
            and not find_postal_line(clean)
        ):
            return clean
    return ""


def _state_with_antecedent(text: str, statements: Sequence[Statement], at: int, company: str, written: str, dated: str) -> Stated | None:
    """Return a sentence that refers to the one before it: under the company's name where it is that one's subject, else both together."""
    if at == 0:
        return None
    statement, before = statements[at], statements[at - 1]
    if "\n" in text[before.span[1] : statement.span[0]] or before.form is not Form.SENTENCE or not is_worth_it(before.text):
        return None
    first = SPACES.sub(" ", text[slice(*before.span)]).strip()
    if is_anaphoric(first) or first.endswith("?") or FIRST_PERSON.search(first) or is_order(first) or "~~" in first:
        return None
    span = (before.span[0], statement.span[1])
    quote = SPACES.sub(" ", text[slice(*span)]).strip()
    pronoun = SUBJECT_PRONOUN.match(written)
    is_its = pronoun is not None and bool(_ITS.search(written)) and bool(_ANOTHER_NAME.search(first[len(company) :]))
    if pronoun and not is_its and company and squash_name(first).startswith(squash_name(company)):
        return _make(f"{company}{written[pronoun.end() :]}", quote, statement.span, statement, dated)
    together = f"{first} {written}"
    return _make(together, quote, span, statement, dated) if len(together) <= LONGEST else None


def _make(
    written: str, quote: str, span: tuple[int, int], statement: Statement, dated: str, *, shape: Shape | None = None, over: str = ""
) -> Stated | None:
    shape = shape or (Shape.SENTENCE if statement.form is Form.SENTENCE else Shape.LINE)
    written = SPACES.sub(" ", written).strip()
    written = _LEADERS.sub(", ", _LEADERS.sub(": ", written, count=1))
    if len(written) < 4:
        return None
    if written[-1].isalnum() or written[-1] in ')%€$£¥+”"':
        written += "。" if EAST.match(written[-1]) else "."
    mark = "" if over.endswith("?") else "," if _LABELLED.match(written) else ":"
    text = f"{over}{mark} {written}" if over else written
    return Stated(text, quote, span, statement.headings, shape, dated, find_amounts(text), written)


def find_blocks(question: str) -> Iterator[tuple[int, str]]:
    """Yield the pages of a question of the find stage: number and text."""
    for number, text in re.findall(r"^\[page (\d+)\] .*?\n(.*?)\n\[end of page \1\]", question, re.MULTILINE | re.DOTALL):
        yield int(number), text
