"""Write out sums in sentences as the grammar has them: `average of 3, 5 and 10`, `subtract 5 from 20`, `20 is what percent of 80`.

Each rule takes the tokens of a text and returns those of the grammar, or the same ones where it finds nothing. Where it is not clear how
far a sentence reaches, the text is refused.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from fractions import Fraction

from .function_table import ALIASES, CONSTANTS, FUNCTIONS
from .pieces import Pieces
from .refusal import ErrorCode
from .sentence_tokens import OPERATORS, Sentence, Tokens, find_phrase, join_items, wrap
from .spoken_percents import add_named_shares, ask_percent, drop_labels
from .tokens import CURRENCIES, NTH_ROOT
from .units import FACTORS, UNITS

_FUNCTION_WORDS: dict[tuple[str, ...], str] = {
    ("product",): "*",
    ("quotient",): "/",
    ("difference",): "-",
    ("total",): "sum",
    ("maximum",): "max",
    ("largest",): "max",
    ("minimum",): "min",
    ("smallest",): "min",
    ("square",): "²",
    ("cube",): "³",
    ("sine",): "sin",
    ("cosine",): "cos",
    ("tangent",): "tan",
    ("logarithm",): "log",
    ("natural", "logarithm"): "ln",
    ("natural", "log"): "ln",
    ("absolute", "value"): "abs",
    ("standard", "deviation"): "stdev",
    ("greatest", "common", "divisor"): "gcd",
    ("greatest", "common", "factor"): "gcd",
    ("highest", "common", "factor"): "gcd",
    ("least", "common", "multiple"): "lcm",
    ("lowest", "common", "multiple"): "lcm",
    ("least", "common", "denominator"): "lcm",
    ("lowest", "common", "denominator"): "lcm",
}
_LONGEST_NAME = max(map(len, _FUNCTION_WORDS))
_TIMES_WORDS = {"double": "2", "twice": "2", "triple": "3", "thrice": "3"}
_IMPERATIVES = {  # the sign, the word between the two sums, and whether the second one comes first
    "add": (("+", "to", True), ("+", "and", False)),
    "subtract": (("-", "from", True),),
    "deduct": (("-", "from", True),),
    "multiply": (("*", "by", False), ("*", "with", False), ("*", "and", False)),
    "divide": (("/", "by", False),),
    "increase": (("+", "by", False),),
    "decrease": (("-", "by", False),),
    "reduce": (("-", "by", False),),
}
_UNIT_POWERS = {"square": "²", "sq": "²", "cubic": "³", "cu": "³"}
_POWER_SIGNS = frozenset(_UNIT_POWERS.values())
_ORDINAL_ENDS = frozenset({"st", "nd", "rd", "th"})
_ORDINALS = "second third fourth fifth sixth seventh eighth ninth tenth".split()
_BEHIND_INCHES = frozenset({"", "in", "to", "into", "as", ")", ","})  # where "in" is no word before a unit
_PLACES = frozenset({"decimal", "decimals", "place", "places", "dp"})


def write_out_sentences(pieces: Pieces, bound: Container[str]) -> Pieces:
    """Return the pieces with sentences written out as calls and signs. The names in `bound` have a value, and are no words."""
    if not any(token[:1].isalpha() or token == "'" for token in pieces.tokens):
        return pieces
    sentence = Sentence(pieces, bound)
    tokens: Tokens = list(zip(pieces.tokens, pieces.starts, strict=True))
    for rule in _RULES:
        tokens = rule(sentence, tokens)
    written = Pieces(pieces.text)
    for token, start in tokens:
        written.add(token, start)
    return written


def shorten_feet(sentence: Sentence, tokens: Tokens) -> Tokens:
    """5'10" is 5 feet and 10 inches, and 2h30m 2 hours and 30 minutes."""
    found: Tokens = []
    for at, (token, start) in enumerate(tokens):
        before, following = sentence.word(tokens, at - 1), sentence.word(tokens, at + 1)
        if token == "'" and before.isdecimal() and following[:1].isdecimal() and sentence.word(tokens, at + 2) == '"':
            found.append(("ft", start))
        elif (token == '"' and sentence.word(tokens, at - 2) == "'") or (
            token == "in" and before[:1].isdecimal() and (following in _BEHIND_INCHES or following in OPERATORS)
        ):
            found.append(("inches", start))
        else:
            found.append((token, start))
    return found


