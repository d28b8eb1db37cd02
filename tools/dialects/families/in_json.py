"""Families that write calls as JSON, between markers of their own or without any."""

from __future__ import annotations

from collections.abc import Sequence

from ..elements import Element
from ..family import OTHER_SPEAKERS, ChatTemplate, Family
from ..growing import growing
from ..read_events import ReadCall
from ..signatures import ToolSignatures
from ..tagged import Tags
from ..writers import as_json, call_object, json_call_writer, name_and_json_writer, render_each, render_together

GAPS = ("▁", "_", " ", "\\_")  # between the words of DeepSeek's tokens: ▁ in the vocabulary, the others where a model retypes them


def _render_fence(calls: Sequence[ReadCall], tools: ToolSignatures) -> str:
    """Write one object in a JSON fence, or several calls as a list."""
    body = as_json(call_object(calls[0])) if len(calls) == 1 else as_json([call_object(call) for call in calls])
    return f"```json\n{body}\n```"


def _render_kimi(calls: Sequence[ReadCall], tools: ToolSignatures) -> str:
    """Write calls as Kimi K2 does, which numbers them."""
    write = name_and_json_writer("<|tool_call_begin|>functions.", ":{}<|tool_call_argument_begin|>", "<|tool_call_end|>")
    inside = "".join(write(call, tools).replace(":{}<", f":{index}<", 1) for index, call in enumerate(calls))
    return f"<|tool_calls_section_begin|>{inside}<|tool_calls_section_end|>"


def _render_cohere(calls: Sequence[ReadCall], tools: ToolSignatures) -> str:
    """Write calls as Command R7B and Command A do, which number them."""
    listed = [{"tool_call_id": str(index), **call_object(call, "tool_name", "parameters")} for index, call in enumerate(calls)]
    return f"<|START_ACTION|>{as_json(listed)}<|END_ACTION|>"


_HERMES = Family(
    name="hermes",
    models=r"hermes|smollm|reka|xlam|hunyuan|jamba|ernie|mimo|exaone|longcat|apriel|trinity|smol|ling-?\d?-?mini|pangu|plamo|inkling",
    bases="qwen",
    also="qwen3_coder glm json",
    sections={
        "<tool_call>": ("</tool_call>", "<end_of_tool_call>"),  # Hermes 2 Pro, Qwen 2.5 and 3
        # spellings of the same that other models were trained on or fall into
        **{f"<{word}>": f"</{word}>" for word in ("tool_calls", "toolcall", "TOOLCALL", "tool", "function_call", "tool_use")},
        **{f"<{word}>": f"</{word}>" for word in ("functioncall", "FunctionCall")},  # fine-tunes on glaive-function-calling-v2
        "<ifm|tool_calls>": "</ifm|tool_calls>",  # K2 Horizon
        "<ifm|tool_call>": "</ifm|tool_call>",
        "[unused11]": "[unused12]",  # openPangu
        "<|content_invoke_tool_json|>": "<|end_message|>",  # Inkling
        "<|plamo:begin_tool_requests:plamo|>": "<|plamo:end_tool_requests:plamo|>",  # PLaMo
        **dict.fromkeys(("[Calling tool: ", "[Calling tool="), "]"),
        "[TOOL_CALL]": "[/TOOL_CALL]",  # MiniMax M2, in programs that ask for it
        "<call>": "</call>",
        "✿FUNCTION✿:": "✿RETURN✿",  # Qwen-Agent's own form, for Qwen 2 and 2.5
    },
    call_begins=("<|plamo:begin_tool_request:plamo|>", "<|plamo:begin_tool_name:plamo|>"),
    leads=("function\n",),  # Step-Audio 2
    call_ends=("<|plamo:end_tool_arguments:plamo|>", "<|plamo:end_tool_request:plamo|>"),
    joints=(r"<\|content\|>", "✿ARGS✿:", r"<\|plamo:end_tool_name:plamo\|>\s*<\|plamo:begin_tool_arguments:plamo\|>"),
    elements={
        # CWM of Meta: the element holds the text of the tool's one argument, or JSON
        "<tool: ": Element(
            growing(r"<tool: (?:function>\s*)?(?!function>)([\w.\-:/]*\w)(?=[\s>])(?:[ \t]*>)?"),
            Tags(growing(r"(?!)"), (), (), ("</tool>",)),
        ),
    },
    write=render_each("<tool_call>\n", json_call_writer(), "\n</tool_call>"),
    stop=("<tool_response>",),
    template=ChatTemplate(  # ChatML, and what its users add
        thinks={
            "<|content_thinking|>": "<|end_message|>",
            **{f"<ifm|think{speed}>": f"</ifm|think{speed}>" for speed in ("", "_fast", "_faster")},
        },
        results=("✿RESULT✿:",),
        turns=(*(f"<|im_start|>{role}" for role in OTHER_SPEAKERS), "[|user|]", "[|system|]"),
        tokens=("<|im_end|>", "<|content|>", "<|message_model|>", "<|content_text|>", "<|content_model_end_sampling|>"),
    ),
)
_LLAMA3 = Family(
    name="llama3",
    bases="llama",
    also="functionary python json",
    sections={"<|python_tag|>": ("<|eom_id|>", "<|eot_id|>")},
    write=render_each("", json_call_writer(arguments="parameters"), "", "; "),
    stop=("<|eom_id|>", "<|eot_id|>"),
    template=ChatTemplate(
        turns=tuple(f"<|start_header_id|>{role}<|end_header_id|>" for role in OTHER_SPEAKERS),
        tokens=("<|eom_id|>", "<|eot_id|>", "<|end_of_text|>"),
    ),
)
_MISTRAL = Family(
    name="mistral",
    bases="mistral|mixtral",
    models="magistral|devstral|ministral|codestral|pixtral",
    sections={"[TOOL_CALLS]": "</s>"},
    call_begins=("[TOOL_CALLS]",),
    separators=("[ARGS]",),
    joints=(r"\[CALL_ID\][^\[{]{0,64}\[ARGS\]",),
    write=render_together("[TOOL_CALLS][", json_call_writer(), "]"),
    template=ChatTemplate(thinks={"[THINK]": "[/THINK]"}, results=("[TOOL_RESULTS]",), turns=("[INST]",)),  # it thinks in Magistral
)


