"""The version of a tool, for which an approval holds: other for another tool, also deep under decorators, and the same in every process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sayso.tools.approval.requests import compute_digest, matches_tool, propose
from sayso.tools.canonical import sha256
from sayso.tools.definition.tool import AnyTool

HERE = Path(__file__).parent
sys.path.append(str(HERE))
import tool_pairs as pairs  # noqa: E402


@pytest.mark.parametrize(("shown", "swapped"), pairs.DIFFERENT.values(), ids=pairs.DIFFERENT)
def test_a_tool_that_was_swapped_after_the_card_is_another(shown: AnyTool, swapped: AnyTool) -> None:
    request = propose(shown, {"cents": 5}, run_id="r", position="p", sources={"cents": "x"}, nonce="n", now=0, expires_at=9, warnings=())
    assert (matches_tool(request, shown), matches_tool(request, swapped)) == (True, False)


@pytest.mark.parametrize(("one", "other"), pairs.SAME.values(), ids=pairs.SAME)
def test_what_changes_while_a_program_runs_is_no_part_of_it(one: AnyTool, other: AnyTool) -> None:
    assert one.version == other.version


def load_elsewhere(seed: str, *options: str, optimised: str = "") -> dict[str, str]:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    command = [sys.executable, *([optimised] if optimised else []), str(HERE / "tool_pairs.py"), *options]
    return dict(json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout))


def test_versions_are_the_same_in_every_process() -> None:
    first = load_elsewhere("1")
    assert first == load_elsewhere("2", "--late") == load_elsewhere("0")


def test_versions_are_the_same_in_a_script_and_in_a_module() -> None:
    assert load_elsewhere("1") == pairs.versions()


def test_a_request_of_the_former_release_is_compared_as_it_was_made() -> None:
    shown, swapped = pairs.DIFFERENT["two functions"]
    now = propose(shown, {"cents": 5}, run_id="r", position="p", sources={"cents": "x"}, nonce="n", now=0, expires_at=9)
    version = shown.version_2
    former = replace(now, tool_version=version, digest=compute_digest(now.key, version, sha256(shown.parameters), now.card, "n", 9))
    assert version.startswith("2.")
    assert (matches_tool(former, shown), matches_tool(former, swapped)) == (True, False)
    assert not matches_tool(replace(former, tool_version=shown.version), shown)
    assert not matches_tool(replace(former, tool_version="4.0123456789abcdef"), shown)
