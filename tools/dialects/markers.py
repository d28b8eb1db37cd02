"""Markers that models put around calls, reasoning and results, and the tokens of their chat templates.

A section of calls is parsed by the form of its body, whatever its markers are. So a new family in a known form is a row in SECTIONS.
Sources are the chat templates on the models' Hugging Face pages (tokenizer_config.json or chat_template.jinja), the model cards, and the
tests of the servers' parsers; the comments name the models.
"""

from __future__ import annotations

from typing import NamedTuple


class CallSection(NamedTuple):
    """A part of a reply that holds calls: the forms that it belongs to (see dialect.py), and the markers that close it."""

    forms: frozenset[str]
    closes: tuple[str, ...]


def _section(forms: str, *closes: str) -> CallSection:
    return CallSection(frozenset(forms.split()), closes)


_KIMI_ENDS = ("<|tool_calls_section_end|>", "<|tool_call_section_end|>")
GAPS = ("▁", "_", " ", "\\_")  # between the words of DeepSeek's tokens: ▁ in the vocabulary, the others where a model retypes them
_DEEPSEEK_ENDS = tuple(f"<｜tool{gap}calls{gap}end｜>" for gap in GAPS)

ANTML = "antml" + ":"

SECTIONS = {
    # Hermes 2 Pro, Qwen 2.5 and 3 with JSON; Qwen3-Coder and GLM 4.5 with tags of their own inside
    "<tool_call>": _section("hermes qwen3_coder glm", "</tool_call>", "<end_of_tool_call>"),
    # spellings of the same that other models were trained on or fall into
    "<tool_calls>": _section("hermes", "</tool_calls>"),
    "<toolcall>": _section("hermes", "</toolcall>"),
    "<TOOLCALL>": _section("hermes nemotron", "</TOOLCALL>"),  # Llama-3.1-Nemotron
    "<tool>": _section("hermes", "</tool>"),
    "<function_call>": _section("hermes", "</function_call>"),
    "<functioncall>": _section("hermes", "</functioncall>"),  # fine-tunes on glaive-function-calling-v2
    "<tool_use>": _section("hermes", "</tool_use>"),
    "<invoke>": _section("anthropic", "</invoke>"),  # Claude 2
    "<longcat_tool_call>": _section("hermes glm", "</longcat_tool_call>"),  # LongCat-Flash
    "<iquest_tool_call>": _section("glm", "</iquest_tool_call>"),
    "<ifm|tool_calls>": _section("hermes glm", "</ifm|tool_calls>"),  # K2 Horizon
    "<ifm|tool_call>": _section("hermes glm", "</ifm|tool_call>"),
    "<tool_calls:opensource>": _section("glm", "</tool_calls:opensource>"),  # Hunyuan 3 and 4
    "<tool_call:opensource>": _section("glm", "</tool_call:opensource>", "<end_of_tool_call:opensource>"),
    "[unused11]": _section("hermes", "[unused12]"),  # openPangu
    "<|content_invoke_tool_json|>": _section("hermes", "<|end_message|>"),  # Inkling
    "<|plamo:begin_tool_requests:plamo|>": _section("hermes", "<|plamo:end_tool_requests:plamo|>"),  # PLaMo
    "<seed:tool_call>": _section("qwen3_coder", "</seed:tool_call>"),  # Seed-OSS
    # Granite opens and closes with one token, so a second one may close the section
    "<|tool_call|>": _section("granite", "<|/tool_call|>", "<|tool_call|>", "</tool_call>", "<|end_tool_call|>"),
    "<|tool_calls|>": _section("granite", "<|/tool_calls|>"),
    "<|tool_call_start|>": _section("lfm2", "<|tool_call_end|>"),
    "<|tool_call>": _section("gemma", "<tool_call|>"),  # Gemma 4
    "<start_function_call>": _section("gemma", "<end_function_call>"),  # FunctionGemma
    "<|recipient|>": _section("functionary", "<|stop|>", "<|from|>assistant"),  # Functionary 2
    "[Calling tool: ": _section("hermes", "]"),
    "<|function_call|>": _section("gigachat", "<|function_call_end|>", "</s>"),
    "<|message_sep|>\n\nfunction call<|role_sep|>\n": _section("gigachat", "</s>", "<|message_sep|>"),
    "functools[": _section("functools"),  # Phi-4-mini, FireFunction; its bracket opens the list of calls
    "[TOOL_CALLS]": _section("mistral", "</s>"),
    "<|python_tag|>": _section("llama3", "<|eom_id|>", "<|eot_id|>"),
    "<|python_start|>": _section("llama4", "<|python_end|>"),
    "<|tools_prefix|>": _section("apertus", "<|tools_suffix|>"),
    "<|START_ACTION|>": _section("cohere", "<|END_ACTION|>"),  # Command R7B, Command A
    "<|START_TOOL_CALLS|>": _section("cohere", "<|END_TOOL_CALLS|>"),
    "<|action_start|>": _section("internlm", "<|action_end|>"),
    # DeepSeek V3, R1, V3.1: the bars are U+FF5C
    **{f"<｜tool{gap}{word}{gap}begin｜>": _section("deepseek", *_DEEPSEEK_ENDS) for gap in GAPS for word in ("calls", "call")},
    "<｜tool▁calls｜>": _section("deepseek", *_DEEPSEEK_ENDS),
    "<|tool_calls_section_begin|>": _section("kimi", *_KIMI_ENDS),  # Kimi K2
    "<|tool_call_section_begin|>": _section("kimi", *_KIMI_ENDS),
    "<|tool_call_begin|>": _section("kimi", *_KIMI_ENDS),
    "<|open|>tools<|sep|>": _section("kimi", "<|close|>tools<|sep|>"),  # Kimi K3
    "<function_calls>": _section("anthropic olmo", "</function_calls>"),  # Claude with tags inside, OLMo 3 with Python
    "<dots_function_call>": _section("anthropic", "</dots_function_call>"),
    f"<{ANTML}function_calls>": _section("anthropic", f"</{ANTML}function_calls>"),
    "<atem:function_calls>": _section("anthropic", "</atem:function_calls>"),
    "<minimax:tool_call>": _section("minimax", "</minimax:tool_call>"),  # MiniMax M2
    "]<]minimax[>[<tool_call>": _section("minimax", "]<]minimax[>[</tool_call>"),  # MiniMax M3
    # DeepSeek V3.2 and later; some builds write a space after the second bar
    "<｜DSML｜function_calls>": _section("deepseek_dsml", "</｜DSML｜function_calls>"),
    "<｜DSML｜tool_calls>": _section("deepseek_dsml", "</｜DSML｜tool_calls>"),
    "<｜DSML｜ calls>": _section("deepseek_dsml", "</｜DSML｜ calls>"),
    "✿FUNCTION✿:": _section("hermes", "✿RETURN✿"),  # Qwen-Agent's own form, for Qwen 2 and 2.5
    "<|tool_calls_begin|>": _section("solar", "<|tool_calls_end|>"),
    "<|tool_call:begin|>": _section("solar", "<|tool_call:end|>"),
    "<|tool_call:start|>": _section("solar", "<|tool_call:end|>"),
}
"""Sections of calls by their opening marker."""

