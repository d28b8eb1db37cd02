"""Parsers of others, for the suite: SGLang's and vLLM's as libraries, and servers that can be made to write a text.

sayso read --conformance --parser sayso.conformance.example_parsers:sglang
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, cast

Tools = Sequence[Mapping[str, Any]]

SGLANG = {
    "hermes": "qwen25",
    "qwen3_coder": "qwen3_coder",
    "llama3": "llama3",
    "python": "pythonic",
    "llama4": "pythonic",
    "mistral": "mistral",
    "deepseek": "deepseekv31",
    "deepseek_dsml": "deepseekv32",
    "glm": "glm45",
    "kimi": "kimi_k2",
    "harmony": "gpt-oss",
    "minimax": "minimax-m2",
    "lfm2": "lfm2",
    "gemma": "gemma4",
    "gigachat": "gigachat3",
    "internlm": "interns1",
    "minicpm": "minicpm5",
}
"""Its parsers by our forms, as SGLang 0.5 calls them."""
VLLM = {
    "hermes": "hermes",
    "qwen3_coder": "qwen3_coder",
    "llama3": "llama3_json",
    "python": "pythonic",
    "llama4": "llama4_pythonic",
    "mistral": "mistral",
    "deepseek": "deepseek_v31",
    "glm": "glm45",
    "kimi": "kimi_k2",
    "minimax": "minimax_m2",
    "granite": "granite",
    "internlm": "internlm",
    "functools": "phi4_mini_json",
    "olmo": "olmo3",
}


def sglang(text: str, tools: Tools, form: str) -> Any:
    """Read a whole text with SGLang's parser of the form."""
    parser = _make_sglang(tools, form)
    return [(call.name, call.parameters) for call in parser.parse_non_stream(text)[1]]


def _stream_sglang(pieces: Iterable[str], tools: Tools, form: str) -> Any:
    parser, calls = _make_sglang(tools, form), dict[int, list[str]]()
    for piece in pieces:
        for item in parser.parse_stream_chunk(piece)[1]:
            call = calls.setdefault(item.tool_index, ["", ""])
            call[0] += item.name or ""
            call[1] += item.parameters or ""
    return [(name, arguments) for name, arguments in calls.values()]


cast(Any, sglang).stream = _stream_sglang


def _make_sglang(tools: Tools, form: str) -> Any:
    if form not in SGLANG:
        raise NotImplementedError
    protocol = import_module("sglang.srt.entrypoints.openai.protocol")
    parsers = import_module("sglang.srt.function_call.function_call_parser")
    return parsers.FunctionCallParser([protocol.Tool(**tool) for tool in tools], SGLANG[form])


def vllm(text: str, tools: Tools, form: str) -> Any:
    """Read a whole text with vLLM's parser of the form. VLLM_TOKENIZER names the model whose tokenizer it is given."""
    if form not in VLLM:
        raise NotImplementedError
    tokenizer = import_module("transformers").AutoTokenizer.from_pretrained(os.environ["VLLM_TOKENIZER"])
    protocol = import_module("vllm.entrypoints.openai.chat_completion.protocol")
    request = protocol.ChatCompletionRequest(model="any", messages=[], tools=list(tools))
    kind = import_module("vllm.tool_parsers").ToolParserManager.get_tool_parser(VLLM[form])
    return kind(tokenizer).extract_tool_calls(text, request)


def server(text: str, tools: Tools, form: str) -> Any:
    """Read a whole text with the parser of a running server, which is made to write exactly this text (vLLM and SGLang can be).

    OPENAI_BASE_URL is the server, CONFORMANCE_MODEL its model, CONFORMANCE_FORM the form that it was started to read.
    """
    if form != os.environ.get("CONFORMANCE_FORM", form):
        raise NotImplementedError
    return _ask_server(text, tools).choices[0].message


def _stream_server(pieces: Sequence[str], tools: Tools, form: str) -> Any:
    from sayso.tools import Reader  # late, for load time

    if form != os.environ.get("CONFORMANCE_FORM", form):
        raise NotImplementedError
    reader = Reader(tools)
    for chunk in _ask_server("".join(pieces), tools, stream=True):
        reader.feed(chunk.model_copy(update={"choices": [_without_text(choice) for choice in chunk.choices]}))
    return [(call.tool, call.arguments) for call in reader.close().calls]


def _without_text(choice: Any) -> Any:
    return choice.model_copy(update={"delta": choice.delta.model_copy(update={"content": None})})  # our reader would find calls in it


cast(Any, server).stream = _stream_server


def _ask_server(text: str, tools: Tools, **more: Any) -> Any:
    from openai import OpenAI  # late, for load time

    create: Callable[..., Any] = OpenAI(api_key=os.environ.get("OPENAI_API_KEY", "none")).chat.completions.create
    return create(
        model=os.environ.get("CONFORMANCE_MODEL", "default"),
        messages=[{"role": "user", "content": "Write."}],
        tools=list(tools),
        temperature=0,
        extra_body={"structured_outputs": {"choice": [text]}, "regex": re.escape(text)},  # vLLM's way and SGLang's
        **more,
    )
