"""The messages of a conversation with a model, and its reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, NamedTuple

from sayso.tools import ToolCall, ToolResult
from sayso.tools.effects import Labels
from sayso.tools.errors import UsageError
from sayso.tools.media import Part
from sayso.workflows import Usage
from sayso.workflows.runs.limits import NO_USAGE

from ..untrusted_text import strip_untrusted_text

if TYPE_CHECKING:  # late, for load time
    from sayso.workflows.events.event_types import AnyEvent


class ProviderData(NamedTuple):
    """What a provider sent with a turn and wants back: thinking, signatures, ids of items. Opaque, kept as it came.

    `provider` tells who sent it (a protocol and a host). `data` is JSON that only the model class that made it reads: it sends it back
    unchanged to that provider, and leaves it out for any other.
    """

    provider: str
    data: Mapping[str, object]


class SystemMessage(NamedTuple):
    """The instructions before the conversation."""

    text: str

    @property
    def user_texts(self) -> tuple[str, ...]:
        """Return nothing: the program wrote it."""
        return ()


class UserMessage(NamedTuple):
    """A message of the user, or of the program in the user's place (`by_program`). An `example` was written by nobody.

    `labels` is what is known of the texts that the message quotes, None if it quotes nothing that has any. `said` is what of it the user
    wrote (None: all of it, but for the text of others in fences). A message with images, audio or files has all its `parts` in order, and
    the texts among them as its `text`.
    """

    text: str
    example: bool = False
    by_program: bool = False
    labels: Labels | None = None
    said: tuple[str, ...] | None = None
    parts: tuple[Part, ...] = ()

    @property
    def user_texts(self) -> tuple[str, ...]:
        """Return what of the message the user wrote."""
        if self.example or self.by_program:
            return ()
        return (strip_untrusted_text(self.text),) if self.said is None else self.said


class AssistantMessage(NamedTuple):
    """One reply of the model as it was written.

    `text` is the raw text (calls written in text still in it); `calls` are all calls that were read from it, native or written;
    `native` says that they came through the provider's own field. `reasoning` is stored and not shown. `labels` is what the run had read by
    then: the text may hold any of it, wherever the message is handed on. `finish` is how the reply ended ("stop", "length", "tool_calls",
    ...), empty where nobody said. `provider_data` is what the provider wants back with this turn.
    """

    text: str
    calls: tuple[ToolCall, ...] = ()
    native: bool = False
    reasoning: str = ""
    labels: Labels | None = None
    finish: str = ""
    provider_data: ProviderData | None = None

    @property
    def user_texts(self) -> tuple[str, ...]:
        """Return nothing: a model wrote it."""
        return ()


class ToolMessage(NamedTuple):
    """The results of a reply's calls, in the order of the calls. `shown` is how a text dialect shows them; empty for native calls.

    `labels` is what the run had read by then.
    """

    results: tuple[ToolResult, ...]
    native: bool = False
    shown: str = ""
    labels: Labels | None = None

    @property
    def text(self) -> str:
        """Return the results as text, one below the other."""
        return "\n".join(str(result.content) for result in self.results)

    @property
    def user_texts(self) -> tuple[str, ...]:
        """Return nothing: tools wrote it."""
        return ()


Message = SystemMessage | UserMessage | AssistantMessage | ToolMessage


class GuardActed(NamedTuple):
    """A guard has replaced or refused a text, or failed to look at it.

    `did` is "replaced", "refused" or "allowed" (it failed, and is to let pass what it cannot look at). `tool` is whose arguments or results
    they are, `answer` what the user gets in place of what was refused.
    """

    run: str
    guard: str
    place: str
    did: str
    why: str
    tool: str = ""
    failed: bool = False
    answer: str = ""

    def tell(self, time: float) -> AnyEvent:
        """Return the public event: see `sayso.events`."""
        from sayso.workflows.events.event_types import TextGuarded  # late, for load time

        acted = TextGuarded(run=self.run, time=time, guard=self.guard, place=self.place, did=self.did, why=self.why)
        return replace(acted, tool=self.tool, failed=self.failed)


class Conversation(NamedTuple):
    """The input of an agent: the user's text, after an earlier conversation.

    `labels` is what is known of the texts that are quoted in `text`, `said` which parts of it are the user's own words (None: all but the
    text of others in fences). `sampling` counts before the agent's own. `parts` are those of a question with images, audio or files.
    `guarded` is what guards have replaced or refused before the run began.
    """

    text: str
    history: tuple[Message, ...] = ()
    labels: Labels | None = None
    said: tuple[str, ...] | None = None
    sampling: Sampling | None = None
    parts: tuple[Part, ...] = ()
    guarded: tuple[GuardActed, ...] = ()

    @property
    def messages(self) -> tuple[Message, ...]:
        """Return all of it, as a model is sent it."""
        return (*self.history, self.question)

    @property
    def question(self) -> UserMessage:
        """Return what is asked now."""
        text, _, labels, said, _, parts, _ = self
        return UserMessage(text, False, False, labels, said, parts)

    @property
    def user_texts(self) -> tuple[str, ...]:
        """Return what the user says now and said before, without the untrusted text quoted in it."""
        return tuple(text for message in self.messages for text in message.user_texts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampling:
    """How a model samples and replies; None leaves it to the endpoint.

    `top_k` and `repetition_penalty` go to endpoints that take them. `reasoning_effort` is the provider's word ("low", "high", ...).
    `tool_choice` is "auto", "none", "required" or the name of a tool. With `parallel_tool_calls=False` the model asks for one tool at a
    time. `extra_body` and `extra_headers` go out with each request as they are.
    """

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: int | None = None
    repetition_penalty: float | None = None
    logit_bias: Mapping[str, float] | None = None
    stop: Sequence[str] | None = None
    seed: int | None = None
    reasoning_effort: str | None = None
    tool_choice: str | None = None
    parallel_tool_calls: bool | None = None
    extra_body: Mapping[str, object] | None = None
    extra_headers: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        for name, value in (self.extra_headers or {}).items():
            if not (isinstance(value, str) and f"{name}{value}".isascii() and f"{name}{value}".isprintable()):
                raise UsageError(f"extra_headers has {name!r}: {value!r}. A header is printable ASCII text.")

    def override(self, other: Sampling) -> Sampling:
        """Return this sampling with what `other` says in its place."""
        said = {field.name: value for field in fields(other) if (value := getattr(other, field.name)) is not None}
        return replace(self, **said)


class NativeCall(NamedTuple):
    """A native call as a provider delivers it: the arguments are still JSON text."""

    id: str
    name: str
    arguments: str


class CallVerdict(NamedTuple):
    """What a guard did to a call in a reply: number `call` of it, counted without those that were refused and are no longer there.

    `changed` names the arguments that it replaced; without any it refused the call, and of number -1 it refused the whole reply.
    """

    call: int
    tool: str
    guard: str
    why: str
    changed: tuple[str, ...] = ()


class Reply(NamedTuple):
    """A whole reply of a model: the sum of its deltas, or a line of a `ScriptedModel`.

    `model_index` tells which of an agent's models it is from: 0 is its own, the others are its `fallback`, and `model` is the name of such
    a one. `verdicts` is what guards did to its calls. `first_token_seconds` is how long the first piece took, where it was streamed to
    somebody.
    """

    text: str = ""
    calls: tuple[NativeCall, ...] = ()
    reasoning: str = ""
    usage: Usage = NO_USAGE
    finish: str = "stop"
    provider_data: ProviderData | None = None
    model_index: int = 0
    verdicts: tuple[CallVerdict, ...] = ()
    model: str = ""
    first_token_seconds: float | None = None
