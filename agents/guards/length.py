"""How long a text may be: what a model is asked, says, writes into calls or reads."""

from __future__ import annotations

from sayso.tools.errors import UsageError

from .verdicts import ALLOWED, EVERYWHERE, RefusedText, ReplacedText, TextPlace, Verdict, check_action, read_places

CUT = " [...]"


class Length:
    """Refuses a text of more than `most` characters; with `cut=True` it ends the text there, and says so with "[...]".

    Of a call each argument counts by itself, of a result each text in it.
    """

    has_chance = False
    reads_reasoning = False

    def __init__(
        self,
        most: int,
        *,
        cut: bool = False,
        at: str | tuple[str, ...] | list[str] | frozenset[TextPlace] = EVERYWHERE,
        name: str = "Length",
        answer: str = "",
        on_error: str = "refuse",
    ) -> None:
        if most < 1:
            raise UsageError(f"Length({most}) lets nothing pass. Give the largest number of characters that a text may have.")
        self.most: int = most
        self.cut: bool = cut
        self.name: str = name
        self.answer: str = answer
        self.places: frozenset[TextPlace] = read_places(at)
        self.on_error: str = check_action(on_error)

    def hold(self) -> HeldLength:
        """Return a text that streams through this guard."""
        return HeldLength(self)

    async def check(self, text: str, place: TextPlace) -> Verdict:
        """Return the text cut off, or why it is refused."""
        return self.look(text)

    def split(self, text: str) -> list[str]:
        """Return what may stay of a text."""
        return [text[: self.most]]

    def look(self, text: str) -> Verdict:
        """Do what `check` does, at once."""
        if len(text) <= self.most or text == text[: self.most] + CUT:
            return ALLOWED
        why = f"it is longer than {self.most} characters"
        return ReplacedText(text[: self.most] + CUT, why) if self.cut else RefusedText(why, self.answer)


class HeldLength:
    """A text on its way through the guard: it ends where it is too long."""

    __slots__ = ("_count", "_guard", "found", "refusal")

    def __init__(self, guard: Length) -> None:
        self._guard, self._count = guard, 0
        self.found: dict[str, int] = {}
        self.refusal: RefusedText | None = None

    def feed(self, piece: str) -> str:
        """Take in a piece, and return what of it is not too much."""
        most, before = self._guard.most, self._count
        self._count += len(piece)
        if self._count <= most:
            return piece
        rest = piece[: max(0, most - before)]
        if not self._guard.cut:
            self.refusal = RefusedText(f"it is longer than {most} characters", self._guard.answer)
            return rest
        self.found["the rest"] = 1
        return rest + CUT if before <= most else ""

    def finish(self) -> str:
        """Return the rest: nothing was held back."""
        return ""
