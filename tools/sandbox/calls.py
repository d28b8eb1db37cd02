"""Call a function in a worker process, sync or async, for Sayso's own modules; and the pools of workers behind that."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from concurrent.futures import ThreadPoolExecutor

from ..canonical import Json
from ..errors import UsageError
from . import worker_process as this_process
from .errors import SandboxError
from .pool import Cancellation, Pool
from .protocol import PLAIN, How
from .settings import Layers, Profile

CALLS_AT_ONCE = 32
"""How many async calls may wait in threads; the workers are fewer anyway."""
_lock = threading.Lock()
_pools: dict[Profile, Pool] = {}
_threads: ThreadPoolExecutor | None = None


def call_sandboxed(target: str, *args: Json, seconds: float = 2.0, memory_mb: int = 1024) -> Json:
    """Call "sayso.module:function" with JSON arguments in a worker and return its JSON value. Blocks; may be called from any thread.

    Raises SandboxTimeout after `seconds`, SandboxMemory above `memory_mb`, and the function's own ToolError.
    """
    return get_pool(_make_profile(target, memory_mb)).call(target, list(args), {}, seconds)


async def acall_sandboxed(target: str, *args: Json, seconds: float = 2.0, memory_mb: int = 1024) -> Json:
    """Do as `call_sandboxed` without blocking the event loop. Cancelling it kills the worker."""
    return await call_in(_make_profile(target, memory_mb), target, list(args), {}, seconds)


def begin_worker(target: str, *, memory_mb: int = 1024) -> None:
    """Start a worker for calls of that function, in a thread, so that the first call need not wait until it has loaded its modules.

    Where none can be started, the call will say why.
    """
    _executor().submit(get_pool(_make_profile(target, memory_mb)).layers)


async def call_in(profile: Profile, target: str, args: list[Json], kwargs: dict[str, Json], seconds: float, how: How = PLAIN) -> Json:
    """Call a function in a worker of that profile: on the event loop when one is warm, otherwise in a thread that waits for it."""
    pool = get_pool(profile)
    worker = pool.take_ready()
    if worker is None:
        return await _call_in_thread(pool, target, args, kwargs, seconds, how)
    try:
        return await worker.acall(target, args, kwargs, seconds, how)
    finally:
        if worker.alive:
            pool.give_back(worker)
        else:
            await asyncio.shield(asyncio.get_running_loop().run_in_executor(_executor(), pool.give_back, worker))


async def _call_in_thread(pool: Pool, target: str, args: list[Json], kwargs: dict[str, Json], seconds: float, how: How) -> Json:
    cancellation = Cancellation()

    def call() -> Json:
        return pool.call(target, args, kwargs, seconds, how, cancellation=cancellation)

    future = asyncio.get_running_loop().run_in_executor(_executor(), call)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        cancellation.cancel()
        await asyncio.wait([future])  # the killed worker's thread ends at once; nothing outlives the call
        if not future.cancelled():
            future.exception()
        raise


def report_profile_layers(profile: Profile) -> Layers:
    """Return what this system enforces around the workers of that profile. Starts a worker if there is none."""
    return get_pool(profile).layers()


def get_pool(profile: Profile) -> Pool:
    """Return the pool of that profile; it is made at first use. Raises SandboxError inside a worker."""
    pool = _pools.get(profile)
    if pool is not None:
        return pool
    if this_process.inside:
        raise SandboxError("A worker cannot start workers. Call the function directly.")
    with _lock:
        if not _pools:
            atexit.register(close_all)
        return _pools.setdefault(profile, Pool(profile))


def _make_profile(target: str, memory_mb: int) -> Profile:
    module, colon, _ = target.partition(":")
    if not colon or not module.startswith("sayso."):
        raise UsageError(
            f"{target!r} cannot be called in a worker: write 'sayso.module:function'. For your own functions use @tool(sandbox=Sandbox())."
        )
    return Profile(preload=(module,), memory_mb=memory_mb, boot_counts=True)


def _executor() -> ThreadPoolExecutor:
    global _threads
    if _threads is None:
        with _lock:
            _threads = _threads or ThreadPoolExecutor(CALLS_AT_ONCE, "sayso-sandbox")
    return _threads


def close_all() -> None:
    """End every worker; the next call starts new ones."""
    with _lock:
        pools = list(_pools.values())
        _pools.clear()
    atexit.unregister(close_all)
    for pool in pools:
        pool.close()


def _after_fork() -> None:
    # Workers and pipes belong to the parent: two processes that write into one pipe would get each other's answers.
    global _lock, _threads
    _lock, _threads = threading.Lock(), None
    for pool in _pools.values():
        pool.abandon()
    _pools.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
