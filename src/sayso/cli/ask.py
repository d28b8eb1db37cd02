"""`sayso ask`: an answer from documents or the web on standard output, its progress on standard error."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from sayso.agents.answering.answer import CheckedAnswer
from sayso.agents.answering.ask_agent import AskOptions
from sayso.agents.answering.ask_agent import ask as ask_agent
from sayso.agents.answering.flow import TRIES
from sayso.agents.answering.sources import PAGES
from sayso.agents.answering.step_agents import STEPS
from sayso.cli.options import BaseUrl, CacheAge, Dialect, Exit, MaxCost, Quiet, SearchIn, read_whole, resolve_model
from sayso.cli.progress import ProgressTree
from sayso.cli.report_file import say
from sayso.cli.stopping import StopSignals
from sayso.console import escape_controls
from sayso.tools.canonical import readable_json
from sayso.tools.documents import Documents
from sayso.tools.documents.folder import sum_up_skipped
from sayso.tools.errors import UsageError
from sayso.workflows import Limits
from sayso.workflows import engine as memory_engine

if TYPE_CHECKING:
    from sayso.agents import Model

RUN = "ask"
"""The id of the run of a question, which is kept in memory until it is answered."""
ModelOfSteps = Annotated[
    list[str] | None,
    Parameter(
        name="--model",
        negative="",
        help="The model, named as for `sayso research`, or STEP=MODEL for one step "
        f"({', '.join(STEPS)}). May be given more than once. Without a model, sentences are quoted.",
    ),
]
DocumentsIn = Annotated[Path | None, Parameter(help="A folder of documents (text, PDF, Word, ...) to answer from, or one file.")]
IndexFile = Annotated[
    Path | None, Parameter(help="With --documents: a file that keeps the passages, so that only changed files are read again.")
]
Links = Annotated[str | None, Parameter(help="With --documents: the address of the folder, for the links of the answer.")]
Password = Annotated[
    str | None,
    Parameter(allow_leading_hyphen=True, help="With --documents: the password of encrypted PDFs; - asks for it, without showing it."),
]
Tries = Annotated[int, Parameter(converter=read_whole, validator=Number(gte=1), help="The most searches to make, each in other words.")]
ReadPages = Annotated[
    int, Parameter(converter=read_whole, validator=Number(gte=1), help="The most pages of the web to read for one search.")
]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print the answer as JSON.")]


def ask(
    question: str,
    *,
    documents: DocumentsIn = None,
    search: SearchIn = None,
    model: ModelOfSteps = None,
    base_url: BaseUrl = None,
    dialect: Dialect = "auto",
    index: IndexFile = None,
    links: Links = None,
    password: Password = None,
    tries: Tries = TRIES,
    pages: ReadPages = PAGES,
    max_cost: MaxCost = None,
    cache_age: CacheAge = None,
    json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Answer a question from documents or the web, with checked citations.

    Each sentence of the answer is stated by the passage that it cites. Ends with 4 if nothing relevant was found, with 5 if no search
    answered.

    Parameters
    ----------
    question
        What you want to know.
    """
    if documents is not None and search is not None:
        raise UsageError("Give --documents or --search, not both: the words of your documents would reach a search engine.")
    about_documents = {"--index": index, "--links": links, "--password": password}
    if documents is None and (given := [name for name, value in about_documents.items() if value is not None]):
        raise UsageError(f"{given[0]} is about documents: give --documents FOLDER as well.")
    with StopSignals() as signals:
        chosen = find_models(model or (), base_url, max_cost)
        options = AskOptions(model=chosen.pop("", None), models=chosen, tries=tries, pages=pages, dialect=dialect)
        if max_cost is not None:
            options["limits"] = Limits(cost_usd=max_cost)
        if cache_age is not None:
            options["cache_age"] = cache_age
        if documents is None:
            options["search"] = search
            return signals.run(_answer(question, options, as_json=json, quiet=quiet))
        tell: Callable[[str], None] = say if not quiet else lambda line: None
        secret = _ask_password() if password == "-" else password or ""
        with Documents.of_folder(documents, index=index or ":memory:", base_url=links, on_progress=tell, password=secret) as opened:
            for skipped in sum_up_skipped(opened.skipped):
                tell(f"Not read: {skipped}")
            options["documents"] = opened
            return signals.run(_answer(question, options, as_json=json, quiet=quiet))


def _ask_password() -> str:
    """Return what is typed without being shown, or the first line of standard input if it is no terminal."""
    return getpass("Password of the documents: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def find_models(named: Sequence[str], base_url: str | None, max_cost: float | None) -> dict[str, Model]:
    """Return the models by the steps that they are for, under "" the one for all others. Raises UsageError for a step given twice."""
    names: dict[str, str | None] = {}
    for each in named:
        step = re.match(r"([a-z_]*)=", each)
        key, name = (step[1], each[step.end() :]) if step else ("", each)
        if key in names:
            raise UsageError(f"--model is given twice{f' for the step {key!r}' if key else ''}. Write STEP=MODEL for a step of its own.")
        if step and key not in STEPS:
            raise UsageError(f"--model {each}: there is no step {key!r}. Steps with a model: {', '.join(STEPS)}.")
        names[key] = name
    found = {step: resolve_model(name, base_url if not step else None, max_cost) for step, name in ({"": None} | names).items()}
    return {step: model for step, model in found.items() if model is not None}


async def _answer(question: str, options: AskOptions, *, as_json: bool, quiet: bool) -> int:
    """Answer and print, and return the exit code."""
    runs = options["engine"] = memory_engine()
    options["run_id"] = RUN
    with nullcontext() if quiet else ProgressTree(question, in_words=True) as tree:
        async for event in ask_agent.run_events(question, **options):
            if tree is not None:
                tree.take(event)
    answer: CheckedAnswer = (await runs.read_turn(RUN)).output
    print(readable_json(show_answer(answer)) if as_json else escape_controls(str(answer)))
    return Exit.NOTHING_FOUND if answer.outcome == "not found" else Exit.OK


def show_answer(answer: CheckedAnswer) -> dict[str, Any]:
    """Return the answer as the fields of its JSON document."""
    return {"found": answer.found, **asdict(answer)}
