"""Which language a statement is in, by its small words, and which of its words are small there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

ENGLISH = frozenset(
    """
        the a an is are was were has have had of and or to in on at by for with from it its their our we you not be
        been this that will can per costs cost no free day month hour year plus only up all there
    """.split()
)
_PRICES = frozenset(
    """
        kostet kosten kostete preis preise coûte coûtent coute coutent prix tarif cuesta cuestan precio costa costano
        prezzo kost kosten prijs koster pris 料金 価格
    """.split()
)
_PERIODS = {
    "hour": "stunde stunden std heure heures h hora horas ora ore uur time timme 時間",
    "day": "tag tage jour jours día dia días giorno giorni dag dagen døgn 日", "night": "nacht nuit noche notte natt nat noite 泊",
    "week": "woche wochen semaine semaines semana settimana week vecka uge 週間",
    "month": "monat monate mois mes mese maand månad måned mês 月", "year": "jahr jahre an année ans año anno jaar år ano 年",
    "person": "person personne persona persoon pessoa 人",
}  # fmt: skip


def is_small(word: str, language: str) -> bool:
    """Return whether a word carries no claim of its own in a language; each kana of Japanese counts as one."""
    return word in _read_small().get(language, frozenset()) or is_kana(word) or bool(language and word in _PRICES)


def is_kana(word: str) -> bool:
    """Return whether a word is a single hiragana: an ending or particle."""
    return len(word) == 1 and "\u3040" <= word <= "\u309f"


def find_language(words: Iterable[str]) -> str:
    """Return the language of lower-case words, "en" or one of the table's; empty if nothing tells."""
    counts = dict.fromkeys(("en", *_read_small()), 0)
    seen = list(words)
    if any("\u3040" <= word[:1] <= "\u30ff" for word in seen):
        return "ja"
    languages = _read_languages()
    for word in seen:
        if len(word) > 1:  # lot C
            for language in languages.get(word, ()):
                counts[language] += 1
    best = max(counts, key=lambda each: counts[each])
    return best if counts[best] else ""


def name_period(word: str) -> str:
    """Return the English name of a period, of a word in another language; empty for any other word."""
    return next((period for period, names in _PERIODS.items() if word in names.split()), "")


@cache
def _read_languages() -> Mapping[str, tuple[str, ...]]:
    """Return the languages in which a word is small."""
    found: dict[str, tuple[str, ...]] = {}
    for language, small in (("en", ENGLISH), *_read_small().items()):
        for word in small:
            found[word] = (*found.get(word, ()), language)
    return found


@cache
def _read_small() -> Mapping[str, frozenset[str]]:
    text = (files(__package__ or __name__) / "tables" / "foreign.txt").read_text(encoding="utf-8")
    lines = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return {language: frozenset(words) for language, *words in lines}
