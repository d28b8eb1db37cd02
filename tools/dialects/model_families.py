"""Which forms belong to which dialect, and which dialect each family of models was trained on."""

from __future__ import annotations

import re

from ..errors import UsageError

_JSON = "json"
_FORMS = {
    "call": "call",
    "python": "python call",
    "json": "json",
    "hermes": "hermes qwen3_coder glm json",
    "react": "react json",
    "llama3": "llama3 functionary python json",
    "llama4": "llama4 llama3 python json",
    "mistral": "mistral json",
    "deepseek": "deepseek deepseek_dsml hermes json",
    "deepseek_dsml": "deepseek deepseek_dsml json",
    "qwen3_coder": "qwen3_coder hermes json",
    "glm": "glm hermes json",
    "kimi": "kimi json",
    "harmony": "harmony anthropic json",
    "anthropic": "anthropic minicpm harmony json",
    "minimax": "minimax anthropic hermes json",
    "lfm2": "lfm2 python json",
    "gemma": "gemma python json",
    "cohere": "cohere react json",
    "functionary": "functionary llama3 json",
    "gigachat": "gigachat json",
    "granite": "granite hermes json",
    "nemotron": "nemotron hermes qwen3_coder json",
    "apertus": "apertus json",
    "internlm": "internlm json",
    "functools": "functools json",
    "olmo": "olmo anthropic python json",
    "minicpm": "minicpm hermes python json",
    "solar": "solar json",
}
_ALL_FORMS = frozenset(" ".join(_FORMS.values()).split())
FORMS: dict[str, frozenset[str]] = {"auto": _ALL_FORMS, **{name: frozenset(forms.split()) for name, forms in _FORMS.items()}}
"""The forms that are read for each dialect."""

# The first match counts: qwen3-coder before qwen, and a distillation by its own name before its base model's.
_MODELS = (
    (r"qwen-?3(?:\.\d+)?-?coder|qwen-?3\.[5-9]|qwen-?35|qwen3?-?coder-?next", "qwen3_coder"),
    (r"step-?3(?:\.|p)5|step-?5|intellect|seed-?oss|nemotron-?(?:3|nano-?3)|mimo-?v2", "qwen3_coder"),
    (r"deepseek-?r1", "deepseek"),
    (r"qwen|hermes|smollm|reka|xlam|hunyuan|jamba|ernie|mimo|exaone|longcat|apriel|trinity|smol|ling-?\d?-?mini", "hermes"),
    (r"nemotron", "nemotron"),
    (r"granite", "granite"),
    (r"phi-?4|firefunction", "functools"),
    (r"llama-?4", "llama4"),
    (r"functionary", "functionary"),
    (r"llama", "llama3"),
    (r"mistral|mixtral|magistral|devstral|ministral|codestral|pixtral", "mistral"),
    (r"deepseek-?v?(?:3\.[2-9]|4)|dsml", "deepseek_dsml"),
    (r"deepseek", "deepseek"),
    (r"glm|chatglm|(?<!muse)(?<!muse-)spark|ling-|ling3|inclusionai|bailing", "glm"),
    (r"kimi|moonshot", "kimi"),
    (r"gpt-?oss|harmony", "harmony"),
    (r"claude|anthropic", "anthropic"),
    (r"minimax", "minimax"),
    (r"lfm-?2|liquid", "lfm2"),
    (r"(?:function)?-?gemma", "gemma"),
    (r"command|cohere|c4ai|aya", "cohere"),
    (r"gigachat", "gigachat"),
    (r"apertus", "apertus"),
    (r"internlm", "internlm"),
    (r"olmo", "olmo"),
    (r"minicpm", "minicpm"),
    (r"solar", "solar"),
    (r"hy-?v?[34]|poolside|laguna", "glm"),
    (r"step-?3(?!(?:\.|p)5)|cogito", "deepseek"),
    (r"muse|glimmer|dots", "anthropic"),
    (r"pangu|plamo|inkling", "hermes"),
    (r"k2-?(?:horizon|v3)|ifm|hyperclova", "glm"),
    (r"iquest-?q", "glm"),
    (r"iquest|berry", "qwen3_coder"),
    (r"intern-?s1", "internlm"),
)
_MODEL_PATTERNS = tuple((re.compile(rf"(?<![a-z]){pattern}"), dialect) for pattern, dialect in _MODELS)


def dialect_for_model(name: str) -> str | None:
    """Return the dialect that a model's family was trained on, or None where it is not known."""
    lowered = name.lower().replace("_", "-")
    return next((dialect for pattern, dialect in _MODEL_PATTERNS if pattern.search(lowered)), None)


def resolve_dialect(name: str) -> str:
    """Return the dialect of that name. Names of models and of servers' templates will do: "qwen3-8b", "llama4_pythonic".

    Raise UsageError where none is meant.
    """
    if name in FORMS:
        return name
    lowered = name.lower().replace("-", "_")
    if lowered in _ALIASES:
        return _ALIASES[lowered]
    found = dialect_for_model(name) or next((own for own in sorted(_FORMS, key=len, reverse=True) if lowered.startswith(own)), None)
    if found is None:
        raise UsageError(f"There is no dialect {name!r}. Dialects: {', '.join(FORMS)}.")
    return found


# Names that servers, papers and users give to these forms.
_ALIASES = {
    "native": "auto",
    "openai": "auto",
    "openai_native": "auto",
    "anthropic_native": "auto",
    "qwen3_xml": "qwen3_coder",
    "any": "auto",
    "other": "auto",
    "pythonic": "python",
    "functions": "python",
    "xml": "anthropic",
    "json_fence": "json",
    "json_bare": "json",
}
