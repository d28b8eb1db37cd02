"""A reputation monitor: a model reads each review, the program counts, a chart shows the months."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Literal

from cyclopts.types import ExistingFile
from pydantic import BaseModel

import stand_ins
from sayso import Agent, command, map_each
from sayso.agents import Model
from sayso.tools import UsageError
from sayso.workflows import Failed

REVIEWS = Path(__file__).with_name("data") / "reviews.csv"
INSTRUCTIONS = """You read reviews of a restaurant, in any language. Say whether the guest is happy with what they got.
A dish that tasted like another dish, came cold, late or wrong is a complaint, however politely it is told."""


class Opinion(BaseModel):
    """What one review says."""

    about: Literal["food", "service", "delivery", "price", "other"]
    happy: bool


EXAMPLES = (
    ("The curry was fine, I suppose, for something that was meant to be pasta.", Opinion(about="food", happy=False)),
    ("Wonderful soup, as ever.", Opinion(about="food", happy=True)),
)


def bar_chart(read: list[tuple[str, Opinion]]) -> str:
    """Good and bad reviews, month by month."""
    counts = Counter((date[:7], opinion.happy) for date, opinion in read)
    months = {month: (counts[month, True], counts[month, False]) for month, _ in sorted(counts)}
    bars = [f"{month}  {'█' * good}{'░' * bad}  {good} good, {bad} bad" for month, (good, bad) in months.items()]
    topics = Counter(opinion.about for _, opinion in read if not opinion.happy).most_common()
    return "\n".join([*bars, "Complaints: " + (", ".join(f"{count} about {topic}" for topic, count in topics) or "none")])


async def main(file: ExistingFile = REVIEWS, *, model: Model) -> str:
    """Chart the reviews of a CSV file that has the columns date (2026-05-03) and text."""
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        table = csv.DictReader(lines, restval="")
        if not {"date", "text"} <= set(table.fieldnames or ()):
            raise UsageError(f"{file} has no columns named date and text in its first line.")
        rows = [row for row in table if row["text"].strip()]
    judge = Agent(model, name="judge", output=Opinion, instructions=INSTRUCTIONS, examples=EXAMPLES)
    opinions = await map_each(judge, concurrency=8, on_error="collect")([row["text"] for row in rows])
    read = [(row["date"], opinion) for row, opinion in zip(rows, opinions, strict=True) if isinstance(opinion, Opinion)]
    unread = [opinion.error for opinion in opinions if isinstance(opinion, Failed)]
    if unread and not read:
        raise unread[0]
    return bar_chart(read) + (f"\nNot read: {len(unread)} of {len(rows)}, the first because: {unread[0]}" if unread else "")


if __name__ == "__main__":
    command(main, offline=stand_ins.critic_of_food)
