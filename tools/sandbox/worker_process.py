"""The child's side: load the modules, put up the walls, then answer one request after the other until the pipe closes."""

from __future__ import annotations

import asyncio
import gc
import importlib
import importlib.util
import inspect
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any

from ..canonical import to_jsonable
from ..errors import ToolError
from .protocol import REPLY_BYTES, describe_exception, describe_tool_error, line
from .settings import Layer, Profile

ORPHAN_GRACE_SECONDS = 1.0
"""How long after its deadline a worker ends itself, for the case that the program above it is stopped or gone."""
inside = False
"""Whether this process is a worker; a worker does not start workers."""


def main() -> None:
    """Run as a worker: settings on the first line of stdin, then requests; replies on what was stdout."""
    global inside
    inside = True
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(2, 1)  # whatever prints while loading goes to stderr, which is read only when loading fails
    try:
        layers = prepare(Profile.from_json(json.loads(requests.readline())))
    except BaseException as error:  # noqa: BLE001 - the program above must hear why this worker will not serve, whatever it was
        _send(replies, line({"failed": str(error) if isinstance(error, ToolError) else describe_exception(error)["traceback"]}))
        return
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    _send(replies, line({"layers": [[layer.name, layer.on, layer.stops, layer.detail] for layer in layers]}))
    while request := requests.readline():
        _send(replies, answer(json.loads(request)))


def _end_with_the_program() -> None:
    """Be killed when the program above is, however busy this process is then."""
    if sys.platform == "linux":
        import fcntl

        # The program holds the other end of what was stderr; when that closes, this signal comes. (PR_SET_PDEATHSIG would come
        # as well when only the thread ended that started this process.) Set before Landlock, which would keep the signal away.
        life = os.dup(2)
        fcntl.fcntl(life, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | os.O_ASYNC)


def prepare(profile: Profile) -> list[Layer]:
    """Load what will be called, then harden: after this, code that misbehaves is behind the walls."""
    if profile.folder:
        os.chdir(profile.folder)
    sys.path.extend(root for root in profile.roots if root not in sys.path)
    for name, path in profile.files:
        _load_file(name, path)
    for name in profile.preload:
        module = importlib.import_module(name)
        warm = getattr(module, "warm", None)
        if warm is not None:
            warm()
    line({})
    sys.dont_write_bytecode = True
    gc.collect()
    gc.freeze()
    from .hardening import harden

    _end_with_the_program()
    return harden(profile)


def _load_file(name: str, path: str) -> None:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


def answer(request: Mapping[str, Any]) -> bytes:
    """Perform one request and word its reply."""
    reply: dict[str, Any]
    _alarm(request["seconds"] + ORPHAN_GRACE_SECONDS)
    try:
        value = _perform(request)
        text = (
            line({"id": request["id"], "result": value}) if _is_json(value) else line({"id": request["id"], "result": to_jsonable(value)})
        )
        if len(text) <= REPLY_BYTES:
            return text
        reply = {"raised": {"summary": f"a result of {len(text):,} bytes (at most {REPLY_BYTES:,})", "traceback": "", "blocked": False}}
    except ToolError as error:
        reply = {"error": describe_tool_error(error)}
    except MemoryError:
        reply = {"memory": True}
    except BaseException as error:  # noqa: BLE001 - SystemExit included: nothing that a function raises may end the protocol
        reply = {"raised": describe_exception(error)}
    finally:
        _alarm(0)
    return line({"id": request["id"], **reply})


def _is_json(value: object) -> bool:
    return value is None or type(value) in (str, bool, int, float)


def _perform(request: Mapping[str, Any]) -> Any:
    function = _function(request["target"])
    args, kwargs = request["args"], request["kwargs"]
    if request["typed"]:  # arguments that are more than JSON come as JSON and are made into the function's types again
        kwargs = function.check(kwargs)  # type: ignore[attr-defined]
    value = getattr(function, "function", function)(*args, **kwargs)
    return asyncio.run(_awaited(value)) if inspect.isawaitable(value) else value


async def _awaited(value: Any) -> Any:
    return await value


def _function(target: str) -> Callable[..., Any]:
    """The function (or the Tool around it) at "module:name", from a module that was loaded before the walls went up."""
    module_name, _, name = target.partition(":")
    found: Any = sys.modules[module_name]
    for part in name.split("."):
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]


def _alarm(seconds: float) -> None:
    if hasattr(signal, "setitimer"):
        # The default action of SIGALRM ends the process even inside a C function that never returns.
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _send(descriptor: int, text: bytes) -> None:
    rest = memoryview(text)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
