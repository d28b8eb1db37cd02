"""The commands of docs/durable.md, in the order of the page, with a worker of the page's app at work."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from sayso.cli.main import run as sayso

from .commands import environment

PAGE = (Path(__file__).parents[2] / "docs" / "durable.md").read_text(encoding="utf-8")
ENDS = {"approve": 3, "cancel": 1}  # nobody can be asked here; when it is cancelled it is over already


def said(*arguments: str) -> tuple[int, str]:
    """Exit code and words of a command."""
    with redirect_stdout(StringIO()) as out, redirect_stderr(out):
        code = sayso(arguments)
    return code, out.getvalue()


def typed() -> list[list[str]]:
    """The page's commands, without their comments."""
    blocks = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [[word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)][1:] for line in lines if line.startswith("sayso ")]


def test_the_page_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (module,) = re.findall(r"```py\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "burger_desk.py").write_text(module, encoding="utf-8")
    (url,) = re.findall(r"export SAYSO_DATABASE=(\S+)", PAGE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAYSO_DATABASE", url)
    (first, *others) = typed()
    assert first == ["worker", "burger_desk:app"]
    command = [sys.executable, "-W", "error", "-m", "sayso", *first]
    worker = subprocess.Popen(command, cwd=tmp_path, env=environment(SAYSO_DATABASE=url), stdout=subprocess.PIPE, text=True)
    try:
        for arguments in others:
            if (tmp_path / "runs.db").exists():
                said("show", "lunch", "--follow")  # until it waits or is over
            if "DIGEST" in arguments:
                (request,) = json.loads(said("runs", "--json")[1])[0]["waits_for"]
                arguments = [word.replace("DIGEST", request["digest"]) for word in arguments]
            code, words = said(*arguments)
            assert code == ENDS.get(arguments[0], 0), (arguments, words)
        told = said("show", "lunch")[1]
        for part in ("Order 1 x burger", "edited    request", "Order 2 x burger", "rejected", "too dear", "output: That is all."):
            assert part in told, told
        assert not (tmp_path / "kitchen.txt").exists()
    finally:
        worker.send_signal(signal.SIGINT)
        last = worker.communicate(timeout=60)[0]
    assert (worker.returncode, "has stopped." in last) == (0, True)