NAME_SEPARATORS = {
    "[ARGS]": "mistral",
    "<|tool_call_argument_begin|>": "kimi",
    **{f"<{tag}>": "glm" for tag in ("arg_key", "longcat_arg_key", "ifm|arg_key", "arg_key:opensource", "tool_sep", "tool_sep:opensource")},
    **{f"<｜tool{gap}sep｜>": "deepseek" for gap in GAPS},
}
"""Separators between the name of a call and its arguments. They mark the call even where the marker before the name was lost, in the prompt
or by a server that drops special tokens."""

CALL_SEPARATORS = (
    "<|tool_call_begin|>",
    "<|tool_call_end|>",
    "<|plugin|>",
    "<|interpreter|>",
    "[TOOL_CALLS]",
    "<|tool_call:begin|>",
    "<|tool_call:end|>",
    *(f"<｜tool{gap}call{gap}{edge}｜>" for gap in GAPS for edge in ("begin", "end")),
    *(f"<｜tool{gap}sep｜>" for gap in GAPS),
    *(f"<|plamo:{edge}:plamo|>" for edge in ("begin_tool_request", "begin_tool_name", "end_tool_arguments", "end_tool_request")),
)
"""Markers between the calls of one section."""

# <think>, <Think>, <THINK>: a model that got its scratchpad from a prompt varies the capitals.
_CASES = (str.lower, str.title, str.upper)

