"""Chain the rows of a run's log: each holds the hash of the one before, so that a change or a gap shows. The inbox has a hash in each row.

Without a key the hashes show accidental or partial change: whoever can write the whole database can also compute them anew.
With keys of the environment (HMAC-SHA256) they show change by whoever has none of them.
A head that is stored elsewhere shows rows that were cut off.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, cast

from sayso.tools.errors import UsageError

START = ""
KEY_VARIABLE, KEYS_VARIABLE = "SAYSO_JOURNAL_KEY", "SAYSO_JOURNAL_KEYS"
KEY_ID_AT = 66
"""Where a hash says which key it was made with: "k", 64 digits, then nothing or ":ID"."""
UNKEYED = "unkeyed"
"""Stands among the keys while rows of before there were any are still accepted."""
_ID = re.compile(r"[\w.-]{1,32}", re.ASCII)


class Row(NamedTuple):
    """One row of a run's log; `value` is JSON text, `at` seconds since 1970.

    `kind` is started (with the input), created (its limits and first state), begun (an execution), kept (a step's
    result), forgotten, sent (to a model, by a step), event, told (an event that the workflow's
    code emitted), repeated (a write that is performed again) or ended.
    """

    number: int
    at: float
    run: str
    kind: str
    name: str
    value: str
    hash: str = ""


class Keys(NamedTuple):
    """The keys of rows by their ids: the one named `current` writes, all verify. The id of SAYSO_JOURNAL_KEY is empty."""

    current: str
    by_id: Mapping[str, bytes]
    accepts_unkeyed: bool = False


def journal_keys() -> Keys | None:
    """Return the keys of the environment; None if there are none. Raises UsageError for what cannot be read."""
    plain, several = os.environ.get(KEY_VARIABLE), os.environ.get(KEYS_VARIABLE, "")
    words = [word for word in re.split(r"[\s,;]+", several) if word]
    named = [word.partition("=") for word in words if word != UNKEYED]
    if bad := [number for number, (name, _, key) in enumerate(named, 1) if not (_ID.fullmatch(name) and key)]:
        raise UsageError(f"Key {bad[0]} of {KEYS_VARIABLE} cannot be read. Write ID=SECRET ID=SECRET; the first writes, all verify.")
    keys = {name: key.encode() for name, _, key in named}
    if len(keys) != len(named):
        raise UsageError(f"{KEYS_VARIABLE} has two keys with one id. Give each an id of its own.")
    if plain:
        keys[""] = plain.encode()
    if not keys:
        return None
    return Keys(next(iter(keys)), keys, UNKEYED in words)


def seal(parts: Sequence[object], keys: Keys | None, key_id: str | None = None) -> str:
    """Return the hash of what is written: under the current key, or the one named; 64 digits where there is none."""
    written = json.dumps(parts, ensure_ascii=True).encode()
    if keys is None:
        return hashlib.sha256(written).hexdigest()
    key_id = keys.current if key_id is None else key_id
    digits = hmac.new(keys.by_id[key_id], written, hashlib.sha256).hexdigest()
    return f"k{digits}:{key_id}" if key_id else f"k{digits}"


def fingerprint(text: str) -> str:
    """Return the hash under which the log knows a text that is stored elsewhere."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def find_key_id(sealed: str) -> str | None:
    """Return the id of the key that a hash was made with; None for one without a key."""
    return sealed.partition(":")[2] if sealed.startswith("k") else None


def check_seal(sealed: str | None, parts: Sequence[object], keys: Keys | None) -> str:
    """Return what is wrong with a hash of these parts; empty if nothing is."""
    if not sealed:
        return "it has no hash, so it was not written by Sayso"
    key_id = find_key_id(sealed)
    if key_id is None:
        if keys is not None and not keys.accepts_unkeyed:
            return f"it was written without a key (if that was before there was one, add the word {UNKEYED} to {KEYS_VARIABLE})"
        return "" if sealed == seal(parts, None) else "it was changed"
    if keys is None:
        return f"it was written with a key; set {KEY_VARIABLE} to look further"
    if key_id not in keys.by_id:
        return describe_unknown_key(key_id)
    return "" if hmac.compare_digest(sealed.encode(), seal(parts, keys, key_id).encode()) else "it was changed"


