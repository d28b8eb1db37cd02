"""How each family writes a call. What is written is read back as the same call, whatever JSON its arguments are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape

from .lenient_json import read_json
from .signatures import Shapes
from .typing_values import takes_text
from .values import ReadCall

Writer = Callable[[Sequence[ReadCall], Shapes], str]
"""The calls of one reply as text. Without the shapes of the tools, a text that looks like a number is marked as text."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
_NOT_RAW = re.compile(r"</|<!|<\||<｜|<arg|<param|<tool_call|<function|\]\]>|^\s|\s$")
_PYTHON_WORDS = {True: "True", False: "False", None: "None"}


def as_json(value: object) -> str:
    """JSON on one line, letters as they are."""
    return json.dumps(value, ensure_ascii=False)


def _object(call: ReadCall) -> str:
    return as_json(dict(call.arguments))


def _named(call: ReadCall, name: str = "name", arguments: str = "arguments") -> dict[str, object]:
    return {name: call.tool, arguments: dict(call.arguments)}


def one_by_one(before: str, write: Callable[[ReadCall, Shapes], str], after: str, between: str = "\n") -> Writer:
    """Each call between marks of its own."""
    return lambda calls, known: between.join(f"{before}{write(call, known)}{after}" for call in calls)


def together(before: str, write: Callable[[ReadCall, Shapes], str], after: str, between: str = ", ") -> Writer:
    """All calls of a reply between one pair of marks."""
    return lambda calls, known: f"{before}{between.join(write(call, known) for call in calls)}{after}"


def json_call(name: str = "name", arguments: str = "arguments") -> Callable[[ReadCall, Shapes], str]:
    """One object with the name and the arguments."""
    return lambda call, known: as_json(_named(call, name, arguments))


def in_prose(call: ReadCall, known: Shapes) -> str:
    """NAME(key="value"), the values as JSON."""
    if not all(_WORD.fullmatch(key) for key in call.arguments):
        return f"{call.tool}({_object(call)})"
    return f"{call.tool}({', '.join(f'{key}={as_json(value)}' for key, value in call.arguments.items())})"


def in_python(call: ReadCall, known: Shapes) -> str:
    """NAME(key='value'), the values as Python writes them."""
    if not all(_WORD.fullmatch(key) for key in call.arguments):
        return f"{call.tool}(**{_python(dict(call.arguments))})"
    return f"{call.tool}({', '.join(f'{key}={_python(value)}' for key, value in call.arguments.items())})"


def _python(value: object) -> str:
    match value:
        case bool() | None:
            return _PYTHON_WORDS[value]
        case Mapping():
            return f"{{{', '.join(f'{as_json(key)}: {_python(item)}' for key, item in value.items())}}}"
        case list() | tuple():
            return f"[{', '.join(map(_python, value))}]"
    return as_json(value)


def _raw(call: ReadCall, key: str, known: Shapes) -> str:
    """A value between tags: text as it is where that reads back as the same text, in CDATA otherwise; anything else as JSON."""
    value = call.arguments[key]
    if not isinstance(value, str):
        return as_json(value).replace("<", "\\u003c")  # no tag inside, whatever the value
    shape = known.find(call.tool)
    is_text = shape is not None and takes_text(shape.properties.get(key))
    if value and not _NOT_RAW.search(value) and (is_text or not _reads_as_json(value)):
        return value
    return f"<![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]>"


def _reads_as_json(text: str) -> bool:
    try:
        read_json(text.strip())
    except ValueError:
        return False
    return True


def _key(key: str) -> str:
    return escape(key).replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;").replace(" ", "&#32;")


def qwen(call: ReadCall, known: Shapes) -> str:
    """<function=NAME> with <parameter=KEY> inside."""
    inside = "".join(f"<parameter={_key(key)}>\n{_raw(call, key, known)}\n</parameter>\n" for key in call.arguments)
    return f"<function={call.tool}>\n{inside}</function>"


def glm(call: ReadCall, known: Shapes) -> str:
    """NAME, then <arg_key> and <arg_value> in turn."""
    inside = "".join(f"<arg_key>{_key(key)}</arg_key>\n<arg_value>{_raw(call, key, known)}</arg_value>\n" for key in call.arguments)
    return f"{call.tool}\n{inside}"


def invoke(mark: str = "") -> Callable[[ReadCall, Shapes], str]:
    """<invoke name="NAME"> with <parameter name="KEY"> inside, each tag led by `mark`."""

    def write(call: ReadCall, known: Shapes) -> str:
        inside = "".join(f'<{mark}parameter name="{_key(key)}">{_raw(call, key, known)}</{mark}parameter>\n' for key in call.arguments)
        return f'<{mark}invoke name="{call.tool}">\n{inside}</{mark}invoke>'

    return write


def dsml(call: ReadCall, known: Shapes) -> str:
    """DeepSeek's own tags, which say of each value whether it is text."""
    inside = "".join(
        f'<｜DSML｜parameter name="{_key(key)}" string="{as_json(isinstance(value, str))}">{_raw(call, key, known)}</｜DSML｜parameter>\n'
        for key, value in call.arguments.items()
    )
    return f'<｜DSML｜invoke name="{call.tool}">\n{inside}</｜DSML｜invoke>'


