"""Two names or figures of a claim that the sources have the other way round."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from .alignment import Alignment
from .nearness import Context, Gap, find_contexts, find_preposition, measure_fit
from .problems import SupportProblem, quote_words
from .source_reading import join_names

_EXCHANGED_BY = 1.15
"""How many times better two facts have to fit in each other's place, so that they are taken for exchanged."""
_MEASURES = frozenset({"measure", "money"})


class Item(NamedTuple):
    """A name or figure of the claim, with where the sources have it: statements, and places in them."""

    kind: str
    gap: Gap
    found: tuple[tuple[int, int], ...]


def check_exchanged(match: Alignment) -> Iterator[SupportProblem]:
    """Yield two names or figures of the claim, of one kind, that fit better each in the other's place."""
    contexts = tuple(find_contexts(match))
    for one, other in combinations(list(_find_items(match)), 2):
        if one.kind != other.kind or set(one.found) & set(other.found):
            continue
        without = [context for context in contexts if context.place not in one.gap.own | other.gap.own]

        def fit_best(gap: Gap, found: Sequence[tuple[int, int]], without: Sequence[Context] = without) -> float:
            return max(measure_fit(match, without, gap, statement, place) for statement, place in found)

        straight = fit_best(one.gap, one.found) + fit_best(other.gap, other.found)
        crossed = fit_best(one.gap, other.found) + fit_best(other.gap, one.found)
        if crossed > straight * _EXCHANGED_BY + 0.02:
            shown = " and ".join(quote_words(match.claim, each.gap.own) for each in (one, other))
            yield SupportProblem("mixed up", f"The sources have {shown} the other way round.")


def _find_items(match: Alignment) -> Iterator[Item]:
    claim, read = match.claim, match.read
    for run in join_names(claim, read.names):
        found = [(match.best, pair.place) for pair in read.tables[match.best].get(run[-1], ()) if pair.likeness >= 0.9]
        if found:
            kind = "name behind a preposition" if find_preposition(claim, run[0]) else "name"
            yield Item(kind, Gap(frozenset(run), run[-1], ""), tuple(found))
    for number, figure in enumerate(claim.figures):
        found = [
            (at, read.sources.statements[at].figures[other].first) for at, each in enumerate(read.figures) for other in each.get(number, ())
        ]
        if found and figure.kind != "label":
            own = frozenset(range(figure.first, max(figure.end, figure.first + 1))) - figure.nouns
            unit = figure.unit if figure.kind in _MEASURES else ""
            kind = "count" if figure.kind in {"count", "plain"} else f"{figure.kind} {unit}"
            yield Item(kind, Gap(own, figure.first, ""), tuple(found))
