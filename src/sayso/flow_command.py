"""A program of your own on the command line: its own arguments, and the model that it is to ask."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, NoReturn, get_type_hints

from sayso.tools.errors import UsageError

if TYPE_CHECKING:
    from sayso.agents import Model

Main = Callable[..., Coroutine[Any, Any, "str | int | None"]]


def command(main: Main, *, offline: Model | None = None) -> NoReturn:
    """Run an async function as the program, with `sys.argv` as its arguments; its docstring is the help.

    Its parameter `model: Model` is chosen with --model and --base-url, or OPENAI_API_KEY in the environment; with none of them
    `offline` answers, and standard error says so. Text that it gives is printed, a number is the exit code (see `sayso --help`);
    errors are one sentence on standard error.
    """
    from cyclopts import App

    from sayso.cli.main import run

    app = App(name=f"python {sys.argv[0]}", version_flags=[], suppress_keyboard_interrupt=False)
    app.default(_as_command(main, offline))
    sys.exit(run(sys.argv[1:], app))


def _as_command(main: Main, offline: Model | None) -> Callable[..., int]:
    """The function as cyclopts reads it: two options in the place of each parameter that is a Model."""
    from sayso.agents import Model
    from sayso.cli.main import BaseUrl, ModelName
    from sayso.console import plain

    hints = get_type_hints(main, include_extras=True)
    said = inspect.signature(main).parameters.values()
    own = [each.replace(annotation=hints.get(each.name, str)) for each in said if hints.get(each.name) is not Model]
    asks = len(own) < len(said)
    if asks:
        options = (("model", ModelName), ("base_url", BaseUrl))
        own += [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hint) for name, hint in options]

    def execute(*args: Any, **given: Any) -> int:
        if asks:
            given["model"] = _model(given.get("model"), given.pop("base_url", None), offline)
        told = asyncio.run(main(*args, **given))
        if isinstance(told, str):
            print(plain(told))
        return told if isinstance(told, int) else 0

    execute.__doc__ = inspect.getdoc(main)
    execute.__signature__ = inspect.Signature(own)  # type: ignore[attr-defined]
    execute.__annotations__ = {each.name: each.annotation for each in own}
    return execute


def _model(model: str | None, base_url: str | None, offline: Model | None) -> Model:
    from sayso.cli.main import chosen_model

    found = chosen_model(model, base_url)
    if found is not None:
        return found
    if offline is None:
        raise UsageError("This needs a model. Give --model NAME (with OPENAI_API_KEY), or --base-url URL of an OpenAI-compatible endpoint.")
    print(f"No language model was named (--model, --base-url): answered by {offline.name}.", file=sys.stderr, flush=True)
    return offline
