"""Parse sums as people, models and LaTeX write them: the strict grammar, and the forms of docs/calculator.md's table beside it.

Each form has one meaning, or is refused with its readings.
"""

from __future__ import annotations

from collections.abc import Mapping

from .date_sums import MAY_HOLD_DATES, parse_dates
from .expression_parser import NUMBER_BEGINS, POSTFIXES, ParsedExpression, Parser, check_depth
from .function_table import ALIASES, FUNCTIONS
from .latex_notation import IN_GROUPS, SERIES, WrittenParser, parse_group, parse_log_base, parse_mixed_number, parse_nth_root, parse_series
from .notation import DATE, DEGREES, FRACTIONS, ROOTS, read_day, split, strip_question
from .parser_refusals import report_unexpected
from .pieces import Pieces
from .rational import Rational, parse_number
from .refusal import CalculationError, ErrorCode, Refused
from .spoken_percents import PERCENT_RESULT
from .tokens import CURRENCIES, DIGITS, NTH_ROOT, PLAIN_SUPERSCRIPTS, SUPERSCRIPTS
from .unit_notation import INTO, SPEEDS, add_smaller_units, parse_conversion, parse_temperature, split_power
from .units import UNITS

SCALES = {
    "k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9, "bn": 10**9, "hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9,
    "trillion": 10**12, "quadrillion": 10**15, "dozen": 12, "lakh": 10**5, "lakhs": 10**5, "crore": 10**7, "crores": 10**7,
}  # fmt: skip
_LETTER_SCALES = frozenset({"k", "K", "M", "B", "bn"})  # these touch their number
_PARTS: dict[str, Rational] = {"half": (1, 2), "third": (1, 3), "quarter": (1, 4), "fifth": (1, 5), "tenth": (1, 10)}
_ROOT_WORDS = {"square root of": "sqrt", "cube root of": "cbrt"}
_PAIRS = {"\\lfloor": ("floor", "\\rfloor"), "\\lceil": ("ceil", "\\rceil"), "⌊": ("floor", "⌋"), "⌈": ("ceil", "⌉")}
_CLOSING = frozenset({*IN_GROUPS, *(closing for _, closing in _PAIRS.values())})
_OF_ANGLES = frozenset({"sin", "cos", "tan", "radians"})
_POWERED = frozenset({"sin", "cos", "tan", "sinh", "cosh", "tanh"})  # sin²(x) is (sin x)²
_POWER_SIGNS = frozenset(SUPERSCRIPTS) | {"!"}
_LONGEST_NOUN = 3  # words between a percentage and "on": 20% service charge on 45.50


def parse_notation(text: str, variables: Mapping[str, ParsedExpression]) -> ParsedExpression:
    """Return an expression as people write it, parsed. Raise CalculationError, with the position, for what has two readings or none."""
    if MAY_HOLD_DATES.search(text) and (dates := parse_dates(text, *strip_question(text), variables)) is not None:
        return dates
    pieces = split(text, variables)
    parser = NotationParser(pieces, variables)
    try:
        parser.parse_whole()
    except Refused as refusal:
        at = parser.at if refusal.at is None else refusal.at
        raise CalculationError(text, pieces.starts[min(at, len(pieces.starts) - 1)], refusal.reason, refusal.code) from None
    return ParsedExpression(parser.code, parser.has_units, parser.has_symbols, tuple(pieces.starts))


