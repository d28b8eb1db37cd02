"""Case files as tests: `pytest cases.yaml`, each case an item of its own, and the mark `sayso_cases` for tests in Python.

Nothing of Sayso is loaded before a case file is collected. A write is never performed: what needs approval stays open, or is pretended
where the case says so.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sayso.agents.evaluation import Case, Suite
    from sayso.agents.evaluation.suite_results import CaseResult

ENDINGS = (".yaml", ".yml", ".json")
COST = "sayso_cost_usd"
_LOOKS_LIKE_CASES = re.compile(r"""(?m)^\s*\{?\s*["']?cases["']?\s*:|^\s*[-\[]\s*\{?\s*["']?(?:input|inputs)["']?\s*:|"cases"\s*:\s*\[""")
NO_SUBJECT = (
    "What is to be evaluated is not said. Write `sayso_subject = module:agent` into the settings of pytest, give "
    "--sayso-subject module:agent, or define a fixture `sayso_subject` in conftest.py that returns the agent."
)


class CaseFailed(Exception):
    """A case did not pass; the message says why."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the settings that name what is evaluated, and which files hold cases."""
    group = parser.getgroup("sayso", "cases of Sayso")
    group.addoption("--sayso-subject", metavar="MODULE:NAME", help="the agent, workflow or async function that case files are for")
    parser.addini("sayso_subject", "the agent, workflow or async function that case files are for, as module:name", default="")
    parser.addini(
        "sayso_cases", "names of the files that hold cases, such as *.cases.yaml; others are read when they are named", "args", []
    )


def pytest_configure(config: pytest.Config) -> None:
    """Say what the mark means."""
    config.addinivalue_line("markers", "sayso_cases(path): execute the test for each case of a file, as the argument `sayso_case`")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a file of cases: one that the settings name, or one on the command line that looks like it."""
    if file_path.suffix.lower() not in ENDINGS:
        return None
    is_meant = any(fnmatch(file_path.name, pattern) for pattern in parent.config.getini("sayso_cases"))
    if is_meant or (parent.session.isinitpath(file_path) and _looks_like_cases(file_path)):
        made: CaseFile = CaseFile.from_parent(parent, path=file_path)
        return made
    return None


def _looks_like_cases(path: Path) -> bool:
    """Tell whether a file that was named may hold cases: other plugins have YAML files, too."""
    try:
        with path.open("rb") as file:
            return bool(_LOOKS_LIKE_CASES.search(file.read(100_000).decode("utf-8", "replace").lstrip("\ufeff")))
    except OSError:
        return False


class CaseFile(pytest.File):
    """A file of cases."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item for each case. What is wrong with the file is told, with its lines."""
        suite = _read_cases(self.path, self.CollectError)
        for case in suite.cases:
            yield CaseItem.from_parent(self, name=_name(case), suite=suite, case=case)


class CaseItem(pytest.Function):
    """A case as a test."""

    def __init__(self, *, suite: Suite, case: Case, **given: Any) -> None:
        self.suite: Suite = suite
        self.case: Case = case
        check: Any = self._check
        super().__init__(callobj=check, **given)

    def _check(self, sayso_subject: object) -> None:
        result = check_case(self.suite, self.case, sayso_subject)
        self.user_properties.append((COST, result.cost_usd))
        if not result.passed:
            raise CaseFailed(describe_failure(result).replace(str(self.path), os.path.relpath(self.path), 1))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the case is written."""
        line = self.case.place.rpartition(":")[2]
        return self.path, int(line) - 1 if line.isdigit() else 0, self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return what went wrong as a person reads it, and a traceback only where code broke."""
        from sayso.tools.errors import SaysoError  # late, for load time

        if isinstance(excinfo.value, (CaseFailed, SaysoError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


def check_case(suite: Suite, case: Case, subject: object) -> CaseResult:
    """Return what became of one case. It is executed in an event loop of its own."""
    import asyncio
    from dataclasses import replace

    from sayso.agents.evaluation import evaluate  # late, for load time
    from sayso.tools.errors import UsageError

    evaluation = asyncio.run(evaluate(replace(suite, cases=(case,)), subject))
    if not evaluation.results:
        raise UsageError(f"The case was not run: {evaluation.not_run[0].reason if evaluation.not_run else 'there is no result'}.")
    return evaluation.results[0]


def describe_failure(result: CaseResult) -> str:
    """Return in a few lines why a case did not pass: what was asked, expected and answered, each score that does not hold, the calls."""
    case, record = result.case, result.record
    lines = [f"{case.place or case.name}: {case.name}: {result.status}", f"  input:    {_show(case.input)}"]
    if case.expected is not None:
        lines.append(f"  expected: {_show(case.expected)}")
    lines.append(f"  got:      {_show(record.error or record.text or record.output)}")
    if result.difference:
        lines.append(f"  {result.difference}")
    for score in result.scores:
        if score.passed is False or (score.passed is None and score.value is None):
            lines.append(f"  {'✗' if score.passed is False else '?'} {score.score}{f': {score.reason}' if score.reason else ''}")
            lines += [f"      {detail}" for detail in score.details[:5]]
    for call in record.calls[:20]:
        lines.append(f"  called {call.tool}({_show_arguments(call.arguments)}): {call.outcome or 'waits for a decision'}")
    lines.append(f"  {_count(record.turns, 'model call')}, {record.seconds:.2f} s, ${result.cost_usd:.4f}")
    return "\n".join(_plain(line) for line in lines)


def _show(value: object) -> str:
    from sayso.tools.canonical import prompt_text  # late, for load time

    text = " ".join((value if isinstance(value, str) else "nothing" if value is None else prompt_text(value)).split())
    return text if len(text) <= 500 else f"{text[:500]} … ({len(text)} characters)"


def _show_arguments(arguments: Any) -> str:
    return ", ".join(f"{key}={_show(value)}" for key, value in arguments.items())


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _plain(line: str) -> str:
    """Return a line without what would steer the terminal."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in line)


def _read_cases(path: Path, error_kind: type[Exception]) -> Suite:
    from sayso.agents.evaluation import read_suite  # late, for load time
    from sayso.tools.errors import UsageError

    try:
        return read_suite(path)
    except UsageError as error:
        raise error_kind(str(error)) from None


def _name(case: Case) -> str:
    """Return the name of a case as a node id has it: on one line, and without the mark that ids are divided by."""
    return " ".join(case.name.split()).replace("::", ":")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Execute a marked test for each case: `@pytest.mark.sayso_cases("cases.yaml")`, with the argument `sayso_case`."""
    mark = metafunc.definition.get_closest_marker("sayso_cases")
    if mark is None:
        return
    if "sayso_case" not in metafunc.fixturenames or len(mark.args) != 1 or mark.kwargs:
        raise pytest.UsageError(f'{metafunc.definition.nodeid}: write @pytest.mark.sayso_cases("cases.yaml"), and take `sayso_case`.')
    from dataclasses import replace

    suite = _read_cases(metafunc.definition.path.parent / str(mark.args[0]), pytest.Collector.CollectError)
    cases = [replace(case, scores=(*suite.scores, *case.scores)) for case in suite.cases]
    metafunc.parametrize("sayso_case", cases, ids=[_name(case) for case in cases])


@pytest.fixture(scope="session")
def sayso_subject(pytestconfig: pytest.Config) -> object:
    """Return what case files are for, as the settings of pytest name it; define a fixture of this name to make it yourself."""
    from sayso.cli.load_object import load_step  # late, for load time
    from sayso.tools.errors import UsageError

    name = pytestconfig.getoption("--sayso-subject")
    if not name and (name := pytestconfig.getini("sayso_subject")):
        # What the settings name is found from their folder, wherever pytest was started.
        sys.path[:0] = [] if str(pytestconfig.rootpath) in sys.path else [str(pytestconfig.rootpath)]
        name = str(pytestconfig.rootpath / name) if ".py:" in name else name
    problem = NO_SUBJECT
    try:
        if name:
            return load_step(name)
    except UsageError as error:
        problem = str(error)
    pytest.fail(problem, pytrace=False)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what the cases cost together, also where they were executed by several processes."""
    costs = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for key, value in report.user_properties
        if key == COST
    ]
    if costs:
        terminalreporter.write_line(f"Sayso: {_count(len(costs), 'case')}, ${sum(costs):.4f}")
