"""`sayso edit`: ask for a write with other arguments, from any terminal."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sayso.cli.load_object import load_app
from sayso.cli.open_requests import Signer, decide, find_open_request, find_signer
from sayso.cli.options import AppName, DatabaseUrl, Exit, KeyFile, RunId, SignerName
from sayso.cli.run_database import find_run, open_engine
from sayso.console import find_user_name
from sayso.tools import Tool
from sayso.tools.approval.cards import show_value
from sayso.tools.approval.requests import ApprovalRequest, Edit
from sayso.tools.definition.secret import has_reserved_key, map_hidden, show_mask
from sayso.tools.errors import ToolError, UsageError
from sayso.workflows import Workflow

if TYPE_CHECKING:
    from sayso.workflows import App


def edit(
    run: RunId,
    digest: str,
    *changes: str,
    app: AppName = None,
    key: KeyFile = None,
    signer: SignerName = None,
    database: DatabaseUrl = None,
) -> int:
    """Change the arguments of a waiting request: name=value ...

    The changed call is a new request, with a card of its own that waits for its own approval.

    Parameters
    ----------
    digest
        Which request: its digest, or at least 8 characters of it.
    changes
        The arguments to change, as name=value; text as it is, anything else as JSON.
    """
    if not changes:
        raise UsageError("No argument was named to change. Write name=value, such as quantity=2.")
    return asyncio.run(_edit(run, digest, changes, app, find_signer(key, signer), database))


async def _edit(run: str, digest: str, changes: Sequence[str], app_name: str | None, signer: Signer | None, database: str | None) -> int:
    app = load_app(app_name)
    async with open_engine(database, app) as engine:
        row = await find_run(engine, run)
        request = await find_open_request(engine, row, digest, signer)
        is_known = app_name is not None or row.app == app.name
        tool = find_tool(request.tool, app, row.flow, request.tool_version) if is_known else None
        arguments = change_arguments(request, _read_changes(request, changes, tool), tool)
        await decide(engine, row, request, Edit(arguments, by=find_user_name(), place="command line"), database, signer)
    return Exit.OK


def _read_changes(request: ApprovalRequest, changes: Sequence[str], tool: Tool[..., Any] | None) -> dict[str, object]:
    """Return the changes that were typed as name=value. Raises UsageError for one that cannot be read."""
    names = find_changeable(request, tool)
    schemas: Mapping[str, Mapping[str, object]] = tool.parameters.get("properties", {}) if tool is not None else {}
    read: dict[str, object] = {}
    for change in changes:
        name, equals, text = change.partition("=")
        if not equals or name not in (schemas or names):
            known = ", ".join(schemas or names)
            raise UsageError(f"{show_value(change)!r} changes no argument of {request.tool}. Write name=value; it has {known}.")
        read[name] = _parse_value(text, schemas.get(name), names.get(name))
    return read


def find_changeable(request: ApprovalRequest, tool: Tool[..., Any] | None) -> dict[str, object]:
    """Return the arguments of a request that a person may change, as they are stored: all but those that the application fixed."""
    bound = tool.bound if tool is not None else {}
    return {name: value for name, value in json.loads(request.arguments).items() if name not in bound}


def change_arguments(request: ApprovalRequest, changes: Mapping[str, object], tool: Tool[..., Any] | None) -> dict[str, object]:
    """Return the request's arguments with the changes in them. Raises UsageError for a change that the tool does not take."""
    arguments = find_changeable(request, tool)
    schemas: Mapping[str, Mapping[str, object]] = tool.parameters.get("properties", {}) if tool is not None else {}
    for name, value in changes.items():
        if name not in (schemas or arguments):
            known = ", ".join(schemas or arguments)
            raise UsageError(f"{show_value(name)!r} is not an argument of {request.tool}; it has {known}.")
        before = arguments.get(name)
        if tool is None and isinstance(value, str) and not _may_be_text(before):
            has, given = f"{name} is {json.dumps(before)}", show_value(f"{name}={value}")
            raise UsageError(f"{given!r} gives a text, and {has}. If {request.tool} takes a text there, add --app MODULE:app.")
        arguments[name] = value
    if tool is not None:
        try:
            tool.check(map_hidden(arguments, show_mask))
        except ToolError as error:
            if not has_reserved_key(arguments):  # stars may fit no secret's type; the run, which knows the secret, checks it
                raise UsageError(str(error)) from None
    return arguments


def _parse_value(text: str, schema: Mapping[str, object] | None, current: object) -> object:
    """Return what was typed: as text if the schema, or else the current value, is text; as JSON otherwise."""
    if "string" in _find_types(schema) if schema is not None else isinstance(current, str):
        return text
    try:
        value: object = json.loads(text)
    except ValueError:
        return text  # the tool's own check says what it wants
    return value


def _may_be_text(before: object) -> bool:
    """Return whether an argument may become a text, as far as its value before tells: a text, nothing, or a secret."""
    return before is None or isinstance(before, str) or has_reserved_key(before)


def _find_types(schema: object) -> set[str]:
    """Return the names of the JSON types that a schema takes."""
    if not isinstance(schema, Mapping):
        return set()
    own = schema.get("type", ())
    types = {own} if isinstance(own, str) else set(own)
    if any(isinstance(each, str) for each in (*schema.get("enum", ()), schema.get("const"))):
        types.add("string")
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        types |= _find_types(part)
    return types


def find_tool(name: str, app: App, flow: str = "", version: str = "") -> Tool[..., Any] | None:
    """Return the tool of that name in the flows of the app: one of the flow `flow` if it has it, and of several that of `version`.

    Two flows may have a tool of one name with other arguments fixed, as by `using`.
    """
    flows = sorted(app.names, key=lambda each: each != flow)
    named = [tool for tool in _walk_tools(app.flow(each) for each in flows) if tool.name == name]
    return next((tool for tool in named if tool.version == version), named[0] if named else None)


def _walk_tools(flows: Iterable[object]) -> Iterator[Tool[..., Any]]:
    """Yield the tools in flows: of agents, of the parts of shapes, and of the agents and workflows that were made tools of."""
    left, seen = deque(flows), set[int]()
    while left:
        thing = left.popleft()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        tools = [*getattr(thing, "tools", {}).values(), *(thing.own_tools() if isinstance(thing, Workflow) else ())]
        if isinstance(thing, Tool):
            yield thing
            tools.append(thing.workflow)
        left.extend(tools)
