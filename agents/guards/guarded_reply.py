"""A model's reply past the guards: what they replace or refuse is neither stored, nor shown, nor acted on.

It happens inside the step that asks the model, so the stored reply is the guarded one, and a resumed run does not ask a guard again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sayso.tools import ToolCall
from sayso.tools.calls import find_guards, note_guard
from sayso.tools.dialects import DIALECTS, ReadCall
from sayso.workflows import Run

from ..messages import NativeCall, Reply
from ..messages.values import CallVerdict, GuardActed
from ..model_call import ParsedReply, parse_reply
from ..model_conversation import ModelConversation
from .guarded_input import tell
from .guarding import DECODER, Guarding, Leaves, Passed, name_all
from .verdicts import TextPlace

# What a model's family puts around a call.
_MARK_BEFORE, _MARK_BEHIND = re.compile(r"<[^<>\s]+>\s*\Z"), re.compile(r"\s*<[^<>\s]+>")


@dataclass(slots=True)
class _Looked:
    """What is left of a reply: the texts between its calls, its reasoning, and each call that was read, None for one that is refused."""

    pieces: list[str]
    reasoning: str
    calls: list[ToolCall | None]
    verdicts: list[CallVerdict] = field(default_factory=list)


async def guard_reply(run: Run, turn: int, conversation: ModelConversation, reply: Reply) -> Reply:
    """Return a reply as the guards leave it, and tell what they did."""
    guarding, acted = conversation.spec.guarding, list[GuardActed]()
    readable, dropped = await _drop_unread_calls(guarding, turn, conversation, reply, acted)
    guarded = await _guard(guarding, turn, conversation, readable, parse_reply(conversation, readable, turn), acted)
    await tell(run, acted)
    is_left = all(verdict.call >= 0 for verdict in guarded.verdicts)
    return guarded._replace(verdicts=(*guarded.verdicts, *dropped)) if dropped and is_left else guarded


async def _drop_unread_calls(
    guarding: Guarding, turn: int, conversation: ModelConversation, reply: Reply, acted: list[GuardActed]
) -> tuple[Reply, list[CallVerdict]]:
    """Return a reply without the calls that cannot be read and say something that a guard replaces or refuses, and a verdict on each.

    Nobody needs them, and the model would be told what was seen of them.
    """
    parsed = parse_reply(conversation, reply, turn)
    dropped: list[CallVerdict] = []
    if not parsed.refused:
        return reply, dropped
    unread = {result.call_id for result in parsed.refused}
    if parsed.message.native:
        kept = [call for call in reply.calls if not await _finds(guarding, [call.name, *Leaves(call.arguments).texts], acted, dropped)]
        return (reply._replace(calls=tuple(kept), provider_data=None) if dropped else reply), dropped
    text = parsed.message.text
    for begin, end in sorted((call.span for call in parsed.message.calls if call.id in unread), reverse=True):
        if await _finds(guarding, [text[begin:end]], acted, dropped):
            text = text[:begin] + text[end:]
    return (reply._replace(text=text, reasoning=parsed.message.reasoning, provider_data=None) if dropped else reply), dropped


async def _finds(guarding: Guarding, texts: Sequence[str], acted: list[GuardActed], dropped: list[CallVerdict]) -> bool:
    """Return whether a guard replaces or refuses something in a call that cannot be read."""
    passed = await guarding.check(texts, TextPlace.ARGUMENTS)
    acted += passed.acted
    last = passed.refused or next((each for each in passed.acted if each.did == "replaced"), None)
    if last is not None:
        dropped.append(CallVerdict(0, "unknown", last.guard, last.why))
    return last is not None


async def _guard(
    guarding: Guarding, turn: int, conversation: ModelConversation, reply: Reply, parsed: ParsedReply, acted: list[GuardActed]
) -> Reply:
    is_typed = conversation.spec.output is not None
    pieces = _split_at_calls(parsed)
    leaves = [[Leaves(value) for value in (_split_json(piece) if is_typed else [piece])] for piece in pieces]
    prose = await guarding.check([text for piece in leaves for each in piece for text in each.texts], TextPlace.OUTPUT)
    acted += prose.acted
    if prose.refused is not None:
        return _refuse_reply(reply, prose.refused)
    if prose.changed:
        following = iter(prose.texts)
        pieces = ["".join(_write_value(each.rebuild(following)) for each in piece) for piece in leaves]
    reasoning = await _guard_reasoning(guarding, parsed.message.reasoning, acted)
    looked = _Looked(pieces, reasoning, list(parsed.calls))
    for index, call in enumerate(parsed.calls):
        await _guard_call(guarding, conversation, looked, index, call, acted)
    if not (prose.changed or looked.verdicts or reasoning != parsed.message.reasoning):
        return reply
    return _write_reply(turn, conversation, reply, parsed, looked, acted)


async def _guard_reasoning(guarding: Guarding, reasoning: str, acted: list[GuardActed]) -> str:
    """Return the reasoning past the guards. Where one refuses it, only the reasoning goes: it is no part of the answer."""
    if not reasoning:
        return ""
    passed = await guarding.check([reasoning], TextPlace.OUTPUT, reasoning=True)
    acted += passed.acted
    if passed.refused is None:
        return passed.texts[0]
    acted[-1] = passed.refused._replace(did="replaced", why=f"{passed.refused.why} (in the reasoning, which is left out)")
    return ""


async def _guard_call(
    guarding: Guarding, conversation: ModelConversation, looked: _Looked, index: int, call: ToolCall, acted: list[GuardActed]
) -> None:
    """Put a call's arguments past the guards. What they replace makes it another call, which is read, checked and asked about as that."""
    tool = conversation.spec.tools.get(call.tool)
    private = tool.find_secret_texts(call.arguments) if tool is not None else None
    leaves = Leaves(dict(call.arguments))
    passed = await guarding.check(leaves.texts, TextPlace.ARGUMENTS, call.tool, private=private or frozenset())
    acted += passed.acted
    if passed.refused is not None:
        looked.calls[index] = None
        looked.verdicts.append(CallVerdict(index, call.tool, passed.refused.guard, passed.refused.why))
    elif passed.changed:
        changed = change_call(call, leaves, passed)
        names = tuple(find_guards(changed))
        looked.calls[index] = changed
        looked.verdicts.append(CallVerdict(index, call.tool, name_all(passed.acted), "", names))


