"""Fields out of data without a vocabulary: objects that have a name, and values that mean something to a reader."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...canonical import Json, JsonObject
from ..fields import MAX_FIELDS, MAX_NAME, MAX_SUBJECT, MAX_VALUE, Field
from .json_ld import MAX_DEPTH
from .money import find_money
from .schema_values import with_currency
from .wording import is_url, name_in_words, one_line, plain_text, scalar_text

MAX_NODES = 50_000
MAX_TEXTS = 200
_NAMES = (
    "name",
    "title",
    "label",
    "heading",
    "headline",
    "question",
    "productname",
    "producttitle",
    "displayname",
    "planname",
    "fullname",
    "itemname",
)
_ADDRESS = re.compile(r"(?:postal_?|street_?)?address|location|anschrift|adresse|direccion|indirizzo", re.IGNORECASE)
_PERIOD_KEY = re.compile(r"(?:billing |price )?(?:interval|period|cadence|frequency|per|unit|cycle|suffix|term|recurrence|duration)")
_VARIANTS = re.compile(r"(?:product_?)?variants?|options?|sizes?|skus?|variations?|editions?", re.IGNORECASE)
_HOLDERS = (
    "props",
    "pageprops",
    "data",
    "state",
    "content",
    "payload",
    "initialstate",
    "items",
    "entries",
    "children",
    "result",
    "results",
)
_ANSWERS = ("answer", "a", "text", "body", "content", "description")
_CURRENCIES = ("currency", "currencycode", "pricecurrency", "currencyisocode", "currency_code", "currencyiso")
_PRICE = re.compile(r"price|preis|prix|precio|prezzo|amount|cost|fee|rate$|価格|料金|値段", re.IGNORECASE)
_CENTS = re.compile(r"cents?$|minor|_cents|InCents", re.IGNORECASE)
# Keys whose values are for programs. A reader is told nothing by an id, a colour, a picture or a switch of the page.
_TECHNICAL = re.compile(
    r"^[_$@#]|(?:^|_|\b)(?:id|ids|uuid|guid|slug|key|keys|href|src|url|uri|path|link|icon|image|img|photo|picture|avatar|logo|class|classname|style|css|theme|"
    r"type|kind|handle|hash|token|nonce|locale|lang|language|template|component|layout|variant|index|order|sort|position|width|height|alt|target|rel|"
    r"version|build|revision|timestamp|created|updated|modified|sku|gtin|ean|mpn|asset|event|tracking|analytics|query|params|meta|seo|canonical|robots|"
    r"env|config|status|state|method|endpoint|api|color|colour|font|size_t|tabindex|role|aria|lat|lng|lon|latitude|longitude|zoom)$",
    re.IGNORECASE,
)
_NOT_FOR_READERS = re.compile(
    r"[\da-f]{12,}|[\da-f-]{32,}|[A-Za-z0-9+/_-]{40,}=*|#[\da-fA-F]{3,8}|[\w.-]+\.(?:js|css|png|jpe?g|svg|webp|gif|woff2?)"
    r"|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-][\d:]+)?|\{\{.*|\$[A-Za-z_]\w*|[a-z]+(?:[A-Z]\w*)+|[a-z\d]+(?:[_-][a-z\d]+){2,}|[A-Z\d]+(?:_[A-Z\d]+)+"
)
_FLAGS = re.compile(
    r"^(?:is|has|show|should|can|enable|use|hide|allow|disable)(?=[A-Z_])|^(?:enabled|disabled|active|visible|hidden|published|featured"
    r"|default|selected|open|loading|loaded|ready|popular|recommended|highlighted|available|sale|new)$",
    re.IGNORECASE,
)


_CLOCK = re.compile(r"(?<![\d:T])(?:[01]?\d|2[0-4])(?::[0-5]\d| ?[ap]\.?m\b| ?Uhr)\s?(?:-|–|—|〜|～|to|bis|à|a)\s?\d", re.IGNORECASE)
_PHONE = re.compile(r"\+?\(?\d[\d ()/.-]{6,18}\d")
_TAGS = frozenset("a p li ul ol div span h1 h2 h3 h4 h5 h6 img br b i strong em section button".split())


@dataclass(slots=True)
class _Walk:
    place: str
    drawn: dict[Field, None] = field(default_factory=dict)
    nodes: int = 0
    said: set[str] = field(default_factory=set)
    fields: dict[Field, None] = field(default_factory=dict)
    texts: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Objects:
    """What was read out of data without a vocabulary."""

    fields: tuple[Field, ...]
    """Of objects with a price, a time of day or a telephone number: facts on any page."""
    drawn: tuple[Field, ...]
    """Of all other objects, and sentences: content on a page that scripts draw, settings and messages of programs on any other."""
    texts: tuple[str, ...]


def read_objects(values: Sequence[Json], place: str = "scripts", *, currency: str = "") -> Objects:
    """Return the fields of all named objects in these values, and the sentences beside them. `currency` is for prices without one."""
    walk = _Walk(place)
    for value in values:
        _visit(value, walk, "", "", currency, 0)
    return Objects(tuple(walk.fields)[:MAX_FIELDS], tuple(walk.drawn)[:MAX_FIELDS], tuple(walk.texts)[:MAX_TEXTS])


def _visit(value: Json, walk: _Walk, key: str, subject: str, currency: str, depth: int) -> None:
    walk.nodes += 1
    if walk.nodes > MAX_NODES or depth > MAX_DEPTH * 2 or len(walk.fields) >= MAX_FIELDS:
        return None
    if isinstance(value, list):
        if value[:1] == ["$"] and len(value) == 4 and isinstance(value[1], str):  # a React element: ["$", "div", key, props]
            return _visit(value[3], walk, key, subject, currency, depth + 1)
        for item in value[:2_000]:
            if isinstance(item, dict) and walk.nodes < MAX_NODES:
                walk.nodes += 1
                _visit_object(item, walk, key, subject, currency, depth + 1, is_entry=len(value) > 1)
            else:
                _visit(item, walk, key, subject, currency, depth + 1)
    elif isinstance(value, dict):
        _visit_object(value, walk, key, subject, currency, depth)
    elif isinstance(value, str) and " " in value:
        _keep_sentence(key, value, subject, walk)
    return None


def _visit_object(item: JsonObject, walk: _Walk, key: str, above: str, currency: str, depth: int, *, is_entry: bool = False) -> None:
    lowered = {key.lower(): key for key in reversed(list(item)[:500])}
    currency = next((text for name in _CURRENCIES if (text := _get_text(item, lowered, name))), currency)
    name = next((text for name in _NAMES if (text := _get_text(item, lowered, name))), "")
    if not name and is_entry:  # one of several objects of a kind is known by its first words: {"city": "Austin", "hours": "9-5"}
        name = next(
            (text for key, value in item.items() if isinstance(value, str) and not _TECHNICAL.search(key) and (text := plain_text(value))),
            "",
        )
        name = name if len(name) <= 60 and not name.endswith((".", "!", "。")) else ""
    subject = one_line(name, MAX_SUBJECT) if _is_readable(name) else ""
    if above and _VARIANTS.fullmatch(key):
        subject = above if not subject or subject.startswith("Default") else one_line(f"{above} {subject}", MAX_SUBJECT)
    if subject and ("question" in lowered or {"q", "a"} <= lowered.keys()):
        answer = next((text for key in _ANSWERS if (text := _get_text(item, lowered, key))), "")
        return _add(walk, "", subject, answer, is_fact=subject.rstrip().endswith(("?", "？")))
    used = {lowered[key] for key in (*_NAMES[:1], *_CURRENCIES) if key in lowered}
    pairs = list(_read_values(item, currency, used)) if subject else []
    if not subject:  # {"shipping": {"flat": "$5", "freeOver": "$50"}}
        prefix = "" if _TECHNICAL.search(key) or key.lower() in _HOLDERS else name_in_words(key)
        for label, text in _read_values(item, currency, used):
            if len(text) < 60 and find_money(text):
                _add(walk, above, f"{prefix} {label}".strip(), text, is_fact=True)
                walk.said.add(text)
            elif len(text) < 60 and not above and _tells_a_rule(label, text) and not _TECHNICAL.search(key):
                if any(told.value == text and told.name.endswith(label) for told in walk.drawn):
                    continue  # as a part of the object around this one
                _add(walk, "", label, text, is_fact=False)  # {"minimumStay": "two months", "dogsAllowed": true}
                walk.said.add(text)
    # A lone value of a small object (an icon's label, a link of the navigation) is no fact.
    if any(_is_telling(label, text) for label, text in pairs):
        is_fact = len(pairs) <= 15 and any(map(_is_fact, (text for _, text in pairs)))  # a larger one is a record of the program
        for label, text in pairs:
            if text != subject:
                _add(walk, subject, label, text, is_fact=is_fact or _is_fact(text))
    for label, inner in list(item.items())[:500]:
        if isinstance(inner, (dict, list)) and not (isinstance(inner, dict) and subject and _is_plain(inner)):
            _visit(inner, walk, label, subject or above, currency, depth + 1)
        elif isinstance(inner, str) and " " in inner and not (_TECHNICAL.search(label) or (subject and len(inner) <= 80)):
            _keep_sentence(label, inner, "" if pairs else above, walk)
    return None


def _read_values(item: JsonObject, currency: str, used: set[str], prefix: str = "") -> list[tuple[str, str]]:
    """Return the labels and values of an object and of the plain objects in it."""
    found: list[tuple[str, str]] = []
    for key, value in list(item.items())[:500]:
        if key in used or (_TECHNICAL.search(key) and not _PRICE.search(key)) or (key.lower() in _NAMES and not prefix):
            continue
        label = one_line(f"{prefix} {name_in_words(key)}".strip(), MAX_NAME)
        if isinstance(value, dict):
            if text := _money_text(value, currency):
                found.append((label, text))
            elif _ADDRESS.fullmatch(key) and not any(isinstance(part, (dict, list)) for part in value.values()):
                parts = (scalar_text(part) for name, part in value.items() if not _TECHNICAL.search(name) and isinstance(part, (str, int)))
                found.append((label, ", ".join(filter(_is_readable, parts))))
            elif _is_plain(value) and not prefix.count(" "):
                own = next((str(value[name]) for name in value if name.lower() in _CURRENCIES), currency)
                found.extend(_read_values(value, own, {name for name in value if name.lower() in _CURRENCIES}, label))
        elif isinstance(value, list):
            texts = [text for part in value[:40] if not isinstance(part, (dict, list, bool)) and _is_readable(text := scalar_text(part))]
            texts = texts or [text for part in value[:40] if isinstance(part, dict) and (text := _only_text(part))]
            found.append((label, ", ".join(texts)))
        elif isinstance(value, bool):
            found.extend([(label, "yes" if value else "no")] if not _FLAGS.search(key) else [])
        elif (text := scalar_text(value)) and _is_readable(text):
            found.append((label, _price_of(f"{prefix} {key}", value, text, currency)))
    return _join_period([(label, text) for label, text in found if label and text])


def _join_period(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the pairs with the period of a price in the price: ("price", "29 USD"), ("interval", "month") is 29 USD per month."""
    prices = [pair for pair in pairs if _PRICE.search(pair[0]) and any(character.isdigit() for character in pair[1])]
    periods = [pair for pair in pairs if _PERIOD_KEY.fullmatch(pair[0]) and len(pair[1].split()) <= 4 and not pair[1][0].isdigit()]
    if len(prices) != 1 or len(periods) != 1 or re.search(r"/|\bper\b", prices[0][1]):
        return pairs
    (label, price), (_, period) = prices[0], periods[0]
    joined = f"{price} {period}" if re.match(r"/|per\b|pro\b|an?\b", period) or period.endswith("ly") else f"{price} per {period}"
    return [(label, joined) if pair == prices[0] else pair for pair in pairs if pair != periods[0]]


