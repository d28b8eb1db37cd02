"""The words of a search result or page that say what a business offers, and where it is."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files
from itertools import islice

from sayso.tools.truth.lexicon import LexiconEntry, has_entry, look_up_text
from sayso.tools.truth.words import find_words, is_light_stem, stem, tokenize

FUNCTION_WORDS = frozenset(
    """
    aber alle als am an auch auf aus bei bis da damit das dass dein deine dem den der des die dir doch du durch ein eine einem einen einer
    eines er es euch euer für hat hier ich ihr ihre ihren im in ins ist ja jede jeden jeder kein keine man mehr mit nach neu neue nicht noch
    nur oder ohne sehr sich sie sind so über um und uns unser unsere unserem unseren unter vom von vor was wenn wie wir wird zu zum zur
    au aux avec ce ces cette chez dans de depuis des du elle en est et être il ils je la le les leur leurs mais même ne nos notre nous ou
    où par pas plus pour qu que qui sa sans se ses si son sont sur ta tous tout toute toutes un une vos votre vous
    al como con cual cuando del desde donde el ella entre era es esta este hay las lo los más mi muy no nuestra nuestras nuestro nuestros
    para pero por porque sin sobre su sus también te todo todos tu tus una ya
    che da dal dei della delle di gli i nel nella non per più sono tutti tutto uno
    aan bij dan dat deze dit door een het hun ik is je jouw maar met naar niet nog of om onder ons onze ook op te tot uit van voor wat we
    wij worden zijn
    about after again all also any based because before best better built come day easy every everything even find first free from get
    great just learn like look love made make many more most much need never new next now old only other own place read really right see
    since still take than them then today too top under until up very way well will with without world year years you your
    across against along among around behind below beside between beyond both during each few here inside into like near off onto out
    outside over per several such there through throughout toward towards upon via while within
    """.split()
)
WEB_WORDS = frozenset(
    """
    plan plans trial trials free tier tiers monthly yearly billed billing seat seats pro basic starter premium enterprise feature features
    faq test testen essai prueba prova proefperiode head
    time times hours minutes
    cost costs fee fees rate rates charge charges pay kostet kosten coûte coûtent cuesta cuestan costa costano kost week weekly small
    city cities town towns ville stadt stad ciudad città region local lokal area street country
    euro euros cent cents usd eur gbp chf each
    about accueil address adresse angebot angebote app apps article blog bienvenue bienvenido bienvenidos buy cart career careers click
    client clients cliente clientes company competitor competitors contact contacto contattaci cookie cookies copyright customer customers
    deal deals discover découvrez download entreprise empresa facebook firma follow founded guide home homepage hour hours inicio instagram
    job jobs klanten kontakt kunden live location locations log login menu more news official offer offers online open opening order page
    pages people policy post preis preise precio precios press price prices pricing prijs prijzen privacy prix product products produit
    produits productos prodotti qualität quality rating ratings read reserved review reviews rights save search service services shop shops
    sign site sites solution solutions start startseite store stores story stories tarif tarifs team terms unternehmen user users view
    visit web website welcome welkom willkommen work youtube alternative alternatives versus compare comparison list
    """.split()
)
"""What every site says of itself. A weak hint: these words never decide, they are only not counted as an offer."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_WIDE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff々]+|[\u30a1-\u30ffー]+|[\uac00-\ud7af]+")
_FRENCH_RENTALS = ("location", "locations")
_FRENCH = re.compile(r"\b(?:le|la|les|des|du|vos|nos|et|votre|notre|pour|à|au|aux)\b", re.IGNORECASE)
_PHRASE = re.compile(r"([^\W\d_]+[ -][^\W\d_]+)(?:[ -][^\W\d_]+)?")
_ENGLISH_TEXT = re.compile(r"\b(?:the|and|our|with|your|you|from|are)\b", re.IGNORECASE)
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]")
_ENDINGS = ("ern", "en", "er", "es", "e", "s", "n", "a", "o", "i")
_TITLE_MARK = re.compile(r"\s+[|–—·•»›:~-]+\s+|\s*[|｜：»│]\s*|:\s+")
_PLACE = re.compile(
    r"\b(?:in|near|at|from|around|across|aus|bei|à|au|en|te|a|dans|of)\s+(?:the\s+|downtown\s+|central\s+)?"
    r"((?:[A-ZÀ-ÖØ-Þ][\w'’.-]*\w(?:\s+(?=[A-ZÀ-ÖØ-Þ]))?){1,3}"
    r"(?:(?:,|\s+and|\s+und|\s+et|\s+y|\s+en|\s+&)\s+(?:[A-ZÀ-ÖØ-Þ][\w'’.-]*\w(?:\s+(?=[A-ZÀ-ÖØ-Þ]))?){1,3})*)"
)
ENGLISH, ALSO = 0, -1
COMPOUNDING = (1, 5, 8, 9)
"""The languages (columns of tables/trades.txt) that write two words as one: German, Dutch, Swedish and Danish."""
LONG_WORD, LONG_STEM, SHORT_WORD, SHORTEST = 7, 6, 4, 3
_TAIL = re.compile(
    r"(?:läden|laden|haus|häuser|praxis|praxen|zentrum|geschäft\w*|shop|markt|welt|werk|werke|stube|hof|manufaktur|betrieb|meister|handel|"
    r"händler|team|arzt|ärzte\w*|ei|er|erei|winkel|winkels|zaak|studio|schule|stand|artikel|spezialist\w*|klinik|macher\w*|hütte)$"
)
"""With what a compound ends that names a business of the trade: a Fahrradladen, but no Fahrradkarte."""
Concept = tuple[int, int]


