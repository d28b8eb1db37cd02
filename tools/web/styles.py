"""The page's own style rules, as far as a reader needs them: what is hidden, what is struck through, in which colours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_MAX_CSS = 200_000
_MAX_SELECTORS = 2_000
_COMPOUND = re.compile(r"(\*|[a-zA-Z][\w-]*)?((?:[.#][A-Za-z_-][\w-]*)*)", re.ASCII)
_DECORATION = re.compile(r"text-decoration(?:-line)?\s*:\s*([^;!]*)(!?)", re.IGNORECASE)
_COMBINATOR = re.compile(r"\s*>\s*|\s+")
_FOR_SCREENS = re.compile(r"@(?:layer|supports|media\s+(?:only\s+)?(?:all|screen)\s*$)", re.IGNORECASE)
"""Blocks whose rules hold for whoever looks at the page on a screen."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StyleRule:
    """A rule of a style sheet: its selectors and its declarations, as they are written."""

    selectors: str
    declarations: str


def read_rules(tree: HtmlElement) -> tuple[StyleRule, ...]:
    """Return the unconditional rules of the page's own style elements."""
    css = "".join(style.text or "" for style in tree.iter("style"))[:_MAX_CSS]
    return tuple(_split_rules(re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL))) if css else ()


def _split_rules(css: str) -> Iterator[StyleRule]:
    """Yield the rules but those in @media and other @ blocks that are for some screens or for printing."""
    selectors, depth, skipped_at, last = "", 0, -1, 0
    for brace in re.finditer(r"[{}]", css):
        text, last = css[last : brace.start()], brace.end()
        if brace[0] == "{":
            if skipped_at < 0 and "@" in text and not _FOR_SCREENS.match(text.rpartition(";")[2].strip()):
                skipped_at = depth
            selectors, depth = text, depth + 1
            continue
        depth = max(0, depth - 1)
        if skipped_at < 0:
            yield StyleRule(selectors.rpartition(";")[2], text)
        elif skipped_at >= depth:
            skipped_at = -1


def strikes(style: str) -> bool | None:
    """Return whether these declarations strike the text through, None if they say nothing of it."""
    said = None
    for declared in _DECORATION.finditer(style[:2000]):
        said = "line-through" in declared[1].lower()
    return said


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of a selector: `del`, `.price.old`, `#sale`."""

    tag: str
    names: frozenset[str]

    def fits(self, element: HtmlElement) -> bool:
        if self.tag and element.tag != self.tag:
            return False
        return not self.names or self.names <= names_of(element)


def names_of(element: HtmlElement) -> frozenset[str]:
    """Return the classes and the id of an element as selectors have them: {".price", "#top"}."""
    names = {f".{name}" for name in element.get("class", "").split()}
    return frozenset(names | ({f"#{element.get('id')}"} if element.get("id") else set()))


@dataclass(frozen=True, slots=True)
class _Selected(Generic[T]):
    """A selector, and what its rule says of the elements that it selects."""

    last: _Part
    above: tuple[_Part, ...]  # from the inside to the outside
    weight: tuple[int, int, int]
    said: T

    def fits(self, element: HtmlElement) -> bool:
        if not self.last.fits(element):
            return False
        parents = element.iterancestors()
        return all(any(part.fits(parent) for parent in parents) for part in self.above)


class RuleMatches(Generic[T]):
    """What the rules of a page say of its elements. `read` returns what a rule's declarations say, None for nothing."""

    def __init__(self, rules: Iterable[StyleRule], read: Callable[[str], T | None]) -> None:
        self._found = tuple(_read_selected(rules, read))

    def __bool__(self) -> bool:
        return bool(self._found)

    @cached_property
    def _by_key(self) -> dict[str, list[_Selected[T]]]:
        """By a class, an id or else the tag that the element must have."""
        found: dict[str, list[_Selected[T]]] = {}
        for selected in self._found:
            found.setdefault(min(selected.last.names, default=selected.last.tag), []).append(selected)
        return found

    def candidates(self, tree: HtmlElement) -> Iterator[HtmlElement]:
        """Yield the elements of which a rule may say something."""
        if any(key[:1] in (".", "#") for key in self._by_key):
            yield from tree.iterfind(".//*[@class]")
            yield from tree.iterfind(".//*[@id]")
        tags = [key for key in self._by_key if key and key[:1] not in (".", "#")]
        if tags:
            yield from tree.iter(*tags)

    def find(self, element: HtmlElement) -> T | None:
        """Return what the rules say of this element: the most specific one decides, then the last. None if none says anything."""
        if not self._found:
            return None
        names = names_of(element)
        fitting = [s for key in (*names, element.tag) for s in self._by_key.get(key, ()) if s.fits(element)]
        return max(fitting, key=lambda selected: selected.weight).said if fitting else None


def _read_selected(rules: Iterable[StyleRule], read: Callable[[str], T | None]) -> Iterator[_Selected[T]]:
    left = _MAX_SELECTORS
    for order, rule in enumerate(rules):
        said = read(rule.declarations)
        if said is None:
            continue
        for selector in rule.selectors.split(","):
            texts = _COMBINATOR.split(selector.strip())
            parts = [part for text in texts if (part := _read_part(text))]
            left -= 1
            if left < 0:
                return
            # A selector of a state (:hover), of an attribute or of generated text is not followed.
            if len(parts) == len(texts) and (parts[-1].tag or parts[-1].names):
                names = [name for part in parts for name in part.names]
                weight = (sum(name[0] == "#" for name in names), len(names), order)
                yield _Selected(parts[-1], tuple(reversed(parts[:-1])), weight, said)


def _read_part(text: str) -> _Part | None:
    found = _COMPOUND.fullmatch(text)
    if not found or not text:
        return None
    return _Part((found[1] or "").lower().strip("*"), frozenset(re.findall(r"[.#][^.#]+", found[2])))
