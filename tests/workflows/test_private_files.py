"""What runs leave on the disk is its owner's alone, from the first moment and whatever the umask says; a group can share it."""

from __future__ import annotations

import grp
import logging
import os
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from sayso import Agent, ScriptedModel, tool
from sayso.agents import Reply, call
from sayso.tools import Approve, UsageError
from sayso.tools.ordering.order_desk import OrderDesk
from sayso.workflows import engine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")


@pytest.fixture(autouse=True)
def wide_open() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@tool.write
async def note(text: str) -> str:
    """Take a note."""
    return "noted"


def writer() -> Agent[str]:
    return Agent(ScriptedModel(Reply(calls=(call("note", text="milk"),)), "Done."), name="writer", tools=[note])


def find_modes(folder: Path) -> dict[str, str]:
    """Return the permissions of all files and folders below, by name without what differs from run to run."""
    names = {each: each.name if each.parent == folder else "a lock" for each in sorted(folder.rglob("*"))}
    return {name: f"{stat.S_IMODE(each.stat().st_mode):o}" for each, name in names.items()}


FOR_ME = {"runs.db": "600", "runs.db-wal": "600", "runs.db-shm": "600", "runs.db-alive": "700", "a lock": "600"}


async def test_a_run_file_and_all_beside_it_are_the_owners_alone(tmp_path: Path) -> None:
    runs = engine(f"sqlite:///{tmp_path}/runs.db")
    paused = await writer().run("note it", engine=runs, run_id="r1")
    assert find_modes(tmp_path) == FOR_ME
    await runs.resume("r1", {paused.pending[0].digest: Approve()})
    assert find_modes(tmp_path) == FOR_ME
    runs.close()


def test_nothing_is_ever_created_for_others_to_read(tmp_path: Path) -> None:
    program = f"""
    import os, sys
    os.umask(0)
    WRITES = os.O_CREAT
    def look(event, arguments):
        if event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITES and str(arguments[0]).startswith({str(tmp_path)!r}):
            opened.append(str(arguments[0]))
        if event == "sqlite3.connect":
            seen.append(oct(os.stat(str(arguments[0])).st_mode & 0o777))
    opened, seen = [], []
    real = os.open
    def checked(path, flags, mode=0o777, **more):
        if flags & WRITES and str(path).startswith({str(tmp_path)!r}):
            modes.append(oct(mode))
        return real(path, flags, mode, **more)
    modes, os.open = [], checked
    sys.addaudithook(look)
    from sayso.workflows import engine
    runs = engine("sqlite:///{tmp_path}/runs.db")
    runs.store.register()
    assert set(seen) == {{"0o600"}}, seen
    assert len(opened) == len(modes) and set(modes) == {{"0o600"}}, (opened, modes)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


async def test_files_of_an_earlier_version_are_taken_from_others_and_that_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    engine(url).close()
    (tmp_path / "runs.db").chmod(0o644)
    (tmp_path / "runs.db-alive").mkdir(mode=0o755)
    with caplog.at_level(logging.WARNING, "sayso"):
        for _ in range(2):
            engine(url).close()
    assert [record.getMessage() for record in caplog.records] == [
        "runs.db and runs.db-alive could be read by other users of this machine; from now on by its owner alone. "
        "To share it: sqlite:///...?group=NAME."
    ]
    assert set(find_modes(tmp_path).values()) <= {"600", "700"}


def test_a_link_to_a_file_that_is_not_there_yet_makes_that_file_private(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "runs.db").symlink_to(tmp_path / "data" / "real.db")
    engine(f"sqlite:///{tmp_path}/runs.db").close()
    assert f"{stat.S_IMODE((tmp_path / 'data' / 'real.db').stat().st_mode):o}" == "600"


async def test_a_group_shares_a_run_file(tmp_path: Path) -> None:
    group = grp.getgrgid(os.getegid()).gr_name
    url = f"sqlite:///{tmp_path}/runs.db?group={group}"
    with pytest.raises(UsageError, match=f"Write: chgrp {group} {tmp_path} && chmod g\\+rwxs {tmp_path}"):
        engine(url)
    tmp_path.chmod(0o2770)  # noqa: ASYNC240
    runs = engine(url)
    await writer().run("note it", engine=runs, run_id="r1")
    shared = {"runs.db": "660", "runs.db-wal": "660", "runs.db-shm": "660", "runs.db-alive": "2770", "a lock": "660"}
    assert find_modes(tmp_path) == shared
    assert {each.stat().st_gid for each in tmp_path.rglob("*")} == {os.getegid()}  # noqa: ASYNC240
    runs.close()


def test_a_wrong_option_of_the_url_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no group 'no-such-group'"):
        engine(f"sqlite:///{tmp_path}/runs.db?group=no-such-group")
    with pytest.raises(UsageError, match=r"has the option 'gruop'\. The one option there is shares the file"):
        engine(f"sqlite:///{tmp_path}/runs.db?gruop=staff")
    assert list(tmp_path.iterdir()) == []


def test_an_order_book_is_its_owners_alone(tmp_path: Path) -> None:
    with OrderDesk(tmp_path / "orders.db"):
        assert set(find_modes(tmp_path).values()) == {"600"}
