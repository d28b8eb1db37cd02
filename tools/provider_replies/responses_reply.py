"""Read OpenAI's Responses: the events of a stream, a whole response, an item of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from ..canonical import JsonObject
from .reply_state import ProviderCall, ReplyState, as_mapping, as_mappings, name_finish

_CALLS = ("function_call", "custom_tool_call")
_PARTS = ("output_text", "refusal")


@dataclass(slots=True, eq=False)
class _Item:
    """An item of the output. `streamed` are its texts so far, by kind and position."""

    data: JsonObject = field(default_factory=dict)
    call: ProviderCall | None = None
    streamed: dict[tuple[str, object], str] = field(default_factory=dict)
    closed: bool = False


class ResponsesReply:
    """Reads the events of a response."""

    __slots__ = ("_items", "_state")

    protocol: ClassVar[str] = "responses"

    def __init__(self, state: ReplyState) -> None:
        self._state = state
        self._items: dict[int, _Item] = {}

    @staticmethod
    def reads(piece: Mapping[str, object]) -> bool:
        """Tell whether this is an event, a response or an item of its output."""
        kind = piece.get("type")
        if str(kind).startswith("response.") or piece.get("object") == "response" or isinstance(piece.get("output"), list):
            return True
        parts = as_mappings(piece.get("content"))
        is_item = kind in _CALLS or (kind == "reasoning" and ("summary" in piece or "encrypted_content" in piece))
        return is_item or (kind == "message" and bool(parts) and all(part.get("type") in _PARTS for part in parts))

    @property
    def kept(self) -> JsonObject:
        """Return the items of the output as they came (`output`)."""
        items = [_assemble(self._items[index]) for index in sorted(self._items)]
        return {"output": items} if items else {}

    def feed(self, piece: Mapping[str, object]) -> None:
        """Read a piece."""
        kind = str(piece.get("type") or "")
        match kind.removeprefix("response.").split("."):
            case [
                "output_text" | "refusal" | "reasoning_text" | "reasoning_summary_text" as text_kind,
                "delta" | "done" as step,
            ] if kind.startswith("response."):
                position = piece.get("content_index", piece.get("summary_index", 0))
                text = piece.get("delta") if step == "delta" else piece.get("text", piece.get("refusal"))
                self._add_text(self._find_item(piece), text_kind, position, text, whole=step == "done")
            case ["function_call_arguments" | "custom_tool_call_input", step]:
                item = self._find_item(piece)
                if item.call is None:
                    item.call = self._state.begin_call(piece.get("call_id"), piece.get("name"))
                if step == "delta":
                    item.call.add_arguments(piece.get("delta"))
                else:
                    item.call.complete_arguments(piece.get("arguments", piece.get("input")))
            case ["output_item", "added" | "done" as step]:
                self._read_item(self._find_item(piece), as_mapping(piece.get("item")), closed=step == "done")
            case [_] if kind.startswith("response."):
                self._read_response(as_mapping(piece.get("response")))
            case _ if not kind.startswith("response."):
                if piece.get("object") == "response" or "output" in piece:
                    self._read_response(piece)
                else:
                    self._read_item(self._items.setdefault(len(self._items), _Item()), piece, closed=True)
        self._state.announce(ended=bool(self._state.finish))

    def _find_item(self, piece: Mapping[str, object]) -> _Item:
        """Return the item that an event is about. Where it has no index its id says it, else it is about the last item."""
        index = piece.get("output_index")
        if not isinstance(index, int):
            item_id = piece.get("item_id") or as_mapping(piece.get("item")).get("id")
            known = next((at for at, item in self._items.items() if item_id and item.data.get("id") == item_id), None)
            begins = piece.get("type") == "response.output_item.added"
            index = known if known is not None else len(self._items) if begins or not self._items else max(self._items)
        return self._items.setdefault(index, _Item())

    def _add_text(self, item: _Item, kind: str, position: object, text: object, *, whole: bool) -> None:
        """Add a piece of a text, or what is missing of it where it is given whole."""
        self._state.understood = True
        position = position if isinstance(position, int) else 0
        if not isinstance(text, str):
            return
        before = item.streamed.get((kind, position), "")
        if whole and before:
            text = text[len(before) :] if text.startswith(before) else ""
        if not text:
            return
        item.streamed[kind, position] = before + text
        if kind.startswith("reasoning"):
            self._state.add_reasoning(text if before else _begin_paragraph(self._state.reasoning, text))
        else:
            is_first = len(item.streamed) == 1 and not before
            self._state.add_text(_begin_paragraph(self._state.text, text) if is_first else text)

    def _read_item(self, item: _Item, data: Mapping[str, object], *, closed: bool) -> None:
        state = self._state
        state.understood = True
        if closed and not item.closed:
            # What was begun said what is not so at the end: a status, and half of the encrypted reasoning.
            item.data, item.closed = dict(data), True
        else:
            item.data |= {key: value for key, value in data.items() if value is not None}
        match data.get("type"):
            case "function_call" | "custom_tool_call":
                if item.call is None:
                    item.call = state.begin_call(data.get("call_id") or data.get("id"), data.get("name"))
                item.call.name = item.call.name or str(data.get("name") or "")
                item.call.id = item.call.id or str(data.get("call_id") or data.get("id") or "")
                if given := data.get("arguments") or data.get("input"):
                    item.call.complete_arguments(given)
            case "message":
                for position, part in enumerate(as_mappings(data.get("content"))):
                    kind = "refusal" if part.get("type") == "refusal" else "output_text"
                    self._add_text(item, kind, position, part.get("text", part.get("refusal")), whole=True)
            case "reasoning":
                for position, part in enumerate(as_mappings(data.get("summary"))):
                    self._add_text(item, "reasoning_summary_text", position, part.get("text"), whole=True)
                for position, part in enumerate(as_mappings(data.get("content"))):
                    self._add_text(item, "reasoning_text", position, part.get("text"), whole=True)

    def _read_response(self, response: Mapping[str, object]) -> None:
        """Read a whole response: at the end of a stream it repeats the items."""
        state = self._state
        state.add_usage(response.get("usage"))
        state.error = state.error or response.get("error")
        for position, data in enumerate(as_mappings(response.get("output"))):
            item = self._items.setdefault(position, _Item())
            # Some send the encrypted reasoning at the end only. Others leave items out of their lists, so it may be another one's turn.
            if not item.closed or (data.get("id") and item.data.get("id") == data.get("id")):
                self._read_item(item, data, closed=True)
        status = response.get("status")
        if status in ("completed", "incomplete", "failed", "cancelled") or (status is None and "output" in response):
            state.understood = True
            why = as_mapping(response.get("incomplete_details")).get("reason")
            state.finish = name_finish(why) or name_finish(status) or "stop"


def _begin_paragraph(before: list[str], text: str) -> str:
    """Return the text of another message or part as what follows those before it."""
    return f"\n\n{text}" if before and not before[-1][-1].isspace() else text


def _assemble(item: _Item) -> JsonObject:
    """Return an item as it came; one that was never closed is put together from its pieces."""
    if item.closed:
        return item.data
    data = dict(item.data)
    if item.call is not None:
        data["arguments"] = item.call.arguments
    texts = [{"type": kind, "text": text} for (kind, _), text in item.streamed.items() if kind in _PARTS]
    return data | {"content": texts} if texts else data
