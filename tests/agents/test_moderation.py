"""A moderation endpoint as a guard: what it flags goes no further, and when it is down nothing does, unless it is allowed to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from sayso.agents import Agent, Reply, ScriptedModel, call
from sayso.agents.agent_events import TextStreamed
from sayso.agents.guards import GuardActed, Moderation
from sayso.testing.loopback import LoopbackRequest, LoopbackServer
from sayso.tools import UsageError, tool
from sayso.tools.errors import GuardRefused

Answer = Callable[[list[str]], tuple[int, Any]]


def judge(text: str) -> dict[str, Any]:
    """Return OpenAI's verdict on a text: flagged where it threatens."""
    violent = "kill" in text
    categories = {"violence": violent, "hate": False}
    return {"flagged": violent, "categories": categories, "category_scores": {"violence": 0.9 if violent else 0.1, "hate": 0.3}}


def flag(texts: list[str]) -> tuple[int, Any]:
    """Answer as OpenAI does."""
    return 200, {"id": "m", "model": "omni", "results": [judge(text) for text in texts]}


class Played:
    """An endpoint on loopback."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[Any] = []
        self.headers: list[Any] = []
        self.server = LoopbackServer(self.take)

    @property
    def url(self) -> str:
        """Return its base URL."""
        return f"{self.server.url}/v1"

    def take(self, request: LoopbackRequest) -> None:
        """Answer one request."""
        assert request.route == "/v1/moderations"
        body = request.body
        assert body is not None
        self.asked.append(body)
        self.headers.append(request.lowered_headers)
        status, said = self.answer(body["input"])
        request.send(status, said if isinstance(said, bytes) else json.dumps(said).encode())


@contextmanager
def played(answer: Answer = flag) -> Iterator[Played]:
    """Play an endpoint for a while."""
    endpoint = Played(answer)
    endpoint.server.start()
    try:
        yield endpoint
    finally:
        endpoint.server.close()


async def test_what_is_flagged_is_refused_and_costs_no_model_call() -> None:
    with played() as endpoint:
        model = ScriptedModel("Hello.", repeat=True)
        agent = Agent(model, guards=[Moderation("omni", base_url=endpoint.url, answer="Let us talk of something else.")])
        assert (await agent.run("I will kill you")).output == "Let us talk of something else."
        assert model.requests == 0
        assert (await agent.run("Good morning")).output == "Hello."
        assert [body["input"] for body in endpoint.asked] == [["I will kill you"], ["Good morning"], ["Hello."]]
        assert endpoint.asked[0]["model"] == "omni"


async def test_a_reply_is_held_until_the_endpoint_has_looked_at_it() -> None:
    with played() as endpoint:
        guard = Moderation("omni", base_url=endpoint.url, at="output", answer="No.")
        events = [event async for event in Agent(ScriptedModel("They kill time."), guards=[guard]).stream_emitted("?")]
        assert [event.text for event in events if isinstance(event, TextStreamed)] == ["No."]
        assert next(event for event in events if isinstance(event, GuardActed)).why == "omni flags it: violence"


async def test_categories_and_scores_decide_where_they_are_given() -> None:
    with played() as endpoint:
        cases: list[tuple[dict[str, Any], bool]] = [
            ({"categories": ["hate"]}, False),
            ({"categories": ["violence"]}, True),
            ({"scores": {"violence": 0.95}}, False),
            ({"scores": {"hate": 0.2}}, True),
        ]
        for options, refuses in cases:
            agent = Agent(ScriptedModel("Hello."), guards=[Moderation("omni", base_url=endpoint.url, at="input", answer="No.", **options)])
            assert ((await agent.run("kill time")).output == "No.") is refuses
        agent = Agent(ScriptedModel("Hello."), guards=[Moderation("omni", base_url=endpoint.url, at="input", scores={"spam": 0.5})])
        with pytest.raises(GuardRefused, match="gives no score for spam"):
            await agent.run("kill time")


async def test_a_long_text_is_looked_at_to_its_end() -> None:
    with played() as endpoint:
        agent = Agent(ScriptedModel("never"), guards=[Moderation("omni", base_url=endpoint.url, answer="No.")])
        assert (await agent.run("word " * 9_000 + "kill")).output == "No."
        assert len(endpoint.asked[0]["input"]) == 3


async def test_one_that_has_no_flag_of_its_own_is_read_by_its_categories() -> None:
    def like_mistral(texts: list[str]) -> tuple[int, Any]:
        return 200, {"results": [{"categories": judge(text)["categories"]} for text in texts]}

    with played(like_mistral) as endpoint:
        agent = Agent(ScriptedModel("Hello."), guards=[Moderation("m", base_url=endpoint.url, answer="No.")])
        assert [(await agent.run(text)).output for text in ("kill", "hello")] == ["No.", "Hello."]


NONSENSE = {
    "an error": (500, {"error": {"message": "boom"}}),
    "no key": (401, {"error": {"message": "no key"}}),
    "too often": (429, {"error": {"message": "slow down"}}),
    "an empty object": (200, {}),
    "no results": (200, {"results": []}),
    "a result too many": (200, {"results": [judge("x"), judge("x")]}),
    "a result without a verdict": (200, {"results": [{}]}),
    "a verdict in words": (200, {"results": [{"flagged": "no", "categories": {"hate": False}}]}),
    "a list": (200, [1]),
    "a web page": (200, b"<html>Sign in</html>"),
    "half of it": (200, b'{"results": [{"flagged": fal'),
    "nothing": (200, b""),
    "a redirect": (302, {}),
}


@pytest.mark.parametrize("answer", NONSENSE.values(), ids=NONSENSE)
async def test_an_endpoint_that_is_down_refuses_or_allows_as_it_is_told(answer: tuple[int, Any]) -> None:
    with played(lambda _: answer) as endpoint:
        model = ScriptedModel("Hello.", repeat=True)
        closed = Agent(model, guards=[Moderation("omni", base_url=endpoint.url, tries=1)])
        with pytest.raises(GuardRefused, match="The guard Moderation of agent refused what was asked: it failed: ") as error:
            await closed.run("Hi")
        assert ("127.0.0.1" in str(error.value), model.requests) == (True, 0)
        opened = Agent(model, guards=[Moderation("omni", base_url=endpoint.url, tries=1, on_error="allow")])
        events = [event async for event in opened.stream_emitted("Hi")]
        told = [(event.place, event.did, event.failed) for event in events if isinstance(event, GuardActed)]
        assert told == [("input", "allowed", True), ("output", "allowed", True)]
        assert [event.text for event in events if isinstance(event, TextStreamed)] == ["Hello."]


async def test_nobody_listens_there() -> None:
    with played() as endpoint:
        url = endpoint.url
    with pytest.raises(GuardRefused, match="cannot be reached: Connection refused"):
        await Agent(ScriptedModel("never"), guards=[Moderation("omni", base_url=url, tries=1)]).run("Hi")


async def test_it_is_tried_again_when_it_is_busy() -> None:
    answers = iter([(503, {}), None])

    def busy_once(texts: list[str]) -> tuple[int, Any]:
        return next(answers) or flag(texts)

    with played(busy_once) as endpoint:
        agent = Agent(ScriptedModel("Hello."), guards=[Moderation("omni", base_url=endpoint.url, at="input")])
        assert (await agent.run("Hi")).output == "Hello."
        assert len(endpoint.asked) == 2


async def test_keys_go_only_to_the_hosts_that_they_are_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with played() as endpoint:
        await Agent(ScriptedModel("Hello."), guards=[Moderation("omni", base_url=endpoint.url, at="input")]).run("Hi")
        own = Moderation("omni", base_url=endpoint.url, api_key="own-key", at="input")
        await Agent(ScriptedModel("Hello."), guards=[own]).run("Hi")
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.url)
        await Agent(ScriptedModel("Hello."), guards=[Moderation("omni", base_url=endpoint.url, at="input")]).run("Hi")
        assert [headers["authorization"] for headers in endpoint.headers] == ["Bearer none", "Bearer own-key", "Bearer sk-of-openai"]
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(UsageError, match="There is no key"):
        _ = Moderation().endpoint
    with pytest.raises(GuardRefused, match="There is no key"):
        await Agent(ScriptedModel("never"), guards=[Moderation()]).run("Hi")


async def test_a_secret_argument_is_not_sent_to_the_endpoint() -> None:
    @tool.write(card="Unlock {door}", trust="tool")
    async def unlock(door: str, code: SecretStr) -> str:
        """Unlock a door."""
        return "open"

    with played() as endpoint:
        wish = Reply(calls=(call("unlock", door="front", code="4711"),))
        agent = Agent(ScriptedModel(wish, "Done."), tools=[unlock], guards=[Moderation("omni", base_url=endpoint.url)])
        paused = await agent.run("Unlock the front door")
        assert [request.card for request in paused.pending] == ["Unlock front"]
        assert "4711" not in str(endpoint.asked)
        assert "front" in str(endpoint.asked[1:])
