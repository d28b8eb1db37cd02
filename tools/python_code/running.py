"""`run_python`: run a piece of code and its tests in a sandbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from ..errors import UsageError
from ..sandbox.settings import Layers, Sandbox
from .outcome import CodeError, FailedTest, PythonResult

if TYPE_CHECKING:
    from pydantic_monty import MontySession

    from .monty import Printed

PythonEngine = Literal["monty", "cpython"]
ENGINES = ("monty", "cpython")
OUTPUT_KB = 64


def run_python(
    code: str,
    tests: str | Sequence[str] = (),
    *,
    sandbox: Sandbox | None = None,
    engine: PythonEngine = "monty",
    output_kb: int = OUTPUT_KB,
) -> PythonResult:
    """Run untrusted code, then each of the tests after it (`assert add(1, 2) == 3`), and return the result.

    `engine="monty"` is a small Python without files, network, processes and third-party modules; it also lacks `yield`, class inheritance
    and `del`. `engine="cpython"` is the real one and runs inside bubblewrap. `sandbox` has the seconds and the memory, for code and tests
    each; with "cpython" also files and network. At most `output_kb` kB of output are kept; printing more ends the code.
    What the code raises is in the result. Raises UsageError for an engine that is not installed or an option it does not have, and
    SandboxMissing for a layer that this system lacks.
    """
    check_engine(engine)
    if not isinstance(code, str):
        raise UsageError(f"run_python() takes code as a text (str), not {type(code).__name__}.")
    return run_in(engine, code, to_tests(tests), sandbox or Sandbox(), output_kb)


def run_in(
    engine: PythonEngine, code: str, tests: Sequence[str], sandbox: Sandbox, output_kb: int, on_start: Callable[[int], None] | None = None
) -> PythonResult:
    """Do as `run_python` with all options. `on_start` receives the process id of the interpreter, by which another thread may kill it."""
    if engine == "cpython":
        from .cpython import run  # late, for load time

        return run(code, tests, sandbox, output_kb, on_start)
    return run_in_monty(code, tests, sandbox, output_kb, on_start)


def python_layers(sandbox: Sandbox | None = None, *, engine: PythonEngine = "monty") -> Layers:
    """Return the layers around `run_python` on this system. Starts an interpreter to find out."""
    check_engine(engine)
    allowed = sandbox or Sandbox(needs=())
    if engine == "cpython":
        from .cpython import report_layers  # late, for load time
    else:
        from .monty import report_layers  # late, for load time
    return report_layers(allowed)


def check_engine(engine: str) -> None:
    """Raise UsageError for an unknown engine."""
    if engine not in ENGINES:
        raise UsageError(f"There is no engine {engine!r} for Python code. The engines: {', '.join(ENGINES)}.")


def to_tests(tests: str | Sequence[str]) -> tuple[str, ...]:
    """Return the tests as texts; one text is one test. Raises UsageError for what is not text."""
    given = (tests,) if isinstance(tests, str) else tuple(tests)
    if not all(isinstance(test, str) for test in given):
        raise UsageError("Tests are texts: 'assert add(1, 2) == 3'.")
    return tuple(test for test in given if test.strip())


def run_in_monty(
    code: str, tests: Sequence[str], sandbox: Sandbox, output_kb: int, on_start: Callable[[int], None] | None = None
) -> PythonResult:
    """Run the code, and each test in the state that the one before it left. Blocks the calling thread."""
    from .monty import Printed, session  # late, for load time

    printed = Printed(output_kb * 1024)
    with session(sandbox, on_start) as running:
        value, error = feed(running, code, printed)
        failures = [] if error else _run_tests(running, tests, printed)
    return PythonResult(printed.text, value, write_value(value), error, len(tests), tuple(failures))


def _run_tests(running: MontySession, tests: Sequence[str], printed: Printed) -> list[FailedTest]:
    failures = []
    for test in tests:
        _, error = feed(running, test, printed)
        if error is not None:
            failures.append(FailedTest(test, error))
        if error is not None and error.kind == "Stopped":
            failures += [FailedTest(rest, CodeError("Stopped", "not run")) for rest in tests[len(failures) :]]
            break
    return failures


def feed(running: MontySession, code: str, printed: Printed) -> tuple[object, CodeError | None]:
    """Run one piece of code in a running interpreter; return its value, or the error that ended it."""
    from pydantic_monty import MontyError

    from .monty import describe_error  # late, for load time

    try:
        return running.feed_run(code, print_callback=printed), None
    except MontyError as error:
        return None, printed.overflow or describe_error(error)


def write_value(value: object) -> str:
    """Write a value as Python does (`repr`), an instance of a class of the code too."""
    from pydantic_monty import MontyClassProxy

    if isinstance(value, MontyClassProxy):
        return f"{value.name}({', '.join(f'{name}={write_value(item)}' for name, item in value.attributes.items())})"
    return repr(value)
