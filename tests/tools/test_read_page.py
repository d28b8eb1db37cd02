"""`read_page` as an agent has it: a long page in parts, its links, the passages around a word; over real HTTP on loopback."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from sayso.tools import Effect, Trust
from sayso.tools.errors import ToolError
from sayso.tools.web import fetch_page
from sayso.tools.web.page_parts import cut_text, find_passages

from .web_hosts import Host, parse_here, serving

LINES = "".join(f"<p>Model {n} of our pumps has a cast iron body and weighs {n} kg.</p>" for n in range(1, 301))
WARRANTY = "<p>The warranty of every pump lasts for ten years.</p>"
LONG = f"<title>Pumps</title><h1>Pumps</h1>{LINES}{WARRANTY}<a href='/terms#w'>Warranty terms</a> <a href='/about'>About us</a>"


async def read(host: Host, *calls: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    """The results of some calls of one tool, as a model has them."""
    tool = fetch_page(host.web(parse=parse_here), **options)
    return [(await tool(host.url("/pumps"), **call)).value for call in calls]


async def test_a_long_page_comes_in_parts_with_one_request() -> None:
    with serving(Host(page=LONG)) as host:
        first, last = await read(host, {}, {"next": 2}, max_chars=12_000)
    assert (first["part"], first["next"], last["part"]) == ("1 of 2", 2, "2 of 2")
    assert "next" not in last
    assert first["text"].endswith(" kg."), "a part ends with a line"
    assert last["text"].startswith("Model ")
    assert sorted(line for part in (first, last) for line in part["text"].split("\n") if line.startswith("Model")) == sorted(
        f"Model {n} of our pumps has a cast iron body and weighs {n} kg." for n in range(1, 301)
    )
    assert host.asked == ["/robots.txt", "/pumps"]


async def test_a_short_page_is_one_part_that_says_nothing_of_parts() -> None:
    with serving(Host()) as host:
        [page] = await read(host, {})
        assert page == {"url": host.url("/pumps"), "title": "Menu", "text": "A burger costs $9.50.", "links": []}


async def test_a_word_is_found_on_the_whole_page_with_the_links_that_have_it() -> None:
    with serving(Host(page=LONG)) as host:
        first, found = await read(host, {}, {"find": "WARRANTY"}, max_chars=2_000)
        terms = {"text": "Warranty terms", "url": host.url("/terms")}
        assert "warranty" not in first["text"]
        assert (found["found"], found["links"]) == ("2 places", [terms])
        assert len(found["passages"]) == 1
        assert "The warranty of every pump lasts for ten years." in found["passages"][0]
    assert host.asked == ["/robots.txt", "/pumps"]


async def test_many_places_come_some_at_a_time_and_say_how_many_more() -> None:
    with serving(Host(page=LONG)) as host:
        results = await read(host, *({"find": "cast iron", "next": n} for n in (1, 2, 3)), max_chars=2_000)
    assert [result["found"] for result in results] == ["300 places"] * 3
    assert len({passage for result in results for passage in result["passages"]}) == sum(len(result["passages"]) for result in results)
    assert results[0]["more_passages"] - results[1]["more_passages"] == len(results[1]["passages"])


FINDS = {
    "a phrase over a line break": ("iron\nbody", "an IRON  body\u00a0here", 1, True),
    "without accents": ("legale", "La garantie légale", 1, True),
    "with accents": ("Légale", "LA GARANTIE LEGALE", 1, True),
    "a curly apostrophe": ("don't", "We don’t repair", 1, True),
    "signs of patterns": ("a.b*(c", "see a.b*(c) but not axbc", 1, True),
    "words that stand apart": ("warranty in years", "The warranty is in Annex 2.\nYears of warranty: ten.\nNothing", 2, False),
    "one word that is not there": ("zeppelin", "pumps", 0, True),
    "words that are not there": ("red zeppelin", "pumps", 0, False),
    "Chinese": ("保修", "产品保修十年。其他。", 1, True),
}


@pytest.mark.parametrize(("words", "text", "places", "is_phrase"), FINDS.values(), ids=FINDS)
def test_words_are_found_as_a_reader_would(words: str, text: str, places: int, is_phrase: bool) -> None:
    found = find_passages(words, text)
    assert (found.places, found.is_phrase, len(found.passages)) == (places, is_phrase, min(places, 1))


async def test_a_word_that_is_not_there_is_said_to_be_missing() -> None:
    with serving(Host(page=LONG)) as host:
        [page] = await read(host, {"find": "zeppelin"})
    assert (page["found"], page["passages"], page["links"]) == ("'zeppelin' is not on this page.", [], [])


async def test_a_part_that_is_not_there_is_an_error_in_words() -> None:
    with serving(Host(page=LONG)) as host:
        with pytest.raises(ToolError, match=r"no such part: http://127.0.0.1:\d+/pumps has parts 1 to 2 here"):
            await read(host, {"next": 9}, max_chars=12_000)
        assert (await read(host, {"next": 0}, {"next": -3}, max_chars=12_000))[1]["part"] == "1 of 2"


HOSTILE_LINKS = """<a href='file:///etc/passwd'>a</a><a href='javascript:alert(1)'>b</a><a href='http://169.254.169.254/latest'>c</a>
<a href='http://127.0.0.1:1/'>d</a><a href='http://2130706433/'>e</a><a href='http://localhost/'>f</a><a href='http://user@shop.example/'>g</a>
<a href='http://[::1]/'>h</a><a href='data:text/html,x'>i</a><a href='http://intranet/'>j</a><a href='http://10.0.0.1/'>k</a>
<a href='http://shop.example/\u202egnp.exe'>l</a><a href='http://shop.example/%s'>m</a><a href='mailto:a@shop.example'>n</a>
<a href='//shop.example/good'>go\u202eod <b>one</b></a><a href='menu?a=1&amp;b=2#top'>menu</a><a href=''>self</a><a href='/ü'>ü</a>""" % (
    "x" * 5_000
)


async def test_only_links_that_may_be_read_are_shown_complete_and_plain() -> None:
    with serving(Host(page=f"<title>Links</title><p>text{HOSTILE_LINKS}")) as host:
        [page] = await read(host, {})
        assert page["links"] == [
            {"text": "l", "url": "http://shop.example/gnp.exe"},
            {"text": "good one", "url": "http://shop.example/good"},
            {"text": "menu", "url": host.url("/menu?a=1&b=2")},
            {"text": "ü", "url": host.url("/%C3%BC")},
        ]


async def test_a_web_that_is_confined_to_hosts_shows_their_links_only() -> None:
    with serving(Host(page="<p>text <a href='http://other.example/'>other</a> <a href='/own'>own</a>")) as host:
        tool = fetch_page(host.web(hosts=("127.0.0.1",)))
        assert [link["text"] for link in (await tool(host.url("/"))).value["links"]] == ["own"]


async def test_a_page_of_a_hundred_thousand_links_is_read_in_parts_of_a_bearable_size() -> None:
    links = "".join(f"<a href='/p{n}'>page number {n}</a>\n" for n in range(100_000))
    with serving(Host(page=f"<title>All</title><p>text</p>{links}")) as host:
        first, second = await read(host, {}, {"next": 2})
    assert (len(first["links"]), first["more_links"], first["next"]) == (40, 460, 2), "500 links of a page are read"
    assert (first["text"].split()[0], "part" in first, "text" in second) == ("text", True, True)
    assert len(json.dumps(first)) < 60_000
    assert not {link["url"] for link in first["links"]} & {link["url"] for link in second["links"]}


@pytest.mark.parametrize("text", ["a" * 500_000, "a " * 250_000, "\u00e9\n" * 250_000], ids=["one word", "words", "lines"])
def test_a_page_of_one_letter_is_cut_and_searched(text: str) -> None:
    assert all(len(piece) <= 20_000 for piece in cut_text(text, 20_000))
    assert max(map(len, find_passages("a", text).passages), default=0) < 2_000


async def test_the_first_part_is_read_anew_and_the_others_for_ten_minutes_not() -> None:
    with serving(Host(page=LONG)) as host:
        tool = fetch_page(host.web())
        for minutes, call in ((0, {}), (1, {}), (9, {"find": "pump"}), (2, {"find": "iron"})):
            host.now += timedelta(minutes=minutes)
            await tool(host.url("/pumps"), **call)
    assert host.asked.count("/pumps") == 3


async def test_twenty_reads_of_one_host_at_once_are_one_connection_at_a_time_and_one_look_at_its_robots() -> None:
    with serving(Host(page=LONG, holds_seconds=0.02)) as host:
        tool = fetch_page(host.web())
        await asyncio.gather(*(tool(host.url(f"/p{n}")) for n in range(20)))
    assert (host.most_at_once, host.asked.count("/robots.txt"), len(host.asked)) == (1, 1, 21)


def test_what_a_model_is_told_is_short() -> None:
    tool = fetch_page(Host().web())
    assert (tool.name, tool.effect, tool.trust) == ("read_page", Effect.EGRESS, Trust.UNTRUSTED)
    assert list(tool.parameters["properties"]) == ["url", "find", "next"]
    assert tool.parameters["required"] == ["url"]
    assert len(json.dumps(tool.openai_schema())) < 900
