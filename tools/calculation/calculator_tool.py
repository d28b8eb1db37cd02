"""The CALCULATOR tool: exact arithmetic for a model, alone or in the middle of a sentence."""

from __future__ import annotations

import re
from decimal import Decimal

from ..definition.decorators import tool
from .evaluation import calculate, calculate_async
from .number_text import format_cents, format_digits
from .result import Result
from .tokens import CURRENCIES
from .units import UNITS

_WORD_AFTER = re.compile(r"\s?([A-Za-z]+|[€$£¥₹](?![0-9.(]|\w+\())")  # a sign before another number belongs to that
_MONEY_BEFORE = re.compile(r"(?:[$€£¥₹]|\b(?:USD|EUR|GBP|JPY|INR))\s?$")
_LONGEST_BEFORE = 8  # "\\bUSD\\s?$" looks at one character before the word, and at a line break after the space
INLINE_DIGITS = 12
_RADIANS = " (the angle is in radians; for degrees write sin(30°))"
_NATURAL = " (log is the natural logarithm here; log10 is the one to base 10)"


def format_inline(value: object, before: str, after: str) -> str:
    """Return a value as it reads in a sentence: to the cent beside a currency sign or word, else to 12 significant digits.

    `before` and `after` are the text around the call. Half a cent goes up; whole numbers are never rounded.
    """
    text = str(value).removesuffix(_NATURAL).removesuffix(_RADIANS)
    if text.endswith("%") and after.lstrip().startswith(("%", "percent")):
        text = text[:-1]
    following = _WORD_AFTER.match(after)
    currency_after = UNITS.get(following[1], following[1]) if following else ""
    cents = format_cents(text)
    if cents is None:
        # The value has a label already. Its currency sign is dropped where the sentence has one beside it: $CALCULATOR($5 * 2).
        sign = next((sign for sign in CURRENCIES if text.lstrip("-").startswith(sign)), "")
        return text.replace(sign, "", 1) if sign and (before.endswith(sign) or currency_after == sign) else text
    if _MONEY_BEFORE.search(before[-_LONGEST_BEFORE:]) or (currency_after and currency_after in CURRENCIES):
        return cents
    if "." not in text and "e" not in text:
        return text  # whole numbers are never rounded
    return format_digits(Decimal(text), INLINE_DIGITS)


async def calculate_text(expression: str) -> str:
    """Return the calculator's text. The event loop goes on meanwhile: symbolic work takes up to two seconds."""
    return _tell(await calculate_async(expression))


def _tell(result: Result) -> str:
    """Return a result as the model reads it: of an angle without degrees or pi, and of a log without a base, it says how they were read."""
    angle = _RADIANS if result.has_plain_angle else ""
    return f"{result.text}{angle}{_NATURAL if result.has_plain_logarithm else ''}"


@tool.pure(name="CALCULATOR", inline=format_inline, async_function=calculate_text)
def calculator(expression: str) -> str:
    """Work out an arithmetic expression exactly and give its value.

    Args:
        expression: The expression, such as 100 * 1.05^8 or sqrt(2) / 3; ^ is power, % after a number is percent: write p percent of a
            number as p% * number; angles are in radians or have a °, as in sin(30°).
    """
    return _tell(calculate(expression))
