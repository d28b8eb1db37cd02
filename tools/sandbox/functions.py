"""Run an ordinary function of a module or script in a worker: `@tool(sandbox=Sandbox(...))`."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from ..canonical import Json, to_jsonable
from ..errors import UsageError
from .calls import call_in, report_profile_layers
from .errors import SandboxError, SandboxMissing
from .settings import Layers, Profile, Sandbox


@dataclass(frozen=True, slots=True)
class FunctionLocation:
    """How a worker finds a function again: in a module by name (under `root`), or in a script by path."""

    module: str
    name: str
    root: str = ""
    file: str = ""
    checks_arguments: bool = False

    @property
    def target(self) -> str:
        """Return the function as a worker is asked for it, "module:name"."""
        return f"{self.module}:{self.name}"


async def run_function_sandboxed(function: Callable[..., object], arguments: Mapping[str, object], sandbox: Sandbox) -> Json:
    """Call the function with these arguments in a worker behind the sandbox's walls and return its JSON value.

    Raises UsageError when another process cannot find the function (a lambda, a nested function) or an argument is not JSON, and
    SandboxError when the worker does not answer.
    """
    location = locate_function(function)
    given = _convert_arguments(location, arguments)
    typed = location.checks_arguments and not _is_json(arguments)
    try:
        return await call_in(make_profile(sandbox, location), location.target, [], given, sandbox.seconds, typed=typed)
    except SandboxError as error:
        if not isinstance(error, SandboxMissing):
            error.nothing_happened = not sandbox.may_change_something
        raise


def report_layers(sandbox: Sandbox | None = None) -> Layers:
    """Return which layers this system enforces around such a sandbox. Starts a worker to find out."""
    return report_profile_layers(make_profile(sandbox or Sandbox(), None, needs=()))


def make_profile(sandbox: Sandbox, location: FunctionLocation | None, needs: tuple[str, ...] | None = None) -> Profile:
    """Return the settings of the workers for that sandbox and function. Raises UsageError for a file or folder that does not exist."""
    return Profile(
        preload=(location.module,) if location and not location.file else (),
        memory_mb=sandbox.memory_mb,
        beside_modules=True,
        network=sandbox.network,
        read=_resolve("read", sandbox.read),
        write=_resolve("write", sandbox.write),
        needs=tuple(sandbox.needs) if needs is None else needs,
        roots=(location.root,) if location and location.root else (),
        files=((location.module, location.file),) if location and location.file else (),
        folder=str(Path.cwd()),
    )


def _resolve(option: str, paths: Iterable[str | os.PathLike[str]]) -> tuple[str, ...]:
    found = tuple(os.path.realpath(os.path.expanduser(os.fspath(path))) for path in paths)  # noqa: PTH111 - strings in, strings out
    for path in found:
        if not os.path.lexists(path):
            raise UsageError(f"Sandbox({option}=[{path!r}]): this file or folder does not exist. Make it first, or name its folder.")
    return found


@lru_cache(maxsize=1024)
def locate_function(function: Callable[..., object]) -> FunctionLocation:
    """Return how another process finds this function. Raises UsageError that says why it would not, and what to write instead."""
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
    found = _find_in(module, name)
    if found is not function and getattr(found, "function", None) is not function:
        raise UsageError(f"{module_name}.{name} cannot run in a sandbox: that name now holds {found!r}, which a worker would call instead.")
    return _locate(module, module_name, name, hasattr(found, "check"))


def _find_in(module: ModuleType, name: str) -> object:
    found: object = module
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _locate(module: ModuleType, module_name: str, name: str, checks: bool) -> FunctionLocation:
    file = getattr(module, "__file__", None)
    if module_name == "__main__":
        spec = getattr(module, "__spec__", None)
        if spec is not None and spec.name:  # python -m package.module: it has an importable name after all
            return _locate_in_module(spec.name, file, name, checks)
        return _locate_in_script(file, name, checks)
    return _locate_in_module(module_name, file, name, checks)


def _locate_in_module(module_name: str, file: str | None, name: str, checks: bool) -> FunctionLocation:
    if file is None:
        return FunctionLocation(module_name, name, checks_arguments=checks)
    path = Path(file).absolute()
    parts = module_name.split(".")
    here = [*path.parent.parts, path.stem] if path.stem != "__init__" else list(path.parent.parts)
    if here[-len(parts) :] == parts:
        return FunctionLocation(module_name, name, root=str(Path(*here[: -len(parts)])), checks_arguments=checks)
    return FunctionLocation(module_name, name, file=str(path), checks_arguments=checks)


def _locate_in_script(file: str | None, name: str, checks: bool) -> FunctionLocation:
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
    return FunctionLocation(f"sayso_script_{path.stem}", name, root=str(path.parent), file=str(path), checks_arguments=checks)


def _is_guarded(source: str) -> bool:
    return any(isinstance(node, ast.If) and "__name__" in ast.dump(node.test) for node in ast.parse(source).body)


def _convert_arguments(location: FunctionLocation, arguments: Mapping[str, object]) -> dict[str, Json]:
    for name, value in arguments.items():
        if type(value).__name__ == "ToolContext":
            raise UsageError(
                f"{location.name} cannot run in a sandbox: its parameter {name!r} is a ToolContext, whose connections and keys must not "
                f"reach a worker. Take the values it needs as parameters and fix them with .using()."
            )
    try:
        return {name: to_jsonable(value) for name, value in arguments.items()}
    except TypeError as error:
        raise UsageError(f"{location.name} cannot run in a sandbox: {error}. Only JSON values can be sent to a worker.") from None


def _is_json(value: object) -> bool:
    if value is None or type(value) in (str, bool, int, float):
        return True
    if type(value) is list:
        return all(map(_is_json, value))
    return type(value) is dict and all(type(key) is str and _is_json(item) for key, item in value.items())
