"""Code that calls tools: run up to a call, kept as text, and carried on with the answer in a fresh interpreter."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..calls import Outcome
from ..canonical import to_jsonable
from ..definition.code_tool import Answered, CallsOut, Ended
from ..definition.tool import Tool
from ..sandbox.settings import Sandbox
from .outcome import CodeError, PythonResult
from .running import shown
from .threads import in_a_thread

if TYPE_CHECKING:
    from pydantic_monty import MontySession

    from .monty import Printed

STATE_MB = 4
"""The most that code may hold in memory while one of its calls is carried out: it is kept with the run."""
REFUSALS = {Outcome.FAILED: "RuntimeError", Outcome.REJECTED: "PermissionError", Outcome.UNKNOWN: "RuntimeError"}


@dataclass(frozen=True, slots=True)
class CodeWithCalls:
    """A Program: Python code whose undefined names are these tools."""

    functions: Mapping[str, Tool[..., Any]]
    sandbox: Sandbox
    output_kb: int

    async def start(self, arguments: Mapping[str, Any]) -> CallsOut | Ended:
        """From the beginning to its first call, or its end."""
        code: str = arguments["code"]
        return await in_a_thread(lambda on_start: self._run("", lambda s, p: s.feed_start(code, print_callback=p), on_start))

    async def go_on(self, state: str, answer: Answered) -> CallsOut | Ended:
        """From a call, with its answer, to the next."""
        kept = json.loads(state)
        reply: Any = {"return_value": answer.value}
        if answer.outcome is not Outcome.DONE:
            reply = {"exc_type": REFUSALS[answer.outcome], "message": str(answer.value)}

        def resumed(running: MontySession, printed: Printed) -> Any:
            snapshot: Any = running.load_snapshot(base64.b64decode(kept["dump"]), print_callback=printed)
            return snapshot.resume(reply)

        return await in_a_thread(lambda on_start: self._run(kept["printed"], resumed, on_start))

    def _run(self, before: str, go: Callable[[MontySession, Printed], Any], on_start: Callable[[int], None]) -> CallsOut | Ended:
        from pydantic_monty import MontyError

        from .monty import Printed, error_of, session

        printed = Printed(self.output_kb * 1024)
        printed.keep(before)
        try:
            with session(self.sandbox, on_start, sleeps=False) as running:
                ended = self._to_the_next_call(go(running, printed), printed)
        except MontyError as error:
            ended = PythonResult(printed.text, error=printed.overflow or error_of(error))
        return Ended(ended.text) if isinstance(ended, PythonResult) else ended

    def _to_the_next_call(self, snapshot: Any, printed: Printed) -> CallsOut | PythonResult:
        from pydantic_monty import FunctionSnapshot, MontyComplete, NameLookupSnapshot

        while not isinstance(snapshot, MontyComplete):
            name = str(getattr(snapshot, "variable_name", None) or getattr(snapshot, "function_name", ""))
            if isinstance(snapshot, NameLookupSnapshot) and name in self.functions:
                snapshot = snapshot.resume(value=_named(name))
            elif isinstance(snapshot, FunctionSnapshot) and not snapshot.is_os_function:
                if name not in self.functions:
                    snapshot = snapshot.resume({"exc_type": "NameError", "message": f"name '{name}' is not defined"})
                    continue
                asked = self._asked(snapshot, printed)
                if isinstance(asked, CallsOut):
                    return asked
                snapshot = snapshot.resume({"exc_type": asked.kind, "message": asked.message})  # type: ignore[typeddict-item]
            else:
                snapshot = snapshot.resume_auto()
        return PythonResult(printed.text, snapshot.output, shown(snapshot.output))

    def _asked(self, snapshot: Any, printed: Printed) -> CallsOut | CodeError:
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
            return CodeError("MemoryError", f"the code holds more than {STATE_MB} MB, too much to be kept while {tool.name} is called")
        state = json.dumps({"dump": base64.b64encode(dump).decode("ascii"), "printed": printed.text})
        return CallsOut(state, tool.name, arguments)


def _named(name: str) -> Callable[..., None]:
    # What stands for the tool in the code; a call of it comes here as a snapshot and never reaches it.
    def stand_in(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a call of this function is carried out by the run")

    stand_in.__name__ = stand_in.__qualname__ = name
    return stand_in
