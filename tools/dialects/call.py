"""The dialect `call`: NAME(arguments) in the middle of prose, as in "ORDER(Burger, 9876, 1234 My Street) Ok, it's on the way!"."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from .lenient_json import read_json
from .signatures import Shape
from .typing_values import Unreadable, kinds, typed
from .values import Problem, ReadCall

_QUOTED = ('"', "'", "“", "‘")
_KEYWORD = re.compile(
    r"(?P<quote>[\"']?)(?P<name>[^\W\d]\w*)(?P=quote)\s*(?P<sign>=>|=(?!=)|[:：](?!//))\s*(?P<value>.*)",
    re.DOTALL,
)
_WHOLE_TEXT = re.compile(r"\"[^\"]*\"|'[^']*'|“[^”]*”|‘[^’]*’")
_WHOLE_VALUE = re.compile(r"([\"'“‘]).*[\"'”’]\Z|[\[{].*[\]}]\Z|[+-]?\d[\d.]*\Z|(?:true|false|null|none)\Z", re.DOTALL | re.IGNORECASE)


def read_arguments(shape: Shape, text: str, opened: int, commas: Sequence[int], end: int, span: tuple[int, int]) -> ReadCall | Problem:
    """The call whose arguments stand between `opened` and `end`, split at `commas`; or what is wrong with them."""
    written = text[opened:end].strip()
    bounds = [opened - 1, *commas, end]
    parts = [text[start + 1 : stop] for start, stop in itertools.pairwise(bounds)]
    if len(parts) > 1 and not parts[-1].strip():
        parts.pop()  # a trailing comma
    if "，" in text[opened:end]:
        parts = [piece for part in parts for piece in _wide_commas(shape).split(part)]
    try:
        given = _arguments(shape, written, parts)
        return shape.call(given, span)
    except Unreadable as error:
        return shape.problem(f"{shape.name}({written})", span, error)


def _wide_commas(shape: Shape) -> re.Pattern[str]:
    """A comma of Chinese texts separates arguments where one of the tool's names follows."""
    return re.compile(rf"，\s*(?=(?:{'|'.join(map(re.escape, shape.properties)) or '(?!)'})\s*[=:：])")


def is_signature(shape: Shape, text: str, opened: int, commas: Sequence[int], end: int) -> bool:
    """Whether these are no arguments but the names of the parameters, as when a tool is spoken of: weather(city, days), weather(...)."""
    bounds = [opened - 1, *commas, end]
    parts = [text[start + 1 : stop].strip() for start, stop in itertools.pairwise(bounds)]
    if parts == ["..."] or parts == ["…"]:
        return True
    by_place = [part for part in parts if part and "=" not in part]
    return bool(by_place) and all(part.strip("<>{}[]?") == name for part, name in itertools.zip_longest(by_place, shape.properties) if part)


def may_be_signature(shape: Shape, so_far: str) -> bool:
    """Whether what stands behind the parenthesis may yet become the name of the first parameter."""
    written = so_far.lstrip(" <{[\n")
    for kept in (next(iter(shape.properties), ""), "...", "…"):
        if kept.startswith(written) or (kept and written.startswith(kept) and written[len(kept)] in " ,)?>}]"):
            return True
    return False


def _arguments(shape: Shape, written: str, parts: Sequence[str]) -> dict[str, object]:
    if not written:
        return {}
    if len(parts) == 1 and written.startswith(("{", "**{")) and written.endswith("}"):
        whole = _object(shape, written.removeprefix("**"))
        if whole is not None:
            return whole
    keywords = _keywords(shape, parts)
    if all(keywords):
        return _by_keyword(shape, [keyword for keyword in keywords if keyword])
    if shape.only_text and not any(keyword and shape.takes(keyword[0]) for keyword in keywords):
        if len(parts) > 1 and _WHOLE_TEXT.fullmatch(parts[0].strip()):
            raise Unreadable(f"{shape.signature}; {parts[1].strip()[:60]!r} is none of its arguments")
        return {shape.only_text: typed(written, shape.properties[shape.only_text], shape.only_text)}
    if any(keywords):
        return _mixed(shape, parts, keywords)
    return _by_place(shape, parts)


