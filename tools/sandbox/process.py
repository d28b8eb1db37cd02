"""One worker process, seen from its parent: send a request, read the reply until the deadline, kill it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable

from ..canonical import Json, JsonObject
from ..errors import ToolError
from .children import Child, SpawnedChild
from .errors import SandboxDied, SandboxError, SandboxMemory, SandboxMissing, SandboxRaised, SandboxTimeout
from .memory import resident_bytes
from .pipes import Closed, PolledPipe, TooLate, TooLong, TooMuch, open_pipe
from .protocol import PLAIN, REPLY_BYTES, How, rebuild_tool_error, write_line
from .settings import Layer, Layers, Profile
from .zygote import BOOT_SECONDS

CALLS_IN_A_ROW = 16
"""After so many calls in a row that were answered at once, other tasks of the event loop get a turn."""


class SandboxWorker:
    """One child process. Used by one thread at a time; `kill` may come from any."""

    __slots__ = ("_child", "_ended", "_number", "_pipe", "_watch", "began", "layers", "profile")

    def __init__(self, profile: Profile, child: Child, began: float) -> None:
        self.profile: Profile = profile
        self.began: float = began
        self.layers: Layers | None = None
        self._number = 0
        self._ended = False
        self._watch: Callable[[], None] | None = None
        self._child = child
        self._pipe = open_pipe(child.requests, child.replies, self.kill)
        if isinstance(child, SpawnedChild):
            self._pipe.send(write_line(profile.as_json()), time.monotonic() + BOOT_SECONDS)

    @property
    def pid(self) -> int:
        """Return the process id of the child."""
        return self._child.pid

    def ready(self) -> Layers:
        """Wait until the modules are loaded and the layers are on. Raises SandboxError when the worker does not start."""
        if self.layers is None:
            self.layers = self._read_hello()
            self._watch = None if self.layers["memory"].on else self._watch_memory
        return self.layers

    def _read_hello(self) -> Layers:
        try:
            hello = json.loads(self._pipe.read(time.monotonic() + BOOT_SECONDS, REPLY_BYTES))
        except (Closed, TooLate, TooLong, ValueError) as error:
            self.kill()
            ended = self._describe_exit() if isinstance(error, Closed) else str(error) or type(error).__name__
            raise make_start_error(self.profile, self._child.read_errors() or ended) from None
        if "failed" in hello:
            self.kill()
            raise make_start_error(self.profile, hello["failed"])
        layers = Layers((*_outer_layers(), *(Layer(*layer) for layer in hello["layers"])))
        refuse_if_missing(layers, self.profile)
        return layers

    def is_fresh(self) -> bool:
        """Return whether it is alive with nothing unread: a reply without a request means that it broke the protocol."""
        return self.alive and self._pipe.is_open(quiet=self.layers is not None)

    @property
    def alive(self) -> bool:
        """Return whether it runs, as far as this process knows."""
        return not self._ended

    @property
    def can_wait_on_a_loop(self) -> bool:
        """Return whether it is ready and its memory need not be measured while it works."""
        return self.layers is not None and self._watch is None and isinstance(self._pipe, PolledPipe)

    def call(self, target: str, args: list[Json], kwargs: dict[str, Json], seconds: float, how: How = PLAIN) -> Json:
        """Send one request and wait for its reply. After any SandboxError but SandboxRaised the worker is dead."""
        request = self._request(target, args, kwargs, seconds, how)
        deadline = time.monotonic() + seconds
        try:
            self._pipe.send(request, deadline)
            reply = self._pipe.read(deadline, REPLY_BYTES, self._watch)
        except (TooLate, TooLong, TooMuch, Closed) as error:
            raise self._fail(error, target, seconds) from None
        except BaseException:  # Ctrl-C: the reply to this request must not be taken for one to the next
            self.interrupt()
            raise
        return self._read_reply(reply, target)

    async def acall(self, target: str, args: list[Json], kwargs: dict[str, Json], seconds: float, how: How = PLAIN) -> Json:
        """Do as `call` while the running event loop waits. Cancelled, it leaves the killed child to `close`."""
        request = self._request(target, args, kwargs, seconds, how)
        assert isinstance(self._pipe, PolledPipe)
        try:
            written, reply = self._pipe.exchange_at_once(request)
            if not reply.endswith(b"\n"):
                async with asyncio.timeout(seconds):
                    await self._pipe.asend(request[written:])
                    reply = await self._pipe.aread(REPLY_BYTES, reply)
            elif self._number % CALLS_IN_A_ROW == 0:
                await asyncio.sleep(0)  # a program that only makes calls must let other tasks run
        except TimeoutError:
            raise await asyncio.to_thread(self._fail, TooLate(), target, seconds) from None
        except (TooLong, Closed) as error:
            raise await asyncio.to_thread(self._fail, error, target, seconds) from None
        except BaseException:
            self.interrupt()
            raise
        return self._read_reply(reply, target)

    def _request(self, target: str, args: list[Json], kwargs: dict[str, Json], seconds: float, how: How) -> bytes:
        self._number += 1
        asked = {"target": target, "args": args, "kwargs": kwargs, "seconds": seconds, "typed": how.typed, "expected": how.expected}
        return write_line({"id": self._number, **asked})

    def _fail(self, error: Exception, target: str, seconds: float) -> SandboxError:
        self.kill()
        match error:
            case TooLate():
                return SandboxTimeout(target, seconds)
            case TooMuch():
                return SandboxMemory(target, self.profile.memory_mb)
            case Closed():
                return SandboxDied(target, self._describe_exit())
            case _:
                return SandboxDied(target, f"its worker broke the protocol ({error})")

    def _read_reply(self, text: bytes, target: str) -> Json:
        try:
            reply = json.loads(text.decode("ascii"))
            if reply["id"] != self._number:
                raise ValueError("it replied to another request")
            if "result" in reply:
                return reply["result"]
            error = self._make_error(reply, target)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as odd:
            raise self._fail(odd, target, 0) from None
        raise error

    def _make_error(self, reply: JsonObject, target: str) -> ToolError:
        if "error" in reply:
            return rebuild_tool_error(reply["error"])
        if "raised" in reply:
            raised = reply["raised"]
            hint = _write_hint(self.profile) if raised["blocked"] else ""
            return SandboxRaised(target, str(raised["summary"]), str(raised["traceback"]), hint)
        if "memory" in reply:  # kill it: after a MemoryError the state of the worker cannot be known
            return self._fail(TooMuch(), target, 0)
        raise KeyError("result")

    def _watch_memory(self) -> None:
        used = resident_bytes(self.pid)
        if used is not None and used > self.profile.memory_mb * 1024 * 1024:
            raise TooMuch

    def _describe_exit(self) -> str:
        code = self._child.code
        if code is not None and code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
            return f"its worker was ended by signal {name}"
        return f"its worker ended with code {code}"

    def interrupt(self) -> None:
        """Send the signal that ends it, without waiting."""
        self._ended = True
        self._child.interrupt()

    def kill(self) -> None:
        """End the child and everything in its process group, and reap it. Safe to call twice and from any thread."""
        self._ended = True
        self._child.kill()

    def close(self) -> None:
        """End the child and close the pipes."""
        self.kill()
        self.abandon()

    def abandon(self) -> None:
        """Close this process's ends of the pipes without touching the child: it belongs to the process that forked."""
        self._child.abandon()


