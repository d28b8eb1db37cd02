"""Write numbers as text and as decimals, each rounded once from the exact value."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from math import log10

TEXT_DIGITS = 15  # of a number whose decimals never end
FINITE_DIGITS = 28  # a decimal that ends within these is written whole
# Wide enough for any result that the limits allow, so that no step rounds.
_EXACT = Context(prec=40_000, Emax=999_999, Emin=-999_999)


def format_value(value: object) -> str:
    """Return a plain value as text."""
    if type(value) is int:
        return str(value)
    if isinstance(value, tuple):
        return _format_fraction(*value)
    digits = getattr(value, "digits", None)
    spelling = getattr(value, "spelling", "")
    return spelling if digits is None else format_digits(_EXACT.create_decimal(digits), TEXT_DIGITS)


def _format_fraction(top: int, bottom: int) -> str:
    places = _count_decimals(bottom)
    if places is not None:
        shift = top * 10**places // bottom
        if abs(shift) < 10**FINITE_DIGITS:
            return format_decimal(Decimal(shift).scaleb(-places, _EXACT))
    return format_decimal(strip_zeros(round_to_digits(top, bottom, TEXT_DIGITS)))


def _count_decimals(bottom: int) -> int | None:
    """Return how many decimals a reduced fraction with this denominator has. None if they never end or are too many to show."""
    # A long denominator has too many decimals to show, whatever its factors are.
    if bottom.bit_length() > 200:
        return None
    # A decimal ends where the denominator has no prime factors but 2 and 5.
    twos = (bottom & -bottom).bit_length() - 1
    rest, fives = bottom >> twos, 0
    while rest % 5 == 0:
        rest //= 5
        fives += 1
    return max(twos, fives) if rest == 1 else None


def quantize_fraction(top: int, bottom: int, places: int, rounding: str) -> Decimal:
    """Return top / bottom with so many decimals."""
    whole, rest = divmod(abs(top) * 10 ** (places + 1), bottom)
    # one more digit says "and something": every rounding mode then decides as on the exact value
    sticky = Decimal(whole * 10 + (1 if rest else 0)).scaleb(-(places + 2), _EXACT)
    signed = sticky.copy_negate() if top < 0 else sticky
    return signed.quantize(Decimal(1).scaleb(-places), rounding, _EXACT)


def round_to_digits(top: int, bottom: int, digits: int) -> Decimal:
    """Return top / bottom with so many significant digits. A half goes away from zero."""
    if top == 0:
        return Decimal(0)
    # the estimate may be one off, so one digit more is computed, and the context rounds once with a sticky digit
    size = int(log10(abs(top)) - log10(bottom))
    shift = digits + 2 - size
    whole, rest = divmod(abs(top) * 10 ** max(shift, 0), bottom * 10 ** max(-shift, 0))
    sticky = Decimal(whole * 10 + (1 if rest else 0)).scaleb(-(shift + 1), _EXACT)
    rounded = Context(prec=digits, rounding=ROUND_HALF_UP, Emax=999_999, Emin=-999_999).plus(sticky)
    return rounded.copy_negate() if top < 0 else rounded


def strip_zeros(number: Decimal) -> Decimal:
    """Return the number without zeros at its end."""
    return number.normalize(_EXACT)


def format_digits(number: Decimal, digits: int) -> str:
    """Return a decimal as text with so many significant digits."""
    return format_decimal(strip_zeros(Context(prec=digits, rounding=ROUND_HALF_UP, Emax=999_999, Emin=-999_999).plus(number)))


def format_decimal(number: Decimal) -> str:
    """Return a decimal in plain digits, or with an exponent when it is very small or very large."""
    if number == 0:
        return "0"
    size = number.adjusted()
    if -7 <= size <= 20:
        text = format(number, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    digits = str(number.scaleb(-size, _EXACT).normalize(_EXACT))
    return f"{digits}e{size}"


def format_money(sign: str, amount: Decimal) -> str:
    """Return an amount as prices are written: $3,600, $3.33, -$5."""
    cents = quantize_fraction(*amount.as_integer_ratio(), 2, ROUND_HALF_UP)
    if cents == 0 and amount != 0:
        return f"{'-' if amount < 0 else ''}{sign}{format_decimal(abs(amount))}"
    whole = cents == cents.to_integral_value(context=_EXACT)
    return f"{'-' if cents < 0 else ''}{sign}{abs(cents):,.{0 if whole else 2}f}"


def format_cents(text: str) -> str | None:
    """Return a number's text as it reads beside a currency: whole, or with two decimals. None when the text is not a plain number."""
    try:
        amount = _EXACT.create_decimal(text)
    except ArithmeticError:
        return None
    cents = quantize_fraction(*amount.as_integer_ratio(), 2, ROUND_HALF_UP)
    return format(abs(cents) if cents == 0 else cents, "f").removesuffix(".00")
