"""What is wrong with a case file: all of it in one error, each with its line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from sayso.tools.errors import UsageError

MOST_SHOWN = 20


class CaseFileError(UsageError):
    """A case file cannot be read. `problems` has a sentence for each thing that is wrong, with its file and line."""

    def __init__(self, path: str, problems: Sequence[str], hints: Sequence[str] = ()) -> None:
        self.path: str = path
        self.problems: tuple[str, ...] = tuple(problems)
        shown = list(problems[:MOST_SHOWN])
        if len(problems) > MOST_SHOWN:
            shown.append(f"... and {len(problems) - MOST_SHOWN} more.")
        super().__init__("\n".join([*shown, *hints]))


class Problems:
    """Collects what is wrong with one file."""

    def __init__(self, path: Path) -> None:
        self.path: str = str(path)
        self.found: list[tuple[int, str]] = []
        self.doubts: list[tuple[int, str]] = []
        """What is legal where it stands, and hardly meant so."""
        self.hints: list[str] = []
        """What is said once at the end: the names that there are."""

    def add(self, line: int, sentence: str) -> None:
        """Add what is wrong in a line; it is told once."""
        if (line, sentence) not in self.found:
            self.found.append((line, sentence))

    def doubt(self, line: int, sentence: str) -> None:
        """Add what is legal and hardly meant so; files that other programs read keep it."""
        self.doubts.append((line, sentence))

    def hint(self, sentence: str) -> None:
        """Add what is said once, after everything that is wrong."""
        if sentence not in self.hints:
            self.hints.append(sentence)

    def place(self, line: int) -> str:
        """Return a place of the file: "cases.yaml:12"."""
        return f"{self.path}:{line}"

    def check(self) -> None:
        """Raise CaseFileError with everything that was found, in the order of the file, if there is anything.

        What is wrong in several lines in the same way is told once, with the lines.
        """
        lines: dict[str, list[int]] = {}
        for line, sentence in sorted(self.found):
            lines.setdefault(sentence, []).append(line)
        if lines:
            told = [f"{self.place(at[0])}: {sentence}{_list_more(at[1:])}" for sentence, at in lines.items()]
            raise CaseFileError(self.path, told, self.hints)


def _list_more(lines: list[int]) -> str:
    shown = ", ".join(map(str, lines[:8]))
    return f" (Also in line {shown}{f' and {len(lines) - 8} more' if len(lines) > 8 else ''}.)" if lines else ""


def suggest_name(name: str, known: Iterable[str], others: dict[str, str] | None = None) -> str:
    """Return " Did you mean x?" with the name that is nearest, or ""; `others` are names of other programs for the same thing."""
    plain = name.casefold().replace("-", "_").replace(" ", "_")
    names = {each.casefold(): each for each in known}
    near = (others or {}).get(plain) or names.get(plain)
    if near is None:
        close = get_close_matches(plain, list(names), 1, cutoff=0.7)
        near = names[close[0]] if close else None
    return f" Did you mean {near}?" if near else ""
