"""A model's name as it is written: "ollama:qwen3", "gpt-5-mini", "http://localhost:8000/v1#any name". Only prefixes of the table split."""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from sayso.tools.errors import UsageError

from .hosts import read_url_variable
from .providers import LOCAL, PROVIDERS, Protocol, Provider, find_by_bare_name, get_prefixes

_TAG = re.compile(r"latest|instruct|text|\d+(\.\d+)?[bm]\b.*|\d+x\d+b\b.*|v\d[\d.]*")
"""What Ollama's names have after the colon: mistral:7b-instruct."""


class ReadName(NamedTuple):
    """What a name says: the model, the base URL if that is known, how it is asked, and how to write other models of the same place."""

    model: str
    base_url: str | None
    protocol: Protocol
    stem: str


def read_name(name: str, base_url: str | None) -> ReadName:
    """Return what a name says. Raises UsageError, with spellings that work, for a name that does not say whom to ask."""
    if "://" in name:
        if base_url:
            raise UsageError(f"The model {name!r} is a base URL already, and base_url={base_url!r} is another. Give one of them.")
        url, _, model = name.partition("#")
        return ReadName(model.strip(), url, Protocol.OPENAI, f"{url}#")
    provider, model = split_prefix(name)
    if provider is not None:
        return _read_prefixed(name, provider, model, base_url)
    if base_url or os.environ.get("OPENAI_BASE_URL"):
        return ReadName(name, base_url, Protocol.OPENAI, "")
    if not name:
        raise UsageError("No model was named. Name one, like model='openai:gpt-5-mini' or 'ollama:qwen3'.")
    owner = find_by_bare_name(name)
    if owner is None:
        raise UsageError(_refuse(name))
    # The table's names are all in lower case; an id after a colon is not.
    return _read_prefixed(name, owner, name if ":" in name else name.lower(), None)


def split_prefix(name: str) -> tuple[Provider | None, str]:
    """Return the provider whose prefix a name has, and the rest; None and the whole name where it has none of the table."""
    prefix, colon, rest = name.partition(":")
    provider = get_prefixes().get(prefix.strip().lower()) if colon else None
    return (provider, rest.strip()) if provider else (None, name)


def _read_prefixed(name: str, provider: Provider, model: str, base_url: str | None) -> ReadName:
    stem = f"{provider.prefix}:"
    if provider.protocol is Protocol.BRIDGE:
        if base_url:
            raise UsageError(f"{provider.title} is asked where its own settings say, so base_url={base_url!r} cannot be. Leave it out.")
        return ReadName(model, None, provider.protocol, stem)
    if provider.needs_key and _TAG.fullmatch(model):
        raise UsageError(
            f"{name!r} reads like a name of Ollama's, and {stem} is the prefix of {provider.title}. "
            f"Write ollama:{name}, or the name that {provider.title} has for it, like {provider.spelling}."
        )
    url = base_url or read_url_variable(provider) or provider.url
    if provider.prefix == "azure":
        url = _find_azure_url(url, model)
    return ReadName(model, url, provider.protocol, stem)


def _find_azure_url(url: str, deployment: str) -> str:
    """Return the address of a deployment: under /openai/v1, or with a dated API version under its own path."""
    if not url:
        raise UsageError("Where is your Azure resource? Set AZURE_OPENAI_ENDPOINT, or give base_url='https://RESOURCE.openai.azure.com'.")
    if urlsplit(url).path.strip("/") not in ("", "openai"):
        return url
    root = re.sub(r"(/openai)?/?$", "", url)
    version = (os.environ.get("OPENAI_API_VERSION") or os.environ.get("AZURE_OPENAI_API_VERSION") or "").strip()
    if not re.match(r"\d{4}-", version):
        return f"{root}/openai/v1"
    return f"{root}/openai/deployments/{quote(deployment, safe='')}?api-version={quote(version, safe='')}"


def _refuse(name: str) -> str:
    """Return why a name cannot be asked, and how to write it."""
    if "#" in name:
        return f"{name!r} does not name a model. If it is an endpoint, write it with its scheme: http://{name}"
    prefix, colon, rest = name.partition(":")
    is_prefix = colon and prefix.strip() and not _TAG.fullmatch(rest.strip())
    why = f"{prefix!r} is no provider's prefix" if is_prefix else "it does not say which provider to ask"
    spellings = ", ".join(_suggest(name))
    prefixes = f" Prefixes: {', '.join(each.prefix for each in PROVIDERS)}, {LOCAL}." if is_prefix else ""
    return f"{name!r} cannot be asked: {why}. Write one of: {spellings}. Any name passes with base_url=.{prefixes}"


def _suggest(name: str) -> list[str]:
    """Return spellings of a name that work, the likeliest first."""
    bare = name.strip(":").strip()
    known = [*get_prefixes(), LOCAL]
    for separator in (":", "/"):  # "opanai:gpt-5"; and litellm's way to write it
        prefix, found, rest = bare.partition(separator)
        close = get_close_matches(prefix.strip().lower(), known, 1, cutoff=0.75)
        if found and close and not _TAG.fullmatch(rest.strip()):
            return [f"{close[0]}:{rest.strip()}", f"http://HOST/v1#{name}"]
    with_key = [each.prefix for each in PROVIDERS if each.needs_key and any(os.environ.get(name) for name in each.key_variables)]
    others = ["huggingface", "openrouter", "vllm"] if "/" in bare else ["ollama"]
    prefixes = list(dict.fromkeys([*others[:1], *[each for each in with_key if not each.startswith("openai-")][:3], *others]))
    return [*(f"{prefix}:{bare}" for prefix in prefixes), f"http://HOST/v1#{bare}"]
