"""Ctrl-C while a thread searches an index: the search is broken off, and the process ends as any other does."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
import threading

import pytest

from sayso.tools.connections import close_index
from sayso.tools.documents import PassageIndex
from sayso.tools.ordering.order_desk import OrderDesk

INDEXES = {
    "pages": """
from sayso.tools.web import LocalIndex
from sayso.tools.web.local_index import Document
def made():
    return LocalIndex([Document(f"http://a.example/{n}", "title", text(n)) for n in range(1500)])
def lock_of(index):
    return index._lock
async def search(index):
    return await index(QUERY, 50)
""",
    "passages": """
from sayso.tools.connections import close_index
from sayso.tools.documents import PassageIndex
def made():
    index = PassageIndex()
    index.add_all([IndexEntry(text(n)) for n in range(1500)])
    return index
def lock_of(index):
    return index._lock
async def search(index):
    return await asyncio.to_thread(index.search, QUERY, 50)
""",
}
INTERRUPTED = """
import asyncio, os, signal, threading
from sayso.tools.documents.passage_index import IndexEntry
words = [f"w{n}" for n in range(60)]
QUERY = " ".join(words)
def text(n):
    return " ".join(words[(n * k) % 60] for k in range(200))
"""
MAIN = """
class Seen:
    # a lock that says when a thread has it
    def __init__(self, lock):
        self.lock, self.taken = lock, threading.Event()
    def __enter__(self):
        self.lock.__enter__()
        self.taken.set()
    def __exit__(self, *error):
        self.lock.__exit__(*error)
    def acquire(self, timeout):
        return self.lock.acquire(timeout=timeout)
    def release(self):
        self.lock.release()

async def main():
    for turn in range(5):
        with made() as index:
            index._lock = seen = Seen(lock_of(index))
            searching = asyncio.create_task(search(index))
            while not seen.taken.is_set():
                await asyncio.sleep(0)
            if turn == 4:
                print("interrupted", flush=True)
                os.kill(os.getpid(), signal.SIGINT)
                await searching
            searching.cancel()

asyncio.run(main())
"""


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_an_interrupted_search_ends_the_process_and_does_not_crash_it(index: str) -> None:
    child = subprocess.run([sys.executable, "-c", INTERRUPTED + index + MAIN], capture_output=True, text=True, timeout=120, check=False)
    assert (child.returncode, child.stdout) == (-signal.SIGINT, "interrupted\n"), child.stderr
    assert child.stderr.rstrip().endswith("KeyboardInterrupt")


@pytest.mark.parametrize("kind", [PassageIndex, OrderDesk])
def test_closing_awaits_what_a_thread_does(kind: type[PassageIndex] | type[OrderDesk]) -> None:
    opened, closed = kind(), threading.Event()

    def close() -> None:
        opened.close()
        closed.set()

    closing = threading.Thread(target=close)
    with opened._lock:
        closing.start()
        assert not closed.wait(0.05)
    closing.join()
    assert closed.is_set()


class Connection(sqlite3.Connection):
    """A connection that says when it was interrupted."""

    def __init__(self) -> None:
        super().__init__(":memory:", check_same_thread=False)
        self.interrupted = threading.Event()

    def interrupt(self) -> None:
        super().interrupt()
        self.interrupted.set()


@pytest.mark.parametrize("begins", ["before it is closed", "after the first interrupt"])
async def test_an_endless_search_is_broken_off_even_if_it_begins_late(begins: str) -> None:
    connection, lock, taken = Connection(), threading.Lock(), threading.Event()

    def search() -> None:
        with lock:
            taken.set()
            if begins == "after the first interrupt":
                connection.interrupted.wait()
            connection.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n").fetchall()

    searching = asyncio.create_task(asyncio.to_thread(search))
    await asyncio.to_thread(taken.wait)
    await asyncio.to_thread(close_index, connection, lock)
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        await searching
