"""Vectors of texts by a GGUF file on this machine: llama.cpp in this process, as for a local model."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sayso.tools.errors import ModelError, UsageError

from .gguf import read_header
from .hub import print_progress
from .local_model import FIRST_TOKEN_SECONDS, LocalModel, ServerSettings, load_xllamacpp, make_params, start_llama_cpp
from .memory_fit import find_free_bytes, fit_context

MOST_TOKENS = 2048
"""Longer texts are cut, or earlier where the model was trained on less. One number for all, as it changes vectors."""
_MEAN, _RANK = 1, 4  # llama.cpp's numbers for the mean of a text's tokens, and for a model that only ranks
_SAMPLES, _SAMPLE_BYTES = 16, 2**18


class LocalVectors:
    """A model of embeddings in a GGUF file, loaded when it is first asked. Needs the extra `local`.

    `name` has the file's name and a hash of its content. Where the file does not say how it makes one vector of a text's tokens, it is
    their mean. Raises UsageError for a file that is not here or holds no model that makes vectors.
    """

    def __init__(self, source: str | Path, *, on_progress: Callable[[str], None] = print_progress) -> None:
        path = LocalModel(source).find_file()
        if path is None:
            raise UsageError(
                f"The model {str(source)!r} is not on this machine. Give the path of a .gguf file, like local:models/bge-m3.gguf."
            )
        self._path, self._file = path, read_header(path)
        if self._file.pooling == _RANK:
            raise UsageError(f"{path} holds a model that ranks passages and makes no vectors. Give one of embeddings.")
        load_xllamacpp()
        self.name: str = f"{path.name}/{_hash_content(path, self._file.size_bytes)}"
        self._most = min(MOST_TOKENS, self._file.trained_tokens or MOST_TOKENS)
        self._settings = ServerSettings(context_tokens=self._most, prompt_cache_mib=0)
        self._on_progress, self._has_told = on_progress, False
        self._lock = threading.Lock()
        self._server: Any = None

    def __repr__(self) -> str:
        return f"LocalVectors({str(self._path)!r})"

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector of length 1 for each text. Raises ModelError where the model cannot be loaded or makes none."""
        if not texts:
            return []
        server = self._load()
        whole = [text.encode("utf-8", "replace").decode() for text in texts]
        answer = server.handle_embeddings({"input": [self._cut(server, text) for text in whole], "encoding_format": "float"})
        try:
            rows = sorted(answer["data"], key=lambda row: row["index"])
            return [[float(number) for number in row["embedding"]] for row in rows]
        except (KeyError, TypeError):
            told = answer.get("error", {}).get("message", "a vector has parts that are not numbers")
            raise ModelError(f"llama.cpp makes no vectors with {self._path}: {told}.") from None

    def close(self) -> None:
        """Give the model's memory back. It is loaded again when it is asked again."""
        with self._lock:
            self._server = None  # it ends when nobody holds it

    def _load(self) -> Any:
        with self._lock:
            if self._server is None:
                fit_context(self._file, self._most, self._settings.prompt_cache_mib, find_free_bytes())
                params = make_params(self._path, self._settings)
                params.embedding, params.n_batch, params.n_ubatch = True, self._most, self._most  # a text is read at once
                if not self._file.pooling:
                    params.pooling_type = _MEAN
                self._server = start_llama_cpp(self._path, self._file, params)
            return self._server

    def _cut(self, server: Any, text: str) -> str | list[int]:
        """Return a text, or its first tokens and its last, often a mark, where it has too many. A token is seldom less than a byte."""
        if len(text.encode()) < self._most - 8:
            return text
        tokens = self._find_tokens(server.listening_address, text)
        if len(tokens) <= self._most:
            return tokens
        if not self._has_told:
            self._has_told = True
            self._on_progress(
                f"A text of {len(tokens):,} tokens is cut to the {self._most:,} that {self._path.name} reads: its vector says nothing "
                "of the rest. It is not told again when others are cut."
            )
        return [*tokens[: self._most - 1], tokens[-1]]

    def _find_tokens(self, url: str, text: str) -> list[int]:
        import httpx2  # late, for load time

        headers = {"Authorization": f"Bearer {self._settings.key}"}
        try:
            body = {"content": text, "add_special": True}
            answer = httpx2.post(f"{url}/tokenize", json=body, headers=headers, timeout=FIRST_TOKEN_SECONDS, trust_env=False)
            return [int(token) for token in answer.raise_for_status().json()["tokens"]]
        except httpx2.HTTPError as error:
            raise ModelError(f"llama.cpp has loaded {self._path} and does not answer: {error}.") from None


def _hash_content(path: Path, size: int) -> str:
    """Return a hash of a file's size and of pieces from all over it: another model differs everywhere."""
    seen = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        for place in range(_SAMPLES):
            file.seek(max(0, size - _SAMPLE_BYTES) * place // (_SAMPLES - 1))
            seen.update(file.read(_SAMPLE_BYTES))
    return seen.hexdigest()[:12]
