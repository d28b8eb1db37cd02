"""Tell the charset of bytes that do not say it: read them in each one, and choose the reading that looks most like writing."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from typing import NamedTuple
from unicodedata import category, name

CODECS = (
    *("cp1252", "utf-8", "cp1250", "cp1251", "cp932", "gb18030", "euc-jp", "cp949", "big5-hkscs", "koi8-u", "cp1253", "cp1254", "cp1255"),
    *("cp1256", "cp1257", "iso8859-2", "iso8859-5", "iso8859-6", "iso8859-7", "cp1258", "cp866", "mac-roman", "cp850", "cp852", "cp855"),
    *("mac-cyrillic", "cp874"),
)
"""The codecs that are tried. Of readings that look alike the first one wins."""
_OF_LATIN_LETTERS = frozenset(("cp1252", "cp1250", "cp1254", "cp1257", "iso8859-2", "mac-roman", "cp850", "cp852"))
"""Between these the alphabets decide: what charset-normalizer chooses adds nothing, and takes a £ for a Ł."""
MOST_ODD = 0.2
"""A reading with a larger share of odd letters is none: real texts stay below 0.17, also short ones."""
_SAMPLE_BYTES = 5000
_LATER, _LIKELY = 0.001, 0.03  # what one place in CODECS and the choice of charset-normalizer count, as shares of odd letters
_SAME = {
    **dict.fromkeys(("shift_jis", "shift_jis_2004", "shift_jisx0213"), "cp932"),
    **dict.fromkeys(("euc_jis_2004", "euc_jisx0213"), "euc-jp"),
    **dict.fromkeys(("big5", "cp950", "big5hkscs"), "big5-hkscs"),
    **dict.fromkeys(("koi8_r", "koi8_t"), "koi8-u"),
    **dict.fromkeys(("tis_620", "iso8859_11"), "cp874"),
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso8859_9": "cp1254",
    "iso8859_8": "cp1255",
    "latin_1": "cp1252",
}
"""The codec that reads what the one with that name reads, and more."""
_ALPHABETS = tuple(
    frozenset(letters)
    for letters in (
        *(
            "àâæçéèêëîïôœùûüÿ",
            "äöüßéàâè",
            "áéíñóúüçïòèàü",
            "áâãàçéêíóôõúü",
            "àèéìíîòóùú",
            "ëïéèöüáóíêç",
            "åäöéüà",
            "åæøéòôóäö",
            "áéíóúýþæöð",
        ),
        *("áčďéěíňóřšťúůýž", "áäčďéľĺňóôŕšťúýž", "ąćęłńóśźż", "áéíóöőúüű", "čšžćđ", "ăâîșțşţ", "çğıöşüâîûi̇", "ąčęėįšųūž"),
        *("āčēģīķļņšūžō", "äõöüšž", "âêîôûáéíóúàè"),
    )
)
"""The letters beyond ASCII of the languages that are written in Latin letters, foreign words in them included."""
_COMMON = (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6), ("euc_jp", 0xB0, 0xCF))
"""The rows of the common ideographs in the sets of China, Taiwan and Japan."""
_WITH_MARKS = re.compile(r"\S*[^\x00-\x7f]\S*")
_KANA = re.compile("[\u3041-\u30ff]")
_IN_WORDS = frozenset("’‘‐‑·")  # these stand between letters: l’eau, col·legi
_NOT_AT_WORDS = frozenset("†‡‰¶")
_THAI_VOWELS = frozenset(map(chr, (*range(0x0E30, 0x0E3A), *range(0x0E40, 0x0E46))))
_LETTER_SIGNS = frozenset("ªºµ")
_ALPHABETIC = frozenset(("LATIN", "GREEK", "CYRILLIC", "HEBREW", "ARABIC", "THAI"))
_OF_EAST_ASIA = frozenset(("CJK", "HANGUL", "HIRAGANA", "KATAKANA", "IDEOGRAPHIC", "FULLWIDTH"))


class Reading(NamedTuple):
    """A codec, and the share of odd letters among those beyond ASCII in what it reads."""

    codec: str
    odd: float


def choose_reading(body: bytes) -> Reading:
    """Return the codec whose reading of the bytes looks most like writing."""
    if b"\x1b$" in body:
        return Reading("iso2022-kr" if b"\x1b$)C" in body else "iso2022-jp", 0.0)
    if b"\x00" in body[:_SAMPLE_BYTES]:
        wide = min((_read(body[:_SAMPLE_BYTES], codec) for codec in ("utf-16-le", "utf-16-be")), key=lambda reading: reading.odd)
        if wide.odd <= MOST_ODD:
            return wide
        body = body.replace(b"\x00", b"").replace(b"\xff\xfe", b"")  # UTF-16 in the middle of a page
    from charset_normalizer import from_bytes

    sample = b"\n".join(line for line in body.splitlines() if not line.isascii())[:_SAMPLE_BYTES]
    best = from_bytes(sample).best()
    likely = _SAME.get(best.encoding, best.encoding.replace("_", "-")) if best else ""

    likely = "" if likely in _OF_LATIN_LETTERS else likely

    def weigh(reading: Reading) -> float:
        return reading.odd + _LATER * CODECS.index(reading.codec) - _LIKELY * (reading.codec == likely)

    return min((_read(sample, codec) for codec in CODECS), key=weigh)


def _read(sample: bytes, codec: str) -> Reading:
    return Reading(codec, measure_oddity(codecs.getincrementaldecoder(codec)("replace").decode(sample)))


def is_garbled(text: str, codec: str) -> bool:
    """Return whether the text, read with that codec, is none that anybody wrote. Bytes that are valid UTF-8 are taken at their word."""
    return not codec.startswith("utf-8") and measure_oddity(text[:_SAMPLE_BYTES]) > MOST_ODD


def measure_oddity(text: str) -> float:
    """Return the share of characters beyond ASCII that no writing has at their place; 0 for a text of ASCII.

    Odd are a letter of another script or a capital within a word, a sign between letters, ideographs that are not common ones of one
    country, Latin letters that no language has together, and what could not be decoded.
    """
    marked, odd, capitals, thai, thai_vowels = 0, 0.0, 0, 0, 0
    latin, ideographs = list[str](), list[str]()
    for word in _WITH_MARKS.finditer(text):
        before = " "
        for place, character in enumerate(word[0]):
            if not character.isascii():
                marked += 1
                odd += _weigh(character, before, word[0][place + 1 : place + 2] or " ")
                script = _script(character)
                if script == "LATIN":
                    latin.append(character.lower())
                elif script == "CJK":
                    ideographs.append(character)
                    # Neither Chinese nor Japanese has spaces between its words; Korean read in their charsets has.
                    odd += 0.5 * (
                        place == 0 and word.start() > 1 and text[word.start() - 1] == " " and _script(text[word.start() - 2]) == "CJK"
                    )
                thai += script == "THAI"
                thai_vowels += character in _THAI_VOWELS
                capitals += script in ("GREEK", "CYRILLIC") and character.isupper()
            before = character
    odd += len(latin) - max(sum(letter in alphabet for letter in latin) for alphabet in _ALPHABETS)
    odd += max(0, thai / 4 - thai_vowels) * 2  # Korean and Chinese read as Thai have hardly any
    countries = _COMMON[2:] if _KANA.search(text) else _COMMON
    odd += min(sum(country not in _countries(character) for character in ideographs) for country in countries)
    return (odd + 0.03 * capitals) / max(marked, 1)


def _weigh(character: str, before: str, after: str) -> float:
    """Return how odd a character beyond ASCII is between its neighbours."""
    if character == "\ufffd":
        return 4.0  # a byte that this codec does not have weighs more than a letter that is unlikely
    kind = category(character)
    if kind[0] == "L" and character not in _LETTER_SIGNS:
        return float(_is_odd_letter(character, before, after))
    if kind[0] == "M":
        return float(not (before.isalpha() or category(before)[0] == "M"))
    if kind in ("Co", "Cc", "Cn"):
        return 1.0
    if before.isalpha() and after.isalpha():
        return float(character not in _IN_WORDS)
    is_sign = kind[0] in "SN" or character in _NOT_AT_WORDS
    return 0.5 if is_sign and (before.isalpha() or after.isalpha()) and _script(character) != "CJK" else 0.0


def _is_odd_letter(character: str, before: str, after: str) -> bool:
    script = _script(character)
    if script not in _ALPHABETIC | _OF_EAST_ASIA or (script == "HANGUL" and not _is_common_hangul(character)):
        return True
    if before.isalpha() and (other := _script(before)) != script:
        # Latin letters stand beside Chinese, Korean and Japanese ones, other scripts beside none.
        return script in _ALPHABETIC or (other in _ALPHABETIC and not before.isascii())
    return (character.isupper() and before.islower()) or (character.islower() and after.isascii() and after.isupper())


@lru_cache(maxsize=20_000)
def _script(character: str) -> str:
    return name(character, "").replace("-", " ").partition(" ")[0]


@lru_cache(maxsize=20_000)
def _countries(character: str) -> tuple[tuple[str, int, int], ...]:
    """Return the sets of characters that have this one among their common ideographs."""
    encoded = [(country, character.encode(country[0], "ignore")) for country in _COMMON]
    return tuple(country for country, body in encoded if len(body) == 2 and country[1] <= body[0] <= country[2])


@lru_cache(maxsize=20_000)
def _is_common_hangul(character: str) -> bool:
    return bool(character.encode("euc_kr", "ignore"))
