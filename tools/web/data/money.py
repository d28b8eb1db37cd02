"""Where prices stand in a line of text: a quick search over whole pages, for what find_amounts then reads in full."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_NUMBER = r"(?:\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3})+(?!\d)|\d{1,9})(?:[.,]\d{1,2}(?!\d))?(?:[.,][-–—]{1,2})?"
_SIGN = r"(?:[A-Z]{0,3}\$|[€£¥￥₹₩₽₺₴฿₫₪₦₱])"
_CODE = (
    r"(?:EUR|eur|USD|GBP|CHF|JPY|SEK|NOK|DKK|ISK|PLN|CZK|HUF|RON|BGN|TRY|CAD|AUD|NZD|HKD|SGD|CNY|RMB|INR|KRW|THB|BRL|MXN|ZAR|AED|ILS|UAH|RUB"
    r"|RM|Rp|KSh|TSh|USh|Tk|TL|R(?=[ \u00a0]?\d[ \u00a0,.]?\d)"
    r"|VND|IDR|MYR|PHP|TWD|NTD|SFr\.?|Fr\.|Rs\.?|kr\.?|zł|Kč|Ft|лв\.?|руб\.?|₽|грн|lei)"
)
_AFTER = rf"(?:{_SIGN}|{_CODE}(?![^\W\d_])|円|元|圓|원|đ|(?:[Ee]uros?|[Dd]ollars?|[Pp]ounds?|[Ff]rancs?|[Ff]ranken|[Kk]roner?|[Kk]ronor)\b)"
_MONEY = re.compile(
    rf"(?:{_SIGN}|(?<![^\W\d_]){_CODE})[ \u00a0]?{_NUMBER}|(?<![\d.,]){_NUMBER}(?:[ \u00a0\u202f](?!{_SIGN}\d))?{_AFTER}"
    rf"|(?<![\d.,]){_NUMBER}(?:[.,:][-–—]{{1,2}})(?![\w-])"
)
_MAGNITUDE = re.compile(
    r"[ \u00a0]?(?:million|billion|thousand|mio|mrd|mill|bn|tsd|milliard|millón|miliard|[kKmM](?![^\W\d_])|万|億|千)", re.IGNORECASE
)
_MAY_HOLD = re.compile(r"\d")
_PERIOD = re.compile(
    r"[ \u00a0]?(?:/|per\b|pro\b|je\b|par\b|al\b|por\b|a\b|an\b|each\b|p\.|i\b|om\b|毎|每)[ \u00a0]?(?:\d+[ \u00a0]?)?[^\W\d_]{1,14}\.?"
    r"(?:[ \u00a0]?(?:/|per|pro|par|and|et|und)[ \u00a0]?[^\W\d_]{1,14})?"
)
_STARTS_PERIOD = re.compile(
    r"(?i:/|per\b|pro\b|je\b|par\b|al\b|por\b|an?\b|each\b|p\.|monthly|yearly|annually|monatlich|jährlich|mensuel|billed|毎|每|\(税)"
)


@lru_cache(256)  # a line is asked three times, and those around it again
def find_money(text: str) -> Sequence[tuple[int, int]]:
    """Return the spans of the prices of a text, with the period that stands directly behind each."""
    if not _MAY_HOLD.search(text):
        return ()
    spans: list[tuple[int, int]] = []
    for found in _MONEY.finditer(text):
        if _MAGNITUDE.match(text, found.end()):
            continue  # what a company turns over, not a price
        period = _PERIOD.match(text, found.end())
        spans.append((found.start(), period.end() if period else found.end()))
    return tuple(spans)


def is_price(text: str) -> bool:
    """Return whether a short text is a price and little else: "$29/month", "from 9 €"."""
    spans = find_money(text[:80]) if len(text) < 60 else []
    return bool(spans) and sum(end - start for start, end in spans) * 2 >= len(text.strip())


def split_price(text: str) -> tuple[str, str]:
    """Return a name and the price that follows it in one text: "Partner $34 per month" is "Partner" and "$34 per month"."""
    money = find_money(text)
    name = text[: money[0][0]].strip(" .:–—-(|=") if money else ""
    return (name, text[money[0][0] :].strip(" )|")) if name else (text, "")


def starts_with_period(text: str) -> bool:
    """Return whether a line goes on with what a price is for: "per month, billed yearly"."""
    return bool(_STARTS_PERIOD.match(text))
