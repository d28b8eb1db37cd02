"""`sayso calc`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .commands import environment, sayso, sayso_here

ANSWERS = {
    "the course's interest": (["100 * 1.05^8"], "147.74554437890625"),
    "a third": (["1/3"], "0.333333333333333"),
    "a third, exactly": (["1/3", "--exact"], "1/3"),
    "two places": (["100 * 1.05^8", "--places", "2"], "147.75"),
    "a leading minus": (["-2**2"], "-4"),
}


@pytest.mark.parametrize(("arguments", "answer"), ANSWERS.values(), ids=ANSWERS)
def test_an_expression_is_calculated(arguments: list[str], answer: str, tmp_path: Path) -> None:
    ran = sayso("calc", *arguments, cwd=tmp_path)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"{answer}\n", "")


def test_lines_of_standard_input_are_calculated_one_by_one_and_a_bad_one_does_not_stop_the_rest(tmp_path: Path) -> None:
    ran = sayso_here("calc", "-", cwd=tmp_path, text="1+1\n2*(3\n\n4/2\n")
    assert (ran.returncode, ran.stdout) == (1, "2\n2\n")
    assert ran.stderr == "Line 2: This '(' is never closed.\n  2*(3\n    ^\n"


def test_text_is_never_run(tmp_path: Path) -> None:
    ran = sayso("calc", "__import__('os').system('touch stolen')", cwd=tmp_path)
    assert ran.returncode == 1
    assert list(tmp_path.iterdir()) == []


WRONG = {
    "an unknown option": ["1+1", "--colour"],
    "places below none": ["1/3", "--places", "-1"],
    "more places than there are": ["1/3", "--places", "100000"],
    "nothing to calculate": [],
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG)
def test_wrong_usage_is_said_clearly(arguments: list[str], tmp_path: Path) -> None:
    ran = sayso_here("calc", *arguments, cwd=tmp_path)
    assert (ran.returncode, ran.stdout, "Traceback" in ran.stderr) == (2, "", False), ran.stderr
    assert ran.stderr


def piped(content: bytes, folder: Path, *, out: str | None = None, **more: str) -> subprocess.CompletedProcess[bytes]:
    """`sayso calc -` with bytes on standard input, and standard output in the file `out`."""
    command = [sys.executable, "-m", "sayso", "calc", "-"]
    with Path(out or folder / "out").open("wb") as stdout:
        return subprocess.run(
            command, input=content, cwd=folder, env=environment(**more), stdout=stdout, stderr=subprocess.PIPE, timeout=60, check=False
        )


def test_bytes_that_are_no_text_are_a_mistake_on_their_line_only(tmp_path: Path) -> None:
    ran = piped(b"\xff\n1+1\n", tmp_path, PYTHONUTF8="1")
    assert (ran.returncode, (tmp_path / "out").read_bytes()) == (1, b"2\n")
    assert b"not part of an expression" in ran.stderr
    assert b"Traceback" not in ran.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_a_result_that_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    ran = piped(b"1+1\n", tmp_path, out="/dev/full")
    assert (ran.returncode, ran.stderr) == (1, b"sayso: [Errno 28] No space left on device\n")


LIGHT = {"the help": ["--help"], "a calculation": ["calc", "1+1"]}


@pytest.mark.parametrize("arguments", LIGHT.values(), ids=LIGHT)
def test_only_what_is_needed_is_loaded(arguments: list[str], tmp_path: Path) -> None:
    program = (
        f"import sys; from sayso.cli.main import run; code = run({arguments!r}); "
        "loaded = {'openai', 'pydantic', 'httpx2', 'sympy', 'lxml', 'ddgs', 'sayso.agents.agent'} & set(sys.modules); "
        "sys.exit(f'{code} {loaded}' if code or loaded else 0)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
