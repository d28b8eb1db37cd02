"""Currencies and units as labels: what `$1,200 * 3` and `60 km/h * 2 h` count. Units of one kind are converted by exact factors.

A table of our own and not a library: what is convertible here is exact by definition (the international yard and pound of 1959, SI, and
calendars), and `pint`, which would read thousands of units, calculates in floats and takes longer to import than all of this.
"""

from __future__ import annotations

from .instructions import Code, Instruction
from .rational import Rational, divide, multiply
from .rational import power as raise_to
from .refusal import ErrorCode, Refused
from .tokens import CURRENCIES

Label = tuple[tuple[str, int], ...]  # unit and exponent, sorted; empty for a plain number
PLAIN: Label = ()
PERCENT: Label = (("%", 1),)  # of a value that is shown as a percentage: 1/4 as 25%

_SPELLINGS = {
    "$": "$ usd dollar dollars",
    "€": "€ eur euro euros",
    "£": "£ gbp pound_sterling",
    "¥": "¥ jpy yen",
    "₹": "₹ inr rupee rupees",
    "mm": "mm millimeter millimeters millimetre millimetres",
    "cm": "cm centimeter centimeters centimetre centimetres",
    "dm": "dm decimeter decimeters decimetre decimetres",
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
    "stone": "stone stones",
    "ml": "ml milliliter milliliters millilitre millilitres",
    "l": "l L liter liters litre litres",
    "gal": "gal gallon gallons",
    "cups": "cup cups",
    "tbsp": "tbsp tbsps tablespoon tablespoons",
    "tsp": "tsp tsps teaspoon teaspoons",
    "acres": "acre acres",
    "ha": "ha hectare hectares",
    "tonnes": "tonne tonnes",
    "bytes": "byte bytes",
    "kB": "kB KB kilobyte kilobytes",
    "MB": "MB megabyte megabytes",
    "GB": "GB gigabyte gigabytes",
    "TB": "TB terabyte terabytes",
    "KiB": "KiB kib kibibyte kibibytes",
    "MiB": "MiB mib mebibyte mebibytes",
    "GiB": "GiB gib gibibyte gibibytes",
    "TiB": "TiB tib tebibyte tebibytes",
    "ms": "ms millisecond milliseconds",
    "s": "s sec secs second seconds",
    "min": "min mins minute minutes",
    "h": "h hr hrs hour hours",
    "days": "day days",
    "weeks": "week weeks",
    "months": "month months",
    "years": "year years",
}
UNITS = {spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in spellings.split()}
UNITS |= {name.upper(): unit for name, unit in UNITS.items() if name in ("usd", "eur", "gbp", "jpy", "inr")}

# Each unit's kind, and how many of the kind's first unit it is, or of the one that is named.
_KINDS: dict[str, dict[str, Rational]] = {
    "length": {
        "m": 1,
        "mm": (1, 1000),
        "cm": (1, 100),
        "dm": (1, 10),
        "km": 1000,
        "inches": (127, 5000),
        "ft": (381, 1250),
        "yd": (1143, 1250),
        "mi": (201168, 125),
    },
    "mass": {
        "g": 1,
        "mg": (1, 1000),
        "kg": 1000,
        "tonnes": 1_000_000,
        "lb": (45359237, 100_000),
        "oz": (45359237, 1_600_000),
        "stone": (317514659, 50_000),
    },
    "area": {"ha": 10_000, "acres": (316_160_658, 78_125)},  # in square metres
    "volume": {"l": (1, 1000), "ml": (1, 1_000_000)},  # in cubic metres
    "kitchen": {"tsp": 1, "tbsp": 3, "cups": 48},  # how many millilitres they hold depends on the country
    "data": {
        "bytes": 1,
        "kB": 10**3,
        "MB": 10**6,
        "GB": 10**9,
        "TB": 10**12,
        "KiB": 2**10,
        "MiB": 2**20,
        "GiB": 2**30,
        "TiB": 2**40,
    },
    "time": {"s": 1, "ms": (1, 1000), "min": 60, "h": 3600, "days": 86_400, "weeks": 604_800},
    "months": {"months": 1, "years": 12},  # a month has no number of days
}
_OF_LENGTH = {"area": 2, "volume": 3}  # kinds that are powers of a length: 1 ha is 10,000 m^2, 1 l is (10 cm)^3
FACTORS = {unit: (kind, factor) for kind, units in _KINDS.items() for unit, factor in units.items()}

