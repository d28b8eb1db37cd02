"""Every code block in README and docs is run; every command in them exists."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ..cli.commands import environment
from .tree import files

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MORE_PAGES = [ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", ROOT / "examples" / "README.md"]
OF_READERS = {
    "ask.py",
    "cook.py",
    "shop.py",
    "slack_desk.py",
    "stock.py",
    "burger_desk.py",
    "news.py",
    "parking.md",
    "recordings/lunch.json",
    "sayso.db",
}  # files that the pages tell their readers to make


def blocks(page: Path, *languages: str) -> list[str]:
    """The fenced blocks of a page in these languages."""
    return [
        body for language, body in re.findall(r"^```(\w*)[^\n]*\n(.*?)^```", page.read_text("utf-8"), re.M | re.S) if language in languages
    ]


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=lambda page: page.name)
def test_the_code_blocks_of_a_page_run_in_order(page: Path, tmp_path: Path) -> None:
    program = tmp_path / "blocks.py"
    program.write_text("\n\n".join(blocks(page, "python")), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-W", "error", program], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=280
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


def names_in_prose(page: Path) -> set[str]:
    """Return what stands in backticks outside of the fenced blocks."""
    return set(re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S)))


def is_there(dotted: str) -> bool:
    """Tell whether a dotted name is a module, or an attribute of one."""
    module, _, name = dotted.rpartition(".")
    found = importlib.import_module(module)
    return hasattr(found, name) or (hasattr(found, "__path__") and importlib.util.find_spec(dotted) is not None)


@pytest.mark.parametrize("page", [*PAGES, *MORE_PAGES], ids=lambda page: page.name)
def test_every_file_and_object_that_a_page_names_exists(page: Path) -> None:
    tree = [f"/{name}" for name in files()]
    missing = []
    for name in sorted(names_in_prose(page) - OF_READERS):
        if re.fullmatch(r"\w[\w-]*(/[\w-]+)*(/|\.py|\.md|/[\w-]+\.\w+)", name):  # a folder, or a file with a suffix
            found = any(f"/{name}" in path if name.endswith("/") else path.endswith(f"/{name}") for path in tree)
        elif dotted := re.fullmatch(r"(sayso(?:\.\w+)+)(?:\(.*\))?", name):
            found = is_there(dotted[1])
        else:
            continue
        if not found:
            missing.append(name)
    assert missing == []


def test_every_name_in_contributing_is_in_the_code() -> None:
    code = "\n".join((ROOT / name).read_text("utf-8") for name in files("tools", "workflows", "agents", "src") if name.endswith(".py"))
    words = set(re.findall(r"\w+", code))
    named = {name for name in names_in_prose(ROOT / "CONTRIBUTING.md") if re.fullmatch(r"_?[A-Za-z]\w+(\.[a-z_]+)?(\(.*\))?", name)}
    parts = {part for name in named if not name.endswith((".py", ".md")) for part in name.partition("(")[0].split(".")}
    assert len(parts) >= 20
    assert parts - words == set()


def test_the_page_of_errors_quotes_messages_of_the_code() -> None:
    code = "".join((ROOT / name).read_text("utf-8") for name in files("tools", "workflows", "agents", "src/sayso") if name.endswith(".py"))
    page = (ROOT / "docs" / "errors.md").read_text("utf-8").partition("## While")[0]
    quoted = [re.sub(r"'[^']*'", "@", row).split() for row in re.findall(r"^\| ((?!you read|-)[^|]+) \|", page, re.MULTILINE)]
    assert len(quoted) >= 8
    assert [words for words in quoted if not any(" ".join(words[at : at + 3]) in code for at in range(len(words) - 2))] == []


@pytest.mark.parametrize("module", ["sayso", "sayso.agents", "sayso.workflows", "sayso.tools", "sayso.events", "sayso.testing"])
def test_every_public_name_stands_on_a_page(module: str) -> None:
    words = set(re.findall(r"\w+", "".join(page.read_text("utf-8") for page in PAGES)))
    names = [name for name in importlib.import_module(module).__all__ if not name.startswith("_")]
    assert [name for name in names if name not in words] == []


def test_the_glossary_names_objects_that_exist() -> None:
    objects = re.findall(r"See `(sayso[.\w]+)`\.$", (ROOT / "docs/glossary.md").read_text("utf-8"), re.MULTILINE)
    assert len(objects) >= 25
    assert [dotted for dotted in objects if not is_there(dotted)] == []


def test_the_glossary_is_sorted_and_explains_each_word_once() -> None:
    words = re.findall(r"^## ([a-z ]+)$", (ROOT / "docs/glossary.md").read_text("utf-8"), re.MULTILINE)
    assert len(words) >= 60
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
