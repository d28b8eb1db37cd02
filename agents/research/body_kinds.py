"""Who is near a trade and does not sell what it sells: bodies, charities, museums, schools for the trade, media, marketplaces, franchisors.

Each kind has its signs: what such a site calls itself, and what only such sites speak of. One word alone proves nothing: a gym has members,
a bakery trains apprentices. Two signs of one kind do, unless the client's own pages have them as well: a school competes with schools.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from sayso.tools.truth.lexicon import look_up_text

from .page_reading import FIRST_WORDS, find_front, read_field, read_visible
from .site_kinds import KindFound, SiteKind
from .state import VisitedPage

_SUBJECT = re.compile(
    r"(?:^|(?<=[.!?\n] ))(?:The|This|Our|An?|Der|Die|Das|Le|La|El|Il|De|Het) (?:[\w-]+ ){0,2}?(?P<what>[\w-]+)"
    r"(?= (?:of|for|is|has|where|that|with|für|von|des?|ist|est|es|\w+s)\b)|"
    r"\b(?:is|are) (?:an?|the) (?P<is>(?:[\w-]+ ){1,4})",
    re.MULTILINE,
)
_WORD = re.compile(r"[^\W\d_]+")
_BOAST = re.compile(
    r"\b(?:winners?(?: of)?|won|voted|named|awarded|finalists?(?: in| for)?|shortlisted|runners?[- ]up)\b[^.;!?\n]{0,90}?\bof the year\b"
    r"|\baward[- ]winning\b",
    re.IGNORECASE,
)
"""What a business says of an award that it has got is no sign of a contest."""
_CUSTOMERS = re.compile(r"\bfor (?:[\w-]+(?:,| and| &| or) ){0,3}[\w-]+s\b|\byour \w+s\b", re.IGNORECASE)
"""Whom something is for is not who offers it: "Confidential reporting for schools & charities"."""
ENOUGH_SIGNS, MIN_HEAD, BEGIN = 2, 3, 200


class KindSigns(NamedTuple):
    """The signs of a kind: `heads` are what such a site calls itself, `above` general senses of that, `cues` what it speaks of.

    `needs_head` is whether its cues prove nothing without a head. Cues that begin with the same `letters` are one sign.
    """

    name: str
    kind: SiteKind
    heads: re.Pattern[str]
    cues: re.Pattern[str]
    above: str = ""
    needs_head: bool = True
    letters: int = 5


def _any(words: str) -> re.Pattern[str]:
    """Return a pattern for any of the expressions, one or more a line."""
    parts = [each for each in re.split(r",\s+|\n\s*", words.strip()) if each]
    signs = [each for each in parts if re.search(r"[\u3040-\u9fff]", each)]  # no spaces stand around these
    return re.compile("|".join((rf"\b(?:{'|'.join(each for each in parts if each not in signs)})(?!\w)", *signs)), re.IGNORECASE)


_NONE = re.compile(r"(?!)")
SIGNS = (
    KindSigns(
        "association",
        SiteKind.ASSOCIATION,
        _any(
            """unions?, federation, alliance, council, chamber, charity, foundation, trust, register, authority, ministry, commission
            \\w*verband, verein, innung, \\w*kammer, stiftung, gewerkschaft, fédération, syndicat, fondation, asociación, federación
            associazione, federazione, vereniging, stichting, \\w*bond, förbund\\w*, \\w*förening, \\w*forening, forbund, stowarzyszenie
            fundacja, associação, 協会, 組合, 連盟, 財団"""
        ),
        _any(
            """members?, memberships?, represent\\w*, lobb\\w+, accredit\\w*, examin\\w*, certif(?:y|ies), professional body, trade body
            inspects?, registers?, licen[cs]\\w+, code of (?:practice|conduct), campaign\\w*, statutes, annual subscription, complaints
            be fined, fines? (?:of|up to), offence
            speaks? for, voice of, delegates, congress, mitglied\\w*, vertritt, vertreten, beitritt, adhérents?, adhésion, représente\\w*
            socios, representa\\w*, soci, leden, lid worden, medlemmar, medlemmer, członk\\w+, 会員, 入会"""
        ),
        above="association",
    ),
    KindSigns(
        "charity",
        SiteKind.ASSOCIATION,
        _NONE,
        _any(
            """non-?profit, not-for-profit, charit(?:y|able), volunteers?, volunteering, donat(?:e|es|ion|ions), trustees, fundrais\\w+
            gemeinnützig\\w*, ehrenamtlich\\w*, spenden?, bénévol\\w+, à but non lucratif, faire un don, voluntari\\w+, sin ánimo de lucro
            donativos?, volontari\\w*, senza scopo di lucro, vrijwilligers?, donatie
            ideell\\w*, frivillig\\w*, wolontariusz\\w*, ボランティア, 寄付"""
        ),
        needs_head=False,
    ),
    KindSigns(
        "school for the trade",
        SiteKind.NO_BUSINESS,
        _any(
            """courses?, bootcamp, diploma, degree, bsc, msc, \\w*akademie, hochschule, formation, école, escuela, scuola
            curso, corso, 専門学校"""
        ),
        _any(
            """diplomas?, degrees?, (?:learn|teach\\w*) (?:\\w+ )?(?:to|how), become an?, career in, prepares? (?:you|students), students
            qualif(?:y|ication|ications), curriculum, semester, enrol\\w*, we train, trains?, our (?:\\w+-)*\\w+ (?:\\w+ )?course teaches
            graduates?, apprentices?, study, ausbildung, studium, lernen sie, diplôme, apprenez, devenez, aprende, título, diploma di
            opleiding, leer, utbildning, uddannelse, 受講生, 入学, 資格"""
        ),
        above="school",
    ),
    KindSigns(
        "school for beginners of the trade",
        SiteKind.NO_BUSINESS,
        _any(
            """become an? \\w+, train (?:to be|as), how to become, start your career, ausbildung zu[mr], werden sie \\w+
            devenez \\w+, conviértete en, diventa \\w+, opleiding tot, bli en, zostań \\w+"""
        ),
        _any(
            """qualifying, qualification, accredited, diploma, career, careers, earn (?:up to|from|£|\\$|€), salary, start your own
            your own (?:\\w+ ){0,2}(?:business|school|studio|salon|practice|agency|franchise), self-employed
            selbstständig\\w*, verdien\\w*, métier, débouchés, ingresos, zelfstandige?, verdienen"""
        ),
    ),
    KindSigns(
        "museum",
        SiteKind.NO_BUSINESS,
        _any("\\w*museum, museums, musée, museo, muzeum, 博物館, 美術館"),
        _any(
            """admission, tickets?, exhibit\\w*, exhibition, collections?, visitors?, adults?, from 1\\d\\d\\d, century, eintritt
            ausstellung, entrée, exposition, entrada, ingresso, toegang, inträde, 入館料, 展示"""
        ),
    ),
    KindSigns(
        "attraction",
        SiteKind.NO_BUSINESS,
        _NONE,
        _any(
            """(?:tickets?|entry) (?:from|costs?|is|are) [£$€\\d]\\S*, (?:book|buy) (?:your )?tickets?, admission, visitor attraction
            under-\\w+ (?:go )?free, (?:great|family) day out, plan your visit, public (?:aquarium|garden|gallery), biggest \\w+ in the
            eintrittskarten?, eintritt \\d+, billetterie, entrées? dès, entradas desde, biglietti da, 入館料, 入場料"""
        ),
        needs_head=False,
    ),
    KindSigns(
        "magazine",
        SiteKind.NEWS,
        _any(
            """magazine, journal, gazette, newspaper, quarterly, weekly
            bulletin, newsletter, news, \\w*magazin, zeitschrift, revue, revista
            rivista, tijdschrift, vakblad, tidning, tidskrift, czasopismo, 雑誌, 新聞"""
        ),
        _any(
            """issues?, subscribe\\w*, subscription, readers, editor\\w*, articles?
            stories, essays, interviews?, reviews?, advertise, poems
            news for, abonn\\w+, leser\\w*, ausgabe, lecteurs, numéro, lectores, suscr\\w+, lezers, prenumer\\w+, 購読, 特集"""
        ),
    ),
    KindSigns(
        "contest",
        SiteKind.NO_BUSINESS,
        _any(
            """awards?, prize, championships?, festival, convention, competition, contest, expo, trade fair, of the year, \\w*messe
            wettbewerb, preisverleihung, concours, concurso, concorso, 大会, 展示会, コンテスト"""
        ),
        _any(
            """enter your, entry, entries, vot(?:e|es|ing), judg\\w+
            jury, winners?, register until, exhibitors?, under one roof, weekend ticket
            race in, besucher, aussteller, jury, gewinner, lauréats?, ganador\\w*, 応募, 出展"""
        ),
    ),
    KindSigns(
        "marketplace",
        SiteKind.PLATFORM,
        _any("marketplace, marktplatz, place de marché, mercado en línea, マーケットプレイス"),
        _any(
            """post an? (?:job|project|request|task), bids?, freelancers?, freelance \\w+, (?:keeps?|takes?) (?:an? )?\\d+ ?%, pays? us for
            (?:connects?|match(?:es)?) (?:you|\\w+) with, \\d[\\d,.]* (?:independent|local|vetted|trusted|verified|approved) \\w+
            \\d+ ?% commission, join as an?, become an? (?:host|seller|partner|vendor)
            \\w+ pay us, up to (?:three|four|five|\\d) (?:local )?\\w+
            (?:three|four|five|\\d) (?:free )?quotes, fill in one form, one form
            introductions?, sellers, angebote vergleichen, drei angebote, (?:trois|3) devis, (?:tres|3) presupuestos, 一括見積もり"""
        ),
        needs_head=False,
    ),
    KindSigns(
        "directory",
        SiteKind.DIRECTORY,
        _NONE,
        _any(
            """(?:search|browse|compare|find|explore) (?:\\w+ ){0,2}\\d[\\d,.]* (?:\\w+ ){0,2}\\w+, near (?:you|me)
            by (?:postcode|town|city|region|county|language|district|category|zip|country)(?:\\s*(?:and|,) \\w+)?
            free profile, your profile
            \\d[\\d,.]* (?:entries|listings|profiles|suppliers|providers), (?:add|claim|list) your \\w+
            are you an? \\w+\\?, updated weekly
            find an? \\w+ (?:or \\w+ )?(?:near|in your), \\w+: list your
            (?:\\w+ \\(\\d[\\d,.]*\\)\\s*){3}, firma eintragen, in ihrer nähe
            einträge, près de chez vous, cerca de ti, vicino a te, bij jou in de buurt, nära dig, nær dig, 掲載"""
        ),
        needs_head=False,
    ),
    KindSigns(
        "franchisor",
        SiteKind.TRADE_ONLY,
        _NONE,
        _any(
            """franchise\\w*, franchising, franchisor, royalt\\w+, territor\\w+, investment from, prospectus, under our (?:brand|name)
            entry fee, lizenzpartner, franchisenehmer, franchisé\\w*, franquicia\\w*, droit d'entrée, フランチャイズ, 加盟店"""
        ),
        needs_head=False,
        letters=12,
    ),
    KindSigns(
        "jobs",
        SiteKind.JOBS,
        _any("""jobs, vacancies, careers, stellenangebote, jobbörse, emplois, empleos, vacatures, lediga jobb, 求人"""),
        _any(
            """\\d[\\d,.]* (?:\\w+ ){0,2}(?:jobs|vacancies), post an? (?:job|vacancy), apply, hiring, per annum, salary, offene stellen
            postuler, vacantes, solliciteren, 応募"""
        ),
    ),
    KindSigns(
        "consultant",
        SiteKind.TRADE_ONLY,
        _any("""consult(?:ants?|ancy|ing)?, advis[eo]rs?, \\w*consult, \\w*beratung, conseil, consultor\\w*, コンサル"""),
        _any(
            """(?:grow|sell|value|buy|start|run|open) (?:and \\w+ )?your (?:\\w+ ){0,2}(?:agency|business|practice|studio|firm|shop|company)
            advises? (?:the )?(?:owners|founders|\\w+ owners), we advise, owners of
            we are \\w+ consultants, wir beraten, nous conseillons
            asesoramos, advies aan, mergers, valuations?"""
        ),
    ),
)


