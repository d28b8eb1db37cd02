"""The transport to a server on this machine: messages as lines over its pipes, bounded, and what it says on standard error kept."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client.stdio import get_default_environment
from mcp.shared.message import SessionMessage

from .errors import McpError
from .launcher import can_hold, choose_places, wrap_command
from .mending import AnswerReader
from .server_spec import ServerSpec, find_named

MOST_MESSAGE_BYTES = 32 * 1024 * 1024
MOST_LINES_KEPT, MOST_LINE = 30, 400
SECONDS_TO_EXIT, SECONDS_TO_TERMINATE = 2.0, 1.0
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
"""Windows has no other way."""
INSTALL = {
    "uvx": "uv brings it: https://docs.astral.sh/uv/",
    "uv": "https://docs.astral.sh/uv/",
    "npx": "Node.js brings it: https://nodejs.org/",
    "node": "https://nodejs.org/",
    "docker": "https://docs.docker.com/",
}
Streams = tuple[MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]]


@dataclass(eq=False)
class LocalServer:
    """A server as a child process. `said` is the end of its standard error, `noise` what it has printed that is no message."""

    spec: ServerSpec
    sandbox: bool = True
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    said: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_LINES_KEPT), init=False)
    noise: int = field(default=0, init=False)
    problem: str = field(default="", init=False)
    problems: list[str] = field(default_factory=list, init=False)
    answers: AnswerReader = field(default_factory=AnswerReader, init=False)
    is_held: bool = field(default=False, init=False)
    process: asyncio.subprocess.Process | None = field(default=None, init=False)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Streams]:
        """Start the server and yield its streams; it is ended with the block, with all that it has started."""
        scratch = tempfile.mkdtemp(prefix="sayso-mcp-")
        try:
            self.process = process = await self._start(scratch)
            reading_in, reading = anyio.create_memory_object_stream[SessionMessage | Exception](0)
            writing, writing_out = anyio.create_memory_object_stream[SessionMessage](0)
            tasks = [
                asyncio.create_task(self._read(process, reading_in)),
                asyncio.create_task(self._write(process, writing_out, reading_in)),
                asyncio.create_task(self._listen(process)),
            ]
            try:
                yield reading, writing
            finally:
                with anyio.CancelScope(shield=True):
                    await _stop(process)
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)
                    _close_pipes(process)
                    for stream in (reading_in, reading, writing, writing_out):
                        stream.close()
        finally:
            await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)

    async def _start(self, scratch: str) -> asyncio.subprocess.Process:
        env = self._make_environment(scratch)
        command, cwd = self._find_program(env), self._find_folder()
        if self.sandbox and can_hold():
            self.is_held = True
            if not self.spec.cwd and not any(find_named(each, Path(cwd)) for each in command[1:] if not Path(each).is_absolute()):
                cwd = scratch  # its command names nothing here, so it does not see this folder
            read, write = choose_places(command, cwd, scratch, env)
            if self.spec.cwd:
                read.append(cwd)
            command = wrap_command(command, read=[*read, *self.read], write=[*write, *self.write])
        try:
            return await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=env,
                cwd=cwd,
                start_new_session=True,
                limit=MOST_MESSAGE_BYTES,
            )
        except OSError as error:
            why = error.strerror or str(error)
            raise McpError(f"The MCP server {self.spec.name} cannot be started: {command[0]}: {why}.", server=self.spec.name) from None

    def _make_environment(self, scratch: str) -> Mapping[str, str]:
        """Return what the server is given: what any program needs, what was named for it, and a folder of its own for scratch files."""
        return {**get_default_environment(), "TMPDIR": scratch, **self.spec.env}

    def _find_folder(self) -> str:
        if self.spec.cwd and not Path(self.spec.cwd).is_dir():
            raise McpError(f"The MCP server {self.spec.name} cannot start: there is no folder {self.spec.cwd}.", server=self.spec.name)
        return self.spec.cwd or str(Path.cwd())

    def _find_program(self, env: Mapping[str, str]) -> list[str]:
        name, *arguments = self.spec.command
        there = Path(self.spec.cwd or ".") / name
        found = str(there.absolute()) if os.sep in name and there.is_file() else shutil.which(name, path=env.get("PATH"))
        if found is None:
            how = INSTALL.get(name, "Is it installed, and on the PATH?")
            raise McpError(f"The MCP server {self.spec.name} cannot start: there is no command {name!r}. {how}", server=self.spec.name)
        return [found, *arguments]

    async def _read(self, process: asyncio.subprocess.Process, into: MemoryObjectSendStream[SessionMessage | Exception]) -> None:
        assert process.stdout is not None
        try:
            with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
                while line := await process.stdout.readline():
                    if not line.strip():
                        continue
                    try:
                        messages, problems = self.answers.read(line)
                    except ValueError:  # a server that prints: a banner, a log line
                        self.noise += 1
                        self.said.append(line[:MOST_LINE].decode(errors="replace").rstrip())
                        continue
                    self.problems += problems
                    for message in messages:
                        await into.send(SessionMessage(message))
        except ValueError:  # no end of the line within the limit
            self.problem = f"it sent a message of more than {MOST_MESSAGE_BYTES // 1024 // 1024} MB, and was ended"
            _kill(process, KILL)
        finally:
            into.close()

    async def _write(
        self,
        process: asyncio.subprocess.Process,
        messages: MemoryObjectReceiveStream[SessionMessage],
        into: MemoryObjectSendStream[SessionMessage | Exception],
    ) -> None:
        assert process.stdin is not None
        try:
            async for message in messages:
                self.answers.note_sent(message.message)
                process.stdin.write(message.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")
                await process.stdin.drain()
        except (OSError, anyio.ClosedResourceError, anyio.BrokenResourceError):
            into.close()  # whoever waits for an answer is told that the server is gone

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while chunk := await process.stderr.read(65536):
            for line in chunk.decode(errors="replace").splitlines():
                if line.strip():
                    self.said.append(line.strip()[:MOST_LINE])

    @property
    def is_alive(self) -> bool:
        """Return whether it runs."""
        return self.process is not None and self.process.returncode is None

    def describe_end(self) -> str:
        """Return what is known of why the server is gone, in words."""
        code = self.process.returncode if self.process is not None else None
        ended = self.problem or (f"it ended with exit code {code}" if code is not None else "it closed the connection")
        said = f" It said: {self.quote()}" if self.said else ""
        hint = self.find_hint("\n".join(self.said))
        return f"{ended}.{said}{hint and f' {hint}'}"

    def find_hint(self, text: str) -> str:
        """Return what to do where a text says that the walls around the server were in its way, empty where it does not."""
        is_walled = self.is_held and any(word in text for word in ("Permission denied", "EACCES", "EPERM", "PermissionError"))
        return "It runs in a sandbox: name what it may use, mcp(..., read=[...], write=[...])." if is_walled else ""

    def quote(self) -> str:
        """Return the end of what it said: the lines about errors, and the last."""
        lines = list(self.said)
        kept = [line for line in lines[:-2] if "error" in line.lower()][:3] + lines[-2:]
        return " / ".join(kept)


async def _stop(process: asyncio.subprocess.Process) -> None:
    """End a server as the protocol says: close its input, wait, then end it with all that it has started."""
    if process.stdin is not None:
        with suppress(OSError, RuntimeError):
            process.stdin.close()
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), SECONDS_TO_EXIT)
    for number in (signal.SIGTERM, KILL):
        _kill(process, number)  # those that it has started, too
        if process.returncode is not None:
            if number != signal.SIGTERM:
                return
            continue
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), SECONDS_TO_TERMINATE)


def _close_pipes(process: asyncio.subprocess.Process) -> None:
    """Close the pipes, which what the server has started may hold open. Nothing public of asyncio does."""
    transport = getattr(process, "_transport", None)
    if transport is not None:
        with suppress(ProcessLookupError, PermissionError):
            transport.close()


def _kill(process: asyncio.subprocess.Process, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, number)
