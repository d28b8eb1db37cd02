"""A model on this machine: llama.cpp in this process, behind a door on loopback that only this process has the key of."""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from sayso.tools.errors import ModelError, UsageError
from sayso.tools.installing import install_command

from ...messages import Sampling
from ..abilities import Abilities
from ..model import Delta, ModelRequest
from ..openai_chat import OpenAIChat
from .gguf import header_of
from .hub import Consent, fetched, kept, megabytes, say
from .memory_fit import fitting_context, free_bytes

LOOPBACK = "127.0.0.1"
FIRST_TOKEN_SECONDS = 120.0
TIGHT = Sampling(temperature=0.0, max_tokens=1024)
"""How a small model samples unless it is told otherwise: the same answer to the same question, and an end where it does not find one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerSettings:
    """How llama.cpp is started: on loopback with a key of its own, one reply at a time, leaving a core to the program.

    `context_tokens` is the most that a conversation may be long; it is less where the model was trained on less or memory is short.
    """

    context_tokens: int = 8192
    threads: int = field(default_factory=lambda: max(1, (os.cpu_count() or 2) - 1))
    prompt_cache_mib: int = 256
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)


class Server(NamedTuple):
    """A model that is being served: where, how that ends, and for conversations of which length (0: nobody knows)."""

    base_url: str
    close: Callable[[], None]
    context_tokens: int = 0


Serve = Callable[[Path, ServerSettings], Server]


class LocalModel:
    """A GGUF file, by its path or by its name at a model hub ("owner/repository:Q4_K_M"), answered by llama.cpp in this process.

    It is loaded when it is first asked. A file that is not here is fetched then, if `fetch` is True or says yes to the offer (file, size,
    sha256). Needs the extra `local`. `close()` gives its memory back; it is also a context manager.
    """

    base_url = f"http://{LOOPBACK}"  # no price list has it: it costs nothing, whatever its name

    def __init__(
        self,
        source: str | Path,
        *,
        fetch: Consent | bool = False,
        settings: ServerSettings | None = None,
        sampling: Sampling = TIGHT,
        takes_tools: bool | None = None,
        constrain: bool = False,
        folder: Path | None = None,
        tell: Callable[[str], None] = say,
        serve: Serve | None = None,
    ) -> None:
        self.source, self.settings, self.constrain = str(source), settings or ServerSettings(), constrain
        self.name = Path(self.source).name.removesuffix(".gguf")
        self.fetch, self.sampling, self._takes_tools, self._tell = fetch, sampling, takes_tools, tell
        self._folder = folder or models_folder()
        self._serve = serve or llama_cpp
        self._lock = threading.Lock()
        self._running: tuple[Server, OpenAIChat] | None = None

    def __repr__(self) -> str:
        return f"LocalModel({self.source!r})"

    @property
    def takes_tools(self) -> bool:
        """Whether its chat template knows tools; True until it is loaded and can be asked."""
        if self._takes_tools is not None or self._running is None:
            return self._takes_tools is not False
        return self._running[1].takes_tools

    async def abilities(self) -> Abilities:
        """What it can do; loads it."""
        return await (await self._chat()).abilities()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """The reply, piece by piece."""
        deltas = (await self._chat()).stream(request)
        try:
            async for delta in deltas:
                yield delta
        finally:
            await deltas.aclose()

    async def _chat(self) -> OpenAIChat:
        if self._running is None:
            await asyncio.to_thread(self.load)
        assert self._running is not None, "it has just been started"
        return self._running[1]

    def load(self) -> None:
        """Fetch the file, if it is not here, and load it; else that is done when it is first asked."""
        with self._lock:  # two agents may ask it for the first time at once
            if self._running is not None:
                return
            if self._serve is llama_cpp:
                installed()  # before a file is fetched that nothing here can load
            path = self._file()
            began = time.monotonic()
            server = self._serve(path, self.settings)
            how = _how(self.settings.threads, server.context_tokens)
            self._tell(f"{path.name} is loaded in {time.monotonic() - began:.1f} s ({how})")
            chat = OpenAIChat(
                self.name,
                base_url=server.base_url,
                api_key=self.settings.key,
                sampling=self.sampling,
                takes_tools=self._takes_tools,
                constrain=self.constrain,
            )
            self._running = server, chat

    def here(self) -> Path | None:
        """Its file, where that is on this machine. UsageError for what is neither a file nor a name of one."""
        path = Path(self.source).expanduser()
        if path.is_file():
            return path
        if path.suffix == ".gguf" and (path.is_absolute() or self.source.startswith(("~", ".")) or self.source.count("/") < 2):
            raise UsageError(f"There is no file {self.source}.")
        return kept(self.source, self._folder)

    def fits(self, path: Path) -> str:
        """How its file would be served, in words. UsageError for a file that is no model, ModelError where it does not fit."""
        file = header_of(path)
        installed()
        context = fitting_context(file, self.settings.context_tokens, self.settings.prompt_cache_mib, free_bytes())
        return f"{file.architecture}, {megabytes(file.size_bytes)}, {_how(self.settings.threads, context)}"

    def _file(self) -> Path:
        path = self.here() or fetched(self.source, self._folder, self.fetch, self._tell)
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise UsageError(f"{path} is no GGUF file.")
        return path

    def close(self) -> None:
        """Stop serving and give the memory back."""
        with self._lock:
            if self._running is not None:
                self._running[0].close()
                self._running = None

    def __enter__(self) -> LocalModel:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()


def models_folder() -> Path:
    """Where fetched models are kept: SAYSO_MODELS, else a folder in the user's cache."""
    return Path(os.environ.get("SAYSO_MODELS") or Path.home() / ".cache" / "sayso" / "models")


