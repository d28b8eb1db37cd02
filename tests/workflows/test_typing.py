"""What checkers say of the shapes: nothing where the values fit, an error on each line where they do not."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .mypy_cache import ROOT, copy_mypy_cache

CASES = Path(__file__).with_name("typing_cases")
SOURCE = ROOT / "src"
CONFIG = {"include": ["cases"], "extraPaths": [str(SOURCE)], "pythonVersion": "3.11", "typeCheckingMode": "standard"}
ERROR = re.compile(r"(\w+\.py):(\d+)(?::\d+)?(?: -|:) error")


def lines_with_errors(output: str) -> set[tuple[str, int]]:
    return {(file, int(line)) for file, line in ERROR.findall(output)}


def lines_marked_wrong() -> set[tuple[str, int]]:
    text = (CASES / "wrong.py").read_text(encoding="utf-8")
    return {("wrong.py", number) for number, line in enumerate(text.splitlines(), 1) if "# WRONG" in line}


@pytest.mark.slow
def test_mypy_finds_each_wrong_hand_over_and_nothing_else(tmp_path: Path) -> None:
    files = [str(CASES / "right.py"), str(CASES / "wrong.py")]
    command = [sys.executable, "-m", "mypy", *files, "--cache-dir", str(copy_mypy_cache(tmp_path / "cache"))]
    environment = {**os.environ, "MYPYPATH": str(CASES)}
    told = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert told.returncode == 1, told.stdout + told.stderr
    assert lines_with_errors(told.stdout) == lines_marked_wrong(), told.stdout


@pytest.mark.slow
def test_pyright_finds_each_wrong_hand_over_and_nothing_else(tmp_path: Path) -> None:
    shutil.copytree(CASES, tmp_path / "cases")
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "-p", str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert lines_with_errors(told.stdout) == lines_marked_wrong(), told.stdout + told.stderr
