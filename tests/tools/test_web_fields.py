"""What a page says as data: each case is a page, and the facts that a reader finds on it."""

# ruff: noqa: E501 - the pages of the tables stand as they would in a file

from __future__ import annotations

import json
from dataclasses import asdict
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.tools.web.fields import MAX_DATA_CHARS, MAX_FIELDS, Field, mark_expired, render_data
from sayso.tools.web.html_tree import parse_tree
from sayso.tools.web.page_data import finish_fields, read_data, read_json_fields, read_text_fields
from sayso.tools.web.parse import parse_html
from sayso.tools.web.snapshots import find_quote

URL = "http://shop.example/prices"
Fact = tuple[str, str, str]


def read(body: str, url: str = URL) -> list[Field]:
    """Return the fields of a page, after checking that each one's quote stands in its evidence."""
    page = parse_html(f"<!doctype html><html><body>{body}</body></html>", url)
    fields = [Field(**field) for field in page["fields"]]
    assert [field for field in fields if find_quote(field.quote, page["evidence"]) is None] == []
    return fields


def facts(body: str, *, place: str = "") -> list[Fact]:
    """Return subject, name and value of the fields, without what the page says of its own kind."""
    kinds = ("type", "page type")
    return [(each.subject, each.name, each.value) for each in read(body) if each.name not in kinds and place in ("", each.place)]


def script(data: object, kind: str = "application/ld+json") -> str:
    return f'<script type="{kind}">{json.dumps(data)}</script>'


