"""`sayso research`: nothing found is exit code 4 and no report, and a person may choose before the visits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .commands import in_a_terminal, sayso_here


@pytest.mark.parametrize("name", ["Notion", "qzxv", "A", "12", "寿司大全株式会社", "Burger"])
def test_a_company_that_is_nowhere_gets_no_report_about_others(name: str, tmp_path: Path) -> None:
    ran = sayso_here("research", name, "--search", "sample", cwd=tmp_path)
    assert (ran.returncode, ran.stdout, list(tmp_path.iterdir())) == (4, "", [])
    last = ran.stderr.strip().splitlines()[-1]
    assert last.startswith("sayso: ")
    assert name in last
    assert "--search" in last  # what to do


def test_without_a_terminal_nobody_is_asked(tmp_path: Path) -> None:
    ran = sayso_here("research", "BettaBurgers", "--search", "sample", "--choose", cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "--choose asks in the terminal" in ran.stderr


def test_a_person_leaves_sites_out_and_adds_one(tmp_path: Path) -> None:
    child = in_a_terminal("research", "BettaBurgers", "--search", "sample", "--choose", "--competitors", "2", cwd=tmp_path)
    child.expect("Enter to continue: ")
    first = str(child.before)
    assert "It has in common with BettaBurgers: " in first
    assert "best-burger-directory.example: A list or comparison of others." in first
    child.sendline("99")
    child.expect("There is no candidate 99")
    child.expect("Enter to continue: ")
    child.sendline("1-3 +noodlebun.example")
    child.expect("You gave it.")
    child.expect("Enter to continue: ")
    child.sendline("")
    child.expect("reports/bettaburgers.md")
    child.wait()
    report = json.loads((tmp_path / "reports" / "bettaburgers.json").read_text("utf-8"))
    assert report["competitors"][0]["url"].startswith("http://noodlebun.example/")
    assert sum(each["reason"] == "You left it out." for each in report["considered"]) in (2, 3)  # noodlebun may be one of them
