"""Split sums as people, models and LaTeX write them into tokens of the grammar: `3 x 4`, `\\frac{1}{2}`, `10 divided by 4`, `0x1F`.

The strict grammar reads a text first; what it refuses comes here. Words and signs with one meaning become the grammar's tokens,
notation_parser.py reads the forms that take more than that. docs/calculator.md has all of them as a table.
"""

from __future__ import annotations

import re
from collections.abc import Container
from datetime import date

from .number_words import join_number_words
from .pieces import Pieces
from .refusal import CalculationError, ErrorCode, Refused
from .spoken_sums import write_out_sentences
from .tokens import MAX_CHARACTERS, NTH_ROOT, ONLY_SPACE, SAME_CHARACTER, SAME_TOKEN, SUPERSCRIPTS, check_lines

FRACTIONS = {
    "½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5), "⅘": (4, 5), "⅙": (1, 6),
    "⅚": (5, 6), "⅐": (1, 7), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8), "⅞": (7, 8), "⅑": (1, 9), "⅒": (1, 10),
}  # fmt: skip
ROOTS = {"√": "sqrt", "∛": "cbrt"}
DEGREES = frozenset({"°", "deg", "degree", "degrees"})
_DASHES = {"–": "-", "‒": "-", "﹣": "-", "—": "-", "―": "-"}
_TIMES = dict.fromkeys("✕✖⨯⨉⋆•", "*")
_QUOTES = {"“": '"', "”": '"', "″": '"', "’": "'", "′": "'"}
_SIGNS = SAME_TOKEN | _DASHES | _TIMES | _QUOTES | {"√": "√", "≈": "=", "⁄": "/", "->": "to", "→": "to", "∜": NTH_ROOT + "4"}
_SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"
_PLAIN_SUBSCRIPTS = str.maketrans(_SUBSCRIPTS, "0123456789")

_QUESTION = re.compile(
    r"(?:(?:what|what\s+number|how\s+much)\s*(?:is|are|'s|’s)|convert|calculate|calc|expression|compute|evaluate|work\s+out|find|(?:solve|simplify)(?!\s*\()"
    r"|(?:the\s+)?(?:value|result|answer)\s+(?:of|to))\b(?:\s+for\s+[a-z]\s*[:,])?[\s:]*",
    re.IGNORECASE,
)
# The end of "2x = 10, x = ?" and "2x = 10. What is x?"
_ASKED_FOR = re.compile(r"[,;.]\s*(?:(?:find|solve\s+for|what\s+is|what['’]s|then)\s+)?([a-z])\s*=?\s*[?.]?\s*", re.IGNORECASE)
_EQUALS = re.compile(r"=|\bequals?\b", re.IGNORECASE)
_BULLETS = "•‣◦▪●"
_DELIMITERS = (
    ("$$", "$$"),
    ("$", "$"),
    ("\\(", "\\)"),
    ("\\[", "\\]"),
    ("`", "`"),
    ('"', '"'),
    ("'", "'"),
    ("“", "”"),
    ("‘", "’"),
    ("«", "»"),
)
_NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+(?![A-Za-z_]))?"
_PIECE = re.compile(
    r"[ \t\r\n]*("
    r"\^\s*\{?\s*\\(?:circ|degree)\b\s*\}?|\\[A-Za-z]+|\\."
    r"|0[xX][0-9a-fA-F]+(?![0-9A-Za-z_.])|0[bB][01]+(?![0-9A-Za-z_.])|0[oO][0-7]+(?![0-9A-Za-z_.])"
    rf"|[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}(?![\w.])|[0-9]{{1,2}}([-/.])[0-9]{{1,2}}\2[0-9]{{4}}(?![\w])"
    r"|(?=(?:[0-9]{2}[-/])*0)[0-9]{2}([-/])[0-9]{2}\3[0-9]{2}(?![\w./-])"  # 24-01-01: a year of two digits
    rf"|{_NUMBER}|log_[0-9]+|log[{_SUBSCRIPTS}]+|[{_SUBSCRIPTS}]+√|[A-Za-z_][A-Za-z_0-9]*|\*\*|//|==|->|[{SUPERSCRIPTS}]+|[^ \t\r\n])"
)
_GROUPED = re.compile(
    r"[1-9][0-9]{0,2}(?:(?:(?:,|\{,\}|\\,|_|['’](?![0-9]+[\"”])|[\u00a0\u2007\u2009\u202f])[0-9]{3})+(?:\.[0-9]*)?(?![0-9A-Za-z_,.])"
    # By plain spaces too, where there are two: 123 456 is a product elsewhere, and 2 100/200 a mixed number.
    r"|(?: [0-9]{3}){2,}(?:\.[0-9]+)?(?![0-9A-Za-z_,./]| [0-9]))"
)
_CLOCK = re.compile(r"(?<![\w:.])([0-9]{1,2}):([0-9]{2})(?![\w])")
_HOURS = re.compile(r"(h|hr|hrs)([0-9]{1,2})(m|min|mins)\Z")
DATE = re.compile(r"([0-9]{1,4})([-/.])([0-9]{1,2})\2([0-9]{1,4})\Z")

