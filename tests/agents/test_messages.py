"""Messages as values: kept as JSON between two requests, exchanged with OpenAI's lists, with images, audio and files in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sayso import Agent, Audio, File, Image, ScriptedModel, engine, tool
from sayso.agents import AssistantMessage, Message, ProviderData, Reply, SystemMessage, ToolMessage, UserMessage, call, messages
from sayso.agents.models.model import ModelRequest
from sayso.tools import Labels, Outcome, Secrecy, ToolCall, ToolResult, Trust
from sayso.tools.errors import UsageError

PNG = b"\x89PNG\r\n\x1a\n" + bytes(4)


@tool.read(trust="tool", secrecy="public")
def photo(name: str) -> list[object]:
    """Return a photo."""
    return ["One:", Image(data=PNG, name=f"{name}.png"), {"size": 3}]


def conversation() -> tuple[Message, ...]:
    """A conversation with one of everything in it."""
    data = ProviderData("responses api.openai.com", {"items": [{"type": "reasoning", "encrypted_content": "gAAA"}]})
    return (
        SystemMessage("Be brief."),
        UserMessage("What is on it?", parts=("What is on it?", Image(url="https://example.org/a.png")), said=("What is on it?",)),
        UserMessage("You said nothing.", by_program=True, labels=Labels(private=True)),
        AssistantMessage(
            "Let me look.",
            (ToolCall("0.0", "photo", {"name": "bun", "deep": [1, None]}, (3, 9), ("repaired",)),),
            True,
            "Hm.",
            Labels(untrusted=True),
            "tool_calls",
            data,
        ),
        ToolMessage(
            (
                ToolResult("0.0", ["One:", Image(data=PNG)], Outcome.DONE, "photo", None, Secrecy.PRIVATE),
                ToolResult("0.1", {"media": "image", "data": "no image"}, Outcome.FAILED, "photo", Trust.UNTRUSTED),
                ToolResult("0.2", Image(data=PNG)),
            ),
            native=True,
        ),
        AssistantMessage("A bun.", finish="stop"),
    )


def test_messages_go_through_json_and_come_back_the_same() -> None:
    before = conversation()
    text = json.dumps(messages.to_json(before))
    assert messages.from_json(text) == messages.from_json(text.encode()) == messages.from_json(json.loads(text)) == before


async def test_a_conversation_goes_on_after_it_was_kept_as_json() -> None:
    seen: list[list[str]] = []

    def look(request: ModelRequest) -> str:
        seen.append([message.text for message in request.messages if not isinstance(message, ToolMessage)])
        return "Again."

    agent = Agent(ScriptedModel(Reply(calls=(call("photo", name="bun"),)), "A bun.", look), tools=[photo])
    first = await agent.run("What is on it?")
    kept = json.dumps(messages.to_json(first.messages))
    second = await agent.run("And now?", history=messages.from_json(kept))
    assert (second.output, second.messages[:4], seen) == ("Again.", first.messages, [["What is on it?", "", "A bun.", "And now?"]])


NO_MESSAGES: dict[str, tuple[Any, str]] = {
    "not JSON": ("[", "not JSON"),
    "a newer version": (
        {"format": "sayso.messages", "version": 2, "messages": []},
        "version 2, and this version of Sayso reads up to version 1",
    ),
    "no version": ({"format": "sayso.messages", "messages": []}, "version None"),
    "OpenAI's list": ([{"role": "user", "content": "Hi"}], r"messages\.from_openai"),
    "something else": ({"a": 1}, r"not made by messages\.to_json"),
    "no list": ({"format": "sayso.messages", "version": 1, "messages": "Hi"}, "without a list"),
    "a role of another kind": ([{"role": "critic", "text": "Hi"}], "Message 1 is not a message"),
    "a field too many": ([{"role": "user", "text": "Hi", "age": 3}], "Message 1 has a field 'age'"),
    "no text": ([{"role": "user"}], "Message 1 has no 'text'"),
    "a number for text": ([{"role": "user", "text": 3}], "Message 1 cannot be read: its 'text' is '3'"),
    "a label that is none": ([{"role": "user", "text": "Hi", "labels": ["trusted"]}], "its 'labels' is"),
    "an outcome that is none": (
        [
            {
                "role": "tool",
                "results": [{"call_id": "0.0", "content": "", "outcome": "fine", "origin": "", "trust": None, "secrecy": "public"}],
            }
        ],
        "its 'results' is",
    ),
    "an image without data": ([{"role": "user", "text": "", "parts": [{"media": "image"}]}], "its 'parts' is"),
    "media of another kind": ([{"role": "user", "text": "", "parts": [{"media": "smell", "url": "https://a.b"}]}], "its 'parts' is"),
}


@pytest.mark.parametrize(("stored", "words"), NO_MESSAGES.values(), ids=NO_MESSAGES)
def test_json_that_holds_no_messages_is_refused_by_what_is_wrong(stored: Any, words: str) -> None:
    is_rows = isinstance(stored, list) and "openai" not in words
    with pytest.raises(UsageError, match=words):
        messages.from_json({"format": "sayso.messages", "version": 1, "messages": stored} if is_rows else stored)


NO_HISTORY: dict[str, tuple[Any, str]] = {
    "lists out of JSON": ([["Hi", False, False, None, None]], r"messages\.from_json"),
    "dicts out of OpenAI's list": ([{"role": "user", "content": "Hi"}], r"messages\.from_openai"),
    "a text": ("Hi", "is not a message"),
    "nothing among them": ([None], "None is not a message"),
    "the result itself": (3, "is not a message"),
}


@pytest.mark.parametrize(("history", "words"), NO_HISTORY.values(), ids=NO_HISTORY)
async def test_a_history_of_something_else_is_refused_with_the_way_to_make_one(history: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        await Agent(ScriptedModel("Hi.")).run("Hi", history=history)


OPENAI = [
    {"role": "developer", "content": "Be brief."},
    {
        "role": "user",
        "content": [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": "https://a.b/c.png"}}],
    },
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "photo", "arguments": '{"name": "bun"}'}},
            {"id": "b", "type": "function", "function": {"name": "photo", "arguments": ""}},
        ],
    },
    {"role": "tool", "tool_call_id": "b", "content": "second"},
    {"role": "tool", "tool_call_id": "a", "content": [{"type": "text", "text": "first"}]},
    {"role": "assistant", "content": "A bun."},
]


def test_a_list_of_openai_is_read() -> None:
    unknown = Labels(private=True, unvouched=True)
    calls = (ToolCall("0.0", "photo", {"name": "bun"}, notes=("id a",)), ToolCall("0.1", "photo", {}, notes=("id b",)))
    results = [
        ToolResult(f"0.{at}", text, origin="photo", trust=None, secrecy=Secrecy.PRIVATE) for at, text in ((1, "second"), (0, "first"))
    ]
    assert messages.from_openai(OPENAI) == (
        SystemMessage("Be brief."),
        UserMessage("What is it?", parts=("What is it?", Image(url="https://a.b/c.png"))),
        AssistantMessage("", calls, True, labels=unknown),
        ToolMessage(tuple(results), native=True, labels=unknown),
        AssistantMessage("A bun.", labels=unknown),
    )


def test_a_plain_chat_goes_to_openai_and_back() -> None:
    chat = (SystemMessage("Be brief."), UserMessage("Hi"), AssistantMessage("Hello."))
    rows = messages.to_openai(chat)
    assert [(row["role"], row["content"]) for row in rows] == [("system", "Be brief."), ("user", "Hi"), ("assistant", "Hello.")]
    assert messages.from_openai(rows) == chat


NOT_OPENAI: dict[str, tuple[Any, str]] = {
    "one message": ({"role": "user", "content": "Hi"}, "takes a list"),
    "no role": ([{"content": "Hi"}], "Message 1 has no role"),
    "a role of nobody": ([{"role": "critic", "content": "Hi"}], "no role 'critic'"),
    "a result of nothing": ([{"role": "tool", "tool_call_id": "x", "content": "Hi"}], "no call before it has the id 'x'"),
    "arguments that are not JSON": (
        [{"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "photo", "arguments": "{name"}}]}],
        "arguments of its call of photo are not JSON",
    ),
    "a part of another kind": ([{"role": "user", "content": [{"type": "video_url"}]}], "a part of type 'video_url'"),
    "no content": ([{"role": "user", "content": None}], "it has no content"),
}


@pytest.mark.parametrize(("rows", "words"), NOT_OPENAI.values(), ids=NOT_OPENAI)
def test_what_is_none_of_openais_messages_is_named(rows: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        messages.from_openai(rows)


# ---- media ----


async def test_a_question_and_a_result_hold_images_and_survive_a_restart(tmp_path: Path) -> None:
    asked = ["What is on it?", Image(url="https://example.org/a.png")]
    model = ScriptedModel(Reply(calls=(call("photo", name="bun"),)), "A bun.")
    result = await Agent(model, tools=[photo]).run(asked, engine=engine(f"sqlite:///{tmp_path}/runs.db"))
    user, _, results, _ = result.messages
    assert isinstance(user, UserMessage)
    assert isinstance(results, ToolMessage)
    assert (user.text, user.parts) == ("What is on it?", tuple(asked))
    assert results.results[0].content == ["One:", Image(data=PNG, name="bun.png"), {"size": 3}]
    assert (results.results[0].text, results.results[0].media) == ('One:\n[image bun.png]\n{"size": 3}', (Image(data=PNG, name="bun.png"),))


def test_the_type_of_media_is_found() -> None:
    found = [
        Image(data=PNG),
        Image(data=b"\xff\xd8\xff\xe0"),
        Image(data=b"RIFF\x00\x00\x00\x00WEBPVP8 "),
        Image(url="https://example.org/a.webp?size=3"),
        Image(url="data:image/gif;base64,R0lGODlh"),
        Image(url="https://example.org/a"),
        Audio(data=b"RIFF\x00\x00\x00\x00WAVEfmt "),
        Audio(data=b"abc", media_type="audio/mp3"),
        File(data=b"%PDF-1.7"),
        File(data=b"abc", name="notes.txt"),
        File(data=b"abc"),
    ]
    assert [each.media_type for each in found] == [
        "image/png",
        "image/jpeg",
        "image/webp",
        "image/webp",
        "image/gif",
        "",
        "audio/wav",
        "audio/mpeg",
        "application/pdf",
        "text/plain",
        "",
    ]


NO_MEDIA = {
    "nothing": (lambda: Image(), "url= or data="),
    "both": (lambda: Image(url="https://a.b", data=PNG), "not both"),
    "a path": (lambda: Image("menu.png"), r"Image\.from_path"),
    "no such file": (lambda: Image.from_path("/nowhere/menu.png"), "No such file"),
    "a PDF as an image": (lambda: Image(data=b"%PDF-1.7"), "application/pdf, and Image takes image/"),
    "bytes of no known type": (lambda: Image(data=b"abc"), "of an unknown type"),
    "text that is not base64": (lambda: Image(data="no base64!"), "not base64"),
    "a script as an address": (lambda: Image(url="javascript:alert(1)"), "not an address of the web"),
    "a file as an address": (lambda: Image(url="file:///etc/passwd"), "not an address of the web"),
}


@pytest.mark.parametrize(("make", "words"), NO_MEDIA.values(), ids=NO_MEDIA)
def test_what_is_no_image_is_refused(make: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        make()


async def test_an_image_deep_in_a_result_goes_beside_it_and_its_place_says_so() -> None:
    @tool.read
    def album() -> dict[str, object]:
        """Return an album."""
        return {"photos": [Image(data=PNG)]}

    result = await Agent(ScriptedModel(Reply(calls=(call("album"),)), "Fine."), tools=[album]).run("Show me")
    assert result.messages[2].results[0].content == [{"photos": ["[image image/png]"]}, Image(data=PNG)]
