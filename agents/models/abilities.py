"""What an endpoint can do: asked of llama.cpp and Ollama, taken for granted of everyone else until they refuse.

Both servers answer a request with `tools` as if there were none when the model's chat template does not know them, so their word is asked
for first: llama.cpp's `/props` has the template and what it supports, Ollama's `/api/show` has the model's capabilities.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from .endpoint import Endpoint, tls

if TYPE_CHECKING:
    from httpx2 import AsyncClient

PATIENCE_SECONDS = 3.0
KNOWN_HOSTS = (
    "openai.com",
    "openai.azure.com",
    "anthropic.com",
    "googleapis.com",
    "mistral.ai",
    "deepseek.com",
    "groq.com",
    "openrouter.ai",
    "together.xyz",
    "fireworks.ai",
    "x.ai",
    "cohere.com",
    "cerebras.ai",
)
"""Whose models take tools, and who have none of the addresses below."""


class Abilities(NamedTuple):
    """What an endpoint can do with one model.

    `family` is what the endpoint itself calls the model, where that says more than the name it is asked by. `grammar` says that a reply
    can be held to a GBNF grammar. `at_once` is how many requests it works on side by side; 0 where it does not say.
    """

    takes_tools: bool = True
    grammar: bool = False
    family: str = ""
    at_once: int = 0


TAKEN_FOR_GRANTED = Abilities()


async def abilities_of(at: Endpoint) -> Abilities:
    """Ask the endpoint what it can do. One that does not say is taken to accept tools; a refusal will tell."""
    if any(at.host == known or at.host.endswith(f".{known}") for known in KNOWN_HOSTS):
        return TAKEN_FOR_GRANTED
    import httpx2

    root = re.sub(r"/v\d+/?$", "", at.url.rstrip("/"))
    headers = {"Authorization": f"Bearer {at.key}"}
    options: dict[str, Any] = {"headers": headers, "timeout": PATIENCE_SECONDS, "trust_env": not at.is_local, "verify": tls()}
    async with httpx2.AsyncClient(**options) as client:
        try:
            if props := await _json(client, f"{root}/props?model={quote(at.model, safe='')}"):
                return of_llama_cpp(props)
            # Only Ollama has a version here; a POST goes to nobody who might take it for something else.
            if "version" in await _json(client, f"{root}/api/version"):
                return of_ollama(await _json(client, f"{root}/api/show", {"model": at.model}))
        except httpx2.HTTPError:
            return TAKEN_FOR_GRANTED  # the request itself will say what is wrong
    return TAKEN_FOR_GRANTED


async def _json(client: AsyncClient, url: str, body: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    """The object that is there; empty where there is none."""
    answer = await (client.get(url) if body is None else client.post(url, json=body))
    if answer.status_code != 200:
        return {}
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}


def of_llama_cpp(props: Mapping[str, Any]) -> Abilities:
    """What `/props` says: the word of the template's own check, or of older servers the template."""
    if not props.keys() & {"chat_template", "chat_template_caps", "default_generation_settings"}:
        return TAKEN_FOR_GRANTED
    caps = props.get("chat_template_caps")
    said = caps.get("supports_tools") if isinstance(caps, Mapping) else None
    template = f"{props.get('chat_template') or ''}{props.get('chat_template_tool_use') or ''}"
    takes = said if isinstance(said, bool) else bool(re.search(r"\btools\b", template))
    name = str(props.get("model_alias") or props.get("model_path") or "")
    slots = props.get("total_slots")
    return Abilities(takes, True, re.split(r"[/\\]", name)[-1], slots if isinstance(slots, int) else 0)


def of_ollama(model: Mapping[str, Any]) -> Abilities:
    """What `/api/show` says: the capabilities, or of older servers the template."""
    if not model:
        return TAKEN_FOR_GRANTED
    capabilities = model.get("capabilities")
    takes = "tools" in capabilities if isinstance(capabilities, list) else ".Tools" in str(model.get("template") or "")
    details = model.get("details")
    return Abilities(takes, False, str(details.get("family") or "") if isinstance(details, Mapping) else "")
