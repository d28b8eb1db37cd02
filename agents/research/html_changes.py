"""What changed since an earlier report, and what a site says in two ways, in HTML: before and after, one side beside the other."""

from __future__ import annotations

from .html_claims import ClaimWriter
from .html_parts import day_of, host_of, link_to, name_of, text_of
from .report_values import Change, ChangeKind, Contradiction, ReportValues

CHANGES = {
    ChangeKind.CHANGED: "Changed",
    ChangeKind.NEW: "New",
    ChangeKind.GONE: "No longer said",
    ChangeKind.UNREADABLE: "The page can no longer be read",
    ChangeKind.NOT_READ: "Not looked at again",
}


def write_changes(report: ReportValues, claims: ClaimWriter) -> str:
    """Return what changed since the earlier report: sites, then statements by what happened to them. "" without an earlier one."""
    if not report.changed_since:
        return ""
    sites = [change for change in report.changes if change.kind in (ChangeKind.NEW_SITE, ChangeKind.GONE_SITE)]
    parts = [f"<ul class=plain>{''.join(map(_write_site, sites))}</ul>"] if sites else []
    head = "<thead><tr><th scope=col>Site</th><th scope=col>Before</th><th scope=col>Now</th></tr></thead>"
    for kind, title in CHANGES.items():
        rows = "".join(_write_change(change, claims) for change in report.changes if change.kind is kind)
        if rows:
            table = f"<table class=changes>{head}<tbody>{rows}</tbody></table>"
            parts.append(f'<h3>{title}</h3><div class=rows role=region aria-label="{title}" tabindex=0>{table}</div>')
    body = "".join(parts) or "<p>Nothing has changed.</p>"
    title = f"What changed since {day_of(report.changed_since)}"
    return f"<section aria-labelledby=changes><h2 id=changes>{title}</h2>{body}</section>\n"


def _write_site(change: Change) -> str:
    what = "is new" if change.kind is ChangeKind.NEW_SITE else "is no longer in the report"
    return f"<li>{link_to(change.page, change.company)} {what}. <span class=soft>{text_of(change.why, 300)}</span></li>"


def _write_change(change: Change, claims: ClaimWriter) -> str:
    mark = claims.links((change.claim,)) if change.claim else ""
    why = f"<small>{text_of(change.why)}</small>" if change.why else ""
    before = f"<span class=before dir=auto>{text_of(change.before)}</span>" if change.before else "—"
    return (
        f"<tr><th scope=row>{name_of(change.company)} <small>{text_of(change.topic, 60)}</small></th><td>{before}</td>"
        f"<td><span dir=auto>{text_of(change.after) or '—'}</span> {mark}{why}</td></tr>"
    )


def write_contradictions(report: ReportValues, claims: ClaimWriter) -> str:
    """Return what a site says in two ways, the sides beside each other with their dates; "" where there is nothing."""
    rows = "".join(_write_contradiction(each, claims) for each in report.contradictions)
    if not rows:
        return ""
    note = "<p class=note>One site says different things. What is older by its date is marked; where no page has a date, ask.</p>"
    return f"<section aria-labelledby=contradictions><h2 id=contradictions>Contradictions</h2>{note}{rows}</section>\n"


def _write_contradiction(each: Contradiction, claims: ClaimWriter) -> str:
    sides = "".join(_write_side(number, number in each.stale, claims) for number in each.claims if number in claims.claims)
    return f"<h3 dir=auto>{name_of(each.company)}: {text_of(each.what, 120)}</h3><div class=sides>{sides}</div>"


def _write_side(number: int, is_stale: bool, claims: ClaimWriter) -> str:
    claim = claims.claims[number]
    source = claims.sources.get(claim.source)
    stale = " <span class=badge>older</span>" if is_stale else ""
    where = ""
    if source is not None:
        dated = claim.dated or source.published
        said = f"dated {text_of(dated)}" if dated else "undated"
        where = f"{host_of(source.url)}, {said}, read {day_of(source.fetched_at)} "
    return (
        f"<div class=side><p class=big dir=auto>{text_of(claim.value or claim.text, 120)}{stale}</p>"
        f"<blockquote dir=auto>{text_of(claim.quote, 300)}</blockquote><p class=soft>{where}{claims.links((number,))}</p></div>"
    )
