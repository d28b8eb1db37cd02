"""How long to wait after a refusal, and which refusals no wait can lift: read from the texts and headers of many providers. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Literal

LONGEST_WAIT_SECONDS = 60.0
_A_LITTLE_SECONDS = 5.0  # limits per minute ask for "1m2.5s", too
Lasting = Literal["", "credit", "day", "size"]

# The word "billing" does not decide: Gemini says "check your plan and billing details" of a limit per minute, Groq ends each refusal with a
# link to its billing page, and Together gives a limit per minute the type "credit_limit".
_NO_CREDIT = re.compile(
    r"insufficient[_ ](?:\w+[_ ])?(?:quota|balance|credits?|funds)|exceeded_current_quota|billing_(?:hard_limit|not_active)|"
    r"(?:balance|credits?)\b[^.]{0,40}\b(?:insufficient|too low|not enough|exhausted|depleted)|not enough credits|out of credits|"
    r"(?:requires?|purchase|buy) more credits|used all available credits|spending limit|credit limit exceeded|余额不足|欠费",
    re.I,
)
_QUOTA = re.compile(r"exceeded your current quota", re.I)
_WINDOW = re.compile(
    r"(?:\bper[ _-]|/ ?)(?:\d+ ?)?(second|sec|minute|min|hour|day|week|month)s?(?![a-z])|"
    r"\b(?:\d+[- ])?(hour|day|week|month)(?:ly)?[- ](?:\w+ ){0,3}?(?:limit|quota|allocation|allowance|credits|usage)\b|"
    r"\b(dai)ly\b|\b[RT](PD)\b|\bper (86400) ?s",
    re.I,
)
_MINUTES = frozenset({"second", "sec", "minute", "min"})
_QUOTA_OF_A_DAY = re.compile(r"Per(?:Day|Week|Month)")
_NONE_AT_ALL = re.compile(r"\blimit: 0\b")  # Gemini, of a model that the free tier does not have
_TOO_LARGE = re.compile(r"\blimit:? ([\d,]+).{0,40}\brequested:? ~?([\d,]+)", re.I | re.DOTALL)
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_LINK = re.compile(r"https?://\S+")
# Alibaba says of a limit per minute, in OpenAI's words, that there is no quota left; only the link tells which of the two it is.
_LINK_TO_RATES = re.compile(r"https?://\S+#(?:token|rate)[_-]?limits?\b", re.I)
_THROTTLED = re.compile(r"\brate[ _-]?limit|too[ _]many[ _]requests|throttl|RESOURCE_EXHAUSTED", re.I)

_TIMES = r"(?:\d+(?:\.\d+)?(?:ms|[dhms]))+"
# A wait stands behind what will be possible then: "try again in", "will reset after", "available again in about".
_ASKS = re.compile(
    r"\b(?:(?:try|retry|again|reset|available|back|renew|replenish|refresh|restor|resum|lift)\w*\b[^.;\n]{0,40}? (?:in|after)|"
    r"wait(?:ing)?(?: for)?)"
    r"(?: about| at least| another| approximately)? ~?"
    r"((?:(?:\d+(?:\.\d+)?|an?) ?(?:ms|milliseconds?|d(?:ays?)?|h(?:ours?|rs?)?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?)\b[ ,]*(?:and )?)+|"
    rf"{_TIMES})",
    re.I,
)
_ASKS_IN_CHINESE = re.compile(r"(\d+(?:\.\d+)?) ?(毫秒|秒|分|小时|天)钟?(?:之?后|以后)|等待 ?(\d+(?:\.\d+)?) ?(毫秒|秒|分|小时|天)")
# Also inside JSON that stands as a text in other JSON, and in Python's spelling of it: gateways quote the provider behind them.
_FIELD = re.compile(
    rf"re(?:try|set)[_-]?(?:delay|after|in)(?:[_-]?(ms|seconds|s))?[\"'\\]*\s*[:=]\s*[\"'\\]*({_TIMES}|\d+(?:\.\d+)?)\b", re.I
)
_RESET_FIELD = re.compile(r"x-ratelimit-reset[\"'\\]*\s*[:=]\s*[\"'\\]*(\d+(?:\.\d+)?)", re.I)
_PART = re.compile(r"(\d+(?:\.\d+)?|\ban?\b) ?(ms|milli|[dhms])", re.I)
_UNITS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "milli": 0.001}
_UNITS |= {"天": 86_400.0, "小时": 3_600.0, "分": 60.0, "秒": 1.0, "毫秒": 0.001}
_THIS_CENTURY = 1_000_000_000  # a number above is a time, one below a number of seconds


def find_lasting_reason(headers: Mapping[str, str], text: str, now: float) -> Lasting:
    """Return why a refusal of too many requests will not pass within minutes: no credit, a quota of a day, one request that is too large.

    Empty where it may pass: limits per minute, overload, and whatever does not say.
    """
    text = _unescape(text)
    is_of_rates = _LINK_TO_RATES.search(text) is not None
    if _NO_CREDIT.search(text) and not is_of_rates:
        return "credit"
    windows = [next(filter(None, found.groups())).lower() for found in _WINDOW.finditer(_LINK.sub("", text))]
    asks = read_retry_after(headers, now)
    asks = find_wait_in_text(text, now) if asks is None else asks
    # Google lists every quota that is used up, and tells to retry in seconds also when it is the day's. Elsewhere the first one counts:
    # "free-models-per-min. Add 10 credits to unlock 1000 requests per day". Limits per hour roll, so a wait that is asked for is enough.
    if _QUOTA_OF_A_DAY.search(text) or (windows and windows[0] not in _MINUTES and not (windows[0] == "hour" and asks is not None)):
        return "day"
    if _NONE_AT_ALL.search(text):
        return "day"
    if any(_parse_whole(requested) > _parse_whole(limit) for limit, requested in _TOO_LARGE.findall(text)):
        return "size"
    is_quota = _QUOTA.search(text) and not windows and asks is None and not is_of_rates and "RESOURCE_EXHAUSTED" not in text
    return "credit" if is_quota else ""


def is_throttled(text: str) -> bool:
    """Tell whether a refusal says that there were too many requests; some gateways say it with another status than 429."""
    return _THROTTLED.search(text) is not None


def is_too_long(wait_seconds: float | None) -> bool:
    """Tell whether a wait that an endpoint asks for is longer than anybody waits here."""
    return (wait_seconds or 0.0) > LONGEST_WAIT_SECONDS + _A_LITTLE_SECONDS


def read_retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return how long Retry-After or retry-after-ms asks to wait, in seconds or until a date; None where neither does."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        if (number := _parse_number(headers.get(name, ""))) is not None:
            return number * unit
    if re.fullmatch(_TIMES, headers.get("retry-after", "").strip()):
        return _parse_duration(headers["retry-after"])
    return _parse_date(headers.get("retry-after", ""), now)


def find_wait(headers: Mapping[str, str], text: str, limits: Mapping[str, str], now: float) -> float | None:
    """Return how long an answer asks to wait: by its header, in its body, or until one of `limits` is reset. None where it does not say."""
    for wait in (read_retry_after(headers, now), find_wait_in_text(text, now), _find_reset(limits, now)):
        if wait is not None:
            return wait
    return None


def find_wait_in_text(text: str, now: float) -> float | None:
    """Return how long a body asks to wait, in a field (Google's retryDelay, OpenRouter's headers) or in words ("try again in 1m2.5s")."""
    text = _unescape(text)
    if (field := _FIELD.search(text)) is not None:
        unit = (field[1] or "s").lower()
        number = _parse_number(field[2])
        return _parse_duration(field[2]) if number is None else number * _UNITS["s" if unit == "seconds" else unit]
    if (asks := _ASKS.search(text)) is not None:
        return _parse_duration(asks[1])
    if (asks := _ASKS_IN_CHINESE.search(text)) is not None:
        return float(asks[1] or asks[3]) * _UNITS[asks[2] or asks[4]]
    reset = _RESET_FIELD.search(text)
    return None if reset is None else _parse_reset(reset[1], now)


def _unescape(text: str) -> str:
    """Return a text without JSON's escapes for letters: it may spell 余额不足 in ASCII."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def _find_reset(headers: Mapping[str, str], now: float) -> float | None:
    """Return how long until a limit is reset of which nothing remains.

    Names differ: x-ratelimit-reset-tokens (OpenAI), anthropic-ratelimit-requests-reset, ...
    """
    lower = {name.lower(): value for name, value in headers.items() if "ratelimit" in name.lower()}
    resets = {name: value for name, value in lower.items() if "reset" in name}
    meant = [
        value
        for name, value in resets.items()
        if name in ("x-ratelimit-reset", "ratelimit-reset") or _parse_number(lower.get(name.replace("reset", "remaining"), "")) == 0
    ]
    waits = [wait for value in meant or resets.values() if (wait := _parse_reset(value, now)) is not None]
    if not meant:  # the answer does not say which limit it was, and the one that is far away belongs to another
        waits = [wait for wait in waits if not is_too_long(wait)]
    return max(waits, default=None)


def _parse_reset(value: str, now: float) -> float | None:
    """Parse a reset: seconds, a time in seconds or milliseconds, a duration (6m0s), or a date. Return seconds from now."""
    number = _parse_number(value)
    if number is not None:
        if number > 1000 * _THIS_CENTURY:
            number /= 1000
        return max(0.0, number - now) if number > _THIS_CENTURY else number
    return _parse_duration(value) if re.fullmatch(_TIMES, value.strip()) else _parse_date(value, now)


def _parse_date(value: str, now: float) -> float | None:
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            return max(0.0, read(value.strip()).timestamp() - now)
        except (ValueError, OverflowError, OSError):
            continue
    return None


def _parse_duration(text: str) -> float:
    """Parse a length of time: "5s", "1m2.5s", "1 hour 30 minutes", "an hour". Return seconds."""
    parts = _PART.findall(text)
    return sum((1.0 if number[0] in "aA" else float(number)) * _UNITS[unit.lower()] for number, unit in parts)


def _parse_number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\s*\d{1,15}(\.\d{0,12})?\s*", text, re.ASCII) else None


def _parse_whole(digits: str) -> int:
    return int(digits.replace(",", "") or 0)
