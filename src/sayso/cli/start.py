"""`sayso start`: hand a run to the workers of an app."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from sayso.cli.load_object import load_app
from sayso.cli.options import DatabaseUrl, Exit
from sayso.cli.run_database import database_option, open_engine
from sayso.tools.approval.cards import show_value
from sayso.tools.errors import UsageError

if TYPE_CHECKING:
    from sayso.workflows import App, Workflow


def start(
    app: Annotated[str, Parameter(help="The app: module:app, or path/to/file.py:app.")],
    flow: str,
    value: str,
    *,
    run_id: str | None = None,
    user: str | None = None,
    database: DatabaseUrl = None,
) -> int:
    """Queue a run for the workers of an app, and print its id.

    Starting the same again under the same --run-id does nothing; a --run-id of another run is refused.

    Parameters
    ----------
    flow
        The flow's name in the app.
    value
        The input of the run: text, or JSON if the flow takes another type.
    run_id
        The run's id; without it a new one is made.
    user
        Whose run it is: statistics, versions and money caps go by it.
    """
    if run_id is not None and (not run_id or "/" in run_id):
        raise UsageError(f"A run cannot have the id {run_id!r}: a slash separates a run from its children. Use some text without one.")
    loaded = load_app(app)
    given = _parse_input(loaded.flow(flow), value)
    return asyncio.run(_start(loaded, flow, given, run_id or f"{flow}-{secrets.token_hex(4)}", user, database))


async def _start(app: App, flow: str, value: object, run_id: str, user: str | None, database: str | None) -> int:
    async with open_engine(database, app, create=True) as engine:
        await engine.submit(flow, value, run_id=run_id, user=user)
        row = await engine.run(run_id)
        print(run_id, flush=True)
        print(f"It is {row.state}. See it with: sayso show {run_id} --follow{database_option(database)}", file=sys.stderr)
    return Exit.OK


def _parse_input(flow: Workflow[Any, Any], text: str) -> object:
    """Return what was typed as the type that the flow's first step declares. Raises UsageError if it is not of that type."""
    input_type = flow.input_type
    if input_type is str or flow.kind == "agent":
        return text
    if input_type is None:  # no type is declared: an object or array in JSON is read as such, anything else is text
        return _parse_json(text) if text.lstrip()[:1] in ("{", "[") else text
    from pydantic import TypeAdapter, ValidationError

    try:
        value: object = TypeAdapter(input_type).validate_json(text)
    except ValidationError as error:
        problem, name = error.errors()[0]["msg"], getattr(input_type, "__name__", input_type)
        raise UsageError(f"{flow.name} takes {name}, and this cannot be read as one: {show_value(text)[:80]} ({problem}).") from None
    return value


def _parse_json(text: str) -> object:
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return value
