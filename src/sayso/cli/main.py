"""The command line: research, demo, chat, calc, draw, doctor here; what is done with kept runs in files of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine, Sequence
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, CycloptsError, Parameter
from cyclopts.validators import Number

from sayso import __version__
from sayso.tools.errors import LimitReached, SaysoError, UsageError

if TYPE_CHECKING:
    from sayso.agents import Model

DEFAULT_MODEL = "gpt-5-mini"


class Exit(IntEnum):
    """How a command ended."""

    OK = 0
    FAILED = 1
    USAGE = 2
    WAITS = 3
    INTERRUPTED = 130


app = App(
    name="sayso",
    version=__version__,
    help="Agents that act, and act only on your say-so.",
    help_epilogue="Exit codes: 0 done, 1 failed, 2 wrong usage, 3 waits for an approval, 130 interrupted.",
    suppress_keyboard_interrupt=False,  # `run` says that it was interrupted
)

ModelName = Annotated[
    str | None,
    Parameter(
        help="A model's name, an endpoint with one (http://localhost:11434/v1#qwen3), or a model on this machine: a file (PATH.gguf), or "
        f"its name at a model hub (local:OWNER/REPOSITORY:Q4_K_M). With OPENAI_API_KEY set: {DEFAULT_MODEL}."
    ),
]
Dialect = Annotated[
    str, Parameter(help="How the model writes calls: auto, native, or a family's own way (call, hermes, llama3, mistral, ...).")
]
BaseUrl = Annotated[str | None, Parameter(help="An OpenAI-compatible endpoint; without --model, the one model it has.")]
Competitors = Annotated[int, Parameter(validator=Number(gte=1))]
MaxCost = Annotated[float | None, Parameter(validator=Number(gt=0))]
Places = Annotated[int | None, Parameter(validator=Number(gte=0, lte=1000))]
KeptIn = Annotated[
    str | None, Parameter(help="Keep the run here: sqlite:///runs.db or postgresql://user@host/name; it goes on after Ctrl-C and kill -9.")
]
Quiet = Annotated[bool, Parameter(negative="")]


@app.command
def research(
    company: str,
    *,
    model: ModelName = None,
    base_url: BaseUrl = None,
    dialect: Dialect = "auto",
    search: str | None = None,
    competitors: Competitors = 5,
    out: Path = Path("reports"),
    max_cost: MaxCost = None,
    quiet: Quiet = False,
    database: KeptIn = None,
    run_id: str | None = None,
) -> int:
    """Research a company's competitors: a report in which every claim has a quote from a page.

    Parameters
    ----------
    company
        Whose competitors.
    search
        Where to look: duckduckgo, auto, sample, a folder, or a site's address. Default: SAYSO_SEARCH, else duckduckgo.
    competitors
        How many competitors.
    out
        A folder for the report, or a file ending in .md.
    max_cost
        The most that model calls may cost, in US dollars.
    quiet
        Say only what went wrong, and where the report is.
    run_id
        With --database: the run to go on with, or what a new one is to be called.
    """
    from sayso.cli.research import Research, report_path

    answering = chosen_model(model, base_url, max_cost)
    if kept(database, run_id):
        from sayso.cli.builtin_app import ResearchTask, model_place
        from sayso.cli.kept_research import research_kept

        name, at = model_place(model, base_url, answering.name) if answering is not None else (None, None)
        task = ResearchTask(company, name, at, search, competitors, str(report_path(out, company).absolute()), dialect)
        return _run(research_kept(task, database, run_id, max_cost, quiet))
    return _run(Research(company, answering, search, competitors, out, max_cost, quiet, dialect).execute())


@app.command
def demo(
    *,
    out: Path = Path("reports"),
    model: ModelName = None,
    base_url: BaseUrl = None,
    dialect: Dialect = "auto",
    competitors: Competitors = 9,
    max_cost: MaxCost = None,
    quiet: Quiet = False,
) -> int:
    """Research BettaBurgers on a small web of invented restaurant chains; needs no key and no internet.

    Parameters
    ----------
    out
        A folder for the report, or a file ending in .md.
    competitors
        How many competitors.
    max_cost
        The most that model calls may cost, in US dollars.
    quiet
        Say only what went wrong, and where the report is.
    """
    from sayso.cli.research import Research

    answering = chosen_model(model, base_url, max_cost)
    return _run(Research("BettaBurgers", answering, "sample", competitors, out, max_cost, quiet, dialect).execute())


@app.command
def chat(
    *,
    model: ModelName = None,
    base_url: BaseUrl = None,
    dialect: Dialect = "auto",
    desk: Path = Path("orders.db"),
    customer: str = "9876",
    address: str = "1234 My Street",
    database: KeptIn = None,
    run_id: str | None = None,
) -> int:
    """Order food in words. Nothing is ordered before you say yes to the card.

    Parameters
    ----------
    desk
        The order book, an SQLite file.
    customer
        The number of the customer who is signed in.
    address
        Where that customer lives.
    run_id
        With --database: the conversation to go on with, or what a new one is to be called.
    """
    from sayso.cli.chat import converse

    answering = chosen_model(model, base_url)
    if answering is None:
        raise UsageError("chat needs a model. Give --model NAME (with OPENAI_API_KEY), or --base-url URL of an OpenAI-compatible endpoint.")
    if kept(database, run_id):
        from sayso.cli.builtin_app import ChatTurn, model_place
        from sayso.cli.kept_chat import converse_kept

        settings = ChatTurn("", *model_place(model, base_url, answering.name), str(desk.absolute()), customer, address, dialect=dialect)
        return _run(converse_kept(answering, settings, database, run_id))
    return _run(converse(answering, desk, customer, address, dialect))


def kept(database: str | None, run_id: str | None) -> bool:
    """Whether a run is to outlive its program. UsageError for a run id and nowhere to keep it."""
    if database is not None or os.environ.get("SAYSO_DATABASE"):
        return True
    if run_id is not None:
        raise UsageError("--run-id names a run that is kept: say where, with --database sqlite:///runs.db (or SAYSO_DATABASE).")
    return False


KEPT_RUNS = {
    "cli.runs:runs": "List the runs of a database: how each stands, what it waits for, what it cost.",
    "cli.runs:show": "Tell the story of a run; --follow tells it live.",
    "cli.decide:approve": "Say yes to a request that waits, after reading its card.",
    "cli.decide:reject": "Say no to a request that waits.",
    "cli.decide:edit": "Ask for other arguments: a new request.",
    "cli.resume:resume": "Carry a run on here, where it was.",
    "cli.decide:cancel": "Stop a run before its next step.",
    "cli.verify:verify": "Recompute the hash chain of a run: what was changed, what is missing.",
    "cli.verify:export": "Print a run with its whole log as one JSON document.",
    "cli.replay:replay": "Run the code of now over a run's journal, acting on nothing: same, or the first difference.",
    "cli.worker:start": "Hand a run to the workers of an app.",
    "cli.worker:worker": "Carry the runs of an app until stopped.",
}
for _place, _help in KEPT_RUNS.items():
    app.command(f"sayso.{_place}", help=_help)  # loaded when it is used


@app.command
def calc(expression: Annotated[str, Parameter(allow_leading_hyphen=True)], *, exact: bool = False, places: Places = None) -> int:
    """Calculate exactly.

    Parameters
    ----------
    expression
        What to calculate, or - for one expression a line from standard input.
    exact
        Print the exact value (a fraction, a root) instead of a decimal.
    places
        So many decimal places.
    """
    if expression != "-":
        return Exit.OK if _calculated(expression, exact, places) else Exit.FAILED
    lines = enumerate(sys.stdin, start=1)
    results = [_calculated(line.strip(), exact, places, f"Line {number}: ") for number, line in lines if line.strip()]
    return Exit.OK if all(results) else Exit.FAILED


@app.command
def draw(place: str) -> int:
    """Draw a workflow as Mermaid text, for https://mermaid.live, a README or a page.

    Parameters
    ----------
    place
        Where it is: module:name, or path/to/file.py:name.
    """
    from sayso.cli.load_object import named
    from sayso.workflows.shapes.mermaid import mermaid

    print(mermaid(named(place)), end="")
    return Exit.OK


@app.command
def doctor(
    *,
    model: ModelName = None,
    base_url: BaseUrl = None,
    search: str | None = None,
    database: str | None = None,
    seconds: Annotated[float, Parameter(validator=Number(gte=1))] = 20,
) -> int:
    """Look at what works here: the walls around each tool, model, search, database, terminal.

    Parameters
    ----------
    search
        Where research would look; it is asked for one word.
    database
        Where runs would be kept, like sqlite:///runs.db.
    seconds
        How long it may take at most.
    """
    from sayso.cli.doctor import report

    return report(model, base_url, search, database, seconds)


def _calculated(expression: str, exact: bool, places: int | None, place: str = "") -> bool:
    from sayso.tools import CalculationError, calculate

    try:
        result = calculate(expression)
        if exact:
            print(result.exact)
        elif places is not None:
            print(f"{result:.{places}f}")
        else:
            print(result.text)
    except CalculationError as error:
        sys.stdout.flush()  # so that it stands after the answers to the lines before
        print(f"{place}{error}", file=sys.stderr, flush=True)
        return False
    return True


def chosen_model(model: str | None, base_url: str | None, max_cost: float | None = None) -> Model | None:
    """The model that was asked for; with a key in the environment the default one; else None.

    UsageError when its calls are to cost at most `max_cost` and nobody knows what they cost.
    """
    from sayso.agents import LocalModel, model_from
    from sayso.console import ask_to_fetch

    if model is None and base_url is None and not os.environ.get("OPENAI_API_KEY"):
        return None
    found = model_from(model or ("" if base_url else DEFAULT_MODEL), base_url=base_url, fetch=ask_to_fetch)
    if isinstance(found, LocalModel):
        found.load()  # what it asks, it asks before the work begins
        return found
    if max_cost is not None and not _has_price(found.name, base_url or (model if model and "://" in model else None)):
        raise UsageError(f"No price is known for {found.name!r} there, so --max-cost cannot be kept. Leave it out, or name another model.")
    return found


def _has_price(name: str, url: str | None) -> bool:
    """Whether it is known what a model's calls cost; on this machine they cost nothing."""
    from sayso.agents.models.endpoint import find_endpoint
    from sayso.agents.models.prices import price

    at = find_endpoint(name, url.partition("#")[0] if url else None, None, timeout_seconds=10)
    return at.is_local or price(name, 1, 1, base_url=at.url) is not None


