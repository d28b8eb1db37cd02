"""Start another program in our sandbox: a launcher hardens itself, then becomes that program (execve)."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path

from ..sandbox.settings import Layer, Layers, Profile

_REPORT = "layers.json"
_BECOME = "import sys; sys.path[:] = {path!r}; from sayso.tools.python_code.launcher import become; become({folder!r}, sys.argv[1:])"


def write_launcher(folder: Path, profile: Profile) -> Path:
    """Write a script that hardens itself as the profile says and becomes `profile.program`. It is started like the program itself."""
    (folder / "profile.json").write_text(json.dumps(profile.as_json()), encoding="utf-8")
    path = [entry for entry in sys.path if Path(entry).is_absolute()]
    code = _BECOME.format(path=path, folder=str(folder))
    script = folder / "launch"
    # A shell's exec and not "#!python": that line may not be long, and must not have a space in it.
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -I -S -X utf8 -c {shlex.quote(code)} "$@"\n', encoding="utf-8")
    script.chmod(0o700)
    return script


def become(folder: str, arguments: list[str]) -> None:
    """Harden this process, report the layers in `folder`, and become the program; exit if a needed layer is missing."""
    from ..sandbox.hardening import harden  # late, for load time

    os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # files that the parent left open by accident
    home = Path(folder)
    profile = Profile.from_json(json.loads((home / "profile.json").read_text(encoding="utf-8")))
    report = os.open(home / _REPORT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
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
