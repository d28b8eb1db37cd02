"""Read again what was left out of a conversation: by the program over its messages, by the model with a tool."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sayso.tools import ToolResult
from sayso.tools.calls import Content
from sayso.tools.definition.decorators import tool
from sayso.tools.definition.tool import Tool
from sayso.tools.effects import CLEAN, Labels
from sayso.tools.errors import ToolError, UsageError

from ..messages import AssistantMessage, Message, ToolMessage, UserMessage
from ..spec import READ_AGAIN
from .items import iter_texts

_REFERENCE = re.compile(r"\s*m(\d{1,9})(?:\.(\d{1,4})|\s*-\s*m?(\d{1,9}))?\s*")


def find_left_out(messages: Sequence[Message], reference: str) -> list[Message | ToolResult]:
    """Return what a reference means in `result.messages`: "m17" a message, "m3-m9" several, "m17.2" the second result in a message.

    Raises UsageError for a reference that means nothing there.
    """
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise UsageError(f"{reference!r} is not a reference. One looks like m17, m3-m9 or m17.2.")
    first = int(found[1])
    last = int(found[3] or first)
    if not 1 <= first <= last <= len(messages):
        raise UsageError(f"There is no {reference}: the conversation has {len(messages)} messages, m1 to m{len(messages)}.")
    if found[2] is None:
        return list(messages[first - 1 : last])
    message = messages[first - 1]
    results = message.results if isinstance(message, ToolMessage) else ()
    if not 1 <= int(found[2]) <= len(results):
        raise UsageError(f"There is no {reference}: m{first} has {len(results)} results.")
    return [results[int(found[2]) - 1]]


def make_read_again(messages: Sequence[Message], characters: int) -> Tool[..., Any]:
    """Return a tool that reads `messages` by reference, at most `characters` at a time. `messages` may grow while it is used."""

    @tool.read(name=READ_AGAIN)
    def read_again(reference: str, start: int = 0) -> Content:
        """Read again what was left out of this conversation or shortened.

        Args:
            reference: As it stands where something was left out, such as m17, m17.2 or m3-m9.
            start: From which character on; what comes back says how to go on.
        """
        try:
            found = find_left_out(messages, reference)
        except UsageError as error:
            raise ToolError(str(error)) from None
        return read_part(found, reference, start, characters)

    return read_again


def read_part(found: Sequence[Message | ToolResult], reference: str, start: int, characters: int) -> Content:
    """Return `characters` of what was found from `start` on, or an image, with the labels of what it comes from."""
    labels = CLEAN
    for each in found:
        labels = labels.union(_find_labels(each))
    origins = ", ".join(dict.fromkeys(result.origin for each in found for result in _find_results(each) if result.origin))
    media = [each for one in found for result in _find_results(one) for each in result.media]
    text = "\n\n".join(map(_write, found))
    part = text[max(0, start) : max(0, start) + characters]
    left = len(text) - max(0, start) - len(part)
    if left > 0:
        part += f'\n[... {left} more characters; go on with read_again("{reference}", {max(0, start) + len(part)})]'
    value: object = [part, *media] if media and len(found) == 1 else part
    return Content(value, origins or "this conversation", labels.trust, labels.secrecy)


def _find_results(found: Message | ToolResult) -> tuple[ToolResult, ...]:
    if isinstance(found, ToolResult):
        return (found,)
    return found.results if isinstance(found, ToolMessage) else ()


def _find_labels(found: Message | ToolResult) -> Labels:
    if isinstance(found, ToolResult):
        return found.labels
    labels = CLEAN
    if isinstance(found, (UserMessage, AssistantMessage, ToolMessage)) and found.labels is not None:
        labels = found.labels
    for result in _find_results(found):
        labels = labels.union(result.labels)
    return labels


def _write(found: Message | ToolResult) -> str:
    if isinstance(found, ToolResult):
        return found.text
    if isinstance(found, ToolMessage):
        return "\n".join(f"result of {result.origin}: {result.text}" for result in found.results)
    who = {UserMessage: "user", AssistantMessage: "you"}.get(type(found), "instructions")
    return f"{who}: " + "\n".join(text for text in iter_texts(found) if text)
