"""Writing a report's files: each is whole or is not there, also where the disk is full."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from .report_values import Source


def write_whole(files: Mapping[Path, str]) -> None:
    """Write files that are whole at every moment: all are written under other names, then put in place. Raises OSError."""
    drafts: list[tuple[Path, Path]] = []
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
            drafts.append((draft, path))
            draft.write_text(text, encoding="utf-8")
        for draft, path in drafts:
            draft.replace(path)
    finally:
        for draft, _ in drafts:
            with suppress(OSError):
                draft.unlink(missing_ok=True)


def copy_snapshots(sources: Iterable[Source], folder: Path, to: Path) -> None:
    """Copy the stored pages of a report to another folder, as far as that is possible: with them it can be checked there."""
    for source in sources:
        for ending in ("body", "json"):
            with suppress(OSError):
                to.mkdir(parents=True, exist_ok=True)
                copy = to / f"{source.snapshot}.{ending}"
                if not copy.exists():
                    shutil.copyfile(folder / copy.name, copy.with_name(f".{copy.name}.draft"))
                    copy.with_name(f".{copy.name}.draft").replace(copy)
