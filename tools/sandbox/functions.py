"""`@tool(sandbox=Sandbox(...))`: an ordinary function of a module or script, run in a worker."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from ..canonical import to_jsonable
from ..errors import UsageError
from .calls import call_in, layers_of
from .errors import SandboxError, SandboxMissing
from .settings import Layers, Profile, Sandbox


@dataclass(frozen=True, slots=True)
class Place:
    """Where a worker finds a function again: a module by name (in `root`) or a script by path."""

    module: str
    name: str
    root: str = ""
    file: str = ""
    checks_arguments: bool = False

    @property
    def target(self) -> str:
        """The function as a worker is asked for it."""
        return f"{self.module}:{self.name}"


async def run_function_sandboxed(function: Callable[..., Any], arguments: Mapping[str, Any], sandbox: Sandbox) -> Any:
    """Call the function with these arguments in a worker behind the sandbox's walls; the value is JSON.

    UsageError when the function cannot be found again by another process (a lambda, a nested function) or an argument cannot go there.
    """
    place = place_of(function)
    given = _sendable(place, arguments)
    typed = place.checks_arguments and not _is_json(arguments)
    try:
        return await call_in(profile_of(sandbox, place), place.target, [], given, sandbox.seconds, typed=typed)
    except SandboxError as error:
        if not isinstance(error, SandboxMissing):
            error.nothing_happened = not sandbox.may_change_something
        raise


def enforced(sandbox: Sandbox | None = None) -> Layers:
    """Which walls stand on this system around such a sandbox; starts a worker to see."""
    return layers_of(profile_of(sandbox or Sandbox(), None, needs=()))


def profile_of(sandbox: Sandbox, place: Place | None, needs: tuple[str, ...] | None = None) -> Profile:
    """The settings of the workers for that sandbox and function. UsageError names a file or folder that is not there."""
    return Profile(
        preload=(place.module,) if place and not place.file else (),
        memory_mb=sandbox.memory_mb,
        beside_modules=True,
        network=sandbox.network,
        read=_real("read", sandbox.read),
        write=_real("write", sandbox.write),
        needs=tuple(sandbox.needs) if needs is None else needs,
        roots=(place.root,) if place and place.root else (),
        files=((place.module, place.file),) if place and place.file else (),
        folder=str(Path.cwd()),
    )


def _real(option: str, paths: Any) -> tuple[str, ...]:
    found = tuple(os.path.realpath(os.path.expanduser(path)) for path in paths)  # noqa: PTH111 - strings in, strings out
    for path in found:
        if not os.path.lexists(path):
            raise UsageError(f"Sandbox({option}=[{path!r}]): there is no such file or folder; make it first, or name its folder.")
    return found


@lru_cache(maxsize=1024)
def place_of(function: Callable[..., Any]) -> Place:
    """Where another process finds this function. UsageError says why it would not, and what to write instead."""
    name = getattr(function, "__qualname__", None)
    module_name = getattr(function, "__module__", None)
    if not isinstance(name, str) or not isinstance(module_name, str) or hasattr(function, "__self__"):
        raise UsageError(
            f"{function!r} cannot run in a sandbox: only plain functions (def at the top of a module) can be found by a worker."
        )
    if "<" in name:
        what = "a lambda" if name.endswith("<lambda>") else "defined inside another function"
        raise UsageError(f"{name} cannot run in a sandbox: it is {what}, which a worker cannot find; move it to the top of a module.")
    module = sys.modules.get(module_name)
    if module is None:
        raise UsageError(f"{name} cannot run in a sandbox: its module {module_name} is not loaded.")
    found = _lookup(module, name)
    if found is not function and getattr(found, "function", None) is not function:
        raise UsageError(f"{module_name}.{name} cannot run in a sandbox: that name now holds {found!r}, which a worker would call instead.")
    return _placed(module, module_name, name, hasattr(found, "check"))


def _lookup(module: ModuleType, name: str) -> object:
    found: object = module
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _placed(module: ModuleType, module_name: str, name: str, checks: bool) -> Place:
    file = getattr(module, "__file__", None)
    if module_name == "__main__":
        spec = getattr(module, "__spec__", None)
        if spec is not None and spec.name:  # python -m package.module: it has an importable name after all
            return _placed_module(spec.name, file, name, checks)
        return _placed_script(file, name, checks)
    return _placed_module(module_name, file, name, checks)


def _placed_module(module_name: str, file: str | None, name: str, checks: bool) -> Place:
    if file is None:
        return Place(module_name, name, checks_arguments=checks)
    path = Path(file).absolute()
    parts = module_name.split(".")
    here = [*path.parent.parts, path.stem] if path.stem != "__init__" else list(path.parent.parts)
    if here[-len(parts) :] == parts:
        return Place(module_name, name, root=str(Path(*here[: -len(parts)])), checks_arguments=checks)
    return Place(module_name, name, file=str(path), checks_arguments=checks)


def _placed_script(file: str | None, name: str, checks: bool) -> Place:
    if file is None or not Path(file).is_file():
        raise UsageError(
            f"{name} cannot run in a sandbox: it was typed at a prompt, and a worker loads it from a file; save it in a module."
        )
    path = Path(file).absolute()
    if not _is_guarded(path.read_text(encoding="utf-8")):
        raise UsageError(
            f"{name} cannot run in a sandbox: a worker would load {path.name} and so run all of it once more. "
            f'Put what starts the program under `if __name__ == "__main__":`, or move {name} to a module.'
        )
    return Place(f"sayso_script_{path.stem}", name, root=str(path.parent), file=str(path), checks_arguments=checks)


def _is_guarded(source: str) -> bool:
    return any(isinstance(node, ast.If) and "__name__" in ast.dump(node.test) for node in ast.parse(source).body)


def _sendable(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in arguments.items():
        if type(value).__name__ == "ToolContext":
            raise UsageError(
                f"{place.name} cannot run in a sandbox: its parameter {name!r} is a ToolContext, and what the application lends "
                f"(connections, keys) stays out of a worker. Take the values it needs as parameters and fix them with .using()."
            )
    try:
        return {name: to_jsonable(value) for name, value in arguments.items()}
    except TypeError as error:
        raise UsageError(f"{place.name} cannot run in a sandbox: {error}; only JSON values go to a worker.") from None


def _is_json(value: Any) -> bool:
    if value is None or type(value) in (str, bool, int, float):
        return True
    if type(value) is list:
        return all(map(_is_json, value))
    return type(value) is dict and all(type(key) is str and _is_json(item) for key, item in value.items())
