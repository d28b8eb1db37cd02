"""Messages as OpenAI's list of chat messages, and back: for programs that keep their conversations in that form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sayso.tools import Audio, File, Image, Labels, Secrecy, ToolCall, ToolResult
from sayso.tools.canonical import JsonObject
from sayso.tools.dialects.lenient_json import parse_json
from sayso.tools.errors import UsageError
from sayso.tools.media import Part

from .values import AssistantMessage, Message, SystemMessage, ToolMessage, UserMessage

UNKNOWN_SOURCES = Labels(private=True, unvouched=True)
"""The labels of an answer after calls: such a list does not say where the results of its calls are from."""


def to_openai(messages: Sequence[Message]) -> list[JsonObject]:
    """Return messages as OpenAI's chat messages, as a request to an endpoint has them. Reasoning, labels and places are not in them."""
    from ..models.chat_request import build_messages  # late for load time: few programs take them out
    from ..models.turns import make_turns

    return build_messages(make_turns(messages))


def from_openai(rows: Sequence[object]) -> tuple[Message, ...]:
    """Return the messages in a list of OpenAI's chat messages (dicts, or objects of its client).

    Nobody knows where the results of the calls in it are from, so they are unvouched and private. Raises UsageError for a message that
    cannot be read; it names the message.
    """
    if isinstance(rows, (str, bytes, Mapping)):
        raise UsageError("from_openai takes a list of messages. JSON of to_json(...) is read by from_json(...).")
    reader = _RowReader()
    for number, row in enumerate(rows, 1):
        dump = getattr(row, "model_dump", None)
        fields = dump() if callable(dump) else row
        if not isinstance(fields, Mapping) or not isinstance(fields.get("role"), str):
            raise UsageError(f"Message {number} has no role, so it is not one of OpenAI's chat messages: {str(row)[:80]!r}.")
        try:
            reader.read(fields)
        except _Unreadable as error:
            raise UsageError(f"Message {number} ({fields['role']}) cannot be read: {error}.") from None
    return reader.end()


class _Unreadable(Exception):
    """What is wrong with a message, as the end of a sentence."""


class _RowReader:
    """Reads one message after another. Results of one reply are one message of ours."""

    def __init__(self) -> None:
        self._read: list[Message] = []
        self._replies = 0
        self._known: Labels | None = None  # of an answer after calls
        self._asked: dict[str, ToolCall] = {}  # the calls of the last reply, by the id that each had
        self._results: list[ToolResult] = []

    def read(self, row: Mapping[str, object]) -> None:
        """Read a message. Raises _Unreadable."""
        role = row["role"]
        if role not in ("tool", "function"):
            self._end_results()
        match role:
            case "system" | "developer":
                self._read.append(SystemMessage(_join_texts(row.get("content"))))
            case "user":
                self._read.append(_read_user(row.get("content")))
            case "assistant":
                self._read_reply(row)
            case "tool" | "function":
                self._results.append(self._read_result(row))
            case _:
                raise _Unreadable(f"there is no role {role!r}")

    def end(self) -> tuple[Message, ...]:
        """Return all that was read."""
        self._end_results()
        return tuple(self._read)

    def _end_results(self) -> None:
        if self._results:
            self._read.append(ToolMessage(tuple(self._results), native=True, labels=UNKNOWN_SOURCES))
            self._results = []

    def _read_reply(self, row: Mapping[str, object]) -> None:
        calls = _read_calls(row.get("tool_calls"), self._replies)
        self._replies += 1
        self._asked = {}
        for call in calls:
            self._asked.setdefault(call.notes[0], call)
        if calls:
            self._known = UNKNOWN_SOURCES
        reasoning = row.get("reasoning_content") or row.get("reasoning")
        thought = reasoning if isinstance(reasoning, str) else ""
        text = _join_texts(row.get("content") or row.get("refusal"))
        self._read.append(AssistantMessage(text, calls, bool(calls), thought, self._known))

    def _read_result(self, row: Mapping[str, object]) -> ToolResult:
        """Read a result. It is found by the id that its call had."""
        call = self._asked.get(f"id {row.get('tool_call_id')}")
        if call is None:
            raise _Unreadable(f"no call before it has the id {row.get('tool_call_id')!r}")
        return ToolResult(call.id, _join_texts(row.get("content")), origin=call.tool, trust=None, secrecy=Secrecy.PRIVATE)


def _read_calls(rows: object, turn: int) -> tuple[ToolCall, ...]:
    calls: list[ToolCall] = []
    for index, row in enumerate(rows if isinstance(rows, (list, tuple)) else ()):
        function = row.get("function") if isinstance(row, Mapping) else None
        if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
            raise _Unreadable(f"its call {index + 1} names no function")
        arguments = function.get("arguments") or "{}"
        try:
            value = parse_json(arguments)[0] if isinstance(arguments, str) else arguments
        except ValueError as error:
            raise _Unreadable(f"the arguments of its call of {function['name']} are not JSON: {error}") from None
        if not isinstance(value, Mapping):
            raise _Unreadable(f"the arguments of its call of {function['name']} are not a JSON object")
        calls.append(ToolCall(f"{turn}.{index}", function["name"], value, notes=(f"id {row.get('id')}",)))
    return tuple(calls)


def _read_user(content: object) -> UserMessage:
    if isinstance(content, str):
        return UserMessage(content)
    parts = tuple(_read_part(part) for part in content) if isinstance(content, (list, tuple)) else ()
    if not parts:
        raise _Unreadable("it has no content")
    text = "\n\n".join(part for part in parts if isinstance(part, str))
    return UserMessage(text, parts=() if all(isinstance(part, str) for part in parts) else parts)


def _read_part(part: object) -> Part:
    match part:
        case str():
            return part
        case {"type": "text", "text": str(text)}:
            return text
        case {"type": "image_url", "image_url": {"url": str(url)}} | {"type": "image_url", "image_url": str(url)}:
            return Image(url=url)
        case {"type": "input_audio", "input_audio": {"data": str(data), "format": str(format)}}:
            return Audio(data=data, media_type="audio/mpeg" if format == "mp3" else f"audio/{format}")
        case {"type": "file", "file": {"file_data": str(data), **more}}:
            return File(url=data, name=str(more.get("filename") or "")) if data.startswith("data:") else File(data=data)
        case {"type": kind}:
            raise _Unreadable(f"a part of type {kind!r} cannot be taken over")
    raise _Unreadable("one of its parts has no type")


def _join_texts(content: object) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    texts = [_read_part(part) for part in content] if isinstance(content, (list, tuple)) else [None]
    if not all(isinstance(text, str) for text in texts):
        raise _Unreadable("its content is not text")
    return "\n\n".join(text for text in texts if isinstance(text, str))
