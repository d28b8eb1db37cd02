"""What a site says of other companies does not stand in its column: rivals, advertisers, the others in a table, partners."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sayso.agents.research.run import research
from sayso.agents.research.sources import open_sources

OF_OTHERS = {
    "a named rival": "Our competitor Velo Barn charges £121 for a full service.",
    "a name alone": "Velo Barn charges £122 for a full service.",
    "a possessive": "Velo Barn's full service is £123.",
    "a comparison": "At £124 a full service costs more than at Velo Barn.",
    "unlike": "Unlike Velo Barn, who charge £125 for an estimate, we look at every bicycle.",
    "rivals in general": "Other workshops charge £126 for a full service.",
    "most of them": "Most bike shops ask £127 for new brakes.",
    "elsewhere": "Elsewhere a full service costs £128.",
    "an unknown company": "Fahrradtempel charges £129 for a full service.",
    "an unknown company of two words": "Lantern Cycles asks £131 for a puncture.",
    "a neighbour": "Pedal Hut, our neighbour, sells helmets from £132.",
    "the market": "A full service costs £133 on the national average.",
    "a quoted customer": "“A good shop. Elsewhere I paid more, and a full service was £134 there.”",
}
OWN = {
    "a price": "A full service costs £221.",
    "we": "We charge £222 for a brake service.",
    "the name": "Bright Bikes charges £223 for wheel building.",
    "a thing that costs": "The Velo Comfort saddle costs £224.",
    "a charge": "Delivery charges are £225 for a bicycle.",
    "most of ours": "Most of our repairs cost £226.",
    "a partner without a price": "We have repaired the bicycles of Velo Barn since 2017.",
}
ROWS = "".join(f"<p>{text}</p>" for text in (*OF_OTHERS.values(), *OWN.values()))
PAGE = f"""<html><head><title>Bright Bikes - bicycle repair in Leeds</title></head><body><h1>Bright Bikes</h1>
<p>Bright Bikes repairs bicycles in Leeds.</p>{ROWS}
<table><tr><th></th><th>Bright Bikes</th><th>Velo Barn</th><th>Typical shop</th></tr>
<tr><td>Chain fitting</td><td>£241</td><td>£141</td><td>£142</td></tr></table>
<h3>Our friends</h3><ul><li>Wheel Wines – claret from £143</li></ul></body></html>"""
OTHER = """<html><head><title>Velo Barn - bicycle repairs</title></head><body><h1>Velo Barn</h1>
<p>Velo Barn repairs bicycles in York and Leeds.</p><p>A full service costs £110.</p></body></html>"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("web")
    _write(folder / "brightbikes.example", PAGE)
    _write(folder / "velobarn.example", OTHER)
    return asyncio.run(_research(folder))


async def _research(folder: Path) -> str:
    async with open_sources(str(folder)) as (search, web):
        result = await research.run("bicycle repair in Leeds", kind="market", search=search, web=web)
    column = next(each for each in result.output.competitors if each.name == "Bright Bikes")
    return "\n".join(claim.text for claim in column.claims)


def _write(folder: Path, html: str) -> None:
    folder.mkdir()
    (folder / "index.html").write_text(html, encoding="utf-8")


def _find_figure(text: str) -> str:
    return next(word.strip(".,”") for word in text.split() if any(sign.isdigit() for sign in word))


@pytest.mark.parametrize("text", OF_OTHERS.values(), ids=OF_OTHERS)
def test_what_others_charge_is_no_fact_of_this_company(told: str, text: str) -> None:
    assert _find_figure(text) not in told


@pytest.mark.parametrize("text", OWN.values(), ids=OWN)
def test_what_it_says_of_itself_stays(told: str, text: str) -> None:
    assert _find_figure(text) in told


def test_of_a_table_that_compares_only_the_own_column_is_told(told: str) -> None:
    assert "£241" in told
    assert not {"£141", "£142"} & set(told.replace(".", " ").split())


def test_prices_of_partners_are_not_told(told: str) -> None:
    assert "£143" not in told
