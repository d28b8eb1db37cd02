"""What a run came to as an MCP client reads it: content blocks, structured content, and whether it is an error."""

from __future__ import annotations

import mcp_types as types

from sayso.tools import Outcome, ToolResult
from sayso.tools.canonical import prompt_text
from sayso.tools.errors import SaysoError
from sayso.tools.media import Media, split_parts
from sayso.tools.raised import RaisedResult

RUN = "sayso/run"
"""The key in `_meta` under which a result names its run."""


def make_result(result: ToolResult, run_id: str) -> types.CallToolResult:
    """Return a call's result; a refusal, a failure and a doubt are errors to the client's model."""
    if isinstance(result, RaisedResult):
        return _hide_raised(result, run_id)
    content = result.content
    parts = split_parts(content) or (content,)
    structured = content if isinstance(content, dict) and not isinstance(content, Media) else None
    return types.CallToolResult(
        content=[make_block(part) for part in parts],
        structured_content=structured,
        is_error=result.outcome is not Outcome.DONE,
        _meta={RUN: run_id, "sayso/outcome": str(result.outcome)},
    )


def _hide_raised(result: RaisedResult, run_id: str) -> types.CallToolResult:
    """Return that a tool raised, without the words of what it raised: they may hold a connection string."""
    doubt = "It is not known whether it happened, and it is not tried again. " if result.outcome is Outcome.UNKNOWN else ""
    text = f"{result.origin} raised {result.raised.partition(':')[0]}. {doubt}Whoever runs this server sees more with: sayso show {run_id}"
    return make_text(text, run_id, status=str(result.outcome))


def make_block(part: object) -> types.ContentBlock:
    """Return a part of a result as a content block: text, an image, audio, or a file as a resource."""
    if not isinstance(part, Media):
        return types.TextContent(text=prompt_text(part))
    if part.url:
        return types.TextContent(text=part.url)
    if part.media_type.startswith("image/"):
        return types.ImageContent(data=part.data, mime_type=part.media_type)
    if part.media_type.startswith("audio/"):
        return types.AudioContent(data=part.data, mime_type=part.media_type)
    blob = types.BlobResourceContents(uri=f"sayso://file/{part.name or 'file'}", mime_type=part.media_type, blob=part.data)
    return types.EmbeddedResource(resource=blob)


def make_text(text: str, run_id: str = "", *, is_error: bool = True, status: str = "") -> types.CallToolResult:
    """Return Sayso's own words as a result."""
    meta = {name: value for name, value in ((RUN, run_id), ("sayso/status", status)) if value}
    return types.CallToolResult(content=[types.TextContent(text=text)], is_error=is_error, _meta=meta or None)


def make_failure(error: Exception, run_id: str) -> types.CallToolResult:
    """Return the error that ended a run. The words of an error that is not Sayso's own stay here: they may hold a connection string."""
    why = str(error) if isinstance(error, SaysoError) else f"it raised {type(error).__name__}"
    return make_text(f"The run {run_id} failed: {why.rstrip('.')}. Whoever runs this server sees more with: sayso show {run_id}", run_id)