VISIBLE = {
    "prices beside each other": (
        "<h2>Trims from £43 · Full sets from £112</h2><p>Prices include VAT.</p>",
        [("Trims", "price", "from £43"), ("Full sets", "price", "from £112")],
    ),
    "a price list with leaders in a block": (
        "<pre>\nTrim ............... £41\nFront shoes ........ £70\n</pre>",
        [("Trim", "price", "£41"), ("Front shoes", "price", "£70")],
    ),
    "hours with a post box": (
        "<p>Office hours: Mon-Sat 8am - 4pm. P.O. Box 88, Versailles, KY 40383</p>",
        [("", "Office hours", "Mon-Sat 8am - 4pm"), ("", "address", "P.O. Box 88, Versailles, KY 40383")],
    ),
    "a former price before the price of a card": (
        "<div class=card><h3>A2 posters</h3><p><span>was £14</span> £9</p></div>",
        [("A2 posters", "price", "£9"), ("A2 posters", "price", "£14")],
    ),
    "a menu as a list": (
        "<h2>Hot drinks</h2><ul><li>Espresso 2,50 €</li><li>Cappuccino <span>3,20 €</span></li></ul>"
        "<h2>Cold</h2><ul><li>Cola ..... 3,00 €</li><li>Water: 2,00 €</li></ul>",
        [("Espresso", "price", "2,50 €"), ("Cappuccino", "price", "3,20 €"), ("Cola", "price", "3,00 €"), ("Water", "price", "2,00 €")],
    ),
    "plans as cards": (
        "<div class=grid><div class=plan><h3>Free</h3><p class=price>$0<span>/month</span></p><ul><li>1 user</li></ul></div>"
        "<div class=plan><h3>Pro</h3><p class=price>$29<span> per user / month</span></p><ul><li>10 users</li><li>SSO</li></ul></div></div>",
        [
            ("Free", "price", "$0/month"),
            ("Pro", "price", "$29 per user / month"),
            ("Free", "includes", "1 user"),
            ("Pro", "includes", "10 users"),
            ("Pro", "includes", "SSO"),
        ],
    ),
    "cards with notes that are no list": (
        "<div><article><h3>Basic</h3><p>€ 1.499</p><p>20 lessons of 60 minutes</p><a class=btn>Book 1 now</a></article>"
        "<article><h3>Plus</h3><p>€ 2.049</p><p>30 lessons of 60 minutes</p></article></div>",
        [
            ("Basic", "price", "€ 1.499"),
            ("Plus", "price", "€ 2.049"),
            ("Basic", "includes", "20 lessons of 60 minutes"),
            ("Plus", "includes", "30 lessons of 60 minutes"),
        ],
    ),
    "counters": (
        "<div class=c><div>Pupils passed</div><div><span>2,400</span><span>+</span></div></div>"
        "<div class=c><div>98%</div><div>Happy guests</div></div><div class=c><div>Chapter</div><div>7</div></div>",
        [("", "Pupils passed", "2,400+"), ("", "Happy guests", "98%")],
    ),
    "a timetable of two boxes a row": (
        "<div><div class=row><p class=a>Monday</p><p class=b>08:00 - 17:00</p></div><div class=row><p class=a>Friday</p>"
        "<p class=b>8am to noon</p></div><div class=row><p class=a>Sunday</p><p class=b>Closed</p></div></div>",
        [("", "Monday", "08:00 - 17:00"), ("", "Sunday", "Closed")],
    ),
    "a price with a word behind it": (
        "<ul><li>Base price: <span>$40 </span></li><li>Special baths and teeth brushing: <span>$10 </span>each.</li></ul>",
        [("", "Base price", "$40"), ("Special baths and teeth brushing", "price", "$10 each")],
    ),
    "addresses in two lines": (
        "<p>Passmaster<br>41 Friar Gate<br>Derby DE1 1DA</p><p>Kettenblatt<br>Seeweg 4<br>88339 Bad Waldsee</p>"
        "<p>1450 Pearl St<br>Boulder, CO 80302</p><p>Room 7<br>is on the left</p>",
        [("", "address", "41 Friar Gate, Derby DE1 1DA"), ("", "address", "Seeweg 4, 88339 Bad Waldsee"),
         ("", "address", "1450 Pearl St, Boulder, CO 80302")],
    ),
    "cards without headings": (
        "<div><div class=item><div class=badge>New</div><div class=name>Basket</div><div>round</div><div class=price>12.50 €</div></div>"
        "<div class=item><div class=name>Bell</div><div class=price>ab 9 €</div></div></div>",
        [("Basket", "price", "12.50 €"), ("Bell", "price", "ab 9 €")],
    ),
    "rows of two boxes": (
        "<div class=row><div>Tagliatelle</div><div>12 €</div></div><div class=row><div>Lasagne</div><div>13 €</div></div>",
        [("Tagliatelle", "price", "12 €"), ("Lasagne", "price", "13 €")],
    ),
    "labels": (
        "<h1>Contact</h1><p>Opening hours: Mon-Fri 9-18</p><ul><li><b>Phone</b> 030 123456</li><li><b>Email</b> a@b.example</li></ul>"
        "<p><strong>Founded:</strong> 1998<br><strong>Employees:</strong> 12</p>",
        [("", "Opening hours", "Mon-Fri 9-18"), ("", "Phone", "030 123456"), ("", "Email", "a@b.example"), ("", "Founded", "1998"),
         ("", "Employees", "12")],
    ),
    "a score, which is no label with a value": (
        "<div>HOME 14 : 10 GUEST &nbsp; 2nd half starts in 12:00</div><p>Bayern 2 : 1 Dortmund</p><p>Room 3: 12 people</p><p>Salle 4 : 8 places</p>",
        [("", "Room 3", "12 people"), ("", "Salle 4", "8 places")],
    ),
    "a definition list with several values of a term": (
        "<h1>City bike</h1><dl><dt>Weight</dt><dd>12 kg</dd><dt>Colours</dt><dd>red</dd><dd>blue</dd><dt>Price</dt><dd>499 €</dd></dl>",
        [("", "Weight", "12 kg"), ("", "Colours", "red"), ("", "Colours", "blue"), ("City bike", "Price", "499 €")],
    ),
    "a definition list of prices": (
        "<dl><dt>Milkshake<dd>$5.00<dt>Cola<dd>$2.00</dl>",
        [("Milkshake", "price", "$5.00"), ("Cola", "price", "$2.00")],
    ),
    "branches, whose labels repeat": (
        "<section><h3>Berlin</h3><p>Phone: 030 1</p><p>Hours: 9-18</p></section><section><h3>Hamburg</h3><p>Phone: 040 2</p><p>Hours: 10-19</p>"
        "</section>",
        [("Berlin", "Phone", "030 1"), ("Berlin", "Hours", "9-18"), ("Hamburg", "Phone", "040 2"), ("Hamburg", "Hours", "10-19")],
    ),
    "prices by period under the name of a plan": (
        "<div class=c><h3>Pro</h3><ul><li>Monthly: 29 €</li><li>Yearly: 290 €</li></ul></div>"
        "<div class=c><h3>Team</h3><ul><li>Monthly: 99 €</li><li>Yearly: 990 €</li></ul></div>",
        [("Pro", "Monthly", "29 €"), ("Pro", "Yearly", "290 €"), ("Team", "Monthly", "99 €"), ("Team", "Yearly", "990 €")],
    ),
    "a period in a line of its own": (
        "<div class=p><h3>Pro</h3><div>$29</div><div>per month, billed yearly</div></div><div class=p><h3>Max</h3><div>$59</div><div>per month</div></div>",
        [("Pro", "price", "$29 per month, billed yearly"), ("Max", "price", "$59 per month")],
    ),
    "prices set as headings, and what an icon takes back": (
        "<div class=col><p>Basic</p><h3>500 Rs <span>/month</span></h3><ul><li><i class='fa fa-check'></i>Chat</li><li><i class='fa fa-times'></i>Calls"
        "</ul></div><div class=col><p>Standard</p><h3>1300 Rs <span>/quarter</span></h3><ul><li class=disabled>Chat</li></ul></div>",
        [("Basic", "price", "500 Rs /month"), ("Standard", "price", "1300 Rs /quarter"), ("Basic", "includes", "Chat")],
    ),
    "a title with what it is below, and a label on a line of its own": (
        "<div class=m><h3>Menu du Jour</h3><h4>Plat, Dessert</h4><p class=price>25€</p></div><div class=m><h3>Menu Enfant</h3><h4>Plat</h4><p>10€</p></div>"
        "<p>Hours*:<br><b>Mon-Sat:</b><br>10am-6pm</p>",
        [("Menu du Jour", "price", "25€"), ("Menu Enfant", "price", "10€"), ("", "Mon-Sat", "10am-6pm")],
    ),
    "a struck price, the price and the unit price without spaces": (
        "<ul><li><h2>Nord</h2><span><del>14,90 €</del> <ins>12,50 €</ins></span><span>50,00 € / kg</span></li><li><h2>Süd</h2><span>12 €</span></li></ul>",
        [("Nord", "price", "14,90 €"), ("Nord", "price", "12,50 €"), ("Nord", "price", "50,00 € / kg"), ("Süd", "price", "12 €")],
    ),
    "other currencies": (
        "<ul><li>Karoo R 145</li><li>Cape R1 299.00</li><li>Thali Rs. 450</li><li>Nasi RM 20</li><li>Pivo 49 Kč</li><li>Kebab 150 TL</li></ul>",
        [("Karoo", "price", "R 145"), ("Cape", "price", "R1 299.00"), ("Thali", "price", "Rs. 450"), ("Nasi", "price", "RM 20"),
         ("Pivo", "price", "49 Kč"), ("Kebab", "price", "150 TL")],
    ),
    "questions with answers": (
        "<details open><summary>Do you ship?</summary><p>Yes, to all of Europe.</p></details><details open><summary>Why?</summary><p>One.</p><p>Two.</p>"
        "</details><h3>Is there parking?</h3><p>There are 12 places.</p><h3>Contact</h3><p>Write to us.</p>",
        [("", "Do you ship?", "Yes, to all of Europe."), ("", "Is there parking?", "There are 12 places.")],
    ),
    "a number that belongs to the name": (
        "<ul><li>Pocket 16 C$1,150</li><li>Pocket 20 C$1,350</li></ul>",
        [("Pocket 16", "price", "C$1,150"), ("Pocket 20", "price", "C$1,350")],
    ),
    "dishes as headings, and prices that words join": (
        "<h2>Hauptspeise</h2><h4>-Pasta mit Tomaten 7€</h4><h4>-Schnitzel 500g = 15.99€ oder 1000g = 25.99€</h4>",
        [("Pasta mit Tomaten", "price", "7€"), ("Schnitzel 500g", "price", "15.99€ oder 1000g = 25.99€")],
    ),
    "a price and a price per kilogram": (
        "<ul><li>Nord <span>13,80 €</span> <small>55,20 € / kg</small></li><li>Süd <span>14,80 €</span> <small>59,20 € / kg</small></li></ul>",
        [("Nord", "price", "13,80 €"), ("Nord", "price", "55,20 € / kg"), ("Süd", "price", "14,80 €"), ("Süd", "price", "59,20 € / kg")],
    ),
    "the one price under a heading": (
        "<h1>Комбинезон</h1><p>Цена: <strong>1200 руб</strong></p><p>Код: 1500</p>",
        [("Комбинезон", "Цена", "1200 руб"), ("", "Код", "1500")],
    ),
    "hours alone under a heading": ("<div><h4>ランチ</h4><p>11:00 〜 15:00</p></div><h3>Jsme zde</h3><p>Po-Pá 9.00-18.00 h</p>",
        [("", "ランチ", "11:00 〜 15:00"), ("", "Jsme zde", "Po-Pá 9.00-18.00 h")]),
    "a word in place of a price, and another box after one": (
        "<div class=card><b>Basic</b><div class=price>Free</div></div><div class=card><b>Pro</b><div class=price>$12/mo</div></div>"
        "<ul><li><b>Fade</b> <span>ab CHF 55</span> <span>60 min</span></li><li><b>Cut</b> <span>ab CHF 45</span> <span>45 min</span></li></ul>",
        [("Basic", "price", "Free"), ("Pro", "price", "$12/mo"), ("Fade", "price", "ab CHF 55"), ("Cut", "price", "ab CHF 45")],
    ),
    "Japanese": (
        "<h2>料金表</h2><table><tr><th>コース</th><th>料金</th></tr><tr><td>基本点検</td><td>3,300円</td></tr></table><p>営業時間：10:00〜19:00</p>"
        "<ul><li>レンタル1日　1,500円</li></ul><p>延長は1時間につき200円です。</p>",
        [("", "営業時間", "10:00〜19:00"), ("レンタル1日", "price", "1,500円"), ("基本点検", "料金", "3,300円")],
    ),
    "prose, savings and turnover are no prices": (
        "<p>A permit costs 50 euros and is valid for a year. Call us at 5 €.</p><p>We raised $5 million in 2020.</p>"
        "<h2>Sale</h2><div>Save $50</div><p>He said: we will open another shop tomorrow, and so we did.</p>",
        [],
    ),
}  # fmt: skip

