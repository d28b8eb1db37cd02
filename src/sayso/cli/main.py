"""The command line. Each command is a file of its own, which is loaded when the command is used."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from cyclopts import App, CycloptsError

from sayso import __version__
from sayso.cli.options import Exit, describe_stop
from sayso.tools.errors import NothingFound, SaysoError, SearchFailed, UsageError

# The help stands here so that `sayso --help` loads no command; it is the first sentence of the command's docstring.
COMMANDS = {
    "approve": "Approve a request that waits, after reading its card.",
    "ask": "Answer a question from documents or the web, with citations that were checked.",
    "calc": "Calculate exactly.",
    "cancel": "Stop a run before its next step, wherever it is executed.",
    "check": "Check a report against the pages as they were read: quotes, hashes, and what each claim says. Asks nobody.",
    "case": "Make a case of a run: its journal becomes a recording, which is replayed in place of model, web and tools.",
    "chat": "Talk with an agent of yours, or without a name with the food bot. Nothing is done before you say yes to its card.",
    "completion": "Print a script that completes sayso's commands and options in your shell.",
    "dataset": "Make data for fine-tuning of runs and files, or check files that are to be uploaded.",
    "compare": "Execute the cases of a file with several models and prompts, and show them side by side: quality, cost, times.",
    "demo": "Research BettaBurgers on a small web of invented restaurant chains; needs no key and no internet.",
    "doctor": "Check what works here: the sandbox of each tool, model, search, database, terminal.",
    "draw": "Draw a workflow as Mermaid text, for https://mermaid.live, a README or a page.",
    "edit": "Change the arguments of a request that waits: name=value ...",
    "eval": "Execute the cases of a file on an agent, a workflow or a function, and show what their scores say.",
    "export": "Print a run with its whole log as one JSON document, or send its spans to a tracing backend.",
    "feedback": "Give a run a thumb up or down with a note, withdraw it, or list the thumbs.",
    "forget": "Delete a run that is over, with its log, requests and thumbs. It cannot be taken back.",
    "grants": "List the standing approvals of a run, or withdraw one.",
    "keys": "Make a key to sign decisions with: a private one for you alone, a public one for the application.",
    "metrics": "Print the state of a database of runs for Prometheus: what is queued, running, waiting and unknown, and how old.",
    "pending": "List what waits for an approval, in all runs: the oldest request first.",
    "prune": "Delete the runs that ended long ago, with their logs, requests and thumbs. It cannot be taken back.",
    "mcp": "Serve an app's tools, agents and workflows to other programs over MCP.",
    "read": "Read a model's reply: its prose, the calls in it in any form, what was meant as one and cannot be read, what is a mention.",
    "reject": "Reject a request that waits; the model is told the reason.",
    "replay": "Execute the current code over a run's journal, without acting, and report the first difference.",
    "research": "Research a company's competitors: a report in which every claim has a quote from a page.",
    "resume": "Resume a run here, from where it stopped.",
    "runs": "List the runs of a database: the state of each, what it waits for, what it cost.",
    "serve": "Serve a page on which people approve, chat and see what runs do.",
    "show": "Show what happened in a run, step by step; --follow shows it live.",
    "start": "Hand a run to the workers of an app, and print its id.",
    "stats": "Show what runs came to: volume, cost, latency, approvals, errors and thumbs, by agent and time.",
    "verify": "Check the log of a run and what is stored beside it; report what was changed or is missing.",
    "view": "Show the runs of a file on a page, read-only and offline: for audits.",
    "worker": "Execute the runs of an app until stopped.",
}

app = App(
    name="sayso",
    version=__version__,
    help="Agents that act, and act only on your say-so.",
    help_epilogue="Exit codes: 0 done, 1 failed, 2 wrong usage, 3 waits for an approval, 4 nothing found, 5 no search answered, "
    "130 interrupted, 143 told to end (SIGTERM).",
    suppress_keyboard_interrupt=False,  # `run` reports it, with an exit code of its own
)
for _name, _help in COMMANDS.items():
    app.command(f"sayso.cli.{_name}:{_name}", help=_help)


def run(arguments: Sequence[str], program: App = app) -> int:
    """Run a command and return its exit code. An error is one sentence on standard error."""
    try:
        code: int | None = program([_decode(argument) for argument in arguments], exit_on_error=False, result_action="return_value")
        print(end="", flush=True)  # a full disk is found here, before the exit code is decided
    except CycloptsError:
        return Exit.USAGE  # cyclopts has printed what is wrong
    except UsageError as error:
        return _print_error(error, Exit.USAGE)
    except NothingFound as error:
        return _print_error(error, Exit.NOTHING_FOUND)
    except SearchFailed as error:
        return _print_error(error, Exit.SEARCH_FAILED)
    except SaysoError as error:
        return _print_error(error, Exit.FAILED)
    except UnicodeDecodeError as error:
        return _print_error(UsageError(f"The input is not text in {error.encoding}: {error.reason} at byte {error.start}."), Exit.USAGE)
    except KeyboardInterrupt as error:
        return _print_error(error, getattr(error, "exit_code", Exit.INTERRUPTED))
    except OSError as error:
        if not isinstance(error, BrokenPipeError):  # whoever read our output has gone; there is nobody to tell
            _print_error(error, Exit.FAILED)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what could not be written is not tried again at exit
        return Exit.FAILED
    return int(code or 0)


def _print_error(error: BaseException, code: int) -> int:
    from sayso.console import escape_controls  # late: a command that succeeds needs no console

    with suppress(OSError):  # its terminal may be gone
        print(f"sayso: {escape_controls(describe_stop(error))}", file=sys.stderr, flush=True)
    return code


def _decode(argument: str) -> str:
    """Return an argument as text that can be printed: bytes that are not UTF-8 are replaced."""
    return os.fsencode(argument).decode("utf-8", "replace")
