"""Each dialect from the other side: how a model is asked for it, how a call is written in it, and how results are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .coerce import allowed_types, alternatives
from .model_families import FORMS
from .read_events import ReadCall
from .renderers import RENDERERS, as_json
from .signatures import ToolSignatures, collect_signatures

_NO_TOOL = ("Thank you, that is all.", "You are welcome!")
_GO_ON = "Now answer me in a sentence with what the result says."
_MEND = "Write the call again without that mistake, or answer me without it."
_ENOUGH = 4
_MARK = re.compile(r"<(?=[|｜]|/?tool_|/?function_)|\[(?=/?TOOL_RESULTS\]|(?:end of )?result )")


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way to write calls as text. `form` says it to a model; `stop` are the marks after which a reply has nothing to add; `in_prose`
    says that a call may stand inside a sentence."""

    name: str
    form: str
    stop: tuple[str, ...] = ()
    before_results: str = ""
    after_results: str = ""
    listed_as_json: bool = True
    in_prose: bool = False

    def ask(self, tools: Sequence[Any]) -> str:
        """What a model is told: the form, and the tools (Tools or OpenAI function schemas)."""
        told = [_describe_tool(tool) for tool in tools]
        rows = [_render_json_row(*each) if self.listed_as_json else _render_signature(*each) for each in told]
        return "\n".join([self.form, "Tools:", *rows])

    def examples(self, tools: Sequence[Any]) -> tuple[tuple[str, str], ...]:
        """Two to five turns (what a user says, what the model writes) that show the form with these tools; the last one needs no tool."""
        signatures = collect_signatures(tools)
        turns = [
            _build_example(self, tool.name, tool.properties, tool.required, signatures)
            for tool in list(signatures.by_name.values())[:_ENOUGH]
        ]
        return (*turns, _NO_TOOL)

    def render(self, *calls: ReadCall, tools: ToolSignatures | Sequence[Any] = ()) -> str:
        """These calls as a model of the family writes them. `tools` lets a text that looks like a number stand without quotes."""
        return RENDERERS[self.name](calls, collect_signatures(tools)) if calls else ""

    def render_results(self, results: Sequence[tuple[str, str]], boundary: str, *, failed: bool = False) -> str:
        """The results (tool, text) as the next message; `failed` says that there are none, only what was wrong with the calls.

        Nobody who wrote a result knew `boundary`, and the marks of a model's template are broken in it.
        """
        frames = "\n".join(
            f"[result {boundary} of {tool}]\n{_MARK.sub(_break_marker, text)}\n[end of result {boundary}]" for tool, text in results
        )
        return f"{self.before_results}{frames}{self.after_results}\n{_MEND if failed else _GO_ON}"


def _break_marker(found: re.Match[str]) -> str:
    return f"{found[0]} "


def _describe_tool(tool: Any) -> tuple[str, str, Mapping[str, Any]]:
    if isinstance(tool, Mapping):
        function = tool.get("function", tool)
        return function["name"], function.get("description") or "", function.get("parameters") or function.get("input_schema") or {}
    return tool.name, tool.description, tool.parameters


def _render_json_row(name: str, description: str, parameters: Mapping[str, Any]) -> str:
    return as_json({"name": name, "description": description, "parameters": parameters})


def _render_signature(name: str, description: str, parameters: Mapping[str, Any]) -> str:
    needed = parameters.get("required") or ()
    shown = ", ".join(key if key in needed else f"{key}?" for key in parameters.get("properties") or ())
    return f"- {name}({shown}): {next(iter(description.splitlines()), '')}"


def _build_example(
    dialect: Dialect, name: str, properties: Mapping[str, Any], required: Iterable[str], signatures: ToolSignatures
) -> tuple[str, str]:
    needed = tuple(required) or tuple(properties)[:1]
    arguments = {key: _sample_value(properties.get(key), index) for index, key in enumerate(needed)}
    words = ", ".join(f"{key} {value if isinstance(value, str) else as_json(value)}" for key, value in arguments.items())
    asked = f"Please use {name}{f' with {words}' if words else ''}."
    return asked, dialect.render(ReadCall(name, arguments), tools=signatures)


_TEXTS = ("red bicycles", "Oslo", "Ada", "14 Elm Street")


def _sample_value(schema: Any, index: int) -> object:
    """A value that the schema allows."""
    if not isinstance(schema, Mapping):
        return _TEXTS[index % len(_TEXTS)]
    for told in ("const", "default"):
        if schema.get(told) is not None:
            return schema[told]
    for several in ("enum", "examples"):
        if schema.get(several):
            return schema[several][0]
    if options := alternatives(schema):
        return _sample_value(options[0], index)
    match allowed_types(schema)[:1]:
        case ("integer",):
            return max(index + 2, schema.get("minimum", 0))
        case ("number",):
            return 2.5
        case ("boolean",):
            return True
        case ("array",):
            return [_sample_value(schema.get("items"), index)]
        case ("object",):
            return {
                key: _sample_value((schema.get("properties") or {}).get(key), position)
                for position, key in enumerate(schema.get("required") or ())
            }
        case ("null",):
            return None
    return _TEXTS[index % len(_TEXTS)]


def _instruction(sample: str) -> str:
    return f"To use a tool, write {sample} and nothing after it. One call at a time. Where no tool is needed, just answer."


def _dialect(name: str, sample: str, *stop: str, before: str = "", after: str = "", as_signatures: bool = False) -> Dialect:
    return Dialect(name, _instruction(sample), stop, before, after, not as_signatures)


_SAMPLE = ReadCall("NAME", {"key": "value"})
_TOOL_RESPONSE = {"before": "<tool_response>\n", "after": "\n</tool_response>"}
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
_IN_PROSE = (
    "To use a tool, write its name and its arguments in parentheses, like NAME(first, second). One call at a time. "
    "Where no tool is needed, just answer."
)


def _build_dialect(name: str) -> Dialect:
    if name == "call":
        return Dialect(name, _IN_PROSE, _STOPS["call"], listed_as_json=False, in_prose=True)
    sample = RENDERERS[name]([_SAMPLE], collect_signatures(()))
    frame = _TOOL_RESPONSE if "hermes" in FORMS[name] else {"before": "Observation: "} if name == "react" else {}
    return _dialect(name, sample, *_STOPS.get(name, ()), **frame, as_signatures=name in ("python", "llama4", "lfm2", "olmo"))


DIALECTS: Mapping[str, Dialect] = {name: _build_dialect(name) for name in FORMS if name != "auto"}
"""Every dialect by its name."""
