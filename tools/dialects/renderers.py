"""Write calls in each dialect. Whatever JSON the arguments are, what is written is read back as the same call."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape

from .coerce import accepts_only_text
from .lenient_json import parse_json
from .read_events import ReadCall
from .signatures import ToolSignatures

CallWriter = Callable[[ReadCall, ToolSignatures], str]
"""Writes one call, without the markers around it."""
Renderer = Callable[[Sequence[ReadCall], ToolSignatures], str]
"""The calls of one reply as text. Without the shapes of the tools, a text that looks like a number is marked as text."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
# Text that a parser could take for a tag, or whose white space at the ends would be stripped.
_NOT_RAW = re.compile(r"</|<!|<\||<｜|<arg|<param|<tool_call|<function|\]\]>|^\s|\s$")
_PYTHON_WORDS = {True: "True", False: "False", None: "None"}


def as_json(value: object) -> str:
    """Return JSON on one line, with letters of all scripts unescaped."""
    return json.dumps(value, ensure_ascii=False)


def _arguments_json(call: ReadCall) -> str:
    return as_json(dict(call.arguments))


def _call_object(call: ReadCall, name: str = "name", arguments: str = "arguments") -> dict[str, object]:
    return {name: call.tool, arguments: dict(call.arguments)}


def render_each(before: str, write: CallWriter, after: str, between: str = "\n") -> Renderer:
    """Return a renderer that puts each call between markers of its own."""
    return lambda calls, tools: between.join(f"{before}{write(call, tools)}{after}" for call in calls)


def render_together(before: str, write: CallWriter, after: str, between: str = ", ") -> Renderer:
    """Return a renderer that puts all calls of a reply between one pair of markers."""
    return lambda calls, tools: f"{before}{between.join(write(call, tools) for call in calls)}{after}"


def json_call_writer(name: str = "name", arguments: str = "arguments") -> CallWriter:
    """Return a writer of one object with the name and the arguments."""
    return lambda call, tools: as_json(_call_object(call, name, arguments))


def write_in_prose(call: ReadCall, tools: ToolSignatures) -> str:
    """Write NAME(key="value"), with the values as JSON."""
    # Keys that are no identifiers cannot be written as keywords.
    if not all(_WORD.fullmatch(key) for key in call.arguments):
        return f"{call.tool}({_arguments_json(call)})"
    return f"{call.tool}({', '.join(f'{key}={as_json(value)}' for key, value in call.arguments.items())})"


def write_in_python(call: ReadCall, tools: ToolSignatures) -> str:
    """Write NAME(key='value'), with the values as Python literals."""
    if not all(_WORD.fullmatch(key) for key in call.arguments):
        return f"{call.tool}(**{_render_python(dict(call.arguments))})"
    return f"{call.tool}({', '.join(f'{key}={_render_python(value)}' for key, value in call.arguments.items())})"


def _render_python(value: object) -> str:
    match value:
        case bool() | None:
            return _PYTHON_WORDS[value]
        case Mapping():
            return f"{{{', '.join(f'{as_json(key)}: {_render_python(item)}' for key, item in value.items())}}}"
        case list() | tuple():
            return f"[{', '.join(map(_render_python, value))}]"
    return as_json(value)


def _render_value(call: ReadCall, key: str, tools: ToolSignatures) -> str:
    """Write a value between tags: text as it is where that is read back as the same text, else in CDATA; other values as JSON."""
    value = call.arguments[key]
    if not isinstance(value, str):
        # JSON can escape <, so no tag can stand in the value, whatever it is.
        return as_json(value).replace("<", "\\u003c")
    tool = tools.find(call.tool)
    is_text = tool is not None and accepts_only_text(tool.properties.get(key))
    # A text such as 5 or null would be read back as a number or null, unless the schema asks for a text.
    if value and not _NOT_RAW.search(value) and (is_text or not _reads_as_json(value)):
        return value
    # ]]> cannot stand in CDATA: the section is closed within it and opened anew.
    return f"<![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]>"