def drop_programs(sentence: Sentence, tokens: Tokens) -> Tokens:
    """Drop what code has around a sum: math.sqrt(16) is sqrt(16), `total = 5 * 3` is 5 * 3, and print(2 + 2) is 2 + 2."""
    words = sentence.words(tokens, 0, len(tokens))
    if words[1:2] == ("=",) and len(words) > 2 and sentence.is_label(tokens, 0) and words.count("=") == 1:
        tokens, words = tokens[2:], words[2:]
    if words[:2] == ("print", "(") and words[-1:] == (")",):
        tokens, words = tokens[1:], words[1:]
    found: Tokens = []
    for at, token in enumerate(tokens):
        if token[0] == "." and found and sentence.is_label(tokens, at - 1) and _is_member(sentence, tokens, at + 1):
            found.pop()
        else:
            found.append(token)
    return found


def _is_member(sentence: Sentence, tokens: Tokens, at: int) -> bool:
    name = sentence.word(tokens, at)
    return name in CONSTANTS or (sentence.word(tokens, at + 1) == "(" and (name in FUNCTIONS or name in ALIASES))


def write_plainly(sentence: Sentence, tokens: Tokens) -> Tokens:
    """Half of a cup is half of 1 cup, and a sheet's PI() is pi."""
    found: Tokens = []
    for at, token in enumerate(tokens):
        before, word, following = sentence.words(tokens, at - 1, 3)
        if word in ("a", "an") and before == "of" and following in UNITS:
            found.append(("1", token[1]))
        elif sentence.words(tokens, at - 2 + (word == "("), 3) == ("pi", "(", ")"):
            continue
        else:
            found.append(token)
    return found


def name_signs(sentence: Sentence, tokens: Tokens) -> Tokens:
    """`negative 5` is -5 where a number may begin; `12 factorial` is 12!, `to the 10th power` ^10, `twice 17` 2 * 17."""
    found: Tokens = []
    at = 0
    while at < len(tokens):
        token, start = tokens[at]
        word, before, following = sentence.word(tokens, at), sentence.word(tokens, at - 1), sentence.word(tokens, at + 1)
        begins = not before or before in OPERATORS or before in ("(", ",", "of", "and")
        if word == "negative" and begins and following[:1].isdecimal() and sentence.word(tokens, at + 2) in ("²", "^", "**"):
            reason = f"Does the power take the sign with it? Write -({following}^2) or (-{following})^2, with your power."
            raise sentence.pieces.refuse(start, reason)
        if (word == "negative" and begins) or (word == "less" and not begins):
            found.append(("-", start))
        elif word == "factorial" and (before.isdecimal() or before == ")") and following not in ("(", "of"):
            found.append(("!", start))
        elif word in _TIMES_WORDS and following and (following[0].isdecimal() or following in ("(", "the", *CURRENCIES, *CONSTANTS)):
            if at == 0 and word in ("double", "triple"):
                sentence.check_reach(tokens, 1, len(tokens), word, even=("*", "/", "x"))
            found += [(_TIMES_WORDS[word], start), ("*", start)]
        elif word == "half" and following[:1].isdecimal() and sentence.pieces.text[tokens[at + 1][1]].lower() == "a":  # half a dozen
            found += [(token, start), ("of", start)]
        elif word == "halve" and following[:1].isdecimal():
            sentence.check_reach(tokens, at + 1, len(tokens), word, even=("*", "/", "x"))
            found += [("half", start), ("of", start)]
        elif word in ("to", "^") and following == "the" and (power := _find_power(sentence, tokens, at + 2)):
            found += [("^", start), (power[0], tokens[at + 2][1])]
            at = power[1]
            continue
        else:
            found.append((token, start))
        at += 1
    return found


