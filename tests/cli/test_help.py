"""The help: one set of words for a command, in the list of commands and in its own file."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path

import pytest

from sayso.cli.main import COMMANDS

from .commands import sayso_here


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_a_function_of_its_name_in_a_file_of_its_name_with_the_help_as_its_first_line(name: str, tmp_path: Path) -> None:
    function = getattr(import_module(f"sayso.cli.{name}"), name)
    assert (inspect.getdoc(function) or "").partition("\n")[0] == COMMANDS[name]
    shown = sayso_here(name, "--help", cwd=tmp_path)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert COMMANDS[name].split()[0] in shown.stdout


def test_the_list_of_commands_has_them_all(tmp_path: Path) -> None:
    shown = sayso_here("--help", cwd=tmp_path)
    assert shown.returncode == 0
    assert [name for name in COMMANDS if f"│ {name} " not in shown.stdout] == []
