"""Find what a run has read and what its answer cites: passages, pages, and the results of tools."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass

from sayso.tools.calls import Outcome, ToolResult
from sayso.tools.documents.passages import Passage
from sayso.tools.web.pages import Page
from sayso.workflows.runs.limits import results_of

from ..answering.answer import CheckedAnswer
from ..research.report_values import ReportValues
from ..research.state import VisitedPage
from .values import SourceText

_SHOWN = re.compile(r"^\[DOC (\d{1,18})\] ", re.MULTILINE)
_NUMBER = re.compile(r"\d+")
PLAIN = frozenset({str, bytes, int, float, bool, type(None)})


def find_sources(results: Mapping[str, Mapping[str, object]], output: object, root: str) -> tuple[SourceText, ...]:
    """Return what a run has read, each once. `id` is what the output cites it by: "7" for [7] and for [DOC 7], else a page's address.

    The result of any other tool has the place of its call as its id: "get_weather:0.0", in a branch "quotes.0/get_weather:0.0".
    """
    found: dict[str, SourceText] = {}
    texts: dict[str, str] = {}  # of pages, by address
    others = list[SourceText]()
    for run_id, steps in results.items():
        below = run_id.removeprefix(root).lstrip("/")
        for name, value in steps.items():
            for each in _iter_read(value):
                _take_read(each, found, texts)
            if name.startswith(("read:", "reads:", "effect:")):
                others += _find_results(results_of(value), f"{below}/" if below else "", found, texts)
    for source in _find_cited(output, texts):
        if not (known := found.get(source.id)) or not known.text:
            found[source.id] = source
    cited = {source.url for source in found.values() if source.url}
    pages = [SourceText(url, text, url) for url, text in texts.items() if url not in cited]
    return (*found.values(), *pages, *others)


def _iter_read(value: object) -> Iterator[Passage | Page | VisitedPage]:
    """Yield the passages and pages in a stored value."""
    left, seen = [value], set[int]()
    while left:
        each = left.pop()
        if type(each) in PLAIN or id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, (Passage, Page, VisitedPage)):
            yield each
        elif isinstance(each, Mapping):
            left += list(each.values())[::-1]
        elif isinstance(each, (list, tuple, set, frozenset)):
            left += list(each)[::-1]
        elif is_dataclass(each):
            left += [getattr(each, one.name, None) for one in fields(each)][::-1]


def _take_read(each: Passage | Page | VisitedPage, found: dict[str, SourceText], texts: dict[str, str]) -> None:
    if isinstance(each, Passage):
        found.setdefault(str(each.number), SourceText(str(each.number), each.text, each.link))
    elif each.text:
        texts.setdefault(each.url, each.text)


def _find_results(results: Iterable[ToolResult], prefix: str, found: dict[str, SourceText], texts: dict[str, str]) -> Iterator[SourceText]:
    """Yield the results that are no pages and no passages; add those that are."""
    for result in results:
        if result.outcome is not Outcome.DONE:
            continue
        content = result.content
        if isinstance(content, Mapping) and isinstance(content.get("url"), str) and isinstance(content.get("text"), str):
            texts.setdefault(content["url"], content["text"])
        elif passages := list(_split_shown(result.text)):
            for number, text in passages:
                found.setdefault(number, SourceText(number, text))
        elif result.text:
            yield SourceText(f"{prefix}{result.origin}:{result.call_id}", result.text, result.origin if "://" in result.origin else "")


def _split_shown(text: str) -> Iterator[tuple[str, str]]:
    """Yield number and text of passages as a model is shown them, each under its `[DOC n]`."""
    marks = list(_SHOWN.finditer(text))
    if not marks or marks[0].start() != 0:
        return
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        shown = text[mark.end() : following.start() if following is not None else len(text)]
        yield mark[1], shown.strip()


def _find_cited(output: object, texts: Mapping[str, str]) -> Iterator[SourceText]:
    """Yield what an output cites: of an answer its passages, of a report its pages."""
    if isinstance(output, CheckedAnswer):
        for cited in output.sources:
            if number := _NUMBER.search(cited.mark):
                yield SourceText(number[0], "\n".join(cited.quotes), cited.link)
    elif isinstance(output, ReportValues):
        quotes: dict[int, list[str]] = {}
        for _, _, claim in output.number_claims():
            quotes.setdefault(claim.source, []).append(claim.quote)
        for source in output.sources:
            text = texts.get(source.url) or "\n".join(quotes.get(source.number, ()))
            yield SourceText(str(source.number), text, source.url)
