"""Which tools of which servers a person has pinned: by the hash of what each was when they looked. A change ends it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ..canonical import JsonObject
from ..errors import UsageError
from ..private_files import create_private_folder, replace_private_file
from .listing import ListedTool

PINS_VARIABLE = "SAYSO_MCP_PINS"
UNSETTLED_SECONDS = 3
"""How old a file must be before it counts as read: file systems note times in steps of up to two seconds."""


class Pin(NamedTuple):
    """What was pinned of a server: the hash of each tool by its name, by whom and when (seconds since 1970)."""

    tools: Mapping[str, str]
    by: str = ""
    at: float = 0.0


def find_pins_file() -> Path:
    """Return where pins are kept: as SAYSO_MCP_PINS says, else in the folder for settings of this user."""
    if named := os.environ.get(PINS_VARIABLE):
        return Path(named).expanduser()
    settings = os.environ.get("APPDATA") if os.name == "nt" else os.environ.get("XDG_CONFIG_HOME")
    return (Path(settings) if settings else Path.home() / ".config") / "sayso" / "mcp-pins.json"


class Pins:
    """The pins of a file. Whoever asks gets what it holds now, so a pin that is taken back counts at once."""

    def __init__(self, path: Path | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self.path: Path = path or find_pins_file()
        self._clock = clock
        self._seen: tuple[int, ...] | None = None
        self._read: dict[str, Pin] = {}

    def read(self) -> dict[str, Pin]:
        """Return the pins by the identity of the server. Raises UsageError for a file that is something else: nothing is trusted then."""
        seen, self._seen = self._seen, self._look()
        if seen is None or seen != self._seen:
            try:
                self._read = self._read_file()
            except UsageError:
                self._seen = None
                raise
        return dict(self._read)

    def _look(self) -> tuple[int, ...] | None:
        """Return what tells this state of the file from another. None for a file so new that a change may not show in its times yet."""
        try:
            file = os.stat(self.path)  # noqa: PTH116  each call of a tool that reads looks
        except OSError:
            return None
        is_new = abs(self._clock() - max(file.st_mtime, file.st_ctime)) < UNSETTLED_SECONDS
        return None if is_new else (file.st_dev, file.st_ino, file.st_size, file.st_mtime_ns, file.st_ctime_ns)

    def _read_file(self) -> dict[str, Pin]:
        try:
            given = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise UsageError(f"The pins of MCP servers in {self.path} cannot be read: {error}. Mend the file or remove it.") from None
        with suppress(TypeError, KeyError, AttributeError):
            return {
                str(server): Pin({str(name): str(each) for name, each in pin["tools"].items()}, str(pin["by"]), float(pin["at"]))
                for server, pin in given["servers"].items()
            }
        raise UsageError(f"The file {self.path} does not hold pins of MCP servers. Name another with {PINS_VARIABLE}.")

    def are_pinned(self, server: str, tools: Sequence[ListedTool]) -> list[bool]:
        """Return for each tool whether a person has pinned it as it is now."""
        pin = self.read().get(server)
        return [pin is not None and pin.tools.get(tool.name) == tool.hash for tool in tools]

    def pin(self, server: str, tools: Sequence[ListedTool], by: str) -> None:
        """Pin what a server lists now, in place of what was pinned of it."""
        self._write({**self.read(), server: Pin({tool.name: tool.hash for tool in tools}, by, self._clock())})

    def unpin(self, server: str) -> bool:
        """Take the pin of a server back; False where there is none."""
        pins = self.read()
        if pins.pop(server, None) is None:
            return False
        self._write(pins)
        return True

    def _write(self, pins: Mapping[str, Pin]) -> None:
        servers: JsonObject = {server: {"tools": dict(pin.tools), "by": pin.by, "at": pin.at} for server, pin in sorted(pins.items())}
        text = json.dumps({"servers": servers}, indent=2, ensure_ascii=False)
        self.path.parent.parent.mkdir(parents=True, exist_ok=True)
        create_private_folder(self.path.parent)
        replace_private_file(self.path, text.encode())
