"""Read chat completions, whole and in chunks, in the shades that servers speak; Ollama's own chunks are one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from ..canonical import JsonObject
from .kept_fields import keep
from .reply_state import CallCollector, ProviderCall, ReplyEvent, ReplyState, as_mapping, as_mappings, name_finish

# DeepSeek, Kimi and vLLM say reasoning_content, OpenRouter and Groq reasoning, Ollama thinking, Copilot reasoning_text.
_REASONING = ("reasoning_content", "reasoning", "thinking", "reasoning_text")
_UNDERSTOOD = frozenset(("role", "content", "refusal", "tool_calls", "function_call"))
_MESSAGE_KEYS = _UNDERSTOOD - {"role"} | set(_REASONING)
_ARGUMENTS = ("arguments", "parameters", "input", "args")
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
        """Tell whether this is a chat completion, a choice or a message of one, or a piece of one."""
        if "choices" in piece or isinstance(piece.get("message"), Mapping) or isinstance(piece.get("delta"), Mapping):
            return True
        if isinstance(piece.get("response"), str) and "done" in piece:
            return True
        return piece.get("role") == "assistant" or not _MESSAGE_KEYS.isdisjoint(piece)

    @property
    def kept(self) -> JsonObject:
        """Return what came with the message (`message`) and with each call (`calls`) and is not understood."""
        kept: JsonObject = {"message": self._message} if self._message else {}
        calls = [call.kept for call in self._state.calls]
        return kept | {"calls": calls} if any(calls) else kept

    def feed(self, piece: Mapping[str, object]) -> Iterator[ReplyEvent]:
        """Yield what is certain after this piece."""
        self._state.add_usage(piece.get("usage") or as_mapping(piece.get("x_groq")).get("usage"))
        self._state.add_usage({key: piece[key] for key in _COUNTS if key in piece})
        if "choices" in piece:
            for choice in as_mappings(piece.get("choices")):
                # With n > 1 the other choices are other replies.
                if not choice.get("index"):
                    yield from self._read_choice(choice)
        elif "message" in piece or "delta" in piece or "done" in piece:
            yield from self._read_choice(piece)
        else:
            yield from self._read_message(piece, whole=True)
            yield from self._state.announce(ended=True)

    def _read_choice(self, choice: Mapping[str, object]) -> Iterator[ReplyEvent]:
        state = self._state
        delta, message = as_mapping(choice.get("delta")), as_mapping(choice.get("message"))
        if delta:
            self._streams = True
            yield from self._read_message(delta, whole=False)
        elif message:
            if not self._streams:  # some send the whole message once more with the last piece
                yield from self._read_message(message, whole=True)
        else:  # a completion without a chat: the older API, and Ollama's /api/generate
            yield from state.add_reasoning(choice.get("thinking"))
            yield from state.add_text(choice.get("text") or choice.get("response"))
        state.add_usage(choice.get("usage"))
        state.error = state.error or choice.get("error")
        finish = choice.get("finish_reason") or choice.get("done_reason")
        if finish or choice.get("done"):
            state.understood = True
            state.finish = name_finish(finish) or "stop"
            yield from state.announce(ended=True)
        else:
            yield from state.announce()

    def _read_message(self, message: Mapping[str, object], *, whole: bool) -> Iterator[ReplyEvent]:
        state = self._state
        state.understood = True
        thought = next((text for key in _REASONING if isinstance(text := message.get(key), str) and text), "")
        yield from state.add_reasoning(thought or "".join(_find_details(message.get("reasoning_details"))))
        content = message.get("content")
        yield from state.add_text(content)
        if isinstance(content, (list, tuple)):
            parts = as_mappings(content)
            for part in parts:
                yield from self._read_part(part)
            if "content" in self._message or any(part.get("type") not in ("text", "output_text") for part in parts):
                keep(self._message, "content", parts)
        yield from state.add_text(message.get("refusal"))
        named: list[ProviderCall] = []
        for call in as_mappings(message.get("tool_calls")):
            self._add_call(call, whole, named)
        # The API of 2023, which some servers still speak.
        if legacy := as_mapping(message.get("function_call")):
            self._add_call({"index": "function_call", "function": legacy}, whole, named)
        for key, value in message.items():
            if key not in _UNDERSTOOD:
                keep(self._message, key, value)

    def _read_part(self, part: Mapping[str, object]) -> Iterator[ReplyEvent]:
        """Read a part of content: text, or thinking that is a text or a list of parts."""
        thinking, text = part.get("thinking"), part.get("text")
        if part.get("type") in ("thinking", "reasoning"):
            yield from self._state.add_reasoning(thinking or text)
            for inner in as_mappings(thinking):
                yield from self._state.add_reasoning(inner.get("text"))
        else:
            yield from self._state.add_text(text)
            yield from self._state.add_text(part.get("refusal"))

    def _add_call(self, piece: Mapping[str, object], whole: bool, named: list[ProviderCall]) -> None:
        form = next((key for key in ("function", "custom") if isinstance(piece.get(key), Mapping)), "")
        function = as_mapping(piece[form]) if form else piece
        call_id, name = piece.get("id"), function.get("name")
        call_id, name = call_id if isinstance(call_id, str) else "", name if isinstance(name, str) else ""
        arguments = next((function[key] for key in _ARGUMENTS if key in function), None)
        if whole:
            call = self._state.begin_call(call_id, name, arguments) if name or arguments else None
        else:
            call = self._collector.add(piece.get("index", function.get("index")), call_id, name, arguments, named)
        if call is None:
            return
        understood = {"index", "id", "type", form, "name", *_ARGUMENTS}
        for key, value in piece.items():
            if key not in understood:
                keep(call.kept, key, value)
        if form and (more := {key: value for key, value in function.items() if key not in understood}):
            keep(call.kept, form, more)


def _find_details(details: object) -> Iterator[str]:
    """Yield the readable part of OpenRouter's reasoning_details."""
    for detail in as_mappings(details):
        text = detail.get("text") or detail.get("summary")
        if isinstance(text, str):
            yield text
