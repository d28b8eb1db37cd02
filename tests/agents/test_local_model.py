"""Local models: the file is fetched after a yes, checked, and served on loopback with a key that only this process has."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sayso.agents import Agent, LocalModel, ServerSettings, model_from
from sayso.agents.models.local.hub import Offer
from sayso.agents.models.local.local_model import Server, make_params
from sayso.tools import tool
from sayso.tools.errors import ModelError, UsageError
from sayso.tools.installing import build_install_command
from sayso.workflows import Limits

from .fake_openai import FakeOpenAI

GGUF = b"GGUF" + bytes(range(256)) * 2000
REPO = "ada/tiny-instruct-GGUF"


def listed(path: str, content: bytes = GGUF) -> dict[str, Any]:
    """A file as the hub lists it."""
    sha256 = hashlib.sha256(content).hexdigest()
    return {"type": "file", "path": path, "size": len(content), "lfs": {"oid": sha256, "size": len(content)}}


FILES = [
    {"type": "file", "path": "README.md", "size": 10},
    listed("tiny-q4_k_m.gguf"),
    listed("tiny-q8_0.gguf"),
    listed("mmproj-tiny-f16.gguf"),
    listed("big-q6_k-00001-of-00002.gguf"),
]


@dataclass
class Hub:
    """A model hub on loopback. The first answers break off after `cut` bytes each; with `ranges` it goes on in the middle of a file."""

    listing: object = field(default_factory=lambda: FILES)
    content: bytes = GGUF
    cut: list[int] = field(default_factory=list)
    ranges: bool = True
    asked: list[str] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The hub that names are looked up at."""
    state = Hub()

    class Answering(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            state.asked.append(f"{self.path} {self.headers.get('Range', '')} {self.headers.get('Authorization', '')}".strip())
            if self.path == f"/api/models/{REPO}/tree/main?recursive=true":
                self._send(200, json.dumps(state.listing).encode(), {})
            elif self.path.startswith(f"/{REPO}/resolve/main/"):
                self._file()
            else:
                self._send(404, b"{}", {})

        def _file(self) -> None:
            asked = self.headers.get("Range")
            start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and state.ranges else 0
            size = len(state.content)
            headers = {"Content-Range": f"bytes {start}-{size - 1}/{size}"} if start else {}
            self._send(206 if start else 200, state.content[start:], headers, state.cut.pop(0) if state.cut else size)

        def _send(self, status: int, body: bytes, headers: dict[str, str], cut: int | None = None) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[:cut])

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("HF_ENDPOINT", state.url)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


class Door:
    """llama.cpp's HTTP door without llama.cpp."""

    def __init__(self, *lines: str, **props: object) -> None:
        self.endpoint = FakeOpenAI(lines, pages={"/props": {"chat_template_caps": {"supports_tools": False}, **props}})
        self.served: list[tuple[Path, ServerSettings]] = []
        self.closed = 0

    def __call__(self, path: Path, settings: ServerSettings) -> Server:
        self.served.append((path, settings))
        return Server(self.endpoint.base_url, self._close)

    def _close(self) -> None:
        self.closed += 1


def nowhere(path: Path, settings: ServerSettings) -> Server:
    """Serves nobody: for what happens before."""
    return Server("http://127.0.0.1:9/v1", lambda: None)


@tool.read
def weather(city: str) -> str:
    """The weather in a city."""
    return f"{city}: sunny"


def refused(hub: Hub, name: str, folder: Path, **options: Any) -> str:
    """The sentence with which a model is not loaded."""
    with pytest.raises((UsageError, ModelError)) as caught:
        LocalModel(name, folder=folder, on_progress=lambda line: None, serve=nowhere, **options).load()
    return str(caught.value)


async def test_a_local_model_is_a_model_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "Qwen2.5-0.5B.gguf"
    path.write_bytes(GGUF)
    door = Door('<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>', "It is sunny.")
    told: list[str] = []
    with door.endpoint, LocalModel(path, serve=door, on_progress=told.append) as model:
        agent = Agent(model, tools=[weather], limits=Limits(cost_usd=0.0001))
        result = await agent.run("What is the weather in Oslo?")
        assert (result.output, result.usage.cost_usd) == ("It is sunny.", 0.0)
        assert model.name == "Qwen2.5-0.5B"
    ((served, settings),) = door.served
    assert (served, door.closed) == (path, 1)
    assert set(door.endpoint.authorizations) == {f"Bearer {settings.key}"}
    request = door.endpoint.requests[0]
    assert ("tools" in request, request["temperature"], request["max_tokens"]) == (False, 0.0, 1024)
    assert "<tool_call>" in request["messages"][0]["content"]
    assert len(told) == 1
    assert told[0].startswith("Qwen2.5-0.5B.gguf is loaded in ")


