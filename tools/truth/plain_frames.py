"""A sentence or statement as a frame: whether it is a fact, a duty or a permission, denied or not, its figures, and its words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from .figures import Figure, find_figures, measure
from .grammar import SMALL
from .words import Word, tokenize


class Force(StrEnum):
    """How a frame says what it says."""

    FACT = "fact"
    DUTY = "duty"
    LEAVE = "leave"  # what one may or can do
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class BaseFigure:
    """A figure in its base unit, with what it is for each of and how it is bounded: "under 2 days" and "less than 48 hours" are equal."""

    kind: str
    value: Decimal | str
    per: frozenset[str] = frozenset()
    bound: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a text says. `flags` are words that limit it: only, all, mostly, before, after, unless."""

    text: str
    force: Force
    denials: int  # how often it denies
    measures: tuple[BaseFigure, ...]
    flags: frozenset[str]
    words: tuple[Word, ...]
    content: tuple[int, ...]  # places of the words that say something of their own
    priced: bool
    units: tuple[str, ...]  # of its figures
    source: str  # as it was written

    @property
    def denied(self) -> bool:
        """Return whether it denies, all in all."""
        return self.denials % 2 == 1


_NUMBERS = "one two three four five six seven eight nine ten eleven twelve".split()
_HOUR = {name: number + 1 for number, name in enumerate(_NUMBERS)} | {str(number): number for number in range(1, 13)}
_CLOCK = "|".join(_HOUR)


def _tell_hour(found: re.Match[str]) -> str:
    hour, half = _HOUR[found["hour"].casefold()], (found["part"] or "").casefold()
    minute = 0
    if half:
        quarter, past = 30 if "half" in half else 15, "to" not in half.split()
        hour, minute = (hour, quarter) if past else ((hour - 2) % 12 + 1, 60 - quarter)
    day = "AM" if found["day"].casefold() == "morning" else "PM"
    return f"{hour}:{minute:02} {day}"


def _tell_half(found: re.Match[str]) -> str:
    hour = _HOUR.get(found["hour"].casefold())
    return found[0] if hour is None else f"{hour}:30"


_TURNS = tuple(
    (re.compile(pattern, re.IGNORECASE), plain)
    for pattern, plain in (
        (
            rf"\b(?P<part>half past|(?:a )?quarter (?:to|"
            rf"past))? ?\b(?P<hour>{_CLOCK}) (?:o'clock )?in the (?P<day>morning|afternoon|evening)\b",
            _tell_hour,
        ),
        (r"\be-(?=\w)", "e"),
        (r"\b(?:noon|midday)\b", "12:00 PM"),
        (r"\bmidnight\b", "12:00 AM"),
        (
            r"\b(?:24/7|around the clock|day and night|at (?:any|all) (?:hours?|times?)(?: of (?:the|any) day)?|"
            r"all the time|24 hours a day)\b",
            "always",
        ),
        (r"\b(?:a|one) quarter of an hour\b", "15 minutes"),
        (r"\b(an?|one) (day|week|month|year|hour)['’]s?(?= (?:notice|rent|pay|supply|stay))", r"1 \2"),
        (r"\bhalf past (?P<hour>\w+)\b", _tell_half),
        (
            r"\b(under|over|than|for|in|at|by|to|of|within|after|least|keep|have|lasts?|takes?) an? (?=(?:day|week|"
            r"month|year|hour)\b)",
            r"\1 1 ",
        ),
        (r"\ban? (?=(?:day|week|month|year|hour)['’]?s? (?:before|after|later|earlier|ahead|in advance|notice|or (?:more|less)))", "1 "),
        (r"\b(\d+)[ -]?(?:years?|yrs?)(?: of age| old)? (?:and|or) (?:older|over|above|up)\b", r"at least \1 years"),
        (r"\b(\d+) (?:and|or) (?:older|over|above|up)\b", r"at least \1 years"),
        (r"\b(\d+)\+(?! ?\w+ (?:years|hours|days))", r"at least \1 years"),
        (r"\b(?:minimum|lowest) age (?:is|of|to \w+ is)\b", "at least"),
        (r"\baged? at least\b", "at least"),
        (r"\b(under|over|below|above) (?:the )?age (?:of )?(?=\d)", r"\1 "),
        (
            r"\b(?:nobody|no one|no-one|no (?:person|guest|child|visitor)s?) (?:who (?:is|"
            r"are) )?(?:under|below|younger than)(?: the age of)? (\d+)(?: years)? (?:can|may|is allowed to|"
            r"are allowed to)(?! not)\b",
            r"you must be at least \1 years to",
        ),
        (r"\b(?:lighter|weigh(?:s|ing)? less) than\b", "weigh less than"),
        (r"\b(?:heavier|weigh(?:s|ing)? more) than\b", "weigh more than"),
        (r"\b(?:younger|shorter|smaller) than\b", "less than"),
        (r"\b(?:older|longer|larger|taller) than\b", "more than"),
        (r"\b(?:no|not) later than\b", "within"),
        (r"\bonce (?!the|it|you|they|we|all|your|his|her|its)", "1 times "),
    )
)  # fmt: skip


