"""Options and exit codes that several commands share, and the language model that a command names."""

from __future__ import annotations

import asyncio
import os
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from sayso.tools.errors import LimitReached, SaysoError, UsageError

if TYPE_CHECKING:
    from sayso.agents import Model

DEFAULT_MODEL = "gpt-5-mini"
DATABASE_VARIABLE = "SAYSO_DATABASE"
KEY_VARIABLE = "SAYSO_KEY"
DEFAULT_DATABASE = "sayso.db"


class Exit(IntEnum):
    """The exit code of a command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    WAITS = 3
    INTERRUPTED = 130


ModelName = Annotated[
    str | None,
    Parameter(
        help="A model's name, an endpoint with one (http://localhost:11434/v1#qwen3), or a model on this machine: a file (PATH.gguf), or "
        f"its name at a model hub (local:OWNER/REPOSITORY:Q4_K_M). With OPENAI_API_KEY set: {DEFAULT_MODEL}."
    ),
]
BaseUrl = Annotated[str | None, Parameter(help="An OpenAI-compatible endpoint; without --model, the one model it has.")]
Dialect = Annotated[
    str,
    Parameter(help="How the model writes tool calls: auto, native, or the form of a model family (call, hermes, llama3, mistral, ...)."),
]
Competitors = Annotated[int, Parameter(validator=Number(gte=1))]
MaxCost = Annotated[float | None, Parameter(validator=Number(gt=0))]
Quiet = Annotated[bool, Parameter(negative="")]
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
        help=f"Sign the decision with this private key, where the app names its approvers. Default: ${KEY_VARIABLE}. See: sayso keys",
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
    """Return the model that was named, or the default one where OPENAI_API_KEY is set, or None.

    Raises UsageError if `max_cost` (US dollars) is given and the price of the model's calls is unknown.
    """
    from sayso.agents import LocalModel, model_from  # late, for load time
    from sayso.console import confirm_fetch

    if model is None and base_url is None and not os.environ.get("OPENAI_API_KEY"):
        return None
    chosen = model_from(model or ("" if base_url else DEFAULT_MODEL), base_url=base_url, fetch=confirm_fetch)
    if isinstance(chosen, LocalModel):
        chosen.load()  # asks whether to fetch the file, if it must, before the work begins
        return chosen
    if max_cost is not None and not _has_price(chosen.name, base_url or (model if model and "://" in model else None)):
        raise UsageError(
            f"The price of {chosen.name!r} at that endpoint is unknown, so --max-cost cannot be enforced. "
            "Leave --max-cost out, or name another model."
        )
    return chosen


def _has_price(name: str, url: str | None) -> bool:
    from sayso.agents.models.endpoint import find_endpoint  # late, for load time
    from sayso.agents.models.prices import price

    at = find_endpoint(name, url.partition("#")[0] if url else None, None, timeout_seconds=10)
    return at.is_local or price(name, 1, 1, base_url=at.url) is not None  # a model on this machine costs nothing


def describe_stop(error: BaseException) -> str:
    """Return why a command stopped, in terms of the command line."""
    if isinstance(error, (KeyboardInterrupt, asyncio.CancelledError)):
        return "interrupted"
    if isinstance(error, LimitReached) and error.limit == "cost_usd":
        return f"The next model call could bring the cost to {error.seen:.3g} US dollars; --max-cost is {error.allowed:g}."
    return str(error) if isinstance(error, (SaysoError, OSError)) else repr(error)