def find_body_kinds(title: str, text: str) -> dict[str, KindFound]:
    """Return the kinds of which a site's title and the beginning of its text have enough signs, each with the words that show it."""
    title, text = _BOAST.sub(" ", title), _BOAST.sub(" ", text)
    heads = _find_heads(title, text)
    told = f"{title}\n{text}"
    found: dict[str, KindFound] = {}
    for signs in SIGNS:
        head = next((each for each in heads if _is_head(signs, each)), "")
        head = head or next((match[0] for match in signs.heads.finditer(told[:BEGIN]) if not match[0].isascii() or " " in match[0]), "")
        if not head and signs.needs_head:
            continue
        own = told if signs.needs_head else _CUSTOMERS.sub(" ", told)
        cues = {
            match[0].casefold()[: signs.letters]: match[0] for match in signs.cues.finditer(own) if match[0].casefold() != head.casefold()
        }
        if len(cues) + bool(head) >= ENOUGH_SIGNS:
            found[signs.name] = KindFound(signs.kind, next(iter(cues.values())))
    return found


def find_body_kind(pages: Sequence[VisitedPage], clients: Sequence[str] = ()) -> KindFound | None:
    """Return what else than a business of the trade a site is by its home page, None where it has too few signs of it.

    `clients` are the names of the kinds that the client's own pages show: those say nothing against a site.
    """
    front = find_front(pages)
    text = f"{read_field(front, 'description')}\n{read_visible(front)[:FIRST_WORDS]}"
    return next((kind for name, kind in find_body_kinds(front.title, text).items() if name not in clients), None)


