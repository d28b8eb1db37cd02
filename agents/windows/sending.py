"""What of a conversation is sent, turn by turn: messages are measured once, and left out only when they no longer fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sayso.tools.canonical import canonical_json
from sayso.tools.errors import InputTooLong
from sayso.workflows import Run

from ..models.hosts import is_local_url
from ..prompt_format import make_prompt_format
from ..spec import READ_AGAIN
from .counting import TokenCounter, find_counter
from .fitting import NOTE_TOKENS, Fitted, Fitter, choose_strategies, place_note, write_note
from .items import MESSAGE_TOKENS, find_question, group_messages
from .lengths import choose_reply_tokens, find_length
from .looking_back import find_inline, group_open_calls, look_back
from .places import find_added, find_gaps, iter_places, join_places, name_ranges
from .reading_again import make_read_again
from .rooms import LEAST_READ_AGAIN, READ_AGAIN_TOKENS, explain_remainder, find_room, may_offer_reading
from .sent import ModelContext, SentWindow
from .strategies import drops
from .values import ContextTrimmed, Window, make_window

if TYPE_CHECKING:
    from ..guards.verdicts import Guard
    from ..model_conversation import ModelConversation
    from ..prompt_format import PromptFormat

SURELY_TOO_LONG = 1.25
"""How much longer than the room an estimate must be for an error before anything is sent; below, the provider is asked."""
PAGE = 4000
"""Characters that it reads at a time."""
NOTHING_NEW = Fitted((), 0)
LEAST_LETTERS = 4000
"""A conversation with fewer letters, in a few messages, fits the shortest context that models have: 2,048 tokens."""
LOOKED_BACK = 4
"""How many times the room is looked back, in tokens, for what may be sent: what is older is left out unread."""


async def fit_window(run: Run, turn: int, conversation: ModelConversation) -> None:
    """See to it that what the next request sends fits, and record what is left out as the step `window:{turn}`.

    A resumed run does not do it again for what it has sent before. Raises InputTooLong before anything is sent.
    """
    position = f"window:{turn}"
    if run.replays(position):
        trimmed = await run.step(position, _tell, run, None)
        if trimmed is not None and trimmed.offers_reading:
            offer_reading(conversation)
        return
    if run.replays(f"model:{turn}") or not run.is_live:
        return
    trimmed = await fit(run.id, turn, conversation)
    if trimmed is not None:
        trimmed = await _summarise(run, conversation, trimmed)
        await run.step(position, _tell, run, trimmed)


async def fit_after_refusal(run: Run, turn: int, conversation: ModelConversation, error: InputTooLong) -> bool:
    """Leave out more, after an endpoint refused a prompt as too long. Return False where nothing can be left out."""
    if make_window(conversation.spec.window) is None or error.part:
        return False
    sent, context = conversation.window, conversation.current_formats.context
    if not isinstance(context, ModelContext):
        context = conversation.current_formats.context = ModelContext(is_found=True)
    context.learn(error.context_tokens, sent.tokens if sent is not None else conversation.count_characters() // 4)
    for _ in range(2):
        conversation.window = None
        trimmed = await fit(run.id, turn, conversation, may_offer=False)
        if trimmed is not None:
            await run.emit(trimmed)
            return True
        context.spare *= 0.75  # it was refused, so it is longer than it was counted
    return False


async def fit_other_model(run: Run, turn: int, conversation: ModelConversation) -> None:
    """Make the conversation fit the model that is asked from now on. Raises InputTooLong."""
    trimmed = await fit(run.id, turn, conversation, may_offer=False)
    if trimmed is not None:
        await run.emit(trimmed)


async def _tell(run: Run, trimmed: ContextTrimmed | None) -> ContextTrimmed | None:
    await run.emit(trimmed)
    return trimmed


async def fit(run_id: str, turn: int, conversation: ModelConversation, *, may_offer: bool = True) -> ContextTrimmed | None:
    """Make what is sent fit; return what was left out now, None where nothing was. Raises InputTooLong.

    `may_offer` says whether the model may be given the tool that reads again.
    """
    window = make_window(conversation.spec.window)
    if window is None or _fits_any_model(conversation, window):
        return None
    context = await find_context(conversation, window)
    if context.length is None:
        return None
    sent = conversation.window
    if sent is None:
        context.forget(conversation.transcript)
    if sent is None and _surely_fits(conversation, context.length, window):
        return None
    counter = context.counter = context.counter or find_counter(conversation.spec.model, window.count)
    is_trimmed_before = False
    if sent is None:
        sent = context.find_earlier(conversation.transcript)
        if sent is not None and sent.offers_reading and not (may_offer or _is_offered(conversation)):
            sent = None  # its notes say that there is a tool, and this run cannot be given it now
        is_trimmed_before = sent is not None and sent.messages is not None
        if sent is None:
            sent = await _begin(conversation, window, context, counter)
        else:
            await _go_on(conversation, sent, counter)
        if _is_offered(conversation):  # by an earlier execution of this run
            sent.opening, sent.offers_reading = make_prompt_format(conversation.spec, *conversation.format.kind).opening, True
        conversation.window = sent
        context.keep(conversation.transcript, sent)
    else:
        await _go_on(conversation, sent, counter)
    if sent.tokens <= sent.room:
        return _send_as_before(run_id, turn, conversation, counter) if is_trimmed_before else None
    return await _trim(run_id, turn, conversation, replace(window, read_again=window.read_again and may_offer), context, counter)


def _send_as_before(run_id: str, turn: int, conversation: ModelConversation, counter: TokenCounter) -> ContextTrimmed:
    """Go on with what an earlier run sent, and say what is left out."""
    sent = conversation.window
    assert sent is not None
    if sent.offers_reading:
        offer_reading(conversation)
    send_again(conversation)
    return _report(run_id, turn, conversation, counter, sent.tokens, NOTHING_NEW)


def _report(run_id: str, turn: int, conversation: ModelConversation, counter: TokenCounter, before: int, fitted: Fitted) -> ContextTrimmed:
    """Return what is left out: all of it for the first time in a run, then what is new."""
    sent = conversation.window
    assert sent is not None
    dropped = join_places((), fitted.dropped) if sent.is_told else sent.dropped
    shortened = fitted.shortened if sent.is_told else sent.shortened
    sent.is_told = True
    return ContextTrimmed(
        run_id,
        turn,
        conversation.spec.model.name,
        before,
        sent.tokens,
        sent.room,
        counter.counted_by,
        name_ranges(dropped),
        name_ranges(join_places((), shortened)),
        offers_reading=sent.offers_reading,
    )


async def find_context(conversation: ModelConversation, window: Window) -> ModelContext:
    """Return what is known of the context of the model that is asked now."""
    formats = conversation.current_formats
    context = formats.context
    if not isinstance(context, ModelContext):
        context = formats.context = ModelContext()
    if not context.is_found:
        found = None if window.tokens is not None and conversation.model_index == 0 else await find_length(conversation.spec.model)
        known = [each for each in (window.tokens, found, context.length) if each is not None]
        context.length = min(known) if known else None
        context.asked += 1
        # A server on this machine may say it only when it has loaded the model, which the first request makes it do.
        context.is_found = bool(known) or context.asked > 2 or not is_local_url(getattr(conversation.spec.model, "base_url", None) or "")
    return context


def _fits_any_model(conversation: ModelConversation, window: Window) -> bool:
    """Tell whether a conversation is so short that nobody need be asked how long the model's context is."""
    context = conversation.current_formats.context
    is_known = isinstance(context, ModelContext) and context.length is not None
    if is_known or window.tokens is not None or hasattr(conversation.spec.model, "context_tokens"):
        return False
    is_short = len(conversation.transcript) < LEAST_LETTERS // (8 * MESSAGE_TOKENS)
    return is_short and conversation.count_characters() + len(str(conversation.request.tools)) < LEAST_LETTERS


