"""The data of a page: read before its hidden parts are dropped, and finished with what its reader sees."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..canonical import Json, JsonObject
from .data.embedded import find_drawn_currency, read_embedded
from .data.json_ld import read_json_ld
from .data.labelled import read_pairs
from .data.meta_tags import meta_fields, read_metas
from .data.microdata import read_microdata
from .data.microformats import read_microformats
from .data.minor_units import write_whole_units
from .data.money import find_money, is_price, split_price
from .data.page_dates import find_published
from .data.page_lines import read_lines
from .data.pairs import make_pair, settle_subjects
from .data.plain_objects import read_objects
from .data.schema_items import find_product, read_items, same_name
from .data.script_html import read_script_html
from .data.statements import MAX_GAP, VisibleText, quote_visible, read_amount
from .data.tables import mark_icons, read_table, read_text_table
from .fields import DATA_HEADING, MAX_FIELDS, Field, quote_data

if TYPE_CHECKING:
    from lxml.html import HtmlElement


MAX_TEXT_LINES = 20_000
_NEVER_SHOWN = frozenset({"script", "style", "noscript", "template"})
_MIN_VISIBLE = 600  # a page with less text is drawn by scripts, or has little to say


@dataclass(frozen=True, slots=True)
class PageData:
    """What a page holds beside its visible text."""

    published: str = ""
    """The date that the page gives itself: "2024-05-03", "2024-05" or "2024". Empty if it gives none."""
    fields: tuple[Field, ...] = ()
    drawn: tuple[Field, ...] = ()
    """What is content only if scripts draw the page: the rest of its embedded data."""
    texts: tuple[str, ...] = ()
    """The sentences of the embedded data, for a page that has no text of its own."""
    business: str = ""
    """The name of the one business that the data is about, which its fields have no subject for."""
    product: str = ""
    """The name of the one product that the page is about."""


def read_data(tree: HtmlElement, json_ld: Sequence[JsonObject], url: str, *, today: str = "") -> PageData:
    """Read the data of a page from the whole tree, before scripts and hidden parts are dropped. `today` is an ISO date."""
    mark_icons(tree)
    metas = read_metas(tree)
    items = read_json_ld(tree, json_ld)
    marked = [*read_microdata(tree), *read_microformats(tree)]
    fields, business = read_items(items, "json-ld", today=today)
    more, business = read_items(marked, "microdata", today=today, business=business)
    written = _read_written(tree)
    scripted = read_objects(read_embedded(tree), currency=find_drawn_currency(tree))
    business = business or _find_titled(tree, metas, (*scripted.fields, *scripted.drawn))
    return PageData(
        published=find_published(tree, [*items, *marked], metas, url, today=today),
        fields=tuple([*fields, *more, *meta_fields(metas), *_take_subject(scripted.fields, business)][:MAX_FIELDS]),
        drawn=(*written, *_take_subject(scripted.drawn, business)),
        texts=(*(field.quote for field in written), *scripted.texts),
        business=business,
        product=find_product([*items, *marked]) or (metas.get("og:title", "") if "product" in metas.get("og:type", "") else ""),
    )


def _read_written(tree: HtmlElement) -> tuple[Field, ...]:
    """Return the fields of the HTML that scripts would write, for a page that shows nothing itself."""
    seen = 0
    for text in _iter_shown(tree):
        seen += len(text)
        if seen >= _MIN_VISIBLE:
            return ()
    html = read_script_html(tree)
    found = _read_visible(PageData(), html) if html is not None else ()
    return quote_data(replace(field, place="scripts") for field, _, _ in found)[0]


def _iter_shown(tree: HtmlElement) -> Iterator[str]:
    """Yield the texts of the body in order, but of what is never shown. An XPath would look at all of a long page first."""
    from lxml.etree import iterwalk  # late, for load time

    for body in tree.iter("body"):
        walk = iterwalk(body, events=("start", "end", "comment", "pi"))
        for event, element in walk:
            text = element.text if event == "start" else element.tail if element is not body else None
            if event == "start" and element.tag in _NEVER_SHOWN:
                walk.skip_subtree()
            elif text and text.strip(" \t\r\n"):
                yield text


def _find_titled(tree: HtmlElement, metas: Mapping[str, str], fields: Sequence[Field]) -> str:
    """Return the subject of the data that has the name of the site: the page's title, a part of it, or what its meta tags say."""
    title = " ".join(next(tree.iter("title")).itertext()) if tree.find(".//title") is not None else ""
    names = [metas.get("og:site_name", ""), title, *re.split(r"\s+[|–—·:-]\s+", title)]
    priced = {field.subject for field in fields if find_money(field.value)}  # a product may have the page's name as well
    return next(
        (field.subject for field in fields if field.subject not in priced and any(same_name(field.subject, name) for name in names)), ""
    )


