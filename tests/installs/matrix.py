"""Install Sayso in every Python that is here, in every way, try it, and print what came of it; then type README and docs into a shell.

    python tests/installs/matrix.py [--short] [--no-readme] [--python PYTHON]

--short tries the wheel in every Python, and every way in one of them; without it also pipx and uv tool, other users and places,
how much of the types pyright knows, and the commands of docs (pages.py). --python is one more Python to try, such as a newer one of a
distribution. Exit code 1 where something fails.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.installs.pages import make_environment, read_pages
from tests.installs.places import PLACES, command_in, environment_in, find_obstacle, find_shared_python
from tests.installs.readme import read_aloud
from tests.installs.type_coverage import LEAST, measure

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
SHORT_WAYS = ("wheel", "editable", "--target", "uv")
WAYS = (*SHORT_WAYS, "pipx", "uv tool")
MOST_PACKAGES, MOST_MB = 40, 110
DURABLE = """
import asyncio
from sayso import engine, sequential

async def shout(text: str) -> str:
    return text.upper()

async def main():
    print((await sequential(shout, name="flow").run("hi", engine=engine("sqlite:///runs.db"), run_id="r1")).output)

asyncio.run(main())
"""
MEASURE = """
import sys
from pathlib import Path
from importlib.metadata import distributions
ours = [each for each in distributions() if each.name not in ("pip", "setuptools", "uv")]
files = [Path(str(each.locate_file(file))) for each in ours for file in each.files or ()]
sizes = [file.stat().st_size for file in files if file.suffix != ".pyc" and file.is_file()]
import sqlite3
print(len({each.name for each in ours} - {"sayso"}), round(sum(sizes) / 1e6), sqlite3.sqlite_version)
"""


@dataclass(frozen=True)
class Installed:
    """A Python in which Sayso was installed, with the variables that it needs to find it."""

    python: Path
    environment: dict[str, str]
    before: tuple[str, ...] = ()


def find_pythons() -> dict[str, Path]:
    """Return version to executable, for every Python that starts: on the PATH, or of pyenv."""
    found: dict[str, Path] = {}
    for version in VERSIONS:
        names = [shutil.which(f"python{version}"), *sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"), reverse=True)]
        for name in filter(None, names):
            tried = subprocess.run([name, "-c", "import venv, ensurepip, sqlite3, ssl"], capture_output=True, check=False)
            if tried.returncode == 0:
                found[version] = Path(name)
                break
    return found


def run(*command: object, cwd: Path, environment: dict[str, str] | None = None) -> str:
    """Return the output of a command, with an environment that has no variable of ours. Raises CalledProcessError."""
    clean = {"PATH": os.environ["PATH"], "HOME": str(cwd)} if environment is None or "PATH" not in environment else {}
    clean.update(environment or {})
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_", "LANG", "LC_"))}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env={**kept, **clean}, capture_output=True, text=True, timeout=900, check=True
    )
    return done.stdout


def install(way: str, python: Path, wheel: Path, folder: Path) -> Installed:
    """Install the core in this way, in a new environment in `folder`."""
    quiet = ("--quiet", "--disable-pip-version-check")
    if way == "--target":
        run(python, "-m", "pip", "install", *quiet, "--target", folder / "packages", wheel, cwd=folder)
        return Installed(python, {"PYTHONPATH": str(folder / "packages"), "PYTHONNOUSERSITE": "1"})
    run(python, "-m", "venv", folder / "env", cwd=folder)
    own = folder / "env" / "bin" / "python"
    if way in ("pipx", "uv tool"):
        return install_tool(way, own, python, wheel, folder)
    if way == "uv":
        run(own, "-m", "pip", "install", *quiet, "uv", cwd=folder)
        run(
            folder / "env" / "bin" / "uv",
            "pip",
            "install",
            "--quiet",
            "--python",
            own,
            wheel,
            cwd=folder,
            environment=find_index(own, folder),
        )
    else:
        run(own, "-m", "pip", "install", *quiet, *(("--editable", ROOT) if way == "editable" else (wheel,)), cwd=folder)
    return Installed(own, {})


def install_tool(way: str, own: Path, python: Path, wheel: Path, folder: Path) -> Installed:
    """Install the command `sayso` in an environment of its own, as pipx and uv make one."""
    run(own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", way.split()[0], cwd=folder)
    if way == "pipx":
        places = {"PIPX_HOME": str(folder / "tools"), "PIPX_BIN_DIR": str(folder / "bin")}
        run(own, "-m", "pipx", "install", "--python", python, wheel, cwd=folder, environment=places)
        return Installed(folder / "tools" / "venvs" / "sayso" / "bin" / "python", {})
    places = {"UV_TOOL_DIR": str(folder / "tools"), "UV_TOOL_BIN_DIR": str(folder / "bin"), **find_index(own, folder)}
    run(folder / "env" / "bin" / "uv", "tool", "install", "--quiet", "--python", python, wheel, cwd=folder, environment=places)
    return Installed(folder / "tools" / "sayso" / "bin" / "python", {})


def find_index(python: Path, folder: Path) -> dict[str, str]:
    """Return for uv the package index that pip is set up with."""
    listed = run(python, "-m", "pip", "config", "list", cwd=folder)
    settings = dict(line.split("=", 1) for line in listed.splitlines() if "=" in line)
    indexes = {key: value.strip("'\"") for key, value in settings.items()}
    url = next((value for key, value in indexes.items() if key.endswith(".index-url")), os.environ.get("PIP_INDEX_URL", ""))
    links = next((value for key, value in indexes.items() if key.endswith(".find-links")), "")
    return {**({"UV_DEFAULT_INDEX": url} if url else {}), **({"UV_FIND_LINKS": ",".join(links.split())} if links else {})}


def try_out(installed: Installed, folder: Path) -> dict[str, str]:
    """Return for each trial "ok" or how it failed."""
    trials: dict[str, tuple[Sequence[object], str]] = {
        "demo": (("-m", "sayso", "demo", "--quiet", "--out", "reports"), "bettaburgers.md"),
        "durable": (("-c", DURABLE), "HI"),
        "doctor": (("-m", "sayso", "doctor", "--search", "sample", "--database", "sqlite:///doctor.db"), "0 problems"),
    }
    told: dict[str, str] = {}
    for name, (command, expected) in trials.items():
        try:
            said = run(*installed.before, installed.python, *command, cwd=folder, environment=installed.environment)
            told[name] = "ok" if expected in said else f"said {said[-80:]!r}"
        except subprocess.CalledProcessError as error:
            told[name] = f"exit {error.returncode}: {(error.stderr or error.stdout).strip().splitlines()[-1:]}"
    return told


def try_places(wheel: Path, folder: Path) -> bool:
    """Try the system's own Python in each of PLACES, print a row for each, and return whether all is well."""
    python, fine = find_shared_python("3.11") or find_shared_python("3"), True
    if python is None:
        print("places  untried: this machine has no Python that every user may run")
        return True
    packages = folder / "packages"
    version = run(python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])", cwd=folder).strip()
    quiet = ("--quiet", "--disable-pip-version-check", "--target", packages, "--python-version", version, "--only-binary=:all:")
    run(sys.executable, "-m", "pip", "install", *quiet, wheel, cwd=folder)
    folder.chmod(0o755)
    for name, place in PLACES.items():
        if obstacle := find_obstacle(place):
            print(f"{version:8}{'':9}{name:14} untried: {obstacle}")
            continue
        own = folder / name.replace("/", "").replace(" ", "-")
        own.mkdir()
        own.chmod(0o777)
        told = try_out(Installed(python, environment_in(place, packages), command_in(place, own)), own)
        fine &= set(told.values()) == {"ok"}
        print(f"{version:8}{'':9}{name:24}  {told['demo']:6}{told['durable']:9}{told['doctor']}", flush=True)
    return fine


