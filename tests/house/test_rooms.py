"""Rules about the house: who may import whom, what loads when, what is public."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from .tree import ROOT, files

ROOMS = {"tools": 0, "workflows": 1, "agents": 2, "src/sayso": 3}
SOURCES = [name for name in files(*ROOMS) if name.endswith(".py")]
IMPORTERS = frozenset({"import_module", "__import__"})


def room_of(module: str) -> str:
    """The room a module lives in."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ROOMS else "src/sayso"


def package_of(name: str) -> list[str]:
    """The package that relative imports of a file start from: tools/web/fetch.py is in sayso.tools.web."""
    return ["sayso", *PurePosixPath(name.removeprefix("src/sayso/")).parent.parts]


def imports(name: str, source: str) -> Iterator[tuple[int, bool, str]]:
    """Every import of our own in a file, in functions and under TYPE_CHECKING too: its line, whether it is relative, the module."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom(module=module, names=names, level=level):
                package = package_of(name)
                base = package[: len(package) - level + 1] if level else []
                stem = ".".join([*base, *filter(None, [module])])
                # "from sayso import tools" and "from .. import agents" name the room on the right
                for target in [f"{stem}.{alias.name}" for alias in names] if stem == "sayso" else [stem]:
                    if target.split(".")[0] == "sayso":
                        yield node.lineno, level > 0, target
            case ast.Import(names=names):
                yield from ((node.lineno, False, alias.name) for alias in names if alias.name.split(".")[0] == "sayso")
            case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=[ast.Constant(value=str(target)), *_]):
                if called in IMPORTERS and target.split(".")[0] == "sayso":
                    yield node.lineno, False, target


def wrong_imports(name: str, source: str) -> list[str]:
    """What a file imports against the rules: upwards, its own room by its full name, another room by dots."""
    room = next(room for room in ROOMS if name.startswith(f"{room}/"))
    told = []
    for line, relative, module in imports(name, source):
        level = ROOMS[room_of(module)] - ROOMS[room]
        if level > 0 or (level == 0 and not relative and room != "src/sayso") or (level != 0 and relative):
            told.append(f"{name}:{line} imports {module}")
    return told


@pytest.mark.parametrize("name", SOURCES)
def test_imports_only_point_down(name: str) -> None:
    assert wrong_imports(name, (ROOT / name).read_text(encoding="utf-8")) == []


SEEN = {
    "upwards": ("tools/a.py", "from sayso.workflows import Run", True),
    "upwards in a function": ("tools/a.py", "def f():\n    import sayso.agents.loop", True),
    "upwards for types": ("workflows/a.py", "if TYPE_CHECKING:\n    from sayso.agents import Agent", True),
    "the front door": ("agents/a.py", "from sayso import tool", True),
    "by dots into another room": ("agents/a.py", "from ..tools import Tool", True),
    "by dots upwards": ("tools/web/a.py", "from ... import agents", True),
    "by dots, from deep inside": ("tools/web/a.py", "from ...agents import Agent", True),
    "by text": ("tools/a.py", "import_module('sayso.agents')", True),
    "one's own room by its full name": ("tools/a.py", "from sayso.tools.calls import ToolCall", True),
    "downwards": ("agents/a.py", "from sayso.tools import Tool", False),
    "a room from the door": ("workflows/a.py", "from sayso import tools", False),
    "one's own room": ("tools/web/a.py", "from ..calls import ToolCall", False),
    "the front door itself": ("src/sayso/a.py", "from sayso.agents import Agent", False),
    "another's package": ("tools/a.py", "from agents.sayso import x", False),
}


@pytest.mark.parametrize(("name", "source", "wrong"), SEEN.values(), ids=SEEN)
def test_the_rule_sees(name: str, source: str, wrong: bool) -> None:
    assert bool(wrong_imports(name, source)) is wrong


def test_nothing_is_imported_by_the_name_of_its_folder() -> None:
    bare = re.compile(r"^\s*(?:from|import) (?:tools|workflows|agents)\b", re.MULTILINE)
    assert [name for name in SOURCES if bare.search((ROOT / name).read_text(encoding="utf-8"))] == []


PACKAGES = {
    ".".join(package_of(name)): name
    for name in SOURCES
    if name.endswith("/__init__.py") and "_PLACES" in (ROOT / name).read_text(encoding="utf-8")
}


@pytest.mark.parametrize("package", PACKAGES)
def test_type_checkers_and_programs_are_told_the_same_names(package: str) -> None:
    typed = {
        alias.asname: "." * (node.level - 1) + (node.module or alias.name)  # "..": a name of the room above
        for node in ast.walk(ast.parse((ROOT / PACKAGES[package]).read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }
    places = importlib.import_module(package)._PLACES
    assert {name: module.removeprefix("sayso.") for name, module in typed.items()} == places


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_there_and_says_what_it_is(package: str) -> None:
    module = importlib.import_module(package)
    undocumented = []
    for name in module._PLACES:
        value = getattr(module, name)
        if not inspect.isfunction(value) and not inspect.isclass(value):
            continue  # a union, a tool object: the type's own words hold
        if not (inspect.getdoc(value) or "").strip():
            undocumented.append(name)
    assert undocumented == []
    assert set(module._PLACES) <= set(dir(module))


HEAVY = ("openai", "pydantic", "sympy", "ddgs", "lxml", "trafilatura", "httpx2", "rich", "cyclopts", "psycopg", "tenacity", "bs4")
LIGHT = {
    "an agent": ("from sayso.agents import Agent", ("sqlite3", *HEAVY)),
    "the front door": ("from sayso import Agent, engine, parallel, sequential, tool, Limits", ("sqlite3", *HEAVY)),
    "the calculator": ("from sayso.tools import calculate; calculate('100 * 1.05^8')", ("asyncio", "sqlite3", *HEAVY)),
    "a workflow": ("from sayso.workflows import sequential", ("sqlite3", *HEAVY)),
}


@pytest.mark.parametrize(("code", "absent"), LIGHT.values(), ids=LIGHT)
def test_nothing_heavy_loads_before_it_is_used(code: str, absent: tuple[str, ...]) -> None:
    check = f"{code}; import sys; print(','.join(sorted(set({absent!r}) & set(sys.modules))))"
    ran = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""


def test_an_agent_costs_at_most_30_megabytes_above_a_bare_interpreter() -> None:
    if sys.platform != "linux":
        pytest.skip("resident memory is read from /proc")
    measure = "print(next(int(l.split()[1]) for l in open('/proc/self/status') if l.startswith('VmRSS')))"

    def kilobytes(code: str) -> int:
        return int(subprocess.run([sys.executable, "-c", f"{code}; {measure}"], capture_output=True, text=True, check=True).stdout)

    assert kilobytes("from sayso.agents import Agent") - kilobytes("pass") < 30 * 1024


def test_no_file_names_a_machine_or_a_registry() -> None:
    told = re.compile(r"/home/\w+/|/root/|/work/|/opt/(?:pypi|wheels)|files\.pythonhosted|registry\.npmjs")
    own = PurePosixPath(__file__).relative_to(ROOT).as_posix()
    text_files = [name for name in files() if name != own and not name.endswith((".gz", ".db", ".png", ".pdf"))]
    found = [name for name in text_files if told.search((ROOT / name).read_text(encoding="utf-8", errors="replace"))]
    assert found == []
