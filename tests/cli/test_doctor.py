"""`sayso doctor`: what is enforced here, tool by tool, and what can be reached; each problem with what to do."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from sayso.cli.check_result import CheckState
from sayso.cli.database_check import check_database
from sayso.cli.doctor import check_layers
from sayso.tools.errors import UsageError
from sayso.tools.sandbox import Layer, Sandbox

from ..agents.fake_openai import Body, FakeOpenAI, HttpError
from ..agents.test_tool_probe import counted
from ..agents.tiny_gguf import write_tiny_gguf
from .commands import sayso

MODEL = ("--only", "model", "--only", "keys")
WALLS = "deadline, environment, memory, limits, capabilities, landlock, seccomp"


def rows(text: str) -> dict[str, tuple[str, str]]:
    """Name to state and words (with what to do)."""
    told: dict[str, tuple[str, str]] = {}
    name = ""
    for line in text.splitlines():
        if line[:2] in ("ok", "--", "!!"):
            name = line[4:27].strip()
            told[name] = (line[:2], line[27:])
        elif line.strip() and name in told and line.startswith(" "):
            told[name] = (told[name][0], f"{told[name][1]} {line.strip()}")
    return told


def doctor(folder: Path, *arguments: object, **environment: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """`sayso doctor`, with time enough on a machine that runs other tests, unless `arguments` say how much."""
    seconds = () if "--seconds" in arguments else ("--seconds", 90)
    done = sayso("doctor", *seconds, *arguments, cwd=folder, **environment)
    assert done.stderr == ""
    return done.returncode, rows(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="the walls of Linux")
def test_every_wall_is_reported_tool_by_tool(tmp_path: Path) -> None:
    code, told = doctor(tmp_path, "--search", "sample", "--database", "sqlite:///runs.db")
    assert (code, {name: row for name, row in told.items() if row[0] == "!!"}) == (0, {})
    assert told["CALCULATOR"] == ("ok", f"text is never run as code; its worker: {WALLS}")
    assert told["page reader"] == ("ok", f"its worker: {WALLS}")
    assert told["@tool(sandbox=...)"][0] == told["PYTHON"][0] == told["search"][0] == "ok"
    assert told["database"] == ("ok", f"{tmp_path}/runs.db will be created by the first run; such a file was just made and removed")
    assert list(tmp_path.iterdir()) == []
    assert told["model"][0] == told["terminal"][0] == "--"


def test_each_problem_comes_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
        code, told = doctor(tmp_path, "--base-url", nobody, "--search", "nowhere", "--database", "sqlite:///no/such/runs.db")
    assert code == 1
    assert {name for name, (state, _) in told.items() if state == "!!"} == {"model", "search", "database"}, told
    assert "cannot be reached" in told["model"][1]
    assert "cannot be searched" in told["search"][1]
    assert told["database"][1].endswith(f"-> Make the folder {tmp_path}/no/such, and see that you may write there.")


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "runs.db").write_text("not a database, but long enough to be looked at" * 10)
    assert doctor(tmp_path, "--only", "database", "--database", "sqlite:///runs.db")[1]["database"][0] == "!!"
    with sqlite3.connect(tmp_path / "good.db") as connection:
        connection.execute("CREATE TABLE sayso_runs (id TEXT)")
    connection.close()
    assert doctor(tmp_path, "--only", "database", "--database", "sqlite:///good.db")[1]["database"] == (
        "ok",
        f"{tmp_path}/good.db holds 0 runs, and can be written to",
    )


def test_an_endpoint_that_says_nothing_does_not_hang_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        code, told = doctor(tmp_path, "--base-url", url, *MODEL, "--seconds", 6)
    assert (code, told["model"][0]) == (1, "!!")


def test_a_tool_is_a_problem_where_a_layer_that_it_needs_is_missing() -> None:
    layers = [Layer("deadline", True, "running on", "clock"), Layer("landlock", False, "opening files", "this kernel has none")]
    refused = check_layers("a tool", layers, Sandbox().needs, "a function")
    assert (refused.state, refused.words) == (
        CheckState.PROBLEM,
        "refused here. a function: deadline; MISSING landlock (this kernel has none), so nothing stops opening files",
    )
    assert refused.to_do.endswith("or accept it: Sandbox(needs=['deadline', 'memory', 'limits', 'seccomp']).")
    assert check_layers("a tool", layers, ("deadline",), "a function").state is CheckState.FINE


def test_tools_that_are_dropped_without_a_word_are_a_problem(tmp_path: Path) -> None:
    with FakeOpenAI([counted(10)], repeat=True) as server:
        code, told = doctor(tmp_path, "--base-url", server.base_url, *MODEL)
    assert (code, told["model"][0]) == (1, "!!")
    assert "it silently drops the tools that 'fake' is sent -> Have calls written as text: --dialect call" in told["model"][1]


def says_ready(body: Body) -> str | HttpError:
    """A model that answers one word; it takes no temperature."""
    return HttpError(400, "Unsupported value: 'temperature' does not support 0 with this model.") if "temperature" in body else "Ready."


def test_a_model_is_asked_one_word(tmp_path: Path) -> None:
    with FakeOpenAI([says_ready], repeat=True, models=["one", "two"]) as server:
        code, told = doctor(tmp_path, "--model", f"{server.base_url}#one", *MODEL)
    assert code == 0
    state, words = told["model"]
    assert state == "ok"
    assert re.sub(r"in \d+\.\d s", "in 0.1 s", words) == (
        f"OpenAIChat('one', base_url='{server.base_url}') answers 'Ready.' by chat completions in 0.1 s; left out: temperature; "
        "it sees the tools it is sent"
    )
    assert server.requests[0]["messages"] == [{"role": "user", "content": "Answer with one word: ready"}]
    assert told["keys"][0] == "--"


def test_several_models_are_asked_side_by_side(tmp_path: Path) -> None:
    with FakeOpenAI(["Ready."], repeat=True, models=["one", "two"]) as server:
        models = [f"{server.base_url}#one", server.base_url, "qwen3", "groq:x"]
        arguments = [argument for model in models for argument in ("--model", model)]
        code, told = doctor(tmp_path, *arguments, *MODEL, MISTRAL_API_KEY="k")
    assert code == 1
    first, second, third, fourth = (told[f"model {number}"] for number in (1, 2, 3, 4))
    assert (first[0], second[0], third[0], fourth[0]) == ("ok", "ok", "!!", "!!")
    assert second[1] == f"{server.base_url} answers and has 2 models: one, two -> Name one to have it asked: --model {server.base_url}#one"
    assert third[1].startswith(
        "'qwen3' cannot be asked: it does not say which provider to ask -> Write one of: ollama:qwen3, mistral:qwen3, "
    )
    assert fourth[1] == "no key for https://api.groq.com/openai/v1 -> Set GROQ_API_KEY or give api_key=."
    assert told["keys"] == (
        "--",
        "set, and not tried: MISTRAL_API_KEY (--model mistral:mistral-large-latest) -> Name a model to have its key tried: --model NAME.",
    )


def test_the_model_of_the_environment_is_asked(tmp_path: Path) -> None:
    with FakeOpenAI(["Ready."], repeat=True, models=["qwen3"]) as server:
        host = server.base_url.removesuffix("/v1")
        assert doctor(tmp_path, *MODEL, SAYSO_MODEL="ollama:qwen3", OLLAMA_HOST=host)[1]["model"][0] == "ok"
        assert doctor(tmp_path, *MODEL, SAYSO_MODEL="ollama:", OLLAMA_HOST=host)[1]["model"][0] == "ok"
        assert {request["model"] for request in server.requests} == {"qwen3"}


MODEL_PROBLEMS = {
    "a wrong key": (HttpError(401, "Incorrect API key"), "refuses the key 'none'"),
    "an unknown model": (
        HttpError(404, "model not found"),
        "There is no model 'm' at AT (404): model not found -> There are 3 models: me, a, b. Or fetch it: ollama pull m",
    ),
    "a model without tools": (
        lambda body: HttpError(400, "m does not support tools") if "tools" in body else "Ready.",
        "it takes no tools, so calls are asked for as text",
    ),
}


@pytest.mark.parametrize(("reply", "words"), MODEL_PROBLEMS.values(), ids=MODEL_PROBLEMS)
def test_what_is_wrong_with_a_model_comes_with_what_to_do(reply: Any, words: str, tmp_path: Path) -> None:
    with FakeOpenAI([reply], repeat=True, models=["a", "b", "me"]) as server:
        host = server.base_url.removesuffix("/v1")
        told = doctor(tmp_path, "--model", "ollama:m", *MODEL, OLLAMA_HOST=host)[1]["model"]
    assert words.replace("AT", server.base_url) in told[1]


def test_a_model_on_this_machine_is_looked_at_and_not_loaded(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "tiny.gguf")
    code, told = doctor(tmp_path, "--model", path, *MODEL, "--only", "local", SAYSO_MODELS=str(tmp_path))
    threads = max(1, (os.cpu_count() or 2) - 1)
    served = f"{threads} thread{'' if threads == 1 else 's'}, conversations of up to 4096 tokens"
    assert (code, told["model"]) == (0, ("ok", f"{path}, looked at and not loaded: llama, 0.135 MB, {served}"))
    assert told["local models"] == ("ok", f"llama.cpp loads (xllamacpp {version('xllamacpp')}); 1 model in {tmp_path}")
    path.write_bytes(path.read_bytes()[:50_000])
    assert "is incomplete" in doctor(tmp_path, "--model", path, *MODEL)[1]["model"][1]
    code, told = doctor(tmp_path, "--model", "local:ada/tiny", *MODEL, SAYSO_MODELS=str(tmp_path))
    assert (code, told["model"][1].split(" -> ")[0]) == (1, "ada/tiny is not on this machine")


def old_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))  # as Debian 11 has it


def locked_file(folder: Path) -> Callable[[], None]:
    connection = sqlite3.connect(folder / "locked.db", isolation_level=None)
    connection.execute("CREATE TABLE sayso_runs (id TEXT)")
    connection.execute("BEGIN EXCLUSIVE")
    return connection.close


BROKEN_DATABASES = {
    "a folder that is missing": ("sqlite:///no/such/runs.db", "runs.db cannot be created: No such file or directory"),
    "a folder that is a file": ("sqlite:///words.txt/runs.db", "runs.db cannot be created: Not a directory"),
    "a folder in place of the file": ("sqlite:///folder", "is a folder"),
    "a file of something else": ("sqlite:///words.txt", "cannot be used: file is not a database"),
    "a file that another program locks": ("sqlite:///locked.db", "is locked by another program"),
    "another kind of database": ("mysql://ada@db.example/runs", "is not a database URL"),
    "a server that is not there": ("postgresql://ada@127.0.0.1:9/runs", "cannot be reached"),
}


@pytest.mark.parametrize(("url", "words"), BROKEN_DATABASES.values(), ids=BROKEN_DATABASES)
def test_a_database_that_cannot_be_written_to_is_no_yes(url: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "words.txt").write_text("these are words and not a database, but long enough to be looked at" * 10)
    (tmp_path / "folder").mkdir()
    unlock = locked_file(tmp_path)
    try:
        assert words in said_of_database(url)
    finally:
        unlock()


def said_of_database(url: str) -> str:
    """Return the problem that the check of a database finds."""
    try:
        result = check_database(url)
    except UsageError as error:  # what `sayso doctor` prints as a problem
        return str(error)
    assert result.state is CheckState.PROBLEM
    assert result.to_do
    return result.words


def test_an_sqlite_that_is_too_old_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    old_sqlite(monkeypatch)
    assert said_of_database("sqlite:///runs.db").startswith("Runs in a file need SQLite 3.35.0 or newer; this Python has 3.34.1.")
