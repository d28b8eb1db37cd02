"""The marks that models put around calls, and what ends them. What stands between is read by its own form, whatever the marks."""

from __future__ import annotations

from typing import NamedTuple


class CallSection(NamedTuple):
    """A place that is marked as one for calls: the families it belongs to, and the marks that end it."""

    forms: frozenset[str]
    closes: tuple[str, ...]


def _section(forms: str, *closes: str) -> CallSection:
    return CallSection(frozenset(forms.split()), closes)


_KIMI_ENDS = ("<|tool_calls_section_end|>", "<|tool_call_section_end|>")
GAPS = ("▁", "_", " ", "\\_")  # how the gap between the words of DeepSeek's marks is written
_DEEPSEEK_ENDS = tuple(f"<｜tool{gap}calls{gap}end｜>" for gap in GAPS)

ANTML = "antml" + ":"

SECTIONS = {
    "<tool_call>": _section("hermes qwen3_coder glm", "</tool_call>", "<end_of_tool_call>"),
    "<tool_calls>": _section("hermes", "</tool_calls>"),
    "<toolcall>": _section("hermes", "</toolcall>"),
    "<TOOLCALL>": _section("hermes nemotron", "</TOOLCALL>"),
    "<tool>": _section("hermes", "</tool>"),
    "<function_call>": _section("hermes", "</function_call>"),
    "<functioncall>": _section("hermes", "</functioncall>"),
    "<tool_use>": _section("hermes", "</tool_use>"),
    "<longcat_tool_call>": _section("hermes glm", "</longcat_tool_call>"),
    "<iquest_tool_call>": _section("glm", "</iquest_tool_call>"),
    "<ifm|tool_calls>": _section("hermes glm", "</ifm|tool_calls>"),
    "<ifm|tool_call>": _section("hermes glm", "</ifm|tool_call>"),
    "<tool_calls:opensource>": _section("glm", "</tool_calls:opensource>"),
    "<tool_call:opensource>": _section("glm", "</tool_call:opensource>", "<end_of_tool_call:opensource>"),
    "[unused11]": _section("hermes", "[unused12]"),
    "<|content_invoke_tool_json|>": _section("hermes", "<|end_message|>"),
    "<|plamo:begin_tool_requests:plamo|>": _section("hermes", "<|plamo:end_tool_requests:plamo|>"),
    "<seed:tool_call>": _section("qwen3_coder", "</seed:tool_call>"),
    "<|tool_call|>": _section("granite", "<|/tool_call|>", "<|tool_call|>", "</tool_call>", "<|end_tool_call|>"),
    "<|tool_calls|>": _section("granite", "<|/tool_calls|>"),
    "<|tool_call_start|>": _section("lfm2", "<|tool_call_end|>"),
    "<|tool_call>": _section("gemma", "<tool_call|>"),
    "<start_function_call>": _section("gemma", "<end_function_call>"),
    "<|recipient|>": _section("functionary", "<|stop|>", "<|from|>assistant"),
    "[Calling tool: ": _section("hermes", "]"),
    "<|function_call|>": _section("gigachat", "<|function_call_end|>", "</s>"),
    "<|message_sep|>\n\nfunction call<|role_sep|>\n": _section("gigachat", "</s>", "<|message_sep|>"),
    "functools[": _section("functools"),
    "[TOOL_CALLS]": _section("mistral", "</s>"),
    "<|python_tag|>": _section("llama3", "<|eom_id|>", "<|eot_id|>"),
    "<|python_start|>": _section("llama4", "<|python_end|>"),
    "<|tools_prefix|>": _section("apertus", "<|tools_suffix|>"),
    "<|START_ACTION|>": _section("cohere", "<|END_ACTION|>"),
    "<|START_TOOL_CALLS|>": _section("cohere", "<|END_TOOL_CALLS|>"),
    "<|action_start|>": _section("internlm", "<|action_end|>"),
    **{f"<｜tool{gap}{word}{gap}begin｜>": _section("deepseek", *_DEEPSEEK_ENDS) for gap in GAPS for word in ("calls", "call")},
    "<｜tool▁calls｜>": _section("deepseek", *_DEEPSEEK_ENDS),
    "<|tool_calls_section_begin|>": _section("kimi", *_KIMI_ENDS),
    "<|tool_call_section_begin|>": _section("kimi", *_KIMI_ENDS),
    "<|tool_call_begin|>": _section("kimi", *_KIMI_ENDS),
    "<|open|>tools<|sep|>": _section("kimi", "<|close|>tools<|sep|>"),
    "<function_calls>": _section("anthropic olmo", "</function_calls>"),
    "<dots_function_call>": _section("anthropic", "</dots_function_call>"),
    f"<{ANTML}function_calls>": _section("anthropic", f"</{ANTML}function_calls>"),
    "<atem:function_calls>": _section("anthropic", "</atem:function_calls>"),
    "<minimax:tool_call>": _section("minimax", "</minimax:tool_call>"),
    "]<]minimax[>[<tool_call>": _section("minimax", "]<]minimax[>[</tool_call>"),
    "<｜DSML｜function_calls>": _section("deepseek_dsml", "</｜DSML｜function_calls>"),
    "<｜DSML｜tool_calls>": _section("deepseek_dsml", "</｜DSML｜tool_calls>"),
    "<｜DSML｜ calls>": _section("deepseek_dsml", "</｜DSML｜ calls>"),
    "<|tool_calls_begin|>": _section("solar", "<|tool_calls_end|>"),
    "<|tool_call:begin|>": _section("solar", "<|tool_call:end|>"),
    "<|tool_call:start|>": _section("solar", "<|tool_call:end|>"),
}
"""The mark that opens a place for calls."""

