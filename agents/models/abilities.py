"""What an endpoint can do. llama.cpp and Ollama are asked; everyone else is assumed to take tools until they refuse.

Both servers answer a request with `tools` as if there were none when the model's chat template does not know them, so their word is asked
for first: llama.cpp's `/props` has the template and what it supports, Ollama's `/api/show` has the model's capabilities.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from .endpoint import Endpoint
from .plain_requests import open_async_client
from .request_urls import find_root

if TYPE_CHECKING:
    from httpx2 import AsyncClient, Response

TIMEOUT_SECONDS = 3.0
LOADING_SECONDS = 1.0
"""How long to wait before a server that is loading its model is asked again."""


class Abilities(NamedTuple):
    """What an endpoint can do with one model.

    `family` is what the endpoint itself calls the model, where that says more than the name it is asked by. `grammar` says that a reply
    can be held to a GBNF grammar. `at_once` is how many requests it works on side by side; 0 where it does not say. `writes_slowly` says
    that it runs on somebody's own hardware, where a reply may take many minutes. `answered` is False where nobody answered, so it is
    worth asking again: a server that is down or busy. `context_tokens` is how long a prompt and its reply may be together, 0 where it does
    not say; `tokenizes` says that it counts tokens when asked.
    """

    takes_tools: bool = True
    grammar: bool = False
    family: str = ""
    at_once: int = 0
    writes_slowly: bool = False
    answered: bool = True
    context_tokens: int = 0
    tokenizes: bool = False


ASSUMED = Abilities()
UNANSWERED = Abilities(answered=False)


async def ask_abilities(at: Endpoint, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> Abilities:
    """Ask the endpoint what it can do. One that does not say is assumed to take tools; its refusal will tell.

    A llama.cpp that is still loading its model is waited for, as long as for a silent reply: sent tools that its template does not know, it
    would drop them without a word.

    llama.cpp: https://github.com/ggml-org/llama.cpp/tree/master/tools/server. Ollama: https://docs.ollama.com/api.
    """
    if at.provider is not None and at.provider.needs_key:  # its models take tools, and it has none of the addresses below
        return ASSUMED
    import httpx2

    root = find_root(at)
    async with open_async_client(at, TIMEOUT_SECONDS) as client:
        try:
            props = await _get_props(client, f"{root}/props?model={quote(at.model, safe='')}", at.timeout_seconds, sleep)
            if props.status_code >= 500:
                return UNANSWERED
            if found := _read_json(props):
                return read_llama_cpp_props(found)
            # Only Ollama has a version here; a POST goes to nobody who might take it for something else.
            version = await client.get(f"{root}/api/version")
            if "version" not in _read_json(version):
                return UNANSWERED if version.status_code >= 500 else ASSUMED
            model = await client.post(f"{root}/api/show", json={"model": at.model})
            return UNANSWERED if model.status_code >= 500 else read_ollama_model(_read_json(model))
        except httpx2.HTTPError:
            return UNANSWERED  # the request itself will say what is wrong


async def _get_props(client: AsyncClient, url: str, longest_seconds: float, sleep: Callable[[float], Awaitable[None]]) -> Response:
    """Return the answer to `url`, once the server has loaded its model: until then llama.cpp answers 503 "Loading model" to everything."""
    answer, waited = await client.get(url), 0.0
    while answer.status_code == 503 and "loading" in answer.text.lower() and waited < longest_seconds:
        await sleep(LOADING_SECONDS)
        answer, waited = await client.get(url), waited + LOADING_SECONDS
    return answer


def _read_json(answer: Response) -> Mapping[str, object]:
    """Return the JSON object of an answer; empty where there is none."""
    if answer.status_code != 200:
        return {}
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}


def read_llama_cpp_props(props: Mapping[str, object]) -> Abilities:
    """Read llama.cpp's `/props`: the template's own check for tools, or with older servers the template itself."""
    if not props.keys() & {"chat_template", "chat_template_caps", "default_generation_settings"}:
        return ASSUMED
    caps = props.get("chat_template_caps")
    supported = caps.get("supports_tools") if isinstance(caps, Mapping) else None
    template = f"{props.get('chat_template') or ''}{props.get('chat_template_tool_use') or ''}"
    takes = supported if isinstance(supported, bool) else bool(re.search(r"\btools\b", template))
    name = str(props.get("model_alias") or props.get("model_path") or "")
    slots = props.get("total_slots")
    settings = props.get("default_generation_settings")
    length = settings.get("n_ctx") if isinstance(settings, Mapping) else None  # of each slot
    at_once = slots if isinstance(slots, int) else 0
    tokens = length if isinstance(length, int) else 0
    return Abilities(takes, True, re.split(r"[/\\]", name)[-1], at_once, True, context_tokens=tokens, tokenizes=True)


def read_ollama_model(model: Mapping[str, object]) -> Abilities:
    """Read Ollama's `/api/show`: the model's capabilities, or with older servers its template."""
    if not model:
        return ASSUMED
    capabilities = model.get("capabilities")
    takes = "tools" in capabilities if isinstance(capabilities, list) else ".Tools" in str(model.get("template") or "")
    details = model.get("details")
    family = str(details.get("family") or "") if isinstance(details, Mapping) else ""
    # The model's own length says nothing: Ollama cuts prompts at num_ctx, without a word.
    found = re.search(r"^num_ctx\s+(\d+)", str(model.get("parameters") or ""), re.MULTILINE)
    return Abilities(takes, False, family, writes_slowly=True, context_tokens=int(found[1]) if found else 0)
