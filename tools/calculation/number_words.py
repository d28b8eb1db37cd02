"""Read numbers in words: `twenty-five`, `one hundred and twenty`, `three point five`, `two thirds`, `three and a half`, `a dozen`."""

from __future__ import annotations

from collections.abc import Container

from .pieces import Pieces

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
SMALL_NUMBERS = {word: number for number, word in enumerate(_SMALL)} | {"nought": 0, "fourty": 40, "ninty": 90}
SMALL_NUMBERS |= {word: 20 + 10 * number for number, word in enumerate(_TENS)}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "quadrillion": 10**15}
_GROUPS = {"hundred": 100, "dozen": 12} | _SCALES
_NUMBER_ENDS = frozenset("0123456789).")
_PARTS = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4, "fourths": 4, "fifth": 5, "fifths": 5,
    "sixth": 6, "sixths": 6, "seventh": 7, "sevenths": 7, "eighth": 8, "eighths": 8, "ninth": 9, "ninths": 9, "tenth": 10, "tenths": 10,
}  # fmt: skip


def join_number_words(pieces: Pieces, bound: Container[str]) -> Pieces:
    """Return the pieces with each number in words as the tokens of its digits. The names in `bound` have a value, and are no words."""
    pieces = _drop_dashes(pieces)
    words = [token.lower() if token[:1].isalpha() and token not in bound else "" for token in pieces.tokens]
    if not any(word in SMALL_NUMBERS or word in _PARTS or word in _GROUPS for word in words):
        return pieces
    joined = Pieces(pieces.text)
    at = 0
    while at < len(words):
        number, end = _read_number(pieces, words, at, is_after_number=_ends_number(joined))
        is_number = end > at
        if not is_number and pieces.tokens[at].isdecimal():
            number, end = pieces.tokens[at], at + 1
        part = end + _is_dash(pieces, words, end) if is_number else end  # two-thirds
        parts, after = _read_part(words, part, number) if number.isdecimal() and part < len(words) else ((), end)
        if parts and joined.tokens and joined.tokens[-1][:1].isdecimal():
            raise pieces.refuse(pieces.starts[at], "A number before a fraction can be a product or a mixed number; write * or +.")
        if (
            parts
            and is_number
            and number.endswith("1")
            and number != "1"
            and (part_of := _PARTS.get(words[part]))
            and words[part][-1] != "s"
        ):
            raise pieces.refuse(pieces.starts[at], f"This can be {number[:-1]}0 and 1/{part_of}, or {number}/{part_of}; write digits.")
        if parts or is_number:
            for token in parts or (number,):
                joined.add(token, pieces.starts[at])
            at = after
        else:
            joined.add(pieces.tokens[at], pieces.starts[at])
            at += 1
    return joined


def _ends_number(pieces: Pieces) -> bool:
    """Return whether the last piece ends a number: 2, or the hundred of 2 hundred."""
    return bool(pieces.tokens) and (pieces.tokens[-1][-1:] in _NUMBER_ENDS or pieces.tokens[-1].lower() in _GROUPS)


def _drop_dashes(pieces: Pieces) -> Pieces:
    """Return the pieces without the hyphens of two-hundred-and-fifty: before "hundred" and its like, and around "and"."""
    if "-" not in pieces.tokens:
        return pieces
    kept = Pieces(pieces.text)
    words = [token.lower() for token in pieces.tokens]
    for at, (token, start) in enumerate(zip(pieces.tokens, pieces.starts, strict=True)):
        is_within = token == "-" and 0 < at < len(words) - 1 and pieces.is_glued(at) and pieces.is_glued(at + 1)
        before, following = (words[at - 1], words[at + 1]) if is_within else ("", "")
        joins = (before in SMALL_NUMBERS and following in _GROUPS) or (before in _GROUPS and following == "and") or before == "and"
        if not joins:
            kept.add(token, start)
    return kept


