"""A prompt with slots: instructions, examples, history, retrieved documents, question; filled in, it is what an agent is asked."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from sayso.tools.approval.cards import iter_texts
from sayso.tools.calls import Content, ToolResult, find_labels, replace_labelled, strip_labels
from sayso.tools.canonical import prompt_text
from sayso.tools.effects import CLEAN, Secrecy
from sayso.tools.errors import UsageError
from sayso.workflows import RunResult

from .messages import AssistantMessage, Conversation, Message, SystemMessage, UserMessage
from .untrusted_text import NOTE, fence_content, fence_text

_SLOT = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_LABELLED = "\x00labels "  # begins a stored answer that has labels; no text that a model writes begins with a NUL
_NOTHING_FOUND = "Nothing was found."


Example = tuple[str, str | Content]
"""A question and its answer; a Content, where the answer has labels."""


class Nearest(Protocol):
    """An index of past good answers: `GoodAnswers`, or one of yours."""

    def nearest(self, question: str, k: int) -> Sequence[Example]:
        """Return the `k` pairs of question and answer that are most like the question, the best first."""
        ...


class Prompt:
    """A conversation with slots, written {like_this} in `instructions` and `question`; other braces are text.

    `{documents}` takes what a search found (passages, texts) and is fenced as written by others, as is every value that is labelled
    untrusted. `examples` are pairs of question and answer, or an index in which the `k` nearest to the value of the slot `question` are
    looked up; they go to the model as turns, or as text where a slot `{examples}` stands. So does the history, with `{history}`.

    A prompt is a step from a dict of its values to a Conversation: `sequential(search, prompt, agent)`. Raises UsageError for a slot
    without a value and for a value without a slot.
    """

    def __init__(
        self,
        instructions: str = "",
        *,
        question: str = "{question}",
        examples: Sequence[Example] | Nearest = (),
        k: int = 3,
        name: str = "prompt",
    ) -> None:
        self.instructions: str = instructions
        self.question: str = question
        self.examples: Sequence[Example] | Nearest = examples
        self.k: int = k
        self.__name__ = name  # what a step of it is called
        written = set(_SLOT.findall(instructions)) | set(_SLOT.findall(question))
        self._in_text = written & {"examples", "history"}
        self.slots: frozenset[Any] = frozenset(written - {"examples", "history"})
        _check_examples(examples, name)
        if not isinstance(examples, Sequence) and "question" not in self.slots:
            raise UsageError(f"The prompt {name} has examples that are found by the question, and no slot {{question}}.")

    def __repr__(self) -> str:
        return f"<Prompt {self.__name__}, slots: {', '.join(sorted(self.slots)) or 'none'}>"

    async def __call__(self, values: Mapping[str, Any]) -> Conversation:
        """Fill the prompt in with these values, as a step of a workflow; `history` may be one of them."""
        if not isinstance(values, Mapping):
            kind, slots = type(values).__name__, ", ".join(sorted(self.slots))
            raise UsageError(
                f"The prompt {self.__name__} was handed one {kind}; it takes a dict with a value for each of its slots: {slots}."
            )
        return await asyncio.to_thread(lambda: self.fill(**values))

    def fill(self, *, history: Iterable[Message] = (), **values: object) -> Conversation:
        """Return the prompt filled in, as a Conversation. `history` is an earlier result's `.messages`.

        Raises UsageError for a slot without a value and for a value without a slot.
        """
        self._check_values(values)
        pairs = self._find_examples(values)
        earlier = tuple(select_turns(history))
        texts = {name: _render_value(name, value) for name, value in values.items()}
        texts |= {"examples": _render_examples(pairs), "history": _render_history(earlier)}
        labels = find_labels([value for name, value in values.items() if name != "documents"])
        labels = labels.union(find_labels([pairs if "examples" in self._in_text else (), earlier if "history" in self._in_text else ()]))
        instructions, question = (_SLOT.sub(lambda slot: texts[slot[1]], part) for part in (self.instructions, self.question))
        if any("<untrusted " in text for text in (instructions, question)):
            instructions = f"{instructions}\n\n{NOTE}".strip()
        opening: list[Message] = [SystemMessage(instructions)] if instructions else []
        if "examples" not in self._in_text:
            opening += [turn for pair in pairs for turn in _make_turns(*pair)]
        turns = (*opening, *(() if "history" in self._in_text else earlier))
        if labels is CLEAN:
            return Conversation(question, turns)
        return Conversation(question, turns, labels, tuple(iter_texts(list(values.values()))))

    def _check_values(self, values: Mapping[str, object]) -> None:
        name, known = self.__name__, ", ".join(sorted(self.slots)) or "none"
        for slot in sorted(self.slots - values.keys()):
            raise UsageError(f"The prompt {name} was given no value for its slot {{{slot}}}. Slots: {known}.")
        for value in sorted(values.keys() - self.slots):
            raise UsageError(f"The prompt {name} has no slot {{{value}}}. Slots: {known}.")

    def _find_examples(self, values: Mapping[str, object]) -> Sequence[Example]:
        if isinstance(self.examples, Sequence):
            return self.examples
        # The best of them last, next to the question.
        return list(reversed(self.examples.nearest(prompt_text(values["question"]), self.k)))


class GoodAnswers:
    """Past good answers, found by their questions' words. In memory, or in the file at `path`, which is opened again with what it holds."""

    def __init__(self, path: str = ":memory:") -> None:
        from sayso.tools.documents import PassageIndex  # late, for load time

        self.path: str = path
        self._index = PassageIndex(path)

    def __repr__(self) -> str:
        return f"<GoodAnswers in {'memory' if self.path == ':memory:' else self.path}>"

    def add(self, question: str, answer: str | Content | RunResult[Any]) -> None:
        """Store an answer that was good. That of a run's result, or a Content, keeps its labels for whoever is shown it."""
        if isinstance(answer, RunResult):
            answer = answer.content
        if isinstance(answer, Content):
            labels = {"origin": answer.origin, "trust": answer.labels.trust, "secrecy": answer.labels.secrecy}
            answer = f"{_LABELLED}{json.dumps(labels)}\n{prompt_text(answer.value)}"
        self._index.add(question, answer)

    def nearest(self, question: str, k: int) -> Sequence[Example]:
        """Return at most `k` pairs whose questions share words with this one, the best first."""
        return [(match.text, _read_answer(match.payload)) for match in self._index.search(question, k)]

    def close(self) -> None:
        """Close the file."""
        self._index.close()


