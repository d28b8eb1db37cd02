"""What changed from an earlier report on a company to a later one: sites that came and went, values that changed, what is new or gone.

A statement is gone only where its page was read again and no longer has its quote. That a page was not read, or could not be read, says
nothing about what it says; such statements are told apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from sayso.tools.errors import UsageError
from sayso.tools.quantities import find_amounts
from sayso.tools.web import find_quote

from .report_values import Change as Change
from .report_values import ChangeKind, Claim, Competitor, ReportValues, Source
from .site_identity import find_site

ALIKE = 0.7
"""The similarity (0 to 1, difflib) from which a sentence that is gone and a new one are one sentence that has changed."""
NOT_FOUND = "The searches did not find it this time."
NOT_READ = "Its page was not read this time."
PAGE_NOT_READ_BEFORE = "Its page was not read for the earlier report."


def require_same_subject(earlier: ReportValues, company: str, kind: str) -> None:
    """Raise UsageError unless an earlier report is about the same company, market or topic."""
    if _squash(earlier.company) == _squash(company) and earlier.kind == kind:
        return
    of = {"competitors": "the competitors of {!r}", "market": "the market for {!r}", "topic": "the topic {!r}"}
    told, asked = (of.get(each, "{!r}").format(name) for each, name in ((earlier.kind, earlier.company), (kind, company)))
    raise UsageError(f"The earlier report is about {told}, not about {asked}. Give an earlier report on the same to --again.")


def find_changes(earlier: ReportValues, later: ReportValues, texts: Mapping[str, str] | None = None) -> tuple[Change, ...]:
    """Return what changed from one report to a later one, site by site. A site is the same by its host, whatever its name.

    `texts` are the texts of the pages as they were read for the later report, by their addresses: what still stands there is not gone.
    """
    return tuple(_Comparison(earlier, later, texts or {}).find())


class _Comparison:
    """Two reports beside each other."""

    def __init__(self, earlier: ReportValues, later: ReportValues, texts: Mapping[str, str]) -> None:
        self.earlier, self.later = earlier, later
        self.texts = {_fold_address(url): text for url, text in texts.items()}
        self.sources = ({source.number: source for source in earlier.sources}, {source.number: source for source in later.sources})
        self.pages = tuple({_fold_address(source.url): source for source in report.sources} for report in (earlier, later))
        self.failed = {_fold_address(page.url): page.why for page in later.failed_pages}
        self.numbers = {id(claim): number for number, _, claim in later.number_claims()}

    def find(self) -> Iterator[Change]:
        before = {find_site(column.url).host: column for column in self.earlier.columns}
        after = {find_site(column.url).host: column for column in self.later.columns}
        for host, column in after.items():
            if host not in before:
                yield Change(ChangeKind.NEW_SITE, column.name, why=column.reason, page=column.url)
        for host, column in before.items():
            if host not in after:
                yield Change(ChangeKind.GONE_SITE, column.name, why=self._say_why_gone(host), page=column.url)
        for host, column in after.items():
            if host in before:
                yield from self._compare(before[host], column)

    def _say_why_gone(self, host: str) -> str:
        """Return why a site of the earlier report is not in the later one, in the words of the later one."""
        for each in self.later.left_out:
            if each.url and find_site(each.url).host == host:
                return each.why
        for considered in self.later.considered:
            if host in (find_site(considered.url).host, considered.host.removeprefix("www.")):
                return considered.reason
        failed = next((page.why for page in self.later.failed_pages if find_site(page.url).host == host), "")
        return failed or self.later.stopped or NOT_FOUND

    def _compare(self, earlier: Competitor, later: Competitor) -> Iterator[Change]:
        gone = {_squash(claim.text): claim for claim in earlier.claims if not claim.old}
        new = {_squash(claim.text): claim for claim in later.claims if not claim.old}
        for text in gone.keys() & new.keys():
            del gone[text], new[text]
        for text, claim in list(gone.items()):
            other = _find_successor(claim, list(new.values()))
            if other is not None:
                del gone[text], new[_squash(other.text)]
                if not _is_same_value(claim, other):
                    yield self._tell(ChangeKind.CHANGED, later.name, other, before=claim.text)
        for claim in gone.values():
            yield from self._tell_gone(later.name, claim)
        for claim in new.values():
            yield from self._tell_new(later.name, claim)

    def _tell_gone(self, company: str, claim: Claim) -> Iterator[Change]:
        """Tell what became of a statement that the later report does not have; nothing where its page still says it."""
        source = self.sources[0].get(claim.source)
        page = _fold_address(source.url) if source is not None else ""
        url = source.url if source is not None else ""
        if page in self.failed:
            yield Change(ChangeKind.UNREADABLE, company, claim.topic, claim.text, "", self.failed[page], url)
        elif page in self.pages[1]:
            if not _is_same_text(source, self.pages[1][page]) and find_quote(claim.quote, self.texts.get(page, "")) is None:
                yield Change(ChangeKind.GONE, company, claim.topic, claim.text, "", "Its page was read again and no longer says it.", url)
        else:
            yield Change(ChangeKind.NOT_READ, company, claim.topic, claim.text, "", self.later.stopped or NOT_READ, url)

    def _tell_new(self, company: str, claim: Claim) -> Iterator[Change]:
        """Tell a statement that the earlier report does not have; nothing where its page is what it was."""
        source = self.sources[1].get(claim.source)
        before = self.pages[0].get(_fold_address(source.url)) if source is not None else None
        if not _is_same_text(before, source):
            yield self._tell(ChangeKind.NEW, company, claim, why="" if before is not None else PAGE_NOT_READ_BEFORE)

    def _tell(self, kind: ChangeKind, company: str, claim: Claim, *, before: str = "", why: str = "") -> Change:
        source = self.sources[1].get(claim.source)
        number = self.numbers.get(id(claim), 0)
        return Change(kind, company, claim.topic, before, claim.text, why, source.url if source is not None else "", number)


def describe_change(change: Change) -> str:
    """Return a change as one line: "Smashwick, prices: Double Smash, price: $7.95 → Double Smash, price: $8.25"."""
    why = f" {change.why}" if change.why else ""
    where = f"{change.company}, {change.topic}"
    match change.kind:
        case ChangeKind.NEW_SITE:
            return f"{change.company} was not in the earlier report.{why}"
        case ChangeKind.GONE_SITE:
            return f"{change.company} is no longer in the report.{why}"
        case ChangeKind.CHANGED:
            return f"{where}: {change.before} → {change.after}"
        case ChangeKind.NEW:
            return f"{where}: new: {change.after}"
        case ChangeKind.GONE:
            return f"{where}: no longer said: {change.before}"
        case ChangeKind.UNREADABLE:
            return f"{where}: its page can no longer be read: {change.before}{why}"
        case ChangeKind.NOT_READ:
            return f"{where}: not looked at again: {change.before}{why}"


def _is_same_text(one: Source | None, other: Source | None) -> bool:
    return one is not None and other is not None and bool(one.text_sha256) and one.text_sha256 == other.text_sha256


def _is_same_value(one: Claim, other: Claim) -> bool:
    """Return whether two values of one thing are the same amounts, though written otherwise: "119 €" and "€ 119,00"."""
    if not (one.value and other.value):
        return False
    amounts, others = ([(each.kind, each.value, each.unit, each.per) for each in find_amounts(value)] for value in (one.value, other.value))
    return amounts == others if amounts or others else _squash(one.value) == _squash(other.value)


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


def _fold_address(url: str) -> str:
    """Return an address without what does not make it another page: scheme, www, a slash at its end."""
    return url.partition("://")[2].removeprefix("www.").partition("#")[0].rstrip("/") or url