def _read_number(pieces: Pieces, words: list[str], at: int, *, is_after_number: bool) -> tuple[str, int]:
    """Return the digits of the number in words that begins at a token, and the token after it: `at` itself where there is none.

    `is_after_number` says that a number stands before: the hundred of 5 hundred counts that one.
    """
    begun = at
    if words[at] in ("a", "an") and at + 1 < len(words) and words[at + 1] in _GROUPS:
        total, group, at = 0, 1, at + 1
    elif words[at] in _GROUPS and words[at] != "dozen" and not is_after_number and words[at : at + 1] != words[at + 1 : at + 2]:
        total, group = 0, 1  # hundred and fifteen
    elif words[at] in SMALL_NUMBERS:
        group, at = _read_below_hundred(pieces, words, at)
        total = 0
        if at + 1 < len(words) and pieces.is_glued(at) and pieces.is_glued(at + 1) and words[at + 1] in SMALL_NUMBERS:
            return "", begun  # twenty-twenty
    else:
        return "", begun
    smallest = 10**18
    while at < len(words):
        word = words[at]
        if word == "hundred" and 0 < group < 100:
            group *= 100
        elif word == "dozen" and total == 0 and (group < 100 or group % 100 == 0):
            return str(group * 12), at + 1
        elif word in _SCALES and 0 < group < 1000 and _SCALES[word] < smallest:
            smallest = _SCALES[word]
            total, group = total + group * smallest, 0
        elif (follows := at + (word == "and")) < len(words) and words[follows] in SMALL_NUMBERS and _may_add(words[at - 1], group):
            more, at = _read_below_hundred(pieces, words, follows)
            group += more
            continue
        elif word == "point" and at + 1 < len(words) and words[at + 1] in SMALL_NUMBERS:
            return _read_decimals(words, at + 1, total + group)
        elif (word in ("hundred", "dozen") and (total or group % 100)) or (
            word in _SCALES and total and group and _SCALES[word] <= smallest
        ):
            return "", begun  # one hundred and two hundred: of what the last word is a multiple is not said
        else:
            break
        at += 1
    return str(total + group), at


def _is_dash(pieces: Pieces, words: list[str], at: int) -> bool:
    """Return whether a hyphen stands at a token that joins a number to a part: two-thirds. With spaces around it, it is a minus."""
    joins = at + 1 < len(words) and pieces.tokens[at] == "-" and words[at + 1] in _PARTS
    return joins and pieces.is_glued(at) and pieces.is_glued(at + 1)


def _may_add(before: str, group: int) -> bool:
    """Return whether a number below a hundred may follow: after "hundred", or after "thousand" and its like."""
    return (before == "hundred" and group % 100 == 0) or (before in _SCALES and group == 0)


def _read_below_hundred(pieces: Pieces, words: list[str], at: int) -> tuple[int, int]:
    """Return twenty-five, or twenty five, or five, and the token after it. A dash with spaces around it is a minus."""
    number = SMALL_NUMBERS[words[at]]
    if number < 20:
        return number, at + 1
    dash = at + 1 < len(words) and pieces.tokens[at + 1] == "-" and pieces.is_glued(at + 1)
    after = at + 2 if dash else at + 1
    if after < len(words) and 0 < SMALL_NUMBERS.get(words[after], 0) < 10 and (not dash or pieces.is_glued(after)):
        return number + SMALL_NUMBERS[words[after]], after + 1
    return number, at + 1


def _read_decimals(words: list[str], at: int, whole: int) -> tuple[str, int]:
    digits = ""
    while at < len(words) and 0 <= SMALL_NUMBERS.get(words[at], -1) < 10:
        digits += str(SMALL_NUMBERS[words[at]])
        at += 1
    return f"{whole}.{digits}" if digits else str(whole), at


def _read_part(words: list[str], at: int, number: str) -> tuple[tuple[str, ...], int]:
    """Return the tokens of two thirds, and of three and a half, whose number ends before a token; empty where neither stands there."""
    if words[at] in _PARTS:
        fraction = (number, "/", str(_PARTS[words[at]]))
        is_share = at + 1 < len(words) and words[at + 1] == "of"
        return (fraction if is_share else ("(", *fraction, ")")), at + 1
    if words[at : at + 2] in (["and", "a"], ["and", "one"]) and at + 2 < len(words) and words[at + 2] in _PARTS:
        return ("(", number, "+", "1", "/", str(_PARTS[words[at + 2]]), ")"), at + 3
    return (), at
