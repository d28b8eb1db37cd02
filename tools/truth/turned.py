"""A statement in other turns that say the same, or a part of it: one thing of a list, what is excepted, a bound that is denied, a ban."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from .languages import find_language
from .statements import Form, Statement

_NO_ITEM = (
    "and or to from by for with in on at not but if is are was were which who that as since also up it them than so then there per every "
    "one two three four five six seven eight nine ten"
)
_ITEM = rf"(?:(?!(?:{_NO_ITEM.replace(' ', '|')})\b)[^\W\d][\w'’&-]*)"
_THING = rf"{_ITEM}(?: {_ITEM}){{0,2}}"
_LIST = re.compile(
    rf"\b(?P<link>by|to|for|with|from|in|on|at|without)(?P<first> {_THING}(?:, {_THING})*),? (?:and|or) (?P<last>{_THING})(?=[.;)]?$)"
)
_COUNTED = re.compile(
    r"[$€£¥\d]|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|twenty|hundred|thousand)\b", re.IGNORECASE
)
_JOINED = re.compile(r"\b(?:both|either|neither|together|between|half|each|except|excluding|not|unless)\b", re.IGNORECASE)
_GRANTED = r"(?:allowed|permitted|accepted|welcome|admitted|possible)"
_EXCEPT = r",? (?:except(?: for)?|with the exception of|other than|apart from) (?P<but>[^,.;]{3,60})[.]?$"
_BARRED = re.compile(
    rf"^(?:no [\w' -]{{2,40}} (?P<be>is|are)|[\w' -]{{2,40}} (?P<been>is|are) not) (?P<granted>{_GRANTED}){_EXCEPT}", re.IGNORECASE
)
_CLOSED = re.compile(r"^(?P<place>[\w' -]{2,40} (?:is|are)) closed,? except (?P<when>(?:on|in|during|at) [^,.;]{3,40})[.]?$", re.IGNORECASE)
_BOUND = re.compile(
    r"\b(?:must not|may not|cannot|can not) (?P<verb>be|weigh|exceed|last|measure)"
    r"(?: (?:more|longer|over) than| (?P<more>taller|longer|larger|bigger|heavier|wider|higher|older|deeper) than| over|(?<=exceed))"
    r" (?P<figure>\d[\d.,]*(?: ?(?:%|[a-z]+))?)",
    re.IGNORECASE,
)
_PLAIN = {
    "taller": "tall",
    "longer": "long",
    "larger": "large",
    "bigger": "big",
    "heavier": "heavy",
    "wider": "wide",
    "higher": "high",
    "older": "old",
    "deeper": "deep",
}
_BAN = re.compile(
    r"^no (?P<thing>[a-z][\w' -]{2,40}?(?:(?<=ing)|(?: (?:is|are))? (?:allowed|permitted)))(?P<where> (?:in|on|at) [\w' -]+)?[.!]?$",
    re.IGNORECASE,
)
_QUALIFIED = re.compile(r"\b(?i:a|an|the|your|our|this) (?P<how>(?:non-?)?(?:[a-z]{4,}able|[a-z]{4,}ible)) (?P<what>[a-z]{4,})\b")
_SET_IN = re.compile(r"(?<=[a-z]), (?P<where>(?:in|at|near|on) [^,;.]{2,40}), (?=[a-z])")
_DATE_OF = re.compile(r"\b(?P<link>from|of|after|before|since) the (?:date|day|time) of (?=\w)", re.IGNORECASE)
_TIME = r"(?:\d{1,2}(?:[:.]\d\d)?(?: ?[ap]\.?m\b\.?)?|noon|midday|midnight)"
_HOURS = re.compile(
    rf"\b(?:(?:is|are) )?open(?:s|ing hours:?| hours:?)?\b(?P<when>[^.;,]*?)\s?(?:\bfrom |\bbetween )?"
    rf"(?P<first>{_TIME})\s*(?:-|–|to|until|till|and|"
    rf"through)\s*(?P<last>{_TIME})(?P<rest>[^.;,]*)",
    re.IGNORECASE,
)
_MOST = 12


@lru_cache(1024)
def turn_statement(statement: Statement) -> tuple[Statement, ...]:
    """Return an English statement in the other turns that it has."""
    text = statement.text
    if statement.form is Form.ROW or len(text) > 400 or find_language(text.casefold().split()) not in {"", "en"}:
        return ()
    turns = dict.fromkeys(
        (
            *_pick_items(text),
            *_turn_exceptions(text),
            *_turn_qualities(text),
            *_turn_bounds(text),
            *_turn_ban(text),
            *_turn_hours(text),
            _SET_IN.sub(r" \g<where> ", text, count=1),
            _DATE_OF.sub(r"\g<link> ", text),
        )
    )
    turns.pop(text, None)
    return tuple(replace(statement, text=each) for each in list(turns)[:_MOST])


def _pick_items(text: str) -> Iterator[str]:
    """Yield a text with one thing of a list under one preposition: "by Monet, Manet and Degas" is also "by Degas"."""
    found = _LIST.search(text)
    # "310 cars in Ghent and Bruges" are not 310 in Bruges
    if found is None or _COUNTED.search(text) or _JOINED.search(text):
        return
    for each in (*found["first"].split(","), found["last"]):
        yield f"{text[: found.start('first')]} {each.strip()}{text[found.end('last') :]}"


def _turn_exceptions(text: str) -> Iterator[str]:
    """Yield what is so of the exception: "dogs are not allowed except guide dogs" allows guide dogs."""
    if found := _BARRED.match(text):
        yield f"{found['but'][:1].upper()}{found['but'][1:]} {found['be'] or found['been']} {found['granted']}."
    if found := _CLOSED.match(text):
        yield f"{found['place']} open {found['when']}."


def _turn_qualities(text: str) -> Iterator[str]:
    """Yield what a thing is said to be by the way: "a non-refundable deposit is required" says that the deposit is non-refundable."""
    for found in _QUALIFIED.finditer(text):
        how = re.sub(r"^non-?", "not ", found["how"])
        yield f"The {found['what']} is {how}."


def _turn_bounds(text: str) -> Iterator[str]:
    """Yield a bound that is denied as one that is granted: "must not be taller than 2 m" is "may be up to 2 m tall"."""
    found = _BOUND.search(text)
    if found:
        verb, more = found["verb"].casefold(), _PLAIN.get((found["more"] or "").casefold(), "")
        verb = "be" if verb == "exceed" else verb
        yield f"{text[: found.start()]}may {verb} up to {found['figure']}{' ' if more else ''}{more}{text[found.end() :]}"


def _turn_ban(text: str) -> Iterator[str]:
    """Yield a bare ban as a sentence: "No smoking" is "smoking is banned"."""
    if (found := _BAN.match(text)) and " without" not in text and " or " not in text:
        thing = re.sub(r"(?: (?:is|are))? (?:allowed|permitted)$", "", found["thing"], flags=re.IGNORECASE)
        yield f"{thing[:1].upper()}{thing[1:]} is banned{found['where'] or ''}."


def _turn_hours(text: str) -> Iterator[str]:
    """Yield when a place opens and when it closes: "open on Fridays from 9 to 5" closes on Fridays at 5."""
    found = _HOURS.search(text)
    # of "9 to 5 and 7 to 9" neither 5 nor 7 is an end
    if found and not re.search(rf"{_TIME}\s*(?:-|–|to)\s*{_TIME}", text[found.end("last") :], re.IGNORECASE):
        for verb, time in (("opens", found["first"]), ("closes", found["last"])):
            yield f"{text[: found.start()]}{verb}{found['when']} at {time}{found['rest']}{text[found.end() :]}"