class NotationParser(WrittenParser):
    """The strict grammar's descent with more forms. `angles` counts the open calls whose argument may be in degrees."""

    __slots__ = ("angles",)

    ends_product = Parser.ends_product | INTO
    postfixes = (
        POSTFIXES
        | frozenset(FRACTIONS)
        | {"°", "\\", "k", "K", "M", "B", "b", "h", "t", "m", "d", "l", "c", "f", "y", "i", "q"}
        | frozenset("0123456789")
    )

    def __init__(self, pieces: Pieces, variables: Mapping[str, ParsedExpression]) -> None:
        super().__init__(pieces, variables)
        self.angles = 0

    def parse_whole(self) -> None:
        """Parse: sum, sum "in" unit, or an equation in one unknown, which is solved."""
        if any(map(DATE.match, self.tokens)):
            raise self._refuse_dates()
        if "=" in self.tokens and not self._is_inside_call(self.tokens.index("=")):
            self._parse_equation()
        elif not parse_temperature(self):
            self.parse_sum(0)
            if self.tokens[self.at] == PERCENT_RESULT:
                self.code.append(("unit", self.at, "%"))
                self.has_units = True
                self.at += 1
            if self.tokens[self.at] in INTO and self.tokens[self.at] not in self.variables:
                parse_conversion(self)
        self.check_end()

    def _refuse_dates(self) -> Refused:
        """Return the refusal of dates in a form that date_sums.py does not read."""
        for at, token in enumerate(self.tokens):
            if DATE.match(token):
                self.at = at  # where a refusal points
                read_day(token)
        reason = (
            "Of dates the days between two are calculated here (2024-03-01 - 2024-02-01), and a date some days, weeks, months or years "
            "from another (2024-03-01 + 45 days). A calculation needs spaces: 2024 - 3 - 1."
        )
        first = next(at for at, token in enumerate(self.tokens) if DATE.match(token))
        return Refused(reason, ErrorCode.SYNTAX_NOT_ALLOWED, first)

    def _is_inside_call(self, at: int) -> bool:
        before = self.tokens[:at]
        return before.count("(") > before.count(")") or before.count("{") > before.count("}")

    def _parse_equation(self) -> None:
        """Parse: sum "=" sum, as solve(left = right)."""
        tokens = self.tokens
        self.unknowns_allowed += 1
        self.parse_sum(0)
        at = self.at
        if tokens[at] != "=":
            raise report_unexpected(self)
        self.at = at + 1
        self.parse_sum(0)
        self.unknowns_allowed -= 1
        if tokens[self.at] == "=":
            raise Refused("One equation at a time.", ErrorCode.SYNTAX_ERROR)
        if not self.has_symbols:
            reason = "This says that two sums are equal; give one of them, or an equation with an unknown such as 2x + 3 = 7."
            raise Refused(reason, ErrorCode.SYNTAX_NOT_ALLOWED, at)
        self.code += [("-", at, None), ("call", at, ("solve", 1))]

    def parse_other_operator(self, operator: str, last: str, depth: int) -> bool:
        """Parse: x, mod, div, choose, "off", "on" or "of" and its factor, or a root that is multiplied. Return False for others."""
        at, tokens, code = self.at, self.tokens, self.code
        before, following = tokens[at - 1], tokens[at + 1]
        if operator in self.variables:
            return False
        if operator in ("x", "X"):
            is_factor = following[:1] in NUMBER_BEGINS or following in ("(", "\\sqrt", "sqrt", "cbrt", "root", "-", *ROOTS, *CURRENCIES)
            is_factor = is_factor or following[:1] == NTH_ROOT
            if self.unknowns_allowed or not is_factor or not following:
                return False
            self._parse_factor("*", depth)
        elif operator == "mod":
            self._parse_factor("%", depth)
        elif operator == "div" and following != "(":
            self._parse_factor("//", depth)
        elif operator.lower() in ("choose", "ncr", "npr") and following != "(":
            self._parse_factor(("perm" if operator.lower() == "npr" else "comb", 2), depth)
        elif operator in ("C", "P") and following.isdecimal() and self.is_glued(at) and self.is_glued(at + 1) and before.isdecimal():
            self._parse_factor(("comb" if operator == "C" else "perm", 2), depth)
        elif operator == "off" and before == "%":
            self.at = at + (2 if following == "of" else 1)
            code.insert(len(code) - 2, ("number", at, 1))
            code.append(("-", at, None))
            self.parse_operand(depth)
            code.append(("*", at, None))
        elif operator == "of" and (
            before in FRACTIONS or before == "}" or (before.isdecimal() and tokens[at - 2] == "/" and tokens[at - 3].isdecimal() and at > 2)
        ):
            self._parse_factor("*", depth)
        elif (
            operator in ROOTS
            or operator[:1] == NTH_ROOT
            or (operator == "[" and (before[-1].isdecimal() or before in (")", "]")))
            or (operator[0] == "\\" and operator not in _CLOSING)
            or (before == following == "!" and operator[0] in DIGITS)
        ):
            if last != "*" or self.power_ended == at:
                raise Refused("A product without a sign can be read in two ways here; write the *.", ErrorCode.AMBIGUOUS, at)
            self.parse_operand(depth)
            code.append(("*", at, None))
        elif operator.isalpha() and before == "%" and (end := self._find_noun_end(at)):
            self.at = end
            self.parse_operand(depth)
            code.append(("*", at, None))
        else:
            return False
        return True

    def _parse_factor(self, operation: str | tuple[str, int], depth: int) -> None:
        at = self.at
        self.at = at + 1
        self.parse_operand(depth)
        self.code.append((operation, at, None) if isinstance(operation, str) else ("call", at, operation))

    def _find_noun_end(self, at: int) -> int:
        """Return the token after "tip on", "sales tax on": words that name what a percentage is, then "on". 0 where there are none."""
        for end in range(at + 1, at + _LONGEST_NOUN + 1):
            word = self.tokens[end - 1]
            if not word.isalpha() or word in self.variables or word.lower() in FUNCTIONS or word in UNITS:
                return 0
            if self.tokens[end] == "on":
                return end + 1
        return 0

    def is_percent(self, at: int) -> bool:
        """Return whether the % at token number `at` means hundredths, in these forms too: 30% off 80, 20% tip on 45.50."""
        following = self.tokens[at + 1]
        if following in ("off", "x", "X", "|", "}", "?", *INTO):
            return True
        return super().is_percent(at) or (following.isalpha() and bool(self._find_noun_end(at + 1)))

    def parse_primary(self, token: str, depth: int) -> None:
        """Parse: LaTeX's forms, |x|, roots and functions without brackets, ½, half of; else a primary of the strict grammar."""
        at, tokens = self.at, self.tokens
        if token in FRACTIONS:
            self.code.append(("number", at, FRACTIONS[token]))
            self.at = at + 1
        elif token == "{":
            parse_group(self, depth)
        elif token in ("\\frac", "\\binom"):
            self.at = at + 1
            parse_group(self, depth)
            parse_group(self, depth)
            self.code.append(("/", at, None) if token == "\\frac" else ("call", at, ("comb", 2)))
        elif token in SERIES:
            parse_series(self, depth)
        elif token == "\\sqrt" and tokens[at + 1] == "[":
            parse_nth_root(self, depth)
        elif token == "[":
            self.at = at + 1
            self.parse_sum(depth + 1)
            self.expect("[", "]", at)
            if not at and not tokens[self.at]:
                raise Refused("A list is for a function of many numbers: sum([1, 2]).", ErrorCode.SYNTAX_NOT_ALLOWED, at)
        elif token == "|" or token in _PAIRS:
            name, closing = _PAIRS.get(token, ("abs", "|"))
            self.at = at + 1
            self.parse_sum(depth + 1)
            self.expect(token, closing, at)
            self.code.append(("call", at, (name, 1)))
        elif token in ROOTS or token in _ROOT_WORDS or (token[:1] == "\\" and token not in _CLOSING):
            self._parse_sign(ROOTS.get(token) or _ROOT_WORDS.get(token) or token[1:], depth)
        elif token[:1] == NTH_ROOT:
            self._parse_applied("root", depth)
        elif UNITS.get(token, "-") in CURRENCIES and tokens[at + 1][:1] in NUMBER_BEGINS and token not in self.variables:  # USD 5
            self.at = at + 1
            self.parse_operand(depth + 1)
            self.code.append(("unit", at, UNITS[token]))
            self.has_units = True
        elif token in ("a", "one") and tokens[at + 1] in _PARTS and tokens[at + 2] == "of":
            self.at = at + 1
            self.parse_primary(tokens[at + 1], depth)
        elif token in _PARTS and tokens[at + 1] == "of" and token not in self.variables:
            self.code.append(("number", at, _PARTS[token]))
            self.at = at + 2
            self.parse_operand(depth + 1)
            self.code.append(("*", at, None))
        else:
            super().parse_primary(token, depth)

    def _parse_sign(self, name: str, depth: int) -> None:
        """Parse a function sign, or the square of one, and what it is applied to: \\sin^2 30°, cosh²(5)."""
        at = self.at
        name = ALIASES.get(name, name)
        power, length = self._find_function_power(name) if name in _POWERED else (0, 1)
        self._parse_applied(name, depth, length)
        if power:
            self.code += [("number", at, power), ("^", at, None)]

    def _find_function_power(self, name: str) -> tuple[int, int]:
        """Return the 2 of sin², sin^2 and \\sin^{2}, and of how many tokens the name and its power are. 0 and 1 without a power."""
        following, digits, behind, last = self.tokens[self.at + 1 : self.at + 5]
        if following and following[0] in SUPERSCRIPTS:
            digits, length = following.translate(PLAIN_SUPERSCRIPTS), 2
        elif following not in ("^", "**"):
            return 0, 1
        else:
            digits, length = (behind, 5) if digits == "{" and last == "}" else (digits, 3)
        if digits not in ("2", "3"):
            reason = f"{name} with a power can be the power of its value, and {name}^-1 is also a{name}; write ({name}(x))^n or a{name}(x)."
            raise Refused(reason, ErrorCode.AMBIGUOUS)
        return int(digits), length

    def _parse_applied(self, name: str, depth: int, length: int = 1) -> None:
        """Parse what a root or function sign of so many tokens is applied to: √16, \\sin 30°, square root of 16, \\log_2 8, sin 30°."""
        at, tokens = self.at, self.tokens
        check_depth(depth)
        sign = tokens[at]
        self.at = at + length
        base = parse_log_base(self, depth) if name == "log" and sign[0] == "\\" else []
        if sign[0] == NTH_ROOT and name == "root":
            base = [("number", at, int(sign[1:].removesuffix(" of")))]
        elif FUNCTIONS[name][1] > 1:
            raise Refused(f"The function {name!r} needs its arguments in parentheses.", ErrorCode.SYNTAX_ERROR, at)
        self.angles += name in _OF_ANGLES
        begun = self.at
        opened = tokens[begun]
        if opened == "{":
            parse_group(self, depth)
        elif opened == "(" and sign not in _ROOT_WORDS:
            self.at = begun + 1
            self.parse_sum(depth + 1)
            self.expect("(", ")", begun)
        else:
            is_negative = opened == "-" and tokens[begun + 1][:1] in NUMBER_BEGINS  # ∛-27
            self.at += is_negative
            self._parse_atom(depth)
            self.code += [("negate", begun, None)] * is_negative
        self.angles -= name in _OF_ANGLES
        following = tokens[self.at]
        ends_at_digit = sign == "\\sqrt" and opened.isdecimal() and self.at == begun + 1 and following == "("  # \\sqrt2 takes the 2
        if opened not in ("{", "(") and not ends_at_digit and self._reaches_further(sign, following, begun):
            said = f"root {base[0][2]}" if name == "root" else sign.removesuffix(" of")
            call = f"root(..., {base[0][2]})" if name == "root" else f"{name}(...)"
            raise Refused(f"How far does {said!r} reach? Write {call}.", ErrorCode.AMBIGUOUS, at)
        self.code += [*base, ("call", at, (name, 2 if base else 1))]

    def _parse_atom(self, depth: int) -> None:
        """Parse a primary with what follows it, but no power: what a sign without brackets is applied to."""
        token = self.tokens[self.at]
        if token[:1] in NUMBER_BEGINS and token != ".":
            self.code.append(("number", self.at, parse_number(token)))
            self.at += 1
        elif token:
            self.parse_primary(token, depth + 1)
        else:
            raise report_unexpected(self)
        token = self.tokens[self.at]
        if token[:1] in self.postfixes or token in UNITS:
            self.parse_postfix()

    def _reaches_further(self, sign: str, following: str, begun: int) -> bool:
        """Return whether what follows may or may not belong to the operand of a sign without brackets."""
        if following in ("^", "**", "(", "{") or any(token and token[0] in _POWER_SIGNS for token in self.tokens[begun : self.at]):
            return True
        if following[:1].isalpha() and following not in ("mod", "x", "X", "choose", *INTO):
            return True
        # √16 + 9 ends at the sign; "square root of 16 + 9" and "sqrt 16 + 9" may go on
        return (sign.endswith(" of") or sign[0].isalpha()) and following not in ("", ")", ",", "}", "|", "=", *INTO)

    def parse_name(self, name: str, depth: int) -> None:
        """Parse a call, a function without brackets, log_2(x), or another name."""
        following = self.tokens[self.at + 1]
        lower = name.lower()
        if name.startswith("log_") and name[4:].isdecimal() and name not in self.variables:
            at = self.at
            if following == "(":
                self.parse_call("log", depth)
            else:
                self._parse_applied("log", depth)
            self.code[-1] = ("number", at, int(name[4:]))
            self.code.append(("call", at, ("log", 2)))
        elif (
            following != "(" and (lower in FUNCTIONS or lower in ALIASES) and name not in self.variables and following not in ("", "=", ")")
        ):
            self._parse_sign(lower, depth)
        elif split_power(name)[1] > 1 and self.tokens[self.at - 1] in ("/", "*"):
            self.code.append(("number", self.at, 1))  # $5 / square foot
            self._parse_one_postfix()
        else:
            super().parse_name(name, depth)

    def parse_call(self, name: str, depth: int) -> None:
        """Parse a call. Inside of sin, cos, tan and radians an angle may be in degrees."""
        self.angles += name in _OF_ANGLES
        super().parse_call(name, depth)
        self.angles -= name in _OF_ANGLES

    def resolve_function(self, name: str) -> str:
        """Return a function's own name: C(10, 3) and P(10, 3) are combinations and permutations here."""
        return {"C": "comb", "P": "perm"}.get(name) or super().resolve_function(name)

    def parse_postfix(self) -> None:
        """Parse: what stands after a number in these forms (½, 1/2 of a mixed number, °, k, million), then the strict grammar's."""
        while self._parse_one_postfix():
            pass
        super().parse_postfix()
        add_smaller_units(self)
        if self.tokens[self.at] in DEGREES and self._parse_one_postfix():
            super().parse_postfix()

    def _parse_one_postfix(self) -> bool:
        at, tokens = self.at, self.tokens
        token, before = tokens[at], tokens[at - 1]
        if token in self.variables:
            return False
        if token in FRACTIONS and before.isdecimal():
            self._add_fraction(FRACTIONS[token], at)
            self.at = at + 1
        elif token == "\\frac" and before.isdecimal():
            parse_mixed_number(self)
        elif token.isdecimal() and before.isdecimal():
            if not self._parse_mixed_number():
                return False
        elif (
            token in SCALES
            and (token not in _LETTER_SCALES or self.is_glued(at))
            and (before[-1:].isdecimal() or before in (".", *SCALES) or (before == ")" and token not in _LETTER_SCALES))
        ):
            self.code += [("number", at, SCALES[token]), ("*", at, None)]
            self.at = at + 1
        elif token in SPEEDS:
            way, time = SPEEDS[token]
            self.code += [("unit", at, way), ("number", at, 1), ("unit", at, time), ("/", at, None)]
            self.has_units = True
            self.at = at + 1
        elif split_power(token)[1] > 1:
            unit, power = split_power(token)
            self.code.append(("unit", at, UNITS[unit]))
            self.code += [("number", at, 1), ("unit", at, UNITS[unit]), ("*", at, None)] * (power - 1)
            self.has_units = True
            self.at = at + 1
        elif token in DEGREES and tokens[at + 1] != "(":
            if not self.angles:
                reason = "An angle in degrees stands inside sin, cos, tan or radians: sin(30°). Temperatures are not converted."
                raise Refused(reason, ErrorCode.SYNTAX_NOT_ALLOWED)
            self.code += [("constant", at, "pi"), ("*", at, None), ("number", at, 180), ("/", at, None)]
            self.at = at + 1
        else:
            return False
        return True

    def _add_fraction(self, fraction: Rational, at: int) -> None:
        self.code += [("number", at, fraction), ("+", at, None)]

    def _parse_mixed_number(self) -> bool:
        """Parse the 1/2 of 2 1/2: two numbers side by side have no other reading, where the fraction is a proper one."""
        at, tokens = self.at, self.tokens
        if tokens[at + 1] != "/" or not tokens[at + 2].isdecimal() or not (self.is_glued(at + 1) and self.is_glued(at + 2)):
            return False
        top, bottom = int(tokens[at][:9]), int(tokens[at + 2][:9])
        before, after = tokens[at - 2] if at > 1 else "", tokens[at + 3]
        # A sign of division that stands apart divides by the whole of the number, or the whole of it.
        if (before == "/" and self.is_glued(at - 1)) or (after == "/" and self.is_glued(at + 3)) or before.isdecimal():
            return False
        if not 0 < top < bottom or before in ("^", "**", "%") or after in ("^", "**", "!") or after[:1].isdecimal():
            return False
        self._add_fraction((top, bottom), at)
        self.at = at + 3
        return True
