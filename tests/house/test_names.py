"""Names in this project: one name for one thing, and functions that begin with a verb."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import PurePosixPath
from typing import NamedTuple

import pytest

from .tree import ROOT, files

ROOMS = ("tools", "workflows", "agents", "src/sayso")
SOURCES = {name: (ROOT / name).read_text(encoding="utf-8") for name in files(*ROOMS) if name.endswith(".py")}


class Function(NamedTuple):
    """What these rules ask about a function. A property is named for what it holds."""

    name: str
    line: int
    lines: int
    docstring: str | None
    is_property: bool


# A regular participle ends like these verbs do, too.
VERBS_IN_ED = frozenset("embed exceed feed need proceed seed shed speed succeed weed".split())
IRREGULAR = frozenset(
    """begun bound broken brought built caught chosen done drawn driven fallen forgotten found frozen given gone grown heard held hidden
    kept known laid led left lent lost made meant met paid said seen sent shown sold spent spoken stood taken taught thrown told thought
    understood undone withdrawn won worn written""".split()
)


def room_of(name: str) -> str:
    """Return the room that a file stands in."""
    return next(room for room in ROOMS if name.startswith(f"{room}/"))


def shared_names(named: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the values that stand in more than one room, with the places that hold them; `named` maps a place to a value."""
    places = defaultdict(list)
    for place, value in named.items():
        places[value].append(place)
    return {value: sorted(held) for value, held in places.items() if len({room_of(place) for place in held}) > 1}


def is_participle(name: str) -> bool:
    """Tell whether a name begins with a past participle: told, kept_runs, _opened."""
    first = name.strip("_").partition("_")[0]
    return first in IRREGULAR or (bool(re.search(r"[^aeiou]ed$|ied$|[aeiou]ed$", first)) and first not in VERBS_IN_ED and len(first) > 3)


@cache
def functions(source: str) -> tuple[Function, ...]:
    """Return every function of a file, parsed once for all tests of this file."""
    nodes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return tuple(
        Function(
            node.name,
            node.lineno,
            (node.end_lineno or node.lineno) - node.lineno,
            ast.get_docstring(node),
            any(ast.unparse(each).endswith(("property", "setter")) for each in node.decorator_list),
        )
        for node in nodes
    )


def test_no_two_rooms_have_a_file_of_one_name() -> None:
    stems = {name: PurePosixPath(name).name for name in SOURCES if not PurePosixPath(name).name.startswith("__")}
    assert shared_names(stems) == {}


def test_no_two_rooms_have_a_class_of_one_name() -> None:
    classes = {
        f"{name}:{node.name}": node.name
        for name, source in SOURCES.items()
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    }
    assert shared_names(classes) == {}


def test_no_public_function_is_named_by_a_participle() -> None:
    named = [
        f"{name}:{function.line} {function.name}"
        for name, source in SOURCES.items()
        for function in functions(source)
        if not function.is_property and not function.name.startswith("_") and is_participle(function.name)
    ]
    assert named == []


def test_few_functions_at_all_are_named_by_a_participle() -> None:
    names = [function.name for source in SOURCES.values() for function in functions(source)]
    assert sum(map(is_participle, names)) <= 0.05 * len(names)


PARTICIPLES = {"told": True, "_kept": True, "kept_runs": True, "opened": True, "tried_once": True, "freed": True}
VERBS = {"feed": False, "_need_more": False, "read": False, "embed_text": False, "is_told": False, "red": False, "tell": False}


@pytest.mark.parametrize(("name", "expected"), [*PARTICIPLES.items(), *VERBS.items()])
def test_the_rule_knows_a_participle(name: str, expected: bool) -> None:
    assert is_participle(name) is expected


NOUN_OPENINGS = frozenset("The What Whether Where Which How A An All Its This From Why Up Behind Nothing One Each Who As Of".split())


def test_docstrings_of_functions_say_what_to_expect_in_the_imperative() -> None:
    texts = [function.docstring for source in SOURCES.values() for function in functions(source) if function.docstring]
    nouns = [text for text in texts if text.split()[0].strip("`\"'.,:") in NOUN_OPENINGS]
    assert len(nouns) <= 0.2 * len(texts)


def test_no_function_is_longer_than_sixty_lines() -> None:
    long = [
        f"{name}:{function.line} {function.name}"
        for name, source in SOURCES.items()
        for function in functions(source)
        if function.lines >= 60 and not function.name.startswith("__init__")
    ]
    assert long == []
