"""How long a page of very many parts takes to read: 100,000 links, cells, attributes of one element, nested or side by side.

python benchmarks/large_pages.py
"""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Iterator

from _table import Row, finish

from sayso.tools.web.parse import parse_page

COUNT = 100_000
LIMIT_SECONDS = 2.0
URL = "http://a.example/2026/05/a-long-story-about-burgers-4711"  # an article's: the search for its main text is measured, too

PAGES = {
    "links": "".join(f"<a href='/p{n}'>Link {n}</a> " for n in range(COUNT)),
    "attributes of one element": f"<p {' '.join(f'data-a{n}={n}' for n in range(COUNT))}>x</p>",
    "elements, nested": "<div>" * COUNT + "x" + "</div>" * COUNT,
    "paragraphs": "<p>Hello world, this is a paragraph.</p>" * COUNT,
    "cells of one row": f"<table><tr>{'<td>a</td>' * COUNT}</tr></table>",
    "rows of a table": f"<table>{'<tr><td>a</td></tr>' * COUNT}</table>",
    "nested tables": "<table><tr><td>x" * COUNT,
    "hidden elements": "<i hidden>a</i>b" * COUNT,
    "raised cents": "$12<sup>99</sup> " * COUNT,
    "old prices": "<s>$12</s> $10 " * COUNT,
    "rules of a style": f"<style>{'.a{display:none}.b{text-decoration:line-through}' * COUNT}</style><p class=b>x</p>",
}


def rows() -> Iterator[Row]:
    """Yield a row for each page, by the processor's clock."""
    for what, part in PAGES.items():
        body = b64encode(f"<html><head><title>T</title></head><body>{part}</body></html>".encode()).decode()
        began = time.process_time()
        parse_page(URL, "text/html", body)
        yield Row(f"{COUNT:,} {what}", time.process_time() - began, "s", LIMIT_SECONDS)


if __name__ == "__main__":
    finish("Large pages", list(rows()))
