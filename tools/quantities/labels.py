"""Numbers that name something and count nothing: telephone numbers, postcodes, house numbers, versions, links, days without a year."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ..quick_patterns import QuickChoice
from .tables import MONTHS

_SHORT = ("may", "mai", "mei", "maj", "jan", "feb", "apr", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "okt", "dez")
_MONTH = "|".join(sorted((name for name in MONTHS if len(name) > 3 or name in _SHORT), key=len, reverse=True))
_NAME = r"[A-ZÀ-Þ][\w'.-]{0,30}"
_STREET = (
    "Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Blvd|Boulevard|Way|Square|Sq|Court|Place|Pl|Highway|Hwy|Row|Terrace|Quay|Parade|Walk"
)
_NUMBER = r"\d{1,4}(?:\s?[a-hA-H](?![\w]))?(?![\d.,]\d|[\w%€$£])"
_PATTERNS = (
    r"https?://[^\s<>|]++",
    r"(?<![\w.])www\.[^\s<>|]++",
    r"(?<![\w.+-])[\w.+-]{1,64}+@[\w.-]{1,200}+",
    # telephone numbers
    r"(?<![\w.,])(?:\+|00)[1-9]\d{0,2}[ ()./\u00a0-]{0,2}\d(?:[ ()./\u00a0-]{0,2}\d){5,13}(?!\d)",
    r"(?<![\w.])\(\d{2,5}\)[ \u00a0-]?\d{2,5}(?:[ -]?\d{2,5}){1,3}(?!\d)",
    r"(?<![\w.,$€£-])\d{3}[-.]\d{3}[-.]\d{4}(?!\d)",
    r"(?<![\w.,$€£-])\d{3}-\d{4}(?![\d-])",
    r"(?<![\w.,$€£])0\d{1,5}[ /-]{1,3}\d{2,}(?:[ -]\d{2,}){0,5}(?![\d,.]\d)",
    r"(?i:(?<!\w)(?:tel|phone|call|fax|mobil\w{0,2}|telef[oó]n\w?|tél|hotline|☎|電話)\.?:?[^\d\n+(€$£]{0,12})"
    r"(?:\+|\()?\d(?:[ ()./\u00a0-]{0,2}\d){4,14}",
    # versions, models, catalogue numbers
    r"(?<![\w.])v\d{1,4}(?:\.\d{1,6}){0,4}(?![\w])",
    r"(?<![\w.,$€£])\d{1,4}\.\d{1,2}\.\d{1,4}(?:\.\d{1,6})*(?![\w,])",
    r"(?i:(?<!\w)(?:version|ver\.|release|build|isbn|sku|gtin|ean|ref\.?|art\.?(?:-?nr\.?)?|item no\.?|model"
    r"|vat(?: no\.?)?|ust-?id(?:nr)?\.?)[ :#]{1,3})"
    r"[A-Z]{0,3}\d[\d.-]{0,20}\b",
    r"(?<!\w)(?:#|№ ?|§ ?|(?:No|Nr|Nos)\. ?)\d{1,6}(?![\d.,]\d|\w)",
    r"(?<![\w.,$€£¥])\d{9,30}(?![\d.,]\d|\w)",
    r"(?<!\w)24/7(?!\w)",
    # postcodes
    r"(?<![\w-])(?:D|A|CH|F|B|L|NL|DK|SE|FI)-\d{4,5}(?!\d)",
    r"(?<!\w)[A-Z]{2},? \d{5}(?:-\d{4})?(?![\d,.]\d|\w)",
    r"(?<!\w)[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}(?!\w)",
    r"〒 ?\d{3}-\d{4}",
    r"(?i:(?<!\w)(?:postal code|postcode|zip(?: code)?|plz|code postal|c\.?p\.)[ :|]{1,3})[A-Z]{0,2}-?\d{3,6}(?:[ -]?\w{2,4})?",
    r"(?:(?<=, )|(?<=\n)|^)(?!(?:19|20)\d{2}(?!\d))\d{4,5}(?= [A-ZÀ-Þ][a-zà-þ])",
    r"(?<=[\wß.] )\d{5}(?= [A-ZÀ-Þ][a-zà-þ])",
    # house numbers
    rf"(?<![\w.,$€£#])\d{{1,5}}[a-zA-Z]?(?:-\d{{1,4}})? (?:{_NAME} ){{1,3}}(?:{_STREET})(?!\w)",
    rf"(?i:(?:stra(?:ß|ss)e|(?<=\w)str\.|weg|(?<=\w)platz|allee|gasse|damm|ufer"
    rf"|straat|gracht|laan|gatan|gata|vägen|veien|gade|(?<=\w)vej)) {_NUMBER}",
    r"(?<![\w.,])\d{1,4}(?: ?(?:bis|ter))?,? (?i:rue|avenue|boulevard|place|quai|allée|chemin|impasse|cours) (?=[\w'])",
    rf"(?<!\w)(?:Calle|C/|Via|Viale|Corso|Rua|Avenida|Av\.|Plaza|Piazza|Paseo|Praça|ulica|ul\.) ?(?:[\w'.]{{1,30}},? ){{1,4}}{_NUMBER}",
    r"\d{1,4}(?:-\d{1,4}){2}(?!\d)(?![-.]\d)",
    r"\d{1,3}(?:丁目|番地|番|号)(?:\d{1,3}(?:番|号))?",
    # days without a year
    rf"(?i:(?<!\w)(?:\d{{1,2}}\.?(?: ?[-–] ?| (?:to|bis|and|und|au|al) ))?\d{{1,2}}(?:\.|st|nd|rd|th|er|º)?(?: (?:de|"
    rf"of))? (?:{_MONTH})(?![\w]))",
    rf"(?i:(?<!\w)(?:{_MONTH})\.? \d{{1,2}}(?:st|nd|rd|th)?(?![\w]|[.,:]\d))",
    r"(?i:(?<!\w)(?:am|vom|bis|zum|ab|den)) (?:0?[1-9]|[12]\d|3[01])\.(?:0?[1-9]|1[0-2])\.(?!\d)",
    r"\d{1,2}月\d{1,2}日",
)
_DIGIT = re.compile("[0-9]")
LABEL = QuickChoice(_PATTERNS, re.MULTILINE)


def find_label_spans(flat: str) -> tuple[tuple[int, int], ...]:
    """Return the spans of a flattened text in which numbers are names."""
    return (_find_kept if len(flat) <= _LONGEST_KEPT else _find_label_spans)(flat)


def _find_label_spans(flat: str) -> tuple[tuple[int, int], ...]:
    lines = list(lines_with_digits(flat))
    if not lines:
        return ()
    label = LABEL.choose(flat)
    found = [match for start, end in lines for match in label.finditer(flat, start, end)]
    return tuple(match.span() for match in found if _DIGIT.search(match[0]))


_LONGEST_KEPT = 1_000
_find_kept = lru_cache(2_048)(_find_label_spans)  # for amounts, for dates and for labels


def lines_with_digits(flat: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of the lines that have a digit: all other ones are passed over, which is most of a text."""
    end = -1
    while digit := _DIGIT.search(flat, end + 1):
        start = max(flat.rfind("\n", end + 1, digit.start()), end) + 1
        end = flat.find("\n", digit.end())
        if end < 0:
            end = len(flat)
        yield start, end
