"""HTML that scripts hold as text and would draw, as in document.write("<li>Soup 5 €</li>"). No script is run."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from ..html_tree import parse_tree

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_CHARS = 300_000
_MIN_DRAWN = 40
_LITERAL = re.compile(r"`((?:[^`\\]|\\.)*+)`|'((?:[^'\\\n]|\\.)*+)'|\"((?:[^\"\\\n]|\\.)*+)\"", re.DOTALL)
_JOINED = re.compile(r"\s*\+\s*")
_MARKUP = re.compile(r"</?(?:li|td|th|tr|p|h[1-6]|div|span|dt|dd|section|ul|table|b|strong)\b[^<>]*>", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(?:u([\da-fA-F]{4})|x([\da-fA-F]{2})|([\s\S]))")
_PLACEHOLDER = re.compile(r"\$\{[^}]*\}|\{\{[^}]*\}\}")
_LETTERS = {"n": "\n", "t": " ", "r": ""}


def read_script_html(tree: HtmlElement) -> HtmlElement | None:
    """Return the HTML that the scripts of a page hold in text literals, as a tree; None if there is none without places to fill in."""
    found: list[str] = []
    left = MAX_CHARS
    for script in tree.iter("script"):
        if (script.get("type") or "text/javascript").partition(";")[0].strip().lower() not in (
            "text/javascript",
            "module",
            "application/javascript",
        ):
            continue
        source = (script.text or "")[:left]
        left -= len(source)
        found.extend(_join_literals(source))
    html = "".join(piece for piece in found if len(_MARKUP.findall(piece)) > 1 and not _PLACEHOLDER.search(piece))
    return parse_tree(f"<html><body>{html}</body></html>") if len(html) >= _MIN_DRAWN else None


def _join_literals(source: str) -> list[str]:
    """Return the text literals of a script; those that are joined by + are one."""
    pieces: list[str] = []
    end = -1
    for found in islice(_LITERAL.finditer(source), 20_000):
        text = _ESCAPE.sub(_unescape, found[1] or found[2] or found[3] or "")
        if pieces and end >= 0 and _JOINED.fullmatch(source, end, found.start()):
            pieces[-1] += text
        else:
            pieces.append(text)
        end = found.end()
    return pieces


def _unescape(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else _LETTERS.get(found[3], found[3])
