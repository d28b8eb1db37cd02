"""What is known of a provider's reply so far, and which call a piece of a call belongs to."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..canonical import JsonObject
from ..dialects.read_events import CallStarted, CallTextDelta, ReasoningRead, TextRead

ReplyEvent = TextRead | ReasoningRead | CallStarted | CallTextDelta


@dataclass(slots=True, eq=False)
class ProviderCall:
    """A call as the provider writes it: its arguments are JSON text. `kept` are fields of the call that are not understood."""

    id: str = ""
    name: str = ""
    kept: JsonObject = field(default_factory=dict)
    announced: bool = False
    listed: bool = False
    told: int = 0  # how many of its pieces
    pieces: list[str] = field(default_factory=list)

    @property
    def arguments(self) -> str:
        """Return the arguments so far, as JSON text."""
        return "".join(self.pieces)

    def add_arguments(self, arguments: object) -> None:
        """Add a piece of the arguments: JSON text, or the JSON value itself. None is no piece."""
        if text := write_arguments(arguments):
            self.pieces.append(text)

    def complete_arguments(self, arguments: object) -> None:
        """Add what is missing of the arguments, which are given whole. Where they differ all of them are added, and the reader has both."""
        whole, streamed = write_arguments(arguments), self.arguments
        if whole.startswith(streamed):
            self.add_arguments(whole[len(streamed) :])
        elif not is_same_json(whole, streamed):
            self.add_arguments(whole)


def write_arguments(arguments: object) -> str:
    """Return arguments as JSON text. Some servers send the object itself."""
    if arguments is None or isinstance(arguments, str):
        return arguments or ""
    return json.dumps(arguments, ensure_ascii=False, default=str)


def is_same_json(one: str, other: str) -> bool:
    """Tell whether two texts are the same JSON value."""
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


@dataclass(slots=True, eq=False)
class ReplyState:
    """A reply so far. `events` are those of the last piece; `understood` says that a message was found, be it an empty one."""

    events: list[ReplyEvent] = field(default_factory=list)
    calls: list[ProviderCall] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    finish: str = ""
    usage: JsonObject = field(default_factory=dict)
    error: object = None
    understood: bool = False
    tells_arguments: bool = False

    def add_text(self, text: object) -> None:
        """Add a piece of text, if it is one."""
        if text and isinstance(text, str):
            self.text.append(text)
            self.events.append(TextRead(text))

    def add_reasoning(self, text: object) -> None:
        """Add a piece of reasoning, if it is one."""
        if text and isinstance(text, str):
            self.reasoning.append(text)
            self.events.append(ReasoningRead(text))

    def add_usage(self, usage: object) -> None:
        """Take the counts of `usage` over. Some providers tell them in parts, others again and again: the last one counts."""
        if usage and isinstance(usage, Mapping):
            self.usage |= {key: value for key, value in usage.items() if value is not None}

    def begin_call(self, call_id: object, name: object, arguments: object = None) -> ProviderCall:
        """Add a call."""
        call = ProviderCall(call_id if isinstance(call_id, str) else "", name if isinstance(name, str) else "")
        call.add_arguments(arguments)
        self.calls.append(call)
        return call

    def announce(self, *, ended: bool = False) -> None:
        """Announce the calls whose names are complete: arguments follow, or another call, or the end."""
        for number, call in enumerate(self.calls):
            if not call.announced and call.name and (ended or call.pieces or call is not self.calls[-1]):
                call.announced = True
                self.events.append(CallStarted(call.name, number))
            if self.tells_arguments and call.announced and call.told < len(call.pieces):
                self.events += [CallTextDelta(number, piece) for piece in call.pieces[call.told :]]
                call.told = len(call.pieces)


@dataclass(slots=True, eq=False)
class CallCollector:
    """Puts the calls of a chat completion together from their pieces, whatever the server does with index and id.

    A piece belongs to the call with its id, else to the last call with its index, else to the last call: some servers send no index, some
    another one with each piece. It begins another call where it names one: with another id; with another name once there are arguments;
    with the same name and no id, behind arguments that are complete; or as the second name in one list. A name itself may come in
    pieces, and again with each piece; so may an id.
    """

    state: ReplyState
    _latest: ProviderCall | None = None
    _last: dict[object, ProviderCall] = field(default_factory=dict)
    _by_id: dict[tuple[object, str], ProviderCall] = field(default_factory=dict)

    def add(self, index: object, call_id: str, name: str, arguments: object, named: list[ProviderCall]) -> ProviderCall:
        """Add a piece, and return its call. `named` are the calls that the list the piece stands in has named so far."""
        index = index if isinstance(index, (int, str)) and not isinstance(index, bool) else None
        call = self._by_id.get((index, call_id)) if call_id else None
        text = write_arguments(arguments)
        if call is None:
            call = self._last.get(index) if index is not None else self._latest
            if call is None and text and not (call_id or name):
                call = self._latest  # an index that nothing began with
        if call is None or ((name or call_id) and _begins_another(call, index, call_id, name, text, call in named)):
            call = ProviderCall()
        self._latest = self._last[index] = call
        call.id = call.id or call_id
        if call_id:
            self._by_id[index, call_id] = call
        if name and not call.announced and name != call.name:
            # A name may come in pieces, or longer each time.
            call.name = name if name.startswith(call.name) else call.name + name
        if name:
            named.append(call)
        if text:
            call.pieces.append(text)
        if not call.listed and (call.name or text):
            call.listed = True
            self.state.calls.append(call)
        return call


def _begins_another(call: ProviderCall, index: object, call_id: str, name: str, arguments: str, named_here: bool) -> bool:
    """Tell whether a piece begins another call than the last one that it could belong to."""
    other_id = bool(call_id and call.id and call_id != call.id)
    if not (name and call.name):
        # An id that comes before its name. Others send a new id with every piece.
        return other_id and (bool(name) or (not arguments and _is_complete(call.arguments)))
    if named_here:
        return True
    if not call.arguments:
        return other_id
    if name != call.name:
        return True
    opens = arguments.lstrip().startswith("{")
    if other_id:
        return opens or not arguments or _is_complete(call.arguments)
    if call_id or not opens or not _is_complete(call.arguments):
        return False
    # The same under the same index was sent twice, and is not to be done twice.
    return index is None or not is_same_json(arguments, call.arguments)


def _is_complete(arguments: str) -> bool:
    if not arguments.rstrip().endswith("}"):
        return False
    try:
        json.loads(arguments)
    except ValueError:
        return False
    return True


def as_mapping(value: object) -> Mapping[str, object]:
    """Return a JSON object, or what an object of a provider's library holds; an empty mapping for anything else."""
    if type(value) is dict or isinstance(value, Mapping):  # the first is faster, and what most are
        return value
    dump = getattr(value, "model_dump", None)
    dumped = dump(mode="json") if callable(dump) else None
    return dumped if isinstance(dumped, Mapping) else {}


