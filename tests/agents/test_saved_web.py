"""Research over a folder of saved pages: what is in it can be found and read, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from sayso import research
from sayso.agents.research.saved_web import find_pages
from sayso.tools import UsageError


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
    report = (await research.run("BettaBurgers", search=str(folder), competitors=2)).output
    assert sorted(competitor.name for competitor in report.competitors) == ["Cool Bun", "Hot Grill"]
    assert all(each.claims for each in report.competitors)


async def test_a_folder_without_pages_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no pages to search"):
        await research.run("BettaBurgers", search=str(tmp_path), competitors=2)
