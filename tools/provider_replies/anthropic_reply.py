"""Read Anthropic's messages: the events of a stream, a whole message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ..canonical import JsonObject
from ..dialects.lenient_json import parse_json
from .kept_fields import keep
from .reply_state import ProviderCall, ReplyState, as_mapping, as_mappings, name_finish

_EVENTS = ("message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop", "ping")
_DELTAS = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "thinking", "input_json_delta": "tool_use"}
_OWN_BLOCKS = ("tool_use", "redacted_thinking", "server_tool_use")
_BLOCKS = ("text", "thinking", *_OWN_BLOCKS)


class AnthropicReply:
    """Reads the events of a message."""

    __slots__ = ("_blocks", "_calls", "_inputs", "_state")

    protocol: ClassVar[str] = "anthropic"

    def __init__(self, state: ReplyState) -> None:
        self._state = state
        self._blocks: dict[object, JsonObject] = {}
        self._calls: dict[object, ProviderCall] = {}
        self._inputs: dict[object, str] = {}  # of tools that the provider runs itself

    @staticmethod
    def reads(piece: Mapping[str, object]) -> bool:
        """Tell whether this is an event, a block, or a message with blocks of Anthropic's own."""
        if piece.get("type") in _EVENTS or piece.get("type") in _BLOCKS or "stop_reason" in piece:
            return True
        if piece.get("type") == "message" and piece.get("role") == "assistant":
            return True
        return any(map(_is_own_block, as_mappings(piece.get("content"))))

    @property
    def kept(self) -> JsonObject:
        """Return the blocks of the message as they came (`content`), thinking with its signatures among them."""
        inputs = self._inputs | {index: call.arguments for index, call in self._calls.items()}
        for index, written in inputs.items():
            given = self._blocks[index].get("input")
            if not (given and isinstance(given, Mapping)):
                self._blocks[index]["input"] = _parse_input(written)
        return {"content": list(self._blocks.values())} if self._blocks else {}

    def feed(self, piece: Mapping[str, object]) -> None:
        """Read a piece."""
        state, index = self._state, piece.get("index")
        if not isinstance(index, int):  # some servers leave it out: then it is about the next block, or the last one
            index = len(self._blocks) - (piece.get("type") != "content_block_start")
        match piece.get("type"):
            case "message_start":
                self._read_message(as_mapping(piece.get("message")))
            case "content_block_start":
                self._begin_block(index, as_mapping(piece.get("content_block")))
            case "content_block_delta":
                self._add_to_block(index, as_mapping(piece.get("delta")))
            case "message_delta":
                state.add_usage(piece.get("usage"))
                state.finish = name_finish(as_mapping(piece.get("delta")).get("stop_reason")) or state.finish
            case "content_block_stop" | "message_stop" | "ping":
                pass
            case str(kind) if kind in _BLOCKS:
                self._begin_block(len(self._blocks), piece)
            case _:
                self._read_message(piece)
        state.announce(ended=bool(state.finish))

    def _read_message(self, message: Mapping[str, object]) -> None:
        self._state.understood = True
        self._state.add_usage(message.get("usage"))
        for position, block in enumerate(as_mappings(message.get("content"))):
            self._begin_block(position, block)
        self._state.add_text(message.get("content"))
        self._state.finish = name_finish(message.get("stop_reason")) or self._state.finish

    def _begin_block(self, index: object, block: Mapping[str, object]) -> None:
        self._state.understood = True
        self._blocks[index] = dict(block)
        match block.get("type"):
            case "text":
                self._state.add_text(block.get("text"))
            case "thinking":
                self._state.add_reasoning(block.get("thinking"))
            case "tool_use":
                # {} stands where the input will be.
                self._calls[index] = self._state.begin_call(block.get("id"), block.get("name"), block.get("input") or None)

    def _add_to_block(self, index: object, delta: Mapping[str, object]) -> None:
        self._state.understood = True
        block = self._blocks.setdefault(index, {})
        if "type" not in block and (kind := _DELTAS.get(str(delta.get("type")))):  # some servers do not begin their blocks
            block["type"] = kind
        match delta.get("type"):
            case "text_delta":
                self._state.add_text(delta.get("text"))
            case "thinking_delta":
                self._state.add_reasoning(delta.get("thinking"))
            case "input_json_delta":
                self._add_input(index, block, delta.get("partial_json"))
                return
            case "citations_delta":
                keep(block, "citations", [delta.get("citation")])
                return
        for key, value in delta.items():
            if key != "type":
                keep(block, key, value)

    def _add_input(self, index: object, block: JsonObject, piece: object) -> None:
        if block.get("type", "tool_use") != "tool_use":
            self._inputs[index] = self._inputs.get(index, "") + str(piece or "")
            return
        if index not in self._calls:  # its beginning was lost
            self._calls[index] = self._state.begin_call("", "")
        self._calls[index].add_arguments(piece)


def _is_own_block(block: Mapping[str, object]) -> bool:
    return block.get("type") in _OWN_BLOCKS or (block.get("type") == "thinking" and isinstance(block.get("thinking"), str))


def _parse_input(arguments: str) -> object:
    try:
        value, _ = parse_json(arguments.strip() or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, Mapping) else {}
