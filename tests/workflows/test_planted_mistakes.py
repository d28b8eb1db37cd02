"""The type checker guards the write path: a misspelt method or a wrong argument on `run`, planted in any function, is an error there."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .mypy_cache import ROOT, copy_mypy_cache

ROOMS = ("tools", "workflows", "agents")
MISTAKES = "run.aks(request=3); run.scope.provenance.tke(0); run.scope.provenance.take(0)"
ERROR = re.compile(r"^(\S+\.py):(\d+): error", re.MULTILINE)


def plant(source: str) -> tuple[str, list[int]]:
    """Return the source with the mistakes as the first statement of each function that takes a run, and the lines where they stand."""
    lines, planted = source.splitlines(keepends=True), list[int]()
    functions = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(each.arg == "run" for each in node.args.args)
        and ast.unparse(node.body[-1]) != "..."  # a protocol's
    ]
    for function in sorted(functions, key=lambda each: each.body[0].lineno):
        first = function.body[1] if ast.get_docstring(function) and len(function.body) > 1 else function.body[0]
        at = (first.end_lineno or 0) if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) else first.lineno - 1
        lines.insert(at + len(planted), f"{' ' * first.col_offset}{MISTAKES}\n")
        planted.append(at + len(planted) + 1)
    return "".join(lines), planted


@pytest.mark.slow
def test_a_mistake_on_a_run_is_found_wherever_it_is_planted(tmp_path: Path) -> None:
    package, expected = tmp_path / "src" / "sayso", set[tuple[str, int]]()
    shutil.copytree(ROOT / "src" / "sayso", package, ignore=shutil.ignore_patterns(*ROOMS, "__pycache__"))
    for room in ROOMS:
        shutil.copytree(ROOT / room, package / room, ignore=shutil.ignore_patterns("__pycache__"))
    for file in [*package.glob("workflows/**/*.py"), *package.glob("agents/**/*.py")]:
        text, lines = plant(file.read_text(encoding="utf-8"))
        file.write_text(text, encoding="utf-8")
        expected |= {(str(file.relative_to(tmp_path)), line) for line in lines}
    assert len(expected) > 60
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    command = [sys.executable, "-m", "mypy", "-p", "sayso", "--cache-dir", str(copy_mypy_cache(tmp_path / "cache"))]
    told = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert {(file, int(line)) for file, line in ERROR.findall(told.stdout)} == expected, told.stdout + told.stderr
