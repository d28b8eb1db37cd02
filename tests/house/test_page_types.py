"""The code of README and docs, as a reader's strict type checkers see it: nothing to complain about, on any page."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ..installs.pages import CODE, CONTINUES, find_blocks, find_name
from ..workflows.mypy_cache import copy_mypy_cache
from .tree import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
OTHERS = re.compile(r"^from (langgraph|pydantic_ai)", re.MULTILINE)  # the program to leave, on the pages about coming from there
STRICT = {"typeCheckingMode": "strict", "reportMissingTypeStubs": False, "reportUnusedFunction": False}
PYRIGHT = {**STRICT, "reportRedeclaration": False}  # a page shows one thing after the other, under one name
ONLY_IN_A_CELL = re.compile(
    r'"await" allowed only within async|"async for" outside async function|[Uu]se of "async" not allowed outside|Expression value is unused'
    r"|\[top-level-await\]$"
)
"""What a notebook's cell may do at its top level, and a file may not: wait, and end with the value to show."""
SHOWN_AFTER_ANOTHER = "[no-redef]"
"""A page shows one thing after the other, under one name. Not by an option: with other options than ours mypy reads all of Sayso anew."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for each page with the files that it has its reader save, and the rest of its code in one more."""
    folder = tmp_path_factory.mktemp("pages")
    for page in PAGES:
        program: list[str] = []
        for language, body, said_before in find_blocks(page.read_text("utf-8")):
            if language not in CODE or OTHERS.search(body):
                continue
            place = folder / page.stem.replace("-", "_")
            place.mkdir(exist_ok=True)
            if name := find_name(said_before, body):
                (place / name).write_text(body, encoding="utf-8")
            elif goes_on := CONTINUES.get(page.stem):
                with (place / goes_on).open("a", encoding="utf-8") as file:
                    file.write(f"\n\n{body}")
            else:
                program.append(body)
            (place / f"{place.name}_page.py").write_text("\n\n".join(program), encoding="utf-8")
    assert len(list(folder.iterdir())) >= 25
    return folder


@pytest.mark.slow
def test_pyright_strict_finds_nothing_in_the_code_of_the_pages(pages: Path) -> None:
    (pages / "pyrightconfig.json").write_text(json.dumps(PYRIGHT), encoding="utf-8")
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "-p", str(pages), "--outputjson"]
    told = json.loads(subprocess.run(command, cwd=pages, capture_output=True, text=True, check=False).stdout)
    assert told["summary"]["filesAnalyzed"] >= 30
    found = [
        f"{Path(each['file']).relative_to(pages)}:{each['range']['start']['line'] + 1} {each['message']}"
        for each in told["generalDiagnostics"]
        if not ONLY_IN_A_CELL.search(each["message"])
    ]
    assert found == []


@pytest.mark.slow
def test_mypy_strict_finds_nothing_in_the_code_of_the_pages(pages: Path, tmp_path: Path) -> None:
    cache, found = copy_mypy_cache(tmp_path / "cache"), list[str]()
    for group in group_folders(pages):
        environment = {**os.environ, "MYPYPATH": os.pathsep.join(map(str, [ROOT / "src", *group]))}
        files = [str(file) for folder in group for file in folder.glob("*.py")]
        command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(cache), *files]
        told = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert told.stderr == ""
        errors = (line for line in told.stdout.splitlines() if ": error:" in line and not line.endswith(SHOWN_AFTER_ANOTHER))
        found += [line for line in errors if not ONLY_IN_A_CELL.search(line)]
    assert found == []


def group_folders(pages: Path) -> list[list[Path]]:
    """Return the folders in few groups in which no file name stands twice: mypy takes the files of a group for one program."""
    groups: list[dict[str, Path]] = []
    for folder in sorted(path for path in pages.iterdir() if path.is_dir()):
        names = {file.name: folder for file in folder.glob("*.py")}
        group = next((group for group in groups if not group.keys() & names.keys()), None)
        if group is None:
            groups.append(names)
        else:
            group.update(names)
    return [sorted(set(group.values())) for group in groups]
