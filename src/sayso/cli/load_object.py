"""Loading the user's code by name: `module:name`, or `path/to/file.py:name`. The one loader of every command that takes such a name."""

from __future__ import annotations

import importlib
import inspect
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from sayso.tools import Tool
from sayso.tools.errors import UsageError
from sayso.workflows import Workflow

if TYPE_CHECKING:
    from sayso.workflows import App

SAYSO = str(Path(__file__).parent.parent)
EXAMPLE = "Write module:name or path/to/file.py:name, such as desk:app or ./desk.py:app."


def load_app(name: str | None) -> App:
    """Return the app of that name, or Sayso's own app without one. Raises UsageError if it cannot be loaded or is not an App."""
    if name is None:
        from sayso.cli.builtin_app import builtin_app  # late: it loads the agents, which an app of the user's may not need

        return builtin_app()
    from sayso.workflows import App  # late: `sayso draw` needs no durable engine

    app = _load(name, "Apps", App)
    if not isinstance(app, App):
        example = 'Make one with: app = sayso.App(flows=[...], name="desk").'
        raise UsageError(f"{name} is {_describe(app)}, and this command needs an App. {example}")
    return app


def load_step(name: str) -> object:
    """Return the workflow, agent, tool or async function of that name. Raises UsageError if it cannot be loaded or is none of these."""
    step = _load(name, "Workflows, agents and tools", Workflow, Tool)
    if not (isinstance(step, (Workflow, Tool)) or inspect.iscoroutinefunction(step)):
        raise UsageError(f"{name} is {_describe(step)}, and this command needs a workflow, an agent, a tool or an async function.")
    return step


def load_subject(name: str, what: str = "Agents, workflows and functions") -> object:
    """Return whatever has that name: what is to be evaluated, or what its tools are given. Raises UsageError if it cannot be loaded."""
    return _load(name, what, object)


def _load(name: str, wanted: str, *types: type) -> object:
    source, colon, attribute = name.rpartition(":")  # the last colon: a path on Windows has one of its own (C:\desk.py:app)
    if not colon or not source or not all(part.isidentifier() for part in attribute.split(".")):
        raise UsageError(f"{name!r} does not name an object in a module. {EXAMPLE}")
    value: object = _import_file(source) if _is_path(source) else _import_module(source)
    for part in attribute.split("."):
        if not hasattr(value, part):
            names = getattr(value, "__dict__", {}).items()
            there = [key for key, each in names if not key.startswith("_") and isinstance(each, types) and _is_made_in(value, each)]
            raise UsageError(f"{source} has no {attribute!r}. {wanted} in it: {', '.join(there) or 'none'}.")
        value = getattr(value, part)
    return value


def _is_made_in(module: object, value: object) -> bool:
    """Return whether a module offers a value itself: no module or class, no function that it has imported."""
    if isinstance(value, (ModuleType, type)):
        return False
    return not inspect.isroutine(value) or getattr(value, "__module__", "") == getattr(module, "__name__", "")


def _is_path(source: str) -> bool:
    return source.endswith(".py") or "/" in source or "\\" in source


def _import_file(source: str) -> ModuleType:
    """Import a file as the module that it is: `shop/desk.py` is `desk`, or `shop.desk` where `shop` is a package.

    So classes in it are stored under the same name whichever way the file was named on the command line.
    """
    path = Path(source).expanduser()
    if path.is_dir():
        raise UsageError(f"{source} is a folder. Name a file in it, such as {path / '__init__.py'}:name.")
    if not path.is_file():
        hint = f" There is a file {path}.py." if path.with_name(f"{path.name}.py").is_file() else ""
        raise UsageError(f"There is no file {source} (the current folder is {Path.cwd()}).{hint}")
    if path.suffix != ".py":
        raise UsageError(f"{source} is not a Python file: its name does not end in .py. {EXAMPLE}")
    path = path.resolve()
    folder = path.parent
    parts = [] if path.stem == "__init__" else [path.stem]
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    if any("." in part for part in parts):
        raise UsageError(f"{source} cannot be imported: Python takes the dot in {'/'.join(parts)!r} for a package. Rename it.")
    name = ".".join(parts)
    _look_first_in(folder)
    module = _import(name, source)
    # Another module of that name may be loaded already: `types.py` would be Python's own.
    if not module.__file__ or not Path(module.__file__).samefile(path):
        raise UsageError(f"{source} has the name of a module that is loaded already ({module.__file__ or 'built in'}). Rename the file.")
    return module


def _import_module(name: str) -> ModuleType:
    _look_first_in(Path.cwd())
    return _import(name, f"The module {name!r}")


def _look_first_in(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _import(name: str, called: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise UsageError(f"There is no module {name!r} in {Path.cwd()} or among the installed packages.") from None
        raise UsageError(f"{called} imports {error.name!r}, which is not installed{_place_of(error)}.") from None
    except SyntaxError as error:  # its text has the file and the line
        raise UsageError(f"{called} cannot be imported: SyntaxError: {error}.") from None
    except (Exception, SystemExit) as error:  # noqa: BLE001  the user's code may raise anything
        raise UsageError(f"{called} cannot be imported: {type(error).__name__}: {str(error).rstrip('.')}{_place_of(error)}.") from None


def _place_of(error: BaseException) -> str:
    """Return where the user's code raised, or called what raised in Sayso, as " (file, line 3)"; empty if no line of it is known."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename]
    own = [frame for frame in frames if not frame.filename.startswith((SAYSO, "<"))]
    return f" ({own[-1].filename}, line {own[-1].lineno})" if own else ""


def _describe(value: object) -> str:
    kind = type(value).__name__
    return f"{'an' if kind[:1].lower() in 'aeiou' else 'a'} {kind}"
