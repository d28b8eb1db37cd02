"""How long 100 sites take that answer after 200 ms, how much memory, and whether a host ever has two requests at once.

    python benchmarks/many_sites.py [--write]

The sites are on loopback, in a process of their own, told apart by the Host header: a robots.txt, a home page and five more pages each.
They are read twice: by the fetcher alone (three pages of each), as many sites at once as research visits (CONCURRENCY), and by a whole
research of a market without a model (all six pages, the report included).

The ideal is the time in which the servers alone would answer: requests x 0.2 s / CONCURRENCY, no time for reading a page. A host gets one
request at a time, so a site of seven requests takes 1.4 s at least, and 100 of them 17.5 s, eight at once. The robots.txt of each site is
one of the requests: nobody may leave it out. On two processors a research is bound by reading, unless that takes less than two processors
have in this time: its processor time, that of the workers included, has a row.

Memory is the proportional set size (PSS). That of this process grows with the sites and has the limit. The workers (one a processor that
reads sites, two that parse pages, and what each kind is forked from) are as large for ten sites as for a thousand; they have a row of their
own. The process of the sites is left out.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from _table import Row, finish

from sayso.agents.research.pipeline import CONCURRENCY
from sayso.agents.research.run import research
from sayso.tools.web import SearchResult, Web

SITES, PAGES, SECONDS = int(os.environ.get("SITES", "100")), int(os.environ.get("PAGES", "6")), float(os.environ.get("SECONDS", "0.2"))
LIMIT, MEMORY_MB = 1.3, 150.0
PATHS = ("/", "/prices", "/about", "/locations", "/delivery", "/products")[:PAGES]
FETCHED = PATHS[:3]
SYLLABLES = ("ba", "do", "ki", "lu", "me", "no", "pa", "ri", "so", "tu")
NAMES = tuple(f"{first}{second}vern".title() for first in SYLLABLES for second in SYLLABLES)
MAKES = ("Our workshop repairs", "We rent", "You can order", "The team builds", "Ask us for", "On Mondays we sell", "Students borrow")
PARTS = ("frames of steel", "long cargo bikes", "brakes and lights", "boxes of wood", "child seats", "batteries", "rain covers")
PLACES = ("beside the canal", "for one weekend", "with a warranty of ten years", "by appointment", "all year", "near the station")
LINKS = " ".join(f"<a href='{path}'>{path.strip('/') or 'home'}</a>" for path in PATHS)


def host(number: int) -> str:
    """The name of a site."""
    return f"{NAMES[number].lower()}-bikes-{number}.example"


def _say(chance: random.Random, at: int) -> str:
    """A sentence that no other site has; every third one has a figure."""
    start, end = f"{chance.choice(MAKES)} {chance.choice(PARTS)}", chance.choice(PLACES)
    return f"{start} for {chance.choice(NAMES)} and {chance.choice(NAMES)} {end}." if at % 3 else f"{start} {end} for {at + 9} euros a day."


def page(name: str, path: str) -> str:
    """A page of about 6 KB, in other words for each site and path."""
    number = int(name.split("-")[2].partition(".")[0])
    chance, own = random.Random(f"{number}{path}"), NAMES[number]
    words = [_say(chance, at) for at in range(60)]
    about = f"{own} rents and sells cargo bikes in Ghent, at {number} Canal Street. A cargo bike costs €{2_000 + number}."
    lines = "".join(f"<p>{line}</p>" for line in (about, *words))
    return f"<html lang=en><title>{own} cargo bikes{path}</title><nav>{LINKS}</nav><h1>{own}</h1>{lines}"


async def serve() -> None:
    """Serve the sites until standard input ends; at every line there tell how many requests a host had at once at most, and in all."""
    open_now, most, count = Counter[str](), 0, 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal most, count
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        path = head.split(" ")[1]
        name = next(line[5:].strip().partition(":")[0] for line in head.split("\r\n") if line.lower().startswith("host:"))
        open_now[name] += 1
        most, count = max(most, open_now[name]), count + 1
        await asyncio.sleep(SECONDS)
        open_now[name] -= 1
        body = b"User-agent: *\nDisallow: /admin\n" if path == "/robots.txt" else page(name, path).encode()
        status = "200 OK" if path in (*PATHS, "/robots.txt") else "404 Not Found"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps([most, count]), flush=True)
        most = count = 0


@contextmanager
def serving() -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """The sites in a process of their own, with their port."""
    with subprocess.Popen([sys.executable, __file__, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        yield int(process.stdout.readline()), process
        process.stdin.close()


@dataclass
class Memory:
    """The most memory that this process had, and that its descendants had in all, but for `other`; and what looking takes."""

    other: int
    own_mb: float = 0.0
    workers_mb: float = 0.0
    looking: float = 0.0
    ended: bool = False

    def watch(self) -> None:
        """Look five times a second until it has ended."""
        while not self.ended:
            own, *workers = (_read_pss(pid) / 1024 for pid in _find_family(self.other))
            self.own_mb, self.workers_mb = max(self.own_mb, own), max(self.workers_mb, sum(workers))
            self.looking = time.thread_time()
            time.sleep(0.2)


def read_processor_time(other: int) -> float:
    """The seconds of a processor that this process and its descendants have taken, but for `other`."""
    ticks = 0
    for pid in _find_family(other):
        with suppress(OSError):
            ticks += sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _find_family(other: int) -> Sequence[int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    family = [int(Path("/proc/self").resolve().name)]
    for pid in family:
        family += [child for child, parent in parents.items() if parent == pid and child != other]
    return family


def _read_pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().split("\n")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


@asynccontextmanager
async def watched(process: subprocess.Popen[str]) -> AsyncIterator[Memory]:
    """Watch the memory during the block."""
    memory = Memory(process.pid)
    thread = threading.Thread(target=memory.watch)
    thread.start()
    try:
        yield memory
    finally:
        memory.ended = True
        thread.join()


def ask(process: subprocess.Popen[str]) -> tuple[int, int]:
    """The most requests at a host at once since the last question, and how many there were in all."""
    assert process.stdin
    assert process.stdout
    process.stdin.write("\n")
    process.stdin.flush()
    most, count = json.loads(process.stdout.readline())
    return most, count


def make_web(port: int) -> Web:
    """A web in which every host is the sites' port."""

    async def resolve(name: str, _: int) -> list[tuple[str, int]]:
        return [("127.0.0.1", port)]

    return Web(resolve=resolve, allow={("127.0.0.1", port)})


