"""PYTHON: a tool with which a model runs code, and calls other tools from it."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..definition.decorators import tool
from ..definition.tool import Tool
from ..effects import Secrecy
from ..errors import UsageError
from ..sandbox.settings import Sandbox
from .running import OUTPUT_KB, Engine, check_engine, run_in
from .threads import in_a_thread

ABOUT = {
    "monty": (
        "Run Python code and give what it prints and the value of its last line.\n\n"
        "It has no files, no network and no third-party modules. Classes cannot inherit; there is no `yield`, `del`, `@property`, "
        "`@classmethod` or `@staticmethod`. Modules: asyncio, base64, bisect, collections, copy, csv, dataclasses, datetime, decimal, "
        "functools, hashlib, itertools, json, math, random, re, string, time, typing."
    ),
    "cpython": "Run Python code and give what it prints and the value of its last line.",
}


def python_tool(
    functions: Sequence[Tool[..., Any]] = (),
    *,
    sandbox: Sandbox | None = None,
    engine: Engine = "monty",
    output_kb: int = OUTPUT_KB,
    name: str = "PYTHON",
) -> Tool[..., Any]:
    """A tool that runs the code a model writes, in a sandbox; see `run_python` for the engines and limits.

    The code can call `functions`. Each of these calls is carried out like one of the model's own: a write in the middle of a loop is
    asked about, and the code waits for the answer. Raises UsageError for what does not go together.
    """
    check_engine(engine)
    allowed = sandbox or Sandbox()
    by_name = _by_name(functions, name)
    if by_name and engine != "monty":
        raise UsageError(f"{name} cannot hand functions to code in the engine {engine!r}, which does not pause; take engine='monty'.")
    made = _tool(name, ABOUT[engine] + _described(functions), allowed, engine, output_kb)
    if not by_name:
        return made
    from .program import CodeWithCalls

    return replace(made, program=CodeWithCalls(by_name, allowed, output_kb))


def _tool(name: str, description: str, sandbox: Sandbox, engine: Engine, output_kb: int) -> Tool[..., Any]:
    async def run(code: str) -> str:
        """Run code.

        Args:
            code: The code; the value of its last line, if that is an expression, is given back.
        """
        return (await in_a_thread(lambda on_start: run_in(engine, code, (), sandbox, output_kb, on_start))).text

    kind = tool.write if sandbox.may_change_something else tool.read
    return kind(name=name, description=description, secrecy=Secrecy.PUBLIC)(run)


def _by_name(functions: Sequence[Tool[..., Any]], name: str) -> dict[str, Tool[..., Any]]:
    by_name: dict[str, Tool[..., Any]] = {}
    for function in functions:
        if not isinstance(function, Tool):
            raise UsageError(
                f"{name} is given {function!r}, which is no tool; put @tool.pure, @tool.read, @tool.egress or @tool.write above it."
            )
        if function.name in by_name:
            raise UsageError(f"{name} is given two functions named {function.name}.")
        if function.program is not None:
            raise UsageError(f"{name} is given {function.name}, which calls functions itself; give it those instead.")
        by_name[function.name] = function
    return by_name


def _described(functions: Sequence[Tool[..., Any]]) -> str:
    if not functions:
        return ""
    told = [f"{function.name}{_signature(function)}: {function.description.splitlines()[0]}" for function in functions]
    return "\n\nThese functions are there, without import and without await:\n" + "\n".join(told)


def _signature(function: Tool[..., Any]) -> str:
    hints = function.signature.hints
    named = [parameter.replace(annotation=hints[parameter.name]) for parameter in function.signature.parameters]
    return str(inspect.Signature(named, return_annotation=function.signature.returns))
