"""Where the visible text of a page says a fact that its data states: the shortest piece of it that holds subject and value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ..fields import Field

MAX_GAP = 160
_MAX_TRIES = 12
_NUMBER = re.compile(r"\d+(?:[.,'’ \u00a0\u202f]\d{3})*(?:[.,]\d{1,2})?(?!\d)")
_SIGN_AFTER = re.compile(r"[ \u00a0]?(?:[$€£¥₹円元]|kr\b|[A-Z]{3}\b)")
_CURRENCIES = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥円", "CNY": "¥元", "INR": "₹", "SEK": "kr", "NOK": "kr", "DKK": "kr"}


class VisibleText:
    """The visible text of a page, to be asked where it says something."""

    def __init__(self, visible: str) -> None:
        # Line breaks stay, so that it is known where a row ends.
        self.text: str = "\n".join(" ".join(line.split()) for line in visible.split("\n"))
        folded = self.text.lower()
        self.folded: str = (folded if len(folded) == len(self.text) else self.text).replace("\n", " ")

    def find(self, parts: Sequence[str], *, one_line: bool = False, gap: int = MAX_GAP) -> str:
        """Return the shortest piece of text that holds these parts in this order, at most `gap` characters apart; empty if none does."""
        wanted = [" ".join(part.lower().split()) for part in parts if part]
        best: tuple[int, int] | None = None
        at = -1
        for _ in range(_MAX_TRIES):
            at = self.folded.find(wanted[0], at + 1) if wanted else -1
            if at < 0:
                break
            end = self._follow(at + len(wanted[0]), wanted[1:], gap)
            if end and (best is None or end - at < best[1] - best[0]) and not (one_line and "\n" in self.text[at:end]):
                best = (at, end)
        return " ".join(self.text[best[0] : best[1]].split()) if best else ""

    def _follow(self, end: int, wanted: Sequence[str], gap: int) -> int:
        for part in wanted:
            place = self.folded.find(part, end, end + gap + len(part))
            if place < 0:
                return 0
            end = place + len(part)
        return end

    def find_amount(self, subject: str, value: str) -> str:
        """Return where the text says the price in `value` of the subject, written with its currency in any of the usual ways."""
        found = re.fullmatch(r"(\d+(?:[.,]\d+)?) ([A-Z]{3})(?: per (\w+))?", value)
        if not found or not subject:
            return ""
        amount, signs, period = _read_number(found[1]), _CURRENCIES.get(found[2], "") + found[2], found[3] or ""
        folded, at = subject.lower(), -1
        for _ in range(_MAX_TRIES):
            at = self.folded.find(folded, at + 1)
            if at < 0:
                return ""
            window = self.text[at + len(subject) : at + len(subject) + MAX_GAP]
            for number in _NUMBER.finditer(window):
                around = window[max(0, number.start() - 5) : number.end() + 5]
                after = window[number.end() : number.end() + 24]
                if _read_number(number[0]) == amount and any(sign in around for sign in (*signs[: -len(found[2])], found[2])):
                    if "~~" in around or (period and period not in after):
                        break
                    sign = _SIGN_AFTER.match(after)
                    end = at + len(subject) + number.end() + (sign.end() if sign else 0)
                    line_end = self.text.find("\n", end)
                    return " ".join(self.text[at : line_end if 0 <= line_end - end < 60 else end].split())
        return ""


def read_amount(value: str) -> str:
    """Return the number of a value that holds one price, so that "12,00 €" and "12.00 EUR" are alike; else the value."""
    numbers = _NUMBER.findall(value)
    return f"{_read_number(numbers[0]):g}" if len(numbers) == 1 and len(value) < 24 else value


def _read_number(text: str) -> float:
    text = re.sub(r"['’ \u00a0\u202f]", "", text)
    decimals = re.search(r"[.,](\d{1,2})$", text)
    whole = re.sub(r"[.,]", "", text[: decimals.start()] if decimals else text)
    return float(f"{whole or 0}.{decimals[1] if decimals else 0}")


def quote_visible(field: Field, visible: VisibleText) -> Field | None:
    """Return the field of a page's data with the piece of visible text that says the same; None if the text does not say it."""
    if field.old:
        return None
    long_text = len(field.value) > 30
    if field.name == "name" and not field.subject:
        quote = visible.find([field.value])
    elif found := visible.find_amount(field.subject, field.value):
        quote = found
    elif field.subject:
        quote = visible.find([field.subject, field.name, field.value], gap=60) or visible.find(
            [field.subject, field.value], gap=40 if not long_text else MAX_GAP
        )
    else:
        quote = visible.find([field.name, field.value], gap=40) or (visible.find([field.value]) if long_text else "")
    return replace(field, quote=quote) if quote else None
