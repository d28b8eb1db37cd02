"""A saved report that was changed, or whose pages were, is found out without the network."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sayso.agents.research.report_check import check_files, check_report, read_report, write_schema
from sayso.agents.research.report_seals import find_fingerprint, seal_report
from sayso.agents.research.run import research
from sayso.tools.errors import UsageError

Change = Callable[[Path, dict[str, Any]], None]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of the sample web with its pages beside it."""
    folder = tmp_path_factory.mktemp("made")
    result = research.run_sync("BettaBurgers", search="sample", competitors=2, snapshots=folder / "snapshots")
    result.output.save(folder / "betta.md", formats=("md", "json", "html", "csv"))
    return folder


def first_claim(report: dict[str, Any]) -> dict[str, Any]:
    claim: dict[str, Any] = report["competitors"][0]["claims"][0]
    return claim


def change_quote(folder: Path, report: dict[str, Any]) -> None:
    first_claim(report)["quote"] = "A burger is free."


def change_sentence(folder: Path, report: dict[str, Any]) -> None:
    first_claim(report)["text"] += " It is magnificent."


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


def swap_snapshots(folder: Path, report: dict[str, Any]) -> None:
    one, other = (folder / "snapshots" / f"{source['snapshot']}.json" for source in report["sources"][:2])
    for suffix in (".json", ".body"):
        first, second = one.with_suffix(suffix), other.with_suffix(suffix)
        kept = first.read_bytes()
        first.write_bytes(second.read_bytes())
        second.write_bytes(kept)


def set_snapshot(name: str, value: object) -> Change:
    """Write another value into the description of the first claim's page."""

    def change(folder: Path, report: dict[str, Any]) -> None:
        path = find_snapshot(folder, report)
        path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), name: value}), encoding="utf-8")

    return change


def set_in(*path: str | int, value: object) -> Change:
    """Write another value at a place in the report."""

    def change(folder: Path, report: dict[str, Any]) -> None:
        place: Any = report
        for step in path[:-1]:
            place = place[step]
        assert place[path[-1]] != value
        place[path[-1]] = value

    return change


def change_value(folder: Path, report: dict[str, Any]) -> None:
    claim = next(claim for claim in report["competitors"][0]["claims"] if claim["value"] and claim["subject"])
    claim["text"] = claim["text"].replace(claim["value"], "$1.01")
    claim["value"] = "$1.01"


def move_claim(folder: Path, report: dict[str, Any]) -> None:
    report["competitors"][1]["claims"].append(report["competitors"][0]["claims"].pop(0))


def copy_claim(folder: Path, report: dict[str, Any]) -> None:
    report["competitors"][1]["claims"].append(report["competitors"][0]["claims"][0])


def remove_claim(folder: Path, report: dict[str, Any]) -> None:
    report["competitors"][0]["claims"].pop()


def reorder_claims(folder: Path, report: dict[str, Any]) -> None:
    report["competitors"][0]["claims"].reverse()


def renumber_sources(folder: Path, report: dict[str, Any]) -> None:
    for source in report["sources"]:
        source["number"] = {1: 2, 2: 1}.get(source["number"], source["number"])


def renumber_sources_and_claims(folder: Path, report: dict[str, Any]) -> None:
    renumber_sources(folder, report)
    for column in (report["client"], *report["competitors"]):
        for claim in column["claims"]:
            claim["source"] = {1: 2, 2: 1}.get(claim["source"], claim["source"])


def swap_names(folder: Path, report: dict[str, Any]) -> None:
    one, other = report["competitors"][:2]
    one["name"], other["name"] = other["name"], one["name"]


def add_sentence(folder: Path, report: dict[str, Any]) -> None:
    report["comparison"].append({"text": "Betta is the cheapest.", "claims": [1]})


def take_seals_away(folder: Path, report: dict[str, Any]) -> None:
    report["seals"], report["version"] = [], 1
    for column in (report["client"], *report["competitors"]):
        for claim in column["claims"]:
            claim["seal"] = ""


def edit_file(suffix: str) -> Change:
    def change(folder: Path, report: dict[str, Any]) -> None:
        path = folder / f"betta{suffix}"
        path.write_text(path.read_text(encoding="utf-8").replace("Betta", "Gamma"), encoding="utf-8")

    return change


