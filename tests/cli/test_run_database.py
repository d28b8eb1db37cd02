"""A database of runs that cannot be used is said in one sentence: what it is, what was seen, what to do."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from sayso.cli.main import run as sayso
from sayso.cli.run_database import database_option
from sayso.workflows import engine, sequential


async def shout(text: str) -> str:
    return text.upper()


def said(*arguments: str) -> tuple[int, str]:
    """Exit code and words of a command."""
    with redirect_stdout(StringIO()) as out, redirect_stderr(out):
        code = sayso(arguments)
    return code, out.getvalue()


def with_runs(path: Path, *runs: str) -> None:
    """A run file with runs that are done."""

    async def carried() -> None:
        home = engine(f"sqlite:///{path}")
        for run in runs:
            await sequential(shout, name="shouting").run("a", engine=home, run_id=run)
        home.close()

    asyncio.run(carried())


def changed(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(statement)


def newer(path: Path) -> None:
    with_runs(path, "r1")
    changed(path, "UPDATE sayso_about SET value = '99'")


def torn(path: Path) -> None:
    with_runs(path, "r1")
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 9000)


PLACES: dict[str, tuple[Callable[[Path], object], int, str]] = {
    "a folder": (lambda path: path.mkdir(), 2, "is a folder. Name a file in it: --database sqlite:///"),
    "a text": (lambda path: path.write_text("no database, but long enough to be one" * 9), 1, "(it is some other file; name another one)"),
    "another program's": (lambda path: changed(path, "CREATE TABLE addresses (name)"), 2, "holds no runs of Sayso. Name another file"),
    "a newer version's": (newer, 1, "was written by a newer Sayso (its format is 99, this one reads 2). Update Sayso."),
    "torn": (torn, 1, "(the file is damaged; restore a copy)"),
}


@pytest.mark.parametrize(("make", "code", "told"), PLACES.values(), ids=PLACES)
def test_a_file_that_is_no_run_file_is_said_and_left_as_it_is(make: Callable[[Path], object], code: int, told: str, tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    make(path)
    before = path.read_bytes() if path.is_file() else b""
    for command in (("runs",), ("show", "r1"), ("approve", "r1"), ("worker",), ("verify", "r1"), ("replay", "r1")):
        given, words = said(*command, "--database", f"sqlite:///{path}")
        assert (given, told in words, words.count("\n")) == (code, True, 1), words
    assert (path.read_bytes() if path.is_file() else b"") == before


URLS = {
    "no such folder": (("worker",), "sqlite:///{}/no/such/runs.db", 2, "The run file cannot be created: there is no folder"),
    "no such file": (("runs",), "sqlite:///{}/runs.db", 2, "There is no run file"),
    "no URL": (("runs",), "{}/runs.db", 2, "is not a database URL. Write sqlite:///runs.db, or postgresql://user@host/name. For the file"),
    "another kind": (("runs",), "mysql://localhost/runs", 2, "is not a database URL"),
    "no file": (("runs",), "sqlite://", 2, "does not name a file. Write sqlite:///runs.db"),
    "no server": (("runs",), "postgresql://me:secret@127.0.0.1:1/runs", 1, "Connection refused (is the server up, and is that its port?)."),
}


@pytest.mark.parametrize(("command", "url", "code", "told"), URLS.values(), ids=URLS)
def test_a_place_that_is_none_is_said(command: tuple[str, ...], url: str, code: int, told: str, tmp_path: Path) -> None:
    given, words = said(*command, "--database", url.format(tmp_path))
    assert (given, told in words, words.count("\n"), "secret" in words) == (code, True, 1, False), words


def test_a_run_is_named_in_full_and_those_that_begin_alike_are_told(tmp_path: Path) -> None:
    with_runs(tmp_path / "runs.db", "order-1", "order-2", "other")
    for run, told in (
        ("order", "There is no run 'order'. Runs that begin like it: order-2, order-1. Write the whole id."),
        ("nobody", "There is no run 'nobody' in "),
    ):
        for command in ("show", "cancel", "approve", "verify", "export", "replay", "resume"):
            given, words = said(command, run, "--database", f"sqlite:///{tmp_path}/runs.db")
            assert (given, told in words, words.count("\n")) == (2, True, 1), words


REPEATED = {
    "postgresql://me:a:b@c@host/runs": "postgresql://me:PASSWORD@host/runs",
    "postgresql://me@host/runs?password=secret&sslmode=require": "postgresql://me@host/runs?password=PASSWORD&sslmode=require",
    "postgresql://me@host:5432/runs": "postgresql://me@host:5432/runs",
    "postgresql://host:5432/runs": "postgresql://host:5432/runs",
    "sqlite:////tmp/a:b@c.db": "sqlite:////tmp/a:b@c.db",
}


@pytest.mark.parametrize(("given", "shown"), REPEATED.items())
def test_the_command_to_type_next_does_not_repeat_a_password(given: str, shown: str) -> None:
    assert database_option(given) == f" --database {shown}"