def describe_unknown_key(key_id: str) -> str:
    """Return the words for a row whose key is not among those that are set."""
    if not key_id:
        return f"written with the key of {KEY_VARIABLE}, which is not set; set it beside {KEYS_VARIABLE}"
    return f"written with the key {key_id[:40]!r}, which is not set; add {key_id[:40]}=SECRET to {KEYS_VARIABLE}"


def link_rows(head: str, number: int, rows: Iterable[Row], keys: Keys | None) -> list[Row]:
    """Return the rows, numbered and hashed as they follow a log that ends with `number` and `head`."""
    chain = []
    for row in rows:
        number += 1
        head = seal([head, number, *row[1:6]], keys)
        chain.append(row._replace(number=number, hash=head))
    return chain


class ChainVerdict(NamedTuple):
    """What the chain of a run shows: the number of rows, the head hash, and one sentence for each thing that is wrong."""

    rows: int
    head: str
    keyed: bool
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()


def _is_typed(row: Row) -> bool:
    """Tell whether the parts of a row have their types: SQLite takes any in any column."""
    number, at, texts = cast("tuple[object, object, list[object]]", (row.number, row.at, row[2:]))
    return isinstance(number, int) and isinstance(at, (int, float)) and all(isinstance(each, str) for each in texts)


def verify_rows(rows: Sequence[Row], number: int, head: str, keys: Keys | None) -> ChainVerdict:
    """Recompute a chain that should end with `number` and `head`."""
    problems = [f"row {str(row.number)[:40]!r}: changed, a part of it is of a type that no row has." for row in rows if not _is_typed(row)]
    before, expected, unkeyed, keyed = START, 1, 0, False
    whole = [row for row in rows if _is_typed(row)]
    root = whole[0].run if whole else ""
    for row in whole:
        if row.number < 1:
            problems.append(f"row {row.number}: added before the first.")
            continue
        if row.number != expected:
            gap = f"row {expected}" if row.number == expected + 1 else f"rows {expected} to {row.number - 1}"
            problems.append(f"{gap}: missing.")
        if row.run != root and not row.run.startswith(f"{root}/"):
            problems.append(f"row {row.number} ({row.kind} {row.name!r}): of the run {row.run}, which is another one.")
        key_id = find_key_id(row.hash)
        if key_id is not None and (keys is None or key_id not in keys.by_id):
            why = f"written with a key; set {KEY_VARIABLE} to look further" if keys is None else describe_unknown_key(key_id)
            problems.append(f"row {row.number}: {why}.")
            return ChainVerdict(len(rows), row.hash, True, tuple(problems))
        if key_id is None and keyed:
            problems.append(f"row {row.number} ({row.kind} {row.name!r} of {row.run}): written without the key, after rows with one.")
        elif key_id is None:
            unkeyed = row.number
        keyed = keyed or key_id is not None
        if seal([before, *row[:6]], None if key_id is None else keys, key_id) != row.hash:
            problems.append(f"row {row.number} ({row.kind} {row.name!r} of {row.run}): changed, or what stood before it was.")
        before, expected = row.hash, row.number + 1
    if isinstance(number, int) and number >= expected:
        problems.append(f"rows {expected} to {number}: missing at the end.")
    elif before != head or number != expected - 1:
        problems.append("the head that is stored with the run is not that of its last row.")
    if keys is not None and unkeyed and not keys.accepts_unkeyed:
        hint = f"if that was before there was one, add the word {UNKEYED} to {KEYS_VARIABLE}"
        problems.append(f"rows 1 to {unkeyed} were written without the key ({hint}).")
    return ChainVerdict(len(rows), before, keyed and not unkeyed, tuple(problems))
