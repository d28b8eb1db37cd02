"""A journal in a database: rows are gathered, and written in one transaction under a claim that still holds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TypeVar, cast

from sayso.tools.canonical import Json
from sayso.tools.errors import RunError

from ..runs.codec import SEALED_MARK, to_json
from ..runs.events import BranchEnded, BranchFailed, BranchStarted
from ..runs.journal import Entry, StrictJournal
from ..runs.stored_types import tag_of
from . import records
from .chain import Row
from .database import DatabaseLost, to_the_end
from .lease import read_clock
from .log_writes import Addition, RunEnd
from .records import Claimed, RunRow, Superseded
from .secret_keys import SealedSecrets
from .store import RunStore

EVENT_SECONDS = 0.1
"""How long an event may wait for the next writing."""
BRANCHES: dict[str, type] = {_tag: kind for kind in (BranchStarted, BranchEnded, BranchFailed) if (_tag := tag_of(kind)) is not None}

ALWAYS_WRITTEN = frozenset({"ended", "forgotten"})
"""Kinds of rows that are written however full the log is: they tell how an execution ended."""

T = TypeVar("T")


def _measure(text: str) -> int:
    """Return how long a text is as JSON in JSON, with what is around it in a row."""
    return len(text) + text.count('"') + text.count("\\") + 150


def _holds_request(name: str, value: Json) -> bool:
    """Return whether a row is a request for approval, in which people are shown all but the secrets."""
    if name == "ApprovalAsked":
        return True
    first = value["="][0] if name.startswith("propose:") and isinstance(value, dict) and value.get("$") == "tuple" else None
    return isinstance(first, dict) and first.get("$") == "ApprovalRequest"


class DurableJournal(StrictJournal):
    """Writes results, events and prompts to the log of a run. `lost` says why nothing can be written: then nothing is done any more."""

    last_at: float
    results: dict[str, dict[str, object]]
    entries: list[Entry]
    emitted: dict[str, int] | None
    has_unsaved: bool

    __slots__ = (
        "_added",
        "_clock",
        "_events",
        "_lock",
        "_room",
        "_rows",
        "_saved",
        "_saved_at",
        "_saving",
        "_store",
        "_timer",
        "claimed",
        "last_at",
        "run_id",
        "sealed",
    )

    is_durable = True

    claimed: RunRow

    def __init__(self, store: RunStore, run_id: str, clock: Callable[[], float]) -> None:
        self.sealed: SealedSecrets = SealedSecrets(run_id)
        super().__init__(secrets=self.sealed)
        self.run_id: str = run_id
        self._store, self._clock = store, clock
        self._rows: list[Row] = []
        self._events: list[object] = []
        self._lock = asyncio.Lock()
        self._added = self._saved = 0  # how many rows there were, and how many of them are on the disk
        self._saved_at = self.last_at = 0.0  # `last_at` is the time of the newest row
        self._timer: asyncio.TimerHandle | None = None
        self._room: int | None = None  # how many characters more the store takes of this run, where that is not for the disk to say

    def begin(self, claimed: Claimed) -> dict[str, type]:
        """Take over all that the database has of a claimed run. Returns the last event of each branch."""
        self.claimed = claimed.run
        self.lost, self.has_unsaved, self._saved_at = None, False, read_clock()
        self._rows, self._events, self._lock = [], [], asyncio.Lock()
        self._added = self._saved = self._saving = 0
        if (most := self._store.most_characters) is not None:
            self._room = most - sum(map(_measure, (claimed.run.input, *(row.value for row in claimed.log))))
        self.results, self.entries, emitted = {}, [], dict[str, int]()
        entries = records.entries(claimed.log)
        if any(SEALED_MARK in row.value for row in claimed.log):
            entries = [each._replace(value=self.sealed.unseal(each.value)) for each in entries]
        self.load(entries)
        branch_events: dict[str, type] = {}
        for row in claimed.log:
            if row.kind == "told":
                emitted[row.run] = emitted.get(row.run, 0) + 1
            elif row.name in BRANCHES:
                branch_events[row.run] = BRANCHES[row.name]
        self.emitted = emitted
        return branch_events

    def add(self, kind: str, run_id: str, name: str, value: object) -> None:
        """Add a row for the next writing; `value` is JSON. What has a secret in it is encrypted, but for requests: those hide theirs."""
        if self.sealed.texts and not _holds_request(name, value):
            value = self.sealed.seal(value)
        text = json.dumps(value)
        if self._room is not None and kind not in ALWAYS_WRITTEN:
            what = (
                f"The result of {name!r} in run {run_id}" if kind == "kept" and ":" not in name else f"What run {run_id} would store next"
            )
            self.take_room(what, text)
        self.last_at = self._clock()
        self._rows.append(Row(0, self.last_at, run_id, kind, name, text))
        self._added += 1
        self.has_unsaved = True

    def take_room(self, what: str, text: str) -> None:
        """Count what is about to be written. Raises RunError where it is more than the store takes: nothing of it is written then."""
        size = _measure(text)
        if self._room is None:
            return
        if size > self._room:
            left = max(0, self._room) / 1e6
            error = RunError(
                f"{what} takes {size / 1e6:.1f} MB, and the server takes {left:.1f} MB more of this run. Return less from steps and tools "
                "(a path or a key in place of the content), or keep such runs in SQLite or Postgres."
            )
            error.run_id = self.run_id
            raise error
        self._room -= size

    def read(self, text: str) -> Json:
        """Return what was stored of this run as JSON text, with its secrets in the open. Raises SecretLocked without their key."""
        value = json.loads(text)
        return self.sealed.unseal(value) if SEALED_MARK in text else value

    def store(self, run_id: str, name: str, value: T) -> T:
        """Store the result of a step with the next writing, before the run goes on."""
        value = super().store(run_id, name, value)
        self.add("kept", run_id, name, self.entries[-1].value)
        return value

    def forget(self, run_id: str, name: str) -> None:
        """Remove a failure that ended the run."""
        super().forget(run_id, name)
        self.add("forgotten", run_id, name, None)

    def store_prompt(self, run_id: str, name: str, prompt: object) -> None:
        """Store what a step is about to send to a model, with the next writing."""
        self.add("sent", run_id, name, prompt)

    def record_event(self, event: object, is_own: bool) -> None:
        """Store an event soon; one of the workflow's own is counted when the run is resumed."""
        run_id, kind = getattr(event, "run", self.run_id), cast(type, type(event))
        self.add("told" if is_own else "event", run_id, tag_of(kind) or kind.__name__, to_json(event))
        self._events.append(event)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(EVENT_SECONDS, self._save_soon)

    def _save_soon(self) -> None:
        self._timer = None
        if self.has_unsaved and self.lost is None:
            task = asyncio.ensure_future(self.save())
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def save(self, ending: RunEnd | None = None) -> bool:
        """Write down what there is to write, and the end of the execution with it where there is one.

        Returns False where the run goes on, for something was sent to it: then its end is not written.
        Raises Superseded or DatabaseLost, and from then on nothing is done any more.
        """
        last = self._added
        self._saving += 1
        try:
            async with self._lock:
                if last <= self._saved and ending is None:  # another branch has written it beside its own; what has come since can wait
                    return True
                if self.lost is not None:
                    raise self.lost
                addition = Addition(self.claimed, tuple(self._rows), tuple(self._events), self._clock(), ending)
                self._rows, self._events, self.has_unsaved = [], [], False
                return await to_the_end(self._commit(addition, self._added))
        finally:
            self._saving -= 1

    def is_saving(self) -> bool:
        """Return whether a branch waits for what it has stored to be written down, and goes on then."""
        return self._saving > 0

    async def _commit(self, addition: Addition, last: int) -> bool:
        asked_at = read_clock()
        try:
            added = await self._store.add(addition)
        except RunError as error:
            if isinstance(error, DatabaseLost):  # the lease writes it when the database is back
                self._store.keep_unwritten(addition)
            self.lost = error
            error.run_id = self.run_id
            raise
        self.claimed, self._saved, self._saved_at = added.run, last, asked_at
        return not added.goes_on

    def is_doubtful(self) -> bool:
        """Return whether this program was stopped for so long that others may have taken the run over."""
        times, lease = self._store.times, self._store.lease
        return read_clock() - max(self._saved_at, lease.renewed_at) >= times.expire_seconds

    async def check_claim(self) -> None:
        """Raise Superseded if the run is somebody else's by now, before anything more of it is begun here."""
        asked_at = read_clock()
        try:
            await self._store.check_claim(self.claimed)
        except (Superseded, DatabaseLost) as error:
            self.lost = error
            error.run_id = self.run_id
            raise
        self._saved_at = asked_at

    async def record_repeat(self, run_id: str, key: str) -> None:
        """Store that this program is about to perform a write again. Raises Superseded."""
        self.add("repeated", run_id, key, {"by": self.claimed.owner})
        await self.save()

    def stop_timer(self) -> None:
        """Write no events of their own accord any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
