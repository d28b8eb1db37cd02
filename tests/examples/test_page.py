"""The page of examples: every example is on it, and every command on it works without a model."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from .running import EXAMPLES, ran

PAGE = (EXAMPLES / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"`python examples/(.*?)`", PAGE)
NEEDS_A_MODEL = ("calculator_loop.py",)


def test_every_example_is_on_the_page() -> None:
    files = {file.name for file in EXAMPLES.glob("*.py")}
    assert {command.split()[0] for command in COMMANDS} == files - {"stand_ins.py", "humaneval.py", "review_folder.py"}
    assert set(re.findall(r"\]\((?!\.\./docs/)(.*?)\)", PAGE)) == files


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.py")), ids=lambda file: file.name)
def test_an_example_is_read_in_a_few_minutes(file: Path) -> None:
    """The flowcharts are longer, each box of theirs is a function; reviews.py is the worked example of a guide, docs/comparing.md."""
    lines = len(file.read_text(encoding="utf-8").splitlines())
    longer = {"agentic_rag.py": 90, "essay.py": 90, "coder.py": 75, "humaneval.py": 100, "stand_ins.py": 160, "reviews.py": 165}
    assert lines <= longer.get(file.name, 65)


@pytest.mark.parametrize("command", [each for each in COMMANDS if not each.startswith(NEEDS_A_MODEL)])
def test_the_command_works_without_a_model(command: str, tmp_path: Path) -> None:
    done = ran(*shlex.split(command), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert "Traceback" not in done.stderr
