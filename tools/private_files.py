"""Files that only their owner, or one group, can read: made so from the beginning, whatever the umask says.

Windows keeps a file to those who may use its folder; there these functions change nothing.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .errors import UsageError


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a file: its owner, and the members of the group where one is named."""

    group: str = ""

    @property
    def file_mode(self) -> int:
        """Return the permissions of a file."""
        return 0o660 if self.group else 0o600

    @property
    def folder_mode(self) -> int:
        """Return the permissions of a folder; what is made in the folder of a group belongs to the group."""
        return 0o2770 if self.group else 0o700

    def find_group_id(self) -> int:
        """Return the number of the group, -1 for none. Raises UsageError for a group that does not exist."""
        if not self.group:
            return -1
        import grp  # late: Windows has none

        try:
            return grp.getgrnam(self.group).gr_gid
        except KeyError:
            raise UsageError(f"There is no group {self.group!r} on this machine, so no file can be shared with it.") from None


OWNER = Access()
_HAS_MODES = sys.platform != "win32"
_HAS_UNNAMED_FILES = sys.platform == "linux"


def create_private_file(path: Path, access: Access = OWNER, content: bytes = b"") -> bool:
    """Create a file that was never readable by anybody else; False if there is one already. Raises OSError where it cannot be created."""
    if path.exists():
        return False
    try:
        if not (content and _create_from_unnamed(path, access, content)):
            _create_from_draft(path, access, content)
    except FileExistsError:
        return False
    return True


def _create_from_unnamed(path: Path, access: Access, content: bytes) -> bool:
    """Name a file that had no name while it was written: a program that is killed leaves nothing. False where that is not possible."""
    if not _HAS_UNNAMED_FILES or access.group:
        return False
    try:
        descriptor = os.open(path.parent, os.O_TMPFILE | os.O_WRONLY, 0o600)
    except OSError:  # a file system that has none; whatever else is wrong, the draft says
        return False
    opened = -1
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
        out.flush()
        os.fchmod(descriptor, access.file_mode)
        try:
            opened = os.open("/proc/self/fd", os.O_RDONLY | os.O_DIRECTORY)
            os.link(str(descriptor), path, src_dir_fd=opened)  # as open(2) says of O_TMPFILE
        except FileExistsError:
            raise
        except OSError:  # no /proc, or no links
            return False
        finally:
            if opened >= 0:
                os.close(opened)
    return True


def _create_from_draft(path: Path, access: Access, content: bytes) -> None:
    # Made under another name and complete before it appears: whoever opens it finds it with its final permissions, and no descriptor of
    # ours on it is left to be closed, which would end the locks that SQLite has on it in this process (POSIX).
    draft = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        _write(draft, access, content)
        try:
            os.link(draft, path)  # never over another file
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            _write(path, access, content)
    finally:
        draft.unlink(missing_ok=True)


def replace_private_file(path: Path, content: bytes, access: Access = OWNER) -> None:
    """Write a file that was never readable by anybody else in place of the one that is there, whole at every moment."""
    draft = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        _write(draft, access, content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _write(path: Path, access: Access, content: bytes) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
    _give(path, access.file_mode, access)


def create_private_folder(path: Path, access: Access = OWNER) -> None:
    """Create a folder that was never readable by anybody else. One that is there stays as it is."""
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
        _give(path, access.folder_mode, access)


def _give(path: Path, mode: int, access: Access) -> None:
    if _HAS_MODES:
        if access.group:
            _give_to_group(path, access)
        path.chmod(mode)


def _give_to_group(path: Path, access: Access) -> None:
    try:
        os.chown(path, -1, access.find_group_id())
    except PermissionError:
        raise UsageError(f"{path} cannot be given to the group {access.group!r}: you are not a member of it.") from None


def take_from_others(path: Path, access: Access = OWNER) -> bool | None:
    """Take a file from whoever else may read or write it: True if somebody could, None if they still can, for it is another user's."""
    if not _HAS_MODES:
        return False
    try:
        seen = path.stat()
    except FileNotFoundError:
        return False
    allowed = access.folder_mode if path.is_dir() else access.file_mode
    is_open = bool(seen.st_mode & 0o777 & ~allowed)
    if os.geteuid() not in (0, seen.st_uid):
        return None if is_open else False
    if is_open or (access.group and seen.st_gid != access.find_group_id()):
        _give(path, allowed, access)
    return is_open
