"""`sayso` and `python -m sayso`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; the process ends with the command's exit code."""
    from sayso.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
