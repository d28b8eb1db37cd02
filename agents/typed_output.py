"""Answers of a type: the instruction that the model gets, and the value parsed from its text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from sayso.tools.canonical import JsonObject, readable_json

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import ErrorDetails

T_co = TypeVar("T_co", covariant=True)


class InvalidOutput(Exception):
    """The text does not hold a value of the output type; the message tells the model what is wrong."""


class TypedOutput(Generic[T_co]):
    """A type that answers must have: a pydantic model, dataclass, TypedDict, list, number, Literal, ..."""

    def __init__(self, kind: object) -> None:
        self.kind = kind

    @cached_property
    def _adapter(self) -> TypeAdapter[T_co]:
        from pydantic import TypeAdapter

        return TypeAdapter(cast("type[T_co]", self.kind))

    @cached_property
    def schema(self) -> JsonObject:
        """Return the JSON schema of the type."""
        return self._adapter.json_schema()

    @cached_property
    def instruction(self) -> str:
        """Return the instruction for the model."""
        return f"Answer with JSON only, no other words, that fits this JSON schema:\n{readable_json(self.schema)}"

    def parse(self, text: str) -> T_co:
        """Return the value in the text: the whole text, or the largest JSON value in it that fits.

        Raises InvalidOutput with a sentence for the model.
        """
        from pydantic import ValidationError

        wrong: list[str] = []
        for candidate in chain(_find_candidates(text), self._find_choice(text)):
            try:
                return self._adapter.validate_json(candidate)
            except ValidationError as error:
                wrong.append("; ".join(_describe(item) for item in error.errors(include_url=False)[:8]))
        raise InvalidOutput(wrong[0] if wrong else "there is no JSON in it")

    def _find_choice(self, text: str) -> Iterator[str]:
        """Yield the choice that the text names as JSON, where the type is a choice: models write the bare word."""
        word = text.strip(" \r\n\t\"'`*.").casefold()
        yield from (json.dumps(choice) for choice in self.schema.get("enum", ()) if str(choice).casefold() == word)


def _describe(error: ErrorDetails) -> str:
    where = ".".join(str(part) for part in error["loc"])
    return f"{where}: {error['msg']}" if where else str(error["msg"])


def _find_candidates(text: str) -> Iterator[str]:
    """Yield the whole text, then the JSON values that stand in it, the longest first."""
    stripped = text.strip()
    yield stripped
    decoder = json.JSONDecoder()
    found: list[str] = []
    at = 0
    while (start := _find_start(stripped, at)) >= 0:
        try:
            _, end = decoder.raw_decode(stripped, start)
        except ValueError:
            at = start + 1
            continue
        found.append(stripped[start:end])
        at = end
    yield from sorted((each for each in found if each != stripped), key=len, reverse=True)


def _find_start(text: str, at: int) -> int:
    starts = [start for mark in "{[" if (start := text.find(mark, at)) >= 0]
    return min(starts, default=-1)
