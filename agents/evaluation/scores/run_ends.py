"""Whether a run ends with an error that it is to end with. Deterministic."""

from __future__ import annotations

from dataclasses import dataclass

from sayso.tools.errors import UsageError

from ..values import CaseRun, ScoreResult
from .grading import decide, plain, set_name, shorten, show


@dataclass(frozen=True, slots=True)
class EndsWithError:
    """Tell whether the run ends with an error, for example because a guard refuses what is asked. Deterministic: 1 or 0.

    With a `text`, the error's sentence has to contain it; the case of letters does not matter. Without this score, a run that ends with an
    error has not passed.
    """

    text: str = ""
    name: str = ""

    is_deterministic = True
    expects_error = True

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise UsageError(f"EndsWithError: text={self.text!r} is not text.")
        set_name(self, f"ends with an error: {self.text}" if self.text else "ends with an error")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return 1 where the run ends with that error, 0 otherwise."""
        error = run.record.error
        if not error:
            return decide(self.name, False, f"The run ended without an error: {show(run.record.text)}.")
        is_it = plain(self.text).casefold() in plain(error).casefold()
        return decide(self.name, is_it, "" if is_it else f"The run ended with another error: {shorten(error)}")
