"""A transcript as Anthropic's Messages API takes it: turns of content blocks, each call answered in the message after it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sayso.tools import ToolResult
from sayso.tools.calls import Outcome
from sayso.tools.canonical import JsonObject, to_jsonable

from ..messages import AssistantMessage, Message, SystemMessage, ToolMessage, UserMessage

THINKING = ("thinking", "redacted_thinking")
OFFICIAL = "anthropic api.anthropic.com"
FIRST = "(The conversation begins with a reply; what came before is not here.)"
UNANSWERED = "No result of this call was kept."
NO_TEXT = "(no text)"


def build_turns(messages: Sequence[Message], provider: str, *, keeps_thinking: bool = True) -> tuple[str, list[JsonObject]]:
    """Return the instructions, and the turns of user and assistant by turns, beginning with a user's.

    A reply of this provider goes back as the blocks that it came in; one of another is built anew from text and calls.
    """
    building = _Turns(provider, _find_first_with_thinking(messages, provider) if keeps_thinking else len(messages))
    for position, message in enumerate(messages):
        building.add(position, message)
    building.close_calls()
    turns = building.turns
    if turns and turns[0]["role"] == "assistant":
        turns.insert(0, {"role": "user", "content": [_text(FIRST)]})
    if not turns or (turns[-1]["role"] == "assistant" and not isinstance(messages[-1], AssistantMessage)):
        turns.append({"role": "user", "content": [_text(NO_TEXT)]})
    if turns[-1]["role"] == "assistant":
        _strip_end(turns[-1]["content"])
    return "\n\n".join(building.system), turns


def _find_first_with_thinking(messages: Sequence[Message], provider: str) -> int:
    """Return the position from which thinking goes back: a turn that was asked for without the thinking before it marks it as gone."""
    marked = [position for position, message in enumerate(messages) if _read_kept(message, provider).get("without_thinking")]
    return marked[-1] if marked else 0


def _read_kept(message: Message, provider: str) -> Mapping[str, object]:
    kept = message.provider_data if isinstance(message, AssistantMessage) else None
    return kept.data if kept is not None and kept.provider == provider else {}


@dataclass(slots=True)
class _Turns:
    """The turns so far. `waiting` has the ids of the last reply's calls, ours to those on the wire, while their results are to come."""

    provider: str
    first_with_thinking: int
    system: list[str] = field(default_factory=list)
    turns: list[JsonObject] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)
    called: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def add(self, position: int, message: Message) -> None:
        match message:
            case SystemMessage(text):
                self.system += [clean_text(text)] if text.strip() else []
            case UserMessage(text=text):
                self._add_blocks("user", [_text(text)] if text.strip() else [])
            case AssistantMessage():
                self.close_calls()
                self._add_reply(position, message)
            case ToolMessage(results, True):
                self._add_results(results)
            case ToolMessage(results, False, shown):
                self._add_blocks("user", [_text(shown or "\n\n".join(self._tell(result) for result in results) or NO_TEXT)])

    def close_calls(self) -> None:
        """Answer the calls whose results are missing: each must have one in the next message."""
        if self.waiting:
            missing = list(self.waiting.values())
            self.waiting = {}
            self._add_blocks("user", [_build_result(wire_id, UNANSWERED, is_error=True) for wire_id in missing])

    def _add_blocks(self, role: str, blocks: list[JsonObject]) -> None:
        """Add blocks to the last turn, if it is of that role; else begin a turn. Results stand first in a user's turn."""
        if not blocks:
            return
        if self.turns and self.turns[-1]["role"] == role:
            blocks = [*self.turns[-1]["content"], *blocks]
            self.turns[-1]["content"] = blocks if role == "assistant" else sorted(blocks, key=lambda block: block["type"] != "tool_result")
        else:
            self.turns.append({"role": role, "content": blocks})

    def _add_reply(self, position: int, message: AssistantMessage) -> None:
        calls = message.calls if message.native else ()
        blocks = self._restore(position, message, len(calls))
        if blocks is None:
            blocks = [_text(message.text)] if message.text.strip() else []
            blocks += [{"type": "tool_use", "id": "", "name": fit_name(call.tool), "input": _clean_json(call.arguments)} for call in calls]
        uses = [block for block in blocks if block["type"] == "tool_use"]
        for call, block in zip(calls, uses, strict=True):
            block["id"] = self._choose_id(block["id"])
            self.waiting[call.id], self.called[call.id] = block["id"], call.tool
        self._add_blocks("assistant", blocks)

    def _restore(self, position: int, message: AssistantMessage, calls: int) -> list[JsonObject] | None:
        """Return the blocks in which the reply came; None if they are not this provider's, or not one for each call."""
        kept = _read_kept(message, self.provider).get("content")
        if not isinstance(kept, list):
            return None
        blocks = [_clean_json(block) for block in kept if isinstance(block, Mapping) and self._goes_back(position, block)]
        for block in blocks:
            if block["type"] == "tool_use" and not isinstance(block.get("input"), Mapping):
                block["input"] = {}
        return blocks if sum(block["type"] == "tool_use" for block in blocks) == calls else None

    def _goes_back(self, position: int, block: Mapping[str, object]) -> bool:
        kind = block.get("type")
        if kind == "text":
            return bool(str(block.get("text") or "").strip())
        if kind not in THINKING:
            return isinstance(kind, str)
        is_signed = bool(block.get("signature") or block.get("data")) or self.provider != OFFICIAL  # others think without signing
        return is_signed and position >= self.first_with_thinking

    def _choose_id(self, kept: object) -> str:
        """Return the id that came with a call, if it is the only one of that id in the request; else its position."""
        number = len(self.taken)
        wire_id = kept if isinstance(kept, str) and re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", kept) else f"call_{number}"
        while wire_id in self.taken:
            number += 1
            wire_id = f"call_{number}"
        self.taken.add(wire_id)
        return wire_id

    def _add_results(self, results: Iterable[ToolResult]) -> None:
        blocks: list[JsonObject] = []
        for result in results:
            if (wire_id := self.waiting.pop(result.call_id, None)) is None:
                blocks.append(_text(self._tell(result)))
            else:
                blocks.append(_build_result(wire_id, result.text, is_error=result.outcome is not Outcome.DONE))
        self._add_blocks("user", blocks)

    def _tell(self, result: ToolResult) -> str:
        return f"[result of {self.called.get(result.call_id) or result.origin or 'a call'}]\n{result.text}\n[end of result]"