def _find_power(sentence: Sentence, tokens: Tokens, at: int) -> tuple[str, int] | None:
    """Return the exponent of "10th power", "10th", "fifth power" or "0.43 power", and the token after it."""
    number, ending = sentence.word(tokens, at), sentence.word(tokens, at + 1)
    if number.isdecimal() and ending in _ORDINAL_ENDS:
        after = at + 2
    elif number in _ORDINALS:
        number, after = str(_ORDINALS.index(number) + 2), at + 1
    elif number[:1].isdecimal() and ending == "power":
        after = at + 1
    else:
        return None
    return number, after + (sentence.word(tokens, after) == "power")


def take_remainder(sentence: Sentence, tokens: Tokens) -> Tokens:
    """The remainder of 21 divided by 5, the remainder when 21 is divided by 5: the whole of a text, with two numbers."""
    words = sentence.words(tokens, 0, 3)
    begun = words.index("remainder") if "remainder" in words[:2] else -1
    if begun < 0 or words[:begun] not in ((), ("the",)) or words[begun + 1 : begun + 2] not in (("of",), ("when",)):
        return tokens
    rest = [token for token in tokens[begun + 2 :] if token[0].lower() != "is"]
    if len(rest) != 3 or rest[1][0] != "/" or not (rest[0][0][0].isdecimal() and rest[2][0][0].isdecimal()):
        return tokens
    return [rest[0], ("mod", rest[1][1]), rest[2]]


def compare(sentence: Sentence, tokens: Tokens) -> Tokens:
    """5 less than 20, 3 more than 4 times 6, 20% more than 50: a number or a percentage, and a sum to the end of the text."""
    words = sentence.words(tokens, 0, len(tokens))
    at = find_phrase(words, ("than",), 1) - 1
    sign = {"more": "+", "less": "-", "fewer": "-"}.get(words[at], "") if at > 0 else ""
    more, rest = tokens[:at], tokens[at + 2 :]
    if not sign or not rest or words[:1] == ("%",) or not words[0][:1].isdecimal() or words[1:at] not in ((), ("%",)):
        return tokens
    sentence.check_reach(tokens, at + 2, len(tokens), "than", even=("*", "x", *(("+",) if len(more) == 1 else ())))
    return [*wrap(rest), (sign, tokens[at][1]), *more]


def count_units(sentence: Sentence, tokens: Tokens) -> Tokens:
    """Minutes in 4 days, how many feet are there in a mile: the amount, converted to the unit before "in"."""
    begun = 2 if sentence.words(tokens, 0, 2) == ("how", "many") else 0
    named = sentence.word(tokens, begun)
    if named not in UNITS and not (named[-1:] in _POWER_SIGNS and named[:-1] in UNITS):
        return tokens
    words = sentence.words(tokens, 0, len(tokens))
    middle = next((at for at in range(begun + 1, min(begun + 4, len(words))) if words[at] == "in"), 0)
    asked, amount = tokens[begun : begun + 1], tokens[middle + 1 :]
    if not middle or words[begun + 1 : middle] not in ((), ("are",), ("is",), ("are", "there")) or not amount:
        return tokens
    if words[middle + 1] in ("a", "an", "one") and words[middle + 2 : middle + 3] and words[middle + 2] in UNITS:
        amount = [("1", amount[0][1]), *amount[1:]]
    return [*amount, ("in", tokens[middle][1]), *asked] if amount[0][0][:1].isdecimal() else tokens


