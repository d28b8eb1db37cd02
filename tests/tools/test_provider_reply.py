"""A provider's own reply: streams as servers really send them, and what is read from each. The reports they are from stand beside them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sayso.tools import Reader, UsageError, read
from sayso.tools.dialects.read_events import CallStarted, ReadEvent, ReasoningRead, TextRead
from sayso.tools.provider_replies.provider_reply import ProviderReply

Json = dict[str, Any]


def schema(name: str, *required: str, **optional: str) -> Json:
    properties = {key: {"type": "string"} for key in required} | {key: {"type": kind} for key, kind in optional.items()}
    return {
        "type": "function",
        "function": {"name": name, "parameters": {"type": "object", "properties": properties, "required": list(required)}},
    }


TOOLS = [schema("tides", "harbour", days="integer"), schema("find_song", "words"), schema("clock")]
BREST, CORK, SEA = ("tides", {"harbour": "Brest"}), ("tides", {"harbour": "Cork"}), ("find_song", {"words": "sea"})
CLOCK: tuple[str, Json] = ("clock", {})


def delta(finish: str | None = None, **fields: object) -> Json:
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


def calls(*pieces: Json) -> Json:
    return delta(tool_calls=list(pieces))


def call(name: str | None = None, arguments: object = None, **fields: object) -> Json:
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    return {**fields, "function": function}


STOP = delta("tool_calls")
AT_BREST, AT_CORK, OF_SEA = '{"harbour":"Brest"}', '{"harbour":"Cork"}', '{"words":"sea"}'

CHAT: dict[str, tuple[list[object], list[tuple[str, Json]]]] = {
    # OpenAI's own form, and another one that OpenAPI allows: two entries of one call in one piece (openai-python#3203, vLLM).
    "one call": ([calls(call("tides", "", index=0, id="a")), calls(call(None, AT_BREST, index=0)), STOP], [BREST]),
    "two pieces of one call in one list": (
        [calls(call("tides", "", index=0, id="a"), call(None, '{"harbour"', index=0)), calls(call(None, ':"Brest"}', index=0)), STOP],
        [BREST],
    ),
    "interleaved": (
        [
            calls(call("tides", '{"harbour":', index=0, id="a"), call("find_song", "{", index=1, id="b")),
            calls(call(None, '"words":"sea"}', index=1), call(None, '"Brest"}', index=0)),
            STOP,
        ],
        [BREST, SEA],
    ),
    "interleaved, all with index 0": (
        [
            calls(call("tides", "", index=0, id="a")),
            calls(call("find_song", "", index=0, id="b")),
            calls(call(None, AT_BREST, index=0, id="a")),
            calls(call(None, OF_SEA, index=0, id="b")),
            STOP,
        ],
        [BREST, SEA],
    ),
    "interleaved, told apart by id alone": (
        [
            calls(call("tides", "{", id="a"), call("find_song", "{", id="b")),
            calls(call(None, '"words":"sea"}', id="b"), call(None, '"harbour":"Brest"}', id="a")),
        ],
        [BREST, SEA],
    ),
    # huggingface/smolagents#1958, BerriAI/litellm#37792, NousResearch/hermes-agent#57939
    "one index, no ids, other names": ([calls(call("tides", AT_BREST, index=0)), calls(call("find_song", OF_SEA, index=0))], [BREST, SEA]),
    "one index, empty ids": (
        [calls(call("tides", AT_BREST, index=0, id="")), calls(call("tides", AT_CORK, index=0, id=""))],
        [BREST, CORK],
    ),
    "one index, other ids, the same name": (
        [calls(call("tides", AT_BREST, index=0, id="a")), calls(call("tides", AT_CORK, index=0, id="b")), STOP],
        [BREST, CORK],
    ),
    "one index in one list": ([calls(call("tides", AT_BREST, index=0), call("tides", AT_CORK, index=0))], [BREST, CORK]),
    # noho/dayu-agent#45: Gemini gives no index, a call a chunk; open-webui/computer#224: and cuts arguments all the same
    "no index, one call in each piece": (
        [calls(call("tides", AT_BREST, id="jm4")), calls(call("tides", AT_CORK, id="mw4")), delta("stop", content="")],
        [BREST, CORK],
    ),
    "no index, arguments in pieces": ([calls(call("tides", '{"harb', id="a")), calls(call(None, 'our":"Brest"}'))], [BREST]),
    "no index, no id": ([calls(call("tides", AT_BREST)), calls(call("tides", AT_CORK)), calls(call("clock", "{}"))], [BREST, CORK, CLOCK]),
    # NousResearch/hermes-agent#5254: LM Studio sends a new id, and an empty name, with each letter
    "a new id with each piece": (
        [calls(call("tides", "", index=0, id="1")), *(calls(call("", c, index=0, id=f"{i}x")) for i, c in enumerate(AT_BREST)), STOP],
        [BREST],
    ),
    "a new id with each piece, and the name": (
        [calls(call("tides", '{"harbour":', index=0, id="1")), calls(call("tides", '"Brest"}', index=0, id="2"))],
        [BREST],
    ),
    "id and name with each piece": (
        [calls(call("tides", piece, index=0, id="a")) for piece in ("", '{"harbour":', '"Brest"}', "")],
        [BREST],
    ),
    # vllm-project/vllm#31438: the last piece carries id and name again, with what is left of the arguments
    "the name again with the end": (
        [calls(call("tides", '{"harbour":"Br', index=0, id="a")), calls(call("tides", 'est"}', index=0, id="a")), STOP],
        [BREST],
    ),
    # dirac-run/dirac#215: Nebius and Cerebras count the index up with each piece
    "an index that nothing began with": (
        [calls(call("tides", '{"harbour":', index=0, id="a")), calls(call(None, '"Brest"}', index=1)), STOP],
        [BREST],
    ),
    "one id for two calls": ([calls(call("tides", AT_BREST, index=0, id="x"), call("tides", AT_CORK, index=1, id="x"))], [BREST, CORK]),
    "an id that comes before its name": (
        [
            calls(call("tides", AT_BREST, index=0, id="a")),
            calls({"index": 0, "id": "b"}),
            calls(call("find_song", index=0)),
            calls(call(None, OF_SEA, index=0)),
        ],
        [BREST, SEA],
    ),
    # continuedev/continue#5849, ankit373/hydra#958
    "a name in two pieces": (
        [calls(call("find_", "", index=0, id="a")), calls(call("song", OF_SEA, index=0)), STOP],
        [SEA],
    ),
    "a name that grows": (
        [calls(call("find", index=0, id="a")), calls(call("find_song", index=0)), calls(call(None, OF_SEA, index=0))],
        [SEA],
    ),
    "a name without an index in two pieces": ([calls(call("find_")), calls(call("song", OF_SEA))], [SEA]),
    # vllm-project/vllm#51697, NousResearch/hermes-agent#6841
    "the object twice": ([calls(call("tides", AT_BREST, index=0, id="a")), calls(call(None, AT_BREST, index=0)), STOP], [BREST]),
    # NousResearch/hermes-agent#57941
    "name and object twice": ([calls(call("tides", AT_BREST, index=0)), calls(call("tides", AT_BREST, index=0)), STOP], [BREST]),
    "a beginning, and the object": ([calls(call("tides", "{", index=0, id="a")), calls(call(None, AT_BREST, index=0)), STOP], [BREST]),
    # vllm-project/vllm#22015: MiniMax's parser sent all so far with each piece
    "longer arguments with each piece": (
        [calls(call("tides", '{"ha', index=0, id="a")), *(calls(call(None, AT_BREST[:size], index=0)) for size in (7, 14, 19))],
        [BREST],
    ),
    # MiniMax-AI/MiniMax-M2.5#2
    "an empty role with each piece": (
        [
            delta(role="", reasoning_content="", tool_calls=[call("tides", "", index=0, id="a")]),
            delta(role="", tool_calls=[call("", AT_BREST, index=0)]),
        ],
        [BREST],
    ),
    # envoyproxy/ai-gateway#1465: Claude's empty input, and then the input
    "{} and then the object": ([calls(call("tides", "{}", index=0, id="a")), calls(call(None, AT_BREST, index=0)), STOP], [BREST]),
    "encoded twice": ([calls(call("tides", json.dumps(AT_BREST), index=0, id="a"))], [BREST]),
    "encoded three times": ([calls(call("tides", json.dumps(json.dumps(AT_BREST)), index=0, id="a"))], [BREST]),
    "null": ([calls(call("clock", "null", index=0, id="a"))], [CLOCK]),
    "no arguments at all": ([calls(call("clock", index=0, id="a")), STOP], [CLOCK]),
    "an empty list, PHP's empty object": ([calls(call("clock", "[]", index=0, id="a"))], [CLOCK]),
    "an object": ([calls(call("tides", {"harbour": "Brest"}, index=0, id="a"))], [BREST]),
    "name and arguments without a function": ([calls({"id": "a", "name": "tides", "arguments": AT_BREST})], [BREST]),
    "deltas by themselves": (
        [
            {"role": "assistant", "content": None, "tool_calls": [call("tides", '{"harbour":', index=0, id="a")]},
            {"tool_calls": [call(None, '"Brest"}', index=0)]},
        ],
        [BREST],
    ),
    "a message's list of calls": ([[call("tides", AT_BREST, id="a"), call("tides", AT_BREST, id="b")]], [BREST, BREST]),
    "a call that is not in a list": ([delta("tool_calls", tool_calls=call("tides", AT_BREST, id="a"))], [BREST]),
    "a message's blocks": (
        [[{"type": "text", "text": "Ok."}, {"type": "tool_use", "id": "t", "name": "tides", "input": {"harbour": "Brest"}}]],
        [BREST],
    ),
    "the API of 2023": (
        [delta(function_call={"name": "tides", "arguments": "{"}), delta(function_call={"arguments": '"harbour":"Brest"}'})],
        [BREST],
    ),
    # vllm-project/vllm#32587
    "marks of harmony": ([calls(call("tides<|channel|>commentary", AT_BREST, index=0, id="a"))], [BREST]),
    "harmony's recipient": ([calls(call("<|channel|>commentary to=functions.tides <|constrain|>json", AT_BREST, index=0))], [BREST]),
    "Kimi's id as the name": ([calls(call("functions.tides:0", AT_BREST, index=0, id="functions.tides:0"))], [BREST]),
    "Gemini's namespace": ([calls(call("default_api.tides", AT_BREST, id="a"))], [BREST]),
    "a tag around the name": ([calls(call("<function=tides>", AT_BREST, id="a"))], [BREST]),
    "a tag behind the name": ([calls(call("tides</tool_call>", AT_BREST, id="a"))], [BREST]),
    "words joined in another way": ([calls(call("findSong", OF_SEA, id="a"), call("find-song", OF_SEA, id="b"))], [SEA, SEA]),
    "several calls in one": (
        [
            calls(
                call(
                    "multi_tool_use.parallel",
                    json.dumps(
                        {
                            "tool_uses": [
                                {"recipient_name": "functions.tides", "parameters": {"harbour": "Brest"}},
                                {"recipient_name": "functions.clock", "parameters": {}},
                            ]
                        }
                    ),
                    index=0,
                    id="a",
                )
            )
        ],
        [BREST, CLOCK],
    ),
    "the marker behind the arguments": ([calls(call("tides", AT_BREST + "</tool_call>", index=0, id="a"))], [BREST]),
    "a code fence": ([calls(call("tides", f"```json\n{AT_BREST}\n```", index=0, id="a"))], [BREST]),
    "single quotes and a trailing comma": ([calls(call("tides", "{'harbour': 'Brest',}", index=0, id="a"))], [BREST]),
    "a raw line break": (
        [calls(call("find_song", '{"words": "sea\nshanty"}', index=0, id="a"))],
        [("find_song", {"words": "sea\nshanty"})],
    ),
    # HKUDS/nanobot#1481: Copilot's Claude, the words in one choice and the calls in another
    "two choices of one reply": (
        [
            {
                "choices": [
                    {"message": {"role": "assistant", "content": ""}, "finish_reason": "tool_calls"},
                    {"message": {"role": "assistant", "tool_calls": [call("tides", AT_BREST, id="a")]}, "finish_reason": "tool_calls"},
                ]
            }
        ],
        [BREST],
    ),
    "the whole message again with the last piece": (
        [
            calls(call("tides", AT_BREST, index=0, id="a")),
            {"choices": [{"index": 0, "delta": {}, "message": {"content": "", "tool_calls": [call("tides", AT_BREST, id="a")]}}]},
        ],
        [BREST],
    ),
}
"""Streams of chat completions, and their calls."""


def calls_of(pieces: list[object]) -> list[tuple[str, Json]]:
    reader = Reader(TOOLS)
    for piece in pieces:
        reader.feed(piece)
    reading = reader.close()
    assert reading.calls or reading.problems
    return [(call.tool, dict(call.arguments)) for call in reading.calls]


@pytest.mark.parametrize(("pieces", "expected"), CHAT.values(), ids=CHAT)
def test_every_shade_of_a_streamed_call_is_read(pieces: list[object], expected: list[tuple[str, Json]]) -> None:
    assert calls_of(pieces) == expected


PROBLEMS: dict[str, tuple[object, str]] = {
    "two objects in one call": (calls(call("tides", AT_BREST + AT_CORK, index=0)), "there are 2 of them"),
    "half of the arguments": (calls(call("tides", '{"harbour":"Br', index=0)), "a string is not closed"),
    "an object that may stand inside of another": (calls(call("tides", '{"harbour": {"harbour": "Brest"}', index=0)), "expected"),
    "a number that may be cut off": (calls(call("tides", '{"harbour":"Brest","days":1', index=0)), "expected"),
    "a list": (calls(call("tides", "[1]", index=0)), "not the list"),
    "prose": (calls(call("tides", "the harbour of Brest", index=0)), "a value expected"),
    "an object after words": (calls(call("find_song", 'Sure: {"words": "sea"}', index=0)), "a value expected"),
    "a parameter by its name": (calls(call("find_song", 'words="sea"', index=0)), "a value expected"),
    "a list for one text": (calls(call("find_song", '["sea"]', index=0)), "not the list"),
    "two tools in one name": (calls(call("tides.find_song", AT_BREST, index=0)), "one of the tools clock, find_song, tides"),
    "a tool in somebody's namespace": (calls(call("harbour_master.tides", AT_BREST, index=0)), "one of the tools"),
    "no name": (calls(call(None, AT_BREST, index=0)), "one of the tools"),
    "several calls, none of them whole": (calls(call("multi_tool_use.parallel", '{"tool_uses": [{"a": 1}]}', index=0)), "'name'"),
    "nothing that any provider sends": ({"foo": 1}, "a model's message"),
    "no choices": ({"object": "chat.completion", "choices": []}, "a model's message"),
    "the schema of a tool": (TOOLS[0], "a model's message"),
    "an error": ({"error": {"message": "overloaded"}}, "not an error"),
    "an error as a text": ({"error": "model is loading"}, "not an error"),
    "an error in words": ({"object": "error", "message": "no such model"}, "not an error"),
    "a refusal of a framework": ({"detail": "Not authenticated"}, "a model's message"),
    "a user's message": ({"role": "user", "content": "tides(Brest)"}, "a model's message"),
    "a tool's message": ({"role": "tool", "tool_call_id": "a", "content": "tides(Brest)"}, "a model's message"),
    "a number": (7, "a model's message"),
    "an empty list": ([], "a model's message"),
}


@pytest.mark.parametrize(("message", "expected"), PROBLEMS.values(), ids=PROBLEMS)
def test_what_has_no_single_reading_is_a_problem_that_says_so(message: object, expected: str) -> None:
    reading = read(message, TOOLS)
    assert (reading.text, reading.calls) == ("", ())
    (problem,) = reading.problems
    assert expected in problem.expected


def events(*pieces: Json) -> list[Json]:
    """Return the events of a Responses stream, numbered as the API does."""
    return [{"sequence_number": number, **piece, "type": f"response.{piece['type']}"} for number, piece in enumerate(pieces)]


THINKING = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Tides."}], "encrypted_content": "gAAA"}
SAID = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [{"type": "output_text", "text": "Wait."}]}
CALLED = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "tides", "arguments": AT_BREST, "status": "completed"}
COUNTS = {"input_tokens": 9, "output_tokens": 4}
RESPONSE = {"object": "response", "status": "completed", "output": [THINKING, SAID, CALLED], "usage": COUNTS, "error": None}

BLOCKS = [
    {"type": "thinking", "thinking": "Tides.", "signature": "EqoB"},
    {"type": "redacted_thinking", "data": "EmwK"},
    {"type": "text", "text": "Wait."},
    {"type": "tool_use", "id": "toolu_1", "name": "tides", "input": {"harbour": "Brest"}},
]
MESSAGE = {"type": "message", "role": "assistant", "content": BLOCKS, "stop_reason": "tool_use", "usage": COUNTS}

PARTS: list[Json] = [
    {"text": "Tides.", "thought": True},
    {"text": "Wait."},
    {"functionCall": {"name": "tides", "args": {"harbour": "Brest"}}, "thoughtSignature": "EjQK"},
]
GEMINI_COUNTS = {"promptTokenCount": 9, "totalTokenCount": 20}


def candidate(*parts: Json, finish: str | None = None) -> Json:
    ended = {"finishReason": finish} if finish else {}
    return {"candidates": [{"content": {"role": "model", "parts": list(parts)}, "index": 0, **ended}], "usageMetadata": GEMINI_COUNTS}


SIGNED = {"google": {"thought_signature": "EjQK"}}
DETAIL = {"type": "reasoning.text", "text": "Tides.", "format": "anthropic-claude-v1", "index": 0, "signature": "EqoB"}
SEALED = {"type": "reasoning.encrypted", "data": "gAAA", "id": "rs_1", "index": 1}
CHAT_KEPT = {"message": {"reasoning_content": "Tides.", "extra_content": SIGNED}, "calls": [{"extra_content": SIGNED}]}
CHAT_COUNTS = {"prompt_tokens": 9}

REPLIES: dict[str, tuple[object, Json, Json]] = {
    "chat, whole": (
        {
            "object": "chat.completion",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "tool_calls",
                    "message": {
                        "role": "assistant",
                        "content": "Wait.",
                        "refusal": None,
                        "annotations": [],
                        "reasoning_content": "Tides.",
                        "extra_content": SIGNED,
                        "tool_calls": [{**call("tides", AT_BREST, id="a", type="function"), "extra_content": SIGNED}],
                    },
                }
            ],
            "usage": CHAT_COUNTS,
        },
        CHAT_KEPT,
        CHAT_COUNTS,
    ),
    # DeepSeek's reasoning in pieces; Gemini's signatures, the message's and a call's in pieces of their own (any-llm#1320, computer#224)
    "chat, in chunks": (
        [
            delta(role="assistant", content=None, reasoning_content=""),
            delta(reasoning_content="Ti"),
            delta(reasoning_content="des."),
            delta(content="Wait.", reasoning_content=None),
            calls(call("tides", AT_BREST, index=0, id="a")),
            calls({"extra_content": SIGNED}),
            delta("tool_calls", content="", extra_content=SIGNED),
            {"choices": [], "usage": CHAT_COUNTS},
        ],
        CHAT_KEPT,
        CHAT_COUNTS,
    ),
    # OpenRouter: one detail in pieces, its signature at the end, another one sealed; usage in the last piece with an empty choice
    "chat, OpenRouter's details": (
        [
            delta(
                reasoning="Ti", reasoning_details=[{"type": "reasoning.text", "text": "Ti", "format": "anthropic-claude-v1", "index": 0}]
            ),
            delta(
                reasoning="des.",
                reasoning_details=[{"type": "reasoning.text", "text": "des.", "format": "anthropic-claude-v1", "index": 0}],
            ),
            delta(reasoning=None, reasoning_details=[{"type": "reasoning.text", "signature": "EqoB", "index": 0}]),
            delta(reasoning_details=[SEALED]),
            delta(content="Wait."),
            calls(call("tides", AT_BREST, index=0, id="a")),
            {"choices": [{"delta": {}, "finish_reason": "tool_calls", "usage": CHAT_COUNTS}]},
        ],
        {"message": {"reasoning": "Tides.", "reasoning_details": [DETAIL, SEALED]}},
        CHAT_COUNTS,
    ),
    "chat, details that are whole": (
        {
            "choices": [
                {
                    "finish_reason": "tool_calls",
                    "message": {
                        "content": "Wait.",
                        "reasoning_details": [
                            {"type": "reasoning.summary", "summary": "Ti", "id": None, "tags": []},
                            {"type": "reasoning.summary", "summary": "des."},
                        ],
                        "tool_calls": [call("tides", AT_BREST, id="a")],
                    },
                }
            ],
            "usage": CHAT_COUNTS,
        },
        {
            "message": {
                "reasoning_details": [
                    {"type": "reasoning.summary", "summary": "Ti", "id": None, "tags": []},
                    {"type": "reasoning.summary", "summary": "des."},
                ]
            }
        },
        CHAT_COUNTS,
    ),
    # LiteLLM: Anthropic's blocks inside a chat completion
    "chat, LiteLLM's thinking blocks": (
        [
            delta(thinking_blocks=[{"type": "thinking", "thinking": "Ti"}], reasoning_content="Ti"),
            delta(thinking_blocks=[{"type": "thinking", "thinking": "des."}], reasoning_content="des."),
            delta(thinking_blocks=[{"type": "thinking", "thinking": "", "signature": "EqoB"}]),
            delta(content="Wait."),
            calls({**call("tides", AT_BREST, index=0, id="a"), "provider_specific_fields": {"thought_signature": "s"}}),
            delta("tool_calls"),
            {"choices": [], "x_groq": {"usage": CHAT_COUNTS}},
        ],
        {
            "message": {"thinking_blocks": [BLOCKS[0]], "reasoning_content": "Tides."},
            "calls": [{"provider_specific_fields": {"thought_signature": "s"}}],
        },
        CHAT_COUNTS,
    ),
    # Magistral: thinking is a part of the content
    "chat, Mistral's parts": (
        [
            delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "Ti"}]}]),
            delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "des."}]}]),
            delta(content=[{"type": "text", "text": "Wait."}]),
            delta("tool_calls", tool_calls=[call("tides", AT_BREST, index=0, id="a")]),
            {"choices": [], "usage": CHAT_COUNTS},
        ],
        {
            "message": {
                "content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Tides."}]}, {"type": "text", "text": "Wait."}]
            }
        },
        CHAT_COUNTS,
    ),
    "Ollama, in chunks": (
        [
            {"model": "qwen3", "message": {"role": "assistant", "content": "", "thinking": "Ti"}, "done": False},
            {"model": "qwen3", "message": {"role": "assistant", "content": "", "thinking": "des."}, "done": False},
            {"message": {"role": "assistant", "content": "Wait."}, "done": False},
            {
                "message": {"content": "", "tool_calls": [{"function": {"index": 0, "name": "tides", "arguments": {"harbour": "Brest"}}}]},
                "done": False,
            },
            {"message": {"content": ""}, "done": True, "done_reason": "stop", "prompt_eval_count": 9, "eval_count": 4, "total_duration": 1},
        ],
        {"message": {"thinking": "Tides."}},
        {"prompt_eval_count": 9, "eval_count": 4},
    ),
    "a response": (RESPONSE, {"output": [THINKING, SAID, CALLED]}, COUNTS),
    "a response, in events": (
        events(
            {"type": "created", "response": {"status": "in_progress", "output": []}},
            {"type": "output_item.added", "output_index": 0, "item": {**THINKING, "summary": [], "encrypted_content": ""}},
            {"type": "reasoning_summary_part.added", "output_index": 0, "summary_index": 0, "part": {"type": "summary_text", "text": ""}},
            {"type": "reasoning_summary_text.delta", "output_index": 0, "summary_index": 0, "delta": "Ti"},
            {"type": "reasoning_summary_text.delta", "output_index": 0, "summary_index": 0, "delta": "des."},
            {"type": "reasoning_summary_text.done", "output_index": 0, "summary_index": 0, "text": "Tides."},
            {"type": "output_item.done", "output_index": 0, "item": THINKING},
            {"type": "output_item.added", "output_index": 1, "item": {**SAID, "content": [], "status": "in_progress"}},
            {"type": "content_part.added", "output_index": 1, "content_index": 0, "part": {"type": "output_text", "text": ""}},
            {"type": "output_text.delta", "output_index": 1, "content_index": 0, "delta": "Wait"},
            {"type": "output_text.delta", "output_index": 1, "content_index": 0, "delta": "."},
            {"type": "output_text.done", "output_index": 1, "content_index": 0, "text": "Wait."},
            {"type": "output_item.done", "output_index": 1, "item": SAID},
            {"type": "output_item.added", "output_index": 2, "item": {**CALLED, "arguments": "", "status": "in_progress"}},
            {"type": "function_call_arguments.delta", "output_index": 2, "item_id": "fc_1", "delta": '{"harbour"'},
            {"type": "function_call_arguments.delta", "output_index": 2, "item_id": "fc_1", "delta": ':"Brest"}'},
            {"type": "function_call_arguments.done", "output_index": 2, "item_id": "fc_1", "arguments": AT_BREST},
            {"type": "output_item.done", "output_index": 2, "item": CALLED},
            {"type": "completed", "response": RESPONSE},
        ),
        {"output": [THINKING, SAID, CALLED]},
        COUNTS,
    ),
    "a response, of which only the items and the end are told": (
        events(
            *({"type": "output_item.done", "output_index": at, "item": item} for at, item in enumerate((THINKING, SAID, CALLED))),
            {"type": "completed", "response": {**RESPONSE, "output": []}},
        ),
        {"output": [THINKING, SAID, CALLED]},
        COUNTS,
    ),
    "a response, of which only the end is told": (
        events({"type": "completed", "response": RESPONSE}),
        {"output": [THINKING, SAID, CALLED]},
        COUNTS,
    ),
    "a response without indexes": (
        events(
            {"type": "output_item.done", "item": THINKING},
            {"type": "output_item.added", "item": {**SAID, "content": []}},
            {"type": "output_text.delta", "item_id": "msg_1", "delta": "Wait."},
            {"type": "output_item.done", "item": SAID},
            {"type": "output_item.added", "item": {**CALLED, "arguments": ""}},
            {"type": "function_call_arguments.delta", "item_id": "fc_1", "delta": AT_BREST},
            {"type": "output_item.done", "item": CALLED},
            {"type": "completed", "response": RESPONSE},
        ),
        {"output": [THINKING, SAID, CALLED]},
        COUNTS,
    ),
    "an Anthropic message": (MESSAGE, {"content": BLOCKS}, COUNTS),
    "an Anthropic message, in events": (
        [
            {
                "type": "message_start",
                "message": {**MESSAGE, "content": [], "stop_reason": None, "usage": {"input_tokens": 9, "output_tokens": 1}},
            },
            {"type": "ping"},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "", "signature": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Ti"}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "des."}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "EqoB"}},
            {"type": "content_block_stop", "index": 0},
            {"type": "content_block_start", "index": 1, "content_block": BLOCKS[1]},
            {"type": "content_block_stop", "index": 1},
            {"type": "content_block_start", "index": 2, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 2, "delta": {"type": "text_delta", "text": "Wa"}},
            {"type": "content_block_delta", "index": 2, "delta": {"type": "text_delta", "text": "it."}},
            {"type": "content_block_start", "index": 3, "content_block": {**BLOCKS[3], "input": {}}},
            {"type": "content_block_delta", "index": 3, "delta": {"type": "input_json_delta", "partial_json": ""}},
            {"type": "content_block_delta", "index": 3, "delta": {"type": "input_json_delta", "partial_json": '{"harbour"'}},
            {"type": "content_block_delta", "index": 3, "delta": {"type": "input_json_delta", "partial_json": ':"Brest"}'}},
            {"type": "content_block_stop", "index": 3},
            {"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": None}, "usage": {"output_tokens": 4}},
            {"type": "message_stop"},
        ],
        {"content": BLOCKS},
        COUNTS,
    ),
    "Gemini's candidates": (candidate(*PARTS, finish="STOP"), {"parts": PARTS}, GEMINI_COUNTS),
    # NousResearch/hermes-agent#101536: each part in a chunk of its own, and the text of one in several
    "Gemini's candidates, in chunks": (
        [
            candidate({"text": "Ti", "thought": True}),
            candidate({"text": "des.", "thought": True}),
            candidate({"text": "Wai"}),
            candidate({"text": "t."}),
            candidate(PARTS[2]),
            candidate(finish="STOP"),
        ],
        {"parts": PARTS},
        GEMINI_COUNTS,
    ),
}
"""Whole replies and streams of every protocol that say the same; what has to go back with the turn; what was counted."""


@pytest.mark.parametrize(("pieces", "kept", "usage"), REPLIES.values(), ids=REPLIES)
def test_every_protocol_says_the_same_and_keeps_what_has_to_go_back(pieces: object, kept: Json, usage: Json) -> None:
    reply = ProviderReply()
    told: list[ReadEvent] = [event for piece in (pieces if isinstance(pieces, list) else [pieces]) for event in reply.feed(piece)]
    assert (reply.text, reply.reasoning, reply.finish) == ("Wait.", "Tides.", "tool_calls")
    assert [(call.name, json.loads(call.arguments)) for call in reply.calls] == [BREST]
    assert (reply.kept, reply.usage, reply.error, reply.unread) == (kept, usage, None, "")
    json.dumps(reply.kept)
    assert "".join(event.text for event in told if isinstance(event, TextRead)) == "Wait."
    assert "".join(event.text for event in told if isinstance(event, ReasoningRead)) == "Tides."
    assert [event for event in told if isinstance(event, CallStarted)] == [CallStarted("tides")]
    reading = read(pieces, TOOLS)
    assert (reading.text, reading.reasoning, reading.problems) == ("Wait.", "Tides.", ())
    assert [(call.tool, call.arguments) for call in reading.calls] == [BREST]


ENDS: dict[str, tuple[object, str]] = {
    "stop": (delta("stop"), "stop"),
    "calls, and stop": ([calls(call("clock", "{}", index=0)), delta("stop")], "tool_calls"),
    "the API of 2023": (delta("function_call"), "tool_calls"),
    "length": (delta("length"), "length"),
    "the filter": (delta("content_filter"), "content_filter"),
    "GLM's filter": (delta("sensitive"), "content_filter"),
    "Mistral's length": (delta("model_length"), "length"),
    "an error": (delta("error"), "error"),
    "DeepSeek's interruption": (delta("insufficient_system_resource"), "error"),
    "a word of their own": (delta("repetition"), "repetition"),
    "nothing yet": (delta(content="a"), ""),
    "Anthropic's turn": ({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, "stop"),
    "Anthropic's length": ({"type": "message_delta", "delta": {"stop_reason": "max_tokens"}}, "length"),
    "Anthropic's context": ({"type": "message_delta", "delta": {"stop_reason": "model_context_window_exceeded"}}, "length"),
    "Anthropic's refusal": ({"type": "message_delta", "delta": {"stop_reason": "refusal"}}, "content_filter"),
    "Anthropic's pause": ({"type": "message_delta", "delta": {"stop_reason": "pause_turn"}}, "pause_turn"),
    "a response's length": (
        {**RESPONSE, "output": [], "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
        "length",
    ),
    "a response's filter": (
        {**RESPONSE, "output": [], "status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
        "content_filter",
    ),
    "a response that failed": ({**RESPONSE, "output": [], "status": "failed", "error": {"code": "server_error", "message": "x"}}, "error"),
    "Gemini's length": (candidate(finish="MAX_TOKENS"), "length"),
    "Gemini's filter": (candidate(finish="SAFETY"), "content_filter"),
    "Gemini's broken call": (candidate(finish="MALFORMED_FUNCTION_CALL"), "error"),
    "Gemini's refused prompt": ({"promptFeedback": {"blockReason": "SAFETY"}}, "content_filter"),
    "an abort": ([delta(content="Half"), {"choices": [{"delta": {}, "finish_reason": "abort"}]}], "error"),
    "a time limit": ([delta(content="Half"), {"choices": [{"delta": {}, "finish_reason": "time_limit"}]}], "error"),
    "a limit of tokens in other words": ([delta(content="Half"), {"choices": [{"delta": {}, "finish_reason": "token_limit"}]}], "length"),
    "a filter of another name": (candidate(finish="MODEL_ARMOR"), "content_filter"),
    "Ollama's length": ({"message": {"content": "a"}, "done": True, "done_reason": "length"}, "length"),
    "Ollama's older end": ({"message": {"content": "a"}, "done": True}, "stop"),
    "Ollama's loading": ({"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "load"}, "load"),
}


@pytest.mark.parametrize(("pieces", "finish"), ENDS.values(), ids=ENDS)
def test_how_a_reply_ended_is_one_word_for_all_providers(pieces: object, finish: str) -> None:
    reply = ProviderReply()
    reply.feed(pieces)
    assert reply.finish == finish


REPORTED = {"code": 502, "message": "upstream died"}
ERRORS: dict[str, tuple[object, object]] = {
    "in a piece": ([delta(content="Half "), {"error": REPORTED}], REPORTED),
    "in a choice": (
        [delta(content="Half "), {"choices": [{"delta": {"content": ""}, "finish_reason": "error", "error": REPORTED}]}],
        REPORTED,
    ),
    "as a text": ({"error": "model is loading"}, "model is loading"),
    "Anthropic's event": (
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        {"type": "overloaded_error", "message": "Overloaded"},
    ),
    "the Responses event": (
        {"type": "error", "code": "rate_limit_exceeded", "message": "slow"},
        {"type": "error", "code": "rate_limit_exceeded", "message": "slow"},
    ),
    "a response that failed": ({"type": "response.failed", "response": {"status": "failed", "error": REPORTED}}, REPORTED),
    "MiniMax's": (
        {"choices": None, "base_resp": {"status_code": 1004, "status_msg": "login fail"}},
        {"code": 1004, "message": "login fail"},
    ),
    "Google's list": ([{"error": REPORTED}], REPORTED),
    "vLLM's older form": ({"object": "error", **REPORTED}, {"object": "error", **REPORTED}),
}


@pytest.mark.parametrize(("pieces", "error"), ERRORS.values(), ids=ERRORS)
def test_an_error_inside_a_reply_is_told(pieces: object, error: object) -> None:
    reply = ProviderReply()
    reply.feed(pieces)
    assert reply.error == error
    assert read(pieces, TOOLS).problems


@pytest.mark.parametrize("tools", [TOOLS[0], None, "tides", iter(TOOLS)])
def test_tools_are_a_list(tools: Any) -> None:
    for ask in (lambda: read("clock()", tools), lambda: Reader(tools)):
        with pytest.raises(UsageError, match="Tools are a list"):
            ask()
    assert read("clock()", {each["function"]["name"]: each for each in TOOLS}.values()).calls  # type: ignore[arg-type]


def test_nothing_that_is_fed_is_lost_in_silence() -> None:
    reader = Reader(TOOLS)
    with pytest.raises(UsageError, match="not bytes"):
        reader.feed(b"clock()")
    reader.feed("clock()")
    assert reader.close().calls
    assert (reader.feed(""), reader.finish(), len(reader.close().calls)) == ([], [], 1)
    for late in ("clock()", delta(content="clock()")):
        with pytest.raises(UsageError, match="closed"):
            reader.feed(late)