def _surely_fits(conversation: ModelConversation, length: int, window: Window) -> bool:
    """Tell whether a conversation fits without counting its tokens: each has a letter at least."""
    request = conversation.request
    if len(conversation.transcript) * MESSAGE_TOKENS > length:
        return False
    reply = choose_reply_tokens(request.sampling, conversation.spec.model, window.reply_tokens, length)
    letters = conversation.count_characters() + len(canonical_json([*request.tools, request.schema]))
    return letters + (len(conversation.transcript) + 4) * 2 * MESSAGE_TOKENS <= length - reply


async def _begin(conversation: ModelConversation, window: Window, context: ModelContext, counter: TokenCounter) -> SentWindow:
    """Measure a conversation for the first time. What is far too old to be sent is left out unread, where a strategy would drop it."""
    opening, transcript = conversation.format.opening, conversation.transcript
    room, opening_tokens = await find_room(conversation, window, context, counter)
    sent = SentWindow(room, opening_tokens, opening=opening, seen=len(transcript))
    first = len(opening)
    question = find_question(transcript, first)
    begin = first
    if any(map(drops, choose_strategies(window.strategies))):
        begin = look_back(transcript, first, question, room * LOOKED_BACK)
    inline = find_inline(conversation)
    old = group_open_calls(transcript, first, begin, inline) if begin > first else []
    items = [*old, *group_messages(transcript[begin:], begin, question)]
    sent.items = await counter.measure(items)
    if begin > first:
        sent.dropped = find_gaps(first, begin, [item.place + index for item in old for index in range(len(item.messages))])
    sent.tokens = sum(item.tokens or 0 for item in sent.items)
    if sent.dropped:  # it has to be said, so it is trimmed now
        sent.tokens = max(sent.tokens, room + 1)
    return sent


