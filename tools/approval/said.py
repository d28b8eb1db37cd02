"""Where a value stands in what the user said: as a whole or a part of something longer, in their own words or in words they quote."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import islice

from ..definition.secret import mask_part
from .background import Said
from .cards import show_value
from .words import BREAK, GLUE, SPACE, Word, Words, is_numeric, make_singular, split_words

LONGEST_SENTENCE = 160
MOST_WORDS = 40
"""How far around a value a longer one is looked for."""
MOST_PLACES = 500
Key = str | Decimal

_REPORTS = (
    r"said|says|wrote|writes|reads|states|stated|asked|asks|told\s[^\n:.!?]{1,30}|schreibt|schrieb|sagt|sagte|dit|écrit|dice|dijo|escribió|"
    r"scrive|пишет|написал\w*|сказал\w*"
)
_SENDERS = r"From|Von|De|Da|Van|Fra|Från|Od|От|Kimden|发件人|寄件者|差出人|보낸\s?사람"
_IN_LINES = re.compile(
    r"""
    (?<!\w)"(?=\S)(?:[^"\n]|\n(?![ \t]*\n)){1,3000}"(?!\w)   # neither the inches of a screen nor a quotation mark alone
    | “[^”]{1,3000}” | „[^“”"]{1,3000}["“”] | «[^»]{1,3000}» | »[^«]{1,3000}« | ‹[^›]{1,3000}› | 「[^」]{1,3000}」 | 『[^』]{1,3000}』
    | (?<!\w)‘[^‘]{1,1000}?’(?!\w) | (?<!\w)'(?=\S)(?:[^'\n]|(?<=\w)'(?=\w)){1,1000}'(?!\w)
    """,
    re.VERBOSE,
)
_IN_BLOCKS = re.compile(
    r"""
    ^[ \t]*>[^\n]*                                                           # a block quote
    | ^[ \t]*(?P<fence>```+|~~~+)[^\n]*\n.*?(?:^[ \t]*(?P=fence)|\Z)         # a fenced text
    | <untrusted\ id="(?P<id>[0-9a-f]+)".*?(?:</untrusted\ id="(?P=id)">|\Z)
    | ^[ \t]*[-_=]{3,80}[ \t]*\w[^\n]{0,200}?[-_=]{3,80}[ \t]*$.*            # ---- Forwarded message ----, and all that follows
    | ^[ \t>*]*(?:SENDERS)[ \t]?\*?[:：][^\n]*\n(?=[ \t>*]*[^\W\d][^\n:：]{0,20}[:：]).*  # the head of a mail, and all that follows
    | ^[^\n]*(?<!\bI\ )\b(?:REPORTS)\b[^\n:.!?]{0,40}[:：][ \t]*$(?!\s*>).*  # "On Monday Ada wrote:", and all that follows
    | (?:(?<!\bI\ )\b(?:REPORTS)\b[^\n:.!?]{0,20}|[说写]道?)[:：](?:[^\n]|\n(?!\s*\n))+  # "he said: ...", to the end of the paragraph
    """.replace("SENDERS", _SENDERS).replace("REPORTS", _REPORTS),
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_TIME = re.compile(r"\b\d{1,2}[:.h]\d{2}\b")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}/\d{1,2}/\d{2}\b")
_FIELD = re.compile(r"[ \t>*]*[^\W\d][\w -]{0,20}\*?[ \t]?[:：]\*?[ \t]+\S")
_SENTENCE_END = re.compile(r"(?:(?<=\w\w\w)\.+|[!?…]+)[\"'”’)\]]*(?=\s)|[。！？]|\n+")  # not after "Dr." and "St."


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands: from `start` to `end` of what was said. `longer` is the value that it is only a part of, if it is."""

    said: Said
    start: int
    end: int
    is_quoted: bool = False
    longer: str = ""
    by_article: bool = False
    """A number that only an article stands for: the one of "a burger"."""

    @property
    def rank(self) -> tuple[bool, bool, bool, bool, int]:
        """Return how little this place says, for a comparison: own words of now are the least."""
        return bool(self.longer), self.is_quoted, bool(self.said.settled_since), self.by_article, self.said.turns_ago

    def quote(self, hidden: re.Pattern[str] | None = None) -> str:
        """Return the sentence as a card shows it, cut around the value where it is long; what `hidden` finds stands there as stars."""
        return quote_sentence(self.said.text, self.start, self.end, hidden)

    @property
    def age(self) -> str:
        """Return when it was said."""
        turns = self.said.turns_ago
        return "in this turn" if not turns else f"{turns} turn{'s' if turns > 1 else ''} ago"


def quote_sentence(text: str, value_start: int, value_end: int, hidden: re.Pattern[str] | None = None) -> str:
    """Return the sentence around a value as a card shows it, in quotation marks; a long one is cut around the value.

    What `hidden` finds stands there as stars, also where the cut goes through it.
    """
    ends = [found.end() for found in _SENTENCE_END.finditer(text)]
    start = max((end for end in ends if end <= value_start), default=0)
    end = min((end for end in ends if end >= value_end), default=len(text))
    if end - start > LONGEST_SENTENCE:
        room = max(LONGEST_SENTENCE - (value_end - value_start), 40) // 2
        first, last = max(start, value_start - room), min(end, max(value_end, value_start) + room)
        shown = f"{'... ' if first > start else ''}{mask_part(text, first, last, hidden).strip()}{' ...' if last < end else ''}"
    else:
        shown = mask_part(text, start, end, hidden).strip()
    shown = " ".join(shown.split())
    if len(shown) > 2 * LONGEST_SENTENCE:
        shown = f"{shown[:LONGEST_SENTENCE]} ... {shown[-LONGEST_SENTENCE:]}"
    return show_value(shown, in_quotes=True)


@lru_cache(maxsize=256)
def find_quotations(text: str) -> tuple[tuple[int, int], ...]:
    """Return where a message holds words of others: in quotation marks, block quotes, fences, forwarded mail, or after "he said:"."""
    # Apart, so that a quotation mark somewhere cannot hide where a forwarded mail begins.
    return (*(found.span() for pattern in (_IN_LINES, _IN_BLOCKS) for found in pattern.finditer(text)), *_find_quoted_mail(text))


def _find_quoted_mail(text: str) -> Iterator[tuple[int, int]]:
    """Yield what stands below "On 3 Nov 2025 at 10:12, Eve <eve@x.org> wrote:" or the head of a mail, in any language.

    Such a line may be wrapped. Where the lines below it are marked (">"), only those are quoted.
    """
    lines: list[str] = []
    end = 0
    for line in text.split("\n"):
        end += len(line) + 1
        lines = [*lines[-2:], line] if line.strip() else []
        together = " ".join(lines)
        below = text[end : end + 400].lstrip()
        if not (_TIME.search(together) and _YEAR.search(together) and "@" in together + below[:200]):
            continue
        is_head = _FIELD.match(line) is not None and any(map(_FIELD.match, (*lines[:-1], below)))
        is_last = "@" in together and line.rstrip().endswith((":", "："))
        if (is_last or is_head) and not below.startswith(">"):
            yield end, len(text)
            return


class SaidIndex:
    """What the user said, by its words: a search looks only at the messages that hold the value's rarest word."""

    def __init__(self, messages: Iterable[str | Said]) -> None:
        self.messages: tuple[Said, ...] = tuple(each if isinstance(each, Said) else Said(each) for each in messages)
        self._words = [split_words(message.text) for message in self.messages]
        self._holders: dict[Key, list[int]] = {}
        for number, words in enumerate(self._words):
            keys: tuple[Key, ...] = (*words.positions, *words.numbers)
            for key in keys:
                self._holders.setdefault(key, []).append(number)

    def find(self, text: str, *, settled: str = "", others: Iterable[object] = ()) -> Place | None:
        """Return the best place of a text or a number, None where the user did not say it.

        `settled` is the last write that was settled in this turn. The words of `others`, the call's other arguments, may stand beside this
        value without being a part of it.
        """
        wanted = split_words(text)
        places = self._find_words(wanted) if wanted.all else self._find_signs(text)
        best: Place | None = None
        claims: Claims | None = None
        for number, first, last in islice(places, MOST_PLACES):
            claims = Claims(others) if claims is None else claims
            place = self._make_place(number, first, last, wanted, settled, claims)
            if best is None or place.rank < best.rank:
                best = place
                if not any(place.rank):
                    break
        return best

    def count(self, text: str) -> int:
        """Return how often the user said a text."""
        return sum(1 for _ in self._find_words(split_words(text)))

    def _find_words(self, wanted: Words) -> Iterator[tuple[int, int, int]]:
        """Yield the message, and its first and last word, in which the wanted words stand."""
        alone = wanted.all[0] if len(wanted.all) == 1 else None
        if alone is not None and alone.number is not None:
            for number in self._holders.get(alone.number, ()):
                for index in self._words[number].numbers[alone.number]:
                    if not alone.percent or self._words[number].all[index].number == alone.number:
                        yield number, index, index
            return
        for number in min((self._holders.get(key, []) for key in wanted.positions), key=len, default=[]):
            for first, last in self._words[number].find(wanted):
                yield number, first, last

    def _find_signs(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Yield the messages in which a value without words or numbers, such as "+", stands alone."""
        wanted = text.split()
        for number, said in enumerate(self.messages):
            if wanted and " ".join(wanted) in said.text and set(wanted) <= set(said.text.split()):
                yield number, -1, -1

    def _make_place(self, number: int, first: int, last: int, wanted: Words, settled: str, claims: Claims) -> Place:
        said = self.messages[number]
        if settled and not said.settled_since:
            said = Said(said.text, said.turns_ago, settled)
        if first < 0:
            start = max(said.text.find(wanted.text.strip()), 0)
            return Place(said, start, start + len(wanted.text.strip()), _overlaps(find_quotations(said.text), start, start + 1))
        words = self._words[number]
        start, end = words.all[first].start, words.all[last].end
        is_quoted = _overlaps(find_quotations(said.text), start, end)
        longer = find_longer(words, first, last, claims) or claims.find_around(words, first, last)
        if not longer and words.prefix(first) != wanted.prefix(0):
            longer = said.text[start - len(words.prefix(first)) : end]
        by_article = wanted.single_number is not None and words.all[first].number is None and words.all[first].key in ("a", "an")
        return Place(said, start, end, is_quoted, longer, by_article)


class Claims:
    """What the other arguments of a call have: their words, and their numbers that are no text.

    A number in a text claims nothing: the 1234 of "1234 My Street" is no customer's number.
    """

    def __init__(self, values: Iterable[object]) -> None:
        self._texts: list[Words] = []
        self.keys: set[Key] = set()
        self.beside_numbers: set[Key] = set()  # words of texts that have no number of their own
        self._add(values)

    def _add(self, values: Iterable[object]) -> None:
        for value in values:
            if isinstance(value, str):
                words = split_words(value)
                self._texts.append(words)
                keys = {make_singular(word.key) for word in words.all if word.number is None}
                self.keys |= keys
                self.beside_numbers |= keys if not any(word.number is not None for word in words.all) else set()
            elif isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
                self.keys.add(Decimal(str(value)))
            elif isinstance(value, (Mapping, list, tuple)):
                self._add(value.values() if isinstance(value, Mapping) else value)

    def find_around(self, words: Words, first: int, last: int) -> str:
        """Return the longer text around these words that another argument has: a number of it is that one's, unless it counts things."""
        if words.all[first].number is not None and first == last and counts(words, first):
            return ""
        for other in self._texts:
            for begin, end in words.find(other):
                if begin <= first and last <= end and (begin, end) != (first, last):
                    return words.text[words.all[begin].start : words.all[end].end]
        return ""


def counts(words: Words, index: int) -> bool:
    """Return whether a number counts what follows it: it is written as a word ("two burgers"), or stands before a plural ("30 burgers")."""
    word = words.all[index]
    if not any(sign.isdecimal() for sign in words.text[word.start : word.end]):
        return True
    return index + 1 < len(words.all) and words.all[index + 1].key != make_singular(words.all[index + 1].key)


def find_longer(words: Words, first: int, last: int, claims: Claims) -> str:
    """Return the longer value that these words are only a part of: an address, a number, a name, a path. Empty where they are whole.

    Longer is what is joined without a space; a number beside words, or words with capitals beside each other, unless another argument of
    the call has them.
    """
    every = words.all
    begin, end = first, last
    lowest, highest = max(first - MOST_WORDS, 0), min(last + MOST_WORDS, len(every) - 1)
    while begin > lowest and every[begin].joint.kind == GLUE:
        begin -= 1
    while end < highest and every[end + 1].joint.kind == GLUE:
        end += 1
    if (begin, end) == (first, last) and not (every[last].joint.kind == GLUE and first < last):
        capitals = _Capitals(words, claims, around_number=every[first].number is not None and first == last)
        while begin > lowest and every[begin].joint.kind == SPACE and capitals.belongs(begin - 1, begin):
            begin -= 1
        while end < highest and every[end + 1].joint.kind == SPACE and capitals.belongs(end + 1, end):
            end += 1
        if first == last and every[first].number is not None and _is_quantity(every, begin, first, end):
            return ""
    return "" if (begin, end) == (first, last) else words.text[every[begin].start : every[end].end]


def _is_quantity(every: Sequence[Word], begin: int, at: int, end: int) -> bool:
    """Return whether a number counts what stands beside it ("2 Burgers", "Room 12"); it is a part where there is more of it."""
    others = [every[index] for index in range(begin, end + 1) if index != at]
    return not any(map(is_numeric, others)) and end - at < 2


class _Capitals:
    """Which words are written like a part of a name. The first word of a sentence has a capital whatever it is."""

    def __init__(self, words: Words, claims: Claims, *, around_number: bool) -> None:
        self._words, self._claims = words, claims
        self._claimed = claims.beside_numbers if around_number else claims.keys

    def belongs(self, index: int, beside: int) -> bool:
        """Return whether the word at `index` makes one value with the word beside it."""
        word, edge = self._words.all[index], self._words.all[beside]
        if is_numeric(word):
            return word.number not in self._claims.keys and not (index < beside and counts(self._words, index))
        if make_singular(word.key) in self._claimed:
            return False
        if edge.number is not None:
            return self._has_capital(index) and index > beside
        return self._has_capital(index) and self._has_capital(beside, is_value=True) and word.joint.kind != BREAK

    def _has_capital(self, index: int, *, is_value: bool = False) -> bool:
        text = self._words.text[self._words.all[index].start : self._words.all[index].end]
        return text[0].isupper() and (is_value or len(text) > 1) and (len(text) == 1 or not text.isupper())


def _overlaps(spans: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    return any(first < end and start < last for first, last in spans)
