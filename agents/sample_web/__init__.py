"""A small web of invented restaurant chains, carried along so that research can be tried without the internet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sayso.tools.lazy_names import lazily

if TYPE_CHECKING:
    from .server import SampleWeb as SampleWeb
    from .server import serve as serve
    from .sites import content_type as content_type
    from .sites import folder as folder
    from .sites import hosts as hosts
    from .sites import pages as pages

_PLACES = {
    "SampleWeb": "server",
    "content_type": "sites",
    "folder": "sites",
    "hosts": "sites",
    "pages": "sites",
    "serve": "server",
}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
