"""Images, audio and files on the way to each kind of provider: sent in its own form, or refused by name before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from sayso import Agent
from sayso.agents import AssistantMessage, ToolMessage, UserMessage
from sayso.agents.models import anthropic_turns, chat_request, responses_request
from sayso.agents.models.turns import make_turns
from sayso.testing import ProviderServer, RefusedRequest
from sayso.tools import Audio, File, Image, ToolCall, ToolResult
from sayso.tools.canonical import JsonObject
from sayso.tools.errors import ModelError, UsageError
from sayso.tools.media import Media, Part

PICTURE = Image(data=b"\x89PNG\r\n\x1a\n", name="bun.png")
PIXEL = "data:image/png;base64,iVBORw0KGgo="
AWAY = Image(url="https://a.b/c.png")
MENU = File(data=b"%PDF-1.7", name="menu.pdf")
TRANSCRIPT = (
    UserMessage("What?", parts=("What?", AWAY, MENU)),
    AssistantMessage("", (ToolCall("0.0", "photo", {}),), native=True),
    ToolMessage((ToolResult("0.0", ["One:", PICTURE]),), native=True),
)


def test_openai_responses_take_media_also_in_the_output_of_a_call() -> None:
    items = responses_request.build_input(make_turns(TRANSCRIPT), "")
    assert items[0]["content"] == [
        {"type": "input_text", "text": "What?"},
        {"type": "input_image", "image_url": "https://a.b/c.png", "detail": "auto"},
        {"type": "input_file", "file_data": "data:application/pdf;base64,JVBERi0xLjc=", "filename": "menu.pdf"},
    ]
    assert items[-1]["output"] == [
        {"type": "input_text", "text": "One:\n[image bun.png]"},
        {"type": "input_image", "image_url": PIXEL, "detail": "auto"},
    ]


def test_anthropic_takes_media_also_in_a_result() -> None:
    asked, _, told = anthropic_turns.build_messages(make_turns(TRANSCRIPT), "")
    assert asked["content"] == [
        {"type": "text", "text": "What?"},
        {"type": "image", "source": {"type": "url", "url": "https://a.b/c.png"}},
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjc="}},
    ]
    assert told["content"][0]["content"] == [
        {"type": "text", "text": "One:\n[image bun.png]"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}},
    ]
    notes = File(data="Grüße".encode(), name="notes.txt")
    assert anthropic_turns.build_part(notes)["source"] == {"type": "text", "media_type": "text/plain", "data": "Grüße"}


def test_the_bridge_takes_media() -> None:
    from pydantic_ai.messages import BinaryContent, ImageUrl, ModelRequest, UserPromptPart

    from sayso.agents.models.bridge_messages import build_messages

    first, _, last = build_messages(make_turns(TRANSCRIPT).turns, "", "")
    assert isinstance(first, ModelRequest)
    assert isinstance(last, ModelRequest)
    sent = [part.content for part in (*first.parts, *last.parts) if isinstance(part, UserPromptPart)]
    picture = BinaryContent(PICTURE.bytes, media_type="image/png")
    assert sent == [
        ["What?", ImageUrl("https://a.b/c.png", media_type="image/png"), BinaryContent(b"%PDF-1.7", media_type="application/pdf")],
        ["The results above hold:", picture],
    ]


SOUND = Audio(data=b"OggS")
REFUSED: dict[str, tuple[Callable[[Part], JsonObject], Media]] = {
    "chat, Ogg": (chat_request.build_part, SOUND),
    "chat, audio by URL": (chat_request.build_part, Audio(url="https://a.b/c.mp3")),
    "chat, a file by URL": (chat_request.build_part, File(url="https://a.b/c.pdf")),
    "Responses, audio": (responses_request.build_part, SOUND),
    "Anthropic, audio": (anthropic_turns.build_part, SOUND),
    "Anthropic, a table": (anthropic_turns.build_part, File(data=b"PK", name="menu.xlsx")),
}


@pytest.mark.parametrize(("build", "part"), REFUSED.values(), ids=REFUSED)
def test_what_a_protocol_does_not_take_is_refused_by_name(build: Callable[[Part], JsonObject], part: Media) -> None:
    with pytest.raises(UsageError, match=re.escape(str(part))):
        build(part)


NO_EYES = {
    "OpenAI": (400, "Invalid content type. image_url is only supported by certain models."),
    "OpenRouter": (404, "No endpoints found that support image input"),
    "vLLM": (400, "some-model is not a multimodal model"),
    "Groq": (400, "'messages.0.content' : one of the following must be satisfied: content must be a string"),
    "DeepSeek": (400, "Failed to deserialize the JSON body: messages[0]: unknown variant `image_url`, expected `text`"),
    "llama.cpp": (500, "image input is not supported - hint: you may need to provide the mmproj"),
    "Ollama": (400, "this model is missing data required for image input"),
}


@pytest.mark.parametrize(("status", "words"), NO_EYES.values(), ids=NO_EYES)
@pytest.mark.parametrize("provider", ["kimi", "openai-responses", "anthropic"])
async def test_an_image_for_a_model_without_eyes_is_refused_by_its_name(provider: str, status: int, words: str) -> None:
    with ProviderServer(provider, RefusedRequest(status, words), repeat=True) as server:
        with pytest.raises(ModelError, match=r"does not take \[image bun.png\] .* Ask another model, or leave it out"):
            await Agent(server.model()).run(["What is it?", PICTURE])
        assert len(server.requests) == 1
