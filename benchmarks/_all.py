"""Execute each benchmark in turn, whatever becomes of the others, and tell at the end what became of each and how long it took.

python benchmarks/_all.py [--write] [--most-minutes 10] [--only WORD]

With --write each puts its table into RESULTS.md when it is done; a table that would lose rows stays as it is. Exits 1 if one crashed, took
too long, or measured more than its limit.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from _table import MISSED

HERE = Path(__file__).parent


def execute(file: Path, options: list[str], most_seconds: float) -> str:
    """Execute one benchmark, with all processes that it starts in a group of its own, and return what became of it in words."""
    own_group = {"start_new_session": True} if os.name == "posix" else {}
    with subprocess.Popen([sys.executable, str(file), *options], **own_group) as process:  # type: ignore[call-overload]
        try:
            code = process.wait(most_seconds)
        except BaseException as error:
            _kill(process)
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            return f"STOPPED after {most_seconds:.0f} s"
    return {0: "done", MISSED: "MISSED a limit"}.get(code, f"CRASHED (exit code {code})")


def _kill(process: subprocess.Popen[bytes]) -> None:
    if os.name == "posix":
        os.killpg(process.pid, signal.SIGKILL)  # its servers and workers as well
    else:
        process.kill()


def main() -> int:
    """Execute all, and print the list."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most-minutes", type=float, default=10, help="for one benchmark")
    parser.add_argument("--only", default="", help="only those with this in their name")
    options, others = parser.parse_known_args()
    lines, began = [], time.monotonic()
    for file in sorted(each for each in HERE.glob("[a-z]*.py") if options.only in each.name):
        print(f"\nbenchmarks/{file.name}", file=sys.stderr, flush=True)
        start = time.monotonic()
        what = execute(file, others, options.most_minutes * 60)
        lines.append(f"{(time.monotonic() - start) / 60:6.1f} min  {file.name:<24} {what}")
    print("\n".join(["", *lines, f"{(time.monotonic() - began) / 60:6.1f} min  all"]), file=sys.stderr)
    return 0 if all(line.endswith(" done") for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
