"""Numbers as text and as decimals, each rounded once from the exact value."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from math import log10

TEXT_DIGITS = 15  # of a number whose decimals never end
FINITE_DIGITS = 28  # a decimal that ends within these is written whole
_EXACT = Context(prec=40_000, Emax=999_999, Emin=-999_999)


def text_of(value: object) -> str:
    """A plain value as text."""
    if type(value) is int:
        return str(value)
    if isinstance(value, tuple):
        return _fraction_text(*value)
    digits = getattr(value, "digits", None)
    spelling = getattr(value, "spelling", "")
    return spelling if digits is None else written_text(_EXACT.create_decimal(digits), TEXT_DIGITS)


def _fraction_text(top: int, bottom: int) -> str:
    places = _places_of(bottom)
    if places is not None:
        shift = top * 10**places // bottom
        if abs(shift) < 10**FINITE_DIGITS:
            return spelled_decimal(Decimal(shift).scaleb(-places, _EXACT))
    return spelled_decimal(written(significant(top, bottom, TEXT_DIGITS)))


def _places_of(bottom: int) -> int | None:
    """How many decimals a reduced fraction with this denominator has; None if they never end or are too many to show."""
    if bottom.bit_length() > 200:
        return None
    twos = (bottom & -bottom).bit_length() - 1
    rest, fives = bottom >> twos, 0
    while rest % 5 == 0:
        rest //= 5
        fives += 1
    return max(twos, fives) if rest == 1 else None


def quantized(top: int, bottom: int, places: int, rounding: str) -> Decimal:
    """top / bottom with so many decimals."""
    whole, rest = divmod(abs(top) * 10 ** (places + 1), bottom)
    # one more digit says "and something": every rounding mode then decides as on the exact value
    sticky = Decimal(whole * 10 + (1 if rest else 0)).scaleb(-(places + 2), _EXACT)
    signed = sticky.copy_negate() if top < 0 else sticky
    return signed.quantize(Decimal(1).scaleb(-places), rounding, _EXACT)


def significant(top: int, bottom: int, digits: int) -> Decimal:
    """top / bottom with so many significant digits, a half away from zero."""
    if top == 0:
        return Decimal(0)
    # the estimate may be one off, so one digit more is computed, and the context rounds once with a sticky digit
    size = int(log10(abs(top)) - log10(bottom))
    shift = digits + 2 - size
    whole, rest = divmod(abs(top) * 10 ** max(shift, 0), bottom * 10 ** max(-shift, 0))
    sticky = Decimal(whole * 10 + (1 if rest else 0)).scaleb(-(shift + 1), _EXACT)
    rounded = Context(prec=digits, rounding=ROUND_HALF_UP, Emax=999_999, Emin=-999_999).plus(sticky)
    return rounded.copy_negate() if top < 0 else rounded


def written(number: Decimal) -> Decimal:
    """The number without zeros at its end."""
    return number.normalize(_EXACT)


def written_text(number: Decimal, digits: int) -> str:
    """A decimal as text with so many significant digits."""
    return spelled_decimal(written(Context(prec=digits, rounding=ROUND_HALF_UP, Emax=999_999, Emin=-999_999).plus(number)))


def spelled_decimal(number: Decimal) -> str:
    """A decimal in plain digits, or with an exponent when it is very small or very large."""
    if number == 0:
        return "0"
    size = number.adjusted()
    if -7 <= size <= 20:
        text = format(number, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    digits = str(number.scaleb(-size, _EXACT).normalize(_EXACT))
    return f"{digits}e{size}"


def money(sign: str, amount: Decimal) -> str:
    """An amount as prices are written: $3,600, $3.33, -$5."""
    cents = quantized(*amount.as_integer_ratio(), 2, ROUND_HALF_UP)
    if cents == 0 and amount != 0:
        return f"{'-' if amount < 0 else ''}{sign}{spelled_decimal(abs(amount))}"
    whole = cents == cents.to_integral_value(context=_EXACT)
    return f"{'-' if cents < 0 else ''}{sign}{abs(cents):,.{0 if whole else 2}f}"


def as_cents(text: str) -> str | None:
    """A number's text as it reads beside a currency: whole, or with two decimals; None when the text is no plain number."""
    try:
        amount = _EXACT.create_decimal(text)
    except ArithmeticError:
        return None
    cents = quantized(*amount.as_integer_ratio(), 2, ROUND_HALF_UP)
    return format(abs(cents) if cents == 0 else cents, "f").removesuffix(".00")
