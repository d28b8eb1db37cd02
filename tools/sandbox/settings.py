"""Settings: what a worker may do (Sandbox, Profile), and what this system enforces of it (Layer, Layers)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from ..canonical import JsonObject
from ..errors import UsageError

LAYER_NAMES = ("deadline", "environment", "memory", "limits", "capabilities", "landlock", "seccomp")
MEMORY_MB_MIN = 64
"""A bare interpreter with ctypes and json has about 30 MB of address space; under 64 MB nothing useful is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """The limits of a function while it runs. Defaults: 2 s, 256 MB, no network, no files but Python's own.

    `memory_mb` comes on top of what the function's own modules take.
    `read` and `write` are files and folders (write includes read). `needs` are the layers without which the call is refused;
    leave some out only where you accept that nothing replaces them. `preload` names installed packages that take long to import
    (`["numpy"]`): they are loaded once instead of for each call.
    """

    seconds: float = 2.0
    memory_mb: int = 256
    network: bool = False
    read: Iterable[str | os.PathLike[str]] = ()
    write: Iterable[str | os.PathLike[str]] = ()
    needs: Iterable[str] = ("deadline", "memory", "limits", "landlock", "seccomp")
    preload: Iterable[str] = ()

    def __post_init__(self) -> None:
        for name in ("read", "write", "needs", "preload"):
            given = getattr(self, name)
            if isinstance(given, (str, os.PathLike)):
                raise UsageError(f"Sandbox({name}=) takes a list; write {name}=[{os.fspath(given)!r}].")
            object.__setattr__(self, name, tuple(os.fspath(item) for item in given))
        if not self.seconds > 0:
            raise UsageError(f"Sandbox(seconds={self.seconds!r}): give a time above 0.")
        if self.memory_mb < MEMORY_MB_MIN:
            raise UsageError(f"Sandbox(memory_mb={self.memory_mb!r}): a worker needs at least {MEMORY_MB_MIN} MB.")
        unknown = [name for name in self.needs if name not in LAYER_NAMES]
        if unknown:
            raise UsageError(f"Sandbox(needs=) has no layer {unknown[0]!r}; the layers are: {', '.join(LAYER_NAMES)}.")

    @property
    def may_change_something(self) -> bool:
        """Return whether a call that was killed half-way may have had an effect."""
        return self.network or bool(tuple(self.write))


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The settings of a pool of workers: the modules they load, and the layers around them."""

    preload: tuple[str, ...]
    """Modules that all workers share: they are loaded once, and no function of theirs is called before a worker is forked."""
    loads: tuple[str, ...] = ()
    """Modules that each worker loads for itself: those of the function that it is to call."""
    once: bool = False
    """Whether a worker answers one request and ends."""
    memory_mb: int = 1024
    network: bool = False
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    needs: tuple[str, ...] = ("deadline",)
    roots: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    """Modules that each worker loads from a path under a name: scripts."""
    folder: str = ""
    """The working folder; empty for that of the program."""
    beside_modules: bool = False
    """Whether `memory_mb` is added to the memory that the loaded modules take."""
    boot_counts: bool = False
    """Whether the seconds of a call include the time its worker loads; the call has three quarters of them in any case."""
    program: str = ""
    """The program that the hardened process becomes (execve), where it does not stay Python."""

    def as_json(self) -> JsonObject:
        """Return the settings as JSON: the first line that a worker reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, given: JsonObject) -> Profile:
        """Read the first line of a worker."""
        values: JsonObject = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
        values["files"] = tuple((name, path) for name, path in given["files"])
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of the sandbox: whether it is on, what it stops, and how."""

    name: str
    on: bool
    stops: str
    detail: str

    def __str__(self) -> str:
        return f"{self.name}: {'on' if self.on else 'missing'} ({self.detail}); stops {self.stops}"


@dataclass(frozen=True, slots=True)
class Layers:
    """All layers around one kind of worker, as the worker itself reported them."""

    all: tuple[Layer, ...]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.all)

    def __getitem__(self, name: str) -> Layer:
        return next(layer for layer in self.all if layer.name == name)

    def find_missing(self, needs: Iterable[str] = LAYER_NAMES) -> tuple[Layer, ...]:
        """Return the needed layers that are off."""
        wanted = set(needs)
        return tuple(layer for layer in self.all if layer.name in wanted and not layer.on)

    def __str__(self) -> str:
        return "\n".join(map(str, self.all))