def _reads_as_json(text: str) -> bool:
    try:
        parse_json(text.strip())
    except ValueError:
        return False
    return True


def _escape_key(key: str) -> str:
    return escape(key).replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;").replace(" ", "&#32;")


def write_qwen(call: ReadCall, tools: ToolSignatures) -> str:
    """Write <function=NAME> with <parameter=KEY> inside (chat template of Qwen3-Coder)."""
    inside = "".join(f"<parameter={_escape_key(key)}>\n{_render_value(call, key, tools)}\n</parameter>\n" for key in call.arguments)
    return f"<function={call.tool}>\n{inside}</function>"


def write_glm(call: ReadCall, tools: ToolSignatures) -> str:
    """Write NAME, then <arg_key> and <arg_value> in turn (chat template of GLM-4.5)."""
    inside = "".join(
        f"<arg_key>{_escape_key(key)}</arg_key>\n<arg_value>{_render_value(call, key, tools)}</arg_value>\n" for key in call.arguments
    )
    return f"{call.tool}\n{inside}"


def invoke_writer(prefix: str = "") -> CallWriter:
    """Return a writer of <invoke name="NAME"> with <parameter name="KEY"> inside, and `prefix` before each tag's name."""

    def write(call: ReadCall, tools: ToolSignatures) -> str:
        inside = "".join(
            f'<{prefix}parameter name="{_escape_key(key)}">{_render_value(call, key, tools)}</{prefix}parameter>\n'
            for key in call.arguments
        )
        return f'<{prefix}invoke name="{call.tool}">\n{inside}</{prefix}invoke>'

    return write


def write_dsml(call: ReadCall, tools: ToolSignatures) -> str:
    """Write DeepSeek V3.2's tags, which say of each value whether it is text."""
    inside = "".join(
        f'<｜DSML｜parameter name="{_escape_key(key)}" string="{as_json(isinstance(value, str))}">'
        f"{_render_value(call, key, tools)}</｜DSML｜parameter>\n"
        for key, value in call.arguments.items()
    )
    return f'<｜DSML｜invoke name="{call.tool}">\n{inside}</｜DSML｜invoke>'


def write_minicpm(call: ReadCall, tools: ToolSignatures) -> str:
    """Write <function name="NAME"> with <param name="KEY"> inside."""
    inside = "".join(f'<param name="{_escape_key(key)}">{_render_value(call, key, tools)}</param>' for key in call.arguments)
    return f'<function name="{call.tool}">{inside}</function>'


def write_gemma(call: ReadCall, tools: ToolSignatures) -> str:
    """Write call:NAME{key:<|"|>text<|"|>}."""
    return f"call:{call.tool}{_render_gemma(dict(call.arguments))}"


def _render_gemma(value: object) -> str:
    match value:
        # Gemma's own quotes have no escape, so a text that holds one is written as JSON.
        case str() if "<|" in value or "<escape>" in value:
            return as_json(value)
        case str():
            return f'<|"|>{value}<|"|>'
        case Mapping():
            return (
                "{"
                + ",".join(f"{key if _WORD.fullmatch(key) else as_json(key)}:{_render_gemma(item)}" for key, item in value.items())
                + "}"
            )
        case list() | tuple():
            return f"[{','.join(map(_render_gemma, value))}]"
    return as_json(value)


def name_and_json_writer(before: str, between: str, after: str) -> CallWriter:
    """Return a writer of the name and then the arguments as JSON, with markers around them."""
    return lambda call, tools: f"{before}{call.tool}{between}{_arguments_json(call)}{after}"


def render_kimi(calls: Sequence[ReadCall], tools: ToolSignatures) -> str:
    """Write calls as Kimi K2 does, which numbers them."""
    inside = "".join(
        f"<|tool_call_begin|>functions.{call.tool}:{index}<|tool_call_argument_begin|>{_arguments_json(call)}<|tool_call_end|>"
        for index, call in enumerate(calls)
    )
    return f"<|tool_calls_section_begin|>{inside}<|tool_calls_section_end|>"


