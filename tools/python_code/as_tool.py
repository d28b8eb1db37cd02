"""The PYTHON tool: a model runs code with it, and calls other tools from that code."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import replace

from ..definition.decorators import AsyncTool, tool
from ..definition.secret import find_secrets
from ..definition.tool import AnyTool, Tool
from ..effects import Secrecy, Trust
from ..errors import UsageError
from ..sandbox.settings import Sandbox

# `in_a_thread` and `run_in` are names in the code of the tool, which the digest of an approval covers.
from .interpreters import run_in_thread as in_a_thread
from .running import OUTPUT_KB, PythonEngine, check_engine, run_in

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
    functions: Sequence[AnyTool] = (),
    *,
    sandbox: Sandbox | None = None,
    engine: PythonEngine = "monty",
    output_kb: int = OUTPUT_KB,
    name: str = "PYTHON",
) -> AsyncTool[..., str]:
    """Return a tool that runs the code a model writes, in a sandbox; see `run_python` for the engines and limits.

    The code can call `functions`. Each of these calls is executed like one of the model's own: a write in the middle of a loop waits for
    approval, and the code waits with it. Raises UsageError for options that contradict each other.
    """
    check_engine(engine)
    allowed = sandbox or Sandbox()
    by_name = _index_by_name(functions, name)
    if by_name and engine != "monty":
        raise UsageError(f"{name} cannot pass functions to code in the engine {engine!r}, which cannot pause. Use engine='monty'.")
    made = _make_tool(name, ABOUT[engine] + _describe(functions), allowed, engine, output_kb)
    if not by_name:
        return made
    from .program import CodeWithCalls  # late, for load time

    return replace(made, program=CodeWithCalls(by_name, allowed, output_kb))


def _make_tool(name: str, description: str, sandbox: Sandbox, engine: PythonEngine, output_kb: int) -> AsyncTool[..., str]:
    async def run(code: str) -> str:
        """Run code.

        Args:
            code: The code; the value of its last line, if that is an expression, is given back.
        """
        return (await in_a_thread(lambda on_start: run_in(engine, code, (), sandbox, output_kb, on_start))).text

    kind = tool.write if sandbox.may_change_something else tool.read
    # Code that has no files and no network returns what it computed from itself. What it may read is in what it returns.
    has_files = bool(tuple(sandbox.read) or tuple(sandbox.write))
    trust = Trust.UNTRUSTED if sandbox.network else None if has_files else Trust.TOOL
    return kind(name=name, description=description, trust=trust, secrecy=Secrecy.PRIVATE if has_files else Secrecy.PUBLIC)(run)


def _index_by_name(functions: Sequence[AnyTool], name: str) -> dict[str, AnyTool]:
    by_name: dict[str, AnyTool] = {}
    for function in functions:
        if not isinstance(function, Tool):
            raise UsageError(
                f"{name} was given {function!r}, which is not a tool. Put @tool.pure, @tool.read, @tool.egress or @tool.write above it."
            )
        if function.name in by_name:
            raise UsageError(f"{name} was given two functions named {function.name}.")
        if function.program is not None:
            raise UsageError(f"{name} was given {function.name}, which calls functions itself. Pass those functions instead.")
        if find_secrets(function.parameters):
            raise UsageError(
                f"{name} was given {function.name}, which takes a secret: the model's program would hold it in the open. "
                f"Fix it before: {function.name}.using(...=SecretStr(...))."
            )
        by_name[function.name] = function
    return by_name


def _describe(functions: Sequence[AnyTool]) -> str:
    if not functions:
        return ""
    lines = [f"{function.name}{_write_signature(function)}: {function.description.splitlines()[0]}" for function in functions]
    return "\n\nThese functions are there, without import and without await:\n" + "\n".join(lines)


def _write_signature(function: AnyTool) -> str:
    hints = function.signature.hints
    named = [parameter.replace(annotation=hints[parameter.name]) for parameter in function.signature.parameters]
    return str(inspect.Signature(named, return_annotation=function.signature.returns))
