"""`sayso` and `python -m sayso`."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

INTERRUPTED = 130


def main() -> None:
    """Run the command line; the process ends with the command's exit code."""
    try:
        for name in ("stdout", "stderr"):
            if getattr(sys, name) is None:  # it was closed by whoever started us: what is printed goes nowhere
                setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  it stays open as long as the program
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # a terminal or file that knows fewer letters must not make a command fail
        from sayso.cli.main import run  # late, for load time

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # while it was still loading
        print("sayso: interrupted", file=sys.stderr)
        code = INTERRUPTED
    if "sayso.cli.stopping" in sys.modules:  # the command may have left threads behind
        from sayso.cli.stopping import end_process  # late, for load time

        end_process(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
