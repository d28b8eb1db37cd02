"""A result: the exact value, and the ways to read it."""

from __future__ import annotations

import decimal
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import inf
from re import findall

from ..errors import UsageError
from .instructions import Code, count_operands
from .number_text import TEXT_DIGITS, format_digits, format_money, format_value, quantize_fraction, round_to_digits, strip_zeros
from .rational import Rational, as_pair, multiply
from .refusal import CalculationError, ErrorCode, Refused
from .symbolic_client import KEPT_DIGITS, Symbolic, evaluate_in_worker, render_steps
from .units import PERCENT, PLAIN, Label, convert_units, find_currency, spell_label

MAX_PLACES = 1_000
MAX_WIDTH = 10_000  # of a format: a width of a billion is a billion bytes
ROUNDINGS = tuple(sorted(name for name in vars(decimal) if name.startswith("ROUND_")))


class Result:
    """The result of `calculate`: frozen, exact, and equal to any number of the same value. `str()` of it is its text."""

    # no dataclass: importing dataclasses costs more than all of the arithmetic
    __slots__ = ("_code", "_label", "_value", "expression")

    def __init__(self, expression: str, value: Rational | Symbolic, code: Code, label: Label = PLAIN) -> None:
        _set(self, "expression", expression)
        _set(self, "_value", value)
        _set(self, "_code", code)
        _set(self, "_label", label)

    expression: str
    """The text that was calculated."""
    _value: Rational | Symbolic
    _code: Code
    _label: Label

    @property
    def _executed(self) -> Code:
        """Return the code with the units that meet converted. As a variable, a result is converted where it is used."""
        return convert_units(self._code)[1] if any(opcode == "unit" for opcode, _, _ in self._code) else self._code

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"A Result is frozen: {name!r} cannot be set.")

    def __reduce__(self) -> tuple[type[Result], tuple[object, ...]]:
        return Result, (self.expression, self._value, self._code, self._label)

    def _repr_html_(self) -> str:
        """Return the calculation as a notebook shows it."""
        from html import escape  # late, for load time

        return f"<code>{escape(self.expression)}</code> = <b>{escape(self.text)}</b>"

    def _repr_markdown_(self) -> str:
        """Return the calculation as Markdown, for what shows no HTML."""
        return f"    {self.expression} = {self.text}"

    @property
    def exact(self) -> int | Fraction | str:
        """Return the value without rounding: an int, a Fraction, or the spelling of what is not rational, such as 'sqrt(2)'."""
        if isinstance(self._value, Symbolic):
            return self._value.spelling
        return self._value if type(self._value) is int else Fraction(*as_pair(self._value))

    @property
    def text(self) -> str:
        """Return the value to read: whole when it is short, else 15 significant digits, with its label."""
        if self._label == PERCENT:
            if isinstance(self._value, Symbolic):
                return f"{format_digits(self._to_decimal() * 100, TEXT_DIGITS)}%"
            return f"{format_value(multiply(self._value, 100))}%"
        sign = find_currency(self._label)
        if isinstance(self._value, Symbolic):
            number = format_value(self._value)
            return number if self._label == PLAIN else self._add_label(sign, format_money(sign, self._to_decimal()) if sign else number)
        if self._label == PLAIN:
            return format_value(self._value)
        return self._add_label(sign, format_money(sign, self._money_digits()) if sign else format_value(self._value))

    def _add_label(self, sign: str, number: str) -> str:
        if self._label == ((sign, 1),):
            return number
        if not sign:
            return f"{number} {spell_label(self._label)}"
        return f"{number}{spell_label(self._label).removeprefix(sign)}"

    def _money_digits(self) -> Decimal:
        # An amount below a cent keeps its digits: $0.0004 is not $0.00.
        cents = self.decimal(2)
        return cents if cents or self._value == 0 else self._to_decimal(TEXT_DIGITS)

    @property
    def label(self) -> str:
        """Return what the number counts ('$', 'km', '$/h'), or an empty text for a plain number."""
        return spell_label(self._label) if self._label else ""

    @property
    def fraction(self) -> Fraction:
        """Return the value as a Fraction. Raise CalculationError for one that is not rational."""
        if isinstance(self._value, Symbolic):
            raise self._build_error(f"{self._value.spelling} is not a fraction; use .decimal(places) or .exact.")
        return Fraction(*as_pair(self._value))

    @property
    def steps(self) -> tuple[str, ...]:
        """Return the work in lines, one for each operation, in the order in which it was done."""
        try:
            return render_steps(self._executed, self._value)
        except Refused as refusal:
            raise self._build_error(refusal.reason, refusal.code) from None

    @property
    def has_plain_angle(self) -> bool:
        """Return whether a sine, cosine or tangent was taken of a number without pi or degrees: sin(30) is that of 30 radians."""
        stack: list[bool] = []  # whether pi is in what each value was made of
        for instruction in self._code:
            opcode, _, value = instruction
            count = count_operands(instruction)
            made_of_pi = (opcode, value) == ("constant", "pi") or any(stack[len(stack) - count :])
            if opcode == "call" and value[0] in ("sin", "cos", "tan") and not made_of_pi:
                return True
            del stack[len(stack) - count :]
            stack.append(made_of_pi)
        return False

    @property
    def has_plain_logarithm(self) -> bool:
        """Return whether `log` was taken without a base: it is the natural logarithm here, and the one to base 10 elsewhere."""
        return any(opcode == "call" and value == ("log", 1) for opcode, _, value in self._code)

    def decimal(self, places: int, rounding: str = ROUND_HALF_UP) -> Decimal:
        """Return the exact value rounded, once, to so many decimals. A half goes away from zero unless `rounding` says otherwise."""
        if type(places) is not int or not 0 <= places <= MAX_PLACES:
            raise UsageError(f"decimal(places) takes 0 to {MAX_PLACES} decimals, not {places!r}.")
        if rounding not in ROUNDINGS:
            raise UsageError(f"decimal(rounding=) is one of {', '.join(ROUNDINGS)}, not {rounding!r}.")
        if not isinstance(self._value, Symbolic):
            return quantize_fraction(*as_pair(self._value), places, rounding)
        # Five more digits than are shown, so that rounding twice does not move a half.
        digits = self._to_decimal(max(self._to_decimal().adjusted(), 0) + places + 5)
        return quantize_fraction(*digits.as_integer_ratio(), places, rounding)

    def _to_decimal(self, digits: int = KEPT_DIGITS) -> Decimal:
        """Return the value as a Decimal of at least so many significant digits."""
        if not isinstance(self._value, Symbolic):
            return round_to_digits(*as_pair(self._value), digits)
        if self._value.digits is None:
            raise self._build_error(f"{self._value.spelling} is not one number.")
        if digits <= KEPT_DIGITS:
            return Decimal(self._value.digits)
        try:
            answer = evaluate_in_worker(self._executed, digits)
        except Refused as refusal:
            raise self._build_error(refusal.reason, refusal.code) from None
        return Decimal(answer.digits or "0") if isinstance(answer, Symbolic) else round_to_digits(*as_pair(answer), digits)

    def _build_error(self, reason: str, code: ErrorCode = ErrorCode.MATH_DOMAIN) -> CalculationError:
        return CalculationError(self.expression, 0, reason, code)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Result {self.expression!r} = {self.text}>"

    def __float__(self) -> float:
        try:
            found = float(self._to_decimal()) if isinstance(self._value, Symbolic) else self.fraction.__float__()
        except OverflowError:
            found = inf
        if found in (inf, -inf):
            raise self._build_error("The value is too large for a float; use .decimal(places) or .exact.", ErrorCode.TOO_LARGE)
        return found

    def __int__(self) -> int:
        if type(self._value) is int:
            return self._value
        raise self._build_error("The value is not whole; round it, or use .exact.")

    def __bool__(self) -> bool:
        return self._value != 0

    def __format__(self, spec: str) -> str:
        """Format as a number (`.2f`, `,.2f`, `.1%`, `d`, `e`), rounded once from the exact value, halves away from zero."""
        kind = spec[-1:]
        # A format may come from a template that somebody else wrote.
        if any(int(number) > MAX_WIDTH for number in findall("[0-9]+", spec)):
            raise UsageError(f"A format has widths and precisions up to {MAX_WIDTH:,}, not {spec!r}.")
        if kind == "s" or not spec or (not kind.isalpha() and kind != "%" and not ("," in spec or "." in spec or "_" in spec)):
            return format(self.text, spec)
        if kind == "d":
            return format(int(self), spec)
        after = spec[:-1].rpartition(".")
        precision = int(after[2]) if after[1] and after[2].isdecimal() else 6
        if kind in "fF%":
            return format(self.decimal(precision + 2 * (kind == "%")), spec)
        if type(self._value) is int and not kind.isalpha():
            return format(self._value, spec)
        return format(strip_zeros(self._to_decimal(max(KEPT_DIGITS, precision + 5))), spec)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Result):
            return self.exact == other.exact and self._label == other._label
        # Equal values must have equal hashes, so a labelled result equals no plain number.
        if isinstance(other, (int, float, Decimal, Fraction)) and not self._label:
            return not isinstance(self._value, Symbolic) and self.exact == other
        return NotImplemented

    def __hash__(self) -> int:
        return hash((self.exact, self._label)) if self._label else hash(self.exact)


_set = object.__setattr__
