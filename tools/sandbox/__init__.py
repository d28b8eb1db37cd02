"""The sandbox: worker processes for functions that may hang, eat memory or read hostile input. They can be killed, and may do little."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy_names import lazily

if TYPE_CHECKING:
    from .calls import acall_sandboxed as acall_sandboxed
    from .calls import begin_worker as begin_worker
    from .calls import call_sandboxed as call_sandboxed
    from .calls import close_all as close_all
    from .errors import SandboxDied as SandboxDied
    from .errors import SandboxError as SandboxError
    from .errors import SandboxMemory as SandboxMemory
    from .errors import SandboxMissing as SandboxMissing
    from .errors import SandboxRaised as SandboxRaised
    from .errors import SandboxTimeout as SandboxTimeout
    from .functions import call_function_sandboxed as call_function_sandboxed
    from .functions import report_layers as report_layers
    from .functions import run_function_sandboxed as run_function_sandboxed
    from .settings import Layer as Layer
    from .settings import Layers as Layers
    from .settings import Sandbox as Sandbox

_PLACES = {
    "Layer": "settings",
    "Layers": "settings",
    "Sandbox": "settings",
    "SandboxDied": "errors",
    "SandboxError": "errors",
    "SandboxMemory": "errors",
    "SandboxMissing": "errors",
    "SandboxRaised": "errors",
    "SandboxTimeout": "errors",
    "acall_sandboxed": "calls",
    "begin_worker": "calls",
    "call_function_sandboxed": "functions",
    "call_sandboxed": "calls",
    "close_all": "calls",
    "report_layers": "functions",
    "run_function_sandboxed": "functions",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
