"""Stream a reply to listeners: announce its calls and their arguments while they are written, and time its first piece."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from time import perf_counter
from typing import TYPE_CHECKING

from sayso.workflows import Run

from .agent_events import ArgumentsStreamed, CallAnnounced
from .models.model import CallDelta, Delta, Finished

if TYPE_CHECKING:
    from .model_conversation import ModelConversation


class HeardDeltas:
    """Passes a model's deltas on, and publishes what there is in them of calls.

    Arguments that a guard is to look at first, or that may be secret, are not published.
    """

    def __init__(self, run: Run, turn: int, conversation: ModelConversation) -> None:
        self._run, self._turn = run, turn
        self._spec, self._is_guarded = conversation.spec, conversation.guard is not None
        self._tells_arguments = conversation.guard is None and not (conversation.spec.takes_secrets or run.secrets.texts)
        self.first_token_seconds: float | None = None

    async def pass_on(self, deltas: AsyncGenerator[Delta, None]) -> AsyncGenerator[Delta, None]:
        """Yield the deltas as they come."""
        began = perf_counter()
        try:
            async for delta in deltas:
                if self.first_token_seconds is None and not isinstance(delta, Finished):
                    self.first_token_seconds = perf_counter() - began
                if isinstance(delta, CallDelta):
                    self._publish(delta)
                yield delta
        finally:
            await deltas.aclose()

    def _publish(self, delta: CallDelta) -> None:
        if delta.name and (name := self._find_tool(delta.name)):
            self._run.publish(CallAnnounced(self._run.id, self._turn, name, delta.index))
        if delta.arguments and self._tells_arguments:
            self._run.publish(ArgumentsStreamed(self._run.id, self._turn, delta.index, delta.arguments))

    def _find_tool(self, written: str) -> str:
        """Return the tool that is meant by a name, which may have marks of the model's own format around it.

        A name of no tool is what the model wrote; it is not told where a guard looks at the reply first.
        """
        signatures = self._spec.signatures
        found = signatures.find(written) or (signatures.find_marked(written) if signatures.by_name else None)
        return found.name if found is not None else "" if self._is_guarded else written
