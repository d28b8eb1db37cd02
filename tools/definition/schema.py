"""The parameters of a tool's function as JSON Schema, from type hints and docstring, and the check of a call's arguments against it."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from types import GenericAlias
from typing import TYPE_CHECKING, Any, cast

from ..canonical import JsonObject
from ..errors import InvalidArguments, UsageError
from .callables import find_code, find_doc, find_fixed, find_name, find_names
from .hints import allow_none, find_context, read_hints, type_keywords

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails


@dataclass(frozen=True, slots=True)
class Signature:
    """The parameters of a tool's function: those the caller fills in, and the one (if any) that takes the ToolContext.

    `positional` are those that the function has to be given by their place, in order; what stands in `several` (`*names`) after them, and
    each key of `keywords` (`**fields`) by its name.
    """

    parameters: tuple[inspect.Parameter, ...]
    context: str | None = None
    hints: Mapping[str, object] = field(default_factory=dict)
    returns: object = Any
    positional: tuple[str, ...] = ()
    several: str = ""
    keywords: str = ""

    @property
    def is_plain(self) -> bool:
        """Return whether the function takes each argument by its name, as a call has it."""
        return not (self.positional or self.several or self.keywords)

    def place(self, arguments: Mapping[str, object]) -> tuple[tuple[object, ...], Mapping[str, object]]:
        """Return arguments as the function takes them: by place, and by name."""
        if not self.positional and not self.several and not self.keywords:
            return (), arguments
        after = arguments[self.several] if self.several else ()
        by_name = {name: value for name, value in arguments.items() if name not in self.positional and name != self.several}
        if self.keywords:
            by_name.update(cast("Mapping[str, object]", by_name.pop(self.keywords)))
        return (*(arguments[name] for name in self.positional), *cast("Iterable[object]", after)), by_name


def read_signature(function: Callable[..., object], context_type: type, names: Mapping[str, object] | None = None) -> Signature:
    """Read the function's parameters. `names` are those that were known around it.

    A parameter that begins with an underscore and has a default is the function's own, and left out; `*names: str` is a list, and
    `**fields: str` an object, of which a card shows every key. Raises UsageError for a parameter without a type hint or with one that
    cannot be read.
    """
    name, fixed = find_name(function), find_fixed(function)
    hints = read_hints(find_code(function), name, names)
    parameters: list[inspect.Parameter] = []
    every, hidden, keywords = read_parameters(function, name), "", ""
    several = next((each.name for each in every if each.kind is each.VAR_POSITIONAL), "")
    # The first argument of a single dispatch chooses the function, and is looked for by its place.
    by_place = _PLACED if several else (inspect.Parameter.POSITIONAL_ONLY,)
    positional = [each.name for each in every if each.kind in by_place]
    if not positional and hasattr(find_code(function), "registry") and hasattr(find_code(function), "dispatch"):
        positional = [each.name for each in every[:1] if each.kind in _PLACED]
    for parameter in every:
        if parameter.name in fixed or (parameter.name.startswith("_") and parameter.default is not parameter.empty):
            hidden = parameter.name
            continue
        if hidden in positional and (parameter.name in positional or parameter.name == several):
            raise UsageError(
                f"The tool {name} takes {parameter.name!r} by its place, after {hidden!r}, which a model does not fill in. "
                f"Put {hidden!r} last."
            )
        hint = hints.get(parameter.name)
        if hint is None:
            raise UsageError(
                f"The tool {name} has no type hint for {parameter.name!r}; the schema that the model sees is made from the hints."
            )
        if parameter.name.startswith("_") or parameter.name == "model_config":
            raise UsageError(f"The tool {name} has the parameter {parameter.name!r}, which pydantic cannot describe. Give it another name.")
        if parameter.name == several:
            hints[several] = GenericAlias(list, (hint,))
            parameter = inspect.Parameter(several, inspect.Parameter.KEYWORD_ONLY, default=[])
        if parameter.kind is parameter.VAR_KEYWORD:
            keywords = parameter.name
            hints[keywords], default = type_keywords(hint, find_names(function, every, fixed))
            parameter = inspect.Parameter(keywords, inspect.Parameter.KEYWORD_ONLY, default=default)
        if getattr(parameter.default, "default", parameter.default) is None:  # of a Field(default=None) too
            hints[parameter.name] = allow_none(hint)
        parameters.append(parameter)
    context = find_context(hints, [parameter.name for parameter in parameters], context_type, name)
    shown = tuple(each for each in parameters if each.name != context)
    placed = tuple(each.name for each in parameters if each.name in positional)
    return Signature(shown, context, hints, hints.get("return", Any), placed, several, keywords)


_PLACED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


_PARAMETER_MARKS = {
    **dict.fromkeys(("Args:", "Arguments:", "Params:", "Parameters:"), "GOOGLE"),
    **dict.fromkeys((":param ", ":parameter ", ":arg ", ":argument "), "REST"),
    "Parameters\n": "NUMPYDOC",
    "@param ": "EPYDOC",
}
"""What begins a list of parameters, with the name of the style that it is of."""


def read_parameters(function: Callable[..., object], name: str) -> list[inspect.Parameter]:
    """Return the parameters of a function. Raises UsageError for one of a library in C that does not tell them."""
    try:
        return list(inspect.signature(function).parameters.values())
    except (ValueError, TypeError):
        raise UsageError(
            f"The tool {name} is a function whose parameters cannot be read. Write one around it: def {name}(text: str): ..."
        ) from None


def parse_docstring(function: Callable[..., object]) -> tuple[str, dict[str, str]]:
    """Return the docstring without its parameter list, and the description of each parameter (Google, NumPy, reST or epydoc)."""
    text = find_doc(function)
    styles = {style for mark, style in _PARAMETER_MARKS.items() if mark in text}
    if not styles:
        return text.strip(), {}
    if styles == {"GOOGLE"} and (read := _read_plain_list(text)) is not None:
        return read
    import docstring_parser

    # Of several styles the one is meant that finds the most; to try all of them takes four times as long.
    style = docstring_parser.DocstringStyle[styles.pop() if len(styles) == 1 else "AUTO"]
    try:
        parsed = docstring_parser.parse(text, style)
    except docstring_parser.ParseError:  # the list of parameters is of a form of its own: a model reads it as it is
        return text.strip(), {}
    description = "\n\n".join(part for part in (parsed.short_description, parsed.long_description) if part)
    return description.strip(), {param.arg_name: " ".join((param.description or "").split()) for param in parsed.params}


_LIST_OF_ARGUMENTS = re.compile(r"(?: {4}\w+:[^\n]*\n(?: {5,}\S[^\n]*\n)*)+")
_HEADING = re.compile(r":[ \t]*$", re.M)
_ENTRY = re.compile(r"^ {4}(?=\S)", re.M)


def _read_plain_list(text: str) -> tuple[str, dict[str, str]] | None:
    """Return what `docstring_parser` does for a docstring that ends with a plain list under "Args:", in a fifth of the time; else None."""
    said, _, listed = text.partition("\nArgs:\n")
    listed += "\n"
    if _HEADING.search(said) or not _LIST_OF_ARGUMENTS.fullmatch(listed):
        return None
    first, _, more = said.partition("\n")
    entries = (entry.partition(":") for entry in _ENTRY.split(listed)[1:])
    return f"{first}\n\n{more.strip()}".strip(), {name: " ".join(told.split()) for name, _, told in entries}


def build_arguments_model(name: str, signature: Signature) -> type[BaseModel]:
    """Build the pydantic model of a call's arguments; it refuses unknown arguments."""
    from pydantic import ConfigDict, Field, create_model
    from pydantic.errors import PydanticUserError
    from pydantic_core import SchemaError

    from .descriptions import add_descriptions  # late, for load time

    fields: dict[str, Any] = {}
    for parameter in signature.parameters:
        # Field() with nothing in it leaves what Annotated says, a default too.
        default = Field() if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (add_descriptions(signature.hints[parameter.name]), default)
    # By name too: that is how the arguments of an approved call are stored, and shown to whoever edits them.
    config = ConfigDict(
        extra="forbid", arbitrary_types_allowed=True, protected_namespaces=(), validate_by_name=True, validate_by_alias=True
    )

    def build(fields: dict[str, Any]) -> type[BaseModel]:
        with warnings.catch_warnings():  # a parameter may be called `schema`, `json` or `copy`, as a method of pydantic's
            warnings.filterwarnings("ignore", "Field name .* shadows an attribute", UserWarning)
            return create_model(name, __config__=config, **fields)

    try:
        return build(fields)
    except (PydanticUserError, SchemaError) as error:
        raise _name_the_parameter(name, fields, build, error) from None


