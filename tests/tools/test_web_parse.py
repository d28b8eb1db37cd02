"""What is read out of a page: the text a person would see, its links and its data."""

from __future__ import annotations

import json
import re
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.tools.web.hidden import hides
from sayso.tools.web.parse import parse_html, parse_page

HOME = "http://stackhouse.example/"

MENU = """<!doctype html><html lang="en"><head><title>Menu | Stackhouse</title><meta name="description" content="Smashed burgers">
<link rel="canonical" href="/menu"></head><body>
<div class="cookie-banner">We use cookies <button>Accept</button></div>
<nav><ul><li><a href="/">Home</a><li><a href="/menu">Menu</a><li><a href="about#team">About</a></ul></nav>
<main><h1>Our menu</h1><p>Everything is smashed to order on our flat-top.</p>
<h2>Burgers</h2><table><tr><th>Item<th>Price</tr><tr><td>Classic Stack<td>$8.50</tr><tr><td>Double Stack<td>$11.25</tr></table>
<h2>Sides</h2><ul><li>Fries <span>$3.50</span></li><li>Slaw <span>$2.95</span></ul>
<dl><dt>Milkshake<dd>$5.00</dl></main>
<footer>Stackhouse, 12 Main Street. Open daily 11-22. <a href="/imprint">Imprint</a></footer></body></html>"""

MENU_TEXT = """Our menu

Everything is smashed to order on our flat-top.

Burgers

Item | Price
Classic Stack | $8.50
Double Stack | $11.25

Sides

- Fries $3.50
- Slaw $2.95

Milkshake
$5.00

Stackhouse, 12 Main Street. Open daily 11-22. Imprint"""


def test_a_menu_keeps_its_tables_lists_and_address() -> None:
    page = parse_html(MENU, "http://stackhouse.example/menu.html")
    assert page["text"] == MENU_TEXT
    assert (page["title"], page["description"], page["language"]) == ("Menu | Stackhouse", "Smashed burgers", "en")
    assert page["canonical"] == "http://stackhouse.example/menu"
    assert page["links"] == [
        {"url": "http://stackhouse.example/", "text": "Home"},
        {"url": "http://stackhouse.example/menu", "text": "Menu"},
        {"url": "http://stackhouse.example/about", "text": "About"},
        {"url": "http://stackhouse.example/imprint", "text": "Imprint"},
    ]


STORY = "".join(
    f"<p>{n} times this ordinary article says something about burgers, sauces and the people who eat them.</p>" for n in range(9)
)


def test_an_article_loses_what_surrounds_it() -> None:
    around = "<div class='sidebar'><ul>" + "<li><a href='/x'>Another story</a>" * 9 + "</ul></div>"
    html = f"<html><body><nav>Home</nav><article><h1>News</h1>{STORY}</article>{around}</body></html>"
    text = parse_html(html, "http://news.example/2026/05/a-long-story-about-burgers-4711")["text"]
    assert "ordinary article" in text
    assert "Another story" not in text


