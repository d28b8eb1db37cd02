"""Write out sums in sentences as the grammar has them: `average of 3, 5 and 10`, `subtract 5 from 20`, `20 is what percent of 80`.

Each rule takes the tokens of a text and returns those of the grammar, or the same ones where it finds nothing. Where it is not clear how
far a sentence reaches, the text is refused.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from fractions import Fraction

from .function_table import ALIASES, CONSTANTS, FUNCTIONS
from .pieces import Pieces
from .refusal import ErrorCode
from .tokens import CURRENCIES
from .units import UNITS

Tokens = list[tuple[str, int]]  # each token and where it begins

PERCENT_RESULT = "→ %"
"""A token at the end: the value is shown as a percentage."""
_OPERATORS = frozenset({"+", "-", "*", "/", "//", "^", "**", "=", "mod", "div", "x", "X"})
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
    ("logarithm",): "ln",
    ("natural", "logarithm"): "ln",
    ("natural", "log"): "ln",
    ("absolute", "value"): "abs",
    ("standard", "deviation"): "stdev",
    ("greatest", "common", "divisor"): "gcd",
    ("greatest", "common", "factor"): "gcd",
    ("highest", "common", "factor"): "gcd",
    ("least", "common", "multiple"): "lcm",
    ("lowest", "common", "multiple"): "lcm",
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
_ORDINAL_ENDS = frozenset({"st", "nd", "rd", "th"})
_ORDINALS = "second third fourth fifth sixth seventh eighth ninth tenth".split()
_LESS = frozenset({"off", "discount", "rebate", "reduction"})
_PLACES = frozenset({"decimal", "decimals", "place", "places", "dp"})
_LONGEST_NOUN = 3


def write_out_sentences(pieces: Pieces, bound: Container[str]) -> Pieces:
    """Return the pieces with sentences written out as calls and signs. The names in `bound` have a value, and are no words."""
    if not any(token[:1].isalpha() or token == "'" for token in pieces.tokens):
        return pieces
    sentence = _Sentence(pieces, bound)
    tokens: Tokens = list(zip(pieces.tokens, pieces.starts, strict=True))
    for rule in _RULES:
        tokens = rule(sentence, tokens)
    written = Pieces(pieces.text)
    for token, start in tokens:
        written.add(token, start)
    return written


class _Sentence:
    """The rules, and what they ask of a word. `tokens` are given and returned; the text is only for errors."""

    def __init__(self, pieces: Pieces, bound: Container[str]) -> None:
        self.pieces, self.bound = pieces, bound

    def word(self, tokens: Tokens, at: int) -> str:
        """Return a token as a word, lower case; empty for a name that has a value, and past the end."""
        token = tokens[at][0] if 0 <= at < len(tokens) else ""
        return "" if token in self.bound else token.lower()

    def words(self, tokens: Tokens, at: int, count: int) -> tuple[str, ...]:
        return tuple(self.word(tokens, each) for each in range(at, at + count))

    def shorten_feet(self, tokens: Tokens) -> Tokens:
        """5'10" is 5 feet and 10 inches, and 2h30m 2 hours and 30 minutes."""
        found: Tokens = []
        for at, (token, start) in enumerate(tokens):
            before, following = self.word(tokens, at - 1), self.word(tokens, at + 1)
            if token == "'" and before.isdecimal() and following[:1].isdecimal() and self.word(tokens, at + 2) == '"':
                found.append(("ft", start))
            elif token == '"' and self.word(tokens, at - 2) == "'":
                found.append(("inches", start))
            else:
                found.append((token, start))
        return found

    def drop_programs(self, tokens: Tokens) -> Tokens:
        """Drop what code has around a sum: math.sqrt(16) is sqrt(16), `total = 5 * 3` is 5 * 3, and print(2 + 2) is 2 + 2."""
        words = self.words(tokens, 0, len(tokens))
        if words[1:2] == ("=",) and len(words) > 2 and self._is_label(tokens, 0) and words.count("=") == 1:
            tokens, words = tokens[2:], words[2:]
        if words[:2] == ("print", "(") and words[-1:] == (")",):
            tokens = tokens[1:]
        found: Tokens = []
        for at, token in enumerate(tokens):
            if token[0] == "." and found and self._is_label(tokens, at - 1) and self._is_member(tokens, at + 1):
                found.pop()
            else:
                found.append(token)
        return found

    def _is_member(self, tokens: Tokens, at: int) -> bool:
        name = self.word(tokens, at)
        return name in CONSTANTS or (self.word(tokens, at + 1) == "(" and (name in FUNCTIONS or name in ALIASES))

    def name_signs(self, tokens: Tokens) -> Tokens:
        """`negative 5` is -5 where a number may begin; `12 factorial` is 12!, `to the 10th power` ^10, `twice 17` 2 * 17."""
        found: Tokens = []
        at = 0
        while at < len(tokens):
            token, start = tokens[at]
            word, before, following = self.word(tokens, at), self.word(tokens, at - 1), self.word(tokens, at + 1)
            begins = not before or before in _OPERATORS or before in ("(", ",", "of", "and")
            if (word == "negative" and begins) or (word == "less" and not begins):
                found.append(("-", start))
            elif word == "factorial" and (before.isdecimal() or before == ")") and following not in ("(", "of"):
                found.append(("!", start))
            elif word in _TIMES_WORDS and following and (following[0].isdecimal() or following in ("(", "the", *CURRENCIES)):
                if at == 0 and word in ("double", "triple"):
                    self._check_reach(tokens, 1, len(tokens), word)
                found += [(_TIMES_WORDS[word], start), ("*", start)]
            elif word == "halve" and following[:1].isdecimal():
                self._check_reach(tokens, at + 1, len(tokens), word)
                found += [("half", start), ("of", start)]
            elif (word, following) == ("to", "the") and (power := self._find_power(tokens, at + 2)):
                found += [("^", start), (power[0], tokens[at + 2][1])]
                at = power[1]
                continue
            else:
                found.append((token, start))
            at += 1
        return found

    def _find_power(self, tokens: Tokens, at: int) -> tuple[str, int] | None:
        """Return the exponent of "10th power", "10th" or "fifth power", and the token after it."""
        number, ending = self.word(tokens, at), self.word(tokens, at + 1)
        if number.isdecimal() and ending in _ORDINAL_ENDS:
            after = at + 2
        elif number in _ORDINALS:
            number, after = str(_ORDINALS.index(number) + 2), at + 1
        else:
            return None
        return number, after + (self.word(tokens, after) == "power")

    def drop_labels(self, tokens: Tokens) -> Tokens:
        """Drop the word that says what a percentage after a sign is: + 8.25% tax, - 10% discount. A discount is not added."""
        found: Tokens = []
        at = 0
        while at < len(tokens):
            found.append(tokens[at])
            at += 1
            if found[-1][0] != "%" or len(found) < 3 or found[-3][0] not in ("+", "-") or not found[-2][0][:1].isdecimal():
                continue
            end = at
            while end - at < _LONGEST_NOUN and self._is_label(tokens, end):
                end += 1
            if end == at or self.word(tokens, end) not in ("", ")", "+", "-", "="):
                continue
            if found[-3][0] == "+" and (less := [word for word in self.words(tokens, at, end - at) if word in _LESS]):
                raise self.pieces.refuse(tokens[at][1], f"A {less[0]} is taken off: write - {found[-2][0]}%.")
            at = end
        return found

    def _is_label(self, tokens: Tokens, at: int) -> bool:
        word = self.word(tokens, at)
        known = word in FUNCTIONS or word in ALIASES or word in CONSTANTS or word in UNITS or word in _OPERATORS
        return len(word) > 1 and word.isalpha() and not known and word not in ("of", "on", "in", "to", "as", "is", "and")

    def ask_percent(self, tokens: Tokens) -> Tokens:
        """20 is what % of 80, what % of 80 is 20, 20 as a % of 80, 20 out of 80, 25% of what is 50, % change from 50 to 75."""
        words = self.words(tokens, 0, len(tokens))
        if words[:1] in (("%",), ("what",)) and "%" in words[:2]:
            begun = words.index("%") + 1
            if words[begun : begun + 1] == ("of",) and (middle := _find(words, ("is",), begun)) > 0:
                return self._divide(tokens[middle + 1 :], tokens[begun + 1 : middle], percent=True)
            change = words[begun : begun + 1]
            if change in (("change",), ("increase",), ("decrease",)) and words[begun + 1 : begun + 2] == ("from",):
                middle = _find(words, ("to",), begun)
                first, last = tokens[begun + 2 : middle], tokens[middle + 1 :]
                if middle > 0 and first and last:
                    self._check_reach(last, 0, len(last), "to")
                    less, more = (first, last) if change != ("decrease",) else (last, first)
                    return self._divide([*_wrap(more), ("-", more[0][1]), *_wrap(less)], first, percent=True)
        for phrase in (("is", "what", "%", "of"), ("as", "a", "%", "of"), ("as", "%", "of")):
            if (at := _find(words, phrase, 0)) > 0:
                return self._divide(tokens[:at], tokens[at + len(phrase) :], percent=True)
        if (at := _find(words, ("is", "what", "%", "off"), 0)) > 0:
            whole = tokens[at + 4 :]
            return self._divide([*_wrap(whole), ("-", tokens[at][1]), *_wrap(tokens[:at])], whole, percent=True)
        if (at := _find(words, ("out", "of"), 0)) > 0:
            self._check_reach(tokens, 0, at, "out of")
            self._check_reach(tokens, at + 2, len(tokens), "out of")
            end = next((end for end in (("as", "a", "%"), ("in", "%"), ("as", "%")) if words[-len(end) :] == end), ())
            return self._divide(tokens[:at], tokens[at + 2 : len(tokens) - len(end)], percent=bool(end))
        if (at := _find(words, ("%", "of", "what", "is"), 0)) > 0:
            return self._divide(tokens[at + 4 :], tokens[: at + 1], percent=False)
        if words[-3:] == ("%", "of", "what") and (at := _find(words, ("is",), 0)) > 0:
            return self._divide(tokens[:at], tokens[at + 1 : -2], percent=False)
        return tokens

    def _divide(self, above: Tokens, below: Tokens, *, percent: bool) -> Tokens:
        if not above or not below:
            return [*above, ("/", self.pieces.starts[-1]), *below]  # which says what is missing
        divided = [*_wrap(above), ("/", above[0][1]), *_wrap(below)]
        return [*divided, (PERCENT_RESULT, divided[-1][1])] if percent else divided

    def _check_reach(self, tokens: Tokens, begun: int, end: int, word: str) -> None:
        """Refuse a sign outside of brackets, before which the sentence may end: divide 20 by 4 + 1. The sign of a number is none."""
        depth = 0
        for at in range(begun, end):
            token = self.word(tokens, at)
            depth += (token in ("(", "[")) - (token in (")", "]"))
            if (
                depth == 0
                and begun < at
                and token in _OPERATORS
                and token not in ("^", "**")
                and self.word(tokens, at - 1) not in ("^", "**")
            ):
                raise self.pieces.refuse(tokens[at][1], f"How far does {word!r} reach? Write signs and parentheses.")

    def count_days(self, tokens: Tokens) -> Tokens:
        """Days between 2024-01-01 and 2024-12-25: the later one minus the earlier one."""
        words = self.words(tokens, 0, len(tokens))
        begun = _find(words, ("days",), 0)
        if len(words) != begun + 5 or begun < 0 or words[begun + 1 :: 2] not in (("between", "and"), ("from", "to")):
            return tokens
        first, last = tokens[begun + 2], tokens[begun + 4]
        if words[begun + 1] == "between":
            first, last = sorted((first, last), key=_read_date)
        return [last, ("-", first[1]), first]

    def obey(self, tokens: Tokens) -> Tokens:
        """Add 3 and 4, subtract 5 from 20, multiply 6 by 7: the whole of a text."""
        words = self.words(tokens, 0, len(tokens))
        forms = _IMPERATIVES.get(words[0] if words else "", ())
        if any(between == "and" for _, between, _ in forms) and {",", "and"} & set(words) and not {"to", "by", "with"} & set(words):
            items = self._find_items(tokens, 1)
            if not items or items[1] != len(tokens):
                return tokens
            if forms[0][0] == "+":
                self._check_percentages(items[0])
            return _join(items[0], forms[0][0], tokens[0][1])
        for sign, between, is_second_first in forms:
            if (at := _find(words, (between,), 1)) > 1 and at + 1 < len(tokens) and "and" not in words:
                self._check_reach(tokens, at + 1, len(tokens), between)
                first, second = (tokens[at + 1 :], tokens[1:at]) if is_second_first else (tokens[1:at], tokens[at + 1 :])
                # A percentage stays alone after its sign: increase 100 by 20%.
                return [*_wrap(first), (sign, tokens[at][1]), *(second if len(second) == 2 else _wrap(second))]
        return tokens

    def call_of(self, tokens: Tokens) -> Tokens:
        """Average of 3, 5 and 10, gcd of 12 and 18, the square of 5: a name, "of", and numbers up to the end or a bracket."""
        found: Tokens = []
        at = 0
        if self.words(tokens, 0, 2) == ("derivative", "of") and len(tokens) > 2:
            return [("diff", tokens[0][1]), ("(", tokens[1][1]), *tokens[2:], (")", tokens[-1][1])]
        joined = max((each for each, word in enumerate(self.words(tokens, 0, len(tokens))) if word in (",", "and")), default=-1)
        while at < len(tokens):
            name, of = self._find_function(tokens, at)
            base = tokens[at + 2][0] if self.words(tokens, at, 2) == ("log", "base") and self.word(tokens, at + 3) == "of" else ""
            if base.isdecimal() and (number := self._find_items(tokens, at + 4)) and len(number[0]) == 1:
                found += [("log", tokens[at][1]), *_join([number[0][0], [(base, tokens[at + 2][1])]], ",", tokens[at][1], call=True)]
                at = number[1]
                continue
            if name == "sum" and joined < of and all(each == "the" for each, _ in found):
                found, at = [], of + 1  # the sum of 2 + 2
                continue
            items = self._find_items(tokens, of + 1) if name else None
            if items is None:
                found.append(tokens[at])
                at += 1
                continue
            start = tokens[at][1]
            if found and found[-1][0].lower() == "the":
                found.pop()
            values, at = items
            if name not in ("*", "/"):
                self._check_percentages(values)
            if FUNCTIONS.get(name, (None, 0, 2))[2] > 1 and name not in ("²", "³"):
                self._check_number(tokens, of + 1, at)
            if name in ("²", "³"):
                found += [*_wrap(values[0]), (name, start)]
            elif name == "-":
                found += self._subtract(values, start)
            elif name in ("*", "/"):
                found += [("(", start), *_join(values, name, start), (")", start)]
            else:
                found += [(name, start), ("(", start), *_join(values, ",", start, wrapped=False), (")", start)]
        return found

    def _find_function(self, tokens: Tokens, at: int) -> tuple[str, int]:
        """Return the function that is named before "of", and where the "of" (or "between") stands."""
        for length in range(_LONGEST_NAME, 0, -1):
            words = self.words(tokens, at, length)
            if self.word(tokens, at + length) not in ("of", "between"):
                continue
            name = _FUNCTION_WORDS.get(words, "")
            if not name and length == 1 and (words[0] in FUNCTIONS or words[0] in ALIASES):
                name = ALIASES.get(words[0], words[0])
            # Of comb, pow, root and atan2 nobody says so which number is which.
            if name and (name not in FUNCTIONS or FUNCTIONS[name][1] != 2):
                return name, at + length
        return "", 0

    def _find_items(self, tokens: Tokens, at: int) -> tuple[list[Tokens], int] | None:
        """Return the numbers of "3, 5 and 10", and the token after them. None where there are none."""
        items: list[Tokens] = [[]]
        depth, begun = 0, at
        while at < len(tokens):
            token = self.word(tokens, at)
            if token in (")", "]", "|") and depth == 0:
                break
            depth += (token in ("(", "[")) - (token in (")", "]"))
            if depth == 0 and token == ",":
                self._check_comma(tokens, at)
            if depth == 0 and token in (",", "and"):
                if items[-1]:
                    items.append([])
            elif depth == 0 and items[-1] and token in _OPERATORS:
                reason = "It is not clear how far 'of' reaches here; write a call, such as sum(1, 2), or parentheses."
                raise self.pieces.refuse(tokens[begun - 1][1], reason)
            else:
                items[-1].append(tokens[at])
            at += 1
        return (items, at) if all(items) else None

    def _check_number(self, tokens: Tokens, begun: int, end: int) -> None:
        """Refuse the average of two hundred and five: that may be of 205, or of 200 and 5. Another "and" outside of the number decides."""
        if any(self.word(tokens, at) == "and" for at in range(begun, end)):
            return
        start = tokens[end - 1][1]
        stop = tokens[end][1] if end < len(tokens) else len(self.pieces.text)
        if (
            self.pieces.text[start : start + 1].isalpha()
            and " and " in (said := self.pieces.text[start:stop].lower())
            and " and a " not in said
        ):
            raise self.pieces.refuse(start, f"{tokens[end - 1][0]} can be one number here, or two of a list; write digits.")

    def _check_comma(self, tokens: Tokens, at: int) -> None:
        """Refuse 1,5 and 2, which may have a decimal comma: 3,5,10 and 3, 5 and 10 have not."""
        glued = [each for each in (at - 2, at, at + 2) if self.word(tokens, each) == "," and self._is_glued(tokens, each)]
        groups = [self.word(tokens, each + 1) for each in glued]
        if at in glued and (len(glued) == 1 or any(len(group) == 3 for group in groups)):
            reason = "A comma between two numbers can be a decimal comma or a thousands mark; write a space after each comma of a list."
            raise self.pieces.refuse(tokens[at][1], reason)

    def _is_glued(self, tokens: Tokens, at: int) -> bool:
        following = tokens[at + 1] if at + 1 < len(tokens) else ("", 0)
        return self.word(tokens, at - 1)[-1:].isdecimal() and following[0].isdecimal() and following[1] == tokens[at][1] + 1

    def _check_percentages(self, values: Sequence[Tokens]) -> None:
        """Refuse a percentage among other numbers, which may be a share of them: sum of 50 and 10%."""
        shares = [item for item in values if item[-1][0] == "%"]
        if 0 < len(shares) < len(values):
            raise self.pieces.refuse(shares[0][0][1], "A percentage of which number? Write 50 + 10% for a share, or the number itself.")

    def _subtract(self, values: Sequence[Tokens], start: int) -> Tokens:
        """Return the difference between two numbers, where it is clear which one is subtracted."""
        numbers = [Fraction(item[0][0]) for item in values if len(item) == 1 and item[0][0].replace(".", "", 1).isdecimal()]
        if len(numbers) != 2 or len(values) != 2 or numbers[0] < numbers[1]:
            raise self.pieces.refuse(start, "Which of them is taken from the other? Write a - b.", ErrorCode.AMBIGUOUS)
        return [("(", start), *_join(values, "-", start), (")", start)]

    def round_to(self, tokens: Tokens) -> Tokens:
        """X rounded to 2 decimal places, X to 2 decimals, X to the nearest cent: at the end of a text."""
        words = self.words(tokens, 0, len(tokens))
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
        begun = 1 if words[0] == "round" and end > 1 else 0
        return [("round", start), *_join([tokens[begun:end], [(places, start)]], ",", start, call=True)]


