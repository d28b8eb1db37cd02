"""A comparison as one HTML file that needs nothing else: what it shows, the measures side by side, and the cases in which they part."""

from __future__ import annotations

from ..research import html_parts
from ..research.html_parts import name_of, read_style, text_of, write_page
from .comparison import Comparison, MeasureRow
from .comparison_text import describe_unit, format_difference, format_interval, list_findings, list_notes
from .suite_results import CaseResult, group_by_case

LONGEST_TEXT = 300


def write_comparison_html(comparison: Comparison) -> str:
    """Return a comparison as a whole HTML page. Everything that a model said is shown as text."""
    repeats = f", {comparison.repeat} times each" if comparison.repeat > 1 else ""
    body = (
        f"<header><p class=kicker>Comparison</p><h1>{name_of(comparison.suite)}</h1>"
        f"<p class=made>{name_of(comparison.subject)} · {comparison.cases} cases{repeats}</p></header>\n<main id=main>\n"
        f"{_write_list('found', 'What it shows', list_findings(comparison))}{_write_measures(comparison)}{_write_cases(comparison)}"
        f"{_write_list('notes', 'How to read it', list_notes(comparison))}</main>\n"
    )
    style = read_style(html_parts.__package__ or "", "report_page.css") + read_style(__package__ or "", "evaluation_page.css")
    return write_page(f"{comparison.suite}: comparison", style, body, skip="Skip to the results")


def _write_list(name: str, title: str, sentences: tuple[str, ...]) -> str:
    items = "".join(f"<li>{text_of(each)}</li>" for each in sentences)
    return f"<section aria-labelledby={name}><h2 id={name}>{title}</h2><ul>{items}</ul></section>\n"


def _write_measures(comparison: Comparison) -> str:
    heads = "".join(f"<th scope=col>{name_of(variant.name)}</th>" for variant in comparison.variants)
    rows = "".join(_write_measure(comparison, row) for row in comparison.rows)
    return (
        "<section aria-labelledby=measures><h2 id=measures>Side by side</h2>"
        "<div class=rows role=region aria-label='Table of measures' tabindex=0>"
        f"<table class=figures><thead><tr><th scope=col>Measure</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div></section>\n"
    )


def _write_measure(comparison: Comparison, row: MeasureRow) -> str:
    cells: list[str] = []
    for interval, difference in zip(row.intervals, row.differences, strict=True):
        shown = text_of(format_interval(interval, row.measure.unit))
        if difference is not None:
            apart = f"{format_difference(difference, row.measure.unit)} against {comparison.variants[0].name}"
            shown += f" <small>{'' if difference.seen else 'not seen: '}{text_of(apart)}</small>"
        cells.append(f"<td>{shown}</td>")
    return f"<tr><th scope=row>{text_of(describe_unit(row.measure))}</th>{''.join(cells)}</tr>"


def _write_cases(comparison: Comparison) -> str:
    """Return the cases that not all variants pass alike, with what each of them answered."""
    columns = [group_by_case(evaluation.results) for evaluation in comparison.evaluations]
    parted = dict.fromkeys(name for changes in comparison.changes for name in (*changes.fixed, *changes.broken))
    if not parted:
        return ""
    heads = "".join(f"<th scope=col>{name_of(variant.name)}</th>" for variant in comparison.variants)
    rows = "".join(
        f"<tr><th scope=row>{name_of(name)}</th>{''.join(f'<td>{_write_results(column.get(name, ()))}</td>' for column in columns)}</tr>"
        for name in parted
    )
    return (
        "<section aria-labelledby=parted><h2 id=parted>Where they part</h2>"
        "<div class=rows role=region aria-label='Table of cases' tabindex=0>"
        f"<table class=figures><thead><tr><th scope=col>Case</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div></section>\n"
    )


def _write_results(results: tuple[CaseResult, ...]) -> str:
    if not results:
        return "not executed"
    passed = sum(result.passed for result in results)
    word = str(results[0].status) if len(results) == 1 else f"{passed} of {len(results)} passed"
    said = next((result for result in results if not result.passed), results[0]).record
    return f"{word} <small>{text_of(said.error or said.text or repr(said.output), LONGEST_TEXT)}</small>"
