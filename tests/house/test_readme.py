"""README as a stranger types it: files saved under their names, commands typed into one terminal. make matrix installs as well."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from ..agents.fake_openai import FakeOpenAI
from ..cli.commands import environment
from ..installs.pages import CODE, ENDS, NEEDS, find_blocks, find_commands
from ..installs.readme import answer, expected_words, type_in
from .tree import ROOT

README = (ROOT / "README.md").read_text("utf-8")
PROMPT = "sayso-test$ "


@pytest.mark.skipif(sys.platform == "win32", reason="needs bash")
def test_what_readme_has_you_save_and_type_asks_before_it_writes(tmp_path: Path) -> None:
    for name, text in re.findall(r"Save this as `([a-z_]+\.py)`.*?```py(?:thon)?\n(.*?)```", README, re.S):
        (tmp_path / name).write_text(text, encoding="utf-8")
    typed = [
        line for line in README.splitlines() if re.match(r"(OPENAI_API_KEY=... )?python (ask|news)\.py|sayso (runs|approve|verify)", line)
    ]
    assert len(typed) == 6
    with FakeOpenAI([answer], repeat=True) as server:
        # The folder of python is only the last resort: the commands are those of this environment.
        path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
        shell = pexpect.spawn(
            "bash",
            ["--norc", "--noprofile"],
            cwd=str(tmp_path),
            env=environment(PATH=path, PS1=PROMPT, TERM="dumb", OPENAI_BASE_URL=server.base_url),
            encoding="utf-8",
            timeout=60,
            dimensions=(50, 250),
        )
        shell.expect_exact(PROMPT)
        for line in typed:
            command, _, comment = line.partition("#")
            code, said = type_in(shell, command.strip(), {"OPENAI_API_KEY=...": "OPENAI_API_KEY=key"})
            assert code == 0, said
            assert expected_words(comment) in said
            assert "ask.py" not in line or "E-mail to ada@example.org: Lunch is at one." in said
        shell.close(force=True)


def test_what_make_matrix_leaves_out_of_the_pages_still_stands_on_them() -> None:
    typed = [
        f"{page.stem}: {text}"
        for page in (ROOT / "docs").glob("*.md")
        for language, body, _ in find_blocks(page.read_text("utf-8"))
        for text in ([body] if language in CODE else [command for command, _ in find_commands(language, body)])
    ]
    assert [start for start in (*NEEDS, *ENDS) if not any(text.startswith(start) for text in typed)] == []


def test_the_front_page_has_an_agent_that_asks_in_ten_typed_lines() -> None:
    pages = README, (ROOT / "docs" / "index.md").read_text("utf-8")
    (first, second) = (next(block for block in re.findall(r"```py\n(.*?)```", page, re.S) if "approve=terminal" in block) for page in pages)
    assert first == second
    typed = pages[1].partition("\n## ")[0]  # all that stands above the list of pages: nothing has to be clicked
    lines = [line for _, body, _ in find_blocks(typed) for line in body.splitlines() if line.strip()]
    assert (lines[0], lines[-1]) == ("make demo && . .venv/bin/activate", "OPENAI_API_KEY=... python ask.py")
    assert len(lines) <= 10


def test_every_variable_of_ours_is_on_the_page_of_settings() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    sources = [path for room in ("tools", "workflows", "agents", "src/sayso") for path in (ROOT / room).rglob("*.py")]
    names = {name for path in sources for name in re.findall(r"[\"'](SAYSO_[A-Z_]+)[\"']", path.read_text("utf-8"))}
    assert len(names) >= 12
    assert {name for name in names if f"`{name}`" not in page} == set()


@pytest.mark.skipif(sys.platform == "win32", reason="needs bash")
def test_bash_completes_the_commands(tmp_path: Path) -> None:
    script = subprocess.run([sys.executable, "-m", "sayso", "completion", "bash"], capture_output=True, text=True, check=True).stdout
    (tmp_path / "sayso").write_text(script, encoding="utf-8")
    asked = 'source ./sayso; COMP_WORDS=(sayso res); COMP_CWORD=1; _sayso; echo "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "-c", asked], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["research", "resume"]