TABLES = {
    "rows": (
        "<table><tr><th>Item<th>Size<th>Price</tr><tr><td>Espresso<td>250 g<td>12,50 €<tr><td>Filter<td>1 kg<td>39 €</table>",
        [("Espresso", "Price", "12,50 €"), ("Filter", "Price", "39 €"), ("Espresso", "Size", "250 g"), ("Filter", "Size", "1 kg")],
    ),
    "labels without a header": (
        "<table><tr><td>Montag<td>9-18 Uhr<tr><td>Dienstag<td>geschlossen</table>",
        [("", "Montag", "9-18 Uhr"), ("", "Dienstag", "geschlossen")],
    ),
    "prices without a header": (
        "<table><tr><td>Tune-up<td>$49<tr><td>Wheel truing<td>$25</table>",
        [("Tune-up", "price", "$49"), ("Wheel truing", "price", "$25")],
    ),
    "plans in columns, with icons": (
        "<table><tr><th><th>Free<th>Pro<tr><td>Price<td>$0<td>$29<tr><td>Users<td>1<td>unlimited<tr><td>SSO<td>✗<td>✓"
        "<tr><td>API<td><i class='fa fa-times'></i><td><img alt=included src=x></table>",
        [
            ("Free", "Price", "$0"), ("Free", "Users", "1"), ("Free", "SSO", "✗"), ("Free", "API", "✗"),
            ("Pro", "Price", "$29"), ("Pro", "Users", "unlimited"), ("Pro", "SSO", "✓"), ("Pro", "API", "✓"),
        ],
    ),
    "plans in columns, with a word over the labels": (
        "<table><tr><th>Plan<td>Free<td>Pro<tr><th>Price<td>0 €<td>29 €<tr><th>Storage<td>1 GB<td>100 GB</table>",
        [("Free", "Price", "0 €"), ("Free", "Storage", "1 GB"), ("Pro", "Price", "29 €"), ("Pro", "Storage", "100 GB")],
    ),
    "two rows of headers": (
        "<table><thead><tr><th rowspan=2>Room<th colspan=2>Summer<th colspan=2>Winter<tr><th>Week<th>Weekend<th>Week<th>Weekend"
        "<tbody><tr><td>Single<td>80 €<td>90 €<td>60 €<td>70 €</table>",
        [("Single", "Summer Week", "80 €"), ("Single", "Summer Weekend", "90 €"), ("Single", "Winter Week", "60 €"),
         ("Single", "Winter Weekend", "70 €")],
    ),
    "a name over several rows": (
        "<table><tr><th>Bike<th>Time<th>Price<tr><td rowspan=2>City<td>1 day<td>12 €<tr><td>3 days<td>30 €<tr><td>E-bike<td>1 day<td>35 €</table>",
        [("City, 1 day", "Price", "12 €"), ("E-bike, 1 day", "Price", "35 €"), ("City, 3 days", "Price", "30 €")],
    ),
    "sections within a table": (
        "<table><tr><th>Dish<th>Price<tr><td colspan=2>Starters<tr><td>Soup<td>5 €<tr><td colspan=2>Mains<tr><td>Steak<td>25 €</table>",
        [("Soup", "Price", "5 €"), ("Steak", "Price", "25 €")],
    ),
    "a header without its row, and plans whose values are words for yes and no": (
        "<table><thead><th>サービス</th><th>シンプル</th><th>フル</th></thead><tr><th>デザイン</th><td>無し</td><td>有り</td></tr>"
        "<tr><th>ページ数</th><td>5ページまで</td><td>10ページまで</td></tr></table>",
        [("シンプル", "デザイン", "無し"), ("シンプル", "ページ数", "5ページまで"), ("フル", "デザイン", "有り"), ("フル", "ページ数", "10ページまで")],
    ),
    "no header over three columns": (
        "<table><tr><td>Old Mill<td>Mo-Fr 8-18<td>40 seats<tr><td>Harbour<td>daily 9-20<td>25 seats</table>",
        [("Old Mill", "", "Mo-Fr 8-18"), ("Old Mill", "", "40 seats"), ("Harbour", "", "daily 9-20"), ("Harbour", "", "25 seats")],
    ),
    "the name in the second column, and each name twice": (
        "<table><tr><th>Price per user<th>Plan<th>Billing<tr><td>$10<td>Grain<td>monthly<tr><td>$8<td>Grain<td>yearly<tr><td>$20<td>Mill<td>monthly"
        "<tr><td>$16<td>Mill<td>yearly</table>",
        [("Grain, monthly", "Price per user", "$10"), ("Grain, yearly", "Price per user", "$8"), ("Mill, monthly", "Price per user", "$20"),
         ("Mill, yearly", "Price per user", "$16")],
    ),
    "notes below rows give no title to the next ones": (
        "<table><tr><th>KORT<th>PRIS<tr><td>Kombi<td>525kr<tr><td colspan=2>Gym & Gruppass<tr><td>Styrke<td>450kr<tr><td colspan=2>Gym</table>",
        [("Kombi", "PRIS", "525kr"), ("Styrke", "PRIS", "450kr")],
    ),
    "columns made with spaces": (
        "<h2>Rates</h2><pre>\n              HALF DAY   ALL DAY\nTandem        $15.00     $24.00\nKids bike     $8.00      $12.00\n</pre>",
        [("Tandem", "HALF DAY", "$15.00"), ("Tandem", "ALL DAY", "$24.00"), ("Kids bike", "HALF DAY", "$8.00"), ("Kids bike", "ALL DAY", "$12.00")],
    ),
    "a sentence over all columns": (
        "<table><tr><th>Room<th>Weekday<th>Weekend<tr><td>Blue<td>$50<td>$70<tr><td>Bookings<td colspan=2>by phone, please: we have two.</table>",
        [("Blue", "Weekday", "$50"), ("Blue", "Weekend", "$70")],
    ),
    "one row of prices under its headers": (
        "<table><thead><tr><th>Low season<th>High season<tbody><tr><td>€30*<td>€40*</table>",
        [("Low season", "price", "€30*"), ("High season", "price", "€40*")],
    ),
    "sizes under several dishes": (
        "<h3>Pommes</h3><table><tr><th>Einheit<th>Preis<tr><td>Klein<td>2.00€<tr><td>Groß<td>3.00€</table>"
        "<h3>Wurst</h3><table><tr><th>Einheit<th>Preis<tr><td>Klein<td>4.00€<tr><td>Groß<td>5.00€</table>",
        [("Pommes, Klein", "Preis", "2.00€"), ("Pommes, Groß", "Preis", "3.00€"), ("Wurst, Klein", "Preis", "4.00€"),
         ("Wurst, Groß", "Preis", "5.00€")],
    ),
    "prices in the header": (
        "<table><tr><th>Plan<th>Solo $9 per month<th>Partner $34 per month<tr><td>Users<td>1<td>5<tr><td>API<td>✗<td>✓</table>",
        [("Solo", "price", "$9 per month"), ("Solo", "Users", "1"), ("Solo", "API", "✗"),
         ("Partner", "price", "$34 per month"), ("Partner", "Users", "5"), ("Partner", "API", "✓")],
    ),
    "a foot with totals": (
        "<table><tr><th>Room<th>Single<th>...<tfoot><tr><td>Total<td colspan=2>5 types<tbody><tr><td>Family<td>600$<td>details</table>",
        [("Family", "Single", "600$")],
    ),
    "properties of one thing": (
        "<table><tr><th>Weight</th><td>12 kg</td></tr><tr><th>Gears</th><td>8</td></tr></table>",
        [("", "Weight", "12 kg"), ("", "Gears", "8")],
    ),
    "layout": ("<table><tr><td><table><tr><td>Home</td></tr></table><td><p>Welcome. Coffee is 3 € each.</p></table>", []),
}  # fmt: skip

