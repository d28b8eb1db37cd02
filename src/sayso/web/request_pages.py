"""The inbox: the requests that wait, over all runs of a database, and the decisions on them."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sayso.cli.display import shorten
from sayso.cli.edit import change_arguments, find_tool
from sayso.cli.open_requests import read_request
from sayso.tools.approval.requests import ApprovalRequest, Approve, Decision, Edit, Reject, is_named
from sayso.tools.approval.signatures import LONGEST
from sayso.tools.canonical import sha256, strict_json
from sayso.tools.errors import RunError, UsageError

from .desk import NOTHING_ARRANGED, Arranged
from .doors import TurnedAway, read_json, read_text_field
from .request_cards import MOST_LINES, RequestLine, find_agreed, find_alike, may_see, read_card, read_decided, read_lines, to_line, why_not

if TYPE_CHECKING:
    from starlette.requests import Request

    from .back_office import BackOffice
    from .people import Person

Change = Callable[["RequestPages", "Person", RequestLine, Arranged, dict[str, object]], Awaitable[dict[str, object]]]


class RequestPages:
    """Answers for the requests of a page."""

    def __init__(self, office: BackOffice) -> None:
        self._office, self._engine, self._desk = office, office.engine, office.desk

    def routes(self) -> list[Route]:
        """Return the addresses that it answers."""
        return [
            Route("/api/inbox", self.show),
            Route("/api/cards/{digest}", self.show_card),
            *(Route(f"/api/cards/{{digest}}/{name}", self._take(name), methods=["POST"], name=name) for name in CHANGES),
        ]

    async def show(self, request: Request) -> Response:
        """Answer with the open requests that a person may see, and with those that were decided last.

        Of many, `find` (words) and `whose` choose among all of them, also those that do not fit one answer.
        """
        person, query = self._office.door.find_person(request), request.query_params
        number = self._office.feed.number
        now = self._engine.clock()
        lines = await self._office.feed.read_open(now)
        decided = await self._engine.database.do(lambda session: read_decided(session, now))
        arranged = await self._desk.read(line.digest for line in (*lines, *decided))
        seen = (line for each in lines if (line := self._to_line(person, each, arranged)) is not None)
        words, is_chosen = query.get("find", "").casefold().split(), WHOSE.get(query.get("whose", ""), WHOSE[""])
        shown = [line for line in seen if is_chosen(line, person.name) and _has_words(line, words)]
        return JSONResponse(
            {
                "number": number,
                "now": now,
                "open": shown[:MOST_LINES],
                "left": len(shown) - len(shown[:MOST_LINES]),
                "decided": [line for each in decided if (line := self._to_line(person, each, arranged)) is not None],
            }
        )

    def _to_line(self, person: Person, line: RequestLine, arranged: Mapping[str, Arranged]) -> dict[str, object] | None:
        how, tool = arranged.get(line.digest, NOTHING_ARRANGED), self._office.find_tool(line)
        return to_line(line, how, self._office.find_refusal(person, line, how)) if may_see(person, line, how, tool) else None

    async def show_card(self, request: Request) -> Response:
        """Answer with the whole card of a request."""
        person = self._office.door.find_person(request)
        line, arranged = await self._find(person, request.path_params["digest"])
        card = await (self._read_card(line) if self._is_open(line) else self._read_old(line))
        return JSONResponse(
            {**to_line(line, arranged, self._office.find_refusal(person, line, arranged)), **card, "now": self._engine.clock()}
        )

    async def _read_card(self, line: RequestLine) -> dict[str, object]:
        return await read_card(self._engine, line, self._office.app)

    async def _read_old(self, line: RequestLine) -> dict[str, object]:
        """Return the card of a decided request; one that cannot be read any more has only its sentence."""
        try:
            return await self._read_card(line)
        except RunError as error:
            return {"shown": [], "warnings": [str(error)], "fields": [], "cost_usd": 0.0, "roles": []}

    async def _find(self, person: Person, digest: str) -> tuple[RequestLine, Arranged]:
        """Return the request with this digest. Raises TurnedAway where there is none, or none that the person may see."""
        found = await self._engine.database.do(lambda session: read_lines(session, [digest], self._engine.clock()))
        arranged = (await self._desk.read([digest])).get(digest, NOTHING_ARRANGED)
        if not found or not may_see(person, found[0], arranged, self._office.find_tool(found[0])):
            raise TurnedAway(404, "There is no such request, or it is not yours to see.")
        return found[0], arranged

    def _is_open(self, line: RequestLine) -> bool:
        return line.state == "proposed"

    def _why_not(self, person: Person, line: RequestLine, arranged: Arranged) -> str:
        return why_not(person, line, arranged, self._office.find_tool(line))

    def _take(self, name: str) -> Callable[[Request], Awaitable[Response]]:
        """Return what answers the change of that name."""

        async def take(request: Request) -> Response:
            person = self._office.door.check_change(request)
            return JSONResponse(await self.change(person, request.path_params["digest"], name, await read_json(request)))

        return take

    async def change(self, person: Person, digest: str, name: str, data: dict[str, object]) -> dict[str, object]:
        """Make a change of a request, by the name of the change. Raises TurnedAway for one that may not be made, or not any more."""
        line, arranged = await self._find(person, digest)
        if refusal := self._find_over(line):
            raise TurnedAway(409, refusal, state=line.state, decided_by=line.decided_by, decided_at=line.decided_at)
        try:
            answer = await CHANGES[name](self, person, line, arranged, data)
        except (UsageError, RunError) as error:  # most often: somebody else decided meanwhile
            raise TurnedAway(409, await self._explain(line.digest, error)) from None
        self._office.feed.poke()
        return answer

    async def _explain(self, digest: str, error: Exception) -> str:
        (line,) = await self._engine.database.do(lambda session: read_lines(session, [digest], self._engine.clock()))
        return self._find_over(line) or str(error)

    def _find_over(self, line: RequestLine) -> str:
        """Return why a request cannot be decided any more; empty if it can."""
        if line.state == "closed":
            return "This request is closed: its run has ended. Nothing was done."
        if line.state == "expired":
            return "This request has expired: nobody decided in time. Nothing was done."
        if line.state != "proposed":
            return f"{line.decided_by or 'Somebody'} has decided this request already. Your answer changed nothing."
        return ""

    def _check_may(self, person: Person, line: RequestLine, arranged: Arranged) -> None:
        if refusal := self._office.find_refusal(person, line, arranged):
            raise TurnedAway(403, refusal)

    async def _read_request(self, line: RequestLine) -> ApprovalRequest:
        """Return the request as it was asked. Raises RunError if it was changed in the database since."""
        row = next(each for each in await self._engine.approvals(line.root) if each.digest == line.digest)
        return read_request(await self._engine.run(line.root), row, await self._engine.find_asked(line.root))

    async def _decide(self, person: Person, line: RequestLine, decision: Decision, data: Mapping[str, object]) -> dict[str, object]:
        request = await self._read_request(line)
        if (approvers := self._engine.approvers) is not None:
            decision = replace(decision, statement=read_text_field(data, "statement", most=LONGEST, required=False))
            if problem := approvers.find_problem(decision, request):
                command = f"sayso approve {shlex.quote(line.root)} {line.digest[:12]} --key FILE (or sayso reject, sayso edit)"
                raise TurnedAway(403, f"This decision does not count: {problem}. Sign it on the page, or write: {command}.")
        await self._engine.decide(line.root, {line.digest: decision})
        return {"digest": line.digest, "by": person.name}

    async def approve(self, person: Person, line: RequestLine, arranged: Arranged, data: dict[str, object]) -> dict[str, object]:
        """Say yes to exactly the card with this digest."""
        self._check_may(person, line, arranged)
        if person.only and data.get("confirmed") is not True:
            raise TurnedAway(400, "A decision by link needs to be confirmed on the page.")
        rows = await self._engine.approvals(line.root)
        row = next(each for each in rows if each.digest == line.digest)
        if is_named(person.name, find_agreed(find_alike(rows, row), row)):
            raise TurnedAway(403, "You have already approved this. Another person has to approve it too.")
        return await self._decide(person, line, Approve(by=person.name, place=_place(person)), data) | {"state": "approved"}

    async def reject(self, person: Person, line: RequestLine, arranged: Arranged, data: dict[str, object]) -> dict[str, object]:
        """Say no, with a reason for the model."""
        self._check_may(person, line, arranged)
        reason = read_text_field(data, "reason", most=2000, required=False)
        return await self._decide(person, line, Reject(reason, by=person.name, place=_place(person)), data) | {"state": "rejected"}

    async def edit(self, person: Person, line: RequestLine, arranged: Arranged, data: dict[str, object]) -> dict[str, object]:
        """Ask for other arguments: they come back as a new card."""
        self._check_may(person, line, arranged)
        arguments = await self._change_arguments(line, data)
        return await self._decide(person, line, Edit(arguments, by=person.name, place=_place(person)), data) | {"state": "edited"}

    async def hash_edit(self, person: Person, line: RequestLine, arranged: Arranged, data: dict[str, object]) -> dict[str, object]:
        """Return the hash of the arguments that an edit comes to, for the statement of who signs it. Nothing is changed."""
        self._check_may(person, line, arranged)
        return {"arguments": sha256(await self._change_arguments(line, data))}

    async def _change_arguments(self, line: RequestLine, data: Mapping[str, object]) -> dict[str, object]:
        """Return the arguments of a request with the changes in the body. Raises TurnedAway for changes that cannot be."""
        changes = {**_read_changes(data), **_read_written(data)}
        if not changes:
            raise TurnedAway(400, "Nothing was changed. Change a value, or approve the card as it is.")
        request = await self._read_request(line)
        app = self._office.app
        tool = find_tool(request.tool, app, line.flow, request.tool_version) if line.flow in app else None
        try:
            return change_arguments(request, changes, tool)
        except UsageError as error:
            raise TurnedAway(422, str(error)) from None

    async def claim(self, person: Person, line: RequestLine, arranged: Arranged, data: dict[str, object]) -> dict[str, object]:
        """Take a request to work on: others see that, and cannot decide it."""
        if refusal := self._why_not(person, line, arranged):
            raise TurnedAway(403, refusal)
        await self._desk.claim(line.digest, person.name, self._engine.clock())
        return {"claimed_by": person.name}

    async def release(self, person: Person, line: RequestLine, arranged: Arranged, data: dict[str, object]) -> dict[str, object]:
        """Give a claimed request back; who sees all runs may free what somebody else has claimed."""
        if arranged.claimed_by != person.name and not person.sees_all:
            raise TurnedAway(403, f"{arranged.claimed_by or 'Nobody'} has claimed this request.")
        await self._desk.release(line.digest, person.name, whoever=person.sees_all)
        return {"claimed_by": ""}

    async def hand_on(self, person: Person, line: RequestLine, arranged: Arranged, data: dict[str, object]) -> dict[str, object]:
        """Hand a request to another person, who alone may decide it then."""
        to = read_text_field(data, "to", most=100)
        if person.only or not (person.sees_all or not self._why_not(person, line, arranged)):
            raise TurnedAway(403, self._why_not(person, line, arranged) or "You came by a link, which only decides.")
        if to and to not in self._office.door.sign_in.people:
            known = ", ".join(sorted(self._office.door.sign_in.people))
            raise TurnedAway(422, f"Nobody here is called {to!r}. People: {known}.")
        await self._desk.hand_on(line.digest, to, person.name, self._engine.clock())
        return {"handed_to": to}


def _has_words(line: Mapping[str, object], words: Sequence[str]) -> bool:
    text = " ".join(str(line[name]) for name in SEARCHED).casefold() if words else ""
    return all(word in text for word in words)


SEARCHED = ("card", "tool", "flow", "user", "claimed_by", "handed_to")
WHOSE: Mapping[str, Callable[[Mapping[str, object], str], bool]] = {
    "": lambda line, name: True,
    "mine": lambda line, name: not line["refusal"],
    "claimed": lambda line, name: line["claimed_by"] == name,
    "handed": lambda line, name: line["handed_to"] == name,
    "free": lambda line, name: not line["claimed_by"] and not line["handed_to"],
}
"""Whose requests the inbox can be narrowed to, as the page offers it."""
CHANGES: Mapping[str, Change] = {
    "approve": RequestPages.approve,
    "reject": RequestPages.reject,
    "edit": RequestPages.edit,
    "edit-hash": RequestPages.hash_edit,
    "claim": RequestPages.claim,
    "release": RequestPages.release,
    "hand-on": RequestPages.hand_on,
}


def _place(person: Person) -> str:
    return "link" if person.only else "page"


def _read_changes(data: Mapping[str, object]) -> dict[str, object]:
    changes = data.get("changes", {})
    if not isinstance(changes, dict):
        raise TurnedAway(400, "'changes' must be an object: each argument with its new value.")
    return changes


def _read_written(data: Mapping[str, object]) -> dict[str, object]:
    """Return the changes that were sent as JSON texts, which keep every digit of a number that a browser would round."""
    written, changes = data.get("written", {}), dict[str, object]()
    if not isinstance(written, dict):
        raise TurnedAway(400, "'written' must be an object: each argument with its new value, as JSON text.")
    for name, text in written.items():
        try:
            changes[name] = strict_json(text)
        except (ValueError, TypeError, RecursionError):
            raise TurnedAway(422, f"{name}: {shorten(str(text), 100)!r} is no number and no JSON.") from None
    return changes
