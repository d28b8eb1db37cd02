"""Currencies and units as labels: what `$1,200 * 3` and `60 km/h * 2 h` count. Labels are derived and never converted."""

from __future__ import annotations

from .instructions import Code
from .refusal import ErrorCode, Refused
from .tokens import CURRENCIES

Label = tuple[tuple[str, int], ...]  # unit and exponent, sorted; empty for a plain number
PLAIN: Label = ()

_SPELLINGS = {
    "$": "$ usd dollar dollars",
    "€": "€ eur euro euros",
    "£": "£ gbp pound_sterling",
    "¥": "¥ jpy yen",
    "₹": "₹ inr rupee rupees",
    "mm": "mm millimeter millimeters millimetre millimetres",
    "cm": "cm centimeter centimeters centimetre centimetres",
    "m": "m meter meters metre metres",
    "km": "km kilometer kilometers kilometre kilometres",
    "ft": "ft foot feet",
    "yd": "yd yard yards",
    "mi": "mi mile miles",
    "inches": "inch inches",
    "mg": "mg milligram milligrams",
    "g": "g gram grams",
    "kg": "kg kilogram kilograms",
    "lb": "lb lbs pound pounds",
    "oz": "oz ounce ounces",
    "ml": "ml milliliter milliliters millilitre millilitres",
    "l": "l L liter liters litre litres",
    "gal": "gal gallon gallons",
    "s": "s sec second seconds",
    "min": "minute minutes",
    "h": "h hr hrs hour hours",
    "days": "day days",
    "weeks": "week weeks",
    "months": "month months",
    "years": "year years",
}
UNITS = {spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in spellings.split()}
UNITS |= {name.upper(): unit for name, unit in UNITS.items() if name in ("usd", "eur", "gbp", "jpy", "inr")}

_KEEP = frozenset({"abs", "round", "floor", "ceil", "trunc"})
_JOIN = frozenset({"max", "min", "sum", "mean", "median", "stdev", "pstdev", "hypot"})


def derive_label(code: Code) -> Label:
    """Return the label of an expression's value. Raise Refused where labels do not fit together."""
    stack: list[tuple[Label, object]] = []  # with each label the number, where it is written out: an exponent must be
    for opcode, at, value in code:
        try:
            if opcode in ("number", "constant", "symbol"):
                stack.append((PLAIN, value))
            elif opcode == "unit":
                label, number = stack.pop()
                if label != PLAIN:
                    raise _label_error("This already has a unit.")
                stack.append((((str(value), 1),), number))
            elif opcode == "call":
                name, count = value
                labels = [label for label, _ in stack[len(stack) - count :]]
                del stack[len(stack) - count :]
                stack.append((_label_call(name, labels), None))
            elif opcode in ("negate", "percent", "factorial"):
                label, number = stack.pop()
                if label != PLAIN and opcode != "negate":
                    raise _label_error("This needs a plain number, without a unit.")
                stack.append((label, -number if opcode == "negate" and type(number) is int else None))
            else:
                right, exponent = stack.pop()
                left, _ = stack.pop()
                stack.append((_label_operation(opcode, left, right, exponent), None))
        except Refused as refusal:
            raise Refused(refusal.reason, refusal.code, at) from None
    return stack[-1][0]


def _label_operation(opcode: str, left: Label, right: Label, exponent: object) -> Label:
    if opcode in ("+", "-"):
        return _join_labels([left, right])
    if opcode == "*":
        return _multiply_labels(left, right, 1)
    if opcode == "/":
        if left == PLAIN and len(right) == 1 and right[0][0] in CURRENCIES:
            return PLAIN  # how many for that price: 100 / $5
        if left == PLAIN and right != PLAIN:
            raise _label_error("It is not clear whether the unit belongs to the divisor; write (1/2) km or 1/(2 km).", ErrorCode.AMBIGUOUS)
        return _multiply_labels(left, right, -1)
    if opcode in ("%", "//"):
        if right in (PLAIN, left):
            return left if opcode == "%" or right == PLAIN else PLAIN
        raise _label_error(f"{spell_label(left)} and {spell_label(right)} cannot be divided with a remainder.")
    if right != PLAIN:
        raise _label_error("An exponent is a plain number, without a unit.")
    if left == PLAIN:
        return PLAIN
    if type(exponent) is not int or abs(exponent) > 9:
        raise _label_error("A number with a unit can be raised to a small whole number only.")
    return tuple((unit, power * exponent) for unit, power in left if exponent)


def _label_call(name: str, labels: list[Label]) -> Label:
    if name in _KEEP and all(label == PLAIN for label in labels[1:]):
        return labels[0]
    if name in _JOIN:
        return _join_labels(labels)
    # The root of an area is a length.
    if name == "sqrt" and all(power % 2 == 0 for _, power in labels[0]):
        return tuple((unit, power // 2) for unit, power in labels[0])
    if any(labels):
        raise _label_error(f"{name} takes plain numbers, without units.")
    return PLAIN


def _join_labels(labels: list[Label]) -> Label:
    """Return one label for numbers that are added or compared. A plain number beside one with a unit is taken to mean the same unit."""
    found = {label for label in labels if label != PLAIN}
    if len(found) > 1:
        first, second = sorted(found)[:2]
        raise _label_error(f"{spell_label(first)} and {spell_label(second)} cannot be added or compared; units are not converted.")
    return found.pop() if found else PLAIN


def _multiply_labels(left: Label, right: Label, direction: int) -> Label:
    # km/h * h: exponents add up, and units of exponent zero vanish.
    powers = dict(left)
    for unit, power in right:
        powers[unit] = powers.get(unit, 0) + direction * power
    return tuple(sorted((unit, power) for unit, power in powers.items() if power))


def _label_error(reason: str, code: ErrorCode = ErrorCode.LABELS) -> Refused:
    return Refused(reason, code)


def spell_label(label: Label) -> str:
    """Return the label as text: km, km/h, $/h."""
    if label == PLAIN:
        return "a plain number"
    above = " ".join(unit if power == 1 else f"{unit}^{power}" for unit, power in label if power > 0) or "1"
    below = "/".join(unit if power == -1 else f"{unit}^{-power}" for unit, power in label if power < 0)
    return f"{above}/{below}" if below else above


def find_currency(label: Label) -> str:
    """Return the currency sign where the label is an amount of money (also per something), else an empty text."""
    above = [unit for unit, power in label if power > 0]
    return above[0] if len(above) == 1 and above[0] in CURRENCIES and (above[0], 1) in label else ""
