"""Calls in workers: values and errors come back, whatever happens to the worker, and the next call works."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sayso.tools.errors import ToolError, UnknownTool, UsageError
from sayso.tools.sandbox import (
    SandboxDied,
    SandboxError,
    SandboxMemory,
    SandboxMissing,
    SandboxRaised,
    SandboxTimeout,
    acall_sandboxed,
    call_sandboxed,
    close_all,
)
from sayso.tools.sandbox.pool import BUSY_AT_MOST, Cancellation, Pool
from sayso.tools.sandbox.settings import Profile

HERE = str(Path(__file__).parent)
INSIDE = Profile(preload=("sandbox_inside",), roots=(HERE,), memory_mb=256)


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    pool = Pool(INSIDE)
    yield pool
    pool.close()


@pytest.fixture(scope="module", autouse=True)
def _no_worker_left() -> Iterator[None]:
    yield
    close_all()


def ask(pool: Pool, name: str, *args: Any, seconds: float = 10.0) -> Any:
    return pool.call(f"sandbox_inside:{name}", list(args), {}, seconds)


VALUES = {
    "nothing": None,
    "a number": 12.5,
    "a big integer": 10**400,
    "text with everything": "ä \u2028 \x00 \ud800 \U0001f354 \n",
    "nested": {"a": [1, {"b": [True, None]}]},
    "longer than a pipe holds": "x" * 3_000_000,
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_value_goes_in_and_comes_back(pool: Pool, value: object) -> None:
    assert ask(pool, "echo", value) == value


def test_the_public_door_calls_a_function_of_ours() -> None:
    assert call_sandboxed("sayso.tools.canonical:canonical_json", {"b": 1, "a": [2]}) == '{"a":[2],"b":1}'


async def test_the_async_door_calls_a_function_of_ours() -> None:
    assert await acall_sandboxed("sayso.tools.canonical:canonical_json", {"b": 1}) == '{"b":1}'


@pytest.mark.parametrize("target", ["os:system", "sayso.tools.canonical", "saysofake.x:y"])
def test_the_public_door_calls_nothing_but_ours(target: str) -> None:
    with pytest.raises(UsageError, match=r"sayso\.module:function"):
        call_sandboxed(target)


def test_only_modules_loaded_before_the_walls_are_called(pool: Pool) -> None:
    with pytest.raises(SandboxRaised, match="KeyError"):
        pool.call("antigravity:fly", [], {}, 5)


def test_an_async_function_is_awaited(pool: Pool) -> None:
    assert ask(pool, "add_later", 2, 3) == 5


def test_our_own_error_comes_back_as_itself(pool: Pool) -> None:
    with pytest.raises(UnknownTool, match=r"There is no tool 'serch'\. Tools: read, search\.") as caught:
        ask(pool, "no_such_tool")
    assert caught.value.name == "serch"


def test_another_tool_error_comes_back_as_a_plain_one(pool: Pool) -> None:
    with pytest.raises(ToolError, match="not today") as caught:
        ask(pool, "own_error")
    assert type(caught.value) is ToolError


def test_any_other_exception_comes_back_with_its_traceback(pool: Pool) -> None:
    with pytest.raises(SandboxRaised, match="bug failed with ValueError: invalid literal") as caught:
        ask(pool, "bug")
    assert 'return int("x")' in caught.value.traceback or "in bug" in caught.value.traceback


STOPPED: dict[str, tuple[str, tuple[Any, ...], type[SandboxError], str]] = {
    "busy in python": ("spin", (), SandboxTimeout, "spin was stopped: it took longer than 0.3 s"),
    "busy in C": ("long_power", (), SandboxTimeout, "longer than"),
    "asleep": ("sleep", (60,), SandboxTimeout, "longer than"),
    "deaf to signals": ("deaf_spin", (), SandboxTimeout, "longer than"),
    "writing without end": ("floods", (), SandboxDied, "broke the protocol|did not answer"),
    "memory in one piece": ("two_gb", (), SandboxMemory, "it needed more than 256 MB"),
    "ended": ("end", (), SandboxDied, "its worker ended with code 7"),
    "crashed": ("abort", (), SandboxDied, "its worker was ended by signal SIGABRT"),
    "an answer out of turn": ("talks_out_of_turn", ('{"id": 0, "result": "forged"}\n',), SandboxDied, "broke the protocol"),
    "an answer that is not JSON": ("talks_out_of_turn", ("hello\n",), SandboxDied, "broke the protocol"),
    "an answer without an end": ("talks_out_of_turn", ('{"id": ',), SandboxDied, "broke the protocol"),
    "an answer as deep as a well": ("talks_out_of_turn", ("[" * 60000 + "\n",), SandboxDied, "broke the protocol"),
    "exit": ("leave", (), SandboxRaised, "SystemExit: 3"),
    "no JSON": ("not_json", (), SandboxRaised, "TypeError"),
    "nested too deep": ("deep", (100_000,), SandboxRaised, "RecursionError"),
    "an answer too long": ("big", (17 * 1024 * 1024,), SandboxRaised, "a result of 17,825,"),
}


@pytest.mark.parametrize(("name", "args", "error", "text"), STOPPED.values(), ids=STOPPED)
def test_a_call_that_goes_wrong_is_an_error_and_the_next_call_works(
    pool: Pool, name: str, args: tuple[Any, ...], error: type[SandboxError], text: str
) -> None:
    ask(pool, "pid")
    with pytest.raises(error, match=text):
        ask(pool, name, *args, seconds=0.3 if error is SandboxTimeout else 10)
    assert ask(pool, "add", 1, 2) == 3


def test_many_small_pieces_of_memory_are_stopped_too(pool: Pool) -> None:
    with pytest.raises((SandboxMemory, SandboxTimeout)):
        ask(pool, "many_objects")
    assert ask(pool, "two_hundred_mb") == 200 * 1024 * 1024


def test_what_a_function_prints_does_not_reach_the_program(pool: Pool, capfd: pytest.CaptureFixture[str]) -> None:
    assert ask(pool, "prints", 400) == "done"  # 1.2 GB by three ways
    assert capfd.readouterr() == ("", "")


def test_the_spare_takes_over_from_a_killed_worker(pool: Pool) -> None:
    ask(pool, "pid")
    before = pool.pids
    with pytest.raises(SandboxTimeout):
        ask(pool, "spin", seconds=0.05)
    assert ask(pool, "pid") in before
    assert len(pool.pids) == len(before)


def test_one_worker_serves_one_caller_for_good(pool: Pool) -> None:
    assert len({ask(pool, "pid") for _ in range(20)}) == 1


def test_workers_killed_while_idle_are_not_noticed(pool: Pool) -> None:
    ask(pool, "pid")
    for pid in pool.pids:
        kill_and_wait(pid)
    assert ask(pool, "add", 1, 2) == 3


def kill_and_wait(pid: int) -> None:
    watched = os.pidfd_open(pid)
    try:
        os.kill(pid, signal.SIGKILL)
        select.select([watched], [], [], 10)
    finally:
        os.close(watched)


def test_a_worker_killed_in_mid_call_is_an_error_and_the_next_call_works(pool: Pool) -> None:
    serving = ask(pool, "pid")
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(ask, pool, "sleep", 60, seconds=60)
        while not pool.busy:
            os.sched_yield()
        os.kill(serving, signal.SIGKILL)
        with pytest.raises(SandboxDied, match="SIGKILL"):
            call.result(10)
    assert ask(pool, "add", 1, 2) == 3


def test_calls_from_many_threads_each_get_their_own_answer(pool: Pool) -> None:
    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(lambda n: ask(pool, "add", n, n), range(400))) == [2 * n for n in range(400)]
    assert len(pool.pids) <= BUSY_AT_MOST + 1


async def test_cancelling_a_call_kills_its_worker() -> None:
    pool = Pool(INSIDE)
    cancellation = Cancellation()
    serving = await asyncio.to_thread(ask, pool, "pid")
    call = asyncio.create_task(asyncio.to_thread(pool.call, "sandbox_inside:sleep", [60], {}, 60.0, cancellation=cancellation))
    while not pool.busy:  # noqa: ASYNC110 - the pool knows nothing of this loop
        await asyncio.sleep(0)
    cancellation.cancel()
    with pytest.raises(SandboxDied):
        await call
    assert serving not in pool.pids
    await asyncio.to_thread(pool.close)


async def test_a_cancelled_task_leaves_no_call_behind() -> None:
    target = "sayso.tools.sandbox.worker_process:time_is_up"  # no such function: the worker is up before we cancel, that is all
    with pytest.raises(SandboxRaised):
        await acall_sandboxed(target)
    task = asyncio.create_task(acall_sandboxed("sayso.tools.canonical:canonical_json", "x" * 5_000_000, seconds=30))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await acall_sandboxed("sayso.tools.canonical:canonical_json", 1) == "1"


async def test_a_timeout_on_the_event_loop_is_one_and_the_next_call_works() -> None:
    target = "sayso.tools.canonical:sha256"
    assert len(await acall_sandboxed(target, 1)) == 64
    with pytest.raises(SandboxTimeout):
        await acall_sandboxed(target, list(range(3_000_000)), seconds=0.01)
    assert len(await acall_sandboxed(target, 1)) == 64


async def test_many_tasks_at_once_each_get_their_own_answer() -> None:
    answers = await asyncio.gather(*(acall_sandboxed("sayso.tools.canonical:canonical_json", n, seconds=30) for n in range(300)))
    assert answers == [str(n) for n in range(300)]


async def test_the_event_loop_goes_on_while_a_worker_works() -> None:
    ticks = 0
    task = asyncio.create_task(acall_sandboxed("sayso.tools.canonical:sha256", list(range(200_000)), seconds=30))
    while not task.done():
        ticks += 1
        await asyncio.sleep(0)
    assert len(await task) == 64
    assert ticks > 10


def test_a_worker_that_cannot_load_says_why() -> None:
    pool = Pool(Profile(preload=("sayso.tools.no_such_module",)))
    with pytest.raises(SandboxError, match=r"No module named 'sayso\.tools\.no_such_module'"):
        pool.call("sayso.tools.no_such_module:f", [], {}, 1)
    assert pool.pids == frozenset()


def test_too_little_memory_for_the_modules_is_said() -> None:
    pool = Pool(Profile(preload=("sandbox_inside",), roots=(HERE,), memory_mb=8))
    with pytest.raises(SandboxError, match=r"did not start: its modules alone take \d+ MB of address space. Give it memory_mb=\d+ or more"):
        ask(pool, "pid")
    assert pool.pids == frozenset()


PROGRAM = """
import os, sys, threading
from sayso.tools.sandbox.pool import Pool
from sayso.tools.sandbox.calls import get_pool, close_all
from sayso.tools.sandbox.settings import Profile
pool = get_pool(Profile(preload=("sandbox_inside",), roots=(sys.argv[1],)))
def ask(name, *args, seconds=60.0):
    return pool.call("sandbox_inside:" + name, list(args), {}, seconds)