def test_llama_cpp_is_started_on_loopback_with_a_key_and_a_small_cache(tmp_path: Path) -> None:
    settings = ServerSettings()
    params = make_params(tmp_path / "a.gguf", settings)
    assert (params.hostnames, params.port, params.api_keys, params.cors_origins, params.ui) == (["127.0.0.1"], 0, [settings.key], "", False)
    assert (params.cache_ram_mib, params.n_ctx, params.n_parallel) == (256, 8192, 1)
    assert params.cpuparams.n_threads == params.cpuparams_batch.n_threads == max(1, (os.cpu_count() or 2) - 1)
    assert len(settings.key) >= 32
    assert ServerSettings().key != settings.key
    assert settings.key not in repr(settings)


def test_without_the_extra_it_says_what_to_install_before_anything_is_fetched(hub: Hub) -> None:
    program = f"import sys; sys.modules['xllamacpp'] = None\nfrom sayso.agents import LocalModel\nLocalModel({REPO!r}, fetch=True).load()"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ran.stderr.strip().endswith(f"A local model needs llama.cpp: {build_install_command('local')}")
    assert hub.asked == []


WRONG_FILES = {
    "no such file": ("missing.gguf", "There is no file missing.gguf."),
    "no name": ("what is this", "'what is this' is neither a model file nor the name of one. Write a path to a .gguf file, or"),
}


@pytest.mark.parametrize(("name", "message"), WRONG_FILES.values(), ids=WRONG_FILES)
def test_what_is_no_model_is_said(name: str, message: str, hub: Hub, tmp_path: Path) -> None:
    assert refused(hub, name, tmp_path).startswith(message)
    assert hub.asked == []


def test_a_file_that_is_no_gguf_is_not_loaded(hub: Hub, tmp_path: Path) -> None:
    path = tmp_path / "page.gguf"
    path.write_text("<html>")
    assert refused(hub, str(path), tmp_path) == f"{path} is not a GGUF file."


NAMES = {
    "the usual kind": (REPO, "tiny-q4_k_m.gguf"),
    "a kind": (f"{REPO}:Q8_0", "tiny-q8_0.gguf"),
    "a file": (f"{REPO}/tiny-q8_0.gguf", "tiny-q8_0.gguf"),
}


@pytest.mark.parametrize(("name", "file"), NAMES.values(), ids=NAMES)
def test_a_name_is_fetched_once_after_a_yes(name: str, file: str, hub: Hub, tmp_path: Path) -> None:
    offers: list[Offer] = []

    def yes(offer: Offer) -> bool:
        offers.append(offer)
        return True

    told: list[str] = []
    for _ in range(2):
        LocalModel(name, fetch=yes, folder=tmp_path, on_progress=told.append, serve=nowhere).load()
    path, sha256 = tmp_path / REPO / file, hashlib.sha256(GGUF).hexdigest()
    assert path.read_bytes() == GGUF
    assert offers == [Offer(f"{hub.url}/{REPO}/resolve/main/{file}", len(GGUF), sha256, path)]
    assert str(offers[0]) == f"{file}: 0.512 MB from 127.0.0.1, sha256 {sha256}, to {path}"
    assert hub.asked == [f"/api/models/{REPO}/tree/main?recursive=true", f"/{REPO}/resolve/main/{file}"]
    assert told[0] == f"Fetching {offers[0]}"
    assert told[1].startswith(f"{file}: 0.512 MB in ")
    assert told[1].endswith(f" s, sha256 {sha256} as it should be")


def test_nothing_is_fetched_without_a_yes(hub: Hub, tmp_path: Path) -> None:
    for options in ({}, {"fetch": False}, {"fetch": lambda offer: False}):
        assert refused(hub, REPO, tmp_path, **options).startswith(
            "The model is not on this machine and was not fetched. tiny-q4_k_m.gguf: 0.5"
        )
    assert all("resolve" not in path for path in hub.asked)
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("ranges", [True, False], ids=["goes on in the middle", "begins anew"])
def test_a_download_that_breaks_off_goes_on(ranges: bool, hub: Hub, tmp_path: Path) -> None:
    hub.cut, hub.ranges = [1000, 200_000], ranges
    LocalModel(REPO, fetch=True, folder=tmp_path, on_progress=lambda line: None, serve=nowhere).load()
    assert (tmp_path / REPO / "tiny-q4_k_m.gguf").read_bytes() == GGUF
    assert sum("resolve" in path for path in hub.asked) == 3


