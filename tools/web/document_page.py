"""Parse a PDF or a JSON document as a page. Runs in the worker process: its input is hostile."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from ..canonical import Json, JsonObject
from ..documents.errors import FileUnreadable
from ..documents.parsing import read_pdf
from ..documents.parsing import warm as warm
from .charsets import clean, decode
from .fields import DATA_HEADING, quote_data
from .page_data import read_json_fields, read_text_fields

MAX_TEXT = 500_000
MAX_LINES = 5_000
MAX_DEPTH = 20


def parse_document(url: str, content_type: str, body_base64: str) -> JsonObject:
    """Parse a PDF or JSON document. Returns what `parse_page` does, or {"unreadable": why}."""
    body = b64decode(body_base64)
    return _parse_pdf(url, body_base64) if body[:1024].lstrip().startswith(b"%PDF-") else _parse_json(url, content_type, body)


def _parse_pdf(url: str, body_base64: str) -> JsonObject:
    try:
        parsed = read_pdf(body_base64, "")
    except FileUnreadable as error:
        return {"unreadable": str(error)}
    text = clean("\n\n".join(page.strip() for page in parsed["pages"] if page.strip()))[:MAX_TEXT]
    title = parsed["title"] or next((line.strip()[:300] for line in text.split("\n") if line.strip()), "")
    return _make_result(url, title, text, text, fields=[asdict(field) for field in read_text_fields(text)])


def _parse_json(url: str, content_type: str, body: bytes) -> JsonObject:
    text, _ = decode(body, content_type)
    try:
        value: Json = json.loads(clean(text), parse_int=lambda digits: int(digits) if len(digits) <= 300 else digits)
    except (ValueError, RecursionError):
        return {"unreadable": "it is not JSON"}
    lines = "\n".join(line for _, line in zip(range(MAX_LINES), _write_lines(value, ""), strict=False))[:MAX_TEXT]
    fields, quoted = quote_data(read_json_fields(value, url))
    evidence = f"{lines}\n\n{DATA_HEADING}\n{quoted}" if quoted else lines
    return _make_result(url, "", lines, evidence, fields=[asdict(field) for field in fields])


def _write_lines(value: Json, path: str, depth: int = 0) -> Iterator[str]:
    """Yield the values of a JSON document as lines "path: value"; the path has names, no numbers of lists."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _write_lines(inner, f"{path} {name}".strip(), depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _write_lines(inner, path, depth + 1)
    elif value is not None and (said := " ".join(str(value).split())):
        yield f"{path}: {said}" if path else said


def _make_result(url: str, title: str, text: str, evidence: str, **found: Json) -> JsonObject:
    name = unquote(PurePosixPath(urlsplit(url).path).stem).replace("-", " ").replace("_", " ")
    told = {"title": title or name, "text": text, "evidence": evidence}
    empty = dict.fromkeys(("description", "published", "language", "canonical", "charset"), "")
    return {**empty, "links": [], "json_ld": [], "fields": [], **told, **found}