REASONING = {
    **{case(f"<{word}>"): case(f"</{word}>") for word in ("think", "scratchpad", "thinking", "thought", "reasoning") for case in _CASES},
    "<tool_call_reasoning>": "</tool_call_reasoning>",
    "<seed:think>": "</seed:think>",  # Seed-OSS
    "<mm:think>": "</mm:think>",  # MiniMax
    "[THINK]": "[/THINK]",  # Magistral
    "<|START_THINKING|>": "<|END_THINKING|>",  # Command A Reasoning
    "<|open|>think<|sep|>": "<|close|>think<|sep|>",  # Kimi K3
    "<|inner_prefix|>": "<|inner_suffix|>",  # Apertus
    "<|channel>thought": "<channel|>",  # Gemma 4
    "◁think▷": "◁/think▷",  # Kimi-VL
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "<|thinking_start|>": "<|thinking_end|>",
    "<|think:start|>": "<|think:end|>",
    **{f"<ifm|think{speed}>": f"</ifm|think{speed}>" for speed in ("", "_fast", "_faster")},
    "<think:opensource>": "</think:opensource>",  # Hunyuan 3 and 4
    "<|content_thinking|>": "<|end_message|>",  # Inkling
}
"""Reasoning: the marker that opens it, and the one that closes it."""

REASONING_ENDS = frozenset((*REASONING.values(), "[BEGIN FINAL RESPONSE]"))
"""Markers that close reasoning. Where it was opened in the prompt, everything before the marker was reasoning."""

CALLS_ENDING_REASONING = {
    "<tool_call>": ("</tool_call>",),
    "<seed:tool_call>": ("</seed:tool_call>",),
    "<minimax:tool_call>": ("</minimax:tool_call>",),
    "<｜DSML｜tool_calls>": ("</｜DSML｜tool_calls>",),
    "<｜DSML｜function_calls>": ("</｜DSML｜function_calls>",),
    "<｜tool▁calls▁begin｜>": ("<｜tool▁calls▁end｜>",),
    "<|tool_call>": ("<tool_call|>",),
    "<|tool_calls_section_begin|>": _KIMI_ENDS,
    "<|tool_call_begin|>": ("}", "<|tool_call_end|>"),
}
"""Sections that may follow reasoning whose closing marker the model forgot, and what their calls end in."""

_RESULT_WORDS = tuple(f"{what}_{word}{s}" for what in ("tool", "function") for word in ("response", "result", "output") for s in ("", "s"))
TOOL_RESULTS = (
    # Hermes and Qwen write <tool_response>, Nemotron <TOOL_RESPONSE>, Phi-4 <|tool_response|>; the others are what models fall into
    *(f"<{case(word)}>" for word in _RESULT_WORDS for case in (str.lower, str.upper)),
    *(f"<|{word}|>" for word in _RESULT_WORDS),
    "<tool_call_result>",
    "<tool_call_response>",
    "<observation>",
    "<|tool_response>",  # Gemma 4
    "<|tool_response_start|>",  # LFM2
    "<start_function_response>",  # FunctionGemma
    "[TOOL_RESULTS]",  # Mistral
    "[TOOL_RESULT]",  # LM Studio, for models without a template for tools
    "<|START_TOOL_RESULT|>",  # Command A
    "<｜tool▁outputs▁begin｜>",
    "✿RESULT✿:",  # Qwen-Agent
)
"""Openings of tool results. In a reply they are invented by the model, and no call is made in them or behind them."""

