"""A request as HTML, for notebooks: the sentence that will be done, each value with where it is from, the warnings. All of it is text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Protocol

from ..canonical import Json
from .cards import escape_invisible, show_value


class ShownRequest(Protocol):
    """A request, as it is drawn: its card, its arguments with where they are from, its warnings, and which one it is."""

    @property
    def card(self) -> str: ...
    @property
    def shown(self) -> Sequence[Any]: ...
    @property
    def warnings(self) -> Sequence[str]: ...
    @property
    def digest(self) -> str: ...
    @property
    def run_id(self) -> str: ...
    @property
    def tool(self) -> str: ...


def write_card(request: ShownRequest, exact: Mapping[str, Json]) -> str:
    """Return the card as HTML; `exact` are its arguments as people are shown them, whole."""
    rows = "".join(
        f"<tr><th style='text-align:left'>{_text(each.name)}</th>"
        f"<td><code>{_text(show_value(exact.get(each.name), in_quotes=True))}</code></td>"
        f"<td style='opacity:.75'>{_text(each.origin)}</td></tr>"
        for each in request.shown
    )
    sentence = "<br>".join(_text(line) for line in request.card.split("\n"))
    warnings = "".join(f"<li>{_text(each)}</li>" for each in request.warnings)
    which = f"request {request.digest[:12]} of run {request.run_id}, tool {request.tool}"
    return (
        "<div style='border:1px solid;border-radius:6px;padding:.6em 1em;max-width:50em'>"
        f"<p style='font-size:1.15em;margin:.2em 0'><b>{sentence}</b></p><table>{rows}</table>"
        + (f"<ul style='margin:.4em 0'>{warnings}</ul>" if warnings else "")
        + f"<small style='opacity:.75'>{_text(which)}</small></div>"
    )


def write_card_markdown(request: ShownRequest) -> str:
    """Return the card as Markdown: in a block of code, in which nothing is obeyed."""
    lines = [*request.card.split("\n"), *(f"{each.name} = {each.value}   ({each.origin})" for each in request.shown)]
    lines += [f"! {each}" for each in request.warnings]
    return "\n".join(f"    {escape_invisible(line)}" for line in lines)


def _text(text: str) -> str:
    return escape(escape_invisible(text))
