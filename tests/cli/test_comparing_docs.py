"""The commands and the code of docs/comparing.md, in the order of the page, and what it says that they print."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from .test_evaluation_docs import as_pattern, execute, plain, type_command

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", (ROOT / "docs" / "comparing.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_the_page_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    printed, languages = "", [language for language, _ in BLOCKS]
    assert languages == ["yaml", "bash", "text", "bash", "text", "py", "text"]
    for language, block in BLOCKS:
        if language == "yaml":
            assert block in (ROOT / "examples" / "data" / "review_cases.yaml").read_text("utf-8")
        elif language == "bash":
            printed = "".join(map(type_command, block.splitlines()))
        elif language == "py":
            with redirect_stdout(StringIO()) as out:
                execute(block, {})
            printed = out.getvalue()
        else:
            assert re.search(as_pattern(block), plain(printed)), printed
