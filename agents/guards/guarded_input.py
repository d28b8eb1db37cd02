"""What an agent is asked, and the conversation that it goes on with, past the guards: what they replace is what is stored and sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from sayso.tools import ToolCall, ToolResult
from sayso.tools.approval.background import Said
from sayso.workflows import Run

from ..messages import AssistantMessage, Conversation, Message, ToolMessage, UserMessage
from ..messages.values import GuardActed
from ..spec import AgentSpec
from ..untrusted_text import replace_between_fences, split_at_fences
from .guarding import Guarding, Leaves, Passed
from .verdicts import TextPlace


async def guard_before(spec: AgentSpec[object], asked: Conversation) -> Conversation:
    """Return what is asked past the guards with no chance in them, before a run begins that would store it.

    What they did stands in `guarded`; of what they refuse nothing is left.
    """
    guarding, acted = spec.guarding, list(asked.guarded)
    if any(each.did == "refused" for each in acted):
        return asked
    asked = asked._replace(history=guard_history(guarding, asked.history, acted))
    passed = await guarding.check(_split_question(asked), TextPlace.INPUT, by_chance=False)
    acted += passed.acted
    if passed.refused is not None:
        return Conversation("", asked.history, sampling=asked.sampling, guarded=tuple(acted))
    return _join_question(guarding, asked, passed, acted)._replace(guarded=tuple(acted))


async def guard_input(run: Run, spec: AgentSpec[object], asked: Conversation) -> tuple[Conversation, GuardActed | None]:
    """Return what is asked past all guards, and the refusal where there is one; what was done before the run began is told first.

    Where chance has a part in it (an endpoint), it is a step of the run.
    """
    guarding, acted = spec.guarding, list(asked.guarded)
    refused = next((each for each in acted if each.did == "refused"), None)
    if refused is None:
        asked = asked._replace(history=guard_history(guarding, asked.history, acted))
        texts = _split_question(asked)
        if guarding.has_chance(TextPlace.INPUT):
            passed = await run.step("guard:input", guarding.check, texts, TextPlace.INPUT)
        else:
            passed = await guarding.check(texts, TextPlace.INPUT)
        acted += passed.acted
        refused = passed.refused
        if refused is None:
            guarded = _join_question(guarding, asked, passed, acted)
            _guard_user_words(run, guarding, asked, guarded)
            asked = guarded
    await tell(run, acted)
    return asked, refused


def _guard_user_words(run: Run, guarding: Guarding, asked: Conversation, guarded: Conversation) -> None:
    """Leave out of the user's words in this run, which cards quote, what a guard has replaced."""
    provenance = run.scope.provenance
    if guarded.said == () and guarded is not asked:  # another guard has worded it anew
        provenance.user_texts = guarded.user_texts
        return
    left: list[str | Said] = []
    for each in provenance.user_texts:
        text = each if isinstance(each, str) else each.text
        pieces = [text] if guarding.look([text], TextPlace.INPUT).texts == [text] else find_own_words(guarding, text)
        left += [each] if pieces == [text] else [piece if isinstance(each, str) else replace(each, text=piece) for piece in pieces]
    if left != list(provenance.user_texts):
        provenance.user_texts = tuple(left)


async def tell(run: Run, acted: Sequence[GuardActed]) -> None:
    """Emit what guards did as events of the run."""
    for each in acted:
        await run.emit(each._replace(run=run.id))


def _split_question(asked: Conversation) -> list[str]:
    """Return the texts of what is asked: what the user wrote, and what stands in fences, one by one; of JSON the texts in it."""
    texts = [part for part in asked.parts if isinstance(part, str)] if asked.parts else [asked.text]
    return [piece for text in texts for piece in _split_text(text)]


def _split_text(text: str) -> list[str]:
    return [each for leaf in Leaves(text).texts for piece in split_at_fences(leaf) for each in Leaves(piece).texts]


def _put_back(text: str, texts: Iterator[str]) -> str:
    """Return a text with these in place of those that `_split_text` returns."""

    def put(leaf: str) -> str:
        pieces = (Leaves(piece) for piece in split_at_fences(leaf))
        return replace_between_fences(leaf, [str(each.rebuild(texts)) for each in pieces])

    whole = Leaves(text)
    return str(whole.rebuild(list(map(put, whole.texts))))


def _join_question(guarding: Guarding, asked: Conversation, passed: Passed, acted: list[GuardActed]) -> Conversation:
    """Return what is asked with the texts that are left of it."""
    if not passed.changed:
        return asked
    texts, own = iter(passed.texts), asked.question.user_texts
    # What a guard writes is nobody's word: of the user's own words, those are left that stand between what was replaced.
    is_local = guarding.look(_split_question(asked), TextPlace.INPUT).texts == passed.texts
    said = tuple(each for text in own for each in find_own_words(guarding, text)) if is_local else ()
    if not asked.parts:
        return asked._replace(text=_put_back(asked.text, texts), said=said)
    parts = tuple(_put_back(part, texts) if isinstance(part, str) else part for part in asked.parts)
    return asked._replace(text="\n\n".join(part for part in parts if isinstance(part, str)), parts=parts, said=said)