def _name_the_parameter(tool: str, fields: Mapping[str, Any], build: Callable[[dict[str, Any]], object], error: Exception) -> UsageError:
    """Return an error that names the parameter of which nothing can be built."""
    from pydantic.errors import PydanticUserError  # late, for load time
    from pydantic_core import SchemaError  # late, as above

    for name, described in fields.items():
        try:
            build({name: described})
        except (PydanticUserError, SchemaError) as found:
            error, tool = found, f"{tool}: the type of {name!r}"
            break
    lines = str(getattr(error, "message", error)).strip().splitlines()
    why = (lines[0] if isinstance(error, PydanticUserError) else lines[-1]).strip().rstrip(".")
    return UsageError(f"The tool {tool} cannot be described to a model ({why}). Use a type whose values are written as JSON.")


def warm() -> None:
    """Load all that a check needs: a worker that is forked for one call would load it for each."""
    text = inspect.Parameter("text", inspect.Parameter.KEYWORD_ONLY)
    build_arguments_model("example", Signature((text,), hints={"text": str})).model_validate({"text": ""})


def build_schema(model: type[BaseModel], signature: Signature, descriptions: Mapping[str, str]) -> JsonObject:
    """Return the JSON Schema of the arguments, without the titles that pydantic adds and no model needs.

    `descriptions` are those of the docstring: they win over the hints', where there is one for a parameter.
    """
    from pydantic import create_model
    from pydantic.errors import PydanticUserError

    from .descriptions import ArgumentsSchema, describe_nested, read_alias_description  # late, for load time

    try:
        schema: JsonObject = _drop_titles(model.model_json_schema(schema_generator=ArgumentsSchema))
    except PydanticUserError as error:
        fields = {name: (info.annotation, info) for name, info in model.model_fields.items()}
        config: Any = model.model_config
        raise _name_the_parameter(
            model.__name__,
            fields,
            lambda field: create_model("One", __config__=config, **field).model_json_schema(schema_generator=ArgumentsSchema),
            error,
        ) from None
    properties: JsonObject = schema.setdefault("properties", {})
    schema.pop("description", None)
    describe_nested(schema, {parameter.name: signature.hints[parameter.name] for parameter in signature.parameters})
    for name, field_info in model.model_fields.items():
        if (rule := properties.get(field_info.alias or name)) is not None:
            _describe(rule, descriptions.get(name) or read_alias_description(signature.hints[name]))
    return schema