WEEK = ["Monday", "Tuesday", "Wednesday", "Thursday", "http://schema.org/Friday"]
BUSINESS = {
    "@type": "BikeStore", "@id": "#shop", "name": "Wheelhouse", "foundingDate": "1998", "founder": {"@type": "Person", "name": "Ada"},
    "numberOfEmployees": {"@type": "QuantitativeValue", "value": 12}, "geo": {"@type": "GeoCoordinates", "latitude": 1}, "logo": "/logo.png",
    "address": {"@type": "PostalAddress", "streetAddress": "Kastanienallee 5", "postalCode": "10435", "addressLocality": "Berlin"},
    "openingHoursSpecification": [
        {"dayOfWeek": WEEK, "opens": "09:00", "closes": "18:00"}, {"dayOfWeek": "Saturday", "opens": "10:00:00", "closes": "14:00:00"},
        {"dayOfWeek": "Sunday", "opens": "00:00", "closes": "00:00"},
    ],
    "areaServed": ["Berlin", {"@type": "City", "name": "Potsdam"}],
    "aggregateRating": {"@type": "AggregateRating", "ratingValue": 4.6, "bestRating": 5, "reviewCount": 128},
}  # fmt: skip
BUSINESS_FACTS = [
    ("", "founding date", "1998"), ("", "founder", "Ada"), ("", "number of employees", "12"), ("", "address", "Kastanienallee 5, 10435 Berlin"),
    ("", "opening hours", "Mon-Fri 09:00-18:00, Sat 10:00-14:00, Sun closed"), ("", "area served", "Berlin, Potsdam"),
    ("", "rating", "4.6 of 5 (128 reviews)"), ("", "name", "Wheelhouse"),
]  # fmt: skip


