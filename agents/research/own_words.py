"""A model's own words for what a report would only quote, and a second opinion about what it has put into words of its own.

A model that reads a page may copy its sentences. The best of them are handed back to it one by one, to be said in other words. The gate
has the last word about what comes of it: where it refuses, the page's own words stay.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sayso.tools.errors import IncompleteReply, OutputError
from sayso.tools.truth.languages import find_language
from sayso.workflows import Run

from .budget import BudgetEnded, BudgetWatch
from .gating import gate_claims, quote_instead
from .report_values import Claim, Withdrawn
from .state import Visit

if TYPE_CHECKING:
    from ..agent import Agent
    from .stage_prompts import Opinion, Reworded

MOST_REWORDED = 8
"""How many sentences of a site are handed back to be said in other words, each in a short question."""
MOST_OPINIONS = 24
"""How many sentences of a site a second opinion is asked about."""
DOUBTED = "a second reading found that the page does not say it"
_WHOLE = re.compile(r"[.!。！][\"')\]]*\Z")


@dataclass(frozen=True, slots=True)
class OwnWords:
    """Has quotes said in other words by `writer`, and what a model has worded read a second time by `reader`, if there is one."""

    writer: Agent[Reworded]
    watch: BudgetWatch
    reader: Agent[Opinion] | None = None

    async def word(self, run: Run, visit: Visit) -> Visit:
        """Return the visit with its best quotes in a model's own words, without what a second reading does not find on the page."""
        return await self.ask_again(run, await self.reword(run, visit))

    async def reword(self, run: Run, visit: Visit) -> Visit:
        """Return the visit with the best of its quotes in a model's own words, where the page says the same."""
        from .stage_prompts import rewording_question  # late, for load time

        name, claims, withdrawn = visit.candidate.name, list(visit.claims), list(visit.withdrawn)
        for number, place in enumerate(choose_quotes(claims)):
            claim = claims[place]
            try:
                said = await self.watch.ask(run, f"reword.{number}", self.writer, rewording_question(name, claim.text))
            except (IncompleteReply, OutputError, BudgetEnded):
                break  # whoever cannot answer this will not answer the next one
            written = replace(claim, text=" ".join(said.text.split()), written="model")
            kept, away = await asyncio.to_thread(gate_claims, [written], visit.pages, name)
            if kept and kept[0].written == "model" and all(kept[0].text != each.text for each in claims):
                claims[place] = kept[0]
            elif away and not any(each.text == away[0].text for each in withdrawn):
                withdrawn.append(replace(away[0], replaced=True))
        return replace(visit, claims=tuple(claims), withdrawn=tuple(withdrawn))

    async def ask_again(self, run: Run, visit: Visit) -> Visit:
        """Return the visit without the sentences in a model's words that a second reading does not find on the page."""
        if self.reader is None:
            return visit
        name, kept, withdrawn = visit.candidate.name, list[Claim](), list(visit.withdrawn)
        worded = [claim for claim in visit.claims if claim.written == "model"][:MOST_OPINIONS]
        for claim in visit.claims:
            if claim not in worded or not await self._is_doubted(run, self.reader, claim, name, worded.index(claim)):
                kept.append(claim)
                continue
            instead = await asyncio.to_thread(quote_instead, claim, visit.pages, name)
            kept += [instead] if instead is not None else []
            withdrawn.append(Withdrawn(name, claim.text, DOUBTED, replaced=instead is not None))
        dropped = sum(1 for each in withdrawn if not each.replaced)
        return replace(visit, claims=tuple(dict.fromkeys(kept)), withdrawn=tuple(withdrawn), dropped=dropped)

    async def _is_doubted(self, run: Run, reader: Agent[Opinion], claim: Claim, name: str, number: int) -> bool:
        """Return whether a second reading says that the page does not say it. Where there is no answer there is no doubt."""
        from .stage_prompts import opinion_question  # late, for load time

        try:
            opinion = await self.watch.ask(run, f"opinion.{number}", reader, opinion_question(name, claim.quote, claim.text))
        except (IncompleteReply, OutputError, BudgetEnded):
            return False
        return opinion.says_so == "no"


def choose_quotes(claims: Sequence[Claim]) -> list[int]:
    """Return the places of the claims to say in other words: the first quotes of each aspect in turn, whole sentences before lines."""
    quoted = [place for place, claim in enumerate(claims) if _is_sentence(claim) and not claim.old and _is_checkable(claim)]
    turns: dict[str, int] = {}
    order: list[tuple[bool, int, int]] = []
    for place in quoted:
        topic = claims[place].topic
        order.append((not _WHOLE.search(claims[place].quote.strip()), turns.get(topic, 0), place))
        turns[topic] = turns.get(topic, 0) + 1
    return [place for *_, place in sorted(order)[:MOST_REWORDED]]


def _is_sentence(claim: Claim) -> bool:
    """Return whether a claim is in the page's words: a quote, or a sentence of a description, which stands among the page's data."""
    return claim.written == "quote" or (
        claim.written == "data" and not claim.subject and claim.value == claim.text and bool(_WHOLE.search(claim.text))
    )


def _is_checkable(claim: Claim) -> bool:
    """Return whether a quote is in English: other words of another language are seldom found to say the same."""
    return find_language(_find_words(claim.text)) in ("", "en")


def _find_words(text: str) -> Iterator[str]:
    return (found[0].casefold() for found in re.finditer(r"[^\W\d_]+", text))
