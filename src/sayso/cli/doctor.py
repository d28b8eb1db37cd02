"""`sayso doctor`: what this system enforces around each tool, and whether model, search, database and terminal can be used."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from sayso.console import plain
from sayso.tools.errors import SaysoError, UsageError

if TYPE_CHECKING:
    from sayso.agents.models.endpoint import Endpoint

SECONDS = 20.0
"""How long all the looking may take, if nothing else is said; what has not answered by then is a problem."""


class State(StrEnum):
    """How something stands."""

    FINE = "ok"
    NOT_USED = "--"
    PROBLEM = "!!"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: how it stands, in words, and what to do about it."""

    name: str
    state: State
    words: str
    to_do: str = ""

    def __str__(self) -> str:
        told = f"{self.state}  {self.name:<22} {self.words}"
        return plain(f"{told}\n{'':27}-> {self.to_do}" if self.to_do else told)


Look = Callable[[], Finding]


def examine(
    model: str | None, base_url: str | None, search: str | None, database: str | None, seconds: float = SECONDS
) -> tuple[list[Finding], bool]:
    """Every finding, in order, and whether all that was looked at has answered."""
    from sayso.agents.models.named import is_local_name

    looks: dict[str, Look] = {
        "CALCULATOR": lambda: worker(
            "CALCULATOR", "sayso.tools.calculation.symbolic_worker", 1024, "text is never run as code; its worker"
        ),
        "page reader": lambda: worker("page reader", "sayso.tools.web.parse", 512, "its worker"),
        "@tool(sandbox=...)": own_tools,
        "PYTHON": python_monty,
        "PYTHON (cpython)": python_cpython,
        "local models": local_models,
        "model": lambda: model_here(model or "") if is_local_name(model or "", base_url) else model_endpoint(model, base_url, seconds / 2),
        "search": lambda: searching(search, seconds * 3 / 4),
        "database": lambda: database_of_runs(database),
        "terminal": at_terminal,
    }
    answers: SimpleQueue[Finding] = SimpleQueue()
    for name, look in looks.items():
        # Daemons: one that hangs must not keep the program from ending.
        threading.Thread(target=_look, args=(name, look, answers), daemon=True).start()
    found: dict[str, Finding] = {}
    deadline = time.monotonic() + seconds
    while len(found) < len(looks) and (left := deadline - time.monotonic()) > 0:
        finding = _next(answers, left)
        if finding is not None:
            found[finding.name] = finding
    late = Finding("", State.PROBLEM, f"gave no answer within {seconds:g} s", "Try again; if it stays so, what it talks to hangs.")
    findings = [found.get(name) or Finding(name, late.state, late.words, late.to_do) for name in looks]
    return findings, len(found) == len(looks)


def _next(answers: SimpleQueue[Finding], seconds: float) -> Finding | None:
    from queue import Empty

    try:
        return answers.get(timeout=seconds)
    except Empty:
        return None


def _look(name: str, look: Look, answers: SimpleQueue[Finding]) -> None:
    try:
        answers.put(look())
    except SaysoError as error:
        said, _, advice = str(error).partition(". ")
        answers.put(Finding(name, State.PROBLEM, said.rstrip("."), advice))
    except Exception as error:  # noqa: BLE001 - whatever a library raises here is a finding; a doctor does not fall ill
        answers.put(Finding(name, State.PROBLEM, f"{type(error).__name__}: {' '.join(str(error).split())}"))


def worker(name: str, module: str, memory_mb: int, prefix: str) -> Finding:
    """The walls around one of Sayso's own workers."""
    from sayso.tools.sandbox.calls import report_profile_layers
    from sayso.tools.sandbox.settings import Profile

    return walls(name, report_profile_layers(Profile(preload=(module,), memory_mb=memory_mb, boot_counts=True)), (), prefix)


def own_tools() -> Finding:
    """The walls around a function tool with the default sandbox."""
    from sayso.tools.sandbox import Sandbox, report_layers

    return walls("@tool(sandbox=...)", report_layers(), Sandbox().needs, "a function in its worker")


def python_monty() -> Finding:
    """The walls around code that a model wrote."""
    from sayso.tools.python_code import python_layers
    from sayso.tools.sandbox import Sandbox

    try:
        return walls("PYTHON", python_layers(), Sandbox().needs, "code in a Python without files and network")
    except UsageError as error:
        return Finding("PYTHON", State.NOT_USED, "not installed", str(error))


