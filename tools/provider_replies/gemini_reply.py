"""Read Gemini's own replies: candidates with parts, whole and in chunks, from the API or its library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ..canonical import JsonObject
from .reply_state import ReplyState, as_mapping, as_mappings, name_finish

# The API writes names in camelCase, its Python library in snake_case.
_CALL = ("functionCall", "function_call")
_FINISH = ("finishReason", "finish_reason")
_USAGE = ("usageMetadata", "usage_metadata")
_FEEDBACK = ("promptFeedback", "prompt_feedback")


class GeminiReply:
    """Reads the chunks of a reply. Every part comes whole, but for text, which comes in several."""

    __slots__ = ("_parts", "_state")

    protocol: ClassVar[str] = "gemini"

    def __init__(self, state: ReplyState) -> None:
        self._state = state
        self._parts: list[JsonObject] = []

    @staticmethod
    def reads(piece: Mapping[str, object]) -> bool:
        """Tell whether this is a reply, a candidate or the content of one."""
        if "candidates" in piece or isinstance(piece.get("parts"), (list, tuple)) or _get(piece, _FEEDBACK) or _get(piece, _USAGE):
            return True
        return "parts" in as_mapping(piece.get("content")) or isinstance(_get(piece, _FINISH[:1]), str)

    @property
    def kept(self) -> JsonObject:
        """Return the parts as they came (`parts`), thoughts and signatures among them."""
        return {"parts": self._parts} if self._parts else {}

    def feed(self, piece: Mapping[str, object]) -> None:
        """Read a piece."""
        state = self._state
        state.add_usage(_get(piece, _USAGE))
        if blocked := _get(as_mapping(_get(piece, _FEEDBACK)), ("blockReason", "block_reason")):
            state.understood, state.finish = True, "content_filter"
            state.error = state.error or {"message": f"the prompt was blocked: {getattr(blocked, 'value', blocked)}"}
        for candidate in as_mappings(piece["candidates"]) if "candidates" in piece else [piece]:
            if not candidate.get("index"):  # the other candidates are other replies
                self._read_candidate(candidate)
        state.announce(ended=bool(state.finish))

    def _read_candidate(self, candidate: Mapping[str, object]) -> None:
        state = self._state
        content = candidate if "parts" in candidate else as_mapping(candidate.get("content"))
        for part in as_mappings(content.get("parts")):
            state.understood = True
            self._read_part({key: value for key, value in part.items() if value is not None})
        if finish := _get(candidate, _FINISH):
            state.understood = True
            state.finish = name_finish(finish)

    def _read_part(self, part: JsonObject) -> None:
        call, text = as_mapping(_get(part, _CALL)), part.get("text")
        if call:
            self._state.begin_call(call.get("id"), call.get("name"), call.get("args") or {})
        elif part.get("thought"):
            self._state.add_reasoning(text)
        else:
            self._state.add_text(text)
        last = self._parts[-1] if self._parts else {}
        # Google asks that a part with a signature is not joined with one that has none.
        if isinstance(text, str) and _is_plain_text(part) and _is_plain_text(last) and part.get("thought") == last.get("thought"):
            last["text"] += text
        else:
            self._parts.append(part)


def _is_plain_text(part: Mapping[str, object]) -> bool:
    return isinstance(part.get("text"), str) and set(part) <= {"text", "thought"}


def _get(mapping: Mapping[str, object], names: tuple[str, ...]) -> object:
    return next((value for name in names if (value := mapping.get(name)) is not None), None)
