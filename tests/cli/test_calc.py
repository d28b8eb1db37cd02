"""`sayso calc`."""

from __future__ import annotations

from pathlib import Path

import pytest

from .commands import sayso

ANSWERS = {
    "the course's interest": (["100 * 1.05^8"], "147.74554437890625"),
    "a third": (["1/3"], "0.333333333333"),
    "a third, exactly": (["1/3", "--exact"], "1/3"),
    "two places": (["100 * 1.05^8", "--places", "2"], "147.75"),
    "a leading minus": (["-2**2"], "-4"),
}


@pytest.mark.parametrize(("arguments", "answer"), ANSWERS.values(), ids=ANSWERS)
def test_an_expression_is_calculated(arguments: list[str], answer: str, tmp_path: Path) -> None:
    ran = sayso("calc", *arguments, cwd=tmp_path)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"{answer}\n", "")


def test_lines_of_standard_input_are_calculated_one_by_one_and_a_bad_one_does_not_stop_the_rest(tmp_path: Path) -> None:
    ran = sayso("calc", "-", cwd=tmp_path, text="1+1\n2*(3\n\n4/2\n")
    assert (ran.returncode, ran.stdout) == (1, "2\n2\n")
    assert "This '(' is never closed." in ran.stderr


def test_text_is_never_run(tmp_path: Path) -> None:
    ran = sayso("calc", "__import__('os').system('touch stolen')", cwd=tmp_path)
    assert ran.returncode == 1
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_option_is_wrong_usage(tmp_path: Path) -> None:
    assert sayso("calc", "1+1", "--colour", cwd=tmp_path).returncode == 2