ask("pid")
"""
ENDINGS = {
    "killed": "threading.Thread(target=ask, args=('deaf_spin',), daemon=True).start()\nwhile not pool.busy: pass\n"
    "print(*pool.pids, flush=True); os.kill(os.getpid(), 9)",
    "ended by os._exit": "print(*pool.pids, flush=True); os._exit(0)",
    "ended in order": "print(*pool.pids, flush=True)",
    "ended with a call under way": "threading.Thread(target=ask, args=('sleep', 60), daemon=True).start()\nwhile not pool.busy: pass\n"
    "print(*pool.pids, flush=True)",
}


def run_program(ending: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    command = [sys.executable, "-W", "error", "-c", PROGRAM + ending, HERE]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_no_worker_outlives_its_program(ending: str) -> None:
    with run_program(ending) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        pids = [int(pid) for pid in program.stdout.readline().split()]
        assert pids
        assert all(gone(pid) for pid in pids)
        assert "Warning" not in program.stderr.read()


def gone(pid: int) -> bool:
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watched], [], [], 10)[0])
    finally:
        os.close(watched)


FORKING = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
mine = ask("pid")
child = os.fork()
if child == 0:
    again = get_pool(Profile(preload=("sandbox_inside",), roots=(sys.argv[1],)))
    other = again.call("sandbox_inside:pid", [], {}, 10.0)
    close_all()
    os._exit(0 if other != mine and again is not pool else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), ask("pid") == mine)
"""


