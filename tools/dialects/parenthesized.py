"""The arguments of NAME(...): where they end, and what they are."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import NamedTuple

from .coerce import CoercionError, coerce_text, list_types, unquote
from .json_end import CLOSES
from .lenient_json import DEEPEST, parse_json
from .parsed_calls import Incremental
from .read_events import Problem, ReadCall
from .signatures import ToolSignature
from .text_buffer import QUOTES, TextBuffer, find, find_closing_quote, wait_for

_QUOTED = ('"', "'", "“", "‘")
# The colon must not be that of a URL: city: Oslo, but not https://...
_KEYWORD = re.compile(
    r"(?P<quote>[\"']?)(?P<name>[^\W\d]\w*)(?P=quote)\s*(?P<sign>=>|=(?!=)|[:：](?!//))\s*(?P<value>.*)",
    re.DOTALL,
)
_MAY_BE_KEYWORD = re.compile("[=:：]")
_WHOLE_TEXT = re.compile(r"\"[^\"]*\"|'[^']*'|“[^”]*”|‘[^’]*’")
# Values that are complete in themselves, so that a keyword before them is meant as one.
_WHOLE_VALUE = re.compile(r"([\"'“‘]).*[\"'”’]\Z|[\[{].*[\]}]\Z|[+-]?\d[\d.]*\Z|(?:true|false|null|none)\Z", re.DOTALL | re.IGNORECASE)
_PLAIN_ARGUMENTS, _COMMA = re.compile(r"[^\"'“‘()\[\]{}\n]*\)"), re.compile(",")
_CALL_TOKEN = re.compile(r"""["'“‘()\[\]{},]|\n[ \t\r]{0,100}\n""")
# A quote opens a string behind these; behind a letter it is an apostrophe: ORDER(Fish 'n' chips, Ada's house)
_FRESH = re.compile(r"(?:^|[(\[{,=:])\s*[rbuRBU]?$")
_AFTER_QUOTE = re.compile(r"\s*(?:[,)\]}:]|\Z)")


class CallEnd(NamedTuple):
    """The end of NAME(...): `end` is behind its parenthesis, or -1 where it is never closed. `commas` are the offsets between arguments."""

    end: int
    commas: list[int]
    stopped: int


def _stop_search(commas: list[int], stopped: int, buffer: TextBuffer) -> CallEnd:
    buffer.searched_to = max(buffer.searched_to, stopped)
    return CallEnd(-1, commas, stopped)


def find_call_end(buffer: TextBuffer, at: int) -> Incremental[CallEnd]:
    """Return the end of the call whose parenthesis is open before `at`.

    A quote opens a string where an argument begins; inside a word it is an apostrophe. A blank line outside of strings ends the attempt.
    """
    if plain := _PLAIN_ARGUMENTS.match(buffer.text, at):
        buffer.positional_at = at
        return CallEnd(plain.end(), [found.start() for found in _COMMA.finditer(buffer.text, at, plain.end())], plain.end())
    # Quotes in `dead` opened a string that never closes, so further ones are plain characters.
    stack, commas, position, dead = ["("], list[int](), at, ""
    buffer.positional_at = at
    while True:
        found = _CALL_TOKEN.search(buffer.text, position)
        if found is None:
            if buffer.ended:
                return _stop_search(commas, len(buffer.text), buffer)
            position = buffer.certain_to = _keep_line_break(buffer.text, max(position, at))
            yield
            continue
        token, position = found[0], found.end()
        if token in QUOTES:
            if token in dead or not _FRESH.search(buffer.text[max(at, found.start() - 40) : found.start()]):
                continue
            closed = yield from _find_argument_string_end(buffer, found.start())
            if closed < 0:
                dead += token
            else:
                position = closed
        elif token in "([{":
            stack.append(token)
            if len(stack) > DEEPEST:
                return _stop_search(commas, found.start(), buffer)
        elif token == ",":
            if len(stack) == 1:
                commas.append(found.start())
        elif token in ")]}":
            # A bracket of another kind that was left open is closed along with this one: prose is not balanced.
            if any(CLOSES[bracket] == token for bracket in stack):
                while CLOSES[stack.pop()] != token:
                    pass
            if not stack:
                return CallEnd(position, commas, position)
        else:
            return _stop_search(commas, found.start(), buffer)


