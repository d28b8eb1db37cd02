"""A tool's result that is too long for any conversation: its beginning and end are shown, and the model reads on by reference."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sayso.tools import ToolResult
from sayso.tools.calls import Content
from sayso.tools.canonical import sha256
from sayso.tools.definition.decorators import tool
from sayso.tools.definition.tool import AnyTool
from sayso.tools.dialects import DIALECTS
from sayso.tools.errors import ToolError
from sayso.workflows import Run

from .messages import AssistantMessage, Message, ToolMessage
from .prompt_format import make_prompt_format

if TYPE_CHECKING:
    from .model_conversation import ModelConversation

MORE = "more"
"""The tool that an agent is given once a result was cut."""
LONGEST_RESULT = 100_000
"""Characters of a result that are sent as they are: some 25,000 tokens."""
SHOWN, SHOWN_AT_END = 16_000, 2_000
GONE = ", and nobody can read on in them any more: call the tool again, for less at a time"
_REFERENCE = re.compile(r' characters are not shown; read on with more\("r(\d{1,6})"')
LONGEST_KEPT = 1_000_000
"""Characters of a result that the messages of a run keep whole: each later turn stores them once more."""


async def cut_long_results(run: Run, turn: int, conversation: ModelConversation) -> None:
    """Cut the results of the last calls that are too long, and give the agent the tool `more` to read on in them.

    Those of earlier turns are cut when a run begins. Where it is known how much the model takes, its window sees to all that. That results
    were cut is a step of the run, `cut:{turn}`.
    """
    last = len(conversation.transcript) - 1
    places = [place for place in range(0 if turn == 0 else last, last + 1) if _has_long(conversation.transcript[place])]
    if not places:
        return
    position = f"cut:{turn}"
    if not run.replays(position) and (not run.is_live or run.replays(f"model:{turn}") or not await _is_length_unknown(conversation)):
        return
    await run.step(position, _note)
    for place in places:
        _cut_results(run, conversation, place)


def restore_long_results(run: Run, conversation: ModelConversation) -> None:
    """Put whole results back into the transcript, once no model is sent it any more: the next turn reads on in them.

    One that is longer than LONGEST_KEPT stays cut, and says that it cannot be read on in.
    """
    kept = conversation.long_results or {}
    wholes = {_cut(result, _say_how(reference)).text: result for reference, result in kept.items()}
    for place, message in enumerate(conversation.transcript):
        if isinstance(message, ToolMessage) and any(result.text in wholes for result in message.results):
            found = (wholes.get(result.text, result) for result in message.results)
            results = tuple(whole if len(whole.text) <= LONGEST_KEPT else _cut(whole, GONE) for whole in found)
            _put(run, conversation, place, message, results)


def _has_long(message: Message) -> bool:
    return isinstance(message, ToolMessage) and any(map(_is_long, message.results))


async def _is_length_unknown(conversation: ModelConversation) -> bool:
    from .windows.sending import find_context  # late, for load time
    from .windows.values import make_window  # late, as above

    window = make_window(conversation.spec.window)
    return window is not None and (await find_context(conversation, window)).length is None


async def _note() -> bool:
    return True


def _cut_results(run: Run, conversation: ModelConversation, place: int) -> None:
    if conversation.long_results is None:
        conversation.long_results = {}
    kept, message = conversation.long_results, conversation.transcript[place]
    assert isinstance(message, ToolMessage)
    can_read = MORE not in conversation.spec.tools or bool(kept)
    results, number = [], _find_last_number(conversation.transcript)
    for result in message.results:
        if _is_long(result):
            how = ""
            if can_read:
                number += 1
                reference = f"r{number}"
                kept[reference], how = result, _say_how(reference)
            result = _cut(result, how)
        results.append(result)
    _put(run, conversation, place, message, tuple(results))
    if can_read and MORE not in conversation.spec.tools:
        _offer(conversation, make_more(kept))


def _find_last_number(transcript: Sequence[Message]) -> int:
    """Return the highest number that a result was cut under, also in a turn that did not end: it is never that of another result."""
    texts = (result.text for message in transcript if isinstance(message, ToolMessage) for result in message.results)
    return max((int(found) for text in texts for found in _REFERENCE.findall(text)), default=0)


def _put(run: Run, conversation: ModelConversation, place: int, message: ToolMessage, results: tuple[ToolResult, ...]) -> None:
    """Put results in the place of those of a message, as the model's format shows them."""
    shown = message.shown
    if not message.native:
        asked = next(each for each in reversed(conversation.transcript[:place]) if isinstance(each, AssistantMessage))
        names = {call.id: call.tool for call in asked.calls}
        named = [(names.get(result.call_id, result.origin), result.text) for result in results]
        shown = DIALECTS[conversation.format.dialect].render_results(named, sha256(run.id, run.attempt)[:8])
    conversation.transcript[place] = message._replace(results=results, shown=shown)


def _is_long(result: ToolResult) -> bool:
    content = result.content
    return len(content if isinstance(content, str) else result.text) > LONGEST_RESULT


def _say_how(reference: str) -> str:
    return f'; read on with {MORE}("{reference}", {SHOWN}), or {MORE}("{reference}", find="...")'


def _cut(result: ToolResult, how: str) -> ToolResult:
    text = result.text
    left = len(text) - SHOWN - SHOWN_AT_END
    cut = f"{text[:SHOWN]}\n[... {left} of {len(text)} characters are not shown{how} ...]\n{text[-SHOWN_AT_END:]}"
    return replace(result, content=[cut, *result.media] if result.media else cut)


def make_more(kept: Mapping[str, ToolResult]) -> AnyTool:
    """Return the tool that reads on in long results. `kept` may grow while it is used."""

    @tool.read(name=MORE)
    def more(reference: str, start: int = 0, find: str = "") -> Content:
        """Read on in a result that was too long to be shown.

        Args:
            reference: As it stands where the result was cut, such as r1.
            start: From which character on.
            find: A text to look for from there; what is returned begins a little before it.
        """
        if reference not in kept:
            raise ToolError(f"There is no {reference!r}. Results that were cut: {', '.join(kept)}.")
        result = kept[reference]
        text, begin = result.text, max(0, start)
        if find:
            found = re.compile(re.escape(find), re.IGNORECASE).search(text, begin)  # a folded text may be longer, and its places are others
            if found is None:
                raise ToolError(f"{find[:80]!r} does not stand in {reference} from character {begin} on.")
            begin = max(0, found.start() - 200)
        part = text[begin : begin + SHOWN]
        end, left = begin + len(part), len(text) - begin - len(part)
        note = f'\n[... {left} more characters; read on with {MORE}("{reference}", {end})]' if left > 0 else ""
        return Content(
            f"[{reference}, characters {begin} to {end} of {len(text)}]\n{part}{note}", result.origin, result.trust, result.secrecy
        )

    return more


def _offer(conversation: ModelConversation, more: AnyTool) -> None:
    conversation.spec = spec = replace(conversation.spec, tools={**conversation.spec.tools, MORE: more})
    format = make_prompt_format(spec, *conversation.format.kind)
    conversation.request = replace(conversation.request, tools=format.schemas, grammar=format.grammar)
