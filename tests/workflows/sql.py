"""Change a database of runs by hand, as somebody would who can write it and has nothing else."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from typing import Any


def change(url: str, statement: str, values: Mapping[str, object] | None = None) -> list[Any]:
    """Execute one statement with `:named` values; return the rows that it gives."""
    if url.startswith("sqlite:"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=10)) as database, database:
            return database.execute(statement, dict(values or {})).fetchall()
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        made = connection.execute(re.sub(r"(?<!:):(\w+)", r"%(\1)s", statement) if values else statement, values)  # type: ignore[arg-type]
        return made.fetchall() if made.description else []