@dataclass(frozen=True, slots=True)
class OfferWord:
    """A word that may say what is offered.

    `senses` are the groups of English words alike that it is in, `concepts` the rows of tables/trades.txt with the column, its language.
    """

    text: str
    stem: str
    senses: frozenset[int] = frozenset()
    concepts: frozenset[Concept] = frozenset()


@lru_cache(2048)
def find_terms(text: str) -> tuple[OfferWord, ...]:
    """Return the words of a text that may say what is offered, in order; light words and what every site says of itself are left out.

    Words of Chinese, Japanese and Korean are those of the table of trades, and pairs of signs where it knows none.
    """
    found: list[OfferWord] = []
    french, english = len(_FRENCH.findall(text)) > 1, bool(_ENGLISH_TEXT.search(text))
    normal = unicodedata.normalize("NFKC", text)
    end = 0
    for match in _WORD.finditer(normal):
        word = match[0]
        if match.start() < end:
            continue
        if (made := _find_phrase(normal, match.start())) is not None:
            found.append(made)
            end = match.start() + len(made.text)
        elif not word.isascii() and _CJK.search(word):
            found += _find_wide_words(word)
        elif french and word.casefold() in _FRENCH_RENTALS:
            found.append(_make_french_rental(word))
        elif len(word) > 2 and not _is_empty(word.casefold()):
            found.append(_make_english(word) if english else _make_word(word))
    return tuple(found)


def _find_phrase(text: str, start: int) -> OfferWord | None:
    """Return the words at a place that the table has as one name ("time tracking"), or that are one word written apart ("day care")."""
    match = _PHRASE.match(text, start)
    if match is None:
        return None
    for phrase in dict.fromkeys((match[0], match[1])):
        if concepts := _look_up_phrase(phrase):
            return OfferWord(phrase, " ".join(map(find_stem, re.split("[ -]", phrase))), concepts=concepts)
    return _join(match[1])


@lru_cache(20_000)
def _look_up_phrase(phrase: str) -> frozenset[Concept]:
    return _read_phrases().get(" ".join(map(find_stem, re.split("[ -]", phrase))), frozenset())


@lru_cache(20_000)
def split_phrase(word: OfferWord) -> tuple[OfferWord, ...]:
    """Return the words of a name of several words that may say something of an offer each; none for a single word."""
    parts = re.split("[ -]", word.text) if " " in word.text or "-" in word.text else []
    if len(parts) > 2 and (joined := _join(" ".join(parts[-2:]))):
        return (*(_make_word(part) for part in parts[:-2]), joined)  # a dog day care is a daycare
    return tuple(_make_word(part) for part in parts if len(part) > 2 and not _is_empty(part.casefold()))


@lru_cache(20_000)
def _join(phrase: str) -> OfferWord | None:
    """Return two words as the one that they are written as elsewhere: "day care", "summer-house", "co-working"."""
    first, second = re.split("[ -]", phrase.casefold())
    if len(first) < 2 or len(second) < SHORTEST or any(map(_is_filler, (first, second))):
        return None
    made_of = dict.fromkeys((f"{first}{second}", f"{first}{second.removesuffix('s')}"))
    entries = [entry for each in made_of for entry in look_up_text(each)[:1]]
    is_noun = bool(entries) and bool(entries[0].senses) and entries[0].senses[0][0] == "n"
    if not is_noun and first + second not in _read_trade_words():
        return None
    made = _make_word(first + second)
    return replace(made, text=phrase)


