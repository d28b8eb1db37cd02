"""Remove from a page what its reader would not see: scripts, comments, and text that styles hide."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from .inline_text import read_piece, write_piece
from .styles import RuleMatches, StyleRule, read_rules

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_NEVER_TEXT = ("script", "style", "template", "noscript", "svg", "math", "iframe", "object", "embed", "canvas", "audio", "video", "map",
               "head", "datalist", "select", "textarea", "input", "rt", "rp", "rtc")  # fmt: skip
_NOUGHT = r"0*(?:\.0+)?(?![.\d])"
_FLAT = r"(?:^|;|\s)(?:max-)?(?:height|width)\s*:\s*[01](?:px)?\s*(?:;|!|$)"
_CUT_OFF = r"overflow(?:-[xy])?\s*:\s*(?:hidden|clip)"
_HIDING = re.compile(
    rf"""display\s*:\s*none | (?:content-)?visibility\s*:\s*(?:hidden|collapse)
    | opacity\s*[:(]\s*(?:0?\.0\d*|0?\.10*|0+(?:\.0+)?|0*\d(?:\.\d+)?%)\s*(?:[;!)]|$)
    | (?:left|top|right|bottom|text-indent|margin-left|margin-top)\s*:\s*(?:calc\(\s*)?(?:-\d{{3,}}|\d{{4,}}(?:px|%|r?em|v[wh]))
    | (?:left|top|right|text-indent)\s*:\s*-\d{{2,}}r?em | inset\s*:[^;]*-\d{{3,}} | translate(?:3d|[xy])?\(\s*(?:[^(),]*,)?\s*-?\d{{4,}}
    | clip\s*:\s*rect\(\s*[01](?:px)?[\s,]+[01](?:px)?[\s,]+[01](?:px)?[\s,]+[01](?:px)?\s*\)
    | clip-path\s*:\s*(?:inset\(\s*(?:50|100)% | circle\(\s*0(?![.\d]) | polygon\((?:\s*0(?:px|%)?\s+0(?:px|%)?\s*,?)+\))
    | scale(?:3d|[xy])?\(\s*(?:{_NOUGHT}|0?\.0\d*)\s*[,)] | (?:^|;|\s)(?:scale|zoom)\s*:\s*{_NOUGHT}\s*(?:;|!|$)
    | {_FLAT}.*{_CUT_OFF} | {_CUT_OFF}.*{_FLAT}""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_HIDDEN_CLASSES = frozenset(
    """sr-only visually-hidden visuallyhidden screen-reader-text screen-reader-only d-none a-offscreen is-sr-only u-visually-hidden
    is-visually-hidden visually-hidden-focusable element-invisible hide-visually assistive-text u-screen-reader-text""".split()
)
_SHOWING = re.compile(r"display|visibility|opacity", re.IGNORECASE)
_NAME = re.compile(r"[.#][A-Za-z_-][\w-]*", re.ASCII)
_LAST_PART = re.compile(r"[^\s>+~]*$")
_MAX_NAMES = 200
_MARKED = "descendant::*[@style or @class or @id or @hidden or @aria-hidden or self::dialog]"
_OPENS = ("aria-controls", "data-target", "data-bs-target")


def drop_hidden(tree: HtmlElement, rules: Sequence[StyleRule] | None = None) -> None:
    """Remove, in place, every element that is not there for a reader. Text after an element stays. `rules` are the page's, if read."""
    by_rules = RuleMatches(tuple(_find_hiding(read_rules(tree) if rules is None else rules)), lambda _: True)
    opened = _find_opened(tree)
    marked = dict.fromkeys((*tree.xpath(_MARKED), *by_rules.candidates(tree)))
    unwanted = [*tree.iter(*_NEVER_TEXT), *(found for found in marked if _is_hidden(found, by_rules, opened))]
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


def _is_hidden(element: HtmlElement, by_rules: RuleMatches[bool], opened: frozenset[str]) -> bool:
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
    if by_rules.find(element):
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


def _find_hiding(rules: Sequence[StyleRule]) -> Iterator[StyleRule]:
    """Yield the page's own rules that hide, one for each selector.

    Where another rule shows what has the same class or id, or another state of it, it is what a reader opens: tabs and folding menus are
    content.
    """
    shown = {
        name
        for rule in rules
        if _SHOWING.search(rule.declarations) and not hides(rule.declarations)
        for name in _NAME.findall(rule.selectors)
    }
    hiding = ((part.strip(), rule) for rule in rules if hides(rule.declarations) for part in rule.selectors.split(","))
    for selector, rule in islice(hiding, _MAX_NAMES):
        last = _LAST_PART.search(selector)
        if last is not None and shown.isdisjoint(_NAME.findall(last[0])):
            yield StyleRule(selector, rule.declarations)
