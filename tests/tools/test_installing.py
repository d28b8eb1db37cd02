"""The command that an error message names installs what is missing, from where this Sayso came."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from sayso.tools.installing import build_install_command

ROOT = Path(__file__).parents[2]
METADATA = """Metadata-Version: 2.4
Name: sayso
Version: 0.1.0
Requires-Dist: xllamacpp>=2026.10; extra == 'local'
Requires-Dist: greenlet>=3.0; extra == "durable"
Requires-Dist: psycopg[binary]>=3.2; extra == "durable"
Requires-Dist: rich>=14.0
"""


def asked_of(installation: dict[str, object] | str | None, folder: Path, extra: str = "local", cwd: Path | None = None) -> str:
    """What an installation says of itself whose record in `folder` is this."""
    record = folder / "installed" / "sayso-0.1.0.dist-info"
    record.mkdir(parents=True)
    (record / "METADATA").write_text(METADATA)
    if installation is not None:
        (record / "direct_url.json").write_text(installation if isinstance(installation, str) else json.dumps(installation))
    imported = "from sayso.tools.installing import build_install_command"
    program = f"import sys; sys.path[:0] = [{str(folder / 'installed')!r}]; {imported}; print(build_install_command({extra!r}))"
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    ran = subprocess.run([sys.executable, "-c", program], cwd=cwd or folder, env=environment, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "my clone"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("")
    return folder


def test_in_a_clone_it_is_the_clone(clone: Path, tmp_path: Path) -> None:
    installed = {"url": clone.as_uri(), "dir_info": {}}
    assert asked_of(installed, tmp_path / "a", cwd=clone) == "pip install '.[local]'"
    assert asked_of({**installed, "dir_info": {"editable": True}}, tmp_path / "b", cwd=clone) == "pip install -e '.[local]'"


def test_beside_the_clone_it_is_the_clone_s_path(clone: Path, tmp_path: Path) -> None:
    said = asked_of({"url": clone.as_uri(), "dir_info": {"editable": True}}, tmp_path / "a")
    assert shlex.split(said) == ["pip", "install", "-e", f"{clone}[local]"]


def test_from_a_wheel_it_is_the_wheel(tmp_path: Path) -> None:
    wheel = tmp_path / "sayso-0.1.0-py3-none-any.whl"
    wheel.write_text("")
    assert asked_of({"url": wheel.as_uri(), "archive_info": {}}, tmp_path / "a") == f"pip install '{wheel}[local]'"
    wheel.unlink()
    assert asked_of({"url": wheel.as_uri(), "archive_info": {}}, tmp_path / "b") == "pip install 'xllamacpp>=2026.10'"


ELSEWHERE: dict[str, tuple[dict[str, object] | str | None, str]] = {
    "a repository": (
        {"url": "https://git.example/sayso.git", "vcs_info": {"vcs": "git", "commit_id": "abc123"}},
        "pip install 'sayso[durable] @ git+https://git.example/sayso.git@abc123'",
    ),
    "an archive": (
        {"url": "https://a.example/sayso.whl", "archive_info": {}},
        "pip install 'sayso[durable] @ https://a.example/sayso.whl'",
    ),
    "a clone that is gone": ({"url": "file:///no/such/clone", "dir_info": {}}, "pip install 'greenlet>=3.0' 'psycopg[binary]>=3.2'"),
    "nobody knows": (None, "pip install 'greenlet>=3.0' 'psycopg[binary]>=3.2'"),
    "a record that is broken": ("{", "pip install 'greenlet>=3.0' 'psycopg[binary]>=3.2'"),
}


@pytest.mark.parametrize(("installation", "command"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_from_elsewhere(installation: dict[str, object] | str | None, command: str, tmp_path: Path) -> None:
    assert asked_of(installation, tmp_path, "durable") == command


def test_another_pip_is_not_meant() -> None:
    program = "from sayso.tools.installing import build_install_command as c; print(c('local'))"
    environment = {**os.environ, "PATH": "/usr/bin:/bin"}
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert shlex.split(ran.stdout)[:4] == [sys.executable, "-m", "pip", "install"]


def test_no_message_names_an_index_that_has_no_sayso() -> None:
    sources = [path for room in ("tools", "workflows", "agents", "src/sayso") for path in (ROOT / room).rglob("*.py")]
    assert [str(path) for path in sources if "sayso[" in path.read_text("utf-8") and path.name != "installing.py"] == []


@pytest.mark.slow
def test_the_command_of_this_installation_works() -> None:
    command = f"{build_install_command('documents')} --dry-run --quiet --disable-pip-version-check"
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    ran = subprocess.run(command, shell=True, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert ran.returncode == 0, ran.stderr