def change_call(call: ToolCall, leaves: Leaves, passed: Passed) -> ToolCall:
    """Return the call that a guard has made of another one, with a note for each argument that it has changed."""
    arguments = leaves.rebuild(passed.texts)
    assert isinstance(arguments, dict)
    changed = [name for name, value in arguments.items() if name not in call.arguments or call.arguments[name] != value]
    notes = (note_guard(name_all(passed.acted), name) for name in changed)
    return ToolCall(call.id, call.tool, arguments, call.span, (*call.notes, *notes))


def explain_refused_call(tool: str, guard: str, why: str) -> str:
    """Return what the model is told of a call that a guard refused."""
    return f"Nothing was done: the guard {guard} refused what {tool} was to be called with ({why})."


def _refuse_reply(reply: Reply, refused: GuardActed) -> Reply:
    """Return what is left of a reply that a guard refused: what it cost, and the answer that the guard gives in its place."""
    verdict = CallVerdict(-1, "", refused.guard, refused.why)
    return Reply(refused.answer, (), "", reply.usage, "refused", None, reply.model_index, (verdict,))


# the texts of a reply


def _split_at_calls(parsed: ParsedReply) -> list[str]:
    """Return the texts before, between and behind the calls that were read; of a call that was not, its text is one of them.

    Without calls it is the text that is the answer: marks of reasoning, which may stand in the middle of a word, are no longer in it.
    """
    text = parsed.message.text if parsed.message.calls else parsed.prose
    pieces, at = list[str](), 0
    for begin, end in _find_spans(parsed):
        pieces.append(text[at:begin])
        at = end
    return [*pieces, text[at:]]


def _find_spans(parsed: ParsedReply) -> list[tuple[int, int]]:
    return [] if parsed.message.native else sorted({call.span for call in parsed.calls})


def _split_json(text: str) -> Iterator[object]:
    """Yield what an answer of a type is made of: each JSON object or list as a value, and the texts around them."""
    at = looked = 0
    while (start := min((found for mark in "{[" if (found := text.find(mark, looked)) >= 0), default=-1)) >= 0:
        try:
            value, end = DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            looked = start + 1
            continue
        yield text[at:start]
        yield value
        at = looked = end
    yield text[at:]


def _write_value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


# writing what is left


