"""Dialects: which forms each one reads, which models were trained on it, and how a model is asked for calls and shown results."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias

from ..effects import Effect
from ..errors import UsageError
from .coerce import alternatives, list_types
from .family import Family
from .markers import FAMILIES
from .read_events import ReadCall
from .signatures import ToolSignature, ToolSignatures
from .writers import as_json

if TYPE_CHECKING:
    from ..definition.tool import AnyTool

FORMS: dict[str, frozenset[str]] = {
    "auto": frozenset(FAMILIES),
    **{family.name: frozenset((family.name, *family.also.split())) for family in FAMILIES.values() if family.write},
}
"""The forms that are read for each dialect."""
_ALL_FORMS = FORMS["auto"]
_MODELS = [(family.name, re.compile(family.models)) for family in FAMILIES.values() if family.models]
_BASES = [(family.name, re.compile(family.bases)) for family in FAMILIES.values() if family.bases]


def dialect_for_model(name: str) -> str | None:
    """Return the dialect that a model's family was trained on, or None where it is not known."""
    lowered = name.lower().replace("_", "-")
    for listed in (_MODELS, _BASES):  # of a model that was made from another one, its own name counts
        matched = [(len(found[0]), family) for family, pattern in listed for found in pattern.finditer(lowered)]
        if matched:
            return max(matched, key=itemgetter(0))[1]
    return None


def resolve_dialect(name: str) -> str:
    """Return the dialect of that name. Names of models and of servers' templates will do: "qwen3-8b", "llama4_pythonic".

    Raise UsageError where none is meant.
    """
    if name in FORMS:
        return name
    lowered = name.lower().replace("-", "_")
    if lowered in _ALIASES:
        return _ALIASES[lowered]
    found = dialect_for_model(name) or next((own for own in sorted(FORMS, key=len, reverse=True) if lowered.startswith(own)), None)
    if found is None:
        raise UsageError(f"There is no dialect {name!r}. Dialects: {', '.join(FORMS)}.")
    return found


def check_forms(names: Collection[str], dialect: str) -> frozenset[str]:
    """Return the forms of these names. Raise UsageError where there is no such form, or a dialect names its own."""
    forms = frozenset((names,) if isinstance(names, str) else names)
    if dialect != "auto":
        raise UsageError(f"Both the dialect {dialect!r} and forms are given. Leave out the dialect to read only these forms.")
    if unknown := sorted(map(str, forms - _ALL_FORMS)):
        raise UsageError(f"There is no form {unknown[0]!r}. Forms: {', '.join(sorted(_ALL_FORMS))}.")
    if not forms:
        raise UsageError(f"No forms are given. Leave out forms= to read all of them: {', '.join(sorted(_ALL_FORMS))}.")
    return forms


# Names that servers, papers and users give to these forms.
_ALIASES = {
    "native": "auto",
    "openai": "auto",
    "openai_native": "auto",
    "anthropic_native": "auto",
    "qwen3_xml": "qwen3_coder",
    "any": "auto",
    "other": "auto",
    "pythonic": "python",
    "functions": "python",
    "xml": "anthropic",
    "json_fence": "json",
    "json_bare": "json",
}


_MOST_CACHED = 256
ToolOrSchema: TypeAlias = "AnyTool | Mapping[str, object]"
"""A Tool, or a function schema as OpenAI (`parameters`) or Anthropic (`input_schema`) write it."""


def describe_tool(tool: ToolOrSchema) -> tuple[str, str, Mapping[str, object]]:
    """Return the name, the description and the JSON schema of the parameters."""
    if not isinstance(tool, Mapping):
        return tool.name, tool.description, tool.parameters
    function = tool.get("function", tool)
    assert isinstance(function, Mapping)
    return function["name"], function.get("description") or "", function.get("parameters") or function.get("input_schema") or {}


_CACHE: dict[tuple[int, ...], tuple[tuple[ToolOrSchema, ...], ToolSignatures]] = {}


def _make_signature(tool: ToolOrSchema) -> ToolSignature:
    name, _, parameters = describe_tool(tool)
    return ToolSignature(name, parameters, is_pure=not isinstance(tool, Mapping) and tool.effect is Effect.PURE)


def collect_signatures(tools: ToolSignatures | Sequence[ToolOrSchema]) -> ToolSignatures:
    """Return the signatures of Tools or function schemas. The same tools give the same object, from a cache."""
    if isinstance(tools, ToolSignatures):
        return tools
    key = tuple(map(id, tools))
    cached = _CACHE.get(key)
    if cached is not None:
        return cached[1]
    signatures = ToolSignatures(map(_make_signature, tools))
    if len(_CACHE) >= _MOST_CACHED:
        _CACHE.clear()
    _CACHE[key] = (tuple(tools), signatures)  # the tools are stored too: an id may be used again once its object is gone
    return signatures


