"""Packages that stand beside other files: a worker reads the packages, and nothing else of the folder."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from sayso.tools.sandbox import report_layers
from sayso.tools.sandbox.errors import SandboxRaised
from sayso.tools.sandbox.pool import Pool
from sayso.tools.sandbox.python_files import find_installed, list_python_files
from sayso.tools.sandbox.settings import Profile

PROBE = """
import os
from importlib.resources import files
from pathlib import Path
def late() -> str:
    from probe import later
    import single
    return later.WORD + single.WORD + files("probe").joinpath("data.txt").read_text()
def read(path: str) -> str:
    return Path(path).read_text()
def names(path: str) -> list[str]:
    return sorted(os.listdir(path))
"""
PACKAGES = {
    "probe/__init__.py": "",
    "probe/inside.py": PROBE,
    "probe/later.py": "WORD = 'later '",
    "probe/data.txt": "data",
    "single.py": "WORD = 'single '",
    "probe-1.0.dist-info/RECORD": "probe/__init__.py,sha256=x,0\nprobe/inside.py,,\n../../bin/probe,,\nsingle.py,,\n"
    "__pycache__/single.cpython-311.pyc,,\nprobe-1.0.dist-info/RECORD,,\n",
}
SECRETS = {".ssh/id": "key", "notes.txt": "mine", "work/settings.py": "PASSWORD = 1", "__pycache__/mine.pyc": "compiled"}


def put(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def granted(folder: Path) -> list[str]:
    return sorted(str(Path(path).relative_to(folder)) for path in find_installed(str(folder)))


def test_a_folder_of_packages_is_python_s_own(tmp_path: Path) -> None:
    assert granted(put(tmp_path, PACKAGES)) == ["."]
    assert granted(put(tmp_path, {"bin/probe": "#!", "__pycache__/single.pyc": "", "share/man/probe.1": ""})) == ["."]


@pytest.mark.parametrize("secret", SECRETS)
def test_of_a_folder_that_holds_something_else_only_the_packages_are(secret: str, tmp_path: Path) -> None:
    put(tmp_path, PACKAGES | {secret: SECRETS[secret]})
    whole = secret.startswith("__pycache__")  # of a folder with nothing else in it
    assert granted(tmp_path) == (["."] if whole else ["probe", "probe-1.0.dist-info", "single.py"])


FOLDERS: dict[str, dict[str, str]] = {
    "without packages": SECRETS,
    "with a package that nobody installed": {"mine/__init__.py": "", "mine/settings.py": ""},
    "with an empty record": {"a-1.dist-info/METADATA": "", ".ssh/id": ""},
    "with a file for an entry": {},
    "a record that leads out": {"a-1.dist-info/RECORD": '../secret,,\n/etc/passwd,,\n..,,\n.,,\n./x,,\n,,\n"../a,b",,\n', ".ssh/id": ""},
    "a record of what is not there": {"a-1.dist-info/RECORD": "gone/__init__.py,,\n", ".ssh/id": ""},
    "a record that cannot be read": {"a-1.dist-info/RECORD/x": "", ".ssh/id": ""},
}


@pytest.mark.parametrize("files", FOLDERS.values(), ids=FOLDERS)
def test_what_nobody_installed_is_not_opened(files: dict[str, str], tmp_path: Path) -> None:
    home = put(tmp_path, files)
    assert [name for name in granted(home) if not name.endswith(".dist-info")] == []


@pytest.mark.parametrize(
    "entry", ["", ".", "vendor", "../up", "/", "/no/such/folder", "/etc/hostname", "/etc/hostname/inside", str(Path.home())]
)
def test_entries_that_are_no_folder_of_packages(entry: str) -> None:
    assert [path for path in find_installed(entry) if path in (entry, "/", str(Path.home()), str(Path.cwd()))] == []


def test_archives_and_what_is_in_them(tmp_path: Path) -> None:
    archive = tmp_path / "packages.pyz"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("lib/x.py", "")
    (tmp_path / "notes.zip").write_text("not an archive")
    assert list(find_installed(str(archive))) == list(find_installed(str(archive / "lib"))) == [str(archive)]
    assert list(find_installed(str(tmp_path / "notes.zip"))) == []


def test_older_packages_say_what_they_are_in_another_file(tmp_path: Path) -> None:
    put(tmp_path, {"old.egg-info/top_level.txt": "old\nmodule\n", "old/__init__.py": "", "module.py": "", "mine.py": ""})
    assert granted(tmp_path) == ["module.py", "old", "old.egg-info"]


@pytest.mark.skipif(sys.platform != "linux" or not report_layers()["landlock"].on, reason="Landlock keeps files closed on Linux")
class TestInAWorker:
    """The same behind the walls."""

    @pytest.fixture
    def home(self, tmp_path: Path) -> Path:
        return put(tmp_path / "home", PACKAGES | SECRETS)

    @pytest.fixture
    def ask(self, home: Path) -> Iterator[Callable[..., object]]:
        pool = Pool(Profile(preload=("probe.inside",), roots=(str(home),), memory_mb=256, needs=("landlock",)))
        yield lambda name, *args: pool.call(f"probe.inside:{name}", list(args), {}, 10)
        pool.close()

    def test_packages_beside_private_files_load_late(self, ask: Callable[..., object]) -> None:
        assert ask("late") == "later single data"

    @pytest.mark.parametrize("secret", SECRETS)
    def test_the_private_files_stay_closed(self, secret: str, home: Path, ask: Callable[..., object]) -> None:
        with pytest.raises(SandboxRaised, match="PermissionError"):
            ask("read", str(home / secret))

    @pytest.mark.parametrize("folder", ["", ".ssh", "work"])
    def test_nor_can_their_names_be_listed(self, folder: str, home: Path, ask: Callable[..., object]) -> None:
        with pytest.raises(SandboxRaised, match="PermissionError"):
            ask("names", str(home / folder))


def test_neither_home_nor_root_nor_the_current_folder_is_among_python_s_own() -> None:
    own = {Path(path).resolve() for path in list_python_files()}
    assert own.isdisjoint({Path("/"), Path.home().resolve(), Path.cwd().resolve()})
