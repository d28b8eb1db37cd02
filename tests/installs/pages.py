"""Type the commands of each page of docs as a stranger does: a folder of its own, a new shell, an environment made from the wheel.

    python tests/installs/pages.py [--environment FOLDER] [PAGE ...]      # such as: durable events

What a page has you save is saved; the code in CELLS pages is run cell by cell in a notebook's kernel of that environment. A command that
needs what is not here (a key, a server, a port) is in NEEDS, with why. Exit code 1 where a command does not do what its page says.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pexpect

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.agents.fake_openai import FakeOpenAI
from tests.installs.readme import answer, start_shell, type_in

ROOT = Path(__file__).resolve().parents[2]
EXTRAS = "durable,documents,eval,mcp,otel,research,signed,web"
BESIDES = ("ipykernel", "opentelemetry-sdk", "opentelemetry-proto", "pytest")
NEEDS = {
    "approvals: sayso approve lunch": "a run of yours that waits (tests/cli/test_signing.py decides one with a key)",
    "datasets: sayso dataset": "runs and tables of yours (tests/cli/test_dataset.py makes them)",
    "dialects: sayso read --conformance --form hermes": "a parser of yours",
    "durable: sayso replay --flow": "a run that is over (tests/cli/test_again.py has some)",
    "events: sayso chat desk.py:desk": "an agent of yours",
    "fastapi: curl": "a server at port 8000 (tests/examples/test_howtos.py asks it in process)",
    "index: ": "a clone: README's first commands, which are typed there",
    "mcp: sayso mcp show": "uvx, and a server fetched from the internet",
    "mcp: sayso mcp trust": "uvx, and a server fetched from the internet",
    "mcp: sayso mcp untrust": "uvx, and a server fetched from the internet",
    "models: sayso demo --model ./qwen": "468 MB of weights",
    "models: pip install": "a clone",
    "operations: sqlite3": "the program sqlite3",
    "operations: pg_dump": "a Postgres server",
    'research: sayso research "oat': "the open web",
    'research: sayso research "heat': "the open web",
    "serve: curl": "a person who is signed in (tests/web asks as one)",
}
"""PAGE: the start of a command, and why it is not typed."""
CELLS = {"documents", "evaluation", "events", "feedback", "notebook"}
"""Pages whose commands need what the code before them made. What comes after their last command is run by tests/house."""
SERVERS = ("sayso serve", "sayso worker", "sayso view", "sayso mcp desk.py:app --database sqlite:///runs.db --http")
"""Commands that go on until you end them: each is started in a terminal of its own, and has to say that it is ready."""
NOBODY = ("sayso approve", "sayso chat", "sayso mcp desk.py:app", "sayso forget")
"""Commands that ask, with nobody there to answer: exit code 3 or 2 says so."""
APP = """
from sayso import App, tool

@tool.write(card="Order {number} x {item}?", idempotent=True)
def order(item: str, number: int) -> str:
    "Order food."
    return f"{number} x {item} ordered"

app = App(tools=[order], name="shop")
"""
DESK = """
from sayso import Agent, ScriptedModel, tool

@tool.write(card="Order {item}?")
def order(item: str) -> str:
    "Order food."
    return f"{item} ordered"

