"""Where the arguments of a call in a run are from: what its card says, and what the policy and the grants have to know of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sayso.tools.approval.requests import MODEL, WORKFLOW
from sayso.tools.calls import ToolCall
from sayso.tools.canonical import to_jsonable
from sayso.tools.definition.secret import show_plain
from sayso.tools.definition.tool import AnyTool
from sayso.tools.effects import CLEAN, Effect, Labels

from ..runs.protocols import Run

if TYPE_CHECKING:
    from sayso.tools.approval.source_finder import ArgumentSource

UNKNOWN_READING = Labels(untrusted=True)


@dataclass(frozen=True, slots=True)
class Origin:
    """Who filled a call's arguments in, a model or workflow code; which a person `edited`; which of them the model made up."""

    chooser: str = MODEL
    edited: frozenset[str] = frozenset()
    unsourced: tuple[str, ...] = ()


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


def find_argument_sources(run: Run, call: ToolCall, tool: AnyTool, arguments: Mapping[str, object], origin: Origin) -> ArgumentSources:
    """Return where the final arguments of a call are from.

    What was bound before the run began, a default, and what `prepare` filled in are the application's. All else is looked for.
    """
    from sayso.tools.approval.source_finder import SourceFinder, Standing, equals_default, find_field_names  # late, for load time

    scope, provenance = run.scope, run.scope.provenance
    finder = SourceFinder(provenance.background(), settled=provenance.settled, made=provenance.made, deps=scope.deps)
    exact = tool.freeze(arguments, show_plain)
    is_nested = any(isinstance(value, (dict, list)) for value in exact.values())
    find = partial(finder.find, field_names=find_field_names(tool.parameters) if is_nested else frozenset())
    was_made_before = not tool.made_at.in_run and tool.made_at.number < scope.begun
    sources: dict[str, ArgumentSource] = {}
    for name, value in exact.items():
        is_own = tool.is_fixed(name, scope.begun) or (was_made_before and equals_default(tool, name, arguments[name]))
        others = [other for each, other in exact.items() if each != name]
        sources[name] = _find_source(find, call, tool, name, value, others, origin, is_own=is_own, may_be_filled=was_made_before)
    tainted = frozenset(name for name, source in sources.items() if source.standing is not Standing.OWN)
    warnings = [f"{name}: {source.warning}" for name, source in sources.items() if source.warning]
    if not was_made_before:
        tainted |= {f"the code of {tool.name}"}
        warnings.append(f"{tool.name} was made while the run was under way: what its code holds is not shown here.")
    mask: Callable[[str], str] = run.secrets.mask if run.secrets.texts else str
    return ArgumentSources(
        {name: mask(source.text) for name, source in sources.items()},
        {name: mask(source.quote) for name, source in sources.items() if source.quote},
        tuple([mask(warning) for warning in warnings]),
        tainted,
        tool.effect is Effect.WRITE and origin.chooser == MODEL and not tainted.isdisjoint(tool.from_user),
        UNKNOWN_READING if tainted and tool.holds_other_run(scope.begun) else CLEAN,
    )


def _find_source(
    find: Callable[..., ArgumentSource],
    call: ToolCall,
    tool: AnyTool,
    name: str,
    value: object,
    others: Sequence[object],
    origin: Origin,
    *,
    is_own: bool,
    may_be_filled: bool,
) -> ArgumentSource:
    """Return the source of one argument; `is_own` if it is the application's, `may_be_filled` if it is where `prepare` filled it in."""
    from sayso.tools.approval.source_finder import EDITED, GIVEN, Standing, is_copied  # late, for load time

    given = call.arguments.get(name)
    if name in origin.edited:
        return EDITED
    if is_own:
        return GIVEN
    if name in tool.bound:
        return find(value, others, chooser=WORKFLOW)
    if given in (None, ""):
        if may_be_filled and not is_copied(value, list(call.arguments.values())):
            return GIVEN
        return find(value, others, chooser=origin.chooser if may_be_filled else WORKFLOW)
    source = find(value, others, chooser=origin.chooser)
    if source.standing is Standing.OWN or tool.prepare is None or value == given:
        return source
    # `prepare` may spell a value as the catalogue does.
    return min(source, find(to_jsonable(given), others, chooser=origin.chooser), key=lambda each: each.standing)
