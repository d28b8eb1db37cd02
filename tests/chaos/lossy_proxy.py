"""A proxy before a Postgres server that loses the answer of a COMMIT now and then: it happened, and whoever asked never learns of it."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from threading import Thread
from urllib.parse import urlsplit


class LossyProxy:
    """Listens on a port of its own and passes everything on; `share` is how many of all commits lose their answer, and the connection."""

    def __init__(self, url: str, chance: random.Random) -> None:
        self._to, self._chance = urlsplit(url), chance
        self.share, self.lost = 0.0, 0

    def start(self) -> str:
        """Listen, in a thread of its own; the URL of the database by way of the proxy."""
        loop = asyncio.new_event_loop()
        Thread(target=loop.run_forever, daemon=True).start()
        self._server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", 0), loop).result()
        port = self._server.sockets[0].getsockname()[1]
        return self._to._replace(netloc=f"{self._to.username}@127.0.0.1:{port}").geturl()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on both ways until one end closes, or an answer is to be lost."""
        try:
            there, back = await asyncio.open_connection(self._to.hostname, self._to.port)
        except OSError:
            writer.close()
            return
        is_losing = asyncio.Event()

        async def ask() -> None:
            while data := await reader.read(65536):
                if b"COMMIT" in data and self._chance.random() < self.share:
                    is_losing.set()
                back.write(data)
                await back.drain()

        async def answer() -> None:
            while data := await there.read(65536):
                if is_losing.is_set():  # the server has done it
                    self.lost += 1
                    return
                writer.write(data)
                await writer.drain()

        ways = [asyncio.ensure_future(ask()), asyncio.ensure_future(answer())]
        with suppress(OSError):
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for each in (writer, back):
            with suppress(OSError):
                each.close()