CHANGED = "it was changed after the report was made"
CHANGES: dict[str, tuple[Change, str]] = {
    "a quote": (change_quote, "its quote is not on the page: “A burger is free.”"),
    "a sentence": (change_sentence, CHANGED),
    "a sentence, by what the page says": (change_sentence, "the page does not say “"),
    "a value": (change_value, "its value “$1.01” is not on the page."),
    "a topic": (set_in("competitors", 0, "claims", 0, "topic", value="company"), CHANGED),
    "a date of a claim": (set_in("competitors", 0, "claims", 0, "dated", value="2026-11-28"), CHANGED),
    "who worded it": (set_in("competitors", 0, "claims", 0, "written", value="other"), CHANGED),
    "that it is no longer so": (set_in("competitors", 0, "claims", 0, "old", value=True), CHANGED),
    "a seal": (set_in("competitors", 0, "claims", 0, "seal", value=""), CHANGED),
    "another source": (change_source, "or points to another source"),
    "a source that is not there": (set_in("competitors", 0, "claims", 0, "source", value=999), "its source 999 is not among"),
    "a claim of another site": (move_claim, "or was moved from another site"),
    "a claim of another site, by its page": (copy_claim, ": its page is "),
    "a claim that is gone": (remove_claim, "site 1: its name, address, reason or claims was changed"),
    "claims in another order": (reorder_claims, "site 1: its name, address, reason or claims was changed"),
    "names": (swap_names, "site 2: its name, address, reason or claims was changed"),
    "an address": (set_in("competitors", 0, "url", value="http://other.example/"), CHANGED),
    "a reason": (set_in("competitors", 0, "reason", value="It is near."), "site 1: its name, address, reason or claims was changed"),
    "the client": (set_in("client", value=None), "the client: its name, address or claims was removed"),
    "numbers of sources": (renumber_sources, CHANGED),
    "numbers of sources and in claims": (renumber_sources_and_claims, "source 1 was changed"),
    "the date of a source": (set_in("sources", 0, "published", value="2026-11-28"), "source 1 was changed"),
    "when a page was read": (set_in("sources", 0, "fetched_at", value="2027-01-01T00:00:00Z"), "it was read at 20"),
    "the address of a source": (set_in("sources", 0, "url", value="http://other.example/"), "the snapshot is of another page"),
    "the kind of a source": (set_in("sources", 0, "kind", value="press"), "source 1 was changed"),
    "a comparison": (set_in("comparison", 0, "text", value="Betta has 1,234 shops."), "none of its claims says “1,234”"),
    "a comparison in words": (set_in("comparison", 0, "text", value="Betta is best."), "sentence 1 of the comparison was changed"),
    "a comparison that was added": (add_sentence, " of the comparison was added after"),
    "the summary": (set_in("summary", 0, "text", value="All is well."), "sentence 1 of the summary was changed"),
    "why a site was left out": (set_in("considered", 0, "reason", value="x"), "site 1 of those that were considered was changed"),
    "when it was made": (set_in("made_at", value="2027-01-01T00:00:00Z"), "when it was made was changed"),
    "what it is about": (set_in("company", value="Gamma"), "what it is about was changed"),
    "that it was stopped": (set_in("stopped", value="x"), "why it was stopped was added"),
    "the seals": (take_seals_away, "its version and seals were taken away"),
    "the text of a page": (change_text, "the text of its snapshot was changed"),
    "the bytes of a page": (change_bytes, "its stored bytes are missing or were changed"),
    "a page that is gone": (remove_snapshot, "is missing"),
    "the date of a page": (set_snapshot("fetched_at", "2020-01-01T00:00:00Z"), "it was read at 2020-01-01T00:00:00Z, not at"),
    "the address of a page": (set_snapshot("url", "http://other.example/"), "the address that was asked for was changed"),
    "a page for another": (swap_snapshots, "the snapshot is of another page"),
    "a snapshot by another name": (set_in("sources", 0, "snapshot", value="../betta"), "its snapshot betta.json is missing"),
    "the HTML": (edit_file(".html"), "betta.html was edited after it was written."),
    "the Markdown": (edit_file(".md"), "betta.md was edited after it was written."),
    "the table": (edit_file(".csv"), "betta.csv is not the table of betta.json"),
}


def copy(made: Path, folder: Path) -> Path:
    for file in made.rglob("*"):
        if file.is_file():
            (folder / file.relative_to(made)).parent.mkdir(parents=True, exist_ok=True)
            (folder / file.relative_to(made)).write_bytes(file.read_bytes())
    return folder / "betta.json"


