"""`sayso` and `python -m sayso`."""

from __future__ import annotations

import io
import sys


def main() -> None:
    """Run the command line; the process ends with the command's exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal or file that knows fewer letters must not make a command fail
    from sayso.cli.main import run  # late, for load time

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
