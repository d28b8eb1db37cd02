"""Ways to make a conversation shorter, as functions of its older items. What they return is sent; the messages stay as they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from sayso.tools import ToolCall, ToolResult
from sayso.tools.calls import Outcome
from sayso.tools.media import Media

from ..messages import AssistantMessage, Message, ToolMessage, UserMessage
from ..untrusted_text import find_untrusted_texts, strip_untrusted_text
from .items import find_steady_cut
from .places import refer_to
from .values import Item, Room, Strategy

_CUT = re.compile(r"\[\.\.\. (\d+) more characters are left out here[^\]\n]*\]\Z")
CUT_WORDS = 100
"""Characters of the words that stand for what is cut off."""
KEPT = 200
"""Characters of a shortened text that are still sent."""


def drop_reasoning(items: Sequence[Item], room: Room) -> list[Item]:
    """Leave out what the model thought in earlier turns, and what its provider wants back with them.

    In the turn under way it stays: providers refuse calls without the reasoning that they came with.
    """
    return [item if item.is_current else change_item(item, _strip_reasoning) for item in items]


def _strip_reasoning(message: Message, place: int) -> Message:
    if isinstance(message, AssistantMessage) and (message.reasoning or message.provider_data is not None):
        return message._replace(reasoning="", provider_data=None)
    return message


def shorten_results(items: Sequence[Item], room: Room) -> list[Item]:
    """Send of long results of tools their beginning, and the reference under which they can be read again."""
    return [change_item(item, lambda message, place: _shorten_results(message, place, room)) for item in items]


def shorten_calls(items: Sequence[Item], room: Room) -> list[Item]:
    """Send of long arguments of calls that are done (a file that was written) their beginning."""
    return [change_item(item, lambda message, place: _shorten_calls(message, place, room)) for item in items]


def keep_last_documents(items: Sequence[Item], room: Room) -> list[Item]:
    """Leave out the documents that earlier questions were answered from: what searches found, and fenced text in earlier questions."""
    return [item if item.is_current else change_item(item, lambda message, place: _drop_documents(message, place, room)) for item in items]


def drop_media(items: Sequence[Item], room: Room) -> list[Item]:
    """Send of images, audio and files in older messages their names."""
    return [change_item(item, lambda message, place: _drop_media(message, place, room)) for item in items]


def drop_oldest(items: Sequence[Item], room: Room) -> Sequence[Item]:
    """Leave out the oldest items: as many as have to go, and up to a quarter of the room more, so that it need not be done each turn."""
    return items[find_steady_cut(items, room.excess, room.excess + room.tokens // 4) :] if room.excess else items


def drops(strategy: Strategy) -> bool:
    """Tell whether a strategy leaves the oldest items out altogether; one of yours says so with an attribute `drops`."""
    return strategy is drop_oldest or bool(getattr(strategy, "drops", False))


DEFAULT_STRATEGIES: tuple[Strategy, ...] = (drop_reasoning, keep_last_documents, shorten_results, drop_media, shorten_calls, drop_oldest)


def cut_text(text: str, kept: int, reference: str, can_read_again: bool) -> str:
    """Return the beginning of a text, and in words where the rest is."""
    cut_before = _CUT.search(text)
    begin = text[: min(kept, cut_before.start() if cut_before else kept)].rstrip()
    left = len(text) - len(begin)
    if cut_before:
        left += int(cut_before[1]) - len(cut_before[0])
    how = f'; read_again("{reference}") reads them' if can_read_again else f": {reference}"
    return f"{begin}{' ' if begin else ''}[... {left} more characters are left out here{how}]"


def cut_result(result: ToolResult, longest: int, reference: str, can_read_again: bool) -> ToolResult:
    """Return a result whose text has about `longest` characters, with the words that say so."""
    text = result.text
    if len(text) <= longest:
        return result
    cut = cut_text(text, max(0, longest - CUT_WORDS), reference, can_read_again)
    return replace(result, content=cut) if len(cut) < len(text) else result


def shorten_result(result: ToolResult, kept: int, reference: str, can_read_again: bool) -> ToolResult:
    """Return a result with the beginning of its text; its images go with what is cut off."""
    text = result.text
    if len(text) <= kept + KEPT:
        return result
    return replace(result, content=cut_text(text, kept, reference, can_read_again))


def replace_results(message: ToolMessage, results: Sequence[ToolResult]) -> ToolMessage:
    """Return the message with other results, and with their texts in what a text dialect shows."""
    if all(new is old for new, old in zip(results, message.results, strict=True)):
        return message
    shown = message.shown
    for old, new in zip(message.results, results, strict=True):
        if shown and new is not old:
            # Where a dialect has written the text in another way, results are told in the plain frame of any protocol.
            shown = shown.replace(old.text, new.text, 1) if old.text and old.text in shown else ""
    return message._replace(results=tuple(results), shown=shown)


def change_item(item: Item, change: Callable[[Message, int], Message]) -> Item:
    """Return the item with its messages changed, each by its place; the item itself where none is."""
    changed = tuple(change(message, item.place + index) for index, message in enumerate(item.messages))
    is_same = all(new is old for new, old in zip(changed, item.messages, strict=True))
    return item if is_same else item.change(*changed)


def change_results(message: ToolMessage, place: int, change: Callable[[ToolResult, str], ToolResult]) -> ToolMessage:
    """Return the message with its results changed, each by the reference under which it is found again."""
    references = (refer_to(place, number if len(message.results) > 1 else None) for number in range(len(message.results)))
    return replace_results(message, list(map(change, message.results, references)))


def _shorten_results(message: Message, place: int, room: Room) -> Message:
    if not isinstance(message, ToolMessage):
        return message
    return change_results(message, place, lambda result, reference: shorten_result(result, KEPT, reference, room.can_read_again))


def _shorten_calls(message: Message, place: int, room: Room) -> Message:
    if not isinstance(message, AssistantMessage) or not message.native:
        return message
    calls = tuple(_shorten_call(call, refer_to(place), room) for call in message.calls)
    if all(new is old for new, old in zip(calls, message.calls, strict=True)):
        return message
    return message._replace(calls=calls, provider_data=None)  # what the provider wants back has the whole arguments in it


def _shorten_call(call: ToolCall, reference: str, room: Room) -> ToolCall:
    arguments = {
        name: cut_text(value, KEPT, reference, room.can_read_again) if isinstance(value, str) and len(value) > 2 * KEPT else value
        for name, value in call.arguments.items()
    }
    return call if arguments == call.arguments else replace(call, arguments=arguments)


def _drop_documents(message: Message, place: int, room: Room) -> Message:
    if isinstance(message, ToolMessage):
        return change_results(message, place, lambda result, reference: _drop_document(result, reference, room))
    if not isinstance(message, UserMessage) or message.parts:
        return message
    documents = find_untrusted_texts(message.text)
    if sum(len(each.text) for each in documents) <= 2 * KEPT:
        return message
    words = strip_untrusted_text(message.text).strip()
    names = ", ".join(dict.fromkeys(each.origin for each in documents if each.origin))
    return message._replace(text=f"{words}\n\n[The documents ({names}) are left out here: {refer_to(place)}]")


def _drop_document(result: ToolResult, reference: str, room: Room) -> ToolResult:
    return shorten_result(result, 0, reference, room.can_read_again) if _is_document(result) else result


def _is_document(result: ToolResult) -> bool:
    """Tell whether a result is what a search of documents found: its passages have numbers to cite."""
    return result.outcome is Outcome.DONE and bool(re.search(r"\[DOC \d+\]", result.text[:2000]))


def _drop_media(message: Message, place: int, room: Room) -> Message:
    if isinstance(message, UserMessage) and any(isinstance(part, Media) for part in message.parts):
        parts = [f"{part} (left out here: {refer_to(place)})" if isinstance(part, Media) else part for part in message.parts]
        return message._replace(text="\n\n".join(parts), parts=())
    if isinstance(message, ToolMessage):
        return change_results(message, place, lambda result, reference: _name_media(result, reference, room.can_read_again))
    return message


def _name_media(result: ToolResult, reference: str, can_read_again: bool) -> ToolResult:
    if not result.media:
        return result
    how = f'read_again("{reference}") shows it' if can_read_again else reference
    return replace(result, content=f"{result.text} (left out here: {how})")
