"""A reputation monitor: a model reads each review, the program counts, a chart shows the months."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from cyclopts.types import ExistingFile
from pydantic import BaseModel

from sayso import Agent, ScriptedModel, command, map_each
from sayso.agents import Model, ModelRequest
from sayso.tools import UsageError
from sayso.workflows import Failed

REVIEWS = Path(__file__).with_name("data") / "reviews.csv"
INSTRUCTIONS = """You read reviews of a restaurant, in any language. Say whether the guest is happy with what they got.
A dish that tasted like another dish, came cold, late or wrong is a complaint, however politely it is told."""
EXAMPLES = (
    ("The curry was fine, I suppose, for something that was meant to be pasta.", '{"about": "food", "happy": false}'),
    ("Wonderful soup, as ever.", '{"about": "food", "happy": true}'),
)


class Opinion(BaseModel):
    """What one review says."""

    about: Literal["food", "service", "delivery", "price", "other"]
    happy: bool


def bar_chart(dates: Sequence[str], opinions: Sequence[Opinion | Failed]) -> str:
    """Good and bad reviews, month by month."""
    read = [(date[:7], opinion) for date, opinion in zip(dates, opinions, strict=True) if isinstance(opinion, Opinion)]
    unread = [opinion.error for opinion in opinions if isinstance(opinion, Failed)]
    if unread and not read:
        raise unread[0]
    months = Counter((month, opinion.happy) for month, opinion in read)
    lines = [
        f"{month}  {'█' * months[month, True]}{'░' * months[month, False]}  {months[month, True]} good, {months[month, False]} bad"
        for month in sorted({month for month, _ in months})
    ]
    topics = Counter(opinion.about for _, opinion in read if not opinion.happy)
    lines.append("Complaints: " + (", ".join(f"{count} about {topic}" for topic, count in topics.most_common()) or "none"))
    if unread:
        lines.append(f"Not read: {len(unread)} of {len(opinions)}, the first because: {unread[0]}")
    return "\n".join(lines)


def reviews_in(file: Path) -> list[dict[str, str]]:
    """The rows of a table of reviews that say something."""
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        table = csv.DictReader(lines)
        if not {"date", "text"} <= set(table.fieldnames or ()):
            raise UsageError(f"{file} has no columns named date and text in its first line.")
        return [row for row in table if (row["text"] or "").strip()]


def by_words(request: ModelRequest) -> str:
    """Stands in for a model: looks for words, and so misses what is said without them."""
    text = request.question.lower()
    bad = ("cold", "rude", "wrong", "forty", "hour", "terrible", "twice", "up again", "tasted like", "froid", "soggy")
    about = next((topic for topic in ("delivery", "service", "price") if topic in text), "food")
    return json.dumps({"about": about, "happy": not any(word in text for word in bad)})


async def main(file: ExistingFile = REVIEWS, *, model: Model) -> str:
    """Chart the reviews of a CSV file that has the columns date (2026-05-03) and text."""
    rows = reviews_in(file)
    judge = Agent(model, name="judge", output=Opinion, instructions=INSTRUCTIONS, examples=EXAMPLES)
    opinions = await map_each(judge, concurrency=8, on_error="collect")([row["text"] for row in rows])
    return bar_chart([row["date"] for row in rows], opinions)


if __name__ == "__main__":
    command(main, offline=ScriptedModel(by_words, repeat=True, name="a list of words"))
