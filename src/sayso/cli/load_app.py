"""The code that a command is told: `module:app`, found as Python finds modules, from the current folder first."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any

from sayso.tools.errors import UsageError

if TYPE_CHECKING:
    from sayso.workflows import App

EXAMPLE = 'Write module:app, where module.py says: app = sayso.App(flows=[...], name="desk").'


def app_named(place: str | None) -> App:
    """The app at `module:app`; Sayso's own (research and chat) where none is named. UsageError says what is not there."""
    if place is None:
        from sayso.cli.builtin_app import builtin_app

        return builtin_app()
    from sayso.workflows import App

    module, colon, attribute = place.partition(":")
    if not colon or not module or not attribute:
        raise UsageError(f"{place!r} names no app. {EXAMPLE}")
    value: Any = _module(module)
    for name in attribute.split("."):
        if not hasattr(value, name):
            apps = ", ".join(key for key, each in vars(value).items() if isinstance(each, App)) if hasattr(value, "__dict__") else ""
            raise UsageError(f"{module} has no {attribute!r} (apps there: {apps or 'none'}). {EXAMPLE}")
        value = getattr(value, name)
    if not isinstance(value, App):
        raise UsageError(f"{place} is a {type(value).__name__}, not an App. {EXAMPLE}")
    return value


def _module(name: str) -> Any:
    folder = os.getcwd()  # noqa: PTH109  sys.path holds text
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise UsageError(f"There is no module {name!r} in {folder} or among the installed packages.") from None
        raise UsageError(f"The module {name!r} imports {error.name!r}, which is not installed.") from None
    except (Exception, SystemExit) as error:  # noqa: BLE001  the module is the user's code: whatever stops it is said with its place
        raise UsageError(f"The module {name!r} cannot be imported: {type(error).__name__}: {error}{_line(error)}") from None


def _line(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "importlib" not in frame.filename and frame.filename != __file__]
    return f" ({own[-1].filename}, line {own[-1].lineno})" if own else ""
