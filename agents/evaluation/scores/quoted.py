"""Whether what an answer quotes stands in the sources. Deterministic."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sayso.tools.documents.quoting import locate_quote
from sayso.tools.errors import UsageError

from ..values import CaseRun, ScoreResult
from .grading import check_least, check_text, leave_out, measure, say_why_no_answer, set_name, shorten

_QUOTES = re.compile(
    r"“([^“”]{1,2000})”|„([^„“”]{1,2000})[“”]|«([^«»]{1,2000})»|「([^「」]{1,2000})」|『([^『』]{1,2000})』"
    r"|(?<![\w\"])\"(?=\S)([^\"\n]{1,2000})\"(?!\w)|^[ \t]{0,3}>[ \t]?(\S.*)$",
    re.MULTILINE,
)
LEAST_WORDS = 3
"""Shorter ones are names and words that are mentioned ("the so-called "fee""): they count only if they are asked for."""


@dataclass(frozen=True, slots=True)
class QuotesPresent:
    """Measure which share of the quotations stands in the run's sources. Deterministic.

    Without `quotes`, every quotation of the answer with three words or more has to stand in a source: in quotation marks, or in a quoted
    block of Markdown. With `quotes`, each of these texts has to stand in the answer and in a source. White space, typographic marks,
    hyphens, the marks of Markdown and the case of letters do not matter, and "..." leaves words out. No value where nothing is quoted.
    """

    quotes: str | Sequence[str] = ()
    least: float | None = 1.0
    name: str = ""

    is_deterministic = True

    def __post_init__(self) -> None:
        if not isinstance(self.quotes, Sequence) or isinstance(self.quotes, bytes):
            raise UsageError(f"QuotesPresent: quotes={self.quotes!r} is neither text nor a list of texts.")
        for quote in self._asked:
            check_text(self, "quotes", quote)
        check_least(self, self.least)
        set_name(self, "quotes present")

    @property
    def _asked(self) -> tuple[str, ...]:
        return (self.quotes,) if isinstance(self.quotes, str) else tuple(self.quotes)

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return the share of the quotations that are there."""
        if why := say_why_no_answer(run.record):
            return leave_out(self.name, why, self.least)
        quotes = self._asked or tuple(find_quotes(run.record.text))
        if not quotes:
            return leave_out(self.name, "The answer quotes nothing.")
        problems = list[str]()
        for quote in quotes:
            in_source = any(locate_quote(quote, source.text) for source in run.record.sources)
            in_answer = not self._asked or locate_quote(quote, run.record.text)
            if not in_source or not in_answer:
                problems.append(f"“{shorten(quote)}” is {'in no source' if not in_source else 'not in the answer'}.")
        count = len(quotes) - len(problems)
        return measure(self.name, count / len(quotes), self.least, f"{count} of {len(quotes)} quotations are there.", problems)


def find_quotes(answer: str) -> list[str]:
    """Return what an answer quotes, in order, without what is shorter than three words."""
    found = (next(group for group in match.groups() if group is not None).strip() for match in _QUOTES.finditer(answer))
    return [quote for quote in dict.fromkeys(found) if len(quote.split()) >= LEAST_WORDS or not quote.isascii()]
