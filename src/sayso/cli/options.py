"""Options and exit codes that several commands share, and the language model that a command names."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter, Token
from cyclopts.validators import Number

from sayso.tools.errors import LimitReached, SaysoError, UsageError

if TYPE_CHECKING:
    from sayso.agents import Model

DEFAULT_MODEL = "gpt-5-mini"
MODEL_VARIABLE = "SAYSO_MODEL"
NAME_A_MODEL = (
    f"Give --model NAME (ollama:qwen3, anthropic:claude-sonnet-4-5, or {DEFAULT_MODEL} with OPENAI_API_KEY), "
    "or --base-url URL of an OpenAI-compatible endpoint."
)
DATABASE_VARIABLE = "SAYSO_DATABASE"
KEY_VARIABLE = "SAYSO_KEY"
DEFAULT_DATABASE = "sayso.db"


class Exit(IntEnum):
    """The exit code of a command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    WAITS = 3
    NOTHING_FOUND = 4
    SEARCH_FAILED = 5
    INTERRUPTED = 130


def check_above_zero(kind: object, value: float | None) -> None:
    """Raise ValueError for what is no number above zero."""
    if value is not None and not (value > 0 and math.isfinite(value)):
        raise ValueError("Must be a number above zero.")


def read_whole(kind: object, tokens: Sequence[Token]) -> int:
    """Return the whole number that was written. Raises ValueError for anything else: 1.5 is not rounded."""
    written = tokens[0].value
    try:
        return int(written)
    except ValueError:
        raise ValueError(f"Must be a whole number, and {written!r} is none.") from None


_MODEL_HELP = (
    "A provider and its model (openai:gpt-5.6, anthropic:claude-sonnet-4-5, ollama:qwen3, ...), an endpoint with one "
    "(http://localhost:8000/v1#qwen3), or a model on this machine: a file (PATH.gguf), or its name at a model hub "
    f"(local:OWNER/REPOSITORY:Q4_K_M). Default: ${MODEL_VARIABLE}, else {DEFAULT_MODEL} if OPENAI_API_KEY is set."
)
ModelName = Annotated[str | None, Parameter(help=_MODEL_HELP)]
ModelNames = Annotated[list[str] | None, Parameter(name="--model", negative="", help=f"{_MODEL_HELP} May be given more than once.")]
BaseUrl = Annotated[str | None, Parameter(help="An OpenAI-compatible endpoint; without --model, the one model it has.")]
Dialect = Annotated[
    str,
    Parameter(help="How the model writes tool calls: auto, native, or the form of a model family (call, hermes, llama3, mistral, ...)."),
]
MaxPages = Annotated[int | None, Parameter(converter=read_whole, validator=Number(gte=1), help="The most pages to request from sites.")]
Minutes = Annotated[float | None, Parameter(validator=check_above_zero, help="The most time to take, in minutes.")]
Concurrency = Annotated[int, Parameter(converter=read_whole, validator=Number(gte=1), help="How many sites to visit at the same time.")]
Competitors = Annotated[int, Parameter(converter=read_whole, validator=Number(gte=1))]
Rounds = Annotated[
    int,
    Parameter(
        converter=read_whole, validator=Number(gte=1), help="How many rounds of searches to make; later ones look for missing facts."
    ),
]
Pages = Annotated[int, Parameter(converter=read_whole, validator=Number(gte=1), help="The most pages to read from a site.")]
Out = Annotated[
    Path, Parameter(help="A folder for the report, or a file that ends in .md, .json, .html or .csv: the other formats go beside it.")
]
Formats = Annotated[str, Parameter(help="What to write, with commas between: md, json, html, csv.")]
CacheAge = Annotated[
    str | None,
    Parameter(
        help="The largest age of a stored page or search to use again: 30m, 7d; 0 fetches everything again. "
        "Default: 24h; with --again each page is asked whether it has changed."
    ),
]
Sites = Annotated[
    list[str] | None, Parameter(name="--site", negative="", help="A site to visit, of your own choice. May be given more than once.")
]
Choose = Annotated[bool, Parameter(negative="", help="Show the sites and aspects before the visits, and ask what to change.")]
Again = Annotated[Path | None, Parameter(help="The .json file of an earlier report on the same subject: report the changes since then.")]
MaxCost = Annotated[float | None, Parameter(validator=check_above_zero, help="The most that model calls may cost, in US dollars.")]
SecondOpinion = Annotated[bool, Parameter(negative="", help="Ask the model again about each sentence that it wrote.")]
WhoReads = Annotated[
    Literal["auto", "model", "code"],
    Parameter(
        help="Who reads the pages: the model, or code, which leaves the model only the wording of single sentences. Default: code for a "
        "model file, which takes minutes for a page."
    ),
]
Quiet = Annotated[bool, Parameter(negative="", help="Print only errors, and the path of the report.")]
SearchIn = Annotated[
    str | None,
    Parameter(
        help="Where to search: duckduckgo, auto, searxng, brave, tavily, exa, serper (several with commas between), sample, a folder, or a "
        "site's address. Default: SAYSO_SEARCH, else duckduckgo."
    ),
]
RunId = Annotated[str, Parameter(help="A run's id, as `sayso runs` shows it.")]
DatabaseUrl = Annotated[
    str | None,
    Parameter(
        name="--database",
        help=f"sqlite:///runs.db or postgresql://user@host/name. Default: ${DATABASE_VARIABLE}, else {DEFAULT_DATABASE} if it exists.",
    ),
]
StoreIn = Annotated[
    str | None,
    Parameter(
        name="--database",
        help="Store the run here, so that it can be resumed after Ctrl-C or kill -9: sqlite:///runs.db or postgresql://user@host/name.",
    ),
]
KeyFile = Annotated[
    Path | None,
    Parameter(
        name="--key",
        help=f"Sign the decision with this private key, for an app that names its approvers. Default: ${KEY_VARIABLE}. See: sayso keys",
    ),
]
SignerName = Annotated[str | None, Parameter(name="--as", help="The approver's name in the app. Default: that of the key's file.")]
AppName = Annotated[
    str | None,
    Parameter(
        name="--app",
        help="The app with the code of the runs, as module:app or path/to/file.py:app. Default: Sayso's own, with research and chat.",
    ),
]