def _write_reply(
    turn: int, conversation: ModelConversation, reply: Reply, parsed: ParsedReply, looked: _Looked, acted: list[GuardActed]
) -> Reply:
    """Return a reply with what is left of it. It must be read as just that: nothing that a guard wrote may become a call."""
    wanted = [call for call in looked.calls if call is not None]
    verdicts = _count_anew(looked)
    base = reply._replace(reasoning=looked.reasoning, provider_data=None, verdicts=verdicts)
    written = _write_native(base, parsed, looked) if parsed.message.native else _write_text(base, conversation, parsed, looked)
    if _is_read_as(conversation, written, turn, wanted):
        return written
    if wanted and not parsed.message.native:  # in a form with one pair of marks around all calls, they are written anew behind the prose
        dialect, prose = DIALECTS[conversation.format.dialect], base._replace(text="".join(looked.pieces), calls=())
        calls = (ReadCall(call.tool, call.arguments) for call in wanted)
        text = f"{parse_reply(conversation, prose, turn).prose.strip()}\n{dialect.render(*calls, tools=conversation.spec.signatures)}"
        if _is_read_as(conversation, again := prose._replace(text=text.lstrip()), turn, wanted):
            return again
    # Its calls cannot be written as they are wanted: they are refused, and only the texts around them are left.
    names = name_all(acted) or next((each.guard for each in looked.verdicts), "guards")
    refused = [
        CallVerdict(index, call.tool, names, "it cannot be written as the guard wants it") for index, call in enumerate(parsed.calls)
    ]
    alone = base._replace(text="".join(looked.pieces), calls=(), verdicts=tuple(refused))
    alone = alone._replace(text=parse_reply(conversation, alone, turn).prose)  # without the marks around calls that are gone
    if refused and _is_read_as(conversation, alone, turn, []):
        return alone
    acted.append(GuardActed("", names, TextPlace.OUTPUT.value, "refused", "what it wrote into the reply would be read as a call"))
    return _refuse_reply(reply, acted[-1])


def _count_anew(looked: _Looked) -> tuple[CallVerdict, ...]:
    """Return the verdicts with the calls numbered as they will be: without those that are refused."""
    numbers = [sum(call is not None for call in looked.calls[:index]) for index in range(len(looked.calls))]
    return tuple(verdict._replace(call=numbers[verdict.call]) for verdict in looked.verdicts)


def _write_native(reply: Reply, parsed: ParsedReply, looked: _Looked) -> Reply:
    ids = [call.id for call in reply.calls] if len(reply.calls) == len(parsed.calls) else [""] * len(parsed.calls)
    calls = tuple(
        NativeCall(call_id, call.tool, json.dumps(dict(call.arguments), ensure_ascii=False))
        for call_id, call in zip(ids, looked.calls, strict=True)
        if call is not None
    )
    return reply._replace(text="".join(looked.pieces), calls=calls)


def _write_text(reply: Reply, conversation: ModelConversation, parsed: ParsedReply, looked: _Looked) -> Reply:
    """Write calls in a text: those that are as they were stay as they are written, the others are written as the model would."""
    text, parts = parsed.message.text, [looked.pieces[0]]
    for (begin, end), piece in zip(_find_spans(parsed), looked.pieces[1:], strict=True):
        pairs = [pair for pair in zip(parsed.calls, looked.calls, strict=True) if pair[0].span == (begin, end)]
        if all(call is before for before, call in pairs):
            parts += text[begin:end], piece
        else:
            calls = [ReadCall(call.tool, call.arguments) for _, call in pairs if call is not None]
            written = DIALECTS[conversation.format.dialect].render(*calls, tools=conversation.spec.signatures)
            opening, closing = _MARK_BEFORE.search(parts[-1]), _MARK_BEHIND.match(piece)
            if not written and opening and closing:  # marks around nothing would be a problem
                parts[-1], piece = parts[-1][: opening.start()], piece[closing.end() :]
            parts += written, piece
    return reply._replace(text="".join(parts), calls=())


def _is_read_as(conversation: ModelConversation, reply: Reply, turn: int, wanted: Sequence[ToolCall]) -> bool:
    """Return whether exactly these calls are read from a reply."""
    found = parse_reply(conversation, reply, turn)
    return [(call.tool, _plain(call.arguments)) for call in found.calls] == [(call.tool, _plain(call.arguments)) for call in wanted]


def _plain(arguments: Mapping[str, object]) -> object:
    return json.loads(json.dumps(dict(arguments), default=str))
