"""Answers of a type: the instruction that the model gets, and the value parsed from its text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from itertools import chain
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Generic, TypeVar, Union, cast, get_args, get_origin

from sayso.tools.canonical import JsonObject, readable_json

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import ErrorDetails

T_co = TypeVar("T_co", covariant=True)


class InvalidOutput(Exception):
    """The text does not hold a value of the output type; the message tells the model what is wrong."""


class TypedOutput(Generic[T_co]):
    """A type that answers must have: a pydantic model, dataclass, TypedDict, list, number, Literal, ...

    In a union with `str`, JSON that fits one of the other types is a value of that type, and any other words are the text.
    """

    def __init__(self, kind: object) -> None:
        self.kind = kind
        bare = _find_bare(kind)
        options = get_args(bare) if get_origin(bare) in (Union, UnionType) else ()
        self.takes_words: bool = str in options
        """Tell whether plain words are an answer."""
        self._json_kind = Union[tuple(option for option in options if option is not str)] if self.takes_words else kind  # noqa: UP007

    @cached_property
    def _adapter(self) -> TypeAdapter[T_co]:
        from pydantic import TypeAdapter

        return TypeAdapter(cast("type[T_co]", self._json_kind))

    @cached_property
    def schema(self) -> JsonObject:
        """Return the JSON schema of the type, of a union with `str` that of the other types."""
        return self._adapter.json_schema()

    @property
    def response_schema(self) -> JsonObject | None:
        """Return the schema that an endpoint may hold the reply to; None where words are an answer too."""
        return None if self.takes_words else self.schema

    @cached_property
    def instruction(self) -> str:
        """Return the instruction for the model."""
        schema = readable_json(self.schema)
        if self.takes_words:
            return f"Answer in words, or with JSON only, no other words, that fits this JSON schema:\n{schema}"
        return f"Answer with JSON only, no other words, that fits this JSON schema:\n{schema}"

    def parse(self, text: str, *, is_cut: bool = False) -> T_co:
        """Return the value in the text: the whole text, or the largest JSON value in it that fits.

        Of a reply that was cut off (`is_cut`) only the first object or list counts, where it was closed before the cut: what stands inside
        one that is still open is not the answer. Raises InvalidOutput with a sentence for the model.
        """
        from pydantic import ValidationError

        if is_cut:
            text = _find_closed(text)
        wrong: list[str] = []
        for candidate in chain(_find_candidates(text), self._find_choice(text)):
            try:
                return self._adapter.validate_json(candidate)
            except ValidationError as error:
                wrong.append("; ".join(_describe(item) for item in error.errors(include_url=False)[:8]))
        if self.takes_words and text.strip() and not _is_json(text):
            return cast(T_co, text.strip())
        raise InvalidOutput(wrong[0] if wrong else "there is no JSON in it")

    def _find_choice(self, text: str) -> Iterator[str]:
        """Yield the choice that the text names as JSON, where the type is a choice: models write the bare word."""
        word = text.strip(" \r\n\t\"'`*.").casefold()
        yield from (json.dumps(choice) for choice in self.schema.get("enum", ()) if str(choice).casefold() == word)


def _find_bare(kind: object) -> object:
    """Return a type without what Annotated says of it, and an alias' own type."""
    while True:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        elif (value := getattr(kind, "__value__", None)) is not None:  # `type Answer = str | City`
            kind = value
        else:
            return kind


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
        except RecursionError:  # nested too deep; so is what stands in it
            break
        found.append(stripped[start:end])
        at = end
    yield from sorted((each for each in found if each != stripped), key=len, reverse=True)


def _find_closed(text: str) -> str:
    """Return the first object or list in a text that was cut off. Raises InvalidOutput where there is none that is closed."""
    start = _find_start(text, 0)
    with suppress(ValueError):
        if start >= 0:
            return text[start : json.JSONDecoder().raw_decode(text, start)[1]]
    raise InvalidOutput("the reply was cut off at max_tokens before its JSON was whole; be shorter")


def _is_json(text: str) -> bool:
    """Tell whether a text is meant as JSON and nothing else, in a code fence or bare."""
    inside = re.sub(r"\A```\w*\s*|\s*```\Z", "", text.strip())
    return inside[:1] in ("{", "[")


def _find_start(text: str, at: int) -> int:
    starts = [start for mark in "{[" if (start := text.find(mark, at)) >= 0]
    return min(starts, default=-1)