def python_cpython() -> Finding:
    """Whether the real Python could be held, for those who ask for it."""
    from sayso.tools.python_code import python_layers
    from sayso.tools.sandbox import Sandbox, SandboxMissing

    name = "PYTHON (cpython)"
    try:
        return walls(name, python_layers(engine="cpython"), Sandbox().needs, 'only with engine="cpython": in bubblewrap')
    except SandboxMissing as error:
        return Finding(name, State.NOT_USED, 'off; engine="cpython" is refused', str(error).removeprefix("Nothing was run: "))


def walls(name: str, layers: Iterable[object], needs: Iterable[str], prefix: str) -> Finding:
    """Which layers stand. One that is missing is a problem where the tool is refused without it."""
    from sayso.tools.sandbox import Layer

    found = [layer for layer in layers if isinstance(layer, Layer)]
    on = ", ".join(layer.name for layer in found if layer.on)
    missing = [layer for layer in found if not layer.on]
    words = f"{prefix}: {on}"
    if not missing:
        return Finding(name, State.FINE, words)
    words += "; MISSING " + "; ".join(f"{layer.name} ({layer.detail}), so nothing stops {layer.stops}" for layer in missing)
    refused = sorted(set(needs) & {layer.name for layer in missing})
    if not refused:
        return Finding(name, State.FINE, words)
    kept = [need for need in needs if need not in refused]
    return Finding(name, State.PROBLEM, f"refused here. {words}", f"Use Linux 5.13+ with Landlock, or accept it: Sandbox(needs={kept}).")


def local_models() -> Finding:
    """Whether llama.cpp is installed, and where the models are that it can serve."""
    from importlib.metadata import PackageNotFoundError, version

    from sayso.agents.models.local.local_model import find_models_folder
    from sayso.tools.installing import install_command

    folder = find_models_folder()
    here = sorted(path.name for path in folder.rglob("*.gguf")) if folder.is_dir() else []
    kept = f"{len(here)} model{'' if len(here) == 1 else 's'} in {folder}"
    try:
        return Finding("local models", State.FINE, f"llama.cpp is here (xllamacpp {version('xllamacpp')}); {kept}")
    except PackageNotFoundError:
        return Finding(
            "local models", State.NOT_USED, f"llama.cpp is not installed; {kept}", f"For --model FILE.gguf: {install_command('local')}"
        )


def model_here(name: str) -> Finding:
    """Whether a model on this machine could be loaded: the file is all there, it fits into memory, llama.cpp is installed."""
    from sayso.agents.models.local.local_model import LocalModel

    model = LocalModel(name.removeprefix("local:"))
    path = model.find_file()
    if path is None:
        return Finding(
            "model", State.PROBLEM, f"{model.source} is not on this machine", "sayso chat in a terminal asks whether to fetch it."
        )
    return Finding("model", State.FINE, f"{path}: {model.describe_fit(path)}")


def model_endpoint(model: str | None, base_url: str | None, seconds: float) -> Finding:
    """Whether the endpoint answers and has the model; it is asked for its list, which costs nothing."""
    from sayso.agents.models.endpoint import find_endpoint
    from sayso.agents.models.named import list_models

    if not (model or base_url or os.environ.get("OPENAI_API_KEY") or os.environ.get("OPENAI_BASE_URL")):
        return Finding(
            "model", State.NOT_USED, "none is configured (sayso demo needs none)", "Give --model and --base-url, or OPENAI_API_KEY."
        )
    name = model or ""
    if "://" in name:
        base_url, _, name = name.partition("#")
    at = find_endpoint(name, base_url, None, timeout_seconds=seconds)
    if not at.key:
        return Finding("model", State.PROBLEM, f"no key for {at.shown_url}", "Set OPENAI_API_KEY.")
    names = list_models(at)
    told = f"{at.shown_url} answers and has {len(names)} model{'' if len(names) == 1 else 's'}"
    if name and name not in names:
        shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
        return Finding("model", State.PROBLEM, f"{told}, but not {name!r}", f"It has: {shown or 'none that it lists'}.")
    at = replace(at, model=name or next(iter(names), ""))
    return _with_tools(at, f"{told}{f', {name!r} among them' if name else ''}")


