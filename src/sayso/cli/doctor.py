"""`sayso doctor`: what this system enforces around each tool, and whether model, search, database and terminal can be used."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from sayso.cli.check_result import CheckResult, CheckState
from sayso.cli.model_check import check_keys, check_model
from sayso.cli.options import BaseUrl, Exit, ModelNames, choose_model_name
from sayso.console import has_terminal
from sayso.tools.errors import SaysoError, UsageError

Check = Callable[[], CheckResult]


def doctor(
    *,
    model: ModelNames = None,
    base_url: BaseUrl = None,
    search: str | None = None,
    database: str | None = None,
    seconds: Annotated[float, Parameter(validator=Number(gte=1))] = 20,
) -> int:
    """Check which parts work here: the sandbox of each tool, model, search, database, terminal.

    A model is asked for one word: it says by which protocol it answers, whether it takes tools, what was left out of the request.

    Exit code 1 if there is a problem.

    Parameters
    ----------
    search
        Where research would search; it is asked for one word.
    database
        Where runs would be stored, like sqlite:///runs.db.
    seconds
        How long all checks together may take.
    """
    results, all_answered = run_checks(model, base_url, search, database, seconds)
    print("\n".join(map(str, results)))
    problems = [result.name for result in results if result.state is CheckState.PROBLEM]
    print(f"\n{len(problems)} problem{'' if len(problems) == 1 else 's'}{': ' + ', '.join(problems) if problems else ''}", flush=True)
    if not all_answered:
        os._exit(Exit.FAILED)  # a thread that hangs in a library would block an ordinary exit
    return Exit.FAILED if problems else Exit.OK


def run_checks(
    models: Sequence[str] | None, base_url: str | None, search: str | None, database: str | None, seconds: float
) -> tuple[list[CheckResult], bool]:
    """Run all checks side by side. Return the results, in a fixed order, and whether every check answered in time."""
    checks: dict[str, Check] = {
        "CALCULATOR": lambda: check_worker(
            "CALCULATOR", "sayso.tools.calculation.symbolic_worker", 1024, "text is never run as code; its worker"
        ),
        "page reader": lambda: check_worker("page reader", "sayso.tools.web.parse", 512, "its worker"),
        "article text": check_article_text,
        "@tool(sandbox=...)": check_function_tools,
        "PYTHON": check_python_monty,
        "PYTHON (cpython)": check_python_cpython,
        "local models": check_local_models,
        "MCP": check_mcp,
        **_list_model_checks(models, base_url, seconds / 2),
        "keys": check_keys,
        "search": lambda: check_search(search, seconds * 3 / 4),
        "database": lambda: check_database(database),
        "terminal": check_terminal,
    }
    answers: SimpleQueue[CheckResult] = SimpleQueue()
    for each, check in checks.items():
        # Daemon threads: one that hangs does not keep the program from ending.
        threading.Thread(target=_run_check, args=(each, check, answers), daemon=True).start()
    results: dict[str, CheckResult] = {}
    deadline = time.monotonic() + seconds
    while len(results) < len(checks) and (left := deadline - time.monotonic()) > 0:
        try:
            result = answers.get(timeout=left)
        except Empty:
            break
        results[result.name] = result
    late = f"gave no answer within {seconds:g} s"
    advice = "Try again. If it happens again, what it talks to hangs."
    return [results.get(each) or CheckResult(each, CheckState.PROBLEM, late, advice) for each in checks], len(results) == len(checks)


def _list_model_checks(models: Sequence[str] | None, base_url: str | None, seconds: float) -> dict[str, Check]:
    """Return a check for each model that was named, else for the one that the environment has."""
    names = list(dict.fromkeys(models)) if models else [choose_model_name(None, base_url)]
    rows = ["model" if len(names) == 1 else f"model {number}" for number in range(1, len(names) + 1)]
    return {row: partial(check_model, row, name, base_url, seconds) for row, name in zip(rows, names, strict=True)}


def _run_check(name: str, check: Check, answers: SimpleQueue[CheckResult]) -> None:
    try:
        answers.put(check())
    except SaysoError as error:
        problem, _, advice = str(error).partition(". ")
        answers.put(CheckResult(name, CheckState.PROBLEM, problem.rstrip("."), advice))
    except Exception as error:  # noqa: BLE001 - whatever a library raises here is a result, and the other checks go on
        answers.put(CheckResult(name, CheckState.PROBLEM, f"{type(error).__name__}: {' '.join(str(error).split())}"))


def check_worker(name: str, module: str, memory_mb: int, prefix: str) -> CheckResult:
    """Check the sandbox of one of Sayso's own workers."""
    from sayso.tools.sandbox.calls import report_profile_layers  # late, for load time
    from sayso.tools.sandbox.settings import Profile

    return check_layers(name, report_profile_layers(Profile(preload=(module,), memory_mb=memory_mb, boot_counts=True)), (), prefix)


