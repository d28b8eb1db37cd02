"""A tool: a typed function that a model may ask for, with what it can do to the world and how it is shown."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Protocol, Self, TypeVar, cast

from ..calls import Content, ToolCall, find_labels, replace_labelled, strip_labels
from ..canonical import Json, JsonObject, canonical_json, readable_json, sha256
from ..effects import CLEAN, LABELS, Effect, Labels, Secrecy, Trust, to_member
from ..errors import InvalidArguments, ToolError, UsageError
from .blocking import start_thread, take_all, take_all_async
from .callables import bind, find_code, is_async, is_method, is_same_function
from .exact_json import is_same, write_exactly
from .moments import Moment, note_moment
from .returned import UnshownValue, convert_result
from .schema import Signature, build_arguments_model, build_schema, find_text_parameters, read_signature, validate_loosely
from .secret import HIDDEN, HIDDEN_MARK, Hide, find_secrets, has_secret_key, hide_places, iter_leaves, may_hold_secret, show_plain

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ..dialects.signatures import ToolSignature
    from ..sandbox import Sandbox
    from .code_tool import Answered, CallsOut, Ended

P = ParamSpec("P")
R = TypeVar("R", covariant=True)
DepsT = TypeVar("DepsT", covariant=True)

EFFECT_LABELS: Mapping[Effect, tuple[Trust | None, Secrecy]] = {
    Effect.PURE: (Trust.TOOL, Secrecy.PUBLIC),
    Effect.READ: (None, Secrecy.PRIVATE),  # an inbox is read like a price list: only its author can say which it is
    Effect.EGRESS: (Trust.UNTRUSTED, Secrecy.PUBLIC),
    Effect.WRITE: (None, Secrecy.PUBLIC),
}
"""The labels of what a tool returns that does not say `trust=` or `secrecy=`, by its effect; a trust of None: unvouched."""
_BY_EFFECT: Any = None

Arguments = Mapping[str, Any]
"""The checked arguments as an application's own functions receive them. `Any`, so that these need no casts; Sayso itself reads objects."""
Card = str | Callable[[Arguments], str] | Callable[[Arguments, "ToolContext[Any]"], str]
"""The question for a person: a format string over the arguments, or a function of them, or of them and the context.

What a card looks up in its context (a price) must still be so when the write is begun; otherwise nothing is done.
"""
Inline = Callable[[object, str, str], str]
"""Writes a value into the text: `inline(value, before, after)`, with the last 200 characters before the call and a few words after it."""
Lookup = Callable[[str], Awaitable[object | None]]
"""Looks an idempotency key up in the outside world: the result of the write that was made with it, or None if there was none."""
Prepare = Callable[[Arguments, "ToolContext[Any]"], Mapping[str, object]]
"""Completes checked arguments before a person is asked: names as the catalogue has them, the signed-in customer. May raise ToolError."""
RequiresApproval = bool | Callable[[Arguments], bool]
"""Whether calls need approval whatever the effect, or a function of the final arguments that says so of one call."""
Caution = Callable[[Arguments, "ToolContext[Any]"], str]
"""Returns a warning for the card, for a person to look at twice before they approve these arguments; empty when there is none."""


def takes_context(card: Card | None) -> bool:
    """Return whether a card is a function of arguments and context."""
    if card is None or isinstance(card, str):
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(each.kind in positional for each in inspect.signature(card).parameters.values()) > 1


@dataclass(frozen=True, slots=True)
class ToolContext(Generic[DepsT]):
    """What the application hands a tool beside the model's arguments.

    `key` is the idempotency key of this call: the same before and after a crash, different for each call.
    `user_text` is what the user wrote last; `call` is the call being performed (None when code calls the tool). A call that goes on once
    a person has answered what it asked finds the decisions in `answers`, and in `state` what it has left there.
    """

    deps: DepsT
    key: str = ""
    call: ToolCall | None = None
    user_text: str = ""
    answers: Mapping[str, object] | None = None
    state: JsonObject = field(default_factory=dict)


class ToolProgram(Protocol):
    """The code of a tool that calls other tools while it works. It runs piece by piece: to its first call, from there to the next.

    A piece has no effect but its own computing, so a run may repeat it after a crash.
    """

    @property
    def functions(self) -> Mapping[str, AnyTool]:
        """Return the tools that the program may call, by name."""
        ...

    async def start(self, arguments: Mapping[str, object]) -> CallsOut | Ended:
        """Run from the beginning to the first call, or to the end."""
        ...

    async def go_on(self, state: str, answer: Answered) -> CallsOut | Ended:
        """Run from the call at which `state` was saved, with its answer, to the next call or the end."""
        ...


