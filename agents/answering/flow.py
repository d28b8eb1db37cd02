"""Agentic RAG: search, judge whether the passages answer, ask in other words and search again, then write with checked citations.

A model never has the last word: what its sentences say has to be stated by a passage, a question that the documents' words answer is not
turned away because a judge says so, and only what asks for nothing is small talk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from sayso.tools.documents import Documents, Passage, show_passages
from sayso.tools.documents.claims import is_answer_particle
from sayso.tools.documents.picking import measure_coverage, pick_answer, pick_sentence, split_passage_sentences
from sayso.tools.documents.query_words import query_words
from sayso.tools.documents.settling import Settled, settle_answer
from sayso.tools.errors import OutputError, UsageError
from sayso.workflows import Draft, Run, Workflow, conditional, iterate, sequential
from sayso.workflows.runs.events import Progress

from .answer import CheckedAnswer, CitedPassage, LeftOutSentence, say_not_found
from .hunt import Hunt, SearchRound
from .sources import DocumentSource, PassageSource, drop_orders
from .step_agents import StepAgents, make_agents
from .talking import asks_for_something, is_formula, make_greeting

if TYPE_CHECKING:
    from ..models.model import Model

TRIES = 3
"""How many searches are made for a question, in other words each time."""
MOST_CHARACTERS = 2_000
LONGEST_SEARCH = 200
MOST_NEAREST = 3
MOST_QUOTED = 2
ABOUT_THE_QUESTION = 0.75
"""The share of the question's words that an answer has to have which was asked for twice."""


def agentic_rag(
    source: Documents | PassageSource,
    model: str | Model | None = None,
    *,
    models: Mapping[str, str | Model] | None = None,
    tries: int = TRIES,
    dialect: str = "auto",
    name: str = "agentic_rag",
) -> Workflow[str, CheckedAnswer]:
    """Return the workflow from a question to a CheckedAnswer whose every sentence is stated by a passage that it cites.

    `source` are documents, or a WebSource. `model` takes all steps, `models` single ones: {"writer": "gpt-5", "judge": "ollama:qwen3"}; the
    steps are router, judge, rewriter and writer. Without a model sentences of the passages are quoted. At most `tries` searches are made.
    """
    if tries < 1:
        raise UsageError(f"tries={tries}: search at least once.")
    found_in = DocumentSource(source) if isinstance(source, Documents) else source
    steps = _Steps(found_in, make_agents(model, models or {}, dialect), tries)
    search_again = sequential(steps.rewrite, steps.retrieve, steps.judge, steps.write, name="search_again")
    more = iterate(search_again, until=steps.is_over, max_rounds=tries, name="more")
    again = conditional(steps.is_over, {True: steps.keep, False: more}, name="again")
    look_up = sequential(steps.judge, steps.write, again, steps.finish, name="look_up")
    routed = conditional(steps.is_talk, {True: steps.talk, False: look_up}, name="routed")
    return sequential(steps.begin, steps.retrieve, steps.route, routed, name=name)


