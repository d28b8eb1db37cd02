"""The date that a page gives itself. What it does not say is not guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from ...canonical import JsonObject
from ...quantities import find_dates
from .schema_values import as_list, read_types

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_ISO = re.compile(r"\s*(\d{4})-?(\d\d)(?:-?(\d\d))?(?!\d)")
# What stands before the date of a page, in the languages of the pages that are read.
_LABEL = re.compile(
    r"(?:(?<![^\W_])(?:(?:last|recently)\s+(?:updated|modified|reviewed|changed|revised|checked)"
    r"|(?:page|prices?|menu|information|content|article)\s+(?:last\s+)?(?:updated|checked|valid|current|correct|as\s+of)"
    r"|updated|published|posted|revised|as\s+of|effective(?:\s+from)?|valid\s+(?:from|as\s+of)"
    r"|stand|aktualisiert(?:\s+am)?|zuletzt\s+(?:geändert|bearbeitet)(?:\s+am)?|letzte\s+(?:aktualisierung|änderung)|veröffentlicht(?:\s+am)?"
    r"|(?:gültig|preise|preisliste|preisstand)\s+(?:ab|seit|gültig\s+ab|vom|stand)|mise?\s+à\s+jour(?:\s+le)?|dernière\s+modification(?:\s+le)?"
    r"|publiée?\s+le|actualiza(?:ción|do)(?:\s+(?:el|en))?|publicado(?:\s+(?:el|em))?|atualiza(?:ção|do)(?:\s+em)?"
    r"|aggiorna(?:mento|to)(?:\s+(?:il|al))?|pubblicato(?:\s+il)?|laatst\s+gewijzigd(?:\s+op)?|bijgewerkt(?:\s+op)?)"
    r"|最終更新日?|更新日時?|更新|公開日|掲載日|最后更新|更新时间|发布时间|업데이트|수정일)\s*[:：]?\s*(?:on\s+|am\s+|le\s+|the\s+|den\s+)?[(（\[【]?",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"\s?(?:[^\W\d]{2,10}\.?,?\s)?(?:\d{1,2}:\d\d\s?(?:[ap]\.?m\.?)?(?:\s[A-Z]{2,4})?,?\s)?", re.IGNORECASE)
_LABEL_AFTER = re.compile(r"\s?(?:更新|現在|改定|改訂|時点|发布)")
_URL_DATE = re.compile(
    r"/(?P<year>(?:19|20)\d\d)/(?P<month>0[1-9]|1[0-2])(?:/(?P<day>[0-2]\d|3[01])|/|-)|/(?P<year2>20\d\d)(?P<month2>0[1-9]|1[0-2])(?P<day2>[0-2]\d|3[01])(?=[/-])"
)
_MODIFIED = (
    "article:modified_time",
    "og:updated_time",
    "last-modified",
    "dcterms.modified",
    "dc.date.modified",
    "datemodified",
    "revised",
    "lastmod",
)
_PUBLISHED = ("article:published_time", "og:article:published_time", "datepublished", "dc.date.issued",
    "dcterms.issued", "dcterms.created", "dc.date", "dcterms.date", "date", "pubdate", "publishdate", "publish_date",
    "publication_date", "parsely-pub-date", "sailthru.date", "citation_publication_date", "citation_date", "bt:pubdate",
    "article.published", "og:pubdate", "cxenseparse:recs:publishtime",
)  # fmt: skip


def find_published(tree: HtmlElement, items: Sequence[JsonObject], metas: Mapping[str, str], url: str, *, today: str = "") -> str:
    """Return the date of a page as "2024-05-03", "2024-05" or "2024": the last change that the page names, else when it was published."""
    dated = [_read_item_dates(item) for item in _find_pages(items)]
    candidates: Iterable[str] = (
        *(modified for modified, _ in dated),
        *(read_iso(metas.get(name, "")) for name in _MODIFIED),
        *(published for _, published in dated),
        *(read_iso(metas.get(name, "")) or read_date(metas.get(name, "")) for name in _PUBLISHED),
        *_find_labelled(tree),
        _read_time(tree),
        _read_url(url),
    )
    return next((date for date in candidates if date and (not today or date <= today)), "")


def read_iso(text: str) -> str:
    """Return the day that a timestamp starts with, as it is written there; empty if it is none."""
    found = _ISO.match(text[:40])
    return _join(int(found[1]), int(found[2]), int(found[3]) if found[3] else None) if found else ""


def read_date(text: str) -> str:
    """Return the date that a text starts with, in any of the usual forms; its year only where day and month have two readings."""
    found = next(iter(find_dates(text[:60])), None)
    starts = found is not None and (found.span[0] <= 2 or _CLOCK.fullmatch(text[: found.span[0]]))
    return _join(found.year, found.month, found.day) if found and starts else ""


def _join(year: int, month: int | None, day: int | None) -> str:
    if not 1990 <= year <= 2099 or (month is not None and not 1 <= month <= 12):
        return ""
    if month is None:
        return f"{year}"
    return f"{year}-{month:02}-{day:02}" if day is not None and 1 <= day <= 31 else f"{year}-{month:02}"


def _find_pages(items: Sequence[JsonObject]) -> Iterator[JsonObject]:
    """Yield what is the page itself, its main thing last: reviews and events have dates of their own."""
    for item in items[:200]:
        kinds = read_types(item)
        if any(
            kind.endswith(("Article", "Posting", "Page", "Blog", "Report", "CreativeWork", "Recipe", "HowTo", "Menu", "Product"))
            for kind in kinds
            if kind != "JobPosting"
        ):
            yield item


def _read_item_dates(item: JsonObject) -> tuple[str, str]:
    modified, published = (
        next((read_iso(value) for value in as_list(item.get(key)) if isinstance(value, str)), "")
        for key in ("dateModified", "datePublished")
    )
    return max(modified, published) if modified else "", published


def _find_labelled(tree: HtmlElement) -> Iterator[str]:
    """Yield the dates after a label such as "Last updated" or "Stand:", from the first and the last texts of the page."""
    texts = [text for text in islice(tree.itertext(), 20_000) if 3 < len(text.strip()) < 400]
    joined = " ".join(" ".join(texts[:400] + texts[-400:]).split())[:60_000]
    for found in _LABEL.finditer(joined):
        if date := read_date(joined[found.end() : found.end() + 40]):
            yield date
    for found in _LABEL_AFTER.finditer(joined):
        before = joined[max(0, found.start() - 14) : found.start()]
        yield from (_join(date.year, date.month, date.day) for date in find_dates(before) if date.span[1] >= len(before.rstrip()))


def _read_time(tree: HtmlElement) -> str:
    """Return the one date of the page's <time> elements; several different ones are not the page's."""
    elements = list(islice(tree.iter("time"), 50))
    marked = [element for element in elements if element.get("pubdate") is not None or "entry-date" in (element.get("class") or "")]
    days = {date for element in marked or elements if (date := read_iso(element.get("datetime") or ""))}
    return days.pop() if len(days) == 1 else ""


def _read_url(url: str) -> str:
    found = _URL_DATE.search(url[:2_000])
    if not found:
        return ""
    year, month, day = (found[name] or found[f"{name}2"] for name in ("year", "month", "day"))
    return _join(int(year), int(month), int(day) if day else None)
