"""A model by its name: "gpt-5-mini" at OpenAI, "ollama:qwen3", "http://localhost:8000/v1#qwen3", "qwen.gguf" on this machine."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.tools.errors import ModelError, UsageError

from . import provider_errors as errors
from .endpoint import Endpoint, describe_missing_key, find_endpoint
from .hosts import find_gateway, show_url
from .local.hub import Consent
from .model import Model
from .names import ReadName, read_name, split_prefix
from .providers import LOCAL as LOCAL_PREFIX
from .providers import Protocol, get_prefixes
from .request_urls import join_path

if TYPE_CHECKING:
    from .local.local_model import LocalModel

LOCAL = f"{LOCAL_PREFIX}:"


def model_from(name: str | Model, *, base_url: str | None = None, api_key: str | None = None, fetch: Consent | bool = False) -> Model:
    """Return the model of that name; a Model is returned as it is. An endpoint without a model's name is asked which one it has.

    `fetch` says whether the file of a local model may be downloaded; see `LocalModel`. Raises UsageError, ModelError.
    """
    if not isinstance(name, str):
        if not hasattr(name, "stream"):
            raise UsageError(f"{name!r} is neither a model nor the name of one. Give a name like 'openai:gpt-5-mini' or 'ollama:qwen3'.")
        return name
    name = name.strip()
    if is_local_name(name, base_url):
        if base_url:
            raise UsageError(f"The model {name!r} is on this machine, and base_url={show_url(base_url)!r} is not. Give one of them.")
        source = remove_local(name)
        if not source:
            raise UsageError("No model was named after 'local:'. Name a file, or OWNER/REPOSITORY:Q4_K_M at a model hub.")
        path = Path(source).expanduser()
        model = _share_local_model(str(path.absolute()) if path.is_file() else source)
        model.fetch = fetch or model.fetch
        return model
    read = read_name(name, base_url)
    if read.protocol is Protocol.BRIDGE:
        return _make_bridged(read, api_key)
    at = find_endpoint(read.model, read.base_url, api_key, timeout_seconds=10)
    if not at.key:
        raise UsageError(describe_missing_key(read.model or "a model", at))
    if not read.model:
        read = read._replace(model=_find_only_model(at, read))
    return _make_model(read, at, api_key)


def _make_model(read: ReadName, at: Endpoint, api_key: str | None) -> Model:
    """Return the model class that speaks the endpoint's protocol."""
    protocol = at.protocol if read.protocol is Protocol.OPENAI else read.protocol
    if protocol is Protocol.ANTHROPIC:
        from .anthropic_messages import AnthropicMessages  # late, for load time

        return AnthropicMessages(read.model, base_url=read.base_url, api_key=api_key)
    if protocol is Protocol.RESPONSES:
        from .openai_responses import OpenAIResponses  # late, for load time

        return OpenAIResponses(read.model, base_url=read.base_url, api_key=api_key)
    from .openai_chat import OpenAIChat  # late, for load time

    return OpenAIChat(read.model, base_url=read.base_url, api_key=api_key)


def _make_bridged(read: ReadName, api_key: str | None) -> Model:
    """Return a model that pydantic-ai asks, by its name there."""
    if not read.model:
        raise UsageError(f"No model was named. Name one, like model={get_prefixes()[read.stem.rstrip(':')].spelling!r}.")
    if api_key:
        raise UsageError(f"{read.stem}{read.model} is asked with the keys that pydantic-ai finds, so api_key= cannot be. Leave it out.")
    from .pydantic_ai_bridge import PydanticAI  # late, for load time

    prefix = {"vertex:": "google-cloud:", "pydantic-ai:": ""}.get(read.stem, read.stem)
    return PydanticAI(f"{prefix}{read.model}")


@cache
def _share_local_model(source: str) -> LocalModel:
    """Return one model for all who name the same file, so that it is in memory once."""
    from .local.local_model import LocalModel  # late, for load time

    return LocalModel(source)


def is_local_name(name: str, base_url: str | None = None) -> bool:
    """Tell whether a name means a model on this machine: after "local:", or a .gguf file where no endpoint is given that may have it."""
    if name.lower().startswith(LOCAL):
        return True
    elsewhere = "://" in name or base_url or (find_gateway() and not Path(name).expanduser().is_file())
    return name.lower().endswith(".gguf") and not elsewhere and split_prefix(name)[0] is None


def remove_local(name: str) -> str:
    """Return the file's path or name at a hub, without the "local:" before it."""
    return name[len(LOCAL) :].strip() if name.lower().startswith(LOCAL) else name


def _find_only_model(at: Endpoint, read: ReadName) -> str:
    """Return the one model that an endpoint serves. Raises ModelError where there is none or more than one."""
    provider = at.provider
    if provider is not None and provider.protocol is not Protocol.CHAT:
        raise UsageError(f"No model was named. Name one, like model={provider.spelling!r}.")
    stem = read.stem or f"{at.shown_url}#"
    where = " after a '#'" if stem.endswith("#") else ""
    names = list_models(at)
    if len(names) == 1:
        return names[0]
    if not names:
        raise ModelError(f"{at.shown_url} lists no models. Name one{where}: {stem}NAME")
    shown = ", ".join(names[:30]) + (", ..." if len(names) > 30 else "")
    raise ModelError(f"{at.shown_url} has {len(names)} models: {shown}. Name one{where}, like {stem}{names[0]}")


def list_models(at: Endpoint) -> list[str]:
    """Return the models that an endpoint lists. Raises ModelError when it cannot be reached or refuses."""
    from .plain_requests import explain_failures, open_client, require_success  # late, for load time

    with explain_failures(at), open_client(at) as client:
        answer = client.get(join_path(at.url, "/models"))
    require_success(at, answer)
    try:
        listed = answer.json()
    except ValueError:
        raise errors.explain_wrong_answer(at, answer.text) from None
    rows = listed.get("data") if isinstance(listed, dict) else listed  # Together and GitHub give the bare list
    if not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
        raise errors.explain_wrong_answer(at, answer.text)
    return sorted(str(row["id"]) for row in rows if row.get("id"))