# LaTeX that stands for a token of the grammar, and what only sets space or size.
_COMMANDS = {
    "times": "*", "cdot": "*", "ast": "*", "div": "/", "pi": "pi", "tau": "tau", "bmod": "mod", "mod": "mod", "lvert": "|", "rvert": "|",
    "vert": "|", "mid": "|", "circ": "°", "degree": "°", "lbrack": "[", "rbrack": "]", "exp": "exp", "max": "max", "min": "min",
    "gcd": "gcd",
    "%": "%", "$": "$", "dfrac": "\\frac", "tfrac": "\\frac", "cfrac": "\\frac", "dbinom": "\\binom", "tbinom": "\\binom",
    "euro": "€", "pounds": "£", "minus": "-",
}  # fmt: skip
_READ_LATER = frozenset(
    {"\\frac", "\\binom", "\\sqrt", "\\sum", "\\prod", "\\choose", "\\over", "\\lfloor", "\\rfloor", "\\lceil", "\\rceil", "\\sin", "\\cos",
     "\\tan", "\\ln", "\\log", "\\sinh", "\\cosh", "\\tanh", "\\arcsin", "\\arccos", "\\arctan"}
)  # fmt: skip
_SPACING = frozenset(
    {"left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "displaystyle", "textstyle", "quad", "qquad", "limits",
     ",", ";", ":", "!", " ", ">", "thinspace"}
)  # fmt: skip
_WRAPPERS = frozenset({"text", "mathrm", "mathbf", "mathit", "operatorname", "mbox", "textbf", "boxed"})

# Words that are operators, at most four in a row. What they stand for is a token of the grammar, or one that the parser below reads.
_PHRASES: dict[tuple[str, ...], str] = {
    ("plus",): "+",
    ("minus",): "-",
    ("times",): "*",
    ("multiplied", "by"): "*",
    ("divided", "by"): "/",
    ("to", "the", "power", "of"): "^",
    ("raised", "to", "the", "power", "of"): "^",
    ("raised", "to"): "^",
    ("squared",): "²",
    ("cubed",): "³",
    ("percent",): "%",
    ("per", "cent"): "%",
    ("percentage",): "%",
    ("pct",): "%",
    ("modulo",): "mod",
    ("increased", "by"): "+",
    ("decreased", "by"): "-",
    ("reduced", "by"): "-",
    ("added", "to"): "+",
    ("to", "the", "power"): "^",
    ("per",): "/",
    ("equals",): "=",
    ("is", "equal", "to"): "=",
    ("square", "root", "of"): "square root of",
    ("the", "square", "root", "of"): "square root of",
    ("cube", "root", "of"): "cube root of",
    ("the", "cube", "root", "of"): "cube root of",
}
_LOOKED_AHEAD = 4  # so many tokens after the current one are looked at without asking whether they are there
_LONGEST_PHRASE = max(map(len, _PHRASES))


