"""Run an ordinary function of a module or script in a worker: `@tool(sandbox=Sandbox(...))`."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from ..canonical import Json
from ..definition.exact_json import write_exactly
from ..definition.fingerprint import make_fingerprint
from ..definition.secret import show_plain
from ..errors import UsageError
from . import worker_process as this_process
from .calls import call_in, get_pool, report_profile_layers
from .errors import SandboxError
from .protocol import How
from .python_files import refuse_code
from .settings import Layers, Profile, Sandbox

RETURNING = ("pydantic_core",)
"""What is used for results that are more than JSON."""
CHECKING = ("sayso.tools.definition.schema",)
"""What is used for arguments that are more than JSON. It is large, which makes each fork dearer."""
_SHARED = {name for name in sys.stdlib_module_names if not name.startswith("_")} | {"sayso", "pydantic"}
"""Packages that are loaded before a call where the function's module uses them: Python's, and those that Sayso stands on."""


@dataclass(frozen=True, slots=True)
class FunctionLocation:
    """How a worker finds a function again: in a module by name (under `root`), or in a script by path."""

    module: str
    name: str
    root: str = ""
    file: str = ""
    checks_arguments: bool = False
    uses: tuple[str, ...] = ()
    """Modules of Python's own and of Sayso's that its module has imported: they need not be loaded anew for each call."""

    @property
    def target(self) -> str:
        """Return the function as a worker is asked for it, "module:name"."""
        return f"{self.module}:{self.name}"


async def run_function_sandboxed(
    function: Callable[..., object], arguments: Mapping[str, object], sandbox: Sandbox, *, approved: bool = False
) -> Json:
    """Call the function with these arguments in a worker behind the sandbox's walls and return its JSON value.

    A function that a person has approved is called only if the worker has loaded the same one: its file may have changed meanwhile.
    Raises UsageError when another process cannot find the function (a lambda, a nested function) or an argument is not JSON, and
    SandboxError when the worker does not answer.
    """
    call = SandboxedCall.prepare(function, arguments, sandbox)
    how = replace(call.how, expected=make_fingerprint(function)) if approved else call.how
    with call.telling_effects():
        return await call_in(call.profile, call.target, [], call.arguments, sandbox.seconds, how)


def call_function_sandboxed(function: Callable[..., object], arguments: Mapping[str, object], sandbox: Sandbox) -> Json:
    """Do as `run_function_sandboxed`, and block the calling thread. A call from inside a worker stays in that worker."""
    if this_process.inside:
        return function(**arguments)
    call = SandboxedCall.prepare(function, arguments, sandbox)
    with call.telling_effects():
        return get_pool(call.profile).call(call.target, [], call.arguments, sandbox.seconds, call.how)


@dataclass(frozen=True, slots=True)
class SandboxedCall:
    """A call as it is sent: the workers that may serve it, the function's target, and the arguments as JSON."""

    profile: Profile
    target: str
    arguments: dict[str, Json]
    how: How
    sandbox: Sandbox

    @classmethod
    def prepare(cls, function: Callable[..., object], arguments: Mapping[str, object], sandbox: Sandbox) -> SandboxedCall:
        """Locate the function and convert its arguments. Raises UsageError when one of the two cannot be sent to a worker."""
        location = locate_function(function)
        given = _convert_arguments(location, arguments)
        how = How(typed=location.checks_arguments and not _is_json(arguments))
        location = replace(location, uses=(*location.uses, *(CHECKING if how.typed else RETURNING)))
        return cls(make_profile(sandbox, location), location.target, given, how, sandbox)

    @contextmanager
    def telling_effects(self) -> Iterator[None]:
        """Have an error say whether the call may have changed something."""
        try:
            yield
        except SandboxError as error:
            error.nothing_happened = not (error.was_called and self.sandbox.may_change_something)
            raise


def report_layers(sandbox: Sandbox | None = None) -> Layers:
    """Return which layers this system enforces around such a sandbox. Starts a worker to find out."""
    return report_profile_layers(make_profile(sandbox or Sandbox(), None, needs=()))