def _how(threads: int, context_tokens: int) -> str:
    context = f", conversations of up to {context_tokens} tokens" if context_tokens else ""
    return f"{threads} thread{'' if threads == 1 else 's'}{context}"


def llama_cpp(path: Path, settings: ServerSettings) -> Server:
    """Serve the file. UsageError without the extra, ModelError when it does not fit into memory or llama.cpp cannot load it."""
    file = header_of(path)
    settings = replace(settings, context_tokens=fitting_context(file, settings.context_tokens, settings.prompt_cache_mib, free_bytes()))
    xllamacpp, params = installed(), params_for(path, settings)
    try:
        running = [xllamacpp.Server(params)]
    except (RuntimeError, ValueError):  # it does not say why
        raise ModelError(
            f"llama.cpp cannot load {path} ({file.architecture}, {megabytes(file.size_bytes)}). The file may be damaged, or the model is "
            f"newer than this llama.cpp, xllamacpp {xllamacpp.__version__}: pip install --upgrade xllamacpp."
        ) from None
    _wait_until_at_work(running[0].listening_address, settings.key)
    return Server(f"{running[0].listening_address}/v1", running.clear, settings.context_tokens)  # it ends when nobody holds it


def _wait_until_at_work(url: str, key: str) -> None:
    """llama.cpp answers the door before it works; ended in between, it never ends. So it is given a first piece of work, of one token."""
    import httpx2

    with httpx2.Client(headers={"Authorization": f"Bearer {key}"}, timeout=FIRST_TOKEN_SECONDS, trust_env=False) as client:
        try:
            client.post(f"{url}/completion", json={"prompt": "Hi", "n_predict": 1}).raise_for_status()
        except httpx2.HTTPError as error:
            raise ModelError(f"llama.cpp has loaded the model and does not answer: {error}.") from None


def installed() -> Any:
    """The package xllamacpp. UsageError without it."""
    try:
        import xllamacpp
    except ImportError:
        raise UsageError(f"A local model needs llama.cpp: {install_command('local')}") from None
    return xllamacpp


def params_for(path: Path, settings: ServerSettings) -> Any:
    """llama.cpp's parameters. Its own defaults are 8 GiB of prompt cache, a door that any web page may use, and no key."""
    params = installed().CommonParams()
    params.model.path = str(path)
    params.hostnames, params.port, params.api_keys = [LOOPBACK], 0, [settings.key]
    params.cors_origins, params.ui, params.endpoint_slots = "", False, False
    params.n_parallel, params.n_ctx, params.cache_ram_mib = 1, settings.context_tokens, settings.prompt_cache_mib
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings.threads
    params.use_jinja, params.verbosity = True, -1
    return params