_EXAMPLE_WITHOUT_TOOL = ("Thank you, that is all.", "You are welcome!")
_AFTER_RESULTS = "Now answer me in a sentence with what the result says."
_AFTER_PROBLEMS = "Write the call again without that mistake, or answer me without it."
_MOST_EXAMPLES = 4
# Tokens of chat templates, and the frame of results. In a result they would end the frame or begin a turn, so a space breaks them.
_UNSAFE_MARKER = re.compile(r"<(?=[|｜]|/?tool_|/?function_)|\[(?=/?TOOL_RESULTS\]|(?:end of )?result )")


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way to write calls as text.

    `instruction` tells a model how. A reply ends at a `stop` sequence: nothing after it is of use. With `in_prose`, a call may stand inside
    a sentence. `listed_as_json` lists the tools as JSON schemas, else as signatures.
    """

    name: str
    instruction: str
    stop: tuple[str, ...] = ()
    before_results: str = ""
    after_results: str = ""
    listed_as_json: bool = True
    in_prose: bool = False

    def ask(self, tools: Sequence[ToolOrSchema]) -> str:
        """Return the text for the system message: how to write a call, and the tools (Tools or OpenAI function schemas)."""
        list_tool = _list_as_json if self.listed_as_json else _list_as_signature
        return "\n".join([self.instruction, "Tools:", *(list_tool(*describe_tool(tool)) for tool in tools)])

    def examples(self, tools: Sequence[ToolOrSchema]) -> tuple[tuple[str, str], ...]:
        """Return two to five turns (user, model) that show how these tools are called. The last one needs no tool."""
        signatures = collect_signatures(tools)
        turns = [_build_example(self, tool, signatures) for tool in list(signatures.by_name.values())[:_MOST_EXAMPLES]]
        return (*turns, _EXAMPLE_WITHOUT_TOOL)

    def render(self, *calls: ReadCall, tools: ToolSignatures | Sequence[ToolOrSchema] = ()) -> str:
        """Write these calls as a model of the family does. With `tools`, a text that looks like a number needs no quotes."""
        write = FAMILIES[self.name].write
        return write(calls, collect_signatures(tools)) if calls and write else ""

    def render_results(self, results: Sequence[tuple[str, str]], boundary: str, *, failed: bool = False) -> str:
        """Write the results, pairs of tool and text, as the next message. `failed` says that they are problems with the calls.

        `boundary` must be unknown to whoever wrote a result, so that no result can end its own frame. Tokens of chat templates are
        broken with a space.
        """
        frames = "\n".join(
            f"[result {boundary} of {tool}]\n{_UNSAFE_MARKER.sub(lambda found: f'{found[0]} ', text)}\n[end of result {boundary}]"
            for tool, text in results
        )
        return f"{self.before_results}{frames}{self.after_results}\n{_AFTER_PROBLEMS if failed else _AFTER_RESULTS}"


def _list_as_json(name: str, description: str, parameters: Mapping[str, object]) -> str:
    return as_json({"name": name, "description": description, "parameters": parameters})


def _list_as_signature(name: str, description: str, parameters: Mapping[str, object]) -> str:
    needed, properties = parameters.get("required"), parameters.get("properties")
    needed = needed if isinstance(needed, (list, tuple)) else ()
    keys = ", ".join(key if key in needed else f"{key}?" for key in (properties if isinstance(properties, Mapping) else ()))
    return f"- {name}({keys}): {next(iter(description.splitlines()), '')}"


def _build_example(dialect: Dialect, tool: ToolSignature, signatures: ToolSignatures) -> tuple[str, str]:
    needed = tool.required or tuple(tool.properties)[:1]
    arguments = {key: _sample_value(tool.properties.get(key), index) for index, key in enumerate(needed)}
    words = ", ".join(f"{key} {value if isinstance(value, str) else as_json(value)}" for key, value in arguments.items())
    request = f"Please use {tool.name}{f' with {words}' if words else ''}."
    return request, dialect.render(ReadCall(tool.name, arguments), tools=signatures)


_SAMPLE_TEXTS = ("red bicycles", "Oslo", "Ada", "14 Elm Street")


def _sample_value(schema: object, index: int) -> object:
    """Return a value that the schema allows. `index` varies it from one parameter to the next."""
    if not isinstance(schema, Mapping):
        return _SAMPLE_TEXTS[index % len(_SAMPLE_TEXTS)]
    for key in ("const", "default"):
        if schema.get(key) is not None:
            return schema[key]
    for key in ("enum", "examples"):
        if schema.get(key):
            return schema[key][0]
    if options := alternatives(schema):
        return _sample_value(options[0], index)
    match list_types(schema)[:1]:
        case ("integer",):
            return max(index + 2, schema.get("minimum", 0))
        case ("number",):
            return 2.5
        case ("boolean",):
            return True
        case ("array",):
            return [_sample_value(schema.get("items"), index)]
        case ("object",):
            properties = schema.get("properties") or {}
            return {key: _sample_value(properties.get(key), position) for position, key in enumerate(schema.get("required") or ())}
        case ("null",):
            return None
    return _SAMPLE_TEXTS[index % len(_SAMPLE_TEXTS)]


_SAMPLE_CALL = ReadCall("NAME", {"key": "value"})
_TOOL_RESPONSE = ("<tool_response>\n", "\n</tool_response>")
_CALL_INSTRUCTION = (
    "To use a tool, write its name and its arguments in parentheses, like NAME(first, second). One call at a time. "
    "Where no tool is needed, just answer."
)


def _build_dialect(family: Family) -> Dialect:
    if family.name == "call":
        return Dialect(family.name, _CALL_INSTRUCTION, family.stop, listed_as_json=False, in_prose=True)
    sample = family.write([_SAMPLE_CALL], collect_signatures(())) if family.write else ""
    instruction = f"To use a tool, write {sample} and nothing after it. One call at a time. Where no tool is needed, just answer."
    # Models that know the hermes form were trained on results in <tool_response>.
    before, after = _TOOL_RESPONSE if "hermes" in FORMS[family.name] else (family.before_results, "")
    return Dialect(family.name, instruction, family.stop, before, after, listed_as_json=not family.lists_signatures)


DIALECTS: Mapping[str, Dialect] = {family.name: _build_dialect(family) for family in FAMILIES.values() if family.write}
"""Every dialect by its name."""
