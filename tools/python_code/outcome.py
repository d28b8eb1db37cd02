"""The result of a piece of code: its output, its value, its error with the line, and the tests that failed."""

from __future__ import annotations

from dataclasses import dataclass

SHOWN_CHARACTERS = 20_000
"""The most characters of a value that a model is shown."""


@dataclass(frozen=True, slots=True)
class CodeError:
    """An exception that ended the code. `line` counts from 1 in the text that was run, 0 where it is unknown; `source` is that line."""

    kind: str
    message: str
    line: int = 0
    source: str = ""

    def __str__(self) -> str:
        what = f"{self.kind}: {self.message}" if self.message else self.kind
        return what + (f" (line {self.line}: {self.source.strip()})" if self.line else "")


@dataclass(frozen=True, slots=True)
class FailedTest:
    """A test that raised, and what it raised."""

    test: str
    error: CodeError

    def __str__(self) -> str:
        lines = self.test.strip().splitlines()
        name = lines[0] if len(lines) == 1 else f"a test of {len(lines)} lines"
        return f"Test failed: {name}\n  {self.error}"


@dataclass(frozen=True, slots=True)
class PythonResult:
    """The result of running code.

    `value` is that of the last line, if that is an expression; `shown` is its `repr`. `tests` is how many tests were run.
    """

    stdout: str = ""
    value: object = None
    shown: str = ""
    error: CodeError | None = None
    tests: int = 0
    failures: tuple[FailedTest, ...] = ()

    @property
    def ok(self) -> bool:
        """Return whether the code raised nothing and every test passed."""
        return self.error is None and not self.failures

    @property
    def text(self) -> str:
        """Return the whole result as a model reads it."""
        parts = [self.stdout.rstrip("\n")] if self.stdout.strip() else []
        if self.shown and self.shown != "None":
            cut = self.shown[:SHOWN_CHARACTERS]
            parts.append(f"Value: {cut}{'' if cut == self.shown else f' ... ({len(self.shown):,} characters)'}")
        if self.error is not None:
            parts.append(f"Error: {self.error}")
        parts += map(str, self.failures)
        if self.tests and self.error is None:
            parts.append(f"{self.tests - len(self.failures)} of {self.tests} tests passed.")
        return "\n".join(parts) or "It ran to its end and printed nothing."