BARE_ELEMENTS = {
    "<function=": frozenset(("qwen3_coder", "functionary")),
    **{f'<function{gap}name="': frozenset(("minicpm", "anthropic")) for gap in (" ", "", "Ġ")},
    '[Calling tool="': frozenset(("hermes",)),
    '<invoke name="': frozenset(("anthropic", "minimax")),
    f'<{ANTML}invoke name="': frozenset(("anthropic",)),
    '<atem:invoke name="': frozenset(("anthropic",)),
    '<｜DSML｜invoke name="': frozenset(("deepseek_dsml",)),
    '<｜DSML｜ invoke name="': frozenset(("deepseek_dsml",)),
    '<|open|>call tool="': frozenset(("kimi",)),
    '<steptml:invoke name="': frozenset(("deepseek",)),
}
"""Elements that are calls by themselves, without a mark around them."""

NAME_SEPARATORS = {
    "[ARGS]": "mistral",
    "<|tool_call_argument_begin|>": "kimi",
    **{f"<{tag}>": "glm" for tag in ("arg_key", "longcat_arg_key", "ifm|arg_key", "arg_key:opensource", "tool_sep", "tool_sep:opensource")},
    **{f"<｜tool{gap}sep｜>": "deepseek" for gap in GAPS},
}
"""What stands behind the name of a call. Where the mark before the name was lost, in the prompt or by a server, it says so still."""

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
"""Marks between the calls of one place."""

_WRITTEN = (
    str.lower,
    str.title,
    str.upper,
)  # <think>, <Think>, <THINK>: a model that was told of a scratchpad has its own way with capitals

REASONING = {
    **{way(f"<{word}>"): way(f"</{word}>") for word in ("think", "scratchpad", "thinking", "thought", "reasoning") for way in _WRITTEN},
    "<tool_call_reasoning>": "</tool_call_reasoning>",
    "<seed:think>": "</seed:think>",
    "<mm:think>": "</mm:think>",
    "[THINK]": "[/THINK]",
    "<|START_THINKING|>": "<|END_THINKING|>",
    "<|open|>think<|sep|>": "<|close|>think<|sep|>",
    "<|inner_prefix|>": "<|inner_suffix|>",
    "<|channel>thought": "<channel|>",
    "◁think▷": "◁/think▷",
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "<|thinking_start|>": "<|thinking_end|>",
    "<|think:start|>": "<|think:end|>",
    **{f"<ifm|think{speed}>": f"</ifm|think{speed}>" for speed in ("", "_fast", "_faster")},
    "<think:opensource>": "</think:opensource>",
    "<|content_thinking|>": "<|end_message|>",
}
"""What opens thinking aloud, and what ends it."""

REASONING_ENDS = frozenset((*REASONING.values(), "[BEGIN FINAL RESPONSE]"))
"""What ends it. Where it was opened in the prompt, or in words, all before was thinking."""

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
"""Marks that end a thought whose own end was forgotten, and what the call or calls behind them end in."""

TOOL_RESULTS = {
    "<tool_response>": "</tool_response>",
    "<|tool_response>": "<tool_response|>",
    "<start_function_response>": "<end_function_response>",
    "<tool_result>": "</tool_result>",
    "<tool_results>": "</tool_results>",
    "<function_results>": "</function_results>",
    "<function_result>": "</function_result>",
    "<function_response>": "</function_response>",
    "[TOOL_RESULTS]": "[/TOOL_RESULTS]",
    "<|START_TOOL_RESULT|>": "<|END_TOOL_RESULT|>",
    "<｜tool▁outputs▁begin｜>": "<｜tool▁outputs▁end｜>",
}
"""What opens a result: in a model's own reply it is invented, and nothing in it is a call."""

TEMPLATE_TOKENS = (
    "<|im_end|>",
    "<|eom_id|>",
    "<|eot_id|>",
    "<|eot|>",
    "<|end_of_text|>",
    "<|endoftext|>",
    "<|end_of_turn|>",
    "<end_of_turn>",
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
    "<｜end▁of▁sentence｜>",
    "<|eom|>",
    "<|from|>assistant",
    "<|role_end|>",
    "<|CHATBOT_TOKEN|>",
    "[END FINAL RESPONSE]",
    "<|content|>",
    "<|stop|>",
    "<|observation|>",
    "<|message_model|>",
    "<|content_text|>",
    "<|content_model_end_sampling|>",
    "<|END_OF_TURN_TOKEN|>",
    "[e~[",
)
"""Marks of a model's template that say nothing to a reader."""

HARMONY_TOKENS = ("<|start|>", "<|channel|>", "<|message|>", "<|end|>", "<|return|>", "<|call|>", "<|constrain|>")
"""The marks of gpt-oss."""
