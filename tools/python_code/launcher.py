"""Start another program in our sandbox: a launcher hardens itself, then becomes that program (execve)."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path

from ..sandbox.settings import Layer, Layers, Profile

_REPORT = "layers.json"
_BECOME = (
    "import sys; sys.path[:] = {path!r}; from sayso.tools.python_code.launcher import become; become({folder!r}, {profile!r}, sys.argv[1:])"
)
_WRITE = 'printf %s "$1" > "$2"'


def write_launcher(folder: Path, profile: Profile) -> Path:
    """Write a script that hardens itself as the profile says and becomes `profile.program`. It is started like the program itself.

    Raises OSError if it cannot be written, or not be executed there.
    """
    import subprocess  # late: the launched process does without

    if os.statvfs(folder).f_flag & os.ST_NOEXEC:
        raise OSError(f"no program may be executed in {folder.parent} (it is mounted noexec). Set TMPDIR to a folder where one may.")
    path = [entry for entry in sys.path if Path(entry).is_absolute()]
    code = _BECOME.format(path=path, folder=str(folder), profile=json.dumps(profile.as_json()))
    script = folder / "launch"
    # A shell's exec and not "#!python": that line may not be long, and must not have a space in it.
    text = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -I -S -X utf8 -c {shlex.quote(code)} "$@"\n'
    # Another process writes it. A file that this one had open for writing is open in whatever another thread starts meanwhile, too, and
    # what any process has open for writing cannot be executed (ETXTBSY).
    done = subprocess.run(
        ["/bin/sh", "-c", _WRITE, "sh", text, str(script)], env={}, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode:
        raise OSError(f"{script} cannot be written: {done.stderr.decode(errors='replace').strip()}")
    script.chmod(0o700)
    return script


def become(folder: str, profile_text: str, arguments: list[str]) -> None:
    """Harden this process, report the layers in `folder`, and become the program; exit if a needed layer is missing."""
    from ..sandbox.hardening import harden  # late, for load time

    os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # files that the parent left open by accident
    profile = Profile.from_json(json.loads(profile_text))
    report = os.open(Path(folder) / _REPORT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    layers = Layers(tuple(harden(profile)))
    os.write(report, json.dumps([[layer.name, layer.on, layer.stops, layer.detail] for layer in layers]).encode())
    if layers.find_missing(profile.needs):
        sys.exit(1)
    os.execve(profile.program, [profile.program, *arguments], {})


def read_report(folder: Path) -> Layers:
    """Return the layers as the launched process reported them; none if it did not come that far."""
    try:
        rows = json.loads((folder / _REPORT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Layers(())
    return Layers(tuple(Layer(*row) for row in rows))
