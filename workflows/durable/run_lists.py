"""Read lists of runs and of requests, page by page. A page costs the same however much the database holds."""

from __future__ import annotations

from collections.abc import Sequence

from sayso.tools.errors import UsageError

from .database import Session
from .records import ApprovalRow, RunRow, hash_id

STATES = ("new", "queued", "running", "waiting", "interrupted", "done", "failed", "cancelled")
TOGETHER = 500
"""How many values stand in one list of a statement."""
_RUN = ", ".join(f"sayso_runs.{name}" for name in RunRow._fields)
_APPROVAL = ", ".join(ApprovalRow._fields)


def read_mark(mark: str) -> tuple[float, str]:
    """Return the time and the name of a row by its place in a list. Raises UsageError for what is none."""
    at, _, name = mark.partition(":")
    try:
        return float(at), name
    except ValueError:
        raise UsageError(
            f"{mark!r} is not a place in a list. Write the mark that the page before it ended with: a command prints it."
        ) from None


def find_runs(
    session: Session,
    states: Sequence[str] = (),
    limit: int = 1000,
    *,
    also: str = "1 = 1",
    user: str | None = None,
    after: str | None = None,
) -> list[RunRow]:
    """Return runs, the one that changed last first; those of which the SQL condition `also` holds, and of one user where one is named.

    `after` is the place of the last run of the page before. Each state has an index in that order: a page is merged of one of each.
    """
    values: dict[str, object] = {"user": user, "limit": limit}
    if user is not None:
        also += " AND for_user = :user" + (" AND for_user <> ''" if user else "")  # by the index of users
    if after is not None:
        values["at"], values["id"] = read_mark(after)
        also += " AND changed_at <= :at AND (changed_at < :at OR id < :id)"
    parts = []
    for index, state in enumerate(dict.fromkeys(states or STATES)):
        values[f"s{index}"] = state
        chosen = f"SELECT id, changed_at FROM sayso_runs WHERE state = :s{index} AND {also} ORDER BY changed_at DESC, id DESC LIMIT :limit"
        parts.append(f"SELECT id, changed_at FROM ({chosen}) AS of_{index}")
    found = session.execute(
        f"SELECT {_RUN} FROM (SELECT id AS page_id FROM ({' UNION ALL '.join(parts)}) AS every "
        "ORDER BY changed_at DESC, id DESC LIMIT :limit) AS page JOIN sayso_runs ON sayso_runs.id = page_id "
        "ORDER BY sayso_runs.changed_at DESC, sayso_runs.id DESC",
        values,
    )
    return [RunRow(*row) for row in found.fetchall()]


def find_next(session: Session, after: str, limit: int = TOGETHER) -> list[RunRow]:
    """Return the runs that follow an id, in the order of ids: for work on all runs, which may change meanwhile."""
    values = {"after": after, "limit": limit}
    found = session.execute(f"SELECT {_RUN} FROM sayso_runs WHERE id > :after ORDER BY id LIMIT :limit", values)
    return [RunRow(*row) for row in found.fetchall()]


def find_numbered(session: Session, name: str) -> list[RunRow]:
    """Return the runs name.1, name.2, ... that there are, such as the turns of a conversation, in the order of their numbers."""
    rows: list[RunRow] = []
    first, goes_on = 1, True
    while goes_on:
        ids = [f"{name}.{number}" for number in range(first, first + TOGETHER)]
        values: dict[str, object] = {f"v{index}": run_id for index, run_id in enumerate(ids)}
        names = ", ".join(f":{each}" for each in values)
        page = {row[0]: RunRow(*row) for row in session.execute(f"SELECT {_RUN} FROM sayso_runs WHERE id IN ({names})", values).fetchall()}
        rows += [page[run_id] for run_id in ids if run_id in page]
        if not page:  # the first ones may have been forgotten
            hashed = {f"v{index}": hash_id(run_id) for index, run_id in enumerate(ids)}
            goes_on = session.execute(f"SELECT 1 FROM sayso_forgotten WHERE id IN ({names}) LIMIT 1", hashed).fetchone() is not None
        first += TOGETHER
    return rows


def find_approvals(
    session: Session, root: str | None = None, *, only_open: bool = False, limit: int | None = None, after: str | None = None
) -> list[ApprovalRow]:
    """Return requests in the order they were made, of one run or of all. `after` is the place of the last one of the page before."""
    where, values = ["1 = 1"], dict[str, object]()
    if root:
        where.append("root = :root")
        values["root"] = root
    if only_open:
        where.append("state = 'proposed'")
    if after is not None:
        values["at"], values["digest"] = read_mark(after)
        where.append("asked_at >= :at AND (asked_at > :at OR digest > :digest)")
    page = "" if limit is None else f" LIMIT {int(limit)}"
    found = session.execute(f"SELECT {_APPROVAL} FROM sayso_approvals WHERE {' AND '.join(where)} ORDER BY asked_at, digest{page}", values)
    return [ApprovalRow(*row) for row in found.fetchall()]


def find_mark(session: Session, digest: str) -> str:
    """Return the place of a request in the list of them, by its digest or how that begins. Raises UsageError where there is none."""
    values = {"least": digest, "most": digest + "g"}  # a digest is hexadecimal
    found = session.execute(
        "SELECT asked_at, digest FROM sayso_approvals WHERE digest >= :least AND digest < :most LIMIT 2", values
    ).fetchall()
    if len(found) != 1:
        raise UsageError(f"There {'is no request' if not found else 'are several requests'} with the digest {digest[:70]!r}.")
    return f"{found[0][0]!r}:{found[0][1]}"


def find_open_of(session: Session, roots: Sequence[str]) -> list[ApprovalRow]:
    """Return the open requests of these runs, in the order they were made."""
    rows: list[ApprovalRow] = []
    for first in range(0, len(roots), TOGETHER):
        values: dict[str, object] = {f"v{index}": root for index, root in enumerate(roots[first : first + TOGETHER])}
        names = ", ".join(f":{each}" for each in values)
        found = session.execute(f"SELECT {_APPROVAL} FROM sayso_approvals WHERE root IN ({names}) AND state = 'proposed'", values)
        rows += [ApprovalRow(*row) for row in found.fetchall()]
    return sorted(rows, key=lambda row: (row.asked_at, row.digest))