def obey(sentence: Sentence, tokens: Tokens) -> Tokens:
    """Add 3 and 4, subtract 5 from 20, multiply 6 by 7: the whole of a text."""
    words = sentence.words(tokens, 0, len(tokens))
    forms = _IMPERATIVES.get(words[0] if words else "", ())
    if any(between == "and" for _, between, _ in forms) and {",", "and"} & set(words) and not {"to", "by", "with"} & set(words):
        if {"of", "between"} & set(words):  # add 5 and the product of 2 and 3
            raise sentence.pieces.refuse(
                tokens[words.index("and") if "and" in words else 0][1], "Which numbers belong together? Write signs and parentheses."
            )
        items = _find_items(sentence, tokens, 1)
        if not items or items[1] != len(tokens):
            return tokens
        if forms[0][0] == "+":
            _check_percentages(sentence, items[0])
        return join_items(items[0], forms[0][0], tokens[0][1])
    for sign, between, is_second_first in forms:
        at = find_phrase(words, (between,), 1)
        if at > 1 and at + 1 < len(tokens) and _is_whole(sentence, tokens[1:at]) and _is_whole(sentence, tokens[at + 1 :]):
            sentence.check_reach(tokens, at + 1, len(tokens), between)
            first, second = (tokens[at + 1 :], tokens[1:at]) if is_second_first else (tokens[1:at], tokens[at + 1 :])
            # A percentage stays alone after its sign: increase 100 by 20%.
            return [*wrap(first), (sign, tokens[at][1]), *(second if len(second) == 2 else wrap(second))]
    return tokens


def _is_whole(sentence: Sentence, tokens: Tokens) -> bool:
    """Return whether each "and" in an operand joins the numbers of one list: subtract 10 from the product of 5 and 6."""
    if "and" not in sentence.words(tokens, 0, len(tokens)):
        return True
    name, of = _find_function(sentence, tokens, int(sentence.word(tokens, 0) == "the"))
    items = _find_items(sentence, tokens, of + 1) if name else None
    return items is not None and items[1] == len(tokens)


def name_roots(sentence: Sentence, tokens: Tokens) -> Tokens:
    """The 5th root of 32, the fourth root of 16, each as one token."""
    found: Tokens = []
    at = 0
    while at < len(tokens):
        begun = at + (sentence.word(tokens, at) == "the")
        degree, ending = sentence.word(tokens, begun), sentence.word(tokens, begun + 1)
        after = begun + 1
        if degree.isdecimal() and ending in _ORDINAL_ENDS:
            after += 1
        else:
            degree = str(_ORDINALS.index(degree) + 2) if degree in _ORDINALS else ""
        if degree and sentence.words(tokens, after, 2) == ("root", "of"):
            found.append((f"{NTH_ROOT}{degree} of", tokens[at][1]))
            at = after + 2
        else:
            found.append(tokens[at])
            at += 1
    return found


def square_units(sentence: Sentence, tokens: Tokens) -> Tokens:
    """Square feet, sq. ft, cubic metres, sqm, m2: each as one token, ft² or m³."""
    found: Tokens = []
    at = 0
    while at < len(tokens):
        token, start = tokens[at]
        word = sentence.word(tokens, at)
        power = _UNIT_POWERS.get(word, "")
        after = at + 1 + (power != "" and sentence.word(tokens, at + 1) == ".")
        unit = tokens[after][0] if power and after < len(tokens) else word[2:] if word[:2] == "sq" else ""
        if word[-1:] in ("2", "3") and word[:-1] not in ("", "in"):  # m2, dm3
            unit, after, power = word[:-1], at, "²" if word[-1] == "2" else "³"
        unit = "inches" if unit == "in" else unit
        if unit not in UNITS or FACTORS.get(UNITS[unit], ("",))[0] != "length" or unit in sentence.bound:
            found.append((token, start))
            at += 1
        else:
            found.append((unit + (power or "²"), start))
            at = after + 1 if power else at + 1
    return found