def _spell_deepseek(*words: str) -> tuple[str, ...]:
    """Return a token of DeepSeek's in all its spellings: with other gaps, and with the bars of other families."""
    return tuple(f"<{bar}tool{gap}{gap.join(words)}{bar}>" for bar, gap in (*(("｜", gap) for gap in GAPS), ("|", "▁")))


_DEEPSEEK_ENDS = _spell_deepseek("calls", "end")
_DEEPSEEK = Family(
    name="deepseek",  # V3, R1, V3.1: the bars are U+FF5C
    models=r"deepseek(?:-?r1)?|step-?3(?!(?:\.|p)5)|cogito",
    also="deepseek_dsml hermes json",
    sections={
        **{marker: _DEEPSEEK_ENDS for word in ("calls", "call") for marker in _spell_deepseek(word, "begin")},
        "<｜tool▁calls｜>": _DEEPSEEK_ENDS,
    },
    call_begins=(*_spell_deepseek("call", "begin"), *_spell_deepseek("sep")),
    call_ends=_spell_deepseek("call", "end"),
    separators=_spell_deepseek("sep"),
    leads=(r"function<[｜|]tool(?:[▁_ ]|\\_)sep[｜|]>",),
    write=render_together(
        "<｜tool▁calls▁begin｜>",
        name_and_json_writer("<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>"),
        "<｜tool▁calls▁end｜>",
        "",
    ),
    template=ChatTemplate(results=("<｜tool▁outputs▁begin｜>",), turns=("<｜User｜>",), tokens=("<｜end▁of▁sentence｜>",)),
)
_KIMI_ENDS = ("<|tool_calls_section_end|>", "<|tool_call_section_end|>")
_KIMI = Family(
    name="kimi",
    models="kimi|moonshot",
    sections={
        **dict.fromkeys(("<|tool_calls_section_begin|>", "<|tool_call_section_begin|>", "<|tool_call_begin|>"), _KIMI_ENDS),  # Kimi K2
        "<|open|>tools<|sep|>": "<|close|>tools<|sep|>",  # Kimi K3
    },
    call_begins=("<|tool_call_begin|>",),
    call_ends=("<|tool_call_end|>", "<|sep|>"),
    separators=("<|tool_call_argument_begin|>",),
    elements={
        f'<|open|>{word} tool="': Element(  # a server may lose what stands between two marks, and a reply break off in the last one
            growing(
                rf'<\|open\|>{word} tool="([^"<>\n]+)"[^<>\n]*<\|sep\|>'
                r"(?:<\|open\|>json[^<>\n]*<\|sep\|>)?(?=\s*(?:[^\s<]|<\|close\|>|<\|open\|>a))"
            ),
            Tags(
                growing(r'<\|open\|>argument key="([^"]*)"([^<]*)<\|sep\|>'),
                ("<|open|>argument",),
                ("<|close|>argument<|sep|>",),
                ("<|close|>call", "<|close|>json<|sep|><|close|>call"),
            ),
        )
        for word in ("call", "toolscall")
    },
    write=_render_kimi,
    template=ChatTemplate(
        thinks={"<|open|>think<|sep|>": "<|close|>think<|sep|>", "◁think▷": "◁/think▷"},  # Kimi K3, Kimi-VL
        turns=("<|im_user|>", "<|im_system|>"),
        tokens=(
            "<|open|>response<|sep|>",
            "<|sep|>",
            *(f"<|close|>{part}<|sep|>" for part in ("response", "message", "tools", "toolsmessage")),
        ),
    ),
)
_COHERE = Family(
    name="cohere",  # Command R7B, Command A
    models="command|cohere|c4ai|aya",
    also="react json",
    sections={"<|START_ACTION|>": "<|END_ACTION|>", "<|START_TOOL_CALLS|>": "<|END_TOOL_CALLS|>"},
    write=_render_cohere,
    template=ChatTemplate(
        thinks={"<|START_THINKING|>": "<|END_THINKING|>"},
        results=("<|START_TOOL_RESULT|>",),
        turns=("<|USER_TOKEN|>", "<|SYSTEM_TOKEN|>"),
        tokens=(
            "<|CHATBOT_TOKEN|>",
            "<|END_OF_TURN_TOKEN|>",
            *(f"<|{edge}_{what}|>" for edge in ("START", "END") for what in ("RESPONSE", "TEXT")),
        ),
    ),
)
_GIGACHAT = Family(
    name="gigachat",
    models="gigachat",
    sections={
        "<|function_call|>": ("<|function_call_end|>", "</s>"),
        "<|message_sep|>\n\nfunction call<|role_sep|>\n": ("</s>", "<|message_sep|>"),
    },
    write=render_each("<|function_call|>", json_call_writer(), "<|function_call_end|>"),
    template=ChatTemplate(tokens=("<|role_end|>",)),
)
_GRANITE = Family(
    name="granite",
    models="granite",
    also="hermes json",
    sections={
        # it opens and closes with one token, so a second one may close the section
        "<|tool_call|>": ("<|/tool_call|>", "<|tool_call|>", "</tool_call>", "<|end_tool_call|>"),
        "<|tool_calls|>": "<|/tool_calls|>",
    },
    write=render_together("<|tool_call|>[", json_call_writer(), "]"),
    template=ChatTemplate(turns=tuple(f"<|start_of_role|>{role}<|end_of_role|>" for role in OTHER_SPEAKERS)),
)
_NEMOTRON = Family(
    name="nemotron",
    models="nemotron",
    also="hermes qwen3_coder json",
    sections={"<TOOLCALL>": "</TOOLCALL>"},  # Llama-3.1-Nemotron
    write=render_together("<TOOLCALL>[", json_call_writer(), "]</TOOLCALL>"),
    template=ChatTemplate(
        turns=(*(f"<extra_id_1>{role}" for role in ("User", "Tool", "Context")), *(f"<SPECIAL_{role}>" for role in ("10System", "11User")))
    ),
)
_SOLAR = Family(
    name="solar",
    models="solar",
    sections={
        "<|tool_calls_begin|>": "<|tool_calls_end|>",
        **{f"<|tool_call:{word}|>": "<|tool_call:end|>" for word in ("begin", "start")},
    },
    call_begins=("<|tool_call:begin|>",),
    call_ends=("<|tool_call:end|>",),
    leads=(r"(?:[\w\-]+)?<\|tool_call:name\|>",),
    joints=(r"<\|tool_call:args\|>",),
    tags=(  # the marker that ends the call ends the section as well, so it is left to the section
        Tags(
            growing(r"<\|tool_arg:start\|>(.*?)<\|tool_arg:value\|>()"),
            ("<|tool_arg:start|>",),
            ("<|tool_arg:end|>",),
            (),
            ("<|tool_call:end|>",),
        ),
    ),
    write=render_together(
        "<|tool_calls_begin|>",
        name_and_json_writer("<|tool_call:begin|>a<|tool_call:name|>", "<|tool_call:args|>", "<|tool_call:end|>"),
        "<|tool_calls_end|>",
        "",
    ),
    template=ChatTemplate(thinks={"<|think:start|>": "<|think:end|>"}),
)

