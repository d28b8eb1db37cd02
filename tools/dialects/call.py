"""The dialect `call`: NAME(arguments) in the middle of prose, as in "ORDER(Burger, 9876, 1234 My Street) Ok, it's on the way!"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..canonical import strict_json
from .shapes import Shape
from .typing_values import Unreadable, typed, unquoted
from .values import Problem, ReadCall

_OPENS, _CLOSES = {"(": ")", "[": "]", "{": "}"}, {")", "]", "}"}
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’"}


def end_of(text: str, start: int) -> int | None:
    """Where the parenthesis that opens before `start` is closed; None when it is not. A quote counts where an argument begins."""
    depth, at, fresh = 1, start, True
    while at < len(text):
        character = text[at]
        if fresh and character in _QUOTES:
            closed = _closing_quote(text, at)
            if closed is not None:
                at, fresh = closed + 1, False
                continue
        if character == "(" or character in "[{":
            depth += 1
            fresh = True
        elif character in _CLOSES:
            depth -= 1
            if depth == 0:
                return at + 1
            fresh = False
        elif character in ",=:":
            fresh = True
        elif not character.isspace():
            fresh = False
        at += 1
    return None


def _closing_quote(text: str, at: int) -> int | None:
    """The end of a quoted argument: a closing quote followed by what can follow an argument."""
    close = _QUOTES[text[at]]
    place = at + 1
    while place < len(text):
        if text[place] == "\\":
            place += 2
            continue
        if text[place] == close and re.match(r"\s*(?:[,)\]}:]|$)", text[place + 1 : place + 40]):
            return place
        place += 1
    return None


def read_arguments(shape: Shape, written: str, span: tuple[int, int]) -> ReadCall | Problem:
    """The call with its written arguments, or what is wrong with them."""
    try:
        arguments = _arguments(shape, written.strip())
        missing = [name for name in shape.required if name not in arguments]
        if missing:
            raise Unreadable(f"{shape.signature}; {', '.join(repr(name) for name in missing)} is missing")
    except Unreadable as error:
        return Problem(f"{shape.name}({written.strip()[:200]})", span, str(error), shape.name)
    return ReadCall(shape.name, arguments, span)


def _arguments(shape: Shape, written: str) -> dict[str, object]:
    if not written:
        return {}
    if written.startswith("{") and written.endswith("}"):
        whole = _object(shape, written)
        if whole is not None:
            return whole
    parts = split(written)
    if all(_keyword(shape, part) for part in parts):
        return _by_keyword(shape, parts)
    if len(shape.properties) == 1 and shape.text:
        return {shape.text[0]: unquoted(written)}
    if any(_keyword(shape, part) for part in parts):
        return _mixed(shape, parts)
    return _by_place(shape, parts)


def _object(shape: Shape, written: str) -> dict[str, object] | None:
    try:
        value = strict_json(written)
    except ValueError:
        return None
    if not isinstance(value, dict) or not set(value) <= set(shape.properties):
        return None
    return value


def split(written: str) -> list[str]:
    """The arguments at the commas that stand outside brackets and quotes."""
    parts, depth, start, at, fresh = [], 0, 0, 0, True
    while at < len(written):
        character = written[at]
        if fresh and character in _QUOTES and (closed := _closing_quote(written, at)) is not None:
            at, fresh = closed + 1, False
            continue
        if character in _OPENS:
            depth += 1
        elif character in _CLOSES:
            depth -= 1
        if character == "," and depth == 0:
            parts.append(written[start:at].strip())
            start = at + 1
        fresh = character in ",=:([{" or (fresh and character.isspace())
        at += 1
    return [*parts, written[start:].strip()]


def _keyword(shape: Shape, part: str) -> tuple[str, str] | None:
    found = re.match(r"([A-Za-z_]\w*)\s*(?:=(?!=)|:(?!//))\s*(.*)$", part, re.DOTALL)
    if not found:
        return None
    name = next((key for key in shape.properties if key.casefold() == found[1].casefold()), None)
    return (name, found[2]) if name is not None else None


def _by_keyword(shape: Shape, parts: Sequence[str]) -> dict[str, object]:
    arguments: dict[str, object] = {}
    for part in parts:
        keyword = _keyword(shape, part)
        assert keyword is not None
        name, value = keyword
        if name in arguments:
            raise Unreadable(f"{name} once")
        arguments[name] = typed(value, shape.properties[name], name)
    return arguments


def _mixed(shape: Shape, parts: Sequence[str]) -> dict[str, object]:
    """Places first, then keywords, as in Python. A comma inside a keyword's unquoted text belongs to that text."""
    first = next(index for index, part in enumerate(parts) if _keyword(shape, part))
    joined: list[str] = []
    for part in parts[first:]:
        if _keyword(shape, part):
            joined.append(part)
        else:
            joined[-1] = f"{joined[-1]}, {part}"
    arguments = _by_place(shape, parts[:first]) if first else {}
    later = _by_keyword(shape, joined)
    if twice := set(arguments) & set(later):
        raise Unreadable(f"{sorted(twice)[0]} once")
    return {**arguments, **later}


def _by_place(shape: Shape, parts: Sequence[str]) -> dict[str, object]:
    """Arguments in order. What is too much, or does not fit its place, belongs to the last text parameter, commas and all."""
    names = list(shape.properties)
    if not names:
        raise Unreadable(f"{shape.signature} without arguments")
    problem: Unreadable | None = None
    for surplus in range(len(parts)):
        merged = _merged(shape, names, parts, surplus)
        if merged is None or len(merged) > len(names):
            continue
        try:
            return {name: typed(part, shape.properties[name], name) for name, part in zip(names, merged, strict=False)}
        except Unreadable as error:
            problem = problem or error
    raise problem or Unreadable(shape.signature)


def _could_be(shape: Shape, name: str, part: str) -> bool:
    try:
        typed(part, shape.properties[name], name)
    except Unreadable:
        return False
    return True


def _merged(shape: Shape, names: Sequence[str], parts: Sequence[str], surplus: int) -> list[str] | None:
    if not surplus:
        return list(parts)
    if not shape.text or any(part[:1] in _QUOTES for part in parts):
        return None
    place = names.index(shape.text[-1])
    if len(parts) <= place + surplus:
        return None
    absorbed = parts[place + 1 : place + surplus + 1]
    if any(_could_be(shape, name, part) for name in names[place + 1 :] for part in absorbed):
        return None  # "5 Elm Street, 2, false": the 2 may be a number of its own, so there is no one reading
    return [*parts[:place], ", ".join(parts[place : place + surplus + 1]), *parts[place + surplus + 1 :]]
