"""Dialects: which forms each one reads, which models were trained on it, and how a model is asked for calls and shown results."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ..effects import Effect
from ..errors import UsageError
from .coerce import alternatives, list_types
from .read_events import ReadCall
from .renderers import RENDERERS, as_json
from .signatures import ToolSignature, ToolSignatures

if TYPE_CHECKING:
    from ..definition.tool import AnyTool

_FORMS = {
    "call": "call",
    "python": "python call",
    "json": "json",
    "hermes": "hermes qwen3_coder glm json",
    "react": "react json",
    "llama3": "llama3 functionary python json",
    "llama4": "llama4 llama3 python json",
    "mistral": "mistral json",
    "deepseek": "deepseek deepseek_dsml hermes json",
    "deepseek_dsml": "deepseek deepseek_dsml json",
    "qwen3_coder": "qwen3_coder hermes json",
    "glm": "glm hermes json",
    "kimi": "kimi json",
    "harmony": "harmony anthropic json",
    "anthropic": "anthropic minicpm harmony json",
    "minimax": "minimax anthropic hermes json",
    "lfm2": "lfm2 python json",
    "gemma": "gemma python json",
    "cohere": "cohere react json",
    "functionary": "functionary llama3 json",
    "gigachat": "gigachat json",
    "granite": "granite hermes json",
    "nemotron": "nemotron hermes qwen3_coder json",
    "apertus": "apertus json",
    "internlm": "internlm json",
    "functools": "functools json",
    "olmo": "olmo anthropic python json",
    "minicpm": "minicpm hermes python json",
    "solar": "solar json",
}
# Elements of a tool's own name are asked for by programs (Cline, Roo, Kilo), not known to a family of models: so no dialect writes them.
_ALL_FORMS = frozenset(" ".join((*_FORMS.values(), "cline")).split())
FORMS: dict[str, frozenset[str]] = {"auto": _ALL_FORMS, **{name: frozenset(forms.split()) for name, forms in _FORMS.items()}}
"""The forms that are read for each dialect."""

# The first match counts: qwen3-coder before qwen, and a distillation by its own name before its base model's.
_MODELS = (
    (r"qwen-?3(?:\.\d+)?-?coder|qwen-?3\.[5-9]|qwen-?35|qwen3?-?coder-?next", "qwen3_coder"),
    (r"step-?3(?:\.|p)5|step-?5|intellect|seed-?oss|nemotron-?(?:3|nano-?3)|mimo-?v2", "qwen3_coder"),
    (r"deepseek-?r1", "deepseek"),
    (r"qwen|hermes|smollm|reka|xlam|hunyuan|jamba|ernie|mimo|exaone|longcat|apriel|trinity|smol|ling-?\d?-?mini", "hermes"),
    (r"nemotron", "nemotron"),
    (r"granite", "granite"),
    (r"phi-?4|firefunction", "functools"),
    (r"llama-?4", "llama4"),
    (r"functionary", "functionary"),
    (r"llama", "llama3"),
    (r"mistral|mixtral|magistral|devstral|ministral|codestral|pixtral", "mistral"),
    (r"deepseek-?v?(?:3\.[2-9]|4)|dsml", "deepseek_dsml"),
    (r"deepseek", "deepseek"),
    (r"glm|chatglm|(?<!muse)(?<!muse-)spark|ling-|ling3|inclusionai|bailing", "glm"),
    (r"kimi|moonshot", "kimi"),
    (r"gpt-?oss|harmony", "harmony"),
    (r"claude|anthropic", "anthropic"),
    (r"minimax", "minimax"),
    (r"lfm-?2|liquid", "lfm2"),
    (r"(?:function)?-?gemma", "gemma"),
    (r"command|cohere|c4ai|aya", "cohere"),
    (r"gigachat", "gigachat"),
    (r"apertus", "apertus"),
    (r"internlm", "internlm"),
    (r"olmo", "olmo"),
    (r"minicpm", "minicpm"),
    (r"solar", "solar"),
    (r"hy-?v?[34]|poolside|laguna", "glm"),
    (r"step-?3(?!(?:\.|p)5)|cogito", "deepseek"),
    (r"muse|glimmer|dots", "anthropic"),
    (r"pangu|plamo|inkling", "hermes"),
    (r"k2-?(?:horizon|v3)|ifm|hyperclova", "glm"),
    (r"iquest-?q", "glm"),
    (r"iquest|berry", "qwen3_coder"),
    (r"intern-?s1", "internlm"),
)
_MODEL_PATTERNS = tuple((re.compile(rf"(?<![a-z]){pattern}"), dialect) for pattern, dialect in _MODELS)


def dialect_for_model(name: str) -> str | None:
    """Return the dialect that a model's family was trained on, or None where it is not known."""
    lowered = name.lower().replace("_", "-")
    return next((dialect for pattern, dialect in _MODEL_PATTERNS if pattern.search(lowered)), None)


def resolve_dialect(name: str) -> str:
    """Return the dialect of that name. Names of models and of servers' templates will do: "qwen3-8b", "llama4_pythonic".

    Raise UsageError where none is meant.
    """
    if name in FORMS:
        return name
    lowered = name.lower().replace("-", "_")
    if lowered in _ALIASES:
        return _ALIASES[lowered]
    found = dialect_for_model(name) or next((own for own in sorted(_FORMS, key=len, reverse=True) if lowered.startswith(own)), None)
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
        return RENDERERS[self.name](calls, collect_signatures(tools)) if calls else ""

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
# Where a reply has nothing to add: the end of the call, or the beginning of a result that the model would invent.
_STOPS: Mapping[str, tuple[str, ...]] = {
    "call": ("[result",),
    "python": ("[result",),
    "react": ("\nObservation:",),
    "hermes": ("<tool_response>",),
    "qwen3_coder": ("<tool_response>",),
    "harmony": ("<|call|>",),
    "llama3": ("<|eom_id|>", "<|eot_id|>"),
    "anthropic": ("</function_calls>", "<function_results>"),
}
# These forms are Python, so the tools are listed as signatures.
_LISTED_AS_SIGNATURES = ("python", "llama4", "lfm2", "olmo")
_CALL_INSTRUCTION = (
    "To use a tool, write its name and its arguments in parentheses, like NAME(first, second). One call at a time. "
    "Where no tool is needed, just answer."
)


def _build_dialect(name: str) -> Dialect:
    if name == "call":
        return Dialect(name, _CALL_INSTRUCTION, _STOPS["call"], listed_as_json=False, in_prose=True)
    sample = RENDERERS[name]([_SAMPLE_CALL], collect_signatures(()))
    instruction = f"To use a tool, write {sample} and nothing after it. One call at a time. Where no tool is needed, just answer."
    # Models that know the hermes form were trained on results in <tool_response>.
    before, after = _TOOL_RESPONSE if "hermes" in FORMS[name] else ("Observation: " if name == "react" else "", "")
    return Dialect(name, instruction, _STOPS.get(name, ()), before, after, listed_as_json=name not in _LISTED_AS_SIGNATURES)


DIALECTS: Mapping[str, Dialect] = {name: _build_dialect(name) for name in FORMS if name != "auto"}
"""Every dialect by its name."""
