"""The files that Python itself reads: a worker needs them for modules and data that are loaded late."""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from ..errors import UsageError
from .library_folders import list_library_folders

SYSTEM_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo")
_INSTALLED = ("site-packages", "dist-packages")
_BESIDE_PACKAGES = frozenset({"bin", "share", "__pycache__"})  # what `pip install --target` puts beside the packages


def list_python_files() -> list[str]:
    """Return the files and folders of the interpreter, of the installed packages and of this package."""
    return list(_list_files(tuple(entry for entry in sys.path if isinstance(entry, str))))


@lru_cache(maxsize=8)
def _list_files(folders: tuple[str, ...]) -> tuple[str, ...]:
    import site

    own = list_library_folders() | set(site.getsitepackages())
    own |= {path for entry in folders for path in find_installed(entry)}
    own.add(str(Path(__file__).resolve().parents[1]))
    return (*sorted(own), *SYSTEM_LIBRARIES)


def refuse_code(folders: tuple[str, ...], own: Iterable[str]) -> tuple[str, ...]:
    """Return these folders. Raises UsageError if one has code in it that is loaded: a call could leave other code for the next one.

    `own` are the files and folders of the function itself.
    """
    if not folders:
        return folders
    installed = [Path(os.path.realpath(place)) for place in list_python_files()]
    loaded = [Path(os.path.realpath(place)) for place in (*own, *sys.path) if isinstance(place, str) and place]
    for folder in map(Path, folders):
        inside = [str(place) for place in (*loaded, *installed) if place.is_relative_to(folder)]
        around = [str(place) for place in installed if folder.is_relative_to(place)]
        code = next(iter([*inside, *around]), None) or _find_module_in(str(folder))
        if code is not None:
            raise UsageError(
                f"Sandbox(write=[{str(folder)!r}]): Python loads code from {code}, so a call could change what the next call and this "
                f"program run. Name a folder that holds no code."
            )
    return folders


def _find_module_in(folder: str) -> str | None:
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return next((file for file in files if isinstance(file, str) and (file == folder or file.startswith(folder + os.sep))), None)


def find_installed(entry: str) -> Iterator[str]:
    """Yield the files and folders of installed packages in an entry of `sys.path`.

    An entry can be the home folder, a project, or wherever the program was started: such a folder is never opened as a whole. In it, only
    what an installer put there and wrote down in its RECORD is Python's own (`pip install --target`, a vendored folder).
    """
    path = Path(entry)
    if not path.is_absolute():
        return
    if path.name in _INSTALLED:
        yield entry
    elif path.is_dir():
        yield from _find_recorded(path)
    else:
        yield from _find_archive(path)


def _find_recorded(folder: Path) -> Iterator[str]:
    try:
        present = set(os.listdir(folder))  # noqa: PTH208  only the names count
    except OSError:
        return  # Python cannot look for modules in it either
    recorded: set[str] = set()
    for name in present:
        if name.endswith(".dist-info"):
            recorded |= {name, *_read_top_names(folder / name / "RECORD")}
        elif name.endswith(".egg-info"):
            modules = set(_read_top_names(folder / name / "top_level.txt"))
            recorded |= {name, *modules, *(f"{module}.py" for module in modules)}
    here = recorded & present - _BESIDE_PACKAGES
    if here and present <= here | _BESIDE_PACKAGES:
        yield str(folder)  # nothing else is in it: it can be listed, too, which finding a module needs once the folder has changed
    else:
        yield from (str(folder / name) for name in here)


def _read_top_names(listing: Path) -> Iterator[str]:
    """Yield the first part of each path in a RECORD (`package/module.py,sha256=...,123`), or of each line of a top_level.txt."""
    try:
        lines = listing.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        name = line.split(",")[0].strip('"').split("/")[0]
        if name not in ("", ".", ".."):  # a script beside the folder is recorded as ../../bin/name
            yield name


def _find_archive(path: Path) -> Iterator[str]:
    """Yield the archive that an entry is, or is in: /app/packages.zip, /app/packages.zip/lib."""
    for each in (path, *path.parents):
        if each.is_file():
            if zipfile.is_zipfile(each):
                yield str(each)
            return