_KEEP = frozenset({"abs", "round", "floor", "ceil", "trunc"})
_JOIN = frozenset({"max", "min", "sum", "mean", "median", "stdev", "pstdev", "hypot"})


def convert_units(code: Code) -> tuple[Label, list[Instruction]]:
    """Return the label of an expression's value, and its code with the units that meet converted to the first of their kind.

    Raise Refused where labels do not fit together.
    """
    stack: list[tuple[Label, object]] = []  # with each label the number, where it is written out: an exponent must be
    done: list[Instruction] = []
    for opcode, at, value in code:
        try:
            if opcode in ("number", "constant", "symbol", "date"):
                stack.append((PLAIN, value))
            elif opcode == "unit":
                label, number = stack.pop()
                if label != PLAIN:
                    raise _label_error("This already has a unit.")
                stack.append((((str(value), 1),), number))
            elif opcode == "convert":
                label, _ = stack.pop()
                done += _write_factor(_find_factor(label, value), at)
                stack.append((value, None))
                continue
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
                right, factor = _convert_right(opcode, left, right)
                done += _write_factor(factor, at)
                stack.append((_label_operation(opcode, left, right, exponent), None))
        except Refused as refusal:
            raise Refused(refusal.reason, refusal.code, at) from None
        done.append((opcode, at, value))
    return stack[-1][0], done


def _write_factor(factor: Rational, at: int) -> list[Instruction]:
    """Return the code that multiplies by a factor: by 1/60 as a division by 60, which reads better among the steps."""
    if factor == 1:
        return []
    if type(factor) is not int and factor[0] == 1:  # type: ignore[index]
        return [("number", at, factor[1]), ("/", at, None)]  # type: ignore[index]
    return [("number", at, factor), ("*", at, None)]


def _convert_right(opcode: str, left: Label, right: Label) -> tuple[Label, Rational]:
    """Return the right label in the units of the left one, and the factor of its number, where their kinds meet in this operation."""
    if PLAIN in (left, right) or left == right:
        return right, 1
    if opcode in ("+", "-", "%", "//"):
        return (left, _find_factor(right, left)) if _count_kinds(left) == _count_kinds(right) else (right, 1)
    if opcode not in ("*", "/"):
        return right, 1
    of_kind = {FACTORS[unit][0]: unit for unit, _ in left if unit in FACTORS}
    other = [(of_kind.get(FACTORS[unit][0], unit) if unit in FACTORS else unit, power) for unit, power in right]
    if other == list(right):
        return right, 1
    return tuple(sorted(other)), _find_factor(right, tuple(other))


def _count_kinds(label: Label) -> dict[str, int]:
    counts: dict[str, int] = {}
    for unit, power in label:
        kind = FACTORS[unit][0] if unit in FACTORS else unit
        if kind in _OF_LENGTH:
            kind, power = "length", power * _OF_LENGTH[kind]
        counts[kind] = counts.get(kind, 0) + power
    return counts


def _find_factor(label: Label, target: Label) -> Rational:
    """Return by what a number with this label is multiplied to have the other one. Refuse what is of another kind."""
    if label == PLAIN:
        raise _label_error(f"A plain number has no unit that could be converted to {spell_label(target)}.")
    if _count_kinds(label) != _count_kinds(target):
        why = "; exchange rates are not known here" if find_currency(label) and find_currency(target) else ""
        why = why or (
            "; a month has no fixed number of days" if {"months"} & (_count_kinds(label).keys() ^ _count_kinds(target).keys()) else ""
        )
        raise _label_error(f"{spell_label(label)} cannot be converted to {spell_label(target)}{why}.")
    return divide(_measure(label), _measure(target))


def _measure(label: Label) -> Rational:
    size: Rational = 1
    for unit, times in label:
        if unit in FACTORS:
            size = multiply(size, raise_to(FACTORS[unit][1], times))
    return size


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
        raise _label_error(f"{spell_label(first)} and {spell_label(second)} cannot be added or compared{_explain(first, second)}.")
    return found.pop() if found else PLAIN


def _explain(first: Label, second: Label) -> str:
    """Return why two labels do not go together, and what to write."""
    if _count_kinds(first) == _count_kinds(second):
        return "; write them in one unit"
    if find_currency(first) and find_currency(second):
        return "; exchange rates are not known here"
    return ""


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
