"""Other machines than this one, as far as they can be made here: Debian's newest Python behind walls, and older releases of SQLite."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.house.tree import ROOT
from tests.installs.environments import run

SUITE, PACKAGES = "sid", "python3,python3-venv,python3-pip,ca-certificates"
SHARED = ("/etc/ssl", "/etc/pip.conf", "/etc/xdg/pip", "/etc/resolv.conf", "/opt")
"""What the other root takes from this machine, where it is there: certificates, and where pip finds packages."""
SQLITE_CARRIERS = {"3.32.0": "better-sqlite3@7.1.0", "3.35.2": "better-sqlite3@7.4.0"}
"""SQLite's release, and the npm package that carries its source. The first is too old for runs in a file, the second is just new enough."""
BUILD = (
    "cc",
    "-O0",
    "-w",
    "-fPIC",
    "-shared",
    "-Wl,-soname,libsqlite3.so.0",
    "-DSQLITE_ENABLE_COLUMN_METADATA",
    "-DSQLITE_ENABLE_LOAD_EXTENSION",
    "-DSQLITE_ENABLE_DESERIALIZE",
    "-DSQLITE_ENABLE_JSON1",
    "-DSQLITE_ENABLE_FTS5",
)


@dataclass(frozen=True)
class TrialPython:
    """A Python to install into: what comes before the command, and the variables that it needs."""

    path: Path
    before: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


def find_lacking(*programs: str) -> str:
    """Return why something cannot be made here; empty if it can."""
    lacking = [each for each in programs if shutil.which(each) is None]
    return f"{' and '.join(lacking)} not installed" if lacking else ""


def make_debian(folder: Path) -> TrialPython | str:
    """Return the Python of Debian's newest packages, in a root of its own, or why there is none."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "only root can make another root, on Linux"
    if lacking := find_lacking("debootstrap", "bwrap"):
        return lacking
    root = folder / "debian"
    try:
        run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, root, cwd=folder)
    except subprocess.CalledProcessError as error:
        return f"debootstrap: {(error.stderr or error.stdout)[-200:]}"
    finally:  # debootstrap leaves them where this machine gives it no namespace of its own
        for mounted in ("proc", "sys"):
            subprocess.run(["umount", "--lazy", root / mounted], capture_output=True, check=False)
    shared = [part for place in SHARED if Path(place).exists() for part in ("--ro-bind", place, place)]
    binds = ("--bind", str(folder), str(folder), "--ro-bind", str(ROOT), str(ROOT), *shared)
    return TrialPython(Path("/usr/bin/python3"), ("bwrap", "--bind", str(root), "/", "--dev", "/dev", "--proc", "/proc", *binds))


def build_sqlite(version: str, folder: Path) -> Path | str:
    """Return the folder with the library of this release, built from its source, or why there is none."""
    if sys.platform != "linux":
        return "it needs Linux"
    if lacking := find_lacking("npm", "cc"):
        return lacking
    made = folder / f"sqlite-{version}"
    made.mkdir()
    try:
        package = run("npm", "pack", "--silent", SQLITE_CARRIERS[version], cwd=made).split()[-1]
        run("tar", "xzf", package, cwd=made)
        for archive in made.glob("package/deps/sqlite3.tar.gz"):
            run("tar", "xzf", archive, cwd=made)
        source = next(made.rglob("sqlite3.c"))
        run(*BUILD, source, "-o", made / "libsqlite3.so.0", "-lpthread", "-ldl", "-lm", cwd=made)
    except subprocess.CalledProcessError as error:
        return re.sub(r"\s+", " ", error.stderr or error.stdout)[-200:]
    return made
