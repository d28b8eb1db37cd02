"""What a call of a server gives back, as a value: texts, images, audio, files, structured content. What is too long is cut, and said."""

from __future__ import annotations

from collections.abc import Sequence

import mcp_types as types

from ..canonical import prompt_text
from ..errors import ToolError
from ..media import Audio, File, Image, Media
from .errors import CallFailedThere

MOST_CHARACTERS = 100_000
MOST_MEDIA_CHARACTERS = 20_000_000
"""Of base64, all media of a result together."""


def read_result(result: types.CallToolResult, most_characters: int = MOST_CHARACTERS) -> object:
    """Return the value of a result: JSON where the server gives it structured and the text says no more, else its parts."""
    parts = [_read_block(block) for block in result.content]
    if not parts and result.structured_content is not None:
        parts = [prompt_text(result.structured_content)]
    texts = [part for part in parts if isinstance(part, str)]
    media = [part for part in parts if isinstance(part, Media)]
    text = cut("\n".join(texts), most_characters)
    kept, dropped = _keep_media(media)
    if dropped:
        text = f"{text}\n({dropped} of {len(media)} images or files were left out: too large.)".lstrip("\n")
    return [*([text] if text else []), *kept] if kept else text


def finish_call(result: types.CallToolResult, told: list[str], *, is_write: bool) -> object:
    """Return the value of a result, with what is told of questions.

    Raises ToolError where it says that it failed; a write is in doubt then.
    """
    value = read_result(result)
    if result.is_error:
        failed = "\n".join([f"The server says that it failed: {value or 'in no words'}", *told])
        raise CallFailedThere(failed) if is_write else ToolError(failed)
    if not told:
        return value
    return "\n".join([value, *told]) if isinstance(value, str) else [*(value if isinstance(value, list) else [value]), *told]


def cut(text: str, most_characters: int) -> str:
    """Return the text, cut where it is too long, with a line that says so."""
    if len(text) <= most_characters:
        return text
    left = f"\n(Cut here: {most_characters:,} of {len(text):,} characters are shown. Ask for less at a time, if the tool can.)"
    return text[:most_characters] + left


def _keep_media(media: Sequence[Media]) -> tuple[list[Media], int]:
    kept: list[Media] = []
    left = MOST_MEDIA_CHARACTERS
    for each in media:
        left -= len(each.data)
        if left < 0:
            break
        kept.append(each)
    return kept, len(media) - len(kept)


def _read_block(block: types.ContentBlock) -> str | Media:
    try:
        match block:
            case types.TextContent():
                return block.text
            case types.ImageContent():
                return Image(data=block.data, media_type=block.mime_type)
            case types.AudioContent():
                return Audio(data=block.data, media_type=block.mime_type)
            case types.ResourceLink():
                return f"{block.name}: {block.uri}{f' ({block.description})' if block.description else ''}"
            case types.EmbeddedResource(resource=types.TextResourceContents() as resource):
                return f"{resource.uri}\n{resource.text}"
            case types.EmbeddedResource(resource=types.BlobResourceContents() as resource):
                return File(data=resource.blob, media_type=resource.mime_type or "application/octet-stream", name=str(resource.uri))
    except Exception as error:  # noqa: BLE001  what a stranger's server sends as an image may be anything
        return f"(A part of the result cannot be read: {error})"
    return f"(A part of the result is of a kind that is not known here: {type(block).__name__})"
