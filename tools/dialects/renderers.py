"""How each family writes a call. What is written is read back as the same call, whatever JSON its arguments are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape

from .coerce import accepts_only_text
from .lenient_json import parse_json
from .read_events import ReadCall
from .signatures import ToolSignatures

Renderer = Callable[[Sequence[ReadCall], ToolSignatures], str]
"""The calls of one reply as text. Without the shapes of the tools, a text that looks like a number is marked as text."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
_NOT_RAW = re.compile(r"</|<!|<\||<｜|<arg|<param|<tool_call|<function|\]\]>|^\s|\s$")
_PYTHON_WORDS = {True: "True", False: "False", None: "None"}


def as_json(value: object) -> str:
    """JSON on one line, letters as they are."""
    return json.dumps(value, ensure_ascii=False)


def _arguments_json(call: ReadCall) -> str:
    return as_json(dict(call.arguments))


def _call_object(call: ReadCall, name: str = "name", arguments: str = "arguments") -> dict[str, object]:
    return {name: call.tool, arguments: dict(call.arguments)}


def render_each(before: str, write: Callable[[ReadCall, ToolSignatures], str], after: str, between: str = "\n") -> Renderer:
    """Each call between marks of its own."""
    return lambda calls, tools: between.join(f"{before}{write(call, tools)}{after}" for call in calls)


def render_together(before: str, write: Callable[[ReadCall, ToolSignatures], str], after: str, between: str = ", ") -> Renderer:
    """All calls of a reply between one pair of marks."""
    return lambda calls, tools: f"{before}{between.join(write(call, tools) for call in calls)}{after}"


def as_json_call(name: str = "name", arguments: str = "arguments") -> Callable[[ReadCall, ToolSignatures], str]:
    """One object with the name and the arguments."""
    return lambda call, tools: as_json(_call_object(call, name, arguments))


def in_prose(call: ReadCall, tools: ToolSignatures) -> str:
    """NAME(key="value"), the values as JSON."""
    if not all(_WORD.fullmatch(key) for key in call.arguments):
        return f"{call.tool}({_arguments_json(call)})"
    return f"{call.tool}({', '.join(f'{key}={as_json(value)}' for key, value in call.arguments.items())})"


def in_python(call: ReadCall, tools: ToolSignatures) -> str:
    """NAME(key='value'), the values as Python writes them."""
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
    """A value between tags: text as it is where that reads back as the same text, in CDATA otherwise; anything else as JSON."""
    value = call.arguments[key]
    if not isinstance(value, str):
        return as_json(value).replace("<", "\\u003c")  # no tag inside, whatever the value
    tool = tools.find(call.tool)
    is_text = tool is not None and accepts_only_text(tool.properties.get(key))
    if value and not _NOT_RAW.search(value) and (is_text or not _reads_as_json(value)):
        return value
    return f"<![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]>"


def _reads_as_json(text: str) -> bool:
    try:
        parse_json(text.strip())
    except ValueError:
        return False
    return True


def _escape_key(key: str) -> str:
    return escape(key).replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;").replace(" ", "&#32;")


def qwen(call: ReadCall, tools: ToolSignatures) -> str:
    """<function=NAME> with <parameter=KEY> inside."""
    inside = "".join(f"<parameter={_escape_key(key)}>\n{_render_value(call, key, tools)}\n</parameter>\n" for key in call.arguments)
    return f"<function={call.tool}>\n{inside}</function>"


def glm(call: ReadCall, tools: ToolSignatures) -> str:
    """NAME, then <arg_key> and <arg_value> in turn."""
    inside = "".join(
        f"<arg_key>{_escape_key(key)}</arg_key>\n<arg_value>{_render_value(call, key, tools)}</arg_value>\n" for key in call.arguments
    )
    return f"{call.tool}\n{inside}"


def invoke(mark: str = "") -> Callable[[ReadCall, ToolSignatures], str]:
    """<invoke name="NAME"> with <parameter name="KEY"> inside, each tag led by `mark`."""

    def write(call: ReadCall, tools: ToolSignatures) -> str:
        inside = "".join(
            f'<{mark}parameter name="{_escape_key(key)}">{_render_value(call, key, tools)}</{mark}parameter>\n' for key in call.arguments
        )
        return f'<{mark}invoke name="{call.tool}">\n{inside}</{mark}invoke>'

    return write


def dsml(call: ReadCall, tools: ToolSignatures) -> str:
    """DeepSeek's own tags, which say of each value whether it is text."""
    inside = "".join(
        f'<｜DSML｜parameter name="{_escape_key(key)}" string="{as_json(isinstance(value, str))}">'
        f"{_render_value(call, key, tools)}</｜DSML｜parameter>\n"
        for key, value in call.arguments.items()
    )
    return f'<｜DSML｜invoke name="{call.tool}">\n{inside}</｜DSML｜invoke>'


