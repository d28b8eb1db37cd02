"""Rules about the house: who may import whom, what loads when, what is public."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {"tools": 0, "workflows": 1, "agents": 2, "src/sayso": 3}
FILES = [
    (room, path)
    for room in ROOMS
    for path in sorted((ROOT / room).rglob("*.py"))
    if not any(part.is_symlink() for part in (path, *path.parents) if ROOT in part.parents)
]


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every absolute import of our own in a file, function-level and TYPE_CHECKING ones too: line and module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] == "sayso":
            yield node.lineno, node.module or ""
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name.split(".")[0] == "sayso")


def room_of(module: str) -> str:
    """The room a module lives in."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ROOMS else "src/sayso"


def test_imports_only_point_down() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for room, path in FILES
        for line, module in imports(path)
        if room != "src/sayso" and ROOMS[room_of(module)] >= ROOMS[room]
    ]
    assert wrong == []


def test_nothing_is_imported_by_the_name_of_its_folder() -> None:
    bare = re.compile(r"^\s*(?:from|import) (?:tools|workflows|agents)\b", re.MULTILINE)
    assert [str(path) for _, path in FILES if bare.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("package", ["sayso", "sayso.tools", "sayso.workflows", "sayso.agents", "sayso.tools.web", "sayso.tools.sandbox"])
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


HEAVY = ("openai", "pydantic", "sympy", "ddgs", "lxml", "trafilatura", "httpx2", "rich", "cyclopts", "dbos", "tenacity", "bs4")
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
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    told = re.compile(r"/home/\w+/|/root/|/work/|/opt/pypi|files\.pythonhosted|registry\.npmjs")
    own = str(Path(__file__).relative_to(ROOT))
    text_files = [ROOT / name for name in listed if name != own and not name.endswith((".gz", ".db", ".png", ".pdf"))]
    found = [str(path) for path in text_files if path.is_file() and told.search(path.read_text(encoding="utf-8", errors="replace"))]
    assert found == []
