"""Vectors from any OpenAI-compatible endpoint or a file on this machine, for searching documents by meaning."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from sayso.tools.canonical import JsonObject
from sayso.tools.errors import UsageError

from . import provider_errors as errors
from .endpoint import describe_missing_key, find_endpoint
from .named import is_local_name, remove_local
from .names import read_name
from .plain_requests import explain_failures, open_client, require_success
from .providers import Protocol
from .request_urls import find_address, join_path
from .requesting import choose_wait, is_worth_retrying

if TYPE_CHECKING:
    from httpx2 import Client

    from .local.local_vectors import LocalVectors

_OPENAIS = re.compile(r"text-embedding-(3|ada)-", re.I)
_EXPECTED = "a list of embeddings"


class Embeddings:
    """An embedder behind an endpoint's `/embeddings`, named as models are: "text-embedding-3-small", "ollama:nomic-embed-text".

    "local:models/bge-m3.gguf" is a file, which llama.cpp reads in this process (extra `local`); `close()` gives its memory back.
    A key goes only to the hosts that it is for. `query_prefix` and `passage_prefix` stand before each text, as some models want it
    ("query: "). `scale` are the usual cosines of a question with other passages and with its own; both differ from model to model.
    Raises UsageError for a name that does not say whom to ask.
    """

    def __init__(
        self,
        name: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        dimensions: int | None = None,
        query_prefix: str = "",
        passage_prefix: str = "",
        scale: tuple[float, float] = (0.1, 0.55),
        at_once: int = 32,
        timeout_seconds: float = 60,
        max_tries: int = 4,
    ) -> None:
        self._dimensions, self._at_once, self._max_tries = dimensions, at_once, max_tries
        self._prefixes = {"query": query_prefix, "passage": passage_prefix}
        self.scale = scale
        self._local = _open_file(name, bool(base_url or api_key or dimensions)) if is_local_name(name, base_url) else None
        if self._local is not None:
            self.name: str = "/".join(filter(None, [self._local.name, passage_prefix.strip()]))
            return
        read = read_name(f"openai:{name}" if _OPENAIS.match(name) and not base_url else name, base_url)
        if read.protocol not in (Protocol.OPENAI, Protocol.CHAT, Protocol.RESPONSES) or not read.model:
            raise UsageError(
                f"{name!r} names no model at an OpenAI-compatible /embeddings. Write one like 'openai:text-embedding-3-small'."
            )
        self._at = find_endpoint(read.model, read.base_url, api_key, timeout_seconds)
        if not self._at.key:
            raise UsageError(describe_missing_key(read.model, self._at))
        self.name = "/".join(filter(None, [read.model, str(dimensions or ""), passage_prefix.strip()]))

    def __repr__(self) -> str:
        if self._local is not None:
            return f"Embeddings({self.name!r})"
        return f"Embeddings({self.name!r}, base_url={self._at.shown_url!r})"

    def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> list[list[float]]:
        """Return a vector for each text. A busy endpoint is asked again after its wait. Raises ModelError."""
        asked = [f"{self._prefixes[kind]}{text}" or " " for text in texts]
        parts = [asked[start : start + self._at_once] for start in range(0, len(asked), self._at_once)]
        if self._local is not None:
            return list(chain.from_iterable(map(self._local.embed, parts)))
        return self._ask_all(parts)

    def close(self) -> None:
        """Give the memory of a file's model back. It is loaded again when it is asked again; an endpoint needs no closing."""
        if self._local is not None:
            self._local.close()

    def __enter__(self) -> Embeddings:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def _ask_all(self, parts: list[list[str]]) -> list[list[float]]:
        from tenacity import Retrying, retry_if_exception, stop_after_attempt  # late, for load time

        retrying = Retrying(
            stop=stop_after_attempt(self._max_tries), wait=choose_wait, retry=retry_if_exception(is_worth_retrying), reraise=True
        )
        rows: list[list[float]] = []
        with open_client(self._at) as client:
            for part in parts:
                rows += retrying(self._ask, client, part)
        return rows

    def _ask(self, client: Client, texts: list[str]) -> list[list[float]]:
        at = self._at
        body: JsonObject = {"model": at.model, "input": texts, "encoding_format": "float"}
        if self._dimensions:
            body["dimensions"] = self._dimensions
        address = find_address(at)
        with explain_failures(at):
            answer = client.post(join_path(address.base_url, "/embeddings"), json=body, params=address.query)
        require_success(at, answer)
        try:
            rows = [row["embedding"] for row in sorted(answer.json()["data"], key=lambda row: row.get("index", 0))]
            vectors = [[float(number) for number in row] for row in rows]
        except (ValueError, TypeError, KeyError, AttributeError):
            raise errors.explain_wrong_answer(at, answer.text, _EXPECTED) from None
        if len(vectors) != len(texts):
            raise errors.explain_wrong_answer(at, answer.text, f"{_EXPECTED} of {len(texts)} texts")
        return vectors


def _open_file(name: str, has_more: bool) -> LocalVectors:
    """Return the model in a file, named with "local:" or by its path."""
    from .local.local_vectors import LocalVectors  # late, for load time

    if has_more:
        raise UsageError(
            f"The model {name!r} is a file on this machine, whose vectors have one length: leave out base_url=, api_key= and dimensions=."
        )
    return LocalVectors(remove_local(name))
