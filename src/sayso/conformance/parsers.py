"""Parsers that can be put to the test: a function of Python, or any program that answers lines of JSON."""

from __future__ import annotations

import inspect
import json
import shlex
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from sayso.tools.errors import UsageError

Tools = Sequence[Mapping[str, Any]]


class CallReader(Protocol):
    """Reads a text, whole or in pieces. An answer is a list of calls in any of the shapes that `read_answer` knows."""

    reads_pieces: bool

    def read(self, text: str, tools: Tools, form: str) -> Any: ...
    def read_pieces(self, pieces: Sequence[str], tools: Tools, form: str) -> Any: ...


class FunctionParser:
    """A function (text, tools), or (text, tools, form). Where it has an attribute `stream`, (pieces, tools), that reads texts in pieces."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._whole = function
        self._stream: Callable[..., Any] | None = getattr(function, "stream", None)
        self.reads_pieces: bool = self._stream is not None

    def read(self, text: str, tools: Tools, form: str) -> Any:
        """Return what the function returns."""
        return _call(self._whole, text, tools, form)

    def read_pieces(self, pieces: Sequence[str], tools: Tools, form: str) -> Any:
        """Return what its `stream` returns."""
        return _call(self._stream, pieces, tools, form) if self._stream is not None else NotImplemented


def _call(function: Callable[..., Any], written: object, tools: Tools, form: str) -> Any:
    takes_form = "form" in inspect.signature(function).parameters
    return function(written, tools, form=form) if takes_form else function(written, tools)


class ProgramParser:
    """A program in any language: for each row it reads a line {"text", "pieces", "tools", "form"} and writes a line with the calls.

    `pieces` is null where the text is to be read whole. A line `null` says that it does not read this form (or no pieces).
    """

    reads_pieces = True

    def __init__(self, command: str) -> None:
        try:
            self._process = subprocess.Popen(
                shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
            )
        except OSError as error:
            raise UsageError(
                f"{command!r} cannot be started: {error.strerror}. Name a program after run: and a function as module:name."
            ) from None

    def read(self, text: str, tools: Tools, form: str) -> Any:
        """Return what the program answers for the whole text."""
        return self._ask({"text": text, "pieces": None, "tools": tools, "form": form})

    def read_pieces(self, pieces: Sequence[str], tools: Tools, form: str) -> Any:
        """Return what it answers for the pieces."""
        return self._ask({"text": "".join(pieces), "pieces": pieces, "tools": tools, "form": form})

    def _ask(self, question: Mapping[str, Any]) -> Any:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            pass  # its output says the rest
        line = process.stdout.readline()
        if not line:
            raise UsageError(
                f"The program ended (exit code {process.wait()}) before it answered. It writes one line of JSON for each line it reads."
            )
        try:
            answer = json.loads(line)
        except ValueError:
            raise ValueError(f"its answer {line.strip()!r:.80} is not JSON") from None
        return NotImplemented if answer is None else answer

    def close(self) -> None:
        """End the program."""
        with suppress(OSError, subprocess.TimeoutExpired):
            self._process.communicate(timeout=10)
        self._process.kill()
        self._process.wait()


def load_parser(place: str) -> CallReader:
    """Return the parser at `module:function`, or the program behind `run:`. Raises UsageError where there is none."""
    if place.startswith("run:"):
        return ProgramParser(place.removeprefix("run:"))
    from sayso.cli.load_object import load_subject  # late: a suite without other parsers loads nothing of the user's

    found: Any = load_subject(place, "Functions (text, tools)")
    if callable(found):
        return FunctionParser(found)
    raise UsageError(f"{place} is of type {type(found).__name__}, and no parser. Name a function (text, tools) that returns calls.")


def read_answer(answer: Any) -> list[tuple[str, dict[str, Any]]]:
    """Return the calls of an answer: None, a list of calls, or an assistant message with `tool_calls`.

    A call is a pair of name and arguments, {"name", "arguments"}, OpenAI's {"function": {...}}, or an object with these attributes.
    Arguments are an object or JSON text. Raises ValueError where it is none of this.
    """
    if answer is None:
        return []
    is_message = {"tool_calls", "content", "role"} & set(answer) if isinstance(answer, Mapping) else hasattr(answer, "tool_calls")
    calls = _field(answer, "tool_calls") if is_message else answer
    return [_read_call(call) for call in _listed(calls)]


def _listed(calls: Any) -> Iterable[Any]:
    if calls is None:
        return ()
    if isinstance(calls, (list, tuple)):
        return calls
    raise ValueError(f"it answered with {calls!r:.80}, which is not a list of calls")


def _field(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def _read_call(call: Any) -> tuple[str, dict[str, Any]]:
    if isinstance(call, (list, tuple)) and len(call) == 2:
        name, arguments = call
    else:
        inner = _field(call, "function") or call
        name = _field(inner, "name")
        arguments = next((found for key in ("arguments", "parameters") if (found := _field(inner, key)) is not None), {})
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments or "{}")
        except ValueError:
            raise ValueError(f"it read a call of {name} with arguments that are not JSON: {arguments!r:.120}") from None
    if not isinstance(name, str) or not isinstance(arguments, Mapping):
        raise ValueError(f"it read {call!r:.120}, which has no name and arguments")
    return name, dict(arguments)