def render_cohere(calls: Sequence[ReadCall], tools: ToolSignatures) -> str:
    """Write calls as Command R7B and Command A do, which number them."""
    listed = [{"tool_call_id": str(index), **_call_object(call, "tool_name", "parameters")} for index, call in enumerate(calls)]
    return f"<|START_ACTION|>{as_json(listed)}<|END_ACTION|>"


def render_fence(calls: Sequence[ReadCall], tools: ToolSignatures) -> str:
    """Write one object in a JSON fence, or several calls as a list."""
    body = as_json(_call_object(calls[0])) if len(calls) == 1 else as_json([_call_object(call) for call in calls])
    return f"```json\n{body}\n```"


def write_name_as_key(call: ReadCall, tools: ToolSignatures) -> str:
    """Write {"NAME": {arguments}}."""
    return as_json({call.tool: dict(call.arguments)})


RENDERERS: Mapping[str, Renderer] = {
    "call": render_each("", write_in_prose, ""),
    "python": render_together("[", write_in_python, "]"),
    "json": render_fence,
    "hermes": render_each("<tool_call>\n", json_call_writer(), "\n</tool_call>"),
    "react": render_each("Action: ", name_and_json_writer("", "\nAction Input: ", ""), ""),
    "llama3": render_each("", json_call_writer(arguments="parameters"), "", "; "),
    "llama4": render_together("[", write_in_python, "]"),
    "mistral": render_together("[TOOL_CALLS][", json_call_writer(), "]"),
    "deepseek": render_together(
        "<｜tool▁calls▁begin｜>",
        name_and_json_writer("<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>"),
        "<｜tool▁calls▁end｜>",
        "",
    ),
    "deepseek_dsml": render_together("<｜DSML｜function_calls>\n", write_dsml, "\n</｜DSML｜function_calls>", "\n"),
    "qwen3_coder": render_each("<tool_call>\n", write_qwen, "\n</tool_call>"),
    "glm": render_each("<tool_call>", write_glm, "</tool_call>"),
    "kimi": render_kimi,
    "harmony": render_each(
        "",
        name_and_json_writer("<|start|>assistant<|channel|>commentary to=functions.", " <|constrain|>json<|message|>", "<|call|>"),
        "",
        "",
    ),
    "anthropic": render_together("<function_calls>\n", invoke_writer(), "\n</function_calls>", "\n"),
    "minimax": render_together("<minimax:tool_call>\n", invoke_writer(), "\n</minimax:tool_call>", "\n"),
    "lfm2": render_together("<|tool_call_start|>[", write_in_python, "]<|tool_call_end|>"),
    "gemma": render_each("<|tool_call>", write_gemma, "<tool_call|>"),
    "cohere": render_cohere,
    "functionary": render_each("", name_and_json_writer("<function=", ">", "</function>"), ""),
    "gigachat": render_each("<|function_call|>", json_call_writer(), "<|function_call_end|>"),
    "granite": render_together("<|tool_call|>[", json_call_writer(), "]"),
    "nemotron": render_together("<TOOLCALL>[", json_call_writer(), "]</TOOLCALL>"),
    "apertus": render_together("<|tools_prefix|>[", write_name_as_key, "]<|tools_suffix|>"),
    "internlm": render_each("<|action_start|><|plugin|>\n", json_call_writer(arguments="parameters"), "<|action_end|>"),
    "functools": render_together("functools[", json_call_writer(), "]"),
    "olmo": render_together("<function_calls>\n", write_in_python, "\n</function_calls>", "\n"),
    "minicpm": render_each("", write_minicpm, ""),
    "solar": render_together(
        "<|tool_calls_begin|>",
        name_and_json_writer("<|tool_call:begin|>a<|tool_call:name|>", "<|tool_call:args|>", "<|tool_call:end|>"),
        "<|tool_calls_end|>",
        "",
    ),
}
"""Every dialect's way of writing."""