def as_mappings(value: object) -> list[Mapping[str, object]]:
    """Return the objects in what should be a list of objects."""
    return [found for each in value if (found := as_mapping(each))] if isinstance(value, (list, tuple)) else []


_FINISHES = {
    "stop": "stop end_turn stop_sequence eos eos_token completed complete",
    "length": "length max_tokens max_output_tokens model_length max_length model_context_window_exceeded",
    "tool_calls": "tool_calls function_call tool_use tool_call",
    "content_filter": "content_filter content_filtered refusal safety recitation blocklist prohibited_content spii sensitive image_safety "
    "language guardrail_intervened error_toxic",
    # Gemini's words for a call that its model has begun and not written to the end are among them.
    "error": "error failed network_error insufficient_system_resource malformed_function_call malformed_response unexpected_tool_call "
    "missing_thought_signature too_many_tool_calls",
}
_FINISH_OF = {word: finish for finish, words in _FINISHES.items() for word in words.split()}
# Of a word that is new, what it is made of: half a reply is not to pass for a whole one.
_PARTS_OF = {
    "content_filter": re.compile(r"filter|safety|harm|polic|guard|armor|moderat|block|prohibit"),
    "error": re.compile(r"error|fail|abort|cancel|time_?(?:out|limit)|interrupt|incomplete|overload"),
    "length": re.compile(r"max|length|limit|exceed"),
}


def name_finish(reason: object) -> str:
    """Return how a reply ended in one word for all providers, else in the provider's own; empty where nobody said."""
    word = getattr(reason, "value", reason)
    if not isinstance(word, str):
        return ""
    known = word.casefold()
    return _FINISH_OF.get(known) or next((finish for finish, parts in _PARTS_OF.items() if parts.search(known)), word)
