"""The code, files and commands of docs/evaluation.md and docs/feedback.md, in the order of the page, and what is printed."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from sayso.cli.main import run as sayso

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("page", ["evaluation", "feedback"])
def test_the_page_is_true(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"^```(\w+)\n(.*?)^```", (DOCS / f"{page}.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    names: dict[str, object] = {}
    printed = ""
    for language, block in blocks:
        if file := re.match(r"# (\w+\.(?:py|yaml|json))\n", block):
            (tmp_path / file[1]).write_text(block, encoding="utf-8")
        elif language == "py":
            execute(block, names)
        elif language == "bash":
            printed = "".join(map(type_command, block.splitlines()))
        elif language == "text":
            assert re.search(as_pattern(block), plain(printed)), printed
    sys.modules.pop("desk", None)


def execute(block: str, names: dict[str, object]) -> None:
    """Execute a block as a notebook does: await may stand outside of functions."""
    code = compile(block, "docs/evaluation.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    made = eval(code, names)
    if inspect.iscoroutine(made):
        asyncio.run(made)


def type_command(line: str) -> str:
    """Type a command and return what it prints. A comment at its end says another exit code than 0."""
    command, _, comment = line.partition("#")
    words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', command)]
    if not words or words[0] != "sayso":
        return ""
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as problems:
        code = sayso(words[1:])
    wanted = re.search(r"exit code (\d+)", comment)
    assert code == (int(wanted[1]) if wanted else 0), (line, out.getvalue(), problems.getvalue())
    return out.getvalue()


def plain(text: str) -> str:
    return re.sub(r" +", " ", re.sub(r" +$", "", text, flags=re.MULTILINE))


def as_pattern(block: str) -> str:
    """Return what the page shows as a pattern: "..." is anything, and so are numbers with a point (seconds, intervals)."""
    parts = re.split(r"(\.\.\.|[-+]?\d+\.\d+)", plain(block.strip()))
    return "".join({"...": "(?s:.*?)"}.get(part, r"[-+\d.e]+") if index % 2 else re.escape(part) for index, part in enumerate(parts))
