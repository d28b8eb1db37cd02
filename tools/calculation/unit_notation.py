"""Parse what people write with units: a conversion (5 km in miles), amounts side by side (3 h 25 min), speeds (60 mph)."""

from __future__ import annotations

from .expression_parser import NUMBER_BEGINS, Parser
from .rational import is_less, parse_number
from .refusal import ErrorCode, Refused
from .units import FACTORS, UNITS, Label, convert_units

SPEEDS = {"mph": ("mi", "h"), "kph": ("km", "h"), "kmh": ("km", "h")}
INTO = frozenset({"in", "to", "into", "as"})


def parse_conversion(parser: Parser) -> None:
    """Parse: ("in" | "to") unit ("/" unit)?"""
    at = parser.at
    units = list(SPEEDS.get(parser.tokens[at + 1], parser.tokens[at + 1 : at + 2]))
    after = at + 2
    if len(units) == 1 and parser.tokens[after] in ("/", "per"):
        units.append(parser.tokens[after + 1])
        after += 2
    unknown = next((unit for unit in units if unit not in UNITS), None)
    if unknown is not None:
        raise Refused(f"There is no unit {unknown!r} to convert to." if unknown else "A unit should follow.", ErrorCode.LABELS, at + 1)
    label: Label = tuple(sorted((UNITS[unit], -1 if index else 1) for index, unit in enumerate(units)))
    if parser.tokens[at] == "as" or not parser.has_units:
        convert_units([*parser.code, ("convert", at, label)])  # which says why there is nothing to convert
    parser.code.append(("convert", at, label))
    parser.has_units = True
    parser.at = after


def add_smaller_units(parser: Parser) -> None:
    """Parse the 25 min of 3 h 25 min: amounts of one kind side by side, the larger unit first, are added."""
    tokens = parser.tokens
    unit = parser.code[-1][2] if parser.code[-1][0] == "unit" else ""
    while unit in FACTORS and tokens[parser.at][:1] in NUMBER_BEGINS and tokens[parser.at] != ".":
        at = parser.at
        smaller = "inches" if tokens[at + 1] == "in" and unit == "ft" else UNITS.get(tokens[at + 1], "")
        if smaller not in FACTORS or FACTORS[smaller][0] != FACTORS[unit][0] or not is_less(FACTORS[smaller][1], FACTORS[unit][1]):
            return
        parser.code += [("number", at, parse_number(tokens[at])), ("unit", at + 1, smaller), ("+", at, None)]
        parser.at, unit = at + 2, smaller
