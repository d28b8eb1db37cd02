"""500 runs, recorded with model, tools and web over sockets, replayed as cases by a process that may open no socket and write no file.

The model is an OpenAI-compatible server on loopback, the web a small one of ours. Runs are approved, edited, rejected, left waiting, ended
by a limit, and spread over branches. Then each flow's code is changed, and the first difference of each run is compared with the place of
the change.

python benchmarks/recorded_cases.py [--write]
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from _table import Row, finish

from sayso import Agent, App, Approve, Edit, Limits, Reject, engine, parallel, sequential, tool
from sayso.agents import OpenAIChat, WebSource, agentic_rag
from sayso.agents.evaluation import Case, Suite, make_case, make_recording, read_suite, replay_case, write_recording, write_suite
from sayso.agents.research.sources import open_sources
from sayso.tools.errors import LimitReached
from sayso.tools.web import Web

WAITER, DESK, WEB = 300, 150, 50
NOWHERE = "http://127.0.0.1:9"


def setting(name: str, default: str = "") -> str:
    """Return what this process was told: where the server is (PLACE), where orders go (KITCHEN), what agents are told."""
    return os.environ.get(f"RECORDED_CASES_{name}", default)


@tool.write(card="Order {quantity} x {item}")
async def order(item: str, quantity: int) -> str:
    """Order food."""
    await asyncio.to_thread(append, f"{quantity} x {item}\n")
    return f"{quantity} x {item} ordered"


def append(line: str) -> None:
    """Write a line into the kitchen's file."""
    with Path(setting("KITCHEN")).open("a", encoding="utf-8") as kitchen:
        kitchen.write(line)


@tool.egress(trust="untrusted", secrecy="public")
async def page(name: str) -> str:
    """Read a page."""
    return await asyncio.to_thread(lambda: urllib.request.urlopen(f"{setting('PLACE', NOWHERE)}/{name}").read().decode())


def make_app(web: WebSource | None = None) -> App:
    """Return the flows: a waiter who reads and orders, a desk of three agents, and answers from the web."""
    model = OpenAIChat("m", base_url=f"{setting('PLACE', NOWHERE)}/v1", api_key="none")
    waiter = Agent(model, name="waiter", instructions=setting("WAITER", "Take the order."), tools=[page, order])
    weather = Agent(model, name="weather", instructions="Say the weather. pages=1", tools=[page])
    news = Agent(model, name="news", instructions="Say the news. pages=1", tools=[page])
    writer = Agent(model, name="writer", instructions=setting("DESK", "Write one sentence.") + " pages=0")
    desk = sequential(parallel(weather, news, join=lambda one, two: f"{one}\n{two}"), writer, name="desk")
    return App(flows=[waiter, desk, agentic_rag(web or WebSource(NoSearch(), Web()), name="web")], name="recorded")


class NoSearch:
    """A search that nobody may ask."""

    async def __call__(self, query: str, limit: int) -> Any:
        """Refuse."""
        raise AssertionError("a replay asks no search")


# ---- the server: a model, and pages ----


def complete(messages: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the next message of the model: it reads a page, orders, and answers, as far as its instructions say."""
    results = [each["content"] for each in messages if each["role"] == "tool"]
    told, asked = str(messages[0]["content"]), str(messages[1]["content"])
    quantity = int("".join(char for char in asked if char.isdigit()) or "1") % 9 + 1
    plan: list[tuple[str, dict[str, object]]] = [("page", {"name": "menu"})]
    if "pages=0" in told:
        plan = []
    elif "pages=1" not in told:
        plan.append(("order", {"item": "burger", "quantity": quantity}))
    if len(results) < len(plan):
        name, arguments = plan[len(results)]
        call = {"id": f"call_{len(results)}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        return {"role": "assistant", "content": None, "tool_calls": [call]}
    return {"role": "assistant", "content": f"That was {asked[:60]!r}, and {len(results)} results."}


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = next((int(line.split(":")[1]) for line in head.lower().split("\r\n") if line.startswith("content-length:")), 0)
    body = json.loads(await reader.readexactly(length)) if length else None
    if body is None or "messages" not in body:
        content = b"On the menu: burger 5, fries 3. It is sunny, and nothing has happened." if "GET /menu" in head else b"{}"
    else:
        message = complete(body["messages"])
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if message.get("tool_calls") else "stop"}
        usage = {"prompt_tokens": 80, "completion_tokens": 12, "total_tokens": 92}
        content = json.dumps(
            {"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": usage}
        ).encode()
    found = body is not None or "GET /menu" in head
    status = "200 OK" if found else "404 Not Found"
    writer.write(
        f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\nconnection: close\r\n\r\n".encode()
    )
    writer.write(content)
    await writer.drain()
    writer.close()


def serve(port: Connection) -> None:
    """Serve until the process is ended."""

    async def start() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(start())


# ---- recording ----


async def decide(request: Any) -> Approve | Edit | Reject | None:
    """Approve, edit, reject, or leave open: which, is by the quantity."""
    quantity = json.loads(request.arguments)["quantity"]
    answers = (Approve(), Approve(), Approve(), Reject("too dear"), None)
    return Edit({"item": "fries", "quantity": 1}) if quantity == 5 else answers[quantity % 5]


async def record_all(folder: Path) -> int:
    """Execute the runs and record each. Return how many steps they have stored."""
    cases, steps = list[Case](), 0
    more: dict[str, Any]
    async with open_sources("sample") as (search, web):
        source = WebSource(search, web)
        app = make_app(source)
        durable = engine(f"sqlite:///{folder}/runs.db", app=app)
        for number in range(WAITER + DESK + WEB):
            name = f"run-{number:03}"
            if number < WAITER:
                limits = Limits(model_calls=1) if number % 25 == 24 else None
                flow, asked, more = app.flow("waiter"), f"Burgers, {number}", {"approve": decide, "limits": limits}
            elif number < WAITER + DESK:
                flow, asked, more = app.flow("desk"), f"What is new on day {number}?", {}
            else:
                flow, asked, more = app.flow("web"), f"What does a burger cost at BettaBurgers? {number}", {"grants": source.grants}
            with suppress(LimitReached):
                await flow.run(asked, engine=durable, run_id=name, **more)
            recording = await make_recording(durable, name)
            steps += len(recording.entries)
            cases.append(make_case(recording, str(write_recording(recording, folder / "recordings" / f"{name}.json"))))
        durable.close()
    write_suite(Suite("recorded", tuple(cases)), folder / "cases.json")
    return steps


# ---- replaying, in a process of its own ----

REFUSED = ("socket.", "subprocess.", "sqlite3.", "os.system", "os.exec", "os.fork", "os.rename", "os.remove", "os.mkdir", "urllib.")


class Refusal:
    """Refuses sockets, programs, databases and writing to files, whoever asks for them, and counts what was asked for."""

    def __init__(self) -> None:
        self.sockets = self.writes = 0
        sys.addaudithook(self)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Look at an event of the interpreter."""
        if event == "open":
            mode, flags = arguments[1], arguments[2]
            writes = (isinstance(mode, str) and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR))
            if writes:
                self.writes += 1
                raise PermissionError(f"a replay writes no file: {arguments[0]}")
        elif event.startswith(REFUSED):
            self.sockets += event.startswith("socket.")
            self.writes += not event.startswith("socket.")
            raise PermissionError(f"a replay does not do that: {event}")


