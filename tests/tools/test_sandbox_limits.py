"""The memory limit of a worker counts from what its modules take, with /proc and in a chroot that has none; few open files do for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

FEW_FILES = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
from sayso.tools.sandbox import call_sandboxed
print(call_sandboxed("sayso.tools.truth.languages:name_period", "tage"))
"""
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


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_program_that_may_open_few_files_has_workers() -> None:
    done = subprocess.run([sys.executable, "-c", FEW_FILES], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["day"]
