"""Parse what people write with units: a conversion (5 km in miles), amounts side by side (3 h 25 min), speeds (60 mph)."""

from __future__ import annotations

from .expression_parser import NUMBER_BEGINS, Parser
from .rational import Rational, is_less, negate, parse_number
from .refusal import ErrorCode, Refused
from .units import FACTORS, UNITS, Label, convert_units

SPEEDS = {"mph": ("mi", "h"), "kph": ("km", "h"), "kmh": ("km", "h")}
POWERS = {"²": 2, "³": 3}
INTO = frozenset({"in", "to", "into", "as"})
_AFTER_LARGER = {("ft", "in"): "inches", ("h", "m"): "min"}  # 5 ft 10 in, 2h 30m
_BASES = {"decimal": 10, "dec": 10, "number": 10, "fraction": 10, "hex": 16, "hexadecimal": 16, "binary": 2, "bin": 2, "octal": 8, "oct": 8}
_TEMPERATURES = {"c": "°C", "celsius": "°C", "f": "°F", "fahrenheit": "°F", "kelvin": "K", "k": "K"}


def parse_temperature(parser: Parser) -> bool:
    """Parse: sum "°"? ("C" | "F" | "K") ("in" | "to") "°"? ("C" | "F" | "K"), the whole of a text. Return False for anything else."""
    tokens, variables = parser.tokens, parser.variables
    plain = [token for token in tokens if token and token not in ("°", "degrees", "deg")]
    units = [_TEMPERATURES.get(token.lower(), "") if token not in variables else "" for token in (plain[-1:] + plain[-3:-2])]
    if len(plain) < 4 or plain[-2] not in INTO or not all(units):
        return False
    target, unit = units
    number, at = parse_number(plain[-4]) if plain[-4][0] in NUMBER_BEGINS and plain[-4] != "." else None, tokens.index(plain[-2])
    if number is None or plain[:-4] not in ([], ["-"], ["+"]):
        raise Refused(f"A temperature to convert is one number: 20 {unit} in °F.", ErrorCode.SYNTAX_NOT_ALLOWED, 0)
    parser.code.append(("number", 0, negate(number) if plain[0] == "-" else number))
    for operation, value in (*_TO_KELVIN[unit], *((_INVERSE[sign], value) for sign, value in reversed(_TO_KELVIN[target]))):
        parser.code += [("number", at, value), (operation, at, None)]
    parser.code.append(("unit", at, target))
    parser.has_units = True
    parser.at = len([token for token in tokens if token])
    return True


_KELVIN = (5463, 20)
_TO_KELVIN: dict[str, tuple[tuple[str, Rational], ...]] = {
    "K": (),
    "°C": (("+", _KELVIN),),
    "°F": (("-", 32), ("*", (5, 9)), ("+", _KELVIN)),
}
_INVERSE = {"+": "-", "-": "+", "*": "/"}


def split_power(token: str) -> tuple[str, int]:
    """Return a unit and its power: of ft², the token of "square feet", ft and 2; of ft, ft and 1."""
    return (token[:-1], POWERS[token[-1]]) if token[-1:] in POWERS and token[:-1] in UNITS else (token, 1)


def parse_conversion(parser: Parser) -> None:
    """Parse: ("in" | "to") "a"? unit power? ("/" unit power?)?"""
    at = parser.at
    after = at + 1 + (parser.tokens[at + 1] == "a")
    units = list(SPEEDS.get(parser.tokens[after], ()))
    powers = [1] * len(units)
    after += bool(units)
    while not powers or (len(powers) == 1 and parser.tokens[after] in ("/", "per")):
        unit, power = split_power(parser.tokens[after + len(powers)])
        after += len(powers) + 1
        if parser.tokens[after] in POWERS:
            power, after = POWERS[parser.tokens[after]], after + 1
        elif parser.tokens[after] in ("^", "**") and parser.tokens[after + 1] in ("2", "3"):
            power, after = int(parser.tokens[after + 1]), after + 2
        units.append(unit)
        powers.append(power)
    if not parser.has_units and len(units) == 1 and units[0].lower() in _BASES:
        if _BASES[units[0].lower()] != 10:
            reason = "Numbers of other bases are read (0x1F, 0b101, 0o17) and not written; values are decimal."
            raise Refused(reason, ErrorCode.SYNTAX_NOT_ALLOWED, at + 1)
        parser.at = after + (parser.tokens[at] == "in" and parser.tokens[after] == "form")
        return
    unknown = next((unit for unit in units if unit not in UNITS), None)
    if unknown is not None:
        raise Refused(f"There is no unit {unknown!r} to convert to." if unknown else "A unit should follow.", ErrorCode.LABELS, at + 1)
    label: Label = tuple(
        sorted((UNITS[unit], -power if index else power) for index, (unit, power) in enumerate(zip(units, powers, strict=True)))
    )
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
        smaller = _AFTER_LARGER.get((unit, tokens[at + 1])) or UNITS.get(tokens[at + 1], "")
        if smaller not in FACTORS or FACTORS[smaller][0] != FACTORS[unit][0] or not is_less(FACTORS[smaller][1], FACTORS[unit][1]):
            return
        parser.code += [("number", at, parse_number(tokens[at])), ("unit", at + 1, smaller), ("+", at, None)]
        parser.at, unit = at + 2, smaller
