"""The words and numbers of a text, for comparison: case, accents, plurals and the spelling of a number do not matter, and every joint does.

A joint is what stands between two words. What is joined without a space (an e-mail address, a path, a date, "gluten-free") is one longer
value, and a part of it is not the whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
NUMBERS = {word: number for number, word in enumerate(UNITS.split())}
TENS = {word: 10 * number for number, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
TIMES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
LARGEST = 10**15
MOST_DIGITS = 28
"""As many as Decimal compares exactly; a longer number is compared as it is written."""
_NUMBER_WORDS = frozenset((*NUMBERS, *TENS, *TIMES))
QUANTITIES = {"a": 1, "an": 1, "single": 1, "once": 1, "both": 2, "pair": 2, "couple": 2, "twice": 2, "dozen": 12}
FRACTIONS = frozenset("half third quarter".split())
JOINING = frozenset("a an the of please with and plus extra some".split())
SAME = {"no": "without", "w/o": "without", "minus": "without", "&": "and"}

# Thai to Chinese, but not katakana, in which a run of letters is a word.
_SPACELESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u309f\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_EMOJI = "\u2600-\u27bf\U0001f000-\U0001faff"
_NO_LETTER = (
    r"\s\d_!-/:-@\[-`{-~\x80-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf\u2000-\u2bff\u3000-\u3004\u3008-\u303f\uff00-\uff0f\uff1a-\uff20"
    rf"{_SPACELESS}{_EMOJI}"
)
_NUMBER = (
    r"(?:(?<![^\W_])[x×])?(?:(?<![\w)])[-+])?[$€£¥]?"
    r"(?P<digits>\d{1,3}(?:[,\u00a0\u202f'’]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?P<percent>%?)(?:[x×](?![^\W_]))?"
)
_PIECE = re.compile(
    rf"(?P<number>{_NUMBER})|(?P<char>[{_SPACELESS}])|(?P<emoji>[{_EMOJI}][\ufe0f\u200d{_EMOJI}]*)"
    rf"|(?P<word>w/o\b|[^{_NO_LETTER}]+(?:['’][^{_NO_LETTER}]+)*|&|(?<=[/\\])\*)"
)
_SPLIT_GROUPS = re.compile("[,\u00a0\u202f'’]")
_MAYBE_GROUPS = re.compile(r"\d{1,3}(?:\.\d{3})+")  # 1.000 is one in English and a thousand in German
_CHUNK = re.compile(r"[^\s<>\"“”]+")
_APART = frozenset(',;()[]{}<>"“”„«»‹›‘‚—…`|!?。、，；：「」『』')
_IN_ADDRESS = frozenset("@./\\:_=?&#~*")
_PREFIX = frozenset("~./\\")
_SENTENCE_END = re.compile(r"[.!?;:…](?=\W*\s)|[。！？；：]|\n\s*\n")

GLUE, SPACE, COMMA, BREAK = "glue", "space", "comma", "break"


class Joint(NamedTuple):
    """What stands before a word: nothing or signs without a space (GLUE), a space, a space and a comma, or the end of a sentence."""

    kind: str
    text: str = ""


class Word(NamedTuple):
    """A word or number of a text, and where it stands. `exact` is compared inside addresses, `key` elsewhere."""

    key: str
    exact: str
    start: int
    end: int
    joint: Joint
    number: Decimal | None = None
    percent: bool = False


NO_JOINT, BREAK_JOINT, PLAIN_SPACE, GLUED = Joint(BREAK), Joint(BREAK, "."), Joint(SPACE, " "), Joint(GLUE)


class Words:
    """All words of a text, and those that count in a comparison: without "the", "with" and the like.

    `positions` has where each word stands among those that count, by its singular; `numbers` which words stand for a number.
    """

    __slots__ = ("all", "counting", "joints", "numbers", "positions", "text")

    def __init__(self, text: str) -> None:
        self.text: str = text
        self.all: Sequence[Word] = _merge_number_words(list(_split(text)))
        self.counting: list[int] = []
        self.joints: list[Joint] = []  # before each word that counts, over the words that do not
        open_joint: Joint | None = None
        for index, word in enumerate(self.all):
            joint = word.joint if open_joint is None else BREAK_JOINT if BREAK in (open_joint.kind, word.joint.kind) else PLAIN_SPACE
            if word.key in JOINING and word.joint.kind != GLUE and not self._is_glued_after(index):
                open_joint = joint
                continue
            self.counting.append(index)
            self.joints.append(joint)
            open_joint = None
        self.positions: dict[str, list[int]] = {}
        for position, index in enumerate(self.counting):
            self.positions.setdefault(make_singular(self.all[index].key), []).append(position)
        self.numbers: dict[Decimal, list[int]] = {}
        for index, word in enumerate(self.all):
            if word.number is not None or word.key in QUANTITIES:
                for number in self._read_numbers(index):
                    self.numbers.setdefault(number, []).append(index)

    def _is_glued_after(self, index: int) -> bool:
        return index + 1 < len(self.all) and self.all[index + 1].joint.kind == GLUE

    def _read_numbers(self, index: int) -> tuple[Decimal, ...]:
        """Return the numbers that a word stands for: per cent both ways (5% is 5 and 0.05), and a quantity ("a dozen" is 12, "a" is 1)."""
        word, after = self.all[index], self.all[index + 1 : index + 3]
        if self._has_more(index):
            return ()
        if word.number is not None:
            per_cent = word.percent or (after and (after[0].key == "percent" or [each.key for each in after] == ["per", "cent"]))
            return (word.number, word.number / 100) if per_cent else (word.number,)
        if after and (after[0].number is not None or after[0].key in QUANTITIES):
            return ()
        return (Decimal(QUANTITIES[word.key]),)

    def _has_more(self, index: int) -> bool:
        """Return whether a sign or a fraction makes another number of this one: "minus five", "half a dozen", "2½", "two and a half"."""
        before = [word for word in self.all[max(index - 2, 0) : index] if word.key not in ("a", "an")]
        if before and (before[-1].exact == "minus" or before[-1].key in FRACTIONS):
            return True
        sign = self.text[self.all[index].end : self.all[index].end + 2].strip()[:1]
        if sign and unicodedata.category(sign) == "No":
            return True
        after = [word.key for word in self.all[index + 1 : index + 4]]
        if after[:1] == ["and"]:
            return bool(FRACTIONS.intersection(after[1:2] if after[1:2] not in (["a"], ["one"], ["1"]) else after[2:3]))
        return bool(after) and (after[0] == "halves" or (after[0].removesuffix("s") in FRACTIONS and after[0].endswith("s")))

    @property
    def single_number(self) -> Decimal | None:
        """Return the number that is all of the text, if it is one."""
        return self.all[0].number if len(self.all) == 1 else None

    def find(self, wanted: Words) -> Iterator[tuple[int, int]]:
        """Yield where the wanted words stand side by side, as the first and the last index in `all`."""
        size = len(wanted.counting)
        if not size:
            return
        first = wanted.all[wanted.counting[0]]
        for at in self.positions.get(make_singular(first.key), ()):
            if at + size <= len(self.counting) and all(self._fits(at, wanted, offset) for offset in range(size)):
                yield self.counting[at], self.counting[at + size - 1]

    def _fits(self, at: int, wanted: Words, offset: int) -> bool:
        one, other = self.all[self.counting[at + offset]], wanted.all[wanted.counting[offset]]
        if offset and not _is_same_joint(self.joints[at + offset], wanted.joints[offset]):
            return False
        return one.exact == other.exact or (
            not (self._is_in_address(at + offset) or wanted._is_in_address(offset)) and is_same_word(one.key, other.key)
        )

    def _is_in_address(self, position: int) -> bool:
        index = self.counting[position]
        after = self.all[index + 1].joint if index + 1 < len(self.all) else NO_JOINT
        return any(joint.kind == GLUE and not _IN_ADDRESS.isdisjoint(joint.text) for joint in (self.all[index].joint, after))

    def prefix(self, index: int) -> str:
        """Return the signs that begin a path right before a word: "/" of "/tmp", "./", "~/"."""
        start = at = self.all[index].start
        while at and self.text[at - 1] in _PREFIX:
            at -= 1
        return self.text[at:start] if not at or self.text[at - 1].isspace() or self.text[at - 1] in _APART else ""


@lru_cache(maxsize=256)
def split_words(text: str) -> Words:
    """Return the words of a text."""
    return Words(text)


def _split(text: str) -> Iterator[Word]:
    chunks = _CHUNK.finditer(text) if "@" in text or "://" in text else ()
    addresses = iter([found.span() for found in chunks if "@" in found[0] or "://" in found[0]])
    address = next(addresses, _NOWHERE)
    end, before = 0, ""
    for found in _PIECE.finditer(text):
        start, kind = found.start(), found.lastgroup or ""
        while address[1] < start:
            address = next(addresses, _NOWHERE)
        gap = text[end:start]
        if not before:
            joint = NO_JOINT
        elif gap == " ":
            joint = PLAIN_SPACE
        elif gap:
            joint = _read_gap(gap, text[end - 1].isdecimal() and text[start].isdecimal(), is_in_address=address[0] <= end)
        else:
            joint = GLUED if before not in _ALONE and kind not in _ALONE else PLAIN_SPACE
        yield _make_word(found, kind, joint)
        end, before = found.end(), kind


_NOWHERE = (1 << 62, 1 << 62)
_ALONE = ("char", "emoji")


def _make_word(found: re.Match[str], kind: str, joint: Joint) -> Word:
    start, end = found.span()
    if kind == "number":
        digits = found["digits"]
        key = exact = found[0].strip("x×$€£¥+")
        number = None
        plain = _SPLIT_GROUPS.sub("", digits)
        if len(plain) <= MOST_DIGITS and not (_MAYBE_GROUPS.fullmatch(digits) or re.match(r"0\d", digits)):
            try:
                number = Decimal(plain) * (-1 if "-" in found[0][: found.start("digits") - start] else 1)
                key = exact = f"{number.normalize():f}{found['percent']}"
            except InvalidOperation:
                pass
        return Word(key, exact, start, end, joint, number, bool(found["percent"]))
    exact = found[0].casefold()
    if not exact.isascii():
        exact = unicodedata.normalize("NFC", exact.replace("’", "'").replace("\ufe0f", ""))
    key = fold(exact).removesuffix("'s")
    return Word(SAME.get(key, key), exact, start, end, joint)


def fold(text: str) -> str:
    """Return the text in lower case, without accents, full-width letters and ligatures as plain letters (Unicode NFKD)."""
    if text.isascii():
        return text.lower()
    letters = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return unicodedata.normalize("NFC", "".join(letter for letter in letters if not unicodedata.combining(letter)))


def _read_gap(gap: str, between_digits: bool, *, is_in_address: bool) -> Joint:
    """Return the joint that the signs between two words are."""
    if gap.isspace():
        return Joint(BREAK if gap.count("\n") > 1 else COMMA if "\n" in gap else SPACE, gap)
    if any(sign.isspace() for sign in gap):
        return Joint(BREAK if _SENTENCE_END.search(gap) else COMMA, gap)
    is_glue = is_in_address or (between_digits and len(gap) == 1) or (gap not in (":", "=") and _APART.isdisjoint(gap))
    return Joint(GLUE if is_glue else BREAK if _SENTENCE_END.search(gap) else COMMA, gap)


def _is_same_joint(said: Joint, wanted: Joint) -> bool:
    """Return whether the joint of a value fits the one in a text: a sentence that ends there ends in the value too."""
    if said.kind == GLUE or wanted.kind == GLUE:
        if said.kind == wanted.kind:
            return said.text == wanted.text
        glued, other = (said, wanted) if said.kind == GLUE else (wanted, said)
        return glued.text in ("-", "") and other.kind == SPACE  # "cheese-burger", "5kg"
    return said.kind != BREAK or wanted.kind == BREAK


def is_numeric(word: Word) -> bool:
    """Return whether a word is a number or a group of one: "000" of "10 000" has no value of its own, "dozen" multiplies."""
    return word.number is not None or word.key == "dozen" or word.key[:1].isdecimal()


def is_same_word(one: str, other: str) -> bool:
    """Return whether two words are the same; singular and plural count as the same."""
    return one == other or (
        one.isalpha() and other.isalpha() and min(len(one), len(other)) > 2 and make_singular(one) == make_singular(other)
    )


@lru_cache(maxsize=4096)
def make_singular(word: str) -> str:
    """Return the singular of an English word, and most other words as they are."""
    for ending, one in (("ies", "y"), ("sses", "ss"), ("oes", "o"), ("ches", "ch"), ("shes", "sh"), ("s", "")):
        if word.endswith(ending) and not word.endswith("ss") and len(word) > len(ending) + 1:
            return word[: -len(ending)] + one
    return word


def _merge_number_words(words: list[Word]) -> list[Word]:
    """Return the words with each run of number words as one number: "two hundred and five" is 205, "one two" are two numbers."""
    if not any(word.key in _NUMBER_WORDS for word in words):
        return words
    made: list[Word] = []
    at = 0
    while at < len(words):
        number, end = _read_number(words, at)
        if number is None:
            made.append(words[at])
            at += 1
            continue
        first = words[at]
        made.append(Word(f"{number}", f"{number}", first.start, words[end - 1].end, first.joint, Decimal(number)))
        at = end
    return made


def _read_number(words: Sequence[Word], at: int) -> tuple[int | None, int]:
    """Read one number that is written in words; return it with where it ends, or None."""
    total = part = last = 0  # `last` is the word before: after 20 a 5 belongs to it, after 5 it does not
    end = at
    for index in range(at, len(words)):
        word = words[index]
        if index > at and (word.joint.kind not in (SPACE, GLUE) or (word.joint.kind == GLUE and word.joint.text != "-")):
            break
        if word.key == "and":
            if last < 100:
                break
            continue
        times = TIMES.get(word.key) or (12 if word.key == "dozen" and end > at else 0)
        if times:
            if part * times > LARGEST:
                break
            part = (part or 1) * times
            if times >= 1000:
                total, part = total + part, 0
            last = times
        else:
            number = TENS.get(word.key, NUMBERS.get(word.key))
            if number is None or (end > at and not (last >= 100 or (20 <= last < 100 and 0 < number < 10))):
                break
            part += number
            last = number
        end = index + 1
    return (total + part, end) if end > at else (None, at)


_WORD = re.compile(r"\w+")
_SAME_LETTER = {ord("ı"): "i", ord("İ"): "i"}  # `re.IGNORECASE` matches them with i, casefold does not
_LONG = 200


class WordIndex:
    """Texts by their words: a search looks only at the texts that hold its rarest word, so it costs the same however many there are.

    What was added to the texts since the last search is found by the next one.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._holders: dict[str, Sequence[int]] = {}  # made by the first search; most runs need none
        self._known = 0

    def find(self, wanted: str, most: int | None = None) -> Iterable[int]:
        """Yield the numbers of the texts that hold `wanted` word for word, in any case and spacing; of the first `most` texts."""
        for number in range(self._known, len(self._texts)):
            self._add(number)
        self._known = len(self._texts)
        is_long = len(wanted) > _LONG  # long enough to be nobody else's words by chance, even where it begins inside a word
        words = _list_words(wanted)[1:-1] if is_long else _list_words(wanted)
        holders = min((self._holders.get(word, ()) for word in words), key=len, default=range(self._known))
        candidates: Iterable[int] = holders if most is None else takewhile(lambda number: number < most, holders)
        if is_long:
            part = " ".join(wanted.casefold().split())
            return (number for number in candidates if part in " ".join(self._texts[number].casefold().split()))
        pattern = re.compile(r"(?<!\w)" + r"\s+".join(re.escape(part) for part in wanted.split()) + r"(?!\w)", re.IGNORECASE)
        return (number for number in candidates if pattern.search(self._texts[number]))

    def _add(self, number: int) -> None:
        words = set(_list_words(self._texts[number]))
        seen = set(filter(self._holders.__contains__, words))
        self._holders.update(dict.fromkeys(words - seen, (number,)))  # the words that only one text has share its tuple
        for word in seen:
            holders = self._holders[word]
            if isinstance(holders, list):
                holders.append(number)
            else:
                self._holders[word] = [*holders, number]


def _list_words(text: str) -> list[str]:
    return _WORD.findall(text.translate(_SAME_LETTER).casefold())
