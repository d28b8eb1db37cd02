"""Read DuckDuckGo's page of results. Runs in the worker process: its input is hostile."""

from __future__ import annotations

from base64 import b64decode
from urllib.parse import parse_qs, urlsplit

from bs4 import BeautifulSoup, Tag

from ...canonical import Json

MOST = 50


def read_results(body_base64: str) -> list[Json]:
    """Return title, url and snippet of each result of html.duckduckgo.com, in order, without advertisements."""
    page = BeautifulSoup(b64decode(body_base64).decode("utf-8", "replace"), "lxml")
    found: list[Json] = []
    for result in page.select(".result:not(.result--ad)", limit=4 * MOST):
        link, snippet = result.select_one("a.result__a"), result.select_one(".result__snippet")
        url = _find_target(str(link.get("href", ""))) if link is not None else ""
        if url:
            found.append({"title": _read(link), "url": url, "snippet": _read(snippet)})
    return found[:MOST]


def _read(element: Tag | None) -> str:
    return element.get_text() if element is not None else ""


def _find_target(href: str) -> str:
    """Return where a result leads: DuckDuckGo links to itself with the target in `uddg`. An advertisement's leads nowhere."""
    parts = urlsplit(href if "://" in href else f"https:{href}" if href.startswith("//") else "")
    if parts.hostname and parts.hostname.endswith("duckduckgo.com"):
        target = parse_qs(parts.query).get("uddg", [""])[0]
        return target if target.startswith(("http://", "https://")) and "duckduckgo.com/y.js" not in target else ""
    return href if parts.scheme in ("http", "https") else ""