async def fetch_all(web: Web) -> None:
    """Read three pages of all sites, CONCURRENCY sites at once."""
    places = asyncio.Semaphore(CONCURRENCY)

    async def read_site(number: int) -> None:
        async with places:
            for path in FETCHED:
                await web.page(f"http://{host(number)}{path}")

    await asyncio.gather(*map(read_site, range(SITES)))


async def investigate(web: Web) -> int:
    """Research the market of the sites, and return how many of them are in the report."""

    async def search(query: str, limit: int) -> list[SearchResult]:
        return [
            SearchResult(f"{NAMES[n]} cargo bikes", f"http://{host(n)}/", f"{NAMES[n]} rents and sells cargo bikes in Ghent.")
            for n in range(SITES)
        ][:limit]

    sites = [f"http://{host(n)}/" for n in range(SITES)]
    result = await research.run(
        "cargo bikes in Ghent", kind="market", search=search, web=web, competitors=SITES, sites=sites, pages=PAGES, rounds=1
    )
    return len(result.output.competitors)


async def measure() -> list[Row]:
    """Read all sites twice, and return the measurements."""
    rows: list[Row] = []
    with serving() as (port, process):
        await make_web(port).page(f"http://{host(0)}/")  # the workers are warm
        for what, run in (("the fetcher", fetch_all), ("a research", investigate)):
            ask(process)
            async with watched(process) as memory:
                began, computed, everywhere = time.monotonic(), time.process_time(), read_processor_time(process.pid)
                reported = await run(make_web(port))
                seconds, computed = time.monotonic() - began, time.process_time() - computed
                everywhere = read_processor_time(process.pid) - everywhere
            computed, everywhere = computed - memory.looking, everywhere - memory.looking
            most, count = ask(process)
            rows += [
                Row(f"{what}: {count} requests at {SITES} sites, {CONCURRENCY} at once", seconds, "s"),
                Row(f"{what}: of the ideal", seconds / (count * SECONDS / CONCURRENCY), "x", LIMIT),
                Row(f"{what}: processor time of this process, a site", computed / SITES * 1000, "ms"),
                Row(f"{what}: processor time with its workers, a site", everywhere / SITES * 1000, "ms"),
                Row(f"{what}: memory of this process", memory.own_mb, "MB", MEMORY_MB),
                Row(f"{what}: memory of its workers", memory.workers_mb, "MB"),
                Row(f"{what}: requests at a host at once, at most", most, "", 1),
            ]
            if reported is not None:
                rows.append(Row(f"{what}: sites in the report", reported, "", SITES, at_least=True))
    return rows


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
    else:
        finish("Many sites", asyncio.run(measure()))