def check_types(wheel: Path, folder: Path) -> bool:
    """Print how much of the public interface has a type that pyright knows, and return whether that is enough."""
    score, unknown = measure(wheel, folder)
    print(*(unknown if score < LEAST else ()), f"types   {score:.1%} of the exported names have a type that pyright knows", sep="\n")
    return score >= LEAST


def build(folder: Path) -> Path:
    """Return the wheel, built as `make release` builds it: from the sdist."""
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    (wheel,) = folder.glob("sayso-*.whl")
    return wheel


def try_all(pythons: dict[str, Path], wheel: Path, *, short: bool, folder: Path) -> bool:
    """Print a row for each Python and way, and return whether all is well."""
    fine = True
    print(f"{'python':8}{'sqlite':9}{'way':10}{'packages':>9}{'MB':>5}  {'demo':6}{'durable':9}doctor")
    for number, (version, python) in enumerate(pythons.items()):
        for way in WAYS if not short else SHORT_WAYS if number == 0 else WAYS[:1]:
            place = Path(tempfile.mkdtemp(dir=folder))
            try:
                installed = install(way, python, wheel, place)
                packages, size, sqlite = run(installed.python, "-c", MEASURE, cwd=place, environment=installed.environment).split()
                told = try_out(installed, place)
            except subprocess.CalledProcessError as error:
                print(f"{version:8}{'':9}{way:10} not installed: {error.stderr[-400:]}")
                fine = False
                continue
            counts = way == "wheel"
            if way == "--target":  # what the Python itself has installed would count as well
                packages = size = "-"
            fine &= set(told.values()) == {"ok"} and (not counts or (int(packages) <= MOST_PACKAGES and int(size) <= MOST_MB))
            print(f"{version:8}{sqlite:9}{way:10}{packages:>9}{size:>5}  {told['demo']:6}{told['durable']:9}{told['doctor']}", flush=True)
            shutil.rmtree(place)
    for version in VERSIONS:
        if version not in pythons:
            print(f"{version:8}untried: it is not on this machine")
    return fine


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--no-readme", action="store_true")
    parser.add_argument("--python", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sayso-installs-") as place:
        folder = Path(place)
        wheel, pythons = build(folder), find_pythons()
        if options.python is not None:
            pythons[run(options.python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])", cwd=folder).strip()] = options.python
        fine = try_all(pythons, wheel, short=options.short, folder=folder)
        if not options.short:
            fine &= try_places(wheel, folder)
            fine &= check_types(wheel, folder)
        if not options.no_readme:
            fine &= read_aloud(Path(place) / "clone")
        if not options.short and not options.no_readme:
            fine &= read_pages(make_environment(wheel, folder / "pages-environment"), folder / "pages")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