def _take_subject(fields: Sequence[Field], business: str) -> tuple[Field, ...]:
    return tuple(replace(field, subject="") if same_name(field.subject, business) else field for field in fields)


def finish_fields(data: PageData, tree: HtmlElement, visible: str) -> tuple[tuple[Field, ...], str]:
    """Add tables, lists and labels of the visible tree, and return all fields with quotes and the lines that `visible` does not have."""
    text = VisibleText(visible)
    quoted: list[Field] = []
    unquoted: list[Field] = []
    for field, stands_alone, row in _read_visible(data, tree):
        quote = _quote_seen(field, row, text, data.product) if stands_alone else ""
        (quoted if quote else unquoted).append(replace(field, quote=quote))
    seen = {(field.subject.lower(), read_amount(field.value)) for field in quoted}
    drawn = data.drawn if len(visible) < _MIN_VISIBLE else ()
    for field in (*data.fields, *drawn):
        if (field.subject.lower(), read_amount(field.value)) in seen and (field.name == "price" or len(field.value) > 4):
            continue  # the page shows it under its own label
        found = quote_visible(field, text)
        (quoted if found else unquoted).append(found or field)
    unquoted = write_whole_units(unquoted, visible)
    written, lines = quote_data(dict.fromkeys(unquoted[: MAX_FIELDS - len(quoted)]), data.business)
    return (*dict.fromkeys(quoted[:MAX_FIELDS]), *written), f"{DATA_HEADING}\n{lines}" if lines else ""


def _read_visible(data: PageData, tree: HtmlElement) -> Iterator[tuple[Field, bool, tuple[str, ...]]]:
    """Yield the fields of a page's lines, lists and tables, whether their own line says them, and the row that they stand in."""
    page = read_lines(tree)
    pairs = read_pairs(page)
    rows: list[tuple[Field, bool, tuple[str, ...]]] = []
    tables = [read_table(table.element, table.heading) for table in page.tables[:200]]
    written = [read_text_table(found.element.text_content()[:100_000], found.heading) for found in page.preformatted[:20]]
    for facts in (*tables, *written):
        for fact in facts:
            if fact.subject:
                old = fact.value.startswith("~~") and fact.value.endswith("~~")
                field = Field(fact.subject, fact.name, fact.value.strip("~") if old else fact.value, "table", old=old, section=fact.section)
                rows.append((field, fact.stands_alone, fact.row))
            else:
                pairs.append(make_pair(fact.name, fact.value, fact.section, "table"))
    for field in settle_subjects(pairs, data.product):
        yield field, True, ()
    under: defaultdict[str, set[str]] = defaultdict(set)
    for field, _, _ in rows:
        under[field.subject].add(field.section)
    for field, stands_alone, row in rows[:MAX_FIELDS]:
        if len(under[field.subject] - {""}) > 1 and field.section:  # "Small" under "Pizza" and under "Salad"
            yield replace(field, subject=f"{field.section}, {field.subject}", section=""), False, row
        else:
            yield field, stands_alone, row


def _quote_seen(field: Field, row: tuple[str, ...], text: VisibleText, product: str) -> str:
    """Return the piece of the visible text that a field was read from."""
    value = f"{field.value}~~" if field.old else field.value
    if row:
        return text.find([cell for cell in row if cell], one_line=True, gap=12) or text.find([field.subject, value], one_line=True)
    if field.name in ("price", "includes"):
        return text.find([field.subject, value], gap=400 if field.name == "includes" else MAX_GAP)
    if not field.subject or field.subject == product:
        return text.find([field.name, value], gap=30)
    return text.find([field.subject, field.name, value], gap=300)


def read_json_fields(value: Json, url: str) -> tuple[Field, ...]:
    """Return the fields of a JSON document."""
    found = read_objects([value])
    return (*found.fields, *found.drawn)[:MAX_FIELDS]


def read_text_fields(text: str) -> tuple[Field, ...]:
    """Return the prices of a plain text such as that of a PDF: names with a price in one line, whatever columns stand between them."""
    found: dict[Field, None] = {}
    for line in text.split("\n")[:MAX_TEXT_LINES]:
        columns = [column for column in re.split(r"\s{2,}|\t|\s*[|]\s*|\s?[.…·]{3,}\s?", line.strip()) if column]
        subject, price = (columns[0], columns[-1]) if len(columns) > 1 else split_price(line.strip())
        if (
            is_price(price)
            and not find_money(subject)
            and any(map(str.isalpha, subject))
            and len(subject.split()) <= 9
            and len(found) < MAX_FIELDS
        ):
            between = f", {columns[1]}" if len(columns) == 3 else ""
            found[Field(f"{subject}{between}", "price", price, "table", quote=" ".join(line.split()))] = None
    return tuple(found)
