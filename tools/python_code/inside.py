"""The program inside bubblewrap (engine "cpython"): it hardens itself, then runs code and tests once.

It is started with this package under the name `tools`, from a folder of its own: inside, the environment of Sayso does not exist.
"""

from __future__ import annotations

import ast
import json
import os
import sys
from typing import Any

from ..sandbox.hardening import harden
from ..sandbox.settings import Layers, Profile

RESULT_BYTES = 1024 * 1024
"""The longest value, as `repr` writes it, that is returned."""
WORK = "/work"
Message = dict[str, Any]
"""A JSON object. (This file can import nothing but the sandbox.)"""


def main() -> None:
    """Read the request from standard input; write the layers, then the result, each as a line on `answers`."""
    request = json.loads(sys.stdin.buffer.read())
    answers: int = request["answers"]
    os.chdir(WORK)
    sys.path.remove("/box")
    layers = Layers(tuple(harden(Profile.from_json(request["profile"]))))
    _write_line(answers, {"layers": [[layer.name, layer.on, layer.stops, layer.detail] for layer in layers]})
    if not layers.find_missing(request["needs"]):
        _write_line(answers, run_code(request["code"], request["tests"]))


def run_code(code: str, tests: list[str]) -> Message:
    """Run the code, then each test after it; return value, error and failed tests as JSON."""
    names: Message = {"__name__": "__main__", "__builtins__": __builtins__}
    sys.modules["__main__"].__dict__.update(names)
    value, error = _run(code, "<code>", names)
    failures: list[object] = []
    for number, test in enumerate([] if error else tests):
        _, failed = _run(test, f"<test {number}>", names)
        if failed:
            failures.append([test, failed])
    sys.stdout.flush()
    sys.stderr.flush()
    shown = _write_value(value)
    return {"shown": shown, "value": _to_json(value, shown), "error": error, "failures": failures}


def _run(text: str, place: str, names: Message) -> tuple[object, list[object] | None]:
    try:
        tree = ast.parse(text, place)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, place, "exec"), names)
        value = eval(compile(ast.Expression(last.value), place, "eval"), names) if isinstance(last, ast.Expr) else None
    except BaseException as error:  # noqa: BLE001 - whatever ends the code is its result, SystemExit too
        return None, _describe_error(error, text, place)
    return value, None


def _describe_error(error: BaseException, text: str, place: str) -> list[object]:
    line, trace = 0, error.__traceback__
    while trace is not None:
        line = trace.tb_lineno if trace.tb_frame.f_code.co_filename == place else line
        trace = trace.tb_next
    message = error.msg if isinstance(error, SyntaxError) else _write_error(error)
    line = error.lineno or 0 if isinstance(error, SyntaxError) else line
    lines = text.splitlines()
    return [type(error).__name__, message[:2000], line, lines[line - 1] if 0 < line <= len(lines) else ""]


def _write_error(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a __str__ that the code defines may do anything
        return "an error that cannot be written"


def _write_value(value: object) -> str:
    try:
        return repr(value)[:RESULT_BYTES]
    except Exception as error:  # noqa: BLE001 - a __repr__ that the code defines
        return f"a {type(value).__name__} that cannot be written ({type(error).__name__})"


def _to_json(value: object, shown: str) -> object:
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return shown
    return json.loads(text) if len(text) <= RESULT_BYTES else shown


def _write_line(answers: int, message: Message) -> None:
    rest = memoryview(json.dumps(message).encode() + b"\n")
    while rest:
        rest = rest[os.write(answers, rest) :]
