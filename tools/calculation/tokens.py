"""Split an expression into tokens: which characters are read at all, where numbers end, and what a comma means."""

from __future__ import annotations

import re
from itertools import pairwise

from .refusal import CalculationError, ErrorCode

MAX_CHARACTERS = 10_000

DIGITS = frozenset("0123456789")  # str.isdigit also says yes to ², which int() refuses
SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻"
NTH_ROOT = "√"  # followed by the degree in digits: the token of ∜, ₅√ and "5th root of"
PLAIN_SUPERSCRIPTS = str.maketrans(SUPERSCRIPTS, "0123456789+-")
CURRENCIES = "$€£¥₹"
# One sign, one token: mapping must never make an operator, so "××" is two multiplications and not a power.
SAME_TOKEN = {
    "×": "*",
    "·": "*",
    "⋅": "*",
    "∙": "*",
    "∗": "*",
    "＊": "*",
    "÷": "/",
    "∕": "/",
    "／": "/",
    "−": "-",
    "－": "-",
    "＋": "+",
    "π": "pi",
    "√": "sqrt",
}
# Spaces of all widths, and characters that are not seen at all: within a number they separate its digits, which is refused.
_SPACES = "\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
SAME_CHARACTER = str.maketrans(dict(zip("０１２３４５６７８９（）．，％＾", "0123456789().,%^", strict=True)) | dict.fromkeys(_SPACES, " "))
ACCEPTED = frozenset(SUPERSCRIPTS) | frozenset(CURRENCIES) | frozenset(SAME_TOKEN) | frozenset(chr(code) for code in SAME_CHARACTER)

_NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_TOKEN = re.compile(rf"[ \t\r\n]*({_NUMBER}|[A-Za-z_][A-Za-z_0-9]*|\*\*|//|[{SUPERSCRIPTS}]+|[^ \t\r\n])")
# 1,234,567.8: the first group has no leading zero, so 0,123 is no number, and neither is 1,23.
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?(?![0-9A-Za-z_,.])")
ONLY_SPACE = " \t\r\n"
SPACES = frozenset(ONLY_SPACE + _SPACES)


# What the strict grammar would read as something that nobody means: $2+2$ as an amount, the hyphens of a date as minus, LaTeX's 1{,}234,
# and the commas of a list in a sentence.
_ELSEWHERE = re.compile(
    r"\\|\{,\}|[A-Za-z]\s+of\s.*,|(?:add|multiply)\s.*,|(?<![\w.])(?:[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}|[0-9]{1,2}([-/.])[0-9]{1,2}\1[0-9]{4})(?![\w])"
    r"|(?<![\w./-])(?=(?:[0-9]{2}[-/])*0)[0-9]{2}([-/])[0-9]{2}\2[0-9]{2}(?![\w./-])",
    re.DOTALL,
)


def needs_notation(text: str) -> bool:
    """Return whether a text is not for the strict grammar, although that may accept it: LaTeX in $...$, and dates."""
    stripped = text.rstrip()
    return (stripped.endswith("$") and stripped.count("$") > 1) or _ELSEWHERE.search(text) is not None


def tokenize(text: str) -> list[str]:
    """Return the tokens of a text, with an empty one at the end.

    Raise CalculationError for characters that are not part of an expression and for commas that have no single reading.
    """
    if len(text) > MAX_CHARACTERS:
        raise CalculationError(
            text, MAX_CHARACTERS, f"The expression has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read.", ErrorCode.TOO_LARGE
        )
    plain = text if text.isascii() else _normalize(text)
    tokens: list[str]
    if "," in plain or "\n" in plain or "\r" in plain:
        tokens = _scan(text, plain)[0]
    else:
        tokens = _TOKEN.findall(plain.rstrip(ONLY_SPACE))  # about twice as fast as a scan that keeps positions
        if not plain.isascii():
            tokens = [SAME_TOKEN.get(token, token) for token in tokens]
    if not tokens:
        raise CalculationError(text, 0, "The expression is empty.")
    tokens.append("")
    return tokens


def locate_token(text: str, at: int) -> int:
    """Return the offset of token number `at`. The text is scanned again: offsets are needed only for errors."""
    try:
        starts = _scan(text, _normalize(text))[1]
    except CalculationError as error:  # the first scan passed, so this is a caller's own text
        return error.position
    return starts[at] if at < len(starts) else len(text)


