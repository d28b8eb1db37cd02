"""What the models of an event loop share: one HTTP client, whose connections are used again and end with the loop."""

from __future__ import annotations

import asyncio
import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

from sayso import Agent
from sayso.agents.models.openai_chat import OpenAIChat
from sayso.agents.models.requesting import share_in_loop

from .fake_openai import FakeOpenAI

TOLD: list[str] = []


class Thing:
    async def __aenter__(self) -> Thing:
        TOLD.append("opened")
        return self

    async def __aexit__(self, *_: object) -> None:
        TOLD.append("closed")


def test_what_is_shared_in_a_loop_is_made_once_and_closed_with_it() -> None:
    async def use() -> bool:
        return await share_in_loop(Thing) is await share_in_loop(Thing)

    TOLD.clear()
    assert (asyncio.run(use()), asyncio.run(use())) == (True, True)
    assert TOLD == ["opened", "closed"] * 2


def test_a_loop_that_has_ended_is_not_kept() -> None:
    ended: list[weakref.ref[asyncio.AbstractEventLoop]] = []

    async def ask(model: OpenAIChat) -> None:
        await Agent(model).run("Hi")
        ended.append(weakref.ref(asyncio.get_running_loop()))

    with FakeOpenAI(["hello"], repeat=True) as server:
        model = OpenAIChat("fake", base_url=server.base_url, takes_tools=True)
        asyncio.run(ask(model))
        asyncio.run(ask(model))
    gc.collect()
    assert ended[0]() is None


def test_the_models_of_a_loop_use_one_connection() -> None:
    async def ask(server: FakeOpenAI) -> None:
        for _ in range(3):
            await Agent(OpenAIChat("fake", base_url=server.base_url, takes_tools=True)).run("Hi")

    with FakeOpenAI(["hello"], repeat=True) as server:
        asyncio.run(ask(server))
        assert len(server.requests) == 3
        assert server.connections == 4  # one more for each model's question about what the server can do


def test_one_model_serves_the_event_loops_of_many_threads() -> None:
    with FakeOpenAI(["hello"], repeat=True) as server:
        agent = Agent(OpenAIChat("fake", base_url=server.base_url, takes_tools=True))
        with ThreadPoolExecutor(6) as threads:
            assert list(threads.map(lambda _: agent.run_sync("Hi").output, range(24))) == ["hello"] * 24