def find_own_words(guarding: Guarding, text: str) -> list[str]:
    """Return the pieces of a user's text that the local guards leave as they are; none, where one refuses it or fails."""
    if guarding.look([text], TextPlace.INPUT).refused is not None:
        return []
    pieces = [text]
    for guard in guarding.find(TextPlace.INPUT, local=True):
        split: Callable[[str], list[str]] | None = getattr(guard, "split", None)
        pieces = [each for piece in pieces for each in (split(piece) if split is not None else [])]
    return [piece for piece in pieces if piece.strip()]


# an earlier conversation


def guard_history(guarding: Guarding, history: Sequence[Message], acted: list[GuardActed]) -> tuple[Message, ...]:
    """Return an earlier conversation past the local guards, which may come from anywhere. What they refuse is left out, and said so."""
    return tuple(_guard_message(guarding, message, acted) for message in history)


def _guard_message(guarding: Guarding, message: Message, acted: list[GuardActed]) -> Message:
    match message:
        case UserMessage():
            return _guard_user_message(guarding, message, acted)
        case AssistantMessage(text, calls, _, reasoning):
            said = _look_at(guarding, text, TextPlace.OUTPUT, acted)
            thought = _look_at(guarding, reasoning, TextPlace.OUTPUT, acted, reasoning=True)
            called = tuple(_guard_call(guarding, call, acted) for call in calls)
            if any(call.arguments != other.arguments for call, other in zip(calls, called, strict=True)) and not message.native:
                said = _look_at(guarding, said, TextPlace.ARGUMENTS, acted)  # the calls stand in it
            if (said, thought, called) == (text, reasoning, calls):
                return message
            return message._replace(text=said, calls=called, reasoning=thought, provider_data=None)
        case ToolMessage(results, _, shown):
            looked = tuple(_guard_result(guarding, result, acted) for result in results)
            if looked == results:
                return message
            return message._replace(results=looked, shown=_look_at(guarding, shown, TextPlace.RESULTS, acted))
    return message


def _guard_user_message(guarding: Guarding, message: UserMessage, acted: list[GuardActed]) -> UserMessage:
    asked = Conversation(message.text, parts=message.parts, said=message.said)
    passed = guarding.look(_split_question(asked), TextPlace.INPUT)
    acted += passed.acted
    if passed.refused is not None:
        acted[-1] = passed.refused._replace(did="replaced")  # the run goes on without it
        return UserMessage(leave_out(passed.refused), by_program=True, labels=message.labels)
    asked = _join_question(guarding, asked, passed, acted)
    return message if not passed.changed else message._replace(text=asked.text, parts=asked.parts, said=asked.said)


def _guard_call(guarding: Guarding, call: ToolCall, acted: list[GuardActed]) -> ToolCall:
    leaves = Leaves(dict(call.arguments))
    looked = _look_at_all(guarding, leaves.texts, TextPlace.ARGUMENTS, acted, call.tool)
    if looked == leaves.texts:
        return call
    arguments = leaves.rebuild(looked)
    assert isinstance(arguments, dict)
    return ToolCall(call.id, call.tool, arguments, call.span, call.notes)


def _guard_result(guarding: Guarding, result: ToolResult, acted: list[GuardActed]) -> ToolResult:
    leaves = Leaves(result.content)
    looked = _look_at_all(guarding, leaves.texts, TextPlace.RESULTS, acted, result.origin)
    if looked == leaves.texts:
        return result
    return ToolResult(result.call_id, leaves.rebuild(looked), result.outcome, result.origin, result.trust, result.secrecy)


def _look_at(guarding: Guarding, text: str, place: TextPlace, acted: list[GuardActed], *, reasoning: bool = False) -> str:
    return _look_at_all(guarding, [text], place, acted, reasoning=reasoning)[0]


def _look_at_all(
    guarding: Guarding, texts: Sequence[str], place: TextPlace, acted: list[GuardActed], tool: str = "", *, reasoning: bool = False
) -> list[str]:
    passed = guarding.look(texts, place, tool, reasoning=reasoning)
    acted += passed.acted
    if passed.refused is None:
        return passed.texts
    acted[-1] = passed.refused._replace(did="replaced")
    return [leave_out(passed.refused) if text else "" for text in texts]


def leave_out(refused: GuardActed) -> str:
    """Return what stands in the place of a text that a guard refused."""
    return f"[left out: the guard {refused.guard} refused it]"
