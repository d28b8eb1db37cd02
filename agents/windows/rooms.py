"""How much room a conversation has beside its instructions and tools, and the error for what cannot fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sayso.tools.canonical import canonical_json
from sayso.tools.errors import InputTooLong

from ..messages import Message, SystemMessage, UserMessage
from ..spec import READ_AGAIN
from .counting import TokenCounter
from .fitting import Fitted, find_fixed
from .items import MESSAGE_TOKENS, group_messages
from .lengths import choose_reply_tokens
from .sent import ModelContext
from .values import Window

if TYPE_CHECKING:
    from ..model_conversation import ModelConversation

SPARE_OF_ESTIMATE = 0.9
"""What of the room is used where tokens are only estimated."""
READ_AGAIN_TOKENS = 220
"""What the tool takes that reads again: its schema, or its line in the instructions."""
LEAST_READ_AGAIN = 1000
"""Tokens of a conversation below which there is no room for reading again."""


async def find_room(conversation: ModelConversation, window: Window, context: ModelContext, counter: TokenCounter) -> tuple[int, int]:
    """Return how many tokens the conversation may have beside instructions, tools and reply, and how many these take.

    Raises InputTooLong where there is no room.
    """
    request, spec = conversation.request, conversation.spec
    length = context.length
    assert length is not None
    reply = choose_reply_tokens(request.sampling, spec.model, window.reply_tokens, length)
    usable = int((length - reply) * context.spare * (SPARE_OF_ESTIMATE if counter.is_estimate else 1.0))
    opening = conversation.format.opening
    parts = {
        "the instructions": await _count_messages(counter, [each for each in opening if isinstance(each, SystemMessage)]),
        "the examples": await _count_messages(counter, [each for each in opening if not isinstance(each, SystemMessage)]),
        "the tools": await counter.count(canonical_json(list(request.tools))) if request.tools else 0,
        "the answer's schema": await counter.count(canonical_json(request.schema)) if request.schema else 0,
    }
    room = usable - sum(parts.values()) - 4 * MESSAGE_TOKENS
    if room < 2 * MESSAGE_TOKENS:
        parts = {"the reply": reply} if usable < 8 * MESSAGE_TOKENS else parts
        part = max(parts, key=lambda name: parts[name])
        raise _explain(conversation, context, counter, part, parts[part], room - 2 * MESSAGE_TOKENS + parts[part], reply)
    reserved = READ_AGAIN_TOKENS if may_offer_reading(conversation, window) and room >= LEAST_READ_AGAIN else 0
    return room - reserved, sum(parts.values()) + reserved


async def _count_messages(counter: TokenCounter, messages: Sequence[Message]) -> int:
    return sum(item.tokens or 0 for item in await counter.measure(group_messages(messages, 0, -1)))


def _explain(
    conversation: ModelConversation, context: ModelContext, counter: TokenCounter, part: str, tokens: int, room: int, reply: int
) -> InputTooLong:
    return InputTooLong(
        f"{part[0].upper()}{part[1:]} of {conversation.spec.name} take {tokens:,} tokens (by {counter.counted_by}), and there is room for "
        f"{max(0, room):,}: {conversation.spec.model.name} has a context of {context.length:,} tokens, {reply:,} of them for the reply. "
        "Nothing was sent. Make that part shorter, allow a shorter reply (Sampling(max_tokens=...)), or use a model with more context.",
        context_tokens=context.length,
        part=part,
        tokens=tokens,
        room=max(0, room),
    )


async def explain_remainder(
    conversation: ModelConversation, window: Window, context: ModelContext, counter: TokenCounter, fitted: Fitted, inline: frozenset[str]
) -> InputTooLong:
    """Return the error for a conversation that is too long with all left out that may be."""
    sent = conversation.window
    assert sent is not None
    assert context.length is not None
    fixed = find_fixed(fitted.items, inline, sent.room)
    have_to = sum(item.tokens or 0 for item in fitted.items if item.place in fixed)
    if have_to <= sent.room:
        return InputTooLong(
            f"The strategies of {conversation.spec.name}'s window leave {fitted.tokens:,} tokens (by {counter.counted_by}), and there is "
            f"room for {sent.room:,}. Nothing was sent. Add drop_oldest at the end of Window(strategies=[...]).",
            context_tokens=context.length,
            part="the conversation",
            tokens=fitted.tokens,
            room=sent.room,
        )
    longest = max(fitted.items, key=lambda item: (item.place in fixed, item.tokens or 0))
    message = longest.messages[0]
    if isinstance(message, UserMessage):
        part = "the messages of the user that have to be sent" if longest.place < sent.seen - 1 else "the words of the last message"
    else:
        part = "the last calls and their results"
    reply = choose_reply_tokens(conversation.request.sampling, conversation.spec.model, window.reply_tokens, context.length)
    return _explain(conversation, context, counter, part, longest.tokens or 0, sent.room - fitted.tokens + (longest.tokens or 0), reply)


def may_offer_reading(conversation: ModelConversation, window: Window) -> bool:
    """Tell whether the model may be given the tool that reads again: where it has tools, and none of that name."""
    return window.read_again and bool(conversation.spec.tools) and READ_AGAIN not in conversation.spec.tools
