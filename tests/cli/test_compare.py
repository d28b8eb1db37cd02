"""`sayso compare` as typed: the table, the files, the exit codes, and what goes on after it was stopped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ..agents.fake_openai import FakeOpenAI
from .commands import sayso, sayso_here

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
REVIEWS = [EXAMPLES / "data" / "review_cases.yaml", f"{EXAMPLES / 'reviews.py'}:judge"]
FIRST = EXAMPLES / "data" / "first_review_prompt.txt"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    cases = [{"name": f"case {number}", "input": str(number), "contains": "yes"} for number in range(8)]
    (tmp_path / "cases.json").write_text(json.dumps({"cases": cases}))
    return tmp_path


def test_the_fixed_prompt_of_the_review_monitor_reads_rightly_what_was_misread_and_breaks_nothing(tmp_path: Path) -> None:
    files = ["--json", "out.json", "--html", "out.html"]
    done = sayso("compare", *REVIEWS, "--prompt", FIRST, "--prompt", "own", *files, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[1].split() == ["first_review_prompt", "own"]
    assert lines[2].split("   ")[0] == "cases passed"
    assert any(line.startswith("own is better at cases passed") for line in lines)
    assert any(line.startswith("Passed by own and not by first_review_prompt: cold pasta, miso or tonkotsu, ") for line in lines)
    assert "Passed by first_review_prompt and not by own: none." in lines
    document = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert document["variants"][1]["broken"] == []
    assert (tmp_path / "out.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_two_models_of_one_endpoint_are_asked_and_a_third_is_added_without_asking_them_again(folder: Path) -> None:
    with FakeOpenAI(["yes"], repeat=True) as endpoint:
        models = [part for name in ("a", "b") for part in ("--model", f"{endpoint.base_url}#{name}")]
        done = sayso_here("compare", "cases.json", *models, "--prompt", "Be short.", cwd=folder)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[1].split() == ["a", "b"]
        assert "Cases passed: no difference in any of 8 cases; the true one may be" in done.stdout
        asked = len(endpoint.requests)
        done = sayso_here("compare", "cases.json", *models, "--model", f"{endpoint.base_url}#c", "--prompt", "Be short.", cwd=folder)
        assert done.returncode == 0, done.stderr
        assert [body["model"] for body in endpoint.requests[asked:]] == ["c"] * 8


def test_a_model_that_is_not_there_is_told_and_the_exit_code_says_so(folder: Path) -> None:
    with FakeOpenAI(["yes"], repeat=True) as endpoint:
        models = ["--model", f"{endpoint.base_url}#a", "--model", "http://127.0.0.1:9/v1#b"]
        done = sayso_here("compare", "cases.json", *models, "--only", "case 0", cwd=folder)
    assert done.returncode == 1
    assert "Every run of b failed, so nothing is said of it. The first: http://127.0.0.1:9/v1 cannot be reached" in done.stdout


BAD = {
    "nothing to compare": (["cases.json", "--model", "http://127.0.0.1:9/v1#a"], "One model with one prompt is not a comparison"),
    "the same model twice": (["cases.json", *["--model", "http://127.0.0.1:9/v1#a"] * 2], "is given twice"),
    "an unknown provider": (["cases.json", "--model", "nobody:a", "--model", "nobody:b"], "nobody"),
    "no prompt file": (["cases.json", "--model", "http://127.0.0.1:9/v1#a", "--prompt", "new.txt", "--prompt", "Be kind."], "new.txt"),
    "no case file": (["none.json", "--model", "http://127.0.0.1:9/v1#a", "--model", "http://127.0.0.1:9/v1#b"], "none.json"),
    "no agent": (["cases.json", "nowhere:agent", "--prompt", "own", "--prompt", "Be kind."], "nowhere"),
    "no agent, but its prompt": (
        ["cases.json", "--model", "http://127.0.0.1:9/v1#a", "--prompt", "own", "--prompt", "Be kind."],
        "no agent",
    ),
    "a folder for the page": (["cases.json", "--model", "a", "--model", "b", "--html", "."], "is a folder"),
    "no case left": (["cases.json", "--only", "x*", "--model", "a", "--model", "b"], "No case fits --only 'x*'"),
}


@pytest.mark.parametrize(("arguments", "says"), BAD.values(), ids=BAD)
def test_what_cannot_be_compared_is_refused_in_a_sentence(folder: Path, arguments: list[str], says: str) -> None:
    done = sayso_here("compare", *arguments, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
