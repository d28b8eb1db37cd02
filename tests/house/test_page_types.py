"""The programs of README and docs, as a reader's strict type checker sees them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .test_words import PAGES, blocks

PIECES = {
    "dialects.md",
    "evaluation.md",
    "events.md",
    "fastapi.md",
    "feedback.md",
    "from-langgraph.md",
    "from-pydantic-ai.md",
    "models.md",
    "notebook.md",
    "sandbox.md",
    "serve.md",
    "slack.md",
    "testing.md",
    "tools.md",
}  # their blocks are pieces of programs: `await` at the top level, files that the reader makes, parameters without types
SETTINGS = {"typeCheckingMode": "strict", "reportMissingTypeStubs": False, "reportUnusedFunction": False, "reportRedeclaration": False}


@pytest.mark.slow
def test_pyright_strict_finds_nothing_in_the_programs_of_the_pages(tmp_path: Path) -> None:
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
    whole = [page for page in PAGES if page.name not in PIECES and blocks(page, "python")]
    assert "README.md" in {page.name for page in whole}
    for page in whole:
        (tmp_path / f"{page.stem}.py").write_text("\n\n".join(blocks(page, "python")), encoding="utf-8")
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "-p", str(tmp_path), "--outputjson"]
    told = json.loads(subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout)
    found = [f"{Path(each['file']).name}:{each['range']['start']['line'] + 1} {each['message']}" for each in told["generalDiagnostics"]]
    assert found == []
