"""Parse LaTeX that takes more than one token: groups, roots of a degree, bases of logarithms, sums and products of a series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .exact import evaluate
from .expression_parser import ParsedExpression, Parser
from .instructions import Instruction
from .parser_refusals import MAX_NODES, report_too_many
from .pieces import Pieces
from .refusal import ErrorCode, NotRational, Refused

IN_GROUPS = {"\\choose": ("call", ("comb", 2)), "\\over": ("/", None)}
_SERIES = {"\\sum": "+", "\\prod": "*"}
SERIES = frozenset(_SERIES)
MOST_TERMS = 1_000
MOST_PASSING = 10 * MAX_NODES
"""So many parts are parsed that do not stay: those of bounds, which stand in one another, and of empty series."""


class WrittenParser(Parser):
    """The strict grammar's descent over the pieces of a text as it is written."""

    __slots__ = ("passing", "pieces")

    def __init__(self, pieces: Pieces, variables: Mapping[str, ParsedExpression]) -> None:
        super().__init__(pieces.text, pieces.tokens, variables)
        self.pieces: Pieces = pieces
        self.passing = 0

    def is_glued(self, at: int) -> bool:
        """Return whether token number `at` directly follows the one before it, without a space."""
        return self.pieces.is_glued(at)


def parse_group(parser: WrittenParser, depth: int) -> None:
    """Parse: "{" sum "}", "{" sum ("\\over" | "\\choose") sum "}", or one digit, as \\frac12 has them."""
    at, tokens = parser.at, parser.tokens
    if tokens[at] == "{":
        parser.at = at + 1
        parser.parse_sum(depth + 1)
        if tokens[parser.at] in IN_GROUPS:
            sign = parser.at
            opcode, value = IN_GROUPS[tokens[sign]]
            parser.at += 1
            parser.parse_sum(depth + 1)
            parser.code.append((opcode, sign, value))
        parser.expect("{", "}", at)
    elif tokens[at][:1].isdecimal() and tokens[at].isdecimal():
        parser.code.append(("number", at, int(tokens[at][0])))
        _drop_first(parser, at, 1)
    else:
        parser.parse_operand(depth + 1)


def _drop_first(parser: WrittenParser, at: int, length: int) -> None:
    """Take the first characters off a token, or go on to the next one where that is all of it."""
    if len(parser.tokens[at]) > length:
        parser.tokens[at] = parser.tokens[at][length:]
        parser.pieces.starts[at] += length
    else:
        parser.at = at + 1


def parse_nth_root(parser: WrittenParser, depth: int) -> None:
    """Parse: \\sqrt[n]{x}, as root(x, n)."""
    at = parser.at
    parser.at = at + 2
    begun = len(parser.code)
    parser.parse_sum(depth + 1)
    parser.expect("[", "]", at + 1)
    degree = _take_code(parser, begun)
    parse_group(parser, depth)
    parser.code += [*degree, ("call", at, ("root", 2))]


def parse_log_base(parser: WrittenParser, depth: int) -> list[Instruction]:
    """Parse the base after \\log: _2 or _{10}. Return its code. \\log_28 is the logarithm of 8, with nothing else behind it."""
    at = parser.at
    token, following = parser.tokens[at], parser.tokens[at + 1]
    if not token.startswith("_"):
        return []
    begun = len(parser.code)
    if len(token) > 1 and token[1:].isdecimal():
        is_alone = not (following[:1].isalnum() or following[:1] in ("(", "{", "\\", "."))
        base = token[1] if len(token) > 2 and is_alone else token[1:]
        parser.code.append(("number", at, int(base)))
        _drop_first(parser, at, 1 + len(base))
    else:
        parser.at += 1
        parse_group(parser, depth)
    return _take_code(parser, begun)


def parse_mixed_number(parser: WrittenParser) -> None:
    """Parse the \\frac{1}{2} of 2\\frac{1}{2}, where the fraction is a proper one."""
    begun = len(parser.code)
    at = parser.at
    parser.parse_primary(parser.tokens[at], 1)
    values = [value for opcode, _, value in parser.code[begun:] if opcode == "number"]
    is_whole = len(values) == 2 and all(type(value) is int for value in values)
    if len(parser.code) != begun + 3 or not is_whole or not 0 < values[0] < values[1]:
        raise Refused("A number before a fraction can be a product or a mixed number; write * or +.", ErrorCode.AMBIGUOUS, at)
    parser.code.append(("+", at, None))


