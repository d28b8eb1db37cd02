"""Ask a question: `ask.run_sync("Is there parking for staff?", documents="policies", model="gpt-5-mini")`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

from sayso.tools.approval.grant import Grant
from sayso.tools.documents import Documents
from sayso.tools.errors import UsageError
from sayso.workflows import RunResult, Workflow
from sayso.workflows.workflow import SharedRunOptions, reject_option, run_in_new_loop

from ..research.sources import CACHE_AGE, open_sources
from .answer import CheckedAnswer
from .flow import TRIES, agentic_rag
from .sources import PAGES, DocumentSource, PassageSource, WebSource

if TYPE_CHECKING:
    from sayso.tools.web import Search, Web
    from sayso.workflows import RunEnded
    from sayso.workflows.events.event_types import AnyEvent

    from ..models.model import Model


class AskOptions(SharedRunOptions, total=False):
    """The options of a question beside those of its run; see AskAgent."""

    documents: Documents | Path | str | None
    index: Path | str
    search: str | Search | None
    web: Web | None
    model: str | Model | None
    models: Mapping[str, str | Model] | None
    tries: int
    pages: int
    dialect: str
    cache_age: str


class AskAgent:
    """Answers questions from documents or from the web: `ask.run_sync("Is there parking?", documents="policies")`.

    `documents` is a folder, a file, or Documents; `index` is the file in which the passages of a folder are kept for the next time. Without
    documents the web is searched: `search` and `web` are those of a research, and at most `pages` pages are read for each search. `model`
    takes all steps, `models` single ones by name (router, judge, rewriter, writer); without a model, sentences are quoted. At most `tries`
    searches are made, in other words each time.
    """

    async def run(self, question: str, **options: Unpack[AskOptions]) -> RunResult[CheckedAnswer]:
        """Answer a question; the result's `.output` is a CheckedAnswer.

        Raises UsageError for documents that cannot be read, SearchFailed if no search answers, ModelError, LimitReached.
        """
        async with _open_flow(**options) as (flow, grants, run_options):
            return await flow.run(question, grants=grants, **run_options)

    def run_sync(self, question: str, **options: Unpack[AskOptions]) -> RunResult[CheckedAnswer]:
        """Call `run` from a program without an event loop."""
        return run_in_new_loop(lambda: self.run(question, **options), "run_sync")

    async def run_events(self, question: str, **options: Unpack[AskOptions]) -> AsyncGenerator[AnyEvent, None]:
        """Answer as `run` does and yield the public events as they happen: see sayso.events. `engine.result(run_id)` has the answer."""
        async with (
            _open_flow(**options) as (flow, grants, run_options),
            aclosing(flow.run_events(question, grants=grants, **run_options)) as told,
        ):
            async for event in told:
                yield event

    async def run_stream(self, question: str, **options: Unpack[AskOptions]) -> AsyncGenerator[AnyEvent | RunEnded, None]:
        """Answer as `run` does and yield what `run_events` does, and RunEnded with the result last."""
        async with (
            _open_flow(**options) as (flow, grants, run_options),
            aclosing(flow.run_stream(question, grants=grants, **run_options)) as told,
        ):
            async for event in told:
                yield event

    async def stream_emitted(self, question: str, **options: Unpack[AskOptions]) -> AsyncGenerator[Any, None]:
        """Answer as `run` does and yield what the engine itself emits: see `Workflow.stream_emitted`."""
        async with _open_flow(**options) as (flow, grants, run_options):
            async for event in flow.stream_emitted(question, grants=grants, **run_options):
                yield event


class _Opened(NamedTuple):
    flow: Workflow[str, CheckedAnswer]
    grants: tuple[Grant, ...]
    options: SharedRunOptions


@asynccontextmanager
async def _open_flow(
    *,
    documents: Documents | Path | str | None = None,
    index: Path | str = ":memory:",
    search: str | Search | None = None,
    web: Web | None = None,
    model: str | Model | None = None,
    models: Mapping[str, str | Model] | None = None,
    tries: int = TRIES,
    pages: int = PAGES,
    dialect: str = "auto",
    cache_age: str = CACHE_AGE,
    **options: Unpack[SharedRunOptions],
) -> AsyncIterator[_Opened]:
    """Open the source, and yield the flow with the grants and options of its run; what was opened is closed at the end."""
    for name in options.keys() - SharedRunOptions.__optional_keys__:
        reject_option(name, AskOptions.__optional_keys__)
    if documents is not None and (search is not None or web is not None):
        raise UsageError("Ask the documents or the web, not both at once: the words of your documents would reach a search engine.")
    if pages < 1:
        raise UsageError(f"pages={pages}: read at least one.")

    def make(source: PassageSource) -> _Opened:
        return _Opened(agentic_rag(source, model, models=models, tries=tries, dialect=dialect, name="ask"), source.grants, options)

    if isinstance(documents, Documents):
        yield make(DocumentSource(documents))
    elif documents is not None:
        with Documents.of_folder(documents, index=index) as opened:
            yield make(DocumentSource(opened))
    else:
        async with open_sources(search, web, None, cache_age) as (find, pages_of_web):
            yield make(WebSource(find, pages_of_web, pages=pages))


ask: AskAgent = AskAgent()
