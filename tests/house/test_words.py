"""Every code block in README and docs is run; every command in them exists."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path, *languages: str) -> list[str]:
    """The fenced blocks of a page in these languages."""
    return [
        body for language, body in re.findall(r"^```(\w*)[^\n]*\n(.*?)^```", page.read_text("utf-8"), re.M | re.S) if language in languages
    ]


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=lambda page: page.name)
def test_the_code_blocks_of_a_page_run_in_order(page: Path, tmp_path: Path) -> None:
    program = tmp_path / "blocks.py"
    program.write_text("\n\n".join(blocks(page, "python")), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "SAYSO_"))}
    ran = subprocess.run(
        [sys.executable, "-W", "error", program], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_every_command_in_the_pages_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    help_text = subprocess.run([sys.executable, "-m", "sayso", "--help"], capture_output=True, text=True, check=True).stdout
    for page in PAGES:
        for block in blocks(page, "bash", "console", "sh"):
            assert set(re.findall(r"^\$? ?make (\w+)", block, re.MULTILINE)) <= targets
            for command in re.findall(r"(?:^|[ $])sayso (\w+)", block, re.MULTILINE):
                assert command in help_text, f"{page.name}: sayso {command}"


def test_the_glossary_names_objects_that_exist() -> None:
    objects = re.findall(r"`(sayso[.\w]+)` \|$", (ROOT / "docs/glossary.md").read_text("utf-8"), re.MULTILINE)
    assert len(objects) >= 25
    for dotted in objects:
        module, _, name = dotted.rpartition(".")
        assert hasattr(importlib.import_module(module), name), dotted


def test_the_glossary_is_sorted_and_explains_each_word_once() -> None:
    words = re.findall(r"^\| ([a-z ]+) \|", (ROOT / "docs/glossary.md").read_text("utf-8"), re.MULTILINE)[1:]
    assert words == sorted(set(words))


def test_the_first_commands_of_readme_work_in_the_shell_they_are_typed_in(tmp_path: Path) -> None:
    first = blocks(ROOT / "README.md", "bash")[0].splitlines()
    assert first[0].startswith("make demo")  # tests/house/test_makefile.py holds it; here its environment is there already
    (tmp_path / ".venv").symlink_to(sys.prefix)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    shell = subprocess.run(
        ["bash", "-e"], input="\n".join(first[1:]), cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (shell.stdout, shell.stderr, shell.returncode) == ("147.74554437890625\n", "", 0)
