"""A summary in the place of what was left out: written once by a model of your choice, kept, and found again by a resumed run."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sayso.tools.canonical import sha256
from sayso.tools.effects import CLEAN, Secrecy, Trust
from sayso.tools.errors import GuardRefused, IncompleteReply, ModelError, OutputError
from sayso.workflows import Run

from ..messages import Conversation, Message, Sampling, SystemMessage, UserMessage
from ..untrusted_text import fence_text
from .counting import estimate_tokens
from .items import iter_texts
from .sent import Summed
from .strategies import drop_oldest
from .values import Item, Room

if TYPE_CHECKING:
    from ..agent import Agent
    from ..guards.verdicts import Guard
    from ..models.model import Model

INSTRUCTIONS = (
    "You are given the beginning of a conversation between a user and an assistant, which the assistant will not see again. Write down "
    "in short sentences what is needed to go on with it: what the user wants and has decided, names, numbers and dates word for word, what "
    "was done and with what result, and what is still open. Write nothing that is not in the text, and nothing else than these notes."
)
LEAST_TOKENS = 40
MOST_KEPT = 1000


@dataclass(frozen=True, eq=False, slots=True)
class SummariseOldest:
    """A strategy that drops the oldest items, and has a summary written in their place. Made by `summarise_oldest`."""

    agent: Agent[str]
    tokens: int
    cache: MutableMapping[str, str] = field(default_factory=dict)
    drops: bool = True

    @property
    def note_tokens(self) -> int:
        """Return what the summary and the note around it take."""
        return self.tokens + 120

    def __call__(self, items: Sequence[Item], room: Room) -> Sequence[Item]:
        """Leave out the oldest items."""
        return drop_oldest(items, room)

    async def write_summary(
        self, run: Run, dropped: Sequence[Message], room: int, before: Summed | None, guards: Sequence[Guard] = ()
    ) -> tuple[Summed | None, str]:
        """Return the summary of what `before` stands for and of the messages after it, and what went wrong: "" where nothing did.

        It is asked for once: the same messages have the same summary, in this program by `cache`, and in a resumed run by its journal.
        Where it goes wrong, the summary before stays. What the summariser writes goes past `guards`.
        """
        texts = ["\n".join(iter_texts(message)) for message in dropped]
        if before is not None and sum(map(estimate_tokens, texts)) < self.tokens // 2:
            return before, ""  # where there is little room, a few words go each turn: they wait for the next summary
        keys = _chain_keys(texts, ", ".join(guard.name for guard in guards) if before is None else before.key)
        known = next((index for index in range(len(keys) - 1, -1, -1) if keys[index] in self.cache), -1)
        summary = self.cache[keys[known]] if known >= 0 else "" if before is None else before.text
        if known < len(keys) - 1:
            asked = self._ask_for(dropped[known + 1 :], summary, max(room, 4 * self.tokens))
            if run.secrets.texts:
                asked = run.secrets.mask(asked)
            read = run.scope.provenance.labels
            value = Conversation(asked, (), None if read is CLEAN else read, said=())
            try:
                written = await run.child(f"summary:{keys[-1][:16]}", self._guard(guards) if guards else self.agent, value)
            except IncompleteReply as error:
                if error.finish != "length":
                    return before, f"There is no summary: {error}"
                written = error.text  # as long as it may be, and longer: it is cut below
            except (ModelError, OutputError, GuardRefused) as error:
                return before, f"There is no summary: {error}"
            summary, problem = self._check(written, estimate_tokens(asked))
            if problem:
                return before, problem
            self._keep(keys[-1], summary)
        is_others = before is not None and before.shown != _show(before.text, is_others=False)
        is_others = is_others or any(not isinstance(each, SystemMessage) and each.labels is not None for each in dropped)
        return Summed((), keys[-1], summary, _show(summary, is_others=is_others)), ""

    def _ask_for(self, messages: Sequence[Message], earlier: str, tokens: int) -> str:
        """Return what the summariser is given: the summary so far, and as much of the newest messages as it can take."""
        lines: list[str] = []
        left = tokens
        for message in reversed(messages):
            words = "\n".join(text for text in iter_texts(message) if text)[: tokens * 2]
            left -= estimate_tokens(words)
            if left < 0 and lines:
                lines.append(f"({len(messages) - len(lines)} earlier messages are left out)")
                break
            who = "User" if isinstance(message, UserMessage) else type(message).__name__.removesuffix("Message")
            lines.append(f"{who}: {words}")
        if earlier:
            lines.append(f"Notes so far, to be kept where they still hold:\n{earlier}\n\nWhat was said since:")
        told = "\n".join(reversed(lines))
        mark = sha256(told)[:12]  # nothing in it can end it
        return f"<conversation {mark}>\n{told}\n</conversation {mark}>\n\nWrite the notes, in at most {self.tokens * 3 // 4} words."

    def _guard(self, guards: Sequence[Guard]) -> Agent[str]:
        """Return the summariser with guards."""
        from ..agent import Agent  # late: an agent has a window

        spec = self.agent.spec
        guarded: Agent[str] = Agent(
            spec.model_or_name, name=spec.name, instructions=spec.instructions, sampling=spec.sampling, guards=guards
        )
        guarded.spec = replace(guarded.spec, is_quiet=True)
        return guarded

    def _check(self, summary: str, tokens: int) -> tuple[str, str]:
        """Return the summary, cut to its length, and what is wrong with it."""
        summary = " ".join(summary.split())
        if not any(letter.isalnum() for letter in summary):
            return "", "There is no summary: the summariser wrote nothing."
        if estimate_tokens(summary) > max(tokens, LEAST_TOKENS):
            return "", "There is no summary: the summariser wrote more than it was given."
        while estimate_tokens(summary) > self.tokens:
            shorter = summary[: len(summary) * self.tokens // estimate_tokens(summary)]
            summary = shorter[: max(shorter.rfind(". ") + 1, len(shorter) // 2)]
        return summary, ""

    def _keep(self, key: str, summary: str) -> None:
        if type(self.cache) is dict and len(self.cache) >= MOST_KEPT:
            del self.cache[next(iter(self.cache))]
        self.cache[key] = summary


def summarise_oldest(
    model: str | Model, *, tokens: int = 400, instructions: str = INSTRUCTIONS, cache: MutableMapping[str, str] | None = None
) -> SummariseOldest:
    """Return a strategy that drops the oldest items and puts a summary of at most `tokens` in their place, written by this model.

    A summary is written when something is dropped, from the one before and what was said since. It is a child of the run, so limits count
    it. `cache` keeps summaries by a hash of what they stand for: give one that lasts, and other processes find them. Where the model fails,
    or writes more than it was given, the messages are dropped without a summary and the event says why.
    """
    from ..agent import Agent  # late: an agent has a window

    agent: Agent[str] = Agent(model, name="summariser", instructions=instructions, sampling=Sampling(max_tokens=2 * tokens, temperature=0))
    agent.spec = replace(agent.spec, is_quiet=True)  # what it writes is no answer, and not shown as one
    return SummariseOldest(agent, tokens, {} if cache is None else cache)


def _chain_keys(texts: Sequence[str], key: str) -> list[str]:
    """Return a hash for each beginning of the texts, after what `key` stands for: the last one stands for all of it."""
    keys: list[str] = []
    for text in texts:
        key = sha256(key, text)
        keys.append(key)
    return keys


def _show(summary: str, *, is_others: bool) -> str:
    """Return a summary as it may stand in a message: in a fence where others wrote something of what it sums up."""
    shown = fence_text(summary, "a summary of the conversation", Secrecy.PRIVATE, Trust.UNTRUSTED) if is_others else summary
    return f"What was said until then, in short:\n{shown}"
