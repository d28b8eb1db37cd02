"""Tools of MCP servers: each asks like any other tool, and nobody vouches for what it returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy_names import lazily

if TYPE_CHECKING:
    from .errors import McpError as McpError
    from .servers import McpServers as McpServers
    from .servers import mcp as mcp
    from .trust import Pins as Pins

_PLACES = {"McpError": "errors", "McpServers": "servers", "Pins": "trust", "mcp": "servers"}
__all__ = sorted(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # so that a type checker sees a misspelt name
    __getattr__, __dir__ = lazily(__name__, _PLACES)