def _keep_line_break(text: str, at: int) -> int:
    """Return where to search on: a line break at the end of the text may become a blank line."""
    window = text[-101:]
    blank = len(window) - len(window.rstrip(" \t\r"))
    return max(at, len(text) - blank - 1) if window.endswith("\n", 0, len(window) - blank) else len(text)


def _find_argument_string_end(buffer: TextBuffer, at: int) -> Incremental[int]:
    """Return the end of a quoted argument, or -1. Its closing quote is one that is followed by what can follow an argument."""
    text = buffer.text
    quote = text[at]
    yield from wait_for(buffer, at + 3)
    if quote in "\"'" and buffer.text.startswith(quote * 3, at):
        closed = yield from find(buffer, quote * 3, at + 3)
        return closed + 3 if closed >= 0 else -1
    position = at + 1
    while (position := (yield from find_closing_quote(buffer, quote, position))) >= 0:
        while after := _AFTER_QUOTE.match(buffer.text, position):
            if after.end() < len(buffer.text) or buffer.ended or buffer.text[after.end() - 1] in ",)]}:":
                return position
            yield
    return -1


def parse_arguments(
    tool: ToolSignature, text: str, opened: int, commas: Sequence[int], end: int, span: tuple[int, int]
) -> ReadCall | Problem:
    """Return the call whose arguments stand in text[opened:end], split at `commas`, or the problem with them."""
    written = text[opened:end].strip()
    bounds = [opened - 1, *commas, end]
    parts = [text[start + 1 : stop] for start, stop in itertools.pairwise(bounds)]
    if len(parts) > 1 and not parts[-1].strip():
        parts.pop()  # a trailing comma
    if "，" in written:
        # The full-width comma of Chinese text separates arguments where a parameter's name follows it.
        names = "|".join(map(re.escape, tool.properties)) or "(?!)"
        wide_comma = re.compile(rf"，\s*(?=(?:{names})\s*[=:：])")
        parts = [piece for part in parts for piece in wide_comma.split(part)]
    try:
        given = _assign(tool, written, parts)
        return tool.build_call(given, span)
    except CoercionError as error:
        return tool.report_problem(f"{tool.name}({written})", span, error)


_TYPE = r"(?i:str(?:ing)?|int(?:eger)?|num(?:ber)?|float|bool(?:ean)?|list|array|dict|object|any)(?:\[[^\]]*\])?\??(?: ?\| ?\w+)*"
_IN_C = re.compile(r"(?:[A-Za-z_]\w* )+[*&]+(?:[A-Za-z_]\w*)?")  # char *path
_PLACEHOLDER = re.compile(r"\{[^\W\d]\w*\}(?:\s*\[.*)?", re.DOTALL)  # search({pattern} [, {flags}])
_MAY_BE_TYPED = re.compile("[:*&=]")
_TYPED = re.compile(rf"(\w+)\??\s*:\s*{_TYPE}\s*(?:=.*)?")


def is_signature(tool: ToolSignature, text: str, opened: int, commas: Sequence[int], end: int) -> bool:
    """Tell whether these are the parameters' names and no arguments: weather(city, days), weather(city: str), weather(...)."""
    first = text[opened : commas[0] if commas else end].strip()
    if first[:1] == "{" and _PLACEHOLDER.fullmatch(first):
        return True
    if first.strip("<>{}[]?") != next(iter(tool.properties), "") and first not in ("", "...", "…") and not _MAY_BE_TYPED.search(first):
        return False  # most calls
    bounds = [opened - 1, *commas, end]
    parts = [text[start + 1 : stop].strip() for start, stop in itertools.pairwise(bounds)]
    if parts == ["..."] or parts == ["…"] or ((len(parts) > 1 or not tool.text_parameter) and all(map(_IN_C.fullmatch, parts))):
        return True
    parts = [typed[1] if (typed := _TYPED.fullmatch(part)) else part for part in parts]
    by_place = [part for part in parts if part and "=" not in part]
    return bool(by_place) and all(part.strip("<>{}[]?") == name for part, name in itertools.zip_longest(by_place, tool.properties) if part)


