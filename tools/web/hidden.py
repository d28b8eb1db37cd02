"""Remove from a page what its reader would not see: scripts, comments, and text that styles hide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_NEVER_TEXT = ("script", "style", "template", "noscript", "svg", "math", "iframe", "object", "embed", "canvas", "audio", "video", "map",
               "head", "datalist", "select", "textarea", "input")  # fmt: skip
_HIDING = re.compile(
    r"""display\s*:\s*none | visibility\s*:\s*(?:hidden|collapse) | opacity\s*:\s*0?\.?0+\s*(?:%|;|!|$)
    | font-size\s*:\s*0*\.?0+\s*(?:px|pt|em|rem|%|;|!|$) | (?:left|top|right|bottom|text-indent|margin-left|margin-top)\s*:\s*-\d{3,}
    | clip\s*:\s*rect\(\s*[01](?:px)?[\s,]+[01](?:px)?[\s,]+[01](?:px)?[\s,]+[01](?:px)?\s*\) | clip-path\s*:\s*inset\(\s*(?:50|100)%
    | transform\s*:\s*scale\(\s*0(?:\.0*)?\s*\) | (?:^|;|\s)(?:max-)?(?:height|width)\s*:\s*0(?:px)?\s*;.*overflow\s*:\s*hidden
    | overflow\s*:\s*hidden.*(?:^|;|\s)(?:max-)?(?:height|width)\s*:\s*0(?:px)?\s*(?:;|!|$)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_HIDDEN_CLASSES = frozenset({"sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text", "screen-reader-only", "d-none"})
_SHOWING = re.compile(r"display|visibility|opacity", re.IGNORECASE)
_PLAIN_SELECTOR = re.compile(r"[a-z0-9]*([.#])([A-Za-z_][\w-]*)", re.ASCII)
_MAX_CSS = 200_000
_MAX_NAMES = 200


def drop_hidden(tree: HtmlElement) -> None:
    """Remove, in place, every element that is not there for a reader. Text after an element stays."""
    names = frozenset(_find_hidden_names(tree))
    for element in list(tree.iter()):
        tag = element.tag
        if not isinstance(tag, str) or tag in _NEVER_TEXT or (tag not in ("html", "body") and _is_hidden(element, names)):
            _drop(element, tree)


def _drop(element: HtmlElement, tree: HtmlElement) -> None:
    if element is not tree and element.getparent() is not None:
        element.drop_tree()


def _is_hidden(element: HtmlElement, names: frozenset[str]) -> bool:
    attributes = element.attrib
    if "hidden" in attributes or attributes.get("aria-hidden", "").strip().lower() == "true":
        return True
    if element.tag == "dialog" and "open" not in attributes:
        return True
    classes = attributes.get("class", "").split()
    if not _HIDDEN_CLASSES.isdisjoint(classes):
        return True
    if names and (f"#{attributes.get('id', '')}" in names or any(f".{name}" in names for name in classes)):
        return True
    style = attributes.get("style", "")
    return bool(style) and hides(style)


def hides(style: str) -> bool:
    """Return whether these CSS declarations hide an element."""
    return bool(_HIDING.search(style[:2000]))


def _find_hidden_names(tree: HtmlElement) -> Iterator[str]:
    """Yield the classes and ids that the page's own styles hide, unless another rule shows them (tabs and folding menus are content)."""
    css = "".join(style.text or "" for style in tree.iter("style"))[:_MAX_CSS]
    rules = list(_split_rules(re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL))) if css else []
    shown = [selectors for selectors, declarations in rules if _SHOWING.search(declarations) and not hides(declarations)]
    hidden = (selectors for selectors, declarations in rules if hides(declarations))
    plain = (
        found[1] + found[2] for selectors in hidden for part in selectors.split(",") if (found := _PLAIN_SELECTOR.fullmatch(part.strip()))
    )
    for name in islice(plain, _MAX_NAMES):
        named = re.compile(re.escape(name) + r"(?![\w-])")
        if not any(named.search(selectors) for selectors in shown):
            yield name


def _split_rules(css: str) -> Iterator[tuple[str, str]]:
    """Yield selectors and declarations of the unconditional rules: @media and other @ blocks are for other screens or for printing."""
    selectors, depth, skipped_at, last = "", 0, -1, 0
    for brace in re.finditer(r"[{}]", css):
        text, last = css[last : brace.start()], brace.end()
        if brace[0] == "{":
            if skipped_at < 0 and "@" in text:
                skipped_at = depth
            selectors, depth = text, depth + 1
            continue
        depth = max(0, depth - 1)
        if skipped_at < 0:
            yield selectors.rpartition(";")[2], text
        elif skipped_at >= depth:
            skipped_at = -1
