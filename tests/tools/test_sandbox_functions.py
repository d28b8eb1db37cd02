"""`@tool(sandbox=Sandbox(...))`: ordinary functions run behind the walls, and those that cannot are refused in words."""

from __future__ import annotations

import functools
import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sayso.tools import ToolContext, ToolError
from sayso.tools.errors import UsageError
from sayso.tools.sandbox import Sandbox, SandboxError, SandboxRaised, SandboxTimeout, close_all, report_layers, run_function_sandboxed
from sayso.tools.sandbox.functions import locate_function

SHOP = '''
"""A module as a user writes it."""
import datetime
import decimal
from pathlib import Path
from pydantic import BaseModel, Field, SecretStr
from sayso.tools import ToolError, tool
from sayso.tools.sandbox import Sandbox

def plain(a: int, b: int = 2) -> int:
    return a + b

def bad() -> None:
    raise ToolError("the shop is shut")

def where() -> str:
    return __name__

def read(path: str) -> str:
    return Path(path).read_text()

def write(path: str) -> str:
    Path(path).write_text("new")
    return "written"

def hang(path: str) -> None:
    Path(path).write_text("half")
    while True:
        pass

@tool.pure(sandbox=Sandbox())
def add(a: int, b: int = 2) -> int:
    """Add."""
    return a + b

@tool.pure(sandbox=Sandbox(seconds=10))
def next_day(day: datetime.date) -> datetime.date:
    """The day after."""
    return day + datetime.timedelta(days=1)

class Login(BaseModel):
    user: str = Field(alias="name")
    password: SecretStr = Field(exclude=True)

@tool.pure(sandbox=Sandbox(seconds=10))
def open_door(login: Login, pin: SecretStr) -> str:
    """Open the door."""
    return f"{login.user}: {login.password.get_secret_value()} and {pin.get_secret_value()}"

@tool.read(sandbox=Sandbox())
async def later(text: str) -> dict[str, str]:
    """Say it later."""
    return {"said": text}

class Box:
    @staticmethod
    def size() -> int:
        return 3

    def weight(self) -> int:
        return 4

def outer():
    def inner() -> int:
        return 1
    return inner

shadowed = plain
def taken() -> int:
    return 1
first_taken = taken
def taken() -> int:
    return 2
'''


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "sandbox_shop.py").write_text(SHOP)
    sys.path.insert(0, str(folder))
    yield importlib.import_module("sandbox_shop")
    sys.path.remove(str(folder))
    close_all()


async def test_a_function_of_a_users_module_runs_in_a_worker(shop: ModuleType) -> None:
    assert await run_function_sandboxed(shop.plain, {"a": 1}, Sandbox()) == 3
    assert await run_function_sandboxed(shop.where, {}, Sandbox()) == "sandbox_shop"
    assert await run_function_sandboxed(shop.Box.size, {}, Sandbox()) == 3


async def test_a_tool_with_a_sandbox_runs_in_a_worker(shop: ModuleType) -> None:
    assert await shop.add.perform(shop.add.check({"a": 5}), ToolContext(None)) == 7
    assert await shop.later.perform({"text": "hi"}, ToolContext(None)) == {"said": "hi"}


async def test_typed_arguments_arrive_as_their_types(shop: ModuleType) -> None:
    assert await shop.next_day.perform(shop.next_day.check({"day": "2026-02-28"}), ToolContext(None)) == "2026-03-01"


async def test_secrets_excluded_fields_and_aliases_arrive_as_they_are(shop: ModuleType) -> None:
    checked = shop.open_door.check({"login": {"name": "ada", "password": "sesame"}, "pin": "4711"})
    assert await shop.open_door.perform(checked, ToolContext(None)) == "ada: sesame and 4711"


async def test_a_tool_error_is_one_outside_too(shop: ModuleType) -> None:
    with pytest.raises(ToolError, match="the shop is shut"):
        await run_function_sandboxed(shop.bad, {}, Sandbox())


