"""`sayso read`: what calls stand in a model's reply, and why the others are none."""

from __future__ import annotations

import json as json_format
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from sayso.cli.options import Exit
from sayso.tools.errors import UsageError

if TYPE_CHECKING:
    from sayso.tools.dialects import Reading
    from sayso.tools.dialects.dialect import ToolOrSchema

Reply = Annotated[str, Parameter(allow_leading_hyphen=True)]
Flag = Annotated[bool, Parameter(negative="")]
Names = Annotated[list[str] | None, Parameter(negative="")]
ToolNames = Annotated[list[str] | None, Parameter(name="--tools", negative="")]


def read(
    file: Reply | None = None,
    *,
    tools: ToolNames = None,
    dialect: str = "auto",
    native: Flag = False,
    message: Flag = False,
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    conformance: Flag = False,
    parser: Names = None,
    form: Names = None,
    rows: str = "",
    failures: Flag = False,
) -> int:
    """Show the tool calls in a model's reply, in any form, and why the rest is not a call.

    Nothing is called. Exit code 0, or 1 where something was meant as a call and cannot be read.

    Parameters
    ----------
    file
        A file with the reply, or - for standard input.
    tools
        The tools that the model was offered: a JSON file with function schemas as OpenAI takes them, or module:name of an agent, a tool or
        a list of tools. May be given more than once. Without any, only calls between a family's markers are found.
    dialect
        How the model writes calls: auto for all forms, or one of them (hermes, llama3, mistral, ...).
    native
        The endpoint takes tools in a field of its own: NAME(...) in prose is then a mention.
    message
        The file is a provider's message or response as JSON, not the text of a reply.
    json
        Print the reading as JSON; its "message" is the assistant message that OpenAI would have sent.
    conformance
        Instead of a reply, read the rows of the conformance suite, and print how many of each form are read right.
    parser
        Another parser to put to the test: module:function, or run: and a program that answers lines. More than one may be given.
    form
        Only the rows of this form. More than one may be given.
    rows
        A file with rows of your own, in the shape of the suite's.
    failures
        Say of each row that is read wrong what was read.
    """
    if conformance:
        return _read_conformance(file, parser or (), form or (), rows, failures, json)
    if parser or form or rows or failures:
        raise UsageError("--parser, --form, --rows and --failures belong to the conformance suite. Add --conformance.")
    if file is None:
        raise UsageError("There is nothing to read. Name a file with a reply, or - for standard input.")
    from sayso.tools import read as read_reply  # late, for load time

    written = _read_text(file)
    reading = read_reply(_parse_message(written, file) if message else written, list(_load_tools(tools or ())), dialect, native=native)
    print(_write_json(reading) if json else "\n".join(_describe(reading)))
    return Exit.FAILED if reading.problems else Exit.OK


def _read_conformance(file: str | None, parsers: Sequence[str], forms: Sequence[str], rows: str, failures: bool, json: bool) -> int:
    from sayso.cli.parser_scores import print_scores  # late, for load time

    if file is not None:
        raise UsageError(f"--conformance reads the rows of its own suite, so leave {file} out, or give your rows with --rows.")
    return print_scores(parsers, forms, rows, failures=failures, json=json)


def _read_text(file: str) -> str:
    if file == "-":
        return sys.stdin.read()
    try:
        return Path(file).read_text("utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}. Name a file with a reply, or - for standard input.") from None


def _parse_message(written: str, file: str) -> object:
    try:
        return json_format.loads(written)
    except ValueError as error:
        raise UsageError(
            f"{file} is not a message: it is not JSON ({error}). Leave out --message to read it as the text of a reply."
        ) from None


def _load_tools(names: Sequence[str]) -> Iterable[ToolOrSchema]:
    """Return the tools that are named: of JSON files, and of objects in modules."""
    for name in names:
        if name.endswith(".json"):
            yield from _read_schemas(name)
            continue
        from sayso.agents import Agent  # late: a file of schemas needs no code of the user's
        from sayso.cli.load_object import load_subject

        found = load_subject(name, "Agents and tools")
        listed: Any = found.spec.tools.values() if isinstance(found, Agent) else found if isinstance(found, (list, tuple)) else [found]
        for tool in listed:
            if not (hasattr(tool, "parameters") and hasattr(tool, "name")) and not isinstance(tool, Mapping):
                raise UsageError(f"{name} is not an agent, tool or list of tools: there is a {type(tool).__name__} in it.")
            yield tool


def _read_schemas(file: str) -> Iterable[Mapping[str, object]]:
    value = _parse_schemas(file)
    listed = value.get("tools", [value]) if isinstance(value, Mapping) else value
    schemas: list[Any] = listed if isinstance(listed, list) else [listed]
    for schema in schemas:
        function = schema.get("function", schema) if isinstance(schema, Mapping) else None
        if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
            raise UsageError(
                f'{file} has no function schema where {json_format.dumps(schema)[:60]} stands. Write {{"name": ..., "parameters": ...}}.'
            )
        yield schema


def _parse_schemas(file: str) -> object:
    try:
        return json_format.loads(_read_text(file))
    except ValueError as error:
        raise UsageError(f"{file} is not JSON ({error}); it should be a list of function schemas.") from None


def _describe(reading: Reading) -> Iterable[str]:
    """Return the reading in lines for people, in the order: reasoning, prose, calls, problems."""
    from sayso.console import escape_controls  # late, for load time

    if reading.reasoning.strip():
        yield f"reasoning  {escape_controls(reading.reasoning.strip())}"
    if reading.text.strip():
        yield f"text       {escape_controls(reading.text.strip())}"
    for call in reading.calls:
        arguments = ", ".join(f"{name}={json_format.dumps(value, ensure_ascii=False)}" for name, value in call.arguments.items())
        yield f"call       {escape_controls(f'{call.tool}({arguments})')}"
        yield from (f"           {escape_controls(note)}" for note in call.notes)
    for mention in reading.mentions:
        yield f"mention    {escape_controls(mention.tool)}, at {mention.span[0]} to {mention.span[1]}"
        yield f"           no call, since it stands {mention.why}"
    for problem in reading.problems:
        yield f"problem    {escape_controls(problem.seen)}"
        yield f"           expected: {escape_controls(problem.expected)}"
    if not (reading.calls or reading.problems):
        yield "No call."


def _write_json(reading: Reading) -> str:
    calls = [{"tool": call.tool, "arguments": dict(call.arguments), "span": call.span, "notes": call.notes} for call in reading.calls]
    problems = [{"seen": each.seen, "span": each.span, "expected": each.expected, "tool": each.tool} for each in reading.problems]
    mentions = [mention._asdict() for mention in reading.mentions]
    whole = {
        "text": reading.text,
        "reasoning": reading.reasoning,
        "calls": calls,
        "mentions": mentions,
        "problems": problems,
        "message": reading.to_openai(),
    }
    return json_format.dumps(whole, ensure_ascii=False, indent=2)
