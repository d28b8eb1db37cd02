"""The aspects of a research: what is asked about each competitor, market or topic, and the words by which links and sentences are sorted.

A plan names the aspects of its research. Where it names none, they are those of the trade that the words of the first search speak of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

MOST_ASPECTS = 9
ALSO = 0.7
"""A second trade counts too if the words speak of it nearly as often: a shop that repairs."""
_WORD = re.compile(r"[^\W_]+")
_LAST_NARROW = "\u2fff"
"""Signs after this one are those of scripts without spaces."""
_HEAD = 3
"""By how many of their first letters the beginnings of words are looked up."""


@dataclass(frozen=True, slots=True)
class Aspect:
    """Something that a research asks: its name in the report, what is meant by it, and words that pages use for it.

    A cue is a word or a few ("find us"), counted with a plural s; one that ends in "*" is the beginning of a word ("deliver*"). Cues in
    Japanese count anywhere in a text, as it has no spaces.
    """

    name: str
    about: str
    cues: tuple[str, ...]

    def __hash__(self) -> int:
        return hash(self.name)  # of all cues it would cost more than what is looked up by it


def _aspect(name: str, about: str, cues: str) -> Aspect:
    return Aspect(name, about, tuple(cue.strip() for cue in cues.split(",")))


OFFER = _aspect(
    "what it sells",
    "what it makes, sells or does, and for whom",
    "menu, product, service, offer*, sell*, serve*, feature, range, catalog*, collection, assortment, speisekarte, produkt*, angebot*, "
    "sortiment, leistung*, produit, carte, offre, gamme, producto, servicio, carta, catálogo, メニュー, 商品, 製品, サービス",
)
PRICES = _aspect(
    "prices",
    "what it costs: prices, plans, fees, discounts, what is free",
    "price*, pricing, cost, fee, plan, rate, tariff, discount*, free, preis*, kosten*, gebühr*, tarif*, rabatt*, prix, coût*, frais, "
    "remise*, precio*, coste*, tarifa*, descuento*, gratis, 料金, 価格, 値段, 円, 無料",
)
LOCATIONS = _aspect(
    "locations",
    "where it is: towns, addresses, how many places, which areas it serves",
    "location, store, shop, restaurant, branch, branches, office, address*, find us, visit us, where, map, town, city, cities, street, "
    "area, filiale*, standort*, adresse, anfahrt, straße, stadt, magasin, boutique, adresse, ville, rue, tienda*, sucursal*, direcci*, "
    "ubicaci*, ciudad*, calle, 店舗, 住所, アクセス, 所在地",
)
HOURS = _aspect(
    "opening hours",
    "when it is open or can be reached",
    "open, opens, opening, hour, closed, daily, weekday, öffnungszeit*, geöffnet, uhr, täglich, horaire*, ouvert*, fermé*, horario*, "
    "abierto*, cerrado*, öppet, öppettid*, stängt, abert*, apert*, chiuso, orari*, geopend, gesloten, 営業時間, 定休日, 年中無休",
)
ORDERING = _aspect(
    "ordering",
    "how to order, book, pay or have it delivered; loyalty cards and apps",
    "order, ordering, deliver*, pickup, pick up, takeaway, take away, reserv*, book, booking, appointment, app, loyalty, reward, point, "
    "catering, drive thru, drive through, online shop, payment*, ships, shipping, dispatch*, "
    "refund*, rückgabe*, 返品, "
    "bestell*, liefer*, abhol*, reservier*, termin*, zahlung*, command*, "
    "livraison*, réserv*, rendez vous, paiement*, pedido*, entrega*, reserva*, cita, pago*, 注文, 配達, 予約, テイクアウト, 支払",
)
DELIVERY = _aspect(
    "delivery and returns",
    "how it is delivered, in what time, for what fee; how goods are returned; ways to pay",
    "deliver*, shipping, ship, dispatch*, return, refund*, payment*, pickup, pick up, click and collect, versand*, liefer*, rückgabe*, "
    "retour*, zahlung*, abhol*, livraison*, expédi*, retour, rembours*, paiement*, envío*, entrega*, devoluci*, reembols*, pago*, 配送, "
    "送料, 返品, 支払",
)
COMPANY = _aspect(
    "company",
    "when and by whom it was founded, who owns it, how big it is: staff, sales, customers",
    "founded, founder, since, established, opened in, owner*, owned, family, employee, staff, team, people, history, story, about, "
    "company, revenue, turnover, gegründet, gründ*, seit, inhaber*, familie*, mitarbeiter*, geschichte, unternehmen, umsatz, über uns, "
    "fondé*, depuis, équipe, histoire, entreprise, salarié*, à propos, fundad*, desde, equipo, historia, empresa, empleado*, sobre "
    "nosotros, franchis*, 創業, 設立, 会社概要, 従業員, 社員",
)
DIFFERENCE = _aspect(
    "what sets it apart",
    "what makes it different by its own words: firsts, awards, guarantees, materials, ways of working",
    "only, first, award*, prize, won, named, star, guide, certificate, unlike, unique, guarantee*, warranty, organic, local, handmade, "
    "certified, voted, known for, never, invented, einzig*, erste*, auszeichnung*, garanti*, bio, handgemacht*, zertifi*, regional*, "
    "seul*, premier*, récompens*, artisan*, certifi*, único*, premio*, garantía*, artesan*, certificad*, 受賞, 唯一, こだわり, 認証, "
    "保証",
)
CUSTOMERS = _aspect(
    "customers",
    "who uses it and how many: customers, users, sectors, examples",
    "customer, client, user, trusted by, used by, case study, case studies, companies, teams, kunde*, nutzer*, referenz*, anwender*, "
    "utilisateur*, usuario*, cliente*, 顧客, 導入, 利用者, ユーザー",
)
PLATFORMS = _aspect(
    "platforms and integrations",
    "where it runs, what it works with, how data gets in and out",
    "integrat*, api, platform, ios, android, windows, mac, linux, web, desktop, mobile, import*, export*, plugin, connect*, works with, "
    "reads from, syncs with, talks to, "
    "schnittstelle*, anbindung*, intégr*, plateforme*, integraci*, plataforma*, 連携, 対応, プラットフォーム",
)
SUPPORT = _aspect(
    "support and security",
    "help, response times, hosting place, certificates, data protection",
    "support, help, live chat, security, secure, encrypt*, gdpr, soc 2, iso 27001, uptime, sla, hosted, hosting, server*, data cent*, "
    "sicherheit*, datenschutz*, dsgvo, verschlüssel*, rechenzentr*, kundendienst, sécurité*, rgpd, chiffr*, assistance, hébergé*, "
    "seguridad*, cifrado*, soporte, asistencia, assistenza, ondersteuning, kundtjänst, kundeservice, pomoc techniczna, wsparcie, "
    "サポート, セキュリティ, 暗号",
)
SPECIFICATIONS = _aspect(
    "specifications",
    "measured properties: size, weight, power, range, capacity, materials",
    "specification, spec, specs, technical, dimension*, weight, size, power, battery, range, capacity, material, speed, watt, "
    "technisch*, gewicht, größe, leistung, akku, reichweite, maße, kapazität*, caractéristique*, poids, taille, puissance, batterie, "
    "autonomie, especificaci*, peso, tamaño, potencia, batería, autonomía, 仕様, 重量, サイズ, 容量",
)
WARRANTY = _aspect(
    "warranty and service",
    "warranty, repair, spare parts, trial and return",
    "warrant*, guarantee*, repair*, spare, service, maintenance, return, trial, garanti*, reparatur*, ersatzteil*, wartung*, rückgabe*, "
    "répar*, entretien, retour, garantía*, reparaci*, mantenimiento, devoluci*, 保証, 修理, メンテナンス, 返品",
)
QUALIFICATIONS = _aspect(
    "qualifications",
    "licences, certificates, training, experience, insurance",
    "licen*, certif*, qualified, qualification, accredit*, insured, experience*, trained, member of, zertifi*, geprüft*, meister*, "
    "ausbildung*, erfahrung*, versichert*, agréé*, diplôm*, expérience*, assuré*, titulad*, experiencia*, asegurad*, 資格, 経験, 認定",
)
MARKET_SIZE = _aspect(
    "size and growth",
    "how big the market is and how it changes: volume, value, forecasts",
    "market, billion, million, volume, growth, grow*, forecast*, share, cagr, sales, markt*, wachstum*, milliarde*, umsatz*, marché*, "
    "croissan*, milliard*, mercado*, crecimiento*, millones, 市場, 成長, 規模",
)
TRENDS = _aspect(
    "trends",
    "what is new or changing: launches, rules, prices, habits",
    "trend, new, launch*, announce*, plan, rule, law, regulat*, rising, falling, neu, einführ*, gesetz*, nouveau*, lanc*, loi, nuevo*, "
    "lanza*, ley, 新, 発売, 動向, 規制",
)
DEFINITION = _aspect(
    "what it is",
    "what is meant by it, how it works, which kinds there are",
    "is a, means, called, defined, definition, works, kind, type, bedeutet, heißt, definition*, funktioniert, art, signifie, "
    "définition*, fonctionne, significa, definición*, funciona, tipo, とは, 種類, 仕組み",
)
FIGURES = _aspect(
    "figures",
    "numbers that are known: amounts, shares, measurements, costs",
    "percent, per cent, average, million, billion, cost, number, rate, measure*, prozent, durchschnitt*, anzahl, pour cent, moyenne*, "
    "nombre, por ciento, promedio*, número, 割合, 平均, 数",
)
REASONS = _aspect(
    "causes and effects",
    "why it is so, what follows from it, advantages and drawbacks",
    "because, cause*, effect, reason, result, lead to, leads to, advantage, benefit, drawback, risk, weil, ursache*, wirkung*, grund, "
    "folge*, vorteil*, nachteil*, risik*, parce que, cause, effet, avantage*, inconvénient*, risque*, porque, causa*, efecto*, ventaja*, "
    "riesgo*, 理由, 原因, 影響, 利点, 欠点",
)
HISTORY = _aspect(
    "dates and events",
    "when what happened, and what is planned",
    "in 19*, in 20*, since, first, began, started, founded, year, plan, until, seit, beginn*, jahr*, geplant, bis, depuis, année*, "
    "début*, prévu*, desde, año, comenz*, previsto*, 年, 開始, 予定",
)

GENERIC = (OFFER, PRICES, LOCATIONS, HOURS, ORDERING, CUSTOMERS, COMPANY, DIFFERENCE)
RESTAURANTS = (OFFER, PRICES, LOCATIONS, HOURS, ORDERING, COMPANY, DIFFERENCE)
SOFTWARE = (OFFER, PRICES, CUSTOMERS, PLATFORMS, SUPPORT, COMPANY, DIFFERENCE)
RETAIL = (OFFER, PRICES, LOCATIONS, HOURS, DELIVERY, COMPANY, DIFFERENCE)
SERVICES = (OFFER, PRICES, LOCATIONS, HOURS, ORDERING, QUALIFICATIONS, COMPANY, DIFFERENCE)
HARDWARE = (OFFER, PRICES, SPECIFICATIONS, WARRANTY, DELIVERY, COMPANY, DIFFERENCE)
MARKET = (OFFER, PRICES, CUSTOMERS, MARKET_SIZE, TRENDS, COMPANY, DIFFERENCE)
TOPIC = (DEFINITION, FIGURES, REASONS, HISTORY)
SETS: Mapping[str, tuple[Aspect, ...]] = {
    "restaurants": RESTAURANTS,
    "software": SOFTWARE,
    "retail": RETAIL,
    "services": SERVICES,
    "hardware": HARDWARE,
    "generic": GENERIC,
    "market": MARKET,
    "topic": TOPIC,
}
_BY_NAME = {aspect.name: aspect for aspects in SETS.values() for aspect in aspects}

TRADES: tuple[tuple[str, Aspect], ...] = (
    (
        "restaurants",
        _aspect(
            "restaurants",
            "places to eat and drink",
            "restaurant*, café*, cafe, bar, bistro, burger, pizz*, ramen, sushi, diner, eatery, kitchen, takeaway, menu, speisekarte, "
            "gasthaus, imbiss, brasserie, taquer*, レストラン, 居酒屋, カフェ, 食堂, ラーメン",
        ),
    ),
    (
        "software",
        _aspect(
            "software",
            "programs and online services",
            "software, app, saas, api, cloud, platform, workspace, dashboard, login, integrations, plugin, open source, crm, plattform, "
            "uptime, webhook, status page, free trial, per seat, self hosted, browser extension, "
            "logiciel*, aplicaci*, ソフト, ソフトウェア, アプリ, クラウド",
        ),
    ),
    (
        "hardware",
        _aspect(
            "hardware",
            "things that are made",
            "device, machine, battery, motor, watt, printer, sensor, camera, headphone, laptop, charger, manufactur*, tool, gerät*, "
            "maschine*, hersteller*, akku, appareil*, fabricant*, aparato*, fabricante*, 機器, 電池, メーカー",
        ),
    ),
    (
        "services",
        _aspect(
            "services",
            "work done for people",
            "service, repair*, rental, hire, cleaning, cleaner, lawyer, dentist, clinic, salon, plumber, electrician, consult*, agency, "
            "insurance, tutor*, school, course, gym, yoga, moving, removal, appointment, reinigung*, verleih*, reparatur*, praxis, "
            "kanzlei, handwerk*, beratung*, versicherung*, nettoyage*, cabinet, agence*, assurance*, cours, limpieza*, clínica*, "
            "abogad*, agencia*, seguro*, clases, 清掃, 修理, レンタル, 医院, 教室, 保険",
        ),
    ),
    (
        "retail",
        _aspect(
            "retail",
            "goods sold to people",
            "shop, store, retail*, shipping, cart, basket, roast*, baker*, bakery, grocer*, flower, florist, book, clothing, shoe, "
            "furniture, tea, coffee beans, wine, laden, geschäft, händler*, rösterei, bäckerei*, versand*, magasin, boutique, "
            "boulanger*, épicerie*, tienda*, panader*, librer*, 店, 通販, 販売, 専門店",
        ),
    ),
)


def count_cues(text: str, aspect: Aspect) -> int:
    """Return how many different cues of an aspect stand in a text. Whole words count: "store" does not stand in "restored"."""
    return count_cues_of_each(text, (aspect,))[0]


@lru_cache(2_048)
def count_cues_of_each(text: str, aspects: tuple[Aspect, ...]) -> tuple[int, ...]:
    """Return how many different cues of each aspect stand in a text."""
    line = _read_line(text)
    cues = _sort_cues(aspects)
    counts = [0] * len(aspects)
    if not cues.words.isdisjoint(line.words):
        words = cues.words & line.words
        for number, _ in {cue for word in words for cue in cues.one_word.get(word, ())}:  # in singular and plural it counts once
            counts[number] += 1
        for number, cue in (each for word in words for each in cues.phrases.get(word, ())):
            counts[number] += f"{cue} " in line.text or f"{cue}s " in line.text
    for head in cues.heads & line.heads:
        for number, cue in cues.beginnings[head]:
            counts[number] += cue in line.text
    for number, cue in cues.short:
        counts[number] += cue in line.text
    if line.is_wide:
        for number, cue in cues.wide:
            counts[number] += cue in line.lowered
    return tuple(counts)


@dataclass(frozen=True, slots=True)
class _Line:
    """A text in small letters, its words between single spaces, the words and their first letters, and whether it has wide signs."""

    lowered: str
    text: str
    words: frozenset[str]
    heads: frozenset[str]
    is_wide: bool


@dataclass(frozen=True, slots=True)
class _Cues:
    """The cues of aspects, each with the number of its aspect, by how they are looked up.

    `words` are all first words of cues, `heads` the first letters of beginnings. `one_word` has the numbers and places of cues of one
    word, singular and plural, `phrases` cues by their first word, `beginnings` those that end in "*" by their first letters, `short` those
    that have fewer. What is no wide sign has a space before it, as in the text.
    """

    words: frozenset[str]
    one_word: Mapping[str, Sequence[tuple[int, int]]]
    phrases: Mapping[str, Sequence[tuple[int, str]]]
    heads: frozenset[str]
    beginnings: Mapping[str, Sequence[tuple[int, str]]]
    short: Sequence[tuple[int, str]]
    wide: Sequence[tuple[int, str]]


@lru_cache(512)
def _read_line(text: str) -> _Line:
    """Return a text as cues are looked for in it: every aspect is looked for in each text."""
    lowered = text.casefold()
    words = _WORD.findall(lowered)
    is_wide = not lowered.isascii() and max(lowered) > _LAST_NARROW
    return _Line(lowered, f" {' '.join(words)} ", frozenset(words), frozenset(word[:_HEAD] for word in words), is_wide)


@lru_cache(256)
def _sort_cues(aspects: tuple[Aspect, ...]) -> _Cues:
    one_word: dict[str, list[tuple[int, int]]] = {}
    phrases: dict[str, list[tuple[int, str]]] = {}
    beginnings: dict[str, list[tuple[int, str]]] = {}
    short: list[tuple[int, str]] = []
    wide: list[tuple[int, str]] = []
    for number, place, cue in ((number, place, cue) for number, aspect in enumerate(aspects) for place, cue in enumerate(aspect.cues)):
        if not cue.isascii() and cue[0] > _LAST_NARROW:
            wide.append((number, cue))
        elif cue.endswith("*"):
            beginning = cue[:-1]
            is_short = " " in cue[:_HEAD] or len(beginning) < _HEAD
            (short if is_short else beginnings.setdefault(cue[:_HEAD], [])).append((number, f" {beginning}"))
        elif _WORD.fullmatch(cue):
            for word in (cue, f"{cue}s"):
                one_word.setdefault(word, []).append((number, place))
        else:
            phrases.setdefault(cue.partition(" ")[0], []).append((number, f" {cue}"))
    return _Cues(frozenset((*one_word, *phrases)), one_word, phrases, frozenset(beginnings), beginnings, short, wide)


def choose_aspects(words: str | Iterable[str], kind: str = "competitors") -> tuple[Aspect, ...]:
    """Return the aspects that fit what the words of a profile speak of: those of a trade, else the generic ones.

    `words` are texts about the company, or one. A research of another `kind` ("market", "topic") has aspects of its own.
    """
    if kind in ("market", "topic"):
        return SETS[kind]
    text = words if isinstance(words, str) else "\n".join(words)
    scores = {name: count_cues(text, trade) for name, trade in TRADES}
    best, second = sorted(scores, key=lambda name: -scores[name])[:2]
    if scores[best] <= 1:
        return GENERIC
    if scores[second] < ALSO * scores[best]:
        return SETS[best]
    both = dict.fromkeys((*SETS[best][:-2], *SETS[second]))  # what the company is and what sets it apart come last
    return tuple(both)[:MOST_ASPECTS]


def find_aspects(names: Sequence[str]) -> tuple[Aspect, ...]:
    """Return the aspects of these names, at most MOST_ASPECTS; one that is not built in has the words of its name as cues."""
    clean = dict.fromkeys(" ".join(name.split())[:60].strip(" .,:;").lower() for name in names)
    return tuple(_BY_NAME.get(name) or _make_aspect(name) for name in clean if name)[:MOST_ASPECTS]


def take_built_in(aspects: Sequence[Aspect]) -> tuple[Aspect, ...]:
    """Return the built-in aspects in the place of equal ones that another process has sent: to compare two objects takes long."""
    return tuple(_BY_NAME[aspect.name] if _BY_NAME.get(aspect.name) == aspect else aspect for aspect in aspects)


def _make_aspect(name: str) -> Aspect:
    words = [word for word in _WORD.findall(name.casefold()) if len(word) > 2 or not word.isascii()]
    return Aspect(name, "", tuple(f"{word[:-1] if word.endswith('s') else word}*" for word in words if word not in ("and", "the", "its")))
