"""What each Claude model takes: how it thinks, which options it refuses, how long its replies may be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Thinking = Literal["adaptive", "budget", "none"]
EFFORTS = ("low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True)
class ClaudeModel:
    """What a model takes. The defaults are those of the newest models: a name that has no row is taken for one that came later.

    `thinking` says how it is asked to think ("adaptive": as much as it needs, held by an effort; "budget": up to a number of tokens);
    `off` is the type that turns thinking off, empty where nothing does. `samples` says that temperature, top_p and top_k are taken,
    `is_forced` that a tool can be demanded, `holds_schema` that a reply can be held to a JSON schema.
    """

    max_tokens: int = 128_000
    thinking: Thinking = "adaptive"
    efforts: tuple[str, ...] = EFFORTS
    off: str = "disabled"
    samples: bool = False
    is_forced: bool = True
    holds_schema: bool = True

    def fit_effort(self, effort: str) -> str:
        """Return the nearest effort that the model takes; a word that is no effort is the provider's to judge."""
        effort = {"minimal": "low"}.get(effort, effort)
        if effort in self.efforts or effort not in EFFORTS:
            return effort
        return "max" if "max" in self.efforts else self.efforts[-1]


_ALWAYS_THINKS = ClaudeModel(off="")
_OLDER = ClaudeModel(8_192, "budget", (), "disabled", samples=True, holds_schema=False)

# The first row whose name begins the model's counts. Sources: the pages "Models overview", "Thinking", "Effort", "Tool use" and "Structured
# outputs" of Anthropic's documentation, and the profiles of pydantic-ai, which were measured (November 2026).
_MODELS: tuple[tuple[str, ClaudeModel], ...] = (
    ("opus-5-5", ClaudeModel(off="", is_forced=False)),
    ("sonnet-5-5", ClaudeModel(off="between_tools", is_forced=False)),
    ("fable-5-1", ClaudeModel(off="", is_forced=False)),
    ("fable-5-2", ClaudeModel(off="", is_forced=False)),
    ("mythos-5-1", ClaudeModel(off="", is_forced=False)),
    ("mythos-5-2", ClaudeModel(off="", is_forced=False)),
    ("fable-5", _ALWAYS_THINKS),
    ("mythos", _ALWAYS_THINKS),
    ("opus-4-6", ClaudeModel(efforts=("low", "medium", "high", "max"), samples=True)),
    ("sonnet-4-6", ClaudeModel(efforts=("low", "medium", "high", "max"), samples=True)),
    ("opus-4-5", ClaudeModel(64_000, "budget", ("low", "medium", "high"), samples=True)),
    ("sonnet-4-5", ClaudeModel(64_000, "budget", (), samples=True)),
    ("haiku-4-5", ClaudeModel(64_000, "budget", (), samples=True)),
    ("opus-4-7", ClaudeModel()),
    ("opus-4-8", ClaudeModel()),
    ("opus-4", ClaudeModel(32_000, "budget", (), samples=True, holds_schema=False)),
    ("sonnet-4", ClaudeModel(64_000, "budget", (), samples=True, holds_schema=False)),
    ("3-7", _OLDER),
    ("3-5", ClaudeModel(8_192, "none", (), "", samples=True, holds_schema=False)),
    ("3", ClaudeModel(4_096, "none", (), "", samples=True, holds_schema=False)),
)


def find_claude_model(name: str) -> ClaudeModel:
    """Return what the model of that name takes. One that is no Claude, at an endpoint that speaks as Anthropic's does, counts as older."""
    found = re.search(r"claude[-.@]?(.*)", name.lower().replace(".", "-").replace("_", "-"))
    if found is None:
        return _OLDER
    return next((model for prefix, model in _MODELS if found[1].startswith(prefix)), ClaudeModel())