def test_a_download_goes_on_in_another_program(hub: Hub, tmp_path: Path) -> None:
    partial = tmp_path / REPO / "tiny-q4_k_m.gguf.partial"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(GGUF[:3000])
    told: list[str] = []
    LocalModel(REPO, fetch=True, folder=tmp_path, on_progress=told.append, serve=nowhere).load()
    assert hub.asked[-1] == f"/{REPO}/resolve/main/tiny-q4_k_m.gguf bytes=3000-"
    assert told[0].startswith("Going on with tiny-q4_k_m.gguf")
    assert not partial.exists()


def test_a_download_that_never_ends_is_kept_for_the_next_try(hub: Hub, tmp_path: Path) -> None:
    hub.cut = [1000] * 6
    assert "broke off" in refused(hub, REPO, tmp_path, fetch=True)
    partial = tmp_path / REPO / "tiny-q4_k_m.gguf.partial"
    assert 0 < partial.stat().st_size < len(GGUF)


CHANGED = {"another file": b"GGUF" + bytes(len(GGUF) - 4), "a longer file": GGUF + b"more"}


@pytest.mark.parametrize("content", CHANGED.values(), ids=CHANGED)
def test_a_file_that_is_not_what_was_offered_is_never_loaded(content: bytes, hub: Hub, tmp_path: Path) -> None:
    hub.content = content
    message = refused(hub, REPO, tmp_path, fetch=True)
    assert "The download was deleted." in message or "sends more than" in message
    assert not (tmp_path / REPO / "tiny-q4_k_m.gguf").exists()


LISTINGS: dict[str, tuple[str, object, str]] = {
    "no such repository": ("ada/nothing", FILES, "has no repository 'ada/nothing' (404)"),
    "no such kind": (
        f"{REPO}:Q2_K",
        FILES,
        "has no .gguf file 'Q2_K'. It has: big-q6_k-00001-of-00002.gguf, mmproj-tiny-f16.gguf, tiny-q4_k_m",
    ),
    "no such file": (f"{REPO}/other.gguf", FILES, "has no .gguf file 'other.gguf'"),
    "no models": (REPO, [], "It has: none."),
    "a file without a sha256": (REPO, [{"path": "a-q4_k_m.gguf", "size": 5}], "does not say what sha256 a-q4_k_m.gguf"),
    "a file outside": (REPO, [listed("../../a-q4_k_m.gguf")], "It has: none."),
    "no list": (REPO, {"error": "no"}, "did not answer with a list of files"),
}


@pytest.mark.parametrize(("name", "listing", "message"), LISTINGS.values(), ids=LISTINGS)
def test_what_a_hub_does_not_have_is_said(name: str, listing: object, message: str, hub: Hub, tmp_path: Path) -> None:
    hub.listing = listing
    assert message in refused(hub, name, tmp_path, fetch=True)


def test_a_hub_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelError, match=r"http://127\.0\.0\.1:9 cannot be reached"):
        LocalModel(REPO, folder=tmp_path).load()


def test_a_token_goes_to_the_hub_only_where_nobody_can_listen(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    LocalModel(REPO, fetch=True, folder=tmp_path, on_progress=lambda line: None, serve=nowhere).load()
    assert all(path.endswith("Bearer hf_secret") for path in hub.asked)


NAMED: dict[str, tuple[str, str]] = {
    "at a hub": ("local:ada/tiny:Q4_K_M", "LocalModel('ada/tiny:Q4_K_M')"),
    "a file": ("models/tiny.gguf", "LocalModel('models/tiny.gguf')"),
    "a file, said to be one": ("local:tiny.gguf", "LocalModel('tiny.gguf')"),
}


@pytest.mark.parametrize(("name", "model"), NAMED.values(), ids=NAMED)
def test_a_local_model_has_a_name_like_any_other(name: str, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert repr(model_from(name)) == model


def test_a_file_that_is_named_twice_is_in_memory_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tiny.gguf").write_bytes(GGUF)
    monkeypatch.chdir(tmp_path)
    assert model_from("tiny.gguf") is model_from(f"local:{tmp_path / 'tiny.gguf'}")
    assert model_from("local:ada/one") is not model_from("local:ada/two")


def test_an_endpoint_may_have_a_model_of_a_files_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "OpenAIChat('tiny.gguf'" in repr(model_from("tiny.gguf", base_url="http://127.0.0.1:1/v1"))
    assert "OpenAIChat('tiny.gguf'" in repr(model_from("http://127.0.0.1:1/v1#tiny.gguf"))
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    assert "OpenAIChat('tiny.gguf'" in repr(model_from("tiny.gguf"))
    path = tmp_path / "tiny.gguf"
    path.write_bytes(GGUF)
    assert repr(model_from(str(path))) == f"LocalModel('{path}')"
    with pytest.raises(UsageError, match="is on this machine, and base_url="):
        model_from("local:tiny.gguf", base_url="http://127.0.0.1:1/v1")
