"""Read README from top to bottom as a stranger does: in a new clone, in a new shell, typing every command, making every file it names."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pexpect

from sayso.agents.messages import NativeCall, Reply
from tests.agents.fake_openai import FakeOpenAI
from tests.house.tree import ROOT, files

PROMPT = "sayso-test$ "
SLOW = frozenset({"make test", "make check", "make bench", "make chaos", "make release", "pipx install"})
"""Commands with tests of their own, or that other parts of CI run."""
KEYS = {"OPENAI_API_KEY=...": "OPENAI_API_KEY=key"}


def read_aloud(folder: Path) -> bool:
    """Type all of README in a copy of the tree, print a line for each command, and return whether all did what README says."""
    copy_tree(folder)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    for name, text in re.findall(r"Save this as `([a-z_]+\.py)`.*?```py(?:thon)?\n(.*?)```", readme, re.S):
        (folder / name).write_text(text, encoding="utf-8")
    fine = True
    with FakeOpenAI([answer], repeat=True, models=["qwen3"]) as server:
        shell = start_shell(folder, server.base_url)
        for line in (line for block in re.findall(r"^```bash\n(.*?)```", readme, re.M | re.S) for line in block.splitlines()):
            command, _, comment = line.partition("#")
            if not command.strip() or any(command.startswith(each) for each in SLOW):
                continue
            code, said = type_in(shell, command.strip(), KEYS)
            expected = expected_words(comment)
            well = code in (0, 3) and (not expected or expected in said)
            fine &= well
            print(f"README  {'ok' if well else f'exit {code}: {said[-500:]}'}  {command.strip()}", flush=True)
        shell.close(force=True)
    return fine


def copy_tree(folder: Path) -> None:
    """Copy what a clone would hold, links included."""
    for name in files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    for link in ("agents", "tools", "workflows"):
        (folder / "src" / "sayso" / link).symlink_to(Path("..") / ".." / link)


def start_shell(folder: Path, base_url: str) -> pexpect.spawn[str]:
    """Return bash in a terminal, with nothing of this environment but where the models and the sample web are."""
    host = base_url.removesuffix("/v1")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "dumb", "PS1": PROMPT, "LC_ALL": "C.UTF-8"}
    environment |= {"OPENAI_BASE_URL": base_url, "OLLAMA_HOST": host, "OPENAI_API_KEY": "key", "SAYSO_SEARCH": "sample"}
    environment |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    shell = pexpect.spawn(
        "bash", ["--norc", "--noprofile"], cwd=str(folder), env=environment, encoding="utf-8", timeout=600, dimensions=(50, 250)
    )
    shell.expect_exact(PROMPT)
    shell.sendline("set +o history; bind 'set enable-bracketed-paste off' 2>/dev/null")
    shell.expect_exact(PROMPT)
    return shell


def type_in(shell: pexpect.spawn[str], command: str, keys: dict[str, str]) -> tuple[int, str]:
    """Type a command, answer every question with yes, and return its exit code and what it said."""
    for written, meant in keys.items():
        command = command.replace(written, meant)
    shell.sendline(f"{command} < /dev/null; echo exit=$?" if " examples/" in command or " chat" in command else f"{command}; echo exit=$?")
    said = ""
    while True:
        found = shell.expect([r"exit=(\d+)\r?\n", r"\[y\S*\]?[^\r\n]*$|\(y/n\)[^\r\n]*$|y/N[^\r\n]*$|yes\?[^\r\n]*$"])
        said += shell.before or ""
        if found == 0:
            code = int(shell.match.group(1))  # type: ignore[union-attr]
            shell.expect_exact(PROMPT)
            return code, said
        said += str(shell.after)
        shell.sendline("y")


def expected_words(comment: str) -> str:
    """Return the output that a comment promises: a number, or a sentence that begins as the program's output does."""
    text = comment.strip()
    return text if re.fullmatch(r"[0-9.]+|Waiting for you: .*|sent to \S+", text) else ""


def answer(body: dict[str, Any]) -> Any:
    """Answer as a model would: quote for a research, call the only tool of a question, else say something."""
    from sayso.agents.models.extractive import ANSWERS

    title = body.get("response_format", {}).get("json_schema", {}).get("schema", {}).get("title", "")
    if title in ANSWERS:
        return json.dumps(ANSWERS[title](body["messages"][-1]["content"]))
    if any(tool["function"]["name"] == "mail" for tool in body.get("tools", ())) and body["messages"][-1]["role"] == "user":
        arguments = json.dumps({"to": "ada@example.org", "text": "Lunch is at one."})
        return Reply(calls=(NativeCall("c1", "mail", arguments),))
    return "OK"
