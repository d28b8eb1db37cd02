"""Families that write each argument between tags."""

from __future__ import annotations

import re

from ..elements import Element, invoke_element
from ..family import OTHER_SPEAKERS, ChatTemplate, Family
from ..growing import growing
from ..tagged import Tags
from ..writers import invoke_writer, name_and_json_writer, render_each, render_together, tag_writer

ANTML = "antml" + ":"
_QWEN = Tags(
    growing(r"<parameter=([^>\n]*)>()"), ("<parameter=",), ("</parameter>",), ("</function>",), ("</tool_call>", "</seed:tool_call>")
)
_NOVA = Tags(growing(r"<__parameter=([^>\n]*)>()"), ("<__parameter=",), ("</__parameter>",), ("</__function>",))
_MINICPM = Tags(
    growing(r'<param(?:eter)?[\sĠ]*name="([^"]*)"([^>]*)>'), ("<param",), ("</param>", "</parameter>"), ("</function>",), ("</tool_call>",)
)


def _glm_tags(prefix: str = "", suffix: str = "") -> Tags:
    """Return the tags of GLM's form. Other families put a prefix or a suffix on each of their names."""
    names = key, _, value = tuple(f"{prefix}arg_{part}{suffix}" for part in ("key", "type", "value"))
    a_key, a_type, a_value = map(re.escape, names)
    # GLM 5.3 Flash may leave out the two tags between them: <arg_key>city=Oslo</arg_value>
    between = rf"(?:</{a_key}>\s*)+(?:<{a_type}>[^<]*</{a_type}>\s*)?<{a_value}>|=(?=[^<]*</{a_value}>)"
    opening = rf"(?:<{a_key}>)+(.*?)(?:{between})()"
    return Tags(growing(opening), (f"<{key}>",), (f"</{value}>",), (), (f"</{prefix}tool_call{suffix}>", f"<end_of_tool_call{suffix}>"))


_FUNCTION = Element(growing(r"<function=[ \t]*\"?([\w.\-:/]*\w)\"?(?=[\s/>])"), _QWEN)

