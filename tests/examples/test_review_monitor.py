"""The reputation monitor over a folder that grows: each review is read once, and a complaint that rises is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sayso import ScriptedModel
from sayso.agents import ModelRequest
from sayso.tools.errors import ModelError

from ..cli.commands import environment, listens_to_ctrl_c
from .running import EXAMPLES, example, ran_here, run

GOOD, BAD = '{"about": "food", "happy": true}', '{"about": "food", "happy": false}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "reviews").mkdir()
    return tmp_path / "reviews"


def export(file: Path, *rows: str, seconds_ago: float = 10) -> None:
    """Write rows as an export does, some time ago."""
    file.write_text("\n".join(("date,text", *rows, "")), "utf-8")
    at = time.time() - seconds_ago
    os.utime(file, (at, at))


def tells_cold(request: ModelRequest) -> str:
    return BAD if "cold" in request.question else GOOD


def make_monitor(folder: Path, model: ScriptedModel) -> Any:
    reviews = example("reviews")
    return reviews.Monitor(folder, reviews.make_judge(model), f"sqlite:///{folder.parent / 'reviews.db'}")


async def test_each_review_is_read_once_wherever_it_stands(folder: Path) -> None:
    model = ScriptedModel(tells_cold, repeat=True)
    monitor = make_monitor(folder, model)
    export(folder / "may.csv", "2026-05-01,Lovely.", "2026-05-02,My pasta was cold.")
    assert await monitor.look() == ["2 new: 1 good, 1 bad; complaints: 1 about food. 2 reviews in all."]
    assert await monitor.look() == []
    # The next export has the newest row first, and what the first one had; two guests wrote the same on one day.
    export(folder / "june.csv", "2026-06-01,Great!", "2026-06-01,Great!", "2026-05-02,My pasta was cold.", seconds_ago=5)
    export(folder / "may.csv", "2026-05-03,Fine.", "2026-05-01,Lovely.", "2026-05-02,My pasta was cold.", seconds_ago=5)
    assert await monitor.look() == ["3 new: 3 good, 0 bad; complaints: none. 5 reviews in all."]
    assert model.requests == 5
    again = make_monitor(folder, model)
    assert await again.look() == ["Nothing new. 5 reviews in all."]
    assert model.requests == 5


async def test_a_file_that_is_being_written_is_left_for_the_next_look(folder: Path) -> None:
    monitor = make_monitor(folder, ScriptedModel(tells_cold, repeat=True))
    export(folder / "may.csv", "2026-05-02,My pasta wa", seconds_ago=0)
    assert await monitor.look() == []
    export(folder / "may.csv", "2026-05-02,My pasta was cold.", seconds_ago=2)
    assert await monitor.look() == ["1 new: 0 good, 1 bad; complaints: 1 about food. 1 reviews in all."]


async def test_a_file_that_is_no_table_of_reviews_is_told_of_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monitor = make_monitor(folder, ScriptedModel(GOOD, repeat=True))
    export(folder / "good.csv", "2026-05-01,Lovely.")
    (folder / "bad.csv").write_text("when,what\n1,2\n", "utf-8")
    os.utime(folder / "bad.csv", (1, 1))
    assert await monitor.look() == ["1 new: 1 good, 0 bad; complaints: none. 1 reviews in all."]
    assert await monitor.look() == []
    assert capsys.readouterr().err == f"Left out: {folder / 'bad.csv'} has no columns named date and text in its first line.\n"


async def test_a_review_that_the_model_could_not_be_asked_about_is_tried_again(folder: Path) -> None:
    monitor = make_monitor(folder, ScriptedModel(GOOD, ModelError("The model is down."), GOOD))
    export(folder / "may.csv", "2026-05-01,Lovely.", "2026-05-02,Fine.")
    assert await monitor.look() == [
        "1 new: 1 good, 0 bad; complaints: none. 1 reviews in all.",
        "Not read: 1 of 2, the first because: The model is down.",
    ]
    assert await monitor.look() == ["1 new: 1 good, 0 bad; complaints: none. 2 reviews in all."]


async def test_a_complaint_that_rises_is_told_once_and_by_what(folder: Path) -> None:
    monitor = make_monitor(folder, ScriptedModel(tells_cold, repeat=True))
    export(folder / "spring.csv", *(f"2026-05-{day:02},Lovely soup." for day in range(1, 32)), *("2026-06-01,Fine.",) * 9)
    assert len(await monitor.look()) == 1
    export(folder / "july.csv", *(f"2026-07-{day:02},The soup was cold." for day in range(1, 21)))
    told = await monitor.look()
    assert told[0] == "20 new: 0 good, 20 bad; complaints: 20 about food. 60 reviews in all."
    assert told[1].startswith("ALERT: complaints about food have risen since 2026-07-01: ")
    assert told[1].endswith("; before, 0 of 40 (0 %).")
    assert await monitor.look() == []


def test_watching_ends_well_and_goes_on(folder: Path) -> None:
    export(folder / "may.csv", "2026-05-01,Lovely.", "2026-05-02,My pasta was cold.")
    watch = [sys.executable, "-W", "error", EXAMPLES / "reviews.py", folder, "--watch", "--every", "0.05"]
    with subprocess.Popen(
        watch,
        cwd=folder.parent,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=listens_to_ctrl_c,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "2 new: 1 good, 1 bad; complaints: 1 about food. 2 reviews in all.\n"
        export(folder / "june.csv", "2026-06-01,Great!")
        assert process.stdout.readline() == "1 new: 1 good, 0 bad; complaints: none. 3 reviews in all.\n"
        process.send_signal(signal.SIGINT)
        told = process.communicate()[1]
    assert process.returncode == 130
    assert "3 reviews are kept in sqlite:///reviews.db: the same command goes on there." in told
    assert "Traceback" not in told
    assert run("reviews.py", folder, cwd=folder.parent).splitlines()[0] == "Nothing new. 3 reviews in all."


def test_a_file_is_not_watched(tmp_path: Path) -> None:
    done = ran_here("reviews.py", "--watch", cwd=tmp_path)
    assert done.returncode == 2
    assert "is a file, and --watch looks into a folder" in done.stderr
