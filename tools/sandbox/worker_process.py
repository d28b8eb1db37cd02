"""The worker process itself: load the modules, harden, then answer one request after the other until the pipe closes."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import inspect
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import IO, Any

from ..canonical import Json, JsonObject, to_jsonable
from ..definition.fingerprint import make_fingerprint
from ..errors import ToolError
from .hardening import harden
from .protocol import REPLY_BYTES, describe_exception, describe_tool_error, write_line
from .settings import Layer, Profile

ORPHAN_GRACE_SECONDS = 1.0
"""How long after its deadline a worker ends itself, in case its parent is stopped or gone."""
inside: bool = False
"""Whether this process is a worker. A worker cannot start workers."""


def main() -> None:
    """Run as a worker that was started, not forked: settings on the first line of stdin, then requests; replies on what was stdout."""
    requests, replies = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(2, 1)  # prints while loading go to stderr, which is read only when loading fails
    lines = os.fdopen(requests, "rb")
    profile = Profile.from_json(json.loads(lines.readline()))
    _serve(profile, lines, replies, partial(load_ours, profile))


def serve(profile: Profile, requests: int, replies: int) -> None:
    """Load what the zygote has not loaded, harden this process, and answer requests until the pipe closes."""
    _serve(profile, os.fdopen(requests, "rb"), replies, lambda: None)


def _serve(profile: Profile, requests: IO[bytes], replies: int, begin: Callable[[], None]) -> None:
    global inside
    inside = True
    try:
        begin()
        layers = prepare(profile)
    except BaseException as error:  # noqa: BLE001 - the parent must learn why this worker does not start, whatever it was
        _send(replies, write_line({"failed": str(error) if isinstance(error, ToolError) else describe_exception(error)["traceback"]}))
        return
    _send(replies, write_line({"layers": [[layer.name, layer.on, layer.stops, layer.detail] for layer in layers]}))
    while request := requests.readline():
        _send(replies, answer(json.loads(request)))
        if profile.once:
            return


def load_ours(profile: Profile) -> None:
    """Load the modules that all workers of the profile share. A module of ours may have a function `warm` that loads more."""
    sys.path.extend(root for root in profile.roots if root not in sys.path)
    for name in profile.preload:
        module = importlib.import_module(name)
        if name.startswith("sayso.") and hasattr(module, "warm"):
            module.warm()


def prepare(profile: Profile) -> list[Layer]:
    """Load the function's own modules, then harden this process. Returns the layers that are on or missing."""
    if profile.folder:
        os.chdir(profile.folder)
    for name, path in profile.files:
        _load_file(name, path)
    for name in profile.loads:
        importlib.import_module(name)
    write_line({})  # loads what a reply needs, while it can still be loaded
    sys.dont_write_bytecode = True
    return harden(profile)


def _load_file(name: str, path: str) -> None:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded as a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


def answer(request: JsonObject) -> bytes:
    """Perform one request and return its reply as a line."""
    reply: JsonObject
    _set_alarm(request["seconds"] + ORPHAN_GRACE_SECONDS)
    try:
        value = _perform(request)
        text = write_line({"id": request["id"], "result": value if _is_scalar(value) else to_jsonable(value)})
        if len(text) <= REPLY_BYTES:
            return text
        reply = {"raised": {"summary": f"a result of {len(text):,} bytes (at most {REPLY_BYTES:,})", "traceback": "", "blocked": False}}
    except ToolError as error:
        reply = {"error": describe_tool_error(error)}
    except MemoryError:
        reply = {"memory": True}
    except BaseException as error:  # noqa: BLE001 - SystemExit too: nothing that a function raises may end the protocol
        reply = {"raised": describe_exception(error)}
    finally:
        _set_alarm(0)
    return write_line({"id": request["id"], **reply})


def _is_scalar(value: object) -> bool:
    return value is None or type(value) in (str, bool, int, float)


def _perform(request: JsonObject) -> Json:
    function = _find_function(request["target"])
    args, kwargs = request["args"], request["kwargs"]
    if request["typed"]:  # arguments that are more than JSON come as JSON and are made into the function's types again
        kwargs = function.parse_frozen(json.dumps(kwargs))
    called = getattr(function, "function", function)
    if request["expected"] and make_fingerprint(called) != request["expected"]:
        raise ToolError(
            f"The file of {called.__qualname__} has changed since the program loaded it, so this is not the function that was approved: "
            "nothing was done. Restart the program."
        )
    value = called(*args, **kwargs)
    return asyncio.run(_await(value)) if inspect.isawaitable(value) else value


async def _await(value: Awaitable[Json]) -> Json:
    return await value


def _find_function(target: str) -> Any:
    """Return the function (or the Tool around it) at "module:name", from a module that was loaded before the process was hardened."""
    module_name, _, name = target.partition(":")
    found: Any = sys.modules[module_name]
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _set_alarm(seconds: float) -> None:
    if hasattr(signal, "setitimer"):
        # The default action of SIGALRM ends the process even inside a C function that does not return.
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _send(descriptor: int, text: bytes) -> None:
    rest = memoryview(text)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
