"""The competitor report as a value: claims with quotes, numbered sources, what failed; and how it is written as Markdown and JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from sayso.tools.errors import UsageError

Topic = str
TOPICS = ("what it sells", "prices", "locations", "ordering", "what sets it apart")


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement about a competitor, with the words of the page that it rests on. `source` is a number in the report's sources."""

    topic: Topic
    text: str
    quote: str
    source: int


@dataclass(frozen=True, slots=True)
class Competitor:
    """A competitor that was visited, and the claims about it."""

    name: str
    url: str
    reason: str
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A page as it was read: when, and the sha256 of its bytes. `snapshot` is the name under which it is stored."""

    number: int
    url: str
    title: str
    fetched_at: str
    sha256: str
    snapshot: str


@dataclass(frozen=True, slots=True)
class FailedPage:
    """A page that was not read, and why."""

    url: str
    why: str


@dataclass(frozen=True, slots=True)
class Point:
    """One sentence of the comparison and the claims (by their numbers in the report) that it rests on."""

    text: str
    claims: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The result of the research."""

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

    def number_claims(self) -> list[tuple[int, Competitor, Claim]]:
        """Return all claims in order with their numbers, from 1."""
        pairs = [(competitor, claim) for competitor in self.competitors for claim in competitor.claims]
        return [(number, *pair) for number, pair in enumerate(pairs, 1)]

    def markdown(self) -> str:
        """Return the report as Markdown."""
        return "\n".join(_write_lines(self)).rstrip() + "\n"

    def json(self) -> str:
        """Return the report as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"

    def save(self, path: str | Path) -> Path:
        """Write the Markdown to `path` and the JSON beside it; return the path of the Markdown. Raises UsageError where that fails."""
        target = Path(path)
        if target.suffix.lower() not in (".md", ".markdown"):
            target = target / f"{make_slug(self.company)}.md"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self.markdown(), encoding="utf-8")
            target.with_suffix(".json").write_text(self.json(), encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"The report cannot be written to {target}: {error.strerror or error}. Give another place with --out."
            ) from None
        return target


def make_slug(name: str) -> str:
    """Return a file name for a company."""
    slug = "".join(character if character.isalnum() else "-" for character in name.casefold())
    return "-".join(part for part in slug.split("-") if part)[:60] or "report"


def escape_markdown(text: str) -> str:
    """Return text of strangers as Markdown that only shows it: no links, no HTML, one line."""
    line = " ".join(text.split())
    for mark in "\\`*_[]<>|#":
        line = line.replace(mark, f"\\{mark}")
    return line


def _write_lines(report: Report) -> list[str]:
    lines = [f"# Competitors of {escape_markdown(report.company)}", "", f"Made {report.made_at}. {report.written_by}", ""]
    if report.stopped:
        lines += [f"**Stopped early:** {escape_markdown(report.stopped)} What follows is what was done until then.", ""]
    lines += ["## Plan", "", *(f"- {escape_markdown(step)}" for step in report.plan)]
    lines += ["", "Searched for: " + "; ".join(f"“{escape_markdown(query)}”" for query in report.queries) + ".", ""]
    if report.comparison:
        lines += ["## Comparison", ""]
        lines += [f"- {escape_markdown(point.text)} {_claim_marks(point)}".rstrip() for point in report.comparison] + [""]
    numbers = {id(claim): number for number, _, claim in report.number_claims()}
    lines += ["## Competitors", ""]
    for competitor in report.competitors:
        lines += [f"### {escape_markdown(competitor.name)}", "", f"<{competitor.url}>", ""]
        if competitor.reason:
            lines += [f"Chosen because: {escape_markdown(competitor.reason)}", ""]
        for claim in competitor.claims:
            lines += [f"- ({numbers[id(claim)]}) **{claim.topic}:** {escape_markdown(claim.text)} [{claim.source}]"]
            if " ".join(claim.quote.split()) != " ".join(claim.text.split()):
                lines += [f"  > “{escape_markdown(claim.quote)}”"]
        lines += [""]
    if not report.competitors:
        lines += ["None was found that could be read.", ""]
    if report.failed_pages:
        failures = [f"- <{page.url}>: {escape_markdown(page.why)}" for page in report.failed_pages]
        lines += ["## Pages that could not be read", "", *failures, ""]
    if report.dropped_claims:
        word = "claim was" if report.dropped_claims == 1 else "claims were"
        lines += [f"{report.dropped_claims} {word} dropped because the quote is not on the page.", ""]
    lines += ["## Sources", ""]
    lines += [f"{s.number}. <{s.url}> {escape_markdown(s.title)}. Read {s.fetched_at}, sha256 `{s.sha256[:16]}`" for s in report.sources]
    return lines


def _claim_marks(point: Point) -> str:
    return " ".join(f"({number})" for number in point.claims)
