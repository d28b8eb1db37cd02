"""A user's function in a sandbox leaves nothing: not for the next caller, not in this program, and it never outlives its call."""

from __future__ import annotations

import asyncio
import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from sayso.tools import ToolError
from sayso.tools.sandbox import Sandbox, close_all, run_function_sandboxed
from sayso.tools.sandbox.calls import get_pool
from sayso.tools.sandbox.functions import SandboxedCall
from sayso.tools.sandbox.zygote import Zygote

HERE = str(Path(__file__).parent)
sys.path.append(HERE)
import sandbox_hostile as hostile  # noqa: E402

BOX = Sandbox(seconds=60, memory_mb=128)
SHORT = Sandbox(seconds=0.7, memory_mb=128)  # for what may never end; it shares the workers of the other
ATTEMPTS = [value for name, value in vars(hostile).items() if getattr(value, "__module__", "") == hostile.__name__]
HOSTILE = {
    each.__name__: each
    for each in ATTEMPTS
    if each.__name__ not in ("attempt", "is_open", "look_around", "find_siblings", "own_pid", "own_parent")
}
REACHING = {"traces_others", "writes_to_proc", "opens_others_descriptors", "outlives_its_parent", "talks_to_neighbours", "starts_programs"}


@pytest.fixture(scope="module", autouse=True)
def _no_worker_left() -> Iterator[None]:
    yield
    close_all()


async def run(function: Callable[..., Any], box: Sandbox = BOX, **arguments: object) -> Any:
    return await run_function_sandboxed(function, arguments, box)


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def zygote() -> int:
    found = get_pool(SandboxedCall.prepare(hostile.own_pid, {}, BOX).profile)._zygote
    assert found is not None
    return found.pid


@pytest.mark.parametrize("function", HOSTILE.values(), ids=HOSTILE)
async def test_after_a_hostile_call_the_next_one_finds_everything_as_it_was(function: Callable[..., Any]) -> None:
    before, serving = await run(hostile.look_around), zygote()
    met: object
    try:
        met = await run(function, BOX if function.__name__ in REACHING else SHORT)
    except ToolError as error:
        met = error
    if function.__name__ in REACHING:
        assert met == []
    assert await run(hostile.look_around) == before
    assert (zygote(), children_of(serving)) == (serving, [])
    assert json.loads(json.dumps({"a": len([1])})) == {"a": 1}


async def test_calls_at_the_same_time_cannot_answer_for_each_other() -> None:
    forging = [run(each, SHORT) for each in (hostile.forges_frames_of_others, hostile.leaves_threads, hostile.answers_itself_and_goes_on)]
    answers = await asyncio.gather(*forging, *(run(hostile.own_pid) for _ in range(6)), return_exceptions=True)
    assert all(isinstance(each, int) for each in answers[len(forging) :])
    assert len(set(answers[len(forging) :])) == 6


async def test_each_call_is_a_process_of_its_own_that_is_gone_when_its_answer_is_there() -> None:
    pids = [await run(hostile.own_pid) for _ in range(4)]
    assert len(set(pids)) == 4
    assert all(map(is_gone, pids))


async def test_a_function_cannot_say_for_the_sandbox_that_nothing_happened(tmp_path: Path) -> None:
    with pytest.raises(ToolError) as caught:
        await run(hostile.says_that_nothing_happened, Sandbox(write=[tmp_path]))
    assert type(caught.value) is ToolError
    assert not hasattr(caught.value, "nothing_happened")
    assert callable(caught.value.add_note)


PROGRAM = """
import asyncio, os, sys, threading, time
sys.path.append(sys.argv[1])
import sandbox_hostile as hostile
from sayso.tools.sandbox import Sandbox, run_function_sandboxed
from sayso.tools.sandbox.calls import get_pool
from sayso.tools.sandbox.functions import SandboxedCall
from sayso.tools.sandbox.settings import Profile

def users():
    box = Sandbox(seconds=100)
    asyncio.run(run_function_sandboxed(hostile.own_pid, {}, box))
    return get_pool(SandboxedCall.prepare(hostile.own_pid, {}, box).profile)

def ours():
    return get_pool(Profile(preload=("sandbox_hostile",), roots=(sys.argv[1],)))

pool = globals()[sys.argv[2]]()
calls = [
    threading.Thread(target=pool.call, args=(f"sandbox_hostile:{name}", [], {}, 100.0), daemon=True)
    for name in ("spins_out_of_reach", "spins_in_another_thread")]
for each in calls: each.start()
while sum(worker.layers is not None for worker in list(pool._workers)) < 2: time.sleep(0.01)
time.sleep(0.2)
if sys.argv[3] == "forked": child = os.fork()
else: child = 1
if child == 0: time.sleep(60)
print(pool._zygote.pid, *pool.pids, flush=True)
if sys.argv[3] == "zygote":
    os.kill(pool._zygote.pid, 9)
    time.sleep(60)
os.kill(os.getpid(), 9)
"""
ENDINGS = [(whose, how) for whose in ("users", "ours") for how in ("killed", "forked", "zygote")]


