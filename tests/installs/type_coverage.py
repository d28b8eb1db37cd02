"""Measure how much of Sayso's public interface a type checker knows: pyright --verifytypes, in an environment with the wheel in it.

python tests/installs/type_coverage.py WHEEL      # exit code 1 below 99 %
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

LEAST = 0.99
EXTRAS = "anthropic,durable,documents,embed,eval,local,mcp,openai-tokens,otel,pydantic-ai,python,research,signed,temporal,web"


def measure(wheel: Path, folder: Path) -> tuple[float, list[str]]:
    """Return the part of the exported names whose type is known, and the others, each with why."""
    environment = folder / "types"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    install = [environment / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"{wheel}[{EXTRAS}]"]
    subprocess.run(install, check=True, capture_output=True)
    return verify(environment, folder)


def verify(environment: Path, folder: Path) -> tuple[float, list[str]]:
    """Ask pyright, which finds the environment as the one that is active; `folder` must hold no sayso of its own."""
    variables = {**os.environ, "VIRTUAL_ENV": str(environment), "PATH": f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    command = [Path(sys.executable).with_name("pyright"), "--verifytypes", "sayso", "--ignoreexternal", "--outputjson"]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    told = json.loads(done.stdout)["typeCompleteness"]
    unknown = [each for each in told["symbols"] if each["isExported"] and (each["isTypeAmbiguous"] or not each["isTypeKnown"])]
    return told["completenessScore"], [f"{each['name']}: {_say_why(each)}" for each in unknown]


def _say_why(symbol: dict[str, list[dict[str, str]]]) -> str:
    return next((" ".join(each["message"].split()) for each in symbol["diagnostics"]), "its type depends on one of the others")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="sayso-types-") as place:
        score, unknown = measure(Path(sys.argv[1]).absolute(), Path(place))
    print(*unknown, f"{score:.1%} of the exported names have a type that pyright knows", sep="\n")
    return 0 if score >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
