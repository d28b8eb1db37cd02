"""Something of the user's by its name, as the command line takes it: `module:attribute`, or `path/to/file.py:attribute`."""

from __future__ import annotations

import importlib
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from sayso.tools.errors import UsageError
from sayso.workflows import Workflow


def named(place: str) -> Any:
    """What stands there; the current folder is looked in first. UsageError says which part of the name leads nowhere."""
    module, _, attribute = place.rpartition(":")
    if not module or not attribute:
        raise UsageError(f"{place!r} names nothing to look up. Write module:name, such as flows:essay or examples/essay.py:essay.")
    found: Any = _module(module)
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise UsageError(f"{module} has no {attribute!r}.{_has(found)}")
        found = getattr(found, part)
    return found


def _module(name: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        # It is the code of the user, and whatever it raises is a reason why there is nothing to look up.
        return _from_file(Path(name)) if name.endswith(".py") else importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise UsageError(f"{name} could not be imported: {type(error).__name__}: {error}") from error


def _from_file(path: Path) -> ModuleType:
    folder = str(path.resolve().parent)
    if folder not in sys.path:  # for what lies beside it
        sys.path.insert(0, folder)
    spec = spec_from_file_location(path.stem, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise FileNotFoundError(f"there is no file {path}")
    module = sys.modules[path.stem] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _has(found: Any) -> str:
    names = [name for name, value in vars(found).items() if not name.startswith("_") and isinstance(value, Workflow)]
    return f" Workflows and agents in it: {', '.join(names)}." if names else ""
