"""`sayso.command`: a stranger's function as a program that can ask a model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ..agents.fake_openai import FakeOpenAI
from .commands import environment

PROGRAM = '''
from __future__ import annotations
from pathlib import Path
from sayso import Agent, ScriptedModel, command
from sayso.agents import Model

async def main(question: str = "Who?", *, times: int = 1, notes: Path = Path("notes.txt"), model: Model) -> str | int:
    """Ask a question.

    Parameters
    ----------
    question
        What to ask.
    """
    if question == "notes":
        return notes.read_text(encoding="utf-8")
    return 7 if question == "seven" else " ".join([await Agent(model)(question)] * times)

if __name__ == "__main__":
    command(main OFFLINE)
'''
OFFLINE = ', offline=ScriptedModel("Ada \\x1b[2J", name="a script")'
NOTE = "No language model was named (--model, --base-url): answered by a script.\n"
NO_KEY = "There is no key for 'gpt-5-mini' at OpenAI. Set OPENAI_API_KEY or give api_key=; for another endpoint give its base URL"


def run(folder: Path, *arguments: str, offline: str = OFFLINE, **more: str) -> tuple[int, str, str]:
    """The exit code, what is printed, what is said on standard error."""
    (folder / "program.py").write_text(PROGRAM.replace(" OFFLINE", offline), encoding="utf-8")
    command = [sys.executable, "-W", "error", "program.py", *arguments]
    ran = subprocess.run(command, cwd=folder, env=environment(**more), capture_output=True, text=True, timeout=60, check=False)
    return ran.returncode, ran.stdout, ran.stderr


ENDS = {
    "offline, and no escape reaches the terminal": ([], (0, "Ada \\u{1b}[2J\n", NOTE)),
    "an option of its own": (["Who?", "--times", "2"], (0, "Ada \\u{1b}[2J Ada \\u{1b}[2J\n", NOTE)),
    "an exit code": (["seven"], (7, "", NOTE)),
    "a missing file": (["notes"], (1, "", f"{NOTE}sayso: [Errno 2] No such file or directory: 'notes.txt'\n")),
}


@pytest.mark.parametrize(("arguments", "ends"), ENDS.values(), ids=ENDS)
def test_a_function_is_a_program(tmp_path: Path, arguments: list[str], ends: tuple[int, str, str]) -> None:
    assert run(tmp_path, *arguments) == ends


def test_the_model_is_chosen_on_the_command_line(tmp_path: Path) -> None:
    with FakeOpenAI(["Grace"]) as endpoint:
        assert run(tmp_path, "Who is it?", "--base-url", endpoint.base_url, "--model", "qwen3") == (0, "Grace\n", "")
    assert endpoint.requests[0]["model"] == "qwen3"
    assert endpoint.requests[0]["messages"] == [{"role": "user", "content": "Who is it?"}]


def test_what_is_wrong_is_one_sentence(tmp_path: Path) -> None:
    code, told, said = run(tmp_path, offline="")
    assert (code, told, said.startswith("sayso: This needs a model. Give --model NAME")) == (2, "", True)
    code, told, said = run(tmp_path, "--model", "gpt-5-mini")
    assert (code, told, said.startswith(f"sayso: {NO_KEY}")) == (2, "", True)
    code, told, said = run(tmp_path, "--times", "many")
    assert (code, told, "--times" in said) == (2, "", True)


def test_the_help_is_the_function_s_own_words(tmp_path: Path) -> None:
    _, told, _ = run(tmp_path, "--help")
    assert all(words in told for words in ("Ask a question.", "What to ask.", "--times", "--model", "--base-url"))