def _with_tools(at: Endpoint, told: str) -> Finding:
    """How the endpoint's model is given tools; on this machine, where a question costs nothing, it is tried."""
    from sayso.agents.models.abilities import ask_abilities
    from sayso.agents.models.tool_probe import ToolsSent, probe_tools

    if not asyncio.run(ask_abilities(at)).takes_tools:
        return Finding("model", State.FINE, f"{told}; it takes no tools, so calls are asked for as text")
    if not (at.is_local and at.model):
        return Finding("model", State.FINE, told)
    match asyncio.run(probe_tools(at)):
        case ToolsSent.DROPPED:
            advice = "Have calls written as text: --dialect call, or OpenAIChat(..., takes_tools=False)."
            return Finding("model", State.PROBLEM, f"{told}; tools that {at.model!r} is sent are dropped without a word", advice)
        case ToolsSent.SEEN:
            return Finding("model", State.FINE, f"{told}; it sees the tools it is sent")
        case ToolsSent.REFUSED:
            return Finding("model", State.FINE, f"{told}; it refuses tools, so calls are asked for as text")
    return Finding("model", State.FINE, told)


def searching(search: str | None, seconds: float) -> Finding:
    """Whether the search that research would use finds something."""
    from sayso.agents.research.sources import SEARCH_VARIABLE, open_sources

    async def found() -> int:
        async with open_sources(search) as (find, _):
            return len(await find("restaurant", 3))

    where = search or os.environ.get(SEARCH_VARIABLE) or "duckduckgo"
    try:
        number = asyncio.run(asyncio.wait_for(found(), seconds))
    except TimeoutError:
        return Finding("search", State.PROBLEM, f"{where} gave no answer within {seconds:g} s", "Try --search sample, a folder or a site.")
    except UsageError:
        raise
    except SaysoError as error:
        return Finding("search", State.PROBLEM, f"{where}: {error}", "Without internet: --search sample, or a folder or a site of yours.")
    return Finding("search", State.FINE, f"{where} answers ({number} results for a word)")


def database_of_runs(url: str | None) -> Finding:
    """Whether runs can be kept there. A file that is not there yet is not made."""
    from sayso.workflows.durable.database import connected, path_of

    if url is None:
        return Finding("database", State.NOT_USED, "none given: runs live as long as their program", "Give --database sqlite:///runs.db.")
    if url.startswith(("postgres:", "postgresql:")):
        with connected(url) as connection:
            version = connection.execute("SHOW server_version").fetchone()[0]
        return Finding("database", State.FINE, f"Postgres {version} answers")
    if not url.startswith("sqlite:"):
        raise UsageError(f"{url!r} is no database of runs. Write sqlite:///runs.db or postgresql://user@host/name.")
    return _sqlite_file(Path(path_of(url)))


def _sqlite_file(path: Path) -> Finding:
    import sqlite3

    if not path.exists():
        if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
            return Finding(
                "database", State.PROBLEM, f"{path} cannot be made", f"Make the folder {path.parent}, and see that you may write there."
            )
        return Finding("database", State.FINE, f"{path} will be made by the first run")
    if not os.access(path, os.R_OK | os.W_OK):
        return Finding("database", State.PROBLEM, f"{path} may not be read and written by you", "Change its owner or its rights.")
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=5)
        try:
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            runs = connection.execute("SELECT count(*) FROM sayso_runs").fetchone()[0] if "sayso_runs" in tables else 0
        finally:
            connection.close()
    except sqlite3.Error as error:
        return Finding("database", State.PROBLEM, f"{path} cannot be read: {error}", "Name another file, or restore this one.")
    return Finding("database", State.FINE, f"{path} holds {runs} run{'' if runs == 1 else 's'}")


def at_terminal() -> Finding:
    """Whether somebody can be asked here, and can read what is written."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    if encoding not in ("utf8", "cp65001"):
        return Finding("terminal", State.PROBLEM, f"writes {sys.stdout.encoding}, not UTF-8", "Set PYTHONUTF8=1.")
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return Finding("terminal", State.NOT_USED, "none: nobody can be asked here, so approvals wait", "Run it in a terminal to approve.")
    return Finding("terminal", State.FINE, "approvals can be asked for here")


def report(model: str | None, base_url: str | None, search: str | None, database: str | None, seconds: float) -> int:
    """Print every finding; 0 when none is a problem, else 1."""
    findings, all_answered = examine(model, base_url, search, database, seconds)
    print("\n".join(map(str, findings)))
    problems = [finding.name for finding in findings if finding.state is State.PROBLEM]
    print(f"\n{len(problems)} problem{'' if len(problems) == 1 else 's'}{': ' + ', '.join(problems) if problems else ''}", flush=True)
    if not all_answered:
        os._exit(1)  # a thread that hangs in a library would keep an ordinary exit waiting
    return 1 if problems else 0
