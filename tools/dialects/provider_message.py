"""Read a provider's own message, whole or in pieces: chat completions and Anthropic messages, into the same events as text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from .json_calls import parse_json_arguments
from .native import read_native_calls
from .parsed_calls import Item
from .read_events import CallStarted, ReadCall, ReadEvent, ReasoningRead, TextRead
from .signatures import ToolSignatures


class _PartialCall:
    """A call whose arguments are still arriving."""

    __slots__ = ("id", "name", "pieces")

    def __init__(self) -> None:
        self.id = self.name = ""
        self.pieces: list[str] = []

    @property
    def arguments(self) -> str:
        """Return the arguments so far, as JSON text."""
        return "".join(self.pieces)


class ProviderMessage:
    """The calls of one message, in the order in which they began. Their pieces may arrive interleaved."""

    __slots__ = ("_by_index", "calls", "reasoning")

    def __init__(self) -> None:
        self.calls: list[_PartialCall] = []
        self.reasoning: list[str] = []
        self._by_index: dict[object, _PartialCall] = {}

    def feed(self, piece: object) -> Iterator[ReadEvent]:
        """Yield what is certain after this piece, a mapping or an object of a provider's library (with `model_dump`)."""
        data = _as_mapping(piece)
        for choice in _as_mappings(data.get("choices")):
            # With n > 1 the other choices are other replies.
            if not choice.get("index"):
                yield from self._add_message(_as_mapping(choice.get("delta") or choice.get("message")))
        kind = data.get("type")
        if kind == "content_block_start":
            yield from self._add_block(_as_mapping(data.get("content_block")), data.get("index"))
        elif kind == "content_block_delta":
            yield from self._add_block(_as_mapping(data.get("delta")), data.get("index"))
        elif "choices" not in data:
            yield from self._add_message(data)

    def read_calls(self, tools: ToolSignatures) -> list[Item]:
        """Return each call, or the problem with it."""
        items: list[Item] = []
        for item in read_native_calls(self.calls, tools):
            tool = tools.find(item.tool) if isinstance(item, ReadCall) else None
            items.append(parse_json_arguments(tool, item.arguments, item.span) if tool and isinstance(item, ReadCall) else item)
        return items

    def _add_message(self, message: Mapping[str, object]) -> Iterator[ReadEvent]:
        # DeepSeek and vLLM say reasoning_content, OpenRouter and Ollama reasoning.
        thought = message.get("reasoning_content") or message.get("reasoning")
        if isinstance(thought, str):
            yield from self._add_reasoning(thought)
        content = message.get("content")
        if content and isinstance(content, str):
            yield TextRead(content)
        # Content in parts: Anthropic's blocks, and those of the Responses API.
        for position, block in enumerate(_as_mappings(content)):
            yield from self._add_block(block, ("block", position))
        for call in _as_mappings(message.get("tool_calls")):
            yield from self._add_call_piece(call.get("index"), call.get("id"), _as_mapping(call.get("function")))
        # The API of 2023, which some servers still speak.
        if legacy := _as_mapping(message.get("function_call")):
            yield from self._add_call_piece("function_call", None, legacy)

    def _add_block(self, block: Mapping[str, object], index: object) -> Iterator[ReadEvent]:
        match block.get("type"):
            case "text" | "text_delta" | "output_text":
                if text := block.get("text"):
                    yield TextRead(str(text))
            case "thinking" | "thinking_delta":
                yield from self._add_reasoning(str(block.get("thinking") or ""))
            case "tool_use":
                yield from self._add_call_piece(index, block.get("id"), {"name": block.get("name"), "arguments": block.get("input") or ""})
            case "input_json_delta":
                yield from self._add_call_piece(index, None, {"arguments": block.get("partial_json")})

    def _add_reasoning(self, thought: str) -> Iterator[ReadEvent]:
        if thought:
            self.reasoning.append(thought)
            yield ReasoningRead(thought)

    def _add_call_piece(self, index: object, call_id: object, function: Mapping[str, object]) -> Iterator[ReadEvent]:
        name, arguments = function.get("name"), function.get("arguments")
        call = self._find_call(index, str(call_id or ""), bool(name))
        if name and not call.name:
            call.name = str(name)
            yield CallStarted(call.name)
        if arguments:
            call.pieces.append(arguments if isinstance(arguments, str) else json.dumps(arguments))

    def _find_call(self, index: object, call_id: str, named: bool) -> _PartialCall:
        """Return the call that a piece belongs to."""
        # Some endpoints send no index, and some send 0 with every call: there a new id begins a new call.
        last = self._by_index.get(index)
        begins_another = last is not None and ((call_id and last.id and call_id != last.id) or (index is None and named and not call_id))
        if last is None or begins_another:
            last = self._by_index[index] = _PartialCall()
            self.calls.append(last)
        last.id = last.id or call_id
        return last


def _as_mapping(value: object) -> Mapping[str, object]:
    if isinstance(value, Mapping):
        return value
    dump = getattr(value, "model_dump", None)
    dumped = dump() if callable(dump) else None
    return dumped if isinstance(dumped, Mapping) else {}


def _as_mappings(value: object) -> Iterable[Mapping[str, object]]:
    return [_as_mapping(each) for each in value] if isinstance(value, (list, tuple)) else ()
