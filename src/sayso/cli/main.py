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
    "approve": "Show the card of a waiting request, and approve it after your yes.",
    "ask": "Answer a question from documents or the web, with checked citations.",
    "calc": "Calculate exactly.",
    "cancel": "Stop a run before its next step, on whichever machine executes it.",
    "check": "Check a report against its stored pages: quotes, hashes, and the words of each claim. Needs no model and no network.",
    "case": "Turn a run into a case: its recorded journal replaces model, web and tools when you replay it.",
    "chat": "Talk with your agent, or with the food bot if you name none. It asks you before it writes anything.",
    "completion": "Print a script that completes sayso's commands and options in your shell.",
    "dataset": "Make fine-tuning data from runs and files, or check files before you upload them.",
    "compare": "Execute the cases of a file with several models and prompts, and show them side by side: quality, cost, times.",
    "demo": "Research BettaBurgers on a small web of invented restaurant chains; needs no key and no internet.",
    "doctor": "Check which parts work here: the sandbox of each tool, model, search, database, terminal.",
    "draw": "Draw a workflow as Mermaid text, for https://mermaid.live, a README or a page.",
    "edit": "Change the arguments of a waiting request: name=value ...",
    "eval": "Execute the cases of a file on an agent, a workflow or a function, and show their scores.",
    "export": "Print a run with its whole log as one JSON document, or send its spans to a tracing backend.",
    "feedback": "Give a run a thumb up or down with a note, withdraw it, or list the thumbs.",
    "forget": "Delete a finished run with its log, requests and thumbs. You cannot undo this.",
    "grants": "List the standing approvals of a run, or withdraw one.",
    "keys": "Make a key pair to sign decisions: a private key for you alone, a public one for the application.",
    "metrics": "Print metrics of a database of runs for Prometheus: queued, running, waiting and unknown, with their ages.",
    "pending": "List the requests that wait for an approval, in all runs, the oldest first.",
    "prune": "Delete old finished runs with their logs, requests and thumbs. You cannot undo this.",
    "mcp": "Serve an app's tools, agents and workflows to other programs over MCP.",
    "read": "Show the tool calls in a model's reply, in any form, and why the rest is not a call.",
    "reject": "Reject a waiting request; the model reads your reason.",
    "replay": "Execute the current code over a run's journal, without acting, and report the first difference.",
    "research": "Research a company's competitors, and write a report with a quote from a page for every claim.",
    "resume": "Resume a run here, from the step where it stopped.",
    "runs": "List the runs of a database, with their states, waiting requests and costs.",
    "serve": "Serve a page where people approve requests, chat with agents and look at runs.",
    "show": "Show the story of a run, step by step; with --follow live.",
    "start": "Queue a run for the workers of an app, and print its id.",
    "stats": "Show statistics of runs: volume, cost, latency, approvals, errors and thumbs, by agent and time.",
    "verify": "Check the log of a run and everything stored with it; report changed and missing rows.",
    "view": "Show the runs of a database or a file on a read-only page, offline, for audits.",
    "worker": "Execute the runs of an app until stopped.",
}

app: App = App(
    name="sayso",
    version=__version__,
    help="Run agents that act only on your say-so.",
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
