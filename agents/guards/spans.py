"""Guards that look for spans of a text: they are local, see a text as it looks, and let it stream but for what may become a span."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import NamedTuple

from sayso.tools.errors import UsageError

from .plain_letters import PlainLetters
from .verdicts import ALLOWED, EVERYWHERE, RefusedText, ReplacedText, TextPlace, Verdict, check_action, read_places

_MOST_KEPT = 200
"""How many characters that were let out are kept, beside those that decide on what follows."""


class Span(NamedTuple):
    """What a guard has found: from `start` to `end`, and `what` it is ("a card number"), in words that do not repeat it."""

    start: int
    end: int
    what: str


class SpanGuard(ABC):
    """A guard that finds spans. A subclass defines `longest` and `find`.

    With `replace_with` each span is replaced, else the whole text is refused; "{what}" in it is what was found. `answer` is what the user
    gets in place of a refused text. `at` names the places it looks at, `on_error` is what is done when it fails: "refuse" or "allow".
    """

    has_chance = False
    context = 1
    """How many characters before and after a span decide whether it is one."""
    longest: int
    """The most characters that a span can have, as it looks."""

    def __init__(
        self,
        *,
        replace_with: str | None = None,
        at: str | tuple[str, ...] | list[str] | frozenset[TextPlace] = EVERYWHERE,
        name: str = "",
        answer: str = "",
        on_error: str = "refuse",
    ) -> None:
        self.name: str = name or type(self).__name__
        self.replace_with: str | None = replace_with
        self.answer: str = answer
        self.places: frozenset[TextPlace] = read_places(at)
        self.on_error: str = check_action(on_error)
        if replace_with is not None and next(iter(self.find(replace_with.replace("{what}", ""), 0)), None) is not None:
            raise UsageError(f"{self.name} also finds its own replacement {replace_with!r}. Give another replace_with=.")

    @abstractmethod
    def find(self, text: str, start: int) -> Iterable[Span]:
        """Yield the spans that begin at `start` or later, from left to right, none over another. `text` is a text as it looks.

        Whether one begins at a place may depend on `longest` characters from there, and on `context` before and after it; on nothing else.
        """

    def find_open(self, text: str, start: int) -> int:
        """Return where the first span may begin, at `start` or later, that what follows the text could decide."""
        return max(start, len(text) - self.longest - self.context)

    def hold(self) -> HeldText:
        """Return a text that streams through this guard."""
        return HeldText(self)

    async def check(self, text: str, place: TextPlace) -> Verdict:
        """Return the text with each span replaced, or why it is refused."""
        return self.look(text)

    def look(self, text: str) -> Verdict:
        """Do what `check` does, at once."""
        held = self.hold()
        shown = held.feed(text) + held.finish()
        if held.refusal is not None:
            return held.refusal
        return ALLOWED if not held.found else ReplacedText(shown, describe_found(held.found))

    def split(self, text: str) -> list[str]:
        """Return the pieces of a text between the spans, as they were written."""
        letters, at, pieces = PlainLetters(text), 0, list[str]()
        for span in self.find(letters.text, 0):
            pieces.append(text[at : max(at, letters.find_start(span.start))])
            at = letters.find_end(span.end)
        return [*pieces, text[at:]]

    def refuse(self, span: Span) -> RefusedText:
        """Return the refusal of a text that has the span in it."""
        return RefusedText(f"there is {span.what} in it", self.answer)

    def replace(self, span: Span) -> str:
        """Return what stands in a span's place."""
        assert self.replace_with is not None
        return self.replace_with.replace("{what}", span.what.removeprefix("a ").removeprefix("an "))


class HeldText:
    """A text on its way through a guard: what may still become a span is held back. The same comes out however the text was cut.

    After a span that is refused, nothing comes out any more.
    """

    __slots__ = ("_done", "_folded", "_guard", "found", "refusal")

    def __init__(self, guard: SpanGuard) -> None:
        self._guard, self._folded = guard, PlainLetters()
        self._done = 0  # up to here the folded text has been let out: it is context
        self.found: dict[str, int] = {}
        """What was replaced, and how often."""
        self.refusal: RefusedText | None = None

    def feed(self, piece: str) -> str:
        """Take in a piece, and return what is certain now."""
        if not piece or self.refusal is not None:
            return ""
        self._folded.add(piece)
        return self._let_out(self._guard.find_open(self._folded.text, self._done))

    def finish(self) -> str:
        """Return the rest."""
        if self.refusal is not None:
            return ""
        out = self._let_out(len(self._folded.text))
        rest = self._folded.original[self._folded.find_end(len(self._folded.text)) :]  # invisible characters at the end
        self._folded = PlainLetters()
        self._done = 0
        return out + rest

    def _let_out(self, limit: int) -> str:
        """Return the text up to the folded character `limit`: all spans that begin before it are known."""
        folded, guard, done = self._folded, self._guard, self._done
        while 0 < limit < len(folded.starts) and folded.starts[limit] == folded.starts[limit - 1]:
            limit -= 1  # in the middle of a ligature, whose second letter may begin a span
        if limit <= done:
            return ""
        parts: list[str] = []
        at = folded.find_end(done)
        for span in guard.find(folded.text, done):
            if span.start >= limit:
                break
            begin = max(at, folded.find_start(span.start))
            parts.append(folded.original[at:begin])
            if guard.replace_with is None:
                self.refusal = guard.refuse(span)
                self._folded = PlainLetters()
                return "".join(parts)
            self.found[span.what] = self.found.get(span.what, 0) + 1
            parts.append(guard.replace(span))
            at, done = folded.find_end(span.end), span.end
        if limit > done:
            parts.append(folded.original[at : max(at, folded.find_end(limit))])
            done = limit
        if done > guard.context + _MOST_KEPT:  # not each time: it takes longer than to look at a delta
            folded.cut(done, guard.context)
            done = guard.context
        self._done = done
        return "".join(parts)


def describe_found(found: dict[str, int]) -> str:
    """Return what was replaced, in words: "a card number (2), an e-mail address"."""
    return ", ".join(f"{what} ({number})" if number > 1 else what for what, number in found.items())
