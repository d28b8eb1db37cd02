"""Text that a page's own colours, sizes and boxes keep from being read is no text of the page; all other text stays."""

from __future__ import annotations

import pytest

from sayso.tools.web.parse import parse_html

UNREADABLE = {
    "own colours": '<p style="color:#fff;background:#fff">X</p>',
    "names": '<p style="background-color:white;color:white">X</p>',
    "nearly": '<p style="color:#fdfdfd">X</p>',
    "inherited": '<div style="background:#eee"><p><span style="color:#eeeeee">X</span></p></div>',
    "rgb": '<p style="color:rgb(255,255,255)">X</p>',
    "rgba": '<p style="color:rgba(0,0,0,0)">X</p>',
    "rgba space": '<p style="color:rgb(0 0 0 / 2%)">X</p>',
    "hsl": '<p style="color:hsl(0, 0%, 100%)">X</p>',
    "transparent": '<p style="color:transparent">X</p>',
    "black": '<p style="background:black">X</p>',
    "font": '<font color="white">X</font>',
    "bgcolor": '<table bgcolor="#ffcc00"><tr><td style="color:#fc0">X</td></tr></table>',
    "class": '<style>.x{color:#fff}</style><p class="x">X</p>',
    "two rules": '<style>.box{background:#123456}.box p{color:#123456}</style><div class="box"><p>X</p></div>',
    "variable": '<style>:root{--bg:#fafafa}.v{color:var(--bg);background:var(--bg)}</style><p class="v">X</p>',
    "id": '<style>#seo{color:white !important}</style><div id="seo"><p>X</p></div>',
    "linked own": '<link rel=stylesheet href=a.css><p style="color:#fff;background:#fff">X</p>',
    "tiny": '<p style="font-size:1px">X</p>',
    "tiny em": '<p style="font-size:.1em">X</p>',
    "tiny short": '<p style="font:1px/1 Arial">X</p>',
    "tiny class": "<style>.t{font-size:0.01rem}</style><p class=t>X</p>",
    "zero": '<p style="font-size:0">X</p>',
    "opacity": '<p style="opacity:0">X</p>',
    "opacity01": '<p style="opacity:.01">X</p>',
    "opacity%": '<p style="opacity:1%">X</p>',
    "filter": '<p style="filter:opacity(0)">X</p>',
    "off": '<p style="position:absolute;left:-9999px">X</p>',
    "off right": '<p style="position:fixed;left:10000px">X</p>',
    "em": '<p style="position:absolute;left:-99em">X</p>',
    "translate": '<p style="transform:translateX(-9999px)">X</p>',
    "translate2": '<p style="transform: translate(0, -10000px)">X</p>',
    "indent": '<p style="text-indent:-9999px">X</p>',
    "calc": '<p style="position:absolute;left:calc(-9999px)">X</p>',
    "clip": '<p style="position:absolute;clip:rect(0,0,0,0)">X</p>',
    "clippath": '<p style="clip-path:circle(0)">X</p>',
    "polygon": '<p style="clip-path:polygon(0 0,0 0,0 0)">X</p>',
    "inset": '<p style="clip-path:inset(100%)">X</p>',
    "height": '<div style="height:0;overflow:hidden"><p>X</p></div>',
    "height1": '<div style="width:1px;height:1px;overflow:hidden"><p>X</p></div>',
    "maxheight": '<div style="overflow:hidden;max-height:0">X</div>',
    "scale": '<p style="transform:scale(0)">X</p>',
    "scaleX": '<p style="transform:scaleX(0)">X</p>',
    "scale3": '<p style="transform:scale(0.001,0.001)">X</p>',
    "zoom": '<p style="zoom:0">X</p>',
    "descendant": '<style>.foot .kw{display:none}</style><div class="foot"><p class="kw">X</p></div>',
    "tag rule": "<style>aside p{display:none}</style><aside><p>X</p></aside>",
    "child": "<style>.a > p.b{visibility:hidden}</style><div class=a><p class=b>X</p></div>",
    "media screen": "<style>@media screen{.z{display:none}}</style><p class=z>X</p>",
    "content-visibility": '<p style="content-visibility:hidden">X</p>',
    "link text": '<p style="color:#fff">X <a href="/x">link</a></p>',
    "fill": '<p style="-webkit-text-fill-color:#fff">X</p>',
    "list": '<ul style="color:white"><li>X</li></ul>',
    "row": '<table style="color:white"><tr><td>X</td><td>£1</td></tr></table>',
    "lightyellow": '<p style="background:lightyellow;color:#ffffe6">X</p>',
}