async def _go_on(conversation: ModelConversation, sent: SentWindow, counter: TokenCounter) -> None:
    """Measure what was said since, and send it after what was sent before."""
    transcript = conversation.transcript
    if sent.seen == len(transcript):
        return
    new = transcript[sent.seen :]
    items = await counter.measure(group_messages(new, sent.seen, find_question(transcript, sent.seen)))
    sent.items += items
    sent.seen = len(transcript)
    sent.tokens += sum(item.tokens or 0 for item in items)
    if sent.messages is not None:
        sent.messages += new


async def _trim(
    run_id: str, turn: int, conversation: ModelConversation, window: Window, context: ModelContext, counter: TokenCounter
) -> ContextTrimmed:
    """Leave out what has to go, and send the rest from now on."""
    sent = conversation.window
    assert sent is not None
    strategies = choose_strategies(window.strategies)
    can_read_again = sent.offers_reading or (may_offer_reading(conversation, window) and sent.room >= LEAST_READ_AGAIN - READ_AGAIN_TOKENS)
    note_tokens = max([NOTE_TOKENS, *(getattr(strategy, "note_tokens", 0) for strategy in strategies)])
    inline = find_inline(conversation)
    fitter = Fitter(sent.room, strategies, counter.measure, can_read_again, inline, note_tokens, bool(sent.dropped))
    before = sent.tokens
    fitted = await fitter.fit(sent.items)
    tolerated = SURELY_TOO_LONG if counter.is_estimate and window.tokens is None else 1.0
    if not fitted.fits and fitted.tokens > sent.room * tolerated:
        raise await explain_remainder(conversation, window, context, counter, fitted, inline)
    sent.dropped = join_places(sent.dropped, fitted.dropped)
    sent.items, sent.tokens = list(fitted.items), fitted.tokens
    left = {item.place + index for item in sent.items for index in range(len(item.messages))}
    sent.shortened = frozenset({*sent.shortened, *fitted.shortened} & left)
    if can_read_again:
        offer_reading(conversation)
    send_again(conversation)
    return _report(run_id, turn, conversation, counter, before, fitted)


def send_again(conversation: ModelConversation) -> None:
    """Make the request from what is sent: the opening, the items, and the note on what is not."""
    sent = conversation.window
    assert sent is not None
    items = list(sent.items)
    if sent.dropped:
        note = write_note(sent.dropped, sent.offers_reading)
        summary = "" if sent.summed is None else sent.summed.shown
        items = place_note(items, sent.dropped[0][0], f"{note}\n\n{summary}".strip())
    sent.messages = [*sent.opening, *(message for item in items for message in item.messages)]
    conversation.request = replace(conversation.request, messages=sent.messages)


def _is_offered(conversation: ModelConversation) -> bool:
    return READ_AGAIN in conversation.spec.tools and READ_AGAIN not in conversation.current_formats.spec.tools


def offer_reading(conversation: ModelConversation) -> None:
    """Give the agent the tool that reads again, for the rest of this conversation."""
    spec = conversation.spec
    if READ_AGAIN in spec.tools:
        return
    sent = conversation.window
    tool = make_read_again(conversation.transcript, PAGE)
    conversation.spec = spec = replace(spec, tools={**spec.tools, READ_AGAIN: tool})
    format: PromptFormat = make_prompt_format(spec, *conversation.format.kind)
    conversation.request = replace(conversation.request, tools=format.schemas, grammar=format.grammar)
    if sent is not None:
        sent.opening, sent.offers_reading = format.opening, True


def _find_guards(conversation: ModelConversation) -> Sequence[Sequence[Guard]]:
    """Return the guards that what a summariser writes goes past, as the last argument of `write_summary`; nothing without any."""
    if not conversation.spec.guards:
        return ()
    from ..guards.guarding import choose_for_summaries  # late, for load time: few agents have any

    return (choose_for_summaries(conversation.spec.guards),)


async def _summarise(run: Run, conversation: ModelConversation, trimmed: ContextTrimmed) -> ContextTrimmed:
    """Put a summary in the place of what was dropped, where a strategy makes one."""
    window, sent = make_window(conversation.spec.window), conversation.window
    assert window is not None
    assert sent is not None
    for strategy in choose_strategies(window.strategies):
        write = getattr(strategy, "write_summary", None)
        if write is None or not trimmed.dropped:
            continue
        before, places = sent.summed, sent.dropped
        added = None if before is None else find_added(before.places, places)
        before, places = (None, places) if added is None else (before, added)
        problem = ""
        messages = [conversation.transcript[place] for place in iter_places(places)]
        if messages and sent.tried != sent.dropped:
            sent.tried = sent.dropped
            summed, problem = await write(run, messages, sent.room, before, *_find_guards(conversation))
            sent.summed = summed if summed is None or summed is before else summed._replace(places=sent.dropped)
        send_again(conversation)
        return replace(trimmed, summary="" if sent.summed is None else sent.summed.text, problem=problem)
    return trimmed
