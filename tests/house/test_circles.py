"""No import circles: not between files, not between rooms, late imports and imports for type checkers counted."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

import pytest

from .tree import ROOT, files

ROOMS = ("tools", "workflows", "agents", "src/sayso")
SOURCES = {name: (ROOT / name).read_text(encoding="utf-8") for name in files(*ROOMS) if name.endswith(".py")}


def module_of(name: str) -> str:
    """Return the module of a file: src/sayso/cli/main.py is sayso.cli.main, tools/web/__init__.py is sayso.tools.web."""
    parts = ["sayso", *PurePosixPath(name.removeprefix("src/sayso/")).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def lazy_names(package: str, source: str) -> dict[str, str]:
    """Return the table of lazy names of an `__init__`: each public name and the module that it is loaded from."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "_PLACES":
            table: dict[str, str] = ast.literal_eval(node.value)
            return {name: f"{package}.{module}" for name, module in table.items()}
    return {}


def import_graph(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """Return which modules each module imports. A lazy name counts as an import of the module that defines it, not of its package."""
    modules = {module_of(name): name for name in sources}
    lazy = {package: lazy_names(package, sources[name]) for package, name in modules.items() if name.endswith("/__init__.py")}

    def defining(target: str, name: str) -> str:
        while name in lazy.get(target, {}):
            target = lazy[target][name]
            if target in modules and f"{target}.{name}" in modules:
                break
        return f"{target}.{name}" if f"{target}.{name}" in modules else target

    def imported(module: str, name: str) -> Iterator[str]:
        package = module.split(".") if name.endswith("/__init__.py") else module.split(".")[:-1]
        for node in ast.walk(ast.parse(sources[name])):
            if isinstance(node, ast.ImportFrom):
                base = package[: len(package) - node.level + 1] if node.level else []
                target = ".".join([*base, *filter(None, [node.module])])
                yield from (defining(target, alias.name) for alias in node.names)
            elif isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)

    # An __init__ is a table of names: whoever asks for one is counted as importing the module behind it.
    tables = {package for package, table in lazy.items() if table}
    return {
        module: set() if module in tables else {target for target in imported(module, name) if target in modules} - {module}
        for module, name in modules.items()
    }


def circles(graph: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other (strongly connected components of Tarjan, 1972), each sorted."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for target in graph.get(module, ()):
            if target not in index:
                visit(target)
                low[module] = min(low[module], low[target])
            elif target in stack:
                low[module] = min(low[module], index[target])
        if low[module] == index[module]:
            at = stack.index(module)
            group, stack[at:] = stack[at:], []
            if len(group) > 1:
                found.append(sorted(group))

    for module in graph:
        if module not in index:
            visit(module)
    return sorted(found)


def test_no_file_imports_itself_through_others() -> None:
    assert circles(import_graph(SOURCES)) == []


SEEN = {
    "two files": ({"tools/a.py": "from .b import x", "tools/b.py": "from .a import y"}, [["sayso.tools.a", "sayso.tools.b"]]),
    "late": (
        {"tools/a.py": "def f():\n    from .b import x", "tools/b.py": "from .a import y"},
        [["sayso.tools.a", "sayso.tools.b"]],
    ),
    "for type checkers": (
        {"tools/a.py": "if TYPE_CHECKING:\n    from .b import x", "tools/b.py": "from . import a"},
        [["sayso.tools.a", "sayso.tools.b"]],
    ),
    "between rooms": (
        {"tools/a.py": "import sayso.agents.b", "agents/b.py": "from sayso.tools.a import x"},
        [["sayso.agents.b", "sayso.tools.a"]],
    ),
    "through a lazy name": (
        {
            "tools/__init__.py": '_PLACES = {"x": "b"}',
            "tools/a.py": "from sayso.tools import x",
            "tools/b.py": "from .a import y",
        },
        [["sayso.tools.a", "sayso.tools.b"]],
    ),
    "three in a row": ({"tools/a.py": "from .b import x", "tools/b.py": "from .c import x", "tools/c.py": ""}, []),
}


@pytest.mark.parametrize(("sources", "expected"), SEEN.values(), ids=SEEN)
def test_the_search_sees(sources: dict[str, str], expected: list[list[str]]) -> None:
    assert circles(import_graph(sources)) == expected


def unexplained_late_imports(source: str) -> list[int]:
    """Return the lines of imports of our own in functions that do not say why they are late: beside them, above, or above their block."""
    if not re.search(r"^[ \t]+from (\.|sayso)", source, re.MULTILINE):
        return []  # a late import stands indented: there is nothing to parse
    lines = source.split("\n")
    late = {
        line
        for function in ast.walk(ast.parse(source))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").startswith("sayso"))
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }

    def is_explained(line: int) -> bool:
        text = lines[line - 1]
        if "#" in text:
            return True
        above = lines[line - 2].strip()
        return above.startswith("#") or ((line - 1 in late or above.startswith(("import ", "from "))) and is_explained(line - 1))

    return sorted(line for line in late if not is_explained(line))


def test_a_late_import_says_that_it_saves_load_time() -> None:
    assert {name: lines for name, source in SOURCES.items() if (lines := unexplained_late_imports(source))} == {}
