"""New environments for the trials: made by uv out of one cache, by hard links, so that each page of docs can have one of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path


def run(*command: object, cwd: Path, environment: dict[str, str] | None = None) -> str:
    """Return the output of a command, with an environment that has no variable of ours. Raises CalledProcessError."""
    clean = {"PATH": os.environ["PATH"], "HOME": str(cwd)} if environment is None or "PATH" not in environment else {}
    clean.update(environment or {})
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_", "LANG", "LC_"))}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env={**kept, **clean}, capture_output=True, text=True, timeout=900, check=True
    )
    return done.stdout


def find_index(python: Path, folder: Path, before: Sequence[str] = ()) -> dict[str, str]:
    """Return for uv the package index that pip is set up with."""
    listed = run(*before, python, "-m", "pip", "config", "list", cwd=folder)
    settings = dict(line.split("=", 1) for line in listed.splitlines() if "=" in line)
    indexes = {key: value.strip("'\"") for key, value in settings.items()}
    url = next((value for key, value in indexes.items() if key.endswith(".index-url")), os.environ.get("PIP_INDEX_URL", ""))
    links = next((value for key, value in indexes.items() if key.endswith(".find-links")), "")
    return {**({"UV_DEFAULT_INDEX": url} if url else {}), **({"UV_FIND_LINKS": ",".join(links.split())} if links else {})}


class EnvironmentMaker:
    """Makes environments with Sayso's wheel in them. The first one downloads and compiles; all others link to its files."""

    def __init__(self, wheel: Path, folder: Path) -> None:
        self._wheel, self._folder = wheel, folder
        self._home = folder / "uv"
        self._home.mkdir(parents=True)
        run(sys.executable, "-m", "venv", self._home / "env", cwd=self._home)
        own = self._home / "env" / "bin" / "python"
        run(own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv", cwd=self._home)
        self._settings = {**find_index(own, self._home), "UV_CACHE_DIR": str(self._home / "cache"), "UV_LINK_MODE": "hardlink"}
        self._compiled: dict[str, Path] = {}
        whole = self.make("whole", [extra for extra in find_extras(wheel) if extra != "dev"], ())
        run(whole / "bin" / "python", "-m", "compileall", "-q", "-j2", find_packages(whole), cwd=self._home)
        self._compiled = {
            str(file.parent.parent.relative_to(find_packages(whole)) / f"{file.name.split('.')[0]}.py"): file
            for file in find_packages(whole).rglob("*.pyc")
        }

    def make(self, name: str, extras: Sequence[str], packages: Sequence[str]) -> Path:
        """Return a new environment with the wheel, these extras of it, and these packages besides. Raises CalledProcessError."""
        environment = self._folder / name / "env"
        uv = self._home / "env" / "bin" / "uv"
        run(uv, "venv", "--quiet", "--seed", "--python", sys.executable, environment, cwd=self._home, environment=self._settings)
        wanted = f"{self._wheel}[{','.join(extras)}]" if extras else str(self._wheel)
        python = environment / "bin" / "python"
        run(uv, "pip", "install", "--quiet", "--python", python, wanted, *packages, cwd=self._home, environment=self._settings)
        self._link_bytecode(environment)
        return environment

    def _link_bytecode(self, environment: Path) -> None:
        """Give an environment what the first one has compiled. It holds for the same file only: Python compares time and size."""
        packages = find_packages(environment)
        for source, compiled in self._compiled.items():
            cache = (packages / source).parent / "__pycache__"
            if (packages / source).is_file() and not (cache / compiled.name).exists():
                cache.mkdir(exist_ok=True)
                os.link(compiled, cache / compiled.name)


def find_packages(environment: Path) -> Path:
    """Return where an environment keeps its packages."""
    (found,) = environment.glob("lib/python3.*/site-packages")
    return found


def find_extras(wheel: Path) -> list[str]:
    """Return the extras that a wheel has."""
    with zipfile.ZipFile(wheel) as held:
        (metadata,) = (name for name in held.namelist() if name.endswith(".dist-info/METADATA"))
        return re.findall(r"^Provides-Extra: (.+)$", held.read(metadata).decode(), re.MULTILINE)
