"""An e-mail router: a model says where each mail belongs and whether it is a complaint; a complaint gets an answer drafted."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from cyclopts.types import ExistingFile
from pydantic import BaseModel

import stand_ins
from sayso import Agent, Run, command, map_each
from sayso.agents import Model
from sayso.workflows import Workflow

TOLD = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
MAILS = Path(__file__).with_name("data") / "mails.txt"


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


def router(small: Model, large: Model) -> Workflow[Iterable[str], list[Routed]]:
    """Sort every mail, then draft an answer to each complaint: a small model may sort, and a large one write."""
    sorter = Agent(small, name="sorter", output=Route, **TOLD["sorter"])
    clerk = Agent(large, name="clerk", **TOLD["clerk"])

    async def route(run: Run, mail: str) -> Routed:
        route: Route = await run.child("sort", sorter, mail)
        return Routed(mail, route, await run.child("answer", clerk, mail) if route.complaint else "")

    return map_each(route, concurrency=8, name="router")


async def main(file: ExistingFile = MAILS, *, model: Model) -> str:
    """Route the mails of a file, between lines of three dashes."""
    mails = [mail.strip() for mail in file.read_text(encoding="utf-8").split("\n---\n") if mail.strip()]
    return "\n".join(map(str, await router(model, model)(mails)))


if __name__ == "__main__":
    command(main, offline=stand_ins.mail_room)
