"""Compare a call, as it was asked about then and as the code makes it now: its tool, its arguments, and its card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sayso.tools.approval.cards import render_card
from sayso.tools.approval.requests import ApprovalRequest, read_shown
from sayso.tools.calls import ToolCall
from sayso.tools.canonical import Json, JsonObject, canonical_json, readable_json
from sayso.tools.definition.secret import HIDDEN, map_hidden, show_mask
from sayso.tools.definition.tool import AnyTool
from sayso.tools.errors import ToolError

from .codec import NotJson, to_json

EDIT = ".edit"
"""Stands in the position of a request that somebody's edit has made."""


def compare_calls(request: ApprovalRequest, tool: AnyTool, arguments: Mapping[str, object]) -> str:
    """Return the lines that differ, those of then after a "-", those of now after a "+"; "" if it is the same call.

    `arguments` are those that the code or the model gives now. What the application completes (`prepare=`), or a card looks up, is not
    asked for again, so it is not compared; nor is a secret, of which only stars are known. Nor is the tool's code.
    """
    then = _without_secrets(read_shown(request.arguments), request)
    if request.tool != tool.name:
        return _show_lines(f"{request.tool} {readable_json(then)}", f"{tool.name} {readable_json(_write_all(arguments))}")
    if EDIT in request.position:  # a person may repeat what is bound; it stays as it is
        arguments = {name: value for name, value in arguments.items() if name not in tool.bound}
    try:
        now = tool.freeze(_complete(tool, arguments), lambda _: {HIDDEN: ""})
    except ToolError as error:
        if request.secrets:  # stars stand in their place, and need not fit
            return ""
        return _show_lines(f"{tool.name} {readable_json(then)}", f"refused: {error}")
    shown = {name: map_hidden(value, show_mask) for name, value in sorted(now.items())}  # in the order of the stored request
    if tool.prepare is not None:  # it may have changed any argument but the bound ones
        now = {name: value for name, value in now.items() if name in tool.bound}
        then = {name: value for name, value in then.items() if name in tool.bound}
    now = _without_secrets(now, request)
    if canonical_json(now) != canonical_json(then):
        return _show_lines(f"{tool.name} {readable_json(then)}", f"{tool.name} {readable_json(now)}")
    if tool.card is None and request.card.startswith(f"{tool.name}("):
        return ""  # the call itself, whose arguments are the same, however a release writes it
    if tool.prepare is None and not tool.looks_up:
        card = render_card(tool.card, tool.name, shown)
        return _show_lines(f"card: {request.card}", f"card: {card}") if card != request.card else ""
    return ""


def _complete(tool: AnyTool, arguments: Mapping[str, object]) -> Mapping[str, object]:
    return tool.normalise({**tool.check(arguments), **tool.bound}, tool.bound)


def _without_secrets(arguments: Mapping[str, Json], request: ApprovalRequest) -> JsonObject:
    return {name: value for name, value in sorted(arguments.items()) if name not in request.secrets}


def _show_lines(then: str, now: str) -> str:
    return "\n".join([*_show("-", then), *_show("+", now)])


def _show(sign: str, text: str) -> Iterator[str]:
    first, *rest = text.split("\n")
    yield f"  {sign} {first}"
    yield from (f"  {sign}     {line}" for line in rest)


def snapshot_call(call: ToolCall, _form: object = None) -> JsonObject:
    """Return a read by workflow code or a model's program as JSON that a run stores and a replay compares."""
    return {"call": _write_all(call.arguments)}


def _write_all(arguments: Mapping[str, object]) -> JsonObject:
    written: JsonObject = {}
    for name, value in sorted(arguments.items()):
        try:
            written[name] = to_json(value)
        except NotJson:
            written[name] = repr(value)
    return written


def compare_reads(tool: str, then: Json, now: Json) -> str:
    """Return the lines that differ in the arguments of a read."""
    if canonical_json(then) == canonical_json(now):
        return ""
    return _show_lines(f"{tool} {readable_json(then)}", f"{tool} {readable_json(now)}")
