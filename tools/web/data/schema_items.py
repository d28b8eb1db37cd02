"""Fields out of items of schema.org, from JSON-LD, microdata or RDFa: whose fact, which label, what value."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ...canonical import Json, JsonObject
from ..fields import MAX_FIELDS, MAX_NAME, MAX_SUBJECT, Field
from .schema_values import (
    as_list,
    get_number,
    get_text,
    opening_hours_text,
    price_text,
    quantity_text,
    rating_text,
    read_types,
    value_text,
)
from .wording import name_in_words, one_line, strip_schema

MAX_DEPTH = 12

# What a page says about itself, not about its business: addresses of pages, pictures, numbers of catalogues, what others wrote.
_SKIPPED = frozenset(
    re.findall(
        r"\w+",
        """
        name headline alternateName url image logo photo photos thumbnail thumbnailUrl sameAs identifier additionalType
        mainEntityOfPage geo hasMap map maps inLanguage potentialAction breadcrumb review reviews comment comments hasPart
        isPartOf video audio associatedMedia encoding contentUrl embedUrl dateModified datePublished dateCreated uploadDate
        sku mpn gtin gtin8 gtin12 gtin13 gtin14 productID position interactionStatistic speakable isAccessibleForFree
        copyrightHolder articleBody text articleSection wordCount commentCount sdDatePublished sdPublisher license
        acquireLicensePage creditText primaryImageOfPage significantLink relatedLink isRelatedTo isSimilarTo branchCode
        globalLocationNumber currenciesAccepted height width author creator publisher copyrightYear priceCurrency currency
        latitude longitude vatID taxID leiCode duns iso6523Code naics isicV4 knowsLanguage availableLanguage contactType
        itemCondition seller offeredBy provider itemReviewed numberOfItems givenName familyName itemListOrder subjectOf target query
        object agent instrument
        """,
    )
)
_PAGES = (
    "Article", "BlogPosting", "WebPage", "WebSite", "AboutPage", "ContactPage", "CollectionPage", "ItemPage", "ProfilePage",
    "CheckoutPage", "BreadcrumbList", "SiteNavigationElement", "WPHeader", "WPFooter", "WPSideBar", "WebPageElement", "ImageObject",
    "VideoObject", "ImageGallery", "MediaObject", "AudioObject", "SearchAction", "ReadAction", "Review", "Comment", "Rating",
    "CreativeWork", "DiscussionForumPosting", "Blog",
)  # fmt: skip
_NO_BUSINESS = (
    "Product", "Event", "JobPosting", "Offer", "Question", "Person", "Place", "ContactPoint", "Service", "Application", "Recipe",
    "Catalog", "Vehicle", "Car", "Course", "Book", "Movie", "Festival", "Accommodation", "Apartment", "Room", "Menu", "Action",
    "Brand",
)  # fmt: skip
_SIGNS_OF_BUSINESS = frozenset(
    "telephone openingHours openingHoursSpecification address founder founders foundingDate numberOfEmployees hasMenu menu "
    "servesCuisine priceRange makesOffer hasOfferCatalog areaServed legalName contactPoint department parentOrganization "
    "paymentAccepted".split()
)
_ONLY_BUSINESS = ("publisher", "provider", "seller", "offeredBy", "isPartOf")
_OPENING = {
    "openingHours": "opening hours", "openingHoursSpecification": "opening hours", "hoursAvailable": "opening hours",
    "specialOpeningHoursSpecification": "special opening hours",
}  # fmt: skip
_ALSO_BUSINESS = (
    "publisher", "provider", "seller", "offeredBy", "about", "mainEntity", "mainEntityOfPage", "isPartOf",
)  # fmt: skip
_OF_OFFER = (
    "availability", "eligibleRegion", "eligibleCustomerType", "valueAddedTaxIncluded",
    "availableDeliveryMethod", "warranty", "deliveryLeadTime", "advanceBookingRequirement", "eligibleDuration", "eligibleQuantity",
    "inventoryLevel", "description", "validFrom", "availabilityStarts", "leaseLength",
    "additionalProperty",
)  # fmt: skip
_NO_KINDS = tuple("WebPage WebSite BreadcrumbList ImageObject NavigationElement Person Thing ListItem Rating Object Comment Action".split())
_BY_NAME = frozenset("brand manufacturer founder founders employee employees location performer parentOrganization memberOf".split())
_OLD_PRICES = ("StrikethroughPrice",)


@dataclass(slots=True)
class _Facts:
    """What was read so far, and where: one for each kind of source of a page."""

    place: str
    today: str = ""
    business: str = ""
    fields: list[Field] = field(default_factory=list)

    def add(self, subject: str, name: str, value: str, *, old: bool = False, until: str = "") -> None:
        """Keep a fact, if it says something."""
        value = one_line(value)
        if value and name and len(self.fields) < MAX_FIELDS:
            subject = one_line(subject, MAX_SUBJECT)
            subject = "" if same_name(subject, self.business) else subject
            found = Field(subject, one_line(name, MAX_NAME), value, self.place, old=old, until=until)
            if found not in self.fields[-200:]:
                self.fields.append(found)

    def is_past(self, day: str) -> bool:
        """Return whether a day (ISO) lies before today; not if either is unknown."""
        return bool(self.today and re.match(r"\d{4}-\d\d-\d\d", day) and day[:10] < self.today)


def read_items(items: Sequence[JsonObject], place: str, *, today: str = "", business: str = "") -> tuple[list[Field], str]:
    """Return the fields of items and the name of the one business that they are about, empty if there are several."""
    known, business = business, find_business(items) or business
    facts = _Facts(place, today, business)
    if business and not same_name(business, known):
        facts.add("", "name", business)
    kinds = dict.fromkeys((kind, is_business(item)) for item in items for kind in read_types(item) if _is_telling(kind))
    for kind, of_business in list(kinds)[:6]:
        facts.add("", "type" if of_business or not business else "page type", name_in_words(kind))
    is_article = any(kind.endswith(("Article", "Posting")) for item in items for kind in read_types(item))
    for item in items:
        if not (is_article and "Person" in read_types(item)):  # who wrote it, not what it is about
            _read_item(item, facts, "", 0)
    return facts.fields, business


def _is_telling(kind: str) -> bool:
    return not kind.startswith(("WP", "User", "http")) and not kind.endswith(_NO_KINDS)


def same_name(first: str, second: str) -> bool:
    """Return whether two names are one, whatever their case and punctuation."""
    return bool(first) and _fold(first) == _fold(second)


def _fold(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name.casefold()).strip()


def find_business(items: Sequence[JsonObject]) -> str:
    """Return the name of the one business of these items: named by all, or named as the publisher of the page."""
    names, publishers = list[str](), list[str]()
    for item in items:
        for business, is_publisher in _find_businesses(item, 0, is_publisher=False):
            name = get_text(business, "name", "legalName")
            if name:
                names.append(one_line(name, MAX_SUBJECT))
                publishers.extend([names[-1]] if is_publisher else [])
    folded = Counter(map(_fold, names))
    if len(folded) == 1:
        return names[0]
    published = {_fold(name): name for name in publishers}
    return next(iter(published.values())) if len(published) == 1 else ""


def _find_businesses(item: JsonObject, depth: int, *, is_publisher: bool) -> Iterator[tuple[JsonObject, bool]]:
    if depth > 4:
        return
    if is_business(item):
        yield item, is_publisher or bool(item.get("department") or item.get("subOrganization"))
        return
    if any(kind in ("ItemList", "Review", "Event", "JobPosting") or kind.endswith("Event") for kind in read_types(item)):
        return
    inner: list[tuple[str, Json]] = [(key, item.get(key)) for key in _ALSO_BUSINESS]
    inner.extend(("offers", offer) for offer in as_list(item.get("offers"))[:3])
    for key, value in inner:
        for part in as_list(value)[:20]:
            if isinstance(part, dict):
                yield from _find_businesses(part, depth + 1, is_publisher=is_publisher or (key == "publisher"))


def find_product(items: Sequence[JsonObject]) -> str:
    """Return the name of the one product on the top of these items; empty if there are several."""
    names = {
        get_text(item, "name")
        for item in items
        if any(
            kind in ("Product", "ProductGroup", "IndividualProduct", "Vehicle", "Car", "SoftwareApplication") for kind in read_types(item)
        )
    }
    return one_line(names.pop(), MAX_SUBJECT) if len(names) == 1 else ""


def is_business(item: JsonObject) -> bool:
    """Return whether an item is an organisation or a place of business."""
    kinds = read_types(item)
    if any(kind.endswith(("Organization", "Corporation", "Business", "Store", "NGO")) for kind in kinds):
        return True
    if any(kind.endswith((*_NO_BUSINESS, *_PAGES)) for kind in kinds):
        return False
    return bool(kinds) and not _SIGNS_OF_BUSINESS.isdisjoint(item)


def _read_item(item: JsonObject, facts: _Facts, above: str, depth: int) -> None:
    """Add the fields of an item and of the items in it. `above` is the subject that holds it."""
    if depth > MAX_DEPTH or len(facts.fields) >= MAX_FIELDS:
        return None
    kinds = read_types(item)
    if any(kind.endswith(_PAGES) for kind in kinds):
        return _read_inner(item, facts, above, depth, (*_ALSO_BUSINESS, "itemListElement", "offers", "hasPart", "mentions"))
    if "Question" in kinds:
        return _read_question(item, facts)
    if any(kind in ("ItemList", "ListItem", "FAQPage", "QAPage", "OfferCatalog", "HowTo", "DataFeed") for kind in kinds):
        inner = ("itemListElement", "item", "mainEntity", "dataFeedElement", "offers")
        return _read_inner(
            item, facts, get_text(item, "name") if "OfferCatalog" not in kinds and "item" not in item else above, depth, inner
        )
    if any(kind in ("Offer", "AggregateOffer", "Demand") for kind in kinds):
        return _read_offers([item], facts, above, depth)
    subject = get_text(item, "name", "headline", "title", "legalName") or above
    for key, value in list(item.items())[:200]:
        key = strip_schema(key)
        if not key.startswith("@") and value not in (None, "", [], {}) and not (key == "title" and value == subject):
            _read_property(key, value, item, facts, subject, depth)
    return None


def _read_inner(item: JsonObject, facts: _Facts, above: str, depth: int, keys: Sequence[str]) -> None:
    for key in keys:
        for part in as_list(item.get(key))[:1_000]:
            if isinstance(part, dict) and (key not in _ONLY_BUSINESS or is_business(part)):
                _read_item(part, facts, "" if key in _ALSO_BUSINESS else above, depth + 1)


def _read_question(item: JsonObject, facts: _Facts) -> None:
    for answer in as_list(item.get("acceptedAnswer") or item.get("suggestedAnswer"))[:1]:
        text = get_text(answer, "text", "name", "description") if isinstance(answer, dict) else value_text(answer)
        facts.add("", get_text(item, "name", "text", "headline"), text)


def _read_property(key: str, value: Json, item: JsonObject, facts: _Facts, subject: str, depth: int) -> None:
    if key in _ALSO_BUSINESS and not is_business(item):
        return _read_inner(item, facts, "", depth, (key,))
    if key == "offers":
        return _read_offers([part for part in as_list(value) if isinstance(part, dict)], facts, subject, depth)
    if key in _SKIPPED:
        return None
    if key in _OPENING:
        return facts.add(subject, _OPENING[key], opening_hours_text(value))
    if key == "aggregateRating":
        return facts.add(subject, "rating", ", ".join(rating_text(part) for part in as_list(value)[:1] if isinstance(part, dict)))
    if key in ("price", "lowPrice", "highPrice", "priceSpecification"):
        if "priceCurrency" in item or isinstance(value, dict):
            return (
                None
                if key in ("highPrice", "priceSpecification") and ("price" in item or "lowPrice" in item)
                else _read_prices(item, facts, subject)
            )
        return facts.add(subject, name_in_words(key), value_text(value))
    if key in ("additionalProperty", "amenityFeature"):
        return _read_properties(value, facts, subject)
    if key == "contactPoint":
        return _read_contacts(value, facts, subject)
    parts = as_list(value)
    items = [part for part in parts[:1_000] if isinstance(part, dict)]
    if (
        key in ("itemListElement", "makesOffer", "hasOfferCatalog", "hasMenu", "menu", "hasMenuSection", "hasMenuItem", "hasVariant")
        and items
    ):
        above = "" if same_name(subject, facts.business) or key.startswith(("hasMenu", "menu")) else subject
        for part in items:
            _read_item(part, facts, above, depth + 1)
        return None
    if items and key not in _BY_NAME:
        own = [part for part in items if _is_own_item(part)]
        for part in own:
            _read_item(part, facts, subject, depth + 1)
        for part in items if not own and not value_text(value) else ():  # what says something only by its parts: how long a warranty is
            _read_item(part, facts, subject, depth + 1)
    return facts.add(subject, name_in_words(key), value_text(value))


def _is_own_item(item: JsonObject) -> bool:
    """Return whether a nested item says more than its name."""
    plain = {"name", "url", "image", "logo", "sameAs", "description", "identifier", "geo"}
    named = bool(get_text(item, "name", "headline", "title"))
    kinds = " ".join(read_types(item))
    return (
        named
        and not re.search(r"Quantit|Specification|Rating|PropertyValue|Address|Amount|Geo|Country|City|Area", kinds)
        and any(not key.startswith("@") and key not in plain for key in item)
    )


def _read_properties(value: Json, facts: _Facts, subject: str) -> None:
    for part in as_list(value)[:300]:
        if isinstance(part, dict) and (name := get_text(part, "name", "propertyID")):
            text = quantity_text(part)
            facts.add(subject, name, text)


def _read_contacts(value: Json, facts: _Facts, subject: str) -> None:
    for part in as_list(value)[:20]:
        if isinstance(part, dict):
            kind = get_text(part, "contactType", "name")
            for key in ("telephone", "email", "areaServed"):
                facts.add(subject, " ".join(filter(None, (kind, name_in_words(key)))), value_text(part.get(key)))
            facts.add(subject, " ".join(filter(None, (kind, "hours"))), opening_hours_text(part.get("hoursAvailable")))


def _read_offers(offers: Sequence[JsonObject], facts: _Facts, above: str, depth: int) -> None:
    """Add the prices of offers. Several offers of one thing are told apart by their own names."""
    if depth > MAX_DEPTH:
        return
    for offer in offers[:500]:
        offered = [part for part in as_list(offer.get("itemOffered")) if isinstance(part, dict)]
        names = [get_text(part, "name") for part in offered if get_text(part, "name")] or [value_text(offer.get("itemOffered"))]
        own = get_text(offer, "name") if not names[0] else names[0]
        subject = (
            _join_names(
                "" if same_name(above, facts.business) or offered else above,
                own,
            )
            or above
        )
        before = len(facts.fields)
        _read_prices(offer, facts, subject)
        for key in _OF_OFFER:
            if key in offer:
                _read_property(key, offer[key], offer, facts, subject, depth + 1)
        for key in ("shippingDetails", "hasMerchantReturnPolicy"):
            for part in as_list(offer.get(key))[:3]:
                if isinstance(part, dict):
                    rate = next((price_text(each) for each in as_list(part.get("shippingRate")) if isinstance(each, dict)), "")
                    facts.add(subject, "shipping", rate)
                    facts.add(subject, "return days", get_number(part, "merchantReturnDays"))
        if offered and own and len(facts.fields) == before and not any(_is_own_item(part) for part in offered):
            facts.add("", "offers", own)  # a catalogue that only names what there is
        for part in offered:
            _read_item({**part, "name": get_text(part, "name") or own}, facts, subject, depth + 1)
        _read_offers([part for part in as_list(offer.get("offers")) if isinstance(part, dict)], facts, above, depth + 1)
        _read_inner(offer, facts, subject, depth, ("itemListElement", "hasOfferCatalog", "addOn", "seller", "offeredBy"))


def _join_names(above: str, own: str) -> str:
    """Return the name of an offer with the name of what is offered: "Cloudbase" and "Pro" are "Cloudbase Pro"."""
    if not above or not own or _fold(above) in _fold(own):
        return own or above
    return above if _fold(own) in _fold(above) else f"{above} {own}"


def _read_end(item: JsonObject) -> str:
    """Return the day until which an offer holds, as "2026-12-31"; empty if it does not say."""
    days = (get_text(item, key)[:10] for key in ("priceValidUntil", "validThrough", "availabilityEnds"))
    return next((day for day in days if re.fullmatch(r"\d{4}-\d\d-\d\d", day)), "")


def _read_prices(offer: JsonObject, facts: _Facts, subject: str) -> None:
    currency = get_text(offer, "priceCurrency", "currency")
    until = _read_end(offer)
    expired = facts.is_past(until)
    specifications = [part for part in as_list(offer.get("priceSpecification")) if isinstance(part, dict)][:50]
    price = price_text(offer)
    said: set[str] = set()
    for part in specifications:
        if not (text := price_text(part, currency)):
            continue
        kind = value_text(part.get("priceType")) or value_text(part.get("priceComponentType"))
        old = expired or any(kind_name in str(part.get("priceType")) for kind_name in _OLD_PRICES)
        ends = _read_end(part) or until
        old = old or facts.is_past(ends)
        member = "member price" if part.get("validForMemberTier") else ""
        name = member or get_text(part, "name") or (kind if kind != "strikethrough price" else "") or "price"
        facts.add(subject, name, text, old=old, until=ends)
        said.add(re.split(r" per ", text)[0])
    if price and price not in said:
        facts.add(subject, "price", price, old=expired, until=until)
