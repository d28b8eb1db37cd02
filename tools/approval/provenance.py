"""What must come from the user: find the arguments of a model's call that `from_user` names and that nobody said, and tell the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..definition.exact_json import is_same
from ..definition.tool import AnyTool
from .background import Background, Made, Said
from .cards import show_value
from .source_finder import SourceFinder, Standing, find_field_names
from .words import split_words

NOTHING_SAID = Background()


def find_unsourced(
    tool: AnyTool,
    arguments: Mapping[str, object],
    user_texts: Sequence[str | Said] | Background,
    deps: object,
    *,
    made: Sequence[Made] = (),
) -> tuple[str, ...]:
    """Return the arguments named in the tool's `from_user` that come neither from the user nor from the data of `deps`.

    An argument that the call leaves out, leaves empty, or gives its default needs no source. `deps` is searched through dataclasses,
    mappings, lists and pydantic models; what other objects hold (a database, a menu) does not count.
    """
    claims = {name: arguments[name] for name in tool.from_user if name in arguments and not _is_default(tool, name, arguments[name])}
    if not claims:
        return ()
    background = user_texts if isinstance(user_texts, Background) else Background(tuple(user_texts))
    finder = SourceFinder(background, made=made, deps=deps)
    fields = find_field_names(tool.parameters)
    only_given = SourceFinder(Background(), deps=deps)
    ambiguous = _find_ambiguous(claims, finder)
    return tuple(
        name
        for name, value in claims.items()
        if (only_given if name in ambiguous else finder)
        .find(value, [other for each, other in arguments.items() if each != name], field_names=fields)
        .standing
        is Standing.OPEN
    )


def _find_ambiguous(claims: Mapping[str, object], finder: SourceFinder) -> set[str]:
    """Return the arguments that share a text which the user wrote less often: "5 nights in Porto" names a town, not also a guest."""
    same: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for name, value in claims.items():
        if isinstance(value, str) and (words := split_words(value)).counting and words.all[0].number is None:
            same.setdefault(tuple(words.all[index].key for index in words.counting), []).append((name, value))
    shared = (each for each in same.values() if len(each) > 1)
    return {name for each in shared if finder.count_said(each[0][1]) < len(each) for name, _ in each}


def explain_unsourced(tool: AnyTool, names: Sequence[str], arguments: Mapping[str, object], background: Background = NOTHING_SAID) -> str:
    """Return the answer to the model for a call whose arguments have no source, with what it can do instead."""
    finder = SourceFinder(background)
    longer = {name: finder.find(arguments[name], [arguments[each] for each in arguments if each != name]).longer for name in names}
    parts = "".join(f"{name} is only a part of {longer[name]}. " for name in names if longer[name])
    values = " and ".join(f"{name}={show_value(arguments[name])!r}" for name in names)
    needed = tool.parameters.get("required") or ()
    spare = [name for name in names if name not in needed]
    advice = f"; where there are none, leave {' and '.join(spare)} out" if spare else ","
    return (
        f"{tool.name} was not called and nothing was done: {values} {'is' if len(names) == 1 else 'are'} not in what the user said. "
        f"{parts}Use the user's own words{advice} or ask the user."
    )


def _is_default(tool: AnyTool, name: str, value: object) -> bool:
    return value in (None, "", [], {}) or (name in tool.defaults and is_same(value, tool.defaults[name]))
