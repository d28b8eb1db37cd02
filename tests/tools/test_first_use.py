"""Tools that are used for the first time: while another thread sets Python up, all at once, from a thread that ends, with no file left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

USES = {
    "CALCULATOR": ("from sayso.tools import calculator\ndef use(): return calculator('diff(x^2, x)')", "2*x"),
    "a page": (
        "from sayso.tools.sandbox import call_sandboxed\n"
        "def use(): return call_sandboxed('sayso.tools.web.parse:parse_html', '<title>Menu</title>', 'https://a.example/')['title']",
        "Menu",
    ),
    "a function tool": (
        "import posixpath; from sayso.tools.sandbox import Sandbox, call_function_sandboxed\n"
        "def use(): return call_function_sandboxed(posixpath.basename, {'p': '/home/ada'}, Sandbox())",
        "ada",
    ),
    "a function tool that may write": (
        "import posixpath; from sayso.tools.sandbox import Sandbox, call_function_sandboxed\n"
        "def use(): return call_function_sandboxed(posixpath.basename, {'p': '/home/ada'}, Sandbox(write=[sys.argv[1]]))",
        "ada",
    ),
    "PYTHON": ("from sayso.tools.python_code import run_python\ndef use(): return run_python('1 + 2').value", "3"),
}
WHILE_SET_UP = """
import sys, sysconfig, threading
def answer(): print(use(), flush=True)
thread = threading.Thread(target=answer)
def stop_midway(frame, event, _):
    if frame.f_globals.get("__name__") == "sysconfig" and sysconfig._CONFIG_VARS == {}:
        sys.settrace(None)
        thread.start()
        thread.join(0.5)
    return stop_midway
sys.settrace(stop_midway)
sysconfig.get_config_vars()
sys.settrace(None)
thread.join()
"""


def run_program(code: str, folder: Path) -> tuple[str, str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(folder)], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    return done.stdout, done.stderr


@pytest.mark.parametrize(("use", "answer"), USES.values(), ids=USES)
def test_a_tool_is_used_while_another_thread_asks_for_the_folders_of_python(use: str, answer: str, tmp_path: Path) -> None:
    assert run_program(use + WHILE_SET_UP, tmp_path) == (f"{answer}\n", "")


AT_ONCE = """
import sys, threading
sys.setswitchinterval(1e-6)
def answer(number): answers[number] = uses[number]()
answers = [None] * len(uses)
threads = [threading.Thread(target=answer, args=(number,)) for number in range(len(uses))]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(*answers)
"""


def test_all_tools_are_used_for_the_first_time_at_once(tmp_path: Path) -> None:
    uses = "import sys\nuses = []\n" + "".join(f"{use}\nuses += [use] * 2\n" for use, _ in USES.values())
    assert run_program(uses + AT_ONCE, tmp_path) == ("2*x 2*x Menu Menu ada ada ada ada 3 3\n", "")


THREAD_ENDS = """
import threading
from sayso.tools.sandbox import calls
def use_in_a_thread():
    thread = threading.Thread(target=lambda: print(use()))
    thread.start()
    thread.join()
    return {pid for pool in calls._pools.values() for pid in pool.pids}
first = use_in_a_thread()
again = use_in_a_thread()
print("others" if first - again else "the same", "serve")
"""


@pytest.mark.parametrize(("use", "answer"), USES.values(), ids=USES)
def test_workers_outlive_the_thread_that_started_them(use: str, answer: str, tmp_path: Path) -> None:
    assert run_program("import sys\n" + use + THREAD_ENDS, tmp_path) == (f"{answer}\n{answer}\nthe same serve\n", "")


WHILE_A_PROCESS_FORKS = """
import os, sys
from pathlib import Path
from sayso.tools.python_code import run_python
released, release = os.pipe()
def fork_midway(frame, event, _):
    if not frame.f_code.co_filename.endswith(("pathlib.py", "launcher.py")):
        return None
    if any(os.path.realpath(f"/proc/self/fd/{fd}").endswith("/launch") for fd in os.listdir("/proc/self/fd")):
        sys.settrace(None)
        if os.fork() == 0:
            os.close(release)
            os.read(released, 1)
            os._exit(0)
    return fork_midway
sys.settrace(fork_midway)
value = run_python("1 + 2").value
sys.settrace(None)
os.close(release)
print(value)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the launcher of Linux")
def test_python_starts_though_another_thread_forks_at_any_moment(tmp_path: Path) -> None:
    assert run_program(WHILE_A_PROCESS_FORKS, tmp_path) == ("3\n", "")


WITH_NO_FILE_LEFT = """
import os, resource
from contextlib import suppress
from sayso.tools import SandboxError
from sayso.tools.python_code import monty
from sayso.tools.sandbox import close_all
use()
close_all()
monty.close()
limits = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, limits[1]))
held = []
with suppress(OSError):
    while True: held.append(os.open("/", os.O_RDONLY))
for left in (0, 5):
    for _ in range(left): os.close(held.pop())
    try: use()
    except SandboxError as error: print(" did not start: " in str(error))
resource.setrlimit(resource.RLIMIT_NOFILE, limits)
print(use())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the limits of POSIX")
@pytest.mark.parametrize("name", ["a page", "a function tool", "PYTHON"])
def test_a_program_with_no_file_left_is_told_so_and_goes_on_when_there_is_one(name: str, tmp_path: Path) -> None:
    use, answer = USES[name]
    assert run_program("import sys\n" + use + WITH_NO_FILE_LEFT, tmp_path) == (f"True\nTrue\n{answer}\n", "")
