"""How a reply ended, and whether it can be the answer: never half a reply, and never nothing."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING

from sayso.tools import Outcome, ToolResult
from sayso.tools.errors import IncompleteReply

from .models.model import find_max_tokens

if TYPE_CHECKING:
    from .messages import Reply, Sampling
    from .model_call import ParsedReply
    from .models.model import Model
    from .prompt_format import PromptFormat


class Ending(Enum):
    """How a reply ended."""

    WHOLE = auto()
    EMPTY = auto()
    CUT_OFF = auto()
    THOUGHT_AWAY = auto()
    FILTERED = auto()
    DIED = auto()


WHOLE, FAILED = Ending.WHOLE, Outcome.FAILED  # looked up here, for a look at a member of an enum takes as long as a step's own work
INVISIBLE = " \n\u200b\u200c\u200d\u2060\ufeff"
"""What is as good as nothing in an answer, and no white space to Python."""
NOTHING_TO_USE = frozenset({Ending.THOUGHT_AWAY, Ending.FILTERED, Ending.DIED})
"""Endings after which neither text nor calls of the reply are used."""


def judge_ending(reply: Reply, parsed: ParsedReply) -> Ending:
    """Return how a reply ended. `parsed` is the reply as it was understood: without its reasoning, with its calls."""
    is_empty = not parsed.message.calls and not parsed.prose.strip().strip(INVISIBLE)
    finish = reply.finish
    if finish == "stop" or finish == "tool_calls":
        return Ending.EMPTY if is_empty else WHOLE
    match finish:
        case "content_filter":
            return Ending.FILTERED
        case "error":
            return Ending.DIED
        case "length":
            thought = parsed.message.reasoning or reply.usage.reasoning_tokens  # some show nothing of it
            return Ending.THOUGHT_AWAY if is_empty and thought else Ending.CUT_OFF
    return Ending.EMPTY if is_empty else WHOLE


class AskedAgain:
    """What a model was asked again for: each may be the last try before the run gives up.

    `unsourced` are the tools that it has called with what should be the user's words and is not.
    """

    # Without an __init__: each run has one, and few models are asked again.
    silent: bool = False
    cut_off: bool = False
    failed: bool = False
    outputs: int = 0
    is_last_try: bool = False
    unsourced: frozenset[str] = frozenset()

    def may_go_on(self, ending: Ending, *, has_calls: bool, is_typed: bool) -> bool:
        """Return whether the run goes on after a reply that ended so: with its calls, with its answer, or by asking again.

        A silent model is asked once more, and so is one whose calls were cut off. Half an answer in words is as good as none.
        """
        goes_on = self._may_go_on(ending, has_calls, is_typed)
        self.is_last_try = self.silent or self.cut_off
        return goes_on

    def _may_go_on(self, ending: Ending, has_calls: bool, is_typed: bool) -> bool:
        if ending is WHOLE:
            if has_calls:
                self.silent = self.cut_off = False
            return True
        if ending in NOTHING_TO_USE:
            return False
        if has_calls:
            is_second = self.cut_off and ending is Ending.CUT_OFF
            self.silent, self.cut_off = False, ending is Ending.CUT_OFF
            return not is_second
        if is_typed:
            return True
        is_second, self.silent = self.silent, True
        return ending is Ending.EMPTY and not is_second

    def to_repair(self, results: Sequence[ToolResult]) -> bool:
        """Return whether the model is asked to write its calls again: all have failed, and those before had not."""
        self.failed = not self.failed and results[0].outcome is FAILED and all(result.outcome is FAILED for result in results)
        return self.failed

    def for_output(self, tries: int) -> bool:
        """Return whether the model is asked again for an answer of the output type."""
        self.outputs += 1
        return self.outputs < tries


def ask_for_reply(format: PromptFormat, has_tools: bool) -> str:
    """Return what a model is told that said nothing. A small one ends before it begins when a call is due whose marks it was not taught."""
    if not has_tools:
        return "You said nothing. Answer me."
    return f"You said nothing. {'Write a call as shown above' if format.tools_in_prompt else 'Call a tool'}, or answer me."


def explain_ending(ending: Ending, asked: Model, reply: Reply, sampling: Sampling) -> IncompleteReply:
    """Return the error for a reply that cannot be the answer: what happened to it, and what to change."""
    model = asked.name
    max_tokens = find_max_tokens(sampling, asked)
    limit = "the longest that it may be" if max_tokens is None else f"max_tokens={max_tokens}"
    match ending:
        case Ending.FILTERED:
            words = f"The content filter of {model} cut its reply off. Word the request differently, or use another model."
        case Ending.DIED:
            words = f"The provider of {model} broke off in the middle of the reply. Try again, or give fallback= another model."
        case Ending.THOUGHT_AWAY:
            words = (
                f"{model} spent all its tokens ({limit}) on reasoning, before the first word of an answer. "
                "Raise Sampling(max_tokens=...), or lower reasoning_effort."
            )
        case Ending.CUT_OFF:
            words = (
                f"The reply of {model} was cut off at {limit}, so it is not the whole answer. "
                "Raise Sampling(max_tokens=...), or ask for less. The error's .text has what was said."
            )
        case _:
            words = (
                f"{model} said nothing, and nothing again when it was asked once more. Word the request differently, or use another model."
            )
    return IncompleteReply(words, finish=reply.finish, text=reply.text)