def _describe(rule: JsonObject, text: str) -> None:
    """Describe a parameter. The description of the one type in `Optional[...]` that has any is the parameter's."""
    inner = [each for each in rule.get("anyOf", ()) if "description" in each]
    if not text and "description" not in rule and len(inner) == 1:
        text = inner[0].pop("description")
    if text:
        rule["description"] = text


def _drop_titles(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_drop_titles(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _drop_titles(value) for key, value in schema.items() if not (key == "title" and isinstance(value, str))}
    if "properties" in schema:  # a property may itself be called "title"
        kept["properties"] = {key: _drop_titles(value) for key, value in schema["properties"].items()}
    return kept


def validate_loosely(
    tool: str,
    model: type[BaseModel],
    arguments: Mapping[str, object],
    text_parameters: frozenset[str],
    error: ValueError,
    find_secret_texts: Callable[[Mapping[str, object]], frozenset[str] | None],
) -> dict[str, object]:
    """Validate arguments that did not fit once more, with whole numbers as text where text is wanted; `error` is pydantic's first answer.

    Raises InvalidArguments with one sentence for every argument that does not fit; of a tool that takes secrets, without what was seen.
    """
    # A whole number where text is wanted (a customer number, a postcode) can be read in one way; 1e3 or true cannot.
    numbers = {key: str(value) for key, value in arguments.items() if key in text_parameters and type(value) is int}
    if numbers:
        try:
            values: dict[str, object] = model.__pydantic_validator__.validate_python({**arguments, **numbers}).__dict__
            return values
        except ValueError as second:
            error = second
    if left := _leave_out_nulls({**arguments, **numbers}, model, error):
        with suppress(ValueError):
            given: dict[str, object] = model.__pydantic_validator__.validate_python(left).__dict__
            return given
    with suppress(ValueError):
        read: dict[str, object] = model.__pydantic_validator__.validate_python(_read_texts({**arguments, **numbers}, error)).__dict__
        return read
    secrets = find_secret_texts(arguments)
    problems = cast("ValidationError", error).errors(include_url=False)
    described = [_describe_problem(item, model, shows_input=secrets is None) for item in problems]
    if secrets:  # a validator's own words may repeat one
        from .secret import make_pattern, mask_text  # late, for load time: few calls are wrong in this way

        pattern = make_pattern(secrets, shortest=1)
        described = [mask_text(problem, pattern) for problem in described]
    raise InvalidArguments(tool, described) from None


def _leave_out_nulls(arguments: Mapping[str, object], model: type[BaseModel], error: ValueError) -> dict[str, object] | None:
    """Return the arguments without each null for one that may be left out and takes none; None where there is no such.

    A model that has to name every argument writes null for those that it leaves out.
    """
    refused = {problem["loc"][0] for problem in cast("ValidationError", error).errors(include_url=False) if problem["loc"]}
    free = {key for name, field in model.model_fields.items() if not field.is_required() for key in (name, field.alias)}
    nulls = {name for name, value in arguments.items() if value is None and name in refused and name in free}
    return {name: value for name, value in arguments.items() if name not in nulls} if nulls else None


def _read_texts(arguments: Mapping[str, object], error: ValueError) -> Mapping[str, object]:
    """Return the arguments with each list or object that is written as JSON in a text, where no text fits. Raises ValueError for none."""
    from ..dialects.lenient_json import parse_json  # late, for load time

    read = deepcopy(dict(arguments))
    changed = False
    for problem in cast("ValidationError", error).errors(include_url=False, include_context=False):
        around: Any = read
        for step in problem["loc"]:  # to the text; what comes after it names members of a union
            is_there = step in around if isinstance(around, dict) else isinstance(step, int) and step < len(around)
            if not is_there:
                break
            inner = around[step]
            if isinstance(inner, str) and inner.lstrip()[:1] in ("[", "{"):
                around[step], changed = parse_json(inner.strip())[0], True
            if not isinstance(inner, (dict, list)):
                break
            around = inner
    if not changed:
        raise ValueError
    return read


def _describe_problem(item: ErrorDetails, model: type[BaseModel], *, shows_input: bool) -> str:
    place = ".".join(str(part) for part in item["loc"]) or "arguments"
    match item["type"]:
        case "missing":
            return f"{place!r} is missing"
        case "extra_forbidden":
            known = ", ".join(model.model_fields) or "none"
            return f"there is no argument {place!r} (arguments: {known})"
        case _:
            seen = f", got {_shorten(item['input'])}" if shows_input else ""
            return f"{place!r}: {item['msg'][:1].lower()}{item['msg'][1:]}{seen}"


def _shorten(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:60]}... ({len(shown)} characters)"


def find_text_parameters(schema: JsonObject) -> frozenset[str]:
    """Return the names of the parameters whose only type is text."""
    return frozenset(name for name, rule in schema["properties"].items() if isinstance(rule, dict) and rule.get("type") == "string")
