"""`sayso research --again` and `sayso check`: what changed since an earlier report, and whether a report is as it was made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .commands import sayso_here


def write_web(folder: Path, price: str) -> Path:
    """Two roasters on a web of two sites."""
    for name in ("Bramblecup", "Copperfinch"):
        page = folder / f"{name.lower()}.example" / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(
            f"<title>{name} | Coffee roasters</title><h1>{name}</h1><p>{name} is a coffee roaster with a coffee subscription and cafés.</p>"
            f"<table><tr><th>Coffee</th><th>Price</th></tr><tr><td>House espresso</td><td>{price}</td></tr></table>",
            encoding="utf-8",
        )
    return folder


def test_what_changed_is_said_on_the_terminal_and_in_the_report(tmp_path: Path) -> None:
    asked = ["research", "Bramblecup", "--search", "web", "--cache-age", "0"]
    write_web(tmp_path / "web", "$12.99")
    assert sayso_here(*asked, "--out", "first", cwd=tmp_path).returncode == 0
    write_web(tmp_path / "web", "$13.49")
    again = sayso_here(*asked, "--again", "first/bramblecup.json", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "Copperfinch, prices: House espresso, price: $12.99. → House espresso, price: $13.49." in again.stderr
    report = json.loads((tmp_path / "reports" / "bramblecup.json").read_text(encoding="utf-8"))
    assert [change["kind"] for change in report["changes"]] == ["changed", "changed"]
    assert "What changed since" in (tmp_path / "reports" / "bramblecup.html").read_text(encoding="utf-8")
    for file in ("bramblecup.json", "bramblecup.html", "bramblecup.md"):
        checked = sayso_here("check", f"reports/{file}", cwd=tmp_path)
        assert (checked.returncode, "each as it was read. Fingerprint" in checked.stdout) == (0, True), checked.stdout
    page = tmp_path / "reports" / "bramblecup.html"
    page.write_text(page.read_text(encoding="utf-8").replace("$13.49", "$11.49"), encoding="utf-8")
    checked = sayso_here("check", "reports/bramblecup.html", cwd=tmp_path)
    assert (checked.returncode, checked.stdout) == (1, "bramblecup.html was edited after it was written.\n")


@pytest.mark.parametrize(
    ("earlier", "told"),
    [("none.json", "cannot be read"), ("broken.json", "is not a report"), ("other.json", "is about the competitors of 'Betta'")],
)
def test_an_earlier_report_that_will_not_do_is_said_before_anything_begins(earlier: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text('{"company": 3}', encoding="utf-8")
    other = {"company": "Betta", "made_at": "", "written_by": ""}
    lists = {name: [] for name in ("plan", "queries", "competitors", "comparison", "sources", "failed_pages")}
    (tmp_path / "other.json").write_text(json.dumps({**other, **lists}), encoding="utf-8")
    ran = sayso_here("research", "Bramblecup", "--search", "sample", "--again", earlier, cwd=tmp_path)
    assert (ran.returncode, told in ran.stderr, ran.stdout) == (2, True, "")
    assert not (tmp_path / "reports").exists()


def test_the_schema_is_printed_without_a_report(tmp_path: Path) -> None:
    printed = sayso_here("check", "--schema", cwd=tmp_path)
    assert (printed.returncode, json.loads(printed.stdout)["title"]) == (0, "Report of sayso research, version 2")
    asked = sayso_here("check", cwd=tmp_path)
    assert (asked.returncode, "Give the .json file of a report, or --schema." in asked.stderr) == (2, True)


def test_a_stored_research_needs_the_earlier_report_only_once(tmp_path: Path) -> None:
    asked = ["research", "Bramblecup", "--search", "web", "--cache-age", "0"]
    write_web(tmp_path / "web", "$12.99")
    assert sayso_here(*asked, "--out", "first", cwd=tmp_path).returncode == 0
    write_web(tmp_path / "web", "$13.49")
    stored = ["--database", "sqlite:///runs.db", "--run-id", "again"]
    assert sayso_here(*asked, "--again", "first/bramblecup.json", *stored, cwd=tmp_path).returncode == 0
    (tmp_path / "first" / "bramblecup.json").unlink()
    replayed = sayso_here("replay", "again", "--database", "sqlite:///runs.db", cwd=tmp_path)
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
