"""Read chat completions, whole and in chunks, in the shades that servers speak; Ollama's own chunks are one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from ..canonical import JsonObject
from .kept_fields import keep
from .reply_state import CallCollector, ProviderCall, ReplyState, as_mapping, as_mappings, name_finish

# DeepSeek, Kimi and vLLM say reasoning_content, OpenRouter and Groq reasoning, Ollama thinking, Copilot reasoning_text.
_REASONING = ("reasoning_content", "reasoning", "thinking", "reasoning_text")
_UNDERSTOOD = frozenset(("role", "content", "refusal", "tool_calls", "function_call"))
_MESSAGE_KEYS = _UNDERSTOOD - {"role"} | set(_REASONING)
_ARGUMENTS = ("arguments", "parameters", "input", "args")
_OF_A_CALL = frozenset(("index", "id", "type", "function", "custom", "name", *_ARGUMENTS))
_COUNTS = ("prompt_eval_count", "eval_count")  # Ollama's


class ChatReply:
    """Reads the pieces of a chat completion."""

    __slots__ = ("_collector", "_message", "_state", "_streams")

    protocol: ClassVar[str] = "chat"

    def __init__(self, state: ReplyState) -> None:
        self._state, self._collector = state, CallCollector(state)
        self._message: JsonObject = {}
        self._streams = False

    @staticmethod
    def reads(piece: Mapping[str, object]) -> bool:
        """Tell whether this is a chat completion, a choice, message or call of one, or a piece of one."""
        if "choices" in piece:
            return True
        if isinstance(piece.get("message"), Mapping) or isinstance(piece.get("delta"), Mapping):
            return True
        if isinstance(piece.get("response"), str) and "done" in piece:
            return True
        if "arguments" in as_mapping(piece.get("function")):
            return True
        return piece.get("role") == "assistant" or not _MESSAGE_KEYS.isdisjoint(piece)

    @property
    def kept(self) -> JsonObject:
        """Return what came with the message (`message`) and with each call (`calls`) and is not understood."""
        kept: JsonObject = {"message": self._message} if self._message else {}
        calls = [call.kept for call in self._state.calls]
        return kept | {"calls": calls} if any(calls) else kept

    def feed(self, piece: Mapping[str, object]) -> None:
        """Read a piece."""
        if usage := piece.get("usage"):
            self._state.add_usage(usage)
        if "x_groq" in piece:
            self._state.add_usage(as_mapping(piece["x_groq"]).get("usage"))
        if "choices" in piece:
            for choice in as_mappings(piece["choices"]):
                # With n > 1 the other choices are other replies.
                if not choice.get("index"):
                    self._read_choice(choice)
        elif "message" in piece or "delta" in piece or "done" in piece:
            self._state.add_usage({key: piece[key] for key in _COUNTS if key in piece})
            self._read_choice(piece)
        else:
            self._read_message({"tool_calls": [piece]} if "function" in piece else piece)
            self._state.announce()

    def _read_choice(self, choice: Mapping[str, object]) -> None:
        state = self._state
        if delta := as_mapping(choice.get("delta")):
            self._streams = True
            self._read_message(delta)
        elif message := as_mapping(choice.get("message")):
            if not self._streams:  # some send the whole message once more with the last piece
                self._read_message(message)
        else:  # a completion without a chat: the older API, and Ollama's /api/generate
            state.add_reasoning(choice.get("thinking"))
            state.add_text(choice.get("text") or choice.get("response"))
        if usage := choice.get("usage"):
            state.add_usage(usage)
        state.error = state.error or choice.get("error")
        finish = choice.get("finish_reason") or choice.get("done_reason")
        ended = bool(finish or choice.get("done"))
        if ended:
            state.understood = True
            state.finish = name_finish(finish) or "stop"
        if state.calls:
            state.announce(ended=ended)

    def _read_message(self, message: Mapping[str, object]) -> None:
        state = self._state
        state.understood = True
        if not _UNDERSTOOD.issuperset(message):
            self._read_more(message)
        if content := message.get("content"):
            state.add_text(content)
            if isinstance(content, (list, tuple)):
                self._read_parts(as_mappings(content))
        if refusal := message.get("refusal"):
            state.add_text(refusal)
        named: list[ProviderCall] = []
        if calls := message.get("tool_calls"):
            for call in as_mappings([calls] if isinstance(calls, Mapping) else calls):
                self._add_call(call, named)
        # The API of 2023, which some servers still speak.
        if isinstance(legacy := message.get("function_call"), Mapping):
            self._add_call({"index": "function_call", "function": legacy}, named)

    def _read_more(self, message: Mapping[str, object]) -> None:
        """Read the fields that not every server sends: reasoning by any name, and what is only kept."""
        thought = next((text for key in _REASONING if isinstance(text := message.get(key), str) and text), "")
        self._state.add_reasoning(thought or "".join(_find_details(message.get("reasoning_details"))))
        for key, value in message.items():
            if key not in _UNDERSTOOD:
                keep(self._message, key, value)

    def _read_parts(self, parts: list[Mapping[str, object]]) -> None:
        for part in parts:
            self._read_part(part)
        if "content" in self._message or any(part.get("type") not in ("text", "output_text") for part in parts):
            keep(self._message, "content", parts)

    def _read_part(self, part: Mapping[str, object]) -> None:
        """Read a part of content: text, or thinking that is a text or a list of parts."""
        thinking, text = part.get("thinking"), part.get("text")
        if part.get("type") in ("thinking", "reasoning"):
            self._state.add_reasoning(thinking or text)
            for inner in as_mappings(thinking):
                self._state.add_reasoning(inner.get("text"))
        else:
            self._state.add_text(text)
            self._state.add_text(part.get("refusal"))

    def _add_call(self, piece: Mapping[str, object], named: list[ProviderCall]) -> None:
        form = "custom" if "custom" in piece else "function"
        function = as_mapping(piece.get(form)) or piece
        call_id, name = piece.get("id"), function.get("name")
        call_id, name = call_id if isinstance(call_id, str) else "", name if isinstance(name, str) else ""
        arguments = function.get("arguments") or next((value for key in _ARGUMENTS if (value := function.get(key)) is not None), None)
        call = self._collector.add(piece.get("index", function.get("index")), call_id, name, arguments, named)
        if not _OF_A_CALL.issuperset(piece):
            for key in piece.keys() - _OF_A_CALL:
                keep(call.kept, key, piece[key])
        if function is not piece and not _OF_A_CALL.issuperset(function):
            keep(call.kept, form, {key: function[key] for key in function.keys() - _OF_A_CALL})


def _find_details(details: object) -> Iterator[str]:
    """Yield the readable part of OpenRouter's reasoning_details."""
    for detail in as_mappings(details):
        text = detail.get("text") or detail.get("summary")
        if isinstance(text, str):
            yield text
