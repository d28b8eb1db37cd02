"""Do what each page of docs says as a stranger does: in a folder, a shell and an environment of its own, made new from the wheel.

    python tests/installs/pages.py [PAGE ...]      # such as: durable events

The environment has the core, the extra `research` (README's install line), and what the page itself tells you to install. What a page has
you save is saved, its commands are typed, and its other code is run as one program; the code of CELLS pages cell by cell in a notebook's
kernel of that environment. What needs something that is not here (a key, a server, a port) is in NEEDS, with why. Exit code 1 where a
page does not do what it says.
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
from tests.installs.environments import EnvironmentMaker, run
from tests.installs.readme import KEYS, answer, start_shell, type_in

ROOT = Path(__file__).resolve().parents[2]
NEEDS = {
    "approvals: sayso approve lunch": "a run of yours that waits (tests/cli/test_signing.py decides one with a key)",
    "datasets: sayso dataset": "runs and tables of yours (tests/cli/test_dataset.py makes them)",
    "dialects: sayso read --conformance --form hermes": "a parser of yours",
    "durable: sayso replay --flow": "a run that is over (tests/cli/test_again.py has some)",
    "events: sayso chat desk.py:desk": "an agent of yours",
    "fastapi: curl": "a server at port 8000 (tests/examples/test_howtos.py asks it in process)",
    "from-langgraph: from typing import TypedDict": "langgraph: it is the program to leave",
    "from-pydantic-ai: from pydantic import BaseModel\nfrom pydantic_ai": "pydantic-ai: it is the program to leave",
    "index: make demo": "a clone (readme.py types it in one)",
    "mcp: sayso mcp show": "uvx, and a server fetched from the internet",
    "mcp: sayso mcp trust": "uvx, and a server fetched from the internet",
    "mcp: sayso mcp untrust": "uvx, and a server fetched from the internet",
    "models: sayso demo --model ./qwen": "468 MB of weights",
    "models: pip install": "a clone",
    "models: from sayso.agents import Agent, PydanticAI": "keys of three providers (tests/agents/test_models_named.py makes the models)",
    "models: from sayso.agents import Agent, LocalModel, ServerSettings": "468 MB of weights",
    "operations: sqlite3": "the program sqlite3",
    "operations: pg_dump": "a Postgres server",
    'research: sayso research "oat': "the open web",
    'research: sayso research "heat': "the open web",
    "serve: curl": "a person who is signed in (tests/web asks as one)",
}
"""PAGE: the start of a command or of a piece of code, and why it is not tried."""
CODE = ("py", "python")
CELLS = {"evaluation", "events", "feedback", "notebook"}
"""Pages whose commands need what the code before them made, and whose code awaits."""
CODE_FIRST = {"documents"}
"""Pages whose code makes the files that their commands name."""
CONTINUES = {"fastapi": "shop.py", "testing": "test_desk.py"}
"""Pages whose later pieces of code go on with a file, which is run in the end, tests by pytest."""
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


def find_wanted(text: str) -> tuple[list[str], list[str]]:
    """Return the extras and the other packages that a page tells its reader to install."""
    extras = {extra for named in re.findall(r"'(?:\.|sayso)\[([\w,-]+)\]'", text) for extra in named.split(",")}
    packages = {name for line in re.findall(r"pip install ((?:[a-z][\w-]* ?)+)", text) for name in line.split()}
    return sorted({"research", *extras}), sorted(packages)


def read_pages(wheel: Path, folder: Path, names: list[str] | None = None) -> bool:
    """Do what the pages say, print a line for each command, and return whether all went as their page says."""
    fine, maker = True, EnvironmentMaker(wheel, folder)
    for page in sorted((ROOT / "docs").glob("*.md")):
        before = page.with_stem(TAKES_OVER[page.stem]) if page.stem in TAKES_OVER else None
        text = page.read_text("utf-8")
        if (names and page.stem not in names) or not re.search(r"^```(py|bash|console)", text, re.M):
            continue
        extras, packages = find_wanted(text + (before.read_text("utf-8") if before else ""))
        with FakeOpenAI([answer], repeat=True, models=["qwen3", "gpt-5-mini"]) as server:
            place = folder / page.stem / "work"
            place.mkdir(parents=True)
            shutil.copytree(ROOT / "examples", place / "examples")
            for name, said in YOURS.get(page.stem, {}).items():
                (place / name).write_text(said, encoding="utf-8")
            kernel = ["ipykernel"] if page.stem in CELLS else []
            stranger = Stranger(place, maker.make(page.stem, extras, [*packages, *kernel]), server.base_url)
            try:
                if before:
                    list(follow(before, stranger))
                for well, line in follow(page, stranger):
                    fine &= well
                    print(f"{page.stem:15} {line}", flush=True)
            finally:
                stranger.leave()
        shutil.rmtree(folder / page.stem)
    return fine


def follow(page: Path, stranger: Stranger) -> Iterator[tuple[bool, str]]:
    """Do what a page says, in its order, and yield for each command or piece of code whether it went well, and a line about it."""
    shell, program, continued = stranger.open_terminal(), list[str](), CONTINUES.get(page.stem, "")
    blocks = list(find_blocks(page.read_text("utf-8")))
    if page.stem in CODE_FIRST:
        blocks.sort(key=lambda block: block[0] not in CODE)
    for language, body, said_before in blocks:
        if language in ("bash", "console"):
            if page.stem in CODE_FIRST and program:
                yield run_program(program, stranger, shell)
                program.clear()
            for command, comment in find_commands(language, body):
                yield type_command(page.stem, command, comment, stranger, shell)
            continue
        name = find_name(said_before, body) if language in (*CODE, "yaml", "json", "toml") else ""
        if name:
            (stranger.folder / name).write_text(body, encoding="utf-8")
        if language not in CODE or (name and language == "py"):
            continue
        if why := find_need(page.stem, body):
            yield True, f"untried: it needs {why}  {body.splitlines()[0]}"
        elif page.stem in CELLS:
            failure = stranger.run_cell(body)
            yield not failure, f"{failure or 'ok'}  a cell: {body.splitlines()[0]}"
        elif '__name__ == "__main__"' in body:  # a program of its own
            yield run_program([body], stranger, shell)
        elif continued:
            with (stranger.folder / continued).open("a", encoding="utf-8") as file:
                file.write(f"\n\n{body}")
        else:
            program.append(body)
    if continued:
        yield type_command(page.stem, f"python {'-m pytest -q ' if continued.startswith('test') else ''}{continued}", "", stranger, shell)
    if program:
        yield run_program(program, stranger, shell)


def run_program(pieces: list[str], stranger: Stranger, shell: pexpect.spawn[str]) -> tuple[bool, str]:
    """Run the code of a page from its first line to its last, with no variable set; a warning is an error."""
    (stranger.folder / "page.py").write_text("\n\n".join(pieces), encoding="utf-8")
    python = f"env -i HOME={stranger.folder} LC_ALL=C.UTF-8 {stranger.environment}/bin/python"
    code, said = type_in(shell, f"{python} -W error page.py", {})
    return code == 0, f"{'ok' if code == 0 else f'exit {code}: {said[-1500:]}'}  its code, {len(pieces)} pieces"


def find_blocks(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield the language and text of each block of a page, and the paragraph before it."""
    for block in re.finditer(r"^```(\w+)[^\n]*\n(.*?)^```", text, re.M | re.S):
        yield block[1], block[2], text[: block.start()].rstrip().rpartition("\n\n")[2]


def find_need(page: str, typed: str) -> str:
    """Return what a command or a piece of code needs that is not here; empty if it needs nothing."""
    return next((why for start, why in NEEDS.items() if f"{page}: {typed}".startswith(start)), "")


def find_name(said_before: str, body: str) -> str:
    """Return the name that a page gives to a file: in its first line, or in the sentence before it."""
    found = re.match(r"# ([\w-]+\.(?:py|yaml|json|toml))\n", body) or re.search(
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
    if why := find_need(page, command):
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
    code, said = type_in(shell, typed, KEYS)
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
    parser.add_argument("pages", nargs="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sayso-pages-") as place:
        folder = Path(place)
        run(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
        return 0 if read_pages(next(folder.glob("sayso-*.whl")), folder / "pages", options.pages) else 1


if __name__ == "__main__":
    sys.exit(main())
