"""A loopback server that plays each provider's rules, for tests of agents and of models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sayso.tools.lazy_names import lazily

if TYPE_CHECKING:
    from .played_providers import PROVIDERS as PROVIDERS
    from .played_providers import PlayedProvider as PlayedProvider
    from .provider_server import ProviderServer as ProviderServer
    from .provider_server import RefusedRequest as RefusedRequest
    from .rules import Rule as Rule

_PLACES = {
    "PROVIDERS": "played_providers",
    "PlayedProvider": "played_providers",
    "ProviderServer": "provider_server",
    "RefusedRequest": "provider_server",
    "Rule": "rules",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
