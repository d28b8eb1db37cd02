"""The data of a page: read before its hidden parts are dropped, and finished with what its reader sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..canonical import Json, JsonObject
from .data.embedded import read_embedded
from .data.json_ld import read_json_ld
from .data.meta_tags import meta_fields, read_metas
from .data.microdata import read_microdata
from .data.page_dates import find_published
from .data.plain_objects import read_objects
from .data.schema_items import read_items
from .fields import DATA_HEADING, MAX_FIELDS, Field, quote_data

if TYPE_CHECKING:
    from lxml.html import HtmlElement


@dataclass(frozen=True, slots=True)
class PageData:
    """What a page holds beside its visible text."""

    published: str = ""
    """The date that the page gives itself: "2024-05-03", "2024-05" or "2024". Empty if it gives none."""
    fields: tuple[Field, ...] = ()
    texts: tuple[str, ...] = ()
    """Long texts out of embedded data, for a page that has no text of its own."""
    business: str = ""
    """The name of the one business that the data is about, which its fields have no subject for."""


def read_data(tree: HtmlElement, json_ld: Sequence[JsonObject], url: str, *, today: str = "") -> PageData:
    """Read the data of a page from the whole tree, before scripts and hidden parts are dropped. `today` is an ISO date."""
    metas = read_metas(tree)
    items = read_json_ld(tree, json_ld)
    marked = read_microdata(tree)
    fields, business = read_items(items, "json-ld", today=today)
    more, business = read_items(marked, "microdata", today=today, business=business)
    scripted, texts = read_objects(read_embedded(tree))
    return PageData(
        published=find_published(tree, [*items, *marked], metas, url, today=today),
        fields=tuple([*fields, *more, *meta_fields(metas), *scripted][:MAX_FIELDS]),
        texts=tuple(texts),
        business=business,
    )


def finish_fields(data: PageData, tree: HtmlElement, visible: str) -> tuple[tuple[Field, ...], str]:
    """Add tables, lists and labels of the visible tree, and return all fields with quotes and the lines that `visible` does not have."""
    fields, lines = quote_data(data.fields, data.business)
    return fields, f"{DATA_HEADING}\n{lines}" if lines else ""


def read_json_fields(value: Json, url: str) -> tuple[Field, ...]:
    """Return the fields of a JSON document."""
    return tuple(read_objects([value], "scripts")[0])
