"""What a run with one tool costs over loopback HTTP beside the bare openai client: this process's CPU, whole and streamed.

The server is another process. Rounds of both take turns, and the median of their ratios counts: a busy machine slows both.

python benchmarks/http_agent.py [--write]
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import statistics
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from typing import Any

from _table import Row, finish
from openai import AsyncOpenAI

from sayso.agents import Agent, OpenAIChat
from sayso.tools import tool

ROUNDS, RUNS = 15, 20
USAGE = {"prompt_tokens": 80, "completion_tokens": 12, "total_tokens": 92}
CALL = {"id": "call_1", "type": "function", "function": {"name": "calories", "arguments": '{"item": "cheeseburger"}'}}
TEXT = "A cheeseburger has 520 calories, which is about a quarter of a day."
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "calories",
        "description": "Looks an item up.",
        "parameters": {"type": "object", "properties": {"item": {"type": "string"}}, "required": ["item"]},
    },
}


@tool.read(trust="tool", secrecy="public")  # a script of ours
async def calories(item: str) -> str:
    """Looks an item up."""
    return "520 calories"


# ---- the server ----


def completion(has_result: bool) -> bytes:
    """A whole reply: the call, or with its result the answer."""
    message = {"role": "assistant", "content": TEXT} if has_result else {"role": "assistant", "content": None, "tool_calls": [CALL]}
    choice = {"index": 0, "message": message, "finish_reason": "stop" if has_result else "tool_calls"}
    return json.dumps({"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": USAGE}).encode()


def events(has_result: bool) -> bytes:
    """The same, word by word."""
    deltas: list[Any] = [{"role": "assistant", "content": ""}]
    if has_result:
        deltas += [{"content": f"{word} "} for word in TEXT.split()]
    else:
        call = {"index": 0, **CALL, "function": {"name": "calories", "arguments": ""}}
        deltas += [{"tool_calls": [call]}]
        deltas += [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in ('{"item": ', '"cheese', 'burger"}')]
    choices: list[Any] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop" if has_result else "tool_calls"})
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m"}
    written = [{**chunk, "choices": [choice]} for choice in choices] + [{**chunk, "choices": [], "usage": USAGE}]
    return "".join(f"data: {json.dumps(each)}\n\n" for each in written).encode() + b"data: [DONE]\n\n"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection."""
    while head := await reader.readuntil(b"\r\n\r\n"):
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if line)
        length = int({name.lower(): value for name, value in fields.items()}.get("content-length", 0))
        body = json.loads(await reader.readexactly(length)) if length else None
        if body is None:
            writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
            continue
        has_result = body["messages"][-1]["role"] == "tool"
        streams = bool(body.get("stream"))
        content = (events if streams else completion)(has_result)
        kind = "text/event-stream" if streams else "application/json"
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(content)}\r\n\r\n".encode() + content)


def serve(port: Connection) -> None:
    """Serve until the process is ended."""

    async def start() -> None:
        async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await answer(reader, writer)
            except asyncio.IncompleteReadError:
                writer.close()

        server = await asyncio.start_server(connect, "127.0.0.1", 0)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(start())


# ---- the two ----


async def bare_whole(client: AsyncOpenAI) -> None:
    """A run with the openai client alone."""
    messages: list[Any] = [{"role": "user", "content": "How many calories has a cheeseburger?"}]
    while True:
        reply = await client.chat.completions.create(model="m", messages=messages, tools=[TOOL])
        message = reply.choices[0].message
        if not message.tool_calls:
            assert message.content == TEXT
            return
        messages.append(message.model_dump(exclude_none=True))
        for call in message.tool_calls:
            assert call.type == "function"
            result = await calories.function(**json.loads(call.function.arguments))
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})


async def bare_streamed(client: AsyncOpenAI) -> None:
    """The same, streamed."""
    messages: list[Any] = [{"role": "user", "content": "How many calories has a cheeseburger?"}]
    while True:
        text, name, arguments, call_id = "", "", "", ""
        stream = await client.chat.completions.create(
            model="m", messages=messages, tools=[TOOL], stream=True, stream_options={"include_usage": True}
        )
        async for chunk in stream:
            for choice in chunk.choices:
                text += choice.delta.content or ""
                for piece in choice.delta.tool_calls or ():
                    call_id = call_id or piece.id or ""
                    if piece.function is not None:
                        name += piece.function.name or ""
                        arguments += piece.function.arguments or ""
        if not name:
            assert text.strip() == TEXT
            return
        call = {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
        result = await calories.function(**json.loads(arguments))
        messages += [
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": call_id, "content": result},
        ]


async def ours_whole(agent: Agent) -> None:
    """A run of an agent."""
    assert (await agent.run("How many calories has a cheeseburger?")).output == TEXT


async def ours_streamed(agent: Agent) -> None:
    """A run of an agent that somebody listens to."""
    async for _ in agent.stream_emitted("How many calories has a cheeseburger?"):
        pass


async def measure(run: Callable[[], Awaitable[None]]) -> float:
    """Return the CPU time of a run in milliseconds."""
    begun = time.process_time()
    for _ in range(RUNS):
        await run()
    return (time.process_time() - begun) / RUNS * 1000


async def compare(url: str) -> list[Row]:
    """Return a row for each way."""
    rows: list[Row] = []
    async with AsyncOpenAI(base_url=url, api_key="none") as client:
        agent = Agent(OpenAIChat("m", base_url=url, takes_tools=True), tools=[calories])
        pairs: dict[str, tuple[Callable[[], Awaitable[None]], Callable[[], Awaitable[None]]]] = {
            "whole": (lambda: bare_whole(client), lambda: ours_whole(agent)),
            "streamed": (lambda: bare_streamed(client), lambda: ours_streamed(agent)),
        }
        for way, (bare, ours) in pairs.items():
            await bare()
            await ours()
            rounds = [(await measure(bare), await measure(ours)) for _ in range(ROUNDS)]
            rows += [
                Row(f"a run with one tool, {way}: the bare openai client", statistics.median(each[0] for each in rounds), "ms of CPU"),
                Row(f"a run with one tool, {way}: an agent", statistics.median(each[1] for each in rounds), "ms of CPU"),
                Row(f"an agent beside the bare client, {way}", statistics.median(b / a for a, b in rounds), "times", 1.10),
            ]
    return rows


if __name__ == "__main__":
    there, here = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(here,), daemon=True)
    server.start()
    try:
        finish("Over HTTP", asyncio.run(compare(f"http://127.0.0.1:{there.recv()}/v1")))
    finally:
        server.terminate()
