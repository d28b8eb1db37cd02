"""The keys that seal what a client carries between a question and its answer: the same in every process on one database."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from sayso.tools.errors import UsageError
from sayso.tools.private_files import create_private_file
from sayso.workflows.durable.database import find_access, find_path

KEY_VARIABLE = "SAYSO_MCP_KEY"
SHORTEST = 32
MAKE_KEY = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'


def read_state_keys(url: str) -> list[str]:
    """Return the keys: those of the environment, else the one beside the SQLite file, which is made the first time.

    The first seals, all open: a key is exchanged by putting the new one in front. Raises UsageError for a key that could be guessed, and
    for a database on a server without a key in the environment.
    """
    keys = [each.strip() for each in os.environ.get(KEY_VARIABLE, "").split(",") if each.strip()]
    for number, key in enumerate(keys, 1):
        if len(key) < SHORTEST:
            raise UsageError(
                f"Key {number} of {KEY_VARIABLE} has {len(key)} characters; it needs at least {SHORTEST}. Make one: {MAKE_KEY}"
            )
    if keys:
        return keys
    if not url.startswith("sqlite:"):
        raise UsageError(
            "The processes that serve one Postgres database must share a key, so that each can answer the requests of the others. "
            f"Set {KEY_VARIABLE}: {MAKE_KEY}"
        )
    path = Path(f"{find_path(url)}.mcp-key")
    create_private_file(path, find_access(url), secrets.token_urlsafe(SHORTEST).encode())
    return [path.read_text(encoding="utf-8").strip()]