FAMILIES = (
    Family(
        name="qwen3_coder",
        models=r"qwen-?3(?:\.\d+)?-?coder|qwen-?3\.[5-9]|qwen-?35|qwen3?-?coder-?next|step-?3(?:\.|p)5|step-?5|intellect|seed-?oss"
        r"|nemotron-?(?:3|nano-?3)|mimo-?v2|iquest|berry",
        also="hermes json",
        sections={"<tool_call>": ("</tool_call>", "<end_of_tool_call>"), "<seed:tool_call>": "</seed:tool_call>"},  # Seed-OSS
        elements={
            "<function=": _FUNCTION,
            "<parameter=": Element(growing(r"<parameter=([\w.\-:/]*\w)>\s*(?=<parameter=)"), _QWEN),  # the tag of the name is mistaken
            "<__function=": Element(
                growing(r"<__function=([\w.\-:/]*\w)(?=[\s/>])"), _NOVA
            ),  # Amazon Nova, where a server does not parse its calls
        },
        write=render_each(
            "<tool_call>\n",
            tag_writer("<function={name}>\n", "<parameter={key}>\n{value}\n</parameter>\n", "</function>"),
            "\n</tool_call>",
        ),
        stop=("<tool_response>",),
        template=ChatTemplate(thinks={"<seed:think>": "</seed:think>"}, turns=tuple(f"<seed:bos>{role}" for role in OTHER_SPEAKERS)),
    ),
    Family(
        name="glm",
        models=r"glm|chatglm|(?<!muse)(?<!muse-)spark|ling-|ling3|inclusionai|bailing|hy-?v?[34]|poolside|laguna|k2-?(?:horizon|v3)|ifm|hyperclova"
        r"|iquest-?q",
        also="hermes json",
        sections={
            "<tool_call>": ("</tool_call>", "<end_of_tool_call>"),
            "<ifm|tool_calls>": "</ifm|tool_calls>",
            "<ifm|tool_call>": "</ifm|tool_call>",
            "<tool_calls:opensource>": "</tool_calls:opensource>",  # Hunyuan 3 and 4
            "<tool_call:opensource>": ("</tool_call:opensource>", "<end_of_tool_call:opensource>"),
        },
        separators=("<tool_sep>", "<tool_sep:opensource>"),  # Hunyuan
        call_ends=("</arg_value>",),  # GLM 5.2 may close a value that it has not opened
        joints=(">",),  # GLM 5.3 Flash: <tool_call>NAME>{...}
        tags=(
            _glm_tags(),
            *(_glm_tags("longcat_"), _glm_tags("ifm|"), _glm_tags(suffix=":opensource")),
        ),
        write=render_each(
            "<tool_call>", tag_writer("{name}\n", "<arg_key>{key}</arg_key>\n<arg_value>{value}</arg_value>\n"), "</tool_call>"
        ),
        template=ChatTemplate(
            thinks={"<think:opensource>": "</think:opensource>"},
            turns=("<|user|>", "<|system|>", "<|observation|>", "<｜hy_User｜>", "<|hy_User|>"),  # it ends its turn with <|observation|>
        ),
    ),
    Family(
        name="anthropic",  # Claude, and models that copy it
        models="claude|anthropic|muse|glimmer|dots",
        also="minicpm harmony json",
        sections={
            "<invoke>": "</invoke>",  # Claude 2
            **{
                f"<{name}>": f"</{name}>"
                for name in ("function_calls", "dots_function_call", f"{ANTML}function_calls", "atem:function_calls")
            },
        },
        elements={
            **{f"<{prefix}invoke": invoke_element(prefix) for prefix in ("", ANTML, "atem:")},
            # what small models make of it and of Hermes' form
            **{f"<{word}": invoke_element("", word) for word in ("tool_call", "function_call", "tool_use", "tool")},
        },
        write=render_together("<function_calls>\n", invoke_writer(), "\n</function_calls>", "\n"),
        stop=("</function_calls>", "<function_results>"),
    ),
    Family(
        name="deepseek_dsml",  # DeepSeek V3.2 and later; some builds write a space after the second bar
        models=r"deepseek-?v?(?:3\.[2-9]|4)|(?:deepseek-?)?dsml",
        also="deepseek json",
        sections={f"<｜DSML｜{name}>": f"</｜DSML｜{name}>" for name in ("function_calls", "tool_calls", " calls")},
        elements={f"<{prefix}invoke": invoke_element(prefix) for prefix in ("｜DSML｜", "｜DSML｜ ")},
        write=render_together(
            "<｜DSML｜function_calls>\n", invoke_writer("｜DSML｜", ' string="{is_text}"'), "\n</｜DSML｜function_calls>", "\n"
        ),
    ),
    Family(
        name="minicpm",
        models="minicpm",
        also="hermes python json",
        # Some servers lose the space of its tags, and some show it as the tokenizer keeps it.
        elements={"<function": Element(growing(r"<function[\sĠ]*name=[\"']([^\"'<>\n]+)[\"']"), _MINICPM)},
        write=render_each("", tag_writer('<function name="{name}">', '<param name="{key}">{value}</param>', "</function>"), ""),
        template=ChatTemplate(turns=("<用户>",)),
    ),
    Family(
        name="functionary",
        models="functionary",
        also="llama3 json",
        sections={"<|recipient|>": ("<|stop|>", "<|from|>assistant")},  # Functionary 2
        elements={"<function=": _FUNCTION},
        write=render_each("", name_and_json_writer("<function=", ">", "</function>"), ""),
        template=ChatTemplate(turns=("<|from|>user", "<|from|>system"), tokens=("<|from|>assistant", "<|stop|>")),
    ),
)
