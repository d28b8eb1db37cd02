"""The memory limit of a worker counts from what its modules take, with /proc and in a chroot that has none."""

from __future__ import annotations

import subprocess
import sys

import pytest

FIND = """
import resource
from pathlib import Path
from sayso.tools.sandbox.resource_limits import probe_address_space_mb
before = resource.getrlimit(resource.RLIMIT_AS)
told = int(Path("/proc/self/status").read_text().partition("VmSize:")[2].split()[0]) // 1024 + 1
print(abs(probe_address_space_mb(resource) - told) <= 2, resource.getrlimit(resource.RLIMIT_AS) == before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux counts the address space")
@pytest.mark.parametrize("limit", ["", "resource.setrlimit(resource.RLIMIT_AS, (1 << 32, 1 << 33))"])
def test_the_address_space_is_found_without_proc(limit: str) -> None:
    program = f"import resource\n{limit}\n{FIND}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]
