"""A conversation with a model under way: its transcript, its format, the model that is asked, and the next request."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .messages import Message, Sampling
from .models.model import ModelRequest
from .prompt_format import FormatChoice, PromptFormat

if TYPE_CHECKING:
    from sayso.tools import ToolResult

    from .reply_guard import ReplyGuard
    from .spec import AgentSpec
    from .windows.sent import SentWindow


@dataclass(slots=True, eq=False)
class ModelConversation:
    """A conversation under way. `transcript` is live: each turn adds to it, and `request.messages` is the same list.

    `sampling` is what the run was asked with. `model_index` tells which of the agent's models is asked: 0 is its own. One that begins
    short (`is_short`) is not measured in its first two turns. `window` is what is sent of a long one, once something is left out;
    `long_results` are those that were cut, by reference.
    """

    spec: AgentSpec[object]
    formats: FormatChoice
    format: PromptFormat
    transcript: list[Message]
    request: ModelRequest
    sampling: Sampling | None = None
    is_short: bool = False
    guard: ReplyGuard | None = None
    model_index: int = field(default=0, init=False)
    window: SentWindow | None = field(default=None, init=False)
    long_results: dict[str, ToolResult] | None = field(default=None, init=False)
    _characters: int = field(default=0, init=False)
    _measured: int = field(default=0, init=False)

    def switch_to_text(self) -> None:
        """Go on with a model that refuses tools: its instructions say how to write calls, and the messages so far are converted."""
        self._switch_to(self._get_formats(self.model_index).switch_to_text())

    async def switch_model(self, index: int, *, may_ask: bool) -> None:
        """Go on with one of the agent's fallback models; 0 is its own. Raises UsageError for a model that cannot be asked at all."""
        formats = self._get_formats(index)
        format = await formats.choose(may_ask=may_ask)
        self.spec, self.model_index = formats.spec, index
        self._switch_to(format)

    @property
    def current_formats(self) -> FormatChoice:
        """Return the choice of format of the model that is asked now."""
        return self._get_formats(self.model_index)

    def _get_formats(self, index: int) -> FormatChoice:
        return self.formats.fallbacks[index - 1] if index else self.formats

    def _switch_to(self, format: PromptFormat) -> None:
        history = self.transcript[len(self.format.opening) :]
        self.format = format
        self.transcript[:] = [*format.opening, *format.convert_history(history)]
        sampling = format.sampling if self.sampling is None else format.sampling.override(self.sampling)
        self.request = replace(self.request, messages=self.transcript, tools=format.schemas, sampling=sampling, grammar=format.grammar)
        self.window, self._characters, self._measured = None, 0, 0

    def count_characters(self) -> int:
        """Return how long the transcript is, as English text. Each message is measured once: turns only add to the transcript."""
        from .message_lengths import measure_message  # late, for load time

        self._characters += sum(measure_message(message) for message in self.transcript[self._measured :])
        self._measured = len(self.transcript)
        return self._characters
