"""docs/research.md names every option of a research and every field of a report."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from sayso.agents.research import report_values
from sayso.agents.research.run import ResearchOptions
from sayso.cli.main import run as sayso

PAGE = (Path(__file__).parents[2] / "docs" / "research.md").read_text(encoding="utf-8")
VALUES = [each for each in vars(report_values).values() if is_dataclass(each) and isinstance(each, type)]
CODE = set(re.findall(r"[\w-]+", " ".join(re.findall(r"`([^`\n]+)`", PAGE))))


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.__name__)
def test_each_field_of_a_report_is_on_the_page(value: type) -> None:
    assert [field.name for field in fields(value) if field.name not in CODE] == []


def test_each_option_of_a_research_is_on_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert sorted(ResearchOptions.__optional_keys__ - CODE) == []
    sayso(["research", "--help"])
    options = set(re.findall(r"(?<!\S)(--[a-z][a-z-]+)", capsys.readouterr().out)) - {"--company"}
    assert len(options) > 15
    assert sorted(options - CODE) == []


def test_each_kind_of_change_and_source_is_on_the_page() -> None:
    for kind in filter(None, (*report_values.ChangeKind, *report_values.SourceKind)):
        assert f"`{kind}`" in PAGE