def _only_text(item: JsonObject) -> str:
    """Return the one text of an object such as {"text": "10 users"}, {"name": "SSO", "id": 4}."""
    texts = [
        text
        for key, value in item.items()
        if isinstance(value, str) and not _TECHNICAL.search(key) and _is_readable(text := plain_text(value))
    ]
    return texts[0] if len(texts) == 1 and not any(isinstance(value, (dict, list)) for value in item.values()) else ""


def _money_text(item: JsonObject, currency: str) -> str:
    """Return {"amount": 1290, "currencyCode": "EUR"} as a price; empty for any other object."""
    lowered = {key.lower(): key for key in item}
    own = next((text for name in _CURRENCIES if (text := _get_text(item, lowered, name))), "")
    for name in (
        "formatted",
        "display",
        "displayvalue",
        "formattedvalue",
        "amount",
        "value",
        "price",
        "centamount",
        "cents",
        "amountincents",
        "unitamount",
        "unit_amount",
    ):
        value = item.get(lowered.get(name, ""))
        if isinstance(value, (str, int, float)) and not isinstance(value, bool) and (own or name.startswith("formatted")):
            digits = item.get(lowered.get("fractiondigits", ""))
            if name in ("centamount", "cents", "amountincents", "unitamount", "unit_amount") and isinstance(value, int):
                places = (
                    digits
                    if isinstance(digits, int) and 0 <= digits <= 4
                    else 0
                    if own.upper() in ("JPY", "KRW", "VND", "CLP", "ISK")
                    else 2
                )
                return with_currency(f"{value / 10**places:.{places}f}", own)
            return with_currency(scalar_text(value), own or currency)
    return ""


