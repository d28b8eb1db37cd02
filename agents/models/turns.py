"""A transcript as providers take it, whatever history a program hands over. Pure; every protocol writes its messages from these turns.

Endpoints refuse a whole request for: two calls of one id, a name with a dot in it, a result without its call, a call without its result,
a message without a word. All of these get into histories that programs cut, store and put together.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sayso.tools import Outcome, ToolResult
from sayso.tools.canonical import readable_json
from sayso.tools.media import Media, Part

from ..messages import AssistantMessage, Message, ProviderData, Sampling, SystemMessage, ToolMessage, UserMessage

NOTHING = "(empty)"
RESULTS_HOLD = "The results above hold:"
"""What is said before the media of results, where the message of a result takes text only."""
NO_RESULT = "(There is no result of this call in the conversation. What it was to do may have been done.)"
BEGUN_EARLIER = "(The conversation began earlier.)"


class SentCall(NamedTuple):
    """A call with the id and the name that it has in one request. The arguments are JSON text."""

    id: str
    name: str
    arguments: str


class SentResult(NamedTuple):
    """The result of the call with this id. `is_error` says that the call did not do what it was to do, as far as anybody knows.

    The `media` in it are named in the text.
    """

    id: str
    text: str
    is_error: bool = False
    media: tuple[Media, ...] = ()


class UserTurn(NamedTuple):
    """What the user says: never without a word. With media in it, `parts` are all of it in order, and `text` is the texts among them."""

    text: str
    parts: tuple[Part, ...] = ()

    def join(self, other: UserTurn) -> UserTurn:
        """Return one turn of two."""
        text = "\n\n".join(filter(None, (self.text, other.text)))
        return UserTurn(text, (*(self.parts or (self.text,)), *(other.parts or (other.text,))) if self.parts or other.parts else ())


class AssistantTurn(NamedTuple):
    """What the model said, its calls, and their results: one for each call, in their order.

    There is a text or a call. `provider_data` is what came with the turn.
    """

    text: str
    calls: tuple[SentCall, ...] = ()
    results: tuple[SentResult, ...] = ()
    provider_data: ProviderData | None = None


class Turns(NamedTuple):
    """A transcript: the instructions, and then turns of the user and the model. The user's are the first, and never two in a row."""

    instructions: str
    turns: tuple[UserTurn | AssistantTurn, ...]


def make_turns(messages: Sequence[Message]) -> Turns:
    """Return the transcript as turns.

    Calls get the ids call00000, call00001, ... by their place in the transcript: of Mistral's nine letters or digits, the same in the next
    request, and unique where two runs gave their calls the same. A call without a result gets one that says so; a result without its call
    is told by the user.
    """
    instructions = [message.text for message in messages if isinstance(message, SystemMessage) and message.text.strip()]
    turns: list[UserTurn | AssistantTurn] = []
    for turn in _pair_results(messages):
        last = turns[-1] if turns else None
        if isinstance(turn, UserTurn) and isinstance(last, UserTurn):
            turns[-1] = last.join(turn)
        elif isinstance(turn, AssistantTurn) and isinstance(last, AssistantTurn) and not last.calls and not last.provider_data:
            # Two in a row are of two replies, and what came with the second belongs to its own text.
            turns[-1] = AssistantTurn("\n\n".join(filter(None, (last.text, turn.text))), turn.calls, turn.results)
        else:
            turns += [UserTurn(BEGUN_EARLIER), turn] if last is None and isinstance(turn, AssistantTurn) else [turn]
    return Turns("\n\n".join(instructions), tuple(turns))


