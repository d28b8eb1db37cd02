"""Install Sayso in every Python that is here, in every way, try it, and print what came of it; then type README and docs into a shell.

    python tests/installs/matrix.py [--short] [--no-readme] [--python PYTHON]

--short tries the wheel in every Python, every way in one of them, README and the first pages. Without it all pages, pipx and uv tool,
other users and places, how much of the types pyright knows, the Python of Debian's newest packages (marked *; --no-debian leaves it out)
and older releases of SQLite as well. --python is one more Python to try. Exit code 1 where something fails.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.installs.environments import find_index, run
from tests.installs.machines import SQLITE_CARRIERS, SUITE, TrialPython, build_sqlite, make_debian
from tests.installs.pages import read_pages
from tests.installs.places import PLACES, command_in, environment_in, find_obstacle, find_shared_python
from tests.installs.readme import read_aloud
from tests.installs.type_coverage import LEAST, measure

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
SHORT_WAYS = ("wheel", "editable", "--target", "uv")
WAYS = (*SHORT_WAYS, "pipx", "uv tool")
FIRST_PAGES = ["index", "approvals", "tools", "workflows"]  # of the short form: what a newcomer reads first
MOST_PACKAGES, MOST_MB = 40, 110
SYSTEM_SQLITE = ("3.12",)  # the Python that older releases of SQLite are tried with
REFUSED_SQLITE = {"3.32.0": "Runs in a file need SQLite 3.35.0 or newer"}
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


def find_pythons() -> dict[str, TrialPython]:
    """Return every Python that starts, by its version: on the PATH, or of pyenv."""
    found: dict[str, TrialPython] = {}
    for version in VERSIONS:
        names = [shutil.which(f"python{version}"), *sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"), reverse=True)]
        for name in filter(None, names):
            tried = subprocess.run([name, "-c", "import venv, ensurepip, sqlite3, ssl"], capture_output=True, check=False)
            if tried.returncode == 0:
                found[version] = TrialPython(Path(name))
                break
    return found


def install(way: str, python: TrialPython, wheel: Path, folder: Path) -> TrialPython:
    """Install the core in this way, in a new environment in `folder`, and return the Python that has it."""
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    if way == "--target":
        run(*python.before, python.path, *pip, "--target", folder / "packages", wheel, cwd=folder)
        return replace(python, variables={"PYTHONPATH": str(folder / "packages"), "PYTHONNOUSERSITE": "1"})
    run(*python.before, python.path, "-m", "venv", folder / "env", cwd=folder)
    own = replace(python, path=folder / "env" / "bin" / "python")
    if way in ("wheel", "editable"):
        run(*own.before, own.path, *pip, *(("--editable", ROOT) if way == "editable" else (wheel,)), cwd=folder)
        return own
    run(*own.before, own.path, *pip, way.split()[0], cwd=folder)
    if way == "pipx":
        places = {"PIPX_HOME": str(folder / "tools"), "PIPX_BIN_DIR": str(folder / "bin")}
        run(*own.before, own.path, "-m", "pipx", "install", "--python", python.path, wheel, cwd=folder, environment=places)
        return replace(own, path=folder / "tools" / "venvs" / "sayso" / "bin" / "python")
    uv, index = folder / "env" / "bin" / "uv", find_index(own.path, folder, own.before)
    if way == "uv":
        run(*own.before, uv, "pip", "install", "--quiet", "--python", own.path, wheel, cwd=folder, environment=index)
        return own
    places = {"UV_TOOL_DIR": str(folder / "tools"), "UV_TOOL_BIN_DIR": str(folder / "bin"), **index}
    run(*own.before, uv, "tool", "install", "--quiet", "--python", python.path, wheel, cwd=folder, environment=places)
    return replace(own, path=folder / "tools" / "sayso" / "bin" / "python")


def try_out(installed: TrialPython, folder: Path) -> dict[str, str]:
    """Return for each trial "ok" or how it failed."""
    trials: dict[str, tuple[Sequence[object], str]] = {
        "demo": (("-m", "sayso", "demo", "--quiet", "--out", "reports"), "bettaburgers.md"),
        "durable": (("-c", DURABLE), "HI"),
        "doctor": (("-m", "sayso", "doctor", "--search", "sample", "--database", "sqlite:///doctor.db"), "0 problems"),
    }
    told: dict[str, str] = {}
    for name, (command, expected) in trials.items():
        try:
            said = run(*installed.before, installed.path, *command, cwd=folder, environment=dict(installed.variables))
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
    version = find_version(TrialPython(python), folder)
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
        told = try_out(TrialPython(python, command_in(place, own), environment_in(place, packages)), own)
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


def try_all(pythons: dict[str, TrialPython], wheel: Path, *, short: bool, folder: Path) -> bool:
    """Print a row for each Python and way, and return whether all is well."""
    fine = True
    print(f"{'python':8}{'sqlite':9}{'way':10}{'packages':>9}{'MB':>5}  {'demo':6}{'durable':9}doctor")
    for number, (version, python) in enumerate(pythons.items()):
        for way in WAYS if not short else SHORT_WAYS if number == 0 else WAYS[:1]:
            place = Path(tempfile.mkdtemp(dir=folder))
            try:
                installed = install(way, python, wheel, place)
                packages, size, sqlite = measure_packages(installed, place)
                told = try_out(installed, place)
            except subprocess.CalledProcessError as error:
                print(f"{version:8}{'':9}{way:10} not installed: {error.stderr[-400:]}")
                fine = False
                continue
            if way == "--target":  # what the Python itself has installed would count as well
                packages = size = "-"
            fine &= set(told.values()) == {"ok"} and (way != "wheel" or (int(packages) <= MOST_PACKAGES and int(size) <= MOST_MB))
            print(f"{version:8}{sqlite:9}{way:10}{packages:>9}{size:>5}  {told['demo']:6}{told['durable']:9}{told['doctor']}", flush=True)
            if way == "wheel" and not short and version in SYSTEM_SQLITE:
                fine &= try_old_sqlite(version, installed, place)
            shutil.rmtree(place)
    return fine


def measure_packages(installed: TrialPython, folder: Path) -> list[str]:
    """Return how many packages are installed, how many MB they take, and which SQLite this Python has."""
    return run(*installed.before, installed.path, "-c", MEASURE, cwd=folder, environment=dict(installed.variables)).split()


def try_old_sqlite(version: str, installed: TrialPython, folder: Path) -> bool:
    """Try older releases of SQLite in the place of the system's, print a row for each, and return whether each works or is refused."""
    fine = True
    for sqlite in SQLITE_CARRIERS:
        library = build_sqlite(sqlite, folder)
        if isinstance(library, str):
            print(f"{version:8}{sqlite:9}untried: {library}")
            continue
        older = replace(installed, variables={**installed.variables, "LD_LIBRARY_PATH": str(library)})
        place = folder / f"with-{sqlite}"
        place.mkdir()
        found = measure_packages(older, place)[-1]
        told = try_out(older, place)
        if sqlite in REFUSED_SQLITE:  # both say which SQLite a file of runs needs, and a run leaves no file behind
            told |= {name: "refused" if REFUSED_SQLITE[sqlite] in told[name] else told[name] for name in ("durable", "doctor")}
        wanted = {"demo": "ok", **dict.fromkeys(("durable", "doctor"), "refused" if sqlite in REFUSED_SQLITE else "ok")}
        fine &= found == sqlite and told == wanted
        print(f"{version:8}{found:9}{'wheel':10}{'':14}  {told['demo']:6}{told['durable']:9}{told['doctor']}", flush=True)
    return fine


def find_version(python: TrialPython, folder: Path) -> str:
    """Return such as 3.14."""
    return run(*python.before, python.path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])", cwd=folder).strip()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--no-readme", action="store_true")
    parser.add_argument("--python", type=Path)
    parser.add_argument("--no-debian", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sayso-installs-") as place:
        folder = Path(place)
        wheel, pythons = build(folder), find_pythons()
        if options.python is not None:
            pythons[find_version(TrialPython(options.python), folder)] = TrialPython(options.python)
        if not options.short and not options.no_debian:
            debian = make_debian(folder)
            if isinstance(debian, TrialPython):
                pythons[f"{find_version(debian, folder)}*"] = debian
            else:
                print(f"Debian {SUITE}: untried: {debian}")
        fine = try_all(pythons, wheel, short=options.short, folder=folder)
        for version in VERSIONS:
            if not any(each.startswith(version) for each in pythons):
                print(f"{version:8}untried: it is not on this machine")
        if not options.short:
            fine &= try_places(wheel, folder)
            fine &= check_types(wheel, folder)
        if not options.no_readme:
            fine &= read_aloud(Path(place) / "clone")
            fine &= read_pages(wheel, folder / "pages", FIRST_PAGES if options.short else None)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
