"""`sayso research` and `sayso demo`: the report, and what is kept when something stops it."""

from __future__ import annotations

import json
import re
import resource
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from sayso.agents.models.extractive import ANSWERS, ExtractiveReader
from sayso.agents.models.model import Delta, Finished, ModelRequest
from sayso.cli.report_file import find_report_path
from sayso.cli.research import ResearchRun
from sayso.cli.research_flow import ResearchTask
from sayso.tools.web import find_quote, load_snapshot
from sayso.workflows import Usage

from ..agents.fake_openai import FakeOpenAI, FallsSilent, HttpError
from .commands import environment, listens_to_ctrl_c, sayso, sayso_here


def answered(body: dict[str, Any]) -> str:
    """A model that answers each question of the research by its schema; the findings have a quote too many that is on no page."""
    title = body["response_format"]["json_schema"]["schema"]["title"]
    answer: dict[str, Any] = dict(ANSWERS[title](body["messages"][-1]["content"]))
    if title == "Findings":
        invented = {"topic": "prices", "text": "Everything is free.", "quote": "Everything is free on Sundays at our house.", "page": 1}
        answer["claims"] = [*answer["claims"], invented]
    return json.dumps(answer)


def checked_report(path: Path) -> dict[str, Any]:
    """The report's JSON, after every claim's quote was found in the stored snapshot of its source."""
    report: dict[str, Any] = json.loads(path.with_suffix(".json").read_text("utf-8"))
    sources = {source["number"]: source for source in report["sources"]}
    for competitor in report["competitors"]:
        assert competitor["claims"]
        for claim in competitor["claims"]:
            snapshot = load_snapshot(path.parent / "snapshots" / f"{sources[claim['source']]['snapshot']}.json")
            assert find_quote(claim["quote"], snapshot.text) is not None
            assert snapshot.sha256 == sources[claim["source"]]["sha256"]
    return report