PARAGRAPHS = [
    f"The {where} of the harbour town has sold smoked fish for {n} years, and its owner says that nothing about it will ever change."
    for n, where in enumerate(("market", "old pier", "lighthouse", "tavern", "boat house", "railway station"), start=20)
]
BODY = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
TEASERS = "".join(
    f"<div class='teaser'><a href='/s{n}'>Ten things about herring you never asked for, part {n}</a></div>" for n in range(12)
)
COMMENTS = "".join(f"<li class='comment'><b>user{n}</b> <p>First! I do not agree at all.</p><a href='#r'>Reply</a></li>" for n in range(9))
LAYOUTS = {
    "semantic": f"<header>Daily Herring</header><nav>{TEASERS}</nav><main><article><h1>Fish</h1>{BODY}</article></main>"
    f"<aside>{TEASERS}</aside>",
    "a blog of divs": f"<div id='top'>{TEASERS}</div><div class='post-content'>{BODY}</div><div id='sidebar'>{TEASERS}</div>",
    "comments below": f"<article>{BODY}</article><section id='comments'><h2>9 comments</h2><ol>{COMMENTS}</ol></section>",
    "shared and subscribed": f"<article><div class='share'><a href='#'>Share</a> <a href='#'>Tweet</a></div>{BODY}</article>"
    "<div class='newsletter'><form><label>Your e-mail</label><input><button>Subscribe</button></form></div>",
    "related stories in the middle": f"<article>{BODY[: BODY.index('<p>', len(BODY) // 2)]}<div class='related'>{TEASERS}</div>"
    f"{BODY[BODY.index('<p>', len(BODY) // 2) :]}</article>",
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_an_article_is_found_in_the_layouts_of_the_web(layout: str) -> None:
    text = parse_html(
        f"<html><body>{layout}<footer>All rights reserved</footer></body></html>", "http://n.example/2026/11/21/fish-of-the-town"
    )
    assert [line for line in text["text"].splitlines() if line in PARAGRAPHS] == PARAGRAPHS
    assert len(text["text"]) < 1.2 * len("\n\n".join(PARAGRAPHS))


def test_prices_beside_an_article_are_kept() -> None:
    prices = "".join(f"<div class='row'><span>Burger {n}</span> <span>${n}.50</span></div>" for n in range(1, 9))
    html = f"<html><body><article>{STORY}</article><div class='grid'>{prices}</div></body></html>"
    text = parse_html(html, "http://shop.example/p/burgers-and-more-of-them-2026")["text"]
    assert all(f"${n}.50" in text for n in range(1, 9))


HIDDEN = {
    "hidden": "<p hidden>X</p>",
    "aria-hidden": "<p aria-hidden='true'>X</p>",
    "display": "<p style='color:red; DISPLAY : none'>X</p>",
    "display, important": "<p style='display:none!important'>X</p>",
    "visibility": "<p style='visibility:hidden'>X</p>",
    "opacity": "<p style='opacity:0'>X</p>",
    "opacity 0.0": "<p style='opacity: 0.0;'>X</p>",
    "font size": "<p style='font-size:0px'>X</p>",
    "off screen": "<p style='position:absolute;left:-9999px'>X</p>",
    "indented away": "<p style='text-indent:-10000px'>X</p>",
    "clipped": "<p style='clip: rect(0, 0, 0, 0)'>X</p>",
    "no height": "<p style='height:0;overflow:hidden'>X</p>",
    "comment": "<!-- X -->",
    "conditional comment": "<!--[if IE]>X<![endif]-->",
    "script": "<script>X</script>",
    "style": "<style>X</style>",
    "template": "<template>X</template>",
    "noscript": "<noscript>X</noscript>",
    "svg": "<svg><text>X</text></svg>",
    "iframe": "<iframe>X</iframe>",
    "textarea": "<textarea>X</textarea>",
    "closed dialog": "<dialog>X</dialog>",
    "inside something hidden": "<div hidden><div><p>X</p></div></div>",
    "screen readers only": "<span class='sr-only'>X</span>",
    "by a class": "<style>.tip{display:none}</style><p class='a tip'>X</p>",
    "by an id": "<style>p#tip, .other { position:absolute; left:-9999px }</style><p id='tip'>X</p>",
    "by a class after @media": "<style>@media print{.q{color:red}} .tip{display:none}</style><p class='tip'>X</p>",
}
SEEN = {
    "a folding tab": "<style>.tab{display:none}.tab.active{display:block}</style><p class='tab'>X</p>",
    "hidden in print": "<style>@media print{.tip{display:none}}</style><p class='tip'>X</p>",
    "aria-hidden false": "<p aria-hidden='false'>X</p>",
    "half transparent": "<p style='opacity:0.5'>X</p>",
    "small": "<p style='font-size:0.8em'>X</p>",
    "moved a little": "<p style='left:-10px'>X</p>",
    "after something hidden": "<span hidden>no</span>X",
    "after a comment": "<!-- no -->X",
    "in a form around the page": "<form><h1>All</h1>X</form>",
    "in a box with nav in its name": "<div class='with-nav'><main>X</main></div>",
    "shown again by an id": "<style>#a,.b{visibility:hidden} #a:target{visibility:visible}</style><p id='a'>X</p>",
    "a folding part": "<details><summary>More</summary>X</details>",
    "after the end of the page": "</body></html><p>X",
    "after the end of the body": "</BODY ><div>X</div>",
    "on a second page in one file": "</body></html><!DOCTYPE html><html><head><title>b</title></head><body>X</body></html>",
    "after a comment with an odd end": "<!-- no --!>X",
    "after an attribute that is not closed": '<a href="x>no</a> <a href="y">yes</a> X',
    "after a sign that opens no tag": "under <5 kg, a < b. X",
    "in cells without a table": "<td>X</td>",
}


@pytest.mark.parametrize("html", HIDDEN.values(), ids=HIDDEN)
def test_what_a_reader_cannot_see_is_not_text(html: str) -> None:
    assert parse_html(f"<body><p>Seen</p>{html}<p>End</p></body>", HOME)["text"].split() == ["Seen", "End"]


@pytest.mark.parametrize("html", SEEN.values(), ids=SEEN)
def test_what_a_reader_can_see_is_text(html: str) -> None:
    assert "X" in parse_html(f"<body><p>Seen</p>{html}<p>End</p></body>", HOME)["text"]


JSON_LD = {
    "an object": ('{"@type": "Restaurant", "name": "A"}', [{"@type": "Restaurant", "name": "A"}]),
    "a list": ('[{"@type": "A"}, 3, {"@type": "B"}]', [{"@type": "A"}, {"@type": "B"}]),
    "a graph": ('{"@context": "x", "@graph": [{"@type": "A"}, "no"]}', [{"@type": "A"}]),
    "a raw newline in a text": ('{"name": "A\nB"}', [{"name": "A\nB"}]),
    "in a comment": ('<!-- {"name": "A"} -->', [{"name": "A"}]),
    "not a number": ('{"price": NaN, "high": 1e999}', [{"price": None, "high": None}]),
    "broken": ('{"name": "A"', []),
    "a text": ('"A"', []),
    "very deep": ("[" * 100_000, []),
    "very deep object": ('{"a":' * 500 + "1" + "}" * 500, None),
    "a long number": ('{"n": ' + "9" * 5000 + "}", [{"n": "9" * 5000}]),
}


@pytest.mark.parametrize(("source", "expected"), JSON_LD.values(), ids=JSON_LD)
def test_json_ld_is_read_when_it_is_json(source: str, expected: list[object] | None) -> None:
    found = parse_html(f'<script type="application/ld+json">{source}</script><p>x', HOME)["json_ld"]
    assert expected is None or found == expected
    json.dumps(found, allow_nan=False)


LINKS = {
    "relative": ("<a href='a'>x</a>", ["http://h.example/d/a"]),
    "fragment only": ("<a href='#top'>x</a>", ["http://h.example/d/"]),
    "mail": ("<a href='mailto:a@b.example'>x</a>", []),
    "script": ("<a href='javascript:alert(1)'>x</a>", []),
    "split script": ("<a href='java\nscript:alert(1)'>x</a>", []),
    "broken": ("<a href='http://[::1'>x</a>", []),
    "twice": ("<a href='/a'></a><a href='/a#b'>x</a>", ["http://h.example/a"]),
    "a space in it": ("<a href=' /our prices.html '>x</a>", ["http://h.example/our%20prices.html"]),
    "a line end in it": ("<a href='/our\n-prices.html'>x</a>", ["http://h.example/our-prices.html"]),
    "after another base": ("<base target=_blank><base href='/z/'><a href='a'>x</a>", ["http://h.example/z/a"]),
    "with a base": ("<base href='http://o.example/z/'><a href='a'>x</a>", ["http://o.example/z/a"]),
    "hidden": ("<a href='/trap' style='display:none'>x</a>", []),
}


@pytest.mark.parametrize(("html", "expected"), LINKS.values(), ids=LINKS)
def test_links_are_absolute_and_of_the_web(html: str, expected: list[str]) -> None:
    assert [link["url"] for link in parse_html(f"<body>{html}<p>text", "http://h.example/d/")["links"]] == expected


HOSTILE = {
    "nothing": "",
    "only a comment": "<!-- -->",
    "deep": "<div>" * 50_000 + "x",
    "deep lists": "<ul><li>" * 20_000 + "x",
    "many attributes": f"<p {' '.join(f'a{n}=1' for n in range(20_000))}>x",
    "open tags": "<" * 100_000,
    "a long style": f"<style>{'.a{display:none}.b{opacity:1}' * 6_000}</style><p>x",
    "a style without braces": f"<style>{'a ' * 100_000}</style><p>x",
    "open braces in a style": f"<style>{'a{' * 50_000}</style><p>x",
    "spaces in a style": f"<p style='display{' ' * 100_000}x'>x",
    "a long word": "a" * 2_000_000,
    "entities": "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><p>&b;&b;",
    "outside file": "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><p>&a;",
    "many prices": "$1 " * 100_000,
    "frameset": "<frameset><frame src=x></frameset>",
    "null characters": "<p>a\0b",
}


@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE)
def test_hostile_html_is_read_without_harm(html: str) -> None:
    page = parse_page(HOME, "text/html", b64encode(html.encode()).decode())
    assert len(page["text"]) <= 500_000
    assert "root:" not in page["text"]