def _is_filler(word: str) -> bool:
    return _is_light(word) or (
        word in FUNCTION_WORDS and not any(part == "n" for entry in look_up_text(word) for part, _ in entry.senses[:1])
    )


def _is_light(text: str) -> bool:
    """Return whether the first word of a text is light."""
    return any(is_light_stem(word, stem(word)) for word, _, _ in islice(find_words(text), 1))


@lru_cache(20_000)
def _make_english(word: str) -> OfferWord:
    """Return a word of an English text: "lit" is no bed there, and "Lager" no store."""
    made = _make_word(word)
    if not made.concepts or any(column <= ENGLISH for _, column in made.concepts) or not knows(word.casefold()):
        return made
    return replace(made, concepts=frozenset())


@lru_cache(20_000)
def _is_empty(word: str) -> bool:
    if word in FUNCTION_WORDS or word in WEB_WORDS:
        return True
    return _is_light(word) and word not in _read_trade_words()


@lru_cache(20_000)
def read_term(text: str, english: bool = False) -> OfferWord:
    """Return a word that was found in a longer text: alone it may say nothing of an offer, as "location" does outside French."""
    if english:
        return _make_english(text)
    if text.casefold() in _FRENCH_RENTALS:
        return _make_french_rental(text)
    return next(iter(find_terms(text)), None) or _make_word(text)


def _make_french_rental(word: str) -> OfferWord:
    return OfferWord(word, "location", concepts=_find_concepts("location"))


def _make_word(word: str) -> OfferWord:
    tokens = tokenize(word)
    senses = tokens[0].senses if len(tokens) == 1 else frozenset()
    return OfferWord(word, find_stem(word), senses, _find_concepts(word))


def _find_wide_words(run: str) -> Iterator[OfferWord]:
    """Yield the table's words in a run of Chinese, Japanese or Korean signs, the longest first, and pairs of signs of what is left."""
    table, _ = _read_trades()
    for part in _WIDE.findall(run):
        start, left = 0, ""
        while start < len(part):
            length = next((n for n in range(min(8, len(part) - start), 0, -1) if _stands_alone(part, start, n, table)), 0)
            if length:
                yield OfferWord(part[start : start + length], part[start : start + length], concepts=table[part[start : start + length]])
            else:
                left += part[start]
            start += length or 1
        if left and left == part:
            pairs = [left] if "\u30a0" <= left[0] <= "\u30ff" or len(left) < 3 else [left[at : at + 2] for at in range(len(left) - 1)]
            yield from (OfferWord(pair, pair) for pair in pairs if len(pair) > 1)


def _stands_alone(part: str, start: int, length: int, table: Mapping[str, frozenset[Concept]]) -> bool:
    """Return whether a word of the table stands there: a short one in katakana, or one sign, only where nothing is around it."""
    word = part[start : start + length]
    if word not in table:
        return False
    return length == len(part) or (length > 1 and not ("\u30a0" <= word[0] <= "\u30ff" and length < 3))


@lru_cache(20_000)
def find_stem(word: str) -> str:
    """Return the form in which words are compared: English by its stemmer, others without accents and endings."""
    lower = word.casefold().replace("’", "'").removesuffix("'s")
    if lower.isascii():
        return stem(lower)
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(sign))
    ending = next((ending for ending in _ENDINGS if plain.endswith(ending) and len(plain) - len(ending) >= 4), "")
    return plain.removesuffix(ending)


@lru_cache(200_000)
def alike(one: OfferWord, other: OfferWord) -> bool:
    """Return whether two words offer the same: one stem, words alike, a compound and its part, or one trade in two words."""
    if one.stem == other.stem or not one.senses.isdisjoint(other.senses) or _is_derived(one.text, other.text):
        return True
    short, long = sorted((one.stem, other.stem), key=len)
    if " " in long and " " not in short and one.text.endswith("ing") != other.text.endswith("ing"):
        doing = one if one.text.endswith("ing") else other
        if doing.stem == short and short in long.split():
            return True  # driving is what a driving school teaches
    if long.startswith(short) and (len(short) >= LONG_STEM or long.removeprefix(short) in _TRADERS):
        return True
    compound = 6 if knows(long) else 5  # a long word that English knows is no compound: "enterprise" is not a prise
    if (
        " " not in long
        and len(long) - len(short) >= 3
        and ((len(short) >= 5 and long.startswith(short)) or (len(short) >= compound and long.endswith(short)))
    ):
        return True
    if not one.concepts or not other.concepts:
        return False
    phrase = " " in one.text or " " in other.text
    pairs = ((mine, its) for mine in one.concepts for its in other.concepts if mine[0] == its[0])
    return any(phrase or (mine[1], its[1]) != (ENGLISH, ENGLISH) for mine, its in pairs)


