"""Make a conversation fit: strategies in order over what is older, then over all that may go, and last the newest results cut."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from sayso.tools import ToolResult
from sayso.tools.errors import UsageError

from ..messages import AssistantMessage, Message, ToolMessage, UserMessage
from .items import MESSAGE_TOKENS, find_steady_cut, has_open_call, is_question, iter_texts
from .places import Ranges, count_places, name_ranges
from .strategies import DEFAULT_STRATEGIES, change_item, change_results, cut_result
from .values import Item, Room, Strategy

NOTE_TOKENS = 60
"""What the note takes that stands for what was left out."""
LEAST_KEPT = 200
"""Characters of a result that are sent in any case."""
Measure = Callable[[Sequence[Item]], Awaitable[list[Item]]]


@dataclass(frozen=True, slots=True)
class Fitted:
    """The items that are sent, the tokens that they take together with a note on the rest, and the places of what was left out.

    `fits` is False where it is still too long, whatever was left out.
    """

    items: tuple[Item, ...]
    tokens: int
    dropped: tuple[int, ...] = ()
    shortened: tuple[int, ...] = ()
    fits: bool = True


@dataclass(frozen=True, slots=True)
class Fitter:
    """Fits conversations into `room` tokens. `inline` are tools whose calls in prose need no result; `note_tokens` are for the note.

    `has_note` says that something was left out before, so that there is a note in any case.
    """

    room: int
    strategies: Sequence[Strategy]
    measure: Measure
    can_read_again: bool = False
    inline: Collection[str] = ()
    note_tokens: int = NOTE_TOKENS
    has_note: bool = False

    @property
    def goal(self) -> int:
        """Return how long the conversation is made: a little shorter than it may be, so that it is not trimmed again each turn."""
        return self.room - self.room // 8

    async def fit(self, items: Sequence[Item]) -> Fitted:
        """Return what of the items is sent. They have been measured."""
        before = {item.place: item for item in items}
        fixed = find_fixed(items, self.inline, self.room)
        kept = list(items)
        recent = _find_recent(kept, self.room // 2)
        for first_recent in (recent, items[-1].place + 1):
            for strategy in self.strategies:
                if self._count(kept, before) <= self.goal:
                    return self._finish(kept, before)
                kept = await self._apply(strategy, kept, before, fixed, first_recent)
        if self._count(kept, before) > self.room and self.strategies:
            kept = await self._cut_results(kept, before)
        return self._finish(kept, before)

    async def _apply(
        self, strategy: Strategy, kept: list[Item], before: dict[int, Item], fixed: Collection[int], first_recent: int
    ) -> list[Item]:
        """Return the items after a strategy, with those that it may not touch in their places."""
        older = [item for item in kept if item.place not in fixed and item.place < first_recent]
        if not older:
            return kept
        room = Room(self.goal, self._count(kept, before, note=self.note_tokens), self.can_read_again)
        changed = await self.measure(_check_items(strategy, strategy(older, room)))
        untouched = {item.place for item in kept} - {item.place for item in older}
        # A strategy of the user's may return anything: what it was not given counts for nothing.
        found = {item.place: item for item in changed if item.place in before and item.place not in untouched}
        found |= {item.place: item for item in kept if item.place in untouched}
        return [found[place] for place in sorted(found)]

    async def _cut_results(self, kept: list[Item], before: dict[int, Item]) -> list[Item]:
        """Return the items with all long results cut to one length, so that what cannot be left out fits."""
        for _ in range(10):  # how many letters a token has is estimated at first
            excess = self._count(kept, before) - self.room
            having = [item for item in kept if any(isinstance(message, ToolMessage) for message in item.messages)]
            if excess <= 0 or not having:
                break
            longest = _find_longest(having, excess)
            cut = {item.place: _cut_item(item, longest, self.can_read_again) for item in having}
            changed = await self.measure([cut.get(item.place, item) for item in kept])
            if all(new is old for new, old in zip(changed, kept, strict=True)):
                break
            kept = changed
        return kept

    def _count(self, kept: Sequence[Item], before: dict[int, Item], *, note: int | None = None) -> int:
        tokens = sum(item.tokens or 0 for item in kept)
        if note is None:
            note = self.note_tokens if self.has_note or len(kept) < len(before) else 0
        return tokens + note

    def _finish(self, kept: Sequence[Item], before: dict[int, Item]) -> Fitted:
        places = {item.place for item in kept}
        dropped = tuple(place + index for place, item in before.items() if place not in places for index in range(len(item.messages)))
        shortened = tuple(
            item.place + index
            for item in kept
            for index, (new, old) in enumerate(zip(item.messages, before[item.place].messages, strict=False))
            if new is not old
        )
        tokens = self._count(kept, before)
        return Fitted(tuple(kept), tokens, dropped, shortened, tokens <= self.room)


def _check_items(strategy: Strategy, returned: object) -> Sequence[Item]:
    """Return what a strategy returned. Raises UsageError where that is no list of items."""
    if isinstance(returned, Sequence) and all(isinstance(each, Item) for each in returned):
        return returned
    name = getattr(strategy, "__name__", type(strategy).__name__)
    raise UsageError(f"The strategy {name} of the agent's window returned {str(returned)[:80]}. A strategy returns a list of items.")


def find_fixed(items: Sequence[Item], inline: Collection[str], room: int) -> set[int]:
    """Return the places of what no strategy is given: the last question and reply, and open calls with the question before them.

    Open calls of long ago are kept, the newest first, as long as they take no more than half of the room.
    """
    fixed: set[int] = set()
    questions = [item for item in items if is_question(item)]
    if questions:
        fixed.add(questions[-1].place)
    replies = [index for index, item in enumerate(items) if isinstance(item.messages[0], AssistantMessage)]
    if replies and (not questions or items[replies[-1]].place > questions[-1].place):
        fixed |= {item.place for item in items[replies[-1] :]}
    elif items:
        fixed.add(items[-1].place)
    left = room // 2
    for index in range(len(items) - 1, -1, -1):
        if has_open_call(items[index], inline):
            asked = next((item for item in reversed(items[:index]) if is_question(item)), None)
            for item in (items[index], asked):
                if item is not None and item.place not in fixed and (item.tokens or 0) <= left:
                    left -= item.tokens or 0
                    fixed.add(item.place)
    return fixed


def _find_recent(items: Sequence[Item], kept: int) -> int:
    """Return the place from which on items are recent: about the last `kept` tokens, and all of the newest."""
    total = sum(item.tokens or 0 for item in items)
    cut = find_steady_cut(items, max(0, total - kept), max(0, total - kept // 2))
    return items[min(cut, len(items) - 1)].place


def _find_longest(items: Sequence[Item], excess: int) -> int:
    """Return how many characters each result may have, so that about `excess` tokens of all go."""
    lengths = sorted(len(result.text) for item in items for result in _iter_results(item))
    calls = sum(len(text) for item in items for message in item.messages[:1] for text in iter_texts(message)) // 4
    letters = sum(lengths) / max(1, sum(item.tokens or 0 for item in items) - calls)
    left = sum(lengths) - (excess + MESSAGE_TOKENS * len(lengths)) * max(1.0, letters)
    for index, length in enumerate(lengths):
        each = left / (len(lengths) - index)
        if length > each:
            return max(LEAST_KEPT, int(each))
        left -= length
    return max(LEAST_KEPT, lengths[-1] * 9 // 10) if lengths else LEAST_KEPT


def _iter_results(item: Item) -> Iterator[ToolResult]:
    for message in item.messages:
        if isinstance(message, ToolMessage):
            yield from message.results


def _cut_item(item: Item, longest: int, can_read_again: bool) -> Item:
    """Return the item with its results cut to `longest` characters; the item itself where none is longer."""

    def cut(message: Message, place: int) -> Message:
        if not isinstance(message, ToolMessage):
            return message
        return change_results(message, place, lambda result, reference: cut_result(result, longest, reference, can_read_again))

    return change_item(item, cut)


def write_note(dropped: Ranges, can_read_again: bool) -> str:
    """Return what the model is told of messages that it is not sent."""
    names = list(name_ranges(dropped))
    shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    how = f' read_again("{names[0]}") reads them.' if can_read_again else ""
    return f"(The conversation began earlier: {count_places(dropped)} messages are left out here, {shown}.{how})"


def place_note(items: Sequence[Item], place: int, note: str) -> list[Item]:
    """Return the items with a note, as a message by the program, at the place where the first of what is left out stood."""
    before = [item for item in items if item.place < place]
    after = items[len(before) :]
    return [*before, Item((UserMessage(note, by_program=True),), place), *after]


def choose_strategies(given: Sequence[Strategy] | None) -> Sequence[Strategy]:
    """Return the strategies of a window: its own, else the default ones."""
    return DEFAULT_STRATEGIES if given is None else tuple(given)