def _object(shape: Shape, written: str) -> dict[str, object] | None:
    try:
        value, _ = read_json(written)
    except ValueError as error:
        if "twice" in str(error):
            raise Unreadable(f"each key once ({error})") from None
        return None
    if not isinstance(value, dict):
        return None
    if all(shape.parameter(key) is not None for key in value) or not shape.properties:
        return value
    takes_object = "object" in kinds(next(iter(shape.properties.values())))
    return value if any(shape.parameter(key) is not None for key in value) and not takes_object else None


def _keywords(shape: Shape, parts: Sequence[str]) -> list[tuple[str, str] | None]:
    """Each part as a keyword and its value, or None. Beside a keyword of the tool, `word: "whole value"` is a keyword that it has not."""
    found = [_keyword(shape, part) for part in parts]
    return [each or _extra(shape, part) for each, part in zip(found, parts, strict=True)] if any(found) else found


def _extra(shape: Shape, part: str) -> tuple[str, str] | None:
    found = _KEYWORD.match(part.strip())
    return _not_known(shape, found["name"], found["value"]) if found and _WHOLE_VALUE.match(found["value"]) else None


def _keyword(shape: Shape, part: str) -> tuple[str, str] | None:
    """name=value, name: value, "name": value, name => value. With a colon, and no quotes, the name must be one of the tool's."""
    found = _KEYWORD.match(part.strip())
    if not found:
        return None
    name = shape.parameter(found["name"])
    if name is not None:
        return name, found["value"]
    return None if found["sign"] in ":：" and not found["quote"] else _not_known(shape, found["name"], found["value"])


def _not_known(shape: Shape, name: str, value: str) -> tuple[str, str]:
    if shape.closed and not shape.only_text:  # the one text may have an equals sign in it
        raise Unreadable(f"{shape.signature}; there is no argument {name!r}")
    return name, value


def _by_keyword(shape: Shape, keywords: Sequence[tuple[str, str]]) -> dict[str, object]:
    arguments: dict[str, object] = {}
    for name, value in keywords:
        if name in arguments:
            raise Unreadable(f"{name} once")
        arguments[name] = _value(shape, name, value)
    return arguments


def _value(shape: Shape, name: str, written: str, *, by_place: bool = False) -> object:
    """An argument's value; a keyword's `null` or `None` stands for itself where it is no text."""
    if not written.strip():
        raise Unreadable(f"{shape.signature}; {name} has no value")
    if not by_place and written in ("None", "null") and name not in shape.required:
        return None
    return typed(written, shape.properties.get(name), name)


def _mixed(shape: Shape, parts: Sequence[str], keywords: Sequence[tuple[str, str] | None]) -> dict[str, object]:
    """Places first, then keywords, as in Python. A comma inside a keyword's unquoted text belongs to that text."""
    first = next(index for index, keyword in enumerate(keywords) if keyword)
    joined: list[tuple[str, str]] = []
    for part, keyword in zip(parts[first:], keywords[first:], strict=True):
        if keyword:
            joined.append(keyword)
        elif joined[-1][1].startswith(_QUOTED):
            raise Unreadable(f"{shape.signature}; {part.strip()[:60]!r} is none of its arguments")
        else:
            joined[-1] = joined[-1][0], f"{joined[-1][1]},{part}"
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
    for count in range(min(len(names), len(parts)), 0, -1):
        merged = _merged(shape, names, parts, len(parts) - count)
        if merged is None:
            continue
        try:
            return {name: _value(shape, name, part.strip(), by_place=True) for name, part in zip(names, merged, strict=False)}
        except Unreadable as error:
            problem = problem or error
    raise problem or Unreadable(shape.signature)


def _merged(shape: Shape, names: Sequence[str], parts: Sequence[str], surplus: int) -> list[str] | None:
    """The parts with the last text parameter taking in `surplus` more of them; None where it cannot, or another could as well."""
    if not surplus:
        return list(parts)
    if not shape.text or any(part.lstrip().startswith(_QUOTED) for part in parts):
        return None
    place = names.index(shape.text[-1])
    if len(parts) <= place + surplus:
        return None
    absorbed = parts[place + 1 : place + surplus + 1]
    if any(_could_be(shape, name, part) for name in names[place + 1 :] for part in absorbed):
        return None  # "5 Elm Street, 2, false": the 2 may be a number of its own, so there is no one reading
    return [*parts[:place], ",".join(parts[place : place + surplus + 1]), *parts[place + surplus + 1 :]]


def _could_be(shape: Shape, name: str, part: str) -> bool:
    try:
        typed(part.strip(), shape.properties[name], name)
    except Unreadable:
        return False
    return True