async def find_example_turns(nearest: Nearest, question: str, k: int = 3) -> tuple[Message, ...]:
    """Return the `k` examples nearest to a question as turns of a conversation, the best last, next to the question."""
    pairs = await asyncio.to_thread(nearest.nearest, question, k)
    return tuple(turn for pair in reversed(pairs) for turn in _make_turns(*pair))


def _read_answer(stored: str) -> str | Content:
    if not stored.startswith(_LABELLED):
        return stored
    labels, _, text = stored.removeprefix(_LABELLED).partition("\n")
    return Content(text, **json.loads(labels))


def _make_turns(asked: str, answer: str | Content) -> tuple[Message, Message]:
    text = answer if isinstance(answer, str) else prompt_text(answer.value)
    return UserMessage(asked, example=True), AssistantMessage(text, labels=answer.labels if isinstance(answer, Content) else None)


def _render_value(name: str, value: object) -> str:
    return _render_documents(value) if name == "documents" else prompt_text(replace_labelled(value, fence_content))


def _render_documents(found: object) -> str:
    """Return each document in a fence of its own. A document whose secrecy is unknown is taken for private."""
    several = list(found) if isinstance(found, Iterable) and not isinstance(found, (str, Mapping)) else [found]
    return "\n\n".join(_render_document(each) for each in several if each not in (None, "")) or _NOTHING_FOUND


def _render_document(each: object) -> str:
    if isinstance(each, Content):
        return fence_text(prompt_text(each.value), each.origin or "a document", each.secrecy or Secrecy.PRIVATE)
    if isinstance(each, ToolResult):
        return fence_text(each.text, each.origin or "a document", each.secrecy)
    return fence_text(prompt_text(each), str(getattr(each, "file", "a document")))


def _check_examples(examples: object, name: str) -> None:
    if hasattr(examples, "nearest"):
        return
    pairs = examples if isinstance(examples, Sequence) and not isinstance(examples, str) else [examples]
    for pair in pairs:
        if not (isinstance(pair, Sequence) and len(pair) == 2 and all(isinstance(each, (str, Content)) for each in pair)) or isinstance(
            pair, str
        ):
            raise UsageError(
                f"The prompt {name} has {pair!r} among its examples; each is a question and its answer: examples=[(asked, answered)]."
            )


def select_turns(history: Iterable[Message]) -> Iterable[Message]:
    """Yield the messages of a history without the opening and the examples of an earlier prompt."""
    example = False
    for message in history:
        if not isinstance(message, Message):
            raise UsageError(f"{message!r} is not a message. history= takes the .messages of an earlier result.")
        if isinstance(message, UserMessage):
            example = message.example
        if not example and not isinstance(message, SystemMessage):
            yield message


def _render_examples(pairs: Sequence[Example]) -> str:
    return "\n\n".join(f"Question: {asked}\nAnswer: {prompt_text(strip_labels(answer))}" for asked, answer in pairs)


def _render_history(history: Iterable[Message]) -> str:
    lines = list[str]()
    for message in history:
        match message:
            case UserMessage(text):
                lines.append(f"User: {text}")
            case AssistantMessage(text) if text:
                lines.append(f"Assistant: {text}")
    return "\n".join(lines)
