"""What people arrange about open requests: who has claimed one, to whom it was handed on, who has said yes where several must."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sayso.tools.errors import RunError

if TYPE_CHECKING:
    from sayso.workflows.durable.database import Database, Session

_TABLES = """CREATE TABLE IF NOT EXISTS sayso_desk (
    digest TEXT NOT NULL,
    kind TEXT NOT NULL,
    person TEXT NOT NULL,
    by_person TEXT NOT NULL,
    at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (digest, kind, person)
)"""
CLAIM, HANDED, LINK, TOLD, ENDED = "claim", "handed", "link", "told", "ended"


@dataclass(frozen=True, slots=True)
class Arranged:
    """What is arranged about one request: who works on it, whose it is (empty: of all who may decide it), and who handed it to them."""

    claimed_by: str = ""
    handed_to: str = ""
    handed_by: str = ""


NOTHING_ARRANGED = Arranged()


class ApprovalDesk:
    """Keeps what is arranged about requests, in a table beside those of the runs. Several servers on one database see the same."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._has_table = False

    async def prepare(self) -> None:
        """Make the table where it is not there yet."""
        if not self._has_table:
            await self._database.do(lambda session: session.execute(_TABLES))
            self._has_table = True

    async def read(self, digests: Iterable[str]) -> dict[str, Arranged]:
        """Return what is arranged about these requests, by digest."""
        wanted = list(digests)
        if not wanted:
            return {}
        await self.prepare()
        found: dict[str, Arranged] = {}

        def read(session: Session) -> None:
            for first in range(0, len(wanted), 500):
                batch = {f"d{number}": digest for number, digest in enumerate(wanted[first : first + 500])}
                rows = session.execute(
                    f"SELECT digest, kind, person, by_person FROM sayso_desk WHERE digest IN ({', '.join(f':{name}' for name in batch)})",
                    batch,
                )
                for digest, kind, person, by in rows.fetchall():
                    before = found.get(digest, NOTHING_ARRANGED)
                    if kind == CLAIM:
                        found[digest] = Arranged(person, before.handed_to, before.handed_by)
                    elif kind == HANDED:
                        found[digest] = Arranged(before.claimed_by, person, by)

        await self._database.do(read)
        return found

    async def claim(self, digest: str, person: str, now: float) -> None:
        """Take a request to work on. Raises RunError if somebody else has it."""
        await self.prepare()

        def claim(session: Session) -> str:
            _lock(session, digest, self._database)
            holder = _find(session, digest, CLAIM)
            if not holder:
                _put(session, digest, CLAIM, person, person, now)
            return holder

        holder = await self._database.do(claim)
        if holder not in ("", person):
            raise RunError(f"{holder} has claimed this request. Ask them, or wait until they release it.")

    async def release(self, digest: str, person: str, *, whoever: bool = False) -> None:
        """Give a request back that this person has claimed; with `whoever`, that anybody has."""
        await self.prepare()
        who = "" if whoever else " AND person = :person"
        values = {"digest": digest, "kind": CLAIM} | ({} if whoever else {"person": person})
        await self._database.do(
            lambda session: session.execute(f"DELETE FROM sayso_desk WHERE digest = :digest AND kind = :kind{who}", values)
        )

    async def hand_on(self, digest: str, to: str, by: str, now: float) -> None:
        """Hand a request to another person; empty for nobody in particular. A claim on it ends."""
        await self.prepare()

        def hand_on(session: Session) -> None:
            _lock(session, digest, self._database)
            for kind in (CLAIM, HANDED):
                session.execute("DELETE FROM sayso_desk WHERE digest = :digest AND kind = :kind", {"digest": digest, "kind": kind})
            if to:
                _put(session, digest, HANDED, to, by, now)

        await self._database.do(hand_on)

    async def end_session(self, cookie: str, person: str, now: float, kept_seconds: float) -> None:
        """Remember that a cookie, by its id, signs nobody in any more; forget those that are too old to sign anybody in."""
        await self.use_once(cookie, "session", person, now, ENDED)
        values = {"kind": ENDED, "before": now - kept_seconds}
        await self._database.do(lambda session: session.execute("DELETE FROM sayso_desk WHERE kind = :kind AND at < :before", values))

    async def read_ended(self) -> list[str]:
        """Return the ids of the cookies whose owners signed out, at any server on this database."""
        await self.prepare()
        found = "SELECT digest FROM sayso_desk WHERE kind = :kind"
        return await self._database.do(lambda session: [row[0] for row in session.execute(found, {"kind": ENDED}).fetchall()])

    async def use_once(self, digest: str, what: str, by: str, now: float, kind: str = LINK) -> bool:
        """Return whether this is the first use of a link (or of whatever else is done once); from now on it is used."""
        await self.prepare()

        def use(session: Session) -> bool:
            values = {"digest": digest, "kind": kind, "person": what, "by": by, "at": now}
            made = session.execute(
                "INSERT INTO sayso_desk (digest, kind, person, by_person, at) VALUES (:digest, :kind, :person, :by, :at) "
                "ON CONFLICT (digest, kind, person) DO NOTHING RETURNING digest",
                values,
            )
            return made.fetchone() is not None

        return await self._database.do(use)


def _lock(session: Session, digest: str, database: Database) -> None:
    """Let one program at a time arrange something about a request; an SQLite file is locked as a whole anyway."""
    if not database.is_sqlite:
        session.execute("SELECT digest FROM sayso_approvals WHERE digest = :digest FOR UPDATE", {"digest": digest})


def _find(session: Session, digest: str, kind: str) -> str:
    found = session.execute("SELECT person FROM sayso_desk WHERE digest = :digest AND kind = :kind", {"digest": digest, "kind": kind})
    row = found.fetchone()
    return str(row[0]) if row else ""


def _put(session: Session, digest: str, kind: str, person: str, by: str, now: float) -> None:
    session.execute(
        "INSERT INTO sayso_desk (digest, kind, person, by_person, at) VALUES (:digest, :kind, :person, :by, :at)",
        {"digest": digest, "kind": kind, "person": person, "by": by, "at": now},
    )
