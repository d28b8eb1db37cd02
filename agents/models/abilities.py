"""What an endpoint can do. llama.cpp and Ollama are asked; everyone else is assumed to take tools until they refuse.

Both servers answer a request with `tools` as if there were none when the model's chat template does not know them, so their word is asked
for first: llama.cpp's `/props` has the template and what it supports, Ollama's `/api/show` has the model's capabilities.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from sayso.tools.canonical import JsonObject

from .endpoint import Endpoint, get_tls_context
from .request_urls import join_path

if TYPE_CHECKING:
    from httpx2 import AsyncClient

TIMEOUT_SECONDS = 3.0


class Abilities(NamedTuple):
    """What an endpoint can do with one model.

    `family` is what the endpoint itself calls the model, where that says more than the name it is asked by. `grammar` says that a reply
    can be held to a GBNF grammar. `at_once` is how many requests it works on side by side; 0 where it does not say. `writes_slowly` says
    that it runs on somebody's own hardware, where a reply may take many minutes.
    """

    takes_tools: bool = True
    grammar: bool = False
    family: str = ""
    at_once: int = 0
    writes_slowly: bool = False


ASSUMED = Abilities()


async def ask_abilities(at: Endpoint) -> Abilities:
    """Ask the endpoint what it can do. One that does not say is assumed to take tools; its refusal will tell.

    llama.cpp: https://github.com/ggml-org/llama.cpp/tree/master/tools/server. Ollama: https://docs.ollama.com/api.
    """
    if at.provider is not None and at.provider.needs_key:  # its models take tools, and it has none of the addresses below
        return ASSUMED
    import httpx2

    root = re.sub(r"/v\d+/?$", "", join_path(at.url, "").partition("?")[0])
    options: JsonObject = {"headers": at.headers, "timeout": TIMEOUT_SECONDS, "trust_env": not at.is_local, "verify": get_tls_context()}
    async with httpx2.AsyncClient(**options) as client:
        try:
            if props := await _get_json(client, f"{root}/props?model={quote(at.model, safe='')}"):
                return read_llama_cpp_props(props)
            # Only Ollama has a version here; a POST goes to nobody who might take it for something else.
            if "version" in await _get_json(client, f"{root}/api/version"):
                return read_ollama_model(await _get_json(client, f"{root}/api/show", {"model": at.model}))
        except httpx2.HTTPError:
            return ASSUMED  # the request itself will say what is wrong
    return ASSUMED


async def _get_json(client: AsyncClient, url: str, body: Mapping[str, str] | None = None) -> Mapping[str, object]:
    """Return the JSON object at `url`; empty where there is none. `body` makes it a POST."""
    answer = await (client.get(url) if body is None else client.post(url, json=body))
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
    return Abilities(takes, True, re.split(r"[/\\]", name)[-1], slots if isinstance(slots, int) else 0, True)


def read_ollama_model(model: Mapping[str, object]) -> Abilities:
    """Read Ollama's `/api/show`: the model's capabilities, or with older servers its template."""
    if not model:
        return ASSUMED
    capabilities = model.get("capabilities")
    takes = "tools" in capabilities if isinstance(capabilities, list) else ".Tools" in str(model.get("template") or "")
    details = model.get("details")
    family = str(details.get("family") or "") if isinstance(details, Mapping) else ""
    return Abilities(takes, False, family, writes_slowly=True)