class HasDict:
    """Has room for what is computed and kept, in a class whose fields are slots: what is in a slot is found in a third of the time."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False, slots=True)
class Tool(HasDict, Generic[P, R]):
    """A function with a schema, an effect and a card. Made by `@tool.pure`, `@tool.read`, `@tool.egress` or `@tool.write`.

    `workflow` is the workflow of a tool that was made of one (`agent.as_tool()`): a run executes its calls as child runs. `trust` and
    `secrecy` label what it returns; where they are None, the effect's own count (EFFECT_LABELS).
    """

    function: Callable[P, R]
    name: str
    effect: Effect
    description: str
    card: Card | None = None
    earlier_card: Card | None = None
    """The card of a release before version 3, of which requests may wait; None if it is the same."""
    timeout_seconds: float | None = None
    requires_approval: RequiresApproval = False
    ends_turn: bool = False
    idempotent: bool = False
    lookup: Lookup | None = None
    settles_within_seconds: float | None = None
    """How long after the death of the program that performed a write `lookup` may still not find it."""
    trust: Trust | None = None
    secrecy: Secrecy = _BY_EFFECT
    inline: Inline | None = None
    prepare: Prepare | None = None
    caution: Caution | None = None
    cost_usd: float | Callable[[Arguments], float] = 0.0
    approvals: int = 1
    """How many people must say yes, each to a card of their own."""
    roles: tuple[str, ...] = ()
    """Of which roles whoever decides on the page must have one; empty for none."""
    from_user: tuple[str, ...] = ()
    sandbox: Sandbox | None = None
    program: ToolProgram | None = None
    async_function: Callable[..., Awaitable[object]] | None = None
    """The same function for an event loop: it awaits where `function` would block."""
    asks_person: bool = False
    """Whether a call is a question: the answer of the person who is asked is its result."""
    effect_stated: bool = True
    workflow: object | None = None
    bound: Mapping[str, object] = field(default_factory=dict)
    bound_at: Mapping[str, Moment] = field(default_factory=dict)
    bound_labels: Labels = CLEAN
    """Of what was bound as a Content: each call has them."""
    made_at: Moment = field(default_factory=note_moment)
    parameter_texts: Mapping[str, str] = field(default_factory=dict)
    local_names: Mapping[str, object] = field(default_factory=dict)
    """What the function's hints name of the functions around it."""

    def __post_init__(self) -> None:
        """Make labels of their texts. Raises UsageError for an effect or a label that is none, and for a wrong number of approvals."""
        if type(self.approvals) is not int or self.approvals < 1:
            raise UsageError(f"The tool {self.name} has approvals={self.approvals!r}: how many people must say yes, from 1 up.")
        if isinstance(self.roles, str):
            raise UsageError(f"The tool {self.name} has roles={self.roles!r}. Write roles=({self.roles!r},).")
        effect = to_member(Effect, self.effect, f"the tool {self.name}, effect=")
        trust, secrecy = EFFECT_LABELS[effect]
        closed: dict[str, object] = {
            "effect": effect,
            "trust": trust if self.trust is None else to_member(Trust, self.trust, f"the tool {self.name}, trust="),
            "secrecy": secrecy if self.secrecy is None else to_member(Secrecy, self.secrecy, f"the tool {self.name}, secrecy="),
        }
        for name, value in closed.items():
            object.__setattr__(self, name, value)

    @cached_property
    def signature(self) -> Signature:
        """Read the parameters that a caller fills in: all but the bound ones and the context. Raises UsageError for a missing hint."""
        if is_method(self.function):
            owner = find_code(self.function).__qualname__.rpartition(".")[0] or "the class"
            raise UsageError(
                f"The tool {self.name} is a method of {owner}. Take it from an instance: {owner}(...).{self.name} (or write a function "
                "around that)."
            )
        full = read_signature(self.function, ToolContext, self.local_names)
        self.check_card([parameter.name for parameter in full.parameters])
        if not full.is_plain and self.sandbox is not None:
            what = full.several or full.keywords or full.positional[0]
            raise UsageError(f"The tool {self.name} takes {what!r} with a slash or a star; in a sandbox write it without.")
        if self.effect is Effect.WRITE:
            self._check_defaults(full)
        return replace(full, parameters=tuple(p for p in full.parameters if p.name not in self.bound)) if self.bound else full

    def _check_defaults(self, signature: Signature) -> None:
        """Raise UsageError for a default that cannot be written on a card: a sentinel, an open file."""
        for each in signature.parameters:
            if each.default is each.empty or each.name in self.bound or hasattr(each.default, "default_factory"):
                continue
            try:
                write_exactly(each.default, show_plain)
            except TypeError as error:
                raise UsageError(
                    f"The tool {self.name} has a default for {each.name!r} that cannot be asked about: {error}. What a person approves is "
                    f"JSON: write {each.name}: ... | None = None."
                ) from None

    def check_card(self, names: Collection[str]) -> None:
        """Raise UsageError for a card that cannot be filled in from arguments of these names, whatever their values."""
        if not isinstance(self.card, str):
            return
        try:
            self.card.format_map(dict.fromkeys(names, "some text"))
        except (LookupError, ValueError, AttributeError, TypeError) as error:
            raise UsageError(
                f"The tool {self.name} has card={self.card!r}, which cannot be filled in ({type(error).__name__}: {error}). Its arguments "
                f"are {', '.join(names) or 'none'}, each a text on the card. Write card= as a function of the arguments for anything else."
            ) from None

    @cached_property
    def arguments(self) -> type[BaseModel]:
        """Build the pydantic model that a call's arguments are checked with."""
        return build_arguments_model(self.name, self.signature)

    @cached_property
    def parameters(self) -> JsonObject:
        """Build the JSON Schema of the arguments, an object schema with `properties`."""
        return build_schema(self.arguments, self.signature, self.parameter_texts)

    @cached_property
    def version(self) -> str:
        """Return "3." and 16 hexadecimal digits over all that an approval holds for.

        That is name, schema, effect and card; the functions that perform the write and look it up, through their decorators; whether it may
        be repeated; the walls of its sandbox; and the tools that its program may call.
        """
        from .fingerprint import describe  # late, for load time

        card = self.card if isinstance(self.card, str) else None
        functions = describe(None if card is not None else self.card, self.function, self.async_function, self.lookup)
        box = self.sandbox
        walls = None if box is None else [box.network, [*box.read], [*box.write], sorted(box.needs)]
        called = None if self.program is None else sorted((name, each.version) for name, each in self.program.functions.items())
        parts = (self.name, self.parameters, str(self.effect), card, functions, self.idempotent, walls, called)
        return f"3.{sha256(*parts)[:16]}"

    @cached_property
    def version_2(self) -> str:
        """Return the version of this tool as a release before version 3 would write it: "2." and 16 hexadecimal digits."""
        from .fingerprint import code_text  # late, for load time

        before = self.earlier_card or self.card
        card = before if isinstance(before, str) else code_text(before)
        return f"2.{sha256(self.name, self.parameters, str(self.effect), card, code_text(self.function))[:16]}"

    @cached_property
    def unbound(self) -> Tool[..., R]:
        """Return this tool as it was before any argument was bound."""
        return cast("Tool[..., R]", replace(self, bound={}) if self.bound else self)

    def is_function_of(self, other: Tool[..., object]) -> bool:
        """Return whether another tool has the same function."""
        return is_same_function(self.function, other.function)

    @cached_property
    def looks_up(self) -> bool:
        """Return whether its card is a function of arguments and context."""
        return takes_context(self.card)

    @cached_property
    def needs_context(self) -> bool:
        """Return whether the function or one of `card`, `prepare`, `lookup` and `caution` is handed a ToolContext or its key."""
        return self.signature.context is not None or bool(self.prepare or self.lookup or self.caution) or self.looks_up

    @cached_property
    def is_async(self) -> bool:
        """Return whether the function must be awaited."""
        return is_async(self.function)

    @property
    def awaits(self) -> bool:
        """Return whether a call runs in the event loop or in a process of its own, not in a thread."""
        return self.is_async or self.async_function is not None or self.sandbox is not None or self.program is not None

    def name_thread(self, key: str) -> str:
        """Return the name of the thread in which a call of the blocking function runs."""
        return f"sayso {self.name} {key[:12]}".rstrip()

    @cached_property
    def _text_parameters(self) -> frozenset[str]:
        return find_text_parameters(self.parameters)

    @cached_property
    def defaults(self) -> Mapping[str, object]:
        """Return the defaults of the arguments that a caller may leave out. They are not checked: `amount: float = 1` is an int."""
        fields = self.arguments.model_fields.items()
        return {name: field.default for name, field in fields if not field.is_required() and field.default_factory is None}

    @cached_property
    def _plain_parameters(self) -> frozenset[str]:
        """Return the parameters whose values are texts, yes or no: once they are checked, JSON carries them as they are.

        With a validator or a default they may be something else, and a number may be too long to be written down.
        """
        full = self.signature
        return frozenset(each.name for each in full.parameters if each.default is each.empty and full.hints[each.name] in (str, bool))

    @cached_property
    def _validate(self) -> Callable[[Mapping[str, object]], Any]:
        """Return what checks a call's arguments: the validator's own function, found once."""
        validate: Callable[[Mapping[str, object]], Any] = self.arguments.__pydantic_validator__.validate_python
        return validate

    def check(self, arguments: Mapping[str, object]) -> dict[str, object]:
        """Validate a call's arguments into the function's types, fill in defaults and add bound ones. Raises InvalidArguments."""
        try:
            values: dict[str, object] = self._validate(arguments).__dict__
        except ValueError as error:  # pydantic's ValidationError
            values = validate_loosely(self.name, self.arguments, arguments, self._text_parameters, error, self.find_secret_texts)
        if self.bound:
            values.update(self.bound)
        return values

    @cached_property
    def secret_schema(self) -> JsonObject | None:
        """Build the JSON Schema of all arguments by their Python names, bound ones too. None where no place in it is secret."""
        if not self.bound and not find_secrets(self.parameters):
            return None
        schema: JsonObject = self._all_arguments[0].model_json_schema(by_alias=False)
        if has_secret_key(schema, schema.get("$defs", {})):
            raise UsageError(
                f"The tool {self.name} has a secret as the key of a dict, which cannot be hidden. Take a list of models instead."
            )
        return schema if find_secrets(schema) else None

    @cached_property
    def secret_names(self) -> tuple[str, ...]:
        """Return the names of the arguments in which a secret may stand."""
        schema = self.secret_schema
        if schema is None:
            return ()
        defs = schema.get("$defs", {})
        return tuple(name for name, rule in schema["properties"].items() if may_hold_secret(rule, defs))

    def find_secret_texts(self, arguments: Mapping[str, object]) -> frozenset[str] | None:
        """Return the secret texts and numbers in a call's arguments, checked or not; None where the tool takes no secrets.

        All that stands in unknown arguments is among them, for one of those may be misspelled; and a text in the place of an object.
        """
        if self.secret_schema is None:
            return None
        found: list[Json] = []

        def note(value: Json) -> Json:
            found.append(value)
            return {HIDDEN: ""}

        known = {*self.secret_schema["properties"], *self.parameters["properties"]}
        for name, value in arguments.items():
            with suppress(TypeError):
                before, written = len(found), {name: write_exactly(value, note)}
                for schema in (self.secret_schema, self.parameters):
                    hide_places(written, schema, note)
                is_misshapen = isinstance(value, str) and name in self.secret_names and len(found) == before
                if name not in known or is_misshapen:
                    found.append(written[name])
        return frozenset(str(leaf) for each in found for leaf in iter_leaves(each))

    @cached_property
    def _all_arguments(self) -> tuple[type[BaseModel], frozenset[str]]:
        if not self.bound:
            return self.arguments, self._text_parameters
        signature = read_signature(self.function, ToolContext, self.local_names)
        model = build_arguments_model(self.name, signature)
        return model, find_text_parameters(build_schema(model, signature, {}))

    def parse_frozen(self, frozen: str) -> dict[str, object]:
        """Parse the JSON of an approved call into typed arguments: those it holds, bound ones too. Raises InvalidArguments."""
        model, text_parameters = self._all_arguments
        validator, arguments = model.__pydantic_validator__, json.loads(frozen)
        values: dict[str, object]
        with suppress(ValueError):  # by name, as `freeze` writes it, and otherwise as `check` reads what a model writes
            values = validator.validate_python(arguments, by_alias=False, by_name=True).__dict__
            return values
        with suppress(ValueError):  # a strict type takes a date or a set only where it knows that JSON has none
            values = validator.validate_json(frozen, by_alias=False, by_name=True).__dict__
            return values
        try:  # a request of an earlier version
            values = validator.validate_python(arguments).__dict__
        except ValueError as error:
            values = validate_loosely(self.name, model, arguments, text_parameters, error, self.find_secret_texts)
        return values

    def freeze(self, arguments: Mapping[str, object], hide: Hide) -> JsonObject:
        """Return checked arguments as the JSON that is shown, stored and performed from; each secret is given to `hide`.

        Raises TypeError for what JSON cannot hold.
        """
        written: JsonObject = {name: value if type(value) is str else write_exactly(value, hide) for name, value in arguments.items()}
        return hide_places(written, self.secret_schema, hide) if self.secret_schema is not None else written

    def normalise(self, arguments: Mapping[str, object], given: Collection[str] = ()) -> dict[str, object]:
        """Return checked arguments as they come back from the bytes that a card shows, a digest covers and a write is performed from.

        They must be the same: the function gets what was shown, and what it would get without a card. Only defaults, and what the
        application has `given` by name (bound, or completed by `prepare`), are converted to the parameter's type, once.
        Raises InvalidArguments for a value that JSON cannot hold, UsageError that names a parameter whose type does not bring back what
        went in.
        """
        if not given and self._plain_parameters.issuperset(arguments):
            return dict(arguments)
        parsed = self._read_back(arguments, given)
        if all(is_same(value, parsed.get(name)) for name, value in arguments.items()):
            return dict(arguments)
        again = self._read_back(parsed, given)
        for name, value in arguments.items():
            is_free = name in given or (name in self.defaults and is_same(value, self.defaults[name]))
            if not is_same(parsed.get(name), again.get(name)) or not (is_free or is_same(value, parsed.get(name), checks_defaults=False)):
                raise self._not_carried(name)
        return parsed

    def _parse_back(self, frozen: str) -> dict[str, object]:
        try:
            return self.parse_frozen(frozen)
        except InvalidArguments:
            raise
        except Exception as error:  # noqa: BLE001  an application's validator that takes only what a model writes, and raises anything
            raise InvalidArguments(self.name, [f"{self._find_raising(frozen)!r} raised {type(error).__name__}"]) from None

    def _find_raising(self, frozen: str) -> str:
        """Return the argument whose validator raises something else than that the value does not fit."""
        model = self._all_arguments[0]
        arguments: JsonObject = json.loads(frozen)
        for name, value in arguments.items():
            try:
                model.__pydantic_validator__.validate_assignment(model.model_construct(), name, value, by_alias=False, by_name=True)
            except ValueError:
                continue
            except Exception:  # noqa: BLE001  as above
                return name
        return "arguments"

    def _not_carried(self, name: str) -> UsageError:
        return UsageError(
            f"{self.name} cannot be asked about: its argument {name!r} does not come back unchanged from the JSON that a card shows, so "
            "another value would be performed than was shown. Give it a type whose values JSON carries, and validators that leave alone "
            "what they have checked before."
        )

    def _read_back(self, arguments: Mapping[str, object], given: Collection[str] = ()) -> dict[str, object]:
        try:
            frozen = canonical_json(self.freeze(arguments, show_plain))
            if HIDDEN_MARK in frozen:
                raise InvalidArguments(self.name, [f"{HIDDEN!r} cannot be a key: it stands for what Sayso hides"])
            return self._parse_back(frozen)
        except InvalidArguments as error:
            lost = next(
                (name for name in arguments if any(problem.startswith((f"'{name}'", f"'{name}.")) for problem in error.problems)), None
            )
            if lost is None or lost in given:
                raise
            raise self._not_carried(lost) from None
        except ValueError:
            raise InvalidArguments(self.name, ["a number is not finite (NaN or infinity), or too long to be written down"]) from None
        except TypeError as error:
            raise UsageError(f"{self.name} cannot be asked about: {error}. Its arguments must be JSON.") from None

    async def perform(self, arguments: Mapping[str, object], context: ToolContext[object]) -> object:
        """Call the function with checked arguments and return its value as JSON (or a Content of it). The caller guards the effect.

        A blocking function runs in a thread unless the tool is PURE: those are quick. Raises what the function raises, and UsageError for a
        value that is not JSON.
        """
        try:
            plain = self._plain
            value = await (self._call(arguments, context) if plain is None else plain(**arguments))
        except SystemExit as error:  # it would end the event loop, and the run without a word
            raise RuntimeError(f"{self.name} called exit({error.code!r})") from error
        return value if type(value) is str else await self._take(value)

    @cached_property
    def _plain(self) -> Callable[..., Awaitable[object]] | None:
        """Return the function where a call only awaits it: no context, no thread, no sandbox. Else None."""
        own = (self.program, self.signature.context, self.sandbox, self.async_function)
        is_plain = self.is_async and all(each is None for each in own) and self.signature.is_plain
        return cast("Callable[..., Awaitable[object]]", self.function) if is_plain else None

    async def _call(self, arguments: Mapping[str, object], context: ToolContext[object]) -> object:
        """Call the function where it belongs: here, in a thread, in its sandbox."""
        if self.program is not None:
            raise self._needs_a_run()
        if self.signature.context:
            arguments = {**arguments, self.signature.context: context}
        function: Callable[..., Any] = self.function
        if self.sandbox is not None:
            from ..sandbox import run_function_sandboxed  # late, for load time

            return await run_function_sandboxed(function, dict(arguments), self.sandbox, approved=self._only_in_a_run)
        by_place, arguments = self.signature.place(arguments)
        if self.async_function is not None:
            return await self.async_function(*by_place, **arguments)
        if self.is_async:
            return await function(*by_place, **arguments)
        if self.effect is Effect.PURE:
            return function(*by_place, **arguments)
        # The program ends after a write that it has begun, and does not wait for a read.
        is_write = self.effect is Effect.WRITE
        return await start_thread(function, by_place, arguments, name=self.name_thread(context.key), daemon=not is_write)

    async def _take(self, value: object) -> object:
        """Return a value as JSON, with all that a generator yields, and after what has to be awaited."""
        if inspect.isawaitable(value):  # a decorator that says `def` around an async function
            value = await value
        if isinstance(value, Iterator):
            value = take_all(value)
        elif hasattr(value, "__aiter__"):
            value = await take_all_async(value)
        try:
            return self._convert(value)
        except (UnshownValue, RecursionError) as error:
            why = (
                f"{self.name} returned a value that holds itself, or is nested too deep"
                if isinstance(error, RecursionError)
                else str(error)
            )
            if self.effect is not Effect.WRITE:
                raise UnshownValue(why) from None
            return f"It is done. What came back cannot be shown: {why}."  # the write has happened, whatever it returned

    def _convert(self, value: object) -> object:
        """Return what the function has returned as JSON, or as a Content of it where something in it has labels of its own."""
        if isinstance(value, Content):
            return replace(value, value=convert_result(strip_labels(value.value), self.name))
        labels = LABELS[self.trust, self.secrecy]

        def take_labels(content: Content) -> object:
            nonlocal labels
            labels = labels.union(LABELS[content.trust or self.trust, content.secrecy or self.secrecy]).union(find_labels(content.value))
            return strip_labels(content.value)

        bare = replace_labelled(value, take_labels)
        others = find_labels(bare)  # pages and passages know that others wrote them
        converted = convert_result(bare, self.name)
        if bare is value and others is CLEAN:
            return converted
        labels = labels.union(others)
        return Content(converted, "", labels.trust, labels.secrecy)

    def __get__(self, instance: object, owner: type | None = None) -> Self:
        """Return the tool of one instance, where it stands above a method in a class."""
        is_there = instance is not None or isinstance(self.function, classmethod)
        if not is_there or not is_method(self.function):
            return self
        return replace(self, function=cast("Callable[P, R]", bind(self.function, instance, owner)))

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function, in its sandbox if it has one, for all but WRITE: a write needs a run that can ask first."""
        if self._only_in_a_run:
            raise self._needs_a_run()
        _ = self.signature  # says what is wrong with a method without its instance
        if self.sandbox is None:
            return cast(Callable[..., R], self.function)(*args, **{**self.bound, **kwargs})
        from ..sandbox import call_function_sandboxed, run_function_sandboxed  # late, for load time

        call: Callable[..., Any] = run_function_sandboxed if self.is_async else call_function_sandboxed
        given = inspect.signature(self.function).bind(*args, **{**self.bound, **kwargs}).arguments
        return cast(R, call(self.function, given, self.sandbox))

    @property
    def _only_in_a_run(self) -> bool:
        return self.effect is Effect.WRITE or bool(self.requires_approval) or self.program is not None

    def _needs_a_run(self) -> UsageError:
        why = "asks before it acts" if self.program is None else "calls other tools, some of which may ask first"
        return UsageError(
            f"{self.name} {why}, so it cannot be called like a function. "
            f"Give it to an Agent, use it as a step of a workflow, or call it inside a run: await run.call({self.name}, ...)."
        )

    def using(self, **bound: object) -> Tool[..., R]:
        """Return this tool with some arguments fixed by the program; the model does not see them. Raises UsageError for an unknown one.

        What is fixed before a run begins is the application's own word. Inside a run it is what workflow code hands over, from wherever.
        """
        known = {parameter.name for parameter in self.signature.parameters}
        for name in bound:
            if name not in known:
                raise UsageError(f"{self.name} has no argument {name!r}; it has: {', '.join(sorted(known)) or 'none'}.")
        moment = note_moment()
        bound_at = {**self.bound_at, **dict.fromkeys(bound, moment)}
        labels = self.bound_labels.union(find_labels(bound))
        bare = {name: strip_labels(value) for name, value in bound.items()}
        return replace(cast("Tool[..., R]", self), bound={**self.bound, **bare}, bound_at=bound_at, bound_labels=labels)

    def is_fixed(self, name: str, begun: int) -> bool:
        """Return whether an argument was bound before the run that has begun at number `begun`, and inside no other run."""
        moment = self.bound_at.get(name)
        return moment is not None and not moment.in_run and moment.number < begun

    def openai_schema(self) -> JsonObject:
        """Return this tool as an entry of `tools=` in a request to a chat-completions endpoint."""
        return {"type": "function", "function": {"name": self.name, "description": self.description, "parameters": self.parameters}}

    def answer(self, tool_call: object) -> JsonObject:
        """Answer one tool call of your own model loop with the `role: tool` message to append; errors become its content.

        Takes the openai client's object or a dict. Raises UsageError for a WRITE (it needs a run) and for another tool's call.
        """
        from ..dialects.signatures import ToolSignature, ToolSignatures  # late, for load time

        call_id, name, arguments = _read_openai_call(tool_call)
        signature = ToolSignatures([ToolSignature(self.name, self.parameters)]).find_marked(name)
        if signature is None:
            raise UsageError(f"{self.name} was handed a call of {name!r}.")
        if self._only_in_a_run:
            raise self._needs_a_run()
        try:
            checked = self.check(signature.leave_out_extra(_read_arguments(signature, arguments)))
            content = self._answer_text(checked)
        except ToolError as error:
            content = f"Error: {error}"
        return {"role": "tool", "tool_call_id": call_id, "content": content}

    def _answer_text(self, checked: Mapping[str, object]) -> str:
        try:
            asyncio.get_running_loop()
            in_loop = True
        except RuntimeError:
            in_loop = False  # the tool is not called in this block: this error would become the context of its own errors
        if not in_loop:
            value = asyncio.run(self.perform(checked, ToolContext(None)))
        else:
            if self.is_async:
                raise UsageError(
                    f"{self.name} is async; inside a running event loop write: await asyncio.to_thread({self.name}.answer, call)."
                )
            context = {self.signature.context: ToolContext(None)} if self.signature.context else {}
            by_place, by_name = self.signature.place({**checked, **context})
            value = convert_result(cast(Callable[..., object], self)(*by_place, **by_name), self.name)
        return value if isinstance(value, str) else readable_json(value)

    def __repr__(self) -> str:
        return f"<{self.effect} tool {self.name}>"


AnyTool = Tool[..., object]
"""A tool whatever it takes and returns."""


def _read_openai_call(tool_call: Any) -> tuple[str, str, object]:
    if isinstance(tool_call, Mapping):
        function = tool_call["function"]
        return str(tool_call.get("id", "")), function["name"], function["arguments"]
    return tool_call.id, tool_call.function.name, tool_call.function.arguments


def _read_arguments(signature: ToolSignature, written: object) -> Mapping[str, object]:
    from ..dialects.arguments import read_arguments  # late, for load time
    from ..dialects.coerce import CoercionError  # late, for load time

    try:
        return read_arguments(signature, written)[0]
    except CoercionError as error:
        raise InvalidArguments(signature.name, [f"expected {error}"]) from None
