"""A scripted reply in the forms of three protocols, whole and as the events of a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from sayso.agents.messages import Reply

from .anthropic_rules import sign
from .rules import Body

PIECE = 7
"""How many characters an event carries."""
_STOP_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}


def cut(text: str) -> list[str]:
    """Return the text in pieces."""
    return [text[start : start + PIECE] for start in range(0, len(text), PIECE)]


def find_finish(reply: Reply) -> str:
    """Return how the reply ends: a reply with calls says so."""
    return "tool_calls" if reply.calls and reply.finish == "stop" else reply.finish


# ---- chat completions ----


def make_chat_message(reply: Reply, number: int, *, leak: str = "") -> Body:
    """Return a reply as the message of a chat completion; `leak` is what a server leaves behind the name of a call."""
    message: Body = {"role": "assistant", "content": reply.text or None}
    if reply.calls:
        message["tool_calls"] = [
            {
                "id": call.id or f"call_{number}_{index}",
                "type": "function",
                "function": {"name": f"{call.name}{leak}", "arguments": call.arguments},
            }
            for index, call in enumerate(reply.calls)
        ]
    return message


def make_chat_completion(message: Body, reply: Reply, body: Body) -> Body:
    """Return the whole answer."""
    choice = {"index": 0, "message": message, "finish_reason": find_finish(reply)}
    begun = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": body["model"]}
    return {**begun, "choices": [choice], "usage": _count(reply)}


def make_chat_events(message: Body, reply: Reply, body: Body) -> Iterator[Body]:
    """Yield the answer as events: text and arguments in pieces, everything else whole with the first piece that it belongs to."""

    def event(delta: Body, finish: str | None = None) -> Body:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": body["model"], "choices": [choice]}

    yield event({"role": "assistant", "content": ""})
    for name, value in message.items():
        if name in ("reasoning_content", "reasoning"):
            yield from (event({name: piece}) for piece in cut(value))
        elif name not in ("role", "content", "tool_calls"):
            yield event({name: value})
    yield from (event({"content": piece}) for piece in cut(message["content"] or ""))
    for index, call in enumerate(message.get("tool_calls") or ()):
        begun = {**call, "index": index, "function": {**call["function"], "arguments": ""}}
        yield event({"tool_calls": [begun]})
        for piece in cut(call["function"]["arguments"]):
            yield event({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield event({}, find_finish(reply))
    if (body.get("stream_options") or {}).get("include_usage"):
        yield {**event({}), "choices": [], "usage": _count(reply)}


def _count(reply: Reply) -> Body:
    sent, written = reply.usage.input_tokens, reply.usage.output_tokens
    return {"prompt_tokens": sent, "completion_tokens": written, "total_tokens": sent + written}


# ---- OpenAI's Responses ----


def make_output(reply: Reply, number: int, *, encrypted: bool) -> list[Body]:
    """Return a reply as the items of a response: a thought first, as a model that reasons has one."""
    summary = [{"type": "summary_text", "text": reply.reasoning}] if reply.reasoning else []
    thought: Body = {"id": f"rs_{number:04}", "type": "reasoning", "summary": summary}
    items = [thought | ({"encrypted_content": f"gAAA{number:04}c90="} if encrypted else {})]
    if reply.text:
        part = {"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}
        items.append({"id": f"msg_{number:04}", "type": "message", "status": "completed", "role": "assistant", "content": [part]})
    for index, call in enumerate(reply.calls):
        made = {"id": f"fc_{number:04}_{index}", "type": "function_call", "status": "completed", "call_id": f"call_{number:04}_{index}"}
        items.append({**made, "name": call.name, "arguments": call.arguments})
    return items


def make_response(output: Sequence[Body], reply: Reply, body: Body, status: str = "") -> Body:
    """Return the response object, as it is at the end unless a `status` is given."""
    reason = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(reply.finish, "")
    sent, written = reply.usage.input_tokens, reply.usage.output_tokens
    return {
        "id": "resp_0001",
        "object": "response",
        "created_at": 1,
        "status": status or ("incomplete" if reason else "completed"),
        "error": None,
        "incomplete_details": {"reason": reason} if reason and not status else None,
        "model": body["model"],
        "output": [] if status else list(output),
        "usage": None if status else {"input_tokens": sent, "output_tokens": written, "total_tokens": sent + written},
    }


def make_response_events(output: Sequence[Body], reply: Reply, body: Body) -> Iterator[Body]:
    """Yield the events of a streamed response."""
    yield {"type": "response.created", "response": make_response(output, reply, body, "in_progress")}
    for index, item in enumerate(output):
        at = {"output_index": index, "item_id": item["id"]}
        empty: dict[str, Body] = {"message": {"content": []}, "function_call": {"arguments": ""}, "reasoning": {"summary": []}}
        yield {"type": "response.output_item.added", "output_index": index, "item": {**item, **empty[item["type"]]}}
        if item["type"] == "function_call":
            yield from ({"type": "response.function_call_arguments.delta", "delta": piece, **at} for piece in cut(item["arguments"]))
            yield {"type": "response.function_call_arguments.done", "arguments": item["arguments"], **at}
        for number, part in enumerate(item["content"] if item["type"] == "message" else ()):
            for piece in cut(part["text"]):
                yield {"type": "response.output_text.delta", "content_index": number, "delta": piece, **at}
            yield {"type": "response.output_text.done", "content_index": number, "text": part["text"], **at}
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
    ended = make_response(output, reply, body)
    yield {"type": f"response.{ended['status']}", "response": ended}


# ---- Anthropic's Messages ----


def make_blocks(reply: Reply, number: int) -> list[Body]:
    """Return a reply as content blocks: signed thinking first where there is a call."""
    blocks: list[Body] = []
    if reply.reasoning or reply.calls:
        thinking = reply.reasoning or "Let me see."
        blocks.append({"type": "thinking", "thinking": thinking, "signature": sign(thinking)})
    if reply.text:
        blocks.append({"type": "text", "text": reply.text})
    for index, call in enumerate(reply.calls):
        blocks.append({"type": "tool_use", "id": f"toolu_{number}_{index}", "name": call.name, "input": json.loads(call.arguments)})
    return blocks


def make_anthropic_message(blocks: Sequence[Body], reply: Reply, body: Body) -> Body:
    """Return the whole message."""
    usage = {"input_tokens": reply.usage.input_tokens, "output_tokens": reply.usage.output_tokens}
    begun = {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "content": list(blocks)}
    return {**begun, "stop_reason": _STOP_REASONS[find_finish(reply)], "stop_sequence": None, "usage": usage}


def make_anthropic_events(blocks: Sequence[Body], reply: Reply, body: Body) -> Iterator[Body]:
    """Yield the events of a streamed message."""
    whole = make_anthropic_message(blocks, reply, body)
    yield {"type": "message_start", "message": {**whole, "content": [], "stop_reason": None}}
    for index, block in enumerate(blocks):
        begun, deltas = _take_apart(block)
        yield {"type": "content_block_start", "index": index, "content_block": begun}
        yield from ({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas)
        yield {"type": "content_block_stop", "index": index}
    yield {"type": "message_delta", "delta": {"stop_reason": whole["stop_reason"], "stop_sequence": None}, "usage": whole["usage"]}
    yield {"type": "message_stop"}


def _take_apart(block: Body) -> tuple[Body, list[Body]]:
    match block["type"]:
        case "text":
            return {**block, "text": ""}, [{"type": "text_delta", "text": piece} for piece in cut(block["text"])]
        case "thinking":
            pieces: list[Body] = [{"type": "thinking_delta", "thinking": piece} for piece in cut(block["thinking"])]
            return {**block, "thinking": "", "signature": ""}, [*pieces, {"type": "signature_delta", "signature": block["signature"]}]
    written = json.dumps(block["input"]) if block["input"] else ""
    return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": piece} for piece in cut(written)]