def minicpm(call: ReadCall, tools: ToolSignatures) -> str:
    """<function name="NAME"> with <param name="KEY"> inside."""
    inside = "".join(f'<param name="{_escape_key(key)}">{_render_value(call, key, tools)}</param>' for key in call.arguments)
    return f'<function name="{call.tool}">{inside}</function>'


def gemma(call: ReadCall, tools: ToolSignatures) -> str:
    """call:NAME{key:<|"|>text<|"|>}"""
    return f"call:{call.tool}{_render_gemma(dict(call.arguments))}"


def _render_gemma(value: object) -> str:
    match value:
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


def named_then_json(before: str, between: str, after: str) -> Callable[[ReadCall, ToolSignatures], str]:
    """The name and then the arguments as JSON, with marks around."""
    return lambda call, tools: f"{before}{call.tool}{between}{_arguments_json(call)}{after}"


def kimi(calls: Sequence[ReadCall], tools: ToolSignatures) -> str:
    """Kimi numbers the calls of a reply."""
    inside = "".join(
        f"<|tool_call_begin|>functions.{call.tool}:{index}<|tool_call_argument_begin|>{_arguments_json(call)}<|tool_call_end|>"
        for index, call in enumerate(calls)
    )
    return f"<|tool_calls_section_begin|>{inside}<|tool_calls_section_end|>"


def cohere(calls: Sequence[ReadCall], tools: ToolSignatures) -> str:
    """Cohere numbers the calls of a reply as well."""
    listed = [{"tool_call_id": str(index), **_call_object(call, "tool_name", "parameters")} for index, call in enumerate(calls)]
    return f"<|START_ACTION|>{as_json(listed)}<|END_ACTION|>"


def fenced(calls: Sequence[ReadCall], tools: ToolSignatures) -> str:
    """One object in a JSON fence; several as a list."""
    body = as_json(_call_object(calls[0])) if len(calls) == 1 else as_json([_call_object(call) for call in calls])
    return f"```json\n{body}\n```"


def by_name(call: ReadCall, tools: ToolSignatures) -> str:
    """{"NAME": {arguments}}"""
    return as_json({call.tool: dict(call.arguments)})


RENDERERS: Mapping[str, Renderer] = {
    "call": render_each("", in_prose, ""),
    "python": render_together("[", in_python, "]"),
    "json": fenced,
    "hermes": render_each("<tool_call>\n", as_json_call(), "\n</tool_call>"),
    "react": render_each("Action: ", named_then_json("", "\nAction Input: ", ""), ""),
    "llama3": render_each("", as_json_call(arguments="parameters"), "", "; "),
    "llama4": render_together("[", in_python, "]"),
    "mistral": render_together("[TOOL_CALLS][", as_json_call(), "]"),
    "deepseek": render_together(
        "<｜tool▁calls▁begin｜>",
        named_then_json("<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>"),
        "<｜tool▁calls▁end｜>",
        "",
    ),
    "deepseek_dsml": render_together("<｜DSML｜function_calls>\n", dsml, "\n</｜DSML｜function_calls>", "\n"),
    "qwen3_coder": render_each("<tool_call>\n", qwen, "\n</tool_call>"),
    "glm": render_each("<tool_call>", glm, "</tool_call>"),
    "kimi": kimi,
    "harmony": render_each(
        "", named_then_json("<|start|>assistant<|channel|>commentary to=functions.", " <|constrain|>json<|message|>", "<|call|>"), "", ""
    ),
    "anthropic": render_together("<function_calls>\n", invoke(), "\n</function_calls>", "\n"),
    "minimax": render_together("<minimax:tool_call>\n", invoke(), "\n</minimax:tool_call>", "\n"),
    "lfm2": render_together("<|tool_call_start|>[", in_python, "]<|tool_call_end|>"),
    "gemma": render_each("<|tool_call>", gemma, "<tool_call|>"),
    "cohere": cohere,
    "functionary": render_each("", named_then_json("<function=", ">", "</function>"), ""),
    "gigachat": render_each("<|function_call|>", as_json_call(), "<|function_call_end|>"),
    "granite": render_together("<|tool_call|>[", as_json_call(), "]"),
    "nemotron": render_together("<TOOLCALL>[", as_json_call(), "]</TOOLCALL>"),
    "apertus": render_together("<|tools_prefix|>[", by_name, "]<|tools_suffix|>"),
    "internlm": render_each("<|action_start|><|plugin|>\n", as_json_call(arguments="parameters"), "<|action_end|>"),
    "functools": render_together("functools[", as_json_call(), "]"),
    "olmo": render_together("<function_calls>\n", in_python, "\n</function_calls>", "\n"),
    "minicpm": render_each("", minicpm, ""),
    "solar": render_together(
        "<|tool_calls_begin|>",
        named_then_json("<|tool_call:begin|>a<|tool_call:name|>", "<|tool_call:args|>", "<|tool_call:end|>"),
        "<|tool_calls_end|>",
        "",
    ),
}
"""Every dialect's way of writing."""