def find_glued(text: str) -> frozenset[int]:
    """Return the numbers of all tokens that directly follow the one before them, without a space."""
    return frozenset(at for at, start in enumerate(_scan(text, _normalize(text))[1]) if is_glued_at(text, start))


def is_glued_at(text: str, start: int) -> bool:
    """Return whether what begins at `start` directly follows what stands before. A ÷ stands apart from both numbers in any case."""
    return start > 0 and text[start - 1] not in SPACES and "÷" not in text[start - 1 : start + 1]


def _normalize(text: str) -> str:
    for position, character in enumerate(text):
        if character > "\x7f" and character not in ACCEPTED:
            raise CalculationError(
                text,
                position,
                f"The character {_describe_character(character)} is not part of an expression.",
                ErrorCode.SYNTAX_NOT_ALLOWED,
            )
    return text.translate(SAME_CHARACTER)


def _describe_character(character: str) -> str:
    # late, for load time: only errors need it
    import unicodedata

    name = unicodedata.name(character, "")
    sign = f"{character!r} " if character.isprintable() else ""
    return f"{sign}(U+{ord(character):04X}{' ' if name else ''}{name})"


def _scan(text: str, plain: str) -> tuple[list[str], list[int]]:
    """Return the tokens and their offsets. Grouped numbers are joined, commas between arguments are kept."""
    tokens: list[str] = []
    starts: list[int] = []
    is_call: list[bool] = []
    joined_until = 0
    for match in _TOKEN.finditer(plain.rstrip(ONLY_SPACE)):
        token, start = SAME_TOKEN.get(match[1], match[1]), match.start(1)
        if start < joined_until:
            continue
        if token in ("(", "["):
            is_call.append(token == "[" or (bool(tokens) and tokens[-1][0].isalpha()))
        elif token in (")", "]") and is_call:
            is_call.pop()
        elif token == ",":
            _check_separator(text, plain, start, is_call, tokens)
        # Between the arguments of a call a comma always separates: max(1,234) has two arguments.
        elif token[0] in DIGITS and not any(is_call) and plain[match.end() : match.end() + 1] == ",":
            grouped = _GROUPED.match(plain, start)
            if grouped is None:
                raise _grouping_error(text, match.end())
            token, joined_until = grouped[0].replace(",", ""), grouped.end()
        tokens.append(token)
        starts.append(start)
    check_lines(text, plain, tokens, starts)
    return tokens, starts


def _check_separator(text: str, plain: str, start: int, is_call: list[bool], tokens: list[str]) -> None:
    if not is_call or not is_call[-1]:
        raise _grouping_error(text, start)
    if len(tokens) > 1 and tokens[-2] in CURRENCIES and re.match(r",[0-9]{3}(?![0-9])", plain[start : start + 5]):
        reason = "In a call a comma separates arguments, but in an amount it looks like a thousands mark; write it without."
        raise CalculationError(text, start, reason, ErrorCode.AMBIGUOUS)


def _grouping_error(text: str, position: int) -> CalculationError:
    reason = "A comma stands between groups of three digits (1,234) or between the arguments of a function; this one does neither."
    before = text[len(text[:position].rstrip("0123456789.")) : position]
    after = re.match(r",([0-9]+)(?![0-9,])", text[position:])
    if before and after:
        written = f"{before}{after[0]}"
        decimal = f"{before.replace('.', '')}.{after[1]}"
        reason = f"{written} can have a decimal comma ({decimal}) or a comma between two numbers; write a point for decimals."
    return CalculationError(text, position, reason, ErrorCode.AMBIGUOUS)


def check_lines(text: str, plain: str, tokens: list[str], starts: list[int]) -> None:
    """Allow a line break only where the expression obviously goes on: inside brackets or after an operator."""
    if "\n" not in plain.strip() and "\r" not in plain.strip():
        return
    depth = 0
    for (token, start), (_, following) in pairwise(zip(tokens, starts, strict=True)):
        depth += (token in ("(", "[")) - (token in (")", "]"))
        gap = plain[start:following]
        if depth == 0 and ("\n" in gap or "\r" in gap) and token not in ("+", "-", "*", "/", "//", "^", "**"):
            raise CalculationError(text, following, "A second line begins here; give one expression at a time.", ErrorCode.SYNTAX_ERROR)