def _run(work: Coroutine[Any, Any, int]) -> int:
    return asyncio.run(work)


def run(arguments: Sequence[str], program: App = app) -> int:
    """Run a command; gives its exit code. What went wrong is one sentence on standard error."""
    try:
        code: Any = program([_readable(argument) for argument in arguments], exit_on_error=False, result_action="return_value")
        print(end="", flush=True)  # a full disk shows here, and not after the exit code is given
    except CycloptsError:
        return Exit.USAGE  # it has said what is wrong
    except UsageError as error:
        return _failed(error, Exit.USAGE)
    except SaysoError as error:
        return _failed(error, Exit.FAILED)
    except UnicodeDecodeError as error:
        return _failed(UsageError(f"What was read is not text in {error.encoding}: {error.reason} at byte {error.start}."), Exit.USAGE)
    except KeyboardInterrupt as error:
        return _failed(error, Exit.INTERRUPTED)
    except OSError as error:
        if not isinstance(error, BrokenPipeError):  # the reader of our output has gone; there is nobody to tell
            _failed(error, Exit.FAILED)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what could not be written is not tried again at the end
        return Exit.FAILED
    return int(code or 0)


def words_for(error: BaseException) -> str:
    """Why a command stopped, in terms of the command line."""
    if isinstance(error, (KeyboardInterrupt, asyncio.CancelledError)):
        return "interrupted"
    if isinstance(error, LimitReached) and error.limit == "cost_usd":
        return f"The next model call could bring the cost to {error.seen:.3g} US dollars; --max-cost is {error.allowed:g}."
    return str(error) if isinstance(error, (SaysoError, OSError)) else repr(error)


def _failed(error: BaseException, code: Exit) -> Exit:
    from sayso.console import plain

    print(f"sayso: {plain(words_for(error))}", file=sys.stderr)
    return code


def _readable(argument: str) -> str:
    """An argument whose bytes are no text, as text that can be written down."""
    return os.fsencode(argument).decode("utf-8", "replace")
