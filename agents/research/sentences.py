"""Sentences of a page that make sense alone: whole, current, and with what stands before or over them where they need it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from sayso.tools.quantities import Amount, Kind, find_amounts, find_dates, find_labels
from sayso.tools.truth.statements import Form, Statement, split_passage
from sayso.tools.truth.statements import split_sentences as find_sentences
from sayso.tools.truth.words import is_light, tokenize
from sayso.tools.web.fields import DATA_HEADING

from .orders import is_order
from .site_names import squash_name

if TYPE_CHECKING:
    from .state import VisitedPage

LONGEST = 360
_LONGEST_HEADING = 80
_NEAR = 120
"""How far a name may stand over its price, in characters."""
_OLD = re.compile(r"~~[^~\n]*~~")
_SPACES = re.compile(r"\s+")
_CONNECTIVE = re.compile(
    r"(?i:(?:but|and|so|however|also|in addition|moreover|besides|still|yet|then|therefore|of course|aber|und|außerdem|zudem|auch|mais|"
    r"et|aussi|"
    r"de plus|pero|además|y)\b,? |また、|さらに、|そして)(?=\S)"
)
_PRONOUN = re.compile(
    r"(?:(?:It|They|He|She|This|These|That|Those|Its|Their|His|Her|Both|Neither|Either|Such|Each|All of (?:it|them)|One of them|"
    r"Some of them|Most of "
    r"them|None of them|The (?:same|former|latter|other|others)|Here|Er|Es (?=ist|war|wurde|hat|hatte|liegt|kostet|gehört|bietet|steht|"
    r"kommt|wird)|Sie|Diese[rsmn]?|Dies|Das|Dort|Dabei|Dafür|Dazu|Damit|Daher|"
    r"Davon|Deren|Dessen|"
    r"Sein|Seine|Seiner|Il|Elle|Ils|Elles|Sa|Son|Ses|Ce|Cela|Ça|C'est|Cette|Ces|Celui-ci|Leurs?|Esto|Esta|Este|Estos|Estas|Ellos|Ellas|"
    r"Él|Ella|Sus?|Het|Dit|Deze|Ze|"
    r"Zij|Hij|"
    r"Den|Det|Detta|Dessa)\b(?!['’]s (?:free|easy))|これ|それ|その|この|あれ|彼ら?|彼女)"
)
_SOME_OF_THEM = re.compile(
    r"(?i:(?:the (?:two|three|four|others?)|one|two|three|four|five|six|seven|eight|nine|ten|\d+) (?:are|is|have|has|were|was|of (?:them|"
    r"these)|others?|more|still)\b)"
)
_EXPLETIVE = re.compile(
    r"(?:It(?: is|'s| takes| costs (?:nothing|more|less)| pays| does not matter)? (?:possible|worth|best|easy)|Es gibt|"
    r"Il y a|Il faut|"
    r"Sie (?:können|zahlen|bekommen|erhalten|bezahlen|sparen|mieten|bringen|wählen|finden|haben)|Ihr(?:e|en)? \w+ (?:wird|ist|kommt)|"
    r"Das \w+ (?=\w)|"
    r"Det finns|That(?:'s| is) (?:it|all)|Het (?!is\b)\w+|Den \w+|Det \w+|Su \w+)\b"
)
_SUBJECT_PRONOUN = re.compile(r"(?:It|They|Er|Sie|Es|Il|Elle|Ils|Elles)\b(?= (?!is (?:possible|free)))")
_HAS_SUBJECT = re.compile(
    r"(?i:(?:we|our|you|the|all|every|wir|unsere?|sie|die|der|das|nous|nos|vous|le|la|les|nosotros|el|los|las|wij|onze|de|het|vi)\b)"
)
_VERB = re.compile(
    r"(?i:\b(?:is|are|costs?|have|has|can|includes?|comes?|takes?|gets?|pays?|sells?|weighs?|lasts?|kostet|kosten|ist|sind|hat|haben|"
    r"kann|wiegt|coûte|est|"
    r"sont|peut|cuesta|cuestan|es|son|tiene|kost|kosten|zijn|kostar|är)\b)"
)
_SAYS_NO_THING = frozenset("price cost fee rate total onli each just now extra free preis kosten gebühr prix precio kost nur je".split())
_POINTS = re.compile(
    r"(?i:(?:where to|how to|addresses of|list of|overview of|welcome to|find out|read more|learn more|see (?:our|the|all)|click|"
    r"hier finden)\b)"
)
_LEGAL = re.compile(r"\b(?:Inc|Corp|LLC|L\.L\.C|Ltd|GmbH|AG|OHG|KG|SARL|SAS|S\.L|B\.V|Pty|PLC|AB|ApS|A/S)\b")
_HOURS = re.compile(r"\d{1,2}(?:[:.]\d\d)?\s?(?:am|pm|a\.m|p\.m|Uhr|uur|h\b|時)|\d{1,2}:\d\d")
_GAP = re.compile(r"(?<=\S) {3,}(?=\S)")
_SENTENCE_INSIDE = re.compile(r"[a-z]{3}[.!] [A-Z]")
_TRAIL = re.compile(r" [·|›»>/•] ")
_DATA_LINE = re.compile(r"(?:[^|\n]{1,200} \| )?[a-z][a-z ]{1,40}: \S")
_INDEFINITE = re.compile(r"(?:An?|Eine?|Une?|Una?|Uno|Een|Ett?) (?=\w)")
_FIRST_PERSON = re.compile(r"\b(?:I|I'(?:m|ve|ll|d)|[Mm]y|[Mm]yself|ich|[Mm]eine?[nmrs]?|[Jj]e|[Jj]'|[Mm]on|[Mm]es|yo)\b(?![.-])")
_QUOTED = re.compile(r"[\"“„«'][^\"”“»]*[\"”“»']?[.!?]?(?:\s*[-–—].*)?\Z")
_NOTICE = re.compile(
    r"(?i:cookie|©|\(c\) \d{4}|\ball rights reserved|\bprivacy|datenschutz|\bimprint\b|\bimpressum\b|terms (?:of|and)|\bagb\b|javascript|"
    r"newsletter|subscribe|"
    r"skip to|log ?in\b|\btrade ?marks?\b|\b(?:are|is a) (?:registered )?marks? of\b|sign (?:in|up)\b|add to cart|"
    r"in den warenkorb|mentions légales|aviso legal|vat (?:no|id)|ust-?id|registergericht|"
    r"lorem ipsum|ray id|last (?:updated|modified)\b.{0,25}\Z|results? (?:found|shown)|ergebnisse|\(pdf\)|see (?:the|our) price)"
)
_PAST = re.compile(
    r"(?i:\b(?:used to|formerly|previously|was once|were once|no longer|ehemals|früher|einst|nicht mehr|autrefois|jadis|ne \w+ plus|"
    r"antes|ya no|vroeger|"
    r"in those days|back then|in the old days|at the time|damals)\b|以前は|かつて)"
)
_ENDED = re.compile(
    r"(?i:\bdiscontinued\b|\b(?:has|have|was|were|is|are) (?:now |since |permanently )?closed (?:for good|down|in (?:19|20)\d\d|since)|"
    r"\bclosed (?:its|our|the) (?:last|doors)|\bno longer (?:open|exists?|sold|sell|offer|available)|\beingestellt\b|"
    r"\bdauerhaft geschlossen|"
    r"\bnicht mehr (?:im angebot|erhältlich)|\bdéfinitivement fermé)|閉店しました"
)
_WAS = re.compile(r"(?:In|Im Jahre?|En|Nel|I) (?:\w+ )?\d{4}\b.*\b(?:had|was|were|hatten?|waren?|avait|étaient|était|tenía|era)\b")
_BEGAN = re.compile(r"(?i:\b(?:found|open|start|beg[au]n|establish|gründe|gegründe|fond|fund|eröffne|ouv[er]|abri))")
_UNTIL = re.compile(r"(?i:\b(?:until|till|bis(?: ende)?|jusqu'(?:en|à)|hasta|tot|up to the year)\b|まで)[^\d.]{0,24}\Z")
_SINCE = re.compile(r"(?i:\b(?:since|seit|depuis|desde|sinds|sedan|siden|from|ab|as of|für|für das jahr|for)\b)[^\d.]{0,20}\Z")
_YES_OR_NO = re.compile(r"(?i:(?:yes|no|ja|nein|oui|non|sí|si|hai|はい|いいえ)\b[,.!:;]?)")
_NUMBERED = frozenset([Kind.MONEY, Kind.PERCENT, Kind.MEASURE, Kind.COUNT, Kind.TIME, Kind.PLAIN])
_VOLATILE = frozenset([Kind.MONEY, Kind.PERCENT, Kind.TIME, Kind.COUNT])
_STALE_DAYS = 500


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


def split_sentences(text: str) -> list[str]:
    """Split a text into sentences, each as it stands there. Lines end sentences too."""
    return [sentence.strip() for line in text.split("\n") for sentence, _ in find_sentences(line.strip())]


def state_quote(page: VisitedPage, span: tuple[int, int], company: str) -> str | None:
    """Return what the sentence or table row around a span of a page's text states, as a text that makes sense alone.

    None if it states nothing: it refers to something that is not said, is an order or boilerplate, no longer holds, or is another's.
    """
    around = [each for each in find_stated(page.text, company, page.published, page.fetched_at) if _overlap(each.span, span) > 0]
    return max(around, key=lambda each: _overlap(each.span, span)).text if around else None


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> int:
    return min(one[1], other[1]) - max(one[0], other[0])


@lru_cache(64)
def find_stated(text: str, company: str = "", published: str = "", today: str = "") -> tuple[Stated, ...]:
    """Return what a page's text states, in order. `published` and `today` are ISO dates: what no longer holds is left out.

    A sentence that refers to the one before it is given with it, or under the company's name where that is whom it means.
    """
    statements = split_passage(text)
    ordered = _find_orders(text, statements)
    data = text.find(f"\n{DATA_HEADING}\n")
    found: list[Stated] = []
    dated_from, date_headings = "", tuple[str, ...]()
    for at, statement in enumerate(statements):
        if (
            statement.form is Form.ROW
            and len(statement.text) > LONGEST // 2
            and _SENTENCE_INSIDE.search(statement.text)
            and at not in ordered
        ):
            found += _state_cells(text, statement, published[:10])
            continue
        if at in ordered or not _is_worth_it(statement.text) or statement.text.startswith(DATA_HEADING):
            continue
        if statement.form is Form.ROW and _is_header(statements, at):
            continue
        if alone := _read_date_line(statement.text):
            dated_from, date_headings = alone, statement.headings
            continue
        if statement.headings != date_headings and statement.text not in statement.headings:
            dated_from = ""
        dated = _find_date(statement) or dated_from or published[:10]
        if (0 <= data < statement.span[0] and "\n\n" not in text[data : statement.span[0]]) or _DATA_LINE.match(statement.text):
            stated = _state_data(text, statement, dated)
        else:
            stated = (
                _state_row(text, statement, dated) if statement.form is Form.ROW else _state_sentence(text, statements, at, company, dated)
            )
        if stated is None or is_past(stated, today):
            continue
        if found and stated.span[0] <= found[-1].span[0]:
            found.pop()  # it holds the sentence before it
        found.append(stated)
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


def _is_worth_it(text: str) -> bool:
    return 1 < len(text) <= LONGEST and not _NOTICE.search(text) and any(letter.isalnum() for letter in text)


def _read_date_line(line: str) -> str:
    """Return the date of a line that has little else: "June 3, 2020", "Posted on 14 March 2021 by Anna"."""
    dates = find_dates(line) if len(line) < 60 else ()
    if not dates or not dates[0].month or len(line) - (dates[0].span[1] - dates[0].span[0]) > 25 or ": " in line:
        return ""
    return _write_date(dates[0].year, dates[0].month, dates[0].day)


def _find_date(statement: Statement) -> str:
    """Return the date that a statement gives itself ("Last updated June 2022: ..."), or that stands alone over it."""
    for heading in statement.headings[:2]:
        if found := _read_date_line(heading):
            return found
    start = statement.text[:45]
    dates = find_dates(start)
    if dates and dates[0].month and ":" in start[dates[0].span[1] : dates[0].span[1] + 2]:
        return _write_date(dates[0].year, dates[0].month, dates[0].day)
    return ""


def _write_date(year: int, month: int | None, day: int | None) -> str:
    return "-".join(filter(None, (f"{year:04}", f"{month:02}" if month else "", f"{day:02}" if month and day else "")))


def is_past(stated: Stated, today: str) -> bool:
    """Return whether a statement no longer holds by what it says itself: "In 1958 a burger cost 15 cents", "until 2023", "formerly"."""
    amounts = [amount for amount in stated.amounts if amount.kind in _VOLATILE and not amount.old]
    if _ENDED.search(stated.text) or (amounts and _PAST.search(stated.text)):
        return True
    if not amounts:
        return False
    year = int(today[:4] or 0)
    years = [found for found in find_dates(stated.text) if not year or found.year <= year]
    if year and any(found.year < year and _UNTIL.search(stated.text[: found.span[0]]) for found in years):
        return True
    if any(amount.kind is Kind.MONEY for amount in amounts) and years and year:
        newest = max(years, key=lambda found: found.year)
        since = _SINCE.search(stated.text[max(0, newest.span[0] - 30) : newest.span[0]])
        if newest.year < year - 1 and not since:
            return True
    return bool(years) and bool(_WAS.match(stated.own)) and not _BEGAN.search(stated.own) and max(found.year for found in years) < year


def is_stale(dated: str, today: str) -> bool:
    """Return whether a date is so long ago that prices and numbers of then need not hold."""
    return bool(dated and today) and _count_days(today) - _count_days(dated) > _STALE_DAYS


def _count_days(iso: str) -> int:
    parts = [int(part) for part in re.findall(r"\d+", iso[:10])] + [12, 28]
    return parts[0] * 365 + parts[1] * 30 + parts[2] if len(parts) > 4 else parts[0] * 365 + (parts[1] if len(parts) > 3 else 12) * 30


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
            written = _SPACES.sub(" ", _OLD.sub("", sentence)).strip()
            if (
                _is_worth_it(written)
                and written.endswith((".", "!", "。"))
                and not (is_anaphoric(written) or _FIRST_PERSON.search(written))
            ):
                span = (start + cell.start() + place, start + cell.start() + place + len(sentence))
                if not _needs_more(written) and (stated := _make(written, sentence.strip(), span, statement, dated, shape=Shape.SENTENCE)):
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
    cells = [_OLD.sub("", cell).strip() for cell in statement.text.split(" | ")]
    subject, values = cells[0], [cell for cell in cells[1:] if cell and not cell.endswith("=")]
    if not subject or not values or not any(letter.isalpha() for letter in subject):
        return None
    named = [cell.partition(" = ") for cell in values]
    said = [f"{name}: {value}" if value else name for name, _, value in named]
    headings = statement.headings[1:] if any(value for _, _, value in named) and len(statement.headings) > 1 else statement.headings
    over = headings[0] if headings and len(headings[0]) <= _LONGEST_HEADING and not _shares_word(headings[0], subject) else ""
    joint = ", " if any(value for _, _, value in named) else ": "
    written = f"{subject}{f' ({over})' if over else ''}{joint}{'; '.join(said)}"
    quote = text[slice(*statement.span)]
    return _make(written, quote, statement.span, statement, dated, shape=Shape.ROW)


def _state_sentence(text: str, statements: Sequence[Statement], at: int, company: str, dated: str) -> Stated | None:
    statement = statements[at]
    start, end = statement.span
    if _GAP.search(text[start:end].strip()) and not text[start:end].rstrip().endswith("."):
        return _state_columns(text[start:end], statement, dated) if _has_money(text[start:end]) else None
    raw = _SPACES.sub(" ", text[start:end]).strip()
    written = _OLD.sub("", raw) if _OLD.search(raw) else raw
    written = _SPACES.sub(" ", written).strip(" -–—:,")
    if _POINTS.match(written) or (_LEGAL.search(written) and not _VERB.search(written) and not find_labels(written)):
        return None
    if _FIRST_PERSON.search(written) or (_QUOTED.match(written) and len(written) > 40) or written.endswith(("?", "？", ":")):
        return None
    if connective := _CONNECTIVE.match(written):
        written = written[connective.end() :]
        written = written[:1].upper() + written[1:]
    question = _question_over(statement)
    if question and (_needs_more(written) or _YES_OR_NO.match(written) or not _content(written) - _content(question)):
        return _make(f"{question} {written}", raw, (start, end), statement, dated)
    if is_anaphoric(written):
        return _state_with_antecedent(text, statements, at, company, written, dated)
    amounts = find_amounts(written)
    over = ""
    if amounts and amounts[0].kind is Kind.MONEY and amounts[0].span[0] < 3:
        over = question or _heading_over(statement, written, company)
        place = text.rfind(over, 0, start)
        if place < 0 or start - place - len(over) > _NEAR:
            return None  # the price of something else than the heading names
        return _make(written, raw, (start, end), statement, dated, over=over.removesuffix(":")) if over else None
    is_line = statement.form is Form.LINE
    if (
        is_line
        and not any(amount.kind in _NUMBERED or amount.kind is Kind.YEAR for amount in amounts)
        and ":" not in written[1:-1]
        and "：" not in written
    ):
        return None  # a heading, an item of a menu
    if is_line and len(_content(written)) < 2 and [amount.kind for amount in amounts] == [Kind.COUNT] and ":" not in written:
        return None  # "3 products"
    if (
        is_line
        and not _content(_cut_amounts(written)) - _SAYS_NO_THING
        and not any(amount.kind in _VOLATILE for amount in amounts)
        and not find_labels(written)
    ):
        return None  # "460 calories"
    if is_line or _needs_more(written):
        over = _heading_over(statement, written, company)
        if not over and (_needs_more(written) or (is_line and len(_content(written)) < 1)):
            return None
    elif ((_needs_place(written, amounts) and _has_places(statements)) or (_INDEFINITE.match(written) and len(written) < 70)) and not (
        _HAS_SUBJECT.match(written) or _VERB.search(written)
    ):
        over = _heading_over(statement, written, company)
    return _make(written, raw, (start, end), statement, dated, over=over)


def _needs_place(written: str, amounts: Sequence[Amount]) -> bool:
    """Return whether a text is hours or an address: what stands over it says of which place."""
    return sum(amount.kind is Kind.TIME for amount in amounts) > 1 or bool(find_labels(written))


def _has_places(statements: Sequence[Statement]) -> bool:
    """Return whether a page tells hours or addresses of more than one place, under headings of their own."""
    return len({each.headings[0] for each in statements if each.headings and len(each.text) < 160 and _HOURS.search(each.text)}) > 1


def starts_with_article(text: str) -> bool:
    """Return whether a text begins with "a", "ein", "une": it describes a thing that is named before it."""
    return bool(_INDEFINITE.match(text))


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
            and _content(clean) - _content(written)
            and not _NOTICE.search(clean)
            and not is_order(clean)
            and not _TRAIL.search(clean)
            and not _has_money(clean)
            and squash_name(clean) != squash_name(company)
            and not clean.endswith((".", "!", "…"))
            and not find_dates(clean)
        ):
            return clean
    return ""


def _cut_amounts(text: str, but: Kind | None = None) -> str:
    """Return a text without its amounts, those of one kind excepted."""
    for amount in reversed(find_amounts(text)):
        if amount.kind is not but:
            text = f"{text[: amount.span[0]]} {text[amount.span[1] :]}"
    return text


def _has_money(text: str) -> bool:
    return any(amount.kind is Kind.MONEY for amount in find_amounts(text))


def _needs_more(written: str) -> bool:
    """Return whether a text has too few words of its own to say what it is about: "Only 12 € a day!"."""
    rest = _cut_amounts(written, but=Kind.COUNT)
    if sum(amount.kind is Kind.TIME for amount in find_amounts(written)) > 1:
        return False  # "Weekdays 7.30am to 4pm"
    is_sentence = written.endswith((".", "!", "。")) and len(rest.split()) > 1
    needed = 1 if is_sentence or re.search(r"[\u3040-\u9fff]", written) or _VERB.search(written) else 2
    return len(_content(rest) - _SAYS_NO_THING) < needed


def _content(text: str) -> frozenset[str]:
    return frozenset(word.stem for word in tokenize(text) if not is_light(word) and not word.text.isdigit() and word.text not in "$€£¥%")


def _shares_word(one: str, other: str) -> bool:
    if re.search(r"[\u3040-\u9fff]", one):
        return one in other or other in one
    return not _content(one).isdisjoint(_content(other))


def is_anaphoric(sentence: str) -> bool:
    """Return whether a sentence begins with a word that points to something said before it."""
    return bool(_SOME_OF_THEM.match(sentence)) or (bool(_PRONOUN.match(sentence)) and not _EXPLETIVE.match(sentence))


def _state_with_antecedent(text: str, statements: Sequence[Statement], at: int, company: str, written: str, dated: str) -> Stated | None:
    """Return a sentence that refers to the one before it: under the company's name where it is that one's subject, else both together."""
    if at == 0:
        return None
    statement, before = statements[at], statements[at - 1]
    if "\n" in text[before.span[1] : statement.span[0]] or before.form is not Form.SENTENCE or not _is_worth_it(before.text):
        return None
    first = _SPACES.sub(" ", text[slice(*before.span)]).strip()
    if is_anaphoric(first) or first.endswith("?") or _FIRST_PERSON.search(first) or is_order(first) or "~~" in first:
        return None
    span = (before.span[0], statement.span[1])
    quote = _SPACES.sub(" ", text[slice(*span)]).strip()
    pronoun = _SUBJECT_PRONOUN.match(written)
    if pronoun and company and squash_name(first).startswith(squash_name(company)):
        return _make(f"{company}{written[pronoun.end() :]}", quote, statement.span, statement, dated)
    together = f"{first} {written}"
    return _make(together, quote, span, statement, dated) if len(together) <= LONGEST else None


def _make(
    written: str, quote: str, span: tuple[int, int], statement: Statement, dated: str, *, shape: Shape | None = None, over: str = ""
) -> Stated | None:
    shape = shape or (Shape.SENTENCE if statement.form is Form.SENTENCE else Shape.LINE)
    written = _SPACES.sub(" ", written).strip()
    if len(written) < 4:
        return None
    if written[-1].isalnum() or written[-1] in ')%€$£¥+”"':
        written += "。" if re.search(r"[\u3040-\u9fff]\Z", written) else "."
    text = f"{over}{'' if over.endswith('?') else ':'} {written}" if over else written
    return Stated(text, quote, span, statement.headings, shape, dated, find_amounts(text), written)


def find_blocks(question: str) -> Iterator[tuple[int, str]]:
    """Yield the pages of a question of the find stage: number and text."""
    for number, text in re.findall(r"^\[page (\d+)\] .*?\n(.*?)\n\[end of page \1\]", question, re.MULTILINE | re.DOTALL):
        yield int(number), text