agent = Agent(ScriptedModel("Done."), name="desk", tools=[order])
"""
PARAMETERS = {"type": "object", "properties": {"item": {"type": "string"}}, "required": ["item"]}
TOOLS = [{"type": "function", "function": {"name": "order", "description": "Order food.", "parameters": PARAMETERS}}]
REPLY = '<tool_call>{"name": "order", "arguments": {"item": "burger"}}</tool_call>'
YOURS = {
    "dialects": {"reply.txt": REPLY, "tools.json": json.dumps(TOOLS), "desk.py": DESK},
    "serve": {"shop.py": APP},
    "slack": {"shop.py": APP},
}
"""The files that a page takes for granted: an app, an agent or a reply of yours."""
ENDS = {"durable: sayso cancel": 1}
"""Other exit codes than 0: the run is over by then, and that is said."""
TAKES_OVER = {"operations": "durable"}
"""Pages that go on with what another page has made."""


@dataclass
class Stranger:
    """Somebody in a folder with a shell, an environment, and a kernel once code is run."""

    folder: Path
    environment: Path
    base_url: str
    terminals: list[pexpect.spawn[str]] = field(default_factory=list)
    kernel: Any = None
    run_id: str = ""
    exports: list[str] = field(default_factory=list)

    def open_terminal(self) -> pexpect.spawn[str]:
        shell = start_shell(self.folder, self.base_url)
        self.terminals.append(shell)
        code, said = type_in(shell, f"VIRTUAL_ENV_DISABLE_PROMPT=1; . {self.environment}/bin/activate", {})
        assert code == 0, said
        return shell

    def run_cell(self, code: str) -> str:
        """Run a cell and return how it failed; empty if it did not."""
        from jupyter_client.manager import KernelManager

        if self.kernel is None:
            manager = KernelManager()
            manager.kernel_spec.argv[0] = str(self.environment / "bin" / "python")  # type: ignore[union-attr]
            manager.start_kernel(cwd=str(self.folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.kernel = manager, manager.blocking_client()
            self.kernel[1].start_channels()
            self.kernel[1].wait_for_ready(timeout=60)
        content = self.kernel[1].execute_interactive(code, timeout=300, output_hook=lambda _: None)["content"]
        return "" if content["status"] == "ok" else f"{content['ename']}: {content['evalue']}"

    def leave(self) -> None:
        for each in self.terminals:
            each.close(force=True)
        if self.kernel is not None:
            self.kernel[1].stop_channels()
            self.kernel[0].shutdown_kernel(now=True)


def make_environment(wheel: Path, folder: Path) -> Path:
    """Return a new environment with the wheel and its extras in it."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    install = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"{wheel}[{EXTRAS}]", *BESIDES]
    subprocess.run(install, check=True, capture_output=True)
    return folder


def read_pages(environment: Path, folder: Path, names: list[str] | None = None) -> bool:
    """Type what the pages say, print a line for each command, and return whether all did what their page says."""
    fine = True
    for page in sorted((ROOT / "docs").glob("*.md")):
        if names and page.stem not in names:
            continue
        with FakeOpenAI([answer], repeat=True, models=["qwen3", "gpt-5-mini"]) as server:
            place = folder / page.stem
            place.mkdir(parents=True)
            shutil.copytree(ROOT / "examples", place / "examples")
            for name, text in YOURS.get(page.stem, {}).items():
                (place / name).write_text(text, encoding="utf-8")
            stranger = Stranger(place, environment, server.base_url)
            try:
                if page.stem in TAKES_OVER:
                    list(follow(page.with_stem(TAKES_OVER[page.stem]), stranger))
                for well, line in follow(page, stranger):
                    fine &= well
                    print(f"{page.stem:15} {line}", flush=True)
            finally:
                stranger.leave()
    return fine


def follow(page: Path, stranger: Stranger) -> Iterator[tuple[bool, str]]:
    """Do what a page says, in its order, and yield for each command whether it went well, and a line about it."""
    shell, text = None, page.read_text("utf-8")
    last = len(text) if page.stem == "notebook" else max(text.rfind("\n```bash"), text.rfind("\n```console"))
    for block in re.finditer(r"^```(\w+)[^\n]*\n(.*?)^```", text, re.M | re.S):
        said_before = text[: block.start()].rstrip().rpartition("\n\n")[2]
        language, body = block.groups()
        if language in ("py", "python", "yaml", "json") and (name := find_name(said_before, body)):
            (stranger.folder / name).write_text(body, encoding="utf-8")
        elif language in ("py", "python") and page.stem in CELLS and block.start() < last:
            if failure := stranger.run_cell(body):
                yield False, f"{failure}  a cell: {body.strip().splitlines()[0]}"
            elif page.stem == "notebook":
                yield True, f"ok  a cell: {body.strip().splitlines()[0]}"
        elif language in ("bash", "console"):
            for command, comment in find_commands(language, body):
                shell = shell or stranger.open_terminal()
                yield type_command(page.stem, command, comment, stranger, shell)