def test_the_demo_reports_nine_competitors_with_quotes_and_names_the_sites_that_failed(tmp_path: Path) -> None:
    ran = sayso("demo", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    path = Path(ran.stdout.strip())
    assert ran.stdout == "reports/bettaburgers.md\n"
    report = checked_report(tmp_path / path)
    assert len(report["competitors"]) == 9
    failed = {page["url"].split("/")[2] for page in report["failed_pages"]}
    assert failed <= {"grillatron.example", "hushcow.example"}
    names = {competitor["url"] for competitor in report["competitors"]}
    assert "http://kilnbun.example/" in names  # answers 503 at first
    assert not names & {"http://bettaburgers.example/", "http://best-burger-directory.example/", "http://thecounterpost.example/"}
    assert "Jalapeño" in (tmp_path / path).read_text("utf-8")  # served in ISO-8859-1
    assert "order 50 burgers" not in (tmp_path / path).read_text("utf-8").lower()
    assert "no language model: sentences are quoted, not written" in ran.stderr
    plan, first_search = ran.stderr.index("  plan "), ran.stderr.index("  search ")
    assert plan < first_search


def test_a_model_behind_an_endpoint_writes_the_report_and_its_invented_quotes_are_dropped(tmp_path: Path) -> None:
    with FakeOpenAI([answered], repeat=True) as endpoint:
        ran = sayso(
            "research",
            "BettaBurgers",
            "--base-url",
            endpoint.base_url,
            "--search",
            "sample",
            "--competitors",
            5,
            "--out",
            "r.md",
            cwd=tmp_path,
        )
    assert (ran.returncode, ran.stdout) == (0, "r.md\n"), ran.stderr
    report = checked_report(tmp_path / "r.md")
    questions = [body["messages"][-1]["content"] for body in endpoint.requests if "\n[page " in body["messages"][-1]["content"]]
    first = [question for question in questions if "These quotes are not on the pages" not in question]
    invented = [each for each in report["withdrawn"] if each["text"] == "Everything is free on Sundays at our house."]
    assert (len(report["competitors"]), len(invented)) == (5, len(first))
    assert report["dropped_claims"] >= len(first)
    assert report["written_by"].startswith("Written by fake")
    assert "free on Sundays" not in (tmp_path / "r.md").read_text("utf-8")


def stopped_report(folder: Path, why: str) -> dict[str, Any]:
    """The report that was kept when the research stopped."""
    assert "**Stopped early:**" in (folder / "reports" / "bettaburgers.md").read_text("utf-8")
    report = checked_report(folder / "reports" / "bettaburgers.md")
    assert why in report["stopped"]
    return report


def stopped_when(words: str, number: int, *arguments: str, cwd: Path) -> tuple[int, str, str]:
    """Run `sayso`, send it a signal when a line of its progress has the words, and return its exit code and what it printed after that."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sayso", *arguments],
        cwd=cwd,
        env=environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=listens_to_ctrl_c,
    )
    assert process.stderr is not None
    assert next((line for line in process.stderr if words in line), None)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_an_endpoint_that_fails_midway_leaves_what_was_done(tmp_path: Path) -> None:
    def until_comparison(body: dict[str, Any]) -> str | HttpError:
        title = body["response_format"]["json_schema"]["schema"]["title"]
        return HttpError(401, "key revoked") if title == "Comparison" else answered(body)

    with FakeOpenAI([until_comparison], repeat=True) as endpoint:
        ran = sayso_here(
            "research", "BettaBurgers", "--base-url", endpoint.base_url, "--search", "sample", "--competitors", 3, cwd=tmp_path
        )
    assert (ran.returncode, ran.stdout) == (1, "reports/bettaburgers.md\n")
    assert len(stopped_report(tmp_path, "401")["competitors"]) == 3
    assert "Traceback" not in ran.stderr


def test_ctrl_c_keeps_and_shows_what_was_done(tmp_path: Path) -> None:
    silent: list[bool] = []

    def until_comparison(body: dict[str, Any]) -> str | FallsSilent:
        if body["response_format"]["json_schema"]["schema"]["title"] == "Comparison":
            silent.append(True)
            return FallsSilent()
        return answered(body)

    with FakeOpenAI([until_comparison], repeat=True) as endpoint:
        arguments = ["research", "BettaBurgers", "--base-url", endpoint.base_url, "--search", "sample", "--competitors", "3"]
        ended, out, err = stopped_when("compare", signal.SIGINT, *arguments, cwd=tmp_path)
    assert (ended, out) == (130, "reports/bettaburgers.md\n"), err
    assert len(stopped_report(tmp_path, "interrupted")["competitors"]) == 3


STOPPED_AT = {
    # where: a word of its progress, the signal, the exit code, what the report says, and whether the run is stored
    "the plan": ("Looking up", signal.SIGINT, 130, "", False),
    "the choice": ("Choosing among", signal.SIGTERM, 143, "It was told to end (SIGTERM).", False),
    "the second site": ("2 of 3", signal.SIGINT, 130, "It was interrupted.", True),
    "the terminal is gone": ("1 of 3", signal.SIGHUP, 129, "Its terminal was closed (SIGHUP).", False),
}


@pytest.mark.parametrize(("words", "number", "code", "why", "stored"), STOPPED_AT.values(), ids=STOPPED_AT)
def test_whatever_stops_it_a_report_that_can_be_checked_is_left(
    words: str, number: int, code: int, why: str, stored: bool, tmp_path: Path
) -> None:
    options = ["--database", "sqlite:///runs.db", "--run-id", "stopped"] if stored else []
    arguments = ["research", "BettaBurgers", "--search", "sample", "--competitors", "3", *options]
    ended, out, err = stopped_when(words, number, *arguments, cwd=tmp_path)
    assert (ended, "Traceback" in err) == (code, False), err
    if not why:
        assert (out, "Nothing had been found by then" in err) == ("", True)
        return
    assert out == "reports/bettaburgers.md\n" or (stored and out == f"{tmp_path}/reports/bettaburgers.md\n")
    report = stopped_report(tmp_path, why)
    assert report["client"]["claims"]
    assert "client" in words or "Not visited: " in err  # nobody was chosen yet
    checked = sayso_here("check", "reports/bettaburgers.json", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout


def test_a_disk_that_is_full_loses_no_report(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "sayso", "demo", "--competitors", "1"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (80_000, 80_000)),  # the pages fit, the report does not
    )
    assert (ran.returncode, "Traceback" in ran.stderr) == (0, False), ran.stderr
    assert "The report cannot be written to reports/bettaburgers.md: File too large." in ran.stderr
    assert "so here it is" in ran.stderr
    assert ran.stdout.startswith("# Competitors of BettaBurgers\n")
    assert [path.name for path in tmp_path.rglob("*.md")] == [path.name for path in tmp_path.rglob(".*.draft")] == []


# Moments of each kind; tests/chaos/stop_research.py stops and kills at random ones.
KILLED_AT = {"the choice": "Choosing among", "the first claims": " kept, from"}


@pytest.mark.parametrize("words", KILLED_AT.values(), ids=KILLED_AT)
def test_a_research_that_was_killed_goes_on_where_it_was(words: str, tmp_path: Path) -> None:
    options = ["--database", "sqlite:///runs.db"]
    arguments = ["research", "BettaBurgers", "--search", "sample", "--competitors", "3", "--run-id", "killed", *options]
    stopped_when(words, signal.SIGKILL, *arguments, cwd=tmp_path)
    ran = sayso_here("resume", "killed", *options, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert len(checked_report(tmp_path / "reports" / "bettaburgers.md")["competitors"]) == 3
    replayed = sayso_here("replay", "killed", *options, cwd=tmp_path)
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr


def test_a_resumed_research_that_is_stopped_leaves_a_report_and_goes_on_later(tmp_path: Path) -> None:
    stored = ["--database", "sqlite:///runs.db"]
    began = ["research", "BettaBurgers", "--search", "sample", "--competitors", "3", "--run-id", "r", *stored]
    for arguments, until, end in ((began, "Choosing among", signal.SIGKILL), (["resume", "r", *stored], "1 of 3", signal.SIGTERM)):
        ended, out, err = stopped_when(until, end, *arguments, cwd=tmp_path)
    assert (ended, out) == (143, f"{tmp_path}/reports/bettaburgers.md\n"), err
    assert f"Continue with: sayso resume r --database sqlite:///{tmp_path}/runs.db" in err
    assert stopped_report(tmp_path, "It was ")["client"]["claims"]
    ran = sayso_here("resume", "r", *stored, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert len(checked_report(tmp_path / "reports" / "bettaburgers.md")["competitors"]) == 3


def test_half_a_report_is_put_beside_a_whole_one_and_not_over_it(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "bettaburgers.md").write_text("# A whole report\n", "utf-8")

    def until_findings(body: dict[str, Any]) -> str | HttpError:
        title = body["response_format"]["json_schema"]["schema"]["title"]
        return HttpError(401, "key revoked") if title == "Findings" else answered(body)

    with FakeOpenAI([until_findings], repeat=True) as endpoint:
        ran = sayso_here("demo", "--base-url", endpoint.base_url, "--competitors", 2, cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (1, "reports/bettaburgers-stopped.md\n"), ran.stderr
    assert (tmp_path / "reports" / "bettaburgers.md").read_text("utf-8") == "# A whole report\n"
    assert "401" in (tmp_path / "reports" / "bettaburgers-stopped.md").read_text("utf-8")


class Dear:
    """The extractive reader, at a cent a call, and with a price that is known before."""

    name, takes_tools, calls = "gpt-5-mini", True, 0

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        self.calls += 1
        deltas = ExtractiveReader().stream(request)
        async for delta in deltas:
            yield Finished(delta.reason, Usage(cost_usd=0.01)) if isinstance(delta, Finished) else delta


async def test_where_the_money_ends_what_was_found_is_compared_and_the_rest_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task = ResearchTask("BettaBurgers", "gpt-5-mini", None, "sample", 3, str(tmp_path / "bettaburgers.md"), max_cost=0.05)
    model = Dear()
    assert await ResearchRun(task, model).execute() == 0
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / 'bettaburgers.md'}\n"
    assert "Stopped early: The next model call could bring the cost to" in err
    assert "Allow more with --max-cost." in err
    report = checked_report(tmp_path / "bettaburgers.md")
    assert "0.05 are allowed" in report["stopped"]
    assert {each["what"] for each in report["left_out"]} >= {"questions", "comparison"}
    assert report["competitors"]  # their pages had been read, and what pages hold as data costs nothing
    assert model.calls * 0.01 <= 0.05 + 1e-9


def test_a_wait_for_the_endpoint_is_told(tmp_path: Path) -> None:
    with FakeOpenAI([HttpError(429, headers={"Retry-After": "0"}), answered], repeat=True) as endpoint:
        ran = sayso_here("demo", "--base-url", endpoint.base_url, "--competitors", 1, cwd=tmp_path)
    assert ran.returncode == 0
    assert "  retry      try 1 failed" in ran.stderr


def test_a_quiet_research_says_only_what_went_wrong_and_where_the_report_is(tmp_path: Path) -> None:
    ran = sayso_here("demo", "--quiet", "--out", "deep/er/r.md", "--competitors", 1, cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (0, "deep/er/r.md\n")
    assert [line for line in ran.stderr.splitlines() if not line.startswith("Not read: ")] == []


def test_words_of_pages_cannot_command_the_terminal(tmp_path: Path) -> None:
    def with_escapes(body: dict[str, Any]) -> str:
        answer = json.loads(answered(body))
        if "steps" in answer:
            answer["steps"] = ["Look \x1b[2J around"]
        return json.dumps(answer)

    with FakeOpenAI([with_escapes], repeat=True) as endpoint:
        ran = sayso_here("demo", "--base-url", endpoint.base_url, "--competitors", 1, cwd=tmp_path)
    assert "Look \\u{1b}[2J around" in ran.stderr
    assert "\x1b" not in ran.stderr


WRONG = {
    "a place that cannot be written": (["--search", "sample", "--out", "/proc/nowhere"], 2, "--out"),
    "a folder where the JSON should be": (["--search", "sample", "--out", "with_folder"], 2, "bettaburgers.json: Is a directory"),
    "a file where the snapshots should be": (["--search", "sample", "--out", "with_file"], 2, "snapshots: File exists"),
    "no place to search": (["--search", "nowhere-at-all"], 2, "nowhere-at-all"),
    "no competitors": (["--search", "sample", "--competitors", "0"], 2, "--competitors"),
    "less than nothing to spend": (["--search", "sample", "--max-cost", "-1"], 2, "--max-cost"),
    "no number to spend": (["--search", "sample", "--max-cost", "nan"], 2, "--max-cost"),
    "no time": (["--search", "sample", "--minutes", "0"], 2, "--minutes"),
    "less than no time": (["--search", "sample", "--minutes", "-1"], 2, "--minutes"),
    "time that is not a number": (["--search", "sample", "--minutes", "nan"], 2, "--minutes"),
    "time without an end": (["--search", "sample", "--minutes", "inf"], 2, "--minutes"),
    "time in words": (["--search", "sample", "--minutes", "five"], 2, "--minutes"),
    "no pages": (["--search", "sample", "--max-pages", "0"], 2, "--max-pages"),
    "a page and a half": (["--search", "sample", "--max-pages", "1.5"], 2, "Must be a whole number, and '1.5' is none."),
    "nobody to visit it": (["--search", "sample", "--concurrency", "0"], 2, "--concurrency"),
    "a price that nobody knows": (
        ["--model", "https://models.example.org/v1#m", "--max-cost", "1"],
        2,
        "The price of 'm' at that endpoint is unknown",
    ),
    "a model and no key": (["--model", "gpt-5-mini"], 2, "OPENAI_API_KEY"),
    "no endpoint": (["--base-url", "ftp://there"], 2, "'ftp://there' is not a base URL"),
    "an empty search": (["--search", "empty"], 2, "The folder empty has no pages to search"),
}


@pytest.mark.parametrize(("arguments", "code", "told"), WRONG.values(), ids=WRONG)
def test_wrong_input_is_said_clearly(arguments: list[str], code: int, told: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "with_folder" / "bettaburgers.json").mkdir(parents=True)
    (tmp_path / "with_file").mkdir()
    (tmp_path / "with_file" / "snapshots").touch()
    ran = sayso_here("research", "BettaBurgers", *arguments, cwd=tmp_path)
    assert (ran.returncode, told in ran.stderr, "Traceback" in ran.stderr) == (code, True, False), ran.stderr
    if code == 2:  # nothing was begun
        assert ran.stdout == ""


NOTHING = {
    "nonsense": ["Xqzzvy Plomptious"],
    "one letter": ["Q"],
    "another trade": ["Notion"],
    "Japanese": ["楽天市場"],
    "a market of which there is nothing": ["submarine insurance", "--kind", "market"],
    "a topic of which there is nothing": ["medieval Icelandic law", "--kind", "topic"],
}


@pytest.mark.parametrize("arguments", NOTHING.values(), ids=NOTHING)
def test_where_nothing_is_found_a_sentence_says_so_and_no_file_is_left(arguments: list[str], tmp_path: Path) -> None:
    ran = sayso_here("research", *arguments, "--search", "sample", cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (4, ""), ran.stderr
    assert arguments[0] in ran.stderr.splitlines()[-1]
    assert list(tmp_path.rglob("*.*")) == []


def test_progress_is_told_in_words(tmp_path: Path) -> None:
    ran = sayso_here("demo", "--competitors", 2, cwd=tmp_path)
    told = [line.split(None, 1)[1] for line in ran.stderr.splitlines() if line.startswith("  ")]
    for words in (
        "Looking up BettaBurgers",
        "Searching for “BettaBurgers”",
        "Reading the client's own site, bettaburgers.example",
        "Comparing 3 sites by ",
    ):
        assert any(line.startswith(words) for line in told), told
    assert any(re.fullmatch(r"Choosing among \d+ sites, of which \d+ fit", line) for line in told)
    done = r"Reading [\w.]+, \d of \d: \d+ claims? kept(, \d+ dropped)?(, less than a minute left)?"
    assert any(re.fullmatch(done, line) for line in told)
    assert "model:0" not in ran.stderr


def test_a_site_of_ones_own_is_visited_first(tmp_path: Path) -> None:
    ran = sayso_here(
        "research", "BettaBurgers", "--search", "sample", "--competitors", 2, "--site", "http://kilnbun.example/about", cwd=tmp_path
    )
    assert ran.returncode == 0, ran.stderr
    report = checked_report(tmp_path / "reports" / "bettaburgers.md")
    assert report["competitors"][0]["url"] == "http://kilnbun.example/"
    assert report["client"]["name"] == "BettaBurgers"


def test_a_site_that_is_no_address_is_refused(tmp_path: Path) -> None:
    ran = sayso_here("research", "BettaBurgers", "--search", "sample", "--site", "the burger place", cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "the burger place" in ran.stderr


def bakery(name: str) -> str:
    """The home page of a bakery in Ulm."""
    text = f"{name} is a bakery in Ulm that sells bread, rolls and cakes. A loaf of rye bread costs $4.20 at {name}."
    return f"<html><head><title>{name} - bakery in Ulm</title></head><body><main><h1>{name}</h1><p>{text}</p></main></body></html>"


def test_a_report_without_a_competitor_is_written_and_is_a_failure(tmp_path: Path) -> None:
    for host, name in (("crumbbrothers.example", "Crumb Brothers"), ("goldencrust.example", "Golden Crust")):
        (tmp_path / "web" / host).mkdir(parents=True)
        (tmp_path / "web" / host / "index.html").write_text(bakery(name), "utf-8")
    (tmp_path / "web" / "goldencrust.example" / "robots.txt").write_text("User-agent: *\nDisallow: /\n", "utf-8")
    ran = sayso_here("research", "Crumb Brothers", "--search", "web", cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (1, "reports/crumb-brothers.md\n"), ran.stderr
    assert "No competitor was found that could be read" in ran.stderr
    assert "asks programs not to read it" in (tmp_path / "reports" / "crumb-brothers.md").read_text("utf-8")


def test_where_a_model_finds_nothing_the_pages_are_quoted(tmp_path: Path) -> None:
    def finds_nothing(body: dict[str, Any]) -> str:
        answer = json.loads(answered(body))
        return json.dumps({**answer, "claims": []} if "claims" in answer else answer)

    with FakeOpenAI([finds_nothing], repeat=True) as endpoint:
        ran = sayso_here("demo", "--base-url", endpoint.base_url, "--competitors", 1, cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (0, "reports/bettaburgers.md\n")
    report = checked_report(tmp_path / "reports" / "bettaburgers.md")
    assert {claim["written"] for competitor in report["competitors"] for claim in competitor["claims"]} == {"data", "quote"}


@pytest.mark.parametrize(
    ("named", "written"),
    {
        "reports": "reports/betta.md",
        "b.md": "b.md",
        "b.json": "b.md",
        "b.html": "b.md",
        "b.CSV": "b.md",
        "v1.2": "v1.2/betta.md",
        "a.json": "a.json/betta.md",
    }.items(),
)
def test_out_names_a_folder_or_a_file_in_any_of_the_formats(named: str, written: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").mkdir()
    assert find_report_path(tmp_path / named, "Betta") == tmp_path / written
