"""A statement as the single facts that it makes: "Adults pay 9 EUR, pensioners 7 EUR" is two, each with its own subject and verb."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from .fact_filling import fill_object, fill_one, fill_unit, swap
from .fact_parts import CONDITIONAL, Fact, FactParts
from .grammar import AUXILIARIES, DETERMINERS, PREPOSITIONS, PRONOUNS, is_past, is_verb
from .marks import Mark
from .reading import Reading, Segment, read_statement
from .statements import Form, Statement

_ADDING = frozenset("and but while whereas yet und aber et mais y".split())
_PART = re.compile(r"\b(?:of them|of these|of those|davon|darunter|dont|de ellos)\b", re.IGNORECASE)
_OWNERS = frozenset("ihr ihre sein seine son sa ses leur su sus".split())
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


class _Splitter:
    """Walks over the segments of a reading and collects its facts."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.parts = FactParts(reading)
        self.cut = self.parts.cut
        self.found = list[Fact]()
        self.shared_from = 0  # the first fact that shares its subject with the last one

    def split(self) -> list[Fact]:
        for part in self._find_parts():
            self._read_part(part)
        return self._add_sources(self.found)

    def _find_parts(self) -> Iterator[list[Segment]]:
        """Yield the segments between semicolons, and of each clause."""
        part = list[Segment]()
        for each in self.reading.segments:
            waiting = part and all(self.parts.is_condition(other) for other in part)
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
            (
                at
                for at, each in enumerate(part)
                if each.verb is not None and not self.parts.is_relative(each) and not self.parts.is_condition(each)
            ),
            None,
        )
        if head is None:
            before = self.found[-1] if self.found else None
            if before is None or not (self._add_gapped(part[0], before) or self._add_entry(part[0], before)):
                label = before.label if before is not None and not before.verb else ""
                self._add(Fact(rest=self.cut(part[0].first, part[0].end), first=part[0].first, end=part[0].end, label=label))
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
                subject, link = self.cut(first, end), rest[at + reach]
                self._add(replace(last, subject=subject, rest=self.cut(link.first, link.end), first=link.first, end=link.end, tail=""))
                at += reach + 1
                continue
            self._continue(rest[at])
            at += 1

    def _find_late(self, rest: Sequence[Segment], last: Fact) -> int:
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
            if each.opener == "," and each.verb is None and low in PREPOSITIONS and self.parts.has_preposition(last, low, each.first):
                return number
        return 0

    def _read_labelled(self, part: list[Segment]) -> None:
        label = self.cut(part[0].first, part[0].end, joined=False)
        start = len(self.found)
        self._add(Fact(rest=self.cut(part[1].first, part[1].end), first=part[1].first, end=part[1].end, label=label))
        self.shared_from = start
        for number, each in enumerate(part[2:], 2):
            if each.opener == "(" and number + 1 < len(part) and part[number + 1].opener == ":":
                continue
            if each.opener == ":" and part[number - 1].opener == "(":  # "Flight time: 41 min (C3 Lite: 28 min)"
                inner = self.cut(part[number - 1].first, part[number - 1].end)
                self._add(Fact(rest=self.cut(each.first, each.end), first=each.first, end=each.end, label=f"{label}, {inner}"))
                continue
            if (
                not each.opener.startswith(("-", "–", "/"))
                and (self.parts.has_rival(each, self.found[-1]) or self.parts.are_days(each, self.found[-1]))
                and not each.opener.startswith("(")
            ):
                self._add(Fact(rest=self.cut(each.first, each.end), first=each.first, end=each.end, label=label))
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
        if len(part) > 1 and (words[first].text.casefold() in PREPOSITIONS | CONDITIONAL or opener in CONDITIONAL):
            lead = self.cut(first, part[-2].end)
            first = head.first
            while words[first].text.casefold() in _ADDING and first < head.verb:
                first += 1
        end = self.parts.find_verb_end(head)
        subject = self.cut(first, head.verb) if head.verb > first else ""
        if (border := self._find_border(first, head.verb)) is not None:
            lead = f"{lead}, {self.cut(first, border)}" if lead else self.cut(first, border)
            subject = self.cut(border, head.verb)
        verb, rest = self.cut(head.verb, end), self.cut(end, head.end) if end < head.end else ""
        before = self.found[-1] if self.found else None
        if subject.casefold() in {"it", "they"} and before is not None and before.subject and before.subject.casefold() not in PRONOUNS:
            subject = before.subject
        subject = fill_one(self.parts, subject, before)
        if before is not None and before.lead and not lead and opener == "and":
            lead = before.lead
        if not rest and before is not None and self._is_elliptical(head, end):
            kept = (word for word in before.verb.split() if word.casefold() not in AUXILIARIES | {"not"})
            rest = " ".join((*kept, before.rest)).strip()
        if before is not None and rest:
            rest = fill_unit(self.parts, rest, replace(head, first=end), before)
        self.shared_from = len(self.found)
        self._add(Fact(subject, verb, rest, lead, first=end, end=head.end))

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
        if self.parts.is_relative(each) and each.opener[:1] == "," and each.verb is not None and opener in {"who", "which"}:
            self._add_relative(each, last)
        elif opener in CONDITIONAL:
            self._limit(each)
        elif (
            each.negative and last.verb and self.reading.words[min(each.first + (opener in _ADDING), each.end - 1)].text.casefold() == "not"
        ):
            self._add_gapped(each, last)
        elif opener in {"and", "but"} and last.rest and self.parts.is_participle_next(each) and self.parts.has_auxiliary(last):
            self._add_predicate(replace(each, verb=each.first + 1), last)
        elif self._turns(each, last) or (
            each.verb is not None
            and not each.own_subject
            and opener in {"and", "but", ""}
            and last.verb
            and last.rest
            and self.parts.is_finite(each)
        ):
            self._add_predicate(each, last)
        elif (each.verb is None or self.parts.is_attributive(each)) and (self._add_gapped(each, last) or self._add_entry(each, last)):
            return
        elif self.reading.words[each.first].text.casefold() in {"both", "each", "all", "beide", "jeweils"} and not last.verb:
            self._limit(each)  # "single room £69, shared room £52, both with meals"
        else:
            self._attach(each)

    def _turns(self, each: Segment, last: Fact) -> bool:
        """Return whether a participle takes the auxiliary of the fact before: "will be open but closed on Mondays"."""
        if each.verb is None or last.rest or each.opener.lstrip(",") != "but":
            return False
        return is_past(self.reading.words[each.verb]) and self.parts.has_auxiliary(last)

    def _add_predicate(self, each: Segment, last: Fact) -> None:
        """Add what the same subject does besides: "keeps bees and sells honey", "is forbidden here but permitted there"."""
        assert each.verb is not None
        first = each.first + (self.reading.words[each.first].text.casefold() in _ADDING)
        end = max(self.parts.find_verb_end(each), each.verb + 1)
        verb = self.cut(each.verb, end)
        rest = self.cut(end, each.end) if end < each.end else ""
        if first < each.verb:
            verb = f"{self.cut(first, each.verb)} {verb}"
        start = self.reading.words[each.verb].text.casefold()
        if start not in AUXILIARIES and is_past(self.reading.words[each.verb]) and self.parts.has_auxiliary(last):
            verb = f"{self.parts.find_auxiliaries(last)} {verb}"
        rest = fill_object(self.parts, fill_unit(self.parts, rest, each, last), last)
        self._add(Fact(last.subject, verb, rest, last.lead, first=end, end=each.end))

    def _add_gapped(self, each: Segment, last: Fact) -> bool:
        """Add a fact that leaves out the verb of the one before: "pensioners 7 EUR", "to shops on Thursdays", "but not horses"."""
        words = self.reading.words
        first = each.first
        while first < each.end and words[first].text.casefold() in _ADDING | {"or", "plus"}:
            first += 1
        if first >= each.end or not last.verb or each.opener.startswith("("):
            return False
        if is_past(words[first]) and words[first].text.casefold() not in AUXILIARIES:
            return False  # "was bought in 2020, reopened in 2021": a deed of its own
        low = words[first].text.casefold()
        if each.negative and low == "not":
            self._add(
                replace(last, verb=f"{last.verb} not", rest=swap(self.parts, last, first + 1, each), first=first + 1, end=each.end, tail="")
            )
            return True
        figures = [figure for figure in self.reading.figures if each.holds(figure.first)]
        if figures and figures[0].edge == "end" and figures[0].first <= first + 1 and self.parts.opens_range(last):
            return False  # "between 5 and 7 EUR"
        if low in PREPOSITIONS and figures and last.lead.casefold().startswith(low) and figures[-1].first > first + 1:
            value = fill_unit(
                self.parts, self.parts.cut_figure(figures[-1], each), each, last
            )  # "in 2024 it sold 3,100 cars; in 2023 2,700"
            self._add(replace(last, lead=self.cut(first, figures[-1].first), rest=value, first=figures[-1].first, end=each.end, tail=""))
            return True
        if low in PREPOSITIONS and self.parts.has_preposition(last, low, first) and (figures or each.opener.lstrip(",") in _ADDING):
            rest = f"{self.parts.find_object(last, low)} {self.cut(first, each.end)}".strip()
            self._add(replace(last, rest=fill_unit(self.parts, rest, each, last), first=first, end=each.end, tail=""))
            return True
        if figures and self.parts.has_rival(each, last):
            if low in PREPOSITIONS:
                self._add(
                    replace(last, rest=fill_unit(self.parts, self.cut(first, each.end), each, last), first=first, end=each.end, tail="")
                )
                return True
            own = self.parts.find_figure(last)
            if own is not None and figures[0].first == first and figures[0].kind == own.kind:
                self._add(
                    replace(last, rest=fill_unit(self.parts, self.cut(first, each.end), each, last), first=first, end=each.end, tail="")
                )
                return True  # "costs $899 with one battery and $1,049 with three"
            figure = figures[-1] if figures[0].first == first and len(figures) > 1 else figures[0]
            link = next((at for at in range(first + 1, figure.first) if words[at].text.casefold() in PREPOSITIONS), None)
            if link is not None and self.reading.is_name(first) and self.reading.is_name(link - 1):  # "Flex at any time with two weeks"
                self._add(replace(last, subject=self.cut(first, link), rest=self.cut(link, each.end), first=link, end=each.end, tail=""))
                return True
            before_figure = self.parts.cut_before(first, figure)
            if not before_figure and each.opener.lstrip(",.") != "plus":
                return False
            value = fill_unit(self.parts, self.parts.cut_figure(figure, each), each, last)
            if not before_figure or (own is not None and self.parts.has_object(last, own)):
                self._add(replace(last, rest=f"{before_figure} {value}".strip(), first=first, end=each.end, tail=""))
            else:
                subject = fill_one(self.parts, before_figure, last)
                self._add(replace(last, subject=subject, rest=value, first=figure.first, end=each.end, tail=""))
            return True
        return self._add_parallel(each, first, last)

    def _add_entry(self, each: Segment, last: Fact) -> bool:
        """Add an entry of a list without verbs: "single room £69, shared room £52", "day ticket €39, from Friday to Sunday €46"."""
        own = self.parts.find_figure(last)
        if last.verb or last.label or own is None or own.first == last.first or each.opener.startswith("("):
            return False
        figures = [figure for figure in self.reading.figures if each.holds(figure.first) and figure.kind == own.kind]
        if not figures or figures[0].edge == "end" or figures[0].first == each.first:
            return False
        text = self.cut(each.first, each.end)
        low = self.reading.words[each.first + (self.reading.words[each.first].text.casefold() in _ADDING)].text.casefold()
        if low in PREPOSITIONS:
            head = next((at for at in range(last.first, own.first) if self.reading.words[at].text.casefold() == low), own.first)
            text = f"{self.cut(last.first, head)} {text}"
        self._add(Fact(rest=text, first=each.first, end=each.end))
        return True

    def _add_parallel(self, each: Segment, first: int, last: Fact) -> bool:
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
            self._add(replace(last, subject=self.cut(first, second), rest=self.cut(second, each.end), first=second, end=each.end, tail=""))
            return True  # "and her cousin Neil the warehouse"
        link = next((at for at in range(first + 1, each.end) if words[at].text.casefold() in PREPOSITIONS | _OFTEN), None)
        if link is None:
            return False
        if words[link].text.casefold() in _OFTEN:
            often = next((words[at].text.casefold() for at in range(last.first, last.end) if words[at].text.casefold() in _OFTEN), "")
            if not often or each.opener.lstrip(",") not in {"and", ""}:
                return False
            if self.parts.find_object(last, often):
                self._add(replace(last, rest=self.cut(first, each.end), first=first, end=each.end, tail=""))
                return True  # "elect the chair every three years and the treasurer every year"
        elif not self.parts.has_preposition(last, words[link].text.casefold(), link) and not self.parts.tells_when(last, link):
            return False
        names = first
        while names < link and self.reading.is_name(names):
            names += 1
        kept = self.parts.find_object(last, words[link].text.casefold()) or (
            last.rest if self.parts.tells_when(last, link) else ""
        )  # "adults on weekday mornings and children after school"
        if names == link:
            self._add(replace(last, subject=self.cut(first, link), rest=self.cut(link, each.end), first=link, end=each.end, tail=""))
        elif names > first:
            self._add(replace(last, subject=self.cut(first, names), rest=self.cut(names, each.end), first=names, end=each.end, tail=""))
        elif kept:  # "bread on weekdays and cakes on Saturdays"
            self._add(replace(last, rest=self.cut(first, each.end), first=first, end=each.end, tail=""))
        else:
            self._add(replace(last, subject=self.cut(first, link), rest=self.cut(link, each.end), first=link, end=each.end, tail=""))
        return True

    def _add_relative(self, each: Segment, last: Fact) -> None:
        """Add what is said of the last name or thing before: "succeeded Marco Zanetti, who retired in 2022"."""
        assert each.verb is not None
        words = self.reading.words
        first = each.first
        start = first
        while start > 0 and words[start - 1].text.casefold() not in PREPOSITIONS | AUXILIARIES and not is_verb(words, start - 1):
            if start < first and self.reading.segment_of[start - 1] != self.reading.segment_of[first - 1]:
                break
            start -= 1
        subject = self.cut(start, first) if start < first else last.subject
        end = self.parts.find_verb_end(each)
        self._add(Fact(subject, self.cut(each.verb, end), self.cut(end, each.end) if end < each.end else "", first=end, end=each.end))

    def _add_part(self, each: Segment, last: Fact) -> bool:
        """Add what is said of a part: "310 pupils, 85 of them adults", "14 Leute, davon drei Lehrlinge"."""
        found = _PART.search(self.cut(each.first, each.end, joined=False))
        own = self.parts.find_figure(last)
        if not found or own is None:
            return False
        text = _PART.sub(f"of the {own.shown}", self.cut(each.first, each.end), count=1)
        self._add(Fact(rest=text, first=each.first, end=each.end))
        return True

    def _add_foreign(self, each: Segment, last: Fact) -> bool:
        """Add an entry of another language, whose verbs are not known here: "im Dezember Stollen, im Frühjahr Osterzöpfe"."""
        if self.reading.language in {"", "en"} or each.opener[:1] not in {",", ";"} or last.label:
            return False
        words = self.reading.words
        low, head = words[each.first].text.casefold(), words[last.first].text.casefold()
        if low != head and low not in _OWNERS:
            return False
        self._add(Fact(rest=self.cut(each.first, each.end), first=each.first, end=each.end))
        return True

    def _limit(self, each: Segment) -> None:
        """Add a condition to all facts that share the subject: it may limit each of them."""
        text = self.cut(each.first, each.end)
        for at in range(self.shared_from, len(self.found)):
            fact = self.found[at]
            self.found[at] = replace(fact, tail=f"{fact.tail} {text}".strip())

    def _attach(self, each: Segment) -> None:
        last = self.found[-1]
        sign = each.opener[:1] if each.opener[:1] in {",", ":", "("} else ""
        text = self.cut(each.first, each.end, joined=False)
        joined = f"{last.rest}{sign if sign != '(' else ','} {text}" if last.rest else text
        self.found[-1] = replace(last, rest=joined.strip(), end=each.end)

    def _add(self, fact: Fact) -> None:
        self.found.append(fact)

    def _add_sources(self, found: Sequence[Fact]) -> list[Fact]:
        """Say of each fact whose words it is: "A is small but quick, the report found"."""
        marks = [(first, end) for mark, first, end in self.reading.marks if mark is Mark.SAID]
        if len(found) < 2 or not marks:
            return list(found)
        for first, _ in marks:
            segment = self.reading.segments[self.reading.segment_of[first]]
            told = any(segment.holds(figure.first) and figure.kind != "date" for figure in self.reading.figures)
            if not told and segment.first > 0 and segment.end == len(self.reading.words):
                text = self.cut(segment.first, segment.end)
                return [each if text in each.text else replace(each, tail=f"{each.tail}, {text}") for each in found]
        return list(found)
