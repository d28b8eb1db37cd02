"""Research over a folder of saved pages: what is in it can be found and read, and nothing else."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from sayso import research
from sayso.agents.research.saved_web import find_pages, load_folder, serve_folder
from sayso.tools import UsageError
from sayso.tools.web import Web


def page(title: str, text: str) -> str:
    return f"<html><head><title>{title}</title></head><body><main><h1>{title}</h1><p>{text}</p></main></body></html>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sites, a loose note, and a file that is no page."""
    for host, name in (("hotgrill.example", "Hot Grill"), ("coolbun.example", "Cool Bun")):
        (tmp_path / host).mkdir()
        text = f"{name} is a burger restaurant chain. {name} serves smash burgers from $6 in 12 restaurants across Ohio. "
        (tmp_path / host / "index.html").write_text(page(f"{name} - burgers", text + '<a href="/menu">Menu</a>'))
        (tmp_path / host / "menu.html").write_text(page(f"{name} menu", f"{name} sells a double burger for $9 and fries for $3."))
    (tmp_path / "notes.md").write_text("# Burgers\n\nBetta Burgers competes with other burger restaurant chains in Ohio.\n")
    (tmp_path / "logo.png").write_bytes(b"\x89PNG")
    return tmp_path


def test_each_page_has_the_address_of_its_site(folder: Path) -> None:
    assert sorted(find_pages(folder)) == [
        "http://coolbun.example/",
        "http://coolbun.example/menu.html",
        "http://hotgrill.example/",
        "http://hotgrill.example/menu.html",
        "http://saved-pages.example/notes.md",
    ]


async def test_a_report_is_made_from_a_folder(folder: Path) -> None:
    report = (await research.run("Betta Burgers", search=str(folder), competitors=2)).output
    assert sorted(competitor.name for competitor in report.competitors) == ["Cool Bun", "Hot Grill"]
    assert all(each.claims for each in report.competitors)


async def test_a_folder_without_pages_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no pages to search"):
        await research.run("BettaBurgers", search=str(tmp_path), competitors=2)


def test_documents_and_data_of_a_site_are_pages_and_loose_data_is_not(folder: Path) -> None:
    for name in ("hotgrill.example/menu.pdf", "hotgrill.example/data/menu.json", "facts.json", "hotgrill.example/robots.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"%PDF-1.4" if name.endswith("pdf") else b"{}")
    added = {url.removeprefix("http://") for url in find_pages(folder)} - {"coolbun.example/", "coolbun.example/menu.html"}
    assert {url for url in added if url.endswith((".pdf", ".json", ".txt"))} == {
        "hotgrill.example/menu.pdf",
        "hotgrill.example/data/menu.json",
    }


MOVED = {
    "the home page by its name": ("", "/index.html", "http://coolbun.example/"),
    "a page": ("/old /menu.html 302", "/old", "http://coolbun.example/menu.html"),
    "a page, the short way": ("/old /menu", "/old", "http://coolbun.example/menu.html"),
    "to another site": ("# we moved\n/old http://hotgrill.example/menu 301", "/old", "http://hotgrill.example/menu.html"),
    "a whole site": ("/* http://hotgrill.example/:splat 301!", "/menu.html", "http://hotgrill.example/menu.html"),
    "a folder": ("/food/* /:splat 308", "/food/menu.html", "http://coolbun.example/menu.html"),
    "a page that is there stays": ("/* http://hotgrill.example/:splat 301", "/menu.html", "http://coolbun.example/menu.html"),
    "the first line wins": ("/old / 301\n/old /menu 301", "/old", "http://coolbun.example/"),
}


@pytest.mark.parametrize(("lines", "asked", "found"), MOVED.values(), ids=MOVED)
def test_what_has_moved_is_found_at_its_new_address(folder: Path, lines: str, asked: str, found: str) -> None:
    (folder / "coolbun.example" / "_redirects").write_text(lines)
    files = load_folder(folder)
    host, path = "coolbun.example", asked
    while location := files[host, path].headers.get("Location"):
        assert files[host, path].status in (301, 302, 308)
        parts = urlsplit(urljoin(f"http://{host}{path}", location))
        host, path = parts.hostname or "", parts.path
    assert f"http://{host}{path}" == found


NOT_MOVED = {"no target": "/old", "no redirect": "/old /menu 200", "no status": "/old /menu soon", "a note": "# /old /menu"}


@pytest.mark.parametrize("lines", NOT_MOVED.values(), ids=NOT_MOVED)
def test_a_line_that_moves_nothing_is_passed_over(folder: Path, lines: str) -> None:
    before = load_folder(folder)
    (folder / "coolbun.example" / "_redirects").write_text(lines)
    assert load_folder(folder) == before


async def test_the_web_follows_a_site_to_its_new_address(folder: Path) -> None:
    (folder / "oldbun.example").mkdir()
    (folder / "oldbun.example" / "_redirects").write_text("/* http://coolbun.example/:splat 301")
    with serve_folder(folder) as web:
        page = await Web(resolve=web.resolve, allow=web.allow).page("http://oldbun.example/")
    assert page.final_url == "http://coolbun.example/"
