"""A model on this machine: llama.cpp in this process, on a loopback port whose key only this process has."""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from sayso.tools.errors import ModelError, UsageError
from sayso.tools.installing import build_install_command

from ...messages import Sampling
from ..abilities import Abilities
from ..model import Delta, ModelRequest
from ..openai_chat import OpenAIChat
from .gguf import Gguf, read_header
from .hub import Consent, download, find_cached, format_bytes, print_progress
from .memory_fit import find_free_bytes, fit_context

LOOPBACK = "127.0.0.1"
FIRST_TOKEN_SECONDS = 120.0
TIGHT = Sampling(temperature=0.0, max_tokens=1024)
"""The default sampling of a small model: the same answer to the same question, and an end where it does not find one."""


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
    """A model that is being served: its address, how to stop it, and the longest conversation in tokens (0: unknown)."""

    base_url: str
    close: Callable[[], None]
    context_tokens: int = 0


Serve = Callable[[Path, ServerSettings], Server]


class LocalModel:
    """A GGUF file, by its path or by its name at a model hub ("owner/repository:Q4_K_M"), answered by llama.cpp in this process.

    It is loaded when it is first asked. A file that is not here is fetched then, if `fetch` is True or says yes to the offer (file, size,
    sha256). Needs the extra `local`. `close()` gives its memory back; it is also a context manager.
    """

    base_url: str = f"http://{LOOPBACK}"  # no price list has it: it costs nothing, whatever its name

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
        on_progress: Callable[[str], None] = print_progress,
        serve: Serve | None = None,
    ) -> None:
        self.source: str = str(source)
        self.settings: ServerSettings = settings or ServerSettings()
        self.constrain: bool = constrain
        self.name: str = Path(self.source).name.removesuffix(".gguf")
        self.fetch: Consent | bool = fetch
        self.sampling: Sampling = sampling
        self._takes_tools, self._on_progress = takes_tools, on_progress
        self._folder = folder or find_models_folder()
        self._serve = serve or serve_with_llama_cpp
        self._lock = threading.Lock()
        self._running: tuple[Server, OpenAIChat] | None = None

    def __repr__(self) -> str:
        return f"LocalModel({self.source!r})"

    @property
    def takes_tools(self) -> bool:
        """Tell whether its chat template knows tools; True until it is loaded and can be asked."""
        if self._takes_tools is not None or self._running is None:
            return self._takes_tools is not False
        return self._running[1].takes_tools

    async def abilities(self) -> Abilities:
        """Return what it can do. Loads it."""
        return await (await self._get_chat()).abilities()

    async def find_length(self) -> int | None:
        """Return how many tokens a prompt and its reply may have together. Loads it."""
        return await (await self._get_chat()).find_length()

    async def count_tokens(self, texts: Sequence[str]) -> Sequence[int] | None:
        """Return how many tokens each text has, by its own tokenizer. Loads it."""
        return await (await self._get_chat()).count_tokens(texts)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Yield the reply, piece by piece."""
        deltas = (await self._get_chat()).stream(request)
        try:
            async for delta in deltas:
                yield delta
        finally:
            await deltas.aclose()

    async def _get_chat(self) -> OpenAIChat:
        if self._running is None:
            await asyncio.to_thread(self.load)
        assert self._running is not None, "it has just been started"
        return self._running[1]

    def load(self) -> None:
        """Download the file, if it is not on this machine, and load it; otherwise both happen at the first request."""
        with self._lock:  # two agents may ask it for the first time at once
            if self._running is not None:
                return
            if self._serve is serve_with_llama_cpp:
                load_xllamacpp()  # before a file is fetched that nothing here can load
            path = self._get_file()
            began = time.monotonic()
            server = self._serve(path, self.settings)
            how = _describe_settings(self.settings.threads, server.context_tokens)
            self._on_progress(f"{path.name} is loaded in {time.monotonic() - began:.1f} s ({how})")
            chat = OpenAIChat(
                self.name,
                base_url=server.base_url,
                api_key=self.settings.key,
                sampling=self.sampling,
                takes_tools=self._takes_tools,
                constrain=self.constrain,
            )
            self._running = server, chat

    def find_file(self) -> Path | None:
        """Return its file, where that is on this machine. Raises UsageError for what is neither a file nor a name of one."""
        path = Path(self.source).expanduser()
        if path.is_file():
            return path
        if path.suffix == ".gguf" and (path.is_absolute() or self.source.startswith(("~", ".")) or self.source.count("/") < 2):
            raise UsageError(f"There is no file {self.source}.")
        return find_cached(self.source, self._folder)

    def describe_fit(self, path: Path) -> str:
        """Return how its file would be served, in words.

        Raises UsageError for a file that is not a model, ModelError for a model that does not fit into memory.
        """
        file = read_header(path)
        load_xllamacpp()
        context = fit_context(file, self.settings.context_tokens, self.settings.prompt_cache_mib, find_free_bytes())
        return f"{file.architecture}, {format_bytes(file.size_bytes)}, {_describe_settings(self.settings.threads, context)}"

    def _get_file(self) -> Path:
        path = self.find_file() or download(self.source, self._folder, self.fetch, self._on_progress)
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise UsageError(f"{path} is not a GGUF file.")
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


def find_models_folder() -> Path:
    """Return where downloaded models are stored: SAYSO_MODELS, else a folder in the user's cache."""
    # Not Path.home(), which raises for a user without a home; with expanduser the path stays "~/..." and no such folder is found.
    return Path(os.environ.get("SAYSO_MODELS") or os.path.expanduser("~/.cache/sayso/models"))  # noqa: PTH111


