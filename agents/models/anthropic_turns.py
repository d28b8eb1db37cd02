"""A transcript as Anthropic's Messages API takes it: turns of content blocks, each call answered in the message after it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sayso.tools import File, Image
from sayso.tools.canonical import JsonObject
from sayso.tools.errors import UsageError
from sayso.tools.media import Part

from .turns import NOTHING, AssistantTurn, SentResult, Turns, UserTurn, fit_name, is_same_text, mend_text

THINKING = ("thinking", "redacted_thinking")
OFFICIAL = "anthropic api.anthropic.com"


def build_messages(made: Turns, provider: str, *, keeps_thinking: bool = True) -> list[JsonObject]:
    """Return the messages of user and assistant by turns.

    A reply of this provider goes back as the blocks that it came in; one of another is built anew from text and calls.
    """
    marked = [position for position, turn in enumerate(made.turns) if _read_kept(turn, provider).get("without_thinking")]
    first = len(made.turns) if not keeps_thinking else marked[-1] if marked else 0
    building = _Messages(provider)
    for position, turn in enumerate(made.turns):
        building.add(turn, keeps_thinking=position >= first)
    sent = building.messages
    if not sent:
        building.add(UserTurn(NOTHING), keeps_thinking=False)
    elif sent[-1]["role"] == "assistant":
        _strip_end(sent[-1]["content"])
    mended = mend_text(sent)
    assert isinstance(mended, list)
    return mended


def _read_kept(turn: UserTurn | AssistantTurn, provider: str) -> Mapping[str, object]:
    kept = turn.provider_data if isinstance(turn, AssistantTurn) else None
    return kept.data if kept is not None and kept.provider == provider else {}


@dataclass(slots=True)
class _Messages:
    """The messages so far, and the ids of their calls."""

    provider: str
    messages: list[JsonObject] = field(default_factory=list)
    _ids: set[str] = field(default_factory=set)

    def add(self, turn: UserTurn | AssistantTurn, *, keeps_thinking: bool) -> None:
        """Add a turn; the results of its calls are a message of the user's."""
        if isinstance(turn, UserTurn):
            self._add_blocks("user", [build_part(part) for part in turn.parts or (turn.text,)])
            return
        blocks = self._restore(turn, keeps_thinking=keeps_thinking)
        if blocks is None:
            blocks = [_text(turn.text)] if turn.text.strip() else []
            blocks += [{"type": "tool_use", "id": call.id, "name": call.name, "input": json.loads(call.arguments)} for call in turn.calls]
        uses = [block for block in blocks if block["type"] == "tool_use"]
        for call, block in zip(turn.calls, uses, strict=True):
            block["id"] = self._choose_id(block["id"], call.id)
        self._add_blocks("assistant", blocks)
        self._add_blocks("user", [_build_result(block["id"], result) for block, result in zip(uses, turn.results, strict=True)])

    def _add_blocks(self, role: str, blocks: Iterable[JsonObject]) -> None:
        """Add blocks to the last message, if it is of that role; else begin one."""
        if self.messages and self.messages[-1]["role"] == role:
            self.messages[-1]["content"] += blocks
        elif added := list(blocks):
            self.messages.append({"role": role, "content": added})

    def _restore(self, turn: AssistantTurn, *, keeps_thinking: bool) -> list[JsonObject] | None:
        """Return the blocks in which the reply came; None if they are not this provider's, or do not say what the turn says."""
        kept = _read_kept(turn, self.provider).get("content")
        if not isinstance(kept, list):
            return None
        blocks = [dict(block) for block in kept if isinstance(block, Mapping) and self._goes_back(block, keeps_thinking)]
        for block in blocks:
            if block["type"] == "tool_use":
                block["name"] = fit_name(str(block.get("name")))
                block["input"] = block["input"] if isinstance(block.get("input"), Mapping) else {}
        has_calls = sum(block["type"] == "tool_use" for block in blocks) == len(turn.calls)
        said = "".join(str(block["text"]) for block in blocks if block["type"] == "text")
        return blocks if has_calls and is_same_text(said, turn.text) else None

    def _goes_back(self, block: Mapping[str, object], keeps_thinking: bool) -> bool:
        kind = block.get("type")
        if kind == "text":
            return bool(str(block.get("text") or "").strip())
        if kind not in THINKING:
            return isinstance(kind, str)
        is_signed = bool(block.get("signature") or block.get("data")) or self.provider != OFFICIAL  # others think without signing
        return is_signed and keeps_thinking

    def _choose_id(self, kept: object, by_position: str) -> str:
        """Return the id that came with a call, if it is one, and the only one in the request; else that by its position."""
        wire_id = kept if isinstance(kept, str) and re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", kept) else by_position
        while wire_id in self._ids:
            wire_id = by_position if by_position not in self._ids else f"{wire_id}_"
        self._ids.add(wire_id)
        return wire_id


def _build_result(wire_id: str, result: SentResult) -> JsonObject:
    failed = {"is_error": True} if result.is_error else {}
    media = [build_part(part) for part in result.media]
    return {"type": "tool_result", "tool_use_id": wire_id, "content": [_text(result.text), *media] if media else result.text, **failed}


def build_part(part: Part) -> JsonObject:
    """Return a part of a message or of a result as a block. Raises UsageError for media that Anthropic's API does not take."""
    match part:
        case str():
            return _text(part)
        case Image() | File(media_type="application/pdf" | ""):
            kind = "image" if isinstance(part, Image) else "document"
            by_data = {"type": "base64", "media_type": part.media_type, "data": part.data}
            return {"type": kind, "source": {"type": "url", "url": part.url} if part.url else by_data}
        case File(media_type=media_type, url="") if media_type.startswith("text/"):
            return {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": part.bytes.decode(errors="replace")}}
    raise UsageError(f"{part} cannot be sent to Anthropic's API: it takes images, PDFs and files of plain text.")


def _text(text: str) -> JsonObject:
    return {"type": "text", "text": text}


def _strip_end(blocks: list[JsonObject]) -> None:
    """Take white space off the end of a last turn of the assistant: the provider refuses it there."""
    if blocks and blocks[-1]["type"] == "text":
        blocks[-1] = {**blocks[-1], "text": blocks[-1]["text"].rstrip()}


def has_unthought_calls(messages: Sequence[JsonObject]) -> bool:
    """Tell whether the calls that the last message answers came without thinking: a model with a thinking budget then must not think."""
    for message in reversed(messages):
        kinds = [block["type"] for block in message["content"]]
        if message["role"] == "user" and "tool_result" not in kinds:
            return False
        if message["role"] == "assistant" and kinds[0] not in THINKING:
            return True
    return False