def test_plain_text_and_markdown_are_taken_as_they_are() -> None:
    page = parse_page(HOME, "text/markdown; charset=utf-8", b64encode(b"# Our menu\r\n\r\n\r\n\r\n- <b>Fries</b>").decode())
    assert (page["title"], page["text"]) == ("Our menu", "# Our menu\n\n- <b>Fries</b>")


@given(
    st.binary(max_size=400),
    st.sampled_from(["", "text/html", "text/html; charset=utf-16", "text/plain; charset=big5", "text/html;charset=zip"]),
)
@settings(max_examples=60, deadline=None)
def test_any_bytes_become_a_page_of_clean_json(body: bytes, content_type: str) -> None:
    page = parse_page(HOME, content_type, b64encode(body).decode())
    json.dumps(page, allow_nan=False).encode("utf-8")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", page["text"] + page["title"])


@given(st.text(alphabet="display:noneopacity0.;% -px", max_size=80))
def test_styles_of_any_shape_are_judged(style: str) -> None:
    assert hides(style) in (True, False)


@pytest.mark.parametrize(
    ("html", "text", "links"),
    [
        ("<title>Stackhouse</title><nav><a href=/menu>Menu</a></nav><h1>Stackhouse</h1><p>Burgers.", "Stackhouse\n\nBurgers.", 1),
        ("<title>Stackhouse</title><header><h1>Stackhouse</h1></header><main><p>Burgers.</main>", "Stackhouse\n\nBurgers.", 0),
        ("<head><title>Stackhouse</title></head><main><h1>Stackhouse</h1><p>Burgers.</main>", "Stackhouse\n\nBurgers.", 0),
        ("<title>Stackhouse</title><section>Stackhouse</section> sells <p>Burgers.", "Stackhouse\n\nsells\n\nBurgers.", 0),
    ],
)
def test_a_page_that_leaves_out_its_body_tag_is_read_whole(html: str, text: str, links: int) -> None:
    page = parse_html(html, HOME)
    assert (page["evidence"], len(page["links"])) == (text, links)
    assert page["title"] == "Stackhouse"
