"""A result of five megabytes does not go into the context: the model sees its beginning and its end, and reads on by reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sayso import Agent, ScriptedModel, Session, engine, tool
from sayso.agents import Reply, call
from sayso.agents.long_results import LONGEST_KEPT
from sayso.agents.models.model import ModelRequest
from sayso.tools import Image

from ..workflows.replays import everywhere

LONG = f"{'x' * 300_000}NEEDLE here{'y' * 200_000}"


@tool.read(secrecy="private", trust="untrusted")
def dump() -> str:
    """Dump."""
    return LONG


NATIVE = [Reply(calls=(call("dump"),)), Reply(calls=(call("more", reference="r1", find="needle"), call("more", reference="r9"))), "Done."]
WRITTEN = ["DUMP()", 'MORE("r1", find="needle")', "Done."]


@pytest.mark.parametrize("lines", [NATIVE, WRITTEN], ids=["native", "written"])
async def test_a_long_result_is_cut_and_read_on_in(lines: list[Any]) -> None:
    sent: list[str] = []
    left = iter(lines)

    def line(request: ModelRequest) -> Reply:
        sent.append(str(request.messages))
        following = next(left)
        return following if isinstance(following, Reply) else Reply(following)

    result = await Agent(ScriptedModel(line, repeat=True), tools=[dump]).run("Go", engine=engine(strict=True))
    assert result.output == "Done."
    assert max(map(len, sent)) < 100_000
    assert 'read on with more("r1", 16000), or more("r1", find="...")' in sent[-1]
    first, more = [message.results for message in result.messages if hasattr(message, "results")]
    assert first[0].text == LONG  # the messages keep it whole
    assert "NEEDLE here" in more[0].text
    assert more[0].text.startswith("[r1, characters 299800 to 315800 of 500011]")
    assert (more[0].labels, more[0].origin) == (first[0].labels, "dump")
    assert all(each.text == "There is no 'r9'. Results that were cut: r1." for each in more[1:])


async def test_a_run_with_a_long_result_is_carried_on_from_every_cut() -> None:
    def line(request: ModelRequest) -> Reply:
        following = NATIVE[sum(hasattr(message, "results") for message in request.messages)]
        return following if isinstance(following, Reply) else Reply(following)

    assert await everywhere(Agent(ScriptedModel(line, repeat=True), tools=[dump]), "Go") == "Done."


async def test_what_is_looked_for_stands_in_what_is_shown_whatever_the_letters_before_it() -> None:
    """A text of German or Turkish is longer once it is folded, so its places are others."""

    @tool.read
    def read() -> str:
        """Read."""
        return f"{'Straße İ ' * 30_000}NEEDLE here"

    model = ScriptedModel(Reply(calls=(call("read"),)), Reply(calls=(call("more", reference="r1", find="needle"),)), "Done.")
    result = await Agent(model, tools=[read]).run("Go")
    (more,) = [message.results for message in result.messages if hasattr(message, "results")][-1]
    assert more.text.endswith("NEEDLE here")


FIND = Reply(calls=(call("more", reference="r1", find="needle"),))
ASKED_TWICE = {
    "native": ([Reply(calls=(call("dump"),)), "One.", FIND, "Two."], "auto"),
    "written": (["DUMP()", "One.", 'MORE("r1", find="needle")', "Two."], "call"),
}


@pytest.mark.parametrize(("lines", "dialect"), ASKED_TWICE.values(), ids=ASKED_TWICE)
@pytest.mark.parametrize("keeps", ["history", "session"])
async def test_a_later_turn_reads_on_in_what_an_earlier_one_has_read(keeps: str, lines: list[Any], dialect: Any, tmp_path: Path) -> None:
    sent: list[int] = []
    left = iter(lines)

    def line(request: ModelRequest) -> Reply:
        sent.append(len(str(request.messages)))
        following = next(left)
        return following if isinstance(following, Reply) else Reply(following)

    agent = Agent(ScriptedModel(line, repeat=True), tools=[dump], dialect=dialect)
    if keeps == "history":
        first = await agent.run("Go")
        result = await agent.run("And?", history=first.messages)
    else:
        for question in ("Go", "And?"):  # as a program that is started again for each
            home = engine(f"sqlite:///{tmp_path}/runs.db")
            result = await Session(home, "ada").run(agent, question)
            home.close()
    assert max(sent) < 100_000
    found = [message.results[0] for message in result.messages if hasattr(message, "results")]
    assert "NEEDLE here" in found[-1].text
    assert (found[-1].labels, found[-1].origin, len(found[0].text)) == (found[0].labels, "dump", len(LONG))


async def test_what_is_too_long_to_be_kept_says_that_it_has_to_be_called_again() -> None:
    @tool.read
    def read() -> str:
        """Read."""
        return "z" * (LONGEST_KEPT + 1)

    result = await Agent(ScriptedModel(Reply(calls=(call("read"),)), "One."), tools=[read]).run("Go")
    (cut,) = [message.results[0] for message in result.messages if hasattr(message, "results")]
    assert (len(cut.text) < 20_000, "read on with" in cut.text, "call the tool again" in cut.text) == (True, False, True)


async def test_a_reference_of_a_turn_that_did_not_end_is_never_that_of_another_result() -> None:
    @tool.write
    def mail(text: str) -> str:
        """Mail."""
        return "sent"

    @tool.read
    def other() -> str:
        """Dump something else."""
        return "z" * 300_000

    calls = [("dump", {}), ("mail", {"text": "hello"}), ("other", {}), ("more", {"reference": "r1"}), ("more", {"reference": "r2"})]
    model = ScriptedModel(*(Reply(calls=(call(name, **given),)) for name, given in calls), "Done.")
    clerk = Agent(model, tools=[dump, other, mail])
    waits = await clerk.run("Go")
    done = await clerk.run("Go on", history=waits.messages[:-1])
    told = [result.text for message in done.messages for result in getattr(message, "results", ())]
    assert told[-2] == "There is no 'r1'. Results that were cut: r2."
    assert told[-1].startswith("[r2, characters 0 to 16000 of 300000]")


async def test_pictures_stay_beside_a_long_text_and_a_tool_of_that_name_is_yours() -> None:
    picture = Image(data=b"\x89PNG\r\n\x1a\n123")

    @tool.read
    def look() -> Any:
        """Look."""
        return [LONG, picture]

    @tool.read
    def more(reference: str) -> str:
        """Give more."""
        return f"mine {reference}"

    look_at_it = Reply(calls=(call("look"),))
    model = ScriptedModel(look_at_it, look_at_it, Reply(calls=(call("more", reference="r1"),)), "Done.")
    result = await Agent(model, tools=[look, more]).run("Go")
    first, again, second = [message.results[0] for message in result.messages if hasattr(message, "results")]
    assert first.media == (picture,)
    assert ["characters are not shown ...]" in each.text for each in (first, again)] == [True, True]  # nothing here could read on in it
    assert second.text == "mine r1"
