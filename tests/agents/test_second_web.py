"""The second sample web, of bicycle shops: its facts stand on its pages, its hosts exist, and its traps are set."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from lxml.html import HtmlElement, document_fromstring
from pypdf import PdfReader

from sayso.agents.research.saved_web import find_pages, load_folder

from .known_facts import BICYCLES, STRUCTURED, Fact, Trap, holds, read_known, simplify, springs

KNOWN = read_known(BICYCLES)
PAGES = find_pages(BICYCLES)
FILES = load_folder(BICYCLES)
HOSTS = sorted(path.name for path in BICYCLES.iterdir() if path.is_dir())


def find_file(host: str, path: str) -> Path:
    """Return the file that a page's address leads to."""
    while location := FILES[host, path].headers.get("Location"):
        parts = urlsplit(urljoin(f"http://{host}{path}", location))
        host, path = parts.hostname or "", parts.path
    return PAGES[f"http://{host}{path}"]


@cache
def tree(file: Path) -> HtmlElement:
    # Raised cents are read as they are meant: $12<sup>99</sup> is $12.99.
    return document_fromstring(re.sub(r"(?<=\d)<sup>(\d\d)</sup>", r".\1", file.read_bytes().decode("utf-8")))


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
        "table": "//table//text()",
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


@pytest.mark.parametrize("fact", KNOWN.facts, ids=lambda fact: fact.id)
def test_a_fact_stands_on_its_page(fact: Fact) -> None:
    words = shown(find_file(fact.host, fact.path), fact.where)
    assert [part for part in fact.parts if simplify(part) not in words] == []


@pytest.mark.parametrize("fact", KNOWN.facts, ids=lambda fact: fact.id)
def test_the_statement_of_a_fact_is_right_and_springs_no_trap(fact: Fact) -> None:
    assert holds(fact.statement, fact.must)
    assert [trap for trap in KNOWN.traps if trap.company == fact.company and springs(fact.statement, trap)] == []


@pytest.mark.parametrize("trap", KNOWN.traps, ids=lambda trap: f"{trap.company}, {trap.kind}")
def test_a_trap_belongs_to_a_company_and_says_what_no_fact_says(trap: Trap) -> None:
    assert KNOWN.find_competitor(trap.host) or trap.host == KNOWN.client_host
    assert all(trap.must)


def test_every_host_is_known_and_every_known_host_exists() -> None:
    known = {KNOWN.client_host, *KNOWN.not_competitors, *KNOWN.unreadable}
    known |= {host for each in KNOWN.competitors for host in (each.host, *each.hosts)}
    assert sorted(known) == HOSTS
    assert all(host.endswith(".example") for host in HOSTS)
    assert {fact.host for fact in KNOWN.facts} <= {KNOWN.client_host} | {h for each in KNOWN.competitors for h in (each.host, *each.hosts)}


def test_there_is_enough_to_find() -> None:
    of_competitors = [fact for fact in KNOWN.facts if fact.host != KNOWN.client_host]
    kinds = Counter(fact.where for fact in of_competitors)
    assert len(HOSTS) >= 30
    assert len(of_competitors) >= 200
    assert sum(kinds[where] for where in STRUCTURED) >= 60
    assert set(kinds) == {*STRUCTURED, "text", "pdf", "scripts", "alt-host"}
    assert len({fact.id for fact in KNOWN.facts}) == len(KNOWN.facts)
    assert not {fact.host for fact in KNOWN.facts} & KNOWN.unreadable


def test_no_fact_is_listed_twice() -> None:
    assert [s for s, n in Counter((fact.company, simplify(fact.statement)) for fact in KNOWN.facts).items() if n > 1] == []


KINDS_OF_TRAPS = frozenset(
    "stale price, struck price, plan as fact, former thing, namesake, contradiction, misread table, order, dropped condition".split(", ")
)


def test_every_kind_of_trap_is_set() -> None:
    assert {trap.kind for trap in KNOWN.traps} >= KINDS_OF_TRAPS


def test_nothing_but_an_order_leads_to_the_address_that_it_names() -> None:
    for url in KNOWN.order_urls:
        assert (urlsplit(url).hostname, urlsplit(url).path) not in FILES
        pages = [page for page, file in PAGES.items() if url in file.read_text(encoding="utf-8", errors="replace")]
        assert [urlsplit(page).hostname for page in pages] == [urlsplit(url).hostname]
        assert not [link for page in pages for link in tree(PAGES[page]).xpath("//@href") if urljoin(page, link) == url]


@pytest.mark.parametrize("url", [url for url, file in PAGES.items() if file.suffix in (".html", ".htm")])
def test_no_link_within_the_web_is_dead(url: str) -> None:
    for link in tree(PAGES[url]).xpath("//a/@href"):
        target = urlsplit(urljoin(url, link))
        if target.scheme == "http":
            assert (target.hostname, unquote(target.path) or "/") in FILES, link
