"""`sayso case` makes recorded cases of runs; `sayso replay` says which of them the present code would do otherwise, and where first."""

from __future__ import annotations

import asyncio
import json
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from sayso import Approve
from sayso.agents.evaluation import read_suite
from sayso.cli.load_object import load_step
from sayso.cli.main import run as sayso
from sayso.tools.approval.requests import ApprovalRequest, Decision
from sayso.workflows import engine

DESK = Path(__file__).with_name("case_desk.py")


async def approve(request: ApprovalRequest) -> Decision | None:
    return Approve(by="ada")


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with a desk and its database: a run that is done, one that waits, and one that somebody found bad."""
    with chdir(tmp_path):
        waiter = load_step(f"{DESK}:waiter")

        async def fill() -> None:
            home = engine(f"sqlite:///{tmp_path}/runs.db")
            await waiter.run("One burger", engine=home, run_id="lunch", approve=approve)  # type: ignore[attr-defined]
            await waiter.run("One burger", engine=home, run_id="dinner")  # type: ignore[attr-defined]
            await waiter.run("One burger", engine=home, run_id="brunch", approve=approve)  # type: ignore[attr-defined]
            await home.give_feedback("brunch", False, note="no fries", by="bob")
            home.close()

        asyncio.run(fill())
    (tmp_path / "kitchen.txt").unlink()
    return tmp_path


def said(desk: Path, *arguments: str) -> tuple[int, str]:
    with chdir(desk), redirect_stdout(StringIO()) as out, redirect_stderr(out):
        code = sayso([*arguments, *(("--database", "sqlite:///runs.db") if Path("runs.db").exists() else ())])
    return code, out.getvalue()


def test_a_case_is_added_and_what_a_person_wrote_stays(desk: Path) -> None:
    written = '# the desk\ncases:\n  - name: hello   # by hand\n    input: "Hello"\n    contains: Hello\n'
    (desk / "cases.yaml").write_text(written, encoding="utf-8")
    code, text = said(desk, "case", "lunch", "--to", "cases.yaml", "--expected")
    assert code == 0
    assert "recorded: lunch (waiter, done, 6 steps) in recordings/lunch.json\n  added to cases.yaml as lunch\n" in text
    after = (desk / "cases.yaml").read_text(encoding="utf-8")
    assert after.startswith(written)
    with chdir(desk):
        added = read_suite("cases.yaml").cases[-1]
    assert (added.name, added.input, added.expected) == ("lunch", "One burger", "That is all.")
    assert (desk / added.recording).is_file()
    code, text = said(desk, "case", "lunch", "--to", "cases.yaml")
    assert "The case lunch of cases.yaml has this recording; the case stays as it is." in text
    assert (desk / "cases.yaml").read_text(encoding="utf-8") == after


def test_a_run_that_somebody_found_bad_is_a_case_with_the_note(desk: Path) -> None:
    code, text = said(desk, "case", "--feedback", "down", "--to", "cases.json")
    assert code == 0
    assert "Somebody gave it a thumb down: write beside it what should hold" in text
    (made,) = json.loads((desk / "cases.json").read_text(encoding="utf-8"))["cases"]
    assert made == {
        "name": "brunch",
        "input": "One burger",
        "recording": "recordings/brunch.json",
        "metadata": {"run": "brunch", "flow": "waiter", "feedback": "down", "note": "no fries"},
    }


def test_several_runs_are_replayed_and_each_difference_is_named(desk: Path) -> None:
    assert said(desk, "replay", "--all", "--app", f"{DESK}:app") == (
        0,
        "same: lunch, 6 steps\nsame: dinner, 2 steps\nsame: brunch, 6 steps\n3 runs: 3 same. Nothing was done.\n",
    )
    code, text = said(desk, "replay", "--flow", "waiter", "--state", "done", "--app", f"{DESK}:changed")
    assert code == 1
    assert text.count("step 1: the code sends the model something else at model:0.") == 2
    assert text.count("+ system: Take the order politely.") == 2
    assert text.endswith("2 runs: 2 different. Nothing was done.\n")
    assert not (desk / "kitchen.txt").exists()


def test_files_are_replayed_without_their_database(desk: Path) -> None:
    said(desk, "case", "--all", "--out", "kept")
    (desk / "runs.db").rename(desk / "elsewhere.db")
    (desk / "kept" / "cut.json").write_text('{"sayso_recording": 1, "run"', encoding="utf-8")
    app = ("--app", f"{DESK}:app")
    assert said(desk, "replay", *app, "kept/lunch.json", "kept/dinner.json")[0] == 0
    code, text = said(desk, "replay", *app, "kept/lunch.json", "kept/cut.json")
    assert code == 2
    assert "not replayed: kept/cut.json, kept/cut.json:1: this is not a whole JSON document" in text
    assert text.endswith("2 runs: 1 same, 1 not replayed. Nothing was done.\n")
    code, text = said(desk, "replay", "kept/lunch.json")
    assert (code, "it is of the flow 'waiter' of your own app: name it with --app module:app." in text) == (2, True)


def test_a_recording_that_was_changed_by_hand_is_not_written_over(desk: Path) -> None:
    said(desk, "case", "lunch")
    path = desk / "recordings" / "lunch.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    del document["sha256"]
    path.write_text(json.dumps(document), encoding="utf-8")
    code, text = said(desk, "case", "lunch")
    assert (code, "was changed by hand, and would be overwritten" in text) == (2, True)
    assert json.loads(path.read_text(encoding="utf-8")) == document


def test_the_runs_of_evaluations_are_chosen_only_by_name(desk: Path) -> None:
    (desk / "hello.json").write_text('{"cases": [{"name": "hello", "input": "One burger", "calls": ["order"]}]}', encoding="utf-8")
    assert said(desk, "eval", "hello.json", f"{DESK}:waiter")[0] in (0, 1)
    text = said(desk, "runs", "--json")[1]
    evaluated = [each["run"] for each in json.loads(text) if each["flow"] == "waiter" and each["run"] not in ("lunch", "dinner", "brunch")]
    assert len(evaluated) == 1
    for chosen in (["--all"], ["--flow", "waiter"], ["--state", "waiting"]):
        assert evaluated[0] not in said(desk, "replay", *chosen, "--app", f"{DESK}:app")[1]
    assert f"same: {evaluated[0]}" in said(desk, "replay", evaluated[0], "dinner", "--app", f"{DESK}:app")[1]


REFUSED = {
    "no run of that id": (("case", "supper"), "There is no run 'supper'"),
    "nothing named": (("case",), "Name a run, or choose runs with --all"),
    "named and chosen": (("case", "lunch", "--all"), "not both"),
    "no run of the flow": (("case", "--flow", "cook"), "No run is chosen: none is of the flow 'cook'. Flows: waiter."),
    "no run in the state": (("case", "--state", "failed"), "No run is chosen: the database has none in the state 'failed'."),
    "no run with a thumb": (("case", "--feedback", "up"), "the database has none with a thumb up"),
    "no such state": (("case", "--state", "fine"), "There is no state 'fine'. States: new, queued"),
    "one name for several": (("case", "lunch", "dinner", "--name", "meal"), "--name names the case of one run"),
    "no output to expect": (("case", "dinner", "--expected"), "Run dinner has no output to expect: it is waiting"),
    "nothing to replay": (("replay", "--flow", "cook", "--app", f"{DESK}:app"), "No run is chosen"),
    "no case file": (("case", "lunch", "--to", "cases.txt"), "cases.txt"),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_done_is_one_sentence(desk: Path, arguments: tuple[str, ...], message: str) -> None:
    code, text = said(desk, *arguments)
    assert code == 2
    assert message in text
    assert "Traceback" not in text