def may_be_signature(tool: ToolSignature, so_far: str) -> bool:
    """Tell whether the text behind the parenthesis may still become the name of the first parameter."""
    written = so_far.lstrip(" <{[\n")
    for kept in (next(iter(tool.properties), ""), "...", "…"):
        if kept.startswith(written) or (kept and written.startswith(kept) and written[len(kept)] in " ,)?>}]:"):
            return True
    return False


def _assign(tool: ToolSignature, written: str, parts: Sequence[str]) -> dict[str, object]:
    if not written:
        return {}
    if len(parts) == 1 and written.startswith(("{", "**{")) and written.endswith("}"):
        whole = _parse_object(tool, written.removeprefix("**"))
        if whole is not None:
            return whole
    keywords = [_parse_keyword(tool, part) for part in parts] if _MAY_BE_KEYWORD.search(written) else [None] * len(parts)
    if any(keywords):  # beside a known keyword, `word: "whole value"` is an unknown one
        keywords = [each or _parse_unknown_keyword(tool, part) for each, part in zip(keywords, parts, strict=True)]
    if all(keywords):
        return _assign_by_keyword(tool, [keyword for keyword in keywords if keyword])
    # A tool that takes one text takes all of it, commas and equals signs included: CALCULATOR(a = 1, b).
    if tool.text_parameter and not any(keyword and tool.has_parameter(keyword[0]) for keyword in keywords):
        if len(parts) > 1 and _WHOLE_TEXT.fullmatch(parts[0].strip()):
            raise CoercionError(f"{tool.signature}; {parts[1].strip()[:60]!r} does not belong to any of its arguments")
        return {tool.text_parameter: coerce_text(written, tool.properties[tool.text_parameter], tool.text_parameter)}
    if any(keywords):
        return _assign_mixed(tool, parts, keywords)
    return _assign_by_position(tool, parts)


def _parse_object(tool: ToolSignature, written: str) -> dict[str, object] | None:
    try:
        value, _ = parse_json(written)
    except ValueError as error:
        # Broken JSON may still be positional text, but a repeated key is a call with a mistake.
        if "twice" in str(error):
            raise CoercionError(f"each key once ({error})") from None
        return None
    if not isinstance(value, dict):
        return None
    if all(tool.find_parameter(key) is not None for key in value) or not tool.properties:
        return value
    takes_object = "object" in list_types(next(iter(tool.properties.values())))
    return value if any(tool.find_parameter(key) is not None for key in value) and not takes_object else None


def _parse_unknown_keyword(tool: ToolSignature, part: str) -> tuple[str, str] | None:
    found = _KEYWORD.match(part.strip())
    return _check_unknown_keyword(tool, found["name"], found["value"]) if found and _WHOLE_VALUE.match(found["value"]) else None


def _parse_keyword(tool: ToolSignature, part: str) -> tuple[str, str] | None:
    """Parse name=value, name: value, "name": value, name => value. With a colon and no quotes, the name must be one of the tool's."""
    found = _KEYWORD.match(part.strip())
    if not found:
        return None
    name = tool.find_parameter(found["name"])
    if name is not None:
        return name, found["value"]
    return None if found["sign"] in ":：" and not found["quote"] else _check_unknown_keyword(tool, found["name"], found["value"])


