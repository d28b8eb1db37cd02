"""`sayso read --conformance`: the rows that are shipped, our reader on them, and parsers of others."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sayso.cli.parser_scores import print_scores
from sayso.conformance import ParserScore, load_rows, run_suite
from sayso.conformance.conformance_rows import KINDS
from sayso.conformance.parsers import FunctionParser, read_answer
from sayso.conformance.sayso_parser import read_with_sayso
from sayso.tools import Reader, UsageError, read
from sayso.tools.dialects import DIALECTS

from .commands import sayso_here

ROWS = load_rows()
NAIVE = '''
import json, re
def naive(text, tools, form):
    """Hermes as a first attempt would read it."""
    if form != "hermes":
        raise NotImplementedError
    return [json.loads(found) for found in re.findall(r"<tool_call>(.*?)</tool_call>", text, re.S)]
def stream(pieces, tools, form):
    return naive("".join(pieces), tools, form)
naive.stream = stream
nothing = 5
def without_its_library(text, tools):
    import a_library_that_is_not_here
'''
PROGRAM = """
import json, sys
from sayso.tools import read
for line in sys.stdin:
    question = json.loads(line)
    calls = [{"name": call.tool, "arguments": call.arguments} for call in read(question["text"], question["tools"]).calls]
    print(json.dumps(None if question["pieces"] else calls), flush=True)
"""


def test_every_row_is_read_right_whole_and_in_pieces() -> None:
    score = run_suite("sayso", FunctionParser(read_with_sayso), ROWS)
    assert score.failures == []
    assert sum(score.total.values()) == 2 * len(ROWS)


def test_every_dialect_has_rows_of_each_kind_and_no_two_rows_are_one() -> None:
    kinds = {(row.form, row.kind) for row in ROWS}
    assert {(form, kind) for form in DIALECTS for kind in KINDS} <= kinds
    assert len({row.id for row in ROWS}) == len({(row.form, row.text) for row in ROWS}) == len(ROWS)


def test_a_problem_is_said_and_a_mention_stays_in_the_text() -> None:
    for row in ROWS:
        reader = Reader(row.tools)
        for character in row.text:
            reader.feed(character)
        reading = reader.close()
        assert reading == read(row.text, row.tools)
        assert bool(reading.problems) == (row.kind == "problem"), row.id


def test_a_table_of_format_and_parser(tmp_path: Path) -> None:
    (tmp_path / "others.py").write_text(NAIVE)
    ran = sayso_here(
        "read", "--conformance", "--parser", "others.py:naive", "--form", "hermes", "--form", "glm", "--failures", cwd=tmp_path
    )
    header, _, glm, hermes, together, *_ = [[cell.strip() for cell in line.strip("|").split("|")] for line in ran.stdout.splitlines()]
    assert header == ["form", "sayso, whole", "sayso, in pieces", "naive, whole", "naive, in pieces"]
    assert (glm[0], glm[3:], hermes[0]) == ("glm", ["-", "-"], "hermes")
    assert hermes[1] == hermes[2] != hermes[3] == together[3]
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "naive, whole, hermes: in a thought: it read get_weather(" in ran.stdout
    ran = sayso_here("read", "reply.txt", "--conformance", cwd=tmp_path)
    assert (ran.returncode, "rows of its own" in ran.stderr) == (2, True)


def test_scores_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_scores((), ("hermes",), "", failures=False, json=True) == 0
    (scores,) = json.loads(capsys.readouterr().out)
    assert (scores["parser"], scores["failures"], len(scores["scores"])) == ("sayso", [], 6)


def test_a_program_in_any_language(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "parse.py"
    path.write_text(PROGRAM)
    assert print_scores([f"run:{sys.executable} {path}"], ["kimi"], "", failures=False, json=False) == 0
    header = capsys.readouterr().out.splitlines()[0]
    assert (header.count("whole"), header.count("in pieces")) == (2, 1)  # it answers null where there are pieces


ANSWERS = {
    "a pair": [("now", {})],
    "name and arguments": [{"name": "now", "arguments": {}}],
    "OpenAI's call": [{"id": "1", "type": "function", "function": {"name": "now", "arguments": "{}"}}],
    "OpenAI's message": {"role": "assistant", "tool_calls": [{"function": {"name": "now", "arguments": ""}}]},
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_calls_may_be_in_any_usual_shape(answer: object) -> None:
    assert read_answer(answer) == [("now", {})]
    assert read_answer({"content": "None."}) == read_answer(None) == []


def test_an_exception_is_no_call() -> None:
    rows = [row for row in ROWS if row.form == "hermes"]
    first = next(row.text for row in rows if row.kind == "call")

    def raises(text: str, tools: object) -> None:
        if text != first:
            raise ValueError("no")

    score: ParserScore = run_suite("raises", FunctionParser(raises), rows)
    assert {kind for _, _, kind in score.right if score.right["hermes", "whole", kind]} == {"problem"}


NO_ANSWERS = {
    "an exception for each row": (lambda text, tools: 1 // 0, "it raised ZeroDivisionError"),
    "other parameters": (lambda text: [], "positional argument"),
    "a number": (lambda text, tools: 5, "it answered with 5, which is not a list of calls"),
    "the text": (lambda text, tools: text, "which is not a list of calls"),
}


@pytest.mark.parametrize(("function", "told"), NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_a_parser_that_answers_nothing_is_no_row_of_zeros(function: Callable[..., object], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        run_suite("wrong", FunctionParser(function), [row for row in ROWS if row.form == "hermes"])


WRONG = {
    "no such form": ("", ["klingon"], "", "There are no rows of the form 'klingon'. Forms: a fence, "),
    "no such module": ("no_such_module:x", [], "", "no_such_module"),
    "no function": ("{path}:nothing", [], "", r"is of type int, and no parser. Name a function \(text, tools\) that returns calls."),
    "a library that is missing": ("{path}:without_its_library", [], "", "The parser cannot run: No module named"),
    "no such program": ("run:no-such-program", [], "", "'no-such-program' cannot be started"),
    "a program that ends": (f"run:{sys.executable} -c 1", [], "", r"The program ended \(exit code 0\) before it answered."),
    "no rows": ("", [], "{path}", "has no rows"),
}


@pytest.mark.parametrize(("parser", "forms", "rows", "told"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said(parser: str, forms: list[str], rows: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / f"wrong_{abs(hash(told))}.py"
    path.write_text(NAIVE)
    parser, rows = (each.replace("{path}", str(path)) for each in (parser, rows))
    with pytest.raises(UsageError, match=told):
        print_scores([parser] if parser else [], forms, rows, failures=False, json=False)


def test_rows_of_your_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.json"
    row = {"id": "one", "form": "mine", "kind": "call", "text": "now()", "calls": [{"name": "now", "arguments": {}}]}
    path.write_text(json.dumps({"tools": [{"name": "now", "parameters": {}}], "rows": [row]}))
    assert print_scores((), (), str(path), failures=True, json=False) == 0
    assert "sayso reads every row right." in capsys.readouterr().out
    path.write_text(json.dumps({"tools": [], "rows": [{**row, "kind": "mention"}]}))
    with pytest.raises(UsageError, match="The row 'one'"):
        load_rows(path)
