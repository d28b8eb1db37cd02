"""Read DuckDuckGo's page of results. Runs in the worker process: its input is hostile."""

from __future__ import annotations

from base64 import b64decode
from urllib.parse import parse_qs, urlsplit

from ...canonical import Json
from ..html_tree import parse_tree

MOST = 50


def read_results(body_base64: str) -> list[Json]:
    """Return title, url and snippet of each result of html.duckduckgo.com, in order, without advertisements."""
    tree = parse_tree(b64decode(body_base64).decode("utf-8", "replace"))
    if tree is None:
        return []
    found: list[Json] = []
    for result in tree.xpath("//*[contains(concat(' ', normalize-space(@class), ' '), ' result ')]"):
        links = result.xpath(".//a[contains(concat(' ', normalize-space(@class), ' '), ' result__a ')]")
        url = _find_target(links[0].get("href", "")) if links else ""
        if url and "result--ad" not in result.get("class", ""):
            snippets = result.xpath(".//*[contains(@class, 'result__snippet')]")
            snippet = snippets[0].text_content() if snippets else ""
            found.append({"title": links[0].text_content(), "url": url, "snippet": snippet})
    return found[:MOST]


def _find_target(href: str) -> str:
    """Return where a result leads: DuckDuckGo links to itself with the target in `uddg`. An advertisement's leads nowhere."""
    parts = urlsplit(href if "://" in href else f"https:{href}" if href.startswith("//") else "")
    if parts.hostname and parts.hostname.endswith("duckduckgo.com"):
        target = parse_qs(parts.query).get("uddg", [""])[0]
        return target if target.startswith(("http://", "https://")) and "duckduckgo.com/y.js" not in target else ""
    return href if parts.scheme in ("http", "https") else ""
