"""A tool that is made from a JSON Schema and an async function, not from a Python signature: a tool server's, an OpenAPI operation's."""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from ..canonical import Json, JsonObject, sha256, strict_json, to_jsonable
from ..effects import AnyEffect, Effect
from ..errors import InvalidArguments, UsageError
from ..tool_questions import Asking
from .json_schema import find_problems, leave_out_nulls, merge_root, read_schema
from .schema import Signature
from .secret import HIDDEN, find_secrets, has_reserved_key, has_secret_key, may_hold_secret
from .tool import Tool, ToolContext
from .tool_names import map_name

if TYPE_CHECKING:
    from pydantic import BaseModel


Perform = Callable[..., Awaitable[object]]
"""Performs a call: `await perform(arguments)`, or `await perform(arguments, context)` with a ToolContext, which has the idempotency key."""
_TYPES: Mapping[str, object] = {"string": str, "integer": int, "number": float, "boolean": bool, "array": list, "object": dict}


class _Parameter(inspect.Parameter):
    """A parameter whose name Python could not have: JSON has "max-results" and "from"."""

    __slots__ = ()

    def __init__(
        self,
        name: str,
        kind: Any = inspect.Parameter.KEYWORD_ONLY,
        *,
        default: object = inspect.Parameter.empty,
        annotation: object = inspect.Parameter.empty,
    ) -> None:
        super().__init__("argument", kind, default=default, annotation=annotation)
        self._name = name


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SchemaTool(Tool[..., Any]):
    """A tool whose arguments are described by a JSON Schema. `tool.from_schema(...)` makes one.

    `given_name` is the name that its server knows; `name` is the same as far as every endpoint takes it. `schema` is the whole schema,
    which calls are checked with; `identity` says whose tool it is and `stated_version` which release: both are part of its version.
    """

    perform_call: Perform
    schema: JsonObject
    given_name: str
    identity: str
    stated_version: str = ""

    @cached_property
    def _properties(self) -> JsonObject:
        shown: JsonObject = merge_root(self.schema)
        return cast(JsonObject, shown["properties"])

    @cached_property
    def signature(self) -> Signature:
        """Return the parameters that a caller fills in, each with the Python type of its JSON type."""
        needed = merge_root(self.schema).get("required", ())
        free = {name: rule for name, rule in self._properties.items() if name not in self.bound}
        hints = {name: _TYPES.get(str(rule.get("type")) if isinstance(rule, dict) else "", Any) for name, rule in free.items()}
        return Signature(tuple(_Parameter(name, default=inspect.Parameter.empty if name in needed else None) for name in free), None, hints)

    @cached_property
    def parameters(self) -> JsonObject:
        """Return the JSON Schema that a model is shown: without what is bound, and without a union at the root, which endpoints refuse."""
        shown = merge_root(self.schema)
        if not self.bound:
            return shown
        left = {name: rule for name, rule in shown["properties"].items() if name not in self.bound}
        required = [name for name in shown.get("required", ()) if name not in self.bound]
        without: JsonObject = {**shown, "properties": left, "required": required}
        if not required:
            del without["required"]
        return without

    @cached_property
    def arguments(self) -> type[BaseModel]:
        """Raise UsageError: there is no pydantic model of it."""
        raise UsageError(f"{self.name} is made from a JSON Schema, so it has no pydantic model. Its schema is {self.name}.parameters.")

    @cached_property
    def version(self) -> str:
        """Return "3." and 16 hexadecimal digits over all that an approval holds for.

        That is whose tool it is and which release, name, description, schema, effect and card; what looks a write up; and whether it may be
        repeated. The code that performs the call is the server's: its identity and version stand for it.
        """
        from .fingerprint import describe  # late, for load time

        card = self.card if isinstance(self.card, str) else None
        functions = describe(None if card is not None else self.card, self.lookup)
        named = (self.identity, self.stated_version, self.given_name, self.name, self.description, self.schema)
        return f"3.{sha256('schema', *named, str(self.effect), card, functions, self.idempotent)[:16]}"

    def is_function_of(self, other: Tool[..., object]) -> bool:
        """Return whether another tool is performed in the same place: what a server lists after a reconnection are the same tools."""
        is_there = isinstance(other, SchemaTool) and (self.identity, self.given_name) == (other.identity, other.given_name)
        return self.function is other.function or (bool(self.identity) and is_there)

    @cached_property
    def defaults(self) -> Mapping[str, object]:
        """Return nothing: what a schema says of defaults is what the server does."""
        return {}

    @cached_property
    def is_async(self) -> bool:
        """Return True."""
        return True

    @cached_property
    def needs_context(self) -> bool:
        """Return whether a ToolContext is handed to what performs the call, or to one of the tool's own functions."""
        return self._takes_context or bool(self.prepare or self.lookup or self.caution) or self.looks_up

    @cached_property
    def _takes_context(self) -> bool:
        return _count_parameters(self.perform_call) > 1

    @cached_property
    def _plain_parameters(self) -> frozenset[str]:
        return frozenset()

    def check(self, arguments: Mapping[str, object]) -> dict[str, object]:
        """Check a call's arguments against the schema and add bound ones. Raises InvalidArguments."""
        found = _as_json({**arguments, **self.bound}, self.name)
        read = {name: _read_text(value, self._properties.get(name), self.schema.get("$defs", {})) for name, value in found.items()}
        problems = find_problems(read, self.schema)
        if problems:  # a model that has to name every argument writes null for those that it leaves out
            given = {name: value for name, value in read.items() if name not in self.bound}
            left = {**cast(JsonObject, leave_out_nulls(given, self.schema, self.schema.get("$defs", {}))), **self.bound}
            if not find_problems(left, self.schema):
                return left
            if secrets := self.find_secret_texts(arguments):
                from .secret import make_pattern, mask_text  # late, for load time

                pattern = make_pattern(secrets, shortest=1)
                problems = [mask_text(problem, pattern) for problem in problems]
            raise InvalidArguments(self.name, problems)
        return read

    @cached_property
    def secret_schema(self) -> JsonObject | None:
        """Return the schema where a place in it is secret (`writeOnly`, `format: password`), else None."""
        if not find_secrets(self.schema):
            return None
        if has_secret_key(self.schema, self.schema.get("$defs", {})):
            raise UsageError(f"The tool {self.name} has a secret as the key of an object, which cannot be hidden.")
        return self.schema

    @cached_property
    def secret_names(self) -> tuple[str, ...]:
        """Return the names of the arguments in which a secret may stand."""
        defs = self.schema.get("$defs", {})
        return tuple(name for name, rule in self._properties.items() if may_hold_secret(rule, defs))

    def parse_frozen(self, frozen: str) -> dict[str, object]:
        """Parse the JSON of an approved call: it is what is performed. Raises InvalidArguments where the schema does not take it."""
        arguments: JsonObject = json.loads(frozen)
        if problems := find_problems(arguments, self.schema):
            raise InvalidArguments(self.name, problems)
        return arguments

    async def perform(self, arguments: Mapping[str, object], context: ToolContext[object]) -> object:
        """Perform a call with checked arguments and return its value as JSON (or a Content of it). The caller guards the effect."""
        value = await (self.perform_call(arguments, context) if self._takes_context else self.perform_call(arguments))
        return value if isinstance(value, (str, Asking)) else await self._take(value)


