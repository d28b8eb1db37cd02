"""The protocol between a program and its worker: lines of JSON, one request at a time.

request  {"id": 7, "target": "module:function", "args": [...], "kwargs": {...}, "seconds": 2.0, "typed": false, "expected": ""}
reply    {"id": 7, "result": ...}
         {"id": 7, "error": {"error": "module:Class", "message": "...", "attributes": {...}}}      a ToolError
         {"id": 7, "raised": {"summary": "ValueError: ...", "traceback": "...", "blocked": false}}  anything else
         {"id": 7, "memory": true}
hello    {"layers": [[name, on, stops, detail], ...]} or {"failed": "traceback"}
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass

from ..canonical import JsonObject
from ..errors import ToolError
from .errors import SandboxError


@dataclass(frozen=True, slots=True)
class How:
    """How a function is called."""

    typed: bool = False
    """Whether the arguments are more than JSON: they come as JSON and are made into the function's types again."""
    expected: str = ""
    """The fingerprint of the function that was approved; it is not called when the worker has loaded another one."""


PLAIN = How()
REPLY_BYTES = 16 * 1024 * 1024
"""The longest line that a worker may answer with."""
_encode = json.JSONEncoder(separators=(",", ":")).encode  # ASCII only: lone surrogates in hostile text survive


def write_line(message: Mapping[str, object]) -> bytes:
    """Write the message as one line of JSON."""
    return _encode(message).encode("ascii") + b"\n"


def describe_tool_error(error: ToolError) -> JsonObject:
    """Describe a ToolError as JSON: its class as "module:name", its text, and those attributes that are JSON."""
    attributes: JsonObject = {}
    for name, value in vars(error).items():
        try:
            attributes[name] = json.loads(json.dumps(value))
        except (TypeError, ValueError):
            continue  # what JSON cannot hold is left out; the text says what matters
    return {"error": f"{type(error).__module__}:{type(error).__qualname__}", "message": str(error), "attributes": attributes}


def rebuild_tool_error(described: Mapping[str, object]) -> ToolError:
    """Return an error of the same class if that is one of Sayso's own, otherwise a plain ToolError with the same text."""
    message = str(described.get("message", ""))
    kind = _find_tool_error_class(str(described.get("error", "")))
    attributes = described.get("attributes")
    if kind is None:
        return ToolError(message)
    error = kind.__new__(kind)  # not __init__: it takes the class's own arguments and would word the text anew
    error.args = (message,)
    if isinstance(attributes, dict):
        vars(error).update({name: value for name, value in attributes.items() if not hasattr(kind, name)})  # no method, and no default
    return error


def _find_tool_error_class(name: str) -> type[ToolError] | None:
    module_name, _, class_name = name.partition(":")
    if not module_name.startswith("sayso.tools."):
        return None
    # The worker is not trusted to make this process import something: only what is loaded already, or errors modules, count.
    if module_name not in sys.modules and module_name.rpartition(".")[2] == "errors" and module_name.replace(".", "").isidentifier():
        from importlib import import_module

        try:
            import_module(module_name)
        except ImportError:
            return None
    found = getattr(sys.modules.get(module_name), class_name, None)
    if not isinstance(found, type) or not issubclass(found, ToolError) or issubclass(found, SandboxError):
        return None  # what happened to the process, only its parent can say
    return found


def describe_exception(error: BaseException) -> JsonObject:
    """Describe any other exception as JSON: one line, and the last 20,000 characters of its traceback."""
    text = "".join(traceback.format_exception(error))
    summary = "".join(traceback.format_exception_only(error)).strip().rpartition("\n")[2]
    return {"summary": summary[:500], "traceback": text[-20_000:], "blocked": isinstance(error, PermissionError)}
