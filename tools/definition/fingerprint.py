"""A function's code as a text that is the same in every process, to tell whether it was changed."""

from __future__ import annotations

from types import CodeType


def code_text(function: object) -> str:
    """Return the instructions, names and constants of a function and of those defined inside it; empty for what has no Python code.

    Other functions that it calls, global variables and the values it closes over are not part of it.
    """
    code = getattr(function, "__code__", None)
    return _write(code) if isinstance(code, CodeType) else ""


def _write(value: object) -> str:
    if isinstance(value, CodeType):
        constants = ",".join(map(_write, value.co_consts))
        return f"{value.co_name}:{value.co_code.hex()}:{','.join(value.co_names)}:[{constants}]"
    if isinstance(value, frozenset):  # its order differs from process to process
        return f"{{{','.join(sorted(map(_write, value)))}}}"
    if isinstance(value, tuple):
        return f"({','.join(map(_write, value))})"
    return repr(value)