_TRADERS = frozenset(map(find_stem, "shop store house seller sellers dealer maker makers".split()))
"""With what an English compound ends that names who deals in a thing: a bookshop, a bookseller."""


@lru_cache(20_000)
def _is_derived(one: str, other: str) -> bool:
    """Return whether English knows two words as one thing, or one as made of the other: a vet is a veterinary, who climbs is a climber."""
    if not one.isascii() or not other.isascii() or " " in one or " " in other:
        return False
    return any(
        mine.own & {chain[0] for _, chain in its.senses[:2]} or mine.derived & {chain[0] for _, chain in its.senses[:2]}
        for mine in _usual(one)
        for its in _usual(other)
    )


@lru_cache(20_000)
def _usual(text: str) -> tuple[LexiconEntry, ...]:
    """Return the entries of a word with its two most frequent senses."""
    return tuple(replace(entry, senses=entry.senses[:2]) for entry in look_up_text(text.lower())) if text.isalpha() else ()


def is_modifier(one: OfferWord, compound: OfferWord) -> bool:
    """Return whether a compound names another thing than a word with which it begins: a Kaffeemaschine is no Kaffee."""
    made = compound.text.casefold()
    if " " in made or made in _read_trades()[0] or knows(made):
        return False  # "veterinary" is no thing that vets have
    if len(made) > LONG_WORD and one.stem != compound.stem:
        begin = next((made[:n] for n in range(len(made) - 3, 3, -1) if made[:n] in _read_trades()[0]), "")
        rest = made[len(begin) :]
        if begin and not _TAIL.search(made) and not _find_concepts(rest) and not _find_concepts(rest.removeprefix("s")):
            return True
    rest = compound.stem.removeprefix(one.stem)
    return rest != compound.stem and len(rest) > 3 and not (_find_concepts(rest) or _TAIL.search(made))


@lru_cache(20_000)
def knows(word: str) -> bool:
    """Return whether the lexicon of English has a word."""
    return bool(look_up_text(word))


@lru_cache(20_000)
def _find_concepts(word: str) -> frozenset[Concept]:
    """Return the trades of a word; of a long unknown word, those of the words that it is made of: "Fahrradverleih"."""
    table, stems = _read_trades()
    lower = word.casefold()
    if found := table.get(lower) or table.get(lower.removesuffix("s")):
        return found
    if (found := stems.get(find_stem(word))) and not _is_done_with(lower):
        return found
    made: set[Concept] = set()
    for whole in (lower, find_stem(word)) if len(word) > LONG_WORD and not knows(lower) else ():
        for length in range(len(whole) - 3, 4, -1):
            for part in (whole[:length], whole[-length:]):
                made |= stems.get(part, frozenset()) | table.get(part, frozenset())
    begin, rest = lower[:SHORT_WORD], lower[SHORT_WORD:]
    if not made and len(word) > LONG_WORD and not knows(lower) and (knows(rest) or rest in table or find_stem(rest) in stems):
        made |= table.get(begin, frozenset())  # a Yogastudio
    return frozenset(made)


def _is_done_with(word: str) -> bool:
    """Return whether a word says what is done with a thing, and not that thing: who does shoeing sells no shoes."""
    if not word.endswith("ing") or has_entry(word):
        return False
    entries = look_up_text(word)
    return bool(entries) and bool(entries[0].senses) and entries[0].senses[0][0] == "n"


@cache
def _read_trades() -> tuple[Mapping[str, frozenset[Concept]], Mapping[str, frozenset[Concept]]]:
    """Return the trades (rows) and languages (columns) of each single word of the table, as it is written there and by stem."""
    words: dict[str, set[Concept]] = {}
    stems: dict[str, set[Concept]] = {}
    for row, line in enumerate(_read_rows()):
        for place, cell in enumerate(line.split("|")):
            for word, column in _split_cell(cell, place):
                if word.strip() and " " not in word.strip():
                    words.setdefault(word.strip().casefold(), set()).add((row, column))
                    if column in COMPOUNDING and word.strip().endswith("n"):
                        for end in ("n", "en"):  # Klettern is in Kletterhalle, Schwimmen in Schwimmbad
                            stems.setdefault(word.strip().casefold().removesuffix(end), set()).add((row, column))
                    stems.setdefault(word.strip() if _CJK.search(word) else find_stem(word.strip()), set()).add((row, column))
    frozen = ({key: frozenset(concepts) for key, concepts in table.items()} for table in (words, stems))
    return next(frozen), next(frozen)