READABLE = {
    "hero image": '<div style="background:url(h.jpg)"><p style="color:#fff">X</p></div>',
    "hero gradient": '<div style="background:linear-gradient(red,blue)"><h2 style="color:white">X</h2></div>',
    "hero img": '<div><img src=a.jpg><h2 style="color:#fff">X</h2></div>',
    "external": '<link rel=stylesheet href=a.css><div class=hero><h2 style="color:#fff">X</h2></div>',
    "dark": '<body style="background:#111;color:#eee"><p>X</p>',
    "dark rule": "<style>body{background:#222}p{color:#fff}</style><p>X</p>",
    "button": "<style>.btn{background:#06c;color:#fff}</style><a class=btn href=/x>X</a>",
    "reset": '<div style="color:#fff"><p style="color:#333">X</p></div>',
    "inner ground": '<div style="color:#fff"><p style="background:#036">X</p></div>',
    "grey": '<p style="color:#999">X</p>',
    "light grey": '<p style="color:#ccc">X</p>',
    "gradient text": "<style>.g{background:linear-gradient(red,blue);background-clip:text;color:transparent}</style><h2 class=g>X</h2>",
    "shadow": '<p style="color:#fff;text-shadow:0 0 3px #000">X</p>',
    "inline-block trick": '<div style="font-size:0"><p style="font-size:16px">X</p></div>',
    "small": '<p style="font-size:11px">X</p>',
    ".8em": '<p style="font-size:.8em">X</p>',
    "62.5": "<style>html{font-size:62.5%}</style><p>X</p>",
    "percent80": '<p style="font:80%/1.4 Arial">X</p>',
    "clamp": '<p style="font-size:clamp(1rem,2vw,2rem)">X</p>',
    "bold": '<p style="font:bold 14px/1.5 Arial">X</p>',
    "opacity.5": '<p style="opacity:.5">X</p>',
    "opacity1": '<p style="opacity:1">X</p>',
    "opacity .15": '<p style="opacity:0.15">X</p>',
    "margin": '<p style="margin-left:-20px">X</p>',
    "left": '<p style="left:50%;transform:translate(-50%,-50%)">X</p>',
    "scale": '<p style="transform:scale(1.05)">X</p>',
    "scale0.9": '<p style="transform:scale(0.9)">X</p>',
    "height0": '<div style="height:0"><p>X</p></div>',
    "line": '<div style="height:10px;overflow:hidden"><p>X</p></div>',
    "height100": '<div style="overflow:hidden;height:100px">X</div>',
    "max1000": '<div style="max-height:1000px;overflow:hidden">X</div>',
    "tab": "<style>.tab{display:none}.tab.on{display:block}</style><div class=tab>X</div>",
    "nested other": "<style>.menu .x{display:none}</style><p class=x>X</p>",
    "print": "<style>@media print{p{display:none}}</style><p>X</p>",
    "mobile": "<style>@media (max-width:600px){.d{display:none}}</style><p class=d>X</p>",
    "hover": "<style>.c:hover{color:#fff}</style><p class=c>X</p>",
    "unknown var": '<p style="color:var(--wp--preset--color--base)">X</p>',
    "red on green": '<p style="color:#c00;background:#060">X</p>',
    "rgba ground": '<div style="background:rgba(0,0,0,.6)"><p style="color:#fff">X</p></div>',
    "svg bg": '<div><svg></svg><p style="color:#fff">X</p></div>',
    "bgcolor": "<table bgcolor=navy><tr><td><font color=white>X</font></td></tr></table>",
    "zoom": '<p style="zoom:.9">X</p>',
    "border color": '<p style="border-color:#fff">X</p>',
    "bg attachment": '<p style="background-attachment:fixed;color:#333">X</p>',
    "visited": "<style>a:visited{color:white}</style><p><a href=/a>X</a></p>",
}


def read(html: str) -> str:
    """Return what stands on a page beside some plain text."""
    begin = "" if html.startswith("<body") else "<body>"
    return str(parse_html(f"<html><head></head>{begin}{html}<p>The end.</p></body></html>", "http://a.example/")["evidence"])


@pytest.mark.parametrize("html", UNREADABLE.values(), ids=UNREADABLE)
def test_nobody_is_told_what_nobody_can_read(html: str) -> None:
    assert "X" not in read(html)


@pytest.mark.parametrize("html", READABLE.values(), ids=READABLE)
def test_what_can_be_read_stays(html: str) -> None:
    assert "X" in read(html)


def test_text_that_sets_itself_apart_stays_within_a_text_that_cannot_be_read() -> None:
    html = "<div style='color:#fff'>one <b style='color:#000'>two</b> three <i>four</i></div>"
    assert read(html).split() == ["two", "The", "end."]


def test_many_elements_with_colours_take_no_long_time() -> None:
    html = "<style>.a{color:#fff}.b .c{background:#000}</style>" + "<p class='a b'><i class='c' style='color:red'>w</i></p>" * 5_000
    assert read(html).count("w") == 5_000


ADVERTISED = {
    "a class": "<div class='ad-slot'><h4>Oak</h4><p>Tanks from £24.</p></div>",
    "a heading": "<aside><h3>Advertisement: Oak</h3><p>Full service £24!</p></aside>",
    "a first line": "<section><p>Ad</p><h4>Oak</h4><p>Tanks from £24.</p></section>",
    "a mark in a mark": "<div><p><small>Sponsored</small></p><p>Telescopes from £24!</p></div>",
    "in German": "<div><span>Anzeige</span><p>Räder ab 24 €</p></div>",
    "in Japanese": "<div><span>広告</span><p>24円から</p></div>",
}
NOT_ADVERTISED = {
    "a word of a sentence": "<section><p>Our ad in the paper</p><p>Tanks from £24.</p></section>",
    "a heading about advertisements": "<section><h2>Advertising</h2><p>A page costs £24.</p></section>",
    "another name": "<div class='adults'><p>Adults pay £24.</p></div>",
}


@pytest.mark.parametrize("html", ADVERTISED.values(), ids=ADVERTISED)
def test_an_advertisement_is_no_text_of_the_page(html: str) -> None:
    assert "24" not in read(
        f"<main><h1>Blue</h1>{html}<p>Blue has sold tanks for many years in this town and in the next one too.</p></main>"
    )


@pytest.mark.parametrize("html", NOT_ADVERTISED.values(), ids=NOT_ADVERTISED)
def test_what_is_no_advertisement_stays(html: str) -> None:
    assert "24" in read(f"<main><h1>Blue</h1>{html}<p>Blue has sold tanks for many years in this town and in the next one too.</p></main>")
