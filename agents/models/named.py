"""A model by its name: "gpt-5-mini" at OpenAI, "http://localhost:11434/v1#qwen3" at that endpoint, "qwen.gguf" on this machine."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.tools.errors import ModelError, UsageError

from . import openai_errors as errors
from .endpoint import Endpoint, describe_missing_key, find_endpoint
from .local.hub import Consent
from .model import Model
from .openai_chat import OpenAIChat

if TYPE_CHECKING:
    from .local.local_model import LocalModel

LOCAL = "local:"


def model_from(name: str | Model, *, base_url: str | None = None, api_key: str | None = None, fetch: Consent | bool = False) -> Model:
    """Return the model of that name; a Model is returned as it is. An endpoint without a model's name is asked which one it has.

    `fetch` says whether the file of a local model may be downloaded; see `LocalModel`. Raises UsageError, ModelError.
    """
    if not isinstance(name, str):
        return name
    name = name.strip()
    if is_local_name(name, base_url):
        if base_url:
            raise UsageError(f"The model {name!r} is on this machine, and base_url={base_url!r} is not. Give one of them.")
        path = Path(name.removeprefix(LOCAL)).expanduser()
        model = _share_local_model(str(path.absolute()) if path.is_file() else name.removeprefix(LOCAL))
        model.fetch = fetch or model.fetch
        return model
    if "://" in name:
        if base_url:
            raise UsageError(f"The model {name!r} is a base URL already, and base_url={base_url!r} is another. Give one of them.")
        base_url, _, name = name.partition("#")
    elif "#" in name:
        raise UsageError(f"{name!r} does not name a model. If it is an endpoint, write it with its scheme: http://{name}")
    at = find_endpoint(name, base_url, api_key, timeout_seconds=10)
    if not at.key:
        raise UsageError(describe_missing_key(name or "a model"))
    if not name:
        if at.is_openai:
            raise UsageError("No model was named. Name one, like model='gpt-5-mini'.")
        name = _find_only_model(at)
    return OpenAIChat(name, base_url=base_url, api_key=api_key)


@cache
def _share_local_model(source: str) -> LocalModel:
    """Return one model for all who name the same file, so that it is in memory once."""
    from .local.local_model import LocalModel  # late, for load time

    return LocalModel(source)


def is_local_name(name: str, base_url: str | None = None) -> bool:
    """Tell whether a name means a model on this machine: after "local:", or a .gguf file where no endpoint is given that may have it."""
    if name.startswith(LOCAL):
        return True
    elsewhere = "://" in name or base_url or (os.environ.get("OPENAI_BASE_URL") and not Path(name).expanduser().is_file())
    return name.endswith(".gguf") and not elsewhere


def _find_only_model(at: Endpoint) -> str:
    """Return the one model that an endpoint serves. Raises ModelError where there is none or more than one."""
    names = list_models(at)
    if len(names) == 1:
        return names[0]
    if not names:
        raise ModelError(f"{at.shown_url} lists no models. Name one after a '#': {at.shown_url}#NAME")
    raise ModelError(f"{at.shown_url} has {len(names)} models: {', '.join(names)}. Name one after a '#', like {at.shown_url}#{names[0]}")


def list_models(at: Endpoint) -> list[str]:
    """Return the models that an endpoint lists. Raises ModelError when it cannot be reached or refuses."""
    import time

    import openai

    handled = sys.exception()
    http_client = openai.DefaultHttpxClient(trust_env=not at.is_local)
    with openai.OpenAI(api_key=at.key, base_url=at.url, max_retries=0, timeout=at.timeout_seconds, http_client=http_client) as client:
        try:
            listed = client.get("/models", cast_to=object, options={"security": {"bearer_auth": True}})
        except openai.APIStatusError as error:
            answer = errors.ErrorResponse(error.status_code, error.response.headers, error.response.text)
            raise errors.explain_refusal(at, answer, time.time()) from None
        except openai.APIConnectionError as error:
            raise errors.explain_unreachable(at, errors.find_reason(error, handled)) from None
        except ValueError as error:
            raise errors.explain_wrong_answer(at, str(error)) from None
    rows = listed.get("data") if isinstance(listed, dict) else None
    if not isinstance(rows, list):
        raise errors.explain_wrong_answer(at, str(listed))
    return sorted(str(row["id"]) for row in rows if isinstance(row, dict) and row.get("id"))
