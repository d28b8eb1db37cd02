"""How much a model call may use, estimated before it is made: usage is reserved, and only then is the model asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sayso.tools.errors import UsageError
from sayso.workflows import Usage
from sayso.workflows.runs.limits import Meter

from .models.model import find_max_tokens

if TYPE_CHECKING:
    from .model_conversation import ModelConversation

DEFAULT_REPLY_TOKENS = 4096  # reserved for a reply where neither agent nor model says how long it may be


def estimate_usage(conversation: ModelConversation, meter: Meter) -> Usage:
    """Return the most that the call can use: the prompt at four characters a token, and all the tokens the reply may have.

    A model that has no listed price and says itself what its calls cost is taken to cost as much as the dearest call so far.

    Raises UsageError where a limit depends on what the call costs and no price is known.
    """
    from .models.hosts import is_local_url, show_url  # late, for load time
    from .models.prices import price

    model, request = conversation.spec.model, conversation.request
    base_url = getattr(model, "base_url", None)  # the same name may cost nothing on this machine
    sent = conversation.window
    length = conversation.count_characters() if sent is None or sent.messages is None else 4 * (sent.tokens + sent.opening_tokens)
    characters = length + len(json.dumps([*request.tools, request.schema]))
    output_tokens = find_max_tokens(request.sampling, model) or DEFAULT_REPLY_TOKENS
    input_tokens = characters // 4 + 1
    cost = price(model.name, input_tokens, output_tokens, base_url=base_url)
    if cost is None and base_url is not None and not is_local_url(base_url) and meter.limits_cost:
        raise UsageError(
            f"No price is known for {model.name!r} at {show_url(base_url)}, so no limit or cap of costs can be kept. "
            "Limit tokens or model_calls, or use another model."
        )
    return Usage(input_tokens, output_tokens, meter.find_dearest_call() if cost is None else cost)


def estimate_sent(conversation: ModelConversation, reserved: Usage) -> float:
    """Return what the prompt of a call costs, in US dollars: a call that is cancelled is charged at least that."""
    from .models.prices import price  # late, for load time

    model = conversation.spec.model
    return price(model.name, reserved.input_tokens, 0, base_url=getattr(model, "base_url", None)) or 0.0
