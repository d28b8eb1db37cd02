"""The webs of tests/webs: their facts stand on their pages, their hosts exist, and their traps are set."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from lxml.html import HtmlElement, document_fromstring
from pypdf import PdfReader

from sayso.agents.research.saved_web import find_pages, load_folder
from sayso.agents.sample_web.server import SiteResponse

from .known_facts import BICYCLES, STRUCTURED, KnownWeb, holds, read_known, simplify, springs


@dataclass(frozen=True)
class SavedWeb:
    """A web: what is known about it, its files by URL, its answers by (host, path), and its hosts."""

    name: str
    known: KnownWeb
    pages: Mapping[str, Path]
    answers: Mapping[tuple[str, str], SiteResponse]
    hosts: tuple[str, ...]

    def find_file(self, host: str, path: str) -> Path:
        """Return the file that a page's address leads to."""
        while location := self.answers[host, path].headers.get("Location"):
            parts = urlsplit(urljoin(f"http://{host}{path}", location))
            host, path = parts.hostname or "", parts.path
        return self.pages[f"http://{host}{path}"]


def read_web(folder: Path) -> SavedWeb:
    hosts = tuple(sorted(path.name for path in folder.iterdir() if path.is_dir()))
    return SavedWeb(folder.name, read_known(folder), find_pages(folder), load_folder(folder), hosts)


WEBS = {path.parent.name: read_web(path.parent) for path in sorted(BICYCLES.parent.glob("*/facts.json"))}
SECOND = WEBS["bicycles"]
each_web = pytest.mark.parametrize("web", WEBS.values(), ids=WEBS)


@cache
def tree(file: Path) -> HtmlElement:
    body = file.read_bytes()
    charset = re.search(rb"charset=[\"']?([\w-]+)", body[:1000], re.IGNORECASE)
    html = body.decode({"Shift_JIS": "cp932"}.get(name := charset[1].decode() if charset else "utf-8", name))
    # Raised cents are read as they are meant: $12<sup>99</sup> is $12.99.
    return document_fromstring(re.sub(r"(?<=\d)<sup>(\d\d)</sup>", r".\1", html))


@cache
def shown(file: Path, where: str) -> str:
    """Return the words of a page that hold the facts of one kind."""
    if file.suffix == ".pdf":
        return simplify("\n".join(page.extract_text() for page in PdfReader(file).pages))
    if file.suffix == ".json":
        return simplify(json.dumps(json.loads(file.read_text(encoding="utf-8")), ensure_ascii=False))
    kinds = {
        "json-ld": "//script[@type='application/ld+json']/text()",
        "microdata": "//*[@itemprop]/@*[name()!='itemprop'] | //*[@itemprop]//text()",
        "meta": "//meta/@content | //title/text()",
        "scripts": "//script/text()",
        "table": "//table//text() | //*[@role='table']//text()",
        "list": "//li//text() | //dt//text() | //dd//text()",
    }
    found = tree(file).xpath(kinds.get(where, "//body//text()[not(ancestor::script or ancestor::style)]"))
    if where in ("json-ld", "scripts"):
        found = [_read_script(text) for text in found]
    return simplify(" ".join(" ".join(found).split()))


def _read_script(text: str) -> str:
    """Return the words of a script: of JSON as they are meant, of anything else as they stand."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        return text


@each_web
def test_each_fact_stands_on_its_page(web: SavedWeb) -> None:
    missing = {}
    for fact in web.known.facts:
        words = shown(web.find_file(fact.host, fact.path), fact.where)
        if parts := [part for part in fact.parts if simplify(part) not in words]:
            missing[fact.id] = parts
    assert missing == {}


@each_web
def test_the_statement_of_each_fact_is_right_and_springs_no_trap(web: SavedWeb) -> None:
    assert [fact.id for fact in web.known.facts if not holds(fact.statement, fact.must)] == []
    traps = [(fact, trap) for fact in web.known.facts for trap in web.known.traps if trap.company == fact.company]
    assert [(fact.id, trap) for fact, trap in traps if springs(fact.statement, trap)] == []


READ_ON_A_PAGE = ("stale price", "stale number", "struck price", "former thing", "namesake", "contradiction", "order")


@each_web
def test_each_trap_is_set_for_a_company_on_pages_of_its_web(web: SavedWeb) -> None:
    words = [shown(file, "text") for file in web.pages.values()]
    for trap in web.known.traps:
        assert web.known.find_competitor(trap.host) or trap.host == web.known.client_host, trap
        assert trap.must, trap
        for group in trap.must if trap.kind in READ_ON_A_PAGE else ():
            assert any(holds(text, (group,)) for text in words), (trap, group)


@each_web
def test_every_host_is_known_and_every_known_host_exists(web: SavedWeb) -> None:
    of_companies = {host for each in web.known.competitors for host in (each.host, *each.hosts)} | {web.known.client_host}
    assert sorted(of_companies | {*web.known.not_competitors} | web.known.unreadable) == list(web.hosts)
    assert all(host.endswith(".example") for host in web.hosts)
    assert {fact.host for fact in web.known.facts} <= of_companies - web.known.unreadable


def test_there_is_enough_to_find() -> None:
    of_competitors = [fact for fact in SECOND.known.facts if fact.host != SECOND.known.client_host]
    kinds = Counter(fact.where for fact in of_competitors)
    assert len(SECOND.hosts) >= 30
    assert len(of_competitors) >= 200
    assert sum(kinds[where] for where in STRUCTURED) >= 60
    assert set(kinds) == {*STRUCTURED, "text", "pdf", "scripts", "alt-host"}


@each_web
def test_no_fact_is_listed_twice(web: SavedWeb) -> None:
    assert [key for key, n in Counter((fact.company, simplify(fact.statement)) for fact in web.known.facts).items() if n > 1] == []
    assert len({fact.id for each in WEBS.values() for fact in each.known.facts}) == sum(len(each.known.facts) for each in WEBS.values())


KINDS_OF_TRAPS = frozenset(
    "stale price, struck price, plan as fact, former thing, namesake, contradiction, misread table, order, dropped condition".split(", ")
)


def test_every_kind_of_trap_is_set() -> None:
    assert {trap.kind for trap in SECOND.known.traps} >= KINDS_OF_TRAPS
    assert SECOND.known.order_urls


@each_web
def test_nothing_but_an_order_leads_to_the_address_that_it_names(web: SavedWeb) -> None:
    for url in web.known.order_urls:
        assert (urlsplit(url).hostname, urlsplit(url).path) not in web.answers
        pages = [page for page, file in web.pages.items() if url in file.read_text(encoding="utf-8", errors="replace")]
        assert [urlsplit(page).hostname for page in pages] == [urlsplit(url).hostname]
        assert not [link for page in pages for link in tree(web.pages[page]).xpath("//@href") if urljoin(page, link) == url]


@each_web
def test_no_link_within_a_web_is_dead(web: SavedWeb) -> None:
    for url in (url for url, file in web.pages.items() if file.suffix in (".html", ".htm")):
        for link in tree(web.pages[url]).xpath("//a/@href"):
            target = urlsplit(urljoin(url, link))
            if target.scheme == "http":
                assert (target.hostname, unquote(target.path) or "/") in web.answers, (url, link)
