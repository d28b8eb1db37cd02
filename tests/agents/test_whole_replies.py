"""A model that also gives whole replies is asked for one where nobody listens, and what comes of a run is the same."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import cast

import pytest

from sayso.agents import Agent, Finished, ModelRequest, Reply, ScriptedModel, TextDelta, call
from sayso.agents.models.model import Delta
from sayso.tools import LimitReached, ModelError, UsageError, tool
from sayso.tools.errors import ToolsRefused
from sayso.workflows import Limits, RunEnded, Usage

ASKED = Reply("Let me see. ", (call("population", town="Oslo"),), "A town in Norway.", Usage(10, 5), "tool_calls")


@tool.read(trust="tool", secrecy="public")
def population(town: str) -> str:
    """Return how many people live in a town."""
    return "717,710"


class Noting(ScriptedModel):
    """Notes in which way it is asked, and changes nothing."""

    asked: list[str]

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Note that the reply is streamed."""
        self.asked.append("stream")
        async for delta in super().stream(request):
            yield delta

    async def complete(self, request: ModelRequest) -> Reply:
        """Note that the reply is given as a whole."""
        self.asked.append("complete")
        return await super().complete(request)


def noting(*lines: str | Reply | BaseException) -> Noting:
    """Return a model that notes how it is asked."""
    model = Noting(*lines)
    model.asked = []
    return model


async def test_it_is_asked_for_whole_replies_where_nobody_listens_and_streams_where_somebody_does() -> None:
    alone, heard = noting(ASKED, "717,710 people."), noting(ASKED, "717,710 people.")
    result = await Agent(alone, tools=[population]).run("How many live in Oslo?")
    events = [event async for event in Agent(heard, tools=[population]).stream_emitted("How many live in Oslo?")]

    assert (alone.asked, heard.asked) == (["complete"] * 2, ["stream"] * 2)
    end = events[-1]
    assert isinstance(end, RunEnded)
    assert (result.output, result.messages, result.usage) == (end.result.output, end.result.messages, end.result.usage)
    assert result.usage == Usage(10, 5, model_calls=2, tool_calls=1)


class Streaming:
    """A model that only streams: what wraps the whole of another, and what changes how another one streams."""

    name, takes_tools = "streaming", True

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Yield a greeting."""
        yield TextDelta("Streamed.")
        yield Finished()


class Louder(ScriptedModel):
    """Streams in its own way, and inherits `complete`."""

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Yield the next line in capitals."""
        async for delta in super().stream(request):
            yield TextDelta(delta.text.upper()) if isinstance(delta, TextDelta) else delta


class LouderMixin:
    """Streams in its own way, whatever it is mixed into."""

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Yield a greeting in capitals."""
        yield TextDelta("HELLO.")
        yield Finished()


class Mixed(LouderMixin, ScriptedModel):  # type: ignore[misc]  # its stream is a generator of another spelling
    """Inherits the one from here and the other from there."""


class Declining(ScriptedModel):
    """Says that it gives no whole replies."""

    complete = None  # type: ignore[assignment]


class Wrapped:
    """Hands everything on to another model that it does not name."""

    def __init__(self, inner: object) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)


def replaced() -> ScriptedModel:
    """Return a model whose `stream` was replaced in the object."""
    model = ScriptedModel("Hello.")
    model.stream = Louder("Hello.").stream  # type: ignore[method-assign]
    return model


ONLY_STREAM = {
    "no complete": (Streaming(), "Streamed."),
    "complete inherited, stream its own": (Louder("Hello."), "HELLO."),
    "stream from a class mixed in": (Mixed("Hello."), "HELLO."),
    "stream replaced in the object": (replaced(), "HELLO."),
    "complete declined": (Declining("Hello."), "Hello."),
    "all handed on to one that streams in its own way": (cast(ScriptedModel, Wrapped(Louder("Hello."))), "HELLO."),
}


@pytest.mark.parametrize(("model", "output"), ONLY_STREAM.values(), ids=ONLY_STREAM)
async def test_a_model_that_streams_in_its_own_way_is_streamed(model: Streaming | ScriptedModel, output: str) -> None:
    assert (await Agent(model).run("Hello")).output == output


async def test_a_model_that_refuses_tools_is_asked_again_with_tools_in_its_instructions() -> None:
    model = noting(ToolsRefused("I take no tools."), 'POPULATION("Oslo")', "717,710 people.")
    result = await Agent(model, tools=[population]).run("How many live in Oslo?")
    assert (result.output, model.asked) == ("717,710 people.", ["complete"] * 3)
    assert "- population(town)" in result.messages[0].text


async def test_what_is_no_reply_is_told_to_who_wrote_the_model() -> None:
    class Careless(ScriptedModel):
        async def complete(self, request: ModelRequest) -> Reply:
            return cast(Reply, "Hello.")

    with pytest.raises(UsageError, match=r"complete\(\) of the model scripted returned 'Hello.', which is not a Reply"):
        await Agent(Careless()).run("Hello")


async def test_a_whole_reply_is_counted_and_its_errors_are_the_run_s() -> None:
    with pytest.raises(ModelError, match="down"):
        await Agent(noting(ModelError("The server is down."))).run("Hello")
    with pytest.raises(ModelError, match="content filter"):
        await Agent(noting(Reply("No", finish="content_filter"))).run("Hello")
    with pytest.raises(LimitReached) as caught:
        await Agent(noting(ASKED, ASKED), tools=[population], limits=Limits(model_calls=1)).run("How many live in Oslo?")
    assert caught.value.partial.usage == Usage(10, 5, model_calls=1, tool_calls=1)