def unit_price(**more: object) -> dict[str, object]:
    return {"@type": "UnitPriceSpecification", "price": 29, "priceCurrency": "USD", **more}


JSON_LD = {
    "a business": (BUSINESS, BUSINESS_FACTS),
    "a business in a graph, referred to by its page": (
        {"@graph": [{"@type": "WebPage", "publisher": {"@id": "#shop"}}, BUSINESS]},
        BUSINESS_FACTS,
    ),
    "a product with a price": (
        {"@type": "Product", "name": "Bag", "offers": {"@type": "Offer", "price": 12.5, "priceCurrency": "EUR", "availability": "schema:InStock"}},
        [("Bag", "price", "12.50 EUR"), ("Bag", "availability", "in stock")],
    ),
    "a range of prices": (
        {"@type": "Product", "name": "Bag", "offers": {"@type": "AggregateOffer", "lowPrice": "12", "highPrice": "40", "priceCurrency": "GBP"}},
        [("Bag", "price", "12 GBP to 40 GBP")],
    ),
    "plans with periods in three forms": (
        {"@type": "SoftwareApplication", "name": "Cloudbase", "offers": [
            {"@type": "Offer", "name": "Pro", "priceSpecification": unit_price(referenceQuantity={"value": 1, "unitCode": "MON"})},
            {"@type": "Offer", "name": "Team", "priceSpecification": unit_price(billingDuration="P1Y")},
            {"@type": "Offer", "name": "Max", "price": "7.00", "priceCurrency": "GBP", "priceSpecification": {"unitText": "per user per month"}},
        ]},
        [("Cloudbase Pro", "price", "29 USD per month"), ("Cloudbase Team", "price", "29 USD per year"),
         ("Cloudbase Max", "price", "7.00 GBP per user per month")],
    ),
    "services of a catalogue": (
        {"@type": "AutoRepair", "name": "Fix It", "hasOfferCatalog": {"@type": "OfferCatalog", "name": "Services", "itemListElement": [
            {"@type": "Offer", "itemOffered": {"@type": "Service", "name": "Inspection"}, "price": "49.00", "priceCurrency": "EUR"}]}},
        [("Inspection", "price", "49.00 EUR"), ("", "name", "Fix It")],
    ),
    "a menu in sections": (
        {"@type": "Restaurant", "name": "Aloo", "hasMenu": {"@type": "Menu", "hasMenuSection": {"@type": "MenuSection", "name": "Tacos", "hasMenuItem":
            [{"@type": "MenuItem", "name": "Gobi", "offers": {"@type": "Offer", "price": "3.50", "priceCurrency": "USD"}}]}}},
        [("Gobi", "price", "3.50 USD"), ("", "name", "Aloo")],
    ),
    "questions and answers": (
        {"@type": "FAQPage", "mainEntity": [{"@type": "Question", "name": "Do you ship?", "acceptedAnswer": {"text": "<p>Yes &amp; fast.</p>"}}]},
        [("", "Do you ship?", "Yes & fast.")],
    ),
    "a job": (
        {"@type": "JobPosting", "title": "Mechanic", "employmentType": "FULL_TIME", "baseSalary": {"@type": "MonetaryAmount", "currency": "EUR",
            "value": {"@type": "QuantitativeValue", "minValue": 2800, "maxValue": 3400, "unitText": "MONTH"}}},
        [("Mechanic", "employment type", "full time"), ("Mechanic", "base salary", "2800 EUR to 3400 EUR per month")],
    ),
    "two businesses keep their names": (
        [{"@type": "Store", "name": "North", "telephone": "1"}, {"@type": "Store", "name": "South", "telephone": "2"}],
        [("North", "telephone", "1"), ("South", "telephone", "2")],
    ),
}  # fmt: skip

