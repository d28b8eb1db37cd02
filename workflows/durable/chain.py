"""Chain the rows of a run's log: each holds the hash of the one before, so that a change or a gap shows.

Without a key the chain shows accidental or partial change: whoever can write the whole database can also compute it anew. With a key
(the environment's SAYSO_JOURNAL_KEY, HMAC-SHA256) or with a head hash that is stored elsewhere, it shows tampering.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

START = ""
KEY_VARIABLE = "SAYSO_JOURNAL_KEY"


class Row(NamedTuple):
    """One row of a run's log; `value` is JSON text, `at` seconds since 1970.

    `kind` is started (with the input), begun (an execution), kept (a step's result), forgotten, sent (to a
    model, by a step), event, told (an event that the workflow's
    code emitted) or ended.
    """

    number: int
    at: float
    run: str
    kind: str
    name: str
    value: str
    hash: str = ""


def journal_key() -> bytes | None:
    """Return the key of the chain, from the environment; None if it is not set."""
    key = os.environ.get(KEY_VARIABLE)
    return key.encode() if key else None


def link(before: str, row: Row, key: bytes | None) -> str:
    """Return the hash of a row that follows the one with the hash `before`."""
    written = json.dumps([before, row.number, row.at, row.run, row.kind, row.name, row.value], ensure_ascii=True).encode()
    if key is None:
        return hashlib.sha256(written).hexdigest()
    return "k" + hmac.new(key, written, hashlib.sha256).hexdigest()


def link_rows(head: str, number: int, rows: Iterable[Row], key: bytes | None) -> list[Row]:
    """Return the rows, numbered and hashed as they follow a log that ends with `number` and `head`."""
    chain = []
    for row in rows:
        number += 1
        placed = row._replace(number=number)
        head = link(head, placed, key)
        chain.append(placed._replace(hash=head))
    return chain


class Verdict(NamedTuple):
    """What the chain of a run shows: the number of rows, the head hash, and one sentence for each thing that is wrong."""

    rows: int
    head: str
    keyed: bool
    problems: tuple[str, ...]


def verify_rows(rows: Sequence[Row], number: int, head: str, key: bytes | None) -> Verdict:
    """Recompute a chain that should end with `number` and `head`."""
    problems: list[str] = []
    before, expected, keyed = START, 1, False
    for row in rows:
        if row.number != expected:
            gap = f"row {expected}" if row.number == expected + 1 else f"rows {expected} to {row.number - 1}"
            problems.append(f"{gap}: missing.")
        keyed = row.hash.startswith("k")
        if keyed and key is None:
            problems.append(f"row {row.number}: written with a key; set {KEY_VARIABLE} to look further.")
            break
        if link(before, row, key if keyed else None) != row.hash:
            problems.append(f"row {row.number} ({row.kind} {row.name!r} of {row.run}): changed, or what stood before it was.")
        before, expected = row.hash, row.number + 1
    else:
        if number >= expected:
            problems.append(f"rows {expected} to {number}: missing at the end.")
        elif before != head or number != expected - 1:
            problems.append("the head that is stored with the run is not that of its last row.")
    if key is not None and rows and not keyed:
        problems.append("the last rows were written without the key.")
    return Verdict(len(rows), before, keyed, tuple(problems))
