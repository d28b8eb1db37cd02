"""The values of a research's report: claims with quotes, numbered sources, who was considered, what failed, what was taken away."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

KINDS = ("competitors", "market", "topic")
VERSION = 2
"""The version of a report's form. A report without a number is of version 1, and is read as well."""


class SourceKind(StrEnum):
    """Who speaks on a page: the business itself, or somebody who writes about it."""

    OWN = "own site"
    PRESS = "press"
    DIRECTORY = "directory"
    PAID = "paid"
    REFERENCE = "reference"
    FORUM = "forum"
    OTHER = "another site"
    UNKNOWN = ""


class ChangeKind(StrEnum):
    """What happened to a site or a statement since an earlier report."""

    NEW_SITE = "new site"
    GONE_SITE = "gone site"
    NEW = "new"
    GONE = "gone"
    CHANGED = "changed"
    UNREADABLE = "no longer readable"
    NOT_READ = "not read this time"


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement, with the words of the page that it rests on.

    `topic` is the name of the aspect that it is about, `source` a number in the report's sources. `written` says who worded `text`: "quote"
    (the page's own words), "model" (a model, and the page says it), or "data" (built from a field of the page: a table, JSON-LD). A claim
    from data has the thing it is about in `subject` ("Espresso 250 g"; "" is the business itself), the field's `name` and its `value` as
    the page writes it. `dated` is when the page says so: an ISO date, or a part of one, "" if unknown. `old` is no longer so: a price
    struck through, an offer that has ended.
    """

    topic: str
    text: str
    quote: str
    source: int
    written: str = "quote"
    dated: str = ""
    subject: str = ""
    name: str = ""
    value: str = ""
    old: bool = False
    seal: str = ""
    """A hash of the claim and of the page that it rests on, by which a later change is found."""


@dataclass(frozen=True, slots=True)
class Competitor:
    """A site that was visited, and the claims about whose it is. `reason` says why it was chosen, `reason_quote` the words that show it."""

    name: str
    url: str
    reason: str
    claims: tuple[Claim, ...]
    reason_quote: str = ""


@dataclass(frozen=True, slots=True)
class Considered:
    """A site that the searches found: whether it competes, why or why not, and the words that show it.

    `page` is where the quote stands. `kind` says what the site is: "competitor", "itself", "namesake", "list", ... (see SiteKind).
    Those that compete are in the order of their `score`: the closest has the highest.
    """

    name: str
    host: str
    url: str
    competes: bool
    reason: str
    quote: str = ""
    page: str = ""
    kind: str = "competitor"
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A sentence that was not published as it was written, and why. It was left out, or `replaced` by the page's own words."""

    company: str
    text: str
    reason: str
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A page as it was read: when, and the sha256 of its bytes. `snapshot` is the name under which it is stored.

    `published` is the date that the page gives itself: an ISO date or a part of one, "" if it gives none.
    """

    number: int
    url: str
    title: str
    fetched_at: str
    sha256: str
    snapshot: str
    published: str = ""
    text_sha256: str = ""
    """The sha256 of the text that was read out of the page, which quotes are looked up in."""
    kind: SourceKind = SourceKind.UNKNOWN
    """Who speaks on the page. Reports of version 1 do not say."""


def hash_text(text: str) -> str:
    """Return the sha256 of a page's text."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def seal_claim(claim: Claim, source: Source, site: str = "") -> str:
    """Return the hash of what a claim says, of the page that it rests on, and of whose `site` it is about.

    Reports of version 1 leave the site out.
    """
    sealed = [claim.topic, claim.text, claim.quote, claim.written, claim.dated, claim.subject, claim.name, claim.value, claim.old]
    page = [source.url, source.sha256, source.text_sha256, source.fetched_at]
    return hashlib.sha256(json.dumps([*sealed, *page, *filter(None, [site])]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class FailedPage:
    """A page that was not read, and why."""

    url: str
    why: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that a research which ended early did not do.

    `what` is "site", "pages", "questions", "search" or "comparison", `name` which one, for people ("Crumb Brothers"), `url` its address, ""
    if it has none, `why` a sentence ("The 5 minutes were over.").
    """

    what: str
    name: str
    url: str
    why: str


@dataclass(frozen=True, slots=True)
class KeyPoint:
    """A sentence of the summary: what it is `about` ("prices", "gaps", ...), and the claims (by number) that it rests on."""

    about: str
    text: str
    claims: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Claims of one site (by number) that give different amounts of one thing: `what` is "Espresso 250 g, price".

    `stale` are those of them that no longer hold, or that an older page says.
    """

    company: str
    what: str
    claims: tuple[int, ...]
    stale: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One difference to an earlier report: what was said `before` and what is said now (`after`); "" where nothing was.

    `company` is whose site it is. `topic` is "" where the site itself came or went. `why` is the reason where there is one to give, `page`
    the address of the page, `claim` the number of the claim in this report, 0 where it has none.
    """

    kind: ChangeKind
    company: str
    topic: str = ""
    before: str = ""
    after: str = ""
    why: str = ""
    page: str = ""
    claim: int = 0


@dataclass(frozen=True, slots=True)
class Seal:
    """A hash of one part of a report ("made_at", "comparison.2", "sources.3"), by which a later change of it is found."""

    part: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Point:
    """One sentence of the comparison and the claims (by their numbers in the report) that it rests on."""

    text: str
    claims: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReportValues:
    """What a report says.

    `company` is the company, market or topic, `kind` which of these. `client` is the company itself, as its own site says it; None if no
    site of its own was found. `aspects` are the rows of the table: an aspect without a claim is unknown, which is not the same as none.
    `considered` are the sites that the searches found, with why each was or was not chosen. `withdrawn` are the sentences that were
    dropped or replaced by the page's own words; `dropped_claims` and `replaced_claims` count them. `stopped` says why a research ended
    early, `left_out` what it had not done by then, the sites first. `summary` and `contradictions` are built from the claims. `changes` are
    the differences to an earlier report, which was made at `changed_since`. `version` is that of the report's form, `seals` are hashes of
    its parts.
    """

    company: str
    made_at: str
    written_by: str
    plan: tuple[str, ...]
    queries: tuple[str, ...]
    competitors: tuple[Competitor, ...]
    comparison: tuple[Point, ...]
    sources: tuple[Source, ...]
    failed_pages: tuple[FailedPage, ...]
    dropped_claims: int = 0
    stopped: str = ""
    kind: str = "competitors"
    aspects: tuple[str, ...] = ()
    client: Competitor | None = None
    considered: tuple[Considered, ...] = ()
    withdrawn: tuple[Withdrawn, ...] = ()
    replaced_claims: int = 0
    left_out: tuple[LeftOut, ...] = ()
    summary: tuple[KeyPoint, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    changed_since: str = ""
    changes: tuple[Change, ...] = ()
    version: int = 1
    seals: tuple[Seal, ...] = ()

    @property
    def columns(self) -> tuple[Competitor, ...]:
        """Return whom the table compares: the client first, where its site was read."""
        return self.competitors if self.client is None else (self.client, *self.competitors)

    def number_claims(self) -> list[tuple[int, Competitor, Claim]]:
        """Return all claims in order with their numbers, from 1: the client's first."""
        pairs = [(column, claim) for column in self.columns for claim in column.claims]
        return [(number, *pair) for number, pair in enumerate(pairs, 1)]

    def count_reasons(self, *, replaced: bool) -> list[tuple[str, int]]:
        """Return why sentences were replaced, or dropped, with how many for each reason, the most frequent first."""
        return Counter(each.reason for each in self.withdrawn if each.replaced is replaced).most_common()
