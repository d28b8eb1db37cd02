"""Case files as tests of pytest: each case an item, a failure that can be read, several processes, and no trace of it elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = "pytester"

SETTINGS = """
[pytest]
addopts = -p no:cacheprovider
filterwarnings = error
"""
CASES = """
max_turns: 3
cases:
  - name: echo
    input: Hi
    expected: Hi
  - name: wrong
    input: Hi
    contains: Ho
  - input: Bye
    contains: Bye
"""
DESK = """
from sayso import tool
from sayso.tools import Effect

async def echo(text: str) -> str:
    return text
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with a case file and what it is for."""
    pytester.makefile(".ini", pytest=SETTINGS)
    pytester.makefile(".yaml", cases=CASES)
    pytester.makepyfile(desk=DESK)
    return pytester


def run(project: pytest.Pytester, *options: str) -> pytest.RunResult:
    """Run pytest in a process of its own, which has the plugin whether or not it is installed as one, and none of the others here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        return project.runpytest_subprocess("-p", "sayso.pytest_plugin", *options)


def test_each_case_is_an_item_and_a_failure_says_why(project: pytest.Pytester) -> None:
    result = run(project, "cases.yaml", "--sayso-subject", "desk:echo", "-v")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "cases.yaml::echo PASSED*",
            "cases.yaml::wrong FAILED*",
            "cases.yaml::case 3 PASSED*",
            "cases.yaml:6: wrong: failed",
            "  input:    Hi",
            "  got:      Hi",
            "  ✗ contains “Ho”: The answer does not contain*",
            "Sayso: 3 cases, $0.0000",
        ]
    )
    assert "Traceback" not in result.stdout.str()


def test_one_case_is_executed_by_its_id(project: pytest.Pytester) -> None:
    run(project, "cases.yaml::case 3", "--sayso-subject", "desk:echo").assert_outcomes(passed=1)


def test_json_of_one_line_is_a_case_file(project: pytest.Pytester) -> None:
    (project.path / "line.json").write_text('{"name":"n","cases":[{"name":"a","input":"hello","contains":"hello"}]}', encoding="utf-8")
    run(project, "line.json", "--sayso-subject", "desk:echo").assert_outcomes(passed=1)


def test_several_processes_share_the_cases(project: pytest.Pytester) -> None:
    result = run(project, "cases.yaml", "--sayso-subject", "desk:echo", "-p", "xdist", "-n", "2")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["Sayso: 3 cases, $0.0000"])


def test_the_settings_name_subject_and_files_or_a_fixture_makes_the_subject(project: pytest.Pytester) -> None:
    project.makefile(".ini", pytest=f"{SETTINGS}\nsayso_subject = desk:echo\nsayso_cases = *ses.yaml\n")
    run(project).assert_outcomes(passed=2, failed=1)
    project.makeconftest(
        """
        import pytest

        @pytest.fixture
        def sayso_subject():
            async def shout(text: str) -> str:
                return "Hi Ho Bye"
            return shout
        """
    )
    run(project).assert_outcomes(passed=2, failed=1)


@pytest.mark.parametrize("subject", ["desk:echo", "desk.py:echo"])
def test_the_subject_of_the_settings_is_found_from_another_folder(project: pytest.Pytester, subject: str) -> None:
    project.makefile(".ini", pytest=f"{SETTINGS}\nsayso_subject = {subject}\n")
    (project.path / "elsewhere").mkdir()
    project.chdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.path / "elsewhere")
        result = run(project, "../cases.yaml::echo")
    result.assert_outcomes(passed=1)


def test_a_marked_test_is_executed_for_each_case(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import asyncio
        import pytest
        from desk import echo
        from sayso.agents.evaluation import evaluate

        @pytest.mark.sayso_cases("cases.yaml")
        def test_desk(sayso_case):
            assert [score.name for score in sayso_case.scores][0] == "at most 3 turns"
            assert asyncio.run(evaluate([sayso_case], echo)).passed

        @pytest.mark.sayso_cases("cases.yaml")
        def test_without():
            pass
        """
    )
    result = run(project, "-k", "desk", "--strict-markers")
    result.stdout.fnmatch_lines(["*test_without: write @pytest.mark.sayso_cases*"])
    run(project, "--deselect", "none", "--strict-markers").assert_outcomes(errors=1)


MISTAKES = {
    "no subject": ((), CASES, "*Write `sayso_subject = module:agent` into the settings of pytest*"),
    "no such subject": (("--sayso-subject", "desk:ehco"), CASES, "*desk has no 'ehco'.*"),
    "a wrong file": (
        ("--sayso-subject", "desk:echo"),
        "cases:\n  - input: a\n    containz: b\n",
        "*cases.yaml:3: a case has no field 'containz'*",
    ),
}


@pytest.mark.parametrize(("options", "cases", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_a_sentence_without_a_traceback(project: pytest.Pytester, options: tuple[str, ...], cases: str, said: str) -> None:
    project.makefile(".yaml", cases=cases)
    result = run(project, "cases.yaml", *options)
    assert result.ret != 0
    result.stdout.fnmatch_lines([said])
    assert "Traceback" not in result.stdout.str()


def test_a_write_is_asked_about_and_never_performed(project: pytest.Pytester) -> None:
    project.makepyfile(
        desk="""
        from pathlib import Path
        from sayso import Agent, tool
        from sayso.agents import ScriptedModel

        @tool.write(card="Order {item}")
        async def order(item: str) -> str:
            "Order a dish."
            Path("ordered").write_text(item)
            return "done"

        agent = Agent(ScriptedModel("ORDER(item='burger')"), tools=[order])
        """
    )
    project.makefile(".yaml", cases="- input: a burger\n  approvals: order\n  not_calls: order\n")
    run(project, "cases.yaml", "--sayso-subject", "desk:agent").assert_outcomes(passed=1)
    assert not (project.path / "ordered").exists()


def test_a_project_that_does_not_use_it_loads_nothing(project: pytest.Pytester) -> None:
    project.makefile(".yaml", other="services: {}\n", data="- 1\n")
    project.makepyfile(
        """
        import sys

        def test_loaded():
            heavy = {"openai", "httpx2", "pydantic", "yaml", "sayso.agents", "sayso.workflows", "sympy", "lxml"}
            assert heavy & set(sys.modules) == set()
        """
    )
    run(project).assert_outcomes(passed=1)
    assert run(project, "other.yaml").ret in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED)


def test_the_plugin_is_found_by_pytest() -> None:
    settings = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert '"sayso.pytest_plugin" = "sayso.pytest_plugin"' in settings
