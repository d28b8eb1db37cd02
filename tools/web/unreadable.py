"""Remove from a page the text that nobody can read for its colours or its size: white on white, letters of one pixel."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .colours import BLACK, CLEAR, WHITE, Colour, find_colour, is_readable, read_colour
from .styles import RuleMatches, StyleRule

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_COLOUR = re.compile(r"(?:^|[;{\s])(?:-webkit-text-fill-)?color\s*:\s*([^;!}]+)", re.IGNORECASE)
_GROUND = re.compile(r"(?:^|[;{\s])background(?:-color|-image)?\s*:\s*([^;!}]+)", re.IGNORECASE)
_SIZE = re.compile(r"(?:^|[;{\s])font(?:-size)?\s*:\s*([^;!}]+)", re.IGNORECASE)
_OUTLINED = re.compile(r"text-shadow\s*:\s*(?!none)|text-stroke|background-clip\s*:\s*text|mix-blend-mode", re.IGNORECASE)
_PICTURE = re.compile(r"url\(|gradient|image-set", re.IGNORECASE)
_INHERITED = re.compile(r"\s*(?:inherit|initial|unset|revert|currentcolor|none)\s*", re.IGNORECASE)
_VARIABLE = re.compile(r"(--[\w-]+)\s*:\s*([^;}]+)")
_USE = re.compile(r"var\(\s*(--[\w-]+)\s*(?:,\s*([^()]*(?:\([^()]*\))?))?\)")
_LENGTH = re.compile(r"(?<![\w.#-])(\d*\.?\d+)(px|pt|r?em|%|vw|vh|mm)?(?![\w.%])")
_TINY = {"px": 3.5, "pt": 2.7, "em": 0.2, "rem": 0.2, "%": 20, "vw": 0.3, "vh": 0.3, "mm": 1, "": 0}
"""The largest sizes of letters that nobody reads."""
_DECLARING = "descendant-or-self::*[@style or @color or @bgcolor or @background]"
_MOST = 20_000


@dataclass(frozen=True, slots=True)
class _Unknown:
    """A colour that the page itself does not tell: a picture, a gradient."""


_UNKNOWN = _Unknown()
_Paint = Colour | _Unknown


def drop_unreadable(tree: HtmlElement, rules: Sequence[StyleRule]) -> None:
    """Remove, in place, text in (nearly) the colour of what is behind it, and text too small to see.

    Text within it that has a colour or a size of its own stays.

    Only what the page itself declares is judged: where other style sheets may colour what is behind a text, it stays.
    """
    looks = _Looks(tree, rules)
    declaring = dict.fromkeys(element for element in (*tree.xpath(_DECLARING), *looks.candidates(tree)) if isinstance(element.tag, str))
    for element in list(declaring)[:_MOST]:
        if looks.size(element) is False:
            _blank(element, lambda child: looks.size(child) is not None)
        elif looks.is_painted(element) and not looks.can_be_read(element):
            _blank(element, lambda child: looks.is_painted(child) or child.tag == "a")


def _blank(element: HtmlElement, is_apart: Callable[[HtmlElement], bool]) -> None:
    waiting = [element]
    while waiting:
        each = waiting.pop()
        each.text = None
        for child in each:
            child.tail = None
            if not is_apart(child):
                waiting.append(child)


class _Looks:
    """The colours and sizes that a page declares for its elements: by attributes, by styles, by the rules of its own style sheets."""

    def __init__(self, tree: HtmlElement, rules: Sequence[StyleRule]) -> None:
        self._variables: dict[str, str] = {str(name): str(value) for rule in rules for name, value in _VARIABLE.findall(rule.declarations)}
        self._colours: RuleMatches[_Paint] = RuleMatches(rules, self._read_colour)
        self._grounds: RuleMatches[_Paint] = RuleMatches(rules, self._read_ground)
        self._sizes = RuleMatches(rules, _read_size)
        linked = tree.xpath("//link[contains(translate(@rel, 'STYLEH', 'styleh'), 'stylesheet')]")
        self._is_whole = not linked and not any("@import" in (style.text or "") for style in tree.iter("style"))
        self._known: dict[tuple[str, HtmlElement], _Paint | None] = {}

    def candidates(self, tree: HtmlElement) -> list[HtmlElement]:
        found = [element for element in self._sizes.candidates(tree) if self._sizes.find(element) is not None]
        for matches in (self._colours, self._grounds):
            found += [element for element in matches.candidates(tree) if matches.find(element) is not None]
        return found

    def size(self, element: HtmlElement) -> bool | None:
        """Return whether the size of letters that is set for an element can be read; None if none is set."""
        own = _read_size(element.get("style", ""))
        return own if own is not None else self._sizes.find(element)

    def is_painted(self, element: HtmlElement) -> bool:
        """Return whether a colour of its own or a ground of its own is declared for an element."""
        return self._colour(element) is not None or self._ground(element) is not None

    def can_be_read(self, element: HtmlElement) -> bool:
        ground = self._find_ground(element)
        colour = next(
            (found for each in _upward(element) if (found := self._colour(each)) is not None), BLACK if self._is_whole else _UNKNOWN
        )
        if isinstance(colour, _Unknown):
            return True
        if colour.alpha <= CLEAR:
            return bool(_OUTLINED.search(element.get("style", "")))
        return isinstance(ground, _Unknown) or is_readable(colour, ground)

    def _find_ground(self, element: HtmlElement) -> _Paint:
        for each in _upward(element):
            if (found := self._ground(each)) is not None:
                return found
            if each.tag != "body" and any(child.tag in ("img", "picture", "video", "svg") for child in each):
                return _UNKNOWN  # it may lie over the picture
        return WHITE if self._is_whole else _UNKNOWN

    def _colour(self, element: HtmlElement) -> _Paint | None:
        return self._look_up("color", element, self._read_colour, self._colours)

    def _ground(self, element: HtmlElement) -> _Paint | None:
        if element.get("background"):
            return _UNKNOWN
        return self._look_up("bgcolor", element, self._read_ground, self._grounds)

    def _look_up(
        self, attribute: str, element: HtmlElement, read: Callable[[str], _Paint | None], rules: RuleMatches[_Paint]
    ) -> _Paint | None:
        key = (attribute, element)
        if key not in self._known:
            own = read(element.get("style", "")[:2000])
            own = own if own is not None else rules.find(element)
            self._known[key] = own if own is not None else read_colour(element.get(attribute, ""))
        return self._known[key]

    def _read_colour(self, declarations: str) -> _Paint | None:
        """Return the colour of letters. A gradient that shows through clear letters, or a shadow around them, makes it unknown."""
        found = [self._resolve(value) for value in _COLOUR.findall(declarations)]
        if not found or _INHERITED.fullmatch(found[-1]):
            return None
        return _UNKNOWN if _OUTLINED.search(declarations) else read_colour(found[-1]) or _UNKNOWN

    def _read_ground(self, declarations: str) -> _Paint | None:
        found = [self._resolve(value) for value in _GROUND.findall(declarations)]
        if not found:
            return None
        if any(_PICTURE.search(value) for value in found):
            return _UNKNOWN
        told = [value for value in found if not _INHERITED.fullmatch(value)]
        colour = find_colour(told[-1]) if told else None
        if colour is None:
            return _UNKNOWN if told else None
        return None if colour.alpha <= CLEAR else _UNKNOWN if colour.alpha < 1 else colour

    def _look_up_variable(self, used: re.Match[str]) -> str:
        return self._variables.get(str(used[1]), str(used[2] or "?"))

    def _resolve(self, value: str) -> str:
        for _ in range(3):
            value = _USE.sub(self._look_up_variable, value)
        return value


def _upward(element: HtmlElement) -> list[HtmlElement]:
    return [element, *element.iterancestors()]


def _read_size(declarations: str) -> bool | None:
    """Return whether letters of the declared size can be read; None if no size is declared."""
    found = _SIZE.findall(declarations[:2000])
    if not found:
        return None
    if "(" in found[-1] and "calc" not in found[-1]:
        return True  # a variable, clamp(): of a design
    length = _LENGTH.search(found[-1])
    return length is None or float(length[1]) > _TINY[length[2] or ""]
