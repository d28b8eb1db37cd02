"""The places in which an installed Sayso is tried as well: other users, homes that cannot be written or are missing, no /proc."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
UNKNOWN = ("setpriv", "--reuid=54321", "--regid=54321", "--clear-groups")  # a container's user, whom /etc/passwd does not have
WALLED = ("bwrap", "--ro-bind", "/", "/", "--dev", "/dev")


@dataclass(frozen=True)
class TrialPlace:
    """What comes before the command, what HOME is (None: unset), and whether only root can arrange it."""

    before: tuple[str, ...] = ()
    home: str | None = "/nonexistent"
    needs_root: bool = False


PLACES = {
    "no HOME": TrialPlace(home=None),
    "nobody": TrialPlace(NOBODY, needs_root=True),
    "unknown user": TrialPlace(UNKNOWN, None, needs_root=True),
    "read-only": TrialPlace((*WALLED, "--proc", "/proc"), "/"),
    "no /proc": TrialPlace((*WALLED, "--tmpfs", "/proc")),
}


def find_obstacle(place: TrialPlace) -> str:
    """Return why this place cannot be arranged here; empty if it can."""
    if sys.platform != "linux":
        return "it needs Linux"
    if place.needs_root and os.geteuid() != 0:
        return "only root can arrange it"
    lacking = next((each for each in place.before[:1] if shutil.which(each) is None), "")
    return f"{lacking} is not installed" if lacking else ""


def find_shared_python(version: str) -> Path | None:
    """Return a Python that every user may run, with as many modules as Sayso needs."""
    found = shutil.which(f"python{version}", path="/usr/bin:/usr/local/bin")
    return Path(found) if found else None


def command_in(place: TrialPlace, folder: Path) -> tuple[str, ...]:
    """Return what to write before a command: `folder` is the only one that it may write to, behind walls."""
    return (*place.before, "--bind", str(folder), str(folder)) if place.before[:1] == ("bwrap",) else place.before


def environment_in(place: TrialPlace, packages: Path) -> dict[str, str]:
    """Return the variables of this place."""
    own = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(packages), "PYTHONNOUSERSITE": "1", "LC_ALL": "C.UTF-8"}
    return own if place.home is None else {**own, "HOME": place.home}
