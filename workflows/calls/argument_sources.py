"""Where the arguments of a call in a run are from: what its card says, and what the policy and the grants have to know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sayso.tools.approval.requests import MODEL, WORKFLOW
from sayso.tools.calls import ToolCall
from sayso.tools.canonical import to_jsonable
from sayso.tools.definition.secret import show_plain
from sayso.tools.definition.tool import AnyTool
from sayso.tools.effects import CLEAN, Effect, Labels

from ..runs.protocols import Run

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
    from sayso.tools.approval.source_finder import (  # late, for load time
        EDITED,
        GIVEN,
        ArgumentSource,
        SourceFinder,
        Standing,
        equals_default,
        find_field_names,
        is_copied,
    )

    scope, provenance = run.scope, run.scope.provenance
    finder = SourceFinder(provenance.background(), settled=provenance.settled, made=provenance.made, deps=scope.deps)
    exact = tool.freeze(arguments, show_plain)
    is_nested = any(isinstance(value, (dict, list)) for value in exact.values())
    fields = find_field_names(tool.parameters) if is_nested else frozenset[str]()
    was_made_before = not tool.made_at.in_run and tool.made_at.number < scope.begun
    chooser = origin.chooser
    sources: dict[str, ArgumentSource] = {}
    for name, value in exact.items():
        others = [other for each, other in exact.items() if each != name]
        given = call.arguments.get(name)
        if name in origin.edited:
            source = EDITED
        elif name in tool.bound:
            source = GIVEN if tool.is_fixed(name, scope.begun) else finder.find(value, others, chooser=WORKFLOW, field_names=fields)
        elif was_made_before and equals_default(tool, name, arguments[name]):
            source = GIVEN
        elif given in (None, ""):
            is_given = was_made_before and not is_copied(value, list(call.arguments.values()))
            source = GIVEN if is_given else finder.find(value, others, chooser=chooser if was_made_before else WORKFLOW, field_names=fields)
        else:
            source = finder.find(value, others, chooser=chooser, field_names=fields)
            if source.standing is not Standing.OWN and tool.prepare is not None and value != given:
                # `prepare` may spell a value as the catalogue does.
                spelled = finder.find(to_jsonable(given), others, chooser=chooser, field_names=fields)
                source = min(source, spelled, key=lambda each: each.standing)
        sources[name] = source
    tainted = frozenset(name for name, source in sources.items() if source.standing is not Standing.OWN)
    warnings = [f"{name}: {source.warning}" for name, source in sources.items() if source.warning]
    if not was_made_before:
        tainted |= {f"the code of {tool.name}"}
        warnings.append(f"{tool.name} was made while the run was under way: what its code holds is not shown here.")
    return ArgumentSources(
        {name: run.secrets.mask(source.text) for name, source in sources.items()},
        {name: run.secrets.mask(source.quote) for name, source in sources.items() if source.quote},
        tuple([run.secrets.mask(warning) for warning in warnings]),
        tainted,
        tool.effect is Effect.WRITE and chooser == MODEL and not tainted.isdisjoint(tool.from_user),
        UNKNOWN_READING if tainted and tool.holds_other_run(scope.begun) else CLEAN,
    )