def _build_result(wire_id: str, text: str, *, is_error: bool) -> JsonObject:
    return {
        "type": "tool_result",
        "tool_use_id": wire_id,
        "content": clean_text(text) if text.strip() else NO_TEXT,
        **({"is_error": True} if is_error else {}),
    }


def _text(text: str) -> JsonObject:
    return {"type": "text", "text": clean_text(text)}


def _strip_end(blocks: list[JsonObject]) -> None:
    """Take white space off the end of a last turn of the assistant: the provider refuses it there."""
    if blocks and blocks[-1]["type"] == "text":
        blocks[-1] = {**blocks[-1], "text": blocks[-1]["text"].rstrip()}


def has_unthought_calls(turns: Sequence[JsonObject]) -> bool:
    """Tell whether the calls that the last turn answers came without thinking: a model with a thinking budget then must not think."""
    for turn in reversed(turns):
        kinds = [block["type"] for block in turn["content"]]
        if turn["role"] == "user" and "tool_result" not in kinds:
            return False
        if turn["role"] == "assistant" and kinds[0] not in THINKING:
            return True
    return False


def clean_text(text: str) -> str:
    """Return the text with a replacement character for each half of a surrogate pair, which no JSON parser takes."""
    if text.isascii():
        return text
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def _clean_json(value: object) -> JsonObject:
    """Return a copy of a JSON object, without half surrogates."""
    cleaned: JsonObject = json.loads(clean_text(json.dumps(to_jsonable(value), ensure_ascii=False)))
    return cleaned


def fit_name(name: str) -> str:
    """Return a tool's name as every provider takes it."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", name)[:64] or "unknown"
