"""Answers as a type: what the model is told of the schema, and how its text becomes a value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from itertools import chain
from typing import Any, Generic, TypeVar

from sayso.tools.canonical import readable_json

T = TypeVar("T")


class NotTheType(Exception):
    """The text is no value of the type; the message tells the model what is wrong."""


class TypedOutput(Generic[T]):
    """A type that answers must have: a pydantic model, dataclass, TypedDict, list, number, Literal, ..."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind

    @cached_property
    def _adapter(self) -> Any:
        from pydantic import TypeAdapter

        return TypeAdapter(self.kind)

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of the type."""
        schema: dict[str, Any] = self._adapter.json_schema()
        return schema

    @cached_property
    def instruction(self) -> str:
        """What the model is told before it answers."""
        return f"Answer with JSON only, no other words, that fits this JSON schema:\n{readable_json(self.schema)}"

    def read(self, text: str) -> T:
        """The value in the text. Raises NotTheType with a sentence for the model."""
        from pydantic import ValidationError

        wrong: list[str] = []
        for candidate in chain(_candidates(text), self._choices(text)):
            try:
                value: T = self._adapter.validate_json(candidate)
            except ValidationError as error:
                wrong.append("; ".join(_sentence(item) for item in error.errors(include_url=False)[:8]))
            else:
                return value
        raise NotTheType(wrong[0] if wrong else "there is no JSON in it")

    def _choices(self, text: str) -> Iterator[str]:
        """The JSON of the choice that the text is, where the type is a choice: models write the bare word."""
        said = text.strip(" \r\n\t\"'`*.").casefold()
        yield from (json.dumps(choice) for choice in self.schema.get("enum", ()) if str(choice).casefold() == said)

    def dump(self, value: T) -> str:
        """The value as the JSON text that a model would have written."""
        return readable_json(self._adapter.dump_python(value, mode="json"))


def _sentence(item: Any) -> str:
    place = ".".join(str(part) for part in item["loc"])
    return f"{place}: {item['msg']}" if place else str(item["msg"])


def _candidates(text: str) -> Iterator[str]:
    """The whole text first, then the JSON values that stand in it, the longest first."""
    stripped = text.strip()
    yield stripped
    decoder = json.JSONDecoder()
    found: list[str] = []
    at = 0
    while (start := _next_start(stripped, at)) >= 0:
        try:
            _, end = decoder.raw_decode(stripped, start)
        except ValueError:
            at = start + 1
            continue
        found.append(stripped[start:end])
        at = end
    yield from sorted((each for each in found if each != stripped), key=len, reverse=True)


def _next_start(text: str, at: int) -> int:
    places = [place for mark in "{[" if (place := text.find(mark, at)) >= 0]
    return min(places, default=-1)
