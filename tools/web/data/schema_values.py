"""Values of schema.org in one line of words: prices, quantities, addresses, opening hours, ratings, and things by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ...canonical import Json, JsonObject
from .wording import duration_in_words, is_url, name_in_words, scalar_text, strip_schema

# UN/CEFACT Recommendation 20, the codes that pages use for periods and measures.
_UNIT_CODES = {
    "ANN": "year", "MON": "month", "WEE": "week", "DAY": "day", "HUR": "hour", "MIN": "minute", "SEC": "second", "KGM": "kg",
    "GRM": "g", "MGM": "mg", "LTR": "l", "MLT": "ml", "CLT": "cl", "DLT": "dl", "MTR": "m", "CMT": "cm", "MMT": "mm", "KMT": "km",
    "INH": "in", "FOT": "ft", "SMI": "mi", "MTK": "m²", "FTK": "ft²", "LBR": "lb", "ONZ": "oz", "C62": "", "H87": "", "EA": "",
    "E4": "GB", "4L": "MB", "KWH": "kWh", "WHR": "Wh", "WTT": "W", "KWT": "kW", "VLT": "V", "CEL": "°C", "FAH": "°F", "KMH": "km/h",
    "IE": "person", "E49": "working day", "D63": "book",
}  # fmt: skip
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TIME = re.compile(r"T?(\d{1,2}:\d{2})(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?")
_CURRENCY_SIGN = re.compile(r"[^\W\d_]|[$€£¥₹₩₽₺₴฿₫₪₦₱]", re.UNICODE)
_REGION_FIRST = re.compile(r"[A-Z]{2,3}")


def as_list(value: Json) -> list[Json]:
    """Return a value that may stand alone as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def read_types(item: JsonObject) -> tuple[str, ...]:
    """Return the types of an item without the address of schema.org: ("Restaurant",)."""
    return tuple(strip_schema(kind.strip()).rpartition("/")[2] for kind in as_list(item.get("@type")) if isinstance(kind, str))


def get_text(item: JsonObject, *keys: str) -> str:
    """Return the first of these properties that is text, in words."""
    for key in keys:
        for value in as_list(item.get(key)):
            if text := scalar_text(value):
                return text
    return ""


def get_number(item: JsonObject, *keys: str) -> str:
    """Return the first of these properties as a number or text; what is nested by its own value."""
    for key in keys:
        for value in as_list(item.get(key)):
            text = get_number(value, "value", "price") if isinstance(value, dict) else scalar_text(value, 60)
            if text:
                return text
    return ""


def value_text(value: Json) -> str:
    """Return any value in one line. Addresses of pages and pictures are no values."""
    if isinstance(value, dict):
        return _item_text(value)
    if isinstance(value, list):
        return ", ".join(dict.fromkeys(text for item in value[:30] if (text := value_text(item))))
    text = scalar_text(value)
    named = strip_schema(text)
    if named != text and re.fullmatch(r"[A-Z][A-Za-z]+", named):  # https://schema.org/InStock
        return named if named.lower() in _DAYS else name_in_words(named)
    if text.lower().startswith(("tel:", "mailto:")):
        return text.partition(":")[2]
    if moment := _MOMENT.fullmatch(text):
        return f"{moment[1]} {moment[2]}"
    if re.fullmatch(r"[A-Z]{2,}_[A-Z_]{2,}", text):  # FULL_TIME
        return name_in_words(text.lower())
    return "" if is_url(text) else duration_in_words(text)


def _item_text(item: JsonObject) -> str:
    types = read_types(item)
    kinds = " ".join(types)
    if "PostalAddress" in types or "streetAddress" in item:
        return address_text(item)
    if any(kind.startswith("Geo") for kind in types):
        return ""
    if "PriceSpecification" in kinds or "Offer" in kinds or "MonetaryAmount" in kinds:
        return price_text(item)
    if "OpeningHoursSpecification" in types:
        return opening_hours_text([item])
    if "Rating" in kinds:
        return rating_text(item)
    if "DefinedRegion" in types and "addressCountry" in item:
        return address_text(item)
    if "QuantitativeValue" in kinds or "PropertyValue" in types or (not get_text(item, "name") and ("value" in item or "minValue" in item)):
        return quantity_text(item)
    name = get_text(item, "name", "headline", "title", "legalName") or " ".join(
        filter(None, (get_text(item, "givenName"), get_text(item, "familyName")))
    )
    address = next((address_text(part) for part in as_list(item.get("address")) if isinstance(part, dict)), "") or get_text(item, "address")
    if "Place" in kinds or "Venue" in kinds or (not name and address):
        return ", ".join(filter(None, (name, address)))
    return name or get_text(item, "text", "telephone", "email")


