"""The wheel holds the tree and nothing else, and works by itself in a new environment."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from .tree import ROOT, files


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as a publisher would build it."""
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", out, ROOT], check=True)
    (built,) = out.glob("sayso-*.whl")
    return built


@pytest.mark.slow
def test_the_wheel_holds_the_tree_and_nothing_else(wheel: Path) -> None:
    expected = {f"sayso/{name.removeprefix('src/sayso/')}" for name in files("agents", "tools", "workflows", "src/sayso")}
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == expected


@pytest.mark.slow
def test_the_demo_runs_from_the_wheel_in_a_new_environment_with_the_bundled_pip(wheel: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "env"], check=True)
    binaries = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin")
    install = [binaries / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel]
    subprocess.run(install, check=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "SAYSO_", "PYTHON"))}
    ran = subprocess.run(
        [binaries / "sayso", "demo", "--out", tmp_path / "out"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    (report,) = (tmp_path / "out").glob("*.md")
    assert ran.stdout.strip() == str(report)
    text = report.read_text(encoding="utf-8")
    assert "No language model: sentences are quoted, not written." in text
    assert text.count("\n### ") >= 5
