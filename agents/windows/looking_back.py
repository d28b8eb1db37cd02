"""What of a long conversation is looked at for the first time: its end, and calls of long ago that are open. The rest is left unread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sayso.tools.effects import Effect

from ..messages import AssistantMessage, Message, ToolMessage, UserMessage
from .items import MESSAGE_TOKENS, has_open_call
from .values import Item

if TYPE_CHECKING:
    from ..model_conversation import ModelConversation


def look_back(transcript: Sequence[Message], first: int, question: int, tokens: int) -> int:
    """Return from where on messages are looked at: about that many tokens before the end, and the last question in any case."""
    begin, left = len(transcript), tokens
    while begin > first and left > 0:
        begin -= 1
        left -= _guess_tokens(transcript[begin])
    begin = min(begin, max(first, question))
    while begin > first and isinstance(transcript[begin], ToolMessage):  # not without its call
        begin -= 1
    return begin


def _guess_tokens(message: Message) -> int:
    if isinstance(message, ToolMessage):
        return MESSAGE_TOKENS + sum(len(result.content) if isinstance(result.content, str) else 2000 for result in message.results) // 4
    calls = len(message.calls) * 20 if isinstance(message, AssistantMessage) else 0
    return MESSAGE_TOKENS + len(message.text) // 4 + calls


def find_inline(conversation: ModelConversation) -> frozenset[str]:
    """Return the tools whose calls in prose have their value in the answer, and no result of their own."""
    return frozenset(name for name, tool in conversation.spec.tools.items() if tool.effect is Effect.PURE)


def group_open_calls(transcript: Sequence[Message], first: int, end: int, inline: frozenset[str]) -> list[Item]:
    """Return the replies from `first` to `end` whose calls have no result, each with the question before it."""
    found: list[Item] = []
    asked = taken = -1
    for place in range(first, end):
        message = transcript[place]
        if isinstance(message, UserMessage):
            asked = asked if message.by_program else place
        elif isinstance(message, AssistantMessage) and message.calls:
            after = place + 1
            while after < end and isinstance(transcript[after], ToolMessage):
                after += 1
            item = Item(tuple(transcript[place:after]), place)
            if has_open_call(item, inline):
                if asked > taken:
                    found.append(Item((transcript[asked],), asked))
                    taken = asked
                found.append(item)
    return found
