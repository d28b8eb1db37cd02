"""Start a server in walls of the kernel, where there are some: it reads the system and its program, and writes where it was told.

This process does it to itself and then becomes the server (execve), so there is nothing between the two afterwards.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..sandbox.landlock import ALL_OF_ABI, EXECUTE, READING, read_abi, restrict

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
_BECOME = "import sys; sys.path[:] = {path!r}; from sayso.tools.mcp.launcher import become; become(sys.argv[1], sys.argv[2:])"
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/opt", "/etc", "/proc", "/sys", "/run/systemd/resolve", "/nix", "/snap")
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random", "/dev/tty", "/dev/shm", "/dev/pts", "/dev/fd")
PROJECT_FILES = ("pyproject.toml", "package.json", "deno.json", "go.mod", "Cargo.toml", ".git")
CACHES = (".cache/uv", ".local/share/uv", ".npm", ".cache/node", ".cache/pip", ".bun", ".deno", ".cache/deno")
"""Where runners of packages keep what they fetch, in the home folder. A server may write there."""
PROGRAMS = (".local/bin", ".cargo/bin", ".nvm", ".pyenv", ".volta", ".asdf", ".local/share/mise", ".local/lib")
"""Where people keep programs, in the home folder. A server may read there."""


def can_hold() -> bool:
    """Return whether this system can hold a server: Linux with Landlock."""
    return sys.platform == "linux" and read_abi(ctypes.CDLL(None, use_errno=True)) > 0


def wrap_command(command: Sequence[str], *, read: Sequence[str], write: Sequence[str]) -> list[str]:
    """Return the command that starts `command` (a full path and arguments) behind walls."""
    path = [entry for entry in sys.path if Path(entry).is_absolute()]
    walls = json.dumps({"read": list(read), "write": list(write)})
    return [sys.executable, "-I", "-S", "-c", _BECOME.format(path=path), walls, *command]


def choose_places(command: Sequence[str], cwd: str, scratch: str, env: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return what a server may read and what it may write without being told: its program and caches, and the folders its command names."""
    from .server_spec import find_named  # late: the process that becomes the server needs none of it

    home = Path(env.get("HOME") or Path.home())
    program = Path(command[0])
    read = [*SYSTEM, sys.prefix, sys.base_prefix, str(program.parent), str(program.resolve().parent.parent)]
    read += [str(home / each) for each in PROGRAMS]
    if program.parent == Path(sys.executable).parent:  # sayso mcp, for one: an editable install stands outside of its environment
        own = Path(__file__).parents[2]
        read += [str(own.parent), *(str((own / room).resolve()) for room in ("agents", "tools", "workflows"))]
    write = [scratch, *DEVICES, *(str(home / each) for each in CACHES)]
    here = Path(cwd)
    for argument in command[1:]:
        named = find_named(argument, here)
        if named is None or named in (here, home, *home.parents):
            continue
        if named.is_dir():
            write.append(str(named))
        elif named.is_file():
            read.append(str(_find_project(named.resolve(), home)))
    return read, write


def _find_project(file: Path, home: Path) -> Path:
    """Return the folder of the program that a file belongs to: the one with its packages or its project file, at most below the home."""
    above = [folder for folder in file.parents if folder != home and folder not in home.parents]
    with_packages = [folder.parent for folder in above if folder.name in ("node_modules", "site-packages") and folder.parent in above]
    projects = [folder for folder in above if any((folder / name).exists() for name in PROJECT_FILES)]
    return (with_packages or projects or [file.parent])[-1 if with_packages else 0]


def become(walls: str, command: list[str]) -> None:
    """Build the walls around this process and become the server."""
    given = json.loads(walls)
    libc = ctypes.CDLL(None, use_errno=True)
    # When the program that started the server dies, however it does, the server is ended: else it stays for ever.
    libc.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGTERM), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))
    libc.prctl(PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))
    everything = ALL_OF_ABI[5]
    grants = [(path, READING | EXECUTE) for path in given["read"]] + [(path, everything) for path in given["write"]]
    problem = restrict(libc, read_abi(libc), grants)
    if problem:
        sys.exit(f"sayso: the sandbox of this MCP server could not be built ({problem}). mcp(..., sandbox=False) does without.")
    os.execve(command[0], command, dict(os.environ))