def test_a_forked_process_starts_its_own_workers() -> None:
    with run_program(FORKING) as program:
        out, err = program.communicate(timeout=120)
        assert (out, err) == ("0 True\n", "")


def test_importing_starts_nothing_and_is_light() -> None:
    code = "import sys, sayso.tools.sandbox.calls as c; print(len(c._pools), 'pydantic' in sys.modules, 'asyncio' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split()[:2] == ["0", "False"]


def test_a_missing_layer_refuses_the_call_and_says_what_to_do() -> None:
    from sayso.tools.sandbox.process import refuse_if_missing
    from sayso.tools.sandbox.settings import Layer, Layers

    layers = Layers((Layer("deadline", True, "hanging", "clock"), Layer("landlock", False, "opening files", "only Linux has Landlock")))
    with pytest.raises(
        SandboxMissing, match=r"lacks landlock \(only Linux has Landlock\), which stops opening files.*needs=\['deadline'\]"
    ) as caught:
        refuse_if_missing(layers, Profile(preload=(), needs=("deadline", "landlock")))
    assert caught.value.layers == ("landlock",)


def test_an_endless_thread_in_a_worker_does_not_outlive_the_pool() -> None:
    pool = Pool(INSIDE)
    ask(pool, "leaves_a_thread")
    pids = pool.pids
    thread = threading.Thread(target=pool.close)
    thread.start()
    thread.join()
    assert all(gone(pid) for pid in pids)