async def replay_all(folder: Path) -> dict[str, Any]:
    """Replay the cases of a folder, and return what they came to."""
    app = make_app()
    refusal = Refusal()  # the event loop has its sockets by now
    started, worked = time.perf_counter(), time.process_time()
    replayed = [await replay_case(case, app) for case in read_suite(folder / "cases.json").cases]
    seconds, busy = time.perf_counter() - started, time.process_time() - worked
    places = [
        None if each.difference is None else [each.record.flow, each.difference.run, each.difference.asked, each.difference.messages]
        for each in replayed
    ]
    return {"seconds": seconds, "busy": busy, "sockets": refusal.sockets, "writes": refusal.writes, "places": places}


def replay_alone(folder: Path, **changes: str) -> dict[str, Any]:
    """Replay the cases of a folder in a process of its own, in which nothing is listened to and nothing may be written."""
    told = {"PLACE": NOWHERE, "KITCHEN": str(folder / "kitchen.txt"), **changes}
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **{f"RECORDED_CASES_{key}": value for key, value in told.items()}}
    command = [sys.executable, __file__, "--replay", str(folder)]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if found.returncode:
        raise SystemExit(found.stderr)
    result: dict[str, Any] = json.loads(found.stdout)
    return result


def main() -> list[Row]:
    """Record, replay, change the code, and replay again."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kitchen = folder / "kitchen.txt"
        ours, theirs = multiprocessing.Pipe()
        server = multiprocessing.Process(target=serve, args=(theirs,), daemon=True)
        server.start()
        os.environ |= {"RECORDED_CASES_KITCHEN": str(kitchen), "RECORDED_CASES_PLACE": f"http://127.0.0.1:{ours.recv()}"}
        steps = asyncio.run(record_all(folder))
        server.terminate()
        ordered = kitchen.read_text(encoding="utf-8")
        same = replay_alone(folder)
        waiter, desk = replay_alone(folder, WAITER="Take the order politely."), replay_alone(folder, DESK="Write two sentences.")
        written = kitchen.read_text(encoding="utf-8") != ordered
    named = sum(
        each is not None and each[1:3] == [f"run-{n:03}", "model:0"] and "politely" in each[3] for n, each in enumerate(waiter["places"])
    )
    inside = sum(each is not None and each[2] == "model:0" and "two sentences" in each[3] for each in desk["places"])
    others = sum(each is not None for each in waiter["places"]) + sum(each is not None for each in desk["places"]) - named - inside
    all_three = (same, waiter, desk)
    return [
        Row(f"{WAITER + DESK + WEB} recorded runs ({steps:,} steps) replayed as cases", same["seconds"], "s", 10),
        Row("time of a processor for that, whatever else it does", same["busy"], "s"),
        Row("of them the same", sum(each is None for each in same["places"]), "runs", WAITER + DESK + WEB, at_least=True),
        Row("sockets opened", sum(each["sockets"] for each in all_three), "", 0),
        Row("files written, programs started", sum(each["writes"] for each in all_three), "", 0),
        Row("writes performed by tools", float(written), "", 0),
        Row(f"the waiter's prompt changed: named as the first difference of its {WAITER} runs", named, "runs", WAITER, at_least=True),
        Row(
            f"the last of three agents' prompt changed: named as the first difference of its {DESK} runs",
            inside,
            "runs",
            DESK,
            at_least=True,
        ),
        Row("differences named in runs of code that did not change", others, "runs", 0),
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--replay"]:
        print(json.dumps(asyncio.run(replay_all(Path(sys.argv[2])))))
    else:
        finish("Recorded cases", main())
