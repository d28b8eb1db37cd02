"""A name that stands on the pages of businesses and is none of their trade: a founder, a street, a town, a supplier, a guide."""

from __future__ import annotations

from pathlib import Path

import pytest

from sayso import research
from sayso.tools.errors import NothingFound

from .small_webs import Web, show_texts

GOLDEN = (
    "Jane Harrow founded Golden Crust in 1987, with her brother Tom Harrow.",
    "Our flour comes from Lower Wetherby and is milled by Ned Pilling.",
    "The Danube Plate Guide named our rye the best bread of 2024.",
    "Since 2021 a third of the bakery belongs to Linden Row Capital.",
    "You find us at 12 Miller Street, beside the town hall of Ulm. Ask for Ms. Orlova.",
)
NO_BUSINESS = (
    "Jane Harrow",
    "Tom Harrow",
    "Ned Pilling",
    "Lower Wetherby",
    "Danube Plate Guide",
    "Linden Row Capital",
    "Miller Street",
    "Orlova",
    "Ulm",
)
SAID_BY_OTHERS = {
    "versus": "Golden Crust vs Sourdough Sam: who bakes the better rye?",
    "an alternative": "Golden Crust is a good alternative to Sourdough Sam if you like rye bread.",
    "what it is": "Sourdough Sam is a small bakery shop in Ulm with bread and rolls.",
    "what it does": "Sourdough Sam sells bread, rolls and cakes.",
    "beside whom": "Sourdough Sam competes with other bakeries for rye bread in Ulm.",
    "what happened to it": "Bread news: Sourdough Sam was acquired by a mill and bakes bread and rolls.",
}


@pytest.fixture
def web(tmp_path: Path) -> Web:
    """Two bakeries, one of which tells of people and places."""
    made = Web(tmp_path / "web")
    made.add_bakery("crumbbrothers.example", "Crumb Brothers", "A loaf of rye bread costs $4.20 at Crumb Brothers.")
    made.add_bakery("goldencrust.example", "Golden Crust", *GOLDEN)
    return made


@pytest.mark.parametrize("name", NO_BUSINESS)
async def test_who_is_named_and_is_no_business_has_no_competitors(web: Web, name: str) -> None:
    with pytest.raises(NothingFound, match=f"Nothing was found about '{name}'"):
        await research.run(name, search=str(web.folder), competitors=1)


@pytest.mark.parametrize("name", ["a" * 3000, "bread " * 500])
async def test_a_long_name_is_refused_in_a_sentence(web: Web, name: str) -> None:
    with pytest.raises(NothingFound) as refused:
        await research.run(name, search=str(web.folder), competitors=1)
    assert len(str(refused.value)) < 1500


@pytest.mark.parametrize("said", SAID_BY_OTHERS.values(), ids=SAID_BY_OTHERS)
async def test_a_business_without_a_site_is_known_by_what_others_say_of_it(web: Web, said: str) -> None:
    web.add("breadblog.example", "Bread in Ulm", said)
    report = (await research.run("Sourdough Sam", search=str(web.folder), competitors=2)).output
    assert "Golden Crust" in [column.name for column in report.competitors]
    assert show_texts(report, "Golden Crust")
