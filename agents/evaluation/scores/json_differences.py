"""Where two JSON values differ: each difference with its path. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeGuard

from .grading import show

MOST_DIFFERENCES = 20


class JsonRules(NamedTuple):
    """What counts as equal.

    With `subset`, an object may have keys that are not expected, at every depth; lists keep their length. Without `ordered`, lists are
    equal if their items can be paired. Numbers may differ by `tolerance` of the expected one, and by as much in all where it is below 1.
    """

    subset: bool = False
    ordered: bool = True
    tolerance: float = 0.0


STRICT = JsonRules()


def find_differences(expected: Any, found: Any, rules: JsonRules = STRICT, path: str = "$") -> Iterator[str]:
    """Yield a sentence for each difference of two JSON values: 1 equals 1.0, True does not equal 1, and text is no number."""
    if isinstance(expected, dict) and isinstance(found, dict):
        yield from _compare_objects(expected, found, rules, path)
    elif isinstance(expected, list) and isinstance(found, list):
        yield from (_compare_lists if rules.ordered else _pair_lists)(expected, found, rules, path)
    elif _is_number(expected) and _is_number(found):
        if expected != found and not abs(expected - found) <= rules.tolerance * max(1, abs(expected)):
            yield f"{path}: expected {show(expected)}, got {show(found)}."
    elif type(expected) is not type(found) or expected != found:
        yield f"{path}: expected {_name_kind(expected, found)}, got {_name_kind(found, expected)}."


def is_equal(expected: Any, found: Any, rules: JsonRules = STRICT) -> bool:
    """Tell whether two JSON values have no difference."""
    return next(find_differences(expected, found, rules), None) is None


def _compare_objects(expected: dict[str, Any], found: dict[str, Any], rules: JsonRules, path: str) -> Iterator[str]:
    for key, value in expected.items():
        place = f"{path}.{key}" if key.isidentifier() else f"{path}[{show(key)}]"
        if key in found:
            yield from find_differences(value, found[key], rules, place)
        else:
            yield f"{place}: expected {show(value)}, and it is not there."
    if not rules.subset:
        yield from (f"{path}: has {show(key)}, which is not expected." for key in found.keys() - expected.keys())


def _compare_lists(expected: list[Any], found: list[Any], rules: JsonRules, path: str) -> Iterator[str]:
    if len(expected) != len(found):
        yield f"{path}: expected {len(expected)} items, got {len(found)}."
    for place, (one, two) in enumerate(zip(expected, found, strict=False)):
        yield from find_differences(one, two, rules, f"{path}[{place}]")


def _pair_lists(expected: list[Any], found: list[Any], rules: JsonRules, path: str) -> Iterator[str]:
    if len(expected) != len(found):
        yield f"{path}: expected {len(expected)} items, got {len(found)}."
    paired = pair_items([[at for at, each in enumerate(found) if is_equal(item, each, rules)] for item in expected])
    yield from (f"{path}: {show(item)} is not among the items." for item, partner in zip(expected, paired, strict=True) if partner is None)


def pair_items(partners: Sequence[Sequence[int]]) -> list[int | None]:
    """Return a partner for each item, no partner twice, for as many items as can be; `partners` are those that each item may have."""
    owner: dict[int, int] = {}

    def take(item: int, tried: set[int]) -> bool:
        for partner in partners[item]:
            if partner not in tried:
                tried.add(partner)
                if partner not in owner or take(owner[partner], tried):
                    owner[partner] = item
                    return True
        return False

    for item in range(len(partners)):
        take(item, set())
    chosen = {item: partner for partner, item in owner.items()}
    return [chosen.get(item) for item in range(len(partners))]


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _name_kind(value: object, other: object) -> str:
    """Return a value for a message, with its kind where only that differs: the number 5 and the text "5"."""
    if type(value) is type(other) or _is_number(value) == _is_number(other):
        return show(value)
    kind = "the text " if isinstance(value, str) else "the number " if _is_number(value) else ""
    return f"{kind}{show(value)}"