def tool_from_schema(
    perform: Perform,
    *,
    name: str,
    description: str,
    schema: Mapping[str, Any] | None,
    effect: AnyEffect | None,
    identity: str,
    version: str,
    options: Mapping[str, Any],
) -> SchemaTool:
    """Return the tool; see `tool.from_schema`."""
    if not inspect.iscoroutinefunction(perform) and not inspect.iscoroutinefunction(getattr(perform, "__call__", None)):  # noqa: B004
        raise UsageError(f"The tool {name} is performed by {perform!r}, which is not async. Write async def perform(arguments): ...")
    if _count_parameters(perform) not in (1, 2):
        raise UsageError(f"The tool {name} is performed by {perform!r}. Write async def perform(arguments), or (arguments, context).")
    if not isinstance(name, str) or not name.strip():
        raise UsageError(f"A tool needs a name, not {name!r}.")
    known = map_name(name)
    read = read_schema(schema, known)
    if has_reserved_key(read.get("properties")):
        raise UsageError(f"The tool {known} has an argument {HIDDEN!r}, a name that Sayso needs for hidden values. Give it another name.")
    if not description.strip():
        description = f"The tool {name}. Its author does not say what it does."

    async def function(**arguments: object) -> object:
        return await made.perform(arguments, ToolContext(None))

    function.__name__ = function.__qualname__ = known
    made = SchemaTool(
        function=function,
        name=known,
        effect=Effect.WRITE if effect is None else effect,  # type: ignore[arg-type]  # __post_init__ takes the text too
        effect_stated=effect is not None,
        description=description,
        perform_call=perform,
        schema=read,
        given_name=name,
        identity=identity,
        stated_version=version,
        **options,
    )
    _ = made.secret_schema
    made.check_card(merge_root(read).get("required", ()))  # what a call may leave out cannot be on a card
    return made


def _count_parameters(perform: Perform) -> int:
    parameters = inspect.signature(perform).parameters.values()
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(each.kind in positional and each.default is each.empty for each in parameters)


def _as_json(arguments: Mapping[str, object], name: str) -> JsonObject:
    """Return arguments as plain JSON: those of a program may be dates or models."""
    try:
        found: JsonObject = to_jsonable(arguments)
        json.dumps(found, allow_nan=False)
    except ValueError:
        raise InvalidArguments(name, ["a number is not finite (NaN or infinity)"]) from None
    except (TypeError, RecursionError) as error:
        raise InvalidArguments(name, [f"the arguments are not JSON ({error})"]) from None
    return found


def _read_text(value: Json, rule: Json, defs: Mapping[str, Json]) -> Json:
    """Return the list or object that is written as JSON in a text, where the schema takes one and no text."""
    if not isinstance(value, str) or not isinstance(rule, dict) or value.lstrip()[:1] not in ("[", "{"):
        return value
    if not find_problems(value, {**rule, "$defs": defs}):
        return value
    with suppress(ValueError, RecursionError):
        read = strict_json(value)  # a key that is there twice has no one reading
        json.dumps(read, allow_nan=False)  # and 1e999 has none
        if isinstance(read, (list, dict)) and not find_problems(read, {**rule, "$defs": defs}):
            return read
    return value
