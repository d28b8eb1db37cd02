"""What the looks of a page say: raised cents, prices that are struck through, rows of tables, words that stand apart."""

from __future__ import annotations

import sys
from types import FrameType

import pytest

from sayso.tools.web.parse import parse_html

RAISED = {
    # the markup of a price or a raised mark, and how it is read
    "$12<sup>99</sup>": "$12.99",
    "<span>$</span><span>12</span><sup>99</sup>": "$12.99",
    "$<b>12</b><sup><span>99</span></sup>": "$12.99",
    "$12 <sup>99</sup>": "$12.99",
    "<sup>$</sup>12<sup>99</sup>": "$12.99",
    "$12<sup>99</sup>/mo": "$12.99/mo",
    "$12<sup>99*</sup>": "$12.99*",
    "$1,299<sup>00</sup>": "$1,299.00",
    "USD 12<sup>50</sup>": "USD 12.50",
    "12<sup>99</sup> €": "12.99 €",
    "12,<sup>99</sup> €": "12,99 €",
    "12,<sup>99</sup>*": "12,99*",
    "12,<sup>-</sup> €": "12,- €",
    "1.299<sup>99</sup> €": "1.299,99 €",
    "12€<sup>99</sup>": "12.99 €",
    "12<sup>€</sup>99 le kilo": "12.99 € le kilo",
    "12<sup>€99</sup>": "12.99€",
    "$12<small>.99</small>": "$12.99",
    "$12<small>99</small>": "$12.99",
    "<span>$</span><b>12</b><span class='price-cents'>99</span>": "$12.99",
    "<span>$</span><span>12</span><span>99</span>": "$12.99",
    "<span>$</span><span>12</span><span style='vertical-align:super'>99</span>": "$12.99",
    "<div>$12</div><div class='cents'>99</div>": "$12.99",
    "<span class='price'>12<sup>99</sup></span>": "12.99",
    "1,79<sup>9</sup> €": "1,799 €",
    "12<sup>000</sup> ₫": "12000 ₫",
    "x<sup>2</sup>": "x2",
    "12 m<sup>2</sup> for $15": "12 m2 for $15",
    "1<sup>st</sup> place": "1st place",
    "word<sup>1</sup>": "word1",
    "H<sub>2</sub>O": "H2O",
    "10<sup>12</sup> cells": "10^12 cells",
    "5,000<sup>1</sup> shops": "5,000[1] shops",
    "$12.99<sup>1</sup>": "$12.99[1]",
    "$12<sup><a href='#f12'>12</a></sup>": "$12[12]",
    "in 2020<sup>[12]</sup>": "in 2020[12]",
    "<span>20</span><span>24</span>": "2024",
    "<span>$</span><span>1</span><span>9</span><span>9</span>": "$199",
    "<span aria-hidden='true'>$12<sup>99</sup></span><span class='sr-only'>12 dollars 99</span>": "$12.99",
}


def read(html: str) -> str:
    """The evidence text of a page with this body."""
    return str(parse_html(f"<html><body>{html}</body></html>", "http://a.example/")["evidence"])


@pytest.mark.parametrize(("html", "text"), RAISED.items(), ids=RAISED)
def test_raised_digits_are_read_as_a_person_reads_them(html: str, text: str) -> None:
    assert read(f"<div>{html}</div>").partition("\n")[0] == text


