"""Code that calls tools: run up to a call, saved as text, and continued with the answer in a fresh interpreter."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from ..calls import Outcome
from ..canonical import to_jsonable
from ..definition.code_tool import Answered, CallsOut, Ended
from ..definition.tool import AnyTool
from ..sandbox.settings import Sandbox
from .interpreters import run_in_thread
from .outcome import CodeError, PythonResult
from .running import write_value

if TYPE_CHECKING:
    from pydantic_monty import ExternalResult, FunctionSnapshot, MontySession, SyncSnapshot

    from .monty import Printed

STATE_MB = 4
"""The most memory that code may hold while one of its calls is executed: it is stored with the run."""
REFUSALS = {Outcome.FAILED: "RuntimeError", Outcome.REJECTED: "PermissionError", Outcome.UNKNOWN: "RuntimeError"}


@dataclass(frozen=True, slots=True)
class CodeWithCalls:
    """A ToolProgram: Python code whose undefined names are these tools."""

    functions: Mapping[str, AnyTool]
    sandbox: Sandbox
    output_kb: int

    async def start(self, arguments: Mapping[str, object]) -> CallsOut | Ended:
        """Run from the beginning to the first call, or to the end."""
        code = str(arguments["code"])
        return await run_in_thread(lambda on_start: self._run("", lambda s, p: s.feed_start(code, print_callback=p), on_start))

    async def go_on(self, state: str, answer: Answered) -> CallsOut | Ended:
        """Run from the call at which `state` was saved, with its answer, to the next call or the end."""
        saved = json.loads(state)
        reply: ExternalResult = {"return_value": answer.value}
        if answer.outcome is not Outcome.DONE:
            reply = _raise_error(REFUSALS[answer.outcome], str(answer.value))

        def resume(running: MontySession, printed: Printed) -> SyncSnapshot:
            snapshot = running.load_snapshot(base64.b64decode(saved["dump"]), print_callback=printed)
            return cast("FunctionSnapshot", snapshot).resume(reply)

        return await run_in_thread(lambda on_start: self._run(saved["printed"], resume, on_start))

    def _run(self, before: str, go: Callable[[MontySession, Printed], SyncSnapshot], on_start: Callable[[int], None]) -> CallsOut | Ended:
        from pydantic_monty import MontyError

        from .monty import Printed, describe_error, session  # late, for load time

        printed = Printed(self.output_kb * 1024)
        printed.keep(before)
        try:
            with session(self.sandbox, on_start, sleeps=False) as running:
                ended = self._run_to_next_call(go(running, printed), printed)
        except MontyError as error:
            ended = PythonResult(printed.text, error=printed.overflow or describe_error(error))
        return Ended(ended.text) if isinstance(ended, PythonResult) else ended

    def _run_to_next_call(self, snapshot: SyncSnapshot, printed: Printed) -> CallsOut | PythonResult:
        from pydantic_monty import FunctionSnapshot, MontyComplete, NameLookupSnapshot

        while not isinstance(snapshot, MontyComplete):
            name = str(getattr(snapshot, "variable_name", None) or getattr(snapshot, "function_name", ""))
            if isinstance(snapshot, NameLookupSnapshot) and name in self.functions:
                snapshot = snapshot.resume(value=_make_stand_in(name))
            elif isinstance(snapshot, FunctionSnapshot) and not snapshot.is_os_function:
                if name not in self.functions:
                    snapshot = snapshot.resume(_raise_error("NameError", f"name '{name}' is not defined"))
                    continue
                asked = self._make_call(snapshot, printed)
                if isinstance(asked, CallsOut):
                    return asked
                snapshot = snapshot.resume(_raise_error(asked.kind, asked.message))
            else:
                snapshot = snapshot.resume_auto()
        return PythonResult(printed.text, snapshot.output, write_value(snapshot.output))

    def _make_call(self, snapshot: FunctionSnapshot, printed: Printed) -> CallsOut | CodeError:
        tool = self.functions[snapshot.function_name]
        names = [parameter.name for parameter in tool.signature.parameters]
        if len(snapshot.args) > len(names):
            return CodeError("TypeError", f"{tool.name}() takes {len(names)} arguments, not {len(snapshot.args)}")
        try:
            arguments = {name: to_jsonable(value) for name, value in (*zip(names, snapshot.args, strict=False), *snapshot.kwargs.items())}
        except TypeError as error:
            return CodeError("TypeError", f"{tool.name}(): {error}")
        dump = snapshot.dump()
        if len(dump) > STATE_MB * 1024 * 1024:
            return CodeError("MemoryError", f"the code holds more than {STATE_MB} MB, too much to be stored while {tool.name} is called")
        state = json.dumps({"dump": base64.b64encode(dump).decode("ascii"), "printed": printed.text})
        return CallsOut(state, tool.name, arguments)


def _raise_error(kind: str, message: str) -> ExternalResult:
    return cast("ExternalResult", {"exc_type": kind, "message": message})  # any name of an exception class will do


def _make_stand_in(name: str) -> Callable[..., None]:
    # A call of it in the code arrives here as a snapshot and never reaches this function.
    def stand_in(*args: object, **kwargs: object) -> None:
        raise AssertionError("a call of this function is executed by the run")

    stand_in.__name__ = stand_in.__qualname__ = name
    return stand_in