@cache
def _read_phrases() -> Mapping[str, frozenset[Concept]]:
    """Return the trades of the table that have names of several words, by their stems: "time track"."""
    found: dict[str, set[Concept]] = {}
    for row, line in enumerate(_read_rows()):
        for place, cell in enumerate(line.split("|")):
            for words, column in _split_cell(cell, place):
                if " " in words.strip():
                    found.setdefault(" ".join(map(find_stem, words.split())), set()).add((row, column))
    return {phrase: frozenset(concepts) for phrase, concepts in found.items()}


def _split_cell(cell: str, column: int) -> Iterator[tuple[str, int]]:
    """Yield the words of a cell with their column, which is ALSO for those after a "=": they say the same as the word before."""
    for group in cell.split(","):
        for number, word in enumerate(group.split("=")):
            yield word, ALSO if number else column


@cache
def _read_rows() -> tuple[str, ...]:
    text = (files(__package__ or __name__) / "tables" / "trades.txt").read_text("utf-8")
    return tuple(line for line in text.splitlines() if not line.startswith("#"))


@lru_cache(2_048)
def find_rows(word: str) -> frozenset[int]:
    """Return the rows of the table that have a word."""
    return frozenset(row for row, _ in _read_trades()[0].get(word, frozenset()))


@cache
def _read_trade_words() -> frozenset[str]:
    """Return the table's words as they are written there."""
    return frozenset(_read_trades()[0])


@lru_cache(256)
def is_foreign(text: str) -> bool:
    """Return whether less than half of a text's words are English."""
    words = [word for word in _WORD.findall(text) if len(word) > 3 and not word.isupper()]
    return len(words) > 2 and sum(knows(word.lower()) for word in words if word.isascii()) < len(words) / 2


def find_languages(texts: Iterable[str]) -> tuple[int, ...]:
    """Return the languages of texts other than English, by the trade words that only one language has, the most frequent first."""
    counts: Counter[int] = Counter()
    for text in texts:
        columns = [{column for _, column in word.concepts} for word in find_terms(text) if word.concepts and not knows(word.stem)]
        counts.update({next(iter(each)) for each in columns if len(each) == 1})
    return tuple(column for column, _ in counts.most_common() if column > ENGLISH)


def list_trade_words(word: OfferWord, column: int) -> list[str]:
    """Return the words of a language for the trade of a word, the usual one first; none for what the table does not have.

    Of a compound it is the trade of the word with which it begins: a Blumengeschäft is looked for as flowers.
    """
    table, lower = _read_trades()[0], word.text.casefold()
    begins = (lower[:length] for length in range(len(lower) - 1, 3, -1)) if len(lower) > LONG_WORD else ()
    keys = (lower, lower.removesuffix("s"), *begins)
    found = _look_up_phrase(lower) or next((table[key] for key in keys if key in table), frozenset()) or _find_concepts(word.text)
    row = min((row for row, _ in found), default=-1)
    cells = _read_rows()[row].split("|") if row >= 0 else []
    words = [each.strip() for each in re.split("[,=]", cells[column])] if column < len(cells) else []
    return [each for each in words if column != ENGLISH or " " in lower or " " not in each]


def split_title(title: str) -> list[str]:
    """Return the parts of a page's title, as their authors separate them with bars, dashes and colons."""
    return [part.strip() for part in _TITLE_MARK.split(title) if part.strip()]


def find_places(text: str) -> list[str]:
    """Return the names that a text puts after "in", "near" and their like in other languages: "in Ohio and Indiana"."""
    found: list[str] = []
    for match in _PLACE.finditer(text):
        for name in re.split(r",\s*|\s+(?:and|und|et|y|en|&)\s+", match[1]):
            cleaned = name.strip(" .'’-")
            if len(cleaned) > 2 and not _is_empty(cleaned.casefold()) and not cleaned.isupper():
                found.append(cleaned)
    return list(dict.fromkeys(found))
