"""A call-summary writer: the transcript of a call becomes a note with who promised what until when."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from cyclopts.types import ExistingFile
from pydantic import BaseModel

import stand_ins
from sayso import Agent, command
from sayso.agents import Model

CALL = Path(__file__).with_name("data") / "call.txt"
INSTRUCTIONS = """You write notes of phone calls for colleagues who were not there. Use only what was said.
List under follow_ups what somebody has promised to do, each with who does it; leave the list empty when nothing was promised."""


class FollowUp(BaseModel):
    """Something that somebody will do."""

    who: str
    what: str
    when: str = ""


class Note(BaseModel):
    """What a colleague has to know of a call."""

    caller: str
    reason: str
    outcome: str
    mood_at_the_end: Literal["content", "neutral", "upset"]
    follow_ups: list[FollowUp]

    def __str__(self) -> str:
        lines = [f"{self.caller} called: {self.reason}", f"Outcome: {self.outcome}", f"Mood at the end: {self.mood_at_the_end}"]
        return "\n".join([*lines, *(f"[ ] {each.who}: {each.what}{each.when and f' ({each.when})'}" for each in self.follow_ups)])


async def main(file: ExistingFile = CALL, *, model: Model) -> str:
    """Write the note of a call whose transcript is in a text file."""
    writer = Agent(model, name="writer", output=Note, instructions=INSTRUCTIONS)
    return str(await writer(file.read_text(encoding="utf-8")))


if __name__ == "__main__":
    command(main, offline=stand_ins.listener)
