"""A conversation as items that stay together, what each says in words, and which of them must stay as they are. Pure."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterator, Sequence

from sayso.tools.canonical import readable_json
from sayso.tools.media import Media

from ..messages import AssistantMessage, Message, ToolMessage, UserMessage
from .values import Item

MEDIA_TOKENS = 1500
"""What an image or a page of a file is counted as: providers count some 85 to 1,600 tokens for one."""
MESSAGE_TOKENS = 8
"""What stands around a message in a prompt: its role and its marks."""


def group_messages(messages: Sequence[Message], first_place: int, question_place: int) -> list[Item]:
    """Return messages as items: each reply of the model with the results that follow it, any other message alone."""
    items: list[Item] = []
    for place, message in enumerate(messages, first_place):
        if isinstance(message, ToolMessage) and items and isinstance(items[-1].messages[0], AssistantMessage):
            items[-1] = items[-1].change(*items[-1].messages, message)
        else:
            items.append(Item((message,), place, place > question_place))
    return items


def find_question(messages: Sequence[Message], first: int) -> int:
    """Return the place of the user's last question, not before `first`; `first` - 1 where there is none."""
    for place in range(len(messages) - 1, first - 1, -1):
        message = messages[place]
        if isinstance(message, UserMessage) and not message.by_program:
            return place
    return first - 1


def is_question(item: Item) -> bool:
    """Tell whether a turn of the conversation begins with this item."""
    message = item.messages[0]
    return isinstance(message, UserMessage) and not message.by_program


def has_open_call(item: Item, inline: Collection[str]) -> bool:
    """Tell whether a call in this item has no result: it waits for an approval, or nobody knows what became of it.

    A call written in prose of a tool in `inline` has its value in the answer, and needs no result.
    """
    message = item.messages[0]
    if not isinstance(message, AssistantMessage) or not message.calls:
        return False
    done = {result.call_id for each in item.messages[1:] if isinstance(each, ToolMessage) for result in each.results}
    return any(call.id not in done and not (call.span[1] and call.tool in inline) for call in message.calls)


def iter_texts(message: Message) -> Iterator[str]:
    """Yield the texts of a message that a model reads."""
    if isinstance(message, ToolMessage):
        if message.shown and not message.native:
            yield message.shown
        else:
            for result in message.results:
                yield result.text
        return
    yield message.text
    if isinstance(message, AssistantMessage) and message.native:
        for call in message.calls:
            yield f"{call.tool} {readable_json(call.arguments)}"


def count_extra_tokens(message: Message) -> int:
    """Return what a message takes beside its texts: its marks, images, and what a provider wants back with it, estimated."""
    tokens = MESSAGE_TOKENS
    if isinstance(message, ToolMessage):
        tokens += MESSAGE_TOKENS * (len(message.results) - 1)
        tokens += sum(count_media(media) for result in message.results for media in result.media)
    elif isinstance(message, UserMessage):
        tokens += sum(count_media(part) for part in message.parts if isinstance(part, Media))
    elif isinstance(message, AssistantMessage):
        tokens += MESSAGE_TOKENS * len(message.calls)
        if message.provider_data is not None:  # it repeats the message, and has signatures and reasoning beside
            sent = len(json.dumps(message.provider_data.data, default=str))
            tokens += max(0, sent - sum(map(len, iter_texts(message)))) // 4
    return tokens


def count_media(media: Media) -> int:
    """Return about how many tokens an image, a recording or a file takes. Files are counted by their size, where it is known."""
    size = len(media.data) * 3 // 4
    if media.kind != "file":
        return MEDIA_TOKENS
    return max(MEDIA_TOKENS, size // 4 if media.media_type.startswith("text/") else size // 40)  # some 60 kB and 1,500 tokens a page


def mark_item(item: Item) -> int:
    """Return a number that depends on what the item says: the same in every process, and mostly another for every item."""
    return zlib.crc32("\n".join(iter_texts(item.messages[0])).encode(errors="replace"))


def find_steady_cut(items: Sequence[Item], least: int, most: int) -> int:
    """Return where to cut, so that what is cut off takes `least` to `most` tokens, if that can be.

    The cut falls where the items themselves say: before the one with the smallest mark, of those that begin a turn if there is any. So
    another cut, a few messages later, mostly falls at the same place, and the prompt goes on with the same words, which are in the
    provider's cache. What is over the `least` is cut off in any case.
    """
    cut_off = 0
    possible: list[int] = []
    turns: list[int] = []
    for index, item in enumerate(items):
        if cut_off >= least:
            if possible and cut_off > most:
                break
            possible.append(index)
            if is_question(item):
                turns.append(index)
        cut_off += item.tokens or 0
    if not possible:
        return len(items)
    return min(turns or possible, key=lambda index: mark_item(items[index]))