def with_currency(amount: str, currency: str) -> str:
    """Return the amount with its currency, unless it names one itself."""
    if not amount or _CURRENCY_SIGN.search(amount) or not currency or len(currency) > 12:
        return amount
    if re.fullmatch(r"\d+\.\d", amount):
        amount += "0"  # 12.5 is how a program writes 12.50
    return f"{currency}{amount}" if currency in ("$", "£", "¥") else f"{amount} {currency}"


def unit_text(item: JsonObject) -> str:
    """Return the unit of a quantity in words: "month", "kg"."""
    code = get_text(item, "unitCode").rpartition("/")[2]
    if text := get_text(item, "unitText"):
        text = text.lower() if text.isupper() and len(text) > 3 else text
        return re.sub(r"^(?:per|pro|par|je|/)\s*", "", text)
    return _UNIT_CODES.get(code.upper(), code)


def quantity_text(item: JsonObject) -> str:
    """Return a quantity with its unit: "12 kg", "1-10"."""
    value = item.get("value")
    if isinstance(value, dict):
        return quantity_text({**{key: item[key] for key in ("unitText", "unitCode") if key in item}, **value})
    low, high = get_number(item, "minValue"), get_number(item, "maxValue")
    amount = value_text(value) or (f"{low}-{high}" if low and high else f"from {low}" if low else f"up to {high}" if high else "")
    return " ".join(filter(None, (amount, unit_text(item)))) if amount else ""


def price_text(item: JsonObject, currency: str = "") -> str:
    """Return the price of an offer, a price specification or an amount of money: "29 USD per month", "from 12 EUR"."""
    currency = get_text(item, "priceCurrency", "currency", "hasCurrency") or currency
    amounts = [value for value in as_list(item.get("value")) if isinstance(value, dict)]
    if amounts and not item.get("price"):
        return price_text({**amounts[0], "currency": currency})
    price = get_number(item, "price", "value", "hasCurrencyValue")
    low, high = get_number(item, "lowPrice", "minPrice", "minValue"), get_number(item, "highPrice", "maxPrice", "maxValue")
    if price:
        text = with_currency(price, currency)
    elif low and high:
        text = with_currency(low, currency) if low == high else f"{with_currency(low, currency)} to {with_currency(high, currency)}"
    else:
        text = f"from {with_currency(low, currency)}" if low else f"up to {with_currency(high, currency)}" if high else ""
    parts = [part for part in as_list(item.get("priceSpecification")) if isinstance(part, dict)]
    period = _read_period(item) or (_read_period(parts[0]) if len(parts) == 1 and not get_number(parts[0], "price") else "")
    return f"{text} per {period}" if text and period else text


def _read_period(item: JsonObject) -> str:
    """Return what a price is for: "month", "3 months", "250 g"."""
    for reference in as_list(item.get("referenceQuantity")):
        if isinstance(reference, dict):
            return _count_unit(get_number(reference, "value"), unit_text(reference))
    for duration in (*as_list(item.get("billingDuration")), *as_list(item.get("billingIncrement"))):
        if isinstance(duration, dict):
            return _count_unit(get_number(duration, "value"), unit_text(duration))
        if (text := scalar_text(duration)) and (words := duration_in_words(text)) != text:
            return words.removeprefix("1 ")
        if text and unit_text(item):
            return _count_unit(text, unit_text(item))
    return unit_text(item)


def _count_unit(number: str, unit: str) -> str:
    if not number or not unit or number in ("1", "1.0"):
        return unit or ("" if number in ("1", "1.0") else number)
    return f"{number} {unit}s" if unit in _UNIT_CODES.values() and len(unit) > 3 else f"{number} {unit}"