def resolve_model(model: str | None, base_url: str | None, max_cost: float | None = None) -> Model | None:
    """Return the model that was named, or that the environment has, or None.

    Raises UsageError if `max_cost` (US dollars) is given and the price of the model's calls is unknown.
    """
    from sayso.agents import LocalModel, model_from  # late, for load time
    from sayso.console import confirm_fetch

    named = choose_model_name(model, base_url)
    if named is None:
        return None
    chosen = model_from(named, base_url=base_url, fetch=confirm_fetch)
    if isinstance(chosen, LocalModel):
        chosen.load()  # asks whether to fetch the file, if it must, before the work begins
        return chosen
    if max_cost is not None and not _has_price(chosen):
        raise UsageError(
            f"The price of {chosen.name!r} at that endpoint is unknown, so --max-cost cannot be enforced. "
            "Leave --max-cost out, or name another model."
        )
    return chosen


def choose_model_name(model: str | None, base_url: str | None) -> str | None:
    """Return the name of the model to ask: the one that was given, else the environment's; None where there is none. "" asks `base_url`."""
    if model or base_url:
        return model or ""
    return os.environ.get(MODEL_VARIABLE) or (DEFAULT_MODEL if os.environ.get("OPENAI_API_KEY") else None)


def _has_price(model: Model) -> bool:
    from sayso.agents.models.hosts import is_local_url  # late, for load time
    from sayso.agents.models.prices import price

    base_url: str | None = getattr(model, "base_url", None)
    on_this_machine = base_url is not None and is_local_url(base_url)  # costs nothing
    return on_this_machine or price(model.name, 1, 1, base_url=base_url) is not None


def describe_stop(error: BaseException) -> str:
    """Return why a command stopped, in terms of the command line."""
    if isinstance(error, (KeyboardInterrupt, asyncio.CancelledError)):
        return str(error) or "interrupted"
    if isinstance(error, LimitReached) and error.limit == "cost_usd":
        return f"The next model call could bring the cost to {error.seen:.3g} US dollars; --max-cost is {error.allowed:g}."
    return str(error) if isinstance(error, (SaysoError, OSError)) else repr(error)
