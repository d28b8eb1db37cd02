"""Personal data and secrets taken out of examples. In one conversation the same address has the same placeholder: "[e-mail address 1]"."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sayso.tools.canonical import JsonObject
from sayso.tools.definition.secret import hide_places, iter_leaves, make_pattern

from ...guards.personal_data import PersonalData
from ...guards.plain_letters import PlainLetters
from ...guards.spans import SpanGuard
from .credential_values import SECRET, CredentialValues, NetworkAddresses
from .example import Example, Messages, read_arguments

Change = Callable[[str], str]


class Placeholders:
    """Replaces credentials, and what `finders` find by numbers that are consistent in a conversation. `found` counts what was replaced.

    The finders are guards that look for spans: `PersonalData()` for what has a form, `WordList("Ada Lovelace")` for names of yours.
    """

    def __init__(self, finders: Sequence[SpanGuard] | None = None) -> None:
        self._finders = [PersonalData(), NetworkAddresses()] if finders is None else list(finders)
        self._credentials = CredentialValues()
        self._numbers = defaultdict[str, dict[tuple[str, str], int]](dict)
        self.found: Counter[str] = Counter[str]()

    def replace(self, example: Example) -> Example:
        """Return an example without the secrets of its calls and without personal data, wherever in it they stand."""
        secrets = _find_secrets(example)
        conversation = example.origin.conversation or example.origin.source

        def change(text: str) -> str:
            if secrets is not None:
                text, count = secrets.subn(SECRET, text)
                self._note_secrets(count)
            return self.clean(text, conversation)

        return replace(
            example,
            prompt=_change_messages(example.prompt, change),
            answer=_change_messages(example.answer, change),
            rejected=_change_messages(example.rejected, change),
            tools=tuple(_change_descriptions(tool, change) for tool in example.tools),
            origin=example.origin._replace(why=change(example.origin.why)),
        )

    def clean(self, text: str, conversation: str) -> str:
        """Return a text of a conversation without credentials and personal data."""
        text = self._credentials.replace(text, self._note_secrets)
        for finder in self._finders:
            text = self._replace_spans(finder, text, self._numbers[conversation])
        return text

    def _note_secrets(self, count: int) -> None:
        self.found["secret"] += count

    def _replace_spans(self, finder: SpanGuard, text: str, numbers: dict[tuple[str, str], int]) -> str:
        letters, at, pieces = PlainLetters(text), 0, list[str]()
        for span in finder.find(letters.text, 0):
            start, end = max(at, letters.find_start(span.start)), letters.find_end(span.end)
            what = span.what.removeprefix("a ").removeprefix("an ")
            key = (what, _normalise(letters.text[span.start : span.end]))
            number = numbers.setdefault(key, 1 + sum(known == what for known, _ in numbers))
            self.found[what] += 1
            pieces += [text[at:start], f"[{what} {number}]"]
            at = end
        return "".join([*pieces, text[at:]])


def _normalise(found: str) -> str:
    """Return what was found without what differs in spelling: blanks, dashes, dots between digits, capital letters."""
    digits = re.sub(r"[\s().\-/]", "", found)
    return digits if digits.removeprefix("+").isdigit() else re.sub(r"[\s-]", "", found.casefold())


def _find_secrets(example: Example) -> re.Pattern[str] | None:
    """Return what finds the secrets in the calls of an example: the values at the places that a tool's schema marks as secret."""
    schemas = {str(tool["function"]["name"]): tool["function"].get("parameters") or {} for tool in example.tools}
    texts: list[str] = []

    def note(value: Any) -> Any:
        texts.extend(str(leaf) for leaf in iter_leaves(value))
        return value

    for message in (*example.prompt, *example.answer, *example.rejected):
        for call in message.get("tool_calls") or ():
            if call["function"]["name"] in schemas:
                hide_places(read_arguments(call), schemas[call["function"]["name"]], note)
    return make_pattern((text for text in texts if text.strip("*")), shortest=1)


def _change_messages(messages: Messages, change: Change) -> Messages:
    return tuple(_change_message(message, change) for message in messages)


def _change_message(message: JsonObject, change: Change) -> JsonObject:
    """Return a message with its texts changed, and the arguments of its calls value by value: they stay JSON."""
    changed = dict(message)
    if isinstance(content := message.get("content"), str):
        changed["content"] = _change_text(content, change)
    elif isinstance(content, list):
        changed["content"] = [{**part, "text": change(part["text"])} if part.get("type") == "text" else part for part in content]
    if message.get("tool_calls"):
        changed["tool_calls"] = [
            {**call, "function": {**call["function"], "arguments": _write(_change_values(read_arguments(call), change))}}
            for call in message["tool_calls"]
        ]
    return changed


def _change_text(text: str, change: Change) -> str:
    """Return a text changed. One that is JSON (a result of a tool, an answer with a type) stays JSON."""
    if text[:1] in ("{", "["):
        try:
            value = json.loads(text)
        except ValueError:
            return change(text)
        changed = _change_values(value, change)
        return text if changed == value else _write(changed)
    return change(text)


def _change_values(value: Any, change: Change) -> Any:
    match value:
        case str():
            return change(value)
        case bool() | None:
            return value
        case int() | float():
            written = json.dumps(value)
            changed = change(written)
            return value if changed == written else changed
        case dict():
            return {change(key): _change_values(item, change) for key, item in value.items()}
        case list():
            return [_change_values(item, change) for item in value]
    return value


def _change_descriptions(schema: Any, change: Change) -> Any:
    """Return a tool's schema with its texts changed; names of tools and parameters stay."""
    if isinstance(schema, Mapping):
        return {
            key: change(value)
            if isinstance(value, str) and key in ("description", "title", "default")
            else _change_descriptions(value, change)
            for key, value in schema.items()
        }
    if isinstance(schema, list):
        return [_change_descriptions(item, change) for item in schema]
    return schema


def _write(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