def split(text: str, bound: Container[str]) -> Pieces:
    """Return the tokens of a text, with empty ones at the end. The names in `bound` have a value: they are never words of an operator.

    Raise CalculationError for LaTeX that is not known.
    """
    if len(text) > MAX_CHARACTERS:
        raise CalculationError(text, MAX_CHARACTERS, f"At most {MAX_CHARACTERS:,} characters are read.", ErrorCode.TOO_LARGE)
    start, end = strip_question(text)
    pieces = Pieces(text)
    plain = text.translate(SAME_CHARACTER)
    is_equation = _EQUALS.search(plain, start, end) is not None
    unwrapped: list[int] = []  # at which depth of braces a wrapper such as \text{ was opened
    calls: list[bool] = []  # for each open bracket, whether commas in it separate arguments
    depth, at = 0, start
    while at < end and (found := _PIECE.match(plain, at, end)):
        token, place, at = found[1], found.start(1), found.end()
        if token[0] == "^" and len(token) > 1:
            token = "°"
        elif token[0] == "\\":
            name = token[1:]
            if name in _WRAPPERS and plain.startswith("{", at):
                at += 1
                depth += 1
                unwrapped.append(depth)
                continue
            if name in _SPACING:
                continue
            token = _COMMANDS.get(name, token)
            if token[0] == "\\" and token not in _READ_LATER:
                raise pieces.refuse(place, f"The LaTeX command {token} is not read here.", ErrorCode.SYNTAX_NOT_ALLOWED)
        elif token == ":":
            _refuse_clock(pieces, plain, place)
        elif token == "{":
            depth += 1
        elif token == "}":
            depth -= 1
            if unwrapped and unwrapped[-1] == depth + 1:
                unwrapped.pop()
                continue
        elif token in ("(", "["):
            calls.append(token == "[" or (bool(pieces.tokens) and pieces.tokens[-1][-1].isalnum() and not pieces.tokens[-1][0].isdecimal()))
        elif token in (")", "]") and calls:
            calls.pop()
        elif token[0].isdecimal() and not any(calls) and (grouped := _GROUPED.match(text, place, end)):
            token, at = re.sub(r"[^0-9.]", "", grouped[0]), grouped.end()
        elif plainly := _write_plainly(token):
            token = plainly
        elif token[0].isalpha() and token not in bound and (parts := _split_glued(token, pieces, place, is_equation)):
            for part, offset in parts:
                pieces.add(part, place + offset)
            continue
        pieces.add(_SIGNS.get(token, token), place)
    joined = write_out_sentences(_join_phrases(join_number_words(pieces, bound), bound), bound)
    if not joined.tokens:
        raise CalculationError(text, 0, "The expression is empty.")
    check_lines(text, plain[:end], joined.tokens, joined.starts)
    for _ in range(_LOOKED_AHEAD):
        joined.add("", end)
    return joined


def _write_plainly(token: str) -> str:
    """Return 0x1F as 31, log₂ as log_2, and ₃√ as the root of degree 3; an empty text for other tokens."""
    if token[-1] in _SUBSCRIPTS and len(token) > 1:
        return "log_" + token[3:].translate(_PLAIN_SUBSCRIPTS)
    if token[0] in _SUBSCRIPTS and token[-1] == "√":
        return NTH_ROOT + token[:-1].translate(_PLAIN_SUBSCRIPTS)
    return str(int(token, 0)) if token[:2].lower() in ("0x", "0b", "0o") and len(token) > 2 else ""


def _refuse_clock(pieces: Pieces, plain: str, place: int) -> None:
    """Refuse 10:31, which may be a time of day, or hours and minutes, or minutes and seconds."""
    if clock := _CLOCK.search(plain, max(place - 2, 0), place + 3):
        first, second = clock[1], clock[2]
        reason = f"{clock[0]} can be a time of day, {first} h {second} min or {first} min {second} s; write the units."
        raise pieces.refuse(place, reason)


def read_day(token: str) -> int:
    """Return the day number of a date such as 2024-03-01. Raise Refused for a date with two readings, and for what is none."""
    found = DATE.match(token)
    first, sign, second, third = found.groups() if found else ("", "", "", "")
    spaced = f"; a calculation needs spaces: {first} {sign} {second} {sign} {third}" if sign != "." else ""
    if len(first) != 4:
        raise Refused(f"{token} may have the day first or the month; write a date as 2024-03-01{spaced}.", ErrorCode.AMBIGUOUS)
    try:
        return date(int(first), int(second), int(third)).toordinal()
    except ValueError:
        raise Refused(f"There is no day {token}{spaced}.", ErrorCode.AMBIGUOUS) from None


def strip_question(text: str) -> tuple[int, int]:
    """Return where the sum in a text begins and ends: without "What is", the delimiters of LaTeX, and "=" or "?" around it."""
    text = text.translate(SAME_CHARACTER)
    start, end = 0, len(text)
    while True:
        while start < end and text[start] in ONLY_SPACE:
            start += 1
        while start < end and text[end - 1] in ONLY_SPACE:
            end -= 1
        inner = _strip_once(text, start, end)
        if inner is None:
            return start, end
        start, end = inner