def _price_of(key: str, value: Json, text: str, currency: str) -> str:
    if not _PRICE.search(key) or not re.fullmatch(r"[\d.,' ]+", text):
        return text
    if _CENTS.search(key) and isinstance(value, int) and currency.upper() not in ("JPY", "KRW"):
        text = f"{value / 100:.2f}"
    return with_currency(text, currency)


def _get_text(item: JsonObject, lowered: dict[str, str], name: str) -> str:
    value = item.get(lowered[name]) if name in lowered else None
    if isinstance(value, dict):  # {"en": "Basket"}, {"rendered": "Basket"}
        value = next((value[key] for key in ("rendered", "text", "value", "en", "default") if isinstance(value.get(key), str)), None)
    return plain_text(value) if isinstance(value, str) else ""


def _is_plain(item: JsonObject) -> bool:
    """Return whether an object holds a few values and nothing with a name: it describes the object around it."""
    return (
        len(item) <= 30
        and not any(key.lower() in _NAMES for key in item)
        and not any(isinstance(value, dict) and len(value) > 8 for value in item.values())
    )


def _is_readable(text: str) -> bool:
    return bool(text) and text not in _TAGS and not is_url(text) and not _NOT_FOR_READERS.fullmatch(text)


def _is_telling(label: str, text: str) -> bool:
    """Return whether a value is more than a word of a program: it has a digit, several words, or a label for a price."""
    return (
        any(character.isdigit() for character in text)
        or " " in text.strip()
        or bool(_PRICE.search(label))
        or any(ord(character) > 0x2E80 for character in text)
    )


