"""The real llama.cpp with a model of weights by chance: how it is served, what its file says; and a grammar holds whatever it babbles."""

from __future__ import annotations

import re
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import httpx2
import pytest
from pydantic import BaseModel, Field

from sayso.agents import Agent, LocalModel, Sampling, UserMessage
from sayso.agents.models.call_grammar import grammar_for
from sayso.agents.models.local.gguf import Gguf, read_header
from sayso.agents.models.local.local_model import ServerSettings
from sayso.agents.models.local.memory_fit import find_free_bytes, fit_context
from sayso.agents.models.model import ModelRequest
from sayso.agents.prompt_format import FormatChoice
from sayso.tools.dialects import read
from sayso.tools.errors import ModelError, UsageError

from .test_grammar import HELD, TOOLS
from .tiny_gguf import CHATML, write_tiny_gguf

KNOWS_TOOLS = "{% if tools %}{{ tools | tojson }}{% endif %}" + CHATML


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model's file."""
    return write_tiny_gguf(tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture(scope="module")
def babbler(tiny: Path) -> Iterator[LocalModel]:
    """The model, served."""
    with LocalModel(tiny, on_progress=lambda line: None, sampling=Sampling(temperature=1.0, max_tokens=1500)) as model:
        yield model


async def said(model: LocalModel, seed: int, **request: Any) -> tuple[str, str]:
    """What it says, and why it ended."""
    text, reason = "", ""
    async for delta in model.stream(ModelRequest([UserMessage("Hi")], (), Sampling(seed=seed), **request)):
        text, reason = text + getattr(delta, "text", ""), getattr(delta, "reason", reason)
    return text, reason


async def served_at(model: LocalModel) -> str:
    """Where it is served."""
    return (await model._get_chat()).base_url


@pytest.mark.parametrize("dialect", HELD)
async def test_a_call_that_is_held_to_a_grammar_can_always_be_read(dialect: str, babbler: LocalModel) -> None:
    by_name = {tool.name: tool for tool in TOOLS}
    # Chance would seldom begin a call, so here the reply is one.
    grammar = re.sub(r"^root ::= .*$", "root ::= call", grammar_for(dialect, TOOLS), flags=re.MULTILINE)
    for seed in (1, 2):
        text, reason = await said(babbler, seed, grammar=grammar)
        assert reason == "stop"
        reading = read(text, TOOLS, dialect)
        (call,) = reading.calls
        assert reading.problems == ()
        by_name[call.tool].check(call.arguments)


class Verdict(BaseModel):
    """A typed answer."""

    kind: Literal["good", "bad"]
    points: int = Field(ge=0, le=9)


async def test_a_typed_answer_is_of_its_type_whatever_the_model_would_say(babbler: LocalModel) -> None:
    for seed in range(5):
        agent = Agent(babbler, output=Verdict, output_tries=1, sampling=Sampling(seed=seed))
        assert (await agent.run("Well?")).output.kind in ("good", "bad")


TEMPLATES = {"a template without tools": (CHATML, (False, "call")), "one with tools": (KNOWS_TOOLS, (True, "call"))}


@pytest.mark.parametrize(("template", "form"), TEMPLATES.values(), ids=TEMPLATES)
async def test_its_template_says_how_calls_are_asked_for(template: str, form: tuple[bool, str], tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "tiny.gguf", template=template)
    with LocalModel(path, on_progress=lambda line: None) as model:
        chosen = await FormatChoice(Agent(model, tools=TOOLS).spec).choose()
    assert (chosen.native, chosen.dialect) == form


async def test_only_who_has_the_key_is_answered_and_no_web_page_is(babbler: LocalModel) -> None:
    url = await served_at(babbler)
    assert url.startswith("http://127.0.0.1:")
    body = {"model": "tiny", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
    page = {"Origin": "https://evil.example"}
    async with httpx2.AsyncClient(trust_env=False) as client:
        assert (await client.post(f"{url}/chat/completions", json=body)).status_code == 401
        wrong = await client.post(f"{url}/chat/completions", json=body, headers={**page, "Authorization": "Bearer guess"})
        assert wrong.status_code == 401
        assert "*" not in wrong.headers.get("access-control-allow-origin", "")
        right = await client.post(f"{url}/chat/completions", json=body, headers={"Authorization": f"Bearer {babbler.settings.key}"})
        assert right.status_code == 200


def answers_at(port: int) -> bool:
    with socket.socket() as door:
        return door.connect_ex(("127.0.0.1", port)) == 0


async def test_closing_it_closes_the_door(tiny: Path) -> None:
    with LocalModel(tiny, on_progress=lambda line: None) as model:
        port = int(re.findall(r"\d+", await served_at(model))[4])
        assert answers_at(port)
    assert not answers_at(port)


HOLDS_A_MODEL = """
import asyncio, sys
from sayso.agents import LocalModel
model = LocalModel(sys.argv[1], on_progress=lambda line: None)
print(asyncio.run(model._get_chat()).base_url, flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize("how", [None, signal.SIGINT, signal.SIGKILL], ids=["it ends", "Ctrl-C", "kill -9"])
def test_it_ends_with_the_program(how: signal.Signals | None, tiny: Path) -> None:
    command = [sys.executable, "-c", HOLDS_A_MODEL, str(tiny)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        port = int(re.findall(r"\d+", program.stdout.readline())[4])
        assert answers_at(port)
        if how is not None:
            program.send_signal(how)
        program.communicate("\n" if how is None else None, timeout=120)
        assert how is not None or program.returncode == 0
    assert not answers_at(port)


def test_a_file_says_what_it_is(tiny: Path) -> None:
    assert read_header(tiny) == Gguf("llama", tiny.stat().st_size, 4096, 128)


def damaged(tiny: Path, path: Path, change: str) -> Path:
    """The file with something wrong with it."""
    content = tiny.read_bytes()
    match change:
        case "half of it":
            content = content[: len(content) // 2]
        case "half of its header":
            content = content[:3000]
        case "the magic word alone":
            content = content[:4]
        case "of another time":
            content = b"GGUF" + struct.pack("<I", 99) + content[8:]
        case "a wild count":
            content = content[:16] + struct.pack("<Q", 2**60) + content[24:]
        case "a page":
            content = b"<html>"
        case "what sees pictures":
            return write_tiny_gguf(path, architecture="clip")
    path.write_bytes(content)
    return path


DAMAGED = {
    "half of it": "is incomplete",
    "half of its header": "it ends in its header",
    "the magic word alone": "is a damaged GGUF file",
    "of another time": "its version is 99",
    "a wild count": "more than any model has",
    "a page": "is not a GGUF file",
    "what sees pictures": "does not hold a language model (architecture 'clip')",
}


@pytest.mark.parametrize(("change", "message"), DAMAGED.items(), ids=DAMAGED)
def test_a_damaged_file_is_told_before_llama_cpp_sees_it(change: str, message: str, tiny: Path, tmp_path: Path) -> None:
    path = damaged(tiny, tmp_path / "damaged.gguf", change)
    with pytest.raises(UsageError, match=re.escape(message)):
        LocalModel(path, on_progress=lambda line: None).load()


GB = 1_000_000_000
SEVEN_B = Gguf("llama", 4 * GB, 32_768, 128_000)
FITS: dict[str, tuple[Gguf, int | None, int]] = {
    "as wanted": (SEVEN_B, 20 * GB, 8192),
    "no longer than it was trained": (replace(SEVEN_B, trained_tokens=2048), 20 * GB, 2048),
    "no longer than there is room": (SEVEN_B, 5_168_435_456, 3906),
    "where the system does not say": (SEVEN_B, None, 8192),
    "where the file does not say": (Gguf("new", 4 * GB, 0, 0), 20 * GB, 8192),
}


@pytest.mark.parametrize(("file", "free", "tokens"), FITS.values(), ids=FITS)
def test_a_conversation_is_as_long_as_it_may_be(file: Gguf, free: int | None, tokens: int) -> None:
    assert fit_context(file, 8192, 256, free) == tokens


def test_a_model_that_does_not_fit_is_not_loaded() -> None:
    with pytest.raises(ModelError, match=r"The model needs about 4\.9 GB of memory, and 4\.0 GB are free\. Take a smaller one"):
        fit_context(SEVEN_B, 8192, 256, 4 * GB)


MEMORY = {
    "all of the machine's": ({"proc/meminfo": "MemTotal: 9 kB\nMemAvailable: 4000 kB\n"}, 4_096_000),
    "a container without a limit": ({"proc/meminfo": "MemAvailable: 4000 kB\n", "sys/fs/cgroup/memory.max": "max\n"}, 4_096_000),
    "a container's": (
        {
            "proc/meminfo": "MemAvailable: 4000 kB\n",
            "sys/fs/cgroup/memory.max": "1000000\n",
            "sys/fs/cgroup/memory.current": "600000\n",
            "sys/fs/cgroup/memory.stat": "anon 400000\ninactive_file 200000\n",
        },
        600_000,
    ),
    "nobody knows": ({}, None),
}


@pytest.mark.parametrize(("files", "free"), MEMORY.values(), ids=MEMORY)
def test_the_free_memory_is_what_the_system_and_the_container_say(files: dict[str, str], free: int | None, tmp_path: Path) -> None:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert find_free_bytes(tmp_path) == free


def test_what_llama_cpp_does_not_know_is_said(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "tiny.gguf", architecture="tomorrow")
    with pytest.raises(
        ModelError, match=r"llama\.cpp cannot load .*tiny\.gguf \(tomorrow, 0\.135 MB\)\. The file may be damaged, or the model is newer"
    ):
        LocalModel(path, on_progress=lambda line: None).load()


def test_how_it_is_served_is_told(tiny: Path) -> None:
    told: list[str] = []
    LocalModel(tiny, on_progress=told.append, settings=ServerSettings(threads=1)).load()
    assert re.fullmatch(r"tiny\.gguf is loaded in \d+\.\d s \(1 thread, conversations of up to 4096 tokens\)", "\n".join(told))