def call_of(sentence: Sentence, tokens: Tokens) -> Tokens:
    """Average of 3, 5 and 10, gcd of 12 and 18, the square of 5: a name, "of", and numbers up to the end or a bracket."""
    found: Tokens = []
    at = 0
    if sentence.words(tokens, 0, 2) == ("derivative", "of") and len(tokens) > 2:
        return [("diff", tokens[0][1]), ("(", tokens[1][1]), *tokens[2:], (")", tokens[-1][1])]
    joined = max((each for each, word in enumerate(sentence.words(tokens, 0, len(tokens))) if word in (",", "and")), default=-1)
    while at < len(tokens):
        name, of = _find_function(sentence, tokens, at)
        base = tokens[at + 2][0] if sentence.words(tokens, at, 2) == ("log", "base") and sentence.word(tokens, at + 3) == "of" else ""
        if base.isdecimal() and (number := _find_items(sentence, tokens, at + 4)) and len(number[0]) == 1:
            found += [("log", tokens[at][1]), *join_items([number[0][0], [(base, tokens[at + 2][1])]], ",", tokens[at][1], call=True)]
            at = number[1]
            continue
        if name == "sum" and joined < of and all(each == "the" for each, _ in found):
            found, at = [], of + 1  # the sum of 2 + 2
            continue
        items = _find_items(sentence, tokens, of + 1) if name else None
        if items is None:
            found.append(tokens[at])
            at += 1
            continue
        start = tokens[at][1]
        if found and found[-1][0].lower() == "the":
            found.pop()
        values, at = items
        if name not in ("*", "/"):
            _check_percentages(sentence, values)
        if FUNCTIONS.get(name, (None, 0, 2))[2] > 1 and name not in ("²", "³"):
            _check_number(sentence, tokens, of + 1, at)
        if name in ("²", "³"):
            found += [*wrap(values[0]), (name, start)]
        elif name == "-":
            found += _subtract(sentence, values, start)
        elif name in ("*", "/"):
            found += [("(", start), *join_items(values, name, start), (")", start)]
        else:
            found += [(name, start), ("(", start), *join_items(values, ",", start, wrapped=False), (")", start)]
    return found


def _find_function(sentence: Sentence, tokens: Tokens, at: int) -> tuple[str, int]:
    """Return the function that is named before "of", and where the "of" (or "between") stands."""
    for length in range(_LONGEST_NAME, 0, -1):
        words = sentence.words(tokens, at, length)
        if sentence.word(tokens, at + length) not in ("of", "between"):
            continue
        name = _FUNCTION_WORDS.get(words, "")
        if not name and length == 1 and (words[0] in FUNCTIONS or words[0] in ALIASES):
            name = ALIASES.get(words[0], words[0])
        # Of comb, pow, root and atan2 nobody says so which number is which.
        if name and (name not in FUNCTIONS or FUNCTIONS[name][1] != 2):
            return name, at + length
    return "", 0


def _find_items(sentence: Sentence, tokens: Tokens, at: int) -> tuple[list[Tokens], int] | None:
    """Return the numbers of "3, 5 and 10", and the token after them. None where there are none."""
    items: list[Tokens] = [[]]
    depth, begun = 0, at
    while at < len(tokens):
        token = sentence.word(tokens, at)
        if token in (")", "]", "|") and depth == 0:
            break
        depth += (token in ("(", "[")) - (token in (")", "]"))
        if depth == 0 and token == ",":
            _check_comma(sentence, tokens, at)
        if depth == 0 and token in (",", "and"):
            if items[-1]:
                items.append([])
        elif depth == 0 and items[-1] and token in OPERATORS:
            reason = "It is not clear how far 'of' reaches here; write a call, such as sum(1, 2), or parentheses."
            raise sentence.pieces.refuse(tokens[begun - 1][1], reason)
        else:
            items[-1].append(tokens[at])
        at += 1
    return (items, at) if all(items) else None


def _check_number(sentence: Sentence, tokens: Tokens, begun: int, end: int) -> None:
    """Refuse the average of two hundred and five: that may be of 205, or of 200 and 5. Another "and" outside of the number decides."""
    if any(sentence.word(tokens, at) == "and" for at in range(begun, end)):
        return
    start = tokens[end - 1][1]
    stop = tokens[end][1] if end < len(tokens) else len(sentence.pieces.text)
    if (
        sentence.pieces.text[start : start + 1].isalpha()
        and " and " in (said := sentence.pieces.text[start:stop].lower())
        and " and a " not in said
    ):
        raise sentence.pieces.refuse(start, f"{tokens[end - 1][0]} can be one number here, or two of a list; write digits.")