def _tells_a_rule(label: str, text: str) -> bool:
    """Return whether a value beside others is one that a reader may want: a number, yes or no, or a few words, under a label of words."""
    return (
        " " in label
        and not _TECHNICAL.search(label)
        and (any(character.isdigit() for character in text) or text in ("yes", "no") or " " in text.strip())
    )


def _is_fact(text: str) -> bool:
    """Return whether a value is one that only content has: a price with its currency, a time of day, a telephone number."""
    return (len(text) < 100 and bool(find_money(text) or _CLOCK.search(text))) or (bool(_PHONE.fullmatch(text)) and not text.isdigit())


def _add(walk: _Walk, subject: str, name: str, value: str, *, is_fact: bool) -> None:
    if value and name and len(walk.drawn) < MAX_FIELDS:
        kept = walk.fields if is_fact else walk.drawn
        kept.setdefault(Field(subject, one_line(name, MAX_NAME), one_line(value), walk.place))


def _keep_sentence(key: str, text: str, above: str, walk: _Walk) -> None:
    """Keep a sentence with its key, and as a text; code and messages with places to fill in are none."""
    text = plain_text(text, 20_000)
    if len(text.split()) < 4 or re.search(r"[{};=]\s*\w+\s*[:=(]|function\s*\(|=>|\{\w*\}|%[sd@]", text[:2_000]):
        return
    walk.texts.setdefault(text)
    if key and len(text) <= MAX_VALUE and text not in walk.said:
        walk.drawn.setdefault(Field(above, name_in_words(key), text, walk.place))
