"""A thousand open inboxes on one process: how soon each is told of a decision, what a decision takes, and whether memory grows.

    python benchmarks/inboxes.py [--inboxes 1000] [--seconds 180] [--rate 20]
    python benchmarks/inboxes.py --seconds 600      the long form: memory between minutes 2 and 10

A shop is served by `sayso serve` on an SQLite file; inboxes are open event streams, read by a process of its own. Requests are asked by
chat and decided over HTTP, by one signed-in person with several connections.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

SHOP = '''
from sayso import App, tool
from sayso.workflows import sequential

@tool.write(card="Ship parcel {number}")
async def ship(number: int) -> str:
    """Ship a parcel."""
    return "shipped"

app = App(flows=[sequential(ship, name="shipping")], name="shipping")
'''
SUBMIT = """
import asyncio, sys
from sayso import engine
from shipping import app
async def main(url, count, rate):
    home = engine(url, app=app)
    began = asyncio.get_running_loop().time()
    for number in range(count):
        await home.submit("shipping", number, run_id=f"parcel-{number}")
        await asyncio.sleep(max(0, began + (number - 100) / rate - asyncio.get_running_loop().time()))
    home.close()
asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
"""


@dataclass
class Watched:
    """What the open inboxes were told: when each digest was first and last heard of, and by how many."""

    heard: dict[str, list[float]] = field(default_factory=dict)
    read: dict[bytes, list[str]] = field(default_factory=dict)

    def take(self, line: bytes) -> None:
        """Take in a line of a stream. All inboxes get the same bytes: they are read once, for the server needs the machine."""
        if not line.startswith(b"data: ") or b'"lines"' not in line:
            return
        now = time.monotonic()
        if line not in self.read:
            found = re.findall(rb'"digest": "([0-9a-f]{64})"[^}]*?"state": "(?:approved|executing|done)"', line)
            self.read[line] = [digest.decode() for digest in found]
            if len(self.read) > 50:
                del self.read[next(iter(self.read))]
        for digest in self.read[line]:
            self.heard.setdefault(digest, []).append(now)


def read_rss(pid: int) -> float:
    """Return the resident memory of a process, in MB."""
    with Path(f"/proc/{pid}/status").open() as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


def read_cpu(pid: int) -> float:
    """Return the CPU seconds of a process."""
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def start(command: list[str], folder: Path, stdout: int | None = None) -> subprocess.Popen[str]:
    """Start a program in a folder."""
    return subprocess.Popen(command, stdout=stdout, text=True, cwd=folder)


async def open_inbox(port: int, cookie: str, watched: Watched, ready: asyncio.Semaphore) -> None:
    """Keep one inbox open and take in what it is told."""
    async with ready:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /api/live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\nAccept: text/event-stream\r\n\r\n".encode())
        await reader.readuntil(b"retry:")
    reader._limit = 2**24  # type: ignore[attr-defined]  # one event may be long
    while line := await reader.readline():
        watched.take(line)


async def measure(folder: Path, inboxes: int, seconds: float, rate: float) -> None:
    """Serve, open the inboxes, decide, and print the table."""
    (folder / "shipping.py").write_text(SHOP)
    url = f"sqlite:///{folder}/runs.db"
    command = [
        sys.executable,
        "-m",
        "sayso",
        "serve",
        f"{folder}/shipping.py:app",
        "--port",
        "0",
        "--database",
        url,
        "--user",
        "ada:approver",
    ]
    server = start(command, folder, stdout=subprocess.PIPE)
    assert server.stdout is not None
    port = int(re.search(r":(\d+)/", server.stdout.readline())[1])  # type: ignore[index]
    token = server.stdout.readline().partition("#token=")[2].strip()
    origin = f"http://127.0.0.1:{port}"
    limits = httpx2.Limits(max_connections=100)
    client = httpx2.AsyncClient(base_url=origin, headers={"Authorization": f"Bearer {token}"}, timeout=120, limits=limits)
    signed_in = await client.post("/api/sign-in", json={"token": token})
    cookie = signed_in.headers["set-cookie"].partition(";")[0]
    watched, ready = Watched(), asyncio.Semaphore(50)
    streams = [asyncio.create_task(open_inbox(port, cookie, watched, ready)) for _ in range(inboxes)]
    total = int(seconds * rate)
    submitting = start([sys.executable, "-c", SUBMIT, url, str(total + 50), str(rate)], folder)
    took: list[float] = []
    decided: dict[str, float] = {}
    memory: list[tuple[float, float]] = []
    under_way: set[asyncio.Task[None]] = set()

    async def decide(digest: str) -> None:
        began = time.monotonic()
        try:
            answer = await client.post(f"/api/cards/{digest}/approve", json={})
        except httpx2.ReadError:  # an idle connection that the server has just closed; to ask again is safe
            answer = await client.post(f"/api/cards/{digest}/approve", json={})
        took.append(time.monotonic() - began)
        if answer.status_code == 200:
            decided[digest] = time.monotonic()

    await asyncio.sleep(5)
    began, cpu = time.monotonic(), read_cpu(server.pid)
    known: list[str] = []
    seen: set[str] = set()
    for number in range(total):
        if not known:
            lines = (await client.get("/api/inbox")).json()["open"]
            known = [line["digest"] for line in lines if line["digest"] not in seen]
            if not known:
                await asyncio.sleep(0.05)
                continue
        digest = known.pop(0)
        seen.add(digest)
        task = asyncio.create_task(decide(digest))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        memory.append((time.monotonic() - began, read_rss(server.pid)))
        await asyncio.sleep(max(0.0, began + (number + 1) / rate - time.monotonic()))
    await asyncio.gather(*under_way)
    elapsed, used = time.monotonic() - began, read_cpu(server.pid) - cpu
    await asyncio.sleep(3)
    report(inboxes, took, decided, watched, memory, elapsed, used)
    for stream in streams:
        stream.cancel()
    await asyncio.gather(*streams, return_exceptions=True)
    await client.aclose()
    submitting.wait()
    server.terminate()
    server.wait(20)
    server.stdout.close()


def report(
    inboxes: int,
    took: list[float],
    decided: dict[str, float],
    watched: Watched,
    memory: list[tuple[float, float]],
    elapsed: float,
    used: float,
) -> None:
    """Print the table."""
    delays = [max(0.0, at - decided[digest]) for digest, times in watched.heard.items() if digest in decided for at in times]
    told = [len(watched.heard.get(digest, [])) for digest in decided]
    begin = elapsed * 0.2 if elapsed >= 500 else elapsed / 3
    first = [rss for at, rss in memory if at >= begin][:1] or [0.0]
    last = memory[-1][1] if memory else 0.0
    p95 = statistics.quantiles(took, n=20)[-1] * 1000
    rows = [
        (f"decisions a second, over {elapsed:.0f} s", f"{len(decided) / elapsed:.1f}"),
        (f"inboxes told of each decision (of {inboxes})", f"{min(told)} to {max(told)}"),
        ("slowest inbox, after the decision was answered", f"{max(delays):.2f} s (limit 2 s)"),
        ("median inbox", f"{statistics.median(delays):.2f} s"),
        ("decision, p95", f"{p95:.0f} ms (limit 150 ms)"),
        (
            f"RSS after {begin / 60:.1f} minutes, and at the end",
            f"{first[0]:.0f} MB, {last:.0f} MB ({last / first[0] - 1:+.1%}, limit +10 %)",
        ),
        ("CPU of the server", f"{used / elapsed * 100:.0f} % of one core, {used / max(1, len(decided)) * 1000:.1f} ms a decision"),
    ]
    print("| what | measured |\n| --- | --- |")
    for what, value in rows:
        print(f"| {what} | {value} |")
    print(json.dumps({"decided": len(decided), "asked": len(took)}), file=sys.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inboxes", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--rate", type=float, default=20)
    options, _ = parser.parse_known_args()  # --write: it writes no table
    with tempfile.TemporaryDirectory() as place:
        asyncio.run(measure(Path(place), options.inboxes, options.seconds, options.rate))
