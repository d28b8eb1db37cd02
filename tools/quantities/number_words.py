"""Number words: "twenty-five", "a dozen", "half a million", "fünfundzwanzig", "treinta y cinco"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import NamedTuple

_ENGLISH = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
    "twenty thirty forty fifty sixty seventy eighty ninety",
)
_GERMAN = (
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn",
    "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
)
_FRENCH = (
    "zéro _ deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize _ _ _",
    "vingt trente quarante cinquante soixante",
)
_SPANISH = (
    "cero _ dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve",
    "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
)
_ITALIAN = (
    "zero _ due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici "
    "diciassette diciotto diciannove",
    "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
)
_DUTCH = (
    "nul _ twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien zeventien achttien negentien",
    "twintig dertig veertig vijftig zestig zeventig tachtig negentig",
)
_PORTUGUESE = (
    "zero _ dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze dezesseis dezessete dezoito dezenove",
    "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
)
_SWEDISH = (
    "noll _ två tre fyra fem sex sju åtta nio tio elva tolv tretton fjorton femton sexton sjutton arton nitton",
    "tjugo trettio fyrtio femtio sextio sjuttio åttio nittio",
)
_WORDS = {
    "en": _ENGLISH,
    "de": _GERMAN,
    "fr": _FRENCH,
    "es": _SPANISH,
    "it": _ITALIAN,
    "nl": _DUTCH,
    "pt": _PORTUGUESE,
    "sv": _SWEDISH,
}
_POWERS = {
    "en": {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "dozen": 12},
    "de": {"hundert": 100, "tausend": 1000, "million": 10**6, "millionen": 10**6, "milliarde": 10**9, "milliarden": 10**9, "dutzend": 12},
    "fr": {
        "cent": 100,
        "cents": 100,
        "mille": 1000,
        "million": 10**6,
        "millions": 10**6,
        "milliard": 10**9,
        "milliards": 10**9,
        "douzaine": 12,
    },
    "es": {"cien": 100, "ciento": 100, "mil": 1000, "millón": 10**6, "millones": 10**6, "docena": 12},
    "it": {"cento": 100, "mille": 1000, "mila": 1000, "milione": 10**6, "milioni": 10**6, "miliardi": 10**9, "dozzina": 12},
    "nl": {"honderd": 100, "duizend": 1000, "miljoen": 10**6, "miljard": 10**9, "dozijn": 12},
    "pt": {"cem": 100, "cento": 100, "mil": 1000, "milhão": 10**6, "milhões": 10**6, "dúzia": 12},
    "sv": {"hundra": 100, "tusen": 1000, "miljon": 10**6, "miljoner": 10**6, "dussin": 12},
}
_LINKS = {"en": {"and"}, "fr": {"et"}, "es": {"y"}, "pt": {"e"}}
_PARTS = {"thirds": 3, "third": 3, "quarters": 4, "quarter": 4, "fifths": 5, "fifth": 5}
_LAST_ONES = frozenset(["un", "une", "uno", "una", "um", "uma"])
_ARTICLES = {
    "en": {"a", "an"},
    "de": {"ein", "eine"},
    "fr": {"une", "un"},
    "es": {"una", "un"},
    "it": {"una", "un"},
    "nl": {"een"},
    "pt": {"uma", "um"},
    "sv": {"ett", "en"},
}
_HALVES = {
    "half": "en",
    "halbe": "de",
    "halben": "de",
    "halbes": "de",
    "demi": "fr",
    "medio": "es",
    "media": "es",
    "mezzo": "it",
    "mezza": "it",
}
_MARKS = {
    "en": "the and of for with from are is our your we you at to in on by",
    "de": "der die das und für mit von ist sind ein eine im zum zur ab pro wir unsere nicht filialen",
    "fr": "le les des et pour avec du une est sont nos vous dans aux à chez",
    "es": "el los las y para con una del es son nuestro nuestra por en",
    "it": "il gli e per con una del della di è sono nostro da nel",
    "nl": "het een van voor met zijn en onze bij vanaf op",
    "pt": "os uma do da para com não são nosso por em",
    "sv": "och för med är på vår från av det att till",
    "da": "og til med er på fra vores af det den",
    "nb": "og til med er på fra vår av det den",
}
_WORD = re.compile(r"[^\W\d_]+")
_KANA = re.compile(r"[\u3040-\u30ff]")
_POWERS_ALONE = frozenset(["cien", "mille", "mil", "hundert", "tausend", "cento", "hundra", "tusen"])
_NOT_A_COUNT = frozenset(
    "of another day who that which can could might would should has had is was thing by more off way time stop".split()
)
_NO_ONE = frozenset("no any every each this that which the some another not only as".split())


def guess_language(text: str, language: str = "") -> str:
    """Return the language of a text by its small words: a two-letter code, "" where nothing speaks for one."""
    if language:
        return language[:2].casefold()
    if not text.isascii() and _KANA.search(text[:20_000]):
        return "ja"
    words = _WORD.findall(text[:20_000].casefold())
    scores = _count_languages(words, _small_words(), _MARKS)
    if not any(scores.values()):
        scores = _count_languages(words, _long_numbers(), _WORDS)
    best = max(scores, key=lambda code: scores[code])
    return best if scores[best] else ""


def _count_languages(words: Sequence[str], languages: Mapping[str, tuple[str, ...]], codes: Iterable[str]) -> dict[str, int]:
    scores = dict.fromkeys(codes, 0)
    for word in words:
        for code in languages.get(word, ()):
            scores[code] += 1
    return scores


@cache
def _small_words() -> Mapping[str, tuple[str, ...]]:
    """Return the languages of each small word."""
    return _name_languages((code, set(words.split())) for code, words in _MARKS.items())


@cache
def _long_numbers() -> Mapping[str, tuple[str, ...]]:
    """Return the languages of each number in words of more than three letters."""
    return _name_languages((code, [word for word in _vocabulary(code) if len(word) > 3]) for code in _WORDS)


def _name_languages(words: Iterable[tuple[str, Iterable[str]]]) -> Mapping[str, tuple[str, ...]]:
    languages: dict[str, tuple[str, ...]] = {}
    for code, each in words:
        for word in each:
            languages[word] = (*languages.get(word, ()), code)
    return languages


@cache
def _vocabulary(language: str) -> Mapping[str, int]:
    """Return the simple numbers of a language; for those that write compounds in one word, all below 1000."""
    small, tens = _WORDS[language]
    words = {word: number for number, word in enumerate(small.split()) if word != "_"}
    words |= {word: number * 10 for number, word in enumerate(tens.split(), 2)}
    ones = {number: word for word, number in words.items() if number < 10}
    if language in ("de", "nl"):
        link = "und" if language == "de" else "en"
        ones[1] = "ein" if language == "de" else "een"
        words |= {
            f"{one}{link}{ten}": number * 10 + unit for number, ten in enumerate(tens.split(), 2) for unit, one in ones.items() if unit
        }
        words |= {word.replace("tween", "tweeën").replace("drieen", "drieën"): number for word, number in words.items()}
        hundred, thousand = ("hundert", "tausend") if language == "de" else ("honderd", "duizend")
        below = dict(words)
        words |= {f"{one}{hundred}": unit * 100 for unit, one in ones.items() if unit}
        words |= {
            f"{one}{hundred}{word}": unit * 100 + number for unit, one in ones.items() if unit for word, number in below.items() if number
        }
        words |= {f"{word}{thousand}": number * 1000 for word, number in below.items() if number > 1}
        words.pop("eins", None)
    if language in ("it", "sv"):
        for number, ten in enumerate(tens.split(), 2):
            for unit, one in (*ones.items(), (1, "uno" if language == "it" else "ett")):
                stem = ten[:-1] if language == "it" and one[0] in "uo" else ten
                words[stem + one] = number * 10 + unit
    if language == "fr":
        words["vingts"] = 20
    if language == "es":
        words |= {f"veinti{one}": 20 + unit for unit, one in ones.items() if unit} | {"veintidós": 22, "veintitrés": 23, "veintiséis": 26}
    return words


class _Words(NamedTuple):
    """The words of a text in lower case; `glued` says of each whether only a space or a hyphen parts it from the one before."""

    texts: list[str]
    spans: list[tuple[int, int]]
    glued: list[bool]

    def at(self, place: int, *, glued: bool = True) -> str:
        if place >= len(self.texts) or (glued and not self.glued[place]):
            return ""
        return self.texts[place]


def _split(text: str) -> _Words:
    texts, spans, glued, end = [], [], [], 0
    for found in _WORD.finditer(text):
        texts.append(found[0].casefold())
        spans.append(found.span())
        glued.append(found.start() - end <= 1 and text[end : found.start()] in (" ", "\u00a0", "-"))
        end = found.end()
    return _Words(texts, spans, glued)


def find_word_numbers(text: str, language: str) -> Iterator[tuple[Decimal, int, int]]:
    """Yield the numbers that a text writes in words: value, start, end. Articles are no numbers, nor is "one" in "one of the oldest"."""
    language = language if language in _WORDS else "en"
    if _list_starts(language).isdisjoint(_WORD.findall(text.casefold())):
        return
    words = _split(text)
    place = 0
    while place < len(words.texts):
        value, after = _read_from(words, place, language)
        if after > place and language == "en":
            value, after = _read_parts(words, value, after)
        if after > place and not text[words.spans[place][0] - 1 : words.spans[place][0]].isdigit():
            yield value, words.spans[place][0], words.spans[after - 1][1]
        place = max(after, place + 1)


def has_number_word(text: str) -> bool:
    """Return whether a text has a word that each number in words has one of, in any language."""
    return not _list_all_starts().isdisjoint(_WORD.findall(text.casefold()))


@cache
def _list_all_starts() -> frozenset[str]:
    return frozenset(word for language in _WORDS for word in _list_starts(language))


@cache
def _list_starts(language: str) -> frozenset[str]:
    """Return the words one of which each number in words has: an article counts only before a power, as in "a hundred"."""
    halves = (word for word, code in _HALVES.items() if code == language)
    return frozenset((*_vocabulary(language), *_POWERS[language], *_POWERS_ALONE, *halves))


def _read_from(words: _Words, place: int, language: str) -> tuple[Decimal, int]:
    """Read the longest number that begins with a word. Returns its value and the index of the first word after it."""
    small, powers = _vocabulary(language), _POWERS[language]
    first = words.texts[place]
    if _HALVES.get(first) == language:
        after = place + 1 + (words.at(place + 1) in _ARTICLES[language])
        power = powers.get(words.at(after), 0)
        return (Decimal(power) / 2, after + 1) if power else (Decimal("0.5"), place + 1)
    if first in _ARTICLES[language]:
        alone = powers.get(words.at(place + 1), 0)
        return _read_sum(words, place + 1, language) if alone else (Decimal(0), place)
    if first == "one" and not _one_counts(words, place):
        return Decimal(0), place
    if first in small or first in _POWERS_ALONE:
        return _read_sum(words, place, language) if first in small or first in powers else (Decimal(0), place)
    return Decimal(0), place


def _read_parts(words: _Words, value: Decimal, after: int) -> tuple[Decimal, int]:
    """Add the part of "two and a half", and divide in "two thirds"."""
    if [words.at(after), words.at(after + 1), words.at(after + 2)] == ["and", "a", "half"]:
        return value + Decimal("0.5"), after + 3
    part = _PARTS.get(words.at(after), 0)
    return ((value / part).quantize(Decimal("0.0001")).normalize(), after + 1) if part else (value, after)


def _one_counts(words: _Words, place: int) -> bool:
    before = words.texts[place - 1] if place else ""
    after = words.at(place + 1)
    return bool(after) and after not in _NOT_A_COUNT and before not in _NO_ONE


def _read_sum(words: _Words, place: int, language: str) -> tuple[Decimal, int]:
    """Add up "two hundred and five thousand": a smaller number after a larger one is added, a power multiplies what is before it."""
    small, powers = _vocabulary(language), _POWERS[language]
    total, current, last, at = 0, 0, 0, place
    while word := words.at(at, glued=at > place):
        if word in small:
            number = small[word]
            if language == "fr" and current % 100 == 4 and number == 20:  # quatre-vingt
                current, last = current + 76, 80
            elif last and not (number < last and (number < 10 <= last - 10 or last >= 100 or (language == "fr" and current >= 60))):
                break
            else:
                current, last = current + number, number
        elif word in powers:
            power = powers[word]
            if power < 1000:
                current, last = (current or 1) * power, power
            else:
                total, current, last = total + (current or 1) * power, 0, power
        elif word in _LINKS.get(language, ()) and last >= 20 and words.at(at + 1) in _LAST_ONES:
            return Decimal(total + current + 1), at + 2
        elif word in _LINKS.get(language, ()) and last >= 20 and words.at(at + 1) in small:
            pass
        else:
            break
        at += 1
    return Decimal(total + current), at
