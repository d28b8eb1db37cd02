"""`sayso doctor`: what this system enforces around each tool, and whether model, search, database and terminal can be used."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from sayso.cli.check_result import CheckResult, CheckState
from sayso.cli.database_check import check_database
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
    only: list[str] | None = None,
) -> int:
    """Check which parts work here: the sandbox of each tool, model, search, database, terminal.

    A model is asked for one word: it says by which protocol it answers, whether it takes tools, what was left out of the request.

    Exit code 1 if there is a problem.

    Parameters
    ----------
    search
        Where research would search; it is asked for one word.
    database
        Where runs would be stored, like sqlite:///runs.db. Default: as for every other command.
    seconds
        How long all checks together may take.
    only
        Check this part alone, by the name that stands before its result, like database. Can be given several times.
    """
    checks = list_checks(model, base_url, search, database, seconds)
    results, all_answered = run_checks(choose_checks(checks, only), seconds)
    print("\n".join(map(str, results)))
    problems = [result.name for result in results if result.state is CheckState.PROBLEM]
    print(f"\n{len(problems)} problem{'' if len(problems) == 1 else 's'}{': ' + ', '.join(problems) if problems else ''}", flush=True)
    if not all_answered:
        os._exit(Exit.FAILED)  # a thread that hangs in a library would block an ordinary exit
    return Exit.FAILED if problems else Exit.OK


def list_checks(
    models: Sequence[str] | None, base_url: str | None, search: str | None, database: str | None, seconds: float
) -> dict[str, Check]:
    """Return all checks by name, in the order of their results."""
    return {
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


def choose_checks(checks: Mapping[str, Check], only: Sequence[str] | None) -> Mapping[str, Check]:
    """Return the checks that were asked for, by name or by the first word of it; without names all of them."""
    if not only:
        return checks
    chosen = {name: check for name, check in checks.items() if {name, name.split(" ")[0]} & set(only)}
    known = {*chosen, *(name.split(" ")[0] for name in chosen)}
    if unknown := next((name for name in only if name not in known), None):
        raise UsageError(f"There is nothing to check that is called {unknown!r}. Write one of: {', '.join(checks)}.")
    return chosen


def run_checks(checks: Mapping[str, Check], seconds: float) -> tuple[list[CheckResult], bool]:
    """Run checks side by side. Return the results, in their order, and whether every check answered in time."""
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
    except ImportError as error:
        if error.name != "trafilatura":  # installed, and what it needs is not
            return CheckResult(name, CheckState.PROBLEM, f"trafilatura does not load: {error}", build_install_command("research"))
        advice = f"To read articles without menus and teasers: {build_install_command('research')}"
        return CheckResult(name, CheckState.NOT_USED, "a page's text is all that is visible on it", advice)
    article = "Betta sells burgers in nine towns. " * 20
    page = f"<html><body><nav>Menu of the site</nav><article><p>{article}</p></article></body></html>"
    read = trafilatura.extract(page) or ""
    if article.strip() not in read or "Menu" in read:
        advice = f"Install it anew: {build_install_command('research')}"
        return CheckResult(name, CheckState.PROBLEM, f"trafilatura {trafilatura.__version__} misreads a page of one article", advice)
    return CheckResult(name, CheckState.FINE, f"an article was just read without its menu (trafilatura {trafilatura.__version__})")


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
    """Check whether llama.cpp loads here, and count the models that it can serve."""
    from importlib.metadata import PackageNotFoundError, version

    from sayso.agents.models.local.local_model import find_models_folder  # late, for load time
    from sayso.tools.installing import build_install_command

    folder = find_models_folder()
    files = list(folder.rglob("*.gguf")) if folder.is_dir() else []
    count = f"{len(files)} model{'' if len(files) == 1 else 's'} in {folder}"
    try:
        package = f"xllamacpp {version('xllamacpp')}"
    except PackageNotFoundError:
        advice = f"For --model FILE.gguf: {build_install_command('local')}"
        return CheckResult("local models", CheckState.NOT_USED, f"llama.cpp is not installed; {count}", advice)
    # In a process of its own: it is built for some processors, and would end this one on another.
    if failure := _try_command([sys.executable, "-c", "import xllamacpp"]):
        advice = f"Install it anew: {build_install_command('local')}"
        return CheckResult("local models", CheckState.PROBLEM, f"llama.cpp ({package}) does not load: {failure}", advice)
    return CheckResult("local models", CheckState.FINE, f"llama.cpp loads ({package}); {count}")


def check_mcp() -> CheckResult:
    """Check whether servers of MCP can be used: the package, the walls around them, the runners of packages, and how many are pinned."""
    from importlib.metadata import PackageNotFoundError, version
    from shutil import which

    from sayso.tools.installing import build_install_command  # late, for load time
    from sayso.tools.mcp.launcher import can_hold, choose_places, wrap_command
    from sayso.tools.mcp.trust import Pins

    try:
        package = f"mcp {version('mcp')}"
    except PackageNotFoundError:
        return CheckResult("MCP", CheckState.NOT_USED, "mcp is not installed", f"For tools of MCP servers: {build_install_command('mcp')}")
    pins = Pins()
    try:
        pinned = pins.read()
    except UsageError as error:
        return CheckResult("MCP", CheckState.PROBLEM, f"{package}; no server is trusted", str(error))
    with TemporaryDirectory(prefix="sayso-doctor-") as scratch:
        command = [sys.executable, "-c", "import mcp"]
        if can_hold():
            read, write = choose_places(command, scratch, scratch, os.environ)
            command = wrap_command(command, read=[*read, *filter(None, sys.path)], write=write)
        failure = _try_command(command)
    if failure:
        words = f"{package}; a server in Python does not start here: {failure}"
        return CheckResult("MCP", CheckState.PROBLEM, words, f"Install it anew: {build_install_command('mcp')}")
    programs = {shlex.split(server.removeprefix("stdio:"))[0] for server in pinned if server.startswith("stdio:")}
    if missing := sorted(program for program in programs if which(program) is None):
        words = f"{package}; pinned servers cannot be started: there is no {' and no '.join(missing)} here"
        return CheckResult("MCP", CheckState.PROBLEM, words, "Install it, or take the pin back: sayso mcp untrust.")
    runners = ", ".join(name for name in ("uvx", "npx", "docker") if which(name)) or "none of uvx, npx, docker"
    walls = "a program just ran behind the walls of a server" if can_hold() else "servers run without walls here (no Landlock)"
    return CheckResult("MCP", CheckState.FINE, f"{package}; {walls}; runners: {runners}; {len(pinned)} pinned in {pins.path}")


def _try_command(command: Sequence[str]) -> str:
    """Return how a command fails, by the last line of what it says; empty if it does not."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    said = done.stderr.strip().splitlines()
    return "" if done.returncode == 0 else said[-1] if said else f"exit code {done.returncode}"


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


def check_terminal() -> CheckResult:
    """Check whether somebody can be asked here, and can read what is printed."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    if encoding not in ("utf8", "cp65001"):
        return CheckResult("terminal", CheckState.PROBLEM, f"its encoding is {sys.stdout.encoding} and not UTF-8", "Set PYTHONUTF8=1.")
    if not has_terminal():
        advice = "Run it in a terminal to approve."
        return CheckResult("terminal", CheckState.NOT_USED, "none: Sayso cannot ask here, so approvals wait", advice)
    return CheckResult("terminal", CheckState.FINE, "approvals can be asked for here")
