"""Families that write calls as Python does: NAME(key=value), in prose, in a list, or between markers."""

from __future__ import annotations

from ..family import OTHER_SPEAKERS, ChatTemplate, Family
from ..writers import render_each, render_together, write_in_prose, write_in_python

FAMILIES = (
    Family(name="call", also="", write=render_each("", write_in_prose, ""), stop=("[result",)),
    Family(name="python", also="call", write=render_together("[", write_in_python, "]"), stop=("[result",), lists_signatures=True),
    Family(
        name="llama4",
        models="llama-?4",
        also="llama3 python json",
        sections={"<|python_start|>": "<|python_end|>"},
        write=render_together("[", write_in_python, "]"),
        lists_signatures=True,
        template=ChatTemplate(
            turns=tuple(f"<|header_start|>{role}<|header_end|>" for role in OTHER_SPEAKERS), tokens=("<|eot|>", "<|eom|>")
        ),
    ),
    Family(
        name="lfm2",
        models="lfm-?2|liquid",
        also="python json",
        sections={"<|tool_call_start|>": "<|tool_call_end|>"},
        write=render_together("<|tool_call_start|>[", write_in_python, "]<|tool_call_end|>"),
        lists_signatures=True,
        template=ChatTemplate(results=("<|tool_response_start|>",)),
    ),
    Family(
        name="olmo",  # OLMo 3: Python between Claude's markers
        models="olmo",
        also="anthropic minicpm python json",
        sections={"<function_calls>": "</function_calls>"},
        write=render_together("<function_calls>\n", write_in_python, "\n</function_calls>", "\n"),
        lists_signatures=True,
    ),
)