def _outer_layers() -> list[Layer]:
    how = "SIGKILL to the process group" if os.name == "posix" else "TerminateProcess"
    return [
        Layer(
            "deadline",
            True,
            "running past the limit, endless output",
            f"this program's clock, then {how}; replies of {REPLY_BYTES >> 20} MB at most",
        ),
        Layer("environment", True, "reading this program's environment variables", "it gets none of them"),
    ]


def make_start_error(profile: Profile, reason: object) -> SandboxError:
    """Return the error that says why a worker of that profile does not start."""
    modules = profile.loads or tuple(path for _, path in profile.files) or profile.preload
    error = SandboxError(f"A worker for {', '.join(modules) or 'nothing'} did not start: {reason}")
    error.was_called = False
    return error


def refuse_if_missing(layers: Layers, profile: Profile) -> None:
    """Raise SandboxMissing if a layer that the profile needs is off."""
    missing = layers.find_missing(profile.needs)
    if not missing:
        return
    lacking = "; ".join(f"{layer.name} ({layer.detail}), which stops {layer.stops}" for layer in missing)
    rest = tuple(name for name in profile.needs if name not in {layer.name for layer in missing})
    raise SandboxMissing(
        [layer.name for layer in missing],
        f"Nothing was run: this system lacks {lacking}. Run it where that exists (Linux 5.13 or later with Landlock, on x86_64 or "
        f"aarch64), or accept to run without: Sandbox(needs={list(rest)}).",
    )


def _write_hint(profile: Profile) -> str:
    allowed = [f"read {', '.join(profile.read) or 'no files'}", f"write {', '.join(profile.write) or 'none'}"]
    allowed.append("use the network" if profile.network else "not use the network")
    return f"The sandbox lets it {', '.join(allowed)}: more needs Sandbox(read=, write=, network=)."