def check(path: Path) -> list[str]:
    report = read_report(path)
    return [*check_report(report, path.parent / "snapshots"), *check_files(report, path)]


@pytest.mark.parametrize(("change", "told"), CHANGES.values(), ids=CHANGES)
def test_each_change_is_told(made: Path, tmp_path: Path, change: Change, told: str) -> None:
    path = copy(made, tmp_path)
    report = json.loads(path.read_text(encoding="utf-8"))
    change(tmp_path, report)
    path.write_text(json.dumps(report), encoding="utf-8")
    assert [problem for problem in check(path) if told in problem] != [], check(path)


FORGED = {"a quote": change_quote, "a sentence": change_sentence, "a value": change_value, "a claim of another site": move_claim}


@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED)
def test_new_seals_do_not_help_where_the_page_says_otherwise(made: Path, tmp_path: Path, change: Change) -> None:
    path = copy(made, tmp_path)
    report = json.loads(path.read_text(encoding="utf-8"))
    change(tmp_path, report)
    path.write_text(json.dumps(report), encoding="utf-8")
    forged = seal_report(read_report(path))
    assert check_report(forged, tmp_path / "snapshots") != []
    assert find_fingerprint(forged) != find_fingerprint(read_report(made / "betta.json"))


def test_other_line_ends_and_another_layout_are_no_change(made: Path, tmp_path: Path) -> None:
    path = copy(made, tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")), indent=4), encoding="utf-8")
    page = path.with_suffix(".md")
    page.write_bytes(page.read_bytes().replace(b"\n", b"\r\n"))
    assert check(path) == []


def test_files_of_another_report_are_told(made: Path, tmp_path: Path) -> None:
    path = copy(made, tmp_path)
    other = seal_report(replace(read_report(path), made_at="2020-01-01T00:00:00Z"))
    path.with_suffix(".html").write_text(other.html(), encoding="utf-8")
    assert check(path) == ["betta.html was written from another report than betta.json."]


def test_a_report_of_version_1_is_read_and_checked(tmp_path: Path) -> None:
    """One as 0.1 wrote it, before there were summaries, kinds of sources and seals of anything but claims."""
    folder = Path(__file__).parent / "old_report"
    report = read_report(folder / "report.json")
    assert (report.version, report.number_claims()[0][2].text, report.summary) == (1, "Smashwick is a smash burger chain.", ())
    assert check_report(report, folder / "snapshots") == []
    assert "its own site" in report.html()
    changed = replace(report, competitors=(replace(report.competitors[0], claims=(replace(report.number_claims()[0][2], topic="x"),)),))
    assert check_report(changed, folder / "snapshots") == [
        "Claim 1 (Smashwick): it was changed after the report was made, or points to another source."
    ]


def test_a_report_of_a_newer_version_is_refused(made: Path, tmp_path: Path) -> None:
    path = copy(made, tmp_path)
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), "version": 99}), encoding="utf-8")
    with pytest.raises(UsageError, match="is a report of version 99; this Sayso reads up to version 2"):
        read_report(path)


def test_a_saved_report_is_as_the_schema_says(made: Path) -> None:
    """Each name in the file is in the schema, and each that the schema requires is in the file."""
    schema = json.loads(write_schema())

    def look(value: Any, rule: dict[str, Any]) -> None:
        rule = schema["$defs"][rule["$ref"].rpartition("/")[2]] if "$ref" in rule else rule
        if "anyOf" in rule:
            rule = next(each for each in rule["anyOf"] if (each.get("type") == "null") == (value is None))
            look(value, rule)
        elif isinstance(value, dict):
            assert set(rule["required"]) <= value.keys() <= rule["properties"].keys()
            for name, each in value.items():
                look(each, rule["properties"][name])
        elif isinstance(value, list):
            for each in value:
                look(each, rule["items"])
        else:
            types = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None)}
            assert isinstance(value, types[rule["type"]])

    look(json.loads((made / "betta.json").read_text(encoding="utf-8")), schema)


def test_a_report_that_nobody_changed_has_no_problem(made: Path) -> None:
    assert check(made / "betta.json") == []


def test_a_file_that_is_no_report_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"company": 3}', encoding="utf-8")
    with pytest.raises(UsageError, match="is not a report of sayso research"):
        read_report(tmp_path / "x.json")
    with pytest.raises(UsageError, match="cannot be read"):
        read_report(tmp_path / "missing.json")
