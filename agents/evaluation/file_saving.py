"""Write a file at once, and one program at a time."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sayso.tools.errors import UsageError

BOM = b"\xef\xbb\xbf"


def save_text(path: Path, text: str) -> None:
    """Write a text file at once: a reader never sees half of it, and a failure leaves the old one, whose mode and byte order mark stay."""
    path = path.resolve()  # a link stays a link
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        with_mark = path.exists() and path.read_bytes().startswith(BOM)
        draft.write_bytes((BOM if with_mark else b"") + text.encode("utf-8", "backslashreplace"))  # half a character, as JSON has it
        if path.exists():
            shutil.copymode(path, draft)
        draft.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}.") from None
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Let one program at a time change the files of a folder; where the system has no such locks (Windows), nobody waits."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise UsageError(f"{folder} cannot be opened: {error.strerror or error}.") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)  # which also ends the lock
