"""From a new process to the first answer over loopback HTTP: a run with one tool, beside a loop by hand with the bare openai client.

Both are new processes with nothing loaded, by the CPU time of the whole process. Rounds of both take turns, and the median of their
ratios counts: a busy machine slows both.

python benchmarks/cold_start.py [--write]
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import subprocess
import sys

from _table import Row, finish
from http_agent import serve

ROUNDS = 15
FLOOR = """
import asyncio, json, sys
from openai import AsyncOpenAI

TOOL = {"type": "function", "function": {"name": "calories", "description": "Looks an item up.", "parameters": {
    "type": "object", "properties": {"item": {"type": "string"}}, "required": ["item"]}}}

async def calories(item):
    return "520 calories"

async def main():
    async with AsyncOpenAI(base_url=sys.argv[1], api_key="none") as client:
        messages = [{"role": "user", "content": "How many calories has a cheeseburger?"}]
        while True:
            reply = await client.chat.completions.create(model="m", messages=messages, tools=[TOOL])
            message = reply.choices[0].message
            if not message.tool_calls:
                print(message.content)
                return
            messages.append(message.model_dump(exclude_none=True))
            for call in message.tool_calls:
                result = await calories(**json.loads(call.function.arguments))
                messages.append({"role": "tool", "tool_call_id": call.id, "content": result})

asyncio.run(main())
"""
OURS = """
import sys
from sayso import Agent, tool
from sayso.agents import OpenAIChat

@tool.read(trust="tool", secrecy="public")
async def calories(item: str) -> str:
    "Looks an item up."
    return "520 calories"

model = OpenAIChat("m", base_url=sys.argv[1], takes_tools=True)
print(Agent(model, tools=[calories]).run_sync("How many calories has a cheeseburger?").output)
"""
BARE = """
import asyncio, json, sys
import httpx2

TOOL = {"type": "function", "function": {"name": "calories", "description": "Looks an item up.", "parameters": {
    "type": "object", "properties": {"item": {"type": "string"}}, "required": ["item"]}}}

async def calories(item):
    return "520 calories"

async def main():
    async with httpx2.AsyncClient(base_url=sys.argv[1], headers={"authorization": "Bearer none"}) as client:
        messages = [{"role": "user", "content": "How many calories has a cheeseburger?"}]
        while True:
            answer = await client.post("chat/completions", json={"model": "m", "messages": messages, "tools": [TOOL]})
            message = answer.json()["choices"][0]["message"]
            if not message.get("tool_calls"):
                print(message["content"])
                return
            messages.append(message)
            for call in message["tool_calls"]:
                result = await calories(**json.loads(call["function"]["arguments"]))
                messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})

asyncio.run(main())
"""
NOTHING = "pass"


def spend(code: str, url: str) -> float:
    """Return the CPU seconds of a new process that executes this code."""
    process = subprocess.Popen([sys.executable, "-c", code, url], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = status
    assert status == 0
    return used.ru_utime + used.ru_stime


def main() -> list[Row]:
    """Return all rows."""
    receiving, sending = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(sending,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{receiving.recv()}/v1"
    for code in (FLOOR, BARE, OURS):
        spend(code, url)  # the file cache, and compiled files
    rounds = [tuple(spend(code, url) for code in (FLOOR, OURS, NOTHING, BARE)) for _ in range(ROUNDS)]
    server.terminate()
    floor, ours, nothing, bare = (statistics.median(each) for each in zip(*rounds, strict=True))
    return [
        Row("a new process that does nothing", nothing * 1e3, "ms of CPU"),
        Row("to the first answer, by hand", floor * 1e3, "ms of CPU"),
        Row("to the first answer, an agent", ours * 1e3, "ms of CPU"),
        Row("an agent beside the loop by hand", statistics.median(ours / floor for floor, ours, *_ in rounds), "times", limit=1.07),
        Row("to the first answer, by hand over httpx2 alone", bare * 1e3, "ms of CPU"),
    ]


if __name__ == "__main__":
    finish("Cold start", main())
