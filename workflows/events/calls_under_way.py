"""Read what becomes of the calls of a run: each that begins also ends, once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from sayso.tools.calls import Outcome, ToolResult
from sayso.tools.canonical import JsonObject

from .call_positions import join_position, performs, split_position
from .event_types import AnyEvent, ToolBegan, ToolFinished


class CallsUnderWay:
    """Knows the calls that are under way, and tells how each began and ended. `plain` makes JSON of a value, without secrets."""

    def __init__(self, plain: Callable[[object], Any]) -> None:
        self._plain = plain
        self.under_way: dict[tuple[str, str], tuple[str, float]] = {}  # by run and call: its tool, and when it began
        self.written: dict[tuple[str, str], JsonObject] = {}  # by run and call: the tool and the arguments as the model wrote them
        self.settled: set[str] = set()  # the keys of writes whose end was told

    def note_written(self, run: str, turn: int, calls: Any) -> None:
        """Take note of the arguments that a model has written."""
        for index, call in enumerate(calls):
            try:
                arguments = json.loads(call.arguments or "{}")
            except ValueError:
                arguments = {}
            self.written[run, f"{turn}.{index}"] = {"tool": call.name, "arguments": arguments}

    def begin(self, run: str, call: str, tool: str, arguments: Any, time: float, key: str = "") -> Iterator[AnyEvent]:
        """Yield that a call begins; None for arguments that only the model's reply says."""
        self.under_way[run, call] = tool, time
        if arguments is None:
            arguments = self.written.get((run, call), {}).get("arguments", {})
        given = self._plain(arguments)
        yield ToolBegan(
            run=run,
            time=time,
            position=join_position(tool, call),
            call=call,
            tool=tool,
            arguments=given if isinstance(given, dict) else {},
            key=key,
        )

    def end(self, run: str, call: str, result: ToolResult, time: float, *, position: str = "", key: str = "") -> Iterator[AnyEvent]:
        """Yield how a call ended."""
        if position and (run, call) not in self.under_way and (run, split_position(position)[1]) in self.under_way:
            call = split_position(position)[1]  # workflow code numbers its calls by position
        tool, began = self.under_way.pop((run, call), (result.origin, time))
        if key:
            self.settled.add(key)
        yield ToolFinished(
            run=run,
            time=time,
            position=join_position(tool, call),
            call=call,
            tool=tool,
            outcome=str(result.outcome),
            result=self._plain(result.content),
            origin=result.origin,
            trust=str(result.trust or ""),
            secrecy=str(result.secrecy),
            key=key,
            raised=self._plain(getattr(result, "raised", "")),
            seconds=time - began,
        )

    def fail(self, run: str, name: str, outcome: Outcome, why: str, time: float) -> Iterator[AnyEvent]:
        """Yield how the calls of a step of reads, or a write, ended that raised."""
        for (owner, call), (tool, _) in list(self.under_way.items()):
            if owner == run and performs(name, tool, call):
                yield from self.end(run, call, ToolResult(call, why, outcome, tool), time)

    def end_all(self, why: str, time: float) -> Iterator[AnyEvent]:
        """Yield the ends of calls that were under way when the run ended, the last first."""
        for run, call in reversed(list(self.under_way)):
            yield from self.end(run, call, ToolResult(call, why, Outcome.FAILED), time)