@pytest.mark.parametrize(("whose", "how"), ENDINGS, ids=[f"{whose}, {how}" for whose, how in ENDINGS])
def test_no_worker_outlives_its_program_whatever_it_does_against_it(whose: str, how: str) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, HERE, whose, how]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True) as program:
        assert program.stdout is not None
        pids = [int(pid) for pid in program.stdout.readline().split()]
        try:
            assert len(pids) >= 3
            assert [pid for pid in pids if not is_gone(pid)] == []
        finally:
            os.killpg(program.pid, 9)


def is_gone(pid: int) -> bool:
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watched], [], [], 5)[0])
    finally:
        os.close(watched)


async def test_sandboxes_with_other_walls_share_a_zygote(tmp_path: Path) -> None:
    boxes = [BOX, Sandbox(network=True), Sandbox(memory_mb=200), *(Sandbox(write=[tmp_path / name]) for name in "abc")]
    for name in "abc":
        (tmp_path / name).mkdir()
    assert len({await run(hostile.own_parent, box) for box in boxes}) == 1


async def test_a_call_that_is_cancelled_is_ended() -> None:
    assert await run(hostile.own_pid)
    call = asyncio.create_task(run(hostile.spins, Sandbox(seconds=60)))
    while not children_of(zygote()):  # noqa: ASYNC110  the worker knows nothing of this loop
        await asyncio.sleep(0.01)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert children_of(zygote()) == []


async def test_an_answer_that_nobody_waited_for_goes_to_nobody() -> None:
    """Ctrl-C may come between a request to the zygote and its answer."""
    assert await run(hostile.own_pid)
    pool = get_pool(SandboxedCall.prepare(hostile.own_pid, {}, BOX).profile)
    serving = pool._zygote
    assert serving is not None

    def interrupt(frame: FrameType, event: str, _: object) -> None:
        if frame.f_code is Zygote._read_answer.__code__:
            sys.settrace(traced)
            raise KeyboardInterrupt

    traced = sys.gettrace()
    sys.settrace(interrupt)
    with pytest.raises(KeyboardInterrupt):
        pool.call("sandbox_hostile:own_pid", [], {}, 60)
    assert len({await run(hostile.own_pid) for _ in range(3)}) == 3
    assert pool.busy == 0
    assert await run(hostile.own_parent) == serving.pid


async def test_a_zygote_that_was_killed_is_replaced() -> None:
    assert await run(hostile.own_pid)
    first = zygote()
    os.kill(first, 9)
    assert is_gone(first)
    assert await run(hostile.own_pid)
    assert zygote() != first


PROJECT = {
    "json_like.py": "import importlib\n",
    "shop.py": "import os, pathlib\nfrom secret_config import NAME\npathlib.Path('loads.txt').open('a').write(f'{os.getppid()}\\n')\n"
    "def name() -> str:\n    return NAME\n",
    "secret_config.py": "NAME = 'shop'\n",
    "calendar.py": "raise SystemExit('a file of the user that has the name of one of Python')\n",
    "main.py": "import asyncio, sys, os, pathlib\nsys.path.append(sys.path.pop(0))\nimport shop\n"
    "from sayso.tools.sandbox import Sandbox, run_function_sandboxed\n"
    "print([asyncio.run(run_function_sandboxed(shop.name, {}, Sandbox())) for _ in range(3)])\n"
    "loads = pathlib.Path('loads.txt').read_text().split()\n"
    "print(len(loads), len(set(loads)), str(os.getppid()) == loads[0])\n",
}


def test_the_zygote_loads_no_module_of_the_user(tmp_path: Path) -> None:
    for name, text in PROJECT.items():
        (tmp_path / name).write_text(text)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    done = subprocess.run([sys.executable, "main.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    # Once here, and once for each of three calls, always by a child of the same zygote and never by the zygote.
    assert (done.stdout, done.stderr) == ("['shop', 'shop', 'shop']\n4 2 True\n", "")
