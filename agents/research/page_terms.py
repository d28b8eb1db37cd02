"""The words of a search result or page that say what a business offers, and where it is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

FUNCTION_WORDS = frozenset(
    """
    a about all also an and any are as at be been but by can do does every everyone for from get go had has have here how i if in into
    is it its just like made make makes many me more most much my new no not now of off on one only or our out over own so some such
    than that the their them then there these they this those through to too under up us use used using very was we were what when where
    which while who whose why will with without you your aber alle als am an auch auf aus bei bis da damit das dass dein deine dem den
    der des die dir doch du durch ein eine einem einen einer eines er es euch euer für hat hier ich ihr ihre ihren im in ins ist ja jede
    jeden jeder kein keine man mehr mit nach neu neue nicht noch nur oder ohne sehr sich sie sind so über um und uns unser unsere
    unserem unseren unter vom von vor was wenn wie wir wird zu zum zur au aux avec c'est ce ces cette chez dans de depuis des du elle en
    est et être il ils je la le les leur leurs mais même ne nos notre nous on ou où par pas plus pour qu que qui sa sans se ses si son
    sont sur ta tous tout toute toutes un une vos votre vous y al como con cual cuando de del desde donde el ella en entre era es esta
    este hay la las lo los más mi muy no nos nuestra nuestras nuestro nuestros o para pero por porque que se si sin sobre son su sus
    también te todo todos tu tus un una y ya che con da dal dei del della delle di e ed gli i il la le lo nel nella non per più si sono
    su tra tutti tutto un una uno aan als bij dan dat de deze die dit door een en er het hun ik in is je jouw maar met naar niet nog of
    om onder ons onze ook op over te tot uit van voor wat we wij worden zijn
    """.split()
)
WEB_WORDS = frozenset(
    """
    home homepage site website web page pages official welcome about contact menu price prices pricing shop store online buy order cart
    login sign log free best top great good better discover find learn read view see click today everything need thing way world people
    help easy simple company business service services product products quality since year years day days time customer customers team
    brand experience offer offers deal deals review reviews rating ratings news blog post article story stories press jobs career
    careers competitor competitors alternative alternatives vs versus compare comparison list guide app apps open opening hours location
    locations near founded com www http https startseite willkommen kontakt über preise preis angebot angebote unternehmen firma kunden
    jetzt mehr alles online-shop accueil bienvenue prix tarif tarifs entreprise clients découvrez produits inicio bienvenido precio
    precios empresa clientes descubre prijs prijzen welkom bedrijf klanten aanbod cookies privacy policy terms copyright rights reserved
    """.split()
)
"""What every site says of itself. A weak hint: they never decide, they are only not counted as an offer."""
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_WIDE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[\u30a0-\u30ff]+|[\uac00-\ud7af]+")
_ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ers", "ern", "ed", "es", "en", "er", "s", "e", "n")
_TITLE_MARK = re.compile(r"\s+[|–—·•»›:-]+\s+|\s*[|｜：»]\s*|:\s+")
_PLACE = re.compile(
    r"\b(?:in|near|at|from|around|across|aus|bei|à|au|en|te|a|dans|of)\s+(?:the\s+|downtown\s+|central\s+)?"
    r"((?:[A-ZÀ-ÖØ-Þ][\w'’.-]*[\w](?:\s+(?=[A-ZÀ-ÖØ-Þ]))?){1,3}(?:(?:,|\s+and|\s+und|\s+et|\s+y|\s+en|\s+&)\s+(?:[A-ZÀ-ÖØ-Þ][\w'’.-]*[\w](?:\s+(?=[A-ZÀ-ÖØ-Þ]))?){1,3})*)"
)


def find_terms(text: str) -> Iterator[tuple[str, str]]:
    """Yield the words of a text that may say what is offered, as (stem, word); words of Chinese, Japanese and Korean as pairs of signs."""
    for match in _WORD.finditer(unicodedata.normalize("NFKC", text)):
        word = match[0].casefold().replace("’", "'")
        if wide := _WIDE.findall(word):
            for run in wide:
                yield from ((pair, pair) for pair in _pair_signs(run))
            continue
        for part in dict.fromkeys((word, *word.split("-"))) if "-" in word else (word,):
            if len(part) > 2 and part not in FUNCTION_WORDS and part not in WEB_WORDS:
                yield find_stem(part), match[0] if part == word else part


def _pair_signs(run: str) -> list[str]:
    if "\u30a0" <= run[0] <= "\u30ff" or len(run) < 3:
        return [run] if len(run) > 1 else []  # katakana spells one foreign word
    return [run[start : start + 2] for start in range(len(run) - 1)]


def find_stem(word: str) -> str:
    """Return a word without accents and without its ending: "bakeries" and "bakery" are "baker", "Fahrräder" is "fahrrad"."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(sign))
    plain = plain.removesuffix("'s")
    for ending in _ENDINGS:
        if plain.endswith(ending) and len(plain) - len(ending) >= 4:
            plain = plain.removesuffix(ending)
            break
    return plain[:-1] if plain.endswith(("y", "i")) and len(plain) > 4 else plain


def alike(first: str, second: str) -> bool:
    """Return whether two stems are one word, or one is a compound with the other: "fahrrad" and "fahrradverleih"."""
    if first == second:
        return True
    short, long = sorted((first, second), key=len)
    if len(long) - len(short) < 3 or not long.isalpha():
        return False
    return (len(short) >= 5 and long.startswith(short)) or (len(short) >= 6 and long.endswith(short))


def split_title(title: str) -> list[str]:
    """Return the parts of a page's title, as their authors separate them with bars, dashes and colons."""
    return [part.strip() for part in _TITLE_MARK.split(title) if part.strip()]


def find_places(text: str) -> list[str]:
    """Return the names that a text puts after "in", "near" and their like in other languages: "in Ohio and Indiana"."""
    found: list[str] = []
    for match in _PLACE.finditer(text):
        for name in re.split(r",\s*|\s+(?:and|und|et|y|en|&)\s+", match[1]):
            cleaned = name.strip(" .'’-")
            if len(cleaned) > 2 and cleaned.casefold() not in FUNCTION_WORDS and not cleaned.isupper():
                found.append(cleaned)
    return list(dict.fromkeys(found))
