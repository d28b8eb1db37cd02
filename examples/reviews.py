"""A reputation monitor: a model reads each review, the program counts, a chart shows the months, and a complaint that rises is told."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, get_args

from cyclopts.types import ExistingPath, PositiveFloat
from pydantic import BaseModel
from review_folder import Review, ReviewFolder, read_reviews

import stand_ins
from sayso import Agent, command, engine, map_each
from sayso.agents import Model
from sayso.agents.evaluation import find_share_alarms
from sayso.console import escape_controls
from sayso.tools import SaysoError, UsageError
from sayso.workflows import Failed

DATA = Path(__file__).with_name("data")
AT_ONCE = 8
FALSE_ALARM_IN = 1000
"""Reviews, for all topics together; see `find_share_alarms`."""
Topic = Literal["food", "service", "delivery", "price", "other"]


class Opinion(BaseModel):
    """What one review says."""

    about: Topic
    happy: bool


def make_judge(model: Model, prompt: str = "review_prompt.txt") -> Agent[Opinion]:
    """The agent that reads a review. Its prompt is a file, so that it can be compared with another one."""
    return Agent(model, name="judge", output=Opinion, instructions=(DATA / prompt).read_text("utf-8").strip())


first_judge = make_judge(stand_ins.critic_of_food, "first_review_prompt.txt")
judge = make_judge(stand_ins.critic_of_food)
"""For `sayso eval` and `sayso compare`: as it was in the first days, and as it is now. See docs/comparing.md."""


def bar_chart(read: list[tuple[str, Opinion]]) -> str:
    """Good and bad reviews, month by month."""
    counts = Counter((date[:7], opinion.happy) for date, opinion in read)
    months = {month: (counts[month, True], counts[month, False]) for month, _ in sorted(counts)}
    bars = [f"{month}  {'█' * good}{'░' * bad}  {good} good, {bad} bad" for month, (good, bad) in months.items()]
    return "\n".join([*bars, f"Complaints: {count_complaints(opinion for _, opinion in read)}"])


def count_complaints(opinions: Iterable[Opinion]) -> str:
    """How many complaints there are about what."""
    topics = Counter(opinion.about for opinion in opinions if not opinion.happy).most_common()
    return ", ".join(f"{count} about {topic}" for topic, count in topics) or "none"


def run_id(review: Review) -> str:
    """The run in which a review is read. `sayso case` makes a case of it where the opinion is wrong."""
    return f"review-{review.key}"


class Monitor:
    """Reads what is new in a folder, each review once: the database keeps what was read, also when this program ends."""

    def __init__(self, folder: Path, judge: Agent[Opinion], database: str) -> None:
        self.folder, self.judge, self.engine = ReviewFolder(folder), judge, engine(database)
        self.opinions: dict[Review, Opinion] = {}
        self._stored: set[str] | None = None
        self._told: set[tuple[str, str]] = set()

    async def look(self, *, settled: bool = True) -> list[str]:
        """Read what is new, and return what there is to tell: lines."""
        if self._stored is None:
            self._stored = {row.id for row in await self.engine.runs("done", limit=10**9)}
        new = [review for review in self.folder.look(settled=settled) if review not in self.opinions]
        failed: list[SaysoError] = []
        for start in range(0, len(new), AT_ONCE):
            some = new[start : start + AT_ONCE]
            for review, opinion in zip(some, await asyncio.gather(*map(self._read, some)), strict=True):
                if isinstance(opinion, Opinion):
                    self.opinions[review] = opinion
                else:
                    failed.append(opinion)  # tried again at the next look
        read = [review for review in new if review in self.opinions]
        lines = [self._describe([review for review in read if run_id(review) not in self._stored])] if read else []
        if failed:
            lines.append(f"Not read: {len(failed)} of {len(new)}, the first because: {failed[0]}")
        return lines + self._list_alerts()

    async def _read(self, review: Review) -> Opinion | SaysoError:
        try:
            # A run of this id that is done is not executed again: its opinion is in the database.
            return (await self.judge.run(review.text, engine=self.engine, run_id=run_id(review))).output
        except SaysoError as error:
            return error

    def _describe(self, new: list[Review]) -> str:
        opinions = [self.opinions[review] for review in new]
        bad = sum(not opinion.happy for opinion in opinions)
        told = f"{len(new)} new: {len(new) - bad} good, {bad} bad; complaints: {count_complaints(opinions)}." if new else "Nothing new."
        return f"{told} {len(self.opinions)} reviews in all."

    def _list_alerts(self) -> list[str]:
        """The complaints that have risen, each told once."""
        reviews = sorted(self.opinions, key=lambda review: review.date)
        lines: list[str] = []
        for topic in get_args(Topic):
            hits = [not self.opinions[review].happy and self.opinions[review].about == topic for review in reviews]
            for alarm in find_share_alarms(hits, false_alarm_in=FALSE_ALARM_IN * len(get_args(Topic))):
                if (topic, reviews[alarm.at - 1].key) not in self._told:
                    self._told.add((topic, reviews[alarm.at - 1].key))
                    lines.append(f"ALERT: complaints about {topic} have risen since {reviews[alarm.since - 1].date}: {alarm}.")
        return lines


async def chart(file: Path, judge: Agent[Opinion]) -> str:
    """Chart the reviews of one file."""
    reviews = read_reviews(file)
    opinions = await map_each(judge, concurrency=AT_ONCE, on_error="collect")([review.text for review in reviews])
    read = [(review.date, opinion) for review, opinion in zip(reviews, opinions, strict=True) if isinstance(opinion, Opinion)]
    unread = [opinion.error for opinion in opinions if isinstance(opinion, Failed)]
    if unread and not read:
        raise unread[0]
    return bar_chart(read) + (f"\nNot read: {len(unread)} of {len(reviews)}, the first because: {unread[0]}" if unread else "")


async def main(
    file: ExistingPath = DATA / "reviews.csv",
    *,
    watch: bool = False,
    every: PositiveFloat = 60.0,
    database: str = "sqlite:///reviews.db",
    model: Model,
) -> str:
    """Chart the reviews of a CSV file that has the columns date (2026-05-03) and text, or of a folder of such files.

    Of a folder each review is read once: the database keeps what was read. With --watch the folder is looked at again and again, every 60
    seconds, and an alert says which complaints have risen. Ctrl-C ends it; the same command goes on.
    """
    if not file.is_dir():
        if watch:
            raise UsageError(f"{file} is a file, and --watch looks into a folder for new files and rows.")
        return await chart(file, make_judge(model))
    monitor = Monitor(file, make_judge(model), database)
    try:
        while True:
            for line in await monitor.look(settled=watch):
                print(escape_controls(line), flush=True)
            if not watch:
                return bar_chart([(review.date, opinion) for review, opinion in monitor.opinions.items()])
            await asyncio.sleep(every)
    finally:
        if watch:
            print(f"{len(monitor.opinions)} reviews are kept in {database}: the same command goes on there.", file=sys.stderr, flush=True)


if __name__ == "__main__":
    command(main, offline=stand_ins.critic_of_food)
