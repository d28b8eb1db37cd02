"""`run_python`: a piece of code and its tests, run where they can do no harm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from ..errors import UsageError
from ..sandbox.settings import Layers, Sandbox
from .outcome import CodeError, FailedTest, PythonResult

if TYPE_CHECKING:
    from pydantic_monty import MontySession

Engine = Literal["monty", "cpython"]
ENGINES = ("monty", "cpython")
OUTPUT_KB = 64


def run_python(
    code: str,
    tests: str | Sequence[str] = (),
    *,
    sandbox: Sandbox | None = None,
    engine: Engine = "monty",
    output_kb: int = OUTPUT_KB,
) -> PythonResult:
    """Run code that nobody has to trust, then each of the tests after it (`assert add(1, 2) == 3`); gives what came of it.

    `engine="monty"` is a small Python without files, network, processes and third-party modules; it also lacks `yield`, class inheritance
    and `del`. `engine="cpython"` is the real one and runs inside bubblewrap. `sandbox` has the seconds and the memory, for code and tests
    each; with "cpython" also files and network. At most `output_kb` kB of output are kept; printing more ends the code.
    What the code raises is in the result. Raises UsageError for what is not installed or not allowed, SandboxMissing for a layer that
    this system lacks.
    """
    check_engine(engine)
    if not isinstance(code, str):
        raise UsageError(f"run_python() takes code as a text (str), not {type(code).__name__}.")
    return run_in(engine, code, tests_in(tests), sandbox or Sandbox(), output_kb)


def run_in(
    engine: Engine, code: str, tests: Sequence[str], sandbox: Sandbox, output_kb: int, on_start: Callable[[int], None] | None = None
) -> PythonResult:
    """The same with everything given. `on_start` is told the process id of the interpreter, by which another thread may end it."""
    if engine == "cpython":
        from .cpython import run

        return run(code, tests, sandbox, output_kb, on_start)
    return run_in_monty(code, tests, sandbox, output_kb, on_start)


def python_layers(sandbox: Sandbox | None = None, *, engine: Engine = "monty") -> Layers:
    """Which walls stand around `run_python` on this system; starts an interpreter to see."""
    check_engine(engine)
    allowed = sandbox or Sandbox(needs=())
    if engine == "cpython":
        from .cpython import layers
    else:
        from .monty import layers
    return layers(allowed)


def check_engine(engine: str) -> None:
    """UsageError for an engine that there is not."""
    if engine not in ENGINES:
        raise UsageError(f"There is no engine {engine!r} for Python code; there are: {', '.join(ENGINES)}.")


def tests_in(tests: str | Sequence[str]) -> tuple[str, ...]:
    """One text is one test."""
    given = (tests,) if isinstance(tests, str) else tuple(tests)
    if not all(isinstance(test, str) for test in given):
        raise UsageError("Tests are texts: 'assert add(1, 2) == 3'.")
    return tuple(test for test in given if test.strip())


def run_in_monty(
    code: str, tests: Sequence[str], sandbox: Sandbox, output_kb: int, on_start: Callable[[int], None] | None = None
) -> PythonResult:
    """The code, and each test in the state that the one before it left; blocks the calling thread."""
    from .monty import Printed, session

    printed = Printed(output_kb * 1024)
    with session(sandbox, on_start) as running:
        value, error = fed(running, code, printed)
        failures = [] if error else _failures(running, tests, printed)
    return PythonResult(printed.text, value, shown(value), error, len(tests), tuple(failures))


def _failures(running: MontySession, tests: Sequence[str], printed: Any) -> list[FailedTest]:
    failures = []
    for test in tests:
        _, error = fed(running, test, printed)
        if error is not None:
            failures.append(FailedTest(test, error))
        if error is not None and error.kind == "Stopped":
            failures += [FailedTest(rest, CodeError("Stopped", "not run")) for rest in tests[len(failures) :]]
            break
    return failures


def fed(running: MontySession, code: str, printed: Any) -> tuple[object, CodeError | None]:
    """The value of one piece of code in a running interpreter, or what ended it."""
    from pydantic_monty import MontyError

    from .monty import error_of

    try:
        return running.feed_run(code, print_callback=printed), None
    except MontyError as error:
        return None, printed.overflow or error_of(error)


def shown(value: object) -> str:
    """A value as Python writes it."""
    from pydantic_monty import MontyClassProxy

    if isinstance(value, MontyClassProxy):
        return f"{value.name}({', '.join(f'{name}={shown(item)}' for name, item in value.attributes.items())})"
    return repr(value)
