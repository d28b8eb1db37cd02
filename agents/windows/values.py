"""The values of a context window: its settings, what strategies work on, and the event that says what was left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sayso.tools.errors import UsageError

from ..messages import Message

if TYPE_CHECKING:  # late, for load time
    from sayso.workflows.events.event_types import HistoryTrimmed


class TokenCount(NamedTuple):
    """How many tokens something takes, and who counted: "llama.cpp's tokenizer", "bpe-openai (o200k_base)", "an estimate", ..."""

    tokens: int
    counted_by: str


class Item(NamedTuple):
    """A piece of a conversation that stays together: a message of the user, or a reply of the model with the results of its calls.

    `place` is where its first message stands in the conversation, from 0. `is_current` says that it comes after the user's last question.
    `tokens` is None where it is to be counted again.
    """

    messages: tuple[Message, ...]
    place: int
    is_current: bool = False
    tokens: int | None = None

    def change(self, *messages: Message) -> Item:
        """Return the item with other messages in the place of its own."""
        return self._replace(messages=messages, tokens=None)


class Room(NamedTuple):
    """How many tokens the conversation may have, how many it has, and whether the model can read again what it is shown shortened."""

    tokens: int
    used: int
    can_read_again: bool = False

    @property
    def excess(self) -> int:
        """Return how many tokens have to go."""
        return max(0, self.used - self.tokens)


Strategy = Callable[[Sequence[Item], Room], Sequence[Item]]
"""Returns what of the older items is sent, in their order: fewer, or changed ones. It gets nothing that must stay as it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """How a conversation is made to fit.

    `tokens` is how long the prompt and the reply may be together; None takes what is known of the model. `strategies` are applied in order
    to what is older, until it fits; None takes the default ones. `reply_tokens` is kept free for the reply, where `max_tokens` does not say
    how long it may be. `count` counts the tokens of a text, in place of the endpoint's tokenizer. With `read_again`, an agent that has
    tools is given one more once something was left out: `read_again("m17")`.
    """

    tokens: int | None = None
    strategies: Sequence[Strategy] | None = None
    reply_tokens: int | None = None
    count: Callable[[str], int] | None = None
    read_again: bool = True

    def __post_init__(self) -> None:
        for name in ("tokens", "reply_tokens"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise UsageError(f"Window({name}={value!r}): write a number of tokens, 1 or more.")
        if self.tokens is not None and self.reply_tokens is not None and self.reply_tokens >= self.tokens:
            raise UsageError(f"Window(tokens={self.tokens}, reply_tokens={self.reply_tokens}) leaves no room for a prompt.")
        if self.strategies is not None and (isinstance(self.strategies, str) or not all(map(callable, self.strategies))):
            raise UsageError("Window(strategies=...) takes functions, like [shorten_results, drop_oldest] from sayso.agents.windows.")


AUTOMATIC = Window()


def make_window(window: Window | int | bool) -> Window | None:
    """Return the settings that an agent's `window=` means: None where nothing is to be done. Raises UsageError for anything else."""
    if isinstance(window, Window):
        return window
    if isinstance(window, bool):
        return AUTOMATIC if window else None
    if isinstance(window, int):
        return Window(tokens=window)
    raise UsageError(f"window={window!r}: write a number of tokens, a Window(...), or False to send conversations as they are.")


@dataclass(frozen=True, slots=True)
class ContextTrimmed:
    """Something is not sent to the model any more, or sent shortened, so that the conversation fits.

    `tokens_before` and `tokens` are the length of what was to be sent and of what is, `room` how long it may be, `counted_by` who counted.
    They are the same where the run only goes on with what was left out before. `dropped` and `shortened` are references: "m17" is
    `result.messages[16]`, "m3-m9" all from the third to the ninth. `summary` stands for what was dropped; `problem` says why there is
    none. `offers_reading` says that the model can read all of it again.
    """

    run: str
    turn: int
    model: str
    tokens_before: int
    tokens: int
    room: int
    counted_by: str
    dropped: tuple[str, ...] = ()
    shortened: tuple[str, ...] = ()
    summary: str = ""
    problem: str = ""
    offers_reading: bool = False

    def tell(self, time: float) -> HistoryTrimmed:
        """Return the public event: see `sayso.events`."""
        from sayso.workflows.events.event_types import HistoryTrimmed  # late, for load time

        return HistoryTrimmed(
            run=self.run,
            time=time,
            position=f"model:{self.turn}",
            turn=self.turn,
            model=self.model,
            tokens_before=self.tokens_before,
            tokens=self.tokens,
            room=self.room,
            dropped=self.dropped,
            shortened=self.shortened,
            summary=self.summary,
            counted_by=self.counted_by,
            problem=self.problem,
        )

    def __str__(self) -> str:
        """Return it in words, for people."""
        from sayso.workflows.events.event_log import describe_trimming  # late, for load time

        return describe_trimming(self.tell(0.0))
