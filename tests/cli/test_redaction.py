"""`sayso export --redact`: what happened and when, and nothing that anybody wrote."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from sayso import Agent, ScriptedModel, engine, tool
from sayso.agents import Reply, call
from sayso.tools import Approve, Edit, ToolError
from sayso.workflows import Run, Workflow

from .commands import sayso_here

WRITTEN = {
    "the prompt": "prompt-7301",
    "a private text": "private-7302",
    "a reply": "reply-7303",
    "an argument": "argument-7304",
    "a secret": "secret-7305",
    "an edit": "edit-7306",
    "an error": "error-7307",
    "a result": "result-7308",
    "a key of an object": "key-7309",
    "the answer": "answer-7310",
    "instructions": "instructions-7311",
    "a number": "731277.25",
}


@tool.read
async def diary(day: str) -> dict[str, Any]:
    """Read the diary."""
    return {WRITTEN["a key of an object"]: WRITTEN["a private text"], "amount": float(WRITTEN["a number"])}


@tool.read
async def broken() -> str:
    """Fail."""
    raise ToolError(WRITTEN["an error"])


@tool.write(card="To {to}: {text}")
async def mail(to: str, text: str, password: SecretStr) -> str:
    """Send."""
    return WRITTEN["a result"]


def clerk() -> Agent[str]:
    wanted = call("mail", to=WRITTEN["an argument"], text="hi", password=WRITTEN["a secret"])
    script = (Reply(WRITTEN["a reply"], (call("diary", day="today"), call("broken"))), Reply(calls=(wanted,)), WRITTEN["the answer"])
    return Agent(ScriptedModel(*script), name="clerk", instructions=WRITTEN["instructions"], tools=[diary, broken, mail])


class Failing(Workflow[str, str]):
    async def execute(self, run: Run, value: str) -> str:
        raise RuntimeError(WRITTEN["an error"])


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SAYSO_SECRET_KEY", "correct-horse-battery-staple-0123456789")
    asyncio.run(fill(tmp_path))
    return tmp_path


async def fill(tmp_path: Path) -> None:
    runs = engine(f"sqlite:///{tmp_path}/runs.db")
    agent = clerk()
    paused = await agent.run(WRITTEN["the prompt"], engine=runs, run_id="r1")
    edit = Edit({**json.loads(paused.pending[0].arguments), "text": WRITTEN["an edit"]}, by="ada")
    edited = await runs.resume("r1", {paused.pending[0].digest: edit})
    await runs.resume("r1", {edited.pending[0].digest: Approve(by="ada")})
    with pytest.raises(RuntimeError):
        await Failing("failing").run(WRITTEN["the prompt"], engine=runs, run_id="r2")
    runs.close()


def test_nothing_that_anybody_wrote_is_in_a_redacted_export(kept: Path) -> None:
    for run in ("r1", "r2"):
        whole = sayso_here("export", run, "--database", "sqlite:///runs.db", cwd=kept)
        redacted = sayso_here("export", run, "--redact", "--database", "sqlite:///runs.db", cwd=kept)
        assert (whole.returncode, redacted.returncode) == (0, 0), redacted.stderr
        assert WRITTEN["a secret"] not in whole.stdout
        assert [name for name, text in WRITTEN.items() if text in redacted.stdout] == []
        assert not any(sealed in redacted.stdout for sealed in ("aes1.", "$secret", "sealed"))
        assert WRITTEN["the prompt"] in whole.stdout


def test_what_happened_stays_in_a_redacted_export(kept: Path) -> None:
    shown = json.loads(sayso_here("export", "r1", "--redact", "--database", "sqlite:///runs.db", cwd=kept).stdout)
    assert (shown["redacted"], shown["run"]["state"], shown["run"]["input"], shown["verify"]["problems"]) == (
        True,
        "done",
        "[data left out]",
        [],
    )
    steps = [row["name"] for row in shown["log"] if row["kind"] == "kept" and not row["name"].startswith("wait:")]
    assert steps == [
        "model:0",
        "reads:0.0",
        "model:1",
        "propose:mail:1.0",
        "propose:mail:1.0.edit1",
        "intent:mail:1.0.edit1",
        "effect:mail:1.0.edit1",
        "model:2",
    ]
    (effect,) = [row["value"]["="] for row in shown["log"] if row["kind"] == "kept" and row["name"].startswith("effect:")]
    assert (effect["call_id"], effect["outcome"]["="], sorted(effect)) == ("1.0", "done", ["call_id", "outcome", "secrecy", "trust"])
    assert [(row["tool"], row["state"], row["decided_by"]) for row in shown["approvals"]] == [
        ("mail", "edited", "ada"),
        ("mail", "done", "ada"),
    ]
    assert {row["hash"] for row in shown["log"]} == {None}  # without a key, short texts could be guessed from hashes


@pytest.mark.parametrize("has_key", [True, False])
def test_no_command_shows_a_secret_with_its_key_or_without(has_key: bool, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not has_key:
        monkeypatch.delenv("SAYSO_SECRET_KEY")
    for command in (("show", "r1"), ("runs",), ("runs", "--json"), ("verify", "r1"), ("export", "r1")):
        shown = sayso_here(*command, "--database", "sqlite:///runs.db", cwd=kept)
        assert shown.returncode == 0, shown.stderr
        assert WRITTEN["a secret"] not in shown.stdout + shown.stderr
        if command[0] == "show":
            assert "**********" in shown.stdout