def check_article_text() -> CheckResult:
    """Check whether the article of a page can be told from what surrounds it."""
    from sayso.tools.installing import build_install_command  # late, for load time

    name = "article text"
    try:
        import trafilatura
    except ImportError:
        advice = f"To read articles without menus and teasers: {build_install_command('research')}"
        return CheckResult(name, CheckState.NOT_USED, "a page's text is all that is visible on it", advice)
    return CheckResult(name, CheckState.FINE, f"articles are read without menus and teasers (trafilatura {trafilatura.__version__})")


def check_function_tools() -> CheckResult:
    """Check the default sandbox of a function tool."""
    from sayso.tools.sandbox import Sandbox, report_layers  # late, for load time

    return check_layers("@tool(sandbox=...)", report_layers(), Sandbox().needs, "a function in its worker")


def check_python_monty() -> CheckResult:
    """Check the sandbox of Python code that a model wrote."""
    from sayso.tools.python_code import python_layers  # late, for load time
    from sayso.tools.sandbox import Sandbox

    try:
        return check_layers("PYTHON", python_layers(), Sandbox().needs, "code in a Python without files and network")
    except UsageError as error:
        return CheckResult("PYTHON", CheckState.NOT_USED, "not installed", str(error))


def check_python_cpython() -> CheckResult:
    """Check whether CPython itself can be contained, for those who ask for it."""
    from sayso.tools.python_code import python_layers  # late, for load time
    from sayso.tools.sandbox import Sandbox, SandboxMissing

    name = "PYTHON (cpython)"
    try:
        return check_layers(name, python_layers(engine="cpython"), Sandbox().needs, 'only with engine="cpython": in bubblewrap')
    except SandboxMissing as error:
        advice = str(error).removeprefix("Nothing was run: ")
        return CheckResult(name, CheckState.NOT_USED, 'off; engine="cpython" is refused', advice)


def check_layers(name: str, layers: Iterable[object], needs: Iterable[str], prefix: str) -> CheckResult:
    """Report which layers of a sandbox are enforced. A missing one is a problem if the tool is refused without it."""
    from sayso.tools.sandbox import Layer  # late, for load time

    known = [layer for layer in layers if isinstance(layer, Layer)]
    enforced = ", ".join(layer.name for layer in known if layer.on)
    missing = [layer for layer in known if not layer.on]
    words = f"{prefix}: {enforced}"
    if not missing:
        return CheckResult(name, CheckState.FINE, words)
    words += "; MISSING " + "; ".join(f"{layer.name} ({layer.detail}), so nothing stops {layer.stops}" for layer in missing)
    refused = sorted(set(needs) & {layer.name for layer in missing})
    if not refused:
        return CheckResult(name, CheckState.FINE, words)
    left = [need for need in needs if need not in refused]
    advice = f"Use Linux 5.13+ with Landlock, or accept it: Sandbox(needs={left})."
    return CheckResult(name, CheckState.PROBLEM, f"refused here. {words}", advice)


def check_local_models() -> CheckResult:
    """Check whether llama.cpp is installed, and count the models that it can serve."""
    from importlib.metadata import PackageNotFoundError, version

    from sayso.agents.models.local.local_model import find_models_folder  # late, for load time
    from sayso.tools.installing import build_install_command

    folder = find_models_folder()
    files = list(folder.rglob("*.gguf")) if folder.is_dir() else []
    count = f"{len(files)} model{'' if len(files) == 1 else 's'} in {folder}"
    try:
        return CheckResult("local models", CheckState.FINE, f"llama.cpp is here (xllamacpp {version('xllamacpp')}); {count}")
    except PackageNotFoundError:
        advice = f"For --model FILE.gguf: {build_install_command('local')}"
        return CheckResult("local models", CheckState.NOT_USED, f"llama.cpp is not installed; {count}", advice)


def check_mcp() -> CheckResult:
    """Check whether servers of MCP can be used: the package, the walls around them, the runners of packages, and how many are pinned."""
    from importlib.metadata import PackageNotFoundError, version
    from shutil import which

    from sayso.tools.installing import build_install_command  # late, for load time
    from sayso.tools.mcp.launcher import can_hold
    from sayso.tools.mcp.trust import Pins

    try:
        package = f"mcp {version('mcp')}"
    except PackageNotFoundError:
        return CheckResult("MCP", CheckState.NOT_USED, "mcp is not installed", f"For tools of MCP servers: {build_install_command('mcp')}")
    pins = Pins()
    try:
        pinned = len(pins.read())
    except UsageError as error:
        return CheckResult("MCP", CheckState.PROBLEM, f"{package}; no server is trusted", str(error))
    runners = ", ".join(name for name in ("uvx", "npx", "docker") if which(name)) or "none of uvx, npx, docker"
    walls = "servers that it starts run behind walls" if can_hold() else "servers that it starts run without walls here (no Landlock)"
    return CheckResult("MCP", CheckState.FINE, f"{package}; {walls}; runners: {runners}; {pinned} pinned in {pins.path}")


