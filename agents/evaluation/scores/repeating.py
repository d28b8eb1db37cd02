"""How much the repeats of one case agree with each other. Deterministic for the answers that are there."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sayso.tools.canonical import canonical_json
from sayso.tools.errors import UsageError

from ..values import CaseRun, RunRecord, ScoreResult
from .grading import check_least, leave_out, measure, say_why_no_answer, set_name, shorten, to_json

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True, slots=True)
class SelfConsistency:
    """Measure which share of a case's repeats gives the answer that most of them give. Deterministic for the answers that are there.

    The majority vote of self-consistency (Wang et al. 2023) as a measure: 1 if all repeats agree, 1/n if no two do. Texts are compared as
    SQuAD compares them (without case, punctuation, articles and white space), other outputs as JSON. With `pattern`, only what the
    regular expression finds last counts, its first group where it has one: r"answer is (\\d+)". A repeat that failed, or without a match,
    agrees with no other. It needs at least two repeats: `evaluate(..., repeat=5)`, and judges them together by `judge_repeats`.
    """

    pattern: str = ""
    least: float | None = None
    name: str = ""

    is_deterministic = True

    def __post_init__(self) -> None:
        try:
            re.compile(self.pattern)
        except (re.error, TypeError) as error:
            raise UsageError(f"SelfConsistency: {self.pattern!r} is not a regular expression: {error}.") from None
        check_least(self, self.least)
        set_name(self, "self-consistency")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return no value: one run cannot agree with itself."""
        return await self.judge_repeats([run])

    async def judge_repeats(self, runs: Sequence[CaseRun]) -> ScoreResult:
        """Return the share of the runs that give the most frequent answer."""
        if len(runs) < 2:
            return leave_out(self.name, "There is one run of this case. Repeat it to see whether the answers agree.", self.least)
        answers = [self._read(run.record) for run in runs]
        counts = Counter(answer for answer in answers if answer is not None)
        if not counts:
            return leave_out(self.name, "No run of this case has an answer to compare.", self.least)
        frequent, count = counts.most_common(1)[0]
        shown = [f"{times} of {len(runs)}: {shorten(answer)}" for answer, times in counts.most_common(5)]
        missing = answers.count(None)
        shown += [f"{missing} of {len(runs)}: no answer"] if missing else []
        return measure(self.name, count / len(runs), self.least, f"{count} of {len(runs)} runs answer {shorten(frequent, 80)}.", shown)

    def _read(self, record: RunRecord) -> str | None:
        """Return an answer as it is compared; None where there is none."""
        if say_why_no_answer(record):
            return None
        if self.pattern:
            found = list(re.finditer(self.pattern, record.text))
            return fold_answer(next((group for group in found[-1].groups() if group), found[-1][0])) if found else None
        if record.output is None or isinstance(record.output, str):
            return fold_answer(record.text)
        return canonical_json(to_json(record.output))


def fold_answer(text: str) -> str:
    """Return a text as SQuAD compares answers: without case, punctuation, articles and white space."""
    return " ".join(_ARTICLES.sub(" ", text.casefold().translate(_NO_PUNCTUATION)).split())
