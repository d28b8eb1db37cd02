"""The command line: research, demo, chat, calc."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine, Sequence
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, CycloptsError, Parameter

from sayso import __version__
from sayso.tools.errors import SaysoError, UsageError

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
)

ModelName = Annotated[str | None, Parameter(help="A model's name, or an endpoint with one: http://localhost:11434/v1#qwen3.")]
BaseUrl = Annotated[str | None, Parameter(help="An OpenAI-compatible endpoint.")]


@app.command
def research(
    company: str,
    *,
    model: ModelName = None,
    base_url: BaseUrl = None,
    search: str | None = None,
    competitors: int = 5,
    out: Path = Path("reports"),
    max_cost: float | None = None,
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
    """
    from sayso.research_command import Research

    return _run(Research(company, chosen_model(model, base_url), search, competitors, out, max_cost).carry_out())


@app.command
def demo(*, out: Path = Path("reports"), model: ModelName = None, base_url: BaseUrl = None, competitors: int = 9) -> int:
    """Research BettaBurgers on a small web of invented restaurant chains; needs no key and no internet.

    Parameters
    ----------
    out
        A folder for the report, or a file ending in .md.
    competitors
        How many competitors.
    """
    from sayso.research_command import Research

    return _run(Research("BettaBurgers", chosen_model(model, base_url), "sample", competitors, out, None).carry_out())


@app.command
def chat(
    *,
    model: ModelName = None,
    base_url: BaseUrl = None,
    desk: Path = Path("orders.db"),
    customer: str = "9876",
    address: str = "1234 My Street",
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
    """
    from sayso.chat import converse

    answering = chosen_model(model, base_url)
    if answering is None:
        raise UsageError("chat needs a model. Give --model NAME (with OPENAI_API_KEY), or --base-url URL of an OpenAI-compatible endpoint.")
    return _run(converse(answering, desk, customer, address))


@app.command
def calc(expression: Annotated[str, Parameter(allow_leading_hyphen=True)], *, exact: bool = False, places: int | None = None) -> int:
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
    results = [_calculated(line.strip(), exact, places) for line in sys.stdin if line.strip()]
    return Exit.OK if all(results) else Exit.FAILED


def _calculated(expression: str, exact: bool, places: int | None) -> bool:
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
        print(error, file=sys.stderr)
        return False
    return True


def chosen_model(model: str | None, base_url: str | None) -> Model | None:
    """The model that was asked for; with a key in the environment the default one; else None."""
    from sayso.agents import model_from

    if model is None and base_url is None and not os.environ.get("OPENAI_API_KEY"):
        return None
    return model_from(model or ("" if base_url else DEFAULT_MODEL), base_url=base_url)


def _run(work: Coroutine[Any, Any, int]) -> int:
    return asyncio.run(work)


def run(arguments: Sequence[str]) -> int:
    """Run a command; gives its exit code. What went wrong is one sentence on standard error."""
    try:
        code: Any = app(arguments, exit_on_error=False, result_action="return_value")
    except CycloptsError:
        return Exit.USAGE  # it has said what is wrong
    except UsageError as error:
        print(f"sayso: {error}", file=sys.stderr)
        return Exit.USAGE
    except SaysoError as error:
        print(f"sayso: {error}", file=sys.stderr)
        return Exit.FAILED
    except KeyboardInterrupt:
        print("sayso: interrupted", file=sys.stderr)
        return Exit.INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone; there is nobody to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    return int(code or 0)