def _strip_once(text: str, start: int, end: int) -> tuple[int, int] | None:
    for opening, closing in _DELIMITERS:
        inside = start + len(opening), end - len(closing)
        if inside[0] < inside[1] and text.startswith(opening, start) and text.endswith(closing, start, end):
            return None if opening == "$" and "$" in text[inside[0] : inside[1]] else inside
    if text[start : start + 1] in _BULLETS and start + 1 < end:
        return start + 1, end
    if (question := _QUESTION.match(text, start, end)) and question.end() < end:
        return question.end(), end
    equals = text.find("=", start, end)
    separator = max(text.rfind(each, equals, end - 1) for each in ",;.") if equals > start else -1
    if separator > 0 and (asked := _ASKED_FOR.fullmatch(text, separator, end)) and asked[1] in text[start:equals]:
        return start, separator
    if start < (trailer := _find_trailer(text, start, end)) < end:
        return start, trailer
    if text.startswith("=", start) and not text.startswith("==", start) and start + 1 < end:
        return start + 1, end
    return None


def _find_trailer(text: str, start: int, end: int) -> int:
    """Return where the "=", "equals", "= ?", "?" or ";" begins with which a text ends; its end where there is none.

    It is looked for from the end: a search from the beginning would take a long row of signs as often as it has signs.
    """

    def skip_space(at: int) -> int:
        while at > start and text[at - 1].isspace():
            at -= 1
        return at

    if text[end - 1 : end] in (";", ",") or (text.endswith(".", start, end) and not text[end - 2].isdecimal()):
        return skip_space(end - 1)
    if text.endswith("=>", start, end):
        return skip_space(end - 2)
    asked = skip_space(end - 1) if text.endswith("?", start, end) else end
    if text.endswith("=", start, asked):
        return skip_space(asked - 1)
    word = asked - len("equals")
    if text.endswith("equals", start, asked) and skip_space(word) < word:
        return skip_space(word)
    return asked


def _split_glued(token: str, pieces: Pieces, place: int, is_equation: bool) -> list[tuple[str, int]]:
    """Return the parts of a token that stands behind a number, and where each begins: of 2h30m, 10C3, 3x4. Empty for any other."""
    if pieces.tokens and (hours := _HOURS.match(token)):
        return [(hours[part], hours.start(part)) for part in (1, 2, 3)]
    if _is_choice(token, pieces, place):
        return [(token[0], 0), (token[1:], 1)]
    return _split_times(token, pieces) if token[0] in "xX" and not is_equation else []


def _is_choice(token: str, pieces: Pieces, place: int) -> bool:
    """Return whether a token is the C3 of 10C3."""
    if token[0] not in "CP" or not token[1:].isdecimal() or not pieces.tokens or not pieces.tokens[-1].isdecimal():
        return False
    return pieces.starts[-1] + len(pieces.tokens[-1]) == place


def _split_times(token: str, pieces: Pieces) -> list[tuple[str, int]]:
    """Split the x4 of 3x4, the x4x5 of 3x4x5 and the xsqrt of 3xsqrt(4) after an operand; empty where x is no times."""
    before = pieces.tokens[-1] if pieces.tokens else ""
    if not (before[:1].isdecimal() or before[:1] == "." or before in (")", "%", "!", "}") or before in FRACTIONS):
        return []
    parts: list[tuple[str, int]] = []
    at = 0
    while at < len(token):
        if token[at] in "xX":
            parts.append(("x", at))
            at += 1
            continue
        rest = re.match(r"[0-9]+|(?:sqrt|cbrt|root)\Z", token[at:])
        if rest is None:
            return []
        parts.append((rest[0], at))
        at += rest.end()
    return parts if len(parts) > 1 else []


def _check_said_twice(joined: Pieces, token: str, place: int) -> None:
    """Refuse "plus plus", and "plus minus", which is also ±. After a word, "minus" may be the sign of a number: times minus 3."""
    before = joined.tokens[-1] if joined.tokens else ""
    if (token == "+" and before in ("+", "-", "*", "/", "^")) or (token == "-" and before == "+"):
        raise joined.refuse(place, "Two signs in words, one after the other; write the sum in signs.")


def _join_phrases(pieces: Pieces, bound: Container[str]) -> Pieces:
    """Return the pieces with words that are operators as one token each."""
    joined = Pieces(pieces.text)
    tokens = pieces.tokens
    at = 0
    while at < len(tokens):
        length = 1
        token = tokens[at]
        if token[:1].isalpha() and token not in bound:
            for length in range(min(_LONGEST_PHRASE, len(tokens) - at), 0, -1):
                words = tuple(word.lower() for word in tokens[at : at + length])
                if words in _PHRASES:
                    token = _PHRASES[words]
                    _check_said_twice(joined, token, pieces.starts[at])
                    break
        joined.add(token, pieces.starts[at])
        at += length
    return joined