def check_search(search: str | None, seconds: float) -> CheckResult:
    """Check whether the search that research would use finds something."""
    from sayso.agents.research.sources import SEARCH_VARIABLE, open_sources  # late, for load time

    async def count_results() -> int:
        async with open_sources(search) as (find, _):
            return len(await find("restaurant", 3))

    where = search or os.environ.get(SEARCH_VARIABLE) or "duckduckgo"
    try:
        number = asyncio.run(asyncio.wait_for(count_results(), seconds))
    except TimeoutError:
        advice = "Try --search sample, a folder or a site."
        return CheckResult("search", CheckState.PROBLEM, f"{where} gave no answer within {seconds:g} s", advice)
    except UsageError:
        raise
    except SaysoError as error:
        advice = "Without internet: --search sample, or your own folder or site."
        return CheckResult("search", CheckState.PROBLEM, f"{where}: {error}", advice)
    return CheckResult("search", CheckState.FINE, f"{where} answers ({number} results for a word)")


def check_database(url: str | None) -> CheckResult:
    """Check whether runs can be stored there, by writing something that is taken back. A missing file is not left behind."""
    from sayso.workflows.durable.database import connect, find_path, refuse_old_sqlite  # late, for load time

    if url is None:
        advice = "Give --database sqlite:///runs.db."
        return CheckResult("database", CheckState.NOT_USED, "none given: runs live as long as their program", advice)
    if url.startswith(("postgres:", "postgresql:")):
        with connect(url) as connection:
            version = connection.execute("SHOW server_version").fetchone()[0]
            return _try_postgres(connection, version)
    if not url.startswith("sqlite:"):
        raise UsageError(f"{url!r} is not a database URL. Write sqlite:///runs.db or postgresql://user@host/name.")
    refuse_old_sqlite(sqlite3.sqlite_version_info)
    return _check_sqlite_file(Path(find_path(url)))


def _try_postgres(connection: Any, version: str) -> CheckResult:
    import psycopg  # late: an extra, which `connect` has found

    try:
        with connection.transaction(force_rollback=True):
            connection.execute("CREATE TABLE sayso_doctor (id integer)")
    except psycopg.Error as error:
        words = f"Postgres {version} answers, and no table can be made in it: {' '.join(str(error).split())}"
        return CheckResult("database", CheckState.PROBLEM, words, "Give its user the right to create tables in its schema.")
    return CheckResult("database", CheckState.FINE, f"Postgres {version} answers, and tables can be made in it")


def _check_sqlite_file(path: Path) -> CheckResult:
    def problem(words: str, to_do: str) -> CheckResult:
        return CheckResult("database", CheckState.PROBLEM, words, to_do)

    if not path.exists():
        try:
            _try_new_file(path.parent)
        except (OSError, sqlite3.Error) as error:
            advice = f"Make the folder {path.parent}, and see that you may write there."
            return problem(f"{path} cannot be created: {getattr(error, 'strerror', None) or error}", advice)
        return CheckResult("database", CheckState.FINE, f"{path} will be created by the first run; such a file was just made and removed")
    if path.is_dir():
        return problem(f"{path} is a folder", "Name a file in it: sqlite:///FOLDER/runs.db.")
    try:
        runs = _try_existing_file(path)
    except sqlite3.Error as error:
        if "locked" in str(error):
            return problem(f"{path} is locked by another program", "Look for a backup or a database browser that has it open.")
        if "readonly" in str(error) or not os.access(path, os.R_OK | os.W_OK):
            return problem(f"you may not read and write {path}", "Change the owner or the permissions of the file and of its folder.")
        return problem(f"{path} cannot be used: {error}", "Name another file, or restore this one.")
    return CheckResult("database", CheckState.FINE, f"{path} holds {runs} run{'' if runs == 1 else 's'}, and can be written to")


def _try_new_file(folder: Path) -> None:
    """Make a database in the folder as a run would, write to it, and remove it. Raises OSError or sqlite3.Error."""
    from tempfile import TemporaryDirectory  # late, for load time

    with TemporaryDirectory(dir=folder, prefix=".sayso-doctor-") as place:
        connection = sqlite3.connect(Path(place) / "runs.db", isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE tried (id INTEGER)")
        finally:
            connection.close()


def _try_existing_file(path: Path) -> int:
    """Return how many runs a file holds, after a transaction that writes to it and is undone. Raises sqlite3.Error."""
    connection = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=2, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE sayso_doctor (id INTEGER)")
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        runs: int = connection.execute("SELECT count(*) FROM sayso_runs").fetchone()[0] if "sayso_runs" in tables else 0
        connection.execute("ROLLBACK")
    finally:
        connection.close()
    return runs


def check_terminal() -> CheckResult:
    """Check whether somebody can be asked here, and can read what is printed."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    if encoding not in ("utf8", "cp65001"):
        return CheckResult("terminal", CheckState.PROBLEM, f"its encoding is {sys.stdout.encoding} and not UTF-8", "Set PYTHONUTF8=1.")
    if not has_terminal():
        advice = "Run it in a terminal to approve."
        return CheckResult("terminal", CheckState.NOT_USED, "none: Sayso cannot ask here, so approvals wait", advice)
    return CheckResult("terminal", CheckState.FINE, "approvals can be asked for here")
