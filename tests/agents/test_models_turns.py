"""Histories as programs hand them over, and the turns that every provider takes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.agents.messages import AssistantMessage, Message, ProviderData, SystemMessage, ToolMessage, UserMessage
from sayso.agents.models.chat_request import build_messages
from sayso.agents.models.turns import (
    BEGUN_EARLIER,
    NO_RESULT,
    NOTHING,
    AssistantTurn,
    SentCall,
    SentResult,
    UserTurn,
    fit_name,
    make_turns,
    mend_text,
)
from sayso.tools import Audio, File, Image, ToolCall, ToolResult
from sayso.tools.errors import UsageError
from sayso.tools.media import Media

FIND, BUY = ToolCall("0.0", "find", {"item": "bun"}), ToolCall("0.1", "buy", {})
ASKS = UserMessage("One bun.")
BOTH = AssistantMessage("", (FIND, BUY), native=True)
FOUND, BOUGHT = ToolResult("0.0", "two shops"), ToolResult("0.1", "done")
PNG = b"\x89PNG\r\n\x1a\n"
PICTURE = Image(data=PNG)
GIVEN = UserTurn("One bun.")
DONE = AssistantMessage("Here you are.")
SENT = (SentCall("call00000", "find", '{"item": "bun"}'), SentCall("call00001", "buy", "{}"))


def both(first: str = "two shops", second: str = "done") -> AssistantTurn:
    return AssistantTurn(
        "", SENT, tuple(SentResult(call.id, text, text == NO_RESULT) for call, text in zip(SENT, (first, second), strict=True))
    )


def results(*of: ToolResult) -> ToolMessage:
    return ToolMessage(of, native=True)


HISTORIES: dict[str, tuple[list[Message], list[UserTurn | AssistantTurn]]] = {
    "as it should be": ([ASKS, BOTH, results(FOUND, BOUGHT), DONE], [GIVEN, both(), AssistantTurn("Here you are.")]),
    "results in another order": ([ASKS, BOTH, results(BOUGHT, FOUND)], [GIVEN, both()]),
    "results in two messages": ([ASKS, BOTH, results(BOUGHT), results(FOUND)], [GIVEN, both()]),
    "one result of two is missing": ([ASKS, BOTH, results(FOUND), DONE], [GIVEN, both(second=NO_RESULT), AssistantTurn("Here you are.")]),
    "cut before the results": ([ASKS, BOTH], [GIVEN, both(NO_RESULT, NO_RESULT)]),
    "cut before the results, and gone on": (
        [ASKS, BOTH, UserMessage("And?")],
        [GIVEN, both(NO_RESULT, NO_RESULT), UserTurn("And?")],
    ),
    "the user spoke before the results came": (
        [ASKS, BOTH, UserMessage("And?"), results(FOUND, BOUGHT)],
        [GIVEN, both(), UserTurn("And?")],
    ),
    "results that the model's next word came before": (
        [ASKS, BOTH, DONE, results(FOUND)],
        [GIVEN, both(NO_RESULT, NO_RESULT), AssistantTurn("Here you are."), UserTurn("[result of find]\ntwo shops\n[end of result]")],
    ),
    "cut between call and result": (
        [results(FOUND), DONE],
        [UserTurn("[result of the call]\ntwo shops\n[end of result]"), AssistantTurn("Here you are.")],
    ),
    "one result too many": (
        [ASKS, BOTH, results(FOUND, BOUGHT, ToolResult("7.7", "?"))],
        [GIVEN, both(), UserTurn("[result of the call]\n?\n[end of result]")],
    ),
    "a result twice": (
        [ASKS, BOTH, results(FOUND, BOUGHT), results(FOUND)],
        [GIVEN, both(), UserTurn("[result of find]\ntwo shops\n[end of result]")],
    ),
    "results that are shown as text": ([ASKS, BOTH, ToolMessage((FOUND, BOUGHT), shown="two shops; done")], [GIVEN, both()]),
    "no results in the results": ([ASKS, results(), DONE], [GIVEN, AssistantTurn("Here you are.")]),
    "cut so that the model begins": ([DONE, ASKS], [UserTurn(BEGUN_EARLIER), AssistantTurn("Here you are."), GIVEN]),
    "nobody says anything": ([], []),
    "an empty turn of the model": ([ASKS, AssistantMessage(" \n"), UserMessage("And?")], [UserTurn("One bun.\n\nAnd?")]),
    "an empty turn with something of the provider's": ([ASKS, AssistantMessage("", provider_data=ProviderData("chat h", {}))], [GIVEN]),
    "an empty question": ([UserMessage("")], [UserTurn(NOTHING)]),
    "an empty result": ([ASKS, BOTH, results(ToolResult("0.0", ""), BOUGHT)], [GIVEN, both(first=NOTHING)]),
    "the user speaks twice": ([ASKS, UserMessage("And milk.")], [UserTurn("One bun.\n\nAnd milk.")]),
    "the model speaks twice": ([ASKS, DONE, AssistantMessage("And milk?")], [GIVEN, AssistantTurn("Here you are.\n\nAnd milk?")]),
    "calls written in text": (
        [ASKS, AssistantMessage("find(bun)", (FIND,)), ToolMessage((FOUND,), shown="result: two shops")],
        [GIVEN, AssistantTurn("find(bun)"), UserTurn("result: two shops")],
    ),
}


@pytest.mark.parametrize(("messages", "turns"), HISTORIES.values(), ids=HISTORIES)
def test_a_history_becomes_turns_that_providers_take(messages: list[Message], turns: list[UserTurn | AssistantTurn]) -> None:
    assert list(make_turns(messages).turns) == turns


def test_instructions_are_one_text_wherever_they_stand() -> None:
    assert (
        make_turns([SystemMessage("Be kind."), ASKS, SystemMessage(" "), SystemMessage("Be brief.")]).instructions
        == "Be kind.\n\nBe brief."
    )


def test_ids_of_two_runs_are_told_apart_and_stay_the_same_in_the_next_request() -> None:
    run: list[Message] = [ASKS, BOTH, results(FOUND, BOUGHT), DONE]
    first, second = make_turns(run).turns, make_turns([*run, *run]).turns
    assert second[: len(first)] == first
    assert [call.id for turn in second if isinstance(turn, AssistantTurn) for call in turn.calls] == [f"call0000{n}" for n in range(4)]


messages = st.lists(
    st.one_of(
        st.builds(SystemMessage, st.text(max_size=3)),
        st.builds(UserMessage, st.text(max_size=3), parts=st.sampled_from([(), ("",), ("Hi", PICTURE), (PICTURE,)])),
        st.builds(
            AssistantMessage,
            st.text(max_size=3),
            st.lists(st.builds(ToolCall, st.sampled_from(["0.0", "0.1"]), st.text(max_size=70), st.just({})), max_size=2).map(tuple),
            st.booleans(),
        ),
        st.builds(
            ToolMessage,
            st.lists(st.builds(ToolResult, st.sampled_from(["0.0", "0.1"]), st.text(max_size=3)), max_size=2).map(tuple),
            st.booleans(),
            st.text(max_size=3),
        ),
    ),
    max_size=8,
)


@given(messages)
def test_whatever_is_handed_over_the_turns_keep_the_rules(history: list[Message]) -> None:
    turns = make_turns(history).turns
    calls = [call for turn in turns if isinstance(turn, AssistantTurn) for call in turn.calls]
    assert len({call.id for call in calls}) == len(calls)
    assert all(re.fullmatch("[a-zA-Z0-9]{9}", call.id) and re.fullmatch("[a-zA-Z0-9_-]{1,64}", call.name) for call in calls)
    for before, turn in zip((None, *turns), turns, strict=False):
        if isinstance(turn, UserTurn):
            assert turn.text.strip() or turn.parts
            assert not isinstance(before, UserTurn)
        else:
            assert before is not None
            assert turn.text.strip() or turn.calls
            assert [result.id for result in turn.results] == [call.id for call in turn.calls]
            assert all(result.text.strip() for result in turn.results)


@pytest.mark.parametrize(
    ("name", "fits"), {"web.search": "web_search", "größe": "gr__e", "": "unknown", "a" * 70: "a" * 64, "ok-1_B": "ok-1_B"}.items()
)
def test_a_name_is_shown_back_in_letters_that_every_provider_takes(name: str, fits: str) -> None:
    assert fit_name(name) == fits


def test_halves_of_characters_are_replaced_wherever_they_stand() -> None:
    half = "a\ud83d"
    assert mend_text({"t": [half, {half: (half, 1, None)}], "whole": "\ud83d\ude00 ü"}) == {
        "t": ["a\ufffd", {"a\ufffd": ["a\ufffd", 1, None]}],
        "whole": "😀 ü",
    }


PIXEL = "data:image/png;base64,iVBORw0KGgo="


def test_media_go_to_chat_endpoints_as_parts_and_those_of_results_in_a_message_after_them() -> None:
    audio, file = Audio(data=b"abc", media_type="audio/mp3"), File(data=b"%PDF-1.7", name="a.pdf")
    asked = UserMessage("What?", parts=("What?", PICTURE, audio, file))
    calls = (ToolCall("0.0", "photo", {}), ToolCall("0.1", "photo", {}))
    results = (ToolResult("0.0", ["One:", Image(data=PNG, name="bun.png")]), ToolResult("0.1", "none"))
    told = build_messages(make_turns([asked, AssistantMessage("", calls, True), ToolMessage(results, True), UserMessage("Well?")]))
    assert [message["content"] for message in told] == [
        [
            {"type": "text", "text": "What?"},
            {"type": "image_url", "image_url": {"url": PIXEL}},
            {"type": "input_audio", "input_audio": {"data": "YWJj", "format": "mp3"}},
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0xLjc=", "filename": "a.pdf"}},
        ],
        None,
        "One:\n[image bun.png]",
        "none",
        [
            {"type": "text", "text": "The results above hold:"},
            {"type": "image_url", "image_url": {"url": PIXEL}},
            {"type": "text", "text": "Well?"},
        ],
    ]


def test_two_messages_of_the_user_are_one_with_all_their_parts() -> None:
    (message,) = build_messages(make_turns([UserMessage("", parts=(Image(url="https://a.b/c.png"),)), UserMessage("What is it?")]))
    assert message["content"] == [{"type": "image_url", "image_url": {"url": "https://a.b/c.png"}}, {"type": "text", "text": "What is it?"}]


@pytest.mark.parametrize("part", [Audio(url="https://a.b/c.mp3"), Audio(data=b"OggS"), File(url="https://a.b/c.pdf")], ids=str)
def test_media_that_a_chat_completion_does_not_take_are_refused_by_name(part: Media) -> None:
    with pytest.raises(UsageError, match=re.escape(str(part))):
        build_messages(make_turns([UserMessage("", parts=(part,))]))
