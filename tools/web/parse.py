"""Parse a page's bytes: title, main text, links and data. Runs in the worker process: its input is hostile."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from itertools import islice
from urllib.parse import urljoin

# Heavy, and at the top on purpose: only the worker imports this module, and it loads what it needs before it locks itself in.
import charset_normalizer  # noqa: F401
from lxml.html import HtmlElement

from ..canonical import Json, JsonObject
from .as_seen import show_as_seen
from .charsets import clean, decode
from .html_tree import parse_tree
from .inline_text import short_text
from .json_pages import parse_json
from .kinds import is_pdf
from .main_text import choose_text
from .page_data import finish_fields, read_data
from .page_results import MAX_TEXT, make_result, make_text_result, tidy
from .visible import visible_text
from .walls import find_gates, find_wall, is_drawn_by_scripts

_BREAKS = re.compile(r"[\t\n\r]+")
MAX_LINKS, MAX_ANCHORS = 500, 5_000
MAX_JSON_LD = 50
LONG_TEXT, SHORT_TEXT = 3_000, 200
MAX_JSON_LD_CHARS = 200_000


def parse_page(url: str, content_type: str, body_base64: str) -> JsonObject:
    """Parse a page of HTML, JSON or plain text, or (where the worker may load it) PDF. Returns JSON: see `make_result` for its keys."""
    body = b64decode(body_base64)
    if is_pdf(body):
        from .pdf_pages import parse_pdf  # late: a worker for pages does not load it

        return parse_pdf(url, content_type, body_base64)
    text, charset = decode(body, content_type)
    text = clean(text)
    kind = content_type.partition(";")[0].strip().lower()
    is_plain = kind.startswith("text/") and kind not in ("text/html", "text/json")
    if not is_plain and (kind.endswith("json") or text.lstrip()[:1] in ("{", "[", ")")) and (found := parse_json(text, url)) is not None:
        return {**found, "charset": charset}
    if kind.endswith("json"):
        return make_result(problem="it is not JSON")
    if is_plain or (not kind and "<" not in text[:2000]):
        return make_text_result(text, charset=charset)
    return {**parse_html(text, url), "charset": charset}


def parse_html(html: str, url: str) -> JsonObject:
    """Parse HTML that is already clean text. Returns the same as `parse_page`."""
    tree = parse_tree(html)
    if tree is None:
        return make_result()
    json_ld = list(_find_json_ld(tree))
    title, description = _find_title(tree), _find_meta(tree, "description", "og:description")
    canonical = _first(tree.xpath("//link[translate(@rel,'CANOIL','canoil')='canonical']/@href"))
    base = _make_absolute(url, _first(tree.xpath("//base/@href"))) or url
    robots = _find_meta(tree, "robots", "googlebot").lower()[:200]
    language = _first(tree.xpath("/html/@lang"))[:35]
    is_article = _is_article(tree, json_ld)
    data = read_data(tree, json_ld, url)
    gates = find_gates(tree, html)
    show_as_seen(tree)
    links = _find_links(tree, base)
    own = visible_text(tree, pictures=True, most=MAX_TEXT)
    everything = own if len(own) > LONG_TEXT else visible_text(tree, furniture=True, most=2 * LONG_TEXT if own else MAX_TEXT)
    whole = own or everything
    if len(whole) < SHORT_TEXT and (gates.drawn or not whole):
        whole = "\n\n".join(text for text in (whole, *data.texts) if text)
    fields, lines = finish_fields(data, tree, whole)
    evidence = tidy(f"{whole}\n\n{lines}")
    found = make_result(
        title=title,
        description=description,
        evidence=evidence,
        fields=fields,
        published=data.published,
        links=links,
        json_ld=json_ld,
        language=language,
        robots=robots,
        canonical=_make_absolute(base, canonical) if canonical else "",
        wall=find_wall(gates, title, own, everything),
    )
    if not fields and not json_ld and not data.texts and is_drawn_by_scripts(gates, everything):
        return {**found, "evidence": "", "scripted": True}
    return {**found, "text": tidy(choose_text(tree, whole, url, is_article=is_article)) or evidence}


def _is_article(tree: HtmlElement, json_ld: list[JsonObject]) -> bool:
    """Return whether the page says that it is an article with a date (og:type does not count: many systems say "article" everywhere)."""
    kinds = {str(kind) for item in json_ld for kind in _as_list(item.get("@type"))}
    return any(kind.endswith(("Article", "BlogPosting")) for kind in kinds) or bool(_find_meta(tree, "article:published_time"))


def _as_list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _first(found: Json) -> str:
    return str(found[0]).strip() if found else ""


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())


def _find_title(tree: HtmlElement) -> str:
    for candidates in (tree.xpath("//head/title"), tree.xpath("//title[not(ancestor::svg)]"), tree.xpath("//h1")):
        for element in candidates:
            if text := _one_line(element.text_content()):
                return text[:300]
    return _find_meta(tree, "og:title")[:300]


def _find_meta(tree: HtmlElement, *names: str) -> str:
    for name in names:
        for element in tree.iter("meta"):
            if name in (element.get("name", "").lower(), element.get("property", "").lower()) and element.get("content", "").strip():
                return _one_line(element.get("content", ""))[:1000]
    return ""


def _make_absolute(base: str, href: str) -> str:
    """Return the absolute URL of a link without its fragment; empty unless it is http or https."""
    try:
        # As browsers do: line ends and tabs in it are left out, a space is part of the address ("our prices.html").
        target = urljoin(base, "".join(_BREAKS.split(href.strip())).replace(" ", "%20")).partition("#")[0]
    except ValueError:
        return ""
    return target if target.lower().startswith(("http://", "https://")) and len(target) <= 2000 else ""


def _find_links(tree: HtmlElement, base: str) -> list[dict[str, str]]:
    found, rels = dict[str, str](), dict[str, str]()
    for element in islice(tree.iter("a", "area"), MAX_ANCHORS):
        target = _make_absolute(base, element.get("href", ""))
        if not target or (target not in found and len(found) >= MAX_LINKS):
            continue
        text = _one_line(short_text(element, 1_000) or element.get("title", "") or element.get("alt", ""))[:200]
        found[target] = found.get(target) or text
        rels[target] = rels.get(target) or element.get("rel", "")[:100]
    return [{"url": target, "text": text, **({"rel": rels[target]} if rels[target] else {})} for target, text in found.items()]


def _find_json_ld(tree: HtmlElement) -> Iterator[JsonObject]:
    """Yield the JSON-LD objects of the page (W3C JSON-LD 1.1); a block that is not JSON is skipped."""
    left, count = MAX_JSON_LD_CHARS, 0
    for script in tree.iter("script"):
        if script.get("type", "").partition(";")[0].strip().lower() != "application/ld+json":
            continue
        source = (script.text or "").strip()
        left -= len(source)
        if left < 0:
            return
        for item in _find_objects(_load_json(source)):
            count += 1
            if count > MAX_JSON_LD:
                return
            yield item


def _load_json(source: str) -> Json:
    source = source.removeprefix("<!--").removesuffix("-->").strip().rstrip(";")
    try:
        return json.loads(source, strict=False, parse_constant=lambda _: None, parse_int=_parse_int)
    except (ValueError, RecursionError):
        return None


def _parse_int(digits: str) -> int | str:
    return int(digits) if len(digits) <= 300 else digits


def _find_objects(value: Json) -> Iterator[JsonObject]:
    if isinstance(value, list):
        for item in value[:MAX_JSON_LD]:
            yield from _find_objects(item) if isinstance(item, dict) else ()
    elif isinstance(value, dict):
        graph = value.get("@graph")
        if isinstance(graph, list):
            yield from (_clean_data(item) for item in graph[:MAX_JSON_LD] if isinstance(item, dict))
        else:
            yield _clean_data(value)


def _clean_data(value: Json, depth: int = 0) -> Json:
    """Return the data with clean texts; what is nested more than 20 levels deep is dropped."""
    if isinstance(value, str):
        return clean(value)
    if depth > 20:
        return None
    if isinstance(value, dict):
        return {clean(key): _clean_data(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean_data(item, depth + 1) for item in value]
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return None  # 1e999 cannot be written in JSON
    return value
