"""The page over a file: a database or an export, read-only, and the file stays as it is."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sayso.tools.errors import UsageError
from sayso.web.viewing import copy_server
from sayso.workflows import DurableEngine, engine, sequential

from ..workflows.postgres_server import new_database
from .conftest import Served, Visitor


async def double(number: int) -> int:
    """Return twice the number."""
    return 2 * number


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database of two runs, and an export of one."""
    served = Served(tmp_path_factory.mktemp("view")).start()
    ada = served.sign_in("ada")
    ada.wait_for_card(ada.say("chat-00000001", "I order a burger"))
    run = ada.say("chat-00000002", "How many calories have the fries?")
    ada.wait_for_state(run, "done")
    served.stop()
    served.leave()
    exported = subprocess.run(sayso("export", run, "--database", f"sqlite:///{served.folder}/runs.db"), capture_output=True, check=True)
    (served.folder / "run.json").write_bytes(exported.stdout)
    return served.folder


def sayso(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "sayso", *arguments]


def look(source: Path) -> tuple[Served, Visitor]:
    """Return a page over a file, and somebody who is signed in to it."""
    process = subprocess.Popen(sayso("view", str(source)), stdout=subprocess.PIPE, text=True, cwd=source.parent)
    assert process.stdout is not None
    found = re.search(r"http://127\.0\.0\.1:(\d+)/#token=\S+", process.stdout.readline())
    assert found is not None
    served = Served(source.parent, port=int(found[1]), process=process, links={"me": found[0]})
    return served, served.sign_in("me")


@pytest.mark.parametrize(("name", "count"), {"runs.db": 2, "run.json": 1}.items())
def test_a_file_is_shown_and_stays_as_it_is(folder: Path, name: str, count: int) -> None:
    before = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    served, visitor = look(folder / name)
    try:
        assert visitor.me["read_only"] is True
        assert len(visitor.get("runs")["runs"]) == count
        run = visitor.get("runs/chat-00000002.1")
        assert run["output"] == "The fries have **380** calories."
        assert [item["kind"] for item in visitor.get("runs/chat-00000002.1/story")["items"]] == [
            "asked",
            "reply",
            "result",
            "reply",
            "ended",
        ]
        assert visitor.get("runs/chat-00000002.1/verify")["problems"] == []
        assert visitor.post("runs/chat-00000002.1/stop") == (403, {"error": "This page is read-only: nothing can be changed here."})
        assert visitor.post("chats/chat-00000009/turns", {"text": "hello", "agent": "shop"})[0] == 403
        for line in visitor.get("inbox")["open"]:
            assert visitor.post(f"cards/{line['digest']}/approve")[0] == 403
    finally:
        served.stop()
        served.leave()
    assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == before


def test_a_server_is_copied_and_shown(postgres: str, tmp_path: Path) -> None:
    url = new_database(postgres)
    home = engine(url)
    asyncio.run(sequential(double, name="double").run(21, engine=home, run_id="one"))
    home.close()
    shown = engine(copy_server(url, tmp_path))
    assert isinstance(shown, DurableEngine)
    assert asyncio.run(shown.verify("one")).problems == ()
    assert [row.kind for row in asyncio.run(shown.log("one"))][-1] == "ended"
    shown.close()
    (tmp_path / "view.db").unlink()
    with pytest.raises(UsageError, match="holds no runs"):
        copy_server(new_database(postgres), tmp_path)


def test_an_export_that_was_changed_is_said_to_be(folder: Path) -> None:
    document = json.loads((folder / "run.json").read_text())
    document["log"][3]["value"] = "changed"
    (folder / "changed.json").write_text(json.dumps(document))
    served, visitor = look(folder / "changed.json")
    assert len(visitor.get("runs/chat-00000002.1/verify")["problems"]) > 0
    served.stop()
    served.leave()


WRONG = {
    "nothing": (None, "There is no file"),
    "a text": ("hello", "neither a database of runs nor an export"),
    "some JSON": ("[1, 2]", "neither a database of runs nor an export"),
    "a redacted export": ('{"redacted": true, "run": {}, "log": [], "approvals": []}', "exported with --redact"),
    "half an export": ('{"run": {"id": "r1"}, "log": [{}], "approvals": []}', "not a whole export"),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_shown_is_said(tmp_path: Path, text: str | None, said: str) -> None:
    from tests.cli.commands import sayso_here

    if text is not None:
        (tmp_path / "given").write_text(text)
    shown = sayso_here("view", "given", cwd=tmp_path)
    assert shown.returncode == 2
    assert said in shown.stderr