def minicpm(call: ReadCall, known: Shapes) -> str:
    """<function name="NAME"> with <param name="KEY"> inside."""
    inside = "".join(f'<param name="{_key(key)}">{_raw(call, key, known)}</param>' for key in call.arguments)
    return f'<function name="{call.tool}">{inside}</function>'


def gemma(call: ReadCall, known: Shapes) -> str:
    """call:NAME{key:<|"|>text<|"|>}"""
    return f"call:{call.tool}{_gemma(dict(call.arguments))}"


def _gemma(value: object) -> str:
    match value:
        case str() if "<|" in value or "<escape>" in value:
            return as_json(value)
        case str():
            return f'<|"|>{value}<|"|>'
        case Mapping():
            return "{" + ",".join(f"{key if _WORD.fullmatch(key) else as_json(key)}:{_gemma(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return f"[{','.join(map(_gemma, value))}]"
    return as_json(value)


def named_then_json(before: str, between: str, after: str) -> Callable[[ReadCall, Shapes], str]:
    """The name and then the arguments as JSON, with marks around."""
    return lambda call, known: f"{before}{call.tool}{between}{_object(call)}{after}"


def kimi(calls: Sequence[ReadCall], known: Shapes) -> str:
    """Kimi numbers the calls of a reply."""
    inside = "".join(
        f"<|tool_call_begin|>functions.{call.tool}:{index}<|tool_call_argument_begin|>{_object(call)}<|tool_call_end|>"
        for index, call in enumerate(calls)
    )
    return f"<|tool_calls_section_begin|>{inside}<|tool_calls_section_end|>"


def cohere(calls: Sequence[ReadCall], known: Shapes) -> str:
    """Cohere numbers the calls of a reply as well."""
    listed = [{"tool_call_id": str(index), **_named(call, "tool_name", "parameters")} for index, call in enumerate(calls)]
    return f"<|START_ACTION|>{as_json(listed)}<|END_ACTION|>"


def fenced(calls: Sequence[ReadCall], known: Shapes) -> str:
    """One object in a JSON fence; several as a list."""
    body = as_json(_named(calls[0])) if len(calls) == 1 else as_json([_named(call) for call in calls])
    return f"```json\n{body}\n```"


def by_name(call: ReadCall, known: Shapes) -> str:
    """{"NAME": {arguments}}"""
    return as_json({call.tool: dict(call.arguments)})


WRITERS: Mapping[str, Writer] = {
    "call": one_by_one("", in_prose, ""),
    "python": together("[", in_python, "]"),
    "json": fenced,
    "hermes": one_by_one("<tool_call>\n", json_call(), "\n</tool_call>"),
    "react": one_by_one("Action: ", named_then_json("", "\nAction Input: ", ""), ""),
    "llama3": one_by_one("", json_call(arguments="parameters"), "", "; "),
    "llama4": together("[", in_python, "]"),
    "mistral": together("[TOOL_CALLS][", json_call(), "]"),
    "deepseek": together(
        "<｜tool▁calls▁begin｜>",
        named_then_json("<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>"),
        "<｜tool▁calls▁end｜>",
        "",
    ),
    "deepseek_dsml": together("<｜DSML｜function_calls>\n", dsml, "\n</｜DSML｜function_calls>", "\n"),
    "qwen3_coder": one_by_one("<tool_call>\n", qwen, "\n</tool_call>"),
    "glm": one_by_one("<tool_call>", glm, "</tool_call>"),
    "kimi": kimi,
    "harmony": one_by_one(
        "", named_then_json("<|start|>assistant<|channel|>commentary to=functions.", " <|constrain|>json<|message|>", "<|call|>"), "", ""
    ),
    "anthropic": together("<function_calls>\n", invoke(), "\n</function_calls>", "\n"),
    "minimax": together("<minimax:tool_call>\n", invoke(), "\n</minimax:tool_call>", "\n"),
    "lfm2": together("<|tool_call_start|>[", in_python, "]<|tool_call_end|>"),
    "gemma": one_by_one("<|tool_call>", gemma, "<tool_call|>"),
    "cohere": cohere,
    "functionary": one_by_one("", named_then_json("<function=", ">", "</function>"), ""),
    "gigachat": one_by_one("<|function_call|>", json_call(), "<|function_call_end|>"),
    "granite": together("<|tool_call|>[", json_call(), "]"),
    "nemotron": together("<TOOLCALL>[", json_call(), "]</TOOLCALL>"),
    "apertus": together("<|tools_prefix|>[", by_name, "]<|tools_suffix|>"),
    "internlm": one_by_one("<|action_start|><|plugin|>\n", json_call(arguments="parameters"), "<|action_end|>"),
    "functools": together("functools[", json_call(), "]"),
    "olmo": together("<function_calls>\n", in_python, "\n</function_calls>", "\n"),
    "minicpm": one_by_one("", minicpm, ""),
    "solar": together(
        "<|tool_calls_begin|>",
        named_then_json("<|tool_call:begin|>a<|tool_call:name|>", "<|tool_call:args|>", "<|tool_call:end|>"),
        "<|tool_calls_end|>",
        "",
    ),
}
"""Every dialect's way of writing."""
