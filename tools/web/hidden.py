"""Remove from a page what its reader would not see: scripts, comments, and text that styles hide."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from .inline_text import read_piece, write_piece
from .styles import StyleRule, read_rules

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_NEVER_TEXT = ("script", "style", "template", "noscript", "svg", "math", "iframe", "object", "embed", "canvas", "audio", "video", "map",
               "head", "datalist", "select", "textarea", "input", "rt", "rp", "rtc")  # fmt: skip
_HIDING = re.compile(
    r"""display\s*:\s*none | visibility\s*:\s*(?:hidden|collapse) | opacity\s*:\s*0?\.?0+\s*(?:%|;|!|$)
    | font-size\s*:\s*0*\.?0+\s*(?:px|pt|em|rem|%|;|!|$) | (?:left|top|right|bottom|text-indent|margin-left|margin-top)\s*:\s*-\d{3,}
    | clip\s*:\s*rect\(\s*[01](?:px)?[\s,]+[01](?:px)?[\s,]+[01](?:px)?[\s,]+[01](?:px)?\s*\) | clip-path\s*:\s*inset\(\s*(?:50|100)%
    | transform\s*:\s*scale\(\s*0(?:\.0*)?\s*\) | (?:^|;|\s)(?:max-)?(?:height|width)\s*:\s*0(?:px)?\s*;.*overflow\s*:\s*hidden
    | overflow\s*:\s*hidden.*(?:^|;|\s)(?:max-)?(?:height|width)\s*:\s*0(?:px)?\s*(?:;|!|$)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_HIDDEN_CLASSES = frozenset(
    {"sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text", "screen-reader-only", "d-none", "a-offscreen"}
)
_SHOWING = re.compile(r"display|visibility|opacity", re.IGNORECASE)
_PLAIN_SELECTOR = re.compile(r"[a-z0-9]*([.#])([A-Za-z_][\w-]*)", re.ASCII)
_MAX_NAMES = 200
_MARKED = "descendant::*[@style or @class or @id or @hidden or @aria-hidden or self::dialog]"
_OPENS = ("aria-controls", "data-target", "data-bs-target")


def drop_hidden(tree: HtmlElement, rules: tuple[StyleRule, ...] | None = None) -> None:
    """Remove, in place, every element that is not there for a reader. Text after an element stays. `rules` are the page's, if read."""
    names = frozenset(_find_hidden_names(read_rules(tree) if rules is None else rules))
    opened = _find_opened(tree)
    unwanted = [*tree.iter(*_NEVER_TEXT), *(found for found in tree.xpath(_MARKED) if _is_hidden(found, names, opened))]
    drop_elements(tree, unwanted)


def drop_elements(tree: HtmlElement, unwanted: Iterable[HtmlElement]) -> None:
    """Remove these elements, and keep the text after each. Many side by side take no longer than as many apart."""
    dropped = {element for element in unwanted if element is not tree}
    parents = dict.fromkeys(parent for element in dropped if (parent := element.getparent()) is not None and parent not in dropped)
    for parent in parents:
        kept: HtmlElement | None = None
        text = [parent.text or ""]
        for child in list(parent):
            if child in dropped:
                text.append(child.tail or "")
                parent.remove(child)
                continue
            _set_text(parent, kept, "".join(text))
            kept, text = child, [child.tail or ""]
        _set_text(parent, kept, "".join(text))


def _set_text(parent: HtmlElement, before: HtmlElement | None, text: str) -> None:
    piece = (parent, "text") if before is None else (before, "tail")
    if text != read_piece(piece):
        write_piece(piece, text)


def _find_opened(tree: HtmlElement) -> frozenset[str]:
    """Return the ids of the parts that a reader opens: the panels of tabs and the answers under questions."""
    found = tree.xpath("descendant::*[@role='tab' or @aria-expanded or @data-toggle or @data-bs-toggle]")
    openers = (element for element in found if not _opens_a_menu(element))
    ids = (element.get(name, "").lstrip("#") for element in openers for name in (*_OPENS, "href"))
    return frozenset(each for part in ids for each in part.split() if each)


def _opens_a_menu(element: HtmlElement) -> bool:
    kinds = {element.get("data-toggle"), element.get("data-bs-toggle"), element.get("aria-haspopup"), element.get("role")}
    return bool(kinds & {"modal", "dropdown", "offcanvas", "popover", "tooltip", "menu", "true", "listbox", "dialog", "combobox"})


def _is_hidden(element: HtmlElement, names: frozenset[str], opened: frozenset[str]) -> bool:
    tag, name = element.tag, element.get("id", "")
    if tag in ("html", "body"):
        return False
    if element.get("role") == "tabpanel" or (name and name in opened):
        return False
    if "hidden" in element.attrib or (element.get("aria-hidden", "").strip().lower() == "true" and not _has_spoken_twin(element)):
        return True
    if tag == "dialog" and "open" not in element.attrib:
        return True
    classes = element.get("class", "").split()
    if not _HIDDEN_CLASSES.isdisjoint(classes):
        return True
    if names and (f"#{name}" in names or any(f".{each}" in names for each in classes)):
        return True
    style = element.get("style", "")
    return bool(style) and hides(style)


def _has_spoken_twin(element: HtmlElement) -> bool:
    """Return whether an element that screen readers skip is what the others see: a price beside its spoken form."""
    beside = (element.getprevious(), element.getnext())
    return any(other is not None and not _HIDDEN_CLASSES.isdisjoint(other.get("class", "").split()) for other in beside)


def hides(style: str) -> bool:
    """Return whether these CSS declarations hide an element."""
    return bool(_HIDING.search(style[:2000]))


def _find_hidden_names(rules: tuple[StyleRule, ...]) -> Iterator[str]:
    """Yield the classes and ids that the page's own styles hide, unless another rule shows them (tabs and folding menus are content)."""
    shown = [rule.selectors for rule in rules if _SHOWING.search(rule.declarations) and not hides(rule.declarations)]
    hidden = (rule.selectors for rule in rules if hides(rule.declarations))
    plain = (
        found[1] + found[2] for selectors in hidden for part in selectors.split(",") if (found := _PLAIN_SELECTOR.fullmatch(part.strip()))
    )
    for name in islice(plain, _MAX_NAMES):
        named = re.compile(re.escape(name) + r"(?![\w-])")
        if not any(named.search(selectors) for selectors in shown):
            yield name
