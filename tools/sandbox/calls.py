"""Calling a function in a worker: the doors for Sayso's own modules, sync and async, and the pools behind them."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..errors import UsageError
from . import worker_process as this_process
from .errors import SandboxError
from .pool import Cancellation, Pool
from .settings import Layers, Profile

CALLS_AT_ONCE = 32
"""How many async calls may wait in threads; the workers are fewer anyway."""
_lock = threading.Lock()
_pools: dict[Profile, Pool] = {}
_threads: ThreadPoolExecutor | None = None


def call_sandboxed(target: str, *args: Any, seconds: float = 2.0, memory_mb: int = 1024) -> Any:
    """Call "sayso.module:function" with JSON arguments in a worker, from any thread; blocks until it answers or its time is up."""
    return pool_for(_own(target, memory_mb)).call(target, list(args), {}, seconds)


async def acall_sandboxed(target: str, *args: Any, seconds: float = 2.0, memory_mb: int = 1024) -> Any:
    """The same without blocking the event loop; cancelling it kills the worker."""
    return await call_in(_own(target, memory_mb), target, list(args), {}, seconds)


async def call_in(profile: Profile, target: str, args: list[Any], kwargs: dict[str, Any], seconds: float, *, typed: bool = False) -> Any:
    """Call a function in a worker of that profile: on the event loop when one is warm, otherwise in a thread that waits for it."""
    pool = pool_for(profile)
    worker = pool.take_ready()
    if worker is None:
        return await _in_a_thread(pool, target, args, kwargs, seconds, typed)
    try:
        return await worker.acall(target, args, kwargs, seconds, typed=typed)
    finally:
        if worker.alive:
            pool.give_back(worker)
        else:
            await asyncio.shield(asyncio.get_running_loop().run_in_executor(_executor(), pool.give_back, worker))


async def _in_a_thread(pool: Pool, target: str, args: list[Any], kwargs: dict[str, Any], seconds: float, typed: bool) -> Any:
    cancellation = Cancellation()

    def call() -> Any:
        return pool.call(target, args, kwargs, seconds, typed=typed, cancellation=cancellation)

    future = asyncio.get_running_loop().run_in_executor(_executor(), call)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        cancellation.cancel()
        await asyncio.wait([future])  # the killed worker's thread ends at once; nothing outlives the call
        if not future.cancelled():
            future.exception()
        raise


def layers_of(profile: Profile) -> Layers:
    """What is enforced around the workers of that profile on this system; starts one if there is none."""
    return pool_for(profile).layers()


def pool_for(profile: Profile) -> Pool:
    """The pool of that profile, made at first use."""
    pool = _pools.get(profile)
    if pool is not None:
        return pool
    if this_process.inside:
        raise SandboxError("A worker does not start workers: call the function directly.")
    with _lock:
        if not _pools:
            atexit.register(close_all)
        return _pools.setdefault(profile, Pool(profile))


def _own(target: str, memory_mb: int) -> Profile:
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
    # The workers and their pipes belong to the parent: two processes talking into one pipe would get each other's answers.
    global _lock, _threads
    _lock, _threads = threading.Lock(), None
    for pool in _pools.values():
        pool.abandon()
    _pools.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
