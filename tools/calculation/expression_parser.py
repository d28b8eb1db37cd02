"""Parse an expression by recursive descent: tokens to instructions in reverse Polish notation. docs/calculator.md has the grammar.

What has two readings is refused as ambiguous. Depth and length are bounded here, once, so that no later pass needs a bound. This is the
strict grammar; notation_parser.py adds how people, models and LaTeX write sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .function_table import ALIASES, CONSTANTS, FUNCTIONS, OF_SYMBOLS, TAKES_LIST
from .instructions import Instruction
from .parser_refusals import FOREIGN, MAX_NODES, report_foreign, report_too_many, report_unexpected, report_unknown, suggest
from .rational import is_less, parse_number
from .refusal import CalculationError, ErrorCode, Refused
from .tokens import CURRENCIES, DIGITS, PLAIN_SUPERSCRIPTS, SUPERSCRIPTS, find_glued, locate_token, tokenize
from .units import UNITS

MAX_DEPTH = 60

_PERCENT_BEFORE = frozenset({"*", "/", "//", ")", ",", "]", "", "of", "="})  # where % can only mean "hundredths"
POSTFIXES = frozenset({"!", "%", *CURRENCIES, *SUPERSCRIPTS})  # what a token after a primary may begin with
# Errors of reading, which give way to the first character that no expression has.
_OF_READING = frozenset({ErrorCode.SYNTAX_ERROR, ErrorCode.UNKNOWN_NAME, ErrorCode.UNKNOWN_FUNCTION})
NUMBER_BEGINS = DIGITS | {"."}


class ParsedExpression(NamedTuple):
    """The instructions of an expression, and whether units or unknowns are among them.

    `starts` are the places of its tokens in the text, where the text was not in the strict grammar.
    """

    code: list[Instruction]
    has_units: bool
    has_symbols: bool
    starts: tuple[int, ...] = ()


def parse_expression(text: str, variables: Mapping[str, ParsedExpression], *, suggests: bool = True) -> ParsedExpression:
    """Return an expression in the strict grammar, parsed. Raise CalculationError, with the position, for any other and for two readings.

    `suggests` is whether an error says what may have been meant by a name, which takes longer than all the rest.
    """
    tokens = tokenize(text)
    parser = Parser(text, tokens, variables)
    parser.suggests = suggests
    try:
        parser.parse_whole()
    except Refused as refusal:
        at = parser.at if refusal.at is None else refusal.at
        if refusal.code in _OF_READING:
            at, refusal = next(
                ((position, report_foreign(token)) for position, token in enumerate(tokens) if token in FOREIGN), (at, refusal)
            )
        raise CalculationError(text, locate_token(text, at), refusal.reason, refusal.code) from None
    return ParsedExpression(parser.code, parser.has_units, parser.has_symbols)


def check_depth(depth: int) -> None:
    """Raise Refused for what is nested too deep."""
    if depth > MAX_DEPTH:
        raise Refused(f"The expression is nested more than {MAX_DEPTH} levels deep.", ErrorCode.TOO_LARGE)


_BEFORE_FRACTION = frozenset({"(", ",", "+", "*", "x", "of"})


class Parser:
    """A descent over the tokens, one method for each rule of the grammar. `at` is the next token, `code` the instructions so far."""

    has_units: bool
    has_symbols: bool

    __slots__ = (
        "at",
        "code",
        "glued",
        "has_symbols",
        "has_units",
        "percents",
        "power_ended",
        "suggests",
        "text",
        "tokens",
        "unknowns_allowed",
        "variables",
    )

    postfixes: frozenset[str] = POSTFIXES
    ends_product: frozenset[str] = frozenset({"of"})

    def __init__(self, text: str, tokens: list[str], variables: Mapping[str, ParsedExpression]) -> None:
        self.text: str = text
        self.tokens: list[str] = tokens
        self.variables: Mapping[str, ParsedExpression] = variables
        self.code: list[Instruction] = []
        self.at: int = 0
        self.power_ended: int = -1  # the token after the last power: nothing may be multiplied onto it silently
        self.percents: range = range(0)  # the % of 5% + 3% - 2%, from the first that was looked at: together in time
        self.unknowns_allowed: int = 0
        self.suggests: bool = True
        self.glued: frozenset[int] | None = None  # found where it is asked for: most sums need no spaces to be read
        self.has_units = self.has_symbols = False

    def parse_whole(self) -> None:
        """Parse all tokens as one expression."""
        self.parse_sum(0)
        self.check_end()

    def check_end(self) -> None:
        """Refuse what is left over, and more parts than are worked out."""
        if self.tokens[self.at]:
            raise report_unexpected(self)
        if len(self.code) > MAX_NODES:
            raise report_too_many(len(self.code))

    def parse_sum(self, depth: int) -> None:
        """Parse: product (("+" | "-") product)*, where a percentage after a sum is a share of it: 45.50 + 20%."""
        tokens, code = self.tokens, self.code
        at = self.at
        self.parse_product(depth)
        operator = tokens[self.at]
        if operator != "+" and operator != "-":
            return
        # What the sum has so far: numbers, nothing but percentages, or a number and shares of it.
        only_shares = has_shares = tokens[self.at - 1] == "%" and self._is_percentage(at)
        while True:
            at = self.at
            operator = tokens[at]
            if operator != "+" and operator != "-":
                return
            self.at = at + 1
            begun = len(code)
            self.parse_product(depth)
            is_share = tokens[self.at - 1] == "%" and self._is_percentage(at + 1)
            if is_share and tokens[at + 1] in ("+", "-"):
                raise Refused("Two signs before a percentage; write one.", ErrorCode.AMBIGUOUS, at + 1)
            if not is_share and self._is_named_percentage(at + 1):
                name = "".join(tokens[at + 1 : self.at])
                readings = f"a share of the sum s before it, s * (1 {operator} {name}), or a number, {operator} ({name})"
                raise Refused(f"{operator} {name} can be {readings}; write one of them.", ErrorCode.AMBIGUOUS, at + 1)
            if is_share and not only_shares:
                code.insert(begun, ("number", at, 1))
                code.append((operator, at, None))
                code.append(("*", at, None))
                has_shares = True
                continue
            if has_shares and not is_share:
                reason = "After a percentage only percentages can be added or subtracted; write parentheses around what belongs together."
                raise Refused(reason, ErrorCode.AMBIGUOUS, at)
            code.append((operator, at, None))

    def _is_percentage(self, at: int) -> bool:
        """Return whether the tokens from number `at` to the last one are a number and %, as in 20% or -20%."""
        at += self.tokens[at] in ("+", "-")
        return self.at == at + 2 and self.tokens[at][0] in NUMBER_BEGINS

    def _is_named_percentage(self, at: int) -> bool:
        """Return whether the tokens from number `at` to the last one are a name or a bracket and %, as in x% or (5+5)%."""
        tokens = self.tokens
        if tokens[self.at - 1] != "%" or not self.is_percent(self.at - 1):
            return False
        return self.at == at + 2 or (tokens[at] == "(" and self.code[-1][0] == "percent" and tokens[self.at - 2] == ")")

    def parse_product(self, depth: int) -> None:
        """Parse: operand (("*" | "/" | "//" | "%" | "of") operand | implicit operand)*"""
        tokens, code = self.tokens, self.code
        self.parse_operand(depth)
        last = "*"
        while True:
            at = self.at
            operator = tokens[at]
            if operator == "*" or operator == "/" or operator == "//" or operator == "%":
                self.at = at + 1
                if operator == "%":
                    self._check_modulo(at)
                if operator == "/" and last == "/" and self._is_divided_by_fraction(at):
                    operator = "*"  # 3/4 ÷ 1/2 is 3/4 / 1 * 2
                if operator == "/" and self._is_fraction_of_unit(at):
                    code += [("number", at + 1, parse_number(tokens[at + 1])), ("/", at, None)]
                    self.at = at + 2
                    self.parse_postfix()
                    continue
                self.parse_operand(depth)
                if operator == "%":
                    self._check_remainder(at)
                code.append((operator, at, None))
                last = operator
            elif operator == "of" and tokens[at - 1] == "%":
                self.at = at + 1
                self.parse_operand(depth)
                code.append(("*", at, None))
            elif operator and self.parse_other_operator(operator, last, depth):
                last = tokens[at] if tokens[at] in ("mod", "div") else "*"
            elif operator == "(" or (operator[:1].isalpha() and operator not in self.ends_product):
                self.check_implicit(at, last)
                self.parse_operand(depth)
                code.append(("*", at, None))
                last = "*"
            else:
                return

    def _is_divided_by_fraction(self, at: int) -> bool:
        """Return whether the sign at `at` is that of the 1/2 of 3/4 ÷ 1/2. Refuse 6 ÷ 2/3, where 2/3 may be a fraction or not."""
        tokens = self.tokens
        above, below = tokens[at - 1], tokens[at + 1]
        if tokens[at - 2] != "/" or not self._is_glued_fraction(at):
            return False
        stands_apart = not (self.is_glued(at - 2) or self.is_glued(at - 1))
        if "÷" in self.text and stands_apart and at > 4 and tokens[at - 4] == "/" and self._is_glued_fraction(at - 4):
            return True
        if stands_apart:
            reason = f"This can divide by the fraction {above}/{below}, or by {above} and then by {below}; write parentheses."
            raise Refused(reason, ErrorCode.AMBIGUOUS, at)
        return False

    def _is_glued_fraction(self, at: int) -> bool:
        tokens = self.tokens
        return tokens[at - 1].isdecimal() and tokens[at + 1].isdecimal() and self.is_glued(at) and self.is_glued(at + 1)

    def _is_fraction_of_unit(self, at: int) -> bool:
        """Return whether the sign at `at` is that of 3/4 cup, which is (3/4) cup: of a fraction below one the unit is no divisor."""
        tokens = self.tokens
        above, below, unit = tokens[at - 1], tokens[at + 1], tokens[at + 2] if tokens[at + 1] else ""
        if not (above.isdecimal() and below.isdecimal() and unit in UNITS and unit not in self.variables) or tokens[at + 3] in ("^", "**"):
            return False
        if len(below) > 9 or int(above) >= int(below):
            return False
        if at > 1 and tokens[at - 2] == "/":  # 6 m / 1/4 m
            raise Refused(f"Write parentheses: what is divided by {above}/{below} {unit}?", ErrorCode.AMBIGUOUS, at)
        # 1-1/2 cups may be one and a half.
        return at == 1 or tokens[at - 2] in _BEFORE_FRACTION or (tokens[at - 2] == "-" and (at == 2 or tokens[at - 3] in ("(", ",")))

    def parse_other_operator(self, operator: str, last: str, depth: int) -> bool:
        """Parse an operator between factors that the strict grammar does not have; `last` is the one before it. Return False for others."""
        return False

    def parse_operand(self, depth: int) -> None:
        """Parse: ("-" | "+") operand | primary postfix* (("^" | "**") operand)?"""
        tokens, code = self.tokens, self.code
        at = self.at
        token = tokens[at]
        check_depth(depth)
        if token == "-" or token == "+":
            self.at = at + 1
            self.parse_operand(depth + 1)
            if token == "-":
                code.append(("negate", at, None))
            return
        first = token[:1]
        if first in DIGITS or (first == "." and token != "."):
            code.append(("number", at, parse_number(token)))
            self.at = at + 1
        else:
            self.parse_primary(token, depth)
        token = tokens[self.at]
        if token[:1] in self.postfixes or token in UNITS:
            self.parse_postfix()
            token = tokens[self.at]
        if token == "^" or token == "**":
            at = self.at
            if self._is_amount(at):
                raise self._report_squared_unit(at)
            self.at = at + 1
            self.parse_operand(depth + 1)
            if tokens[self.at - 1] == "%":
                raise Refused("A percentage in an exponent is not clear; write parentheses.", ErrorCode.AMBIGUOUS, self.at - 1)
            code.append(("^", at, None))
            self.power_ended = self.at

    def parse_primary(self, token: str, depth: int) -> None:
        at = self.at
        if token == "(":
            self.at = at + 1
            self.parse_sum(depth + 1)
            self.expect("(", ")", at)
        elif token and token in CURRENCIES:
            self._parse_currency(token, depth)
        elif token[:1].isalpha() or token[:1] == "_":
            self.parse_name(token, depth)
        else:
            raise report_unexpected(self)

    def expect(self, opened: str, closes: str, at: int) -> None:
        if self.tokens[self.at] == closes:
            self.at += 1
        elif not self.tokens[self.at]:
            raise Refused(f"This {opened!r} is never closed.", ErrorCode.SYNTAX_ERROR, at)
        else:
            raise report_unexpected(self)

    def _parse_currency(self, sign: str, depth: int) -> None:
        """Parse a sign before an amount. $2^3 is $8, as everybody reads it."""
        at = self.at
        self.at = at + 1
        if not self.tokens[self.at]:
            raise Refused(f"An amount should follow {sign}.", ErrorCode.SYNTAX_ERROR)
        self.parse_operand(depth + 1)
        self._add_unit(sign, at)

    def _add_unit(self, unit: str, at: int) -> None:
        self.code.append(("unit", at, unit))
        self.has_units = True

    def parse_name(self, name: str, depth: int) -> None:
        at = self.at
        following = self.tokens[at + 1]
        if following == "(" and name not in self.variables:
            self.parse_call(self.resolve_function(name), depth)
            return
        if following == "(":
            reason = f"It is not clear whether {name}(...) is a call or a product; write {name} * (...)."
            raise Refused(reason, ErrorCode.AMBIGUOUS)
        self.at = at + 1
        # E is no constant: 2E may be a number that is cut off.
        constant = name if name == "e" else name.lower()
        if name in self.variables:
            self._insert_variable(self.variables[name], at)
        elif self.unknowns_allowed and len(name) == 1 and name != "e":
            self.code.append(("symbol", at, name))
            self.has_symbols = True
        elif constant in CONSTANTS:
            self.code.append(("constant", at, constant))
        # 60 km / h: a unit alone counts one of itself.
        elif name in UNITS and self.tokens[at - 1] in ("/", "*") and at:
            self.code.append(("number", at, 1))
            self._add_unit(UNITS[name], at)
        else:
            self.at = at
            raise report_unknown(self, name)

    def _insert_variable(self, program: ParsedExpression, at: int) -> None:
        """Insert the code of a variable's value where its name stands."""
        if len(self.code) + len(program.code) > MAX_NODES:  # before it is spent: each use of a long variable is a copy of it
            raise report_too_many(len(self.code) + len(program.code))
        self.code.extend((opcode, at, value) for opcode, _, value in program.code)
        self.has_units |= program.has_units
        self.has_symbols |= program.has_symbols

    def resolve_function(self, name: str) -> str:
        found = name if name in FUNCTIONS else name.lower()
        found = ALIASES.get(found, found)
        if found in FUNCTIONS:
            return found
        if name in CONSTANTS or (self.unknowns_allowed and len(name) == 1):
            raise Refused(f"It is not clear whether {name}(...) is a call or a product; write {name} * (...).", ErrorCode.AMBIGUOUS)
        meant = suggest(self, name, [*FUNCTIONS, *ALIASES]) or f" There are: {', '.join(sorted(FUNCTIONS))}."
        raise Refused(f"There is no function {name!r}.{meant}", ErrorCode.UNKNOWN_FUNCTION)

    def parse_call(self, name: str, depth: int) -> None:
        at = self.at
        self.at = at + 2
        # A counter and not a flag: solve may stand inside of diff.
        self.unknowns_allowed += name in OF_SYMBOLS
        if self.tokens[self.at] == "[" and name in TAKES_LIST:
            self.at += 1
            count = self._parse_arguments(name, depth)
            self.expect("[", "]", at + 2)
        else:
            count = self._parse_arguments(name, depth)
        self.expect("(", ")", at + 1)
        self.unknowns_allowed -= name in OF_SYMBOLS
        _, fewest, most = FUNCTIONS[name]
        if not fewest <= count <= most:
            wanted = str(fewest) if fewest == most else f"{fewest} or more" if most > 2 else f"{fewest} or {most}"
            raise Refused(f"{name} takes {wanted} argument{'' if wanted == '1' else 's'}, not {count}.", ErrorCode.SYNTAX_ERROR, at)
        self.code.append(("call", at, (name, count)))

    def _parse_arguments(self, name: str, depth: int) -> int:
        if self.tokens[self.at] in (")", "]"):
            return 0
        count = 1
        while True:
            self.parse_sum(depth + 1)
            # left = right becomes left - right, whose zeros are sought.
            if self.tokens[self.at] == "=" and name == "solve" and count == 1:
                at = self.at
                self.at += 1
                self.parse_sum(depth + 1)
                self.code.append(("-", at, None))
            if self.tokens[self.at] != ",":
                return count
            self.at += 1
            count += 1

    def parse_postfix(self) -> None:
        """Parse: ("!" | superscript | "%" | unit)* after a primary."""
        while True:
            at = self.at
            token = self.tokens[at]
            if token == "!":
                if self.tokens[at + 1] == "!":
                    raise Refused("'!!' can mean a double factorial or two factorials; write parentheses.", ErrorCode.AMBIGUOUS, at)
                if self.tokens[at + 1] == "=":
                    raise Refused("Comparisons are not calculated.", ErrorCode.SYNTAX_NOT_ALLOWED, at)
                self.code.append(("factorial", at, None))
            elif token and token[0] in SUPERSCRIPTS:
                if self._is_amount(at):
                    raise self._report_squared_unit(at)
                self._parse_superscript(token, at)
            # Before anything else % is the remainder, which parse_product reads.
            elif token == "%" and self.is_percent(at):
                self.code.append(("percent", at, None))
                self.at = at + 1
                return
            # m, g, h, s, l are units, unless a variable or an unknown has that name.
            elif token in UNITS and token not in self.variables and not self.unknowns_allowed and self.tokens[at + 1] != "(":
                self._add_unit(UNITS[token], at)
            elif token and token in CURRENCIES:
                following = self.tokens[at + 1]
                if following == "(" or following[:1] in DIGITS or following[:1].isalpha() or following[:1] == ".":
                    raise Refused(f"It is not clear which number {token} belongs to.", ErrorCode.AMBIGUOUS, at)
                self._add_unit(token, at)
            else:
                return
            self.at = at + 1

    def _is_amount(self, at: int) -> bool:
        """Return whether a number with a unit stands before the power at a token. The unit alone of m/s^2 has one reading."""
        return self.code[-1][0] == "unit" and self.tokens[at - 1] in UNITS and (at < 2 or self.tokens[at - 2] not in ("/", "*"))

    def _report_squared_unit(self, at: int) -> Refused:
        number, unit = self.tokens[at - 2] if self.tokens[at - 2][:1] in DIGITS else "5", self.tokens[at - 1]
        return Refused(
            f"{number} {unit}^2 can mean ({number} {unit})^2 or {number} square {unit}; write one of them.", ErrorCode.AMBIGUOUS, at
        )

    def _parse_superscript(self, token: str, at: int) -> None:
        digits = token.translate(PLAIN_SUPERSCRIPTS)
        sign = -1 if digits[0] == "-" else 1
        if not digits.lstrip("+-") or len(digits) - len(digits.lstrip("+-")) > 1 or not digits.lstrip("+-").isdecimal():
            raise Refused("This superscript is not a whole number.", ErrorCode.SYNTAX_ERROR, at)
        if self.tokens[at + 1] in ("^", "**"):
            raise Refused("Two powers in a row in two ways of writing; write parentheses.", ErrorCode.AMBIGUOUS, at + 1)
        value = parse_number(digits.lstrip("+-"))
        self.code.append(("number", at, sign * value if type(value) is int else value))
        self.code.append(("^", at, None))

    def is_glued(self, at: int) -> bool:
        """Return whether token number `at` directly follows the one before it, without a space."""
        if self.glued is None:
            self.glued = find_glued(self.text)
        return at in self.glued

    def is_percent(self, at: int) -> bool:
        """Return whether the % at token number `at` means hundredths: before * / ) and the end, or where a percentage follows a sign."""
        tokens = self.tokens
        if at not in self.percents:
            last = at
            while tokens[last + 1] in ("+", "-") and tokens[last + 2][:1] in NUMBER_BEGINS and tokens[last + 3] == "%":
                last += 3
            self.percents = range(at, last + 1, 3)
        at = self.percents[-1]
        if tokens[at + 1] in ("+", "-"):  # 8% - 3 is spaced as a percentage, 8%-3 as either; nobody writes the remainder by +3
            spaced = not self.is_glued(at + 1) and not self.is_glued(at + 2)
            return self.is_glued(at) and (spaced or (tokens[at + 1] == "+" and tokens[at - 1][:1] in NUMBER_BEGINS))
        return tokens[at + 1] in _PERCENT_BEFORE

    def _check_modulo(self, at: int) -> None:
        """Refuse a % that looks like a percentage before a sum or a number: 7 % -3 and 7%3 are remainders; 7%-3 and 80% pi may not be."""
        following = self.tokens[at + 1]
        if following == "+" or (following == "-" and not (self.is_glued(at + 2) and not self.is_glued(at))):
            raise Refused("'%' before + or - can mean a percentage or a remainder; write parentheses.", ErrorCode.AMBIGUOUS, at)
        if following in ("%", "^", "**", "!"):
            raise report_unexpected(self)
        before = self.tokens[at - 1]
        is_operand = following[:1] in NUMBER_BEGINS or following == "(" or self._is_known(following)
        if before[:1] in NUMBER_BEGINS and is_operand and self.is_glued(at) and not self.is_glued(at + 1):
            reason = f"This can mean {before}% of {following} or a remainder; write {before}% * {following} or {before} mod {following}."
            raise Refused(reason, ErrorCode.AMBIGUOUS, at)

    def _check_remainder(self, at: int) -> None:
        """Refuse 17 % 340, of which the remainder is seldom meant, and a remainder of a percentage. `at` is the token of the sign."""
        tokens = self.tokens
        if tokens[self.at - 1] == "%":
            raise Refused("A remainder of a division by a percentage is not clear; write parentheses.", ErrorCode.AMBIGUOUS, self.at - 1)
        left, right = self.code[-2:]
        if not (left[0] == right[0] == "number" and left[1] == at - 1 and tokens[at - 1][0] in NUMBER_BEGINS):
            return
        if self.at in (at + 2, at + 3) and tokens[self.at - 1][0] in NUMBER_BEGINS and is_less(left[2], right[2]):
            percent, whole = tokens[at - 1], tokens[self.at - 1]
            readings = f"{percent}% of {whole} or the remainder of {percent} / {whole}"
            reason = f"This can mean {readings}; write {percent}% * {whole} or {percent} mod {whole}."
            raise Refused(reason, ErrorCode.AMBIGUOUS, at)

    def check_implicit(self, at: int, last: str) -> None:
        """Allow a product without a sign, as in 2(3), 2pi, (1+2)(3+4), only where it has one reading."""
        before, token = self.tokens[at - 1], self.tokens[at]
        if (last != "*" or self.power_ended == at) and token != "(" and not self._is_known(token) and not self.unknowns_allowed:
            raise report_unknown(self, token)
        if last != "*":
            reason = "A product without a sign after a division can be read in two ways; write the * and parentheses."
            raise Refused(reason, ErrorCode.AMBIGUOUS, at)
        if self.power_ended == at:
            raise Refused("A product without a sign after a power can be read in two ways; write the *.", ErrorCode.AMBIGUOUS, at)
        is_name = token != "("
        # x y, 5% x: between two names, or behind a percentage, an operator was forgotten.
        if is_name and (before[:1].isalpha() or before == "%"):
            if not self._is_known(token):
                raise report_unknown(self, token)
            raise Refused(f"An operator is missing before {token!r}.", ErrorCode.SYNTAX_ERROR)
        if is_name and (before[0] in DIGITS or before[0] == ".") and token[0] in "eExXbBoO_" and self.is_glued(at):
            self._check_number_end(before, token, at)
        if not is_name and before == "%":
            raise report_unexpected(self)
        if not is_name and "." in before and self.tokens[at + 1].isdecimal() and self.tokens[at + 2] == ")" and self.is_glued(at):
            reason = f"{before}({self.tokens[at + 1]}) can mean a repeating decimal or a product; write the *."
            raise Refused(reason, ErrorCode.AMBIGUOUS, at)

    def _is_known(self, token: str) -> bool:
        return token in self.variables or token.lower() in FUNCTIONS or token.lower() in CONSTANTS or token.lower() in ALIASES

    def _check_number_end(self, before: str, token: str, at: int) -> None:
        """Refuse 2e and 0x10, which other programs read as one number."""
        if token in ("e", "E") and "e" not in self.variables:
            raise Refused(f"{before}{token} looks like a number that is cut off; write {before} * e.", ErrorCode.AMBIGUOUS, at)
        if before == "0" and token[0] in "xXbBoO":
            raise Refused("Only decimal numbers are read.", ErrorCode.SYNTAX_NOT_ALLOWED, at)