STRUCK = {
    "tags": ("<p><s>$20</s> <strike>$19</strike> <del>$18</del> $15</p>", "~~$20~~ ~~$19~~ ~~$18~~ $15"),
    "parts": ("<p><del><span>$</span>20.00</del> <ins>$15.00</ins></p>", "~~$20.00~~ $15.00"),
    "raised cents": ("<p><s>$20<sup>99</sup></s> $15<sup>50</sup></p>", "~~$20.99~~ $15.50"),
    "a style": ("<p><span style='text-decoration: line-through'>$20</span> $15</p>", "~~$20~~ $15"),
    "a rule of the page": ("<style>.was{text-decoration:line-through}</style><p><b class=was>$20</b> $15</p>", "~~$20~~ $15"),
    "a rule that another takes back": (
        "<style>.box .p{text-decoration:line-through} .box .p.now{text-decoration:none}</style>"
        "<p class=box><i class=p>$20</i> <b class='p now'>$15</b></p>",
        "~~$20~~ $15",
    ),
    "a rule for a state": ("<style>.p:hover{text-decoration:line-through}</style><p><b class=p>$20</b></p>", "$20"),
    "a class of a shop": ("<p><span class='old-price'>$20</span> <span class='price'>$15</span></p>", "~~$20~~ $15"),
    "a class in German": ("<p><i class='preis-alt'>20,00 €</i> <i class='preis-neu'>15,00 €</i></p>", "~~20,00 €~~ 15,00 €"),
    "a regular price beside another": ("<p><i class='regular-price'>$20</i> <i class='sale'>$15</i></p>", "~~$20~~ $15"),
    "a regular price alone": ("<p><i class='regular-price'>$20</i></p>", "$20"),
    "a class with old in it": ("<p class='bold-price'>$20</p>", "$20"),
    "a class around words": ("<p class='old-price'>Our history of prices since 1934</p>", "Our history of prices since 1934"),
    "a class that does nothing else": ("<ul><li>API</li><li class='line-through'>Telephone</li></ul>", "- API\n- ~~Telephone~~"),
    "words": ("<p>Open <s>Monday and</s> Tuesday</p>", "Open ~~Monday and~~ Tuesday"),
    "paragraphs": ("<del><p>One</p><p>Two</p></del><p>Three</p>", "~~One~~\n\n~~Two~~\n\nThree"),
    "one in the other": ("<p><s>$20 <del>off</del></s></p>", "~~$20 off~~"),
    "nothing": ("<p>$15 <s> </s></p>", "$15"),
    "characters that cannot be written": ("<p><s>$20&#1;&#12;</s> <i hidden>x</i>&#2;$15<sup>99</sup>&#3;</p>", "~~$20~~ $15.99"),
}


@pytest.mark.parametrize(("html", "text"), STRUCK.values(), ids=STRUCK)
def test_what_is_struck_through_is_marked(html: str, text: str) -> None:
    assert read(html).partition("\n\nData of the page:")[0] == text


LINES = {
    "a price after a number": ("<li><span>Classe 1</span> <span>950 €</span></li>", "- Classe 1 | 950 €"),
    "a price that touches a number": ("<li><span>Menu 2</span><b>450 kr</b></li>", "- Menu 2 | 450 kr"),
    "thousands in an element": ("<p>Preis <b>1</b> <b>950 €</b></p>", "Preis 1 950 €"),
    "thousands after a bound": ("<p>ab 1 <b>950 €</b></p>", "ab 1 950 €"),
    "paragraphs in cells": ("<table><tr><td><p>Classic</p></td><td><p>$8</p></td></tr></table>", "Classic | $8"),
    "a break in a cell": ("<table><tr><td>Double<br>Stack</td><td>$9</td></tr></table>", "Double Stack | $9"),
    "a list in a cell": ("<table><tr><td>Pro</td><td><ul><li>a<li>b</ul></td></tr></table>", "Pro | a; b"),
    "a table of roles": ("<div role=table><div role=row><span role=cell>Classic</span><div role=cell>$8</div></div></div>", "Classic | $8"),
    "a page laid out in a table": (
        "<table><tr><td><a>Home</a><br><a>Prices</a><br><a>Hours</a>"
        "<p>You are visitor 12345 of this homepage since it began in 1998.</p></td>"
        "<td><p>Welcome.</p></td></tr></table>",
        "Home\nPrices\nHours\n\nYou are visitor 12345 of this homepage since it began in 1998.\n\nWelcome.",
    ),
    "a definition list": ("<dl><dt>Milk</dt><dd>$2</dd></dl>", "Milk\n$2"),
    "a picture with words": ("<p>Menu</p><img alt='Espresso $2.50, Latte $3.50'><img alt='IMG_1234'><img alt='Menu'>", None),
    "readings over signs": ("<p><ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>字</p>", "漢字"),
    "soft hyphens and breaks": ("<p>Zu&shy;ge&shy;hen, Donau<wbr>dampf</p>", "Zugehen, Donaudampf"),
    "a line break between signs": ("<p>日本\n語の   \n 文章</p>", "日本語の文章"),
    "a panel of a tab": ("<div role=tab aria-controls=t>B</div><div role=tabpanel id=t hidden>Panel</div>", "B\nPanel"),
    "an answer under its question": (
        "<h3><button aria-expanded=false aria-controls=f>Do you ship?</button></h3><div id=f style='display:none'>Yes.</div>",
        "Do you ship?\n\nYes.",
    ),
    "sizes to choose from": (
        "<form><p>Espresso</p><select><option>250 g - $12.50<option>1 kg - $40.00</select><button>Add</button></form>",
        "Espresso\n\n- 250 g - $12.50\n- 1 kg - $40.00",
    ),
    "countries to choose from": ("<p>Ship to</p><select><option>Austria<option>Belgium</select>", "Ship to"),
    "an offer to subscribe": ("<div class=subscribe>Subscribe for $12 a month</div>", "Subscribe for $12 a month"),
    "neighbours": ("<p><b>Name</b><span>$14.90</span><i>12 oz</i></p>", "Name $14.90 12 oz"),
    "prices beside each other": ("<p><span><b>12,50 €</b></span><span>50,00 € / kg</span></p>", "12,50 € 50,00 € / kg"),
    "neighbours in a row": ("<div><a>Bags</a><a>Club</a><a>Visit</a></div>", "Bags Club Visit"),
    "a letter of a word": ("<p><b>W</b>ord and <span>T</span><span>he</span> end</p>", "Word and The end"),
    "Japanese neighbours": ("<p><span>価格</span><span>980円</span></p>", "価格 980円"),
}


