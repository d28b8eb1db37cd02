"""`command`: an async function as a program, with its own options and the model that it asks; `follow`: a flow with its progress."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import sys
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, get_type_hints

from sayso.tools.errors import UsageError

if TYPE_CHECKING:
    from sayso.agents import Model
    from sayso.workflows import Workflow

A = TypeVar("A")
B = TypeVar("B")
Main = Callable[..., Coroutine[Any, Any, "str | int | None"]]


def command(main: Main, *, offline: Model | None = None) -> NoReturn:
    """Run an async function as the program, with `sys.argv` as its arguments; its docstring is the help.

    Its parameter `model: Model` is chosen with --model and --base-url, or SAYSO_MODEL or OPENAI_API_KEY in the environment; with none of
    them `offline` answers, and standard error says so. A returned text is printed, a returned number is the exit code (see `sayso --help`).
    An error is one sentence on standard error.
    """
    from cyclopts import App  # late, like the other imports in this file: `import sayso` loads no command line

    from sayso.cli.main import run  # late, for load time

    app = App(name=f"python {sys.argv[0]}", version_flags=[], suppress_keyboard_interrupt=False)
    app.default(_make_command(main, offline))
    sys.exit(run(sys.argv[1:], app))


async def follow(flow: Workflow[A, B], value: A, *, database: str = "", about: str = "") -> B:
    """Execute a flow, show its progress on standard error, and return its output. Writes are asked about in the terminal.

    With a `database` (sqlite:///runs.db) what is done is kept there, and the same flow with the same value goes on where it stopped, or
    returns what it came to. `about` is what makes it another run besides: the name of the model, say.
    """
    from sayso.cli.progress import ProgressTree  # late, for load time
    from sayso.cli.run_database import open_engine
    from sayso.console import terminal
    from sayso.tools.canonical import readable_json
    from sayso.workflows import engine
    from sayso.workflows.runs.codec import to_json

    digest = hashlib.sha256(readable_json([flow.name, to_json(value), about]).encode()).hexdigest()[:12]
    run_id = f"{flow.name}-{digest}"
    try:
        async with open_engine(database, create=True) if database else nullcontext(engine()) as keeper:
            with ProgressTree(flow.name) as tree:
                async for event in flow.run_events(value, engine=keeper, run_id=run_id, approve=tree.approve_with(terminal)):
                    tree.take(event)
            output: B = (await keeper.read_turn(run_id)).output
    except (KeyboardInterrupt, asyncio.CancelledError):
        if database:
            print(f"What is done is kept in {database}: the same command goes on there.", file=sys.stderr, flush=True)
        raise
    return output


def _make_command(main: Main, offline: Model | None) -> Callable[..., int]:
    """Return the function as cyclopts reads it, with --model and --base-url instead of each parameter that is a Model."""
    from sayso.agents import Model  # late, for load time
    from sayso.cli.options import BaseUrl, ModelName
    from sayso.console import escape_controls

    hints = get_type_hints(main, include_extras=True)
    parameters = inspect.signature(main).parameters.values()
    own = [each.replace(annotation=hints.get(each.name, str)) for each in parameters if hints.get(each.name) is not Model]
    needs_model = len(own) < len(parameters)
    if needs_model:
        options = (("model", ModelName), ("base_url", BaseUrl))
        own += [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hint) for name, hint in options]

    def execute(*args: object, **options: Any) -> int:
        if needs_model:
            options["model"] = _find_model(options.get("model"), options.pop("base_url", None), offline)
        output = asyncio.run(main(*args, **options))
        if isinstance(output, str):
            print(escape_controls(output))
        return output if isinstance(output, int) else 0

    execute.__doc__ = inspect.getdoc(main)
    execute.__signature__ = inspect.Signature(own)  # type: ignore[attr-defined]
    execute.__annotations__ = {each.name: each.annotation for each in own}
    return execute


def _find_model(model: str | None, base_url: str | None, offline: Model | None) -> Model:
    from sayso.cli.options import NAME_A_MODEL, resolve_model  # late, for load time

    chosen = resolve_model(model, base_url)
    if chosen is not None:
        return chosen
    if offline is None:
        raise UsageError(f"This needs a model. {NAME_A_MODEL}")
    print(f"No language model was named (--model, --base-url): answered by {offline.name}.", file=sys.stderr, flush=True)
    return offline