def find_name(said_before: str, body: str) -> str:
    """Return the name that a page gives to a file: in its first line, or in the sentence before it."""
    found = re.match(r"# ([\w-]+\.(?:py|yaml|json))\n", body) or re.search(
        r"(?:[Ss]ave|[Pp]ut|[Ww]rite)[^.]*?`([\w-]+\.(?:py|yaml|json))`", said_before
    )
    return found[1] if found else ""


def find_commands(language: str, body: str) -> Iterator[tuple[str, str]]:
    """Yield the commands of a block, each with its comment; of a console those after the $."""
    for line in body.replace("\\\n", "").splitlines():
        if language == "console" and not line.startswith("$ "):
            continue
        command, _, comment = re.sub(r"^\$ ", "", line).partition(" #")
        if command.strip():
            yield " ".join(command.split()), comment.strip()


def type_command(page: str, command: str, comment: str, stranger: Stranger, shell: pexpect.spawn[str]) -> tuple[bool, str]:
    """Type a command, and return whether it did what the page says, and a line that says so."""
    why = next((why for start, why in NEEDS.items() if f"{page}: {command}".startswith(start)), None)
    if why:
        return True, f"untried: it needs {why}  {command}"
    if command.startswith(SERVERS):
        return start_server(command, stranger)
    if started := re.search(r"sayso start .*--run-id (\S+)", command):
        stranger.run_id = started[1]
    elif stranger.run_id and command.startswith("sayso "):
        type_in(shell, f"setsid -w sayso show {stranger.run_id} --follow < /dev/null > /dev/null 2>&1", {})  # until it waits, or is over
    typed = f"{command} < /dev/null" if command.startswith(NOBODY) else command
    if "DIGEST" in command:
        waits = json.loads(type_in(shell, "sayso runs --json | tr -d '\\n'", {})[1].partition("\n")[2])[0]["waits_for"]
        typed = typed.replace("DIGEST", waits[0]["digest"])
    if command.startswith("export SAYSO_DATABASE"):  # which docs/durable.md has you type in each terminal
        stranger.exports.append(command)
    code, said = type_in(shell, typed, {})
    expected = re.search(r"exit code (\d+)$", comment)
    wanted = next((end for start, end in ENDS.items() if f"{page}: {command}".startswith(start)), 0)
    codes = {int(expected[1])} if expected else {0, 2, 3} if command.startswith(NOBODY) else {wanted}
    well = code in codes and "Traceback" not in said
    return well, f"{'ok' if well else f'exit {code}: {said[-500:]}'}  {command}"


def start_server(command: str, stranger: Stranger) -> tuple[bool, str]:
    """Start what goes on until it is ended, in a terminal of its own. A worker stays for the rest of the page."""
    shell = stranger.open_terminal()
    for each in stranger.exports:
        type_in(shell, each, {})
    shell.sendline(f"{command}; echo exit=$?")
    found = shell.expect([r"https?://127\.0\.0\.1:\d+", r"[Ww]orker [^:]*\d", r"exit=(\d+)\r?\n", pexpect.TIMEOUT], timeout=60)
    if found > 1:
        return False, f"does not start: {shell.before[-500:]}  {command}"  # type: ignore[index]
    if not command.startswith("sayso worker"):
        shell.sendintr()
        shell.expect(r"exit=(\d+)\r?\n", timeout=60)
    return True, f"ok  {command}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", type=Path)
    parser.add_argument("pages", nargs="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sayso-pages-") as place:
        folder = Path(place)
        environment = options.environment
        if environment is None:
            subprocess.run([sys.executable, "-m", "build", "--outdir", folder, ROOT], cwd=folder, check=True, capture_output=True)
            environment = make_environment(next(folder.glob("sayso-*.whl")), folder / "environment")
        return 0 if read_pages(environment, folder, options.pages) else 1


if __name__ == "__main__":
    sys.exit(main())