@pytest.mark.parametrize(("html", "text"), LINES.values(), ids=LINES)
def test_lines_and_words_stand_as_on_the_page(html: str, text: str | None) -> None:
    assert read(html).partition("\n\nData of the page:")[0] == (text or "Menu\n\nEspresso $2.50, Latte $3.50")


PARTS = {
    # one of the many parts of a page
    "links": "<a href='/p{n}'>Link {n}</a>",
    "prices with raised cents": "$12<sup>99</sup> ",
    "old prices": "<s>$12</s> $10 ",
    "hidden marks": "<i hidden>a</i>b",
    "rows": "<tr><td>Item {n}</td><td>$5</td></tr>",
    "lists of definitions": "<dl><dt>a<dd>b</dl>",
    "footers": "<footer><a href='/x'>abc</a> def</footer>",
    "banners": "<div class='related'><p>hi</p></div>",
    "nested": "<div>",
    "nested footers": "<footer>a",
    "breaks that are no elements": "a<wbr>",
}


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_ten_times_as_many_parts_take_ten_times_the_work(part: str) -> None:
    few, many = (count_calls("".join(part.format(n=n) for n in range(count))) for count in (1_000, 10_000))
    assert many < 13 * few


def count_calls(html: str) -> int:
    """How many functions are called while a page is read."""
    calls = 0

    def count(frame: FrameType, event: str, given: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        parse_html(f"<html><body>{html}", "http://a.example/")
    finally:
        sys.setprofile(None)
    return calls


def test_attributes_without_number_are_left_unread() -> None:
    attributes = " ".join(f"data-a{n}='{n}'" for n in range(100_000))
    assert read(f"<p class=a {attributes}>$12<sup>99</sup></p>") == "$12.99"


def test_what_stands_deeper_than_the_parser_goes_is_read() -> None:
    assert read("<font>" * 3_000 + "deep" + "<p>End</p>") == "deep\nEnd"


def test_plans_in_two_tabs_are_two_plans() -> None:
    card = "<div class=card><h3>Basic</h3><div>{price} <span>/month</span></div></div>"
    html = (
        "<h1>Zap</h1><button role=tab aria-controls=p1>Individuals</button><button role=tab aria-controls=p2>Businesses</button>"
        f"<div role=tabpanel id=p1>{card.format(price='£4')}</div>"
        f"<div role=tabpanel id=p2 style='display:none'>{card.format(price='£14')}</div>"
    )
    found = parse_html(html, "http://zap.example/")
    prices = {field["subject"]: field["value"] for field in found["fields"]}
    assert prices == {"Basic (Individuals)": "£4 /month", "Basic (Businesses)": "£14 /month"}


def test_a_panel_without_headings_stands_under_the_label_of_its_tab() -> None:
    html = (
        "<h1>Zap</h1><a role=tab href='#a'>Day</a><a role=tab href='#b'>Night</a>"
        "<div id=a><p>A seat costs £3.</p></div><div id=b><p>A seat costs £5.</p></div>"
    )
    assert "Night\n\nA seat costs £5." in parse_html(html, "http://zap.example/")["evidence"]
