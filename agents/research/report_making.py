"""How a report is made of the state of a research: its columns, its numbered sources, who was considered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .report import Claim, Competitor, Considered, Report, Source
from .report_finishing import finish_report
from .report_values import SourceKind, hash_text
from .source_kinds import find_source_kind, settle_kinds
from .state import ResearchState, Visit, VisitedPage, find_home, list_left_out, list_unvisited


def make_report(state: ResearchState, author: str, made_at: str, stopped: str = "", earlier: Report | None = None) -> Report:
    """Return the report of what is known and about nobody else (`leave_out_others`); with an `earlier` one, what changed since."""
    visits = state.visits if state.client is None else (state.client, *state.visits)
    told = [visit for visit in visits if visit.claims or visit is state.client]
    pages = {page.snapshot: (page, visit) for visit in told for page in visit.pages}
    kinds = settle_kinds({name: (page.url, find_source_kind(page, visit, state.kind)) for name, (page, visit) in pages.items()})
    sources = {name: _make_source(number, page, kinds[name]) for number, (name, (page, _)) in enumerate(pages.items(), 1)}
    withdrawn = (*(each for visit in visits for each in visit.withdrawn), *state.withdrawn)
    report = Report(
        company=state.company,
        made_at=made_at,
        written_by=author,
        plan=state.plan,
        queries=state.queries,
        competitors=tuple(_make_column(visit, sources, state) for visit in state.visits if visit.claims),
        comparison=state.comparison,
        sources=tuple(sources.values()),
        failed_pages=tuple(page for visit in visits for page in visit.failed),
        dropped_claims=sum(visit.dropped for visit in visits) + len(state.withdrawn),
        stopped=stopped,
        kind=state.kind,
        aspects=state.aspects,
        client=_make_column(state.client, sources, state) if state.client is not None and state.client.claims else None,
        considered=_list_considered(state, stopped),
        withdrawn=withdrawn,
        replaced_claims=sum(1 for each in withdrawn if each.replaced),
        left_out=list_left_out(state, stopped),
    )
    return finish_report(report, earlier, {page.url: page.text for visit in visits for page in visit.pages})


def _make_source(number: int, page: VisitedPage, kind: SourceKind) -> Source:
    return Source(number, page.url, page.title, page.fetched_at, page.sha256, page.snapshot, page.published, hash_text(page.text), kind)


def _list_considered(state: ResearchState, stopped: str) -> tuple[Considered, ...]:
    """Return who was considered: what a visit has shown counts more than what the searches said."""
    visited = {visit.candidate.url: visit for visit in state.visits if visit.pages or visit.failed}
    unvisited = {candidate.url for candidate in list_unvisited(state)} if stopped else set()
    return tuple(_tell_visit(each, visited.get(each.url), stopped if each.url in unvisited else "") for each in state.considered)


def _tell_visit(considered: Considered, visit: Visit | None, stopped: str) -> Considered:
    """Return a site that was considered with what came of it: what its pages show, or that it was not read and why."""
    if visit is None and stopped:
        return replace(considered, reason=f"{considered.reason} It was not visited. {stopped}")
    if visit is None:
        return (
            replace(considered, reason="It may compete: its pages were not read, as many as were asked for come before it.", quote="")
            if considered.competes
            else considered
        )
    if not visit.pages:
        return replace(considered, reason="Its site could not be read.")
    return visit.judged or considered


def make_columns(state: ResearchState) -> tuple[Competitor, ...]:
    """Return whom a comparison compares, the client first; the sources of the claims have no numbers yet."""
    visits = state.visits if state.client is None else (state.client, *state.visits)
    return tuple(_make_column(visit, {}, state) for visit in visits if visit.claims)


def _make_column(visit: Visit, sources: Mapping[str, Source], state: ResearchState) -> Competitor:
    """Return a visit as a column of the report, its claims in the order of the aspects, pointing to the report's sources."""
    order = {aspect: place for place, aspect in enumerate(state.aspects)}
    pages = [sources.get(page.snapshot) for page in visit.pages]
    claims = tuple(_point_to(claim, pages[claim.source]) for claim in visit.claims)
    claims = tuple(sorted(claims, key=lambda claim: order.get(claim.topic, len(order))))
    candidate = visit.candidate
    url = find_home(visit.pages[0].url) if state.kind != "topic" and visit.pages else candidate.url
    return Competitor(candidate.name, url, candidate.reason, claims, candidate.quote)


def _point_to(claim: Claim, source: Source | None) -> Claim:
    return replace(claim, source=0 if source is None else source.number)
