"""A loopback server that plays each provider's rules, for tests of agents and of models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sayso.tools.lazy_names import lazily

if TYPE_CHECKING:
    from .providers import PROVIDERS as PROVIDERS
    from .providers import PlayedProvider as PlayedProvider
    from .rules import Rule as Rule
    from .server import ProviderServer as ProviderServer
    from .server import Refused as Refused

_PLACES = {
    "PROVIDERS": "providers",
    "PlayedProvider": "providers",
    "ProviderServer": "server",
    "Refused": "server",
    "Rule": "rules",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
__getattr__, __dir__ = lazily(__name__, _PLACES)