def parse_series(parser: WrittenParser, depth: int) -> None:
    """Parse: ("\\sum" | "\\prod") "_{" name "=" sum "}" "^" group product. The product is parsed once for each value of the name."""
    at, tokens = parser.at, parser.tokens
    sign = tokens[at]
    bounds: dict[str, int] = {}
    name = ""
    parser.at = at + 1
    while tokens[parser.at] in ("_", "^") and tokens[parser.at] not in bounds:
        mark = tokens[parser.at]
        parser.at += 1
        begun = len(parser.code)
        if mark == "_":
            name = _parse_index(parser)
            parser.parse_sum(depth + 1)
            parser.expect("{", "}", parser.at)
        else:
            parse_group(parser, depth)
        bounds[mark] = _find_bound(parser, begun)
    if len(bounds) != 2:
        raise Refused(f"{sign} needs both bounds: {sign}_{{i=1}}^{{10}}.", ErrorCode.SYNTAX_ERROR, at)
    low, high = bounds["_"], bounds["^"]
    if high - low >= MOST_TERMS:
        raise Refused(f"A series has at most {MOST_TERMS:,} terms.", ErrorCode.TOO_LARGE, at)
    body = parser.at
    _parse_terms(parser, depth, name, range(low, high + 1), _SERIES[sign])
    if tokens[parser.at] in ("+", "-") or _may_end_sooner(tokens[body : parser.at], name, sign):
        raise Refused(f"How far does {sign} reach? Write brackets around what is added up, or around all of it.", ErrorCode.AMBIGUOUS)


def _may_end_sooner(body: Sequence[str], name: str, sign: str) -> bool:
    """Return whether a series would have another value if it ended before a sign in its body: \\sum i mod 3, \\prod i / 2."""
    depth, last = 0, max((at for at, token in enumerate(body) if token == name), default=-1)
    for at, token in enumerate(body):
        depth += (token in ("(", "[", "{")) - (token in (")", "]", "}"))
        is_remainder = token == "%" and (body[at + 1 : at + 2] or ("",))[0][:1].isalnum()
        is_factor = sign == "\\prod" and at > last and token in ("*", "/", "%")
        if depth == 0 and (token in ("mod", "div", "//") or is_remainder or is_factor):
            return True
    return False


def _parse_index(parser: WrittenParser) -> str:
    """Parse the "{i=" of a lower bound. Return the name."""
    at = parser.at
    opened, name, equals = parser.tokens[at : at + 3]
    if opened != "{" or equals != "=" or not name.isalpha():
        raise Refused("A lower bound should follow, such as _{i=1}.", ErrorCode.SYNTAX_ERROR)
    parser.at = at + 3
    return name


def _find_bound(parser: WrittenParser, begun: int) -> int:
    """Return the whole number that the code since `begun` has as its value, and take it away."""
    try:
        value = evaluate(_take_code(parser, begun))
    except NotRational:
        value = (0, 0)
    if type(value) is not int:
        raise Refused("A bound of a series is a whole number.", ErrorCode.SYNTAX_NOT_ALLOWED)
    return value


def _parse_terms(parser: WrittenParser, depth: int, name: str, values: range, sign: str) -> None:
    """Parse what is added up or multiplied once for each value of the name, and join the values by a sign."""
    at, begun, variables = parser.at, len(parser.code), parser.variables
    tokens, starts = list(parser.tokens), list(parser.pieces.starts)  # \\frac12 takes its tokens apart
    for count, value in enumerate(values or (0,)):
        parser.at, parser.tokens[:], parser.pieces.starts[:] = at, tokens, starts
        parser.variables = {**variables, name: ParsedExpression([("number", 0, value)], False, False)}
        parser.parse_product(depth + 1)
        if count:
            parser.code.append((sign, at, None))
        if len(parser.code) > MAX_NODES:
            raise report_too_many(len(parser.code))
    parser.variables = variables
    if not values:  # an empty sum is 0, an empty product 1
        _take_code(parser, begun)
        parser.code.append(("number", at, int(sign == "*")))


def _take_code(parser: WrittenParser, begun: int) -> list[Instruction]:
    taken = parser.code[begun:]
    del parser.code[begun:]
    parser.passing += len(taken)
    if parser.passing > MOST_PASSING:
        raise Refused(f"The series of this text are of more than {MOST_PASSING:,} parts.", ErrorCode.TOO_LARGE, 0)
    return taken
