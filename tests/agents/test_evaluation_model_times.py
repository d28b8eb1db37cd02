"""The time to the first token, and tokens a second: of replies in pieces, and unknown for replies that come whole."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from itertools import count

import pytest

from sayso import Agent, ScriptedModel
from sayso.agents.evaluation.model_times import TimedModel, measure_model_times, replace_in_agent
from sayso.agents.models.model import CallDelta, Delta, Finished, ModelRequest, ReasoningDelta, TextDelta
from sayso.workflows import Usage

TEN = Finished(usage=Usage(output_tokens=10, model_calls=1))
REPLIES = {
    # deltas, time to the first token, tokens a second: each delta comes a second after the one before
    "text in pieces": ([TextDelta("My "), TextDelta("pasta"), TextDelta(" was cold."), TEN], 1.0, 4.5),
    "reasoning in pieces, text whole": ([ReasoningDelta("a"), ReasoningDelta("b"), TextDelta("yes"), TEN], 1.0, 4.5),
    "a call in pieces": ([CallDelta(0, "1", "ORDER"), CallDelta(0, arguments="{}"), TEN], 1.0, 9.0),
    "a whole text": ([TextDelta("yes"), TEN], None, None),
    "whole text, reasoning and calls": (
        [ReasoningDelta("a"), TextDelta("b"), CallDelta(0, "1", "A"), CallDelta(1, "2", "B"), TEN],
        None,
        None,
    ),
    "nothing": ([TEN], None, None),
    "an endpoint that counts no tokens": ([TextDelta("yes"), TextDelta(" no"), Finished()], 1.0, None),
}


class Played:
    """A model that replies with these deltas."""

    name, takes_tools = "played", True

    def __init__(self, deltas: list[Delta]) -> None:
        self.deltas = deltas

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        for delta in self.deltas:
            yield delta


@pytest.mark.parametrize(("deltas", "first", "speed"), REPLIES.values(), ids=REPLIES)
async def test_times_are_those_of_replies_in_pieces(deltas: list[Delta], first: float | None, speed: float | None) -> None:
    model = TimedModel(Played(deltas), clock=map(float, count()).__next__)
    with measure_model_times() as times:
        assert [delta async for delta in model.stream(ModelRequest(()))] == deltas
    assert (times.first_token_seconds, times.tokens_per_second) == (first, speed)


async def test_pieces_that_come_in_one_burst_have_no_times() -> None:
    with measure_model_times() as times:
        model = TimedModel(ScriptedModel("cold pasta again", pieces=2), clock=lambda: 3.0)
        assert (await Agent(model).run("How was it?")).output == "cold pasta again"
    assert (times.first_token_seconds, times.tokens_per_second, len(times.replies)) == (None, None, 1)


async def test_a_timed_model_is_the_model_in_everything_else() -> None:
    timed = TimedModel(ScriptedModel("a", name="cook", takes_tools=False))
    assert (timed.name, timed.takes_tools, timed.writes_calls) == ("cook", False, True)
    assert not hasattr(timed, "complete")


async def test_an_agent_with_another_prompt_leaves_the_first_one_as_it_was() -> None:
    agent = Agent(ScriptedModel(lambda request: str(request.messages[0]), repeat=True), instructions="Be short.")
    assert "Be short." in (await agent.run("Hi")).output
    other = replace_in_agent(agent, instructions="Be kind.")
    assert "Be kind." in (await other.run("Hi")).output
    assert "Be short." in (await agent.run("Hi")).output
