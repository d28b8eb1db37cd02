"""What two reports on one company say differently: sites that came and went, values that changed, sentences that are new or gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from .report_values import Claim, Competitor, ReportValues
from .site_names import find_host

ALIKE = 0.7
"""The similarity (0 to 1, difflib) from which a sentence that is gone and a new one are one sentence that has changed."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between an earlier report and a later one: what was said `before` and `after`; "" where nothing was."""

    company: str
    topic: str
    before: str
    after: str

    def __str__(self) -> str:
        if not self.topic:
            return f"{self.company} {self.before or self.after}"
        where = f"{self.company}, {self.topic}"
        if not self.before:
            return f"{where}: new: {self.after}"
        if not self.after:
            return f"{where}: no longer said: {self.before}"
        return f"{where}: {self.before} → {self.after}"


def find_changes(earlier: ReportValues, later: ReportValues) -> tuple[Change, ...]:
    """Return what changed from one report to a later one, site by site. A site is the same by its host, whatever its name."""
    before = {find_host(column.url): column for column in earlier.columns}
    after = {find_host(column.url): column for column in later.columns}
    found = [Change(after[host].name, "", "", "was not in the earlier report") for host in after if host not in before]
    found += [Change(before[host].name, "", "is not in the later report", "") for host in before if host not in after]
    for host, column in after.items():
        if host in before:
            found += _compare(before[host], column)
    return tuple(found)


def _compare(earlier: Competitor, later: Competitor) -> Iterator[Change]:
    gone = {_squash(claim.text): claim for claim in earlier.claims if not claim.old}
    new = {_squash(claim.text): claim for claim in later.claims if not claim.old}
    for text in gone.keys() & new.keys():
        del gone[text], new[text]
    for text, claim in list(gone.items()):
        other = _find_successor(claim, list(new.values()))
        if other is not None:
            del gone[text], new[_squash(other.text)]
            yield Change(later.name, other.topic, claim.text, other.text)
    yield from (Change(later.name, claim.topic, claim.text, "") for claim in gone.values())
    yield from (Change(later.name, claim.topic, "", claim.text) for claim in new.values())


def _find_successor(claim: Claim, new: list[Claim]) -> Claim | None:
    """Return what a claim has become: the same value of the same thing, or the sentence that is most like it."""
    if claim.value:
        named = (claim.subject.casefold(), claim.name.casefold())
        return next((each for each in new if each.value and (each.subject.casefold(), each.name.casefold()) == named), None)
    scored = [(_compare_texts(claim.text, each.text), each) for each in new if each.topic == claim.topic and not each.value]
    best = max(scored, key=lambda pair: pair[0], default=None)
    return best[1] if best is not None and best[0] >= ALIKE else None


def _compare_texts(one: str, other: str) -> float:
    return SequenceMatcher(None, _squash(one).split(), _squash(other).split(), autojunk=False).ratio()


def _squash(text: str) -> str:
    return " ".join(re.findall(r"[\w.,$€£¥%]*\w", text.casefold()))