OTHER_PLACES = {
    "microdata": (
        "<div itemscope itemtype='https://schema.org/Product'><h1 itemprop=name>Bag</h1><div itemprop=offers itemscope itemtype='http://schema.org/Offer'>"
        "<meta itemprop=priceCurrency content=USD><span itemprop=price content='12.00'>twelve</span><link itemprop=availability "
        "href='http://schema.org/InStock'></div></div>",
        [("Bag", "price", "12.00 USD"), ("Bag", "availability", "in stock")],
    ),
    "microdata by itemref": (
        "<div itemscope itemtype='http://schema.org/Hotel' itemref=more><b itemprop=name>Sonne</b></div><p id=more><i itemprop=priceRange>cheap</i>",
        [("", "name", "Sonne"), ("", "price range", "cheap")],
    ),
    "RDFa Lite": (
        "<div vocab='https://schema.org/' typeof=Product><b property=name>Cup</b><div property=offers typeof=Offer><meta property=price content=5>"
        "<meta property=priceCurrency content=CHF></div></div>",
        [("Cup", "price", "5 CHF")],
    ),
    "Open Graph": (
        "<meta property=og:title content=Bag><meta property=product:price:amount content=12.5><meta property=product:price:currency content=EUR>"
        "<meta name=description content='A shop. It is new.'><meta property=og:description content='Four shops in Lisbon'>",
        [("", "description", "A shop."), ("", "description", "It is new."), ("", "description", "Four shops in Lisbon"), ("Bag", "price", "12.50 EUR")],
    ),
    "contact data": (
        "<meta property=business:contact_data:street_address content='Rua Inventada 21'><meta property=business:contact_data:locality content=Lisbon>"
        "<meta property=business:contact_data:phone_number content='+351 21 000'>",
        [("", "address", "Rua Inventada 21, Lisbon"), ("", "phone number", "+351 21 000")],
    ),
    "Next.js": (
        script({"props": {"pageProps": {"rentals": [{"title": "Cruiser", "pricePerDay": "$7"}, {"title": "Gravel", "pricePerDay": "$45"}],
            "shops": [{"city": "Austin", "hours": "Daily 7 am to 9 pm"}, {"city": "Waco", "hours": "Daily 8 am to 9 pm"}],
            "policy": {"deposit": "A $100 hold is placed on your card."}, "nav": [{"title": "Home", "url": "/"}]}, "buildId": "q7Xk2"}},
            "application/json"),
        [("", "policy deposit", "A $100 hold is placed on your card."), ("Cruiser", "price per day", "$7"), ("Gravel", "price per day", "$45"),
         ("Austin", "hours", "Daily 7 am to 9 pm"), ("Waco", "hours", "Daily 8 am to 9 pm")],
    ),
    "a literal that a script assigns": (
        "<script>window.__STATE__ = {plans: [{id: 1, name: 'Pro', price: 29, currency: 'USD', interval: 'month', features: ['10 users', 'SSO'],"
        "icon: getIcon('x'), /* old */}, ], }; start();</script>",
        [("Pro", "price", "29 USD per month"), ("Pro", "features", "10 users, SSO")],
    ),
    "a text that a script parses": (
        "<script>const MENU = JSON.parse('[{\"name\":\"Soup\",\"price\":\"4,50 €\"}]');</script>",
        [("Soup", "price", "4,50 €")],
    ),
    "Nuxt, whose numbers are places": (
        script([{"data": 1}, {"items": 2}, [3], {"name": 4, "price": 5}, "Lamp", "49 CHF"], "application/json"),
        [("Lamp", "price", "49 CHF")],
    ),
    "React server rows": (
        '<script>self.__next_f.push([1,"1:{\\"name\\":\\"Desk\\",\\"price\\":\\"199 €\\"}\\n"])</script>',
        [("Desk", "price", "199 €")],
    ),
    "a currency that only the script writes": (
        "<ul id=m></ul><script>const MENU = [{name: 'Espresso', price: 2.5}, {name: 'Mocha', price: 3}];"
        "document.getElementById('m').innerHTML = MENU.map(i => `<li>${i.name} – ${i.price.toFixed(2)} €</li>`).join('')</script>",
        [("Espresso", "price", "2.50 €"), ("Mocha", "price", "3 €")],
    ),
    "a sign that the script writes before": (
        "<div id=m></div><script>var items = [{title: 'Tea', price: 4, note: 'per pot'}]; items.forEach(p => add(p.title + ' $' + p.price));</script>",
        [("Tea", "price", "$4"), ("Tea", "note", "per pot")],
    ),
    "HTML that a script writes": (
        "<div id=m></div><script>let menu = '<div class=menu><div class=offer>' + \n '<div class=name>Garlic bread</div>' +\n"
        "'<div class=price>USD 2.10</div></div>' + '<div class=offer><div class=name>Salad</div><div class=price>USD 2.90</div></div></div>';</script>",
        [("Garlic bread", "price", "USD 2.10"), ("Salad", "price", "USD 2.90")],
    ),
    "variants of a product": (
        script({"product": {"title": "Bag", "variants": [{"title": "Sage", "price": "1150.00"}, {"title": "Default Title", "price": "1190.00"}]}},
            "application/json"),
        [("Bag Sage", "price", "1150.00"), ("Bag", "price", "1190.00")],
    ),
    "cents": (
        script({"product": {"title": "Cup", "price": {"amount_in_cents": 0, "centAmount": 1290, "currencyCode": "EUR"}}}, "application/json"),
        [("Cup", "price", "12.90 EUR")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), [*VISIBLE.values(), *TABLES.values()], ids=[*VISIBLE, *TABLES])
def test_what_a_reader_sees_as_data_is_read(body: str, expected: list[Fact]) -> None:
    assert facts(body) == expected


@pytest.mark.parametrize(("data", "expected"), JSON_LD.values(), ids=JSON_LD)
def test_json_ld_is_read(data: object, expected: list[Fact]) -> None:
    assert facts(script(data)) == expected


@pytest.mark.parametrize(("body", "expected"), OTHER_PLACES.values(), ids=OTHER_PLACES)
def test_data_of_other_places_is_read(body: str, expected: list[Fact]) -> None:
    assert facts(body) == expected


def test_data_that_the_text_says_too_is_quoted_from_the_text() -> None:
    body = script({"@type": "Product", "name": "Day pass", "offers": {"price": "12.00", "priceCurrency": "EUR"}})
    page = parse_html(f"<html><body>{body}<p>The Day pass is 12,00 € and valid for a day, on all lines.</p></body></html>", URL)
    price = next(field for field in page["fields"] if field["name"] == "price")
    assert price["quote"] == "Day pass is 12,00 €"
    assert "12.00 EUR" not in page["evidence"]


def test_data_that_the_text_lacks_stands_below_it_one_fact_a_line() -> None:
    body = script({"@type": "Store", "name": "North", "telephone": "12 34", "foundingDate": "1998"})
    evidence = parse_html(f"<html><body>{body}<h1>Welcome</h1></body></html>", URL)["evidence"]
    assert (
        evidence
        == "Welcome\n\nData of the page:\nNorth | telephone: 12 34\nNorth | founding date: 1998\nNorth | name: North\nNorth | type: store"
    )


def test_data_under_the_name_of_the_site_is_of_the_business() -> None:
    data = script({"company": {"name": "GearLoop", "founded": 2020}, "items": [{"name": "Cruiser", "price": "$26"}]}, "application/json")
    assert facts(f"<title>Cruiser | GearLoop</title>{data}") == [("Cruiser", "price", "$26"), ("", "founded", "2020")]


def test_an_expired_price_is_marked_old() -> None:
    offer = {"price": "9", "priceCurrency": "EUR", "priceValidUntil": "2024-12-31"}
    tree = parse_tree(script({"@type": "Product", "name": "Bag", "offers": offer}))
    assert tree is not None
    expired, still = (finish_fields(read_data(tree, (), URL, today=today), tree, "") for today in ("2026-01-01", "2024-06-01"))
    assert (expired[0][0].old, still[0][0].old) == (True, False)
    assert "Bag | price: ~~9 EUR~~ (until 2024-12-31)" in expired[1]
    unknown = finish_fields(read_data(tree, (), URL), tree, "")[0]
    assert [field.old for field in (*mark_expired(unknown[:1], "2026-01-01T10:00"), *mark_expired(unknown[:1], "2024-12-31"))] == [
        True,
        False,
    ]


def test_a_struck_price_is_old_and_its_quote_says_so() -> None:
    card = "<div class=card><h3>{}</h3><p><s>$39</s> $29/month</p></div>"
    prices = [(field.value, field.old, field.quote) for field in read(card.format("Pro") + card.format("Team"))]
    assert prices[:2] == [("$39", True, "Pro ~~$39~~"), ("$29/month", False, "Pro ~~$39~~ $29/month")]


def test_a_currency_over_a_table_stays_with_its_numbers() -> None:
    table = "<table><caption>Prices in Danish kroner (DKK)</caption><tr><th></th><th>1 day</th><th>3 days</th></tr><tr><th>City bike</th><td>130</td><td>300</td></table>"
    assert read(table)[0].quote == "City bike | 1 day: 130 (Prices in Danish kroner (DKK))"


def test_a_json_document_has_fields() -> None:
    found = read_json_fields({"currency": "EUR", "products": [{"name": "Bag", "price": 119.0}, {"name": "Cup", "price": 9}]}, URL)
    assert [(field.subject, field.name, field.value) for field in found] == [("Bag", "price", "119 EUR"), ("Cup", "price", "9 EUR")]


def test_the_prices_of_a_plain_text_are_read() -> None:
    text = "Price list 2026\nEspresso    250 g    12,50 €\nFilter bag .......... 9,90 €\nTea 4 €\nAll prices include 7 % VAT and 2 € of packing."
    found = [(field.subject, field.value, field.quote) for field in read_text_fields(text)]
    assert found == [
        ("Espresso, 250 g", "12,50 €", "Espresso 250 g 12,50 €"),
        ("Filter bag", "9,90 €", "Filter bag .......... 9,90 €"),
        ("Tea", "4 €", "Tea 4 €"),
    ]


PUBLISHED = {
    "meta": ('<meta property="article:published_time" content="2024-05-03T10:00:00Z">', "2024-05-03"),
    "a later change": ('<meta name=date content=2023-01-01><meta property="article:modified_time" content="2024-05-03">', "2024-05-03"),
    "JSON-LD": (script({"@type": "NewsArticle", "datePublished": "2024-05-03T10:00"}), "2024-05-03"),
    "a label": ("<p>Last updated: <time>3 May 2024</time></p>", "2024-05-03"),
    "a weekday and a time before the date": ("<p>Posted: <b>Fri 6:45 PM, Feb 16, 2018</b></p>", "2018-02-16"),
    "a label with a month": ("<p>Stand: Mai 2024</p>", "2024-05"),
    "French": ("<p>Mis à jour le 1er mai 2024</p>", "2024-05-01"),
    "Japanese": ("<p>2024年5月3日更新</p>", "2024-05-03"),
    "Japanese with a label": ("<p>最終更新日：2024年5月</p>", "2024-05"),
    "two readings": ("<p>Updated 03/05/2024</p>", "2024"),
    "one time": ("<article><time datetime='2024-05-03'>May</time></article>", "2024-05-03"),
    "several times": ("<time datetime='2024-05-03'>a</time><time datetime='2024-05-04'>b</time>", ""),
    "a review's date": (script({"@type": "Review", "datePublished": "2024-05-03"}), ""),
    "a year in prose": ("<p>Founded in 1998. Updated menus every week.</p>", ""),
}


@pytest.mark.parametrize(("body", "expected"), PUBLISHED.values(), ids=PUBLISHED)
def test_the_date_that_a_page_gives_itself(body: str, expected: str) -> None:
    assert parse_html(f"<html><body>{body}<p>x</p></body></html>", URL)["published"] == expected


def test_a_date_in_the_address_counts_last() -> None:
    assert parse_html("<p>x", "http://a.example/2024/05/a-story")["published"] == "2024-05"


MANY = 20_000
HOSTILE = {
    "deep items": "<div itemscope itemprop=a>" * MANY,
    "items that refer to each other": "<div id=a itemscope itemref='a b'>" + "<p id=b itemprop=x>1</p>" * 2_000,
    "deep data": "<script type='application/ld+json'>" + '{"a":' * MANY + "</script>",
    "data in a circle": script(
        {"@graph": [{"@id": str(n), "name": "n", "a": [{"@id": str(n + 1)}, {"@id": str(n - 1)}]} for n in range(900)]}
    ),
    "literals without an end": f"<script>{'a={' * MANY}</script>",
    "texts without an end": "<script>" + 'a=["' * MANY + "</script>",
    "HTML in texts without an end": "<script>" + "x = '<li>' + " * MANY + "</script>",
    "comments without an end": f"<script>{'a=[/*' * MANY}</script>",
    "places that point to each other": script([[1, 1, 1, 1], [2, 2, 2, 2], [3, 3, 3], [4, 4], [0, 0]], "application/json"),
    "a cell as wide as the page": "<table>" + "<tr><td colspan=99999 rowspan=99999>x<td>5 €" * 1_000,
    "tables in tables": "<table><tr><td>" * MANY,
    "prices": "<div>5 €</div>" * MANY,
    "terms": "<dl>" + "<dt>a" * 2_000 + "<dd>5 €" * 2_000,
    "digits": "<p>" + "1" * 300_000 + "<p>" + "5 € " * 100_000,
    "labels": "<p>" + "a:" * 200_000,
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_page_is_read_in_time_and_within_limits(body: str) -> None:
    tree = parse_tree(f"<html><body>{body}")
    assert tree is not None
    start = perf_counter()
    fields, lines = finish_fields(read_data(tree, (), URL), tree, "x")
    assert perf_counter() - start < 5  # under 1 s alone on one core
    assert len(fields) <= MAX_FIELDS
    assert len(lines) <= MAX_DATA_CHARS + 100


TAGS = st.sampled_from("div span p ul li table tr td th dl dt dd h2 b s a section script article".split())
TEXTS = st.sampled_from(["Pro", "5 €", "Price: $7", "~~9 €~~", "per month", "{a:", '"', "1", "✓", "営業時間：9", "\x00", "﷽", "İ", ""])
ATTRIBUTES = st.sampled_from(
    ["", " itemscope", " itemprop=name", " itemprop='price x'", " colspan=3", " rowspan=0", " typeof=Product", " property=offers", " class=name",
     " data-x='{\"name\":\"a\",\"price\":\"5 €\"}'", " type=application/ld+json", " itemref=a id=a"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(TAGS, ATTRIBUTES, TEXTS, st.booleans()), max_size=40))
def test_no_page_raises_and_every_quote_stands_in_its_evidence(parts: list[tuple[str, str, str, bool]]) -> None:
    read("".join(f"<{tag}{attributes}>{text}" + f"</{tag}>" * closed for tag, attributes, text, closed in parts))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8) | st.sampled_from(["5", "EUR", "Product", "#a", "PT1H"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from("@type @id @graph @value name offers price priceCurrency openingHoursSpecification dayOfWeek address value geo "
                        "itemListElement aggregateRating priceSpecification referenceQuantity mainEntity acceptedAnswer telephone".split()),
        inner, max_size=6,
    ),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_no_data_raises(data: object) -> None:
    read(script(data) + script(data, "application/json"))


def test_lines_of_data_are_rendered_by_subject() -> None:
    fields = [Field("Pro", "price", "$9", "table"), Field("", "hours", "9-5", "json-ld"), Field("Pro", "users", "5", "table", old=True)]
    assert render_data(fields, "North") == "Pro | price: $9\nPro | users: ~~5~~\nNorth | hours: 9-5"
    assert asdict(fields[0])["quote"] == ""
