"""A page for people: the inbox of approvals, chat, runs. `asgi(app, database=...)` is an ASGI application to serve or to mount."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sayso.tools.lazy_names import lazily

if TYPE_CHECKING:
    from .notices import Notice as Notice
    from .people import Person as Person
    from .people import TrustedHeader as TrustedHeader
    from .site import asgi as asgi

_PLACES = {"Notice": "notices", "Person": "people", "TrustedHeader": "people", "asgi": "site"}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