_FORCES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE), plain)
    for pattern, plain in (
        # duties that there are not
        (
            r"(?:need|needs) not|(?:do|does|did|will) not (?:have|need) to|(?:do|does) not need|(?:is|"
            r"are) not (?:required|necessary|needed|obligatory|mandatory|compulsory)(?: to)?|(?:do|does) not require|"
            r"(?:is|are) optional|without having to|(?:is|are) under no obligation to",
            " ⟨not⟩ ⟨duty⟩ ",
        ),
        # what one may not
        (
            r"(?:must|may|can|could|shall|should) not|(?:is|are|will be) (?:strictly )?(?:not|"
            r"never) (?:be )?(?:allowed|permitted|accepted|welcome|possible|able|admitted)(?: to)?|(?:not|"
            r"never) (?:to be )?(?:allowed|permitted|accepted)|(?:is|are|be|will be)? ?(?:strictly )?(?:prohibited|"
            r"forbidden|banned|off limits|disallowed)(?: from)?|(?:will|do|does) not (?:accept|allow|permit)|(?:is|"
            r"are) unable to|(?:is|are) turned away|(?:forbids?|prohibits?|bans?)",
            " ⟨not⟩ ⟨leave⟩ ",
        ),
        (
            r"(?:is|are|be)? ?(?:required|obliged|obligatory|mandatory|compulsory|necessary)(?: to)?|must|(?:have|has|"
            r"had|having) to(?! offer)|(?:need|needs)(?: to)?|requires?(?: that)?|(?:is|are) (?:asked|expected|"
            r"obliged) (?:to|for)|please (?:ensure|make sure|note)?(?: that)?|no \w+ without",
            " ⟨duty⟩ ",
        ),
        (
            r"(?:is|are) (?:recommended|advised|encouraged|suggested)(?: to)?|(?:we )?(?:recommend|advise|suggest|"
            r"encourage)s?|should|ought to",
            " ⟨advice⟩ ",
        ),
        (
            r"can|may|could|might|(?:is|are) (?:allowed|permitted|welcome|able|possible|accepted|fine|okay|ok)(?: to)?|"
            r"(?:is|are) free to|(?:allows?|permits?|accepts?|lets?)|(?:allowed|permitted|accepted)|able to",
            " ⟨leave⟩ ",
        ),
        (r"not|never|no|nobody|no one|none|neither|nor|nothing|without|non(?=[ -])", " ⟨not⟩ "),
    )
)  # fmt: skip
_MARK = re.compile(r"⟨(\w+)⟩")
_FLAGS = {
    name: re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)
    for name, pattern in {
        "only": "only|exclusively|solely|sole|alone",
        "mostly": "usually|mostly|mainly|typically|typical|normally|generally|often|most",
        "about": "about|approximately|around|roughly|approx|some(?= \\d)",
        "before": "before|prior|in advance|ahead|beforehand|notice",
        "after": "after|following|later",
        "unless": "unless|except|excluding|other than|apart from",
        "until": "until|till",
        "outside": "outside|beyond",
        "inside": "inside",
        "all": "all|every|everyone|everybody|any|each|whole|entire|nobody",
        "some": "some|certain|selected|several|part of|partly|in part",
        "extra": "extra|on top|additional|additionally|surcharge|further",
        "working": "(?:working|business)(?= days?)",
        "rather": "rather than|instead of|as opposed to|but not|and not",
        "stale": "used to|formerly|once|previously|no longer|any ?more",
    }.items()
}


def put_in_frames(text: str) -> str:
    """Return a text in the turns that frames are read from."""
    for pattern, plain in _TURNS:
        text = pattern.sub(plain, text)
    return text


@lru_cache(4_096)
def read_frame(text: str) -> Frame:
    """Read one clause as a frame."""
    marked = _split_negations(put_in_frames(text))
    for pattern, mark in _FORCES:
        marked = pattern.sub(mark, marked)
    marks = _MARK.findall(marked)
    force = next((Force(mark) for mark in marks if mark in {"duty", "leave", "advice"}), Force.FACT)
    if "leave" in marks and "duty" in marks:
        force = Force.DUTY
    bare = " ".join(_MARK.sub(" ", marked).split())
    words = tokenize(bare)
    figures = find_figures(bare, words)
    taken = {at for figure in figures for at in range(figure.first, figure.end) if at not in figure.nouns}
    flags = frozenset(name for name, pattern in _FLAGS.items() if pattern.search(bare))
    content = tuple(
        at
        for at, word in enumerate(words)
        if at not in taken and word.text.casefold() not in SMALL | _FRAMING and not any(p.fullmatch(word.text) for p in _FLAGS.values())
    )
    priced = any(figure.kind == "money" for figure in figures)
    return Frame(
        bare,
        force,
        marks.count("not"),
        tuple(_measure(each) for each in figures if each.kind != "label" or each.value),
        flags,
        words,
        content,
        priced,
        tuple(each.unit or each.kind for each in figures),
        text,
    )


_FRAMING = frozenset("least most more less under over than maximum minimum up max min advance above below".split())


def _split_negations(text: str) -> str:
    text = re.sub(r"\bcan(?:not|['’]t)\b", "can not", text)
    text = re.sub(r"\bwon['’]t\b", "will not", text)
    text = re.sub(r"(\w)n['’]t\b", r"\1 not", text)
    return re.sub(r"\bnon[- ](?=\w)", "not ", text, flags=re.IGNORECASE)


def _measure(figure: Figure) -> BaseFigure:
    base = measure(figure)
    kind, value = (
        base
        if base
        else (figure.unit if figure.kind == "money" else "" if figure.kind in {"count", "plain", "measure"} else figure.kind, figure.value)
    )
    bound = {"plus": "from"}.get(figure.bound, figure.bound)
    return BaseFigure(kind, value if isinstance(value, Decimal) else str(value), frozenset(figure.per), bound)
