"""The commands of docs/operations.md, in the order of the page, over a database with a run that is over and one that waits."""

from __future__ import annotations

import asyncio
import re
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from sayso import engine, sequential, tool
from sayso.cli.main import run as sayso

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")


@tool.write(card="Mail to {to}")
async def mail(to: str) -> str:
    """Send a mail."""
    return "sent"


async def same(value: str) -> str:
    return value


def said(*arguments: str) -> tuple[int, str, str]:
    """Exit code and words of a command."""
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as errors:
        code = sayso(arguments)
    return code, out.getvalue(), errors.getvalue()


def typed() -> list[list[str]]:
    """The page's commands, without their comments."""
    lines = [line.partition("#")[0].split() for block in re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
    return [line[1:] for line in lines if line[:1] == ["sayso"]]


async def fill(url: str) -> None:
    home = engine(url)
    await sequential(same, name="same").run("x", engine=home, run_id="lunch")
    for at in range(3):
        await sequential(mail, name="mails").run(f"ada{at}", engine=home, run_id=f"waits{at}")
    home.close()


def test_the_page_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    monkeypatch.setenv("SAYSO_DATABASE", url)
    asyncio.run(fill(url))
    told = {tuple(line): said(*line) for line in typed()}
    assert told["runs", "--stuck"] == (0, "", "No run is stuck.\n")
    code, listed, hint = told[("pending",)]
    assert (code, listed.count("Mail to ada"), "sayso approve waits2 " in hint) == (0, 3, True)
    assert 'sayso_runs{state="waiting"} 3' in told[("metrics",)][1]
    named = set(re.findall(r"sayso_\w+", PAGE.partition("```python")[0]))
    assert named == set(re.findall(r"^# TYPE (\w+)", told[("metrics",)][1], re.MULTILINE))
    assert told["prune", "--older-than", "30d", "--dry-run"] == (0, "0 runs would be forgotten.\n", "")
    assert told["prune", "--older-than", "30d", "--yes"] == (0, "0 runs forgotten.\n", "")
    code, _, error = told["forget", "lunch"]
    assert (code, "There is no terminal to ask in: add --yes." in error) == (2, True)


def test_what_is_listed_page_by_page_and_forgotten_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    monkeypatch.setenv("SAYSO_DATABASE", url)
    asyncio.run(fill(url))
    seen: list[str] = []
    more: list[str] = []
    for _ in range(2):
        code, listed, hint = said("runs", "--limit", "2", *more)
        assert code == 0
        seen += [line.split()[0] for line in listed.splitlines()[1:]]
        more = hint.split()[-2:]
    assert seen == ["waits2", "waits1", "waits0", "lunch"]
    assert said("runs", "--limit", "2", *more)[2] == "There are no more runs.\n"
    _, first, hint = said("pending", "--limit", "2")
    after = hint.split("--after ")[1].split()[0]
    assert [first.count("ada"), said("pending", "--after", after)[1].count("ada2")] == [2, 1]
    assert said("forget", "lunch", "--yes") == (0, "", "Run lunch is forgotten.\n")
    assert said("forget", "waits1", "--yes")[0] == 1
    assert "Run 'lunch' was forgotten on " in said("show", "lunch")[2]
    assert said("verify", "--all")[0] == 0
    assert said("runs", "--stuck", "--user", "ada")[0] == 2
    assert said("prune", "--older-than", "soon")[0] == 2
