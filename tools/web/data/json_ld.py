"""The JSON-LD of a page as items: W3C JSON-LD 1.1 as pages write it, with references by @id resolved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ...canonical import Json, JsonObject
from .script_values import read_json

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_BLOCKS_CHARS = 1_000_000
MAX_NODES = 20_000
MAX_DEPTH = 20


def read_json_ld(tree: HtmlElement, known: Sequence[JsonObject] = ()) -> list[JsonObject]:
    """Return the items on the top of the page's JSON-LD blocks. Items that others refer to stand where they are referred to as well."""
    blocks = list(_read_blocks(tree)) or list(known)
    index: dict[str, JsonObject] = {}
    for node in _walk(blocks):
        identity = node.get("@id")
        if isinstance(identity, str) and len(node) > 1 and len(node) > len(index.get(identity, {})):
            index[identity] = node
    budget = [MAX_NODES]
    return [item for item in (_resolve(top, index, (), budget) for top in _find_tops(blocks)) if isinstance(item, dict)]


def _read_blocks(tree: HtmlElement) -> Iterator[Json]:
    left = MAX_BLOCKS_CHARS
    for script in tree.iter("script"):
        if (script.get("type") or "").partition(";")[0].strip().lower() != "application/ld+json":
            continue
        source = script.text or ""
        left -= len(source)
        if left < 0:
            return
        if value := read_json(source):
            yield value


def _walk(blocks: Sequence[Json]) -> Iterator[JsonObject]:
    """Yield every object, at most MAX_NODES of them."""
    stack: list[tuple[Json, int]] = [(block, 0) for block in reversed(blocks)]
    left = MAX_NODES
    while stack and left:
        value, depth = stack.pop()
        left -= 1
        if isinstance(value, dict):
            yield value
        if depth < MAX_DEPTH and isinstance(value, (dict, list)):
            inner = value.values() if isinstance(value, dict) else value
            stack.extend((item, depth + 1) for item in reversed(list(inner)[:2_000]) if isinstance(item, (dict, list)))


def _find_tops(value: Json, depth: int = 0) -> Iterator[JsonObject]:
    """Yield the items of lists and graphs, and an item that holds a graph beside its own properties."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value[:2_000]:
            yield from _find_tops(item, depth + 1)
    elif isinstance(value, dict):
        graph = value.get("@graph")
        if isinstance(graph, (list, dict)):
            yield from _find_tops(graph, depth + 1)
        if any(not key.startswith("@") for key in value):
            yield {key: inner for key, inner in value.items() if key != "@graph"}


def _resolve(value: Json, index: Mapping[str, JsonObject], above: tuple[str, ...], budget: list[int]) -> Json:
    """Return the value with references replaced by what they refer to; not within itself, and not endlessly."""
    budget[0] -= 1
    if budget[0] < 0 or len(above) > MAX_DEPTH:
        return None
    if isinstance(value, list):
        return [_resolve(item, index, (*above, ""), budget) for item in value[:2_000]]
    if not isinstance(value, dict):
        return value
    if "@value" in value:
        return value["@value"] if not isinstance(value["@value"], (dict, list)) else None
    identity = value.get("@id")
    name = identity if isinstance(identity, str) else ""
    if name and name in above:
        return {"@id": name}
    target = index.get(name, {}) if name and not any(key not in ("@id", "@type", "@context") for key in value) else {}
    return {key: _resolve(item, index, (*above, name), budget) for key, item in {**value, **target}.items()}