def _check_comma(sentence: Sentence, tokens: Tokens, at: int) -> None:
    """Refuse 1,5 and 2, which may have a decimal comma: 3,5,10 and 3, 5 and 10 have not."""
    glued = [each for each in (at - 2, at, at + 2) if sentence.word(tokens, each) == "," and _is_glued(sentence, tokens, each)]
    groups = [sentence.word(tokens, each + 1) for each in glued]
    if sentence.word(tokens, at - 1).isdecimal() and re.fullmatch("0[0-9]{2}", sentence.word(tokens, at + 1)):
        raise sentence.pieces.refuse(
            tokens[at][1], "A comma before three digits that begin with 0 looks like a thousands mark; write it without."
        )
    if at in glued and (len(glued) == 1 or any(len(group) == 3 for group in groups)):
        reason = "A comma between two numbers can be a decimal comma or a thousands mark; write a space after each comma of a list."
        raise sentence.pieces.refuse(tokens[at][1], reason)


def _is_glued(sentence: Sentence, tokens: Tokens, at: int) -> bool:
    following = tokens[at + 1] if at + 1 < len(tokens) else ("", 0)
    return sentence.word(tokens, at - 1)[-1:].isdecimal() and following[0].isdecimal() and following[1] == tokens[at][1] + 1


def _check_percentages(sentence: Sentence, values: Sequence[Tokens]) -> None:
    """Refuse a percentage among other numbers, which may be a share of them: sum of 50 and 10%."""
    shares = [item for item in values if item[-1][0] == "%"]
    if 0 < len(shares) < len(values):
        raise sentence.pieces.refuse(shares[0][0][1], "A percentage of which number? Write 50 + 10% for a share, or the number itself.")


def _subtract(sentence: Sentence, values: Sequence[Tokens], start: int) -> Tokens:
    """Return the difference between two numbers, where it is clear which one is subtracted."""
    numbers = [Fraction(item[0][0]) for item in values if len(item) == 1 and item[0][0].replace(".", "", 1).isdecimal()]
    if len(numbers) != 2 or len(values) != 2 or numbers[0] < numbers[1]:
        raise sentence.pieces.refuse(start, "Which of them is taken from the other? Write a - b.", ErrorCode.AMBIGUOUS)
    return [("(", start), *join_items(values, "-", start), (")", start)]


def round_to(sentence: Sentence, tokens: Tokens) -> Tokens:
    """X rounded to 2 decimal places, X to 2 decimals, X to the nearest cent: at the end of a text."""
    words = sentence.words(tokens, 0, len(tokens))
    at = next((each for each in range(len(words) - 1, 0, -1) if words[each] == "to"), 0)
    rest = words[at + 1 :]
    if not at or not rest:
        return tokens
    if rest[0].isdecimal() and rest[1:] and all(word in _PLACES for word in rest[1:]):
        places = rest[0]
    elif rest[:2] == ("the", "nearest") and rest[2:] in (("integer",), ("whole", "number"), ("cent",)):
        places = "2" if rest[2] == "cent" else "0"
    else:
        return tokens
    start = tokens[at][1]
    end = at - (words[at - 1] in ("rounded", "round"))
    begun = 0
    if words[0] == "round" and end > 1:
        begun = 2 if words[1] == "off" else 1
    return [("round", start), *join_items([tokens[begun:end], [(places, start)]], ",", start, call=True)]


_RULES = (
    drop_programs,
    write_plainly,
    shorten_feet,
    round_to,
    name_roots,
    square_units,
    compare,
    name_signs,
    take_remainder,
    count_units,
    drop_labels,
    add_named_shares,
    ask_percent,
    obey,
    call_of,
)