def _check_unknown_keyword(tool: ToolSignature, name: str, value: str) -> tuple[str, str]:
    if tool.closed and not tool.text_parameter:  # the one text may have an equals sign in it
        raise CoercionError(f"{tool.signature}; there is no argument {name!r}")
    return name, value


def _assign_by_keyword(tool: ToolSignature, keywords: Sequence[tuple[str, str]]) -> dict[str, object]:
    arguments: dict[str, object] = {}
    for name, value in keywords:
        if name in arguments:
            raise CoercionError(f"each argument once, not {name} twice")
        arguments[name] = _coerce_value(tool, name, value)
    return arguments


def _coerce_value(tool: ToolSignature, name: str, written: str, *, by_place: bool = False) -> object:
    """Coerce an argument. `null` or `None` for an optional keyword argument is None."""
    if not written.strip():
        raise CoercionError(f"{tool.signature}; {name} has no value")
    if not by_place and written in ("None", "null") and name not in tool.required:
        return None
    return unquote(written) if str in tool.plain_types.get(name, ()) else coerce_text(written, tool.properties.get(name), name)


def _assign_mixed(tool: ToolSignature, parts: Sequence[str], keywords: Sequence[tuple[str, str] | None]) -> dict[str, object]:
    """Assign positional arguments, then keywords, as in Python. A comma inside a keyword's unquoted text belongs to that text."""
    first = next(index for index, keyword in enumerate(keywords) if keyword)
    joined: list[tuple[str, str]] = []
    for part, keyword in zip(parts[first:], keywords[first:], strict=True):
        if keyword:
            joined.append(keyword)
        elif joined[-1][1].startswith(_QUOTED):
            raise CoercionError(f"{tool.signature}; {part.strip()[:60]!r} does not belong to any of its arguments")
        else:
            joined[-1] = joined[-1][0], f"{joined[-1][1]},{part}"
    arguments = _assign_by_position(tool, parts[:first]) if first else {}
    later = _assign_by_keyword(tool, joined)
    if twice := set(arguments) & set(later):
        raise CoercionError(f"each argument once, not {sorted(twice)[0]} twice")
    return {**arguments, **later}


def _assign_by_position(tool: ToolSignature, parts: Sequence[str]) -> dict[str, object]:
    """Assign arguments in order. What is too much, or does not fit its parameter, joins the last text parameter, commas included."""
    names = list(tool.properties)
    if not names:
        raise CoercionError(f"{tool.signature} without arguments")
    problem: CoercionError | None = None
    # Most parameters first: only what does not fit is joined into a text.
    for count in range(min(len(names), len(parts)), 0, -1):
        merged = _merge_surplus(tool, names, parts, len(parts) - count) if count < len(parts) else parts
        if merged is None:
            continue
        try:
            return {name: _coerce_value(tool, name, part.strip(), by_place=True) for name, part in zip(names, merged, strict=False)}
        except CoercionError as error:
            problem = problem or error
    raise problem or CoercionError(tool.signature)


def _merge_surplus(tool: ToolSignature, names: Sequence[str], parts: Sequence[str], surplus: int) -> list[str] | None:
    """Join `surplus` parts into the last text parameter. Return None where it cannot take them, or another parameter could as well."""
    if not tool.text_parameters or any(part.lstrip().startswith(_QUOTED) for part in parts):
        return None
    position = names.index(tool.text_parameters[-1])
    if len(parts) <= position + surplus:
        return None
    absorbed = parts[position + 1 : position + surplus + 1]
    if any(_could_be(tool, name, part) for name in names[position + 1 :] for part in absorbed):
        return None  # "5 Elm Street, 2, false": the 2 may be a number of its own, so there is no one reading
    return [*parts[:position], ",".join(parts[position : position + surplus + 1]), *parts[position + surplus + 1 :]]


def _could_be(tool: ToolSignature, name: str, part: str) -> bool:
    try:
        coerce_text(part.strip(), tool.properties[name], name)
    except CoercionError:
        return False
    return True
