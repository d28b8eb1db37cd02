"""How long messages are, as English text: a quick measure, with no tokenizer."""

from __future__ import annotations

from sayso.tools.media import Media

from .messages import AssistantMessage, Message, ToolMessage, UserMessage

MEDIA_CHARACTERS = 6000  # what an image or a page of a file is counted as, in characters of text: about 1,500 tokens


def measure_message(message: Message) -> int:
    """Return how long a message is, as English text."""
    if isinstance(message, ToolMessage):
        return sum(_measure_text(result.text) + len(result.media) * MEDIA_CHARACTERS for result in message.results)
    media = sum(isinstance(part, Media) for part in message.parts) if isinstance(message, UserMessage) else 0
    length = _measure_text(message.text) + media * MEDIA_CHARACTERS
    if isinstance(message, AssistantMessage):
        length += sum(_measure_text(str(call.arguments)) for call in message.calls)
        if message.provider_data is not None:
            length += len(str(message.provider_data.data))
    return length


def _measure_text(text: str) -> int:
    """Return the number of English characters that take as many tokens: in other scripts a token holds one or two characters."""
    return len(text) if text.isascii() else len(text) + 3 * (len(text.encode(errors="replace")) - len(text)) // 2
