"""What a function does as values that are the same in every process, to tell whether it was changed since a person was asked about it."""

from __future__ import annotations

import dis
import functools
import json
import re
import sys
from collections.abc import Iterator
from enum import Enum
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from ..canonical import sha256

MOST_PARTS = 2000
"""So many functions, classes and values are looked at; what comes after them does not count."""
DEEPEST = 60
_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...))
_VALUE_MODULES = frozenset({"decimal", "datetime", "fractions", "ipaddress", "pathlib", "uuid", "zoneinfo"})
"""Modules whose objects are values that `repr` writes out."""
_CONTAINERS = (list, dict, set)
_BUILDERS = frozenset({"__init__", "__new__", "__post_init__", "__set_name__"})


def describe(*values: object) -> list[Any]:
    """Describe functions as JSON: equal for equal functions in every process under one version of Python, other for others.

    It looks through decorators: what counts is the code of a function with its constants and defaults; what it closes over and wraps (the
    functions, and the values that cannot change); partial arguments; of a callable object or a bound method its class and such attributes;
    and, as far as they stand in the same module, the functions and classes that the code names. What may change while a program runs does
    not count: the data in lists, dicts and sets, and names and attributes that the code assigns anew.
    """
    writer = _Writer()
    return [writer.write(value) for value in values]


def make_fingerprint(function: object) -> str:
    """Return the hash of a function's description."""
    return sha256(describe(function))


class _Writer:
    """Describes each object once; where it is met again, by its number."""

    def __init__(self, depth: int = 0) -> None:
        self._numbers: dict[int, int] = {}
        self._kept: list[object] = []
        self._depth = depth

    def write(self, value: object) -> Any:
        if issubclass(type(value), Enum):
            return ["enum", type(value).__qualname__, str(_get(value, "_name_"))]
        if type(value) in _PLAIN:
            return [type(value).__name__, hex(value) if type(value) is int else repr(value)]  # a long number cannot be written in tens
        if type(value).__module__.partition(".")[0] in _VALUE_MODULES:
            return [type(value).__name__, repr(value)]
        if id(value) in self._numbers:
            return ["again", self._numbers[id(value)]]
        if len(self._kept) >= MOST_PARTS or self._depth >= DEEPEST:
            return ["more"]
        self._depth += 1
        try:
            if type(value) is CodeType:
                return self._write_code(value)
            if type(value) is tuple:
                return ["tuple", [self.write(each) for each in value]]
            if type(value) is frozenset:  # its order differs from process to process
                return ["set", sorted((_Writer(self._depth).write(each) for each in value), key=json.dumps)]
            self._numbers[id(value)] = len(self._kept)
            self._kept.append(value)  # so that its id is no other's meanwhile
            return self._write_once(value)
        finally:
            self._depth -= 1

    def _write_once(self, value: Any) -> Any:
        kind = type(value)  # isinstance would ask a proxy, which may raise
        if kind is FunctionType:
            return self._write_function(value)
        if kind is MethodType:
            return ["method", self.write(value.__func__), self._write_object(value.__self__)]
        if issubclass(kind, (functools.partial, functools.partialmethod)):
            given = [[name, self.write(each)] for name, each in sorted(value.keywords.items())]
            return ["partial", self.write(value.func), [self.write(each) for each in value.args], given]
        if issubclass(kind, (staticmethod, classmethod)):
            return [kind.__name__, self.write(value.__func__)]
        if issubclass(kind, property):
            return ["property", self.write(value.fget), self.write(value.fset), self.write(value.fdel)]
        if issubclass(kind, type):
            return self._write_class(value)
        if issubclass(kind, _CONTAINERS):
            return ["container", kind.__name__, self._write_callables(value)]
        try:
            return self._write_other(value)
        except Exception:  # noqa: BLE001 - an object may raise anything when it is looked at
            return ["object", *_name(kind)]

    def _write_other(self, value: Any) -> Any:
        kind = type(value)
        for plain in (str, bytes, int, float, complex):
            if issubclass(kind, plain):
                return [kind.__qualname__, hex(value) if plain is int else plain.__repr__(value)]
        if issubclass(kind, tuple):  # a named one
            return [kind.__qualname__, [self.write(each) for each in tuple(value)]]
        if issubclass(kind, ModuleType):
            return ["module", value.__name__]
        if issubclass(kind, re.Pattern):
            return ["pattern", value.pattern, value.flags]
        if issubclass(kind, BuiltinFunctionType) or (callable(value) and not hasattr(value, "__dict__")):
            return self._write_native(value)
        return self._write_object(value)

    def _write_function(self, function: FunctionType) -> Any:
        code = function.__code__
        cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
        assigned = frozenset(_find_assigned(code, "DEREF"))
        wrapped = _get(function, "__wrapped__")
        return [
            "function",
            self._write_code(code),
            self.write(function.__defaults__),
            [[name, self.write(each)] for name, each in sorted((function.__kwdefaults__ or {}).items())],
            [[name, ["state"] if name in assigned else self._write_cell(cell)] for name, cell in cells],
            [[name, self.write(each)] for name, each in _find_neighbours(function)],
            None if wrapped is None else self.write(wrapped),
        ]

    def _write_cell(self, cell: CellType) -> Any:
        try:
            return self.write(cell.cell_contents)
        except ValueError:
            return ["empty"]

    def _write_code(self, code: CodeType) -> Any:
        takes = code.co_argcount + code.co_kwonlyargcount
        return [
            code.co_name,
            code.co_flags,
            [code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount],
            list(code.co_varnames[:takes]),
            code.co_code.hex(),
            getattr(code, "co_exceptiontable", b"").hex(),
            list(code.co_names),
            list(code.co_freevars),
            [self.write(each) for each in code.co_consts],
        ]

    def _write_class(self, kind: type) -> Any:
        if _is_installed(kind.__module__):
            return ["name", *_name(kind)]
        own = {name: each for name, each in sorted(vars(kind).items()) if not _is_dunder(name) or isinstance(each, FunctionType)}
        assigned = _find_assigned_attributes(kind)
        parts = [[name, self.write(each)] for name, each in own.items() if name not in assigned]
        return ["class", kind.__qualname__, [self.write(base) for base in kind.__bases__], parts]

    def _write_object(self, value: object) -> Any:
        """Describe an object: its class, and the attributes that it was built with."""
        if issubclass(type(value), type):  # a class method's
            return self.write(value)
        kind = type(value)
        attributes = [[name, self.write(each)] for name, each in _list_attributes(value) if _counts(each, value)]
        called = getattr(kind, "__call__", None)  # noqa: B004 - the method is meant
        has_code = isinstance(called, FunctionType) and not _is_ours(kind.__module__)
        return ["object", self.write(kind), self.write(called) if has_code else None, attributes]

    def _write_native(self, value: object) -> Any:
        wrapped = _get(value, "__wrapped__")
        if wrapped is not None:
            return ["wrapped", *_name(type(value)), self.write(wrapped)]
        top = sys.modules.get(str(_get(value, "__module__") or "").partition(".")[0])
        return ["native", *_name(type(value)), *_name(value), str(getattr(top, "__version__", ""))]

    def _write_callables(self, container: Any) -> Any:
        pairs = container.items() if isinstance(container, dict) else enumerate(container)
        found = [(str(name), each) for name, each in list(pairs) if isinstance(each, (FunctionType, MethodType, functools.partial))]
        return [] if isinstance(container, set) else [[name, self.write(each)] for name, each in found]


