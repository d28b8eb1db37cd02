"""The user's code by name, `module:name` or `path/to/file.py:name`: the same for every command, and the same errors."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sayso.cli.load_object import load_app, load_step, load_subject
from sayso.tools.errors import UsageError
from sayso.workflows import App, Workflow

from .commands import environment, sayso, sayso_here

DESK = """
from dataclasses import dataclass
from sayso import App, sequential

async def shout(text: str) -> str:
    return text.upper()

waiter = sequential(shout, name="waiter")
app = App([waiter], name="desk")
number = 7

class Shop:
    app = app
"""
FILES = {
    "desk.py": DESK,
    "my-desk.py": DESK,
    "v1.desk.py": DESK,
    "shop/__init__.py": "from .menu import DISHES\n",
    "shop/menu.py": "DISHES = ('burger',)\n",
    "shop/desk.py": f"from .menu import DISHES\n{DESK}",
    "loose/desk2.py": DESK,
    "notes.txt": "no code",
    "broken.py": "\n1 / 0\n",
    "calls_broken.py": "import broken\n",
    "leaves.py": "raise SystemExit(5)\n",
    "text.py": "two words\n",
    "lacks.py": "import no_such_package_anywhere\n",
    "other/json.py": DESK,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the user's code, as the current one. What is imported from it is forgotten again."""
    for name, code in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    path, before = [*sys.path], set(sys.modules)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


NAMES = {
    "a module": ("desk:app", "desk"),
    "a file": ("desk.py:app", "desk"),
    "a file in this folder": ("./desk.py:app", "desk"),
    "a file by its whole path": ("{}/desk.py:app", "desk"),
    "an attribute of an attribute": ("./desk.py:Shop.app", "desk"),
    "a module of a package": ("shop.desk:app", "shop.desk"),
    "a file of a package": ("shop/desk.py:app", "shop.desk"),
    "a file below this folder": ("loose/desk2.py:app", "desk2"),
    "a module below a folder that is no package": ("loose.desk2:app", "loose.desk2"),
    "a file whose name is not an identifier": ("./my-desk.py:app", "my-desk"),
}


@pytest.mark.parametrize(("name", "module"), NAMES.values(), ids=NAMES)
def test_both_spellings_load_the_same(folder: Path, name: str, module: str) -> None:
    app = load_app(name.format(folder))
    assert isinstance(app, App)
    assert app is sys.modules[module].app
    assert isinstance(load_step(name.format(folder).replace("Shop.app", "app").replace(":app", ":waiter")), Workflow)


def test_the_two_spellings_of_one_file_are_one_module(folder: Path) -> None:
    assert load_app("desk:app") is load_app("./desk.py:app")
    assert load_app("shop/desk.py:app") is load_app("shop.desk:app")


EXAMPLE = "Write module:name or path/to/file.py:name, such as desk:app or ./desk.py:app."
WRONG = {
    "no colon": ("desk", f"'desk' does not name an object in a module. {EXAMPLE}"),
    "a file without a name": ("desk.py", f"'desk.py' does not name an object in a module. {EXAMPLE}"),
    "no name": ("desk:", f"'desk:' does not name an object in a module. {EXAMPLE}"),
    "no module": (":app", f"':app' does not name an object in a module. {EXAMPLE}"),
    "not a name": ("desk:app()", f"'desk:app()' does not name an object in a module. {EXAMPLE}"),
    "only the path of a file on Windows": (
        r"C:\shop\desk.py",
        rf"'C:\\shop\\desk.py' does not name an object in a module. {EXAMPLE}",
    ),
    "a file on Windows that is not here": (r"C:\shop\desk.py:app", r"There is no file C:\shop\desk.py (the current folder is {})."),
    "no such file": ("./dsk.py:app", "There is no file ./dsk.py (the current folder is {})."),
    "a file without its ending": ("./desk:app", "There is no file ./desk (the current folder is {}). There is a file desk.py."),
    "a folder": ("./shop:app", "./shop is a folder. Name a file in it, such as shop/__init__.py:name."),
    "a file of something else": ("./notes.txt:app", f"./notes.txt is not a Python file: its name does not end in .py. {EXAMPLE}"),
    "a dot in the file's name": (
        "./v1.desk.py:app",
        "./v1.desk.py cannot be imported: Python takes the dot in 'v1.desk' for a package. Rename it.",
    ),
    "no such module": ("dsk:app", "There is no module 'dsk' in {} or among the installed packages."),
    "no such module in a package": ("shop.dsk:app", "There is no module 'shop.dsk' in {} or among the installed packages."),
    "no such name": ("desk:ap", "desk has no 'ap'. Apps in it: app."),
    "no such name in a file": ("./desk.py:ap", "./desk.py has no 'ap'. Apps in it: app."),
    "no such attribute": ("desk:Shop.ap", "desk has no 'Shop.ap'. Apps in it: app."),
    "nothing of the kind in it": ("shop:app", "shop has no 'app'. Apps in it: none."),
    "a number": (
        "desk:number",
        'desk:number is an int, and this command needs an App. Make one with: app = sayso.App(flows=[...], name="desk").',
    ),
    "a workflow": (
        "./desk.py:waiter",
        './desk.py:waiter is a Sequential, and this command needs an App. Make one with: app = sayso.App(flows=[...], name="desk").',
    ),
    "broken code": ("broken:app", "The module 'broken' cannot be imported: ZeroDivisionError: division by zero ({}/broken.py, line 2)."),
    "a file of broken code": ("broken.py:app", "broken.py cannot be imported: ZeroDivisionError: division by zero ({}/broken.py, line 2)."),
    "code that imports broken code": (
        "calls_broken:app",
        "The module 'calls_broken' cannot be imported: ZeroDivisionError: division by zero ({}/broken.py, line 2).",
    ),
    "code that exits": ("leaves:app", "The module 'leaves' cannot be imported: SystemExit: 5 ({}/leaves.py, line 1)."),
    "no code": ("text.py:app", "text.py cannot be imported: SyntaxError: invalid syntax (text.py, line 1)."),
    "a package that is not installed": (
        "lacks:app",
        "The module 'lacks' imports 'no_such_package_anywhere', which is not installed ({}/lacks.py, line 1).",
    ),
}