def address_text(item: JsonObject) -> str:
    """Return a postal address in one line, in the order of its country."""
    street, place = value_text(item.get("streetAddress")), value_text(item.get("addressLocality"))
    region, code, country = (
        value_text(item.get("addressRegion")),
        value_text(item.get("postalCode")),
        value_text(item.get("addressCountry")),
    )
    box = value_text(item.get("postOfficeBoxNumber"))
    if _REGION_FIRST.fullmatch(region) or country.upper() in (
        "US",
        "USA",
        "CA",
        "AU",
        "GB",
        "UK",
        "IE",
        "IN",
        "UNITED STATES",
        "UNITED KINGDOM",
    ):
        town = [place, " ".join(filter(None, (region, code)))]
    else:
        town = [" ".join(filter(None, (code, place))), region if region != place else ""]
    # Many pages write the town into the street as well.
    parts = [part for part in town if part and part not in street]
    return ", ".join(filter(None, (value_text(item.get("name")), street, box, *parts, country if country not in street else "")))


def rating_text(item: JsonObject) -> str:
    """Return a rating: "4.6 of 5 (128 reviews)"."""
    rating, best = get_number(item, "ratingValue"), get_number(item, "bestRating")
    reviews, votes = get_number(item, "reviewCount"), get_number(item, "ratingCount")
    count = f" ({reviews} reviews)" if reviews else f" ({votes} ratings)" if votes else ""
    return f"{rating}{f' of {best}' if best else ''}{count}" if rating else ""


def opening_hours_text(value: Json) -> str:
    """Return opening hours in one line: "Mon-Fri 09:00-18:00, Sat 10:00-14:00"."""
    written: list[str] = []
    times: dict[tuple[tuple[int, ...], str, str], list[str]] = {}
    for item in as_list(value)[:100]:
        if not isinstance(item, dict):
            written.append(scalar_text(item))
            continue
        days, names = _read_days(item.get("dayOfWeek"))
        key = (days, names, _read_validity(item))
        times.setdefault(key, []).append(_read_times(item))
    by_times: dict[tuple[str, str, str], list[int]] = {}
    for (days, names, valid), ranges in times.items():
        by_times.setdefault((" and ".join(filter(None, dict.fromkeys(ranges))), names, valid), []).extend(days)
    for (hours, names, valid), numbers in by_times.items():
        if hours:
            written.append(
                " ".join(filter(None, (f"{valid}:" if valid else "", ", ".join(filter(None, (_join_days(numbers), names))), hours)))
            )
    return ", ".join(dict.fromkeys(filter(None, written)))


def _read_days(value: Json) -> tuple[tuple[int, ...], str]:
    numbers, names = [], []
    for item in as_list(value):
        for day in re.split(r"[,;]\s*", value_text(item)):
            number = next((n for n, name in enumerate(_DAYS) if len(day) > 1 and name.startswith(day.lower().rstrip("."))), None)
            if number is None:
                names.append(day)
            else:
                numbers.append(number)
    return tuple(numbers), ", ".join(dict.fromkeys(filter(None, names)))


def _read_times(item: JsonObject) -> str:
    opens, closes = (_TIME.sub(r"\1", get_text(item, key)) for key in ("opens", "closes"))
    if opens == closes:  # also where neither is given
        return "closed" if opens in ("", "00:00", "0:00") else opens
    return f"{opens}-{closes}" if opens and closes else f"from {opens}" if opens else f"until {closes}"


def _read_validity(item: JsonObject) -> str:
    start, end = get_text(item, "validFrom")[:10], get_text(item, "validThrough")[:10]
    return start if start == end else f"{start} to {end}" if start and end else f"from {start}" if start else f"until {end}"


def _join_days(numbers: Iterable[int]) -> str:
    """Return days in words, with a range for three and more that follow each other: "Mon-Fri, Sun"."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(_name_run(run) for run in runs)


def _name_run(run: Sequence[int]) -> str:
    names = [_DAYS[number][:3].capitalize() for number in run]
    return f"{names[0]}-{names[-1]}" if len(names) > 2 else ", ".join(names)
