"""What a function takes: its JSON schema from type hints and docstring, and the check of a call's arguments against it."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from ..canonical import plain
from ..errors import InvalidArguments, UsageError
from .descriptions import describe_nested, with_descriptions

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError


@dataclass(frozen=True, slots=True)
class Signature:
    """The parameters of a tool's function: those the caller fills in, and the one (if any) that takes the ToolContext."""

    parameters: tuple[inspect.Parameter, ...]
    context: str | None = None
    hints: Mapping[str, Any] = field(default_factory=dict)
    returns: Any = Any


def signature_of(function: Callable[..., Any], context_type: type) -> Signature:
    """Read the function's parameters. UsageError when one has no type hint or collects leftovers."""
    name = getattr(function, "__name__", repr(function))
    hints = typing.get_type_hints(function, include_extras=True)
    context: str | None = None
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise UsageError(
                f"The tool {name} has the parameter {str(parameter)!r}; a model fills parameters in by name, so write each one out."
            )
        hint = hints.get(parameter.name)
        if hint is None:
            raise UsageError(
                f"The tool {name} has no type hint for {parameter.name!r}; the schema that the model sees is made from the hints."
            )
        if _is_context(hint, context_type):
            context = parameter.name
        else:
            parameters.append(parameter)
    return Signature(tuple(parameters), context, hints, hints.get("return", Any))


def _is_context(hint: Any, context_type: type) -> bool:
    return hint is context_type or typing.get_origin(hint) is context_type


def described(function: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    """The docstring's text without its parameter list, and the description of each parameter (Google, NumPy or Sphinx style)."""
    text = inspect.getdoc(function) or ""
    if not any(mark in text for mark in ("Args:", "Arguments:", "Parameters\n", ":param ", "Params:")):
        return text.strip(), {}
    import docstring_parser

    parsed = docstring_parser.parse(text)
    description = "\n\n".join(part for part in (parsed.short_description, parsed.long_description) if part)
    return description.strip(), {param.arg_name: " ".join((param.description or "").split()) for param in parsed.params}


def arguments_model(name: str, signature: Signature) -> type[BaseModel]:
    """Return the pydantic model of a call's arguments; unknown arguments are refused."""
    from pydantic import ConfigDict, Field, create_model

    fields: dict[str, Any] = {}
    for parameter in signature.parameters:
        # Field() with nothing in it leaves what Annotated says, a default too.
        default = Field() if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (with_descriptions(signature.hints[parameter.name]), default)
    return create_model(name, __config__=ConfigDict(extra="forbid", arbitrary_types_allowed=True, protected_namespaces=()), **fields)


def schema_of(model: type[BaseModel], signature: Signature, descriptions: Mapping[str, str]) -> dict[str, Any]:
    """Return the JSON schema of the arguments, without the titles that pydantic adds and no model needs.

    `descriptions` are those of the docstring: they win over the hints', where there is one for a parameter.
    """
    schema: dict[str, Any] = _without_titles(model.model_json_schema())
    properties: dict[str, Any] = schema.setdefault("properties", {})
    schema.pop("description", None)
    describe_nested(schema, {parameter.name: signature.hints[parameter.name] for parameter in signature.parameters})
    for name, field_info in model.model_fields.items():
        if (rule := properties.get(field_info.alias or name)) is not None:
            _describe(rule, descriptions.get(name, ""))
    return schema


def _describe(rule: dict[str, Any], text: str) -> None:
    """Describe a parameter. The description of the one type in `Optional[...]` that has any is the parameter's."""
    inner = [each for each in rule.get("anyOf", ()) if "description" in each]
    if not text and "description" not in rule and len(inner) == 1:
        text = inner[0].pop("description")
    if text:
        rule["description"] = text


def _without_titles(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_titles(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _without_titles(value) for key, value in schema.items() if not (key == "title" and isinstance(value, str))}
    if "properties" in schema:  # a property may itself be called "title"
        kept["properties"] = {key: _without_titles(value) for key, value in schema["properties"].items()}
    return kept


def validated(tool: str, model: type[BaseModel], arguments: Mapping[str, object], wants_text: frozenset[str]) -> dict[str, Any]:
    """The arguments as the function's types. InvalidArguments names every one that does not fit."""
    try:
        checked = model.__pydantic_validator__.validate_python(arguments)
    except ValueError as error:  # pydantic's ValidationError
        # A whole number where text is wanted (a customer number, a postcode) has one reading; 1e3 or true does not.
        numbers = {key: str(value) for key, value in arguments.items() if key in wants_text and type(value) is int}
        if numbers:
            return validated(tool, model, {**arguments, **numbers}, wants_text)
        problems = cast("ValidationError", error).errors(include_url=False)
        raise InvalidArguments(tool, [_problem(item, model) for item in problems]) from None
    values: dict[str, Any] = checked.__dict__
    return values


def _problem(item: Any, model: type[BaseModel]) -> str:
    place = ".".join(str(part) for part in item["loc"]) or "arguments"
    match item["type"]:
        case "missing":
            return f"{place!r} is missing"
        case "extra_forbidden":
            known = ", ".join(model.model_fields) or "none"
            return f"there is no argument {place!r} (arguments: {known})"
        case _:
            return f"{place!r}: {item['msg'][:1].lower()}{item['msg'][1:]}, got {_short(item['input'])}"


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:60]}... ({len(shown)} characters)"


def text_parameters(schema: Mapping[str, Any]) -> frozenset[str]:
    """The parameters whose only type is text."""
    return frozenset(name for name, rule in schema["properties"].items() if isinstance(rule, dict) and rule.get("type") == "string")


def as_json(value: object, tool: str) -> Any:
    """A tool's return value as JSON. UsageError names the type that is not."""
    try:
        return plain(value)
    except TypeError as error:
        raise UsageError(
            f"The tool {tool} returned something that is not JSON: {error}. Return text, numbers, lists, dicts or models."
        ) from None
