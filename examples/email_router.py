"""An e-mail router: a model says where each mail belongs and whether it is a complaint; a complaint gets an answer drafted."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from cyclopts.types import ExistingFile
from pydantic import BaseModel

from sayso import Agent, Run, ScriptedModel, command, map_each
from sayso.agents import Model, ModelRequest
from sayso.workflows import Workflow

MAILS = Path(__file__).with_name("data") / "mails.txt"
SORT = """You sort the mail of a restaurant. A mail is a complaint when its writer says that something went wrong for them.
Departments: orders (food, tables, delivery), billing (money, invoices, cards), jobs (people who want to work here), press, other."""
SORTED = (
    ("Subject: Cold soup\nThe soup came cold.", '{"department": "orders", "complaint": true}'),
    ("Subject: Receipt\nMay I have a receipt for Monday?", '{"department": "billing", "complaint": false}'),
    ("Subject: Waiter\nDo you hire waiters?", '{"department": "jobs", "complaint": false}'),
    ("Subject: Terrace\nCan we sit outside on Sunday?", '{"department": "orders", "complaint": false}'),
)
ANSWER = """You work for a restaurant. A guest complains; answer the guest in the guest's language. Two polite sentences that name what
went wrong, no promises, no refunds."""
ANSWERED = (
    ("Subject: Cold soup\nThe soup came cold.", "We are sorry that your soup came cold. Our kitchen will look into it at once."),
    ("Betreff: Kalte Suppe\nDie Suppe war kalt.", "Es tut uns leid, dass Ihre Suppe kalt war. Unsere Küche geht dem sofort nach."),
)
DRAFT = "We are sorry for what happened. Somebody will look into it today and write to you."
WORDS = {"jobs": "job", "press": "courier", "billing": "invoice", "orders": "order"}


class Route(BaseModel):
    """Where a mail goes."""

    department: Literal["orders", "billing", "jobs", "press", "other"]
    complaint: bool


class Routed(NamedTuple):
    """A mail, its route, and the answer that was drafted for a complaint."""

    mail: str
    route: Route
    answer: str

    def __str__(self) -> str:
        line = f"{self.route.department:<8} {'complaint' * self.route.complaint:<10} {self.mail.splitlines()[0][:80]}"
        return f"{line}\n    draft: {self.answer}" if self.answer else line


def router(sorting: Model, writing: Model) -> Workflow[Iterable[str], list[Routed]]:
    """Sort every mail, then draft an answer to each complaint; a small model may sort and a large one write."""
    sorter = Agent(sorting, name="sorter", output=Route, instructions=SORT, examples=SORTED)
    clerk = Agent(writing, name="clerk", instructions=ANSWER, examples=ANSWERED)

    async def route(run: Run, mail: str) -> Routed:
        route: Route = await run.child("sort", sorter.carry, mail)
        return Routed(mail, route, await run.child("answer", clerk.carry, mail) if route.complaint else "")

    return map_each(route, concurrency=8, name="router")


def by_words(request: ModelRequest) -> str:
    """Stands in for a model: knows a few words of English."""
    mail = request.question.lower()
    if request.schema is None:
        return DRAFT
    department = next((department for department, word in WORDS.items() if word in mail), "other")
    return json.dumps({"department": department, "complaint": "wrong" in mail or "again" in mail})


async def main(file: ExistingFile = MAILS, *, model: Model) -> str:
    """Route the mails of a file, between lines of three dashes."""
    mails = [mail.strip() for mail in file.read_text(encoding="utf-8").split("\n---\n") if mail.strip()]
    return "\n".join(map(str, await router(model, model)(mails)))


if __name__ == "__main__":
    command(main, offline=ScriptedModel(by_words, repeat=True, name="a list of words"))