def _read_date(token: tuple[str, int]) -> tuple[str, ...]:
    """Return a date such as 2024-1-31 in a form that sorts by its days."""
    return tuple(part.zfill(4) for part in token[0].split("-"))


def _find(words: Sequence[str], phrase: tuple[str, ...], begun: int) -> int:
    """Return where a phrase stands in the words, -1 where it does not or does so twice."""
    places = [at for at in range(begun, len(words) - len(phrase) + 1) if tuple(words[at : at + len(phrase)]) == phrase]
    return places[0] if len(places) == 1 else -1


def _wrap(tokens: Tokens) -> Tokens:
    return [("(", tokens[0][1]), *tokens, (")", tokens[-1][1])] if len(tokens) > 1 else list(tokens)


def _join(items: Sequence[Tokens], sign: str, start: int, *, wrapped: bool = True, call: bool = False) -> Tokens:
    """Return items with a sign between them, each in brackets of its own where it has more than one token."""
    joined: Tokens = []
    for item in items:
        joined += [(sign, start)] * bool(joined) + (_wrap(item) if wrapped and not call else list(item))
    return [("(", start), *joined, (")", start)] if call else joined


_RULES = (
    _Sentence.drop_programs,
    _Sentence.shorten_feet,
    _Sentence.round_to,
    _Sentence.name_signs,
    _Sentence.drop_labels,
    _Sentence.ask_percent,
    _Sentence.count_days,
    _Sentence.obey,
    _Sentence.call_of,
)
