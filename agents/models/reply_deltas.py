"""A provider's pieces as deltas. What a model class adds is how the pieces are fetched."""

from __future__ import annotations

from sayso.tools.dialects.read_events import ReasoningRead, TextRead
from sayso.tools.provider_replies.provider_reply import ProviderReply

from ..messages import NativeCall
from .model import CallDelta, Delta, ReasoningDelta, TextDelta


class ReplyDeltas:
    """Reads the pieces of one reply into deltas. `reply` knows how it ended and what it used."""

    __slots__ = ("_sent", "reply")

    def __init__(self) -> None:
        self.reply: ProviderReply = ProviderReply()
        self._sent: list[int] = []  # for each call that was announced, how many pieces of its arguments were handed out

    def feed(self, piece: object) -> list[Delta]:
        """Return the deltas of one piece; none for a piece that only keeps the connection open."""
        deltas: list[Delta] = []
        for event in self.reply.feed(piece):
            if isinstance(event, TextRead):
                deltas.append(TextDelta(event.text))
            elif isinstance(event, ReasoningRead):
                deltas.append(ReasoningDelta(event.text))
        return deltas + self._read_calls() if self.reply.calls else deltas

    def _read_calls(self, *, ended: bool = False) -> list[Delta]:
        """Return what is new of the calls. A call is handed out once its name is complete."""
        deltas: list[Delta] = []
        for index, call in enumerate(self.reply.calls):
            if index == len(self._sent):
                if not (call.announced or ended):
                    break
                self._sent.append(len(call.pieces))
                deltas.append(CallDelta(index, call.id, call.name, call.arguments))
            elif self._sent[index] < len(call.pieces):
                deltas.append(CallDelta(index, arguments="".join(call.pieces[self._sent[index] :])))
                self._sent[index] = len(call.pieces)
        return deltas

    def end(self) -> list[Delta]:
        """Return what is left, once the last piece was fed."""
        return self._read_calls(ended=True)

    @property
    def calls(self) -> tuple[NativeCall, ...]:
        """Return the calls."""
        return tuple(NativeCall(call.id, call.name, call.arguments) for call in self.reply.calls)