async def test_files_are_open_only_where_the_sandbox_says(shop: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(SandboxRaised, match=r"read failed with PermissionError.*lets it read no files, write none, not use the network"):
        await run_function_sandboxed(shop.read, {"path": str(path)}, Sandbox())
    assert await run_function_sandboxed(shop.read, {"path": str(path)}, Sandbox(read=[tmp_path])) == "old"
    with pytest.raises(SandboxRaised, match="PermissionError"):
        await run_function_sandboxed(shop.write, {"path": str(path)}, Sandbox(read=[tmp_path]))
    assert await run_function_sandboxed(shop.write, {"path": str(path)}, Sandbox(write=[tmp_path])) == "written"
    assert path.read_text() == "new"


async def test_a_killed_call_says_whether_something_may_have_happened(shop: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SandboxTimeout) as caught:
        await run_function_sandboxed(shop.hang, {"path": str(tmp_path / "file")}, Sandbox(seconds=0.2, write=[tmp_path]))
    assert not caught.value.nothing_happened
    with pytest.raises(SandboxError) as other:
        await run_function_sandboxed(shop.hang, {"path": str(tmp_path / "file")}, Sandbox(seconds=0.2))
    assert other.value.nothing_happened


async def test_a_worker_that_does_not_start_has_changed_nothing(shop: ModuleType, tmp_path: Path) -> None:
    file = Path(str(shop.__file__)).with_name("sandbox_broken.py")
    file.write_text("def f() -> int:\n    return 1\n")
    broken = importlib.import_module("sandbox_broken")
    file.write_text("raise ValueError('not any more')\n")
    with pytest.raises(SandboxError, match=r"(?s)A worker for sandbox_broken did not start.*ValueError: not any more") as caught:
        await run_function_sandboxed(broken.f, {}, Sandbox(write=[tmp_path]))
    assert caught.value.nothing_happened


REFUSED: dict[str, tuple[Callable[[ModuleType], Any], str]] = {
    "a lambda": (lambda shop: lambda: 1, "it is a lambda"),
    "a nested function": (lambda shop: shop.outer(), "defined inside another function"),
    "a method": (lambda shop: shop.Box().weight, "only plain functions"),
    "a partial": (lambda shop: functools.partial(shop.plain, 1), "only plain functions"),
    "a function whose name was taken": (lambda shop: shop.first_taken, "that name now holds"),
}


@pytest.mark.parametrize(("make", "text"), REFUSED.values(), ids=REFUSED)
async def test_what_a_worker_cannot_find_is_refused(shop: ModuleType, make: Callable[[ModuleType], Any], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        await run_function_sandboxed(make(shop), {}, Sandbox())


async def test_what_cannot_travel_is_refused(shop: ModuleType) -> None:
    with pytest.raises(UsageError, match="'a' is a ToolContext"):
        await run_function_sandboxed(shop.plain, {"a": ToolContext(None)}, Sandbox())
    with pytest.raises(UsageError, match="Only JSON values can be sent to a worker"):
        await run_function_sandboxed(shop.plain, {"a": object()}, Sandbox())


async def test_a_folder_that_is_not_there_is_said(shop: ModuleType) -> None:
    with pytest.raises(UsageError, match="this file or folder does not exist"):
        await run_function_sandboxed(shop.plain, {"a": 1}, Sandbox(read=["/no/such/folder"]))


def test_the_report_of_a_default_sandbox_lacks_nothing_here() -> None:
    assert report_layers().find_missing() == ()
    assert "landlock: on (ABI" in str(report_layers(Sandbox(network=True)))


SCRIPT = """
import asyncio
from sayso.tools.sandbox import Sandbox, run_function_sandboxed
from neighbour import number
def work(a: int) -> str:
    return f"{a + number} {__name__}"
"""
START = "print(asyncio.run(run_function_sandboxed(work, {'a': 1}, Sandbox())))"


def run_script(folder: Path, text: str, *how: str) -> subprocess.CompletedProcess[str]:
    (folder / "neighbour.py").write_text("number = 41")
    (folder / "script.py").write_text(text)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    return subprocess.run([sys.executable, "-W", "error", *how], cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


def test_a_guarded_script_can_sandbox_its_own_functions(tmp_path: Path) -> None:
    done = run_script(tmp_path, SCRIPT + 'if __name__ == "__main__":\n    ' + START, "script.py")
    assert (done.stdout, done.stderr) == ("42 sayso_script_script\n", "")


LARGE = """
import asyncio
import sympy
from sayso.tools.sandbox import Sandbox, SandboxMemory, run_function_sandboxed
def take(megabytes: int) -> int:
    return len(bytearray(megabytes * 1024 * 1024))
if __name__ == "__main__":
    for megabytes in (40, 400):
        try:
            print(asyncio.run(run_function_sandboxed(take, {"megabytes": megabytes}, Sandbox(memory_mb=64))))
        except SandboxMemory as error:
            print(error)
"""


def test_memory_is_counted_beside_what_the_modules_take(tmp_path: Path) -> None:
    done = run_script(tmp_path, LARGE, "script.py")
    assert (done.stdout, done.stderr) == (f"{40 * 1024 * 1024}\ntake was stopped: it needed more than 64 MB of memory.\n", "")


def test_a_module_run_with_m_keeps_its_name(tmp_path: Path) -> None:
    done = run_script(tmp_path, SCRIPT + 'if __name__ == "__main__":\n    ' + START, "-m", "script")
    assert (done.stdout, done.stderr) == ("42 script\n", "")


def test_a_script_without_a_guard_is_refused(tmp_path: Path) -> None:
    done = run_script(tmp_path, SCRIPT + START, "script.py")
    assert 'Put the code that starts the program under `if __name__ == "__main__":`' in done.stderr


def test_a_function_from_a_prompt_is_refused(tmp_path: Path) -> None:
    done = run_script(tmp_path, "", "-c", SCRIPT + START)
    assert "it was typed at a prompt" in done.stderr


def test_a_module_loaded_from_a_path_is_loaded_from_there_again(tmp_path: Path) -> None:
    from importlib.util import module_from_spec, spec_from_file_location

    (tmp_path / "some-file.py").write_text("def f() -> int:\n    return 7\n")
    spec = spec_from_file_location("loaded_by_hand", tmp_path / "some-file.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["loaded_by_hand"] = module
    spec.loader.exec_module(module)
    assert locate_function(module.f).file == str(tmp_path / "some-file.py")
    del sys.modules["loaded_by_hand"]


BY_HAND = """
import asyncio, os
from sayso.tools import Sandbox, tool
@tool.read(sandbox=Sandbox())
def where() -> int:
    \"\"\"Return the process.\"\"\"
    return os.getpid()
@tool.read(sandbox=Sandbox())
async def where_later() -> int:
    \"\"\"Return the process.\"\"\"
    return os.getpid()
@tool.read(sandbox=Sandbox())
def inside() -> list[int]:
    \"\"\"Return the process, twice.\"\"\"
    return [os.getpid(), where()]
async def in_a_loop() -> list[str]:
    return [str(where()), str(await where_later()), where.answer({"id": "1", "function": {"name": "where", "arguments": "{}"}})["content"]]
if __name__ == "__main__":
    pids = [str(where()), where.answer({"id": "1", "function": {"name": "where", "arguments": "{}"}})["content"], *asyncio.run(in_a_loop())]
    one, other = inside()
    print(str(os.getpid()) in pids, len(set(pids)), one == other)
"""


def test_a_tool_with_a_sandbox_is_in_it_however_it_is_called(tmp_path: Path) -> None:
    done = run_script(tmp_path, BY_HAND, "script.py")
    assert (done.stdout, done.stderr) == ("False 5 True\n", "")


async def test_a_folder_to_write_may_hold_no_code(shop: ModuleType, tmp_path: Path) -> None:
    home = Path(str(shop.__file__)).parent
    for folder in (home, home.parent, home / "sandbox_shop.py", "/", "/usr", Path(os.__file__).parent, Path(pytest.__file__).parents[1]):
        with pytest.raises(UsageError, match="Python loads code from"):
            await run_function_sandboxed(shop.plain, {"a": 1}, Sandbox(write=[folder]))
    (tmp_path / "here").symlink_to(home)
    with pytest.raises(UsageError, match="Python loads code from"):
        await run_function_sandboxed(shop.plain, {"a": 1}, Sandbox(write=[tmp_path / "here"]))
    data = home / "data"
    data.mkdir()
    assert await run_function_sandboxed(shop.plain, {"a": 1}, Sandbox(write=[data])) == 3


async def test_installed_packages_can_be_loaded_before_a_call_and_nothing_else(shop: ModuleType) -> None:
    assert await run_function_sandboxed(shop.plain, {"a": 1}, Sandbox(preload=["sympy", "decimal"])) == 3
    with pytest.raises(UsageError, match=r"preload=\['sandbox_shop'\]\): only installed packages"):
        await run_function_sandboxed(shop.plain, {"a": 1}, Sandbox(preload=["sandbox_shop"]))
    with pytest.raises(UsageError, match="there is no such module"):
        await run_function_sandboxed(shop.plain, {"a": 1}, Sandbox(preload=["no_such_package"]))


NO_FORK = """
import asyncio, os, sys
from sayso.tools.sandbox import pool
pool.CAN_FORK = False
from sayso.tools.sandbox import Sandbox, SandboxRaised, acall_sandboxed, run_function_sandboxed
kept = []
def keep() -> list[int]:
    kept.append(os.getpid())
    return kept
def fail() -> None:
    raise ValueError("no")
if __name__ == "__main__":
    print([len(asyncio.run(run_function_sandboxed(keep, {}, Sandbox()))) for _ in range(2)])
    print(asyncio.run(acall_sandboxed("sayso.tools.canonical:canonical_json", {"b": 1})))
    try:
        asyncio.run(run_function_sandboxed(fail, {}, Sandbox()))
    except SandboxRaised as error:
        print(error)
"""


def test_where_no_process_can_fork_each_call_starts_a_python(tmp_path: Path) -> None:
    done = run_script(tmp_path, NO_FORK, "script.py")
    assert (done.stdout, done.stderr) == ('[1, 1]\n{"b":1}\nfail failed with ValueError: no.\n', "")


PAYING = """
from sayso.tools import Sandbox, tool
RATE = 1
@tool.write(card="Pay {{cents}}", sandbox=Sandbox())
def pay(cents: int) -> str:
    \"\"\"Pay.\"\"\"
    return f"paid {{cents {more}}}"
@tool.read(sandbox=Sandbox())
def count(cents: int) -> str:
    \"\"\"Count.\"\"\"
    return f"counted {{cents {more}}}"
"""


async def test_a_write_whose_file_changed_after_the_program_loaded_it_is_not_performed(shop: ModuleType) -> None:
    file = Path(str(shop.__file__)).with_name("sandbox_paying.py")
    file.write_text(PAYING.format(more=""))
    paying = importlib.import_module("sandbox_paying")
    assert await paying.pay.perform({"cents": 5}, ToolContext(None)) == "paid 5"
    file.write_text(PAYING.format(more="* 100"))
    with pytest.raises(
        ToolError, match="The file of pay has changed since the program loaded it, so this is not the function that was approved"
    ):
        await paying.pay.perform({"cents": 5}, ToolContext(None))
    assert await paying.count.perform({"cents": 5}, ToolContext(None)) == "counted 500"  # nobody approved what is only read
    file.write_text(PAYING.format(more="").replace("RATE = 1", "RATE = 2  # another line"))
    assert await paying.pay.perform({"cents": 5}, ToolContext(None)) == "paid 5"
