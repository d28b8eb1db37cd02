"""A model's name as it is written: "ollama:qwen3", "gpt-5-mini", "http://localhost:8000/v1#any name". Only prefixes of the table split."""

from __future__ import annotations

import re
import unicodedata
from difflib import get_close_matches
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from sayso.tools.errors import UsageError

from .hosts import find_gateway, read_url_variable, read_variable, show_url
from .providers import LOCAL, PROVIDERS, Protocol, Provider, find_by_bare_name, get_prefixes

_TAG = re.compile(r"latest|instruct|text|cloud|\d+(\.\d+)?[bmt]\b.*|\d+x\d+b\b.*|v\d[\d.]*|q\d.*", re.I)
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
            raise UsageError(
                f"The model {show_url(name)!r} is a base URL already, and base_url={show_url(base_url)!r} is another. Give one of them."
            )
        url, _, model = name.partition("#")
        return ReadName(model.strip(), url, Protocol.OPENAI, "")
    provider, model = split_prefix(name)
    named_host = base_url or find_gateway()
    if provider is not None and not (named_host and _is_ollamas(provider, model)):
        return _read_prefixed(name, provider, model, base_url)
    if named_host:
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
            raise UsageError(
                f"{provider.title} is asked where its own settings say, so base_url={show_url(base_url)!r} cannot be. Leave it out."
            )
        return ReadName(model, None, provider.protocol, stem)
    if _is_ollamas(provider, model):
        raise UsageError(
            f"{name!r} reads like a name of Ollama's, and {stem} is the prefix of {provider.title}. "
            f"Write ollama:{name}, or the name that {provider.title} has for it, like {provider.spelling}."
        )
    url = base_url or read_url_variable(provider) or provider.url
    if provider.prefix == "azure":
        url = _find_azure_url(url, model)
    return ReadName(model, url, provider.protocol, stem)


def _is_ollamas(provider: Provider, model: str) -> bool:
    """Tell whether what reads like the prefix of a maker of models is one of its models at Ollama, with a tag."""
    return bool(provider.bare_names and _TAG.fullmatch(model))


def _find_azure_url(url: str, deployment: str) -> str:
    """Return the address of a deployment: under /openai/v1, or with a dated API version under its own path."""
    if not url:
        raise UsageError("Where is your Azure resource? Set AZURE_OPENAI_ENDPOINT, or give base_url='https://RESOURCE.openai.azure.com'.")
    parts = urlsplit(url)
    if parts.query or parts.path.strip("/") not in ("", "openai"):
        return url
    root = re.sub(r"(/openai)?/?$", "", url)
    version = read_variable("OPENAI_API_VERSION") or read_variable("AZURE_OPENAI_API_VERSION")
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
    bare = unicodedata.normalize("NFKC", name).strip(": \u200b")
    at_a_host = f"http://HOST/v1#{bare}"
    hyphened = re.sub(r"\s+", "-", bare)
    if hyphened != bare and (owner := find_by_bare_name(hyphened)):
        return [f"{owner.prefix}:{hyphened.lower()}", at_a_host]
    meant = _find_meant(bare, ":") or _find_meant(bare, "/")
    if meant is not None and not meant.may_be_on_a_hub:
        return [meant.spelling, at_a_host]
    is_on_a_hub = "/" in bare and not bare.startswith("hf.co/")
    spellings = [f"{prefix}:{bare}" for prefix in _list_prefixes(["huggingface", "openrouter", "vllm"] if is_on_a_hub else ["ollama"])]
    maker = get_prefixes().get(bare.lower())  # "claude", "gemini"
    examples = [meant.spelling] if meant else [maker.spelling] if maker and maker.bare_names else []
    return [*spellings[:1], *examples, *spellings[1:], at_a_host]


def _list_prefixes(likely: list[str]) -> list[str]:
    """Return the likely prefixes, and after the first those of providers whose key the environment has."""
    with_key = [each for each in PROVIDERS if each.needs_key and any(map(read_variable, each.key_variables))]
    others = [each.prefix for each in with_key if not each.prefix.startswith("openai-")][:3]
    return list(dict.fromkeys([*likely[:1], *others, *likely]))


class _Meant(NamedTuple):
    """What somebody may have meant: a prefix with a slip in it, or with a slash as litellm writes it."""

    spelling: str
    may_be_on_a_hub: bool
    """The makers of models have names there that are their providers': mistralai/Mistral-7B is on the hub, and not at Mistral."""


def _find_meant(name: str, separator: str) -> _Meant | None:
    prefix, found, rest = name.partition(separator)
    prefix, rest = prefix.strip().lower(), rest.strip().lstrip("/")
    close = get_close_matches(prefix, [*get_prefixes(), LOCAL], 1, cutoff=0.7)
    if not (found and rest and close) or _TAG.fullmatch(rest):
        return None
    provider = get_prefixes().get(close[0])
    if provider is None:
        return _Meant(f"{LOCAL}:{rest}", may_be_on_a_hub=False)
    is_maker = separator == "/" and bool(provider.bare_names) and find_by_bare_name(rest) is not provider
    return _Meant(f"{provider.prefix}:{rest}", is_maker)
