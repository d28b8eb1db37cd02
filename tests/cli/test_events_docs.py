"""The code and commands of docs/events.md, in the order of the page."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

from .commands import sayso_here

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")


async def test_the_page_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "page"}
    for block in re.findall(r"```py\n(.*?)```", PAGE, re.DOTALL):
        code = compile(block, "docs/events.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        ran = eval(code, names)
        if inspect.isawaitable(ran):
            await ran
    said = capsys.readouterr().out
    for line in (
        "calories: done, 520 kcal\nE-mail to ada: 520 kcal\nwaits for 1 decision\n",
        "I told Ada. 16 done\n",
        "['chat scripted', 'invoke_agent greeter']\n",
        "You are Ada. ['ada-1.1', 'ada-1.2']\n",
    ):
        assert line in said
    names["runs"].close()  # type: ignore[attr-defined]


def test_its_commands_work_on_the_run_of_the_page(tmp_path: Path) -> None:
    module = re.findall(r"```py\n(.*?)runs = engine", PAGE, re.DOTALL)[0]
    (tmp_path / "page_desk.py").write_text(module + "desk = make_desk()\n", encoding="utf-8")
    import asyncio

    from sayso import engine

    names: dict[str, object] = {}
    exec(compile(module, "docs/events.md", "exec"), names)
    place = engine(f"sqlite:///{tmp_path}/runs.db")
    asyncio.run(names["make_desk"]().run("How many?", engine=place, run_id="lunch"))  # type: ignore[operator]
    place.close()
    commands = re.findall(r"^sayso (export .*?)(?:\s+#.*)?$", PAGE, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        done = sayso_here(*command.split(), cwd=tmp_path)
        assert (done.returncode, "spans of run lunch written to spans.json" in done.stdout) == (0, True), done
