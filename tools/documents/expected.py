"""What kind of thing a question asks for, an amount or a time, and whether a text has one."""

from __future__ import annotations

import re
from collections.abc import Callable

_NUMBER_WORDS = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|hundred|thousand"
_MONEY = re.compile(r"[$€£¥]\s?\d|\d\s?(?:%|(?:euros?|dollars?|pounds?|cents?|percent)\b)|\bfree\b|\bat no cost\b", re.IGNORECASE)
_NUMBER = re.compile(rf"\d|\b(?:{_NUMBER_WORDS}|million|once|twice|half|dozen)\b", re.IGNORECASE)
_DURATION = re.compile(
    rf"(?:\d|\b(?:one|an?|{_NUMBER_WORDS}))[- ]?(?:\w+ ){{0,2}}(?:second|minute|hour|day|night|week|month|quarter|year|decade|centur)",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\d{1,2}\s?(?:[ap]\.?m\b|o'clock)|\b\d{1,2}:\d\d\b|\b(?:1\d|20)\d\d\b|\b(?:noon|midnight|prior|before|after|until|days?|weeks?|months?|hours?)\b"
    r"|\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?\b"
    r"|\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b",
)
_ASKED = (
    (r"\bhow (?:much|expensive)\b|\b(?:costs?|price)\b", _MONEY),
    (r"\bhow (?:long|soon|quick|quickly|fast)\b", _DURATION),
    (r"\bhow (?:many|often|old|far|high|tall|big|large|deep|wide|heavy)\b", _NUMBER),
    (r"^\W*when\b|\b(?:what|which) (?:time|day|date|year|month|century|hour)\b", _TIME),
    (r"\b(?:since|from|until|till|by) (?:when|what)\b|\bdeadline\b", _TIME),
)


def find_expected(question: str) -> Callable[[str], bool] | None:
    """Return what tells whether a text has the kind of thing that the question asks for; None if it asks for no kind that is known."""
    for asks, has in _ASKED:
        if re.search(asks, question, re.IGNORECASE):
            return lambda text: has.search(text) is not None
    return None