FAMILIES = (
    Family(name="json", also="", write=_render_fence),
    _HERMES,
    _LLAMA3,
    _MISTRAL,
    _DEEPSEEK,
    _KIMI,
    _COHERE,
    _GIGACHAT,
    _GRANITE,
    _NEMOTRON,
    Family(
        name="apertus",
        models="apertus",
        sections={"<|tools_prefix|>": "<|tools_suffix|>"},
        write=render_together("<|tools_prefix|>[", lambda call, tools: as_json({call.tool: dict(call.arguments)}), "]<|tools_suffix|>"),
        template=ChatTemplate(thinks={"<|inner_prefix|>": "<|inner_suffix|>"}),
    ),
    Family(
        name="internlm",
        models="internlm|intern-?s1",
        sections={"<|action_start|>": "<|action_end|>"},
        call_begins=("<|plugin|>", "<|interpreter|>"),
        write=render_each("<|action_start|><|plugin|>\n", json_call_writer(arguments="parameters"), "<|action_end|>"),
    ),
    Family(
        name="functools",  # Phi-4-mini, FireFunction; its bracket opens the list of calls
        models="phi-?4|firefunction",
        sections={"functools[": ()},
        write=render_together("functools[", json_call_writer(), "]"),
    ),
    _SOLAR,
)