def _name(value: object) -> list[str]:
    return [str(_get(value, "__module__") or ""), str(_get(value, "__qualname__") or "")]


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _is_installed(module: str) -> bool:
    """Return whether a module is Python's, Sayso's or an installed package's: its classes are told apart by name."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or _is_ours(module):
        return top != "__main__"
    file = str(getattr(sys.modules.get(module), "__file__", None) or "")
    return "site-packages" in file or "dist-packages" in file


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == "sayso"


def _counts(value: object, owner: object) -> bool:
    """Return whether an attribute of that object is looked at.

    What a package keeps in its objects may be a clock or a counter, and a release of Sayso may add something: there, only functions count.
    Python's own decorators have their arguments in theirs.
    """
    module = type(owner).__module__
    is_decorator = callable(owner) and module.partition(".")[0] in sys.stdlib_module_names
    return not _is_installed(module) or is_decorator or isinstance(value, (FunctionType, MethodType, functools.partial))


def _list_attributes(value: object) -> Iterator[tuple[str, object]]:
    """Yield the attributes of an object, but those that its methods assign and those that are computed and kept."""
    kind = type(value)
    slots = {name for each in kind.__mro__ for name in _as_tuple(vars(each).get("__slots__", ()))}
    found: dict[str, object] = {name: getattr(value, name) for name in slots if hasattr(value, name)}
    assigned = _find_assigned_attributes(kind)
    for name, each in sorted((found | getattr(value, "__dict__", {})).items()):
        kept = name in assigned or isinstance(getattr(kind, name, None), functools.cached_property)
        if name == "__wrapped__" or not (_is_dunder(name) or kept):
            yield name, each


def _as_tuple(slots: Any) -> tuple[str, ...]:
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _find_neighbours(function: FunctionType) -> Iterator[tuple[str, object]]:
    """Yield the functions and classes of the function's own module that its code names, as far as a program's author wrote them."""
    module = function.__globals__.get("__name__")
    if _is_ours(str(module)):
        return  # the release says what has changed; an approval that waits holds across it
    for name in sorted(_find_names(function.__code__)):
        value = function.__globals__.get(name)
        inner = _unwrap(value)
        is_own = type(inner) is FunctionType and inner.__globals__ is function.__globals__
        if is_own or (issubclass(type(value), type) and _get(value, "__module__") == module):
            yield name, value


def _unwrap(value: object) -> object:
    """Return the function under decorators, partial arguments and a tool."""
    for _ in range(DEEPEST):
        names = ("__wrapped__",) if type(value) is FunctionType else ("__wrapped__", "func", "function")
        inner = next((each for name in names if (each := _get(value, name)) is not None), None)
        if inner is None:
            break
        value = inner
    return value


def _get(value: object, name: str) -> Any:
    try:
        return getattr(value, name, None)
    except Exception:  # noqa: BLE001 - a proxy may raise anything while there is nothing behind it
        return None


def _find_names(code: CodeType) -> set[str]:
    return {*code.co_names, *(name for each in code.co_consts if isinstance(each, CodeType) for name in _find_names(each))}


def _find_assigned(code: CodeType, kind: str) -> Iterator[str]:
    """Yield the names of closed-over variables (DEREF) or attributes (ATTR) that the code assigns."""
    for instruction in dis.get_instructions(code):
        if instruction.opname == f"STORE_{kind}":
            yield str(instruction.argval)
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _find_assigned(each, kind)


def _find_assigned_attributes(kind: type) -> frozenset[str]:
    """Return the attributes that methods assign after an object was built: its state."""
    found = set[str]()
    for each in kind.__mro__:
        for name, method in vars(each).items():
            if name not in _BUILDERS and isinstance(method, FunctionType):
                found.update(_find_assigned(method.__code__, "ATTR"))
    return frozenset(found)


def code_text(function: object) -> str:
    """Return a function's own code as versions "2." have it, for approvals that were asked for then; empty for what has no Python code."""
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
