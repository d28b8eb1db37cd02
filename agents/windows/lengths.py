"""How long a model's context is: as it says itself, as its endpoint says, as the price list knows it. None where nobody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sayso.tools.errors import ModelError

from ..models.hosts import is_local_url
from ..models.model import find_max_tokens

if TYPE_CHECKING:
    from ..messages import Sampling
    from ..models.model import Model

LONGEST_ASSUMED_REPLY = 16_384


async def find_length(model: Model) -> int | None:
    """Return how many tokens a prompt and its reply may have together, None where that is not known.

    A model of yours says it with an attribute `context_tokens`, or a method `find_length`.
    """
    own: object = getattr(model, "context_tokens", None)
    if isinstance(own, int) and own > 0:
        return own
    base_url: str | None = getattr(model, "base_url", None)
    if base_url is not None and not is_local_url(base_url) and (listed := find_listed_length(model.name, base_url)):
        return listed
    ask = getattr(model, "find_length", None)
    try:
        return None if ask is None else await ask()
    except ModelError:  # it cannot be reached: the request itself will say so
        return None


def find_listed_length(name: str, base_url: str) -> int | None:
    """Return the length of a model that the price list carries (genai-prices), None for one that it does not know."""
    from genai_prices.data_snapshot import get_snapshot

    try:
        _, model = get_snapshot().find_provider_model(name, None, None, base_url)
    except LookupError:
        return None
    return model.context_window


def choose_reply_tokens(asked: Sampling, model: Model, given: int | None, length: int) -> int:
    """Return how many tokens of the context are kept free for the reply: as many as it may have, at most half of all."""
    most = find_max_tokens(asked, model) or given or min(LONGEST_ASSUMED_REPLY, length // 4)
    return min(most, length // 2)
