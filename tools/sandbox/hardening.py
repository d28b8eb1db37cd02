"""Harden this process: a worker does it to itself once its modules are loaded, and reports each layer that is on."""

from __future__ import annotations

import ctypes
import os
import struct
import sys

from .landlock import confine, read_abi
from .resource_limits import set_limits
from .seccomp import filter_calls
from .settings import Layer, Profile

PR_SET_NO_NEW_PRIVS = 38
CAPABILITY_VERSION_3 = 0x20080522
_STOPS_CAPABILITIES = "what only root may do"


def harden(profile: Profile) -> list[Layer]:
    """Switch on every layer this system has, in this order: resource limits, no new privileges, no capabilities, Landlock, seccomp.

    The order matters: the kernel takes Landlock rules and filters of an ordinary user only after `no_new_privs`, and the filter, which
    forbids the calls of all the others, comes last.
    """
    layers = set_limits(profile)
    if sys.platform != "linux":
        where = {"darwin": "macOS", "win32": "Windows"}.get(sys.platform, sys.platform)
        missing = ("capabilities", "landlock", "seccomp")
        return [*layers, *(Layer(name, False, "what it stops on Linux", f"{where} has no {name}") for name in missing)]
    libc = ctypes.CDLL(None, use_errno=True)
    # no_new_privs also makes set-uid programs harmless.
    libc.prctl(PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))
    layers.append(_drop_capabilities(libc))
    version = read_abi(libc)
    layers.append(confine(profile, libc, version))
    layers.append(filter_calls(profile, libc, truncate=version >= 3))
    return layers


def _drop_capabilities(libc: ctypes.CDLL) -> Layer:
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    dropped = libc.capset(header, bytes(24)) == 0
    detail = "all dropped" if dropped else f"not dropped: {os.strerror(ctypes.get_errno())}"
    return Layer("capabilities", dropped, _STOPS_CAPABILITIES, detail)
