"""Seals of a report: a hash of each of its parts, by which `sayso check` names what was changed, and one of them all, its fingerprint.

A seal needs no key: whoever changes a part can make a new one. Against that there is the fingerprint, which is shown when the report is
made and stands in each of its forms: the report of somebody who has another one is another report.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, fields, is_dataclass, replace
from typing import Any, TypeVar

from .report_values import VERSION, Competitor, ReportValues, Seal, seal_claim

R = TypeVar("R", bound=ReportValues)
_MARK = re.compile(r'(?P<open><meta name="sayso-seal" content="|<!-- sayso-seal )(?P<report>[0-9a-f]*):(?P<text>[0-9a-f]*)')
"""The seal of a report that was written as HTML or Markdown: the report's fingerprint and the hash of the rest of the text."""


def seal_report(report: R) -> R:
    """Return the report with its claims and all its parts sealed, as a report of the present version."""
    sources = {source.number: source for source in report.sources}

    def seal_column(column: Competitor) -> Competitor:
        return replace(
            column,
            claims=tuple(
                replace(claim, seal=seal_claim(claim, sources[claim.source], column.url)) if claim.source in sources else claim
                for claim in column.claims
            ),
        )

    sealed = replace(
        report,
        version=VERSION,
        client=seal_column(report.client) if report.client is not None else None,
        competitors=tuple(map(seal_column, report.competitors)),
        seals=(),
    )
    return replace(sealed, seals=tuple(_make_seals(sealed)))


def find_broken_parts(report: ReportValues) -> list[tuple[str, str]]:
    """Return the parts of a report that are not as they were sealed, each with "changed", "added" or "removed"."""
    before = {seal.part: seal.sha256 for seal in report.seals}
    now = {seal.part: seal.sha256 for seal in _make_seals(replace(report, seals=()))}
    broken = [(part, "changed" if part in before else "added") for part, sha256 in now.items() if before.get(part) != sha256]
    return broken + [(part, "removed") for part in before if part not in now]


def find_fingerprint(report: ReportValues) -> str:
    """Return 16 letters that are another report's only by chance; "" for a report of version 1, which has no seals."""
    if not report.seals:
        return ""
    return hashlib.sha256(json.dumps([(seal.part, seal.sha256) for seal in report.seals]).encode()).hexdigest()[:16]


def _make_seals(report: ReportValues) -> Iterator[Seal]:
    """Yield a seal for each part that is not empty. An item of a list is a part of its own, and the claims of a column are sealed apart."""
    for field in fields(ReportValues):
        value: Any = getattr(report, field.name)
        if field.name == "seals" or not value:
            continue
        for place, item in enumerate(value, 1) if isinstance(value, tuple) else ((0, value),):
            yield Seal(f"{field.name}.{place}" if place else field.name, _hash(item))


def _hash(item: Any) -> str:
    """Return the hash of a value. Fields that have their default are left out, so that new ones do not break the seals of old reports."""
    plain = _to_plain(item)
    if isinstance(item, Competitor):
        plain["claims"] = [claim.seal for claim in item.claims]
    return hashlib.sha256(json.dumps(plain, ensure_ascii=True, sort_keys=True).encode()).hexdigest()


def _to_plain(item: Any) -> Any:
    if not is_dataclass(item) or isinstance(item, type):
        return item
    values = asdict(item)
    return {field.name: values[field.name] for field in fields(item) if values[field.name] != field.default}


def seal_text(text: str) -> str:
    """Return a report that was written as text with the hash of all else at its seal, the first that it has."""
    return _MARK.sub(lambda found: f"{found['open']}{found['report']}:{_hash_text(text)}", text, count=1)


def is_text_changed(text: str) -> bool:
    """Return whether a report that was written as text is not as it was written; one without a seal is not."""
    found = _MARK.search(text)
    return found is None or found["text"] != _hash_text(text)


def read_fingerprint(text: str) -> str:
    """Return the fingerprint of the report that a text was written from, "" where it has none."""
    found = _MARK.search(text)
    return found["report"] if found is not None else ""


def _hash_text(text: str) -> str:
    """Return the hash of a text without its seal, whatever its line ends."""
    plain = _MARK.sub(r"\g<open>", text.replace("\r\n", "\n"), count=1)
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()