def _pair_results(messages: Sequence[Message]) -> Iterator[UserTurn | AssistantTurn]:
    """Yield the turns of a transcript, each call with its result."""
    waiting = deque(messages)
    counted = 0
    tools: dict[str, str] = {}
    while waiting:
        match waiting.popleft():
            case UserMessage(text=text, parts=parts):
                parts = tuple(part for part in parts if str(part).strip())
                yield UserTurn(text if text.strip() or parts else NOTHING, parts)
            case AssistantMessage() as message:
                tools |= {call.id: call.tool for call in message.calls}
                turn = _make_assistant(message, counted, _take_results(message, waiting))
                counted += len(turn.calls)
                if turn.calls or turn.text.strip():
                    yield turn
            case ToolMessage(results, native, shown):
                told = "" if native else shown
                told = told or "\n\n".join(_frame_result(result, tools) for result in results)
                media = tuple(each for result in results for each in result.media)
                if told.strip():
                    yield UserTurn(told, (told, *media) if media else ())
            case _:
                pass


def _take_results(message: AssistantMessage, waiting: deque[Message]) -> dict[str, ToolResult]:
    """Take the results of a message's calls out of what follows it, up to the model's next message. Ids repeat in other runs."""
    if not (message.native and message.calls):
        return {}
    wanted = {call.id for call in message.calls}
    found: dict[str, ToolResult] = {}
    for index, following in enumerate(waiting):
        if isinstance(following, AssistantMessage):
            break
        if isinstance(following, ToolMessage):
            left: list[ToolResult] = []
            for result in following.results:
                if result.call_id in wanted and result.call_id not in found:
                    found[result.call_id] = result
                else:
                    left.append(result)
            if len(left) < len(following.results):
                waiting[index] = ToolMessage(tuple(left), native=True)
    return found


def _make_assistant(message: AssistantMessage, counted: int, results: dict[str, ToolResult]) -> AssistantTurn:
    if not (message.native and message.calls):
        return AssistantTurn(message.text, provider_data=message.provider_data)
    calls = tuple(
        SentCall(f"call{counted + index:05}", fit_name(call.tool), readable_json(call.arguments))
        for index, call in enumerate(message.calls)
    )
    found = [results.get(call.id) for call in message.calls]
    sent = tuple(_make_result(call.id, result) for call, result in zip(calls, found, strict=True))
    return AssistantTurn(message.text, calls, sent, message.provider_data)


def _make_result(wire_id: str, result: ToolResult | None) -> SentResult:
    if result is None:
        return SentResult(wire_id, NO_RESULT, True)
    return SentResult(wire_id, result.text if result.text.strip() else NOTHING, result.outcome is not Outcome.DONE, result.media)


def find_media(messages: Sequence[Message]) -> list[Media]:
    """Return all images, audio and files in a transcript."""
    found: list[Media] = []
    for message in messages:
        if isinstance(message, UserMessage):
            found += [part for part in message.parts if isinstance(part, Media)]
        elif isinstance(message, ToolMessage):
            found += [each for result in message.results for each in result.media]
    return found


def choose_tool(sampling: Sampling, turns: Turns) -> str:
    """Return which tool the model is to use: `tool_choice`; once a required call has its result, the model is free.

    Else it could never say what it found.
    """
    has_result = bool(turns.turns) and isinstance(turns.turns[-1], AssistantTurn)
    choice = sampling.tool_choice or ""
    return "auto" if has_result and choice not in ("", "none") else choice


def fit_name(name: str) -> str:
    """Return a tool's name in the letters that every provider takes. Models write others, and are shown what they wrote."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", name)[:64] or "unknown"


def _frame_result(result: ToolResult, tools: dict[str, str]) -> str:
    return f"[result of {tools.get(result.call_id, 'the call')}]\n{result.text}\n[end of result]"


def is_same_text(one: str, other: str) -> bool:
    """Tell whether what a provider sent says what the turn says: a program may have changed it. Blanks do not count."""
    return one == other or "".join(one.split()) == "".join(other.split())


def mend_text(value: object) -> object:
    """Return a JSON value with a replacement character for each half of a surrogate pair; two halves that meet become their character."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, dict):
        return {mend_text(key): mend_text(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [mend_text(each) for each in value]
    return value