def make_profile(sandbox: Sandbox, location: FunctionLocation | None, needs: tuple[str, ...] | None = None) -> Profile:
    """Return the settings of the workers for that sandbox and function. Raises UsageError for a file or folder that does not exist."""
    return Profile(
        preload=(*(location.uses if location else ()), *map(_check_installed, sandbox.preload)),
        loads=(location.module,) if location and not location.file else (),
        once=True,
        memory_mb=sandbox.memory_mb,
        beside_modules=True,
        network=sandbox.network,
        read=_resolve("read", sandbox.read),
        write=refuse_code(_resolve("write", sandbox.write), [location.root, location.file] if location else []),
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


@lru_cache(maxsize=256)
def _check_installed(name: str) -> str:
    """Return the name of a module that workers may share. Raises UsageError for one that is not installed, or is not a package's."""
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names:
        return name
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        raise UsageError(f"Sandbox(preload=[{name!r}]): there is no such module. Install it, or leave it out.")
    places = {part for place in (spec.origin or "", *(spec.submodule_search_locations or ())) for part in Path(place).parts}
    if not places & {"site-packages", "dist-packages"}:
        raise UsageError(
            f"Sandbox(preload=[{name!r}]): only installed packages can be loaded before a call. Your own modules are loaded again for "
            f"each call, so that no call sees changes that another made in them."
        )
    return name


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
    checks = hasattr(found, "check")
    return replace(_locate(module, module_name, name), checks_arguments=checks, uses=_list_used(module))


def _list_used(module: ModuleType) -> tuple[str, ...]:
    names = set[str]()
    for value in list(vars(module).values()):
        name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None) or type(value).__module__
        if isinstance(name, str) and name in sys.modules and name.partition(".")[0] in _SHARED:
            names.add(name)
    return tuple(sorted(names - {module.__name__}))


def _find_in(module: ModuleType, name: str) -> object:
    found: object = module
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _locate(module: ModuleType, module_name: str, name: str) -> FunctionLocation:
    file = getattr(module, "__file__", None)
    if module_name == "__main__":
        spec = getattr(module, "__spec__", None)
        if spec is not None and spec.name:  # python -m package.module: it has an importable name after all
            return _locate_in_module(spec.name, file, name)
        return _locate_in_script(file, name)
    return _locate_in_module(module_name, file, name)


def _locate_in_module(module_name: str, file: str | None, name: str) -> FunctionLocation:
    if file is None:
        return FunctionLocation(module_name, name)
    path = Path(file).absolute()
    parts = module_name.split(".")
    here = [*path.parent.parts, path.stem] if path.stem != "__init__" else list(path.parent.parts)
    if here[-len(parts) :] == parts:
        return FunctionLocation(module_name, name, root=str(Path(*here[: -len(parts)])))
    return FunctionLocation(module_name, name, file=str(path))


def _locate_in_script(file: str | None, name: str) -> FunctionLocation:
    if file is None or not Path(file).is_file():
        raise UsageError(
            f"{name} cannot run in a sandbox: it was typed at a prompt, and a worker loads it from a file; save it in a module."
        )
    path = Path(file).absolute()
    if not _is_guarded(path.read_text(encoding="utf-8")):
        raise UsageError(
            f"{name} cannot run in a sandbox: a worker would load {path.name} and so run all of it once more. "
            f'Put the code that starts the program under `if __name__ == "__main__":`, or move {name} to a module.'
        )
    return FunctionLocation(f"sayso_script_{path.stem}", name, root=str(path.parent), file=str(path))


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
        # As they are, by their Python names: a secret in the open, an excluded field too. The pipe is this program's own.
        return {name: write_exactly(value, show_plain) for name, value in arguments.items()}
    except TypeError as error:
        raise UsageError(f"{location.name} cannot run in a sandbox: {error}. Only JSON values can be sent to a worker.") from None


def _is_json(value: object) -> bool:
    if value is None or type(value) in (str, bool, int, float):
        return True
    if type(value) is list:
        return all(map(_is_json, value))
    return type(value) is dict and all(type(key) is str and _is_json(item) for key, item in value.items())
