"""A statement as the single facts that it makes: "Adults pay 9 EUR, pensioners 7 EUR" is two, each with its own subject and verb."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from ..quantities import Kind
from .figures import Figure
from .grammar import AUXILIARIES, DETERMINERS, PREPOSITIONS, PRONOUNS, is_past, is_verb
from .marks import Mark
from .reading import Reading, Segment, read_statement
from .statements import Form, Statement

_GLUED = frozenset(',;:()[]|"–—/')
_SIGN_AFTER = re.compile(r"\s?[%€$£¥°²³]+(?!\s?\d)")
_ADDING = frozenset("and but while whereas yet und aber et mais y".split())
_CONDITIONAL = frozenset("if unless when whenever provided where until till except excluding because although though".split())
_COUNTS = frozenset({Kind.COUNT.value, Kind.PLAIN.value, Kind.MEASURE.value})
_TODAY = frozenset({"today", "now", "currently", "more", "then"})
_PART = re.compile(r"\b(?:of them|of these|of those|davon|darunter|dont|de ellos)\b", re.IGNORECASE)
_DAY = re.compile(
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?|mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|(?:mon|diens|donners|frei|sams|sonn)tags?|mittwochs?",
    re.IGNORECASE,
)
_OWNERS = frozenset("ihr ihre sein seine son sa ses leur su sus".split())
_GRATIS = frozenset("free gratis kostenlos frei gratuit gratuite complimentary".split())
_OFTEN = frozenset("every each daily weekly monthly yearly annually once twice overnight".split())
_LONGEST = 1_500
_MOST_FACTS = 24


@lru_cache(1024)
def split_facts(statement: Statement) -> tuple[Statement, ...]:
    """Return the facts of a statement, each as a statement of its own; the statement alone if it makes only one.

    Shared subjects and verbs, units and conditions are repeated in each fact, so that none says more than the statement does.
    """
    if statement.form is Form.ROW:
        return _split_row(statement)
    if len(statement.text) > _LONGEST:
        return (statement,)
    reading = read_statement(statement.text)
    if len(reading.segments) < 2 or len(reading.segments) > _MOST_FACTS:
        return (statement,)
    texts = [each.text for each in _Splitter(reading).split()]
    if len(texts) < 2:
        return (statement,)
    found, before = list[Statement](), statement.before
    for text in texts:
        found.append(replace(statement, text=text, before=before))
        before = text
    return tuple(found)


def _split_row(statement: Statement) -> tuple[Statement, ...]:
    cells = statement.text.split(" | ")
    if len(cells) < 3 or not all(" = " in cell for cell in cells[1:]):
        return (statement,)
    return tuple(replace(statement, text=f"{cells[0]} | {cell}") for cell in cells[1:])


@dataclass(frozen=True, slots=True)
class _Fact:
    """A fact in parts. `verb` are the finite verb and what belongs to it, `tail` what limits the facts that share a subject."""

    subject: str = ""
    verb: str = ""
    rest: str = ""
    lead: str = ""
    tail: str = ""
    first: int = 0  # where the rest begins among the words, and where it ends
    end: int = 0
    label: str = ""

    @property
    def text(self) -> str:
        said = " ".join(part for part in (self.subject, self.verb, self.rest, self.tail) if part)
        lead = f"{self.lead}, " if self.lead else ""
        return f"{self.label}: {lead}{said}" if self.label else f"{lead}{said}"


class _Splitter:
    """Walks over the segments of a reading and collects its facts."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.found = list[_Fact]()
        self.shared_from = 0  # the first fact that shares its subject with the last one

    def split(self) -> list[_Fact]:
        for part in self._find_parts():
            self._read_part(part)
        return self._add_sources(self.found)

    def _find_parts(self) -> Iterator[list[Segment]]:
        """Yield the segments between semicolons, and of each clause."""
        part = list[Segment]()
        for each in self.reading.segments:
            waiting = part and all(self._is_condition(other) for other in part)
            if part and not waiting and (self._is_after_semicolon(each) or self._begins_clause(part, each)):
                yield part
                part = []
            part.append(each)
        if part:
            yield part

    def _is_after_semicolon(self, each: Segment) -> bool:
        words = self.reading.words
        return each.first > 0 and ";" in self.reading.text[words[each.first - 1].end : words[each.first].start]

    def _begins_clause(self, part: Sequence[Segment], each: Segment) -> bool:
        opener = each.opener.lstrip(",.")
        if opener == "but" and each.negative and self.reading.words[min(each.first + 1, each.end - 1)].text.casefold() == "not":
            return False
        return each.clause > part[-1].clause and each.own_subject and each.verb is not None and (opener in _ADDING or not opener.isalpha())

    def _read_part(self, part: list[Segment]) -> None:
        if len(part) > 1 and part[1].opener == ":" and part[0].verb is None:
            self._read_labelled(part)
            return
        head = next(
            (at for at, each in enumerate(part) if each.verb is not None and not self._is_relative(each) and not self._is_condition(each)),
            None,
        )
        if head is None:
            before = self.found[-1] if self.found else None
            if before is None or not (self._add_gapped(part[0], before) or self._add_entry(part[0], before)):
                label = before.label if before is not None and not before.verb else ""
                self._add(_Fact(rest=self._cut(part[0].first, part[0].end), first=part[0].first, end=part[0].end, label=label))
                self.shared_from = len(self.found) - 1
            rest = part[1:]
        else:
            self._add_clause(part[: head + 1])
            rest = part[head + 1 :]
        at = 0
        while at < len(rest):
            reach = self._find_late(rest[at:], self.found[-1])
            if reach:
                last, first = self.found[-1], rest[at].first + 1
                end = rest[at + reach - 1].end
                subject, link = self._cut(first, end), rest[at + reach]
                self._add(replace(last, subject=subject, rest=self._cut(link.first, link.end), first=link.first, end=link.end, tail=""))
                at += reach + 1
                continue
            self._continue(rest[at])
            at += 1

    def _find_late(self, rest: Sequence[Segment], last: _Fact) -> int:
        """Return how many segments name a second subject whose time or place follows: "and Kiel, the smallest, in 2011"; 0 if none do."""
        words, figures = self.reading.words, self.reading.figures
        if not last.verb or not rest or words[rest[0].first].text.casefold() != "and":
            return 0
        for number, each in enumerate(rest[1:4], 1):
            before = rest[:number]
            if any(part.verb is not None or any(part.holds(figure.first) for figure in figures) for part in before):
                return 0
            if any(words[at].text.casefold() in PREPOSITIONS for part in before for at in range(part.first, part.end)):
                return 0
            low = words[each.first].text.casefold()
            if each.opener == "," and each.verb is None and low in PREPOSITIONS and self._has_preposition(last, low, each.first):
                return number
        return 0

    def _read_labelled(self, part: list[Segment]) -> None:
        label = self._cut(part[0].first, part[0].end, joined=False)
        start = len(self.found)
        self._add(_Fact(rest=self._cut(part[1].first, part[1].end), first=part[1].first, end=part[1].end, label=label))
        self.shared_from = start
        for number, each in enumerate(part[2:], 2):
            if each.opener == "(" and number + 1 < len(part) and part[number + 1].opener == ":":
                continue
            if each.opener == ":" and part[number - 1].opener == "(":  # "Flight time: 41 min (C3 Lite: 28 min)"
                inner = self._cut(part[number - 1].first, part[number - 1].end)
                self._add(_Fact(rest=self._cut(each.first, each.end), first=each.first, end=each.end, label=f"{label}, {inner}"))
                continue
            if (
                not each.opener.startswith(("-", "–", "/"))
                and (self._has_rival(each, self.found[-1]) or self._are_days(each, self.found[-1]))
                and not each.opener.startswith("(")
            ):
                self._add(_Fact(rest=self._cut(each.first, each.end), first=each.first, end=each.end, label=label))
            else:
                self._attach(each)

    def _add_clause(self, part: Sequence[Segment]) -> None:
        """Add the fact of a verb with the subject before it, which may be several segments long."""
        head, words = part[-1], self.reading.words
        assert head.verb is not None
        lead, first = "", part[0].first
        opener = part[0].opener.lstrip(",;.")
        while words[first].text.casefold() in _ADDING and first < head.verb:
            first += 1
        if len(part) > 1 and (words[first].text.casefold() in PREPOSITIONS | _CONDITIONAL or opener in _CONDITIONAL):
            lead = self._cut(first, part[-2].end)
            first = head.first
            while words[first].text.casefold() in _ADDING and first < head.verb:
                first += 1
        end = self._find_verb_end(head)
        subject = self._cut(first, head.verb) if head.verb > first else ""
        if (border := self._find_border(first, head.verb)) is not None:
            lead = f"{lead}, {self._cut(first, border)}" if lead else self._cut(first, border)
            subject = self._cut(border, head.verb)
        verb, rest = self._cut(head.verb, end), self._cut(end, head.end) if end < head.end else ""
        before = self.found[-1] if self.found else None
        if subject.casefold() in {"it", "they"} and before is not None and before.subject and before.subject.casefold() not in PRONOUNS:
            subject = before.subject
        subject = self._fill_one(subject, before)
        if before is not None and before.lead and not lead and opener == "and":
            lead = before.lead
        if not rest and before is not None and self._is_elliptical(head, end):
            kept = (word for word in before.verb.split() if word.casefold() not in AUXILIARIES | {"not"})
            rest = " ".join((*kept, before.rest)).strip()
        if before is not None and rest:
            rest = self._fill_unit(rest, replace(head, first=end), before)
        self.shared_from = len(self.found)
        self._add(_Fact(subject, verb, rest, lead, first=end, end=head.end))

    def _find_border(self, first: int, verb: int) -> int | None:
        """Return where the subject begins behind a time or circumstance without a comma: "Until 1978 | the firm", "1970 | Tramco"."""
        words = self.reading.words
        opens = words[first].text.casefold() in PREPOSITIONS
        dated = next((each for each in self.reading.figures if first <= each.first <= first + 2 and each.kind == "date"), None)
        if dated is not None and (opens or dated.first == first):
            return dated.end if dated.end < verb else None
        if not opens:
            return None
        return next(
            (
                at
                for at in range(first + 2, verb)
                if words[at].text.casefold() in DETERMINERS | PRONOUNS and words[at - 1].text.casefold() not in PREPOSITIONS
            ),
            None,
        )

    def _is_elliptical(self, head: Segment, end: int) -> bool:
        """Return whether a clause ends with its auxiliary: "lockers are not", "day visitors may not"."""
        texts = [word.text.casefold() for word in self.reading.words[head.verb : end]]
        return end == head.end and all(text in AUXILIARIES | {"not", "too", "also"} for text in texts)

    def _continue(self, each: Segment) -> None:
        """Read a segment behind a verb: a fact of its own, or a part of the one before."""
        last = self.found[-1]
        opener = each.opener.lstrip(",.(")
        if self._add_part(each, last) or self._add_foreign(each, last):
            return
        if self._is_relative(each) and each.opener[:1] == "," and each.verb is not None and opener in {"who", "which"}:
            self._add_relative(each, last)
        elif opener in _CONDITIONAL:
            self._limit(each)
        elif (
            each.negative and last.verb and self.reading.words[min(each.first + (opener in _ADDING), each.end - 1)].text.casefold() == "not"
        ):
            self._add_gapped(each, last)
        elif opener in {"and", "but"} and last.rest and self._is_participle_next(each) and self._has_auxiliary(last):
            self._add_predicate(replace(each, verb=each.first + 1), last)
        elif (
            each.verb is not None
            and not each.own_subject
            and opener in {"and", "but", ""}
            and last.verb
            and last.rest
            and self._is_finite(each)
        ):
            self._add_predicate(each, last)
        elif (each.verb is None or self._is_attributive(each)) and (self._add_gapped(each, last) or self._add_entry(each, last)):
            return
        elif self.reading.words[each.first].text.casefold() in {"both", "each", "all", "beide", "jeweils"} and not last.verb:
            self._limit(each)  # "single room £69, shared room £52, both with meals"
        else:
            self._attach(each)

    def _add_predicate(self, each: Segment, last: _Fact) -> None:
        """Add what the same subject does besides: "keeps bees and sells honey", "is forbidden here but permitted there"."""
        assert each.verb is not None
        first = each.first + (self.reading.words[each.first].text.casefold() in _ADDING)
        end = max(self._find_verb_end(each), each.verb + 1)
        verb = self._cut(each.verb, end)
        rest = self._cut(end, each.end) if end < each.end else ""
        if first < each.verb:
            verb = f"{self._cut(first, each.verb)} {verb}"
        start = self.reading.words[each.verb].text.casefold()
        if start not in AUXILIARIES and is_past(self.reading.words[each.verb]) and self._has_auxiliary(last):
            verb = f"{self._find_auxiliaries(last)} {verb}"
        rest = self._fill_object(self._fill_unit(rest, each, last), last)
        self._add(_Fact(last.subject, verb, rest, last.lead, first=end, end=each.end))

    def _add_gapped(self, each: Segment, last: _Fact) -> bool:
        """Add a fact that leaves out the verb of the one before: "pensioners 7 EUR", "to shops on Thursdays", "but not horses"."""
        words = self.reading.words
        first = each.first
        while first < each.end and words[first].text.casefold() in _ADDING | {"or", "plus"}:
            first += 1
        if first >= each.end or not last.verb or each.opener.startswith("("):
            return False
        low = words[first].text.casefold()
        if each.negative and low == "not":
            self._add(
                replace(last, verb=f"{last.verb} not", rest=self._swap(last, first + 1, each), first=first + 1, end=each.end, tail="")
            )
            return True
        figures = [figure for figure in self.reading.figures if each.holds(figure.first)]
        if figures and figures[0].edge == "end" and figures[0].first <= first + 1 and self._opens_range(last):
            return False  # "between 5 and 7 EUR"
        if low in PREPOSITIONS and figures and last.lead.casefold().startswith(low) and figures[-1].first > first + 1:
            value = self._fill_unit(self._cut_figure(figures[-1], each), each, last)  # "in 2024 it sold 3,100 cars; in 2023 2,700"
            self._add(replace(last, lead=self._cut(first, figures[-1].first), rest=value, first=figures[-1].first, end=each.end, tail=""))
            return True
        if low in PREPOSITIONS and self._has_preposition(last, low, first) and (figures or each.opener.lstrip(",") in _ADDING):
            rest = f"{self._find_object(last, low)} {self._cut(first, each.end)}".strip()
            self._add(replace(last, rest=self._fill_unit(rest, each, last), first=first, end=each.end, tail=""))
            return True
        if figures and self._has_rival(each, last):
            if low in PREPOSITIONS:
                self._add(replace(last, rest=self._fill_unit(self._cut(first, each.end), each, last), first=first, end=each.end, tail=""))
                return True
            own = self._find_figure(last)
            if own is not None and figures[0].first == first and figures[0].kind == own.kind:
                self._add(replace(last, rest=self._fill_unit(self._cut(first, each.end), each, last), first=first, end=each.end, tail=""))
                return True  # "costs $899 with one battery and $1,049 with three"
            figure = figures[-1] if figures[0].first == first and len(figures) > 1 else figures[0]
            link = next((at for at in range(first + 1, figure.first) if words[at].text.casefold() in PREPOSITIONS), None)
            if link is not None and self.reading.is_name(first) and self.reading.is_name(link - 1):  # "Flex at any time with two weeks"
                self._add(replace(last, subject=self._cut(first, link), rest=self._cut(link, each.end), first=link, end=each.end, tail=""))
                return True
            before_figure = self._cut_before(first, figure)
            if not before_figure and each.opener.lstrip(",.") != "plus":
                return False
            value = self._fill_unit(self._cut_figure(figure, each), each, last)
            if not before_figure or (own is not None and self._has_object(last, own)):
                self._add(replace(last, rest=f"{before_figure} {value}".strip(), first=first, end=each.end, tail=""))
            else:
                subject = self._fill_one(before_figure, last)
                self._add(replace(last, subject=subject, rest=value, first=figure.first, end=each.end, tail=""))
            return True
        return self._add_parallel(each, first, last)

    def _add_entry(self, each: Segment, last: _Fact) -> bool:
        """Add an entry of a list without verbs: "single room £69, shared room £52", "day ticket €39, from Friday to Sunday €46"."""
        own = self._find_figure(last)
        if last.verb or last.label or own is None or own.first == last.first or each.opener.startswith("("):
            return False
        figures = [figure for figure in self.reading.figures if each.holds(figure.first) and figure.kind == own.kind]
        if not figures or figures[0].edge == "end" or figures[0].first == each.first:
            return False
        text = self._cut(each.first, each.end)
        low = self.reading.words[each.first + (self.reading.words[each.first].text.casefold() in _ADDING)].text.casefold()
        if low in PREPOSITIONS:
            head = next((at for at in range(last.first, own.first) if self.reading.words[at].text.casefold() == low), own.first)
            text = f"{self._cut(last.first, head)} {text}"
        self._add(_Fact(rest=text, first=each.first, end=each.end))
        return True

    def _add_parallel(self, each: Segment, first: int, last: _Fact) -> bool:
        """Add "Omar Said gardening on Thursdays" after "Lena Cobb teaches music on Tuesdays"."""
        words = self.reading.words
        second = next(
            (
                at
                for at in range(first + 2, each.end)
                if words[at].text.casefold() in DETERMINERS and words[at - 1].text.casefold() not in PREPOSITIONS
            ),
            None,
        )
        opens = words[first].text.casefold() in DETERMINERS or self.reading.is_name(first)
        if opens and second is not None and not any(words[at].text.casefold() in PREPOSITIONS for at in range(first, second)):
            self._add(
                replace(last, subject=self._cut(first, second), rest=self._cut(second, each.end), first=second, end=each.end, tail="")
            )
            return True  # "and her cousin Neil the warehouse"
        link = next((at for at in range(first + 1, each.end) if words[at].text.casefold() in PREPOSITIONS | _OFTEN), None)
        if link is None:
            return False
        if words[link].text.casefold() in _OFTEN:
            often = next((words[at].text.casefold() for at in range(last.first, last.end) if words[at].text.casefold() in _OFTEN), "")
            if not often or each.opener.lstrip(",") not in {"and", ""}:
                return False
            if self._find_object(last, often):
                self._add(replace(last, rest=self._cut(first, each.end), first=first, end=each.end, tail=""))
                return True  # "elect the chair every three years and the treasurer every year"
        elif not self._has_preposition(last, words[link].text.casefold(), link):
            return False
        names = first
        while names < link and self.reading.is_name(names):
            names += 1
        kept = self._find_object(last, words[link].text.casefold())
        if names == link:
            self._add(replace(last, subject=self._cut(first, link), rest=self._cut(link, each.end), first=link, end=each.end, tail=""))
        elif names > first:
            self._add(replace(last, subject=self._cut(first, names), rest=self._cut(names, each.end), first=names, end=each.end, tail=""))
        elif kept:  # "bread on weekdays and cakes on Saturdays"
            self._add(replace(last, rest=self._cut(first, each.end), first=first, end=each.end, tail=""))
        else:
            self._add(replace(last, subject=self._cut(first, link), rest=self._cut(link, each.end), first=link, end=each.end, tail=""))
        return True

    def _add_relative(self, each: Segment, last: _Fact) -> None:
        """Add what is said of the last name or thing before: "succeeded Marco Zanetti, who retired in 2022"."""
        assert each.verb is not None
        words = self.reading.words
        first = each.first
        start = first
        while start > 0 and words[start - 1].text.casefold() not in PREPOSITIONS | AUXILIARIES and not is_verb(words, start - 1):
            if start < first and self.reading.segment_of[start - 1] != self.reading.segment_of[first - 1]:
                break
            start -= 1
        subject = self._cut(start, first) if start < first else last.subject
        end = self._find_verb_end(each)
        self._add(_Fact(subject, self._cut(each.verb, end), self._cut(end, each.end) if end < each.end else "", first=end, end=each.end))

    def _add_part(self, each: Segment, last: _Fact) -> bool:
        """Add what is said of a part: "310 pupils, 85 of them adults", "14 Leute, davon drei Lehrlinge"."""
        found = _PART.search(self._cut(each.first, each.end, joined=False))
        own = self._find_figure(last)
        if not found or own is None:
            return False
        text = _PART.sub(f"of the {own.shown}", self._cut(each.first, each.end), count=1)
        self._add(_Fact(rest=text, first=each.first, end=each.end))
        return True

    def _add_foreign(self, each: Segment, last: _Fact) -> bool:
        """Add an entry of another language, whose verbs are not known here: "im Dezember Stollen, im Frühjahr Osterzöpfe"."""
        if self.reading.language in {"", "en"} or each.opener[:1] not in {",", ";"} or last.label:
            return False
        words = self.reading.words
        low, head = words[each.first].text.casefold(), words[last.first].text.casefold()
        if low != head and low not in _OWNERS:
            return False
        self._add(_Fact(rest=self._cut(each.first, each.end), first=each.first, end=each.end))
        return True

    def _limit(self, each: Segment) -> None:
        """Add a condition to all facts that share the subject: it may limit each of them."""
        text = self._cut(each.first, each.end)
        for at in range(self.shared_from, len(self.found)):
            fact = self.found[at]
            self.found[at] = replace(fact, tail=f"{fact.tail} {text}".strip())

    def _attach(self, each: Segment) -> None:
        last = self.found[-1]
        sign = each.opener[:1] if each.opener[:1] in {",", ":", "("} else ""
        text = self._cut(each.first, each.end, joined=False)
        joined = f"{last.rest}{sign if sign != '(' else ','} {text}" if last.rest else text
        self.found[-1] = replace(last, rest=joined.strip(), end=each.end)

    def _add(self, fact: _Fact) -> None:
        self.found.append(fact)

    def _add_sources(self, found: Sequence[_Fact]) -> list[_Fact]:
        """Say of each fact whose words it is: "A is small but quick, the report found"."""
        marks = [(first, end) for mark, first, end in self.reading.marks if mark is Mark.SAID]
        if len(found) < 2 or not marks:
            return list(found)
        for first, _ in marks:
            segment = self.reading.segments[self.reading.segment_of[first]]
            told = any(segment.holds(figure.first) and figure.kind != "date" for figure in self.reading.figures)
            if not told and segment.first > 0 and segment.end == len(self.reading.words):
                text = self._cut(segment.first, segment.end)
                return [each if text in each.text else replace(each, tail=f"{each.tail}, {text}") for each in found]
        return list(found)

    # ---- what the parts of a fact are

    def _is_relative(self, each: Segment) -> bool:
        return each.opener.lstrip(",.") in {"who", "which", "whose", "whom", "that"}

    def _is_condition(self, each: Segment) -> bool:
        return each.opener.lstrip(",.") in _CONDITIONAL - {"until", "till"} or self.reading.words[
            each.first
        ].text.casefold() in _CONDITIONAL - {"until", "till"}

    def _find_verb_end(self, segment: Segment) -> int:
        words, at = self.reading.words, (segment.verb or segment.first) + 1
        while at < segment.end:
            low = words[at].text.casefold()
            after_auxiliary = words[at - 1].text.casefold() in AUXILIARIES | {"not", "also", "only", "to"}
            if (
                low in AUXILIARIES | {"not"}
                or (after_auxiliary and is_verb(words, at) and low not in PREPOSITIONS and low not in DETERMINERS)
                or (low in {"also", "only", "never", "always"} and at + 1 < segment.end and is_verb(words, at + 1))
            ):
                at += 1
            else:
                break
        return at

    def _is_finite(self, each: Segment) -> bool:
        """Return whether a segment begins with its verb, and not with a participle: ", is billed yearly", not ", billed yearly"."""
        word = self.reading.words[each.verb if each.verb is not None else each.first]
        return each.opener.lstrip(",.(") != "" or (each.verb == each.first and not is_past(word) and not word.text.endswith("ing"))

    def _is_attributive(self, each: Segment) -> bool:
        """Return whether the only verb of a segment is a participle before a noun: "shared room £52"."""
        return each.verb == each.first and is_past(self.reading.words[each.first]) and not self._has_later_verb(each)

    def _has_later_verb(self, each: Segment) -> bool:
        return any(is_verb(self.reading.words, at) for at in range(each.first + 1, each.end))

    def _is_participle_next(self, each: Segment) -> bool:
        """Return whether a participle follows the conjunction, with what belongs to it: "but permitted in the lobby"."""
        at = each.first + 1
        return each.verb is None and at + 1 < each.end and is_past(self.reading.words[at])

    def _has_auxiliary(self, fact: _Fact) -> bool:
        return any(word.casefold() in AUXILIARIES for word in fact.verb.split())

    def _find_auxiliaries(self, fact: _Fact) -> str:
        return " ".join(word for word in fact.verb.split() if word.casefold() in AUXILIARIES)

    def _find_figure(self, fact: _Fact) -> Figure | None:
        return next((each for each in self.reading.figures if fact.first <= each.first < fact.end), None)

    def _has_rival(self, each: Segment, fact: _Fact) -> bool:
        """Return whether a segment has a figure of a kind that a fact has too, or is free where the fact has a price."""
        priced = any(figure.kind == Kind.MONEY and fact.first <= figure.first < fact.end for figure in self.reading.figures)
        if priced and any(self.reading.words[at].text.casefold() in _GRATIS for at in range(each.first, each.end)):
            return True
        kinds = {figure.kind for figure in self.reading.figures if fact.first <= figure.first < fact.end}
        if kinds & _COUNTS:
            kinds = kinds | {Kind.PLAIN.value}
        return any(each.holds(figure.first) and figure.kind in kinds for figure in self.reading.figures)

    def _are_days(self, each: Segment, fact: _Fact) -> bool:
        """Return whether both name days of the week: "Sunday noon to 4 pm, closed Monday"."""
        days = [at for at, word in enumerate(self.reading.words) if _DAY.fullmatch(word.text)]
        return any(each.holds(at) for at in days) and any(fact.first <= at < fact.end for at in days)

    def _opens_range(self, fact: _Fact) -> bool:
        return any(each.edge == "start" and fact.first <= each.first < fact.end for each in self.reading.figures)

    def _has_object(self, fact: _Fact, own: Figure) -> bool:
        """Return whether a thing stands between the verb and the figure: "pays medical costs up to 500"."""
        return any(
            self.reading.is_content(at) and at not in self.reading.figured and self.reading.words[at].text.casefold() not in PREPOSITIONS
            for at in range(fact.first, own.first)
        )

    def _has_preposition(self, fact: _Fact, low: str, before: int) -> bool:
        return any(self.reading.words[at].text.casefold() == low for at in range(fact.first, min(fact.end, before)))

    def _find_object(self, fact: _Fact, low: str) -> str:
        """Return what stands between the verb of a fact and a preposition."""
        place = next(
            (at for at in range(fact.first, fact.end) if self.reading.words[at].text.casefold() == low),
            fact.first,
        )
        return self._cut(fact.first, place) if place > fact.first else ""

    def _swap(self, last: _Fact, first: int, each: Segment) -> str:
        low = self.reading.words[first].text.casefold() if first < each.end else ""
        kept = self._find_object(last, low) if low in PREPOSITIONS and self._has_preposition(last, low, first) else ""
        return f"{kept} {self._cut(first, each.end)}".strip() if first < each.end else last.rest

    def _fill_object(self, rest: str, last: _Fact) -> str:
        """Return "engraves them in Kemble" with what the fact before names: "engraves vases in Kemble"."""
        words = self.reading.words
        if rest.split()[:1] not in (["them"], ["it"]):
            return rest
        end = next((at for at in range(last.first, last.end) if words[at].text.casefold() in PREPOSITIONS), last.end)
        return f"{self._cut(last.first, end)} {' '.join(rest.split()[1:])}".strip() if end > last.first else rest

    def _fill_one(self, subject: str, last: _Fact | None) -> str:
        """Return "the one in Leith" with its noun: "the shop in Leith"."""
        found = re.match(r"(?:the )?(one|ones|others)\b", subject, re.IGNORECASE)
        if not found or last is None or not last.subject:
            return subject
        nouns = re.split(r"\b(?:in|on|of|at|for|with|from|to)\b", last.subject)[0].split()
        return f"{nouns[-1]} {subject[found.end() :].strip()}".strip() if nouns else subject

    def _fill_unit(self, text: str, each: Segment, last: _Fact) -> str:
        """Return a bare number with the noun or unit of the one before: "keeps 340 today" of hives, "in eight" days."""
        bare = next((figure for figure in self.reading.figures if each.holds(figure.first) and figure.kind == Kind.PLAIN), None)
        own = next(
            (
                figure
                for figure in self.reading.figures
                if last.first <= figure.first < last.end and figure.kind in _COUNTS and figure.end > figure.first
            ),
            None,
        )
        if bare is None:
            bare = next((figure for figure in self.reading.figures if each.holds(figure.first) and figure.unit in _TODAY), None)
        if bare is None or own is None or own.kind == Kind.PLAIN:
            return text
        number = bare.shown.split()[0]
        after = self.reading.words[bare.end].text.casefold() if bare.end < each.end else ""
        noun = re.sub(r"^\W*(?:\d[\d.,]*|\w+)\s*", "", own.shown, count=1)
        if not noun or (bare.kind == Kind.PLAIN and after and after not in PREPOSITIONS | _TODAY):
            return text
        return text.replace(number, f"{number} {noun}", 1) if noun not in bare.shown else text

    def _cut_before(self, first: int, figure: Figure) -> str:
        """Return the words before a figure, without what only bounds it."""
        return self._cut(first, figure.first) if figure.first > first else ""

    def _cut_figure(self, figure: Figure, each: Segment) -> str:
        return self._cut(figure.first, each.end)

    def _cut(self, first: int, end: int, *, joined: bool = True) -> str:
        """Return the text of words with the signs that belong to them, without a conjunction before."""
        words, text = self.reading.words, self.reading.text
        while joined and first < end - 1 and words[first].text.casefold() in _ADDING:
            first += 1
        if first >= end:
            return ""
        start, stop = words[first].start, words[end - 1].end
        while start > 0 and not text[start - 1].isspace() and text[start - 1] not in _GLUED and not text[start - 1].isalnum():
            start -= 1
        if sign := _SIGN_AFTER.match(text, stop):
            stop = sign.end()
        return text[start:stop]
