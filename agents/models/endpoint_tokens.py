"""What an endpoint tells of tokens: how long a prompt and its reply may be together, and how many tokens a text has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .endpoint import Endpoint
from .plain_requests import open_async_client
from .request_urls import find_root, join_path

TIMEOUT_SECONDS = 10.0
_LENGTHS = (
    "loaded_context_length",
    "max_model_len",
    "context_length",
    "context_window",
    "max_total_tokens",
    "max_context_length",
    "max_input_tokens",
)
"""How endpoints name the length of a model in their lists: LM Studio, vLLM, OpenRouter and Together, Groq, ..."""


async def ask_listed_length(at: Endpoint) -> int | None:
    """Return the length of the model that one of the endpoint's lists of models has; None where there is none.

    vLLM: https://docs.vllm.ai (max_model_len). OpenRouter: https://openrouter.ai/docs/api-reference (context_length). A server on this
    machine may be Ollama, whose list of loaded models has the length that it cuts prompts at, without a word (https://docs.ollama.com/api),
    LM Studio (https://lmstudio.ai/docs) or text-generation-inference.
    """
    import httpx2

    root = find_root(at)
    urls = [join_path(at.url, "/models"), *([f"{root}/api/ps", f"{root}/api/v0/models", f"{root}/info"] if at.is_local else [])]
    async with open_async_client(at, TIMEOUT_SECONDS) as client:
        for url in urls:
            try:
                answer = await client.get(url)
                found = answer.json() if answer.status_code == 200 else None
            except (httpx2.HTTPError, ValueError):
                return None
            if length := find_length(found, at.model):
                return length
    return None


def find_length(listed: object, model: str) -> int | None:
    """Return the length of a model in what an endpoint says of its models; None where it does not say."""
    rows: object = listed
    if isinstance(listed, Mapping):
        rows = listed.get("data") or listed.get("models") or [listed]
    for row in rows if isinstance(rows, list) else ():
        names = [row.get(name) for name in ("id", "name", "model", "model_id")] if isinstance(row, Mapping) else []
        if model in names or f"{model}:latest" in names:
            return next((length for name in _LENGTHS if isinstance(length := row.get(name), int) and length > 0), None)
    return None


async def count_at_endpoint(at: Endpoint, texts: Sequence[str]) -> list[int] | None:
    """Return how many tokens each text has by the endpoint's own tokenizer, as llama.cpp offers it; None where it does not."""
    import httpx2

    url = f"{find_root(at)}/tokenize"
    counts: list[int] = []
    async with open_async_client(at, TIMEOUT_SECONDS) as client:
        for text in texts:
            try:
                answer = await client.post(url, json={"content": text, "add_special": False})
                found = answer.json() if answer.status_code == 200 else None
            except (httpx2.HTTPError, ValueError):
                return None
            tokens = found.get("tokens") if isinstance(found, Mapping) else None
            if not isinstance(tokens, list):
                return None
            counts.append(len(tokens))
    return counts
