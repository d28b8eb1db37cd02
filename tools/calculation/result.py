"""A result: the exact value, and the ways to read it."""

from __future__ import annotations

import decimal
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import inf
from re import findall

from ..errors import UsageError
from .rational import Rational, pair
from .refusal import CalculationError, Refused, Why
from .symbols import KEPT_DIGITS, Symbolic, ask, work_shown
from .units import PLAIN, Code, Label, currency_of, spelled
from .writing import TEXT_DIGITS, money, quantized, significant, text_of, written

MAX_PLACES = 1_000
MAX_WIDTH = 10_000  # of a format: a width of a billion is a billion bytes
ROUNDINGS = tuple(sorted(name for name in vars(decimal) if name.startswith("ROUND_")))


class Result:
    """What `calculate` gives: frozen, exact, and equal to any number of the same value. `str()` of it is its text."""

    # no dataclass: importing dataclasses costs more than all of the arithmetic
    __slots__ = ("_code", "_label", "_value", "expression")

    def __init__(self, expression: str, value: Rational | Symbolic, code: Code, label: Label = PLAIN) -> None:
        _put(self, "expression", expression)
        _put(self, "_value", value)
        _put(self, "_code", code)
        _put(self, "_label", label)

    expression: str
    """The text that was calculated."""
    _value: Rational | Symbolic
    _code: Code
    _label: Label

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"A Result is frozen: {name!r} cannot be set.")

    def __reduce__(self) -> tuple[type[Result], tuple[object, ...]]:
        return Result, (self.expression, self._value, self._code, self._label)

    @property
    def exact(self) -> int | Fraction | str:
        """The value without any rounding: an int, a Fraction, or for what is not rational its spelling, such as 'sqrt(2)'."""
        if isinstance(self._value, Symbolic):
            return self._value.spelling
        return self._value if type(self._value) is int else Fraction(*pair(self._value))

    @property
    def text(self) -> str:
        """The value to read: whole when it is short, else 15 significant digits; with its label."""
        sign = currency_of(self._label)
        if isinstance(self._value, Symbolic):
            number = text_of(self._value)
            return number if self._label == PLAIN else self._labelled(sign, money(sign, self._decimal()) if sign else number)
        if self._label == PLAIN:
            return text_of(self._value)
        return self._labelled(sign, money(sign, self._money_digits()) if sign else text_of(self._value))

    def _labelled(self, sign: str, number: str) -> str:
        if self._label == ((sign, 1),):
            return number
        if not sign:
            return f"{number} {spelled(self._label)}"
        return f"{number}{spelled(self._label).removeprefix(sign)}"

    def _money_digits(self) -> Decimal:
        cents = self.decimal(2)
        return cents if cents or self._value == 0 else self._decimal(TEXT_DIGITS)

    @property
    def label(self) -> str:
        """What the number counts ('$', 'km', '$/h'); empty for a plain number."""
        return spelled(self._label) if self._label else ""

    @property
    def fraction(self) -> Fraction:
        """The value as a Fraction. Raises CalculationError for one that is not rational."""
        if isinstance(self._value, Symbolic):
            raise self._unfit(f"{self._value.spelling} is no fraction; use .decimal(places) or .exact.")
        return Fraction(*pair(self._value))

    @property
    def steps(self) -> tuple[str, ...]:
        """The work shown: one line for each operation, in the order in which it was done."""
        try:
            return work_shown(self._code, self._value)
        except Refused as refusal:
            raise self._unfit(refusal.reason, refusal.code) from None

    def decimal(self, places: int, rounding: str = ROUND_HALF_UP) -> Decimal:
        """The exact value rounded, once, to so many decimals; a half goes away from zero unless `rounding` says otherwise."""
        if type(places) is not int or not 0 <= places <= MAX_PLACES:
            raise UsageError(f"decimal(places) takes 0 to {MAX_PLACES} decimals, not {places!r}.")
        if rounding not in ROUNDINGS:
            raise UsageError(f"decimal(rounding=) is one of {', '.join(ROUNDINGS)}, not {rounding!r}.")
        if not isinstance(self._value, Symbolic):
            return quantized(*pair(self._value), places, rounding)
        digits = self._decimal(max(self._decimal().adjusted(), 0) + places + 5)
        return quantized(*digits.as_integer_ratio(), places, rounding)

    def _decimal(self, digits: int = KEPT_DIGITS) -> Decimal:
        """The value as a Decimal of at least so many significant digits."""
        if not isinstance(self._value, Symbolic):
            return significant(*pair(self._value), digits)
        if self._value.digits is None:
            raise self._unfit(f"{self._value.spelling} is not one number.")
        if digits <= KEPT_DIGITS:
            return Decimal(self._value.digits)
        try:
            answer = ask(self._code, digits)
        except Refused as refusal:
            raise self._unfit(refusal.reason, refusal.code) from None
        return Decimal(answer.digits or "0") if isinstance(answer, Symbolic) else significant(*pair(answer), digits)

    def _unfit(self, reason: str, code: Why = Why.MATH_DOMAIN) -> CalculationError:
        return CalculationError(self.expression, 0, reason, code)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Result {self.expression!r} = {self.text}>"

    def __float__(self) -> float:
        try:
            found = float(self._decimal()) if isinstance(self._value, Symbolic) else self.fraction.__float__()
        except OverflowError:
            found = inf
        if found in (inf, -inf):
            raise self._unfit("The value is too large for a float; use .decimal(places) or .exact.", Why.TOO_LARGE)
        return found

    def __int__(self) -> int:
        if type(self._value) is int:
            return self._value
        raise self._unfit("The value is not whole; round it, or use .exact.")

    def __bool__(self) -> bool:
        return self._value != 0

    def __format__(self, spec: str) -> str:
        """Any format of a number (`.2f`, `,.2f`, `.1%`, `d`, `e`), rounded once from the exact value, halves away from zero."""
        kind = spec[-1:]
        if any(int(number) > MAX_WIDTH for number in findall("[0-9]+", spec)):
            raise UsageError(f"A format has widths and precisions up to {MAX_WIDTH:,}, not {spec!r}.")
        if kind == "s" or not spec or (not kind.isalpha() and kind != "%" and not ("," in spec or "." in spec or "_" in spec)):
            return format(self.text, spec)
        if kind == "d":
            return format(int(self), spec)
        after = spec[:-1].rpartition(".")
        precision = int(after[2]) if after[1] and after[2].isdigit() else 6
        if kind in "fF%":
            return format(self.decimal(precision + 2 * (kind == "%")), spec)
        if type(self._value) is int and not kind.isalpha():
            return format(self._value, spec)
        return format(written(self._decimal(max(KEPT_DIGITS, precision + 5))), spec)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Result):
            return self.exact == other.exact and self._label == other._label
        if isinstance(other, (int, float, Decimal, Fraction)) and not self._label:
            return not isinstance(self._value, Symbolic) and self.exact == other
        return NotImplemented

    def __hash__(self) -> int:
        return hash((self.exact, self._label)) if self._label else hash(self.exact)


_put = object.__setattr__
