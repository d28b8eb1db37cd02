"""One example of fine-tuning data, before it is written in any format."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sayso.tools.canonical import JsonObject, sha256
from sayso.tools.errors import UsageError

Messages = tuple[JsonObject, ...]
"""Chat messages as OpenAI writes them, with the arguments of calls as JSON text."""


class ExampleOrigin(NamedTuple):
    """Where an example comes from: a run's id or "file:line", the conversation that it is a part of, and why it was chosen.

    `first` and `last` are the places of the answer's messages in the transcript, counted from 0. `labels` are those of what the run had
    read.
    """

    source: str
    conversation: str
    why: str = ""
    first: int = 0
    last: int = 0
    labels: tuple[str, ...] = ()


class LeftOut(NamedTuple):
    """A run or an example that is not in the data, and why, as the end of a sentence."""

    source: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """What a model is asked, and what it is to answer: the messages of the `prompt`, and those of the `answer`.

    `rejected` is the worse answer of a preference pair. `liked` is the verdict of a person on an answer that has no other beside it.
    `tools` are the schemas of the tools that the model could call. A message of the model with `weight` 0 is not trained on.
    """

    prompt: Messages
    answer: Messages
    rejected: Messages = ()
    liked: bool | None = None
    tools: tuple[JsonObject, ...] = ()
    origin: ExampleOrigin

    @property
    def prompt_text(self) -> str:
        """Return the words of the prompt, without the system prompt."""
        return "\n".join(iter_texts(message for message in self.prompt if message.get("role") not in ("system", "developer")))

    @property
    def text(self) -> str:
        """Return all words of the example but those of the system prompt."""
        return "\n".join([self.prompt_text, *iter_texts(self.answer), *iter_texts(self.rejected)])

    @property
    def hash(self) -> str:
        """Return the SHA-256 hash of what is trained on."""
        return sha256(self.prompt, self.answer, self.rejected, self.liked, self.tools)


def text_example(prompt: str, completion: str, origin: ExampleOrigin) -> Example:
    """Return an example of two texts. Raises UsageError for an empty one."""
    for name, text in (("prompt", prompt), ("completion", completion)):
        if not text.strip():
            raise UsageError(f"{origin.source}: the {name} is empty.")
    return Example(prompt=({"role": "user", "content": prompt},), answer=({"role": "assistant", "content": completion},), origin=origin)


def iter_texts(messages: Iterator[JsonObject] | Sequence[JsonObject]) -> Iterator[str]:
    """Yield the words of messages: their texts, and the names and arguments of the calls in them."""
    for message in messages:
        content = message.get("content")
        if isinstance(content, str):
            yield content
        elif isinstance(content, list):
            yield from (str(part["text"]) for part in content if isinstance(part, dict) and part.get("type") == "text")
        for call in message.get("tool_calls") or ():
            yield f"{call['function']['name']} {call['function']['arguments']}"


def read_arguments(call: JsonObject) -> JsonObject:
    """Return the arguments of a call, which are JSON text in a message."""
    arguments: JsonObject = json.loads(call["function"]["arguments"])
    return arguments
