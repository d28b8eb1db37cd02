"""Parse a PDF as a page. Runs in the worker process: its input is hostile."""

from __future__ import annotations

from ..canonical import JsonObject
from ..documents.errors import FileUnreadable
from ..documents.parsing import read_pdf
from ..documents.parsing import warm as warm  # the worker loads what it needs before it locks itself in
from .page_results import MAX_TEXT, make_result, make_text_result

READING_SECONDS = 6.0


def parse_pdf(url: str, content_type: str, body_base64: str) -> JsonObject:
    """Parse a PDF. Returns the same as `parse_page`; `problem` says why it cannot be read, in a few words."""
    try:
        found = read_pdf(body_base64, "", " | ", READING_SECONDS)
    except FileUnreadable as error:
        return make_result(problem=str(error))
    text = "\n\n".join(page for page in found["pages"] if page)[:MAX_TEXT]
    return make_text_result(text, title=found["title"])