_OTHER_SPEAKERS = ("user", "human", "system", "developer", "tool", "tool_response", "function", "ipython", "observation", "environment")
INVENTED_TURNS = (
    *(f"<|im_start|>{role}" for role in _OTHER_SPEAKERS),  # ChatML: Qwen, Hermes and others
    *(f"<|start_header_id|>{role}<|end_header_id|>" for role in _OTHER_SPEAKERS),  # Llama 3
    *(f"<|header_start|>{role}<|header_end|>" for role in _OTHER_SPEAKERS),  # Llama 4
    *(f"<start_of_turn>{role}" for role in _OTHER_SPEAKERS),  # Gemma 2 and 3, FunctionGemma
    *(f"<|turn>{role}" for role in _OTHER_SPEAKERS),  # Gemma 4
    *(f"<|start|>{role}" for role in ("user", "system", "developer", "functions.")),  # gpt-oss
    *(f"<|{role}|>" for role in ("user", "User", "human", "system", "System")),  # GLM, Phi, Zephyr, InternLM
    "<|observation|>",  # GLM: it ends its turn with it
    *(f"<|im_{role}|>" for role in ("user", "system")),  # Kimi
    "[INST]",  # Mistral
    "<｜User｜>",  # DeepSeek
    *("<｜hy_User｜>", "<|hy_User|>"),  # Hunyuan
    "<|USER_TOKEN|>",  # Command R and A
    "<|SYSTEM_TOKEN|>",
    "[|user|]",  # EXAONE
    "[|system|]",
    *(f"<|start_of_role|>{role}<|end_of_role|>" for role in _OTHER_SPEAKERS),  # Granite
    *(f"<|from|>{role}" for role in ("user", "system")),  # Functionary 2
    *(f"<extra_id_1>{role}" for role in ("User", "Tool", "Context")),  # Nemotron 4
    *(f"<SPECIAL_{number}>" for number in ("10System", "11User")),  # Nemotron Nano 2
    *(f"<seed:bos>{role}" for role in _OTHER_SPEAKERS),  # Seed-OSS
    *(f"]~b]{role}" for role in _OTHER_SPEAKERS),  # MiniMax M1 and M2
    "<reserved_106>",  # Baichuan 2
    "<用户>",  # MiniCPM
)
"""Tokens of chat templates with which somebody else than the model speaks. The reply ends before them."""

TEMPLATE_TOKENS = (
    "<|im_end|>",  # ChatML: Qwen, Hermes and others
    "<|eom_id|>",  # Llama 3 and 4
    "<|eot_id|>",
    "<|eot|>",
    "<|end_of_text|>",
    "<|endoftext|>",
    "<|end_of_turn|>",
    "<end_of_turn>",  # Gemma
    "<turn|>",
    "<|turn>model",
    "<|START_RESPONSE|>",
    "<|END_RESPONSE|>",
    "<|START_TEXT|>",
    "<|END_TEXT|>",
    "<|open|>response<|sep|>",
    "<|close|>response<|sep|>",
    "<|close|>message<|sep|>",
    "<|close|>tools<|sep|>",
    "<｜end▁of▁sentence｜>",  # DeepSeek
    "<|eom|>",
    "<|from|>assistant",
    "<|role_end|>",
    "<|CHATBOT_TOKEN|>",  # Command R
    "[END FINAL RESPONSE]",
    "<|content|>",
    "<|stop|>",
    "<|message_model|>",
    "<|content_text|>",
    "<|content_model_end_sampling|>",
    "<|END_OF_TURN_TOKEN|>",
    "[e~[",
)
"""Tokens of chat templates that are dropped."""

HARMONY_TOKENS = ("<|start|>", "<|channel|>", "<|message|>", "<|end|>", "<|return|>", "<|call|>", "<|constrain|>")
"""Tokens of gpt-oss (openai/harmony, docs/format.md)."""
