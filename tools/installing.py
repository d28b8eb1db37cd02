"""How to add an extra to this installation of Sayso: a command that can be typed as it stands."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit


def build_install_command(extra: str) -> str:
    """Return the command that installs what the extra needs: `pip install '.[local]'` in a clone, or from wherever Sayso came.

    Where nobody can tell any more where that was, it names the packages of the extra themselves.
    """
    return f"{find_installer()} {_find_source(extra)}"


def find_installer() -> str:
    """Return the pip of this Python. A bare `pip` may be another one's, and an environment of uv has none."""
    from importlib.util import find_spec
    from shutil import which

    if find_spec("pip") is None:
        return f"uv pip install --python {shlex.quote(sys.executable)}"
    found = which("pip")
    if found is not None and Path(found).parent == Path(sys.executable).parent:
        return "pip install"
    return f"{shlex.quote(sys.executable)} -m pip install"


def _find_source(extra: str) -> str:
    """Return what to install, with the extra, by what pip wrote down of this installation (PEP 610)."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        installed = distribution("sayso")
    except PackageNotFoundError:
        return f"'.[{extra}]' (in a clone of Sayso)"
    try:
        origin = json.loads(installed.read_text("direct_url.json") or "{}")
    except ValueError:
        origin = {}
    url = str(origin.get("url", ""))
    if url.startswith("file:"):
        path = Path(unquote(urlsplit(url).path))
        if path.is_file():
            return shlex.quote(f"{path}[{extra}]")
        if (path / "pyproject.toml").is_file():
            editable = "-e " if origin.get("dir_info", {}).get("editable") else ""
            return editable + shlex.quote(f"{'.' if _is_here(path) else path}[{extra}]")
    elif url:
        vcs = origin.get("vcs_info", {})
        address = f"{vcs['vcs']}+{url}@{vcs['commit_id']}" if vcs else url
        return shlex.quote(f"sayso[{extra}] @ {address}")
    required = installed.requires or []
    packages = [line.partition(";")[0].strip() for line in required if re.search(rf"extra == ['\"]{extra}['\"]", line)]
    return " ".join(shlex.quote(package) for package in packages)


def _is_here(path: Path) -> bool:
    try:
        return Path.cwd().samefile(path)
    except OSError:
        return False
