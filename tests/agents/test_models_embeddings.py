"""Vectors from an OpenAI-compatible endpoint: what is asked, whose key goes where, and what is told when it fails."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sayso.agents.models.embeddings import Embeddings
from sayso.tools.errors import ModelError, UsageError


class Desk(ThreadingHTTPServer):
    """An endpoint on this machine; `answers` are given first, then vectors of a text's length and 1."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None, dict[str, Any]]] = []
        self.answers: list[tuple[int, dict[str, str], Any]] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    """Answers in reverse order: the index says which vector is whose."""

    def do_POST(self) -> None:
        desk = self.server
        assert isinstance(desk, Desk)
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        desk.asked.append((self.path, self.headers["authorization"], body))
        rows = [{"index": place, "embedding": [len(text), 1]} for place, text in enumerate(body["input"])]
        status, headers, answer = desk.answers.pop(0) if desk.answers else (200, {}, {"data": rows[::-1]})
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture
def desk() -> Iterator[Desk]:
    """The endpoint, running."""
    with Desk() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_texts_are_asked_for_in_parts_and_come_back_in_order(desk: Desk) -> None:
    embedder = Embeddings("bge-m3", base_url=desk.url, api_key="mine", passage_prefix="passage: ", dimensions=2, at_once=2)
    assert embedder.embed(["a", "bb", "ccc"], "passage") == [[10.0, 1.0], [11.0, 1.0], [12.0, 1.0]]
    assert embedder.embed(["", "q"], "query") == [[1.0, 1.0], [1.0, 1.0]]
    path, key, body = desk.asked[0]
    assert (path, key) == ("/v1/embeddings", "Bearer mine")
    assert body == {"model": "bge-m3", "input": ["passage: a", "passage: bb"], "encoding_format": "float", "dimensions": 2}
    assert [len(asked["input"]) for _, _, asked in desk.asked] == [2, 1, 2]
    assert embedder.name == "bge-m3/2/passage:"


def test_a_key_of_the_environment_is_not_told_to_another_host(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-openai")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    Embeddings(f"{desk.url}#bge-m3").embed(["a"], "query")
    assert desk.asked[0][1] == "Bearer none"
    assert repr(Embeddings("text-embedding-3-small")) == "Embeddings('text-embedding-3-small', base_url='https://api.openai.com/v1')"


def test_a_busy_endpoint_is_asked_again(desk: Desk) -> None:
    desk.answers = [(429, {"retry-after": "0"}, {"error": {"message": "slow down"}})]
    assert Embeddings("m", base_url=desk.url).embed(["abc"], "query") == [[3.0, 1.0]]
    assert len(desk.asked) == 2


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((401, {}, {"error": {"message": "no such key"}}), "refuses the key given as api_key="),
        ((404, {}, {"error": {"message": "unknown model"}}), "There is no model 'm'"),
        ((200, {}, {"data": []}), "something that is not a list of embeddings of 1 texts"),
        ((200, {}, {"data": [{"embedding": "AAAA"}]}), "something that is not a list of embeddings"),
        ((200, {}, ["hello"]), "something that is not a list of embeddings"),
    ],
)
def test_what_went_wrong_is_told(desk: Desk, answer: tuple[int, dict[str, str], Any], told: str) -> None:
    desk.answers = [answer]
    with pytest.raises(ModelError, match=told):
        Embeddings("m", base_url=desk.url, api_key="mine").embed(["a"], "query")


@pytest.mark.parametrize("name", ["anthropic:claude-x", "bge-m3", "ollama:"])
def test_a_name_that_does_not_say_whom_to_ask_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(UsageError):
        Embeddings(name, api_key="mine")