def _is_head(signs: KindSigns, word: str) -> bool:
    """Return whether a word names such a site: as it stands, with a short ending, or as something of the general kind."""
    return any(signs.heads.fullmatch(word[: len(word) - cut]) for cut in range(3) if not cut or len(word) - cut > MIN_HEAD) or (
        bool(signs.above) and _is_below(word, signs.above)
    )


def _find_heads(title: str, text: str) -> list[str]:
    """Return the words by which a site may call itself: those of its title, and what its sentences say that it is."""
    told: list[str] = _WORD.findall(title)
    if re.search(r"\bof the year\b", title, re.IGNORECASE):
        told.append("of the year")
    for match in _SUBJECT.finditer(text):
        told += _WORD.findall(match["what"] or match["is"])
    return list(dict.fromkeys(told))


@lru_cache(20_000)
def _is_below(word: str, general: str) -> bool:
    """Return whether English knows a word as something of a general kind: an academy is a school, a guild an association. Not a club."""
    if word.casefold().rstrip("s") in _SOCIAL or not word.isascii():
        return False
    return any(_find_general(general) in chain for entry in look_up_text(word)[:1] for part, chain in entry.senses[:4] if part == "n")


_SOCIAL = frozenset("club conference cooperative collective company firm".split())
"""Associations that sell as others do, or that are none in most names."""


@cache
def _find_general(word: str) -> str:
    return look_up_text(word)[0].senses[0][1][0]
