"""Read the arguments of one call, as an object or as text that holds one. A slip that leaves one reading is repaired and noted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from .coerce import CoercionError, coerce_text, is_mapping
from .lenient_json import parse_json, parse_json_values
from .signatures import ToolSignature

_FENCED = re.compile(r"(`{1,3})(?:[a-zA-Z]\w*\s)?\s*(.*?)\s*\1", re.DOTALL)
# What a server leaves behind the arguments: the marker that closes the call, or the turn.
_LEAKED = re.compile(r"\s*(?:<[|｜][^<>|｜\s]{1,40}[|｜]>|</?[a-z_:]{1,40}>)\s*\Z")
_LABEL = re.compile(r"(?:json|arguments)\s*[:=]?\s*(?=\{)", re.I)
_DECODER = json.JSONDecoder()
_MOST_ENCODINGS = 3


def read_arguments(tool: ToolSignature, given: object) -> tuple[Mapping[str, object], tuple[str, ...]]:
    """Return the arguments and the notes on repairs. Raise CoercionError where there is no single reading as arguments of this tool.

    `given` is an object, or a text that holds JSON. A tool that takes one text and nothing else may be given the bare text.
    """
    if isinstance(given, str):
        text = given.strip().removeprefix("\ufeff")
        if not text:
            return {}, ()
        try:
            return _parse(tool, text, ())
        except ValueError as error:
            # "arguments": "Oslo" for a tool that takes one text.
            if tool.text_parameter and not _is_structured(text, tool.text_parameter):
                bare = coerce_text(given, tool.properties[tool.text_parameter], tool.text_parameter)
                return {tool.text_parameter: bare}, (f"the text is {tool.text_parameter}",)
            raise CoercionError(f"arguments as one JSON object ({error})") from None
    if given is None:
        return {}, ()
    if is_mapping(given):
        return given, ()
    raise CoercionError(f"arguments as one JSON object: {tool.signature}")


def _is_structured(text: str, parameter: str) -> bool:
    """Tell whether a text is more than the bare value of a parameter: an object or a list, or the parameter is named in it."""
    if text.startswith("{") or re.search(rf"\b{re.escape(parameter)}[\"']?\s*[:=](?!=)", text):
        return True
    if not text.startswith("["):
        return False
    try:
        return isinstance(parse_json(text)[0], list)
    except ValueError:
        return False


def _parse(tool: ToolSignature, text: str, notes: tuple[str, ...]) -> tuple[Mapping[str, object], tuple[str, ...]]:
    value, more = _parse_text(text)
    notes = (*notes, *more)
    if isinstance(value, dict):
        return value, notes
    if value is None or value == []:  # PHP writes an empty object as []
        return {}, (*notes, f"{text} for no arguments")
    if isinstance(value, list) and len(value) == 1 and _are_arguments(tool, value[0]):
        return value[0], (*notes, "arguments taken out of a list")
    if isinstance(value, str) and len(notes) < _MOST_ENCODINGS:
        inner, more = _parse(tool, value.strip(), (*notes, "arguments encoded twice"))
        if not tool.text_parameter or _are_arguments(tool, inner):
            return inner, more
    raise ValueError(f"not the {type(value).__name__} {text[:80]}")


def _parse_text(text: str) -> tuple[object, tuple[str, ...]]:
    """Parse JSON, without the fence around it or the marker behind it; of a value that was sent more than once, one."""
    try:
        return parse_json(text)
    except ValueError as error:
        reason = error
    if fenced := _FENCED.fullmatch(text):
        value, notes = parse_json(fenced[2])
        return value, (*notes, "code fence left out")
    if leaked := _LEAKED.search(text):
        value, notes = _parse_text(text[: leaked.start()])
        return value, (*notes, "marker left out")
    if labelled := _LABEL.match(text):
        value, notes = parse_json(text[labelled.end() :])
        return value, (*notes, "label left out")
    if once := _find_once(text):
        return once
    whole = text
    while again := _find_restart(whole):  # some servers send all that there is so far with each piece
        whole = again
    if whole is not text:
        value, notes = parse_json(whole)
        return value, (*notes, "arguments sent more than once")
    try:
        values, notes = parse_json_values(text)
    except ValueError:
        raise reason from None
    given = [value for at, value in enumerate(values) if value not in ({}, None, "") and value not in values[:at]]
    if len(given) > 1:
        raise ValueError(f"there are {len(given)} of them, one behind the other")
    return (given or values)[0], (*notes, "arguments sent more than once")


def _find_once(text: str) -> tuple[object, tuple[str, ...]] | None:
    """Return the object before brackets too many, or before a second copy of itself that breaks off. None where it is neither."""
    try:
        value, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    rest = text[end:].strip()
    if isinstance(value, dict) and rest and (not rest.strip("}] \n") or text.startswith(rest)):
        whole, notes = parse_json(text[:end])
        return whole, (*notes, "arguments sent more than once" if rest[0] == "{" else "closing brackets left out")
    return None


def _find_restart(text: str) -> str:
    """Return the whole behind a beginning of itself: `{"ci{"city": "Oslo"}`. Empty where the text is nothing of the kind.

    Where a value may stand, what begins may be one: `{"at": {"at": 1}` lacks its last brace, or was sent twice.
    """
    at = text.find("{", 1)
    while at > 0 and at * 2 <= len(text):
        if text.startswith(text[:at], at) and text[:at].rstrip()[-1] not in ":,[":
            return text[at:]
        at = text.find("{", at + 1)
    return ""


def _are_arguments(tool: ToolSignature, value: object) -> bool:
    return isinstance(value, Mapping) and all(map(tool.has_parameter, value))