@pytest.mark.parametrize(("name", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_name_is_one_sentence_that_says_what_to_do(folder: Path, name: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        load_app(name)
    assert str(error.value) == said.replace("{}", str(folder))


def test_a_file_with_the_name_of_a_loaded_module_is_refused_and_that_module_stays(folder: Path) -> None:
    import json

    with pytest.raises(UsageError, match=r"^other/json\.py has the name of a module that is loaded already \(.*\)\. Rename the file\.$"):
        load_app("other/json.py:app")
    assert sys.modules["json"] is json


def test_what_is_not_a_step_cannot_be_drawn(folder: Path) -> None:
    with pytest.raises(
        UsageError, match=r"^desk:number is an int, and this command needs a workflow, an agent, a tool or an async function\.$"
    ):
        load_step("desk:number")
    with pytest.raises(UsageError, match=r"^desk has no 'water'\. Workflows, agents and tools in it: waiter\.$"):
        load_step("desk:water")


def test_a_misspelt_subject_is_told_what_the_file_itself_has(folder: Path) -> None:
    (folder / "subjects.py").write_text(
        "import time\nfrom json import dumps\nfrom desk import waiter\n\ndef shout(text): ...\n", encoding="utf-8"
    )
    with pytest.raises(UsageError, match=r"^subjects has no 'shuot'\. Agents, workflows and functions in it: waiter, shout\.$"):
        load_subject("subjects:shuot")


DATABASE = ("--database", "sqlite:///runs.db")
COMMANDS = {
    "draw": ("draw", "{}"),
    "start": ("start", "{}", "waiter", "hello", *DATABASE),
    "worker": ("worker", "{}", *DATABASE),
    "resume": ("resume", "r1", "--app", "{}", *DATABASE),
    "replay": ("replay", "r1", "--app", "{}", *DATABASE),
    "edit": ("edit", "r1", "12345678", "quantity=2", "--app", "{}", *DATABASE),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("name", ["dsk:app", "./dsk.py:app"])
def test_every_command_gives_the_same_error(folder: Path, command: tuple[str, ...], name: str) -> None:
    ran = sayso_here(*(word.format(name) for word in command), cwd=folder)
    said = f"There is no file ./dsk.py (the current folder is {folder})." if "/" in name else "There is no module 'dsk' in "
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert ran.stderr.startswith(f"sayso: {said}")


@pytest.mark.parametrize("name", ["desk:app", "./desk.py:app"])
def test_a_run_is_started_resumed_and_replayed_with_either_spelling(folder: Path, name: str) -> None:
    started = sayso_here("start", name, "waiter", "hello", "--run-id", "r1", *DATABASE, cwd=folder)
    assert (started.returncode, started.stdout) == (0, "r1\n"), started.stderr
    resumed = sayso("resume", "r1", "--app", name, *DATABASE, cwd=folder)
    assert (resumed.returncode, resumed.stdout) == (0, "HELLO\n"), resumed.stderr
    replayed = sayso_here("replay", "r1", "--app", name, *DATABASE, cwd=folder)
    assert (replayed.returncode, replayed.stdout) == (0, "same: run r1, 1 step, and the output.\n"), replayed.stderr


def test_a_worker_takes_a_file(folder: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "sayso", "worker", "./desk.py:app", *DATABASE]
    with subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert "executes the runs of the app desk (waiter)" in worker.stdout.readline()
        worker.send_signal(signal.SIGTERM)
        assert "has stopped." in worker.communicate(timeout=60)[0]
    assert worker.returncode == 0
