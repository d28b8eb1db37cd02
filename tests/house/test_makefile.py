"""The Makefile says what a machine lacks, and installs once."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from .tree import ROOT

pytestmark = pytest.mark.skipif(not (shutil.which("make") and os.name == "posix"), reason="needs make and a shell")

TOO_OLD = """#!/bin/sh
case "$*" in *version_info*) exit 1;; --version) echo "Python 3.9.2";; *) echo "unexpected: $*";; esac
"""
WITHOUT_VENV = """#!/bin/sh
case "$*" in *ensurepip*) exit 1;; *'%d.%d'*) echo 3.11;; *version_info*) exit 0;; *) echo "unexpected: $*";; esac
"""
# Makes an environment whose python and sayso only write down what they were asked.
WORKING = """#!/bin/sh
case "$*" in *"-m venv"*) mkdir -p .venv/bin
  for name in python sayso ruff mypy pyright; do
    printf '#!/bin/sh\\necho "%s $*" >> asked\\n' $name > .venv/bin/$name
    chmod +x .venv/bin/$name
  done
  printf '#!/bin/sh\\necho "npm $*" >> asked\\n' > .venv/bin/npm
  chmod +x .venv/bin/npm;;
esac
"""


def machine(folder: Path, python: str) -> Path:
    """A folder with our Makefile and a python3 that behaves like this."""
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "pyproject.toml").touch()
    (folder / "python3").write_text(python, encoding="utf-8")
    (folder / "python3").chmod(0o755)
    return folder


def make(folder: Path, target: str) -> subprocess.CompletedProcess[str]:
    """`make TARGET` there, as from a shell that is not itself run by make."""
    environment = {"PATH": f"{folder / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}", "LC_ALL": "C"}  # so that npm installs nothing
    command = ["make", target, "PYTHON=./python3"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


LACKING = {
    "too old": (TOO_OLD, "Sayso needs Python 3.11 or newer; ./python3 is Python 3.9.2."),
    "no venv": (WITHOUT_VENV, "On Debian and Ubuntu: apt install python3.11-venv (or python3-venv)"),
}


@pytest.mark.parametrize("target", ["demo", "test"])
@pytest.mark.parametrize(("python", "told"), LACKING.values(), ids=LACKING)
def test_a_machine_that_lacks_something_is_told_what(tmp_path: Path, python: str, told: str, target: str) -> None:
    ran = make(machine(tmp_path, python), target)
    assert ran.returncode != 0
    assert told in ran.stderr
    assert "unexpected" not in ran.stdout + ran.stderr
    assert not (tmp_path / ".venv").exists()


def test_each_target_installs_once_and_the_demo_only_what_it_needs(tmp_path: Path) -> None:
    folder = machine(tmp_path, WORKING)
    for target in ("demo", "demo", "test", "check", "demo"):
        ran = make(folder, target)
        assert ran.returncode == 0, ran.stderr
    install = "python -m pip install -qq --disable-pip-version-check --editable"
    asked = (folder / "asked").read_text(encoding="utf-8").splitlines()
    assert sum(each.startswith("npm install ") for each in asked) == 1
    assert asked == [
        f"{install} .[research]",
        "sayso demo",
        "sayso demo",
        f"{install} .[dev]",
        "python -m venv .venv/public/python",
        *(each for each in asked if each.startswith("npm ")),
        "python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal -r s",
        "ruff format --check .",
        "ruff check .",
        "mypy ",
        "mypy examples",
        "pyright ",
        "sayso demo",
    ]


def test_a_changed_list_of_dependencies_is_installed_again(tmp_path: Path) -> None:
    folder = machine(tmp_path, WORKING)
    make(folder, "demo")
    later = (folder / ".venv" / "core").stat().st_mtime + 5
    os.utime(folder / "pyproject.toml", (later, later))
    assert "Installing" in make(folder, "demo").stderr


def test_make_bench_executes_all_of_them(tmp_path: Path) -> None:
    folder = machine(tmp_path, WORKING)
    assert make(folder, "bench").returncode == 0
    assert (folder / "asked").read_text(encoding="utf-8").splitlines()[-1] == "python benchmarks/_all.py"
