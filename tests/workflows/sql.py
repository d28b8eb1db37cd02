"""Change a database of runs by hand, as somebody would who can write it and has nothing else."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

Tables = dict[str, list[dict[str, Any]]]


def read_tables(url: str, *tables: str) -> Tables:
    """Return the rows of tables."""
    with _connected(url) as execute:
        saved: Tables = {}
        for table in tables:
            found = execute(f"SELECT * FROM {table}")
            names = [column[0] for column in found.description]
            saved[table] = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return saved


def restore_tables(url: str, saved: Tables) -> None:
    """Make the tables what they were, in one transaction."""
    with _connected(url) as execute:
        for table, rows in saved.items():
            execute(f"DELETE FROM {table}")
            for row in rows:
                execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})", row)


@contextmanager
def _connected(url: str) -> Iterator[Callable[..., Any]]:
    if url.startswith("sqlite:"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=10)) as database, database:
            yield database.execute
        return
    import psycopg

    with psycopg.connect(url) as connection:
        yield lambda statement, values=None: connection.execute(_to_psycopg(statement, values), values or None)


def _to_psycopg(statement: str, values: object) -> Any:
    return re.sub(r"(?<!:):(\w+)", r"%(\1)s", statement) if values else statement


def change(url: str, statement: str, values: Mapping[str, object] | None = None) -> list[Any]:
    """Execute one statement with `:named` values; return the rows that it gives."""
    with _connected(url) as execute:
        made = execute(statement, dict(values or {}))
        return made.fetchall() if made.description else []
