"""The runs of a database: a list, those that need somebody first, and of each its story, its tree, and what its log proves."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sayso.cli.display import describe_error, describe_input, read_text, shorten
from sayso.cli.replay import describe_difference
from sayso.workflows.durable import records
from sayso.workflows.durable.run_lists import STATES
from sayso.workflows.runs.limits import NO_USAGE, Usage

from .chat import describe_end
from .conversations import read_offset
from .doors import TurnedAway
from .flow_chart import FlowCharts
from .story import Item, Story

if TYPE_CHECKING:
    from starlette.requests import Request

    from sayso.workflows.durable.database import Session
    from sayso.workflows.durable.records import RunRow

    from .back_office import BackOffice
    from .people import Person

PAGE_SIZE, STORY_SIZE, MOST_NODES, MOST_STORIES = 50, 100, 400, 8
MOST_ATTENTION = 50
NEEDS_SOMEBODY = ("unknown", "died", "interrupted", "waiting")


class _Told(NamedTuple):
    """The whole story of a run, as far as row `at` of its log."""

    at: int
    story: Story
    items: list[Item]
    nodes: dict[str, dict[str, Any]]


class RunPages:
    """Answers for the runs of a page."""

    def __init__(self, office: BackOffice) -> None:
        self._office, self._engine = office, office.engine
        self._told: OrderedDict[str, _Told] = OrderedDict()
        self._charts = FlowCharts(office)

    def routes(self) -> list[Route]:
        """Return the addresses that it answers."""
        return [
            Route("/api/runs", self.list_runs),
            Route("/api/runs/{run}", self.show_run),
            Route("/api/runs/{run}/story", self.show_story),
            Route("/api/runs/{run}/drawing", self.show_drawing),
            Route("/api/runs/{run}/verify", self.verify),
            Route("/api/runs/{run}/replay", self.replay, methods=["POST"]),
        ]

    async def list_runs(self, request: Request) -> Response:
        """Answer with a page of runs, the one that changed last first; on the first page also those that need somebody."""
        person, query = self._office.door.find_person(request), request.query_params
        if person.only:
            raise TurnedAway(403, "You came by a link, which only decides one request.")
        state = query.get("state", "")
        if state and state not in STATES:
            raise TurnedAway(400, f"There is no state {state!r}. States: {', '.join(STATES)}.")
        offset = read_offset(query)
        user = None if person.sees_all else person.name
        rows, total, unknown = await self._engine.database.do(lambda session: _find_rows(session, state, offset, user))
        attention: list[dict[str, object]] = []
        if not offset and not state:
            urgent = await self._engine.database.do(lambda session: _find_urgent(session, user))
            attention = [shown for row in urgent if (shown := self._to_entry(row, unknown))["needs"]]
        return JSONResponse({"runs": [self._to_entry(row, unknown) for row in rows], "attention": attention, "total": total})

    def _to_entry(self, row: RunRow, unknown: set[str]) -> dict[str, object]:
        state = self._find_state(row)
        needs = "unknown" if row.id in unknown else state if state in NEEDS_SOMEBODY else ""
        usage = _find_usage(row)
        return {
            "run": row.id,
            "flow": row.flow,
            "state": state,
            "needs": needs,
            "user": row.for_user,
            "question": _read_question(row),
            "error": shorten(_read_error(row), 300) if row.error is not None else "",
            "created_at": row.created_at,
            "changed_at": row.changed_at,
            "cost_usd": usage.cost_usd,
            "spend_usd": usage.spend_usd,
            "tokens": usage.input_tokens + usage.output_tokens,
        }

    def _find_state(self, row: RunRow) -> str:
        """Return the state of a run, or `died` if the program that executed it is gone; of a copy nobody knows that."""
        return "died" if not self._office.read_only and self._engine.is_orphan(row) else row.state

    async def _find(self, request: Request) -> RunRow:
        person: Person = self._office.door.find_person(request)
        return await self._office.find_run(person, request.path_params["run"])

    async def show_run(self, request: Request) -> Response:
        """Answer with a run: its state, what it was asked and came to, what it used, its tree, its requests."""
        row = await self._find(request)
        told = await self._tell(row)
        asked = await self._engine.approvals(row.id)
        approvals = [{"digest": each.digest, "tool": each.tool, "card": each.card, "state": each.state} for each in asked]
        return JSONResponse(
            {
                "run": row.id,
                "flow": row.flow,
                "app": row.app,
                "user": row.for_user,
                "question": _read_question(row, 4000),
                "attempts": row.attempt,
                "needs": "unknown" if any(each["state"] == "unknown" for each in approvals) else "",
                "items": len(told.items),
                "tree": list(told.nodes.values())[:MOST_NODES],
                "branches": len(told.nodes),
                "approvals": approvals,
                **describe_end(row, told.story),
                "state": self._find_state(row),
            }
        )

    async def show_story(self, request: Request) -> Response:
        """Answer with a piece of a run's story."""
        row, query = await self._find(request), request.query_params
        first = int(query.get("first", "0")) if query.get("first", "0").isdecimal() else 0
        told = await self._tell(row)
        items = [_shorten_item(item) for item in told.items[first : first + STORY_SIZE]]
        return JSONResponse({"first": first, "items": items, "total": len(told.items)})

    async def show_drawing(self, request: Request) -> Response:
        """Answer with the workflow of a run, drawn with its counts; null where there is nothing to draw."""
        row = await self._find(request)
        return JSONResponse({"drawing": await self._charts.draw(row), "changed_at": row.changed_at})

    async def _tell(self, row: RunRow) -> _Told:
        """Return the story of a run; what was read of it before is not read again."""
        told = self._told.pop(row.id, None) or _Told(0, Story(row.id), [], {})
        at = told.at
        for each in await self._engine.log(row.id, at):
            at = each.number
            told.items.extend(told.story.take(each, row))
            _grow(told.nodes, row.id, each.run, each.kind, each.name)
        told = self._told[row.id] = told._replace(at=at)
        while len(self._told) > MOST_STORIES:
            self._told.popitem(last=False)
        return told

    async def replay(self, request: Request) -> Response:
        """Execute the current code over the journal of a run, without acting, and answer with the first difference."""
        self._office.door.check_change(request)
        row = await self._find(request)
        if row.flow not in self._office.app:
            raise TurnedAway(409, f"The code of {row.flow} is not part of this app, so nothing can be compared.")
        found = await asyncio.to_thread(asyncio.run, self._engine.replay(row.id))  # the code of an app may block
        difference = describe_difference(found.difference, row.id) if found.difference is not None else ""
        return JSONResponse({"steps": found.steps, "same": found.same, "difference": difference})

    async def verify(self, request: Request) -> Response:
        """Answer with what the log of a run proves."""
        row = await self._find(request)
        verdict = await self._office.verify(row)
        return JSONResponse({**verdict._asdict(), "problems": list(verdict.problems), "notes": list(verdict.notes)})