class _Steps:
    """The steps of the workflow over a source of passages."""

    def __init__(self, source: PassageSource, agents: StepAgents, tries: int) -> None:
        self.source, self.agents, self.tries = source, agents, tries

    async def begin(self, question: str) -> Hunt:
        """Begin with the question as it was asked."""
        asked = " ".join(question.split())
        if not asked:
            raise UsageError("Nothing was asked. Give a question.")
        if len(asked) > MOST_CHARACTERS:
            raise UsageError(f"The question has {len(asked):,} characters; at most {MOST_CHARACTERS:,} are searched for.")
        return Hunt(asked, words=asked)

    async def retrieve(self, run: Run, hunt: Hunt) -> Hunt:
        """Search for the words that are to be searched for next."""
        if not hunt.words:
            return hunt
        found = await self.source.look(run, hunt.words, hunt.passages)
        passages = tuple(replace(passage, text=drop_orders(passage.text)) for passage in found.passages)
        searched = SearchRound(hunt.words, passages, found.fits)
        return replace(hunt, rounds=(*hunt.rounds, searched), unread=tuple(dict.fromkeys((*hunt.unread, *found.unread))))

    async def route(self, run: Run, hunt: Hunt) -> Hunt:
        """Take for small talk only what asks for nothing, has no words of the documents, and is small talk by the router as well.

        Of "good morning" the documents' words tell nothing.
        """
        asks = not is_formula(hunt.question) and (hunt.last.fits or asks_for_something(hunt.question))
        if self.agents.router is None or asks:
            return hunt
        try:
            return replace(hunt, is_talk=await run.child("router", self.agents.router, hunt.question) == "talk")
        except OutputError:
            return hunt

    def is_talk(self, hunt: Hunt) -> bool:
        """Return whether the question is small talk."""
        return hunt.is_talk

    async def judge(self, run: Run, hunt: Hunt) -> Hunt:
        """Let the judge choose the passages that answer; without one, or if it says nothing of use, none is chosen."""
        if self.agents.judge is None or not hunt.words or not hunt.last.passages:
            return hunt
        run.publish(Progress(run.id, "judge", f"Judging {len(hunt.last.passages)} passages"))
        try:
            numbers = await run.child("judge", self.agents.judge, f"{show_passages(hunt.last.passages)}\n\n{hunt.question}")
        except OutputError:
            return hunt
        known = {passage.number for passage in hunt.last.passages}
        return hunt.judge(tuple(number for number in dict.fromkeys(numbers) if number in known))

    async def rewrite(self, run: Run, hunt: Hunt) -> Hunt:
        """Put the question in other words. Empty words mean that there are no others."""
        assert self.agents.rewriter is not None  # is_over holds without one
        asked = f"{hunt.question}\nSearched for: {'; '.join(hunt.searched)}"
        words = _clean_words(await run.child("rewriter", self.agents.rewriter, asked))
        tried = {frozenset(query_words(each)) for each in hunt.searched}
        return replace(hunt, words="" if is_answer_particle(words) or frozenset(query_words(words)) in tried else words)

    def is_over(self, hunt: Hunt) -> bool:
        """Return whether no more is searched for: there is an answer, the tries are used up, or there are no other words."""
        return hunt.answer is not None or self.agents.rewriter is None or not hunt.words or len(hunt.rounds) >= self.tries

    async def keep(self, hunt: Hunt) -> Hunt:
        """Go on with what was found."""
        return hunt

    async def write(self, run: Run, hunt: Hunt) -> Hunt:
        """Write from the passages that the judge chose; without a judge, from those that seem to answer."""
        if not hunt.words:
            return hunt
        fitting = hunt.last.passages if self.agents.judge is None and hunt.last.fits else ()
        return await self._write(run, hunt, hunt.last.useful or fitting)

    async def finish(self, run: Run, hunt: Hunt) -> CheckedAnswer:
        """Return the answer. Where there is none, all passages that seem to answer are read once more: judges and writers make mistakes."""
        fitting = next((each.passages for each in hunt.rounds if each.fits), ())
        if hunt.answer is None and tuple(passage.number for passage in fitting) not in hunt.shown:
            hunt = await self._write(run, hunt, fitting)
        chosen = self.agents.judge is None or any(each.chosen for each in hunt.rounds)
        if hunt.answer is None and fitting and chosen:
            hunt = await run.child("insist", self._insist, hunt)
        return hunt.answer or self._make_not_found(hunt)

    async def _insist(self, run: Run, hunt: Hunt) -> Hunt:
        """Ask a writer that has found nothing, against the judge and the words, once more; its answer has to be about what was asked."""
        if self.agents.insister is None:
            return hunt
        passages = next(each.passages for each in hunt.rounds if each.fits)
        draft = await run.child("insister", self.agents.insister, f"{show_passages(passages)}\n\n{hunt.question}")
        settled = await asyncio.to_thread(settle_answer, draft, passages, self.source.mark, quote_for=hunt.question)
        if settled.refused or measure_coverage(hunt.question, settled.text) < ABOUT_THE_QUESTION:
            return hunt
        return replace(hunt, answer=self._make_answer(hunt, settled, self.agents.insister.model.name))

    async def _write(self, run: Run, hunt: Hunt, passages: tuple[Passage, ...]) -> Hunt:
        """Write an answer; what no passage states goes back to the writer once, and is left out then."""
        if not passages:
            return hunt
        writer = self.agents.writer
        if writer is None:
            return replace(hunt, answer=self._quote(hunt, passages))
        run.publish(Progress(run.id, "write", f"Writing from {len(passages)} passage{'s' if len(passages) > 1 else ''}"))
        asked = f"{show_passages(passages)}\n\n{hunt.question}"
        draft = await run.child("writer.0", writer, asked)
        settled = await asyncio.to_thread(self._settle, draft, passages)
        if settled.removed:
            problems = [f"{removed.sentence} {removed.reason}" for removed in settled.removed]
            second = await run.child("writer.1", writer, str(Draft(asked, draft, problems)))
            settled = await asyncio.to_thread(self._choose, hunt.question, (draft, second), passages)
        if settled.statements and not settled.refused:
            return replace(hunt, answer=self._make_answer(hunt, settled, writer.model.name))
        # Nothing that it wrote holds: the passages' own words instead.
        quoted = self._quote(hunt, passages) if hunt.fits and not settled.refused else None
        if quoted is None:
            return replace(hunt, shown=(*hunt.shown, tuple(passage.number for passage in passages)))
        return replace(hunt, answer=replace(quoted, left_out=_tell_removed(settled)))

    def _settle(self, draft: str, passages: tuple[Passage, ...]) -> Settled:
        return settle_answer(draft, passages, self.source.mark)

    def _choose(self, question: str, drafts: tuple[str, ...], passages: tuple[Passage, ...]) -> Settled:
        """Return the draft that holds without a quote in the place of a sentence, else the one that says most of what is asked."""
        whole = [settled for draft in drafts if not (settled := self._settle(draft, passages)).removed]
        quoted = [settle_answer(draft, passages, self.source.mark, quote_for=question) for draft in drafts]
        best = max((*whole, *quoted), key=lambda each: (round(measure_coverage(question, each.text), 2), -len(each.removed)))
        return whole[-1] if whole and whole[-1].refused else best

    def _quote(self, hunt: Hunt, passages: tuple[Passage, ...]) -> CheckedAnswer | None:
        """Answer with the sentences of the passages that hold most of what is asked; None where they only ask it themselves."""
        picked = [(each.passage.number, each.text) for each in pick_answer(hunt.question, passages)]
        if not picked and not measure_coverage(hunt.question, passages[0].text):  # found by what they mean: no word is shared
            picked = [(passages[0].number, text) for text in islice(split_passage_sentences(passages[0]), MOST_QUOTED)]
        if not picked:
            return None
        text = " ".join(f"“{text}” {self.source.mark(number)}" for number, text in picked)
        numbers = {number for number, _ in picked}
        sources = tuple(self._make_source(passage) for passage in passages if passage.number in numbers)
        return replace(self._begin_answer(hunt, text), sources=sources)

    def _make_answer(self, hunt: Hunt, settled: Settled, written: str) -> CheckedAnswer:
        known = {passage.number: passage for passage in hunt.passages}
        quotes: dict[int, list[str]] = {}
        for statement in settled.statements:
            for number in statement.numbers:
                evidence = pick_sentence(statement.sentence, [known[number]])
                quotes.setdefault(number, []).extend([evidence.text] if evidence is not None else [])
        sources = tuple(self._make_source(known[number], *dict.fromkeys(texts)) for number, texts in quotes.items())
        answer = self._begin_answer(hunt, settled.text)
        own_words = any(not statement.instead for statement in settled.statements)
        return replace(answer, sources=sources, written=written if own_words else "", left_out=_tell_removed(settled))

    def _make_not_found(self, hunt: Hunt) -> CheckedAnswer:
        """Say that there is no answer, and name the nearest passages."""
        nearest = hunt.rounds[0].passages or hunt.passages
        answer = self._begin_answer(hunt, say_not_found(self.source.where))
        said = {passage.number: pick_sentence(hunt.question, [passage]) if hunt.fits else None for passage in nearest[:MOST_NEAREST]}
        sources = [self._make_source(each, *([quote.text] if (quote := said[each.number]) else [])) for each in nearest[:MOST_NEAREST]]
        return replace(answer, outcome="not found", near=hunt.fits, sources=tuple(sources))

    async def talk(self, hunt: Hunt) -> CheckedAnswer:
        """Answer small talk with what can be asked here: nothing that a model would have to know."""
        return CheckedAnswer(hunt.question, make_greeting(self.source, hunt.passages), "talk")

    def _begin_answer(self, hunt: Hunt, text: str) -> CheckedAnswer:
        return CheckedAnswer(hunt.question, text, "answered", searched=hunt.searched, read=len(hunt.passages), unread=hunt.unread)

    def _make_source(self, passage: Passage, *quotes: str) -> CitedPassage:
        return CitedPassage(self.source.mark(passage.number), passage.place, passage.link or passage.file, quotes)


def _tell_removed(settled: Settled) -> tuple[LeftOutSentence, ...]:
    return tuple(LeftOutSentence(removed.sentence, removed.reason) for removed in settled.removed)


def _clean_words(text: Any) -> str:
    """Return the first line of what a model wrote as words to search for, without marks around it."""
    line = next((line for line in str(text).splitlines() if line.strip()), "")
    return " ".join(line.strip(" \"'“”*-`").split())[:LONGEST_SEARCH]
