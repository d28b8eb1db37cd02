"""A saved report that was changed, or whose pages were, is found out without the network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sayso.agents.research.report_check import check_report, read_report
from sayso.agents.research.run import research
from sayso.tools.errors import UsageError

Change = Callable[[Path, dict[str, Any]], None]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of the sample web with its pages beside it."""
    folder = tmp_path_factory.mktemp("made")
    result = research.run_sync("BettaBurgers", search="sample", competitors=2, snapshots=folder / "snapshots")
    result.output.save(folder / "betta.md")
    return folder


def first_claim(report: dict[str, Any]) -> dict[str, Any]:
    claim: dict[str, Any] = report["competitors"][0]["claims"][0]
    return claim


def change_quote(folder: Path, report: dict[str, Any]) -> None:
    first_claim(report)["quote"] = "A burger is free."


def change_sentence(folder: Path, report: dict[str, Any]) -> None:
    first_claim(report)["text"] += " It is the best."


def change_source(folder: Path, report: dict[str, Any]) -> None:
    other = next(source["number"] for source in report["sources"] if source["number"] != first_claim(report)["source"])
    first_claim(report)["source"] = other


def find_snapshot(folder: Path, report: dict[str, Any]) -> Path:
    number = first_claim(report)["source"]
    name = next(source["snapshot"] for source in report["sources"] if source["number"] == number)
    return folder / "snapshots" / f"{name}.json"


def change_text(folder: Path, report: dict[str, Any]) -> None:
    path = find_snapshot(folder, report)
    snapshot = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**snapshot, "text": snapshot["text"] + " All burgers are free."}), encoding="utf-8")


def change_bytes(folder: Path, report: dict[str, Any]) -> None:
    path = find_snapshot(folder, report).with_suffix(".body")
    path.write_bytes(path.read_bytes() + b"<p>All burgers are free.")


def remove_snapshot(folder: Path, report: dict[str, Any]) -> None:
    find_snapshot(folder, report).unlink()


CHANGES: dict[str, tuple[Change, str]] = {
    "a quote": (change_quote, "its quote is not on the page: “A burger is free.”"),
    "a sentence": (change_sentence, "it was changed after the report was made"),
    "another source": (change_source, "or points to another source"),
    "the text of a page": (change_text, "the text of its snapshot was changed"),
    "the bytes of a page": (change_bytes, "its stored bytes are missing or were changed"),
    "a page that is gone": (remove_snapshot, "is missing"),
}


@pytest.mark.parametrize(("change", "told"), CHANGES.values(), ids=CHANGES)
def test_each_change_is_told(made: Path, tmp_path: Path, change: Change, told: str) -> None:
    for file in made.rglob("*"):
        if file.is_file():
            copy = tmp_path / file.relative_to(made)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    path = tmp_path / "betta.json"
    report = json.loads(path.read_text(encoding="utf-8"))
    change(tmp_path, report)
    path.write_text(json.dumps(report), encoding="utf-8")
    assert any(told in problem for problem in check_report(read_report(path), tmp_path / "snapshots"))


def test_a_report_that_nobody_changed_has_no_problem(made: Path) -> None:
    assert check_report(read_report(made / "betta.json"), made / "snapshots") == []


def test_a_file_that_is_no_report_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"company": 3}', encoding="utf-8")
    with pytest.raises(UsageError, match="is not a report of sayso research"):
        read_report(tmp_path / "x.json")
    with pytest.raises(UsageError, match="cannot be read"):
        read_report(tmp_path / "missing.json")