_COLUMNS = ", ".join(records.RunRow._fields)


def _find_rows(session: Session, state: str, offset: int, user: str | None) -> tuple[list[RunRow], int, set[str]]:
    """Return a page of runs, how many there are, and those with a write of which nobody knows whether it happened."""
    where, values = "1 = 1", dict[str, object]()
    if state:
        where, values["state"] = f"{where} AND state = :state", state
    if user is not None:
        where, values["user"] = f"{where} AND for_user = :user AND for_user <> ''", user
    (total,) = session.execute(f"SELECT count(*) FROM sayso_runs WHERE {where}", values).fetchone()
    found = session.execute(
        f"SELECT {_COLUMNS} FROM sayso_runs WHERE {where} ORDER BY changed_at DESC, id LIMIT {PAGE_SIZE} OFFSET {int(offset)}", values
    )
    rows = [records.RunRow(*row) for row in found.fetchall()]
    unknown = {row[0] for row in session.execute("SELECT DISTINCT root FROM sayso_approvals WHERE state = 'unknown'").fetchall()}
    return rows, int(total), unknown


def _find_urgent(session: Session, user: str | None) -> list[RunRow]:
    """Return the runs that may need somebody."""
    whose, values = ("", dict[str, object]()) if user is None else (" AND for_user = :user AND for_user <> ''", {"user": user})
    found = session.execute(
        f"SELECT {_COLUMNS} FROM sayso_runs WHERE (state IN ('waiting', 'interrupted', 'running') OR id IN "
        f"(SELECT root FROM sayso_approvals WHERE state = 'unknown')){whose} ORDER BY changed_at DESC LIMIT {MOST_ATTENTION}",
        values,
    )
    rows = [records.RunRow(*row) for row in found.fetchall()]
    return sorted(rows, key=lambda row: row.state == "waiting")


def _grow(nodes: dict[str, dict[str, Any]], root: str, run: str, kind: str, name: str) -> None:
    """Take a row of the log into the tree of a run: how many steps each branch has done, and how it stands."""
    node = nodes.setdefault(run, {"path": run.removeprefix(root).lstrip("/"), "steps": 0, "state": "running", "retries": 0})
    if kind == "kept" and not name.startswith(("propose:", "intent:", "wait:", "labels:")):
        node["steps"] += 1
    elif name == "StepRetried":
        node["retries"] += 1
    elif name in ("BranchEnded", "BranchFailed"):
        node["state"] = "done" if name == "BranchEnded" else "failed"
    elif kind == "ended":
        node["state"] = name


def _find_usage(row: RunRow) -> Usage:
    if row.output is None:
        return NO_USAGE
    try:
        stored = read_text(row.output)
    except (ValueError, TypeError, KeyError):
        return NO_USAGE
    usage = stored.get("usage") if isinstance(stored, dict) else None
    return usage if isinstance(usage, Usage) else NO_USAGE


def _read_question(row: RunRow, most: int = 200) -> str:
    try:
        return shorten(describe_input(read_text(row.input)), most)
    except (ValueError, TypeError, KeyError):
        return "(cannot be read here)"


def _read_error(row: RunRow) -> str:
    try:
        return describe_error(row.error or "null")
    except (ValueError, TypeError, KeyError):
        return "(cannot be read here)"


def _shorten_item(item: Item) -> Item:
    return {name: shorten(value, 2000) if isinstance(value, str) and len(value) > 2000 else value for name, value in item.items()}
