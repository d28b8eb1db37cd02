"""Publish a reply while it streams, without anything that a guard replaces or refuses, however the reply is cut into pieces."""

from __future__ import annotations

from sayso.tools.definition.secret_stream import SecretStream
from sayso.tools.dialects import ReadCall
from sayso.workflows import Run

from ..agent_events import ReasoningStreamed, TextWithdrawn
from ..spec import AgentSpec
from ..text_streamer import TextStreamer
from .guarding import Guarding, Held, Leaves, begins_json, streams
from .verdicts import TextPlace


class HeldByAll:
    """A text on its way through all local guards of the output, in their order.

    `is_refused` says that one has refused it, `has_failed` that one has raised an error: nothing comes out any more.
    """

    has_failed: bool
    is_refused: bool

    __slots__ = ("_stages", "has_failed", "is_refused")

    def __init__(self, guarding: Guarding, *, reasoning: bool = False) -> None:
        self.is_refused = self.has_failed = False
        self._stages: list[Held] = []
        try:
            self._stages = [guard.hold() for guard in guarding.find(TextPlace.OUTPUT, reasoning=reasoning) if streams(guard)]
        except Exception:  # noqa: BLE001  whatever it was, nobody looks at the text; the whole reply is looked at in the end
            self.has_failed = True

    def feed(self, piece: str) -> str:
        """Take in a piece, and return what may be shown."""
        return self._pass(piece, 0)

    def finish(self) -> str:
        """Return the rest."""
        shown = ""
        for index in range(len(self._stages)):
            rest = self._let_out(index, None)
            shown += self._pass(rest, index + 1)
        return shown

    def _pass(self, piece: str, first: int) -> str:
        """Return what comes out of the guards from number `first` on. What stands before a refused span may come out."""
        if self.has_failed:
            return ""
        for index in range(first, len(self._stages)):
            piece = self._let_out(index, piece)
        return piece

    def _let_out(self, index: int, piece: str | None) -> str:
        """Return what one guard lets out after a piece, or at the end."""
        stage = self._stages[index]
        if self.has_failed or stage.refusal is not None:
            return ""
        try:
            out = stage.finish() if piece is None else stage.feed(piece)
        except Exception:  # noqa: BLE001  as above
            self.has_failed = True
            return ""
        self.is_refused = self.is_refused or stage.refusal is not None
        return out


class GuardedReasoning:
    """Publishes a model's reasoning past the guards of the output."""

    def __init__(self, guarding: Guarding, run: Run, turn: int, *, is_quiet: bool = False) -> None:
        self._run, self._turn = run, turn
        self._masked = SecretStream(run.secrets.texts)
        self._held = None if guarding.holds_output or is_quiet else [HeldByAll(guarding, reasoning=True) for _ in range(2)]

    def feed(self, piece: str) -> None:
        """Take in a piece, and publish what may be shown; nothing, where a guard needs all of the reply."""
        if self._held is not None:
            first, second = self._held
            self._publish(second.feed(first.feed(piece)))

    def finish(self) -> None:
        """Publish the rest."""
        if self._held is not None:
            first, second = self._held
            rest = second.feed(first.finish())
            self._publish(rest + second.finish())
            self._send(self._masked.finish())

    def _publish(self, text: str) -> None:
        self._send(self._masked.feed(text))

    def _send(self, text: str) -> None:
        if text:
            self._run.publish(ReasoningStreamed(self._run.id, self._turn, text))


class GuardedStreamer(TextStreamer):
    """Publishes a reply's text past the guards of the output: each piece between its calls, and all of it with the values of the calls."""

    def __init__(self, spec: AgentSpec[object], run: Run, turn: int, *, native: bool) -> None:
        super().__init__(spec, run, turn, native=native)
        self._guarding = spec.guarding
        self._thoughts = GuardedReasoning(spec.guarding, run, turn)
        self._is_value = False
        self._begin()

    def _begin(self) -> None:
        self._piece, self._whole = HeldByAll(self._guarding), HeldByAll(self._guarding)
        self._beginning = ""
        self._is_json: bool | None = None  # a text in JSON is looked at when it is whole, for only then is it known what it says

    @property
    def has_failed(self) -> bool:
        """Tell whether a guard has failed, so that the rest of the reply was not published."""
        return self._piece.has_failed or self._whole.has_failed

    def finish(self) -> None:
        """Publish the rest."""
        self._finish_reading()
        self._end_piece()
        if self._is_json is not False:
            self._show(self._look_at_json(self._beginning))
        self._show(self._whole.finish())
        self._thoughts.finish()
        self._finish_secrets()

    def _emit_text(self, text: str) -> None:
        if self._is_value:
            self._is_value = False
            self._pass_on(text)
        else:
            self._pass_on(self._piece.feed(text))
        self._withdraw_refused()

    def _end_piece(self) -> None:
        """Let out what is left of the text up to a call, or to the end."""
        self._pass_on(self._piece.finish())
        self._withdraw_refused()
        if not (self._piece.is_refused or self._piece.has_failed):
            self._piece = HeldByAll(self._guarding)

    def _pass_on(self, text: str) -> None:
        if self._is_json is not False:
            self._beginning += text
            self._is_json = self._is_json or begins_json(self._beginning)
            if self._is_json is not False:
                return
            text = self._beginning
        self._show(self._whole.feed(text))

    def _look_at_json(self, text: str) -> str:
        leaves = Leaves(text)
        passed = self._guarding.look(leaves.texts, TextPlace.OUTPUT)
        self._whole.is_refused = self._whole.is_refused or passed.refused is not None
        return "" if passed.refused is not None else str(leaves.rebuild(passed.texts))

    def _show(self, text: str) -> None:
        if text:
            super()._emit_text(text)
        self._withdraw_refused()

    def _withdraw_refused(self) -> None:
        if self._piece.is_refused or self._whole.is_refused:
            self._shown.drop()
        if (self._piece.is_refused or self._whole.is_refused) and self._published:
            self._published = False
            self._run.publish(TextWithdrawn(self._run.id, self._turn))

    def _publish_reasoning(self, text: str) -> None:
        self._thoughts.feed(text)

    def _withdraw(self, reasoning: str) -> None:
        self._begin()
        super()._withdraw(reasoning)

    def _render(self, call: ReadCall, before: str, after: str) -> str:
        """Return the value of a call past the guards of arguments and results; nothing where one of them has something against it."""
        self._end_piece()
        if self._piece.is_refused or self.has_failed:
            return ""
        leaves = Leaves(dict(call.arguments))
        passed = self._guarding.look(leaves.texts, TextPlace.ARGUMENTS, call.tool)
        if passed.refused is not None or passed.changed:  # it is another call by now, which is made when the reply is complete
            return ""
        value = super()._render(call, before, after)
        looked = self._guarding.look([value], TextPlace.RESULTS, call.tool)
        shown = "" if looked.refused is not None else looked.texts[0]
        self._is_value = bool(shown)
        return shown