def _describe_settings(threads: int, context_tokens: int) -> str:
    context = f", conversations of up to {context_tokens} tokens" if context_tokens else ""
    return f"{threads} thread{'' if threads == 1 else 's'}{context}"


def serve_with_llama_cpp(path: Path, settings: ServerSettings) -> Server:
    """Serve the file with llama.cpp.

    Raises UsageError without the extra `local`, ModelError when the model does not fit into memory or cannot be loaded.
    """
    file = read_header(path)
    settings = replace(settings, context_tokens=fit_context(file, settings.context_tokens, settings.prompt_cache_mib, find_free_bytes()))
    running = [start_llama_cpp(path, file, make_params(path, settings))]
    _wait_until_ready(running[0].listening_address, settings.key)
    return Server(f"{running[0].listening_address}/v1", running.clear, settings.context_tokens)  # it ends when nobody holds it


def start_llama_cpp(path: Path, file: Gguf, params: Any) -> Any:
    """Return llama.cpp's server, which ends when nobody holds it. Raises ModelError when it cannot load the file."""
    xllamacpp = load_xllamacpp()
    try:
        return xllamacpp.Server(params)
    except (RuntimeError, ValueError):  # it does not say why
        raise ModelError(
            f"llama.cpp cannot load {path} ({file.architecture}, {format_bytes(file.size_bytes)}). The file may be damaged, or the model "
            f"is newer than this llama.cpp, xllamacpp {xllamacpp.__version__}: pip install --upgrade xllamacpp."
        ) from None


def _wait_until_ready(url: str, key: str) -> None:
    """Wait for the first token. llama.cpp accepts connections before it works, and a server that is stopped in between never stops."""
    import httpx2

    with httpx2.Client(headers={"Authorization": f"Bearer {key}"}, timeout=FIRST_TOKEN_SECONDS, trust_env=False) as client:
        try:
            client.post(f"{url}/completion", json={"prompt": "Hi", "n_predict": 1}).raise_for_status()
        except httpx2.HTTPError as error:
            raise ModelError(f"llama.cpp has loaded the model and does not answer: {error}.") from None


def load_xllamacpp() -> Any:
    """Import xllamacpp. Raises UsageError where the extra `local` is not installed."""
    try:
        import xllamacpp
    except ImportError:
        raise UsageError(f"A local model needs llama.cpp: {build_install_command('local')}") from None
    return xllamacpp


def make_params(path: Path, settings: ServerSettings) -> Any:
    """Return llama.cpp's parameters. Its defaults are 8 GiB of prompt cache, a port that any web page may use, and no key."""
    params = load_xllamacpp().CommonParams()
    params.model.path = str(path)
    params.hostnames, params.port, params.api_keys = [LOOPBACK], 0, [settings.key]
    params.cors_origins, params.ui, params.endpoint_slots = "", False, False
    params.n_parallel, params.n_ctx, params.cache_ram_mib = 1, settings.context_tokens, settings.prompt_cache_mib
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings.threads
    params.use_jinja, params.verbosity = True, -1
    return params
