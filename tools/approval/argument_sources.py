"""The sources of all arguments of a call: what its card says, and what the policy and the grants have to know of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ..calls import ToolCall
from ..canonical import to_jsonable
from ..definition.secret import show_plain
from ..definition.tool import AnyTool
from ..effects import CLEAN, Effect, Labels
from .requests import MODEL, WORKFLOW, Origin
from .source_finder import EDITED, GIVEN, ArgumentSource, SourceFinder, Standing, equals_default, find_field_names, is_copied

UNKNOWN_READING = Labels(untrusted=True)
NO_FIELDS = frozenset[str]()


@dataclass(frozen=True, slots=True)
class ArgumentSources:
    """The sources of a call's arguments.

    `tainted` are the arguments that are not the user's or the application's own. `is_doubted` says that one of `from_user` in a write is
    not, so a person must be asked whatever was granted. `labels` are those of another run that the tool may hold something of.
    """

    texts: Mapping[str, str]
    quotes: Mapping[str, str]
    warnings: tuple[str, ...]
    tainted: frozenset[str]
    is_doubted: bool
    labels: Labels

    def mask(self, mask: Callable[[str], str]) -> ArgumentSources:
        """Return the same with each secret as stars."""
        texts, quotes = ({name: mask(text) for name, text in each.items()} for each in (self.texts, self.quotes))
        return replace(self, texts=texts, quotes=quotes, warnings=tuple(map(mask, self.warnings)))


def find_argument_sources(
    finder: SourceFinder, call: ToolCall, tool: AnyTool, arguments: Mapping[str, object], origin: Origin, begun: int
) -> ArgumentSources:
    """Return where the final arguments of a call are from, in the run that has begun at number `begun`.

    What was bound before the run began, a default, and what `prepare` filled in are the application's. All else is looked for.
    """
    exact = tool.freeze(arguments, show_plain)
    is_nested = any(isinstance(value, (dict, list)) for value in exact.values())
    names = find_field_names(tool.parameters) if is_nested else NO_FIELDS

    def find(value: object, chooser: str = origin.chooser) -> ArgumentSource:
        others = [other for each, other in exact.items() if each != name]
        return finder.find(value, others, chooser=chooser, field_names=names)

    was_made_before = not tool.made_at.in_run and tool.made_at.number < begun
    texts, quotes = dict[str, str](), dict[str, str]()
    warnings, tainted = list[str](), set[str]()
    for name, value in exact.items():
        if name in origin.edited:
            source = EDITED
        elif (name in tool.bound_at and tool.is_fixed(name, begun)) or (was_made_before and equals_default(tool, name, arguments[name])):
            source = GIVEN
        elif name in tool.bound:
            source = find(value, WORKFLOW)
        else:
            source = _find_source(find, call, tool, name, value, may_be_filled=was_made_before)
        texts[name] = source.text
        if source.quote:
            quotes[name] = source.quote
        if source.warning:
            warnings.append(f"{name}: {source.warning}")
        if source.standing is not Standing.OWN:
            tainted.add(name)
    if not was_made_before:
        tainted.add(f"the code of {tool.name}")
        warnings.append(f"{tool.name} was made while the run was under way: what its code holds is not shown here.")
    is_doubted = tool.effect is Effect.WRITE and origin.chooser == MODEL and not tainted.isdisjoint(tool.from_user)
    labels = UNKNOWN_READING if tainted and tool.holds_other_run(begun) else CLEAN
    return ArgumentSources(texts, quotes, tuple(warnings), frozenset(tainted), is_doubted, labels)


def _find_source(
    find: Callable[..., ArgumentSource], call: ToolCall, tool: AnyTool, name: str, value: object, *, may_be_filled: bool
) -> ArgumentSource:
    """Return the source of an argument that somebody filled in; `may_be_filled` if it is `prepare` that did, where nobody gave a value."""
    given = call.arguments.get(name)
    if given in (None, ""):
        if not may_be_filled:
            return find(value, WORKFLOW)
        return find(value) if is_copied(value, list(call.arguments.values())) else GIVEN
    source = find(value)
    if source.standing is Standing.OWN or tool.prepare is None or value == given:
        return source
    # `prepare` may spell a value as the catalogue does.
    return min(source, find(to_jsonable(given)), key=lambda each: each.standing)
