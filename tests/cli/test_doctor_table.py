"""Broken set-ups, and what `sayso doctor` says to each: the command as it is typed, its exit code, and the line."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from sayso import engine
from sayso.workflows.durable.migrations import FORMAT

from .commands import environment


class SetUp(NamedTuple):
    """What is typed after `sayso doctor`, what is said, the exit code, variables, how the folder is broken, what bubblewrap hides."""

    typed: str
    says: str
    code: int = 1
    variables: dict[str, str] = {}  # noqa: RUF012 - nobody changes it
    break_it: Callable[[Path], object] = lambda _: None
    walls: tuple[str, ...] = ()


def as_newer_code_left_it(folder: Path) -> None:
    engine(f"sqlite:///{folder}/runs.db").close()
    with closing(sqlite3.connect(folder / "runs.db")) as file, file:
        file.execute("UPDATE sayso_about SET value = '999' WHERE name = 'format'")


def broken_module(name: str, error: str) -> Callable[[Path], object]:
    """Put a module before the installed one."""
    return lambda folder: (folder / f"{name}.py").write_text(f"raise {error}", "utf-8")


def pins(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "pins.json").write_text(text, "utf-8")


# A program of seccomp that says of landlock_create_ruleset (444 on every machine) that there is no such call.
LOAD_NUMBER, IS_LANDLOCK = (0x20, 0, 0, 0), (0x15, 0, 1, 444)
NO_SUCH_CALL, ALLOWED = (0x06, 0, 0, 0x00050000 | errno.ENOSYS), (0x06, 0, 0, 0x7FFF0000)
GONE = json.dumps({"servers": {"stdio:no-such-server --stdio": {"tools": {}, "by": "ada", "at": 1}}})
HIDDEN = sorted(
    {str(Path(path).resolve()) for path in ("/usr/bin/bwrap", "/bin/bwrap", shutil.which("bwrap") or "") if path and Path(path).exists()}
)
HERE = {"PYTHONPATH": "."}
PINS = {"SAYSO_MCP_PINS": "pins.json"}
BROKEN = {
    "a folder that nobody may write": SetUp(
        "--only database --database sqlite:////proc/runs.db",
        "!!  database               /proc/runs.db cannot be created: No such file or directory"
        " -> Make the folder /proc, and see that you may write there.",
    ),
    "a database of a newer Sayso": SetUp(
        "--only database --database sqlite:///runs.db",
        "!!  database               {here}/runs.db was written by a newer Sayso (its format is 999, this one reads {format})"
        " -> Update Sayso.",
        break_it=as_newer_code_left_it,
    ),
    "a path in place of a URL": SetUp(
        "--only database",
        "!!  database               'runs.db' is not a database URL -> Write for the file runs.db: sqlite:///runs.db.",
        variables={"SAYSO_DATABASE": "runs.db"},
    ),
    "a server that is not there": SetUp(
        "--only database --database postgresql://ada@127.0.0.1:9/runs",
        "!!  database               The database of runs (127.0.0.1/runs) cannot be reached: connection failed: ",
    ),
    "an extra that is missing": SetUp(
        "--only article",
        "--  article text           a page's text is all that is visible on it -> To read articles without menus and teasers: ",
        0,
        HERE,
        broken_module("trafilatura", "ModuleNotFoundError('none', name='trafilatura')"),
    ),
    "an extra without what it needs": SetUp(
        "--only article",
        "!!  article text           trafilatura does not load: No module named 'htmldate' -> ",
        1,
        HERE,
        broken_module("trafilatura", "ModuleNotFoundError(\"No module named 'htmldate'\", name='htmldate')"),
    ),
    "llama.cpp built for another processor": SetUp(
        "--only local",
        "!!  local models           llama.cpp (xllamacpp ",
        1,
        HERE,
        broken_module("xllamacpp", "SystemExit(132)"),
    ),
    "a key with a letter of another alphabet": SetUp(
        "--only model --only keys --model gpt-5-mini",
        "!!  model                  The key from OPENAI_API_KEY holds a character that a key cannot have -> Copy it again.",
        variables={"OPENAI_API_KEY": "sk-\N{CYRILLIC SMALL LETTER A}bc"},
    ),
    "a model's name misspelt": SetUp(
        "--only model",
        "!!  model                  'gtp-5-mini' cannot be asked: it does not say which provider to ask -> Write one of: ",
        variables={"SAYSO_MODEL": "gtp-5-mini"},
    ),
    "no key": SetUp(
        "--only model --model groq:x",
        "!!  model                  no key for https://api.groq.com/openai/v1 -> Set GROQ_API_KEY or give api_key=.",
    ),
    "certificates that are not there": SetUp(
        "--only search --search duckduckgo",
        "SSL_CERT_FILE",
        variables={"SSL_CERT_FILE": "/no/such/company.pem"},
    ),
    "a SOCKS proxy": SetUp(
        "--only search --search duckduckgo",
        "HTTPS_PROXY names a proxy that is spoken to by socks5",
        variables={"HTTPS_PROXY": "socks5://proxy.example:1080"},
    ),
    "a folder to search that is missing": SetUp("--only search --search papers", "!!  search                 "),
    "a disk that is full": SetUp(
        "--only database --database sqlite:////mnt/runs.db",
        "!!  database               there is no space for /mnt/runs.db: database or disk is full"
        " -> Make room in /mnt, or name a file on another disk.",
        walls=("--size", "600000", "--tmpfs", "/mnt"),
    ),
    "no bubblewrap": SetUp(
        "--only PYTHON",
        '--  PYTHON (cpython)       off; engine="cpython" is refused -> ',
        0,
        walls=tuple(word for path in HIDDEN for word in ("--ro-bind", "/dev/null", path)),
    ),
    "a kernel without Landlock": SetUp(
        "--only @tool(sandbox=...)",
        "!!  @tool(sandbox=...)     refused here. a function in its worker: deadline, environment, memory, limits, capabilities, seccomp; "
        "MISSING landlock (",
        walls=("--seccomp", "{without_landlock}"),
    ),
    "an MCP server that is gone": SetUp(
        "--only MCP",
        "; pinned servers cannot be started: there is no no-such-server here -> Install it, or take the pin back: sayso mcp untrust.",
        1,
        PINS,
        pins(GONE),
    ),
    "pins that cannot be read": SetUp(
        "--only MCP", "; no server is trusted -> The pins of MCP servers in pins.json cannot be read: ", 1, PINS, pins("[")
    ),
    "MCP without what it needs": SetUp(
        "--only MCP",
        "; a server in Python does not start here: ImportError: no anyio -> Install it anew: ",
        1,
        HERE,
        broken_module("mcp", "ImportError('no anyio')"),
    ),
    "a terminal without UTF-8": SetUp(
        "--only terminal",
        "!!  terminal               its encoding is iso8859-1 and not UTF-8 -> Set PYTHONUTF8=1.",
        variables={"PYTHONIOENCODING": "latin-1"},
    ),
    "a part that does not exist": SetUp(
        "--only databse", "There is nothing to check that is called 'databse'. Write one of: CALCULATOR, ", 2
    ),
}


@pytest.mark.skipif(sys.platform != "linux", reason="its table is one of Linux")
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_set_up_is_told_with_what_to_do(name: str, tmp_path: Path) -> None:
    set_up = BROKEN[name]
    set_up.break_it(tmp_path)
    code, said = type_doctor(set_up, tmp_path)
    says = " ".join(set_up.says.format(here=tmp_path, format=FORMAT).split())
    assert (code, says in said) == (set_up.code, True), said
    assert " ok " not in f" {said}".replace(" ok PYTHON code in a Python without files", ""), "a yes to what is broken"


def type_doctor(set_up: SetUp, folder: Path) -> tuple[int, str]:
    """Return exit code and words, with one blank for each run of them."""
    command = [sys.executable, "-m", "sayso", "doctor", "--seconds", "90", *set_up.typed.split()]
    if set_up.walls and shutil.which("bwrap") is None:
        pytest.skip("needs bubblewrap")
    read, write = os.pipe()
    try:
        os.write(write, struct.pack("HBBI" * 4, *LOAD_NUMBER, *IS_LANDLOCK, *NO_SUCH_CALL, *ALLOWED))
        os.close(write)
        if set_up.walls:
            command = ["bwrap", "--dev-bind", "/", "/", *(word.format(without_landlock=read) for word in set_up.walls), "--", *command]
        variables = environment(**set_up.variables)
        done = subprocess.run(command, cwd=folder, env=variables, pass_fds=[read], capture_output=True, text=True, check=False)
    finally:
        os.close(read)
    return done.returncode, " ".join(f"{done.stdout}{done.stderr}".split())
