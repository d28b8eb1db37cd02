"""Checks of a run's output by comparing: exact, contains, regex, JSON match. All of them are deterministic."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sayso.tools.canonical import strict_json
from sayso.tools.errors import UsageError

from ..values import CaseRun, ScoreResult
from .grading import check_flag, check_text, decide, leave_out, plain, say_why_no_answer, set_name, shorten, show, to_json
from .json_differences import MOST_DIFFERENCES, STRICT, JsonRules, find_differences
from .pattern_search import PatternTooSlow, search_pattern

_FENCED = re.compile(r"```[\w-]*[ \t]*\n(.*?)\n?[ \t]*```", re.DOTALL)
_NOTHING_EXPECTED = "The case expects no output, so there is nothing to compare with."


@dataclass(frozen=True, slots=True)
class Exact:
    """Tell whether the output is the expected one. Deterministic: 1 or 0.

    Texts are compared letter by letter (Unicode's composed form), without white space around them; anything else as JSON values: 1 equals
    1.0, and no key may be missing or added. Where a value is expected and the answer is a text, the JSON in the text counts: the text "4"
    is the expected 4. `expected` counts before the case's own. Exact match as in SQuAD (Rajpurkar et al. 2016), but
    without its folding of case, articles and punctuation; `ignore_case` folds case, `ignore_space` counts any white space as one space.
    """

    expected: object = None
    ignore_case: bool = False
    ignore_space: bool = False
    name: str = ""

    is_deterministic = True

    def __post_init__(self) -> None:
        check_flag(self, ignore_case=self.ignore_case, ignore_space=self.ignore_space)
        set_name(self, "exact")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return 1 where the output is the expected one, 0 otherwise."""
        expected = run.case.expected if self.expected is None else self.expected
        if expected is None:
            return leave_out(self.name, _NOTHING_EXPECTED)
        if why := say_why_no_answer(run.record):
            return decide(self.name, False, why)
        output = run.record.output
        if isinstance(expected, str) and (isinstance(output, str) or output is None):
            is_same = self._fold(expected) == self._fold(run.record.text if output is None else output)
            return decide(self.name, is_same, "" if is_same else f"Expected {show(expected)}, got {show(run.record.text)}.")
        found = _read_value(run.record.text) if output is None or isinstance(output, str) else to_json(output)
        differences = list(islice(find_differences(to_json(expected), found, STRICT), MOST_DIFFERENCES))
        return decide(self.name, not differences, differences[0] if differences else "", differences[1:])

    def _fold(self, text: str) -> str:
        text = plain(text)
        text = " ".join(text.split()) if self.ignore_space else text
        return text.casefold() if self.ignore_case else text


@dataclass(frozen=True, slots=True)
class Contains:
    """Tell whether the answer contains a text, or each text of a list. Deterministic: 1 or 0.

    With `any_of=True` one text of the list is enough. White space of any length counts as one space, so that a line break in the answer
    does not matter; the case of letters does, unless `ignore_case=True`.
    """

    text: str | Sequence[str]
    any_of: bool = False
    ignore_case: bool = False
    name: str = ""

    is_deterministic = True

    def __post_init__(self) -> None:
        _check_texts(self, self.text)
        check_flag(self, any_of=self.any_of, ignore_case=self.ignore_case)
        set_name(self, f"contains {_list_texts(self.text, ' or ' if self.any_of else ', ')}")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return 1 where the answer contains what it has to, 0 otherwise."""
        if why := say_why_no_answer(run.record):
            return decide(self.name, False, why)
        texts = _read_texts(self.text)
        missing = [text for text in texts if not _contains(run.record.text, text, self.ignore_case)]
        passed = len(missing) < len(texts) if self.any_of else not missing
        return decide(self.name, passed, "" if passed else f"The answer does not contain {' nor '.join(map(show, missing))}.")


@dataclass(frozen=True, slots=True)
class NotContains:
    """Tell whether the answer contains none of the texts. Deterministic: 1 or 0. Case and white space count as in `Contains`."""

    text: str | Sequence[str]
    ignore_case: bool = False
    name: str = ""

    is_deterministic = True

    def __post_init__(self) -> None:
        _check_texts(self, self.text)
        check_flag(self, ignore_case=self.ignore_case)
        set_name(self, f"does not contain {_list_texts(self.text, ', ')}")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return 1 where the answer contains none of the texts, 0 otherwise, and where there is no answer."""
        if why := say_why_no_answer(run.record):
            return decide(self.name, False, why)
        found = [text for text in _read_texts(self.text) if _contains(run.record.text, text, self.ignore_case)]
        return decide(self.name, not found, f"The answer contains {', '.join(map(show, found))}." if found else "")


@dataclass(frozen=True, slots=True)
class Regex:
    """Tell whether a regular expression (Python's `re`) matches in the answer. Deterministic: 1 or 0.

    It may match anywhere (`re.search`); with `whole=True` it has to match all of the answer without the white space around it
    (`re.fullmatch`). `ignore_case=True` is the flag (?i); other flags are written into the pattern: (?m), (?s). A search that does not
    end within two seconds, as that for (a+)+$ may, gives no value.
    """

    pattern: str
    whole: bool = False
    ignore_case: bool = False
    name: str = ""

    is_deterministic = True

    def __post_init__(self) -> None:
        check_text(self, "pattern", self.pattern)
        check_flag(self, whole=self.whole, ignore_case=self.ignore_case)
        try:
            re.compile(self.pattern)
        except (re.error, RecursionError, OverflowError) as error:
            raise UsageError(f"Regex: {self.pattern!r} is not a regular expression: {error}.") from None
        set_name(self, f"regex {self.pattern}")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return 1 where the expression matches, 0 otherwise."""
        if why := say_why_no_answer(run.record):
            return decide(self.name, False, why)
        try:
            found = await search_pattern(self.pattern, run.record.text, whole=self.whole, ignore_case=self.ignore_case)
        except PatternTooSlow as error:
            return leave_out(self.name, str(error), least=1)
        where = "all of the answer" if self.whole else "anything in the answer"
        is_there = found is not None
        return decide(self.name, is_there, "" if is_there else f"{self.pattern} does not match {where}: {show(run.record.text)}.")


@dataclass(frozen=True, slots=True)
class NotRegex:
    """Tell whether a regular expression matches nowhere in the answer. Deterministic: 1 or 0. The pattern is read as at `Regex`."""

    pattern: str
    ignore_case: bool = False
    name: str = ""

    is_deterministic = True

    def __post_init__(self) -> None:
        Regex(self.pattern, ignore_case=self.ignore_case)
        set_name(self, f"not regex {self.pattern}")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return 1 where the expression matches nowhere, 0 otherwise, and where there is no answer."""
        if why := say_why_no_answer(run.record):
            return decide(self.name, False, why)
        try:
            found = await search_pattern(self.pattern, run.record.text, ignore_case=self.ignore_case)
        except PatternTooSlow as error:
            return leave_out(self.name, str(error), least=1)
        return decide(self.name, found is None, "" if found is None else f"{self.pattern} matches {show(found)}.")


@dataclass(frozen=True, slots=True)
class JsonMatch:
    """Tell whether the output is the expected JSON value. Deterministic: 1 or 0, with the path of each difference.

    An answer in text is parsed: it has to be JSON as a whole, alone or in one fence of Markdown; keys that are there twice, NaN and text
    around it are refused. The order of keys never matters. 1 equals 1.0; True is not 1, and "5" is not 5. Numbers may differ by
    `tolerance` of the expected one (0.01 is a hundredth), and by as much in all where that is below 1. Items of lists have to be in order,
    unless `ordered=False`. With `subset=True` objects may have more keys than expected, at every depth; lists keep their length.
    `expected` counts before the case's own; a text that is a JSON object or list is read as one.
    """

    expected: object = None
    subset: bool = False
    ordered: bool = True
    tolerance: float = 0.0
    name: str = ""

    is_deterministic = True

    def __post_init__(self) -> None:
        check_flag(self, subset=self.subset, ordered=self.ordered)
        if isinstance(self.tolerance, bool) or not isinstance(self.tolerance, (int, float)) or not 0 <= self.tolerance < 1:
            raise UsageError(f"JsonMatch: tolerance={self.tolerance!r} is not a share from 0 to 1. Write 0.01 for a hundredth.")
        set_name(self, "json match")

    async def __call__(self, run: CaseRun) -> ScoreResult:
        """Return 1 where the output matches, 0 otherwise."""
        expected = run.case.expected if self.expected is None else self.expected
        if expected is None:
            return leave_out(self.name, _NOTHING_EXPECTED)
        if why := say_why_no_answer(run.record):
            return decide(self.name, False, why)
        output = run.record.text if run.record.output is None else run.record.output
        try:
            found = read_json(output) if isinstance(output, str) else to_json(output)
        except ValueError as error:
            return decide(self.name, False, f"The output is not JSON: {shorten(str(error))} It is {show(output)}.")
        rules = JsonRules(self.subset, self.ordered, self.tolerance)
        differences = list(islice(find_differences(_read_expected(expected), found, rules), MOST_DIFFERENCES))
        return decide(self.name, not differences, differences[0] if differences else "", differences[1:])


def read_json(text: str) -> Any:
    """Parse a text that is JSON as a whole, alone or in one fence. Raises ValueError."""
    text = text.strip()
    fenced = _FENCED.fullmatch(text)
    try:
        return strict_json(fenced[1] if fenced else text)
    except RecursionError:
        raise ValueError("it is nested too deeply.") from None
    except ValueError as error:
        raise ValueError(f"{str(error).rstrip('.')}.") from None


def _read_value(text: str) -> Any:
    """Return the JSON value that a text is, or the text."""
    try:
        return read_json(text)
    except ValueError:
        return text


def _read_expected(expected: object) -> Any:
    if not isinstance(expected, str):
        return to_json(expected)
    value = _read_value(expected)
    return value if isinstance(value, (dict, list)) else expected


def _contains(answer: str, text: str, ignore_case: bool) -> bool:
    answer, text = " ".join(plain(answer).split()), " ".join(plain(text).split()) or text
    return text.casefold() in answer.casefold() if ignore_case else text in answer


def _read_texts(text: str | Sequence[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _check_texts(score: object, text: object) -> None:
    if isinstance(text, Sequence) and not isinstance(text, (str, bytes)):
        if not text:
            raise UsageError(f"{type(score).__name__}: text is an empty list. Give at least one text.")
        for each in text:
            check_text(score, "text", each)
    else:
        check_text(score, "text", text)


def _list_texts(text: str | Sequence[str], joint: str) -> str:
    return joint.join(f"“{shorten(each, 40)}”" for each in _read_texts(text))
