"""Whose model a name belongs to. A judge prefers what its own family wrote (Panickssery et al. 2024), so that is warned of."""

from __future__ import annotations

import re
from collections.abc import Iterable

_FAMILIES = {
    "OpenAI": r"gpt|chatgpt|o[1345](?:-(?:mini|pro|preview))?|codex|davinci",
    "Anthropic": r"claude|opus|sonnet|haiku",
    "Google": r"gemini|gemma|palm|bison",
    "Meta": r"llama|codellama",
    "Mistral": r"mistral|mixtral|codestral|ministral|magistral|devstral|pixtral",
    "Alibaba": r"qwen\w*|qwq|qvq",
    "DeepSeek": r"deepseek",
    "xAI": r"grok",
    "Cohere": r"command|aya|c4ai",
    "Microsoft": r"phi|wizardlm",
    "Zhipu": r"glm|chatglm",
    "Moonshot": r"kimi",
    "MiniMax": r"minimax",
    "NVIDIA": r"nemotron",
    "IBM": r"granite",
    "Amazon": r"nova|titan",
    "Hugging Face": r"smollm|zephyr",
    "AI2": r"olmo|tulu",
    "01.AI": r"yi",
    "TII": r"falcon",
}
_PATTERNS = {family: re.compile(rf"(?<![a-z])(?:{names})(?=[\d\W_]|$)", re.IGNORECASE) for family, names in _FAMILIES.items()}


def find_families(model: str) -> frozenset[str]:
    """Return the makers whose models a name speaks of: two for a distilled one ("deepseek-r1-distill-qwen-7b"), none if it is not known."""
    name = model.rpartition("://")[2].partition("/")[2] or model if "://" in model else model
    return frozenset(family for family, pattern in _PATTERNS.items() if pattern.search(name))


def warn_of_same_family(judge: str, writers: Iterable[str]) -> list[str]:
    """Return a warning for each model that wrote what is judged and is the judge, or of its family by name."""
    own, warnings = find_families(judge), list[str]()
    for writer in dict.fromkeys(writers):
        if writer == judge:
            warnings.append(f"Warning: {judge} judges its own answer. Judges prefer what they wrote themselves.")
        elif shared := own & find_families(writer):
            whose = " and ".join(sorted(shared))
            warnings.append(f"Warning: the judge {judge} and the answer's {writer} are of one family ({whose}). Judges prefer their own.")
    return warnings
