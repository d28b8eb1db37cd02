"""A dialect from the writing side: how a model is asked for it, how a call is written in it, and how results are shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .coerce import alternatives, list_types
from .model_families import FORMS
from .read_events import ReadCall
from .renderers import RENDERERS, as_json
from .signatures import ToolOrSchema, ToolSignature, ToolSignatures, collect_signatures, describe_tool

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
